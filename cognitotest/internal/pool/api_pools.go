package pool

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

type policies struct {
	PasswordPolicy *passwordPolicy `json:",omitempty"`
	SignInPolicy   *signInPolicy   `json:",omitempty"`
}

type signInPolicy struct {
	AllowedFirstAuthFactors []string
}

// check holds what a pool is to allow against what there is. Passwords cannot be switched off.
func (p signInPolicy) check() error {
	if slices.Contains(p.AllowedFirstAuthFactors, string(types.AuthFactorTypeSoftwareToken)) {
		return invalidParameter("SOFTWARE_TOKEN cannot be a first factor.")
	}
	if !slices.Contains(p.AllowedFirstAuthFactors, string(types.AuthFactorTypePassword)) {
		return invalidParameter("PASSWORD must be among the first factors.")
	}
	return nil
}

type usernameConfiguration struct {
	CaseSensitive *bool
}

// accountRecoverySetting says how users of a pool get a new password.
type accountRecoverySetting struct {
	RecoveryMechanisms []recoveryMechanism `json:",omitempty"`
}

type recoveryMechanism struct {
	Priority int
	Name     string
}

// recoveryNames are the mechanisms and their attributes.
var recoveryNames = [...]struct{ mechanism, attribute string }{
	{"verified_email", "email"}, {"verified_phone_number", "phone_number"}, {recoveryAdmin, recoveryAdmin},
}

