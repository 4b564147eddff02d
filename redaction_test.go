package cognitomfa_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/otpauth"
)

// Secrets that must not be printed. The key is valid base32.
const (
	hidden    = "hUsHhUsHhUsHhUsHhUsH"
	hiddenKey = "HUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSH"
)

// holder has a value in a field where fmt can call its methods and in one where it cannot.
type holder struct {
	Exported   any
	unexported any
}

// typedHolder has the value itself, not in an interface.
type typedHolder[T any] struct {
	Exported   T
	unexported T
	list       []T
	table      map[string]T
}

const (
	textPage = `{{.}} {{printf "%v %+v %#v %s %q %x" . . . . . .}}` +
		` {{js .}} {{html .}} {{urlquery .}}`
	htmlPage = `<p title="{{.}}">{{.}}<a href="/{{.}}">{{printf "%#v" .}}</a>` +
		`<script>var x = {{.}}</script>`
)

// containsSecret reports whether a text contains a secret: as it is, in hexadecimal, or as numbers.
func containsSecret(text string) bool {
	text = strings.ToLower(text)
	for _, secret := range []string{hidden, hiddenKey, hiddenKey[:4] + " " + hiddenKey[:4]} {
		numbers := fmt.Sprintf("%#v", []byte(secret))
		for _, form := range []string{
			strings.ToLower(secret),
			fmt.Sprintf("%x", secret),
			strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]"),
			strings.TrimSuffix(strings.TrimPrefix(numbers, "[]byte{"), "}"),
		} {
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}

// leaks prints v in many ways, and returns those that show a secret.
func leaks(v any) []string {
	var found []string
	check := func(way, text string) {
		if containsSecret(text) {
			found = append(found, way)
		}
	}
	for _, verb := range []string{
		"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c",
		"%U", "%t", "%e", "%p", "%w", "%b", "%o", "% x", "%+q", "%10.50s",
	} {
		check(verb, fmt.Sprintf(verb, v))
	}
	check("error", fmt.Errorf("it was %v", v).Error())
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("it was", "value", v, slog.Group("group", "value", v))
		check(name, b.String())
	}
	var b bytes.Buffer
	if out, err := json.Marshal(v); err == nil {
		check("json", string(out))
	}
	if out, err := xml.Marshal(v); err == nil {
		check("xml", string(out))
	}
	b.Reset()
	_ = gob.NewEncoder(&b).Encode(v)
	check("gob", b.String())
	b.Reset()
	_ = template.Must(template.New("").Parse(textPage)).Execute(&b, v)
	check("text/template", b.String())
	b.Reset()
	_ = htmltemplate.Must(htmltemplate.New("").Parse(htmlPage)).Execute(&b, v)
	check("html/template", b.String())
	return found
}

