package otpauth_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	htmltemplate "html/template"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/otpauth"
)

// hidden is valid base32, so it can be the secret of a Key, and differs from all other output.
const hidden = "HIDDENHIDDENHIDDENHIDDEN"

// traces lists the forms in which hidden could appear: as text, in hexadecimal, as byte values, in
// base64.
var traces = []string{
	"HIDDEN",
	"48494444454e", "48 49 44 44 45 4e", "0x48, 0x49, 0x44",
	"72 73 68 68 69 78", "72, 73, 68",
	"SElEREVO",
}

var verbs = []string{
	"%v", "%+v", "%#v", "%s", "%+s", "%#s", "%q", "%#q", "%x", "% x", "%#x", "%X", "%d",
	"%+d", "%o", "%b", "%c", "%U", "%t", "%e", "%g", "%10.3s", "%T", "%!", "%w",
}

// holders returns v in the places where programs keep values: by value and by pointer, in exported
// and unexported fields, in a slice, map, interface and array, and behind a pointer to a pointer.
func holders[T any](v T) map[string]any {
	type exported struct{ V T }
	type unexported struct{ v T }
	type pointers struct {
		V *T
		v *T
	}
	type nested struct {
		In  any
		in  any
		us  []unexported
		m   map[string]*unexported
		arr [1]T
	}
	p := &v
	return map[string]any{
		"value":                       v,
		"pointer":                     p,
		"pointer to a pointer":        &p,
		"exported field":              exported{v},
		"pointer to exported field":   &exported{v},
		"unexported field":            unexported{v},
		"pointer to unexported field": &unexported{v},
		"pointer fields":              pointers{p, p},
		"nested": nested{
			In:  v,
			in:  v,
			us:  []unexported{{v}},
			m:   map[string]*unexported{"k": {v}},
			arr: [1]T{v},
		},
		"slice":               []T{v},
		"slice of pointers":   []*T{p},
		"slice of unexported": []unexported{{v}},
		"map":                 map[string]T{"k": v},
		"map of pointers":     map[string]*T{"k": p},
		"array":               [1]T{v},
		"any":                 []any{v, p},
	}
}

const (
	textPage   = `{{.}} {{printf "%v %s" . .}} {{print .}} {{html .}} {{js .}} {{urlquery .}}`
	htmlPage   = `<a href="?q={{.}}" title="{{.}}">{{.}}</a>`
	scriptPage = `<script>var v = {{.}};</script>`
)

// printed returns the output of all printers and encoders for v, by name. It includes what an
// encoder wrote before it failed, and the text of its error.
func printed(v any) map[string]string {
	out := map[string]string{}
	for _, verb := range verbs {
		out[verb] = fmt.Sprintf(verb, v)
	}
	out["Sprint"], out["Sprintln"] = fmt.Sprint(v), fmt.Sprintln(v)
	out["Errorf"] = fmt.Errorf("failed: %v %w", v, fmt.Errorf("%+v", v)).Error()

	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		log := slog.New(handler(&b)).With("with", v).WithGroup("group")
		log.Info("message", "key", v, slog.Group("in", "key", v))
		out[name] = b.String()
	}

	html := func(page string) func(*bytes.Buffer) error {
		parsed := htmltemplate.Must(htmltemplate.New("").Parse(page))
		return func(b *bytes.Buffer) error { return parsed.Execute(b, v) }
	}
	for name, encode := range map[string]func(*bytes.Buffer) error{
		"json": func(b *bytes.Buffer) error { return json.NewEncoder(b).Encode(v) },
		"xml":  func(b *bytes.Buffer) error { return xml.NewEncoder(b).Encode(v) },
		"gob":  func(b *bytes.Buffer) error { return gob.NewEncoder(b).Encode(v) },
		"text/template": func(b *bytes.Buffer) error {
			return template.Must(template.New("").Parse(textPage)).Execute(b, v)
		},
		"html/template":        html(htmlPage),
		"html/template script": html(scriptPage),
	} {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			fmt.Fprint(&b, "\n", err)
		}
		out[name] = b.String()
	}
	return out
}

func leaks(text string) bool {
	for _, trace := range traces {
		if strings.Contains(strings.ToUpper(text), strings.ToUpper(trace)) {
			return true
		}
	}
	return false
}

func TestNothingPrintsASecret(t *testing.T) {
	subjects := map[string]map[string]any{
		"Secret": holders(otpauth.NewSecret(hidden)),
		"Key":    holders(key(t, "Example", "alice", hidden)),
	}
	for subject, places := range subjects {
		for place, v := range places {
			for how, text := range printed(v) {
				assert.False(t, leaks(text), "%s, %s, %s: %s", subject, place, how, text)
			}
		}
	}
}

