package main

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func checkFirstFactor(s *subject, pool *types.UserPoolType) *finding {
	if s.flow != flowUserAuth || pool.Policies == nil || pool.Policies.SignInPolicy == nil {
		return nil
	}
	factors := pool.Policies.SignInPolicy.AllowedFirstAuthFactors
	if len(factors) == 0 || slices.Contains(factors, types.AuthFactorTypePassword) {
		return nil
	}
	return &finding{
		ID:    "first-factor",
		Level: fails,
		What: "The pool's choice-based sign-in does not accept a password as the first factor, " +
			"which is what SignIn uses: every sign-in fails.",
		Change:  "Add PASSWORD to AllowedFirstAuthFactors.",
		Command: s.changePool(`.Policies.SignInPolicy.AllowedFirstAuthFactors += ["PASSWORD"]`),
	}
}

func checkPlan(s *subject, pool *types.UserPoolType) *finding {
	allows := s.client != nil &&
		slices.Contains(allowedFlows(s.client), flowUserAuth.permission(s.public))
	lite := pool.UserPoolTier == types.UserPoolTierTypeLite
	upgrade := s.changePool(`.UserPoolTier = "ESSENTIALS"`)
	switch {
	case lite && (s.flow == flowUserAuth || s.levels):
		return &finding{
			ID:    "plan-lite",
			Level: fails,
			What: "The pool's feature plan is Lite: USER_AUTH sign-ins, and the authentication levels " +
				"(StepUp, SignInOptions.ACR) that need them, fail with ErrConfig.",
			Change:  "Upgrade to the Essentials or Plus plan, which costs more per user.",
			Command: upgrade,
		}
	case s.levels && s.client != nil && !allows:
		return &finding{
			ID:    "levels-flow",
			Level: fails,
			What: "Authentication levels (StepUp, SignInOptions.ACR) require USER_AUTH, which the " +
				"app client does not allow.",
			Change: "Add ALLOW_USER_AUTH to the allowed flows.",
			Command: s.changeClient(".ExplicitAuthFlows = " +
				jqList(append(allowedFlows(s.client), flowUserAuth.permission(s.public)))),
		}
	}
	return nil
}

func checkDevices(s *subject, pool *types.UserPoolType) *finding {
	d := pool.DeviceConfiguration
	switch {
	case d == nil || s.flow == "":
		return nil
	case s.flow != flowSRP:
		return &finding{
			ID:    "devices-flow",
			Level: fails,
			What: "The pool tracks devices, and only SRP sign-ins can confirm a device: every " +
				"Refresh fails with ErrRefreshToken.",
			Change: "Set Config.Flow to FlowSRP and call RememberDevice after each sign-in, or " +
				"turn device tracking off; users are then asked for a code on remembered devices " +
				"again.",
			Command: s.changePool("del(.DeviceConfiguration)"),
		}
	case d.ChallengeRequiredOnNewDevice:
		return &finding{
			ID:    "devices-replace-codes",
			Level: note,
			What: "The pool tracks devices, and a remembered device is not asked for a code. " +
				"Refresh fails unless the device was confirmed.",
			Change: "Call RememberDevice after a sign-in with a code, keep the Device, pass it " +
				"to SignIn and Refresh, and forget it after a time that suits your application.",
		}
	}
	return &finding{
		ID:    "devices-tracked",
		Level: note,
		What:  "The pool tracks devices. Refresh fails unless the device was confirmed.",
		Change: "Call RememberDevice after a sign-in, keep the Device, and pass it to SignIn and " +
			"Refresh.",
	}
}

func checkThreatContext(s *subject, pool *types.UserPoolType) *finding {
	mode := threatProtection(pool)
	switch {
	case mode == types.AdvancedSecurityModeTypeOff:
		return nil
	case !s.public:
		return &finding{
			ID:    "threat-context",
			Level: note,
			What: fmt.Sprintf("Threat protection is on (%s). Unless you pass the user's address, "+
				"all sign-ins seem to come from the service's address.", mode),
			Change: "Set CallOptions.Context, with the user's address and headers, for SignIn and " +
				"for each answer to a challenge.",
		}
	case s.client != nil && aws.ToBool(s.client.EnablePropagateAdditionalUserContextData):
		return &finding{
			ID:    "threat-context-passed",
			Level: note,
			What: fmt.Sprintf("Threat protection is on (%s), and the app client accepts the user's "+
				"address.", mode),
			Change: "Set CallOptions.Context, with the user's address, for SignIn and for each " +
				"answer to a challenge.",
		}
	}
	f := &finding{
		ID:    "threat-context-dropped",
		Level: risk,
		What: fmt.Sprintf("Threat protection is on (%s), but the app client does not accept the "+
			"user's address from the service: all users seem to sign in from one computer and "+
			"may be blocked together.", mode),
		Change: "Set EnablePropagateAdditionalUserContextData and CallOptions.Context, or sign " +
			"in with the Admin calls (without Config.Public).",
	}
	switch {
	case s.client == nil:
	case aws.ToString(s.client.ClientSecret) == "":
		f.Change += " The setting requires an app client with a secret, which this one does not " +
			"have: create another."
	default:
		f.Command = s.changeClient(".EnablePropagateAdditionalUserContextData = true")
	}
	return f
}

