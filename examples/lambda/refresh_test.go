package lambda_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// A refresh returns new tokens and the refresh token to keep, whether or not it is new.
func TestRefresh(t *testing.T) {
	for _, format := range formats {
		for _, rotation := range []bool{false, true} {
			name := format
			if rotation {
				name += ", rotation"
			}
			t.Run(name, func(t *testing.T) {
				s := newService(t, func(o *cognitotest.Options) {
					o.ClientSecret = appClientSecret
					o.RefreshTokenRotation = rotation
				}, "COGNITO_CLIENT_SECRET="+appClientSecret)
				first := s.post(format, "signin", "userId", userName, "userPassword", password)
				kept := first.body.AuthenticationResult
				require.NotNil(t, kept, first.text)
				s.cognito.ResetCalls()
				for range 3 {
					s.cognito.Advance(time.Hour)
					r := s.post(format, "refresh", "refreshToken", kept.RefreshToken)
					require.Equal(t, http.StatusOK, r.status, r.text)
					assert.Equal(t, "no-store", r.header.Get("Cache-Control"))
					next := r.body.AuthenticationResult
					require.NotNil(t, next)
					assert.NotEqual(t, kept.AccessToken, next.AccessToken)
					assert.NotEmpty(t, next.IdToken)
					assert.Equal(t, "Bearer", next.TokenType)
					assert.Equal(t, 3600, next.ExpiresIn)
					require.NotEmpty(t, next.RefreshToken)
					assert.Equal(t, !rotation, kept.RefreshToken == next.RefreshToken)
					assert.Equal(t, []string{"GetTokensFromRefreshToken"}, calls(s), "not signed")
					if rotation {
						r = s.post(format, "refresh", "refreshToken", kept.RefreshToken)
						refused(t, r, http.StatusUnauthorized, "bad-refresh-token", "start-over")
					}
					s.cognito.ResetCalls()
					kept = next
				}
			})
		}
	}
}

// After an expired, revoked or invalid refresh token the user must sign in again.
func TestRefreshExpired(t *testing.T) {
	s := newService(t, nil)
	signIn := func() string {
		r := s.post("http", "signin", "userId", userName, "userPassword", password)
		return r.body.AuthenticationResult.RefreshToken
	}
	old := signIn()
	s.cognito.Advance(31 * 24 * time.Hour)
	r := s.post("http", "refresh", "refreshToken", old)
	refused(t, r, http.StatusUnauthorized, "bad-refresh-token", "start-over")

	revoked := signIn()
	r = s.send("http", "pages", request{
		path: "/signout", body: object(t, "refreshToken", revoked),
	})
	require.Equal(t, http.StatusOK, r.status, r.text)
	r = s.post("http", "refresh", "refreshToken", revoked)
	refused(t, r, http.StatusUnauthorized, "bad-refresh-token", "start-over")
	r = s.post("http", "refresh", "refreshToken", "rabbit")
	refused(t, r, http.StatusUnauthorized, "bad-refresh-token", "start-over")
	r = s.post("http", "refresh", "RefreshToken", signIn())
	refused(t, r, http.StatusBadRequest, "missing-field", "give-up")
}

// refused checks an error.
func refused(t *testing.T, r reply, status int, code, next string) {
	t.Helper()
	require.Equal(t, status, r.status, r.text)
	require.NotNil(t, r.body.Error, r.text)
	assert.Equal(t, code, r.body.Error.Code)
	assert.Equal(t, next, r.body.Error.Next)
	assert.Nil(t, r.body.AuthenticationResult)
}
