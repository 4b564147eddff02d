package lambda_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// authorizerFormats are the recorded authorizer events in testdata: of a REST API, with types TOKEN
// and REQUEST, and of an HTTP API in both payload formats.
var authorizerFormats = []string{"token", "request", "http1", "http2"}

// decision is what API Gateway does after the authorizer responded.
type decision struct {
	status  int // for the client; 200 stands for the API
	context map[string]string
	policy  policy
}

type policy struct {
	PrincipalID    string `json:"principalId"`
	PolicyDocument struct {
		Version   string
		Statement []struct{ Action, Effect, Resource string }
	} `json:"policyDocument"`
}

// recordedAuthorizer returns a recorded event with Authorization headers under the given name.
func recordedAuthorizer(t *testing.T, format, name string, headers ...string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "authorizer-"+format+".json"))
	require.NoError(t, err)
	var e map[string]any
	require.NoError(t, json.Unmarshal(text, &e))
	if format == "token" {
		e["authorizationToken"] = strings.Join(headers, ",")
		return e
	}
	if len(headers) > 0 {
		e["headers"].(map[string]any)[name] = headers[len(headers)-1]
		if format == "http2" || format == "http1" {
			e["headers"].(map[string]any)[name] = strings.Join(headers, ",")
		}
		if all, ok := e["multiValueHeaders"].(map[string]any); ok {
			all[name] = headers
		}
	}
	return e
}

// authorize sends an event to the authorizer and interprets the response as API Gateway does.
func (s *service) authorize(format string, e map[string]any) decision {
	s.t.Helper()
	payload, err := json.Marshal(e)
	require.NoError(s.t, err)
	result := s.invoke("authorizer", "request-"+format, payload)
	if result.Failed {
		var failure struct{ ErrorMessage string }
		require.NoError(s.t, json.Unmarshal(result.Payload, &failure))
		if failure.ErrorMessage == "Unauthorized" {
			require.NotEqual(s.t, "http2", format, "AWS documents no such error for it")
			return decision{status: http.StatusUnauthorized}
		}
		return decision{status: http.StatusInternalServerError}
	}
	d := decision{status: http.StatusForbidden}
	if format == "http2" {
		var answer struct {
			IsAuthorized *bool
			Context      map[string]string
		}
		require.NoError(s.t, json.Unmarshal(result.Payload, &answer))
		require.NotNil(s.t, answer.IsAuthorized, "%s", result.Payload)
		if *answer.IsAuthorized {
			d.status = http.StatusOK
		}
		d.context = answer.Context
		return d
	}
	require.NoError(s.t, json.Unmarshal(result.Payload, &d.policy))
	var context struct{ Context map[string]string }
	require.NoError(s.t, json.Unmarshal(result.Payload, &context))
	d.context = context.Context
	assert.NotEmpty(s.t, d.policy.PrincipalID)
	assert.Equal(s.t, "2012-10-17", d.policy.PolicyDocument.Version)
	require.Len(s.t, d.policy.PolicyDocument.Statement, 1)
	statement := d.policy.PolicyDocument.Statement[0]
	assert.Equal(s.t, "execute-api:Invoke", statement.Action)
	if statement.Effect == "Allow" {
		d.status = http.StatusOK
	} else {
		assert.Equal(s.t, "Deny", statement.Effect)
	}
	return d
}

// bearer returns the decision about a request with a bearer token.
func (s *service) bearer(format, token string) decision {
	s.t.Helper()
	logs.forbid("token", token)
	return s.authorize(format, recordedAuthorizer(s.t, format, "Authorization", "Bearer "+token))
}

