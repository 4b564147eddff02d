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

// subject is what the checks look at: what was read, and how the service uses it.
type subject struct {
	*facts
	flow   flow // "" if the app client allows none
	public bool
	levels bool
	secret string // that the service has
	shell
}

// The checks, by what they need to have been read. One that finds nothing returns nil.
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

// findings runs all checks and lists what they found, what fails first.
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

// apply runs checks on what was read, and appends what they found.
func apply[T any](
	found []finding, s *subject, checks []func(*subject, *T) *finding, read *T,
) []finding {
	if read == nil {
		return found
	}
	for _, look := range checks {
		if f := look(s, read); f != nil {
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
			What: fmt.Sprintf("The app client does not allow %s, which Config.Flow = %s takes: "+
				"no sign-in works.",
				want.authFlow(s.public), want.constant()),
			Change: fmt.Sprintf("Allow %s.", permission),
		}
		if other != "" {
			f.Change = fmt.Sprintf(
				"Set Config.Flow to %s, which is allowed, or allow %s.",
				other.constant(),
				permission,
			)
		}
		// Names of today and from before 2020 cannot be mixed, so the list is written anew.
		f.Command = s.changeClient(".ExplicitAuthFlows = " + jqList(append(allowed, permission)))
		return f
	case want != flowPassword:
		return &finding{
			ID:    "flow-config",
			Level: note,
			What: fmt.Sprintf("Sign-ins take %s, so Config.Flow must be %s; the library's "+
				"default is FlowPassword.",
				want.authFlow(s.public), want.constant()),
		}
	}
	return nil
}

func checkSecret(s *subject, client *types.UserPoolClientType) *finding {
	has, given := aws.ToString(client.ClientSecret), s.secret
	const what = "every sign-in fails with ErrSecretHash."
	switch {
	case has != "" && given == "":
		return &finding{
			ID:    "secret-missing",
			Level: fails,
			What: "The app client has a secret, and " + secretVariable + " is not set here. " +
				"Without Config.ClientSecret " +
				what,
			Change: "Give the secret to the service, and to this program to have it compared.",
		}
	case given == "" || subtle.ConstantTimeCompare([]byte(has), []byte(given)) == 1:
		if has == "" && !s.public && slices.ContainsFunc(allowedFlows(client), opensWithoutRights) {
			return &finding{
				ID:    "secret-none",
				Level: note,
				What: "The app client has no secret: whoever knows its id, which is public, can " +
					"try passwords without going through the service.",
				Change: "Create an app client with a secret for services, and set " +
					"Config.ClientSecret.",
			}
		}
		return nil
	case s.secrets == nil:
		return nil // It may be a secret that could not be listed.
	case *s.secrets > 1 || has == "" && *s.secrets > 0:
		return &finding{
			ID:    "secret-second",
			Level: risk,
			What: "The app client has more secrets than Cognito gives back, and the one given is " +
				"not the one that it gives back. It may be the other one; that cannot be told.",
			Change: "Sign in once with cognitomfa sign-in to find out.",
		}
	case has == "":
		return &finding{
			ID:    "secret-unneeded",
			Level: fails, What: "The app client has no secret, but one is given: " + what,
			Change: "Leave Config.ClientSecret empty.",
		}
	}
	return &finding{
		ID:    "secret-wrong",
		Level: fails, What: "The given secret is not the app client's: " + what,
		Change: "Set Config.ClientSecret to the app client's secret.",
	}
}

// opensWithoutRights reports whether a permission opens a sign-in to callers without IAM rights.
func opensWithoutRights(permission string) bool {
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
		What: "Sign-ins and password resets tell an unknown user from a wrong password, to " +
			"everybody who knows the app client's id.",
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
		What: "Token revocation is off: Revoke fails with ErrConfig, and a refresh token that " +
			"got into the wrong hands works until it expires.",
		Change:  "Set EnableTokenRevocation. It holds for sign-ins from then on.",
		Command: s.changeClient(".EnableTokenRevocation = true"),
	}
}

// grace is how long a rotated refresh token should go on working, in seconds: for as long as a lost
// response takes to be noticed.
const grace = 30

