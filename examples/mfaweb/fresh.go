package mfaweb

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// requireFresh returns an error if the user has MFA on and this sign-in is older than FreshSignIn.
// A first enrollment always passes.
//
// A call to Cognito with the same access token must follow, because the claims are not verified
// here: for a forged token, that call fails.
func (a *API) requireFresh(ctx context.Context, accessToken string) error {
	at, ok := authTime(accessToken)
	if ok && a.opts.Now().Sub(at) <= a.opts.FreshSignIn {
		return nil
	}
	if !strings.Contains(accessToken, ".") {
		return nil // Not a token: the call that follows fails, and this saves one.
	}
	status, err := a.client.Status(ctx, accessToken)
	if err != nil {
		return err
	}
	// Any method counts, because adding an authenticator to MFA by SMS bypasses the SMS.
	if len(status.Enabled) > 0 {
		return freshSignInRequired(a.opts.FreshSignIn)
	}
	return nil
}

// authTime returns when the user of an access token signed in. It does not verify the token.
func authTime(accessToken string) (time.Time, bool) {
	parts := strings.Split(accessToken, ".")
	if len(parts) != 3 {
		return time.Time{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}, false
	}
	var claims struct {
		AuthTime int64 `json:"auth_time"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil || claims.AuthTime == 0 {
		return time.Time{}, false
	}
	return time.Unix(claims.AuthTime, 0), true
}
