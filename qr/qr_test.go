package qr_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/qr"
)

var update = flag.Bool("update", false, "write the golden files anew")

const quiet = 4

func encode(t *testing.T, text string, optFns ...func(*qr.Options)) *qr.Code {
	t.Helper()
	code, err := qr.Encode(text, optFns...)
	require.NoError(t, err)
	return code
}

func atLevel(level qr.Level) func(*qr.Options) {
	return func(o *qr.Options) { o.Level = level }
}

// fromPNG reads the modules back, and asserts that each is as large as it can be, of one colour, and that the quiet zone is there.
func fromPNG(t *testing.T, code *qr.Code, size int) [][]bool {
	t.Helper()
	data, err := code.PNG(size)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, size, size), img.Bounds())
	require.Equal(t, byte(1), data[24], "bits a pixel")
	grey, ok := img.(*image.Gray)
	require.True(t, ok)
	dark := func(x, y int) bool { return grey.Pix[y*grey.Stride+x] == 0 }

	// The first module of a code, in the corner, is dark.
	margin := 0
	for ; !dark(margin, margin); margin++ {
		require.Less(t, margin, size/2)
	}
	n := code.Size()
	scale := size / (n + 2*quiet)
	require.GreaterOrEqual(t, margin, quiet*scale)
	require.GreaterOrEqual(t, size-margin-n*scale, quiet*scale)
	require.InDelta(t, size-margin-n*scale, margin, float64(2*min(scale, 8)-1), "it is in the middle, but for less than a module")

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
			want := 0 <= row && row < n && 0 <= column && column < n && modules[row][column]
			if dark(x, y) != want {
				t.Fatalf("the pixel at %d, %d is not like its module", x, y)
			}
		}
	}
	return modules
}

// fromTerminal reads the modules back, quiet zone included.
func fromTerminal(t *testing.T, text string) [][]bool {
	t.Helper()
	var modules [][]bool
	for line := range strings.Lines(text) {
		line, ok := strings.CutPrefix(line, "\x1b[38;5;16;48;5;231m")
		require.True(t, ok, "black on white")
		line, ok = strings.CutSuffix(line, "\x1b[0m\n")
		require.True(t, ok, "only that")
		var upper, lower []bool
		for _, r := range line {
			require.Contains(t, " ▀▄█", string(r))
			upper = append(upper, r == '▀' || r == '█')
			lower = append(lower, r == '▄' || r == '█')
		}
		modules = append(modules, upper, lower)
	}
	return modules
}

var stroke = regexp.MustCompile(`m(-?\d+) ?(-?\d+)|([hv])(\d+)`)

// fromSVG reads the modules back, quiet zone included, and returns the title too. It asserts that there is nothing else.
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
	require.Equal(t, "#fff #000 crispEdges", picture.Rect.Fill+" "+picture.Path.Stroke+" "+picture.Path.Crisp)

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

// inner cuts the quiet zone off, and asserts that it is light.
func inner(t *testing.T, modules [][]bool, n int) [][]bool {
	t.Helper()
	code := make([][]bool, n)
	for y, row := range modules {
		for x, dark := range row {
			inside := quiet <= x && x < n+quiet && quiet <= y && y < n+quiet
			require.False(t, dark && !inside)
			if inside {
				code[y-quiet] = append(code[y-quiet], dark)
			}
		}
	}
	return code
}