func inAllPlaces[T any](v T) []any {
	return []any{
		v, &v,
		[]T{v},
		map[string]T{"key": v},
		[1]T{v},
		holder{Exported: v, unexported: v},
		&holder{Exported: &v, unexported: &v},
		typedHolder[T]{
			Exported: v, unexported: v, list: []T{v}, table: map[string]T{"key": v},
		},
		&typedHolder[*T]{
			Exported: &v, unexported: &v, list: []*T{&v}, table: map[string]*T{"key": &v},
		},
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	secret := cognitomfa.NewSecret(hidden)
	key, err := otpauth.NewKey("Example", "alice", hiddenKey)
	require.NoError(t, err)

	cfg := config
	cfg.ClientSecret = hidden
	var api double
	api.associate = func(
		*cip.AssociateSoftwareTokenInput,
	) (*cip.AssociateSoftwareTokenOutput, error) {
		return &cip.AssociateSoftwareTokenOutput{
			SecretCode: aws.String(hiddenKey),
			Session:    aws.String(hidden),
		}, nil
	}
	client := newClient(t, &api, cfg)
	challenge := &cognitomfa.SetupChallenge{Username: "alice", Session: secret}
	enrollment, err := client.EnrollSetup(t.Context(), challenge)
	require.NoError(t, err)
	// Now the Enrollment also contains the QR code.
	_, err = enrollment.PNG(256)
	require.NoError(t, err)

	cause := &smithy.GenericAPIError{Code: "CodeMismatchException", Message: hidden}
	known := &cognitomfa.Error{Op: "verify", Kind: cognitomfa.ErrCodeMismatch, Err: cause}
	unknown := &cognitomfa.Error{Op: "verify", Err: cause}
	for name, places := range map[string][]any{
		"Secret":       inAllPlaces(secret),
		"Key":          inAllPlaces(key),
		"Tokens":       inAllPlaces(cognitomfa.Tokens{Access: secret, ID: secret, Refresh: secret}),
		"MFA":          inAllPlaces(cognitomfa.MFAChallenge{Session: secret}),
		"Setup":        inAllPlaces(cognitomfa.SetupChallenge{Session: secret}),
		"Select":       inAllPlaces(cognitomfa.SelectChallenge{Session: secret}),
		"NewPassword":  inAllPlaces(cognitomfa.NewPasswordChallenge{Session: secret}),
		"Password":     inAllPlaces(cognitomfa.PasswordChallenge{Session: secret}),
		"Device":       inAllPlaces(cognitomfa.Device{Key: "key", Password: secret}),
		"Other":        inAllPlaces(cognitomfa.OtherChallenge{Session: secret}),
		"Enrollment":   inAllPlaces(enrollment),
		"Client":       inAllPlaces(client),
		"Status":       inAllPlaces(cognitomfa.Status{}),
		"Error's text": {known.Error(), unknown.Error()},
	} {
		for _, v := range places {
			assert.Empty(t, leaks(v), "%s as %T", name, v)
		}
	}
}

// The secrets in a Config and in PlainTokens are plain strings, so fmt prints them wherever it
// calls no methods, as their comments say.
func TestPlainSecretsAreRarelyPrinted(t *testing.T) {
	t.Parallel()
	cfg := config
	cfg.ClientSecret = hidden
	for _, v := range []any{cfg, &cfg, []cognitomfa.Config{cfg}, holder{Exported: cfg}} {
		assert.Subset(t, []string{"%p", "%w"}, leaks(v), "%T", v)
	}
	assert.ElementsMatch(t, []string{"%p", "%w"}, leaks(cfg))
	assert.Contains(t, leaks(holder{unexported: cfg}), "%v")

	tokens := cognitomfa.PlainTokens{AccessToken: hidden}
	encoders := []string{"json", "xml", "gob", "html/template"}
	assert.ElementsMatch(t, append(encoders, "%p", "%w"), leaks(tokens))
	several := []cognitomfa.PlainTokens{tokens}
	assert.ElementsMatch(t, append(encoders, "%w", "slog JSON"), leaks(several))
	assert.Contains(t, leaks(holder{unexported: tokens}), "%v")
}

// The tests above can fail: leaks finds plain strings and bytes.
func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		hidden,
		[]byte(hidden),
		&holder{unexported: hidden},
		errors.New(hidden),
		map[string]string{"key": hidden},
	} {
		assert.NotEmpty(t, leaks(v), "%T", v)
	}
}

// Encoders fail, because a stored placeholder would go unnoticed until the secret is needed.
func TestSecretsAreNotEncoded(t *testing.T) {
	t.Parallel()
	secret := cognitomfa.NewSecret(hidden)
	key, err := otpauth.NewKey("Example", "alice", hiddenKey)
	require.NoError(t, err)
	for _, v := range []any{
		secret,
		key,
		&cognitomfa.Enrollment{Key: key},
		cognitomfa.Tokens{Access: secret},
		&cognitomfa.Tokens{Refresh: secret},
		&cognitomfa.MFAChallenge{Session: secret},
		&cognitomfa.SetupChallenge{Session: secret},
		&cognitomfa.SelectChallenge{Session: secret},
		&cognitomfa.NewPasswordChallenge{Session: secret},
		&cognitomfa.OtherChallenge{Session: secret},
		&cognitomfa.PasswordChallenge{Session: secret},
		cognitomfa.Device{Key: "key", GroupKey: "group", Password: secret},
	} {
		for _, v := range []any{v, holder{Exported: v}, []any{v}} {
			_, err := json.Marshal(v)
			assert.ErrorContains(t, err, "Reveal", "json, %T", v)
		}
		assert.ErrorContains(t, gob.NewEncoder(io.Discard).Encode(v), "Reveal", "gob, %T", v)
	}
	// Other encoders, such as those for CBOR, look for one of these.
	_, err = encoding.BinaryMarshaler(secret).MarshalBinary()
	assert.ErrorContains(t, err, "Reveal")
	_, err = encoding.BinaryAppender(secret).AppendBinary(nil)
	assert.ErrorContains(t, err, "Reveal")
}
