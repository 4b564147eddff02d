package cognitotest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Options are the settings of a server: the user pool and the app client that it starts with, its clock, and its address. The zero value of a
// field stands for the default that its comment names.
type Options struct {
	Region               string // default us-east-1
	UserPoolID, ClientID string // default: made up

	MFA          types.UserPoolMfaType // default OPTIONAL; OFF switches every factor off
	TOTPDisabled bool                  // the pool does not offer TOTP
	SMS, Email   bool                  // the pool offers MFA by SMS, by e-mail; the codes are in the Outbox

	ClientSecret string                         // of the app client, 24 to 64 characters; default none
	AuthFlows    []types.ExplicitAuthFlowsType  // of the app client; default: all
	FirstFactors []types.AuthFactorType         // that USER_AUTH may begin with: PASSWORD, which must be there, EMAIL_OTP, SMS_OTP; default PASSWORD
	Devices      *types.DeviceConfigurationType // users' devices are tracked; default nil: they are not
	RevealUsers  bool                           // an unknown user is told from a wrong password (PreventUserExistenceErrors LEGACY); default no

	// Users sign in by these attributes, and the user name is a UUID equal to sub. Not together with AliasAttributes.
	UsernameAttributes []types.UsernameAttributeType
	// Users sign in by these attributes as well, once they are verified.
	AliasAttributes []types.AliasAttributeType

	RequiredAttributes []string // attributes that every user must have, for example "name"
	CaseInsensitive    bool     // user names and aliases are; tokens then hold them in lower case

	AuthSessionValidity                                        time.Duration // of a session; default 3 minutes, at most 15
	AccessTokenValidity, IDTokenValidity, RefreshTokenValidity time.Duration // default 1 hour, 1 hour, 30 days
	RefreshTokenRotation                                       bool          // every refresh gives a new refresh token
	RotationGrace                                              time.Duration // how long a rotated token still works; at most a minute
	TokenRevocationDisabled                                    bool          // the app client has no token revocation

	Now      func() time.Time // the clock that Advance adds to; must be safe for concurrent use; default time.Now
	Listener net.Listener     // where to listen; Close closes it; default: a free port of 127.0.0.1 or [::1]

	Quirks Quirks // where Cognito's behaviour is not known for certain, or has changed
}

// Quirks switch to another behaviour where it is uncertain what Cognito does, where it did something else once, or where its model promises
// something else than was seen. A client should work with every one of them.
type Quirks struct {
	ModelStatus       bool      // errors have the HTTP status of the service's model: 401, 403, 404, 429; default 400
	ErrorName         ErrorName // where the exception type is written; default header and body
	LongSessions      bool      // sessions of more than 4,000 characters
	StrictStep        bool      // a code older than the newest that was used is refused as used
	CodeLockout       bool      // wrong MFA codes count like wrong passwords, and lock the user out
	AssociateCutsOff  bool      // AssociateSoftwareToken ends the verified authenticator at once, as before 2023
	SetupSetsList     bool      // a verified set-up during sign-in enables TOTP by itself
	SetupAfterDisable bool      // where the pool demands MFA, disabling TOTP leads to MFA_SETUP; default: the code is asked for all the same
	RefuseDisable     bool      // where the pool demands MFA, a method cannot be disabled
	OldSecretHashText bool      // "Unable to verify secret hash for client", as in older answers
	PreciseSignOut    bool      // tokens issued after a global sign-out in the same second are good; needs token revocation; default: they are not
}

// ErrorName says where an answer writes the exception type.
type ErrorName int

// The places: both, as Cognito does, the header X-Amzn-ErrorType alone, or the member __type of the body alone.
const (
	ErrorNameInBoth ErrorName = iota
	ErrorNameInHeader
	ErrorNameInBody
)

// allFlows are the flows of an app client that allows everything.
var allFlows = [...]types.ExplicitAuthFlowsType{
	types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowCustomAuth,
	types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowUserSrpAuth,
	types.ExplicitAuthFlowsTypeAllowUserAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
}

