package cognitotest

import (
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// The first factors that a sign-in by USER_AUTH may choose among, by the names of their challenges. EMAIL_OTP is a second factor too.
const (
	factorPassword  = "PASSWORD"
	factorSRP       = "PASSWORD_SRP"
	factorEmail     = "EMAIL_OTP"
	factorSMS       = "SMS_OTP"
	challengeChoice = "SELECT_CHALLENGE"
)

// checkFirstFactors holds what a pool is to allow against what there is. Passwords cannot be switched off.
func checkFirstFactors(factors []string) error {
	for _, factor := range factors {
		if !slices.Contains([]string{factorPassword, factorEmail, factorSMS, string(types.AuthFactorTypeWebAuthn)}, factor) {
			return invalidParameter("%s cannot be a first factor.", factor)
		}
	}
	if !slices.Contains(factors, factorPassword) {
		return invalidParameter("PASSWORD must be among the first factors.")
	}
	return nil
}

// passwordless tells whether users of the pool may do without a password.
func (p *pool) passwordless() bool {
	factors := p.settings().firstFactors
	return slices.Contains(factors, factorEmail) || slices.Contains(factors, factorSMS)
}

// userAuth is the flow USER_AUTH. The preferred factor is asked for if it is available, else the user has the choice.
func (b *backend) userAuth(c *appClient, in *initiateAuthRequest) (next, error) {
	parameters := in.AuthParameters
	if parameters["USERNAME"] == "" {
		return next{}, missingParameter("USERNAME")
	}
	u, err := b.identify(c, parameters)
	if err != nil {
		return next{}, err
	}
	defer u.mu.Unlock()
	if c.reveal {
		if err := b.admissible(u); err != nil {
			return next{}, err
		}
	}
	if in.Session != "" {
		return b.userAuthAfterSignUp(u, c, in.Session)
	}
	available := u.firstFactors()
	if preferred := parameters["PREFERRED_CHALLENGE"]; slices.Contains(available, preferred) {
		return b.tryFirst(u, c, nil, preferred, available, parameters)
	}
	return b.askFirst(u, c, session{challenge: challengeChoice, offered: available}, map[string]string{}), nil
}

// userAuthAfterSignUp goes on from a sign-up: its code was a first factor.
func (b *backend) userAuthAfterSignUp(u *user, c *appClient, text string) (next, error) {
	s, err := b.continueSignUp(u, c, text, stageConfirmed)
	if err != nil {
		return next{}, err
	}
	if err := b.admissible(u); err != nil {
		return next{}, err
	}
	u.spend(s)
	return b.proceed(u, c, u.afterCode(""))
}

// firstFactors are those that the user, whose lock is held, can begin with. Codes are not among them where the pool demands a second factor, since
// that comes after a password only. Who has nothing to sign in by is asked for a password, like everybody.
func (u *user) firstFactors() []string {
	codes := u.codeFactors()
	if u.status == userMustChange || u.pool.config().mode == types.UserPoolMfaTypeOn {
		codes = nil
	}
	if u.password == "" && !u.ghost && len(codes) > 0 {
		return codes
	}
	return append([]string{factorSRP, factorPassword}, codes...)
}

// codeFactors are the first factors that send a code and that the user has an address for.
func (u *user) codeFactors() []string {
	var factors []string
	allowed := u.pool.settings().firstFactors
	for _, factor := range []string{factorEmail, factorSMS} {
		if _, address := u.codeAddress(factor); slices.Contains(allowed, factor) && address != "" {
			factors = append(factors, factor)
		}
	}
	return factors
}

// codeAddress tells how the code of a first factor goes and where to.
func (u *user) codeAddress(factor string) (medium, address string) {
	if factor == factorSMS {
		return "SMS", u.attributes.get("phone_number")
	}
	return "EMAIL", u.attributes.get("email")
}

// askFirst asks for a first factor. The user's name is not in the challenge; what else InitiateAuth could have asked for is.
func (b *backend) askFirst(u *user, c *appClient, s session, parameters map[string]string) next {
	s.first = true
	return next{challenge: &authResponse{
		ChallengeName: s.challenge, Session: b.open(u, c, s), ChallengeParameters: parameters, AvailableChallenges: s.offered,
	}}
}

// tryFirst goes on with a factor: at once if what it takes is there, else by asking for it. The session that the answer came with, if any, is
// spent.
func (b *backend) tryFirst(u *user, c *appClient, s *session, factor string, available []string, given map[string]string) (next, error) {
	if factor == factorSRP && given["SRP_A"] != "" {
		n, err := b.askVerifier(u, c, session{first: true}, given["SRP_A"])
		if err != nil {
			return next{}, err
		}
		u.spend(s)
		n.challenge.AvailableChallenges = available
		return n, nil
	}
	if factor == factorPassword && given["PASSWORD"] != "" {
		n, err := b.tryPassword(u, c, given)
		if !errors.Is(err, errNoDevice) { // clients try again without the device
			u.spend(s)
		}
		return n, err
	}
	u.spend(s)
	asked := session{challenge: factor, offered: available}
	parameters := map[string]string{}
	if factor == factorEmail || factor == factorSMS {
		medium, address := u.codeAddress(factor)
		asked.code = b.send(u, medium, address, firstCodeLength, parameters)
	}
	return b.askFirst(u, c, asked, parameters), nil
}

// answerFirst takes the answer to a challenge of the first factor. A wrong password ends the sign-in, a wrong code does not.
func (b *backend) answerFirst(u *user, c *appClient, s *session, responses map[string]string) (next, error) {
	need := map[string]string{challengeChoice: "ANSWER", factorPassword: "PASSWORD", factorSRP: "SRP_A"}[s.challenge]
	if need == "" {
		need = s.challenge + "_CODE"
	}
	answer := responses[need]
	switch {
	case answer == "":
		return next{}, missingParameter(need)
	case s.challenge == factorPassword || s.challenge == factorSRP:
		return b.tryFirst(u, c, s, s.challenge, nil, responses)
	case s.challenge == challengeChoice && slices.Contains(s.offered, answer):
		return b.tryFirst(u, c, s, answer, nil, responses)
	case s.challenge == challengeChoice:
		return next{}, invalidParameter("The challenge that was selected is not one of %s", strings.Join(s.offered, ", "))
	case answer != s.code || u.ghost:
		return next{}, errOTPMismatch
	}
	if err := b.admissible(u); err != nil {
		return next{}, err
	}
	device, err := u.deviceGiven(responses)
	if err != nil {
		return next{}, err
	}
	u.spend(s)
	return b.proceed(u, c, u.afterCode(device))
}

// afterCode is how far a first factor other than a password leads: past the second factor, unless the pool has come to demand one.
func (u *user) afterCode(device string) progress {
	return progress{mfa: u.pool.config().mode != types.UserPoolMfaTypeOn, device: device}
}
