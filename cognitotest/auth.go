package cognitotest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// The MFA methods, by the names under which challenges, lists and preferences know them.
const (
	methodSMS   = "SMS_MFA"
	methodTOTP  = "SOFTWARE_TOKEN_MFA"
	methodEmail = "EMAIL_OTP"
)

var allMethods = [...]string{methodSMS, methodTOTP, methodEmail}

const (
	userConfirmed      = types.UserStatusTypeConfirmed
	userUnconfirmed    = types.UserStatusTypeUnconfirmed
	userMustChange     = types.UserStatusTypeForceChangePassword
	userResetRequired  = types.UserStatusTypeResetRequired
	challengeSetup     = "MFA_SETUP"
	challengeSelect    = "SELECT_MFA_TYPE"
	challengePassword  = "NEW_PASSWORD_REQUIRED"
	challengeByDefault = "CUSTOM_CHALLENGE"
)

// initiateAuthRequest is that of InitiateAuth and of AdminInitiateAuth.
type initiateAuthRequest struct {
	UserPoolID     string `json:"UserPoolId"`
	ClientID       string `json:"ClientId"`
	AuthFlow       types.AuthFlowType
	AuthParameters map[string]string
	Session        string // of ConfirmSignUp
}

// authResponse is the answer of the four calls that a sign-in is made of: tokens or the next challenge.
type authResponse struct {
	ChallengeName        string `json:",omitempty"`
	Session              string `json:",omitempty"`
	ChallengeParameters  map[string]string
	AvailableChallenges  []string              `json:",omitempty"`
	AuthenticationResult *authenticationResult `json:",omitempty"`
}

// next is where a sign-in goes from here: either a challenge or a grant's tokens. Once the user's lock is free, the tokens are signed and the
// exchange that a challenge may need is done.
type next struct {
	challenge *authResponse
	exchange  *exchange
	grant     *grant
}

func (b *backend) answer(n next, err error) (*authResponse, error) {
	switch {
	case err != nil:
		return nil, err
	case n.exchange != nil:
		return b.exchange(n.exchange, n.challenge), nil
	case n.challenge != nil:
		return n.challenge, nil
	}
	result, err := b.issue(n.grant)
	return &authResponse{ChallengeParameters: map[string]string{}, AuthenticationResult: result}, err
}

func (b *backend) initiateAuth(in *initiateAuthRequest) (*authResponse, error) {
	c, err := b.client(in.ClientID)
	if err != nil {
		return nil, err
	}
	switch in.AuthFlow {
	case types.AuthFlowTypeUserPasswordAuth:
		if !c.allows(types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeUserPasswordAuth) {
			return nil, invalidParameter("USER_PASSWORD_AUTH flow not enabled for this client")
		}
		return b.answer(b.passwordAuth(c, in.AuthParameters))
	default:
		return b.commonAuth(c, in)
	}
}

func (b *backend) adminInitiateAuth(in *initiateAuthRequest) (*authResponse, error) {
	c, err := b.clientOf(in.UserPoolID, in.ClientID)
	if err != nil {
		return nil, err
	}
	switch in.AuthFlow {
	case types.AuthFlowTypeAdminUserPasswordAuth, types.AuthFlowTypeAdminNoSrpAuth:
		if !c.allows(types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, types.ExplicitAuthFlowsTypeAdminNoSrpAuth) {
			return nil, errAdminFlow
		}
		return b.answer(b.passwordAuth(c, in.AuthParameters))
	default:
		return b.commonAuth(c, in)
	}
}

// commonAuth has the flows that both calls know.
func (b *backend) commonAuth(c *appClient, in *initiateAuthRequest) (*authResponse, error) {
	switch in.AuthFlow {
	case types.AuthFlowTypeRefreshTokenAuth, types.AuthFlowTypeRefreshToken:
		g, err := b.refreshAuth(c, in.AuthParameters)
		return b.answer(next{grant: g}, err)
	case types.AuthFlowTypeCustomAuth:
		if !c.allows(types.ExplicitAuthFlowsTypeAllowCustomAuth, types.ExplicitAuthFlowsTypeCustomAuthFlowOnly) {
			return nil, invalidParameter("CUSTOM_AUTH flow not enabled for this client")
		}
		if in.AuthParameters["CHALLENGE_NAME"] == "SRP_A" {
			return b.answer(b.srpAuth(c, in.AuthParameters))
		}
		return b.answer(b.customAuth(c, in.AuthParameters))
	case types.AuthFlowTypeUserSrpAuth:
		if !c.srpAllowed() {
			return nil, errNoSRP
		}
		return b.answer(b.srpAuth(c, in.AuthParameters))
	case types.AuthFlowTypeUserAuth:
		if !c.allows(types.ExplicitAuthFlowsTypeAllowUserAuth) {
			return nil, errNoUserAuth
		}
		return b.answer(b.userAuth(c, in))
	default:
		return nil, errMethod
	}
}

