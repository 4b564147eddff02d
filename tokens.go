package cognitomfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/cognitomfa/cognitomfa/otpauth"
)

// Tokens is what a finished sign-in yields. It is not printed or encoded by accident. To store the
// tokens on purpose, store what Plain returns; encoders that read fields by reflection without
// asking for a marshaler, such as DynamoDB's attributevalue and MongoDB's bson, write empty tokens
// otherwise, without an error.
type Tokens struct {
	// Access authorizes the calls that users make for themselves: Enroll, Verify, Status, SignOut.
	Access Secret
	// ID says who the user is. Verify it, like Access, before trusting it: with the package token
	// or another verifier.
	ID Secret
	// Refresh gets new tokens, with [Client.Refresh].
	Refresh Secret
	// TokenType is "Bearer".
	TokenType string
	// ExpiresIn is how long Access is valid, counted from the response.
	ExpiresIn time.Duration
	// ExpiresAt is when Access expires, by the client's clock, in UTC and whole seconds.
	ExpiresAt time.Time
	// DeviceKey names the device that Cognito has newly noticed, in pools that track devices; else
	// it is empty. [Client.RememberDevice] confirms it.
	DeviceKey string
	// DeviceGroupKey belongs to DeviceKey.
	DeviceGroupKey string
	// DeviceUnknown means that Cognito does not know the Device that SignIn was given: it was
	// forgotten, or is another user's or another pool's. Delete what you stored of it.
	DeviceUnknown bool
}

func (*Tokens) outcome() {}

// tokens takes over what Cognito responded with. The SDK's strings are kept, not copied.
func (c *Client) tokens(cl *call, r *types.AuthenticationResultType) (*Tokens, error) {
	if aws.ToString(r.AccessToken) == "" {
		return nil, cl.unusable("the response has no access token")
	}
	t := &Tokens{
		Access:    otpauth.SecretFrom(r.AccessToken),
		ID:        otpauth.SecretFrom(r.IdToken),
		Refresh:   otpauth.SecretFrom(r.RefreshToken),
		TokenType: aws.ToString(r.TokenType),
		ExpiresIn: time.Duration(r.ExpiresIn) * time.Second,
	}
	t.ExpiresAt = c.now().UTC().Truncate(time.Second).Add(t.ExpiresIn)
	if d := r.NewDeviceMetadata; d != nil {
		t.DeviceKey, t.DeviceGroupKey = aws.ToString(d.DeviceKey), aws.ToString(d.DeviceGroupKey)
	}
	return t, nil
}

// PlainTokens are tokens in plain text, to be put into a store on purpose: a session on the server,
// an encrypted cookie. Encoders write them. fmt and slog print REDACTED, but do not log what holds
// PlainTokens: slog's JSONHandler encodes it, and fmt does not always call Format.
type PlainTokens struct {
	AccessToken  string    `json:"access_token"`
	IDToken      string    `json:"id_token"`
	RefreshToken string    `json:"refresh_token"`
	TokenType    string    `json:"token_type"`
	ExpiresAt    time.Time `json:"expires_at"`
}

// Plain returns the tokens in plain text, without what concerns devices.
func (t *Tokens) Plain() PlainTokens {
	return PlainTokens{
		AccessToken:  t.Access.Reveal(),
		IDToken:      t.ID.Reveal(),
		RefreshToken: t.Refresh.Reveal(),
		TokenType:    t.TokenType,
		ExpiresAt:    t.ExpiresAt,
	}
}

// Tokens reverses Plain. ExpiresIn is zero: ExpiresAt says when the access token expires.
func (p PlainTokens) Tokens() *Tokens {
	return &Tokens{
		Access:    NewSecret(p.AccessToken),
		ID:        NewSecret(p.IDToken),
		Refresh:   NewSecret(p.RefreshToken),
		TokenType: p.TokenType,
		ExpiresAt: p.ExpiresAt,
	}
}

// Format implements [fmt.Formatter]: it prints REDACTED. fmt does not call it for the verbs %p and
// %w, or for PlainTokens in an unexported field, and prints the tokens then.
func (PlainTokens) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements [slog.LogValuer].
func (PlainTokens) LogValue() slog.Value { return slog.StringValue(redacted) }

