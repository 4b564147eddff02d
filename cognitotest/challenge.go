package cognitotest

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Challenge is a step of a sign-in that a test makes up, as an application's Lambda triggers do in Cognito. See Server.Script.
type Challenge struct {
	Name       types.ChallengeNameType // default CUSTOM_CHALLENGE; any other is sent as it is, but not a ..._VERIFIER, which has no session
	Parameters map[string]string       // what the client gets to see
	Answers    map[string]string       // what ChallengeResponses must hold, for example "ANSWER"; any other answer ends the sign-in
}

func (c Challenge) name() string { return cmp.Or(string(c.Name), challengeByDefault) }

func (c Challenge) answeredBy(responses map[string]string) bool {
	for name, want := range c.Answers {
		if got, given := responses[name]; !given || got != want {
			return false
		}
	}
	return true
}

// respondRequest is that of RespondToAuthChallenge and of AdminRespondToAuthChallenge.
type respondRequest struct {
	UserPoolID         string `json:"UserPoolId"`
	ClientID           string `json:"ClientId"`
	ChallengeName      string
	Session            string
	ChallengeResponses map[string]string
}

func (b *backend) respondToAuthChallenge(in *respondRequest) (*authResponse, error) {
	c, err := b.client(in.ClientID)
	if err != nil {
		return nil, err
	}
	return b.answer(b.respond(c, in))
}

func (b *backend) adminRespondToAuthChallenge(in *respondRequest) (*authResponse, error) {
	c, err := b.clientOf(in.UserPoolID, in.ClientID)
	if err != nil {
		return nil, err
	}
	return b.answer(b.respond(c, in))
}

// respond takes the answer to a challenge. A session is bound to the challenge, to the client and to the user; the user may be called by an
// alias. It is spent by a right answer only.
func (b *backend) respond(c *appClient, in *respondRequest) (next, error) {
	username := in.ChallengeResponses["USERNAME"]
	if username == "" {
		return next{}, missingParameter("USERNAME")
	}
	if err := b.checkHash(c, username, in.ChallengeResponses["SECRET_HASH"]); err != nil {
		return next{}, err
	}
	switch in.ChallengeName {
	case challengeVerifier:
		return b.answerVerifier(c, username, in.ChallengeResponses)
	case challengeDeviceVerifier:
		return b.answerDeviceVerifier(c, username, in.ChallengeResponses)
	}
	if in.Session == "" {
		return next{}, missingParameter("Session")
	}
	named := b.signer(c.pool, username)
	u, client, s, err := b.resume(in.Session, in.ChallengeName, stageChallenged, stageAssociated, stageVerified, stageScripted)
	if err != nil {
		return next{}, err
	}
	defer u.mu.Unlock()
	if client != c || named != u {
		return next{}, errSession
	}

	if s.first {
		return b.answerFirst(u, c, s, in.ChallengeResponses)
	}
	done := s.done
	device, err := u.deviceGiven(in.ChallengeResponses)
	if err != nil {
		return next{}, err
	}
	done.device = cmp.Or(device, done.device)
	switch {
	case s.stage == stageScripted:
		done.asked++
		err = u.answerScripted(s, in.ChallengeResponses)
	case s.challenge == challengeDevice:
		return b.answerDevice(u, c, s, in.ChallengeResponses)
	case s.challenge == challengePassword:
		err = b.answerNewPassword(u, in.ChallengeResponses)
	case s.challenge == challengeSelect:
		return b.answerSelect(u, c, s, in.ChallengeResponses)
	case s.challenge == challengeSetup && in.ChallengeResponses["EMAIL"] != "":
		return b.answerSetupByEmail(u, c, s, in.ChallengeResponses["EMAIL"])
	case s.challenge == challengeSetup:
		done.mfa = true
		if s.stage != stageVerified {
			err = errSession
		}
	default: // one of allMethods
		done.mfa = true
		err = b.answerFactor(u, s, in.ChallengeResponses)
	}
	if err != nil {
		return next{}, err
	}
	u.spend(s)
	return b.proceed(u, c, done)
}

