package lambda_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/lambda/runtimeapi"
)

// What is wrong with a request itself.
func TestRequests(t *testing.T) {
	right := `{"userId":"` + userName + `","userPassword":"` + password + `"}`
	space := strings.Repeat(" ", 64<<10)
	whole := right + space[len(right):] // exactly 64 KiB
	typed := func(mediaType string) request {
		return request{header: map[string]string{"Content-Type": mediaType}, body: right}
	}
	body := func(text string) request { return request{body: text} }
	cases := []struct {
		name     string
		function string
		request  request
		status   int
		code     string
	}{
		{"base64", "signin", request{body: right, base64: true}, 200, ""},
		{"with what it does not know", "signin", body(`{"x":[{}],` + right[1:]), 200, ""},
		{"of exactly 64 KiB", "signin", body(whole), 200, ""},
		{"below a base path", "signin", request{path: "/v1/signin", body: right}, 200, ""},
		{"with a charset", "signin", typed("application/json; charset=UTF-8"), 200, ""},

		{"too large", "signin", body(whole + " "), 413, "too-large"},
		{"in base64", "signin", request{body: whole + " ", base64: true}, 413, "too-large"},
		{"much too large", "mfa", body(strings.Repeat("x", 5<<20)), 413, "too-large"},
		{"empty", "signin", request{}, 400, "malformed-json"},
		{"cut off", "signin", body(right[:len(right)-1]), 400, "malformed-json"},
		{"two objects", "verify", body("{}{}"), 400, "malformed-json"},
		{"a list", "mfa", body("[]"), 400, "malformed-json"},
		{"no UTF-8", "signin", request{body: "{\"x\":\"\xff\"}", base64: true}, 400, "malformed-json"},
		{"another type", "signin", typed("text/plain"), 415, "unsupported-media-type"},

		{"no user", "signin", body(`{"userPassword":"x"}`), 400, "missing-field"},
		{"no password", "signin", body(`{"userId":"x"}`), 400, "missing-field"},
		{"a null", "signin", body(`{"userId":null,"userPassword":"x"}`), 400, "missing-field"},
		{"no token", "mfa", body(`{}`), 400, "bad-field"},
		{
			"token and session", "mfa",
			body(`{"accessToken":"x","authParamSession":"x","authParamUserId":"x"}`), 400, "bad-field",
		},
		{"session, no user", "mfa", body(`{"authParamSession":"x"}`), 400, "missing-field"},
		{"no code", "verify", body(`{"accessToken":"x"}`), 400, "missing-field"},
		{"nobody", "verify", body(`{"mfaCode":"123456"}`), 400, "bad-field"},
		{
			"no session", "mfasignin",
			body(`{"mfaCode":"123456","authParamUserId":"x"}`), 400, "missing-field",
		},
		{
			"another challenge", "mfasignin",
			body(`{"mfaCode":"123456","authParamUserId":"x","authParamSession":"x",` +
				`"ChallengeName":"x"}`), 400, "bad-field",
		},
		{"no refresh token", "refresh", body(`{}`), 400, "missing-field"},
		{"a number", "signin", body(`{"userId":1,"userPassword":"x"}`), 400, "bad-field"},
		{"an object", "verify", body(`{"mfaCode":{},"accessToken":"x"}`), 400, "bad-field"},
		{
			"a number for a code", "mfasignin",
			body(`{"mfaCode":123456,"authParamUserId":"x","authParamSession":"x"}`), 400, "bad-field",
		},
		{
			"a field twice", "signin",
			body(`{"userId":"x","userId":"y","userPassword":"x"}`), 400, "bad-field",
		},

		{"an unknown path", "signin", request{path: "/signup", body: right}, 404, "not-found"},
		{"a longer path", "signin", request{path: "/mfasignin", body: right}, 404, "not-found"},
		{"the root", "mfa", request{path: "/", body: right}, 404, "not-found"},
		{"another's path", "mfa", request{path: "/signin", body: right}, 404, "not-found"},
		{"GET", "signin", request{method: http.MethodGet}, 405, "method-not-allowed"},
		{"DELETE", "verify", request{method: http.MethodDelete}, 405, "method-not-allowed"},
		{"a method of its own", "mfa", request{method: "a b"}, 405, "method-not-allowed"},
	}
	s := newService(t, nil)
	for _, c := range cases {
		for _, format := range formats {
			t.Run(c.name+" "+format, func(t *testing.T) {
				r := s.send(format, c.function, c.request)
				require.Equal(t, c.status, r.status, r.text)
				if c.code == "" {
					require.NotNil(t, r.body.AuthenticationResult)
					return
				}
				require.NotNil(t, r.body.Error)
				assert.Equal(t, c.code, r.body.Error.Code)
				assert.NotEmpty(t, r.body.Error.Message)
			})
		}
	}
}

// A header that comes several times is all of its values, and language is one that people see.
func TestMultiValueHeaders(t *testing.T) {
	s := newService(t, nil)
	var e map[string]any
	require.NoError(t, json.Unmarshal(event(t, "rest", "signin", request{body: "{"}), &e))
	e["headers"].(map[string]any)["Accept-Language"] = "fr"
	e["multiValueHeaders"].(map[string]any)["Accept-Language"] = []string{"ja;q=0.9, de", "fr"}
	delete(e["multiValueHeaders"].(map[string]any), "content-type")
	e["multiValueHeaders"].(map[string]any)["CONTENT-TYPE"] = []string{"application/json"}
	payload, err := json.Marshal(e)
	require.NoError(t, err)
	r := read(t, "rest", s.invoke("signin", "request-languages", payload).Payload)
	assert.Equal(t, http.StatusBadRequest, r.status)
	assert.Contains(t, r.body.Error.Message, "リクエスト")
	assert.Equal(t, []string{"Accept-Language"}, r.header.Values("Vary"))

	// An HTTP API that is told to send the older format says so, and may leave the single headers
	// out.
	delete(e, "headers")
	e["version"] = "1.0"
	payload, err = json.Marshal(e)
	require.NoError(t, err)
	r = read(t, "rest", s.invoke("signin", "request-older", payload).Payload)
	assert.Equal(t, "malformed-json", r.body.Error.Code)
}

