package cognitotest

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// timestamp is a time on the wire: seconds since 1970, with a fraction.
type timestamp time.Time

func (t timestamp) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Time(t).UnixMilli()) / 1000)
}

type policies struct {
	PasswordPolicy *passwordPolicy `json:",omitempty"`
	SignInPolicy   *signInPolicy   `json:",omitempty"`
}

type signInPolicy struct {
	AllowedFirstAuthFactors []string
}

type usernameConfiguration struct {
	CaseSensitive *bool
}

type createUserPoolRequest struct {
	poolSettingsRequest

	AliasAttributes       []string
	UsernameAttributes    []string
	UsernameConfiguration usernameConfiguration
	Schema                []schemaAttribute
}

// poolSettingsRequest is what both CreateUserPool and UpdateUserPool set. What is left out is set to its default.
type poolSettingsRequest struct {
	PoolName               string
	Policies               policies
	AutoVerifiedAttributes []string
	AccountRecoverySetting accountRecoverySetting
	DeviceConfiguration    *deviceConfiguration
	MfaConfiguration       types.UserPoolMfaType
	SmsConfiguration       json.RawMessage
}

func (r *poolSettingsRequest) settings() (poolSettings, error) {
	recovery, err := r.AccountRecoverySetting.attributes()
	set := poolSettings{
		name: r.PoolName, autoVerified: r.AutoVerifiedAttributes, recovery: recovery, policy: defaultPolicy(), firstFactors: []string{factorPassword},
		devices: r.DeviceConfiguration,
	}
	if given := r.Policies.SignInPolicy; given != nil && err == nil {
		set.firstFactors, err = given.AllowedFirstAuthFactors, checkFirstFactors(given.AllowedFirstAuthFactors)
	}
	given := r.Policies.PasswordPolicy
	if given == nil || err != nil {
		return set, err
	}
	set.policy = *given
	set.policy.MinimumLength = cmp.Or(given.MinimumLength, defaultPolicy().MinimumLength)
	set.policy.TemporaryPasswordValidityDays = cmp.Or(given.TemporaryPasswordValidityDays, defaultPolicy().TemporaryPasswordValidityDays)
	if set.policy.MinimumLength < 6 || set.policy.MinimumLength > 99 || set.policy.TemporaryPasswordValidityDays < 0 || set.policy.TemporaryPasswordValidityDays > 365 {
		return set, invalidParameter("The password policy is out of range.")
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
	MfaConfiguration       types.UserPoolMfaType
	SchemaAttributes       []schemaAttribute `json:",omitempty"`
	EstimatedNumberOfUsers int
}

type userPoolResponse struct {
	UserPool userPoolType
}

// createUserPool makes a pool. As in the service, TOTP is off in it until SetUserPoolMfaConfig is called.
func (b *backend) createUserPool(in *createUserPoolRequest) (*userPoolResponse, error) {
	if len(in.AliasAttributes) > 0 && len(in.UsernameAttributes) > 0 {
		return nil, invalidParameter("Only one of the aliasAttributes or usernameAttributes can be set in a user pool")
	}
	set, err := in.settings()
	if err != nil {
		return nil, err
	}
	p := newPool(newPoolID(b.region), b.time())
	p.set, p.mfa = set, in.over(mfaConfig{})
	p.usernameAttributes, p.aliasAttributes = in.UsernameAttributes, in.AliasAttributes
	p.caseInsensitive = in.UsernameConfiguration.CaseSensitive != nil && !*in.UsernameConfiguration.CaseSensitive
	if p.schema, err = newSchema(in.Schema); err != nil {
		return nil, err
	}
	for _, attribute := range in.Schema {
		if attribute.Required {
			p.required = append(p.required, attribute.Name)
		}
	}
	b.addPool(p)
	return &userPoolResponse{b.describe(p)}, nil
}

func newPoolID(region string) string { return region + "_" + newText(lettersDigits, 9) }

func (b *backend) describeUserPool(in *poolRequest) (*userPoolResponse, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	return &userPoolResponse{b.describe(p)}, nil
}

func (b *backend) describe(p *pool) userPoolType {
	caseSensitive := !p.caseInsensitive
	schema := []schemaAttribute{{Name: "sub", Required: true}}
	for _, name := range p.required {
		if p.schema.open {
			schema = append(schema, schemaAttribute{Name: name, Required: true})
		}
	}
	schema = append(schema, p.schema.attributes...)
	p.mu.RLock()
	defer p.mu.RUnlock()
	set := p.set
	return userPoolType{
		ID: p.id, Name: set.name, Arn: "arn:aws:cognito-idp:" + b.region + ":123456789012:userpool/" + p.id,
		CreationDate: timestamp(p.created), LastModifiedDate: timestamp(p.modified),
		Policies: policies{&set.policy, &signInPolicy{set.firstFactors}}, AliasAttributes: p.aliasAttributes, UsernameAttributes: p.usernameAttributes,
		AutoVerifiedAttributes: set.autoVerified, AccountRecoverySetting: recoverySetting(set.recovery), DeviceConfiguration: set.devices,
		UsernameConfiguration: usernameConfiguration{&caseSensitive},
		MfaConfiguration:      p.mfa.mode, SchemaAttributes: schema, EstimatedNumberOfUsers: len(p.names),
	}
}

type updateUserPoolRequest struct {
	poolSettingsRequest

	UserPoolID string `json:"UserPoolId"`
}

// updateUserPool sets what can be changed of a pool. As in the service, what is left out goes back to its default; only the name stays.
func (b *backend) updateUserPool(in *updateUserPoolRequest) (*empty, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	set, err := in.settings()
	if err != nil {
		return nil, err
	}
	now := b.time()
	p.mu.Lock()
	defer p.mu.Unlock()
	config := in.over(p.mfa)
	if err := config.check(); err != nil {
		return nil, err
	}
	set.name = cmp.Or(set.name, p.set.name)
	p.set, p.mfa, p.modified = set, config, now
	return &empty{}, nil
}

func (b *backend) deleteUserPool(in *poolRequest) (*empty, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.pools, p.id)
	b.order = slices.DeleteFunc(slices.Clone(b.order), func(other *pool) bool { return other == p })
	for id, c := range b.clients {
		if c.pool == p {
			delete(b.clients, id)
		}
	}
	return &empty{}, nil
}

