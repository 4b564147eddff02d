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
// clock, and its address. A zero field has the default that its comment names.
type Options struct {
	Region               string // default us-east-1
	UserPoolID, ClientID string // default random

	MFA          types.UserPoolMfaType // default OPTIONAL; OFF switches every factor off
	TOTPDisabled bool                  // the pool does not offer TOTP
	// The pool offers these MFA methods; see Server.Outbox. With Email, accounts are recovered by
	// phone or by email, as Cognito requires then.
	SMS, Email bool

	// ClientSecret is the app client's secret, 24 to 64 characters; default none.
	ClientSecret string
	// AuthFlows are the flows that the app client allows. The default is all, where Cognito's own is
	// SRP, custom challenges and refreshing; with RefreshTokenRotation it is all but refreshing.
	AuthFlows []types.ExplicitAuthFlowsType

	// FirstFactors are the factors that USER_AUTH may begin with: PASSWORD, which is required,
	// EMAIL_OTP and SMS_OTP. Default PASSWORD.
	FirstFactors []types.AuthFactorType

	Devices *types.DeviceConfigurationType // turns on device tracking; default nil, off

	// RevealUsers lets clients tell an unknown user from a wrong password
	// (PreventUserExistenceErrors LEGACY). Default false.
	RevealUsers bool

	// UsernameAttributes are what users sign in by; their user names are UUIDs, equal to sub. Not
	// together with AliasAttributes.
	UsernameAttributes []types.UsernameAttributeType
	// AliasAttributes are what users sign in by as well, once verified.
	AliasAttributes []types.AliasAttributeType

	// Tier is the pool's plan; default ESSENTIALS. LITE has no authentication levels, no
	// passwordless sign-in and no MFA by email.
	Tier types.UserPoolTierType

	// AcceptUnsimulated keeps and describes settings of pools and app clients that are not
	// simulated, such as Lambda triggers. By default they are refused by name. Call.Unsimulated
	// lists them.
	AcceptUnsimulated bool

	RequiredAttributes []string // attributes that every user must have, for example "name"
	CaseInsensitive    bool     // of user names and aliases; tokens then hold them in lower case

	// AuthSessionValidity is how long a session is valid: 3 minutes, the default, to 15, in whole
	// minutes.
	AuthSessionValidity time.Duration

	// The lifetimes of tokens, in whole seconds; default 1 hour, 1 hour, 30 days. Access and ID
	// tokens take 5 minutes to a day (Advance lets them expire sooner), refresh tokens an hour to
	// ten years, and no less than the other two.
	AccessTokenValidity, IDTokenValidity, RefreshTokenValidity time.Duration

	RefreshTokenRotation bool // every refresh returns a new refresh token
	// RotationGrace is how long a rotated token still works, 0 to 60 whole seconds. It needs
	// RefreshTokenRotation.
	RotationGrace time.Duration

	TokenRevocationDisabled bool // the app client has no token revocation

	// Now is the clock that Advance adds to; default time.Now. It must be safe for concurrent use.
	Now func() time.Time

	// Listener is where the server listens; Close closes it. Default a free port of 127.0.0.1 or
	// [::1].
	Listener net.Listener

	// URL is where clients reach the server; default the Listener's address. With a URL and no
	// Listener the server does not listen: mount it at the URL as an http.Handler. (Client works
	// without that.) If the URL has a path, say /cognito, mount http.StripPrefix("/cognito", srv)
	// at /cognito and at /cognito/.
	URL string

	// Issuer begins the iss of tokens, which continues with "/" and the pool's ID. The default is
	// Cognito's own, such as https://cognito-idp.us-east-1.amazonaws.com, so code that expects it
	// runs unchanged. SelfIssuer stands for the server's URL, which clients with OIDC discovery
	// need.
	Issuer string

	Quirks Quirks // for behavior of Cognito that is uncertain or has changed
}

// Quirks switch to another behavior where it is uncertain what Cognito does, where it once did
// something else, or where it was seen to break its own model. A client should work with all of
// them.
type Quirks struct {
	// ModelStatus gives errors the HTTP status of the service's model (401, 403, 404, 429), not
	// 400.
	ModelStatus bool
	// ErrorName says where the exception type is written; by default in header and body.
	ErrorName ErrorName
	// LongSessions makes sessions a little longer than 4,000 characters; 4,096 are documented.
	LongSessions bool
	// HugeSessions makes sessions longer than 8,000 characters, which have been seen. A browser
	// silently drops a cookie that holds one: its limit is 4,096 bytes.
	HugeSessions bool
	// StrictStep also refuses a code that is older than the newest one used, with the error of a
	// used code.
	StrictStep bool
	// CodeLockout counts wrong MFA codes as wrong passwords, so they lock the user out.
	CodeLockout bool
	// AssociateCutsOff makes AssociateSoftwareToken remove the verified authenticator at once, as
	// before 2023.
	AssociateCutsOff bool
	// SetupSetsList makes a set-up during sign-in enable TOTP without a preference call.
	SetupSetsList bool
	// SetupAfterDisable leads to MFA_SETUP when TOTP is disabled where the pool requires MFA. By
	// default the code is still asked for.
	SetupAfterDisable bool
	// RefuseDisable refuses to disable a method where the pool requires MFA.
	RefuseDisable bool
	// OldSecretHashText is "Unable to verify secret hash for client", as in older responses.
	OldSecretHashText bool
	// DeviceSparesEmail lets a remembered device replace a code by email as well. By default it
	// replaces only codes by SMS and from an authenticator.
	DeviceSparesEmail bool
	// PreciseSignOut leaves tokens valid that are issued after a global sign-out in the same
	// second. By default the sign-out reaches them. It needs token revocation.
	PreciseSignOut bool
}

