package cognitotest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// browse sends a request as a browser does for a page of another origin.
func browse(t *testing.T, srv fake, method, path string, header http.Header) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path,
		strings.NewReader("{}"))
	require.NoError(t, err)
	if method == http.MethodOptions {
		request.Body, request.ContentLength = http.NoBody, 0
	}
	request.Header = header
	request.Header.Set("Origin", "https://app.example.com")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return reply{status: response.StatusCode, header: response.Header, raw: raw}
}

// The preflight of a browser before a page's call.
func TestPreflight(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.Fail("*", cognitotest.InternalError())
	const signed = "amz-sdk-invocation-id,amz-sdk-request,authorization,content-type," +
		"x-amz-content-sha256,x-amz-date,x-amz-security-token,x-amz-target,x-amz-user-agent"
	for name, tc := range map[string]struct {
		path             string
		asked            []string
		methods, allowed string
	}{
		"amazon-cognito-identity-js": {
			path:    "/",
			asked:   []string{"cache-control,content-type,x-amz-target,x-amz-user-agent"},
			methods: "POST", allowed: "cache-control,content-type,x-amz-target,x-amz-user-agent",
		},
		"AWS SDK": {path: "/", asked: []string{signed}, methods: "POST", allowed: signed},
		"spaces and several lines": {
			path:    "/",
			asked:   []string{"content-type, x-amz-target", "X-Mine"},
			methods: "POST", allowed: "content-type,x-amz-target,X-Mine",
		},
		"nothing that is no name": {
			path: "/", asked: []string{",, *, a b, x;y, é, <script>, ok"}, methods: "POST",
			allowed: "ok",
		},
		"no headers": {path: "/", methods: "POST"},
		"keys": {
			path:    "/" + srv.UserPoolID + "/.well-known/jwks.json",
			asked:   []string{"cache-control"},
			methods: "GET, HEAD", allowed: "cache-control",
		},
	} {
		header := http.Header{"Access-Control-Request-Method": {"POST"}}
		if tc.asked != nil {
			header["Access-Control-Request-Headers"] = tc.asked
		}
		r := browse(t, srv, http.MethodOptions, tc.path, header)
		assert.Equal(t, http.StatusOK, r.status, name)
		assert.Empty(t, r.raw, name)
		assert.Equal(t, "*", r.header.Get("Access-Control-Allow-Origin"), name)
		assert.Equal(t, tc.methods, r.header.Get("Access-Control-Allow-Methods"), name)
		assert.Equal(t, tc.allowed, r.header.Get("Access-Control-Allow-Headers"), name)
		assert.Equal(t, "172800", r.header.Get("Access-Control-Max-Age"), name)
	}
	assert.Empty(t, srv.Calls(), "a browser's question is no call")
	assert.Equal(t, "InternalError: Internal error", srv.call("GetUser", kv{}).failure(),
		"and takes no fault")
}

// A page can read every response.
func TestBrowsersReadEveryResponse(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.Fail("GetUser", cognitotest.Throttle())
	for name, tc := range map[string]struct {
		method, path, operation string
		status                  int
	}{
		"refusal":           {method: "POST", path: "/", operation: "InitiateAuth", status: 400},
		"fault":             {method: "POST", path: "/", operation: "GetUser", status: 400},
		"unknown operation": {method: "POST", path: "/", operation: "FlyToTheMoon", status: 400},
		"unknown path":      {method: "POST", path: "/nowhere", status: 404},
		"other method":      {method: "PUT", path: "/", status: 405},
		"keys": {
			method: "GET", path: "/" + srv.UserPoolID + "/.well-known/jwks.json", status: 200,
		},
		"keys of nobody": {
			method: "GET", path: "/us-east-1_Nowhere/.well-known/jwks.json", status: 404,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := browse(t, srv, tc.method, tc.path, http.Header{
				"X-Amz-Target": {"AWSCognitoIdentityProviderService." + tc.operation},
			})
			assert.Equal(t, tc.status, r.status)
			assert.Equal(t, "*", r.header.Get("Access-Control-Allow-Origin"))
			assert.Equal(t, "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
				r.header.Get("Access-Control-Expose-Headers"))
		})
	}
	r := srv.tokens("alice")
	assert.Equal(t, "*", r.header.Get("Access-Control-Allow-Origin"))
}

// A handler that is not called by net/http's server gets unchecked header values.
func TestPreflightWithoutASocket(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodOptions, "/", nil)
	request.Header.Set("Access-Control-Request-Headers",
		"x-ok,x-evil\r\nset-cookie: a=b,"+strings.Repeat("y", 3))
	recorder := httptest.NewRecorder()
	start(t).ServeHTTP(recorder, request)
	assert.Equal(t, []string{"x-ok,yyy"}, recorder.Result().Header["Access-Control-Allow-Headers"])
}

// Pages of this computer may call signed operations, any page may call the others. Programs send no
// origin.
func TestForeignOrigin(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *cognitotest.Options) { o.URL = "https://cognito.example.com/mounted" })
	call := func(operation, origin string) *httptest.ResponseRecorder {
		body := `{"UserPoolId":"` + srv.UserPoolID + `","ClientId":"` + srv.ClientID + `"}`
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/",
			strings.NewReader(body))
		request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
		request.Header.Set("Authorization", "x")
		request.Host = "evil.example.com"
		if origin != "-" {
			request.Header.Set("Origin", origin)
		}
		recorder := httptest.NewRecorder()
		srv.ServeHTTP(recorder, request)
		return recorder
	}
	for _, origin := range []string{
		"-", "http://localhost:3000", "http://127.0.0.1", "https://[::1]:8443",
		"https://cognito.example.com",
	} {
		assert.Equal(t, http.StatusOK, call("ListUsers", origin).Code, origin)
	}
	srv.Fail("*", cognitotest.Throttle())
	for _, origin := range []string{
		"https://evil.example.com", "http://evil.example.com:9229", "http://localhost.example.com",
		"null", "", "%",
		"https://example.com", "http://cognito.example.com:8080",
	} {
		srv.ResetCalls()
		r := call("ListUsers", origin)
		assert.Equal(t, http.StatusForbidden, r.Code, origin)
		assert.Contains(t, r.Body.String(), "not from pages of another origin", origin)
		assert.Equal(t, "*", r.Header().Get("Access-Control-Allow-Origin"),
			"the developer gets to read why")
		require.Len(t, srv.Calls(), 1)
		assert.Equal(t, "ForbiddenException", srv.Calls()[0].Error)
		assert.False(t, srv.Calls()[0].Faulted, "it takes no fault")
	}
	srv.Fail("*")
	assert.Contains(t, call("InitiateAuth", "https://evil.example.com").Body.String(),
		"InvalidParameterException")
	assert.NotContains(t, call("NoSuchOperation", "https://evil.example.com").Body.String(),
		"Forbidden")
}
