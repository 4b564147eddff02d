package qr_test

import (
	"bytes"
	"encoding/base64"
	"flag"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/qr"
)

var update = flag.Bool("update", false, "write the golden files")

func encode(t *testing.T, text string, optFns ...func(*qr.Options)) *qr.Code {
	t.Helper()
	code, err := qr.Encode(text, optFns...)
	require.NoError(t, err)
	return code
}

func atLevel(level qr.Level) func(*qr.Options) {
	return func(o *qr.Options) { o.Level = level }
}

func TestGolden(t *testing.T) {
	key := uri("Example", "alice@example.com", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	for name, s := range map[string]subject{
		"digits":        {"0123456789", qr.LevelL},
		"capitals":      {"HELLO WORLD", qr.LevelQ},
		"utf-8":         {"例え: ünï 🔑", qr.LevelM},
		"key-uri":       {key, qr.LevelL},
		"key-uri-tough": {key, qr.LevelH},
	} {
		code := encode(t, s.text, atLevel(s.level))
		var b strings.Builder
		for _, row := range fromPNG(t, code, code.Size()+2*quiet) {
			for _, dark := range row {
				b.WriteByte(map[bool]byte{true: '#', false: '.'}[dark])
			}
			b.WriteByte('\n')
		}
		file := filepath.Join("testdata", name+".txt")
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o600))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, string(want), b.String(), name)
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, row := range []struct {
		text  string
		level qr.Level
		error string
	}{
		{"", qr.LevelL, "no text"},
		{"a", -1, "no error correction level -1"},
		{"a", qr.LevelH + 1, "no error correction level 4"},
		{strings.Repeat("a", 2954), qr.LevelL, "2954 bytes does not fit"},
		{strings.Repeat("a", 2332), qr.LevelM, "2332 bytes does not fit"},
		{strings.Repeat("a", 1664), qr.LevelQ, "1664 bytes does not fit"},
		{strings.Repeat("a", 1274), qr.LevelH, "1274 bytes does not fit"},
		{strings.Repeat("A", 4297), qr.LevelL, "4297 bytes does not fit"},
		{strings.Repeat("1", 7090), qr.LevelL, "7090 bytes does not fit"},
		{strings.Repeat("1a", 20<<20), qr.LevelL, "41943040 bytes does not fit"},
	} {
		code, err := qr.Encode(row.text, atLevel(row.level))
		require.ErrorContains(t, err, row.error)
		assert.Nil(t, code)
	}
}

// The capacities of ISO/IEC 18004, table 7.
func TestEncodeAcceptsWhatFits(t *testing.T) {
	for level, most := range []int{2953, 2331, 1663, 1273} {
		assert.Equal(t, 177, encode(t, strings.Repeat("a", most), atLevel(qr.Level(level))).Size())
	}
	assert.Equal(t, 177, encode(t, strings.Repeat("A", 4296)).Size())
	assert.Equal(t, 177, encode(t, strings.Repeat("1", 7089)).Size())
	assert.Equal(t, 21, encode(t, "1").Size())
}

// The capacities of sizes 21 and 25 in bytes, from L to H, are 17, 14, 11, 7 and 32, 26, 20, 14.
func TestRoomIsUsedForErrorCorrection(t *testing.T) {
	for _, row := range []struct {
		length    int
		level     qr.Level
		wantSize  int
		wantLevel qr.Level
	}{
		{1, qr.LevelL, 21, qr.LevelH},
		{7, qr.LevelL, 21, qr.LevelH},
		{8, qr.LevelL, 21, qr.LevelQ},
		{11, qr.LevelM, 21, qr.LevelQ},
		{12, qr.LevelL, 21, qr.LevelM},
		{12, qr.LevelM, 21, qr.LevelM},
		{15, qr.LevelL, 21, qr.LevelL},
		{15, qr.LevelM, 25, qr.LevelQ},
		{18, qr.LevelL, 25, qr.LevelQ},
		{8, qr.LevelH, 25, qr.LevelH},
		{27, qr.LevelL, 25, qr.LevelL},
	} {
		code := encode(t, strings.Repeat("a", row.length), atLevel(row.level))
		require.Equal(t, row.wantSize, code.Size())
		modules := fromPNG(t, code, row.wantSize+2*quiet)
		// The format information starts with the level: 01, 00, 11 or 10, under a mask that starts
		// with 10.
		level := map[[2]bool]qr.Level{
			{true, true}:   qr.LevelL,
			{true, false}:  qr.LevelM,
			{false, true}:  qr.LevelQ,
			{false, false}: qr.LevelH,
		}[[2]bool(modules[8][:2])]
		assert.Equal(t, row.wantLevel, level, "%d bytes", row.length)
	}
}

