package token_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

const (
	testPool    = "eu-west-1_Example00"
	testHost    = "cognito-idp.eu-west-1.amazonaws.com"
	updatedHost = "issuer-cognito-idp.eu-west-1.amazonaws.com"
	testIssuer  = "https://" + testHost + "/" + testPool
	testClient  = "1example23456789"
	testKID     = "test+key/1="
	testSub     = "11111111-2222-4333-8444-555555555555"
)

// testNow is the time of the tests.
var testNow = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return testNow }

// m is a JSON object.
type m = map[string]any

// poolKey signs the pool's tokens. strangerKey is not the pool's.
var (
	poolKey     = sync.OnceValue(func() *rsa.PrivateKey { return generate(2048) })
	strangerKey = sync.OnceValue(func() *rsa.PrivateKey { return generate(2048) })
)

func generate(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func toJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// jwk returns a JSON Web Key as Cognito publishes it.
func jwk(kid string, key *rsa.PublicKey) m {
	return m{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
		"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
	}
}

func jwks(keys ...m) []byte { return []byte(toJSON(m{"keys": keys})) }

// poolJWKS returns the pool's key set.
func poolJWKS() []byte { return keysNamed(testKID) }

// keysNamed returns a key set with the pool's key under these names.
func keysNamed(kids ...string) []byte {
	keys := make([]m, 0, len(kids))
	for _, kid := range kids {
		keys = append(keys, jwk(kid, &poolKey().PublicKey))
	}
	return jwks(keys...)
}

// with returns a changed copy of an object. A nil value removes the member.
func with(object, changes m) m {
	out := maps.Clone(object)
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_ string, value any) bool { return value == nil })
	return out
}

// null is null in JSON. A nil would remove the member.
var null = json.RawMessage("null")

func goodHeader() m { return m{"kid": testKID, "alg": "RS256"} }

// kid returns a header that names another key.
func kid(name any) m { return with(goodHeader(), m{"kid": name}) }

func accessClaims() m {
	return m{
		"sub": testSub, "iss": testIssuer, "client_id": testClient, "token_use": "access",
		"username": "alice", "cognito:groups": []string{"staff", "admins"},
		"scope": "aws.cognito.signin.user.admin example/read",
		"jti":   "jti-1", "origin_jti": "origin-1", "event_id": "event-1",
		"device_key": "eu-west-1_device", "version": 2,
		"auth_time": testNow.Unix() - 120,
		"iat":       testNow.Unix() - 60,
		"exp":       testNow.Unix() + 3600,
	}
}

func idClaims() m {
	return m{
		"sub": testSub, "iss": testIssuer, "aud": testClient, "token_use": "id",
		"cognito:username": "alice", "cognito:groups": []string{"staff", "admins"},
		"cognito:roles":          []string{"arn:aws:iam::123456789012:role/staff"},
		"cognito:preferred_role": "arn:aws:iam::123456789012:role/staff",
		"name":                   "Alice", "nonce": "n-1",
		"email": "alice@example.com", "email_verified": true,
		"phone_number": "+441632960001", "phone_number_verified": "false",
		"custom:tenant": "blue",
		"jti":           "jti-1", "origin_jti": "origin-1", "event_id": "event-1",
		"auth_time": testNow.Unix() - 120,
		"iat":       testNow.Unix() - 60,
		"exp":       testNow.Unix() + 3600,
	}
}

// signText signs a token made of two texts, which need not be JSON.
func signText(key *rsa.PrivateKey, header, claims string) string {
	signed := b64([]byte(header)) + "." + b64([]byte(claims))
	hash := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:])
	if err != nil {
		panic(err)
	}
	return signed + "." + b64(signature)
}

func sign(header, claims m) string { return signText(poolKey(), toJSON(header), toJSON(claims)) }

// forge returns a token that names the pool's key but is signed with another.
func forge(claims m) string {
	return signText(strangerKey(), toJSON(goodHeader()), toJSON(claims))
}

// access returns a genuine access token with changed claims.
func access(changes m) string { return sign(goodHeader(), with(accessClaims(), changes)) }

// testKind is one of the two kinds of tokens. Most tests cover both.
type testKind struct {
	name   string
	claims func() m
	client string // the claim that names the app client
	verify func(v *token.Verifier, ctx context.Context, raw string) error
}

func testKinds() []testKind {
	return []testKind{
		{
			"access", accessClaims, "client_id",
			func(v *token.Verifier, ctx context.Context, raw string) error {
				_, err := v.VerifyAccess(ctx, raw)
				return err
			},
		},
		{
			"id", idClaims, "aud",
			func(v *token.Verifier, ctx context.Context, raw string) error {
				_, err := v.VerifyID(ctx, raw)
				return err
			},
		},
	}
}

// token returns a genuine token of the kind with changed claims.
func (k testKind) token(changes m) string { return sign(goodHeader(), with(k.claims(), changes)) }

func staticConfig() token.Config {
	return token.Config{
		UserPoolID: testPool, ClientIDs: []string{testClient}, JWKS: poolJWKS(), Now: clock,
	}
}

func newVerifier(tb testing.TB, cfg token.Config, more ...token.Config) *token.Verifier {
	tb.Helper()
	v, err := token.NewVerifier(cfg, more...)
	require.NoError(tb, err)
	return v
}

// transport responds to requests without a network, so tests can use a synctest clock.
type transport func(r *http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(status int, body []byte) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Body: io.NopCloser(strings.NewReader(string(body))),
	}, nil
}

// hang responds only when the request is canceled.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// fetchConfig returns the config of a pool whose keys come from the transport.
func fetchConfig(f transport) token.Config {
	return token.Config{
		UserPoolID: testPool, ClientIDs: []string{testClient},
		HTTPClient: &http.Client{Transport: f},
	}
}

var sentinels = []error{
	token.ErrMalformed, token.ErrSignature, token.ErrUnknownKey, token.ErrKeysUnavailable,
	token.ErrExpired, token.ErrNotYetValid, token.ErrIssuer, token.ErrTokenUse, token.ErrClient,
	token.ErrGroup, token.ErrScope, token.ErrACR, token.ErrMaxAge,
}

// requireOnly checks that err is want and no other reason.
func requireOnly(tb testing.TB, want, err error) {
	tb.Helper()
	require.ErrorIs(tb, err, want)
	for _, other := range sentinels {
		if other != want { //nolint:errorlint // The sentinels themselves are compared.
			require.NotErrorIs(tb, err, other)
		}
	}
}

// requireRefused checks that err is want and no other reason, and does not repeat any part of the
// token.
func requireRefused(tb testing.TB, want, err error, raw string) {
	tb.Helper()
	requireOnly(tb, want, err)
	require.Less(tb, len(err.Error()), 120)
	for segment := range strings.SplitSeq(raw, ".") {
		if len(segment) > 8 {
			require.NotContains(tb, err.Error(), segment)
		}
		text, _ := base64.RawURLEncoding.DecodeString(segment)
		var values m
		if json.Unmarshal(text, &values) == nil {
			for _, value := range values {
				if s, ok := value.(string); ok && len(s) > 8 {
					require.NotContains(tb, err.Error(), s)
				}
			}
		}
	}
}