func checkThreatActions(s *subject, pool *types.UserPoolType) *finding {
	if threatProtection(pool) != types.AdvancedSecurityModeTypeEnforced || s.risk == nil ||
		s.mfa == nil || s.mfa.MfaConfiguration != types.UserPoolMfaTypeOptional {
		return nil
	}
	takeover := s.risk.AccountTakeoverRiskConfiguration
	if takeover == nil || takeover.Actions == nil {
		return nil
	}
	for _, a := range []*types.AccountTakeoverActionType{
		takeover.Actions.LowAction, takeover.Actions.MediumAction, takeover.Actions.HighAction,
	} {
		if a != nil && a.EventAction == types.AccountTakeoverEventActionTypeMfaRequired {
			return &finding{
				ID:    "threat-mfa-required",
				Level: note,
				What: "Threat protection requires MFA for sign-ins that look risky " +
					"(MFA_REQUIRED), and rejects users who have not enrolled.",
				Change: "Have users enroll, or choose MFA_IF_CONFIGURED.",
			}
		}
	}
	return nil
}

func checkCompromisedPasswords(s *subject, _ *types.UserPoolType) *finding {
	if s.flow != flowSRP || s.risk == nil || s.risk.CompromisedCredentialsRiskConfiguration == nil {
		return nil
	}
	c := s.risk.CompromisedCredentialsRiskConfiguration
	signIns := len(c.EventFilter) == 0 ||
		slices.Contains(c.EventFilter, types.EventFilterTypeSignIn)
	if !signIns || c.Actions == nil ||
		c.Actions.EventAction != types.CompromisedCredentialsEventActionTypeBlock {
		return nil
	}
	return &finding{
		ID:    "compromised-unchecked",
		Level: note,
		What: "The pool blocks sign-ins with leaked passwords. With SRP Cognito never sees the " +
			"password and cannot check it.",
		Change: "Set Config.Flow to FlowPassword where the check matters.",
	}
}

func checkMigration(s *subject, pool *types.UserPoolType) *finding {
	if s.flow != flowSRP || pool.LambdaConfig == nil ||
		aws.ToString(pool.LambdaConfig.UserMigration) == "" {
		return nil
	}
	return &finding{
		ID:    "migration-flow",
		Level: risk,
		What: "The pool migrates users with a Lambda trigger, which needs the password. With SRP " +
			"Cognito never sees it: users who have not been migrated cannot sign in.",
		Change: "Set Config.Flow to FlowPassword until all users are migrated.",
	}
}

func checkRecovery(s *subject, pool *types.UserPoolType) *finding {
	if s.mfa == nil || pool.AccountRecoverySetting == nil {
		return nil
	}
	mechanisms := pool.AccountRecoverySetting.RecoveryMechanisms
	only := func(name types.RecoveryOptionNameType) bool {
		return len(mechanisms) == 1 && mechanisms[0].Name == name
	}
	channel := ""
	switch {
	case s.mfa.SmsMfaConfiguration != nil && only(types.RecoveryOptionNameTypeVerifiedPhoneNumber):
		channel = "SMS"
	case s.mfa.EmailMfaConfiguration != nil && only(types.RecoveryOptionNameTypeVerifiedEmail):
		channel = "email"
	default:
		return nil
	}
	return &finding{
		ID:    "recovery-channel",
		Level: risk,
		What: fmt.Sprintf("Password recovery works by %[1]s only, and %[1]s is also a second factor: "+
			"Cognito does not send both to the same address, so users with that factor cannot "+
			"recover their password.", channel),
		Change: "Allow recovery by email and SMS.",
		Command: s.changePool(`.AccountRecoverySetting.RecoveryMechanisms = ` +
			`[{Name: "verified_email", Priority: 1}, {Name: "verified_phone_number", Priority: 2}]`),
	}
}

func checkDelivery(_ *subject, pool *types.UserPoolType) *finding {
	for _, failure := range []struct {
		channel string
		text    *string
	}{{"SMS", pool.SmsConfigurationFailure}, {"email", pool.EmailConfigurationFailure}} {
		if aws.ToString(failure.text) != "" {
			return &finding{
				ID:    "delivery-failure",
				Level: risk,
				What: fmt.Sprintf("Cognito reports that it cannot send codes by %s: %s",
					failure.channel, shown(*failure.text)),
				Change: "Correct the pool's message settings and the IAM role in them.",
			}
		}
	}
	return nil
}

func checkSignUp(s *subject, pool *types.UserPoolType) *finding {
	if pool.AdminCreateUserConfig != nil && pool.AdminCreateUserConfig.AllowAdminCreateUserOnly {
		return nil
	}
	return &finding{
		ID:    "sign-up-open",
		Level: note,
		What: "Anyone who knows the app client's ID, and its secret if it has one, can sign up " +
			"(SignUp).",
		Change:  "If only administrators create users, set AllowAdminCreateUserOnly.",
		Command: s.changePool(".AdminCreateUserConfig.AllowAdminCreateUserOnly = true"),
	}
}

func checkRequiredAttributes(_ *subject, pool *types.UserPoolType) *finding {
	var names []string
	for _, a := range pool.SchemaAttributes {
		if name := aws.ToString(a.Name); aws.ToBool(a.Required) && name != "sub" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &finding{
		ID:    "required-attributes",
		Level: note,
		What: fmt.Sprintf("Users must have these attributes: %s. Users created without them must "+
			"provide them with the new password.", shown(list(names))),
		Change: "Ask for the attributes in NewPasswordChallenge.Required, and pass them to " +
			"SetNewPassword.",
	}
}

func checkCase(_ *subject, pool *types.UserPoolType) *finding {
	if pool.UsernameConfiguration != nil && !aws.ToBool(pool.UsernameConfiguration.CaseSensitive) {
		return nil
	}
	return &finding{
		ID:    "case-sensitive",
		Level: note,
		What: "User names and email addresses are case sensitive: Alice and alice are two " +
			"users. This cannot be changed in an existing pool.",
		Change: "Convert names to one case before SignIn and when creating users.",
	}
}
