package pool

import (
	"encoding/json"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// signIn is a call of a sign-in. Each kind of challenge has a file of its own, which asks for it
// and checks the answer. signin.go decides which challenge comes next.
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

// authResponse is the response of the four calls of a sign-in: tokens or the next challenge.
type authResponse struct {
	ChallengeName        string `json:",omitempty"`
	Session              string `json:",omitempty"`
	ChallengeParameters  map[string]string
	AvailableChallenges  []string              `json:",omitempty"`
	AuthenticationResult *authenticationResult `json:",omitempty"`

	later func() error // work to do after the user is unlocked
}

func (r *authResponse) finish() error {
	if r.later == nil {
		return nil
	}
	return r.later()
}

// next is the result of a step of a sign-in: a response, or nil if the step succeeded and the
// sign-in goes on.
type next struct{ response *authResponse }

// onward is the result of a step that succeeded.
var onward next

// ask opens a session for a challenge and returns the response with both.
func (s *signIn) ask(asked session, parameters map[string]string) next {
	all := map[string]string{"USER_ID_FOR_SRP": s.user.name}
	maps.Copy(all, parameters)
	asked.done = s.done
	return next{&authResponse{
		ChallengeName: asked.challenge, Session: s.newSession(asked), ChallengeParameters: all,
	}}
}

// askFirst asks for a first factor. The challenge has no user name, but the list of factors that
// are available.
func (s *signIn) askFirst(asked session, parameters map[string]string) next {
	asked.first, asked.done = true, s.done
	return next{&authResponse{
		ChallengeName: asked.challenge, Session: s.newSession(asked),
		ChallengeParameters: parameters,
		AvailableChallenges: asked.offered,
	}}
}

// tokens returns the response of a complete sign-in, or of a refresh.
func (s *signIn) tokens(g *grant) *authResponse {
	r := &authResponse{ChallengeParameters: map[string]string{}}
	m := s.Machine
	r.later = func() (err error) {
		r.AuthenticationResult, err = m.issue(g)
		return err
	}
	return r
}

// deliver sends a code, and adds its masked destination to a challenge's parameters.
func (s *signIn) deliver(
	medium, destination string, length int, parameters map[string]string,
) string {
	code := newText(digits, length)
	s.send(medium, destination, code)
	parameters["CODE_DELIVERY_DELIVERY_MEDIUM"] = medium
	parameters["CODE_DELIVERY_DESTINATION"] = mask(destination)
	return code
}

// admissible returns an error if the user may not sign in at all.
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
		return &Error{
			notAuthorized, "Temporary password has expired and must be reset by an administrator.",
		}
	}
	return nil
}

// passwordResult returns the error for a right or wrong password, and counts wrong ones.
func (s *signIn) passwordResult(right bool) error {
	now := s.Now()
	if s.user.lockedOut(now) {
		return errLockedOut
	}
	// A client that hides who exists learns nothing about a user before the right password.
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

// useDevice records the device that a step of a sign-in names. If the user has no such device, it
// returns an error, after which clients forget the device and try again without it.
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

// jsonText returns the JSON of a list or an object, as challenge parameters contain it.
func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings can always be encoded
	}
	return string(text)
}
