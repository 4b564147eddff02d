package qr_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/png"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/qr"
)

const quiet = 4

// fromPNG reads the modules of a PNG picture. It asserts that each module has the largest possible
// size and one color, and that there is a quiet zone.
func fromPNG(t *testing.T, code *qr.Code, size int) [][]bool {
	t.Helper()
	data, err := code.PNG(size)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, size, size), img.Bounds())
	require.Equal(t, byte(1), data[24], "bits per pixel")
	gray, ok := img.(*image.Gray)
	require.True(t, ok)
	dark := func(x, y int) bool { return gray.Pix[y*gray.Stride+x] == 0 }

	// The first module of a code, in the corner, is dark.
	margin := 0
	for ; !dark(margin, margin); margin++ {
		require.Less(t, margin, size/2)
	}
	n := code.Size()
	scale := size / (n + 2*quiet)
	opposite := size - margin - n*scale
	require.GreaterOrEqual(t, margin, quiet*scale)
	require.GreaterOrEqual(t, opposite, quiet*scale)
	require.InDelta(t, opposite, margin, float64(2*min(scale, 8)-1), "centered within a module")

	modules := make([][]bool, n)
	for y := range modules {
		modules[y] = make([]bool, n)
		for x := range modules[y] {
			modules[y][x] = dark(margin+x*scale, margin+y*scale)
		}
	}
	for y := range size {
		for x := range size {
			row, column := (y-margin+scale)/scale-1, (x-margin+scale)/scale-1
			inside := 0 <= row && row < n && 0 <= column && column < n
			if dark(x, y) != (inside && modules[row][column]) {
				t.Fatalf("the pixel at %d, %d differs from its module", x, y)
			}
		}
	}
	return modules
}

var stroke = regexp.MustCompile(`m(-?\d+) ?(-?\d+)|([hv])(\d+)`)

// fromSVG reads the modules of an SVG picture, with the quiet zone, and its title. It asserts that
// there is nothing else.
func fromSVG(t *testing.T, svg []byte) (modules [][]bool, title string) {
	t.Helper()
	var picture struct {
		XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
		Role    string   `xml:"role,attr"`
		Width   int      `xml:"width,attr"`
		Height  int      `xml:"height,attr"`
		ViewBox string   `xml:"viewBox,attr"`
		Title   string   `xml:"title"`
		Rect    struct {
			Width  int        `xml:"width,attr"`
			Height int        `xml:"height,attr"`
			Fill   string     `xml:"fill,attr"`
			Others []xml.Attr `xml:",any,attr"`
		} `xml:"rect"`
		Path struct {
			D      string     `xml:"d,attr"`
			Stroke string     `xml:"stroke,attr"`
			Crisp  string     `xml:"shape-rendering,attr"`
			Others []xml.Attr `xml:",any,attr"`
		} `xml:"path"`
		Others   []xml.Attr `xml:",any,attr"`
		Elements []struct{} `xml:",any"`
	}
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	require.NoError(t, decoder.Decode(&picture))
	_, err := decoder.Token()
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, 1, strings.Count(string(svg), "<path"))
	require.Equal(t, "img", picture.Role)
	require.Empty(t, picture.Elements)
	require.Empty(t, append(picture.Rect.Others, picture.Path.Others...))
	require.Len(t, picture.Others, 1, "xmlns")

	side := picture.Rect.Width
	require.Equal(t, side, picture.Rect.Height)
	require.Equal(t, 6*side, picture.Width)
	require.Equal(t, 6*side, picture.Height)
	require.Equal(t, fmt.Sprintf("0 0 %d %d", side, side), picture.ViewBox)
	require.Equal(t, "#fff", picture.Rect.Fill)
	require.Equal(t, "#000", picture.Path.Stroke)
	require.Equal(t, "crispEdges", picture.Path.Crisp)

	modules = make([][]bool, side)
	for y := range modules {
		modules[y] = make([]bool, side)
	}
	across, found := strings.CutPrefix(picture.Path.D, "M4 4.5")
	require.True(t, found)
	across, down, found := strings.Cut(across, "M4.5 4")
	require.True(t, found)
	for command, d := range map[string]string{"h": across, "v": down} {
		require.Empty(t, stroke.ReplaceAllString(d, ""))
		x, y := quiet, quiet
		for _, m := range stroke.FindAllStringSubmatch(d, -1) {
			if m[3] == "" {
				x, y = x+number(t, m[1]), y+number(t, m[2])
				continue
			}
			require.Equal(t, command, m[3])
			for range number(t, m[4]) {
				if modules[y][x] {
					t.Fatalf("the module at %d, %d is drawn twice", x, y)
				}
				modules[y][x] = true
				if command == "h" {
					x++
				} else {
					y++
				}
			}
		}
	}
	return modules, picture.Title
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}

// inner cuts off the quiet zone of a code of n modules, and asserts that it is light.
func inner(t *testing.T, modules [][]bool, n int) [][]bool {
	t.Helper()
	code := make([][]bool, n)
	for y, row := range modules {
		for x, dark := range row {
			inside := quiet <= x && x < n+quiet && quiet <= y && y < n+quiet
			if inside {
				code[y-quiet] = append(code[y-quiet], dark)
			} else if dark {
				t.Fatalf("the quiet zone is dark at %d, %d", x, y)
			}
		}
	}
	return code
}
