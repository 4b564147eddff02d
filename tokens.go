package cognitomfa

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/otpauth"
)

// Tokens is what a finished sign-in yields.
type Tokens struct {
	// Access authorises the calls a user makes for himself: Enroll, Verify, Status, Disable, SignOut.
	Access Secret
	// ID says who the user is. Verify it, as the access token, with the package token or with another verifier before trusting it.
	ID Secret
	// Refresh gets new tokens, with [Client.Refresh].
	Refresh Secret
	// TokenType is "Bearer".
	TokenType string
	// ExpiresIn is how long Access is valid from now.
	ExpiresIn time.Duration
	// DeviceKey names the device that Cognito has newly noted, in pools that remember devices; else it is empty. Refresh wants it.
	DeviceKey string
	// DeviceGroupKey belongs to DeviceKey.
	DeviceGroupKey string
}

func (*Tokens) outcome() {}

// tokens takes over what Cognito answered. The SDK's strings are kept, not copied.
func tokens(r *types.AuthenticationResultType) *Tokens {
	t := &Tokens{
		Access:    otpauth.SecretFrom(r.AccessToken),
		ID:        otpauth.SecretFrom(r.IdToken),
		Refresh:   otpauth.SecretFrom(r.RefreshToken),
		ExpiresIn: time.Duration(r.ExpiresIn) * time.Second,
	}
	if r.TokenType != nil {
		t.TokenType = *r.TokenType
	}
	if d := r.NewDeviceMetadata; d != nil {
		if d.DeviceKey != nil {
			t.DeviceKey = *d.DeviceKey
		}
		if d.DeviceGroupKey != nil {
			t.DeviceGroupKey = *d.DeviceGroupKey
		}
	}
	return t
}

// RefreshOptions are the options of [Client.Refresh]. The zero value of each means that it is not sent.
type RefreshOptions struct {
	// DeviceKey names the device, in pools that remember devices: Tokens.DeviceKey of the sign-in.
	DeviceKey string
	// ClientMetadata is handed to the pool's Lambda triggers.
	ClientMetadata map[string]string
}

// Refresh exchanges a refresh token for new tokens. Store the Refresh token of the result in place of the old one: where the app client rotates
// refresh tokens it is a new one, else it is the old one again. No MFA is asked for.
//
// It makes one call, GetTokensFromRefreshToken, which the refresh token authorises.
func (c *Client) Refresh(ctx context.Context, refreshToken string, optFns ...func(*RefreshOptions)) (*Tokens, error) {
	cl := call{"refresh", byRefresh}
	if refreshToken == "" {
		return nil, &Error{Op: cl.op, Kind: ErrRefreshToken}
	}
	opts := resolve(optFns)
	in := &cognitoidentityprovider.GetTokensFromRefreshTokenInput{
		ClientId:       c.clientID,
		RefreshToken:   &refreshToken,
		ClientSecret:   c.secretParameter(),
		ClientMetadata: opts.ClientMetadata,
	}
	if opts.DeviceKey != "" {
		in.DeviceKey = &opts.DeviceKey
	}
	out, err := c.api.GetTokensFromRefreshToken(ctx, in)
	if err != nil {
		return nil, cl.fail(err)
	}
	if out.AuthenticationResult == nil {
		return nil, &Error{Op: cl.op, Kind: ErrUnavailable, Err: errors.New("answered without tokens")}
	}
	t := tokens(out.AuthenticationResult)
	if t.Refresh.Reveal() == "" {
		t.Refresh = NewSecret(refreshToken)
	}
	return t, nil
}

// Revoke ends the sign-in that a refresh token comes from: it, and the access tokens made with it, are not accepted by Cognito any more. Who verifies
// access tokens offline accepts them until they expire. Revoking a revoked token is no error.
//
// It makes one call, RevokeToken, which the refresh token authorises.
func (c *Client) Revoke(ctx context.Context, refreshToken string) error {
	cl := call{"revoke", byRefresh}
	if refreshToken == "" {
		return &Error{Op: cl.op, Kind: ErrRefreshToken}
	}
	_, err := c.api.RevokeToken(ctx, &cognitoidentityprovider.RevokeTokenInput{
		ClientId: c.clientID, Token: &refreshToken, ClientSecret: c.secretParameter(),
	})
	if err != nil {
		return cl.fail(err)
	}
	return nil
}

// SignOut ends all sign-ins of a signed-in user, on all of his devices. Revoke ends a single one.
//
// It makes one call, GlobalSignOut, which the access token authorises.
func (c *Client) SignOut(ctx context.Context, accessToken string) error {
	cl := call{"sign out", byToken}
	if accessToken == "" {
		return &Error{Op: cl.op, Kind: ErrAccessToken}
	}
	var again watchingRetryer
	_, err := c.api.GlobalSignOut(ctx, &cognitoidentityprovider.GlobalSignOutInput{AccessToken: &accessToken}, again.watch)
	if err != nil {
		err = cl.fail(err)
		if !again.lost || !errors.Is(err, ErrAccessToken) {
			return err
		}
		// An earlier try, whose answer was lost, has revoked the token.
	}
	return nil
}

// secretParameter is the app client's secret for the calls that take it as it is; nil if there is none.
func (c *Client) secretParameter() *string {
	if s := c.clientSecret.Reveal(); s != "" {
		return &s
	}
	return nil
}