// RefreshOptions are the options of [Client.Refresh]. The zero value of each means that it is not
// sent.
type RefreshOptions struct {
	// ClientMetadata is passed to the pool's Lambda triggers.
	ClientMetadata map[string]string
	// Device is that of the sign-in, whether RememberDevice returned it or SignIn was given it. In
	// a pool that tracks devices Refresh needs its Key; without it, Cognito says that the refresh
	// token is not valid.
	Device *Device
}

// Refresh exchanges a refresh token for new tokens. Store the Refresh token of the result in place
// of the old one: where the app client rotates refresh tokens it is a new one, else the old one
// again. No MFA takes place.
//
// With rotation, let one process at a time refresh a session: lock it in your session store, and
// read the stored token again once you have the lock. Of two that refresh with the same token one
// gets [ErrRefreshToken], unless the app client has a grace period (RetryGracePeriodSeconds, up to
// 60), which also makes up for a response that is lost. Without one, a lost response ends the
// session: the error is [ErrUnavailable], and a repetition is ErrRefreshToken.
//
// It makes one call, GetTokensFromRefreshToken, which the refresh token authorizes.
func (c *Client) Refresh(
	ctx context.Context, refreshToken string, optFns ...func(*RefreshOptions),
) (*Tokens, error) {
	cl := newCall("refresh", byRefresh)
	if refreshToken == "" {
		return nil, cl.refuse(ErrRefreshToken, "")
	}
	opts := resolve(optFns)
	in := &cip.GetTokensFromRefreshTokenInput{
		ClientId:       c.clientID,
		ClientSecret:   optional(c.clientSecret.Reveal()),
		RefreshToken:   &refreshToken,
		ClientMetadata: opts.ClientMetadata,
	}
	if opts.Device != nil {
		in.DeviceKey = optional(opts.Device.Key)
	}
	out, err := c.api.GetTokensFromRefreshToken(ctx, in, cl.follow)
	var reuse *types.RefreshTokenReuseException
	switch {
	case errors.As(err, &reuse) && cl.lost:
		// The SDK itself has sent the token twice. That is no reuse to raise an alarm about.
		return nil, &Error{
			Op: cl.op, Kind: ErrUnavailable, step: StepStartOver,
			hint: "the response was lost, and the refresh token is exchanged already",
		}
	case err != nil:
		return nil, cl.fail(ctx, err)
	case out.AuthenticationResult == nil:
		return nil, cl.unusable("the response has no tokens")
	}
	t, err := c.tokens(cl, out.AuthenticationResult)
	if err != nil {
		return nil, err
	}
	if t.Refresh.Reveal() == "" {
		t.Refresh = NewSecret(refreshToken)
	}
	return t, nil
}

// Revoke ends the sign-in that a refresh token comes from: Cognito no longer accepts it, nor the
// access tokens made with it. Services that verify access tokens offline accept them until they
// expire. Revoking a revoked token is no error.
//
// It makes one call, RevokeToken, which the refresh token authorizes.
func (c *Client) Revoke(ctx context.Context, refreshToken string) error {
	cl := newCall("revoke", byRefresh)
	if refreshToken == "" {
		return cl.refuse(ErrRefreshToken, "")
	}
	_, err := c.api.RevokeToken(ctx, &cip.RevokeTokenInput{
		ClientId:     c.clientID,
		ClientSecret: optional(c.clientSecret.Reveal()),
		Token:        &refreshToken,
	}, cl.follow)
	if err != nil {
		return cl.fail(ctx, err)
	}
	return nil
}

// SignOut ends all sign-ins of a signed-in user, on all devices. Revoke ends a single one. Tokens
// issued in the same second may be ended with them: a user who signs in again at once may have to
// repeat it.
//
// It makes one call, GlobalSignOut, which the access token authorizes.
func (c *Client) SignOut(ctx context.Context, accessToken string) error {
	cl := newCall("sign out", byToken)
	cl.cutOff = true
	if accessToken == "" {
		return cl.refuse(ErrAccessToken, "")
	}
	in := &cip.GlobalSignOutInput{AccessToken: &accessToken}
	_, err := c.api.GlobalSignOut(ctx, in, cl.follow)
	if err == nil || cl.lost && revoked(err) {
		// Revoked on a second try means that an earlier one, whose response was lost, has done it.
		// An expired token would say nothing of the kind.
		return nil
	}
	return cl.fail(ctx, err)
}

// revoked reports whether Cognito said that the token has been revoked.
func revoked(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) &&
		strings.Contains(strings.ToLower(api.ErrorMessage()), "has been revoked")
}
