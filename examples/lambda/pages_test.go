package lambda_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/examples/lambda/runtimeapi"
)

// The pages, and what they ask for besides the four functions.
func TestPages(t *testing.T) {
	s := newService(t, nil)
	get := func(format, path string, header map[string]string) (status int, headers http.Header, body string) {
		payload := event(t, format, "pages", request{method: http.MethodGet, path: path, header: header})
		result, err := s.function("pages").Invoke(t.Context(), runtimeapi.Invocation{ID: "request-page", Payload: payload})
		require.NoError(t, err)
		require.False(t, result.Failed, "%s", result.Payload)
		var out struct {
			StatusCode        int
			Headers           map[string]string
			MultiValueHeaders http.Header
			Body              string
		}
		require.NoError(t, json.Unmarshal(result.Payload, &out))
		headers = http.Header{}
		for name, value := range out.Headers {
			headers.Set(name, value)
		}
		for name, values := range out.MultiValueHeaders {
			headers[name] = values
		}
		return out.StatusCode, headers, out.Body
	}
	for _, format := range []string{"rest", "url"} { // where the stage is none of the path
		for path, kind := range map[string]string{
			"/": "text/html", "/setup": "text/html", "/code": "text/html", "/account": "text/html",
			"/static/app.js": "text/javascript", "/static/style.css": "text/css", "/static/icon.svg": "image/svg+xml",
		} {
			status, headers, body := get(format, path, nil)
			assert.Equal(t, http.StatusOK, status, path)
			assert.Contains(t, headers.Get("Content-Type"), kind, path)
			assert.Contains(t, headers.Get("Content-Security-Policy"), "default-src 'none'", path)
			assert.NotEmpty(t, body)
		}
		status, headers, body := get(format, "/", map[string]string{"Accept-Language": "ja"})
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, "ja", headers.Get("Content-Language"))
		assert.Contains(t, body, "サインイン")
		status, _, _ = get(format, "/nowhere", nil)
		assert.Equal(t, http.StatusNotFound, status)

		first := s.post(format, "signin", "userId", userName, "userPassword", password).body.AuthenticationResult
		status, _, body = get(format, "/whoami", map[string]string{"Authorization": "Bearer " + first.AccessToken})
		assert.Equal(t, http.StatusOK, status, body)
		assert.Contains(t, body, userName)
		r := s.send(format, "pages", request{path: "/signout", body: object(t, "refreshToken", first.RefreshToken)})
		assert.Equal(t, http.StatusOK, r.status, r.text)
		status, _, _ = get(format, "/whoami", map[string]string{"Authorization": "Bearer " + first.AccessToken})
		assert.Equal(t, http.StatusUnauthorized, status)
	}
	assert.NotContains(t, calls(s), "RevokeToken signed")
}
