package qr

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sync"
)

// maxPNG is the largest picture that PNG draws, in pixels.
const maxPNG = 4096

// compressors holds zlib writers: their tables take longer to set up than a picture takes to compress.
var compressors = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

// PNG returns the code as a PNG picture in black and white, size pixels wide and high. A module is as many whole pixels wide as fit, with
// the quiet zone; what remains widens the margins. It fails if a module would be narrower than a pixel, or size is above 4,096.
//
// It does without image/png, which does not know that the rows of pixels in a module are alike: it takes five times as long and writes more.
func (c Code) PNG(size int) ([]byte, error) {
	least := c.size + 2*quiet
	switch {
	case size < least:
		return nil, fmt.Errorf("qr: %d pixels are too few: this code needs at least %d", size, least)
	case size > maxPNG:
		return nil, fmt.Errorf("qr: %d pixels are too many: a PNG has at most %d", size, maxPNG)
	}
	side := uint32(size) //nolint:gosec // At most maxPNG.
	header := binary.BigEndian.AppendUint32(nil, side)
	header = binary.BigEndian.AppendUint32(header, side)
	header = append(header, 1, 0, 0, 0, 0) // One bit a pixel, grey; the only compression and filters there are; not interlaced.

	out := []byte("\x89PNG\r\n\x1a\n")
	out = appendChunk(out, "IHDR", header)
	out = appendChunk(out, "IDAT", c.pixels(size, size/least))
	return appendChunk(out, "IEND", nil), nil
}

// PNGDataURI returns the PNG picture as a data URI, for the src of an img element. It fails as PNG does. A Content-Security-Policy has to
// allow data: in img-src.
func (c Code) PNGDataURI(size int) (string, error) {
	png, err := c.PNG(size)
	if err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png), nil
}

// pixels returns the compressed rows of the picture, where a module is scale pixels wide.
func (c Code) pixels(size, scale int) []byte {
	// Where the pixels of a module divide a byte, the code begins at one of its borders: with fewer different bytes, it compresses
	// better. The quiet zone is a multiple of the same, so it stays wide enough.
	margin := (size - c.size*scale) / 2
	margin -= margin % min(scale&-scale, 8)

	// A row begins with its filter: 0 for none, 2 for the differences from the row above.
	light := bytes.Repeat([]byte{0xff}, 1+(size+7)/8)
	light[0] = 0
	same := make([]byte, len(light))
	same[0] = 2

	var b bytes.Buffer // It takes all that is written, so that no error has to be looked at.
	z := compressors.Get().(*zlib.Writer)
	defer compressors.Put(z)
	z.Reset(&b)
	write := func(row []byte, times int) {
		for range times {
			_, _ = z.Write(row)
			row = same
		}
	}
	write(light, margin)
	row := make([]byte, len(light))
	for y := range c.size {
		copy(row, light)
		for x := range c.size {
			if !c.dark(x, y) {
				continue
			}
			for at := margin + x*scale; at < margin+(x+1)*scale; at++ {
				row[1+at/8] &^= 0x80 >> (at % 8)
			}
		}
		write(row, scale)
	}
	write(light, size-margin-c.size*scale)
	_ = z.Close()
	return b.Bytes()
}

func appendChunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data))) //nolint:gosec // Less than maxPNG squared.
	start := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}
