package pool

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

type policies struct {
	PasswordPolicy *passwordPolicy `json:",omitempty"`
	SignInPolicy   *signInPolicy   `json:",omitempty"`
}

type signInPolicy struct {
	AllowedFirstAuthFactors []string
}

// orElse completes the policies of a request with the policies before it, or else with the
// defaults. days is the validity of temporary passwords if the request has it elsewhere, or 0.
func (p policies) orElse(before policies, days int) policies {
	policy := defaultPolicy()
	switch {
	case p.PasswordPolicy != nil:
		given := *p.PasswordPolicy
		given.MinimumLength = cmp.Or(given.MinimumLength, policy.MinimumLength)
		given.TemporaryPasswordValidityDays = cmp.Or(
			given.TemporaryPasswordValidityDays, policy.TemporaryPasswordValidityDays)
		policy = given
	case before.PasswordPolicy != nil:
		policy = *before.PasswordPolicy
	}
	policy.TemporaryPasswordValidityDays = cmp.Or(days, policy.TemporaryPasswordValidityDays)
	byPassword := &signInPolicy{[]string{string(types.AuthFactorTypePassword)}}
	return policies{&policy, cmp.Or(p.SignInPolicy, before.SignInPolicy, byPassword)}
}

type usernameConfiguration struct {
	CaseSensitive *bool
}

// accountRecoverySetting says how users get a new password.
type accountRecoverySetting struct {
	RecoveryMechanisms []recoveryMechanism `json:",omitempty"`
}

type recoveryMechanism struct {
	Priority int
	Name     string
}

// recoveryNames are the recovery mechanisms and their attributes.
var recoveryNames = [...]struct{ mechanism, attribute string }{
	{"verified_email", "email"},
	{"verified_phone_number", "phone_number"},
	{recoveryAdmin, recoveryAdmin},
}

// check checks the setting, which may be nil, against the rules of the service.
func (s *accountRecoverySetting) check() error {
	if s == nil {
		return nil
	}
	for i, m := range s.RecoveryMechanisms {
		switch same := func(other recoveryMechanism) bool {
			return other.Priority == m.Priority || other.Name == m.Name
		}; {
		case m.Name == recoveryAdmin && len(s.RecoveryMechanisms) > 1:
			return invalidRecovery("use admin_only setting with any other recovery mechanisms.")
		case slices.ContainsFunc(s.RecoveryMechanisms[:i], same):
			return invalidRecovery("have duplicate priorities or recovery mechanisms.")
		}
	}
	return nil
}

func invalidRecovery(what string) error {
	return invalidParameter(
		"Invalid account recovery setting parameter. Account Recovery Setting cannot %s", what)
}

// attributes returns the attributes of the mechanisms, by priority.
func (s accountRecoverySetting) attributes() []string {
	byPriority := func(a, b recoveryMechanism) int { return cmp.Compare(a.Priority, b.Priority) }
	sorted := slices.SortedStableFunc(slices.Values(s.RecoveryMechanisms), byPriority)
	var attributes []string
	for _, m := range sorted {
		for _, n := range recoveryNames {
			if n.mechanism == m.Name {
				attributes = append(attributes, n.attribute)
			}
		}
	}
	return attributes
}

type createPoolRequest struct {
	poolSettingsRequest

	AliasAttributes       []string
	UsernameAttributes    []string
	UsernameConfiguration usernameConfiguration
	Schema                []schemaAttribute
}

// poolSettingsRequest has the settings of both CreateUserPool and UpdateUserPool.
type poolSettingsRequest struct {
	poolRecord

	PoolName         string
	MfaConfiguration types.UserPoolMfaType
}

var errNoFactor = invalidParameter("SMS configuration and Auto verification for phone_number " +
	"are required when MFA is required/optional")

// mfaAfter returns an MFA configuration after the request, which can only set the mode and SMS.
// Without another factor, a mode switches SMS on, since both calls have no other factor. Without an
// SmsConfiguration, SMS is off. set are the settings after the request.
func (r *poolSettingsRequest) mfaAfter(config mfaConfig, set poolSettings) (mfaConfig, error) {
	mode := cmp.Or(r.MfaConfiguration, config.mode, types.UserPoolMfaTypeOff)
	switch {
	case mode == types.UserPoolMfaTypeOff:
		config = mfaConfig{webAuthn: config.webAuthn}
	case mode == types.UserPoolMfaTypeOn && config.mode != mode && config.mode != "":
		return config, invalidParameter(
			"Cannot turn MFA functionality ON, once the user pool has been created.")
	default:
		others := config.totp || config.email != nil
		unverified := r.MfaConfiguration != "" && !slices.Contains(set.autoVerified, "phone_number")
		switch {
		case !others && (r.SmsConfiguration == nil || unverified):
			return config, errNoFactor
		case r.SmsConfiguration == nil:
			config.sms = nil
		case config.sms != nil || !others:
			config.sms = &smsMFAConfig{r.SmsAuthenticationMessage, r.SmsConfiguration}
		}
	}
	config.mode = mode
	if config.bypassedByPasskeys(set) { // another text than in SetUserPoolMfaConfig
		return config, invalidParameter(
			"WEB_AUTHN cannot be used as an auth factor when MFA is enabled " +
				"if not configured for MFA.")
	}
	return config, config.check(set)
}