// The test above can fail: nearly every printer shows a plain string in some place.
func TestAStringIsFound(t *testing.T) {
	found := map[string]bool{}
	for _, v := range holders(hidden) {
		for how, text := range printed(v) {
			found[how] = found[how] || leaks(text)
		}
	}
	for _, how := range append(verbs[:13:13],
		"slog text", "slog json", "json", "xml", "gob",
		"text/template", "html/template", "html/template script") {
		assert.True(t, found[how], how)
	}
}

func TestSecretPrintsAsRedacted(t *testing.T) {
	s := otpauth.NewSecret(hidden)
	for _, verb := range verbs {
		if verb != "%T" && verb != "%!" && verb != "%w" {
			assert.Equal(t, "REDACTED", fmt.Sprintf(verb, s), verb)
			assert.Equal(t, "REDACTED", fmt.Sprintf(verb, &s), verb)
		}
	}
	assert.Equal(t, "REDACTED", s.LogValue().String())
	assert.Equal(t, "REDACTED", fmt.Sprint(otpauth.Secret{}), "an empty Secret looks the same")
}

// Whichever method an encoder looks for, it gets an error: a stored placeholder would go unnoticed
// until the secret is needed.
func TestSecretIsNotEncoded(t *testing.T) {
	s := otpauth.NewSecret(hidden)
	var v interface {
		encoding.TextMarshaler
		encoding.TextAppender
		encoding.BinaryMarshaler
		encoding.BinaryAppender
	} = s
	for name, encode := range map[string]func() ([]byte, error){
		"MarshalText":   v.MarshalText,
		"AppendText":    func() ([]byte, error) { return v.AppendText(nil) },
		"MarshalBinary": v.MarshalBinary,
		"AppendBinary":  func() ([]byte, error) { return v.AppendBinary(nil) },
	} {
		b, err := encode()
		require.ErrorContains(t, err, "Reveal", name)
		assert.Empty(t, b, name)
	}

	k := key(t, "Example", "alice", hidden)
	type field struct{ S otpauth.Secret }
	type pointer struct{ S *otpauth.Secret }
	for _, v := range []any{s, &s, k, &k, []otpauth.Secret{s}, field{s}, pointer{&s}} {
		_, err := json.Marshal(v)
		require.ErrorContains(t, err, "Reveal", "%T", v)
		_, err = xml.Marshal(v)
		require.ErrorContains(t, err, "Reveal", "%T", v)
		require.ErrorContains(t, gob.NewEncoder(&bytes.Buffer{}).Encode(v), "Reveal", "%T", v)
	}
	_, err := json.Marshal(map[otpauth.Secret]int{s: 1})
	require.ErrorContains(t, err, "Reveal")
	assert.Equal(t, hidden, s.Reveal())
}

// Some encoders use the encoding methods only if there are decoding methods, too.
func TestSecretIsNotDecoded(t *testing.T) {
	s := otpauth.NewSecret(hidden)
	var v interface {
		encoding.TextUnmarshaler
		encoding.BinaryUnmarshaler
	} = &s
	require.ErrorContains(t, v.UnmarshalText([]byte("x")), "NewSecret")
	require.ErrorContains(t, v.UnmarshalBinary([]byte("x")), "NewSecret")
	var fields struct{ S otpauth.Secret }
	require.ErrorContains(t, json.Unmarshal([]byte(`{"S": "x"}`), &fields), "NewSecret")
	assert.Equal(t, hidden, s.Reveal())
	assert.Zero(t, fields)
}

func TestSecretReveals(t *testing.T) {
	text := hidden
	assert.Equal(t, hidden, otpauth.NewSecret(hidden).Reveal())
	assert.Equal(t, hidden, otpauth.SecretFrom(&text).Reveal())
	assert.Empty(t, otpauth.SecretFrom(nil).Reveal())
	assert.Empty(t, otpauth.Secret{}.Reveal())
}

// Tests compare values that hold secrets with reflect.DeepEqual, and maps may have them as keys.
func TestSecretsCompare(t *testing.T) {
	s := otpauth.NewSecret(hidden)
	assert.Equal(t, s, otpauth.NewSecret(strings.Clone(hidden)))
	assert.NotEqual(t, s, otpauth.NewSecret("HIDDEN"))
	copied := s
	assert.True(t, s == copied)
	assert.False(t, s == otpauth.NewSecret(hidden))
}
