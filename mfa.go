package cognitomfa

import (
	"context"
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

// Enable switches MFA on for a signed-in user who has a registered authenticator, and makes TOTP the preferred method: the second half of Verify, to be
// repeated after [ErrNotEnabled], or to undo Disable. Without a registered authenticator it is [ErrNotEnrolled].
//
// It makes one call, SetUserMFAPreference, which the access token authorises.
func (c *Client) Enable(ctx context.Context, accessToken string) error {
	return c.setTOTP(ctx, call{"enable", byToken}, accessToken, true)
}

// setTOTP switches TOTP on, as the preferred method, or off.
func (c *Client) setTOTP(ctx context.Context, cl call, accessToken string, on bool) error {
	if accessToken == "" {
		return &Error{Op: cl.op, Kind: ErrAccessToken}
	}
	_, err := c.api.SetUserMFAPreference(ctx, &cognitoidentityprovider.SetUserMFAPreferenceInput{
		AccessToken:              &accessToken,
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: on, PreferredMfa: on},
	})
	if err != nil {
		return cl.fail(err)
	}
	return nil
}