func checkRotation(s *subject, client *types.UserPoolClientType) *finding {
	switch {
	case !rotates(client):
		return nil
	case aws.ToInt32(client.RefreshTokenRotation.RetryGracePeriodSeconds) > 0:
		return &finding{
			ID:    "rotation-flow",
			Level: note,
			What: "Refresh tokens rotate. The library's Refresh works with that; programs that " +
				"refresh by the flow REFRESH_TOKEN_AUTH through this app client are refused.",
			Change: "Let them call GetTokensFromRefreshToken, and let one request at a time " +
				"refresh a session.",
		}
	}
	return &finding{
		ID:    "rotation-without-grace",
		Level: risk,
		What: "Refresh tokens rotate without a grace period: if a response to Refresh is lost, " +
			"or two requests refresh at once, the user has to sign in again.",
		Change: fmt.Sprintf("Set RetryGracePeriodSeconds, to %d for instance; 60 is the most. "+
			"Let one request at a time refresh a session all the same.", grace),
		Command: s.changeClient(
			fmt.Sprintf(".RefreshTokenRotation.RetryGracePeriodSeconds = %d", grace),
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
		What: "A step of a sign-in may take 3 minutes. Users who set up an authenticator have to " +
			"install an app, scan and enter a code in that time.",
		Change:  "Set AuthSessionValidity, to 10 minutes for instance; 15 is the most.",
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
		What: fmt.Sprintf("Access or ID tokens are good for %s. Services that verify them "+
			"offline accept them for that long after a user has signed out, was disabled, or "+
			"lost the authenticator.", longest),
		Change: "Set AccessTokenValidity and IdTokenValidity to an hour or less, and let " +
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
			Change: "Set RefreshTokenValidity to as long as a stolen session may work, or ask " +
				"again for what is delicate (StepUp, or compare auth_time).",
		}
	case refresh <= access:
		return &finding{
			ID:     "refresh-short",
			Level:  note,
			What:   "Refresh tokens do not outlive access tokens, so a refresh never helps.",
			Change: "Set RefreshTokenValidity longer than AccessTokenValidity.",
		}
	}
	return nil
}

// unitOf is the unit of a token's validity; "" if none is set.
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

// validity is how long a token lives, from a number and its unit.
func validity(
	number *int32,
	unit types.TimeUnitsType,
	usual, otherwise time.Duration,
) time.Duration {
	if aws.ToInt32(number) == 0 {
		return otherwise
	}
	switch unit {
	case types.TimeUnitsTypeSeconds:
		usual = time.Second
	case types.TimeUnitsTypeMinutes:
		usual = time.Minute
	case types.TimeUnitsTypeHours:
		usual = time.Hour
	case types.TimeUnitsTypeDays:
		usual = 24 * time.Hour
	}
	return time.Duration(*number) * usual
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
		What: "Tokens of managed login lack the scope " + scope + ": Enroll, Verify and Status " +
			"fail with ErrMissingScope for users who sign in there.",
		Change: "Add the scope, if users of managed login are to enroll through the library, and " +
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
		Change: "Require MFA of the provider, and do not offer these users an enrollment.",
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
			Change: "Turn MFA on with TOTP: OPTIONAL lets each user choose, ON requires it of all.",
			Command: s.aws(
				"set-user-pool-mfa-config",
				"--user-pool-id",
				pool,
				"--mfa-configuration "+
					"OPTIONAL",
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
			Change:  "Turn TOTP on, beside the other methods.",
			Command: s.changeMFA(".SoftwareTokenMfaConfiguration = {Enabled: true}"),
		}
	case mfa.MfaConfiguration == types.UserPoolMfaTypeOptional:
		return &finding{
			ID:    "mfa-optional",
			Level: note,
			What: "MFA is optional: users without it sign in with the password alone, and what " +
				"SignIn returns does not tell which users those are.",
			Change: "Guard what is delicate by a step that asks for a code, or require MFA. " +
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
		What: fmt.Sprintf("The pool requires MFA and also offers %s: users who have such an "+
			"address are asked for a code sent there, and are never led to set up an "+
			"authenticator.", list(others)),
		Change: "Offer TOTP alone, or have these users enroll after the sign-in (Enroll, Verify).",
	}
}
