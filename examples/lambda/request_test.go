package lambda_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/lambda/runtimeapi"
)

// Errors in the request itself.
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
		{
			name: "base64", function: "signin", request: request{body: right, base64: true},
			status: 200,
		},
		{
			name: "with unknown fields", function: "signin",
			request: body(`{"x":[{}],` + right[1:]), status: 200,
		},
		{name: "exactly 64 KiB", function: "signin", request: body(whole), status: 200},
		{
			name: "below a base path", function: "signin",
			request: request{path: "/v1/signin", body: right}, status: 200,
		},
		{
			name: "with a charset", function: "signin",
			request: typed("application/json; charset=UTF-8"), status: 200,
		},

		{
			name: "too large", function: "signin", request: body(whole + " "), status: 413,
			code: "too-large",
		},
		{
			name: "too large in base64", function: "signin",
			request: request{body: whole + " ", base64: true}, status: 413, code: "too-large",
		},
		{
			name: "much too large", function: "mfa", request: body(strings.Repeat("x", 5<<20)),
			status: 413, code: "too-large",
		},
		{name: "empty", function: "signin", status: 400, code: "malformed-json"},
		{
			name: "cut off", function: "signin", request: body(right[:len(right)-1]), status: 400,
			code: "malformed-json",
		},
		{
			name: "two objects", function: "verify", request: body("{}{}"), status: 400,
			code: "malformed-json",
		},
		{name: "a list", function: "mfa", request: body("[]"), status: 400, code: "malformed-json"},
		{
			name: "not UTF-8", function: "signin",
			request: request{body: "{\"x\":\"\xff\"}", base64: true}, status: 400,
			code: "malformed-json",
		},
		{
			name: "another type", function: "signin", request: typed("text/plain"), status: 415,
			code: "unsupported-media-type",
		},

		{
			name: "no user", function: "signin", request: body(`{"userPassword":"x"}`), status: 400,
			code: "missing-field",
		},
		{
			name: "no password", function: "signin", request: body(`{"userId":"x"}`), status: 400,
			code: "missing-field",
		},
		{
			name: "a null", function: "signin", request: body(`{"userId":null,"userPassword":"x"}`),
			status: 400, code: "missing-field",
		},
		{name: "no token", function: "mfa", request: body(`{}`), status: 400, code: "bad-field"},
		{
			name: "token and session", function: "mfa",
			request: body(`{"accessToken":"x","authParamSession":"x","authParamUserId":"x"}`),
			status:  400, code: "bad-field",
		},
		{
			name: "session, no user", function: "mfa", request: body(`{"authParamSession":"x"}`),
			status: 400, code: "missing-field",
		},
		{
			name: "no code", function: "verify", request: body(`{"accessToken":"x"}`), status: 400,
			code: "missing-field",
		},
		{
			name: "neither token nor session", function: "verify", request: body(`{"mfaCode":"123456"}`), status: 400,
			code: "bad-field",
		},
		{
			name: "no session", function: "mfasignin",
			request: body(`{"mfaCode":"123456","authParamUserId":"x"}`), status: 400,
			code: "missing-field",
		},
		{
			name: "another challenge", function: "mfasignin",
			request: body(`{"mfaCode":"123456","authParamUserId":"x","authParamSession":"x",` +
				`"ChallengeName":"x"}`), status: 400, code: "bad-field",
		},
		{
			name: "no refresh token", function: "refresh", request: body(`{}`), status: 400,
			code: "missing-field",
		},
		{
			name: "a number", function: "signin", request: body(`{"userId":1,"userPassword":"x"}`),
			status: 400, code: "bad-field",
		},
		{
			name: "an object", function: "verify",
			request: body(`{"mfaCode":{},"accessToken":"x"}`), status: 400, code: "bad-field",
		},
		{
			name: "a number for a code", function: "mfasignin",
			request: body(`{"mfaCode":123456,"authParamUserId":"x","authParamSession":"x"}`),
			status:  400, code: "bad-field",
		},
		{
			name: "a field twice", function: "signin",
			request: body(`{"userId":"x","userId":"y","userPassword":"x"}`), status: 400,
			code: "bad-field",
		},

		{
			name: "an unknown path", function: "signin",
			request: request{path: "/signup", body: right}, status: 404, code: "not-found",
		},
		{
			name: "a longer path", function: "signin",
			request: request{path: "/mfasignin", body: right}, status: 404, code: "not-found",
		},
		{
			name: "the root", function: "mfa", request: request{path: "/", body: right},
			status: 404, code: "not-found",
		},
		{
			name: "another's path", function: "mfa", request: request{path: "/signin", body: right},
			status: 404, code: "not-found",
		},
		{
			name: "GET", function: "signin", request: request{method: http.MethodGet}, status: 405,
			code: "method-not-allowed",
		},
		{
			name: "DELETE", function: "verify", request: request{method: http.MethodDelete},
			status: 405, code: "method-not-allowed",
		},
		{
			name: "a made-up method", function: "mfa", request: request{method: "a b"},
			status: 405, code: "method-not-allowed",
		},
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

// All values of a repeated header count, here of Accept-Language.
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

	// An HTTP API with the older format sets the version, and may leave out the single headers.
	delete(e, "headers")
	e["version"] = "1.0"
	payload, err = json.Marshal(e)
	require.NoError(t, err)
	r = read(t, "rest", s.invoke("signin", "request-older", payload).Payload)
	assert.Equal(t, "malformed-json", r.body.Error.Code)
}

// Pages of the allowed origin may call the function, after a preflight request.
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

// An event that is not a request fails the invocation, and the function keeps running.
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
	assert.Equal(t, http.StatusOK, r.status, "it keeps running")
}

// The response comes before the deadline at which Lambda ends the function.
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
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, nil)
			s.cognito.Fail("", cognitotest.Delay(time.Minute))
			body := object(t, bodies[name]...)
			invoke := func(patience time.Duration) (deadline, at time.Time) {
				deadline = time.Now().Add(patience)
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
				return deadline, result.At
			}
			invoke(-time.Second) // This also starts the function's process.
			assert.Empty(t, s.cognito.Calls())
			deadline, at := invoke(2 * time.Second)
			assert.True(t, at.Before(deadline), "the response came too late")
		})
	}
}
