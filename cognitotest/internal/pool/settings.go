package pool

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// poolSettings are the settings of CreateUserPool and UpdateUserPool: the record that describes
// them, and the form that the code uses. Copies share what slices, maps and pointers refer to, so
// that is replaced, never changed.
type poolSettings struct {
	name   string
	record poolRecord

	autoVerified []string // attributes that get a code at sign-up and when they change
	verifyFirst  []string // attributes that change only when the new value is verified
	recovery     []string // attributes that get a code for a new password, or recoveryAdmin
	policy       passwordPolicy
	firstFactors []string // that USER_AUTH may begin with
	devices      *deviceConfiguration
	adminOnly    bool // no sign-up
	tier         types.UserPoolTierType
	levels       [4]string // names of the authentication levels, the lowest first
}

// recoveryAdmin, among the attributes of recovery, leaves recovery to administrators. Without any
// attributes, the service's old rule applies.
const recoveryAdmin = "admin_only"

// deviceConfiguration configures device tracking.
type deviceConfiguration struct {
	ChallengeRequiredOnNewDevice     bool // remembered devices replace the second factor
	DeviceOnlyRememberedOnUserPrompt bool // by UpdateDeviceStatus; else at once
}

// poolRecord has the members that requests and descriptions of a pool share. Members that nothing
// else reads keep their JSON form.
type poolRecord struct {
	Policies                    policies
	DeletionProtection          types.DeletionProtectionType
	AutoVerifiedAttributes      []string                     `json:",omitempty"`
	UserAttributeUpdateSettings *userAttributeUpdateSettings `json:",omitempty"`
	AdminCreateUserConfig       adminCreateUserConfig
	AccountRecoverySetting      *accountRecoverySetting `json:",omitempty"`
	DeviceConfiguration         *deviceConfiguration    `json:",omitempty"`
	SmsConfiguration            *smsConfiguration       `json:",omitempty"`
	EmailConfiguration          emailConfiguration
	UserPoolTags                map[string]string
	UserPoolTier                types.UserPoolTierType
	AcrConfiguration            map[string]acrLevel

	SmsVerificationMessage      string `json:",omitempty"`
	EmailVerificationMessage    string `json:",omitempty"`
	EmailVerificationSubject    string `json:",omitempty"`
	SmsAuthenticationMessage    string `json:",omitempty"`
	VerificationMessageTemplate map[string]any
	LambdaConfig                map[string]any
	UserPoolAddOns              map[string]any `json:",omitempty"`
	KeyConfiguration            map[string]any `json:",omitempty"`
	IssuerConfiguration         map[string]any `json:",omitempty"`
	DcrConfiguration            map[string]any `json:",omitempty"`
}

type userAttributeUpdateSettings struct {
	AttributesRequireVerificationBeforeUpdate []string
}

// adminCreateUserConfig says who creates users. UnusedAccountValidityDays is the old name of the
// password policy's TemporaryPasswordValidityDays.
type adminCreateUserConfig struct {
	AllowAdminCreateUserOnly  bool
	UnusedAccountValidityDays int            `json:",omitempty"`
	InviteMessageTemplate     map[string]any `json:",omitempty"`
}

// smsConfiguration is the role by which the service sends SMS.
type smsConfiguration struct {
	SnsCallerArn string         `json:",omitempty"`
	ExternalID   string         `json:"ExternalId,omitempty"`
	SnsRegion    string         `json:",omitempty"`
	EumsSms      map[string]any `json:",omitempty"`
}

// usable reports whether there is a role to send SMS with.
func (c *smsConfiguration) usable() bool {
	return c != nil && (c.SnsCallerArn != "" || len(c.EumsSms) > 0)
}

// emailConfiguration is the address from which the service sends email.
type emailConfiguration struct {
	SourceArn           string `json:",omitempty"`
	ReplyToEmailAddress string `json:",omitempty"`
	EmailSendingAccount types.EmailSendingAccountType
	From                string `json:",omitempty"`
	ConfigurationSet    string `json:",omitempty"`
}