type userPoolType struct {
	poolRecord

	ID                     string `json:"Id"`
	Name                   string
	Arn                    string
	CreationDate           timestamp
	LastModifiedDate       timestamp
	AliasAttributes        []string `json:",omitempty"`
	UsernameAttributes     []string `json:",omitempty"`
	UsernameConfiguration  usernameConfiguration
	MfaConfiguration       types.UserPoolMfaType
	SchemaAttributes       []schemaAttribute
	EstimatedNumberOfUsers int
	Domain, CustomDomain   string `json:",omitempty"`
}

type userPoolResponse struct {
	UserPool userPoolType
}

// createPool creates a pool. As in the service, TOTP is off until SetUserPoolMfaConfig is called.
func createPool(c *caller, in *createPoolRequest) (*userPoolResponse, error) {
	p, err := c.newPool(NewPoolID(c.region), in)
	if err != nil {
		return nil, err
	}
	c.addPool(p)
	return &userPoolResponse{c.describe(p)}, nil
}

// newPool returns a pool that is not in the machine yet.
func (m *Machine) newPool(id string, in *createPoolRequest) (*pool, error) {
	if len(in.AliasAttributes) > 0 && len(in.UsernameAttributes) > 0 {
		return nil, invalidParameter(
			"Only one of the aliasAttributes or usernameAttributes can be set in a User pool.")
	}
	p := newPool(id, m.Now())
	p.usernameAttributes, p.aliasAttributes = in.UsernameAttributes, in.AliasAttributes
	p.caseInsensitive = in.UsernameConfiguration.CaseSensitive != nil &&
		!*in.UsernameConfiguration.CaseSensitive
	if err := p.configure(&in.poolSettingsRequest); err != nil {
		return nil, err
	}
	return p, p.schema.extend(in.Schema, true)
}

// configure applies the settings of a request. The lock is held, or the pool is not in the machine
// yet.
func (p *pool) configure(in *poolSettingsRequest) error {
	set, err := in.settings(p.set)
	if err != nil {
		return err
	}
	config, err := in.mfaAfter(p.mfa, set)
	if err != nil {
		return err
	}
	p.set, p.mfa = set, config
	return nil
}

func describePool(c *caller, _ *none) (*userPoolResponse, error) {
	return &userPoolResponse{c.describe(c.pool)}, nil
}

func (m *Machine) describe(p *pool) userPoolType {
	caseSensitive := !p.caseInsensitive
	out := userPoolType{
		ID: p.id, Arn: m.arn(p), CreationDate: timestamp(p.created),
		AliasAttributes: p.aliasAttributes, UsernameAttributes: p.usernameAttributes,
		UsernameConfiguration: usernameConfiguration{&caseSensitive},
		SchemaAttributes:      p.schema.attributes(),
	}
	out.Domain, out.CustomDomain = m.domainsOf(p)
	p.mu.RLock()
	defer p.mu.RUnlock()
	out.poolRecord, out.Name, out.MfaConfiguration = p.set.record, p.set.name, p.mfa.mode
	out.LastModifiedDate, out.EstimatedNumberOfUsers = timestamp(p.modified), len(p.names)
	return out
}

// updatePool changes the settings of a pool.
func updatePool(c *caller, in *poolSettingsRequest) (*none, error) {
	now := c.Now()
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.configure(in); err != nil {
		return nil, err
	}
	p.modified = now
	return &none{}, nil
}

func deletePool(c *caller, _ *none) (*none, error) {
	if c.pool.settings().record.DeletionProtection == types.DeletionProtectionTypeActive {
		return nil, invalidParameter(
			"The user pool cannot be deleted because deletion protection is activated. " +
				"Deletion protection must be inactivated first.")
	}
	if prefix, custom := c.domainsOf(c.pool); prefix != "" || custom != "" {
		return nil, invalidParameter(
			"User pool cannot be deleted. It has a domain configured that should be deleted first.")
	}
	c.removePool(c.pool)
	return &none{}, nil
}

type listPoolsRequest struct {
	MaxResults int
	NextToken  string
}

