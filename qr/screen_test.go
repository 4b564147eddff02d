package qr_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// cell is a character on the screen of a terminal. True is black.
type cell struct {
	glyph      rune
	foreground bool
	background bool
}

// colors are the escape sequences that set colors, without the escape character and the final m.
var colors = map[string]cell{
	"[38;5;16;48;5;231": {foreground: true},
	"[38;5;231;48;5;16": {background: true},
}

// screen returns what a terminal shows for a text, line by line. It asserts that each line sets its
// colors before the first character and resets them after the last.
func screen(t *testing.T, text string) [][]cell {
	t.Helper()
	var lines [][]cell
	for line := range strings.Lines(text) {
		line, ok := strings.CutSuffix(line, "\x1b[0m\n")
		require.True(t, ok)
		line, ok = strings.CutPrefix(line, "\x1b")
		require.True(t, ok)
		var cells []cell
		for part := range strings.SplitSeq(line, "\x1b") {
			sequence, glyphs, _ := strings.Cut(part, "m")
			c, ok := colors[sequence]
			require.True(t, ok, "%q", sequence)
			for _, c.glyph = range glyphs {
				cells = append(cells, c)
			}
		}
		lines = append(lines, cells)
	}
	return lines
}

// fromTerminal reads the modules of the result of Terminal, with the quiet zone.
func fromTerminal(t *testing.T, text string) [][]bool {
	t.Helper()
	var modules [][]bool
	for _, line := range screen(t, text) {
		var upper, lower []bool
		for _, c := range line {
			lower = append(lower, c.background)
			switch {
			case c.glyph == ' ':
				upper = append(upper, c.background)
			case c.glyph == '▀' && c.foreground != c.background:
				upper = append(upper, c.foreground)
			default:
				t.Fatalf("%+v", c)
			}
		}
		modules = append(modules, upper, lower)
	}
	return modules
}

// fromTerminalWide reads the modules of the result of TerminalWide, with the quiet zone.
func fromTerminalWide(t *testing.T, text string) [][]bool {
	t.Helper()
	var modules [][]bool
	for _, line := range screen(t, text) {
		require.Zero(t, len(line)%2)
		var row []bool
		for x := 0; x < len(line); x += 2 {
			if line[x].glyph != ' ' || line[x+1] != line[x] {
				t.Fatalf("%+v %+v", line[x], line[x+1])
			}
			row = append(row, line[x].background)
		}
		modules = append(modules, row)
	}
	return modules
}

// look describes how a terminal draws a character: its size and the space above and below it, in
// pixels, which has the background of the character. Everything around the text is black or white.
type look struct {
	width, height, above, below int
	theme                       byte
}

// Shades of gray.
const (
	black = 0x00
	white = 0xff
)

// screenshot returns what a terminal shows for a text, as a PNG picture.
func screenshot(t *testing.T, text string, l look) []byte {
	t.Helper()
	lines := screen(t, text)
	const around = 2 // characters
	pitch := l.above + l.height + l.below
	columns, rows := len(lines[0])+2*around, len(lines)+2*around
	img := image.NewGray(image.Rect(0, 0, l.width*columns, pitch*rows))
	fill := func(x, y, width, height int, shade byte) {
		for row := y; row < y+height; row++ {
			copy(img.Pix[row*img.Stride+x:][:width], bytes.Repeat([]byte{shade}, width))
		}
	}
	paint := map[bool]byte{true: black, false: white}
	fill(0, 0, l.width*columns, pitch*rows, l.theme)
	for row, line := range lines {
		for column, c := range line {
			x, y := l.width*(column+around), pitch*(row+around)
			fill(x, y, l.width, pitch, paint[c.background])
			if c.glyph == '▀' {
				fill(x, y+l.above, l.width, l.height/2, paint[c.foreground])
			}
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}
