package cognitomfa

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Status is the state of a user's MFA. It is about the user, not about any one sign-in: a session
// that was opened with the password alone, before MFA was turned on, shows the same.
type Status struct {
	// Username is the name that Cognito knows the user by.
	Username string
	// Enabled are the methods that are turned on; empty if MFA is off.
	Enabled []Method
	// Preferred is the method that the next sign-in asks for; "" if none is preferred.
	Preferred Method

	// UserStatus is the state of the account, such as "CONFIRMED" or "FORCE_CHANGE_PASSWORD". Only
	// the administrator's calls fill it in.
	UserStatus string
	// Disabled tells whether an administrator has disabled the user. Only the administrator's calls
	// fill it in.
	Disabled bool
}

// TOTP reports whether an authenticator is turned on.
func (s *Status) TOTP() bool { return slices.Contains(s.Enabled, MethodTOTP) }

// Status returns the state of a signed-in user's MFA. It does not say how this session was opened:
// do not guard anything with it. Sessions from before MFA was turned on live on, for as long as
// they are refreshed; end them with SignOut after Verify, or compare auth_time. A pool that
// requires MFA may ask users for codes though nothing is listed: only preference calls, as Verify
// and VerifySetup make, add to the list.
//
// It makes one call, GetUser, which the access token authorizes.
func (c *Client) Status(ctx context.Context, accessToken string) (*Status, error) {
	return c.status(ctx, newCall("status", byToken), accessToken)
}

func (c *Client) status(ctx context.Context, cl *call, accessToken string) (*Status, error) {
	if accessToken == "" {
		return nil, cl.refuse(ErrAccessToken, "")
	}
	out, err := c.api.GetUser(ctx, &cip.GetUserInput{AccessToken: &accessToken}, cl.follow)
	if err != nil {
		return nil, cl.fail(ctx, err)
	}
	if aws.ToString(out.Username) == "" {
		return nil, cl.unusable("the response names no user")
	}
	return &Status{
		Username:  *out.Username,
		Enabled:   methods(out.UserMFASettingList),
		Preferred: methodOf(aws.ToString(out.PreferredMfaSetting)),
	}, nil
}

// Disable turns TOTP off for a signed-in user. The authenticator stays registered: Enable turns it
// on again. In a pool that requires MFA it is [ErrMFARequired], unless another method that the pool
// offers is enabled.
//
// It makes two to four calls: GetUserPoolMfaConfig (IAM action cognito-idp:GetUserPoolMfaConfig on
// the pool), unless Config.Public is set; GetUser, if the pool requires MFA; then
// SetUserMFAPreference and GetUser. The access token authorizes all but the first. Asking the pool
// is needed because Cognito has been seen to accept the change in a pool that requires MFA, to show
// TOTP as off, and to ask for a code all the same
// (https://github.com/aws/aws-sdk-js-v3/issues/7961). A public client cannot ask, and notices only
// if GetUser still lists TOTP.
func (c *Client) Disable(ctx context.Context, accessToken string) error {
	cl := newCall("disable", byToken)
	if accessToken == "" {
		return cl.refuse(ErrAccessToken, "")
	}
	pool, err := c.requiring(ctx, cl)
	if err != nil {
		return err
	}
	if pool != nil {
		status, err := c.status(ctx, cl.then(byToken), accessToken)
		if err != nil {
			return err
		}
		left := func(m Method) bool { return offersBesideTOTP(pool, m) }
		if !slices.ContainsFunc(status.Enabled, left) {
			return cl.refuse(ErrMFARequired, "")
		}
	}
	if err := c.setTOTP(ctx, cl, accessToken, types.SoftwareTokenMfaSettingsType{}); err != nil {
		return err
	}
	status, err := c.status(ctx, cl.then(byToken), accessToken)
	if err != nil {
		return err
	}
	if status.TOTP() {
		return cl.refuse(ErrMFARequired, "")
	}
	return nil
}

// requiring asks the pool whether it requires MFA. It returns the pool's settings if it does, else
// nil; nil also for a public client, which may not ask.
func (c *Client) requiring(
	ctx context.Context, cl *call,
) (*cip.GetUserPoolMfaConfigOutput, error) {
	if c.public {
		return nil, nil //nolint:nilnil // Nil is the pool that requires nothing.
	}
	asking := cl.then(byIAM)
	pool, err := c.api.GetUserPoolMfaConfig(ctx,
		&cip.GetUserPoolMfaConfigInput{UserPoolId: c.userPoolID}, asking.follow)
	if err != nil {
		return nil, asking.fail(ctx, err)
	}
	switch pool.MfaConfiguration {
	case types.UserPoolMfaTypeOn:
		return pool, nil
	case types.UserPoolMfaTypeOff, types.UserPoolMfaTypeOptional:
		return nil, nil //nolint:nilnil // Nil is the pool that requires nothing.
	}
	return nil, asking.unusable("the response does not say whether the pool requires MFA")
}

