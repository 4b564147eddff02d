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

// The settings of pools that send messages of their own.
var (
	sms    = kv{"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
	sender = kv{
		"EmailSendingAccount": "DEVELOPER",
		"SourceArn":           "arn:aws:ses:us-east-1:123456789012:identity/example.com",
	}
)

// mailing adds to a request what MFA by email requires of a pool.
func mailing(body kv) kv {
	recovery := recoveryBy("verified_phone_number", "verified_email")
	return with(with(body, "EmailConfiguration", sender), "AccountRecoverySetting", recovery)
}

// fake is a server with helpers that call its API.
type fake struct {
	*cognitotest.Server
	t testing.TB
}

// listen starts a server without users. At the end of the test it checks that the operations
// declare all errors that the server sent.
func listen(tb testing.TB, optFns ...func(*cognitotest.Options)) fake {
	tb.Helper()
	srv := cognitotest.NewServer(optFns...)
	f := fake{srv, tb}
	tb.Cleanup(func() {
		srv.Close()
		checkDeclared(tb, f)
	})
	return f
}

// in returns the same server for a subtest.
func (f fake) in(tb testing.TB) fake {
	tb.Helper()
	return fake{f.Server, tb}
}

// start starts a server with the user alice.
func start(tb testing.TB, optFns ...func(*cognitotest.Options)) fake {
	tb.Helper()
	srv := listen(tb, optFns...)
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

// reply is a response.
type reply struct {
	status int
	header http.Header
	raw    []byte
	body   kv
}

// text returns a string member of the response, by its path.
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

// failure returns the exception without its suffix, and the message, such as "NotAuthorized:
// Incorrect username or password."; empty for a success.
func (r reply) failure() string {
	if r.text("__type") == "" {
		return ""
	}
	return strings.TrimSuffix(r.text("__type"), "Exception") + ": " + r.text("message")
}

// send sends a body as it is.
func (f fake) send(target, body string) reply {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), http.MethodPost, f.URL,
		strings.NewReader(body))
	require.NoError(f.t, err)
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test")
	if target != "" {
		request.Header.Set("X-Amz-Target", target)
	}
	return receive(f.t, request)
}

func receive(tb testing.TB, request *http.Request) reply {
	tb.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, response.Body.Close()) }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(tb, err)
	r := reply{status: response.StatusCode, header: response.Header, raw: raw}
	if request.Method != http.MethodHead {
		require.NoError(tb, json.Unmarshal(raw, &r.body), "%s", raw)
	}
	return r
}

// call makes a call of the API.
func (f fake) call(operation string, body kv) reply {
	f.t.Helper()
	var buf bytes.Buffer
	require.NoError(f.t, json.NewEncoder(&buf).Encode(body))
	return f.send("AWSCognitoIdentityProviderService."+operation, buf.String())
}

// must makes a call that has to succeed.
func (f fake) must(operation string, body kv) reply {
	f.t.Helper()
	r := f.call(operation, body)
	require.Equal(f.t, http.StatusOK, r.status, "%s: %s", operation, r.raw)
	return r
}

// signIn starts a sign-in by password, with the client's secret hash if it has one.
func (f fake) signIn(username, password string) reply {
	f.t.Helper()
	return f.call("InitiateAuth",
		kv{"ClientId": f.ClientID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": kv{
			"USERNAME": username, "PASSWORD": password, "SECRET_HASH": f.secretHash(username),
		}})
}

// tokens signs in a user who only needs the password.
func (f fake) tokens(username string) reply {
	f.t.Helper()
	r := f.signIn(username, password)
	require.NotEmpty(f.t, r.access(), "%s", r.raw)
	return r
}

// challenged begins the sign-in of a user who must get a challenge.
func (f fake) challenged(username, challenge string) reply {
	f.t.Helper()
	r := f.signIn(username, password)
	require.Equal(f.t, challenge, r.text("ChallengeName"), "%s", r.raw)
	return r
}

// respond answers a challenge.
func (f fake) respond(challenge, session, username string, responses kv) reply {
	f.t.Helper()
	all := kv{"USERNAME": username, "SECRET_HASH": f.secretHash(username)}
	for name, value := range responses {
		all[name] = value
	}
	return f.call("RespondToAuthChallenge", kv{
		"ClientId": f.ClientID, "ChallengeName": challenge, "Session": session,
		"ChallengeResponses": all,
	})
}

// code answers alice's SOFTWARE_TOKEN_MFA.
func (f fake) code(session, code string) reply {
	f.t.Helper()
	return f.respond("SOFTWARE_TOKEN_MFA", session, "alice", kv{"SOFTWARE_TOKEN_MFA_CODE": code})
}

func (f fake) secretHash(username string) string {
	if f.ClientSecret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(f.ClientSecret))
	mac.Write([]byte(username + f.ClientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// lastCode returns the code of the last message to a user.
func (f fake) lastCode(username string) string {
	f.t.Helper()
	messages := f.Outbox(username)
	require.NotEmpty(f.t, messages)
	return messages[len(messages)-1].Code
}

// wrong returns a code that is wrong in every step of the window.
func (f fake) wrong(username string) string {
	right := map[string]bool{}
	for range 3 {
		right[f.Code(username)] = true
		right[f.NextCode(username)] = true
		f.Advance(-30 * time.Second)
	}
	f.Advance(90 * time.Second)
	for _, code := range []string{"000000", "111111", "222222", "333333", "444444"} {
		if !right[code] {
			return code
		}
	}
	panic("unreachable: four codes cannot be five")
}

// frozen stops the clock at the start of a step, so golden responses and windows do not depend on
// when the test runs.
func frozen(o *cognitotest.Options) {
	o.Now = func() time.Time { return time.Unix(1_790_000_010, 0) }
}

func jwtEncode(text []byte) string { return base64.RawURLEncoding.EncodeToString(text) }

func jwtHeader(tb testing.TB, token string) kv {
	tb.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token[:strings.IndexByte(token, '.')])
	require.NoError(tb, err)
	var header kv
	require.NoError(tb, json.Unmarshal(raw, &header))
	return header
}

// publicKey finds a key in a JWKS.
func publicKey(tb testing.TB, jwks []byte, kid any) *rsa.PublicKey {
	tb.Helper()
	var set struct {
		Keys []struct{ Kid, N, E string }
	}
	require.NoError(tb, json.Unmarshal(jwks, &set))
	for _, key := range set.Keys {
		if key.Kid == kid {
			n, err := base64.RawURLEncoding.DecodeString(key.N)
			require.NoError(tb, err)
			require.Equal(tb, "AQAB", key.E)
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
		}
	}
	require.Fail(tb, "no such key")
	return nil
}
