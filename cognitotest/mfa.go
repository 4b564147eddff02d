package cognitotest

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

type associateRequest struct {
	AccessToken, Session string
}

type associateResponse struct {
	SecretCode string
	Session    string `json:",omitempty"`
}

// associateSoftwareToken gives the user a new secret, which waits to be verified. An older one that was verified goes on signing in until then.
func (b *backend) associateSoftwareToken(in *associateRequest) (*associateResponse, error) {
	u, c, s, err := b.setup(in.AccessToken, in.Session, stageChallenged, stageAssociated)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	if !u.pool.config().totp {
		return nil, errTOTPDisabled
	}
	u.pending = newAuthenticator()
	if b.quirks.AssociateCutsOff && u.verified != nil {
		u.verified = nil
		u.enable(methodTOTP, false)
	}
	return &associateResponse{SecretCode: u.pending.text(), Session: b.continueSetup(u, c, s, stageAssociated)}, nil
}

// setup finds the user of the two calls that set TOTP up, and locks it: by an access token or, while signing in, by the session of an
// MFA_SETUP that has come as far as one of the stages.
func (b *backend) setup(accessToken, text string, stages ...stage) (*user, *appClient, *session, error) {
	switch {
	case (accessToken == "") == (text == ""):
		return nil, nil, nil, errOneOfTwo
	case accessToken != "":
		u, err := b.authenticate(accessToken)
		return u, nil, nil, err
	default:
		return b.resume(text, challengeSetup, stages...)
	}
}

// continueSetup spends the session of a set-up, if it has one, and opens the next.
func (b *backend) continueSetup(u *user, c *appClient, s *session, reached stage) string {
	if s == nil {
		return ""
	}
	u.spend(s)
	return b.open(u, c, session{challenge: challengeSetup, stage: reached, done: s.done})
}

type verifyRequest struct {
	AccessToken, Session, UserCode, FriendlyDeviceName string
}

type verifyResponse struct {
	Session string `json:",omitempty"`
	Status  types.VerifySoftwareTokenResponseType
}

// verifySoftwareToken makes the waiting secret the user's authenticator if the code is right. A wrong code changes nothing: session and secret
// stay good. Without a waiting secret the code is held against the verified one, so that a request that is sent again learns that its code
// was used.
func (b *backend) verifySoftwareToken(in *verifyRequest) (*verifyResponse, error) {
	u, c, s, err := b.setup(in.AccessToken, in.Session, stageAssociated)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	if !u.pool.config().totp {
		return nil, errTOTPDisabled
	}
	a := u.pending
	if a == nil {
		a = u.verified
	}
	if a == nil {
		return nil, errNoTOTP
	}
	mismatch := errEnableMismatch
	if s != nil {
		mismatch = errSetupMismatch
	}
	if err := a.spend(in.UserCode, b.time(), b.quirks.StrictStep, mismatch); err != nil {
		return nil, err
	}
	u.verified, u.pending, u.totpOff, u.modified = a, nil, false, b.time()
	if in.FriendlyDeviceName != "" {
		a.device = in.FriendlyDeviceName
	}
	if s != nil && b.quirks.SetupSetsList {
		u.enable(methodTOTP, true)
	}
	return &verifyResponse{Session: b.continueSetup(u, c, s, stageVerified), Status: types.VerifySoftwareTokenResponseTypeSuccess}, nil
}

// mfaSettings is one method in a preference call. The SDK leaves false out, so that a setting that is there without Enabled says off.
type mfaSettings struct {
	Enabled, PreferredMfa bool
}

type preferenceRequest struct {
	UserPoolID  string `json:"UserPoolId"`
	Username    string
	AccessToken string

	SMSMfaSettings, SoftwareTokenMfaSettings, EmailMfaSettings *mfaSettings
}

func (b *backend) setUserMFAPreference(in *preferenceRequest) (*empty, error) {
	u, err := b.authenticate(in.AccessToken)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	return b.setPreference(u, in)
}

func (b *backend) adminSetUserMFAPreference(in *preferenceRequest) (*empty, error) {
	u, err := b.lockUser(in.UserPoolID, in.Username)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	return b.setPreference(u, in)
}

