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
		What: "The pool's choice-based sign-in does not take a password as the first factor, " +
			"which SignIn presents: no sign-in works.",
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
			What: "The pool's feature plan is Lite: sign-ins by USER_AUTH, and with them " +
				"authentication levels (StepUp, SignInOptions.ACR), fail with ErrConfig.",
			Change:  "Change to the plan Essentials or Plus, which costs more per user.",
			Command: upgrade,
		}
	case s.levels && s.client != nil && !allows:
		return &finding{
			ID:    "levels-flow",
			Level: fails,
			What: "Authentication levels (StepUp, SignInOptions.ACR) take USER_AUTH, which the " +
				"app client does not allow.",
			Change: "Allow ALLOW_USER_AUTH, beside the other flows.",
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
			What: "The pool tracks devices, and only sign-ins by SRP can confirm one: every " +
				"Refresh fails with ErrRefreshToken.",
			Change: "Set Config.Flow to FlowSRP and call RememberDevice after each sign-in, or " +
				"turn device tracking off. Devices that users have had remembered are then asked " +
				"for a code again.",
			Command: s.changePool("del(.DeviceConfiguration)"),
		}
	case d.ChallengeRequiredOnNewDevice:
		return &finding{
			ID:    "devices-replace-codes",
			Level: note,
			What: "The pool tracks devices, and a remembered device is not asked for a code. " +
				"Refresh fails unless the device was confirmed.",
			Change: "Call RememberDevice after a sign-in with a code, keep the Device, give it " +
				"to SignIn and Refresh, and forget it after as long as your application wants.",
		}
	}
	return &finding{
		ID:    "devices-tracked",
		Level: note,
		What:  "The pool tracks devices. Refresh fails unless the device was confirmed.",
		Change: "Call RememberDevice after a sign-in, keep the Device, and give it to SignIn and " +
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
			What: fmt.Sprintf("Threat protection is on (%s). Without the user's address all "+
				"sign-ins seem to come from the service's own.", mode),
			Change: "Set CallOptions.Context, with the user's address and headers, at SignIn and " +
				"at each answer.",
		}
	case s.client != nil && aws.ToBool(s.client.EnablePropagateAdditionalUserContextData):
		return &finding{
			ID:    "threat-context-passed",
			Level: note,
			What: fmt.Sprintf("Threat protection is on (%s), and the app client takes the user's "+
				"address.", mode),
			Change: "Set CallOptions.Context, with the user's address, at SignIn and at each " +
				"answer.",
		}
	}
	f := &finding{
		ID:    "threat-context-dropped",
		Level: risk,
		What: fmt.Sprintf("Threat protection is on (%s), and the app client does not take the "+
			"user's address from the service: all users seem to sign in from one computer, and "+
			"may be refused together.", mode),
		Change: "Set EnablePropagateAdditionalUserContextData and CallOptions.Context, or sign " +
			"in with the Admin calls (without Config.Public).",
	}
	switch {
	case s.client == nil:
	case aws.ToString(s.client.ClientSecret) == "":
		f.Change += " The setting takes an app client with a secret, which this one does not " +
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
				What: "Threat protection requires MFA of sign-ins that look risky " +
					"(MFA_REQUIRED): users who have not enrolled are refused then.",
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
		What: "The pool blocks sign-ins with passwords that have leaked elsewhere. By SRP " +
			"Cognito never sees the password and does not check it.",
		Change: "Take Config.Flow = FlowPassword where the check matters.",
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
		What: "The pool migrates users with a Lambda trigger, which is given the password. By " +
			"SRP Cognito never sees it: users who have not been migrated cannot sign in.",
		Change: "Take Config.Flow = FlowPassword until all users are migrated.",
	}
}

func checkRecovery(s *subject, pool *types.UserPoolType) *finding {
	if s.mfa == nil || pool.AccountRecoverySetting == nil {
		return nil
	}
	by := pool.AccountRecoverySetting.RecoveryMechanisms
	only := func(name types.RecoveryOptionNameType) bool {
		return len(by) == 1 && by[0].Name == name
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
		What: fmt.Sprintf("Passwords are recovered by %[1]s alone, and %[1]s is a second factor, "+
			"too: Cognito does not send both to one address, so users with that factor cannot "+
			"recover their password.", channel),
		Change: "Allow recovery by email and by SMS.",
		Command: s.changePool(`.AccountRecoverySetting.RecoveryMechanisms = ` +
			`[{Name: "verified_email", Priority: 1}, {Name: "verified_phone_number", Priority: 2}]`),
	}
}

func checkDelivery(_ *subject, pool *types.UserPoolType) *finding {
	for _, failure := range []struct {
		of   string
		text *string
	}{{"SMS", pool.SmsConfigurationFailure}, {"email", pool.EmailConfigurationFailure}} {
		if aws.ToString(failure.text) != "" {
			return &finding{
				ID:    "delivery-failure",
				Level: risk,
				What: fmt.Sprintf("Cognito says that it cannot send codes by %s: %s",
					failure.of, shown(*failure.text)),
				Change: "Correct the pool's settings for messages, and the role that it takes.",
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
		What: "Everybody can sign up who knows the app client's id, and its secret if it has one " +
			"(SignUp).",
		Change:  "If only administrators make users, set AllowAdminCreateUserOnly.",
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
		What: fmt.Sprintf("Users must have these attributes: %s. Where an administrator has left "+
			"them out, the user must give them with the new password.", shown(list(names))),
		Change: "Ask for what NewPasswordChallenge.Required names, and give it to SetNewPassword.",
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
		Change: "Bring names into one case before SignIn, and when users are created.",
	}
}
