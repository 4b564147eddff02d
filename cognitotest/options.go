package cognitotest

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/pool"
)

// Options are the settings of a server: the user pool and the app client that it starts with, its
// clock, and its address. The zero value of a field stands for the default that its comment names.
type Options struct {
	Region               string // default us-east-1
	UserPoolID, ClientID string // default: made up

	MFA          types.UserPoolMfaType // default OPTIONAL; OFF switches every factor off
	TOTPDisabled bool                  // the pool does not offer TOTP
	SMS, Email   bool                  // the pool offers MFA by SMS, by e-mail; the codes are in the Outbox

	ClientSecret string                        // of the app client, 24 to 64 characters; default none
	AuthFlows    []types.ExplicitAuthFlowsType // of the app client; default: all

	// FirstFactors are what USER_AUTH may begin with: PASSWORD, which must be there, EMAIL_OTP, SMS_OTP;
	// default PASSWORD.
	FirstFactors []types.AuthFactorType

	Devices *types.DeviceConfigurationType // users' devices are tracked; default nil: they are not

	// RevealUsers tells an unknown user from a wrong password (PreventUserExistenceErrors LEGACY); default
	// no.
	RevealUsers bool

	// Users sign in by these attributes, and the user name is a UUID equal to sub. Not together with
	// AliasAttributes.
	UsernameAttributes []types.UsernameAttributeType
	// Users sign in by these attributes as well, once they are verified.
	AliasAttributes []types.AliasAttributeType

	// Tier is the pool's plan; default ESSENTIALS. LITE has no authentication levels, no passwordless
	// sign-in and no MFA by e-mail.
	Tier types.UserPoolTierType

	// AcceptUnsimulated keeps settings of pools and app clients that are not simulated, Lambda triggers
	// for example, and describes them; default: they are refused by name. Call.Unsimulated lists them.
	AcceptUnsimulated bool

	RequiredAttributes []string // attributes that every user must have, for example "name"
	CaseInsensitive    bool     // user names and aliases are; tokens then hold them in lower case

	AuthSessionValidity time.Duration // of a session, in whole minutes; default 3 minutes, at most 15

	// The lives of tokens, in whole seconds; default 1 hour, 1 hour, 30 days.
	AccessTokenValidity, IDTokenValidity, RefreshTokenValidity time.Duration

	RefreshTokenRotation    bool          // every refresh gives a new refresh token
	RotationGrace           time.Duration // how long a rotated token still works; whole seconds, at most 60
	TokenRevocationDisabled bool          // the app client has no token revocation

	Now      func() time.Time // the clock that Advance adds to; must be safe for concurrent use; default time.Now
	Listener net.Listener     // where to listen; Close closes it; default: a free port of 127.0.0.1 or [::1]

	// URL is where clients reach the server; default: the Listener's address. With a URL and no Listener
	// the server does not listen: it is to be mounted there as an http.Handler, which Client does not
	// wait for. If the URL has a path, say /cognito, mount http.StripPrefix("/cognito", srv) at /cognito
	// and at /cognito/.
	URL string

	// Issuer begins the iss of tokens, which ends in "/" and the pool's ID. The default is Cognito's own,
	// such as https://cognito-idp.us-east-1.amazonaws.com, so that code which expects that one runs
	// unchanged. SelfIssuer stands for the server's URL: clients with OIDC discovery need that.
	Issuer string

	Quirks Quirks // where Cognito's behavior is not known for certain, or has changed
}