// setPreference changes what is given and leaves the other methods as they are, except that only one can be preferred. It checks everything
// before it changes anything.
func (b *backend) setPreference(u *user, in *preferenceRequest) (*empty, error) {
	config := u.pool.config()
	settings := [len(allMethods)]*mfaSettings{in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings}
	preferred := 0
	for i, s := range settings {
		method := allMethods[i]
		switch {
		case s == nil:
		case s.PreferredMfa && !s.Enabled:
			return nil, errPreferDisabled
		case s.Enabled && !u.canEnable(method, config):
			return nil, invalidParameter("User does not have delivery config set to turn on %s", method)
		case !s.Enabled && b.quirks.RefuseDisable && config.mode == types.UserPoolMfaTypeOn:
			return nil, errMFARequired
		case s.PreferredMfa:
			preferred++
		}
	}
	if preferred > 1 {
		return nil, errTwoPreferred
	}
	for i, s := range settings {
		method := allMethods[i]
		if s == nil {
			continue
		}
		u.enable(method, s.Enabled)
		if s.PreferredMfa {
			u.preferred = method
		} else if u.preferred == method {
			u.preferred = ""
		}
	}
	u.modified = b.time()
	return &empty{}, nil
}

// canEnable tells whether a method may be switched on: the pool offers it, and the user has a verified authenticator or a verified address.
func (u *user) canEnable(method string, config mfaConfig) bool {
	switch method {
	case methodTOTP:
		return config.totp && u.usable(method, config)
	case methodSMS:
		return u.usable(method, config) && u.attributes.verified("phone_number")
	default:
		return u.usable(method, config) && u.attributes.verified("email")
	}
}

type userRequest struct {
	UserPoolID string `json:"UserPoolId"`
	Username   string
}

// adminDeleteSoftwareToken forgets the user's authenticator and the preference for it.
func (b *backend) adminDeleteSoftwareToken(in *userRequest) (*empty, error) {
	u, err := b.lockUser(in.UserPoolID, in.Username)
	if err != nil {
		return nil, err
	}
	defer u.mu.Unlock()
	if u.verified == nil && u.pending == nil {
		return nil, errNoTOTP
	}
	u.verified, u.pending, u.modified = nil, nil, b.time()
	u.enable(methodTOTP, false)
	u.totpOff = false
	return &empty{}, nil
}

// poolMFAConfig is the request and the answer of SetUserPoolMfaConfig, and the answer of GetUserPoolMfaConfig. The parts of no consequence here
// are kept as they came.
type poolMFAConfig struct {
	UserPoolID                    string                `json:"UserPoolId,omitempty"`
	MfaConfiguration              types.UserPoolMfaType `json:",omitempty"`
	SoftwareTokenMfaConfiguration *enabled              `json:",omitempty"`
	SmsMfaConfiguration           json.RawMessage       `json:",omitempty"`
	EmailMfaConfiguration         json.RawMessage       `json:",omitempty"`
	WebAuthnConfiguration         json.RawMessage       `json:",omitempty"`
}

type enabled struct{ Enabled bool }

func (m mfaConfig) wire() *poolMFAConfig {
	out := &poolMFAConfig{MfaConfiguration: m.mode, SmsMfaConfiguration: m.sms, EmailMfaConfiguration: m.email, WebAuthnConfiguration: m.webAuthn}
	if m.totp {
		out.SoftwareTokenMfaConfiguration = &enabled{true}
	}
	return out
}

// setUserPoolMfaConfig replaces the configuration: a factor that is left out is off.
func (b *backend) setUserPoolMfaConfig(in *poolMFAConfig) (*poolMFAConfig, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	config := mfaConfig{
		mode: in.MfaConfiguration,
		totp: in.SoftwareTokenMfaConfiguration != nil && in.SoftwareTokenMfaConfiguration.Enabled,
		sms:  in.SmsMfaConfiguration, email: in.EmailMfaConfiguration, webAuthn: in.WebAuthnConfiguration,
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if config.mode == "" {
		config.mode = p.mfa.mode
	}
	if err := config.check(); err != nil {
		return nil, err
	}
	p.mfa, p.modified = config, b.time()
	return config.wire(), nil
}

func (m mfaConfig) check() error {
	some := len(m.methods()) > 0
	switch {
	case m.mode == types.UserPoolMfaTypeOff && some:
		return errOffWithFactor
	case m.mode != types.UserPoolMfaTypeOff && !some:
		return errNoFactor
	}
	return nil
}

type poolRequest struct {
	UserPoolID string `json:"UserPoolId"`
}

func (b *backend) getUserPoolMfaConfig(in *poolRequest) (*poolMFAConfig, error) {
	p, err := b.pool(in.UserPoolID)
	if err != nil {
		return nil, err
	}
	return p.config().wire(), nil
}

// lockUser finds a user for an administrator and locks it.
func (b *backend) lockUser(poolID, name string) (*user, error) {
	u, err := b.user(poolID, name)
	if err == nil {
		err = u.lock()
	}
	return u, err
}
