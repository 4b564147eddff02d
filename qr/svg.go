package qr

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strconv"
)

// unit is the width of a module of an SVG picture in pixels, if the page sets no size.
const unit = 6

const svg = `<svg xmlns="http://www.w3.org/2000/svg" ` +
	`width="%[1]d" height="%[1]d" viewBox="0 0 %[2]d %[2]d" role="img"><title>%[3]s</title>` +
	`<rect width="%[2]d" height="%[2]d" fill="#fff"/>` +
	`<path stroke="#000" shape-rendering="crispEdges" d="%[4]s"/></svg>`

// SVG returns the code as an SVG picture. Each module is six pixels wide unless the page sets a
// size. The picture has a title and the role of an image for screen readers, and neither script
// nor style, so a page with a strict Content-Security-Policy can contain it inline.
func (c Code) SVG() []byte {
	side := c.size + 2*quiet
	var title bytes.Buffer
	// EscapeText writes U+FFFD for what XML cannot contain, and a Buffer returns no errors.
	_ = xml.EscapeText(&title, []byte(c.title))
	return fmt.Appendf(nil, svg, side*unit, side, title.Bytes(), c.path())
}

// SVGDataURI returns the SVG picture as a data URI for the src of an img element. A
// Content-Security-Policy must allow data: in img-src.
func (c Code) SVGDataURI() string {
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(c.SVG())
}

// path returns the dark modules as path data: first a stroke for each run of modules in a row,
// then one for each run in a column of those that have no dark neighbor in their row. The result
// is about 7% smaller than with rows alone.
func (c Code) path() []byte {
	across := pen{command: 'h'}
	for y := range c.size {
		for x := 0; x < c.size; x++ {
			start := x
			for c.dark(x, y) {
				x++
			}
			if x-start > 1 {
				across.draw(start, y, x-start)
			}
		}
	}
	down := pen{command: 'v'}
	for x := range c.size {
		for y := 0; y < c.size; y++ {
			start := y
			for c.dark(x, y) && !c.dark(x-1, y) && !c.dark(x+1, y) {
				y++
			}
			if y > start {
				down.draw(x, start, y-start)
			}
		}
	}
	// Strokes are one module wide, so they lie on the middle of a row or column.
	d := append([]byte("M4 4.5"), across.moves...)
	d = append(d, "M4.5 4"...)
	return append(d, down.moves...)
}

// pen writes path data for strokes in one direction. Relative moves keep it short.
type pen struct {
	command byte // h or v
	moves   []byte
	x, y    int
}

func (p *pen) draw(x, y, length int) {
	p.moves = strconv.AppendInt(append(p.moves, 'm'), int64(x-p.x), 10)
	if y >= p.y {
		p.moves = append(p.moves, ' ') // A minus sign separates the numbers as well.
	}
	p.moves = strconv.AppendInt(p.moves, int64(y-p.y), 10)
	p.moves = strconv.AppendInt(append(p.moves, p.command), int64(length), 10)
	p.x, p.y = x, y
	if p.command == 'h' {
		p.x += length
	} else {
		p.y += length
	}
}