func (c emailConfiguration) check() error {
	switch own := c.EmailSendingAccount == types.EmailSendingAccountTypeDeveloper; {
	case own && c.SourceArn == "":
		return invalidParameter("Source ARN is required to use DEVELOPER email sending owner")
	case !own && c.From != "" && c.SourceArn == "":
		return invalidParameter(
			"Cannot configure From email address for default email configuration")
	}
	return nil
}

// acrLevel is the name of an authentication level.
type acrLevel struct{ AcrValue string }

// level returns the key of an authentication level, 1 to 4, and its default name.
func level(n int) (key, name string) {
	return "Level" + strconv.Itoa(n), "urn:cognito:loa:" + strconv.Itoa(n)
}

// settings returns the settings after a request. As in the service, what a request leaves out goes
// back to its default, except that policies, plan, tags and the attributes that are verified first
// stay as they were. See FIDELITY.md, "Pools and app clients".
func (r *poolSettingsRequest) settings(before poolSettings) (poolSettings, error) {
	set := poolSettings{name: cmp.Or(r.PoolName, before.name), record: r.poolRecord}
	to, was := &set.record, before.record
	if to.AdminCreateUserConfig.UnusedAccountValidityDays != 0 {
		if p := r.Policies.PasswordPolicy; p != nil && p.TemporaryPasswordValidityDays != 0 {
			return set, invalidParameter(
				"Please use TemporaryPasswordValidityDays in PasswordPolicy " +
					"instead of UnusedAccountValidityDays")
		}
	}
	to.Policies = r.Policies.orElse(was.Policies,
		to.AdminCreateUserConfig.UnusedAccountValidityDays)
	days := to.Policies.PasswordPolicy.TemporaryPasswordValidityDays
	to.AdminCreateUserConfig.UnusedAccountValidityDays = days
	to.DeletionProtection = cmp.Or(to.DeletionProtection, types.DeletionProtectionTypeInactive)
	to.UserPoolTier = cmp.Or(to.UserPoolTier, was.UserPoolTier, types.UserPoolTierTypeEssentials)
	to.UserAttributeUpdateSettings = cmp.Or(to.UserAttributeUpdateSettings,
		was.UserAttributeUpdateSettings)
	account := &to.EmailConfiguration.EmailSendingAccount
	*account = cmp.Or(*account, types.EmailSendingAccountTypeCognitoDefault)
	if to.UserPoolTags == nil {
		to.UserPoolTags = was.UserPoolTags
	}
	to.UserPoolTags = withDefaults(to.UserPoolTags, nil)
	to.LambdaConfig = withDefaults(to.LambdaConfig, nil)
	to.VerificationMessageTemplate = withDefaults(to.VerificationMessageTemplate,
		map[string]any{"DefaultEmailOption": string(types.DefaultEmailOptionTypeConfirmWithCode)})

	levels := map[string]acrLevel{}
	for n := 1; n <= len(set.levels); n++ {
		key, name := level(n)
		levels[key] = acrLevel{name}
	}
	to.AcrConfiguration = withDefaults(to.AcrConfiguration, levels)
	for n := range set.levels {
		key, _ := level(n + 1)
		set.levels[n] = to.AcrConfiguration[key].AcrValue
	}

	set.autoVerified, set.devices, set.tier = to.AutoVerifiedAttributes, to.DeviceConfiguration,
		to.UserPoolTier
	set.policy, set.firstFactors = *to.Policies.PasswordPolicy,
		to.Policies.SignInPolicy.AllowedFirstAuthFactors
	set.adminOnly = to.AdminCreateUserConfig.AllowAdminCreateUserOnly
	if update := to.UserAttributeUpdateSettings; update != nil {
		for _, attribute := range update.AttributesRequireVerificationBeforeUpdate {
			switch {
			case slices.Contains(set.autoVerified, attribute):
				set.verifyFirst = append(set.verifyFirst, attribute)
			case r.UserAttributeUpdateSettings != nil:
				return set, invalidParameter("All attributes in " +
					"AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes")
			}
		}
	}
	if recovery := to.AccountRecoverySetting; recovery != nil {
		if set.recovery = recovery.attributes(); set.recovery == nil {
			to.AccountRecoverySetting = nil
		}
	}
	return set, set.check()
}

