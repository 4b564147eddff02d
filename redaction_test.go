package cognitomfa_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
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

// What must not be printed. The key is base32, as keys are; the picture gives it away in other clothes.
const (
	hidden    = "hUsHhUsHhUsHhUsHhUsH"
	hiddenKey = "HUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSHHUSH"
)

// holder has a value where fmt can call its methods and where it cannot.
type holder struct {
	Exported   any
	unexported any
}

// typedHolder has the value itself, not behind an interface.
type typedHolder[T any] struct {
	Exported   T
	unexported T
	list       []T
	table      map[string]T
}

// leaks prints v in every way that is known to print, and returns those in which a secret came out.
func leaks(v any) []string {
	var found []string
	look := func(way, text string) {
		plain := strings.ToLower(text)
		for _, secret := range []string{hidden, hiddenKey, hiddenKey[:4] + " " + hiddenKey[:4]} {
			if strings.Contains(plain, strings.ToLower(secret)) || strings.Contains(plain, fmt.Sprintf("%x", secret)) ||
				strings.Contains(plain, strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]")) ||
				strings.Contains(plain, strings.Trim(strings.ReplaceAll(fmt.Sprintf("%#v", []byte(secret)), "[]byte", ""), "{}")) {
				found = append(found, way)
				return
			}
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U", "%t", "%e", "%p", "%b", "%o", "% x", "%+q", "%10.50s"} {
		look(verb, fmt.Sprintf(verb, v))
	}
	look("error", fmt.Errorf("it was %v", v).Error())
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"slog text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"slog JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("it was", "value", v, slog.Group("group", "value", v))
		look(name, b.String())
	}
	var b bytes.Buffer
	if out, err := json.Marshal(v); err == nil {
		look("json", string(out))
	}
	if out, err := xml.Marshal(v); err == nil {
		look("xml", string(out))
	}
	b.Reset()
	_ = gob.NewEncoder(&b).Encode(v)
	look("gob", b.String())
	b.Reset()
	_ = template.Must(template.New("").Parse(`{{.}} {{printf "%v %+v %#v %s %q %x" . . . . . .}} {{js .}} {{html .}} {{urlquery .}}`)).Execute(&b, v)
	look("text/template", b.String())
	b.Reset()
	_ = htmltemplate.Must(htmltemplate.New("").Parse(`<p title="{{.}}">{{.}}<a href="/{{.}}">{{printf "%#v" .}}</a><script>var x = {{.}}</script>`)).Execute(&b, v)
	look("html/template", b.String())
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
		typedHolder[T]{Exported: v, unexported: v, list: []T{v}, table: map[string]T{"key": v}},
		&typedHolder[*T]{Exported: &v, unexported: &v, list: []*T{&v}, table: map[string]*T{"key": &v}},
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	secret := cognitomfa.NewSecret(hidden)
	key, err := otpauth.NewKey("Example", "alice", hiddenKey)
	require.NoError(t, err)

	cfg := config
	cfg.ClientSecret = hidden
	client := newClient(t, &double{associate: func(*cip.AssociateSoftwareTokenInput) (*cip.AssociateSoftwareTokenOutput, error) {
		return &cip.AssociateSoftwareTokenOutput{SecretCode: aws.String(hiddenKey), Session: aws.String(hidden)}, nil
	}}, cfg)
	enrollment, err := client.EnrollSetup(t.Context(), &cognitomfa.SetupChallenge{Username: "alice", Session: secret})
	require.NoError(t, err)
	// The QR code is there, once it was asked for.
	_, err = enrollment.PNG(256)
	require.NoError(t, err)

	api := &smithy.GenericAPIError{Code: "CodeMismatchException", Message: hidden}
	for name, places := range map[string][]any{
		"Secret":       inAllPlaces(secret),
		"Key":          inAllPlaces(key),
		"Tokens":       inAllPlaces(cognitomfa.Tokens{Access: secret, ID: secret, Refresh: secret}),
		"MFA":          inAllPlaces(cognitomfa.MFAChallenge{Session: secret}),
		"Setup":        inAllPlaces(cognitomfa.SetupChallenge{Session: secret}),
		"Select":       inAllPlaces(cognitomfa.SelectChallenge{Session: secret}),
		"NewPassword":  inAllPlaces(cognitomfa.NewPasswordChallenge{Session: secret}),
		"Other":        inAllPlaces(cognitomfa.OtherChallenge{Session: secret}),
		"Enrollment":   inAllPlaces(enrollment),
		"Client":       inAllPlaces(client),
		"Status":       inAllPlaces(cognitomfa.Status{}),
		"Error's text": {(&cognitomfa.Error{Op: "verify", Kind: cognitomfa.ErrCodeMismatch, Err: api}).Error(), (&cognitomfa.Error{Op: "verify", Err: api}).Error()},
		// fmt calls no method on an unexported field nor for %p, gob encodes what is exported, and Config's secret is a plain string.
		"Config": {cfg, &cfg, []cognitomfa.Config{cfg}, holder{Exported: cfg}},
	} {
		for _, v := range places {
			if name == "Config" {
				assert.Subset(t, []string{"%p", "gob"}, leaks(v), "%s as %T", name, v)
				continue
			}
			assert.Empty(t, leaks(v), "%s as %T", name, v)
		}
	}
}

// The test above finds what leaks: the forms that were not chosen.
func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	for _, v := range []any{hidden, []byte(hidden), &holder{unexported: hidden}, errors.New(hidden), map[string]string{"key": hidden}} {
		assert.NotEmpty(t, leaks(v), "%T", v)
	}
}

// An encoder fails rather than write a placeholder that is missed much later.
func TestSecretsAreNotEncodedInSilence(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		cognitomfa.NewSecret(hidden), cognitomfa.Tokens{}, &cognitomfa.MFAChallenge{}, cognitomfa.Secret{},
	} {
		_, err := json.Marshal(v)
		assert.ErrorContains(t, err, "Reveal", "%T", v)
	}
}
