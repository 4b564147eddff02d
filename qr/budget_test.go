package qr_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skip2/go-qrcode"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/internal/tooltest"
	"github.com/cognitomfa/cognitomfa/qr"
)

// segno returns the sizes in bytes of the SVG pictures that segno draws of each text: at level L,
// raised as far as the size of the code allows, like ours, but without background, title and role.
const segnoScript = `
import io, json, sys, segno

def svg(text):
    out = io.BytesIO()
    segno.make(text, micro=False).save(out, kind="svg")
    return len(out.getvalue())

json.dump([svg(text) for text in json.load(sys.stdin)], sys.stdout)
`

func segno(tb testing.TB, texts []string) []int {
	tb.Helper()
	python := tooltest.NeedWorking(tb, "python3-segno", "segno", "python3", "-c", "import segno")
	in, err := json.Marshal(texts)
	require.NoError(tb, err)
	cmd := exec.CommandContext(tb.Context(), python, "-c", segnoScript)
	cmd.Stdin = strings.NewReader(string(in))
	out, err := cmd.Output()
	require.NoError(tb, err)
	var sizes []int
	require.NoError(tb, json.Unmarshal(out, &sizes))
	require.Len(tb, sizes, len(texts))
	return sizes
}

func TestSVGIsSmall(t *testing.T) {
	texts := sample(usual(), 4)
	for _, s := range sample(every(), 16) {
		texts = append(texts, s.text)
	}
	for i, theirs := range segno(t, texts) {
		assert.LessOrEqual(t, len(encode(t, texts[i]).SVG()), theirs*105/100, texts[i])
	}
}

// The budget is for all usual texts together, because with modules of five pixels, compressing
// whole bytes gains little.
func TestPNGIsSmall(t *testing.T) {
	ours, theirs := 0, 0
	for _, text := range sample(usual(), 4) {
		ours += len(oursPNG(t, text))
		theirs += len(skip2PNG(t, text))
	}
	assert.LessOrEqual(t, ours, theirs*70/100)
}

func oursPNG(tb testing.TB, text string) []byte {
	tb.Helper()
	code, err := qr.Encode(text)
	require.NoError(tb, err)
	picture, err := code.PNG(256)
	require.NoError(tb, err)
	return picture
}

// skip2PNG uses the level that skip2's documentation recommends.
func skip2PNG(tb testing.TB, text string) []byte {
	tb.Helper()
	picture, err := qrcode.Encode(text, qrcode.Medium, 256)
	require.NoError(tb, err)
	return picture
}

// BenchmarkPNG draws all usual texts as PNG pictures of 256 pixels, alternating with skip2. x-skip2
// is the median time and x-skip2-bytes the size of the pictures, both as a fraction of skip2's.
func BenchmarkPNG(b *testing.B) {
	var times []float64
	ours, theirs := 0, 0
	for b.Loop() {
		for _, text := range usual() {
			start := time.Now()
			ours += len(oursPNG(b, text))
			between := time.Now()
			theirs += len(skip2PNG(b, text))
			times = append(times, float64(between.Sub(start))/float64(time.Since(between)))
		}
	}
	slices.Sort(times)
	b.ReportMetric(times[len(times)/2], "x-skip2")
	b.ReportMetric(float64(ours)/float64(theirs), "x-skip2-bytes")
}

// BenchmarkSVG draws SVG pictures. x-segno-bytes is their size as a fraction of segno's.
func BenchmarkSVG(b *testing.B) {
	texts := usual()
	ours, theirs := 0, 0
	var codes []*qr.Code
	for i, size := range segno(b, texts) {
		code, err := qr.Encode(texts[i])
		require.NoError(b, err)
		codes = append(codes, code)
		ours += len(code.SVG())
		theirs += size
	}
	for i := 0; b.Loop(); i++ {
		_ = codes[i%len(codes)].SVG()
	}
	b.ReportMetric(float64(ours)/float64(theirs), "x-segno-bytes")
}