// answerFactor checks a code. SMS and e-mail codes live as long as their session.
func (b *backend) answerFactor(u *user, s *session, responses map[string]string) error {
	code := responses[s.challenge+"_CODE"]
	if code == "" {
		return missingParameter(s.challenge + "_CODE")
	}
	now := b.time()
	if b.quirks.CodeLockout && u.lockedOut(now) {
		return errLockedOut
	}
	if s.challenge == methodTOTP {
		if u.verified == nil {
			return errNoTOTP
		}
		err := u.verified.spend(code, now, b.quirks.StrictStep, errTOTPMismatch)
		if errors.Is(err, errTOTPMismatch) && b.quirks.CodeLockout {
			u.failed(now)
		}
		return err
	}
	if code != s.code {
		if b.quirks.CodeLockout {
			u.failed(now)
		}
		return errOTPMismatch
	}
	if s.address != "" {
		if err := u.pool.change(u, attribute{"email", s.address}, attribute{"email_verified", "true"}); err != nil {
			return err
		}
	}
	if !slices.Contains(u.methods, s.challenge) {
		u.enable(s.challenge, true)
	}
	return nil
}

func (b *backend) answerSelect(u *user, c *appClient, s *session, responses map[string]string) (next, error) {
	method := responses["ANSWER"]
	switch {
	case method == "":
		return next{}, missingParameter("ANSWER")
	case !slices.Contains(s.offered, method):
		return next{}, invalidParameter("The MFA type that was selected is not one of %s", strings.Join(s.offered, ", "))
	case !u.usable(method, u.pool.config()):
		return next{}, errSession // it was taken away meanwhile
	}
	u.spend(s)
	return b.ask(u, c, method, s.done), nil
}

// answerSetupByEmail sends a code to the address that is to become the second factor.
func (b *backend) answerSetupByEmail(u *user, c *appClient, s *session, address string) (next, error) {
	if s.stage != stageChallenged || u.pool.config().email == nil {
		return next{}, errSession
	}
	if !isAddress("email", address) {
		return next{}, invalidParameter("Invalid email address format.")
	}
	u.spend(s)
	parameters := map[string]string{}
	otp := session{challenge: methodEmail, address: address, done: s.done}
	otp.code = b.send(u, "EMAIL", address, mfaCodeLength, parameters)
	return b.challenge(u, c, otp, parameters), nil
}

// answerNewPassword sets the password that takes the place of a temporary one, and the attributes that come along.
func (b *backend) answerNewPassword(u *user, responses map[string]string) error {
	password := responses["NEW_PASSWORD"]
	if password == "" {
		return missingParameter("NEW_PASSWORD")
	}
	var given attributes
	for _, name := range slices.Sorted(maps.Keys(responses)) {
		if attr, found := strings.CutPrefix(name, "userAttributes."); found {
			given.set(attr, responses[name])
		}
	}
	if err := check(map[string]any{"Password": password, "UserAttributes": given.members()}, nil); err != nil {
		return err
	}
	if err := u.pool.settings().policy.check(password); err != nil {
		return err
	}
	if missing := u.missing(given); len(missing) > 0 {
		return invalidParameter("Invalid attributes given, %s is missing", missing[0])
	}
	if given.get("email") != "" && u.attributes.get("email") != "" {
		return errEmailProvided
	}
	if err := u.checkChange(given, true); err != nil {
		return err
	}
	if err := u.pool.change(u, given...); err != nil {
		return err
	}
	u.setPassword(password, userConfirmed, b.time())
	return nil
}

func (u *user) answerScripted(s *session, responses map[string]string) error {
	if s.done.asked >= len(u.script) || !u.script[s.done.asked].answeredBy(responses) {
		u.spend(s)
		return errCredentials
	}
	return nil
}