// Each picture is decoded by programs that have nothing to do with the ones that made it.
func TestPicturesScan(t *testing.T) {
	const parts = 8 // Decoded at the same time, as far as there are processors.
	subjects := every()
	require.GreaterOrEqual(t, len(subjects), 200)
	sizes := make([]map[int]bool, parts)
	t.Run("parts", func(t *testing.T) {
		for part := range parts {
			sizes[part] = map[int]bool{}
			t.Run(strconv.Itoa(part), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				texts, pngs, svgs, terminals := map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
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
					// Pixels and modules do not fall together, so that neither the edges nor the decoder have it easy. The SVG brings
					// its own white, or the code would be lost on a black page.
					background := []string{"none", "black"}[i/parts%2]
					svgs[name] = rasterize(t, write(t, dir, name+".svg", code.SVG()), strconv.Itoa(4*side+7), background)
					if i/parts%10 == 0 {
						assertOpaque(t, svgs[name])
						terminals[name] = write(t, dir, name+"-terminal.png", enlarge(t, fromTerminal(t, code.Terminal())))
					}
				}
				assertScans(t, texts, pngs)
				assertScans(t, texts, svgs)
				assertScans(t, texts, terminals)
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

// Text that is no URI scans too. The bytes are UTF-8 without a mark of it, as QR codes of today have them.
func TestAnyTextScans(t *testing.T) {
	dir := t.TempDir()
	for i, text := range []string{
		"1", "0123456789", "HELLO WORLD", "Hello, world", "例えばこのような文章です", "Привет, мир", "🔑🔑🔑", "ABC 123 例 abc 4567890123", "a\nb\tc",
	} {
		picture, err := encode(t, text).PNG(256)
		require.NoError(t, err)
		assert.Equal(t, text, scan(t, write(t, dir, strconv.Itoa(i)+".png", picture)))
	}
}

// assertOpaque asserts that a picture brought its own background along.
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

func TestAllPicturesShowTheSameModules(t *testing.T) {
	for i, s := range sample(every(), 8) {
		code := encode(t, s.text, atLevel(s.level))
		n := code.Size()
		want := fromPNG(t, code, n+2*quiet)
		assert.Equal(t, want, fromPNG(t, code, 2*(n+2*quiet)+i%97))
		assert.Equal(t, want, inner(t, fromTerminal(t, code.Terminal()), n))
		modules, title := fromSVG(t, code.SVG())
		assert.Equal(t, want, inner(t, modules, n))
		assert.Equal(t, "QR code", title)
	}
}

func TestGolden(t *testing.T) {
	for name, s := range map[string]subject{
		"digits":        {"0123456789", qr.LevelL},
		"capitals":      {"HELLO WORLD", qr.LevelQ},
		"utf-8":         {"例え: ünï 🔑", qr.LevelM},
		"key-uri":       {uri("Example", "alice@example.com", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), qr.LevelL},
		"key-uri-tough": {uri("Example", "alice@example.com", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), qr.LevelH},
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
func TestEncodeTakesWhatFits(t *testing.T) {
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
		// The format information begins with the level: 01, 00, 11 or 10, under a mask that begins with 10.
		level := map[[2]bool]qr.Level{
			{true, true}: qr.LevelL, {true, false}: qr.LevelM, {false, true}: qr.LevelQ, {false, false}: qr.LevelH,
		}[[2]bool(modules[8][:2])]
		assert.Equal(t, row.wantLevel, level, "%d bytes", row.length)
	}
}

func TestPNGSizes(t *testing.T) {
	code := encode(t, "a")
	for _, size := range []int{-1 << 63, -1, 0, 1, 28} {
		_, err := code.PNG(size)
		require.ErrorContains(t, err, "at least 29")
		_, err = code.PNGDataURI(size)
		require.ErrorContains(t, err, "at least 29")
	}
	for _, size := range []int{4097, 1<<63 - 1} {
		_, err := code.PNG(size)
		require.ErrorContains(t, err, "at most 4096")
	}
	want := fromPNG(t, code, 29)
	for size := 30; size < 400; size += 7 {
		assert.Equal(t, want, fromPNG(t, code, size))
	}
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

func TestDataURIs(t *testing.T) {
	code := encode(t, "a")
	svg, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(code.SVGDataURI(), "data:image/svg+xml;base64,"))
	require.NoError(t, err)
	assert.Equal(t, code.SVG(), svg)

	uri, err := code.PNGDataURI(64)
	require.NoError(t, err)
	got, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(uri, "data:image/png;base64,"))
	require.NoError(t, err)
	want, err := code.PNG(64)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestZeroCodeIsBlank(t *testing.T) {
	var code qr.Code
	assert.Zero(t, code.Size())
	modules, title := fromSVG(t, code.SVG())
	assert.Equal(t, make([][]bool, 0), inner(t, modules, 0))
	assert.Empty(t, title)
	assert.Equal(t, make([][]bool, 0), inner(t, fromTerminal(t, code.Terminal()), 0))
	data, err := code.PNG(16)
	require.NoError(t, err)
	_, err = png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
}

func TestCodeIsSafeForConcurrentUse(t *testing.T) {
	code := encode(t, uri("Example", "alice", "GEZDGNBVGY3TQOJQ"))
	want, err := code.PNG(256)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := code.PNG(256)
			assert.NoError(t, err)
			assert.Equal(t, want, got)
			assert.NotEmpty(t, code.SVG())
			assert.NotEmpty(t, code.Terminal())
		})
	}
	wg.Wait()
}

// printed returns v as everything that prints or encodes has it, by name.
func printed(v any) map[string]string {
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%o", "%b", "%e", "%U", "%c", "%p", "%w"} {
		out[verb] = fmt.Sprintf(verb, v)
	}
	var text, lines, js, xm, g bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("message", "key", v)
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("message", "key", v)
	// What an encoder wrote before it failed counts too.
	out["json"] = fmt.Sprint(json.NewEncoder(&js).Encode(v), js.String())
	out["xml"] = fmt.Sprint(xml.NewEncoder(&xm).Encode(v), xm.String())
	out["gob"] = fmt.Sprint(gob.NewEncoder(&g).Encode(v), g.String())
	out["slog text"], out["slog json"] = text.String(), lines.String()
	return out
}

// showsRow finds a row of modules in the forms in which fmt and the encoders would write it. A row is longer than an address, which may hold
// any few digits.
func showsRow(text string, row []bool) bool {
	for _, form := range [][2]string{
		{"false ", "true "}, {"false,", "true,"}, {"\x00", "\x01"}, {`\x00`, `\x01`}, {`\u0000`, `\u0001`}, {"00", "01"}, {"0 ", "1 "}, {"0,", "1,"},
	} {
		var b strings.Builder
		for _, dark := range row[:len(row)-1] { // After the last one stands no separator.
			b.WriteString(form[map[bool]int{true: 1}[dark]])
		}
		if strings.Contains(text, b.String()) {
			return true
		}
	}
	return false
}

func TestNothingPrintsACode(t *testing.T) {
	code := encode(t, "secret")
	rows := fromPNG(t, code, 64)
	type unexported struct{ v any }
	type fields struct {
		V, v  qr.Code
		P, p  *qr.Code
		slice []qr.Code
		table map[string]*qr.Code
	}
	for _, v := range []any{
		code, *code, &code,
		unexported{code},
		unexported{*code},
		&unexported{*code},
		[]any{code, *code},
		[]qr.Code{*code},
		[]*qr.Code{code},
		fields{*code, *code, code, code, []qr.Code{*code}, map[string]*qr.Code{"k": code}},
		map[string]any{"k": *code, "l": code},
	} {
		for how, text := range printed(v) {
			assert.False(t, showsRow(text, rows[0]), "%s of %T: %.300s", how, v, text)
			assert.NotContains(t, text, "secret", "%s of %T", how, v)
		}
	}

	// It would be found: as rows, and as the string that it is.
	var packed strings.Builder
	for _, dark := range rows[0] {
		packed.WriteByte(map[bool]byte{true: 1}[dark])
	}
	for _, v := range []any{&rows, unexported{rows}, unexported{&rows}, unexported{packed.String()}} {
		found := false
		for _, text := range printed(v) {
			found = found || showsRow(text, rows[0])
		}
		assert.True(t, found, "%T", v)
	}
}

func TestCodeIsRedacted(t *testing.T) {
	code := encode(t, "secret")
	assert.Equal(t, "REDACTED REDACTED REDACTED", fmt.Sprintf("%v %+v %d", code, *code, code))
	assert.Equal(t, "REDACTED", code.LogValue().String())
	_, err := json.Marshal(code)
	require.ErrorContains(t, err, "encode a picture")
	require.Error(t, gob.NewEncoder(io.Discard).Encode(code))
}

func FuzzEncode(f *testing.F) {
	f.Add("otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQ&issuer=Example", 0, "QR code")
	f.Add("", -1, "")
	f.Add("0123456789ABC abc", 1, "</title>&<![CDATA[")
	f.Add("例え\xff\x00🔑", 2, "\x00\xff\ufffe🔑")
	f.Add(strings.Repeat("1", 600)+strings.Repeat("aA", 300), 3, "QRコード")
	f.Fuzz(func(t *testing.T, text string, level int, title string) {
		code, err := qr.Encode(text, func(o *qr.Options) { o.Level, o.Title = qr.Level(level), title })
		if err != nil {
			assert.Nil(t, code)
			return
		}
		n := code.Size()
		want := fromPNG(t, code, n+2*quiet)
		assert.Equal(t, want, fromPNG(t, code, 2*(n+2*quiet)+len(title)%64))
		assert.Equal(t, want, inner(t, fromTerminal(t, code.Terminal()), n))
		modules, _ := fromSVG(t, code.SVG())
		assert.Equal(t, want, inner(t, modules, n))
	})
}
