package qr

import "strings"

// The colours of a terminal's own palette differ from theme to theme; of the 256 colours, 16 is black and 231 is white everywhere.
const (
	blackOnWhite = "\x1b[38;5;16;48;5;231m"
	reset        = "\x1b[0m"
)

// Terminal returns the code as lines of block characters, two rows of modules a line. It sets black and white by escape sequences, so that it
// scans on dark and on light terminals alike, and is as many columns wide as the code and its quiet zone have modules.
func (c Code) Terminal() string {
	var b strings.Builder
	for y := -quiet; y < c.size+quiet; y += 2 {
		b.WriteString(blackOnWhite)
		for x := -quiet; x < c.size+quiet; x++ {
			b.WriteString(halves(c.dark(x, y), c.dark(x, y+1)))
		}
		b.WriteString(reset + "\n")
	}
	return b.String()
}

func halves(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}
