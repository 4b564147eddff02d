package cognitomfa

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Status is how a user's MFA stands.
type Status struct {
	// Username is the name that Cognito knows the user by.
	Username string
	// Enabled are the methods that are switched on; empty if MFA is off.
	Enabled []Method
	// Preferred is the method that the next sign-in asks for; "" if none is preferred.
	Preferred Method
}

// TOTP reports whether an authenticator is switched on.
func (s *Status) TOTP() bool { return slices.Contains(s.Enabled, MethodTOTP) }

// Status asks how a signed-in user's MFA stands. In a pool that demands MFA a user may have to give codes though nothing is listed.
//
// It makes one call, GetUser, which the access token authorises.
func (c *Client) Status(ctx context.Context, accessToken string) (*Status, error) {
	return c.status(ctx, call{"status", byToken}, accessToken)
}

func (c *Client) status(ctx context.Context, cl call, accessToken string) (*Status, error) {
	if accessToken == "" {
		return nil, &Error{Op: cl.op, Kind: ErrAccessToken}
	}
	out, err := c.api.GetUser(ctx, &cognitoidentityprovider.GetUserInput{AccessToken: &accessToken})
	if err != nil {
		return nil, cl.fail(err)
	}
	return &Status{
		Username:  aws.ToString(out.Username),
		Enabled:   methods(out.UserMFASettingList),
		Preferred: Method(aws.ToString(out.PreferredMfaSetting)),
	}, nil
}

// Disable switches TOTP off for a signed-in user. His authenticator stays registered: Enable switches it on again. In a pool that demands
// MFA it is [ErrMFARequired], and nothing is changed where that can be known beforehand.
//
// It makes up to three calls: GetUserPoolMfaConfig (IAM action cognito-idp:GetUserPoolMfaConfig on the pool), unless Config.Public is
// set or there is no Config.UserPoolID; then SetUserMFAPreference and GetUser, which the access token authorises. The first is needed because
// Cognito has been seen to accept the second in a pool that demands MFA, to show TOTP as off, and to ask for a code all the same; a public client,
// which may not ask about the pool, is told of it only where GetUser still lists TOTP.
func (c *Client) Disable(ctx context.Context, accessToken string) error {
	cl := call{"disable", byToken}
	if accessToken == "" {
		return &Error{Op: cl.op, Kind: ErrAccessToken}
	}
	if !c.public {
		out, err := c.api.GetUserPoolMfaConfig(ctx, &cognitoidentityprovider.GetUserPoolMfaConfigInput{UserPoolId: c.userPoolID})
		if err != nil {
			return call{cl.op, byIAM}.fail(err)
		}
		if out.MfaConfiguration == types.UserPoolMfaTypeOn {
			return &Error{Op: cl.op, Kind: ErrMFARequired}
		}
	}
	if err := c.setTOTP(ctx, cl, accessToken, false); err != nil {
		return err
	}
	status, err := c.status(ctx, cl, accessToken)
	if err != nil {
		return err
	}
	if status.TOTP() {
		return &Error{Op: cl.op, Kind: ErrMFARequired}
	}
	return nil
}

// ResetOptions are the options of [Client.ResetTOTP].
type ResetOptions struct {
	// SignOut also ends all of the user's sessions, which is right if the lost device may be in the wrong hands. The default is false.
	SignOut bool
}

// ResetTOTP forgets the authenticator of a user who has lost it, whoever he is: make sure beforehand that it is he who asks. A pool that demands MFA then
// lets him set a new one up at the next sign-in; in other pools he signs in without a code. It is [ErrUserNotFound] for an unknown user and
// [ErrNotEnrolled] for one without an authenticator.
//
// For users who shall help themselves, keep recovery codes in the application: at Verify, make ten random codes of at least 64 bits, show them once, and store
// only a salted, slow hash of each (such as Argon2id) beside the user name. When a user has given his password and then, in place of the authenticator's
// code, one of these, compare it in constant time, delete it before anything else, call ResetTOTP and let him sign in and enroll again. Count failed
// attempts per user, and tell him by e-mail that a code was used.
//
// It makes one call, AdminDeleteSoftwareToken (IAM action cognito-idp:AdminDeleteSoftwareToken on the pool), and with SignOut a second,
// AdminUserGlobalSignOut (IAM action cognito-idp:AdminUserGlobalSignOut).
func (c *Client) ResetTOTP(ctx context.Context, username string, optFns ...func(*ResetOptions)) error {
	cl := call{"reset totp", byIAM}
	if *c.userPoolID == "" {
		return &Error{Op: cl.op, Kind: ErrConfig, Err: errors.New("it needs Config.UserPoolID")}
	}
	if username == "" {
		return &Error{Op: cl.op, Kind: ErrUserNotFound}
	}
	var again watchingRetryer
	_, err := c.api.AdminDeleteSoftwareToken(ctx, &cognitoidentityprovider.AdminDeleteSoftwareTokenInput{
		UserPoolId: c.userPoolID, Username: &username,
	}, again.watch)
	if err != nil {
		err = cl.fail(err)
		if !again.lost || !errors.Is(err, ErrNotEnrolled) {
			return err
		}
		// An earlier try, whose answer was lost, has deleted it.
	}
	if !resolve(optFns).SignOut {
		return nil
	}
	_, err = c.api.AdminUserGlobalSignOut(ctx, &cognitoidentityprovider.AdminUserGlobalSignOutInput{UserPoolId: c.userPoolID, Username: &username})
	if err != nil {
		return cl.fail(err)
	}
	return nil
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
