package main

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// subject is what the checks examine: the settings, and how the service uses them.
type subject struct {
	*facts
	flow   flow // "" if the app client allows none
	public bool
	levels bool
	secret string // the service's, if given
	shell
}

// The checks, by the settings they need. A check that finds nothing returns nil.
var (
	clientChecks = []func(*subject, *types.UserPoolClientType) *finding{
		checkFlow, checkSecret, checkUserExistence, checkRevocation, checkRotation,
		checkSessionValidity, checkTokenValidity, checkRefreshValidity, checkTokenScope,
		checkFederation,
	}
	mfaChecks = []func(*subject, *cip.GetUserPoolMfaConfigOutput) *finding{
		checkMFA, checkWeakerMethod,
	}
	poolChecks = []func(*subject, *types.UserPoolType) *finding{
		checkFirstFactor, checkPlan, checkDevices, checkThreatContext, checkThreatActions,
		checkCompromisedPasswords, checkMigration, checkRecovery, checkDelivery, checkSignUp,
		checkRequiredAttributes, checkCase,
	}
)

// findings runs all checks and returns the findings, failures first.
func (s *subject) findings() []finding {
	found := []finding{} // Empty, not null, in JSON.
	found = apply(found, s, clientChecks, s.client)
	found = apply(found, s, mfaChecks, s.mfa)
	found = apply(found, s, poolChecks, s.pool)
	order := []level{fails, risk, note}
	slices.SortStableFunc(found, func(a, b finding) int {
		return slices.Index(order, a.Level) - slices.Index(order, b.Level)
	})
	return found
}

// apply runs checks on the settings, unless these could not be read, and appends the findings.
func apply[T any](
	found []finding, s *subject, checks []func(*subject, *T) *finding, settings *T,
) []finding {
	if settings == nil {
		return found
	}
	for _, check := range checks {
		if f := check(s, settings); f != nil {
			found = append(found, *f)
		}
	}
	return found
}

func checkFlow(s *subject, client *types.UserPoolClientType) *finding {
	allowed := allowedFlows(client)
	other := chooseFlow(client, s.public)
	want := s.flow
	if want == "" {
		want = flowPassword
	}
	permission := want.permission(s.public)
	switch {
	case !slices.Contains(allowed, permission):
		f := &finding{
			ID:    "flow-not-allowed",
			Level: fails,
			What: fmt.Sprintf("The app client does not allow %s, which Config.Flow = %s uses: "+
				"every sign-in fails.",
				want.authFlow(s.public), want.constant()),
			Change: fmt.Sprintf("Allow %s.", permission),
		}
		if other != "" {
			f.Change = fmt.Sprintf("Set Config.Flow to %s, which is allowed, or allow %s.",
				other.constant(), permission)
		}
		// Current names and those from before 2020 cannot be mixed, so the whole list is replaced.
		f.Command = s.changeClient(".ExplicitAuthFlows = " + jqList(append(allowed, permission)))
		return f
	case want != flowPassword:
		return &finding{
			ID:    "flow-config",
			Level: note,
			What: fmt.Sprintf("Sign-ins use %s, so Config.Flow must be %s; the library's "+
				"default is FlowPassword.",
				want.authFlow(s.public), want.constant()),
		}
	}
	return nil
}

