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

// maxPNG is the width of the largest picture that PNG draws, in pixels.
const maxPNG = 4096

// compressors holds zlib writers. Setting one up takes longer than compressing a picture.
var compressors = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

// PNG returns the code as a black and white PNG picture, size pixels wide and high. Each module
// is as many whole pixels wide as fit beside the quiet zone, and the rest widens the margins. PNG
// fails if a module would be narrower than a pixel, or if size is greater than 4,096.
//
// It does not use image/png, which cannot know that the rows of pixels in a module are equal: that
// takes twice as long and produces larger files.
func (c Code) PNG(size int) ([]byte, error) {
	least := c.size + 2*quiet
	switch {
	case size < least:
		return nil, fmt.Errorf("qr: %d pixels are too few; this code needs %d or more", size, least)
	case size > maxPNG:
		return nil, fmt.Errorf("qr: %d pixels are too many; use at most %d", size, maxPNG)
	}
	side := uint32(size) //nolint:gosec // At most maxPNG.
	header := binary.BigEndian.AppendUint32(nil, side)
	header = binary.BigEndian.AppendUint32(header, side)
	// One bit per pixel, grayscale, the only methods for compression and filters, no interlacing.
	header = append(header, 1, 0, 0, 0, 0)

	out := []byte("\x89PNG\r\n\x1a\n")
	out = appendChunk(out, "IHDR", header)
	out = appendChunk(out, "IDAT", c.pixels(size, size/least))
	return appendChunk(out, "IEND", nil), nil
}

// PNGDataURI returns the PNG picture as a data URI for the src of an img element. A
// Content-Security-Policy must allow data: in img-src. PNGDataURI fails as PNG does.
func (c Code) PNGDataURI(size int) (string, error) {
	png, err := c.PNG(size)
	if err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png), nil
}

// pixels returns the compressed rows of the picture. Each module is scale pixels wide.
func (c Code) pixels(size, scale int) []byte {
	// The margin is a multiple of the largest power of two that divides scale, up to 8. The rows
	// then contain fewer different bytes, so they compress better. The quiet zone is a multiple of
	// scale, so it stays wide enough.
	margin := (size - c.size*scale) / 2
	margin -= margin % min(scale&-scale, 8)

	// Each row starts with its filter: 0 for none, 2 for the difference from the row above.
	light := bytes.Repeat([]byte{0xff}, 1+(size+7)/8)
	light[0] = 0
	same := make([]byte, len(light))
	same[0] = 2

	var b bytes.Buffer // It returns no errors, so neither does the compressor.
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
	size := uint32(len(data)) //nolint:gosec // Less than maxPNG squared.
	out = binary.BigEndian.AppendUint32(out, size)
	start := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}
