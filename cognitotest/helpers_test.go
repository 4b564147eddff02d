package cognitotest_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

const (
	password = "Passw0rd!"
	secret   = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" // of authenticators that tests give to users
)

// kv is a JSON object.
type kv = map[string]any

// start makes a server with the user alice.
func start(t testing.TB, optFns ...func(*cognitotest.Options)) *cognitotest.Server {
	t.Helper()
	srv := cognitotest.NewServer(optFns...)
	t.Cleanup(srv.Close)
	alice := cognitotest.User{Username: "alice", Password: password}
	var o cognitotest.Options
	for _, fn := range optFns {
		fn(&o)
	}
	if len(o.UsernameAttributes) > 0 {
		alice.Username = "alice@example.com"
	}
	srv.AddUser(alice)
	return srv
}

func mfaOn(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn }

func mfaOff(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOff }

func everyFactor(o *cognitotest.Options) { o.SMS, o.Email = true, true }

// reply is what came over the wire.
type reply struct {
	status int
	header http.Header
	raw    []byte
	body   kv
}

// text is a member of the answer, and of the objects in it.
func (r reply) text(path ...string) string {
	value := any(r.body)
	for _, name := range path {
		object, _ := value.(kv)
		value = object[name]
	}
	text, _ := value.(string)
	return text
}

func (r reply) session() string { return r.text("Session") }

func (r reply) access() string { return r.text("AuthenticationResult", "AccessToken") }

func (r reply) refresh() string { return r.text("AuthenticationResult", "RefreshToken") }

// failure is the exception without its suffix and the message, as "NotAuthorized: Incorrect username or password."; empty for an answer.
func (r reply) failure() string {
	if r.text("__type") == "" {
		return ""
	}
	return strings.TrimSuffix(r.text("__type"), "Exception") + ": " + r.text("message")
}

// send sends a body as it is.
func send(t testing.TB, srv *cognitotest.Server, target, body string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test")
	if target != "" {
		request.Header.Set("X-Amz-Target", target)
	}
	return receive(t, request)
}

func receive(t testing.TB, request *http.Request) reply {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	r := reply{status: response.StatusCode, header: response.Header, raw: raw}
	if request.Method != http.MethodHead {
		require.NoError(t, json.Unmarshal(raw, &r.body), "%s", raw)
	}
	return r
}

// call makes a call of the API, whatever comes of it.
func call(t testing.TB, srv *cognitotest.Server, operation string, body kv) reply {
	t.Helper()
	var buf bytes.Buffer
	require.NoError(t, json.NewEncoder(&buf).Encode(body))
	return send(t, srv, "AWSCognitoIdentityProviderService."+operation, buf.String())
}

// must makes a call that is answered.
func must(t testing.TB, srv *cognitotest.Server, operation string, body kv) reply {
	t.Helper()
	r := call(t, srv, operation, body)
	require.Equal(t, http.StatusOK, r.status, "%s: %s", operation, r.raw)
	return r
}

// signIn starts a sign-in by password, with the client's secret hash if it has one.
func signIn(t testing.TB, srv *cognitotest.Server, username, password string) reply {
	t.Helper()
	return call(t, srv, "InitiateAuth", kv{"ClientId": srv.ClientID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": kv{
		"USERNAME": username, "PASSWORD": password, "SECRET_HASH": secretHash(srv, username),
	}})
}

// tokens signs a user in who is asked for nothing but the password.
func tokens(t testing.TB, srv *cognitotest.Server, username string) reply {
	t.Helper()
	r := signIn(t, srv, username, password)
	require.NotEmpty(t, r.access(), "%s", r.raw)
	return r
}

// challenged signs a user in who is asked for something.
func challenged(t testing.TB, srv *cognitotest.Server, username, challenge string) reply {
	t.Helper()
	r := signIn(t, srv, username, password)
	require.Equal(t, challenge, r.text("ChallengeName"), "%s", r.raw)
	return r
}

// respond answers a challenge.
func respond(t testing.TB, srv *cognitotest.Server, challenge, session, username string, responses kv) reply {
	t.Helper()
	all := kv{"USERNAME": username, "SECRET_HASH": secretHash(srv, username)}
	for name, value := range responses {
		all[name] = value
	}
	return call(t, srv, "RespondToAuthChallenge", kv{"ClientId": srv.ClientID, "ChallengeName": challenge, "Session": session, "ChallengeResponses": all})
}

// code answers a SOFTWARE_TOKEN_MFA challenge of alice.
func code(t testing.TB, srv *cognitotest.Server, session, code string) reply {
	t.Helper()
	return respond(t, srv, "SOFTWARE_TOKEN_MFA", session, "alice", kv{"SOFTWARE_TOKEN_MFA_CODE": code})
}

func secretHash(srv *cognitotest.Server, username string) string {
	if srv.ClientSecret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(srv.ClientSecret))
	mac.Write([]byte(username + srv.ClientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// lastCode is the code of the last message that a user got.
func lastCode(t testing.TB, srv *cognitotest.Server, username string) string {
	t.Helper()
	messages := srv.Outbox(username)
	require.NotEmpty(t, messages)
	return messages[len(messages)-1].Code
}

// wrong is a code of the same form that is not right in any step of the window.
func wrong(srv *cognitotest.Server, username string) string {
	right := map[string]bool{}
	for range 3 {
		right[srv.Code(username)] = true
		right[srv.NextCode(username)] = true
		srv.Advance(-30 * time.Second)
	}
	srv.Advance(90 * time.Second)
	for _, code := range []string{"000000", "111111", "222222", "333333", "444444"} {
		if !right[code] {
			return code
		}
	}
	panic("unreachable: four codes cannot be five")
}

// frozen is a clock that stands still at the start of a step, so that golden answers and windows do not depend on when a test runs.
func frozen(o *cognitotest.Options) {
	o.Now = func() time.Time { return time.Unix(1_790_000_010, 0) }
}

func jwtEncode(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

func jwtHeader(t testing.TB, token string) kv {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token[:strings.IndexByte(token, '.')])
	require.NoError(t, err)
	var header kv
	require.NoError(t, json.Unmarshal(raw, &header))
	return header
}

// publicKey finds a key in a JWKS.
func publicKey(t testing.TB, jwks []byte, kid any) *rsa.PublicKey {
	t.Helper()
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	require.NoError(t, json.Unmarshal(jwks, &set))
	for _, key := range set.Keys {
		if key.Kid == kid {
			n, err := base64.RawURLEncoding.DecodeString(key.N)
			require.NoError(t, err)
			require.Equal(t, "AQAB", key.E)
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
		}
	}
	require.Fail(t, "no such key")
	return nil
}