// attributes lists the mechanisms as attributes, the most important first.
func (s accountRecoverySetting) attributes() []string {
	sorted := slices.SortedStableFunc(slices.Values(s.RecoveryMechanisms), func(a, b recoveryMechanism) int {
		return cmp.Compare(a.Priority, b.Priority)
	})
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

// recoverySetting is the reverse of attributes.
func recoverySetting(attributes []string) *accountRecoverySetting {
	if len(attributes) == 0 {
		return nil
	}
	s := &accountRecoverySetting{}
	for i, attribute := range attributes {
		for _, n := range recoveryNames {
			if n.attribute == attribute {
				s.RecoveryMechanisms = append(s.RecoveryMechanisms, recoveryMechanism{i + 1, n.mechanism})
			}
		}
	}
	return s
}

type createPoolRequest struct {
	poolSettingsRequest

	AliasAttributes       []string
	UsernameAttributes    []string
	UsernameConfiguration usernameConfiguration
	Schema                []schemaAttribute
}

// poolSettingsRequest is what both CreateUserPool and UpdateUserPool set. What is left out is set to
// its default.
type poolSettingsRequest struct {
	PoolName               string
	Policies               policies
	AutoVerifiedAttributes []string
	AccountRecoverySetting accountRecoverySetting
	DeviceConfiguration    *deviceConfiguration
	MfaConfiguration       types.UserPoolMfaType
	SmsConfiguration       json.RawMessage
	UserPoolTier           types.UserPoolTierType
	AcrConfiguration       map[string]acrLevel
}

// acrLevel is the name of an authentication level.
type acrLevel struct{ AcrValue string }

// level is the key of an authentication level, from 1, and its name by default.
func level(n int) (key, name string) {
	return "Level" + strconv.Itoa(n), "urn:cognito:loa:" + strconv.Itoa(n)
}

// acrConfiguration names all levels.
func (s poolSettings) acrConfiguration() map[string]acrLevel {
	all := map[string]acrLevel{}
	for i, name := range s.levels {
		key, _ := level(i + 1)
		all[key] = acrLevel{name}
	}
	return all
}

func (r *poolSettingsRequest) settings() (poolSettings, error) {
	set := poolSettings{
		name: r.PoolName, autoVerified: r.AutoVerifiedAttributes, recovery: r.AccountRecoverySetting.attributes(),
		policy: defaultPolicy(), firstFactors: []string{string(types.AuthFactorTypePassword)},
		devices: r.DeviceConfiguration, tier: cmp.Or(r.UserPoolTier, types.UserPoolTierTypeEssentials),
	}
	for i := range set.levels {
		key, name := level(i + 1)
		set.levels[i] = cmp.Or(r.AcrConfiguration[key].AcrValue, name)
		if slices.Contains(set.levels[:i], set.levels[i]) {
			return set, invalidParameter("The names of the authentication levels must be unique.")
		}
	}
	if given := r.Policies.SignInPolicy; given != nil {
		if err := given.check(); err != nil {
			return set, err
		}
		set.firstFactors = given.AllowedFirstAuthFactors
	}
	if given := r.Policies.PasswordPolicy; given != nil {
		set.policy = *given
		set.policy.MinimumLength = cmp.Or(given.MinimumLength, defaultPolicy().MinimumLength)
		set.policy.TemporaryPasswordValidityDays = cmp.Or(
			given.TemporaryPasswordValidityDays, defaultPolicy().TemporaryPasswordValidityDays)
	}
	return set, nil
}

// over is an MFA configuration as it is after the request, which speaks of the mode and of SMS only.
func (r *poolSettingsRequest) over(config mfaConfig) mfaConfig {
	mode := cmp.Or(r.MfaConfiguration, types.UserPoolMfaTypeOff)
	if mode == types.UserPoolMfaTypeOff {
		return mfaConfig{mode: mode}
	}
	config.mode, config.sms = mode, r.SmsConfiguration
	return config
}

type userPoolType struct {
	ID                     string `json:"Id"`
	Name                   string
	Arn                    string
	CreationDate           timestamp
	LastModifiedDate       timestamp
	Policies               policies
	AliasAttributes        []string `json:",omitempty"`
	UsernameAttributes     []string `json:",omitempty"`
	AutoVerifiedAttributes []string `json:",omitempty"`
	UsernameConfiguration  usernameConfiguration
	AccountRecoverySetting *accountRecoverySetting `json:",omitempty"`
	DeviceConfiguration    *deviceConfiguration    `json:",omitempty"`
	UserPoolTier           types.UserPoolTierType
	AcrConfiguration       map[string]acrLevel
	MfaConfiguration       types.UserPoolMfaType
	SchemaAttributes       []schemaAttribute `json:",omitempty"`
	EstimatedNumberOfUsers int
}

type userPoolResponse struct {
	UserPool userPoolType
}

// createPool makes a pool. As in the service, TOTP is off in it until SetUserPoolMfaConfig is called.
func createPool(c *caller, in *createPoolRequest) (*userPoolResponse, error) {
	p, err := c.newPool(NewPoolID(c.region), in)
	if err != nil {
		return nil, err
	}
	c.addPool(p)
	return &userPoolResponse{c.describe(p)}, nil
}

// newPool makes a pool that nobody else has seen yet.
func (m *Machine) newPool(id string, in *createPoolRequest) (*pool, error) {
	if len(in.AliasAttributes) > 0 && len(in.UsernameAttributes) > 0 {
		return nil, invalidParameter("Only one of the aliasAttributes or usernameAttributes can be set in a user pool")
	}
	set, err := in.settings()
	if err != nil {
		return nil, err
	}
	p := newPool(id, m.Now())
	p.set, p.mfa = set, in.over(mfaConfig{})
	p.usernameAttributes, p.aliasAttributes = in.UsernameAttributes, in.AliasAttributes
	p.caseInsensitive = in.UsernameConfiguration.CaseSensitive != nil && !*in.UsernameConfiguration.CaseSensitive
	p.schema, err = newSchema(in.Schema)
	return p, err
}

func describePool(c *caller, _ *none) (*userPoolResponse, error) {
	return &userPoolResponse{c.describe(c.pool)}, nil
}

func (m *Machine) describe(p *pool) userPoolType {
	caseSensitive := !p.caseInsensitive
	schema := append([]schemaAttribute{{Name: "sub", Required: true}}, p.schema.attributes...)
	p.mu.RLock()
	defer p.mu.RUnlock()
	set := p.set
	return userPoolType{
		ID: p.id, Name: set.name, Arn: "arn:aws:cognito-idp:" + m.region + ":123456789012:userpool/" + p.id,
		CreationDate: timestamp(p.created), LastModifiedDate: timestamp(p.modified),
		Policies:        policies{&set.policy, &signInPolicy{set.firstFactors}},
		AliasAttributes: p.aliasAttributes, UsernameAttributes: p.usernameAttributes,
		AutoVerifiedAttributes: set.autoVerified, AccountRecoverySetting: recoverySetting(set.recovery),
		UserPoolTier: set.tier, AcrConfiguration: set.acrConfiguration(),
		DeviceConfiguration: set.devices, UsernameConfiguration: usernameConfiguration{&caseSensitive},
		MfaConfiguration: p.mfa.mode, SchemaAttributes: schema, EstimatedNumberOfUsers: len(p.names),
	}
}

// updatePool sets what can be changed of a pool. As in the service, what is left out goes back to its
// default; only the name stays.
func updatePool(c *caller, in *poolSettingsRequest) (*none, error) {
	set, err := in.settings()
	if err != nil {
		return nil, err
	}
	now := c.Now()
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	config := in.over(p.mfa)
	if err := config.check(); err != nil {
		return nil, err
	}
	set.name = cmp.Or(set.name, p.set.name)
	p.set, p.mfa, p.modified = set, config, now
	return &none{}, nil
}

func deletePool(c *caller, _ *none) (*none, error) {
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
	LambdaConfig     none
	LastModifiedDate timestamp
	CreationDate     timestamp
}

type listPoolsResponse struct {
	UserPools []poolDescription
	NextToken string `json:",omitempty"`
}

// listPools lists the pools by ID.
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
			ID: id, Name: p.set.name, LastModifiedDate: timestamp(p.modified), CreationDate: timestamp(p.created),
		})
		p.mu.RUnlock()
	}
	return out, nil
}