func checkSecret(s *subject, client *types.UserPoolClientType) *finding {
	has, given := aws.ToString(client.ClientSecret), s.secret
	const result = "every sign-in fails with ErrSecretHash."
	switch {
	case has != "" && given == "":
		return &finding{
			ID:    "secret-missing",
			Level: fails,
			What: "The app client has a secret, but " + secretVariable + " is not set here. " +
				"Without Config.ClientSecret " + result,
			Change: "Set Config.ClientSecret in the service. To check the secret, pass it to " +
				"this command, too.",
		}
	case given == "" || subtle.ConstantTimeCompare([]byte(has), []byte(given)) == 1:
		if has == "" && !s.public && slices.ContainsFunc(allowedFlows(client), allowsPublic) {
			return &finding{
				ID:    "secret-none",
				Level: note,
				What: "The app client has no secret: anyone who knows its ID, which is public, can " +
					"try passwords without going through the service.",
				Change: "Create an app client with a secret for the service, and set " +
					"Config.ClientSecret.",
			}
		}
		return nil
	case s.secrets == nil:
		return nil // It may be a second secret: the list could not be read.
	case *s.secrets > 1 || has == "" && *s.secrets > 0:
		return &finding{
			ID:    "secret-second",
			Level: risk,
			What: "The app client has more secrets than Cognito returns, and the given secret is " +
				"not the returned one. It may or may not be valid.",
			Change: "Sign in once with cognitomfa sign-in to find out.",
		}
	case has == "":
		return &finding{
			ID:     "secret-unneeded",
			Level:  fails,
			What:   "The app client has no secret, but one is given: " + result,
			Change: "Leave Config.ClientSecret empty.",
		}
	}
	return &finding{
		ID:     "secret-wrong",
		Level:  fails,
		What:   "The given secret is not the app client's: " + result,
		Change: "Set Config.ClientSecret to the app client's secret.",
	}
}

// allowsPublic reports whether a permission lets callers without IAM permissions sign in.
func allowsPublic(permission string) bool {
	return permission == flowPassword.permission(true) || permission == flowSRP.permission(true) ||
		permission == flowUserAuth.permission(true)
}

func checkUserExistence(s *subject, client *types.UserPoolClientType) *finding {
	if client.PreventUserExistenceErrors == types.PreventUserExistenceErrorTypesEnabled {
		return nil
	}
	return &finding{
		ID:    "user-existence",
		Level: risk,
		What: "Sign-ins and password resets reveal whether a user exists, to anyone who knows " +
			"the app client's ID.",
		Change:  "Set PreventUserExistenceErrors to ENABLED.",
		Command: s.changeClient(`.PreventUserExistenceErrors = "ENABLED"`),
	}
}

func checkRevocation(s *subject, client *types.UserPoolClientType) *finding {
	if client.EnableTokenRevocation == nil || *client.EnableTokenRevocation {
		return nil
	}
	return &finding{
		ID:    "revocation-off",
		Level: risk,
		What: "Token revocation is off: Revoke fails with ErrConfig, and a stolen refresh " +
			"token works until it expires.",
		Change:  "Set EnableTokenRevocation. It takes effect for later sign-ins.",
		Command: s.changeClient(".EnableTokenRevocation = true"),
	}
}

// graceSeconds is how long a rotated refresh token should keep working: until a lost response is
// noticed.
const graceSeconds = 30

func checkRotation(s *subject, client *types.UserPoolClientType) *finding {
	switch {
	case !rotates(client):
		return nil
	case aws.ToInt32(client.RefreshTokenRotation.RetryGracePeriodSeconds) > 0:
		return &finding{
			ID:    "rotation-flow",
			Level: note,
			What: "Refresh tokens rotate. The library's Refresh supports that; programs that use the " +
				"REFRESH_TOKEN_AUTH flow with this app client are rejected.",
			Change: "Have them call GetTokensFromRefreshToken, and refresh each session from one " +
				"request at a time.",
		}
	}
	return &finding{
		ID:    "rotation-without-grace",
		Level: risk,
		What: "Refresh tokens rotate without a grace period: if the response to Refresh is lost, " +
			"or two requests refresh at once, the user has to sign in again.",
		Change: fmt.Sprintf("Set RetryGracePeriodSeconds, for example to %d (maximum 60). Still "+
			"refresh each session from one request at a time.", graceSeconds),
		Command: s.changeClient(
			fmt.Sprintf(".RefreshTokenRotation.RetryGracePeriodSeconds = %d", graceSeconds),
		),
	}
}

