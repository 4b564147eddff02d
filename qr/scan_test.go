package qr_test

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/qr"
)

// Independent programs read each picture.
func TestPicturesScan(t *testing.T) {
	zbarimg(t)
	rsvg(t)
	const parts = 8 // They run in parallel.
	subjects := every()
	require.GreaterOrEqual(t, len(subjects), 200)
	sizes := make([]map[int]bool, parts)
	t.Run("parts", func(t *testing.T) {
		for part := range parts {
			sizes[part] = map[int]bool{}
			t.Run(strconv.Itoa(part), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				texts, pngs := map[string]string{}, map[string]string{}
				svgs, terminals := map[string]string{}, map[string]string{}
				for i := part; i < len(subjects); i += parts {
					s := subjects[i]
					code := encode(t, s.text, atLevel(s.level))
					sizes[part][code.Size()] = true
					side := code.Size() + 2*quiet
					name := strconv.Itoa(i)
					texts[name] = s.text

					picture, err := code.PNG(max(256, 3*side))
					require.NoError(t, err)
					pngs[name] = write(t, dir, name+".png", picture)
					// The edges of modules lie between pixels, which is hard for the decoder. The
					// SVG has its own white background, or a black page would hide the code.
					svg := write(t, dir, name+".svg", code.SVG())
					page := []string{"none", "black"}[i/parts%2]
					svgs[name] = rasterize(t, svg, strconv.Itoa(4*side+7), page)
					if i/parts%10 == 0 {
						assertOpaque(t, svgs[name])
						shot := screenshot(t, code.Terminal(), look{width: 4, height: 8, theme: black})
						terminals[name] = write(t, dir, name+"-terminal.png", shot)
					}
				}
				assertZbarReads(t, texts, pngs)
				assertZbarReads(t, texts, svgs)
				assertZbarReads(t, texts, terminals)
			})
		}
	})
	for version := 4; version <= 40; version++ {
		covered := false
		for part := range parts {
			covered = covered || sizes[part][17+4*version]
		}
		assert.True(t, covered, "version %d", version)
	}
}

// assertOpaque asserts that a picture has its own background.
func assertOpaque(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	picture, ok := img.(interface{ Opaque() bool })
	require.True(t, ok)
	assert.True(t, picture.Opaque(), "%s shows what is behind it", filepath.Base(file))
}

// Two independent decoders read the screen with any theme, even if the terminal puts space between
// lines.
func TestTerminalsScan(t *testing.T) {
	zbarimg(t)
	zxing(t)
	dir := t.TempDir()
	texts, files := map[string]string{}, map[string]string{}
	for i, text := range sample(usual(), 60) {
		code := encode(t, text)
		for kind, row := range map[string]struct {
			text  string
			looks []look
		}{
			"terminal": {code.Terminal(), []look{{below: 0}, {below: 1}, {below: 2}, {below: 3}}},
			"wide": {code.TerminalWide(), []look{
				{below: 0}, {below: 3}, {above: 1, below: 1}, {above: 2, below: 1},
			}},
		} {
			for _, l := range row.looks {
				for _, theme := range []byte{black, white} {
					l.width, l.height, l.theme = 8, 16, theme
					name := fmt.Sprintf("%s-%d-%+v", kind, i, l)
					texts[name] = text
					files[name] = write(t, dir, name+".png", screenshot(t, row.text, l))
				}
			}
		}
	}
	assertZbarReads(t, texts, files)
	assertZXingReads(t, texts, files)
}

// Texts that are not URIs also scan. As in most QR codes, the bytes are UTF-8 without a marker.
func TestAnyTextScans(t *testing.T) {
	dir := t.TempDir()
	for i, text := range []string{
		"1", "0123456789", "HELLO WORLD", "Hello, world",
		"例えばこのような文章です", "Привет, мир",
		"🔑🔑🔑", "ABC 123 例 abc 4567890123", "a\nb\tc",
	} {
		picture, err := encode(t, text).PNG(256)
		require.NoError(t, err)
		assert.Equal(t, text, scan(t, write(t, dir, strconv.Itoa(i)+".png", picture)))
	}
}

func TestAllPicturesShowTheSameModules(t *testing.T) {
	for i, s := range sample(every(), 12) {
		assertSameModules(t, encode(t, s.text, atLevel(s.level)), i%97)
	}
}

// assertSameModules asserts that all pictures show the same modules. The PNG has two pixels for
// each module, and more additional ones.
func assertSameModules(t *testing.T, code *qr.Code, more int) {
	t.Helper()
	n := code.Size()
	want := fromPNG(t, code, n+2*quiet)
	assert.Equal(t, want, fromPNG(t, code, 2*(n+2*quiet)+more))
	assert.Equal(t, want, inner(t, fromTerminal(t, code.Terminal()), n))
	assert.Equal(t, want, inner(t, fromTerminalWide(t, code.TerminalWide()), n))
	modules, _ := fromSVG(t, code.SVG())
	assert.Equal(t, want, inner(t, modules, n))
}