func (o *Options) setDefaults() {
	o.Region = cmp.Or(o.Region, "us-east-1")
	if o.UserPoolID == "" {
		o.UserPoolID = newPoolID(o.Region)
	}
	if o.ClientID == "" {
		o.ClientID = newText(lowerAndDigits, 26)
	}
	o.MFA = cmp.Or(o.MFA, types.UserPoolMfaTypeOptional)
	if o.AuthFlows == nil {
		o.AuthFlows = allFlows[:]
		if o.RefreshTokenRotation {
			o.AuthFlows = flowsWithoutRefresh(o.AuthFlows)
		}
	}
	o.AuthSessionValidity = cmp.Or(o.AuthSessionValidity, 3*time.Minute)
	o.AccessTokenValidity = cmp.Or(o.AccessTokenValidity, time.Hour)
	o.IDTokenValidity = cmp.Or(o.IDTokenValidity, time.Hour)
	o.RefreshTokenValidity = cmp.Or(o.RefreshTokenValidity, 30*day)
	if o.FirstFactors == nil {
		o.FirstFactors = []types.AuthFactorType{types.AuthFactorTypePassword}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// start makes the pool and the app client of the options.
func (b *backend) start(o *Options) error {
	members := map[string]any{"UserPoolId": o.UserPoolID, "ClientId": o.ClientID, "MfaConfiguration": string(o.MFA)}
	if o.ClientSecret != "" {
		members["ClientSecret"] = o.ClientSecret
	}
	if err := check(members, nil); err != nil {
		return err
	}
	if !all(func(r rune) bool { return isWord(r) || r == '-' })(o.Region) {
		return fmt.Errorf("the region %q has characters that no region has", o.Region)
	}
	if len(o.UsernameAttributes) > 0 && len(o.AliasAttributes) > 0 {
		return fmt.Errorf("a pool has UsernameAttributes or AliasAttributes, not both")
	}
	for _, attribute := range slices.Concat(strs(o.UsernameAttributes), strs(o.AliasAttributes)) {
		if !slices.Contains([]string{"email", "phone_number", "preferred_username"}, attribute) {
			return fmt.Errorf("users cannot sign in by the attribute %q", attribute)
		}
	}

	if err := checkFirstFactors(strs(o.FirstFactors)); err != nil {
		return err
	}

	now := b.time()
	p := newPool(o.UserPoolID, now)
	p.set = poolSettings{name: "cognitotest", autoVerified: []string{"email", "phone_number"}, policy: defaultPolicy(), firstFactors: strs(o.FirstFactors)}
	p.usernameAttributes, p.aliasAttributes = strs(o.UsernameAttributes), strs(o.AliasAttributes)
	p.required, p.schema, p.caseInsensitive = slices.Clone(o.RequiredAttributes), schema{open: true}, o.CaseInsensitive
	p.mfa.mode = o.MFA
	if o.Devices != nil {
		p.set.devices = &deviceConfiguration{o.Devices.ChallengeRequiredOnNewDevice, o.Devices.DeviceOnlyRememberedOnUserPrompt}
	}
	if o.MFA != types.UserPoolMfaTypeOff {
		p.mfa.totp = !o.TOTPDisabled
		if o.SMS {
			p.mfa.sms = json.RawMessage(`{"SmsConfiguration":{"SnsCallerArn":"arn:aws:iam::123456789012:role/sms"}}`)
		}
		if o.Email {
			p.mfa.email = json.RawMessage(`{}`)
		}
	}
	c := &appClient{
		id: o.ClientID, name: "cognitotest", secret: o.ClientSecret, pool: p, created: now, modified: now, flows: slices.Clone(o.AuthFlows),
		reveal: o.RevealUsers, session: o.AuthSessionValidity, access: o.AccessTokenValidity, idToken: o.IDTokenValidity,
		refresh: o.RefreshTokenValidity, revocation: !o.TokenRevocationDisabled, rotation: o.RefreshTokenRotation, grace: o.RotationGrace,
	}
	if err := c.check(); err != nil {
		return err
	}
	b.addPool(p)
	b.addClient(c)
	return nil
}

// describeError words an error for a panic.
func describeError(err error) string {
	if apiErr := asAPIError(err); apiErr.Type != typeInternal {
		return apiErr.Message
	}
	return strings.TrimPrefix(err.Error(), "cognitotest: ")
}