// Quirks switch to another behavior where it is uncertain what Cognito does, where it did something
// else once, or where its model promises something else than was seen. A client should work with every
// one of them.
type Quirks struct {
	// ModelStatus gives errors the HTTP status of the service's model: 401, 403, 404, 429; default 400.
	ModelStatus bool
	// ErrorName says where the exception type is written; default header and body.
	ErrorName ErrorName
	// LongSessions makes sessions of a little more than 4,000 characters: 4,096 are documented.
	LongSessions bool
	// HugeSessions makes sessions of more than 8,000 characters, as have been seen. Kept in a cookie,
	// they are lost without an error: browsers drop cookies over 4,096 bytes.
	HugeSessions bool
	// StrictStep refuses a code older than the newest that was used, as if it had been used.
	StrictStep bool
	// CodeLockout counts wrong MFA codes like wrong passwords, and locks the user out.
	CodeLockout bool
	// AssociateCutsOff makes AssociateSoftwareToken end the verified authenticator at once, as before 2023.
	AssociateCutsOff bool
	// SetupSetsList makes a verified set-up during sign-in enable TOTP by itself.
	SetupSetsList bool
	// SetupAfterDisable leads to MFA_SETUP when TOTP is disabled where the pool requires MFA; by default
	// the code is asked for all the same.
	SetupAfterDisable bool
	// RefuseDisable does not let a method be disabled where the pool requires MFA.
	RefuseDisable bool
	// OldSecretHashText is "Unable to verify secret hash for client", as in older responses.
	OldSecretHashText bool
	// DeviceSparesEmail has a remembered device take the place of a code by e-mail, too; by default it
	// does of one by SMS or from an authenticator.
	DeviceSparesEmail bool
	// PreciseSignOut keeps tokens good that are issued after a global sign-out in the same second; it
	// needs token revocation. By default they are not.
	PreciseSignOut bool
}

// ErrorName says where a response writes the exception type.
type ErrorName int