type tokenValidityUnits struct {
	AccessToken  string `json:",omitempty"`
	IDToken      string `json:"IdToken,omitempty"`
	RefreshToken string `json:",omitempty"`
}

type refreshTokenRotation struct {
	Feature                 string
	RetryGracePeriodSeconds int
}

// userPoolClient is the request of CreateUserPoolClient and the description of an app client.
type userPoolClient struct {
	UserPoolID                 string     `json:"UserPoolId"`
	ClientID                   string     `json:"ClientId,omitempty"`
	ClientName                 string     `json:",omitempty"`
	ClientSecret               string     `json:",omitempty"`
	GenerateSecret             bool       `json:",omitempty"`
	CreationDate               *timestamp `json:",omitempty"`
	LastModifiedDate           *timestamp `json:",omitempty"`
	ExplicitAuthFlows          []types.ExplicitAuthFlowsType
	PreventUserExistenceErrors types.PreventUserExistenceErrorTypes
	AuthSessionValidity        int
	AccessTokenValidity        int
	IDTokenValidity            int `json:"IdTokenValidity"`
	RefreshTokenValidity       int
	TokenValidityUnits         tokenValidityUnits
	EnableTokenRevocation      *bool
	RefreshTokenRotation       *refreshTokenRotation `json:",omitempty"`
}

type userPoolClientResponse struct {
	UserPoolClient userPoolClient
}

// createUserPoolClient makes an app client with the defaults of the API, which are not those of the console: existence is told, and passwords
// are not taken as they are.
func (b *backend) createUserPoolClient(in *userPoolClient) (*userPoolClientResponse, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	now := b.time()
	c := &appClient{id: newText(lowerAndDigits, 26), name: in.ClientName, secret: in.ClientSecret, pool: p, created: now, modified: now}
	if in.GenerateSecret && c.secret == "" {
		c.secret = newText(lowerAndDigits, 51)
	}
	if err := c.configure(in); err != nil {
		return nil, err
	}
	b.addClient(c)
	return &userPoolClientResponse{c.describe()}, nil
}

// updateUserPoolClient puts another app client in the place of one. As in the service, what is left out goes back to its default; the name and
// the secret stay. Sessions and tokens stay good.
func (b *backend) updateUserPoolClient(in *userPoolClient) (*userPoolClientResponse, error) {
	old, err := b.clientOf(in.UserPoolID, in.ClientID)
	if err != nil {
		return nil, err
	}
	c := &appClient{id: old.id, name: cmp.Or(in.ClientName, old.name), secret: old.secret, pool: old.pool, created: old.created, modified: b.time()}
	if err := c.configure(in); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.clients[c.id] == nil { // it was deleted meanwhile
		return nil, noClient(c.id)
	}
	b.clients[c.id] = c
	return &userPoolClientResponse{c.describe()}, nil
}

