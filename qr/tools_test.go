package qr_test

import (
	"bytes"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

func zbarimg(t *testing.T) string { t.Helper(); return tooltest.Need(t, "zbar-tools", "zbarimg") }

func zxing(t *testing.T) string {
	t.Helper()
	return tooltest.Need(t, "zxing-cpp-tools", "ZXingReader")
}

func rsvg(t *testing.T) string {
	t.Helper()
	return tooltest.Need(t, "librsvg2-bin", "rsvg-convert")
}

// assertZbarReads asserts that zbar reads the text from each picture. The pictures are files, by
// name; the texts, which are ASCII, have the same names.
func assertZbarReads(t *testing.T, texts, files map[string]string) {
	t.Helper()
	args := []string{"--nodbus", "--quiet", "--xml", "-Sdisable", "-Sqrcode.enable"}
	for _, file := range files {
		args = append(args, file)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), zbarimg(t), args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		// zbarimg fails if any picture has no code. The comparison below shows which one.
		t.Logf("zbarimg: %v %s", err, stderr.String())
	}
	var scanned struct {
		Sources []struct {
			File    string   `xml:"href,attr"`
			Symbols []string `xml:"index>symbol>data"`
		} `xml:"source"`
	}
	require.NoError(t, xml.Unmarshal(out, &scanned))
	found := map[string][]string{}
	for _, source := range scanned.Sources {
		found[source.File] = source.Symbols
	}
	for name, file := range files {
		assert.Equal(t, []string{texts[name]}, found[file], "zbar, %s", name)
	}
}

// assertZXingReads asserts that ZXing reads the text from each picture, as assertZbarReads does.
func assertZXingReads(t *testing.T, texts, files map[string]string) {
	t.Helper()
	program := zxing(t)
	for name, file := range files {
		args := []string{"-bytes", "-format", "QRCode", file}
		out, err := exec.CommandContext(t.Context(), program, args...).Output()
		assert.NoError(t, err, "ZXing, %s", name)
		assert.Equal(t, texts[name], string(out), "ZXing, %s", name)
	}
}

// scan returns the bytes that zbar reads from one picture. For several pictures, or in XML, zbar
// writes only ASCII.
func scan(t *testing.T, file string) string {
	t.Helper()
	args := []string{"--nodbus", "--quiet", "--raw", "-Sbinary", file}
	out, err := exec.CommandContext(t.Context(), zbarimg(t), args...).Output()
	require.NoError(t, err)
	return string(out)
}

// write writes a file for a program to read, and returns its path.
func write(t *testing.T, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}

// rasterize draws an SVG picture as a PNG of this width, on this background.
func rasterize(t *testing.T, svg, width, background string) string {
	t.Helper()
	path := strings.TrimSuffix(svg, ".svg") + "-svg.png"
	args := []string{"--width", width, "--background-color", background, "--output", path, svg}
	out, err := exec.CommandContext(t.Context(), rsvg(t), args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}