// offersBesideTOTP reports whether m is another method than TOTP that the pool offers.
func offersBesideTOTP(pool *cip.GetUserPoolMfaConfigOutput, m Method) bool {
	switch m {
	case MethodSMS:
		return pool.SmsMfaConfiguration != nil
	case MethodEmail:
		return pool.EmailMfaConfiguration != nil
	}
	return false
}

// EnableOptions are the options of [Client.Enable].
type EnableOptions struct {
	// NotPreferred is as in VerifyOptions.
	NotPreferred bool
}

// Enable turns MFA on for a signed-in user who has a registered authenticator, and makes TOTP the
// preferred method: the second half of Verify, to be repeated after [ErrNotEnabled], or to undo
// Disable. Without a registered authenticator it is [ErrNotEnrolled].
//
// It makes one call, SetUserMFAPreference, which the access token authorizes.
func (c *Client) Enable(
	ctx context.Context, accessToken string, optFns ...func(*EnableOptions),
) error {
	opts := resolve(optFns)
	return c.setTOTP(ctx, newCall("enable", byToken), accessToken, on(opts.NotPreferred))
}

// on is the setting that turns TOTP on, as the preferred method or as one of several.
func on(notPreferred bool) types.SoftwareTokenMfaSettingsType {
	return types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: !notPreferred}
}

// setTOTP turns TOTP on or off.
func (c *Client) setTOTP(
	ctx context.Context, cl *call, accessToken string, settings types.SoftwareTokenMfaSettingsType,
) error {
	if accessToken == "" {
		return cl.refuse(ErrAccessToken, "")
	}
	_, err := c.api.SetUserMFAPreference(ctx, &cip.SetUserMFAPreferenceInput{
		AccessToken: &accessToken, SoftwareTokenMfaSettings: &settings,
	}, cl.follow)
	if err != nil {
		return cl.fail(ctx, err)
	}
	return nil
}

// SetMethods turns exactly the given methods on for a signed-in user, and prefers one of them; ""
// prefers none, so the next sign-in asks which to use ([SelectChallenge]). MethodSMS and
// MethodEmail need no more than a phone number or an email address of the user; Cognito marks it
// verified once a code sent there was entered. It is [ErrMethod] if preferred is not among the
// methods or one of them is unknown, [ErrNotEnrolled] for MethodTOTP without a registered
// authenticator, and [ErrAttribute] without the number or address. Turning all off is
// [ErrMFARequired] in a pool that requires MFA.
//
// It makes one call, SetUserMFAPreference, which the access token authorizes. To turn all methods
// off it first asks the pool, by GetUserPoolMfaConfig, as Disable does.
func (c *Client) SetMethods(
	ctx context.Context, accessToken string, enabled []Method, preferred Method,
) error {
	cl := newCall("set methods", byToken)
	if accessToken == "" {
		return cl.refuse(ErrAccessToken, "")
	}
	for _, m := range enabled {
		if !m.known() {
			return cl.refuse(ErrMethod, "")
		}
	}
	if preferred != "" && !slices.Contains(enabled, preferred) {
		return cl.refuse(ErrMethod, "the preferred method is not enabled")
	}
	if len(enabled) == 0 {
		pool, err := c.requiring(ctx, cl)
		if err != nil {
			return err
		}
		if pool != nil {
			return cl.refuse(ErrMFARequired, "")
		}
	}
	is := func(m Method) (bool, bool) { return slices.Contains(enabled, m), m == preferred }
	var totp types.SoftwareTokenMfaSettingsType
	var sms types.SMSMfaSettingsType
	var email types.EmailMfaSettingsType
	totp.Enabled, totp.PreferredMfa = is(MethodTOTP)
	sms.Enabled, sms.PreferredMfa = is(MethodSMS)
	email.Enabled, email.PreferredMfa = is(MethodEmail)
	_, err := c.api.SetUserMFAPreference(ctx, &cip.SetUserMFAPreferenceInput{
		AccessToken:              &accessToken,
		SoftwareTokenMfaSettings: &totp,
		SMSMfaSettings:           &sms,
		EmailMfaSettings:         &email,
	}, cl.follow)
	if err != nil {
		return cl.fail(ctx, err)
	}
	return nil
}