// withDefaults returns a copy of a map, which may be nil, with missing entries added.
func withDefaults[V any](given, defaults map[string]V) map[string]V {
	all := map[string]V{}
	maps.Copy(all, defaults)
	maps.Copy(all, given)
	return all
}

// check checks the rules of the service that go beyond its model. mfaConfig has the rules for MFA.
func (s poolSettings) check() error {
	phone := slices.Contains(s.autoVerified, "phone_number")
	sms := s.record.SmsConfiguration
	switch {
	case sms != nil && !sms.usable():
		return invalidParameter("SmsConfiguration has neither SnsCallerArn nor EumsSms.")
	case phone && sms == nil:
		return invalidParameter(
			"SMS configuration is required when phone_number is selected for auto verification")
	case slices.Contains(s.firstFactors, string(types.AuthFactorTypeSoftwareToken)):
		return invalidParameter("SOFTWARE_TOKEN cannot be a first factor.")
	case !slices.Contains(s.firstFactors, string(types.AuthFactorTypePassword)):
		return invalidParameter(
			"Password should be configured as one of the allowed first auth factors.")
	case slices.Contains(s.firstFactors, string(types.AuthFactorTypeSmsOtp)) && sms == nil:
		return invalidParameter("SMS_OTP can not be configured as AuthFactor " +
			"as user pool is missing valid SMS configuration")
	}
	if len(s.record.UserPoolTags) > mostTags {
		return tooManyTags()
	}
	r := &s.record
	if err := cmp.Or(r.EmailConfiguration.check(), r.AccountRecoverySetting.check()); err != nil {
		return err
	}
	for i, name := range s.levels {
		if slices.Contains(s.levels[:i], name) {
			return invalidParameter("The names of the authentication levels must be unique.")
		}
	}
	return nil
}

// passwordless reports whether users may have no password.
func (s poolSettings) passwordless() bool {
	return slices.Contains(s.firstFactors, string(types.AuthFactorTypeEmailOtp)) ||
		slices.Contains(s.firstFactors, string(types.AuthFactorTypeSmsOtp))
}

// checkTier returns an error if the pool's tier lacks a feature that is configured.
func (s poolSettings) checkTier(mfa mfaConfig) error {
	var missing []string
	if s.tier == types.UserPoolTierTypeLite {
		if len(s.firstFactors) > 1 {
			missing = append(missing, "Passwordless Sign-In")
		}
		if mfa.email != nil {
			missing = append(missing, "Email MFA")
		}
		if s.policy.PasswordHistorySize > 0 {
			missing = append(missing, "Password Reuse Prevention")
		}
	}
	mode := s.record.UserPoolAddOns["AdvancedSecurityMode"]
	if s.tier != types.UserPoolTierTypePlus && mode != nil && mode != "OFF" {
		missing = append(missing, "Threat Protection")
	}
	if len(missing) == 0 {
		return nil
	}
	return &Error{
		notInTier, "The following features need to be disabled for the " +
			string(s.tier) + " pricing tier configured: " + strings.Join(missing, ", "),
	}
}

// mfaConfig are the settings of SetUserPoolMfaConfig. A nil part is off.
type mfaConfig struct {
	mode            types.UserPoolMfaType
	totp            bool
	sms             *smsMFAConfig
	email, webAuthn json.RawMessage
}

type smsMFAConfig struct {
	SmsAuthenticationMessage string            `json:",omitempty"`
	SmsConfiguration         *smsConfiguration `json:",omitempty"`
}

// methods returns the MFA methods that the pool offers.
func (m mfaConfig) methods() []string {
	on := map[string]bool{methodSMS: m.sms != nil, methodTOTP: m.totp, methodEmail: m.email != nil}
	return slices.DeleteFunc(slices.Clone(allMethods[:]),
		func(method string) bool { return !on[method] })
}

