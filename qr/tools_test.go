package qr_test

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tool returns the path of a program.
func tool(t *testing.T, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err, "this test needs %s, which is in the Debian package %s", name, debianPackage)
	return path
}

// assertScans asserts that zbar reads the text from each picture. The pictures are files, by name; the texts have the same names.
func assertScans(t *testing.T, texts, files map[string]string) {
	t.Helper()
	args := []string{"--nodbus", "--quiet", "--xml", "-Sdisable", "-Sqrcode.enable"}
	for _, file := range files {
		args = append(args, file)
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), tool(t, "zbarimg", "zbar-tools"), args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		// One picture without a code is enough for an exit status; which one it is shows below.
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
		assert.Equal(t, []string{texts[name]}, found[file], name)
	}
}

// scan returns the bytes that zbar reads from one picture. Among many pictures, and in XML, it has no way to write bytes that are not ASCII.
func scan(t *testing.T, file string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), tool(t, "zbarimg", "zbar-tools"), "--nodbus", "--quiet", "--raw", "-Sbinary", file).Output()
	require.NoError(t, err)
	return string(out)
}

// write writes a file for a tool to read, and returns its path.
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
	cmd := exec.CommandContext(t.Context(), tool(t, "rsvg-convert", "librsvg2-bin"), "--width", width, "--background-color", background, "--output", path, svg)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// enlarge draws modules as a PNG, four pixels a module.
func enlarge(t *testing.T, modules [][]bool) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 4*len(modules[0]), 4*len(modules)))
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			if !modules[y/4][x/4] {
				img.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}
