package pool

import "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

// See FIDELITY.md, "TOTP" and "Preferences".

var errTOTPOff = &Error{tokenMFANotFound, "Software Token MFA has not been enabled by the userPool"}

type associateResponse struct {
	SecretCode string
	Session    string `json:",omitempty"`
}

// associateSoftwareToken gives the user a new secret. Until it is verified, an older verified one
// still signs in.
func associateSoftwareToken(c *caller, _ *none) (*associateResponse, error) {
	if !c.pool.mfaConfig().totp {
		return nil, errTOTPOff
	}
	u := c.user
	u.pending = newAuthenticator()
	if c.quirks.AssociateCutsOff && u.verified != nil {
		u.verified = nil
		u.enable(methodTOTP, false)
	}
	return &associateResponse{
		SecretCode: u.pending.text(), Session: continueSetup(c, stageAssociated),
	}, nil
}

// continueSetup closes the session of a set-up, if there is one, and opens the next.
func continueSetup(c *caller, reached stage) string {
	if c.session == nil {
		return ""
	}
	c.useUp()
	return c.newSession(session{challenge: challengeSetup, stage: reached, done: c.session.done})
}

type verifyRequest struct {
	UserCode, FriendlyDeviceName string
}

type verifyResponse struct {
	Session string `json:",omitempty"`
	Status  types.VerifySoftwareTokenResponseType
}

// verifySoftwareToken makes the pending secret the user's authenticator if the code is right. A
// wrong code changes nothing: session and secret stay valid. Without a pending secret it checks the
// code against the verified one, so a request that is sent again learns that its code was used.
func verifySoftwareToken(c *caller, in *verifyRequest) (*verifyResponse, error) {
	u := c.user
	if !c.pool.mfaConfig().totp {
		return nil, errTOTPOff
	}
	a := u.pending
	if a == nil {
		a = u.verified
	}
	if a == nil {
		return nil, errNoTOTP
	}
	mismatch := &Error{
		"EnableSoftwareTokenMFAException", "Code mismatch and fail enable Software Token MFA",
	}
	if c.session != nil {
		mismatch.Message = "Code mismatch"
	}
	if err := a.accept(in.UserCode, c.Now(), c.quirks.StrictStep, mismatch); err != nil {
		return nil, err
	}
	u.verified, u.pending, u.totpOff = a, nil, false
	c.touch()
	if in.FriendlyDeviceName != "" {
		a.device = in.FriendlyDeviceName
	}
	if c.session != nil && c.quirks.SetupSetsList {
		u.enable(methodTOTP, true)
	}
	return &verifyResponse{
		Session: continueSetup(c, stageVerified),
		Status:  types.VerifySoftwareTokenResponseTypeSuccess,
	}, nil
}

// mfaSettings are the settings of a method in a preference call. The SDK leaves out false, so
// settings without Enabled mean off.
type mfaSettings struct {
	Enabled, PreferredMfa bool
}

type preferenceRequest struct {
	SMSMfaSettings, SoftwareTokenMfaSettings, EmailMfaSettings *mfaSettings

	WebAuthnMfaSettings enabled
}

// setPreference changes the methods in the request and leaves the others as they are, except that
// only one can be preferred. It checks everything before it changes anything.
func setPreference(c *caller, in *preferenceRequest) (*none, error) {
	if in.WebAuthnMfaSettings.Enabled {
		return nil, invalidParameter(
			"cognitotest does not simulate WebAuthnMfaSettings: no user has a passkey.")
	}
	u, config := c.user, c.pool.mfaConfig()
	settings := [len(allMethods)]*mfaSettings{
		in.SMSMfaSettings, in.SoftwareTokenMfaSettings, in.EmailMfaSettings,
	}
	preferred := 0
	for i, s := range settings {
		method := allMethods[i]
		switch {
		case s == nil:
		case s.PreferredMfa && !s.Enabled:
			return nil, invalidParameter("An MFA method that is not enabled cannot be preferred.")
		case s.Enabled && !u.canEnable(method, config):
			return nil, invalidParameter("User does not have delivery config set to turn on %s",
				method)
		case !s.Enabled && c.quirks.RefuseDisable && config.mode == types.UserPoolMfaTypeOn:
			return nil, invalidParameter(
				"MFA cannot be disabled for the user: the user pool requires it.")
		case s.PreferredMfa:
			preferred++
		}
	}
	if preferred > 1 {
		return nil, invalidParameter("Only one MFA method can be preferred.")
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
		if method == methodTOTP {
			u.totpOff = !s.Enabled
		}
	}
	c.touch()
	return &none{}, nil
}

// canEnable reports whether a method can be enabled: the pool must offer it, and the user must have
// a verified authenticator or an address, verified or not.
func (u *user) canEnable(method string, config mfaConfig) bool {
	return u.usable(method, config) && (method != methodTOTP || config.totp)
}

// deleteSoftwareToken removes the user's authenticator and the preference for it.
func deleteSoftwareToken(c *caller, _ *none) (*none, error) {
	u := c.user
	if u.verified == nil && u.pending == nil {
		return nil, errNoTOTP
	}
	u.verified, u.pending, u.totpOff = nil, nil, false
	u.enable(methodTOTP, false)
	c.touch()
	return &none{}, nil
}
