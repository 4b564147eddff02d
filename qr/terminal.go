package qr

import "strings"

// A terminal's own palette depends on its theme. Of the 256 colors, 16 is black and 231 is white in
// every theme.
const (
	blackOnWhite = "\x1b[38;5;16;48;5;231m"
	whiteOnBlack = "\x1b[38;5;231;48;5;16m"
	reset        = "\x1b[0m"
)

// Terminal returns the code as lines of text for a terminal, two rows of modules in each line. It
// is Size plus 8 columns wide and half as many lines high: 45 by 23 to 49 by 25 for the URI of a
// usual key. It sets black and white itself, so it scans on dark and light themes, and with up to
// three pixels of space below each line.
//
// The terminal must understand UTF-8 and escape sequences for 256 colors. Old Windows consoles
// print the sequences as text unless the program enables virtual terminal processing. The
// sequences are part of the result wherever you write it, so check that the output is a terminal
// and not a file or a pipe.
func (c Code) Terminal() string {
	return c.lines(2, func(x, y int) (bool, string) {
		// The background draws what it can, because it also fills the space between lines.
		upper, lower := c.dark(x, y), c.dark(x, y+1)
		if upper == lower {
			return lower, " "
		}
		return lower, "▀"
	})
}

// TerminalWide returns the code as Terminal does, but with a line for each row of modules and two
// columns for each module: twice as wide and twice as high. Background colors draw everything, so
// it also scans where Terminal does not: in terminals that put space above each line, such as
// xterm.js with a lineHeight of 1.2. Neither scans in a terminal that does not fill that space
// with the background of the text.
func (c Code) TerminalWide() string {
	return c.lines(1, func(x, y int) (bool, string) { return c.dark(x, y), "  " })
}

// lines returns a line for each step rows of modules. The function cell returns the characters for
// the modules at x and y, and whether their background is dark.
func (c Code) lines(step int, cell func(x, y int) (dark bool, text string)) string {
	var b strings.Builder
	for y := -quiet; y < c.size+quiet; y += step {
		current := ""
		for x := -quiet; x < c.size+quiet; x++ {
			dark, text := cell(x, y)
			colors := blackOnWhite
			if dark {
				colors = whiteOnBlack
			}
			if colors != current {
				b.WriteString(colors)
				current = colors
			}
			b.WriteString(text)
		}
		b.WriteString(reset + "\n")
	}
	return b.String()
}
