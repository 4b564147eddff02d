package cognitotest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// claims returns the claims of a token, without checking its signature.
func claims(tb testing.TB, token string) jwt.MapClaims {
	tb.Helper()
	c := jwt.MapClaims{}
	_, _, err := jwt.NewParser().ParseUnverified(token, c)
	require.NoError(tb, err)
	return c
}

func TestClaims(t *testing.T) {
	t.Parallel()
	srv := listen(t, frozen, func(o *options) {
		o.Region, o.AccessTokenValidity, o.IDTokenValidity = "eu-central-1", 5*time.Minute,
			2*time.Hour
	})
	srv.AddUser(cognitotest.User{
		Username: "ann", Password: password, Email: "ann@example.com", Groups: []string{"admins"},
		Attributes: map[string]string{"custom:tenant": "7"},
	})
	r := srv.tokens("ann")
	access, id := claims(t, r.access()), claims(t, r.text("AuthenticationResult", "IdToken"))
	now := float64(srv.Now().Unix())
	for _, c := range []jwt.MapClaims{access, id} {
		assert.Equal(t, srv.User("ann").Sub, c["sub"])
		assert.Equal(t, "https://cognito-idp.eu-central-1.amazonaws.com/"+srv.UserPoolID, c["iss"])
		assert.Equal(t, []any{"admins"}, c["cognito:groups"])
		assert.InDelta(t, now, c["iat"], 0)
		assert.InDelta(t, now, c["auth_time"], 0)
		for _, name := range []string{"jti", "event_id", "origin_jti"} {
			assert.Regexp(t, `^[0-9a-f-]{36}$`, c[name])
		}
	}
	assert.NotEqual(t, access["jti"], id["jti"])
	assert.Equal(t, access["origin_jti"], id["origin_jti"])
	assert.Equal(t, access["event_id"], id["event_id"])

	assert.Equal(t, []any{"access", srv.ClientID, "ann", "aws.cognito.signin.user.admin"},
		[]any{access["token_use"], access["client_id"], access["username"], access["scope"]})
	assert.NotContains(t, access, "aud")
	assert.InDelta(t, now+300, access["exp"], 0)
	assert.InDelta(t, 300, r.body["AuthenticationResult"].(kv)["ExpiresIn"], 0)

	assert.Equal(t, []any{"id", srv.ClientID, "ann", "ann@example.com", true, "7"}, []any{
		id["token_use"], id["aud"], id["cognito:username"],
		id["email"], id["email_verified"], id["custom:tenant"],
	})
	assert.NotContains(t, id, "client_id")
	assert.NotContains(t, id, "scope")
	assert.InDelta(t, now+7200, id["exp"], 0)
}

// Tokens verify with the published keys, each kind with its own key.
func TestTokensVerify(t *testing.T) {
	t.Parallel()
	srv := start(t)
	request, err := http.NewRequestWithContext(
		t.Context(), http.MethodGet, srv.URL+"/"+srv.UserPoolID+"/.well-known/jwks.json", nil,
	)
	require.NoError(t, err)
	kids := map[any]bool{}
	r := srv.tokens("alice")
	for _, token := range []string{r.access(), r.text("AuthenticationResult", "IdToken")} {
		parsed, err := jwt.Parse(token, func(token *jwt.Token) (any, error) {
			kids[token.Header["kid"]] = true
			return publicKey(t, receive(t, request).raw, token.Header["kid"]), nil
		}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired())
		require.NoError(t, err)
		assert.True(t, parsed.Valid)
	}
	assert.Len(t, kids, 2)
	assert.Len(t, strings.Split(r.refresh(), "."), 5)
	assert.Less(t, len(r.raw), 4000, "small enough to arrive in one piece")
}

func TestGlobalSignOut(t *testing.T) {
	t.Parallel()
	const revoked = "NotAuthorized: Access Token has been revoked"
	for name, tc := range map[string]struct {
		precise bool
		soon    string // what a token gets that was issued right after, in the same second
		signOut func(fake, string)
	}{
		"by the user": {precise: false, soon: revoked, signOut: func(srv fake, access string) {
			srv.must("GlobalSignOut", kv{"AccessToken": access})
		}},
		"by an administrator": {precise: false, soon: revoked, signOut: func(srv fake, _ string) {
			srv.must("AdminUserGlobalSignOut",
				kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
		}},
		"precise": {precise: true, signOut: func(srv fake, access string) {
			srv.must("GlobalSignOut", kv{"AccessToken": access})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, frozen, func(o *options) { o.Quirks.PreciseSignOut = tc.precise })
			before := srv.tokens("alice")
			get := func(r reply) string {
				return srv.call("GetUser", kv{"AccessToken": r.access()}).failure()
			}
			refresh := func(r reply) string {
				return srv.call("GetTokensFromRefreshToken", kv{
					"ClientId": srv.ClientID, "RefreshToken": r.refresh(),
				}).failure()
			}
			tc.signOut(srv, before.access())
			soon := srv.tokens("alice")
			assert.Equal(t, []string{revoked, tc.soon}, []string{get(before), get(soon)})
			assert.Equal(t, "NotAuthorized: Refresh Token has been revoked", refresh(before))
			assert.Equal(t, tc.soon == "", refresh(soon) == "")
			srv.Advance(time.Second)
			assert.Empty(t, get(srv.tokens("alice")))
			assert.Equal(t, revoked, get(before))
			if tc.precise {
				tc.signOut(srv, soon.access())
				assert.Equal(t, revoked, get(soon), "the next sign-out reaches it")
			}
		})
	}
}