// ErrorName says where a response writes the exception type.
type ErrorName int

// The places: both, as Cognito does; only the header X-Amzn-ErrorType; or only the member __type of
// the body.
const (
	ErrorNameInBoth ErrorName = iota
	ErrorNameInHeader
	ErrorNameInBody
)

// allFlows are the flows of an app client that allows everything.
var allFlows = [...]types.ExplicitAuthFlowsType{
	types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth,
	types.ExplicitAuthFlowsTypeAllowCustomAuth,
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

// machine returns a state machine with the pool and the app client of the options.
func (o *Options) machine() (*pool.Machine, error) {
	q := o.Quirks
	config := pool.Config{
		Region: o.Region, Issuer: o.Issuer, Now: o.Now, AcceptUnsimulated: o.AcceptUnsimulated,
	}
	config.Quirks = pool.Quirks{
		LongSessions: q.LongSessions, HugeSessions: q.HugeSessions,
		StrictStep: q.StrictStep, CodeLockout: q.CodeLockout,
		AssociateCutsOff: q.AssociateCutsOff, SetupSetsList: q.SetupSetsList,
		SetupAfterDisable: q.SetupAfterDisable,
		RefuseDisable:     q.RefuseDisable, OldSecretHashText: q.OldSecretHashText,
		PreciseSignOut:    q.PreciseSignOut,
		DeviceSparesEmail: q.DeviceSparesEmail,
	}
	m := pool.New(config)
	return m, m.Start(pool.Start{
		PoolID: o.UserPoolID, ClientID: o.ClientID, Pool: o.pool(), MFA: o.mfa(),
		Client: o.client(),
	})
}

// check finds mistakes that the requests for the pool and the app client cannot express; the state
// machine finds the others.
func (o *Options) check() error {
	if strings.ContainsFunc(o.Region, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) {
		return fmt.Errorf("the region %q has characters that no region has", o.Region)
	}
	if o.AuthSessionValidity%time.Minute != 0 {
		return errors.New("AuthSessionValidity is not a number of whole minutes")
	}
	for _, d := range []struct {
		name string
		time.Duration
	}{
		{"AccessTokenValidity", o.AccessTokenValidity},
		{"IDTokenValidity", o.IDTokenValidity},
		{"RefreshTokenValidity", o.RefreshTokenValidity},
		{"RotationGrace", o.RotationGrace},
	} {
		if d.Duration%time.Second != 0 {
			return fmt.Errorf("%s is not a number of whole seconds", d.name)
		}
	}
	if o.RotationGrace != 0 && !o.RefreshTokenRotation {
		return errors.New("RotationGrace needs RefreshTokenRotation")
	}
	return nil
}

// object is a JSON object.
type object = map[string]any

// sms is an SmsConfiguration. MFA by SMS requires one.
func sms() object { return object{"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"} }

// pool is the CreateUserPool request.
func (o *Options) pool() object {
	p := object{
		"PoolName": "cognitotest", "AutoVerifiedAttributes": []string{"email", "phone_number"},
		"Policies": object{
			"SignInPolicy": object{"AllowedFirstAuthFactors": o.FirstFactors},
		},
		"UsernameConfiguration": object{"CaseSensitive": !o.CaseInsensitive},
		"SmsConfiguration":      sms(),
		"EmailConfiguration": object{ // MFA by email requires a sender of your own
			"EmailSendingAccount": "DEVELOPER",
			"SourceArn":           "arn:aws:ses:us-east-1:123456789012:identity/example.com",
		},
	}
	if o.Tier != "" {
		p["UserPoolTier"] = o.Tier
	}
	if o.Email { // MFA by email requires another way to recover accounts
		p["AccountRecoverySetting"] = object{"RecoveryMechanisms": []object{
			{"Name": "verified_phone_number", "Priority": 1},
			{"Name": "verified_email", "Priority": 2},
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

// mfa is the SetUserPoolMfaConfig request.
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

// client is the CreateUserPoolClient request.
func (o *Options) client() object {
	existence := types.PreventUserExistenceErrorTypesEnabled
	if o.RevealUsers {
		existence = types.PreventUserExistenceErrorTypesLegacy
	}
	c := object{
		"ClientName": "cognitotest", "ExplicitAuthFlows": o.AuthFlows,
		"PreventUserExistenceErrors": existence,
		"AuthSessionValidity":        o.AuthSessionValidity / time.Minute,
		"AccessTokenValidity":        o.AccessTokenValidity / time.Second,
		"IdTokenValidity":            o.IDTokenValidity / time.Second,
		"RefreshTokenValidity":       o.RefreshTokenValidity / time.Second,
		"TokenValidityUnits": object{
			"AccessToken": "seconds", "IdToken": "seconds", "RefreshToken": "seconds",
		},
		"EnableTokenRevocation": !o.TokenRevocationDisabled,
	}
	if o.ClientSecret != "" {
		c["ClientSecret"] = o.ClientSecret
	}
	if o.RefreshTokenRotation {
		c["RefreshTokenRotation"] = object{
			"Feature":                 types.FeatureTypeEnabled,
			"RetryGracePeriodSeconds": o.RotationGrace / time.Second,
		}
	}
	return c
}

// describeError returns the text of an error for people, in one line and without its exception type.
func describeError(err error) string {
	if apiErr := asError(err); apiErr.Type != internalError {
		return strings.ReplaceAll(strings.TrimSpace(apiErr.Message), "\n", "; ")
	}
	return strings.TrimPrefix(err.Error(), "cognitotest: ")
}
