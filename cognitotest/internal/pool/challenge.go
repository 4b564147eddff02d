package pool

import (
	"encoding/json"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// signIn is a sign-in on its way. The files beside this one have a way of proving something each:
// how it is asked for, and how the answer is checked. What follows on what is said in signin.go.
type signIn struct {
	*caller

	done progress
}

// initiateAuthRequest is that of InitiateAuth and of AdminInitiateAuth.
type initiateAuthRequest struct {
	AuthFlow       types.AuthFlowType
	AuthParameters map[string]string
	Session        string // of ConfirmSignUp
}

// respondRequest is that of RespondToAuthChallenge and of AdminRespondToAuthChallenge.
type respondRequest struct {
	ChallengeName      string
	ChallengeResponses map[string]string
}

// authResponse is the response of the four calls that a sign-in is made of: tokens or the next
// challenge.
type authResponse struct {
	ChallengeName        string `json:",omitempty"`
	Session              string `json:",omitempty"`
	ChallengeParameters  map[string]string
	AvailableChallenges  []string              `json:",omitempty"`
	AuthenticationResult *authenticationResult `json:",omitempty"`

	later func() error // what remains to be done when nobody is locked any more
}

func (r *authResponse) finish() error {
	if r.later == nil {
		return nil
	}
	return r.later()
}

// next is what a step of a sign-in leads to: a response, or none if the step is done and the sign-in
// goes on.
type next struct{ response *authResponse }

var onward next

// ask opens a session for a challenge and makes the response that carries it.
func (s *signIn) ask(asked session, parameters map[string]string) next {
	all := map[string]string{"USER_ID_FOR_SRP": s.user.name}
	maps.Copy(all, parameters)
	asked.done = s.done
	return next{&authResponse{ChallengeName: asked.challenge, Session: s.open(asked), ChallengeParameters: all}}
}

// askFirst asks for a first factor. The user's name is not in the challenge; what else InitiateAuth
// could have asked for is.
func (s *signIn) askFirst(asked session, parameters map[string]string) next {
	asked.first, asked.done = true, s.done
	return next{&authResponse{
		ChallengeName: asked.challenge, Session: s.open(asked), ChallengeParameters: parameters,
		AvailableChallenges: asked.offered,
	}}
}

// tokens is the response of a sign-in that is complete, or of a refresh.
func (s *signIn) tokens(g *grant) *authResponse {
	r := &authResponse{ChallengeParameters: map[string]string{}}
	m := s.Machine
	r.later = func() (err error) {
		r.AuthenticationResult, err = m.issue(g)
		return err
	}
	return r
}

// deliver sends a code and says in a challenge's parameters where it went.
func (s *signIn) deliver(medium, destination string, length int, parameters map[string]string) string {
	code := newText(digits, length)
	s.send(medium, destination, code)
	parameters["CODE_DELIVERY_DELIVERY_MEDIUM"] = medium
	parameters["CODE_DELIVERY_DESTINATION"] = mask(destination)
	return code
}

// admissible tells whether the user may sign in at all.
func (s *signIn) admissible() error {
	u := s.user
	temporary := s.Now().AddDate(0, 0, -s.pool.settings().policy.TemporaryPasswordValidityDays)
	switch {
	case u.disabled:
		return errDisabled
	case u.status == userUnconfirmed:
		return errNotConfirmed
	case u.status == userResetRequired:
		return errPasswordReset
	case u.status == userMustChange && u.passwordSet.Before(temporary):
		return &Error{notAuthorized, "Temporary password has expired and must be reset by an administrator."}
	}
	return nil
}

// judge says what a password that was found right or wrong leads to.
func (s *signIn) judge(right bool) error {
	now := s.Now()
	if s.user.lockedOut(now) {
		return errLockedOut
	}
	// In a client that hides who exists, nothing about a user shows before the password was right.
	if right || s.client.reveal {
		if err := s.admissible(); err != nil {
			return err
		}
	}
	if !right {
		s.user.failed(now)
		return errCredentials
	}
	return nil
}

// useDevice takes note of the device that a step of a sign-in names. A key that the user has no
// device for is an error, on which clients forget the device and try again without.
func (s *signIn) useDevice(given map[string]string) error {
	key := given["DEVICE_KEY"]
	if key == "" || s.pool.settings().devices == nil {
		return nil
	}
	if s.user.device(key) == nil {
		return errNoDevice
	}
	s.done.device = key
	return nil
}

// jsonText is a list or an object in a parameter of a challenge.
func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings only
	}
	return string(text)
}