// Pages of one other origin may call, and ask first.
func TestAllowOrigin(t *testing.T) {
	const origin = "https://www.example.com"
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			s := newService(t, nil, "ALLOW_ORIGIN="+origin)
			preflight := request{
				method: http.MethodOptions,
				header: map[string]string{
					"Origin":                         origin,
					"Access-Control-Request-Method":  "POST",
					"Access-Control-Request-Headers": "content-type",
				},
			}
			for _, name := range names {
				r := s.send(format, name, preflight)
				assert.Equal(t, http.StatusNoContent, r.status)
				assert.Equal(t, origin, r.header.Get("Access-Control-Allow-Origin"))
				assert.Equal(t, http.MethodPost, r.header.Get("Access-Control-Allow-Methods"))
				assert.Contains(t, r.header.Get("Access-Control-Allow-Headers"), "Content-Type")
			}
			from := map[string]string{"Origin": origin}
			r := s.send(format, "signin", request{header: from, body: "{}"})
			assert.Equal(t, origin, r.header.Get("Access-Control-Allow-Origin"))

			for _, other := range []string{
				"https://www.example.org", "null", "https://www.example.com.example.org",
			} {
				preflight.header["Origin"] = other
				r := s.send(format, "signin", preflight)
				assert.Equal(t, http.StatusMethodNotAllowed, r.status)
				assert.Empty(t, r.header.Get("Access-Control-Allow-Origin"))
			}

			closed := newService(t, nil)
			preflight.header["Origin"] = origin
			r = closed.send(format, "signin", preflight)
			assert.Equal(t, http.StatusMethodNotAllowed, r.status)
			assert.Empty(t, r.header.Get("Access-Control-Allow-Origin"))
		})
	}
}

// What is no request from a gateway is an error of the invocation, and the function goes on.
func TestMalformedEvents(t *testing.T) {
	s := newService(t, nil)
	body := object(t, "userId", userName, "userPassword", password)
	whole := event(t, "http", "signin", request{body: body})
	secret := `"body":"` + password
	events := map[string]string{
		"nothing":       ``,
		"null":          `null`,
		"text":          `"` + password + `"`,
		"list":          `[{"body":"` + password + `"}]`,
		"empty":         `{}`,
		"cut off":       string(whole[:len(whole)/2]),
		"queue":         `{"Records":[{"messageId":"x",` + secret + `","eventSource":"aws:sqs"}]}`,
		"no path":       `{"httpMethod":"POST","body":"` + password + `"}`,
		"no method":     `{"path":"/signin","rawPath":"/signin","requestContext":{"http":{}}}`,
		"base64":        `{"httpMethod":"POST","path":"/signin","isBase64Encoded":true,` + secret + `%"}`,
		"other types":   `{"httpMethod":1,"path":{},"body":["` + password + `"]}`,
		"header object": `{"httpMethod":"POST","path":"/signin","headers":{"x":{}},` + secret + `"}`,
		"deep":          strings.Repeat(`{"body":`, 100_000),
	}
	for name, payload := range events {
		t.Run(name, func(t *testing.T) {
			result := s.invoke("signin", "request-malformed", []byte(payload))
			require.True(t, result.Failed)
			assert.NotContains(t, string(result.Payload), password)
			var description struct{ ErrorMessage, ErrorType string }
			require.NoError(t, json.Unmarshal(result.Payload, &description))
			assert.Equal(t, "the event is not a request from API Gateway or a function URL",
				description.ErrorMessage)
		})
	}
	assert.Empty(t, s.cognito.Calls())
	r := s.post("http", "signin", "userId", userName, "userPassword", password)
	assert.Equal(t, http.StatusOK, r.status, "it has gone on")
}

// Lambda ends a function at its deadline. The answer comes before.
func TestDeadline(t *testing.T) {
	bodies := map[string][]string{
		"signin": {"userId", userName, "userPassword", password},
		"mfa":    {"AccessToken", "an-access-token"},
		"verify": {"accessToken", "an-access-token", "mfaCode", "271828"},
		"mfasignin": {
			"mfaCode", "314159", "authParamSession", "a-session-of-some-length",
			"authParamUserId", userName,
		},
		"refresh": {"refreshToken", "a-refresh-token"},
	}
	for _, name := range names {
		for _, patience := range []time.Duration{-time.Second, 2 * time.Second} {
			t.Run(fmt.Sprintf("%s %v", name, patience), func(t *testing.T) {
				t.Parallel()
				s := newService(t, nil)
				s.cognito.Fail("", cognitotest.Delay(time.Minute))
				deadline := time.Now().Add(patience)
				body := object(t, bodies[name]...)
				result, err := s.function(name).Invoke(t.Context(), runtimeapi.Invocation{
					ID:       "request-deadline",
					Payload:  event(t, "http", name, request{body: body}),
					Deadline: deadline,
				})
				require.NoError(t, err)
				require.False(t, result.Failed, "%s", result.Payload)
				r := read(t, "http", result.Payload)
				assert.Equal(t, http.StatusBadGateway, r.status)
				require.NotNil(t, r.body.Error)
				assert.Equal(t, "unavailable", r.body.Error.Code)
				if patience > 0 {
					assert.True(t, result.At.Before(deadline), "the answer came too late")
				} else {
					assert.Empty(t, s.cognito.Calls())
				}
			})
		}
	}
}