// A valid token is let through, and the API learns who the user is.
func TestAuthorizer(t *testing.T) {
	s := newService(t, nil)
	state := s.cognito.User(userName)
	s.group("Editors")
	s.group("日本語,の編集者")
	token := *s.cognito.IssueTokens(userName, "orders/read", "orders/write").AccessToken
	for _, format := range authorizerFormats {
		t.Run(format, func(t *testing.T) {
			d := s.bearer(format, token)
			require.Equal(t, http.StatusOK, d.status)
			assert.Regexp(t, `^1\d{9}$|^2\d{9}$`, d.context["auth_time"])
			delete(d.context, "auth_time")
			assert.Equal(t, map[string]string{
				"sub": state.Sub, "username": userName, "acr": "",
				"scope": "orders/read orders/write", "groups": "Editors 日本語,の編集者",
			}, d.context)
			if format == "http2" {
				return
			}
			// API Gateway caches the policy for the token, whichever method comes next.
			assert.Equal(t, state.Sub, d.policy.PrincipalID)
			stage := map[string]string{"http1": "$default"}[format]
			if stage == "" {
				stage = "prod"
			}
			assert.Equal(t, "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/"+stage+"/*",
				d.policy.PolicyDocument.Statement[0].Resource)
		})
	}
}

// issuer returns the issuer of the pool's tokens.
func (s *service) issuer() string {
	return "https://cognito-idp." + s.cognito.Region + ".amazonaws.com/" + s.cognito.UserPoolID
}

// group adds the user to a group.
func (s *service) group(name string) {
	s.t.Helper()
	client := s.cognito.Client()
	_, err := client.CreateGroup(s.t.Context(), &cognitoidentityprovider.CreateGroupInput{
		UserPoolId: &s.cognito.UserPoolID, GroupName: &name,
	})
	require.NoError(s.t, err)
	_, err = client.AdminAddUserToGroup(s.t.Context(),
		&cognitoidentityprovider.AdminAddUserToGroupInput{
			UserPoolId: &s.cognito.UserPoolID, GroupName: &name, Username: aws.String(userName),
		})
	require.NoError(s.t, err)
}

// otherwise returns the status for an invalid token: HTTP APIs with format 2.0 only have 403.
func otherwise(format string) int {
	if format == "http2" {
		return http.StatusForbidden
	}
	return http.StatusUnauthorized
}

// Anything but a valid access token of the pool is refused.
func TestAuthorizerRefuses(t *testing.T) {
	s := newService(t, nil)
	other := newService(t, nil)
	s.cognito.Advance(-2 * time.Hour)
	expired := *s.cognito.IssueTokens(userName).AccessToken
	s.cognito.Advance(4 * time.Hour)
	early := *s.cognito.IssueTokens(userName).AccessToken
	s.cognito.Advance(-2 * time.Hour)
	tokens := s.cognito.IssueTokens(userName)
	good := *tokens.AccessToken
	require.Equal(t, http.StatusOK, s.bearer("token", good).status)

	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	foreign := *other.cognito.IssueTokens(userName).AccessToken
	_, foreign2, _ := strings.Cut(foreign, ".")
	foreignBody, _, _ := strings.Cut(foreign2, ".")
	for name, token := range map[string]string{
		"expired":             expired,
		"of the future":       early,
		"an ID token":         *tokens.IdToken,
		"a refresh token":     *tokens.RefreshToken,
		"of another pool":     foreign,
		"another body":        head + "." + foreignBody + "." + signature,
		"no signature":        head + "." + body + ".",
		"another signature":   head + "." + body + "." + strings.Repeat("A", len(signature)),
		"unsigned":            "eyJhbGciOiJub25lIn0." + body + ".",
		"garbage":             "rabbit",
		"nothing":             "",
		"two":                 good + " " + good,
		"much":                strings.Repeat("rabbit", 20_000),
		"followed by a space": good + " ",
	} {
		for _, format := range authorizerFormats {
			t.Run(name+" "+format, func(t *testing.T) {
				d := s.bearer(format, token)
				assert.Equal(t, otherwise(format), d.status)
				assert.Empty(t, d.context)
			})
		}
	}
	for _, format := range authorizerFormats {
		assert.Equal(t, http.StatusOK, s.bearer(format, good).status, "it keeps running")
	}
}