// configure takes over what a request says of an app client that nobody else has seen yet.
func (c *appClient) configure(in *userPoolClient) error {
	c.flows = in.ExplicitAuthFlows
	c.reveal = in.PreventUserExistenceErrors != types.PreventUserExistenceErrorTypesEnabled
	c.session = time.Duration(cmp.Or(in.AuthSessionValidity, 3)) * time.Minute
	c.revocation = in.EnableTokenRevocation == nil || *in.EnableTokenRevocation
	units := in.TokenValidityUnits
	c.access = validity(in.AccessTokenValidity, units.AccessToken, time.Hour, time.Hour)
	c.idToken = validity(in.IDTokenValidity, units.IDToken, time.Hour, time.Hour)
	c.refresh = validity(in.RefreshTokenValidity, units.RefreshToken, day, 30*day)
	if rotation := in.RefreshTokenRotation; rotation != nil && rotation.Feature == "ENABLED" {
		c.rotation, c.grace = true, time.Duration(rotation.RetryGracePeriodSeconds)*time.Second
	}
	if len(c.flows) == 0 {
		c.flows = []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth, types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowCustomAuth,
		}
		if c.rotation {
			c.flows = flowsWithoutRefresh(c.flows)
		}
	}
	return c.check()
}

const day = 24 * time.Hour

// validity is a token's life from a number and its unit.
func validity(number int, unit string, defaultUnit, otherwise time.Duration) time.Duration {
	if number == 0 {
		return otherwise
	}
	units := map[string]time.Duration{"": defaultUnit, "seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": day}
	if d := time.Duration(number) * units[unit]; d/time.Duration(number) == units[unit] {
		return d
	}
	return 0 // out of range, as an unknown unit is
}

// check holds the settings against the ranges that the service allows.
func (c *appClient) check() error {
	between := func(d, low, high time.Duration) bool { return low <= d && d <= high }
	switch {
	case !between(c.session, 3*time.Minute, 15*time.Minute):
		return invalidParameter("AuthSessionValidity must be from 3 to 15 minutes.")
	case !between(c.access, 5*time.Minute, day) || !between(c.idToken, 5*time.Minute, day) || !between(c.refresh, time.Hour, 3650*day):
		return invalidParameter("Invalid range for token validity.")
	case !between(c.grace, 0, time.Minute):
		return invalidParameter("RetryGracePeriodSeconds must be from 0 to 60.")
	case c.rotation && c.allows(types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth):
		return invalidParameter("ALLOW_REFRESH_TOKEN_AUTH cannot be enabled together with refresh token rotation.")
	}
	known := strs(types.ExplicitAuthFlowsType("").Values())
	for _, flow := range c.flows {
		if !slices.Contains(known, string(flow)) {
			return invalidParameter("1 validation error detected: Value '[%s]' at 'explicitAuthFlows' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
				flow, strings.Join(known, ", "))
		}
	}
	return nil
}

func (c *appClient) describe() userPoolClient {
	created, modified := timestamp(c.created), timestamp(c.modified)
	out := userPoolClient{
		UserPoolID: c.pool.id, ClientID: c.id, ClientName: c.name, ClientSecret: c.secret, CreationDate: &created, LastModifiedDate: &modified,
		ExplicitAuthFlows: c.flows, PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesEnabled,
		AuthSessionValidity: int(c.session / time.Minute),
		AccessTokenValidity: int(c.access / time.Second), IDTokenValidity: int(c.idToken / time.Second), RefreshTokenValidity: int(c.refresh / time.Second),
		TokenValidityUnits:    tokenValidityUnits{"seconds", "seconds", "seconds"},
		EnableTokenRevocation: &c.revocation,
	}
	if c.reveal {
		out.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesLegacy
	}
	if c.rotation {
		out.RefreshTokenRotation = &refreshTokenRotation{"ENABLED", int(c.grace / time.Second)}
	}
	return out
}

type clientRequest struct {
	UserPoolID string `json:"UserPoolId"`
	ClientID   string `json:"ClientId"`
}

func (b *backend) describeUserPoolClient(in *clientRequest) (*userPoolClientResponse, error) {
	c, err := b.clientOf(in.UserPoolID, in.ClientID)
	if err != nil {
		return nil, err
	}
	return &userPoolClientResponse{c.describe()}, nil
}

func (b *backend) deleteUserPoolClient(in *clientRequest) (*empty, error) {
	c, err := b.clientOf(in.UserPoolID, in.ClientID)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.clients, c.id)
	return &empty{}, nil
}