// passwordAuth checks a password. In a client that hides who exists, nothing about a user shows before the password was right.
func (b *backend) passwordAuth(c *appClient, parameters map[string]string) (next, error) {
	for _, name := range []string{"USERNAME", "PASSWORD"} {
		if parameters[name] == "" {
			return next{}, missingParameter(name)
		}
	}
	u, err := b.identify(c, parameters)
	if err != nil {
		return next{}, err
	}
	defer u.mu.Unlock()
	return b.tryPassword(u, c, parameters)
}

// tryPassword goes on if the password that was given is the user's, whose lock is held.
func (b *backend) tryPassword(u *user, c *appClient, given map[string]string) (next, error) {
	right := hmac.Equal([]byte(u.password), []byte(given["PASSWORD"])) && u.password != ""
	if err := b.judge(u, c, right); err != nil {
		return next{}, err
	}
	device, err := u.deviceGiven(given)
	if err != nil {
		return next{}, err
	}
	return b.proceed(u, c, progress{device: device})
}

// judge says what a password that was found right or wrong leads to. The user's lock is held.
func (b *backend) judge(u *user, c *appClient, right bool) error {
	now := b.time()
	if u.lockedOut(now) {
		return errLockedOut
	}
	if right || c.reveal {
		if err := b.admissible(u); err != nil {
			return err
		}
	}
	if !right {
		u.failed(now)
		return errCredentials
	}
	return nil
}

// customAuth is a sign-in whose first factor is the challenges that Script set.
func (b *backend) customAuth(c *appClient, parameters map[string]string) (next, error) {
	if parameters["USERNAME"] == "" {
		return next{}, missingParameter("USERNAME")
	}
	u, err := b.identify(c, parameters)
	if err != nil {
		return next{}, err
	}
	defer u.mu.Unlock()
	if u.ghost {
		return next{}, errCredentials
	}
	if err := b.admissible(u); err != nil {
		return next{}, err
	}
	if len(u.script) == 0 {
		return next{}, errNoCustomAuth
	}
	return b.proceed(u, c, progress{})
}

// identify finds the user that a sign-in names, or its ghost where the client hides who exists, and locks it.
func (b *backend) identify(c *appClient, parameters map[string]string) (*user, error) {
	if err := b.checkHash(c, parameters["USERNAME"], parameters["SECRET_HASH"]); err != nil {
		return nil, err
	}
	u := c.pool.lookup(parameters["USERNAME"])
	if u == nil || u.lock() != nil {
		if c.reveal {
			return nil, errNoUser
		}
		u = b.ghost(c.pool, parameters["USERNAME"])
		u.mu.Lock()
	}
	return u, nil
}

// admissible tells whether the user, whose lock is held, may sign in at all.
func (b *backend) admissible(u *user) error {
	temporary := b.time().AddDate(0, 0, -u.pool.settings().policy.TemporaryPasswordValidityDays)
	switch {
	case u.disabled:
		return errDisabled
	case u.status == userUnconfirmed:
		return errNotConfirmed
	case u.status == userResetRequired:
		return errPasswordReset
	case u.status == userMustChange && u.passwordSet.Before(temporary):
		return errTemporaryOld
	}
	return nil
}

