package qr_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/qr"
)

// printed returns the output of all printers and encoders for v, by name.
func printed(v any) map[string]string {
	out := map[string]string{}
	for _, verb := range []string{
		"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d",
		"%t", "%o", "%b", "%e", "%U", "%c", "%p", "%w",
	} {
		out[verb] = fmt.Sprintf(verb, v)
	}
	var text, lines, js, xm, g bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("message", "key", v)
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("message", "key", v)
	// Include what the encoder wrote before it failed.
	out["json"] = fmt.Sprint(json.NewEncoder(&js).Encode(v), js.String())
	out["xml"] = fmt.Sprint(xml.NewEncoder(&xm).Encode(v), xm.String())
	out["gob"] = fmt.Sprint(gob.NewEncoder(&g).Encode(v), g.String())
	out["slog text"], out["slog json"] = text.String(), lines.String()
	return out
}

// showsRow reports whether a text contains a row of modules, in any form in which fmt or an encoder
// could write it. A row is longer than an address, so addresses do not match by chance.
func showsRow(text string, row []bool) bool {
	for _, form := range [][2]string{
		{"false ", "true "},
		{"false,", "true,"},
		{"\x00", "\x01"},
		{`\x00`, `\x01`},
		{`\u0000`, `\u0001`},
		{"00", "01"},
		{"0 ", "1 "},
		{"0,", "1,"},
	} {
		var b strings.Builder
		for _, dark := range row[:len(row)-1] { // No separator follows the last one.
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

	// The test can fail: showsRow finds the modules as rows and as a string.
	var packed strings.Builder
	for _, dark := range rows[0] {
		packed.WriteByte(map[bool]byte{true: 1}[dark])
	}
	for _, v := range []any{
		&rows, unexported{rows}, unexported{&rows}, unexported{packed.String()},
	} {
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
}

func TestCodeIsNotEncoded(t *testing.T) {
	code := encode(t, "secret")
	for _, encode := range []func() ([]byte, error){
		encoding.TextMarshaler(code).MarshalText,
		encoding.BinaryMarshaler(code).MarshalBinary,
		func() ([]byte, error) { return json.Marshal(code) },
		func() ([]byte, error) { return nil, gob.NewEncoder(io.Discard).Encode(*code) },
	} {
		b, err := encode()
		require.ErrorContains(t, err, "encode a picture")
		assert.Empty(t, b)
	}
}