func TestPNGSizes(t *testing.T) {
	code := encode(t, "a")
	for _, size := range []int{-1 << 63, -1, 0, 1, 28} {
		_, err := code.PNG(size)
		require.ErrorContains(t, err, "needs 29")
		_, err = code.PNGDataURI(size)
		require.ErrorContains(t, err, "needs 29")
	}
	for _, size := range []int{4097, 1<<63 - 1} {
		_, err := code.PNG(size)
		require.ErrorContains(t, err, "at most 4096")
	}
	want := fromPNG(t, code, 29)
	for size := 30; size < 400; size += 7 {
		assert.Equal(t, want, fromPNG(t, code, size))
	}
	assert.Equal(t, want, fromPNG(t, code, 490)) // 16 pixels for each module, and a wider margin
	assert.Equal(t, want, fromPNG(t, code, 4096))
}

func TestTitle(t *testing.T) {
	for title, want := range map[string]string{
		"":                                "QR code",
		"QRコード":                           "QRコード",
		`</title><script>"&'`:             `</title><script>"&'`,
		"a\x00b\x1bc\xffd\ufffe\ufffff\t": "a\ufffdb\ufffdc\ufffdd\ufffd\ufffdf\t",
	} {
		svg := encode(t, "a", func(o *qr.Options) { o.Title = title }).SVG()
		_, got := fromSVG(t, svg)
		assert.Equal(t, want, got)
		assert.NotContains(t, string(svg), "<script")
	}
}

func TestTerminalSizes(t *testing.T) {
	code := encode(t, "a") // 21 modules
	for _, row := range []struct {
		lines          [][]cell
		columns, count int
	}{
		{screen(t, code.Terminal()), 29, 15},
		{screen(t, code.TerminalWide()), 58, 29},
	} {
		assert.Len(t, row.lines, row.count)
		for _, line := range row.lines {
			assert.Len(t, line, row.columns)
		}
	}
}

func TestDataURIs(t *testing.T) {
	decode := func(uri, kind string) []byte {
		data, found := strings.CutPrefix(uri, "data:"+kind+";base64,")
		require.True(t, found)
		picture, err := base64.StdEncoding.DecodeString(data)
		require.NoError(t, err)
		return picture
	}
	code := encode(t, "a")
	assert.Equal(t, code.SVG(), decode(code.SVGDataURI(), "image/svg+xml"))
	uri, err := code.PNGDataURI(64)
	require.NoError(t, err)
	want, err := code.PNG(64)
	require.NoError(t, err)
	assert.Equal(t, want, decode(uri, "image/png"))
}

func TestZeroCodeIsBlank(t *testing.T) {
	var code qr.Code
	assert.Zero(t, code.Size())
	modules, title := fromSVG(t, code.SVG())
	assert.Equal(t, make([][]bool, 0), inner(t, modules, 0))
	assert.Empty(t, title)
	assert.Equal(t, make([][]bool, 0), inner(t, fromTerminal(t, code.Terminal()), 0))
	assert.Equal(t, make([][]bool, 0), inner(t, fromTerminalWide(t, code.TerminalWide()), 0))
	data, err := code.PNG(16)
	require.NoError(t, err)
	_, err = png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
}

// There are many large pictures, so that they are drawn at the same time.
func TestCodeIsSafeForConcurrentUse(t *testing.T) {
	code := encode(t, uri("Example", "alice", "GEZDGNBVGY3TQOJQ"))
	want, err := code.PNG(4096)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			got, err := code.PNG(4096)
			assert.NoError(t, err)
			assert.Equal(t, want, got)
			assert.NotEmpty(t, code.SVG())
			assert.NotEmpty(t, code.Terminal())
		})
	}
	wg.Wait()
}

func FuzzEncode(f *testing.F) {
	f.Add("otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQ&issuer=Example", 0, "QR code")
	f.Add("", -1, "")
	f.Add("0123456789ABC abc", 1, "</title>&<![CDATA[")
	f.Add("例え\xff\x00🔑", 2, "\x00\xff\ufffe🔑")
	f.Add(strings.Repeat("1", 600)+strings.Repeat("aA", 300), 3, "QRコード")
	f.Fuzz(func(t *testing.T, text string, level int, title string) {
		code, err := qr.Encode(text, func(o *qr.Options) {
			o.Level = qr.Level(level)
			o.Title = title
		})
		if err != nil {
			assert.Nil(t, code)
			return
		}
		assertSameModules(t, code, len(title)%64)
	})
}