// checkHash checks the SECRET_HASH of an app client with a secret: Base64(HMAC-SHA256(secret, username + client id)), over the name as it was
// sent.
func (b *backend) checkHash(c *appClient, username, hash string) error {
	if c.secret == "" {
		return nil
	}
	if hash == "" {
		return &apiError{typeNotAuthorized, "Client " + c.id + " is configured with secret but SECRET_HASH was not received"}
	}
	mac := hmac.New(sha256.New, []byte(c.secret))
	_, _ = mac.Write([]byte(username + c.id))
	switch {
	case hmac.Equal([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(hash)):
		return nil
	case b.quirks.OldSecretHashText:
		return &apiError{typeNotAuthorized, "Unable to verify secret hash for client " + c.id}
	default:
		return &apiError{typeNotAuthorized, "SecretHash does not match for the client: " + c.id}
	}
}

// progress is what of a sign-in lies behind.
type progress struct {
	asked  int    // scripted challenges that were answered
	mfa    bool   // the second factor
	device string // key of the device that it happens on, if it is one of the user's
}

// proceed decides what comes after a step that went well: a new password, scripted challenges, a second factor, tokens, in this order. The
// user's lock is held.
func (b *backend) proceed(u *user, c *appClient, done progress) (next, error) {
	if u.status == userMustChange {
		return b.askNewPassword(u, c, done), nil
	}
	if done.asked < len(u.script) {
		return b.askScripted(u, c, done), nil
	}
	if !done.mfa {
		if u.vouched(done.device) {
			return b.askDevice(u, c, done), nil
		}
		n := b.askFactor(u, c, done)
		if n.challenge != nil {
			return n, nil
		}
	}
	return next{grant: b.grant(u, c, done.device)}, nil
}

// askFactor is the decision which second factor is asked for; no challenge means none.
func (b *backend) askFactor(u *user, c *appClient, done progress) next {
	config := u.pool.config()
	if config.mode == types.UserPoolMfaTypeOff {
		return next{}
	}
	factors := u.factors(config, b.quirks)
	switch {
	case slices.Contains(factors, u.preferred):
		return b.ask(u, c, u.preferred, done)
	case len(factors) > 1:
		offered, _ := json.Marshal(factors)
		return b.challenge(u, c, session{challenge: challengeSelect, offered: factors, done: done}, map[string]string{"MFAS_CAN_CHOOSE": string(offered)})
	case len(factors) == 1:
		return b.ask(u, c, factors[0], done)
	case config.mode == types.UserPoolMfaTypeOn:
		offered, _ := json.Marshal(config.methods())
		return b.challenge(u, c, session{challenge: challengeSetup, done: done}, map[string]string{"MFAS_CAN_SETUP": string(offered)})
	default:
		return next{}
	}
}

// factors are the methods that a user can be asked for. Where the pool demands MFA and none is enabled, what the user could use counts: a
// verified authenticator first, else a phone number or an e-mail address.
func (u *user) factors(config mfaConfig, quirks Quirks) []string {
	var enabled, implied []string
	for _, method := range u.methods {
		if u.usable(method, config) {
			enabled = append(enabled, method)
		}
	}
	if len(enabled) > 0 || config.mode != types.UserPoolMfaTypeOn {
		return enabled
	}
	if u.verified != nil && (!u.totpOff || !quirks.SetupAfterDisable) {
		return []string{methodTOTP}
	}
	for _, method := range []string{methodSMS, methodEmail} {
		if u.usable(method, config) {
			implied = append(implied, method)
		}
	}
	return implied
}

// usable tells whether a method would work. An authenticator does also after the pool stopped offering TOTP to others.
func (u *user) usable(method string, config mfaConfig) bool {
	switch method {
	case methodTOTP:
		return u.verified != nil
	case methodSMS:
		return config.sms != nil && u.attributes.get("phone_number") != ""
	default:
		return config.email != nil && u.attributes.get("email") != ""
	}
}

// methods are those that the pool offers.
func (m mfaConfig) methods() []string {
	on := map[string]bool{methodSMS: m.sms != nil, methodTOTP: m.totp, methodEmail: m.email != nil}
	return slices.DeleteFunc(slices.Clone(allMethods[:]), func(method string) bool { return !on[method] })
}

// challenge opens a session and makes the answer that carries it.
func (b *backend) challenge(u *user, c *appClient, s session, parameters map[string]string) next {
	all := map[string]string{"USER_ID_FOR_SRP": u.name}
	maps.Copy(all, parameters)
	return next{challenge: &authResponse{ChallengeName: s.challenge, Session: b.open(u, c, s), ChallengeParameters: all}}
}

// ask asks for the code of a method; a code that travels is sent now.
func (b *backend) ask(u *user, c *appClient, method string, done progress) next {
	s := session{challenge: method, done: done}
	parameters := map[string]string{}
	switch method {
	case methodTOTP:
		if device := u.verified.device; device != "" {
			parameters["FRIENDLY_DEVICE_NAME"] = device
		}
	case methodSMS:
		s.code = b.send(u, "SMS", u.attributes.get("phone_number"), mfaCodeLength, parameters)
	default:
		s.code = b.send(u, "EMAIL", u.attributes.get("email"), mfaCodeLength, parameters)
	}
	return b.challenge(u, c, s, parameters)
}

func (b *backend) askNewPassword(u *user, c *appClient, done progress) next {
	required := []string{}
	for _, name := range u.missing(nil) {
		required = append(required, "userAttributes."+name)
	}
	known := map[string]string{}
	for _, a := range u.attributes {
		known[a.Name] = a.Value
	}
	done.mfa = false // whoever got so far must do it again with the new password
	requiredText, _ := json.Marshal(required)
	knownText, _ := json.Marshal(known)
	return b.challenge(u, c, session{challenge: challengePassword, done: done},
		map[string]string{"requiredAttributes": string(requiredText), "userAttributes": string(knownText)})
}

func (b *backend) askScripted(u *user, c *appClient, done progress) next {
	script := u.script[done.asked]
	parameters := map[string]string{"USERNAME": u.name}
	maps.Copy(parameters, script.Parameters)
	return b.challenge(u, c, session{challenge: script.name(), stage: stageScripted, done: done}, parameters)
}