// The Authorization header is found in any case, and must have one value.
func TestAuthorizerHeaders(t *testing.T) {
	s := newService(t, nil)
	token := *s.cognito.IssueTokens(userName).AccessToken
	logs.forbid("token", token)
	for _, format := range authorizerFormats {
		t.Run(format, func(t *testing.T) {
			decide := func(name string, headers ...string) int {
				return s.authorize(format, recordedAuthorizer(t, format, name, headers...)).status
			}
			for _, name := range []string{"authorization", "Authorization", "AUTHORIZATION"} {
				assert.Equal(t, http.StatusOK, decide(name, "Bearer "+token), name)
			}
			assert.Equal(t, http.StatusOK, decide("Authorization", "bearer "+token))
			assert.Equal(t, http.StatusOK, decide("Authorization", "BEARER  "+token))

			refused := otherwise(format)
			assert.Equal(t, refused, decide("Authorization"))
			assert.Equal(t, refused, decide("Authorization", ""))
			assert.Equal(t, refused, decide("Authorization", token), "no scheme")
			assert.Equal(t, refused, decide("Authorization", "Basic "+token))
			assert.Equal(t, refused, decide("Authorization", "Bearer "+token, "Bearer "+token))
			assert.Equal(t, refused, decide("Authorization", "Basic eA==", "Bearer "+token))
			if format == "token" {
				return
			}
			assert.Equal(t, refused, decide("X-Authorization", "Bearer "+token))
			e := recordedAuthorizer(t, format, "Authorization", "Bearer "+token)
			e["headers"].(map[string]any)["authorization"] = "Bearer " + token
			if all, ok := e["multiValueHeaders"].(map[string]any); ok {
				all["authorization"] = []string{"Bearer " + token}
			}
			assert.Equal(t, refused, s.authorize(format, e).status, "twice")
		})
	}
}

// Valid tokens of other app clients, or without a required group or scope, get 403.
func TestAuthorizerRequirements(t *testing.T) {
	s := newService(t, nil)
	token := *s.cognito.IssueTokens(userName, "orders/read").AccessToken
	s.group("Editors")
	inGroup := *s.cognito.IssueTokens(userName, "orders/read").AccessToken
	s.cognito.Advance(-10 * time.Minute)
	tenMinutesOld := *s.cognito.IssueTokens(userName, "orders/read").AccessToken
	s.cognito.Advance(10 * time.Minute)
	for _, format := range authorizerFormats {
		t.Run(format, func(t *testing.T) {
			with := func(env ...string) *service {
				return s.with(t, env...)
			}
			none := with("COGNITO_CLIENT_ID=anotherappclient")
			assert.Equal(t, otherwise(format), none.bearer(format, token).status)
			several := with("COGNITO_CLIENT_ID=anotherappclient " + s.cognito.ClientID)
			assert.Equal(t, http.StatusOK, several.bearer(format, token).status)

			group := with("REQUIRED_GROUPS=Admins Editors")
			assert.Equal(t, http.StatusForbidden, group.bearer(format, token).status)
			d := group.bearer(format, inGroup)
			assert.Equal(t, http.StatusOK, d.status)
			assert.Equal(t, "Editors", d.context["groups"])

			scope := with("REQUIRED_SCOPES=orders/write orders/admin")
			assert.Equal(t, http.StatusForbidden, scope.bearer(format, inGroup).status)
			scope = with("REQUIRED_SCOPES=orders/write orders/read")
			assert.Equal(t, http.StatusOK, scope.bearer(format, token).status)

			renamed := strings.Replace(s.issuer(), "cognito-idp", "issuer-cognito-idp", 1)
			issuer := with("COGNITO_ISSUER=" + renamed)
			assert.Equal(t, otherwise(format), issuer.bearer(format, token).status)
			issuer = with("COGNITO_ISSUER=" + s.issuer())
			assert.Equal(t, http.StatusOK, issuer.bearer(format, token).status)

			age := with("MAX_AGE=300")
			assert.Equal(t, http.StatusForbidden, age.bearer(format, tenMinutesOld).status)
			assert.Equal(t, http.StatusOK, age.bearer(format, token).status)
			age = with("MAX_AGE=3000")
			assert.Equal(t, http.StatusOK, age.bearer(format, tenMinutesOld).status)

			// A token without a level has reached none.
			level := with("REQUIRED_ACR=urn:cognito:loa:4 urn:cognito:loa:3")
			assert.Equal(t, http.StatusForbidden, level.bearer(format, token).status)
		})
	}
}