type poolDescription struct {
	ID               string `json:"Id"`
	Name             string
	LambdaConfig     map[string]any
	LastModifiedDate timestamp
	CreationDate     timestamp
}

type listPoolsResponse struct {
	UserPools []poolDescription
	NextToken string `json:",omitempty"`
}

// listPools lists the pools, sorted by ID.
func listPools(c *caller, in *listPoolsRequest) (*listPoolsResponse, error) {
	var ids []string
	for _, p := range c.allPools() {
		ids = append(ids, p.id)
	}
	ids, next, err := c.page(ids, in.MaxResults, in.NextToken, "ListUserPools")
	if err != nil {
		return nil, err
	}
	out := &listPoolsResponse{UserPools: []poolDescription{}, NextToken: next}
	for _, id := range ids {
		p, err := c.poolByID(id)
		if err != nil {
			continue // it was deleted meanwhile
		}
		p.mu.RLock()
		out.UserPools = append(out.UserPools, poolDescription{
			ID: id, Name: p.set.name, LambdaConfig: p.set.record.LambdaConfig,
			LastModifiedDate: timestamp(p.modified), CreationDate: timestamp(p.created),
		})
		p.mu.RUnlock()
	}
	return out, nil
}

// poolMFAConfig is the request and the response of SetUserPoolMfaConfig, and the response of
// GetUserPoolMfaConfig. Parts without effect here are kept as JSON.
type poolMFAConfig struct {
	MfaConfiguration              types.UserPoolMfaType `json:",omitempty"`
	SoftwareTokenMfaConfiguration *enabled              `json:",omitempty"`
	SmsMfaConfiguration           *smsMFAConfig         `json:",omitempty"`
	EmailMfaConfiguration         json.RawMessage       `json:",omitempty"`
	WebAuthnConfiguration         json.RawMessage       `json:",omitempty"`
}

type enabled struct{ Enabled bool }

func (m mfaConfig) wire() *poolMFAConfig {
	out := &poolMFAConfig{
		MfaConfiguration: m.mode, SmsMfaConfiguration: m.sms, EmailMfaConfiguration: m.email,
		WebAuthnConfiguration: m.webAuthn,
	}
	if m.totp {
		out.SoftwareTokenMfaConfiguration = &enabled{true}
	}
	return out
}

// config returns the configuration of the request. What it leaves out is off.
func (r *poolMFAConfig) config() (mfaConfig, error) {
	config := mfaConfig{
		mode: cmp.Or(r.MfaConfiguration, types.UserPoolMfaTypeOff),
		totp: r.SoftwareTokenMfaConfiguration != nil && r.SoftwareTokenMfaConfiguration.Enabled,
		sms:  r.SmsMfaConfiguration, email: r.EmailMfaConfiguration,
		webAuthn: r.WebAuthnConfiguration,
	}
	some := len(config.methods()) > 0
	switch off := config.mode == types.UserPoolMfaTypeOff; {
	case off && (some || r.SoftwareTokenMfaConfiguration != nil):
		return config, invalidParameter(
			"Invalid MFA configuration given, can't turn off MFA and configure an MFA together.")
	case !off && !some && config.webAuthn != nil:
		return config, invalidParameter(
			"Invalid MFA Configuration given. " +
				"SMS MFA, Email MFA, or Software Token MFA must be enabled.")
	case !off && !some:
		return config, invalidParameter(
			"Invalid MFA configuration given, can't disable all MFAs with a required or optional " +
				"configuration.")
	case config.sms != nil && !config.sms.SmsConfiguration.usable():
		return config, invalidParameter(
			"SmsMfaConfiguration has no SmsConfiguration with SnsCallerArn or EumsSms.")
	}
	return config, nil
}

// setMFA replaces the configuration. The lock is held, or the pool is not in the machine yet. The
// SmsConfiguration of MFA is also that of the pool.
func (p *pool) setMFA(in *poolMFAConfig) error {
	config, err := in.config()
	if err != nil {
		return err
	}
	if err := config.check(p.set); err != nil {
		return err
	}
	p.mfa = config
	if config.sms != nil {
		p.set.record.SmsConfiguration = config.sms.SmsConfiguration
		p.set.record.SmsAuthenticationMessage = config.sms.SmsAuthenticationMessage
	}
	return nil
}

func setPoolMFAConfig(c *caller, in *poolMFAConfig) (*poolMFAConfig, error) {
	now := c.Now()
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.setMFA(in); err != nil {
		return nil, err
	}
	p.modified = now
	return p.mfa.wire(), nil
}

func getPoolMFAConfig(c *caller, _ *none) (*poolMFAConfig, error) {
	return c.pool.mfaConfig().wire(), nil
}
