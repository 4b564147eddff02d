package qr

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strconv"
)

// unit is how many pixels wide a module of an SVG picture is where nothing else sets its size.
const unit = 6

// SVG returns the code as an SVG picture. It is six pixels a module wide unless the page sets its size, and scales to any. It has a title
// and the role of an image for screen readers, and neither script nor style, so that a page under a strict Content-Security-Policy can hold
// it inline.
func (c Code) SVG() []byte {
	side := c.size + 2*quiet
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%[1]d" viewBox="0 0 %d %[2]d" role="img"><title>`, side*unit, side)
	// It writes U+FFFD for what XML cannot hold, and a Buffer takes all that is written.
	_ = xml.EscapeText(&b, []byte(c.title))
	fmt.Fprintf(&b, `</title><rect width="%d" height="%[1]d" fill="#fff"/><path stroke="#000" shape-rendering="crispEdges" d="%s"/></svg>`, side, c.path())
	return b.Bytes()
}

// SVGDataURI returns the SVG picture as a data URI, for the src of an img element. A Content-Security-Policy has to allow data: in img-src.
func (c Code) SVGDataURI() string {
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(c.SVG())
}

// path returns the dark modules as path data: strokes one module thick, first all those across, then all those down. Each module that is
// not drawn yet begins one, in the direction in which it draws more such modules. That takes a seventh less than rows alone.
func (c Code) path() []byte {
	drawn := make([]bool, c.size*c.size)
	// reach follows the dark modules from x, y in one direction. It returns how far the last one is that was not drawn yet, and how
	// many of those there are.
	reach := func(x, y, dx, dy int) (length, fresh int) {
		for i := 1; c.dark(x, y); i++ {
			if !drawn[y*c.size+x] {
				length, fresh = i, fresh+1
			}
			x, y = x+dx, y+dy
		}
		return length, fresh
	}
	across, down := pen{command: 'h'}, pen{command: 'v'}
	for y := range c.size {
		for x := range c.size {
			if !c.dark(x, y) || drawn[y*c.size+x] {
				continue
			}
			length, freshAcross := reach(x, y, 1, 0)
			height, freshDown := reach(x, y, 0, 1)
			if freshAcross >= freshDown {
				across.draw(x, y, length)
				for i := range length {
					drawn[y*c.size+x+i] = true
				}
			} else {
				down.draw(x, y, height)
				for i := range height {
					drawn[(y+i)*c.size+x] = true
				}
			}
		}
	}
	// A stroke lies on the middle line of its row or column.
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
	if x != p.x || y != p.y {
		p.moves = strconv.AppendInt(append(p.moves, 'm'), int64(x-p.x), 10)
		if y >= p.y {
			p.moves = append(p.moves, ' ') // A minus sign separates the numbers as well.
		}
		p.moves = strconv.AppendInt(p.moves, int64(y-p.y), 10)
	}
	p.moves = strconv.AppendInt(append(p.moves, p.command), int64(length), 10)
	p.x, p.y = x, y
	if p.command == 'h' {
		p.x += length
	} else {
		p.y += length
	}
}