// A required level must be the one in the token.
func TestAuthorizerLevels(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	encode := base64.RawURLEncoding.EncodeToString
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		exponent := big.NewInt(int64(key.E)).Bytes()
		assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
			"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "wonderland",
			"n": encode(key.N.Bytes()), "e": encode(exponent),
		}}}))
	}))
	t.Cleanup(keys.Close)
	const issuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Wonderland"
	now := time.Now().Unix()
	sign := func(acr any) string {
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"sub": "2a6f0b3e-2b5c-4a53-9a39-0d4c3d1e6f70", "username": userName, "iss": issuer,
			"client_id": "wonderland", "token_use": "access", "scope": "orders/read", "jti": "x",
			"auth_time": now, "iat": now, "exp": now + 3600,
			"acr": acr, "amr": []string{"pwd", "otp", "mfa"},
		})
		token.Header["kid"] = "wonderland"
		text, err := token.SignedString(key)
		require.NoError(t, err)
		return text
	}
	s := newService(t, nil,
		"COGNITO_USER_POOL_ID=eu-west-1_Wonderland", "COGNITO_CLIENT_ID=wonderland",
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="+keys.URL,
		"REQUIRED_ACR=urn:cognito:loa:4 mfa", "MAX_AGE=300")
	for _, format := range authorizerFormats {
		d := s.bearer(format, sign("urn:cognito:loa:4"))
		require.Equal(t, http.StatusOK, d.status, format)
		assert.Equal(t, "urn:cognito:loa:4", d.context["acr"])
		assert.Equal(t, strconv.FormatInt(now, 10), d.context["auth_time"])
		assert.Equal(t, http.StatusOK, s.bearer(format, sign("mfa")).status, "by another name")
		for _, acr := range []any{
			"urn:cognito:loa:1", "urn:cognito:loa:44", "", "MFA", "urn:cognito:loa:4 mfa", nil, 4,
			[]string{"urn:cognito:loa:4"},
		} {
			d := s.bearer(format, sign(acr))
			assert.Equal(t, http.StatusForbidden, d.status, "%s: %v", format, acr)
		}
	}
}

