package lambda_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/lambda/runtimeapi"
)

// formats are the recorded events in testdata: of a REST API, of an HTTP API and of a function URL.
var formats = []string{"rest", "http", "url"}

const (
	userName        = "alice.liddell@example.com"
	password        = "Down-the-Rabbit-Hole-1865"
	appClientSecret = "AnAppClientsOwnSecretOfSomeLength"
)

// service is the functions and their user pool. Each function is a process, started by its first
// request.
type service struct {
	t         *testing.T
	cognito   *cognitotest.Server
	env       []string
	functions map[string]*runtimeapi.Function
}

// newService returns a service on a user pool with one user. It adds env to the environment of the
// functions.
func newService(t *testing.T, options func(*cognitotest.Options), env ...string) *service {
	t.Helper()
	cognito := cognitotest.NewServer(func(o *cognitotest.Options) {
		if options != nil {
			options(o)
		}
	})
	t.Cleanup(cognito.Close)
	cognito.AddUser(cognitotest.User{Username: userName, Password: password})
	logs.forbid("user name", userName)
	logs.forbid("password", password)
	logs.forbid("client secret", cognito.ClientSecret)
	return &service{t: t, cognito: cognito, env: env, functions: map[string]*runtimeapi.Function{}}
}

// with returns the same service in new processes, with env in their environment.
func (s *service) with(t *testing.T, env ...string) *service {
	t.Helper()
	return &service{
		t: t, cognito: s.cognito, env: env, functions: map[string]*runtimeapi.Function{},
	}
}

// environment returns the environment of a function. Functions that need no rights get no
// credentials.
func (s *service) environment(name string) []string {
	env := []string{
		"AWS_REGION=" + s.cognito.Region,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + s.cognito.URL,
		"AWS_EC2_METADATA_DISABLED=true",
		"COGNITO_USER_POOL_ID=" + s.cognito.UserPoolID,
		"COGNITO_CLIENT_ID=" + s.cognito.ClientID,
		"MFA_ISSUER=Wonderland",
	}
	signed := name == "signin" || name == "mfasignin" ||
		name == "verify" && !slices.Contains(s.env, "COGNITO_SETUP_CALL=public")
	if signed {
		env = append(env,
			"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret-key-example")
	}
	return append(env, s.env...)
}

func (s *service) function(name string) *runtimeapi.Function {
	s.t.Helper()
	f := s.functions[name]
	if f == nil {
		var err error
		executable := filepath.Join(dist, name)
		f, err = runtimeapi.Start(s.t.Context(), executable, s.environment(name), logs, logs)
		require.NoError(s.t, err)
		s.t.Cleanup(f.Close)
		s.functions[name] = f
	}
	return f
}

// request is a request of a browser. Zero fields stand for what the pages send.
type request struct {
	method, path string            // POST, and the function's name
	header       map[string]string // in addition to those of the recorded event
	body         string
	base64       bool
}

// event puts a request into a recorded event.
func event(t *testing.T, format, name string, r request) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", format+".json"))
	require.NoError(t, err)
	var e map[string]any
	require.NoError(t, json.Unmarshal(text, &e))
	set := func(object map[string]any, member string, value any) {
		require.Contains(t, object, member)
		object[member] = value
	}
	if r.method == "" {
		r.method = http.MethodPost
	}
	if r.path == "" {
		r.path = "/" + name
	}
	set(e, "isBase64Encoded", r.base64)
	if r.base64 {
		r.body = base64.StdEncoding.EncodeToString([]byte(r.body))
	}
	set(e, "body", r.body)
	headers := e["headers"].(map[string]any)
	if format == "rest" {
		set(e, "httpMethod", r.method)
		set(e, "path", r.path)
		set(e["requestContext"].(map[string]any), "path", "/prod"+r.path)
		all := e["multiValueHeaders"].(map[string]any)
		for header, value := range r.header {
			setHeader(headers, header, value)
			setHeader(all, header, []string{value})
		}
	} else {
		prefix := strings.TrimSuffix(e["rawPath"].(string), "/signin") // the stage
		set(e, "rawPath", prefix+r.path)
		set(e["requestContext"].(map[string]any)["http"].(map[string]any), "method", r.method)
		for header, value := range r.header {
			setHeader(headers, strings.ToLower(header), value)
		}
	}
	text, err = json.Marshal(e)
	require.NoError(t, err)
	return text
}

// setHeader replaces the value of a header, in any case.
func setHeader(headers map[string]any, name string, value any) {
	maps.DeleteFunc(headers, func(other string, _ any) bool {
		return strings.EqualFold(name, other)
	})
	headers[name] = value
}

// reply is the response to a browser.
type reply struct {
	status int
	header http.Header
	text   string
	body   answer
}

// answer has all members of responses.
type answer struct {
	Status               string
	AuthenticationResult *struct {
		AccessToken, IdToken, RefreshToken, TokenType string //nolint:revive // Cognito's own spelling.
		ExpiresIn                                     int
	}
	ChallengeName, Session string
	ChallengeParameters    map[string]string
	QRCode                 string `json:"qrcode"`
	Secret                 string `json:"secret"`
	URI                    string `json:"uri"`
	Error                  *struct {
		Code, Message, Next string
	} `json:"error"`
	Warning *struct{ Code string } `json:"warning"`
}

// send sends a request to a function, as an event in the format.
func (s *service) send(format, name string, r request) reply {
	s.t.Helper()
	result := s.invoke(name, "request-"+format, event(s.t, format, name, r))
	require.False(s.t, result.Failed, "%s", result.Payload)
	return read(s.t, format, result.Payload)
}

// invoke sends an event with a request ID to a function.
func (s *service) invoke(name, id string, payload []byte) runtimeapi.Result {
	s.t.Helper()
	result, err := s.function(name).Invoke(s.t.Context(), runtimeapi.Invocation{
		ID: id, Payload: payload,
	})
	require.NoError(s.t, err)
	return result
}

// post sends a JSON object made of names and values.
func (s *service) post(format, name string, members ...string) reply {
	s.t.Helper()
	return s.send(format, name, request{body: object(s.t, members...)})
}

func object(t *testing.T, members ...string) string {
	t.Helper()
	body := map[string]string{}
	for i := 0; i < len(members); i += 2 {
		body[members[i]] = members[i+1]
		if members[i] == "mfaCode" {
			logs.forbid("code", members[i+1])
		}
	}
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return string(text)
}

// read checks that a response is valid for API Gateway in the format, and records the secrets in
// it.
func read(t *testing.T, format string, payload []byte) reply {
	t.Helper()
	members := map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal(payload, &members))
	var out struct {
		StatusCode        int
		Headers           map[string]string
		MultiValueHeaders map[string][]string
		Body              string
	}
	require.NoError(t, json.Unmarshal(payload, &out))
	r := reply{status: out.StatusCode, header: http.Header{}, text: out.Body}
	if format == "rest" {
		require.NotContains(t, members, "headers")
		r.header = out.MultiValueHeaders
	} else {
		require.NotContains(t, members, "multiValueHeaders")
		for name, value := range out.Headers {
			r.header.Set(name, value)
		}
	}
	if r.status == http.StatusNoContent {
		require.Empty(t, r.text)
		return r
	}
	require.Equal(t, "application/json", r.header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal([]byte(r.text), &r.body), "%s", r.text)
	logs.forbid("session", r.body.Session)
	logs.forbid("key", r.body.Secret, r.body.URI, r.body.QRCode)
	if tokens := r.body.AuthenticationResult; tokens != nil {
		logs.forbid("token", tokens.AccessToken, tokens.IdToken, tokens.RefreshToken)
	}
	return r
}
