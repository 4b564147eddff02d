package mfaweb_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// A refresh returns new tokens, and always the refresh token to keep.
func TestRefresh(t *testing.T) {
	for _, rotation := range []bool{false, true} {
		s := newSite(t, func(o *cognitotest.Options) { o.RefreshTokenRotation = rotation }, nil)
		first := s.signIn().tokens()
		s.Advance(time.Hour)
		next := s.post("/refresh", fields{"refreshToken": first["RefreshToken"].(string)}).tokens()
		assert.NotEqual(t, first["AccessToken"], next["AccessToken"])
		assert.NotEmpty(t, next["RefreshToken"])
		assert.Equal(t, !rotation, first["RefreshToken"] == next["RefreshToken"])
	}
	s := newSite(t, nil, nil)
	a := s.post("/refresh", fields{"refreshToken": "white-rabbit"})
	a.failed(http.StatusUnauthorized, "bad-refresh-token", "start-over")
	s.post("/refresh", fields{}).failed(http.StatusBadRequest, "missing-field", "give-up")
}

// The old spelling AccessToken still works.
func TestSpelling(t *testing.T) {
	s := newSite(t, nil, nil)
	accessToken := s.signIn().access()
	for _, member := range []string{"accessToken", "AccessToken"} {
		assert.NotEmpty(t, s.post("/mfa", fields{member: accessToken}).ok()["qrcode"])
	}
}