// The places: both, as Cognito does, the header X-Amzn-ErrorType alone, or the member __type of the
// body alone.
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
		o.UserPoolID = pool.NewPoolID(o.Region)
	}
	if o.ClientID == "" {
		o.ClientID = pool.NewClientID()
	}
	o.MFA = cmp.Or(o.MFA, types.UserPoolMfaTypeOptional)
	if o.AuthFlows == nil {
		o.AuthFlows = allFlows[:]
		if o.RefreshTokenRotation {
			o.AuthFlows = pool.FlowsWithoutRefresh(o.AuthFlows)
		}
	}
	o.AuthSessionValidity = cmp.Or(o.AuthSessionValidity, 3*time.Minute)
	o.AccessTokenValidity = cmp.Or(o.AccessTokenValidity, time.Hour)
	o.IDTokenValidity = cmp.Or(o.IDTokenValidity, time.Hour)
	o.RefreshTokenValidity = cmp.Or(o.RefreshTokenValidity, 30*24*time.Hour)
	if o.FirstFactors == nil {
		o.FirstFactors = []types.AuthFactorType{types.AuthFactorTypePassword}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// machine makes the state machine with the pool and the app client of the options.
func (o *Options) machine() (*pool.Machine, error) {
	q := o.Quirks
	config := pool.Config{
		Region: o.Region, Issuer: o.Issuer, Now: o.Now, AcceptUnsimulated: o.AcceptUnsimulated,
	}
	config.Quirks = pool.Quirks{
		LongSessions: q.LongSessions, HugeSessions: q.HugeSessions,
		StrictStep: q.StrictStep, CodeLockout: q.CodeLockout,
		AssociateCutsOff: q.AssociateCutsOff, SetupSetsList: q.SetupSetsList, SetupAfterDisable: q.SetupAfterDisable,
		RefuseDisable: q.RefuseDisable, OldSecretHashText: q.OldSecretHashText, PreciseSignOut: q.PreciseSignOut,
		DeviceSparesEmail: q.DeviceSparesEmail,
	}
	m := pool.New(config)
	return m, m.Start(pool.Start{
		PoolID: o.UserPoolID, ClientID: o.ClientID, Pool: o.pool(), MFA: o.mfa(), Client: o.client(),
	})
}

// check finds what has no place in the requests that make the pool and the app client.
func (o *Options) check() error {
	if strings.ContainsFunc(o.Region, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) {
		return fmt.Errorf("the region %q has characters that no region has", o.Region)
	}
	if o.AuthSessionValidity%time.Minute != 0 {
		return errors.New("AuthSessionValidity is not a number of whole minutes")
	}
	for _, d := range []time.Duration{
		o.AccessTokenValidity, o.IDTokenValidity, o.RefreshTokenValidity, o.RotationGrace,
	} {
		if d%time.Second != 0 {
			return errors.New("a validity is not a number of whole seconds")
		}
	}
	return nil
}

// object is an object in a request.
type object = map[string]any

// sms is how the pool sends SMS.
func sms() object { return object{"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"} }

// pool is the request that makes the pool.
func (o *Options) pool() object {
	p := object{
		"PoolName": "cognitotest", "AutoVerifiedAttributes": []string{"email", "phone_number"},
		"Policies":              object{"SignInPolicy": object{"AllowedFirstAuthFactors": o.FirstFactors}},
		"UsernameConfiguration": object{"CaseSensitive": !o.CaseInsensitive},
		"SmsConfiguration":      sms(),
		"EmailConfiguration": object{ // MFA by e-mail takes a sender of one's own
			"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/example.com",
		},
	}
	if o.Tier != "" {
		p["UserPoolTier"] = o.Tier
	}
	if o.Email { // MFA by e-mail takes a second way to recover accounts
		p["AccountRecoverySetting"] = object{"RecoveryMechanisms": []object{
			{"Name": "verified_phone_number", "Priority": 1}, {"Name": "verified_email", "Priority": 2},
		}}
	}
	var schema []object
	for _, name := range o.RequiredAttributes {
		schema = append(schema, object{"Name": name, "Required": true, "Mutable": true})
	}
	if schema != nil {
		p["Schema"] = schema
	}
	if len(o.UsernameAttributes) > 0 {
		p["UsernameAttributes"] = o.UsernameAttributes
	}
	if len(o.AliasAttributes) > 0 {
		p["AliasAttributes"] = o.AliasAttributes
	}
	if o.Devices != nil {
		p["DeviceConfiguration"] = object{
			"ChallengeRequiredOnNewDevice":     o.Devices.ChallengeRequiredOnNewDevice,
			"DeviceOnlyRememberedOnUserPrompt": o.Devices.DeviceOnlyRememberedOnUserPrompt,
		}
	}
	return p
}

// mfa is the request that sets the factors.
func (o *Options) mfa() object {
	m := object{"MfaConfiguration": o.MFA}
	if o.MFA == types.UserPoolMfaTypeOff {
		return m
	}
	if !o.TOTPDisabled {
		m["SoftwareTokenMfaConfiguration"] = object{"Enabled": true}
	}
	if o.SMS {
		m["SmsMfaConfiguration"] = object{"SmsConfiguration": sms()}
	}
	if o.Email {
		m["EmailMfaConfiguration"] = object{}
	}
	return m
}

// client is the request that makes the app client.
func (o *Options) client() object {
	existence := types.PreventUserExistenceErrorTypesEnabled
	if o.RevealUsers {
		existence = types.PreventUserExistenceErrorTypesLegacy
	}
	c := object{
		"ClientName": "cognitotest", "ExplicitAuthFlows": o.AuthFlows, "PreventUserExistenceErrors": existence,
		"AuthSessionValidity":   o.AuthSessionValidity / time.Minute,
		"AccessTokenValidity":   o.AccessTokenValidity / time.Second,
		"IdTokenValidity":       o.IDTokenValidity / time.Second,
		"RefreshTokenValidity":  o.RefreshTokenValidity / time.Second,
		"TokenValidityUnits":    object{"AccessToken": "seconds", "IdToken": "seconds", "RefreshToken": "seconds"},
		"EnableTokenRevocation": !o.TokenRevocationDisabled,
	}
	if o.ClientSecret != "" {
		c["ClientSecret"] = o.ClientSecret
	}
	if o.RefreshTokenRotation || o.RotationGrace != 0 {
		feature := types.FeatureTypeDisabled
		if o.RefreshTokenRotation {
			feature = types.FeatureTypeEnabled
		}
		c["RefreshTokenRotation"] = object{
			"Feature": feature, "RetryGracePeriodSeconds": o.RotationGrace / time.Second,
		}
	}
	return c
}

// describeError words an error for people.
func describeError(err error) string {
	if apiErr := asError(err); apiErr.Type != internalError {
		return apiErr.Message
	}
	return strings.TrimPrefix(err.Error(), "cognitotest: ")
}