func checkSessionValidity(s *subject, client *types.UserPoolClientType) *finding {
	minutes := aws.ToInt32(client.AuthSessionValidity)
	if minutes > 3 {
		return nil
	}
	return &finding{
		ID:    "session-short",
		Level: note,
		What: "Each step of a sign-in must be finished within 3 minutes. In that time, users who " +
			"set up an authenticator have to install an app, scan the QR code and enter a code.",
		Change:  "Set AuthSessionValidity, for example to 10 minutes (maximum 15).",
		Command: s.changeClient(".AuthSessionValidity = 10"),
	}
}

func checkTokenValidity(s *subject, client *types.UserPoolClientType) *finding {
	access := validity(client.AccessTokenValidity, unitOf(client, "access"), time.Hour, time.Hour)
	id := validity(client.IdTokenValidity, unitOf(client, "id"), time.Hour, time.Hour)
	longest := max(access, id)
	if longest <= time.Hour {
		return nil
	}
	return &finding{
		ID:    "tokens-long",
		Level: note,
		What: fmt.Sprintf("Access or ID tokens are valid for %s. Services that verify them "+
			"offline accept them for that long after a user signs out, is disabled or loses the "+
			"authenticator.", longest),
		Change: "Set AccessTokenValidity and IdTokenValidity to an hour or less, and have " +
			"services refresh.",
		Command: s.changeClient(`.AccessTokenValidity = 60 | .IdTokenValidity = 60 | ` +
			`.TokenValidityUnits += {AccessToken: "minutes", IdToken: "minutes"}`),
	}
}

func checkRefreshValidity(_ *subject, client *types.UserPoolClientType) *finding {
	const days = 24 * time.Hour
	refresh := validity(&client.RefreshTokenValidity, unitOf(client, "refresh"), days, 30*days)
	access := validity(client.AccessTokenValidity, unitOf(client, "access"), time.Hour, time.Hour)
	switch {
	case refresh > 90*days:
		return &finding{
			ID:    "refresh-long",
			Level: note,
			What: fmt.Sprintf("A sign-in can be refreshed for %d days, and no refresh asks for a "+
				"code.", refresh/days),
			Change: "Set RefreshTokenValidity to the longest time a stolen session may work, or " +
				"ask for a code again before sensitive actions (StepUp, or compare auth_time).",
		}
	case refresh <= access:
		return &finding{
			ID:     "refresh-short",
			Level:  note,
			What:   "Refresh tokens do not outlive access tokens, so Refresh never helps.",
			Change: "Make RefreshTokenValidity longer than AccessTokenValidity.",
		}
	}
	return nil
}

// unitOf returns the unit of a token's validity, "" if none is set.
func unitOf(client *types.UserPoolClientType, token string) types.TimeUnitsType {
	u := client.TokenValidityUnits
	switch {
	case u == nil:
		return ""
	case token == "access":
		return u.AccessToken
	case token == "id":
		return u.IdToken
	}
	return u.RefreshToken
}

// validity returns how long a token is valid, from a number and its unit. defaultUnit applies if no
// unit is set, defaultValidity if no number is.
func validity(
	number *int32, unit types.TimeUnitsType, defaultUnit, defaultValidity time.Duration,
) time.Duration {
	if aws.ToInt32(number) == 0 {
		return defaultValidity
	}
	length := defaultUnit
	switch unit {
	case types.TimeUnitsTypeSeconds:
		length = time.Second
	case types.TimeUnitsTypeMinutes:
		length = time.Minute
	case types.TimeUnitsTypeHours:
		length = time.Hour
	case types.TimeUnitsTypeDays:
		length = 24 * time.Hour
	}
	return time.Duration(*number) * length
}

