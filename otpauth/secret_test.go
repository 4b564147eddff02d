package otpauth_test

import (
	"bytes"
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

// hidden is valid base32, so that it can be a key's secret too, and unlike anything else that is printed.
const hidden = "HIDDENHIDDENHIDDENHIDDEN"

// traces are the forms in which hidden would show: as text, in hexadecimal, as the numbers of its bytes, in base64.
var traces = []string{"HIDDEN", "48494444454e", "48 49 44 44 45 4e", "72 73 68 68 69 78", "72, 73, 68", "0x48, 0x49, 0x44", "SElEREVO"}

var verbs = []string{"%v", "%+v", "%#v", "%s", "%+s", "%#s", "%q", "%#q", "%x", "% x", "%#x", "%X", "%d", "%+d", "%o", "%b", "%c", "%U", "%t", "%e", "%g", "%10.3s", "%T", "%!", "%w"}

// holders returns v in the places where a program has it: by value and by pointer, in exported and unexported fields, in a slice, a
// map, an interface, an array, a pointer to a pointer.
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
		"value": v, "pointer": p, "pointer to a pointer": &p,
		"exported field": exported{v}, "pointer to exported field": &exported{v},
		"unexported field": unexported{v}, "pointer to unexported field": &unexported{v},
		"pointer fields": pointers{p, p}, "nested": nested{v, v, []unexported{{v}}, map[string]*unexported{"k": {v}}, [1]T{v}},
		"slice": []T{v}, "slice of pointers": []*T{p}, "slice of unexported": []unexported{{v}},
		"map": map[string]T{"k": v}, "map of pointers": map[string]*T{"k": p}, "array": [1]T{v}, "any": []any{v, p},
	}
}

// printed returns v as everything that prints or encodes has it, by name. What an encoder wrote before it failed counts too, and so does
// the text of the failure.
func printed(v any) map[string]string {
	out := map[string]string{}
	for _, verb := range verbs {
		out[verb] = fmt.Sprintf(verb, v)
	}
	out["Sprint"], out["Sprintln"] = fmt.Sprint(v), fmt.Sprintln(v)
	out["Errorf"] = fmt.Errorf("failed: %v %w", v, fmt.Errorf("%+v", v)).Error()

	handlers := map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	}
	for name, handler := range handlers {
		var b bytes.Buffer
		slog.New(handler(&b)).With("with", v).WithGroup("group").Info("message", "key", v, slog.Group("in", "key", v))
		out[name] = b.String()
	}

	encoders := map[string]func(*bytes.Buffer) error{
		"json": func(b *bytes.Buffer) error { return json.NewEncoder(b).Encode(v) },
		"xml":  func(b *bytes.Buffer) error { return xml.NewEncoder(b).Encode(v) },
		"gob":  func(b *bytes.Buffer) error { return gob.NewEncoder(b).Encode(v) },
		"text/template": func(b *bytes.Buffer) error {
			return template.Must(template.New("").Parse(`{{.}} {{printf "%v %s" . .}} {{print .}} {{html .}} {{js .}} {{urlquery .}}`)).Execute(b, v)
		},
		"html/template": func(b *bytes.Buffer) error {
			return htmltemplate.Must(htmltemplate.New("").Parse(`<a href="?q={{.}}" title="{{.}}">{{.}}</a>`)).Execute(b, v)
		},
		"html/template script": func(b *bytes.Buffer) error {
			return htmltemplate.Must(htmltemplate.New("").Parse(`<script>var v = {{.}};</script>`)).Execute(b, v)
		},
	}
	for name, encode := range encoders {
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
	key, err := otpauth.NewKey("Example", "alice", hidden)
	require.NoError(t, err)
	subjects := map[string]map[string]any{
		"Secret": holders(otpauth.NewSecret(hidden)),
		"Key":    holders(key),
	}
	for subject, places := range subjects {
		for place, v := range places {
			for how, text := range printed(v) {
				assert.False(t, leaks(text), "%s, %s, %s: %s", subject, place, how, text)
			}
		}
	}
}

// The test above can fail: a plain string is found in every place by nearly everything that prints.
func TestAStringIsFound(t *testing.T) {
	found := map[string]bool{}
	for _, v := range holders(hidden) {
		for how, text := range printed(v) {
			found[how] = found[how] || leaks(text)
		}
	}
	for _, how := range append([]string{"slog text", "slog json", "json", "xml", "gob", "text/template", "html/template", "html/template script"}, verbs[:13]...) {
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
}

// Encoders fail. A placeholder in a store would be missed only when the secret is needed.
func TestSecretIsNotEncoded(t *testing.T) {
	key, err := otpauth.NewKey("Example", "alice", hidden)
	require.NoError(t, err)
	s := otpauth.NewSecret(hidden)
	for _, v := range []any{s, &s, key, &key, []otpauth.Secret{s}, map[otpauth.Secret]int{s: 1}, struct{ S otpauth.Secret }{s}} {
		_, err := json.Marshal(v)
		require.ErrorContains(t, err, "Reveal", "%T", v)
	}
	_, err = xml.Marshal(key)
	require.ErrorContains(t, err, "Reveal")
	require.Error(t, gob.NewEncoder(&bytes.Buffer{}).Encode(s))
	require.Error(t, gob.NewEncoder(&bytes.Buffer{}).Encode(key))
	assert.Equal(t, hidden, s.Reveal())
}

func TestSecretReveals(t *testing.T) {
	text := hidden
	assert.Equal(t, hidden, otpauth.NewSecret(hidden).Reveal())
	assert.Equal(t, hidden, otpauth.SecretFrom(&text).Reveal())
	assert.Empty(t, otpauth.SecretFrom(nil).Reveal())
	assert.Empty(t, otpauth.Secret{}.Reveal())
	assert.Equal(t, "REDACTED", fmt.Sprint(otpauth.Secret{}), "an empty secret looks like any other")
}