// If the keys cannot be fetched, the response is an error, which API Gateway does not cache. Once
// fetched, they are not fetched again.
func TestAuthorizerKeys(t *testing.T) {
	cognito := cognitotest.NewServer()
	t.Cleanup(cognito.Close)
	cognito.AddUser(cognitotest.User{Username: userName, Password: password})
	token := *cognito.IssueTokens(userName).AccessToken
	address, err := url.Parse(cognito.URL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(address)
	var down atomic.Bool
	var fetches atomic.Int32
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fetches.Add(1)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(keys.Close)
	first := &service{t: t, cognito: cognito}
	start := func() *service {
		return first.with(t, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="+keys.URL)
	}

	down.Store(true)
	s := start()
	for _, format := range authorizerFormats {
		assert.Equal(t, http.StatusInternalServerError, s.bearer(format, token).status, format)
	}
	down.Store(false)
	tooltest.Until(t, "the keys to be fetched again", func() bool {
		return s.bearer("http2", token).status == http.StatusOK
	})

	fetches.Store(0)
	s = start()
	for range 5 {
		for _, format := range authorizerFormats {
			require.Equal(t, http.StatusOK, s.bearer(format, token).status)
		}
	}
	assert.EqualValues(t, 1, fetches.Load())
	down.Store(true)
	assert.Equal(t, http.StatusOK, s.bearer("request", token).status)
	s.cognito.Advance(-2 * time.Hour)
	expired := *s.cognito.IssueTokens(userName).AccessToken
	assert.Equal(t, http.StatusUnauthorized, s.bearer("request", expired).status)
}

// Events from anything but an API Gateway authorizer are errors, whatever the token.
func TestAuthorizerEvents(t *testing.T) {
	s := newService(t, nil)
	token := *s.cognito.IssueTokens(userName).AccessToken
	logs.forbid("token", token)
	change := func(format, member string, value any) map[string]any {
		e := recordedAuthorizer(t, format, "Authorization", "Bearer "+token)
		e[member] = value
		return e
	}
	for name, e := range map[string]map[string]any{
		"empty":              {},
		"a request":          {"rawPath": "/", "headers": mapping{"Authorization": "Bearer " + token}},
		"another type":       change("request", "type", "COGNITO"),
		"type in lower case": change("request", "type", "request"),
		"headers":            change("request", "headers", "Bearer "+token),
		"no ARN":             change("token", "methodArn", ""),
		"no ARN in format 1": change("http1", "methodArn", nil),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, http.StatusInternalServerError, s.authorize("request", e).status)
		})
	}
	const api = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5"
	for _, arn := range []string{
		"*", "arn:aws:execute-api:eu-west-1:123456789012:*/*/*", api, api + "/prod",
		api + "/*/GET/",
		api + "//GET/", "arn:aws:lambda:eu-west-1:123456789012:a1b2c3d4e5/prod/GET/x", ":::::a/b/c",
	} {
		d := s.authorize("token", change("token", "methodArn", arn))
		assert.Equal(t, http.StatusInternalServerError, d.status, arn)
	}
	for arn, resource := range map[string]string{
		api + "/prod/GET/":                            api + "/prod/*",
		api + "/prod/POST/a/b/c:d?e":                  api + "/prod/*",
		api + "/test-1/$connect":                      api + "/test-1/*",
		"arn:aws-cn:execute-api:cn-north-1:1:x/s/PUT": "arn:aws-cn:execute-api:cn-north-1:1:x/s/*",
	} {
		d := s.authorize("token", change("token", "methodArn", arn))
		require.Equal(t, http.StatusOK, d.status, arn)
		assert.Equal(t, resource, d.policy.PolicyDocument.Statement[0].Resource)
	}
	assert.Equal(t, http.StatusOK, s.bearer("http2", token).status, "it keeps running")
}

// The function behind the authorizer returns who is calling, and refuses to work without an
// authorizer.
func TestHello(t *testing.T) {
	s := newService(t, nil)
	token := *s.cognito.IssueTokens(userName).AccessToken
	e := map[string]any{}
	recorded := event(t, "http", "hello", request{method: http.MethodGet})
	require.NoError(t, json.Unmarshal(recorded, &e))
	invoke := func() (status int, body map[string]string) {
		payload, err := json.Marshal(e)
		require.NoError(t, err)
		result := s.invoke("hello", "request-hello", payload)
		require.False(t, result.Failed, "%s", result.Payload)
		var out struct {
			StatusCode int
			Body       string
		}
		require.NoError(t, json.Unmarshal(result.Payload, &out))
		require.NoError(t, json.Unmarshal([]byte(out.Body), &body))
		return out.StatusCode, body
	}
	status, body := invoke()
	assert.Equal(t, http.StatusInternalServerError, status)
	assert.NotEmpty(t, body["error"])

	context := s.bearer("http2", token).context
	e["requestContext"].(map[string]any)["authorizer"] = map[string]any{"lambda": context}
	status, body = invoke()
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, map[string]string{
		"sub": context["sub"], "username": userName, "groups": "",
	}, body)
}