func checkTokenScope(s *subject, client *types.UserPoolClientType) *finding {
	const scope = "aws.cognito.signin.user.admin"
	if !aws.ToBool(client.AllowedOAuthFlowsUserPoolClient) ||
		slices.Contains(client.AllowedOAuthScopes, scope) {
		return nil
	}
	return &finding{
		ID:    "scope-missing",
		Level: note,
		What: "Tokens from managed login lack the scope " + scope + ": Enroll, Verify and Status " +
			"fail with ErrMissingScope for users who sign in there.",
		Change: "If users of managed login should enroll through the library, add the scope and " +
			"request it.",
		Command: s.changeClient(`.AllowedOAuthScopes += ["` + scope + `"]`),
	}
}

func checkFederation(_ *subject, client *types.UserPoolClientType) *finding {
	others := slices.DeleteFunc(
		slices.Clone(client.SupportedIdentityProviders),
		func(p string) bool { return p == "COGNITO" },
	)
	if len(others) == 0 {
		return nil
	}
	return &finding{
		ID:    "federation",
		Level: note,
		What: fmt.Sprintf("Users can sign in through other identity providers (%s). They can "+
			"enroll, but Cognito never asks them for a code.", shown(list(others))),
		Change: "Have the provider require MFA, and do not offer enrollment to these users.",
	}
}

func checkMFA(s *subject, mfa *cip.GetUserPoolMfaConfigOutput) *finding {
	totp := mfa.SoftwareTokenMfaConfiguration != nil && mfa.SoftwareTokenMfaConfiguration.Enabled
	pool := quote(s.target.pool)
	switch {
	case mfa.MfaConfiguration == types.UserPoolMfaTypeOff || mfa.MfaConfiguration == "":
		f := &finding{
			ID:    "mfa-off",
			Level: fails,
			What: "MFA is off in the user pool: Enroll fails with ErrTOTPDisabled, and no " +
				"sign-in asks for a code.",
			Change: "Turn MFA on with TOTP: OPTIONAL lets each user choose, ON requires it.",
			Command: s.aws("set-user-pool-mfa-config",
				"--user-pool-id", pool,
				"--mfa-configuration OPTIONAL",
				"--software-token-mfa-configuration Enabled=true",
			),
		}
		if mfa.WebAuthnConfiguration != nil { // The call would reset it.
			f.Command = s.changeMFA(
				`.MfaConfiguration = "OPTIONAL" | .SoftwareTokenMfaConfiguration = {Enabled: true}`,
			)
		}
		return f
	case !totp:
		return &finding{
			ID:      "totp-off",
			Level:   fails,
			What:    "The user pool does not offer TOTP: Enroll fails with ErrTOTPDisabled.",
			Change:  "Turn TOTP on, alongside the other methods.",
			Command: s.changeMFA(".SoftwareTokenMfaConfiguration = {Enabled: true}"),
		}
	case mfa.MfaConfiguration == types.UserPoolMfaTypeOptional:
		return &finding{
			ID:    "mfa-optional",
			Level: note,
			What: "MFA is optional: users without it sign in with the password alone, and the result " +
				"of SignIn does not tell which users those are.",
			Change: "Ask for a code before sensitive actions, or require MFA. " +
				"cognitomfa report lists the users without MFA.",
		}
	}
	return nil
}

func checkWeakerMethod(_ *subject, mfa *cip.GetUserPoolMfaConfigOutput) *finding {
	var others []string
	for _, m := range methodsOf(mfa) {
		if m != "TOTP" {
			others = append(others, m)
		}
	}
	if mfa.MfaConfiguration != types.UserPoolMfaTypeOn || len(others) == 0 {
		return nil
	}
	return &finding{
		ID:    "weaker-method",
		Level: risk,
		What: fmt.Sprintf("The pool requires MFA and also offers %s: users with such an address "+
			"are sent a code there and are never asked to set up an authenticator.", list(others)),
		Change: "Offer only TOTP, or have these users enroll after the sign-in (Enroll, Verify).",
	}
}