// check checks the configuration against the settings of its pool. If they conflict, the one that
// is set second is refused.
func (m mfaConfig) check(set poolSettings) error {
	first := func(factor types.AuthFactorType) bool {
		return slices.Contains(set.firstFactors, string(factor))
	}
	onlyBy := func(attribute string) bool {
		return len(set.recovery) == 1 && set.recovery[0] == attribute
	}
	required := m.mode == types.UserPoolMfaTypeOn
	account := set.record.EmailConfiguration.EmailSendingAccount
	switch {
	case m.email != nil && account == types.EmailSendingAccountTypeCognitoDefault:
		return invalidParameter(
			"Cannot set EmailMfaConfiguration when user pool EmailConfiguration contains " +
				"an EmailSendingAccount of COGNITO_DEFAULT. Update the value of EmailSendingAccount.")
	case m.email != nil && (len(set.recovery) == 0 || onlyBy("email")):
		return invalidParameter(
			"Cannot set EmailMfaConfiguration when user pool AccountRecoverySetting is not set " +
				"or contains only verified_email in RecoveryMechanisms.")
	case m.sms != nil && onlyBy("phone_number"):
		return invalidRecovery(
			"use verified_phone_number as a recovery mechanism when SMS MFA is configured.")
	case required && (first(types.AuthFactorTypeEmailOtp) || first(types.AuthFactorTypeSmsOtp)):
		return invalidParameter(
			"Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor " +
				"if MFA is enabled")
	case m.bypassedByPasskeys(set):
		return invalidParameter("Cannot set WebAuthn factor configuration to SINGLE_FACTOR " +
			"if MFA is required and WebAuthn is an allowed first auth factor")
	}
	return set.checkTier(m)
}

// bypassedByPasskeys reports whether users could sign in with a passkey as the only factor although
// MFA is required.
func (m mfaConfig) bypassedByPasskeys(set poolSettings) bool {
	return m.mode == types.UserPoolMfaTypeOn && !m.passkeysAreMFA() &&
		slices.Contains(set.firstFactors, string(types.AuthFactorTypeWebAuthn))
}

// passkeysAreMFA reports whether a passkey counts for both factors.
func (m mfaConfig) passkeysAreMFA() bool {
	var config struct{ FactorConfiguration string }
	_ = json.Unmarshal(m.webAuthn, &config) // it was checked against the model, or is empty
	return config.FactorConfiguration == string(
		types.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification)
}

// passwordPolicy says what a password must contain, and for how many days a temporary one is valid.
type passwordPolicy struct {
	MinimumLength                 int
	RequireUppercase              bool
	RequireLowercase              bool
	RequireNumbers                bool
	RequireSymbols                bool
	PasswordHistorySize           int `json:",omitempty"` // how many old passwords are refused
	TemporaryPasswordValidityDays int
}

func defaultPolicy() passwordPolicy {
	return passwordPolicy{
		MinimumLength: 8, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true,
		RequireSymbols:                true,
		TemporaryPasswordValidityDays: 7,
	}
}

func (p passwordPolicy) check(password string) error {
	has := func(class func(rune) bool) bool { return strings.ContainsFunc(password, class) }
	symbol := func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) || r == ' ' }
	reason := ""
	switch {
	case utf8.RuneCountInString(password) < p.MinimumLength:
		reason = "Password not long enough"
	case p.RequireUppercase && !has(unicode.IsUpper):
		reason = "Password must have uppercase characters"
	case p.RequireLowercase && !has(unicode.IsLower):
		reason = "Password must have lowercase characters"
	case p.RequireNumbers && !has(isDigit):
		reason = "Password must have numeric characters"
	case p.RequireSymbols && !has(symbol):
		reason = "Password must have symbol characters"
	default:
		return nil
	}
	return &Error{"InvalidPasswordException", "Password did not conform with policy: " + reason}
}