func TestDisablingRevokes(t *testing.T) {
	t.Parallel()
	srv := start(t)
	r := srv.tokens("alice")
	user := kv{"UserPoolId": srv.UserPoolID, "Username": "alice"}
	srv.must("AdminDisableUser", user)
	assert.Equal(t, "NotAuthorized: Access Token has been revoked",
		srv.call("GetUser", kv{"AccessToken": r.access()}).failure())
	srv.must("AdminEnableUser", user)
	assert.Equal(t, "NotAuthorized: Access Token has been revoked",
		srv.call("GetUser", kv{"AccessToken": r.access()}).failure())
	srv.Advance(time.Second)
	srv.tokens("alice")
}

// RevokeToken ends one sign-in: its refresh token, and all its access tokens.
func TestRevokeToken(t *testing.T) {
	t.Parallel()
	srv := start(t)
	first, second := srv.tokens("alice"), srv.tokens("alice")
	refreshed := srv.must("GetTokensFromRefreshToken",
		kv{"ClientId": srv.ClientID, "RefreshToken": first.refresh()})
	for range 2 {
		again := srv.must("RevokeToken", kv{"ClientId": srv.ClientID, "Token": first.refresh()})
		assert.Equal(t, "{}", string(again.raw), "again is fine, too")
	}
	for _, r := range []reply{first, refreshed} {
		assert.Equal(t, "NotAuthorized: Access Token has been revoked",
			srv.call("GetUser", kv{"AccessToken": r.access()}).failure())
	}
	srv.must("GetUser", kv{"AccessToken": second.access()})
	srv.must("RevokeToken", kv{"ClientId": srv.ClientID, "Token": "garbage"})
	srv.must("AdminDeleteUser", kv{"UserPoolId": srv.UserPoolID, "Username": "alice"})
	srv.must("RevokeToken", kv{"ClientId": srv.ClientID, "Token": second.refresh()})
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	withSecret := func(o *options) { o.ClientSecret = "0123456789abcdefghijklmnop" }
	for name, tc := range map[string]struct {
		on func(*options)
		do func(fake, string) reply
	}{
		"InitiateAuth": {mfaOn, func(srv fake, refresh string) reply {
			return srv.must("InitiateAuth", kv{
				"ClientId": srv.ClientID, "AuthFlow": "REFRESH_TOKEN_AUTH",
				"AuthParameters": kv{"REFRESH_TOKEN": refresh},
			})
		}},
		"AdminInitiateAuth": {withSecret, func(srv fake, refresh string) reply {
			return srv.must("AdminInitiateAuth", kv{
				"UserPoolId": srv.UserPoolID, "ClientId": srv.ClientID, "AuthFlow": "REFRESH_TOKEN",
				"AuthParameters": kv{
					"REFRESH_TOKEN": refresh, "SECRET_HASH": srv.secretHash("alice"),
				},
			})
		}},
		"GetTokensFromRefreshToken": {withSecret, func(srv fake, refresh string) reply {
			return srv.must("GetTokensFromRefreshToken", kv{
				"ClientId": srv.ClientID, "ClientSecret": srv.ClientSecret, "RefreshToken": refresh,
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, frozen, tc.on)
			issued := srv.IssueTokens("alice")
			srv.Advance(time.Hour)
			r := tc.do(srv, *issued.RefreshToken)
			assert.Empty(t, r.refresh(), "no new one without rotation")
			srv.must("GetUser", kv{"AccessToken": r.access()})
			before, after := claims(t, *issued.AccessToken), claims(t, r.access())
			assert.Equal(t, before["auth_time"], after["auth_time"])
			assert.Equal(t, before["origin_jti"], after["origin_jti"])
			assert.NotEqual(t, before["jti"], after["jti"])
			assert.Greater(t, after["iat"], before["iat"])
		})
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	srv := start(t, frozen, func(o *options) {
		o.RefreshTokenRotation, o.RotationGrace, o.RefreshTokenValidity = true, 30*time.Second,
			time.Hour
	})
	refresh := func(token string) reply {
		return srv.call("GetTokensFromRefreshToken",
			kv{"ClientId": srv.ClientID, "RefreshToken": token})
	}
	first := srv.tokens("alice").refresh()
	srv.Advance(20 * time.Minute)
	second := refresh(first).refresh()
	require.NotEmpty(t, second)
	assert.NotEqual(t, first, second)
	srv.Advance(30*time.Second - time.Nanosecond)
	again := refresh(first).refresh()
	require.NotEmpty(t, again, "its response may have been lost")
	srv.Advance(time.Nanosecond)
	const reuse = "RefreshTokenReuse: Refresh token reuse detected."
	assert.Equal(t, reuse, refresh(first).failure())
	third := refresh(again).refresh()
	require.NotEmpty(t, third)
	assert.Equal(t, reuse, refresh(first).failure())
	srv.Advance(39 * time.Minute)
	fourth := refresh(third).refresh()
	require.NotEmpty(t, fourth)
	srv.Advance(30 * time.Second)
	assert.Equal(t, "NotAuthorized: Refresh Token has expired", refresh(fourth).failure(),
		"it has what was left of the first one's life")
}

// Revoked tokens stay revoked after the records of much older sign-ins are deleted.
func TestRevocationOfMany(t *testing.T) {
	t.Parallel()
	srv := start(t, frozen, func(o *options) { o.RefreshTokenValidity = time.Hour })
	revoke := func(token *string) {
		srv.must("RevokeToken",
			kv{"ClientId": srv.ClientID, "Token": *token})
	}
	for range 64 {
		revoke(srv.IssueTokens("alice").RefreshToken)
	}
	srv.Advance(2 * time.Hour)
	var last *types.AuthenticationResultType
	for range 65 {
		last = srv.IssueTokens("alice")
		revoke(last.RefreshToken)
	}
	assert.Equal(t, "NotAuthorized: Access Token has been revoked",
		srv.call("GetUser", kv{"AccessToken": *last.AccessToken}).failure())
}

func TestHostileTokens(t *testing.T) {
	t.Parallel()
	srv := start(t)
	good := srv.tokens("alice").access()
	parts := strings.Split(good, ".")
	encode := func(v any) string {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		return jwtEncode(text)
	}
	header := func(alg string) string {
		return encode(kv{"alg": alg, "kid": jwtHeader(t, good)["kid"]})
	}
	const (
		signature = "NotAuthorized: Could not verify signature for Access Token"
		invalid   = "NotAuthorized: Invalid Access Token"
	)
	for name, tc := range map[string]struct{ token, failure string }{
		"alg none":    {header("none") + "." + parts[1] + ".", signature},
		"HS256":       {header("HS256") + "." + parts[1] + "." + parts[2], signature},
		"RS384":       {header("RS384") + "." + parts[1] + "." + parts[2], signature},
		"unknown alg": {header("XS256") + "." + parts[1] + "." + parts[2], invalid},
		"unknown kid": {encode(kv{"alg": "RS256", "kid": "x"}) + "." + parts[1] + "." +
			parts[2], signature},
		"kid of no string": {
			encode(kv{"alg": "RS256", "kid": 1}) + "." + parts[1] + "." + parts[2], signature,
		},
		"no expiry": {parts[0] + "." + encode(kv{"token_use": "access"}) + "." + parts[2], invalid},
		"huge expiry": {
			parts[0] + "." + jwtEncode([]byte(`{"token_use":"access","exp":1e400,"iat":1}`)) + "." +
				parts[2],
			invalid,
		},
		"other claims": {
			parts[0] + "." + encode(kv{
				"token_use": "access", "exp": 1 << 40, "iat": 1, "client_id": srv.ClientID,
			}) + "." + parts[2],
			signature,
		},
		"two parts":     {parts[0] + "." + parts[1], invalid},
		"four parts":    {good + "." + parts[2], invalid},
		"dots":          {"....", invalid},
		"session":       {start(t, mfaOn).challenged("alice", "MFA_SETUP").session(), invalid},
		"refresh token": {srv.tokens("alice").refresh(), invalid},
	} {
		assert.Equal(t, tc.failure, srv.call("GetUser", kv{"AccessToken": tc.token}).failure(),
			name)
	}
	for _, token := range []string{
		"....", "a.b.c.d.e", strings.Replace(srv.tokens("alice").refresh(), "..", ".x.", 1),
	} {
		r := srv.call("GetTokensFromRefreshToken",
			kv{"ClientId": srv.ClientID, "RefreshToken": token})
		assert.Equal(t, "NotAuthorized: Invalid Refresh Token", r.failure(), token)
	}
}

// Revoked access tokens stay revoked after the refresh token has expired.
func TestRevokedUntilItExpires(t *testing.T) {
	t.Parallel()
	srv := start(t,
		func(o *options) { o.AccessTokenValidity, o.RefreshTokenValidity = time.Hour, time.Hour })
	revoke := func(token string) {
		srv.must("RevokeToken",
			kv{"ClientId": srv.ClientID, "Token": token})
	}
	refresh := srv.tokens("alice").refresh()
	srv.Advance(50 * time.Minute)
	refreshed := srv.must("InitiateAuth", kv{
		"ClientId": srv.ClientID, "AuthFlow": "REFRESH_TOKEN_AUTH",
		"AuthParameters": kv{"REFRESH_TOKEN": refresh},
	}).access()
	revoke(refresh)
	srv.Advance(20 * time.Minute)
	for range 64 { // each of them may forget others
		revoke(*srv.IssueTokens("alice").RefreshToken)
	}
	assert.Equal(t, "NotAuthorized: Access Token has been revoked",
		srv.call("GetUser", kv{"AccessToken": refreshed}).failure())
}
