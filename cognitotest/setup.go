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
}

type usernameConfiguration struct {
	CaseSensitive *bool
}

type schemaAttribute struct {
	Name     string
	Required bool
}

type createUserPoolRequest struct {
	PoolName               string
	Policies               policies
	AliasAttributes        []string
	UsernameAttributes     []string
	AutoVerifiedAttributes []string
	UsernameConfiguration  usernameConfiguration
	MfaConfiguration       types.UserPoolMfaType
	SmsConfiguration       json.RawMessage
	Schema                 []schemaAttribute
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
	now := b.time()
	p := &pool{
		id: newPoolID(b.region), name: in.PoolName, created: now, modified: now,
		usernameAttributes: in.UsernameAttributes, aliasAttributes: in.AliasAttributes, autoVerified: in.AutoVerifiedAttributes,
		caseInsensitive: in.UsernameConfiguration.CaseSensitive != nil && !*in.UsernameConfiguration.CaseSensitive,
		policy:          defaultPolicy(),
		names:           map[string]*user{}, aliases: map[string]*user{},
		mfa: mfaConfig{mode: cmp.Or(in.MfaConfiguration, types.UserPoolMfaTypeOff), sms: in.SmsConfiguration},
	}
	if given := in.Policies.PasswordPolicy; given != nil {
		p.policy = *given
		p.policy.MinimumLength = cmp.Or(given.MinimumLength, defaultPolicy().MinimumLength)
		p.policy.TemporaryPasswordValidityDays = cmp.Or(given.TemporaryPasswordValidityDays, defaultPolicy().TemporaryPasswordValidityDays)
		if p.policy.MinimumLength < 6 || p.policy.MinimumLength > 99 || p.policy.TemporaryPasswordValidityDays < 0 || p.policy.TemporaryPasswordValidityDays > 365 {
			return nil, invalidParameter("The password policy is out of range.")
		}
	}
	if p.mfa.mode == types.UserPoolMfaTypeOff {
		p.mfa.sms = nil
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
	schema := []schemaAttribute{{"sub", true}}
	for _, name := range p.required {
		schema = append(schema, schemaAttribute{name, true})
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	return userPoolType{
		ID: p.id, Name: p.name, Arn: "arn:aws:cognito-idp:" + b.region + ":123456789012:userpool/" + p.id,
		CreationDate: timestamp(p.created), LastModifiedDate: timestamp(p.modified),
		Policies: policies{&p.policy}, AliasAttributes: p.aliasAttributes, UsernameAttributes: p.usernameAttributes,
		AutoVerifiedAttributes: p.autoVerified, UsernameConfiguration: usernameConfiguration{&caseSensitive},
		MfaConfiguration: p.mfa.mode, SchemaAttributes: schema, EstimatedNumberOfUsers: len(p.names),
	}
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
	c := &appClient{
		id: newText(lowerAndDigits, 26), name: in.ClientName, secret: in.ClientSecret, pool: p, created: b.time(),
		flows:      in.ExplicitAuthFlows,
		reveal:     in.PreventUserExistenceErrors != types.PreventUserExistenceErrorTypesEnabled,
		session:    time.Duration(cmp.Or(in.AuthSessionValidity, 3)) * time.Minute,
		revocation: in.EnableTokenRevocation == nil || *in.EnableTokenRevocation,
	}
	units := in.TokenValidityUnits
	c.access = validity(in.AccessTokenValidity, units.AccessToken, time.Hour, time.Hour)
	c.idToken = validity(in.IDTokenValidity, units.IDToken, time.Hour, time.Hour)
	c.refresh = validity(in.RefreshTokenValidity, units.RefreshToken, day, 30*day)
	if in.GenerateSecret && c.secret == "" {
		c.secret = newText(lowerAndDigits, 51)
	}
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
	if err := c.check(); err != nil {
		return nil, err
	}
	b.addClient(c)
	return &userPoolClientResponse{c.describe()}, nil
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
	created := timestamp(c.created)
	out := userPoolClient{
		UserPoolID: c.pool.id, ClientID: c.id, ClientName: c.name, ClientSecret: c.secret, CreationDate: &created, LastModifiedDate: &created,
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
