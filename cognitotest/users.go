package cognitotest

import (
	"cmp"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/pool"
)

// User describes a user for AddUser.
type User struct {
	// Username is the user name or, in a pool with UsernameAttributes, the address to sign in by.
	Username string
	// Password has at least two characters and does not begin or end with a space. The password
	// policy does not apply. It may be empty if FirstFactors has codes, and must be empty if Status
	// is EXTERNAL_PROVIDER: federated users sign in elsewhere.
	Password string

	Sub        string            // a UUID in lower case; default random
	Email      string            // a verified address; set the attribute "email" for an unverified one
	Phone      string            // likewise, for example "+15550001234"; the attribute is "phone_number"
	Attributes map[string]string // the schema's; in the first pool, any custom: attribute as well
	Groups     []string

	Status   types.UserStatusType // default CONFIRMED
	Disabled bool

	// TOTP is the base32 secret of a verified authenticator.
	TOTP string
	// Methods are the MFA methods that are enabled: "SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP".
	// The pool must offer them, unless its MFA is off. If Methods is nil and TOTP is set, TOTP is
	// enabled and preferred; for a verified secret without a preference, use an empty list.
	Methods []string
	// Preferred is the one of Methods that a sign-in asks for; default none.
	Preferred string

	// IDClaims and AccessClaims are added to the user's tokens, or replace claims there, as a pre
	// token generation trigger would. Claims that no trigger can change are an error.
	IDClaims, AccessClaims map[string]any

	Challenges []Challenge // see Server.Script

	UserPoolID string // the pool to add the user to; default the one that the server started with
}

// AddUser adds a user to a pool. It panics if the user exists, or if the description is invalid,
// contradicts itself, or could not work in the pool.
func (s *Server) AddUser(u User) {
	if err := s.TryAddUser(u); err != nil {
		panic(err.Error())
	}
}

// TryAddUser is AddUser for programs whose input comes from users: it returns an error where
// AddUser panics. The error contains no value that may be secret.
func (s *Server) TryAddUser(u User) error {
	description := pool.User{
		Username: u.Username, Password: u.Password, Sub: u.Sub,
		Email: u.Email, Phone: u.Phone, Attributes: u.Attributes, Groups: u.Groups,
		Status: u.Status, Disabled: u.Disabled,
		TOTP: u.TOTP, Methods: u.Methods, Preferred: u.Preferred,
		Claims:     pool.Claims{ID: maps.Clone(u.IDClaims), Access: maps.Clone(u.AccessClaims)},
		Challenges: script(u.Challenges),
	}
	if err := s.machine.AddUser(cmp.Or(u.UserPoolID, s.UserPoolID), description); err != nil {
		return fmt.Errorf("cognitotest: add user %q: %s", u.Username, describeError(err))
	}
	return nil
}

// UserState is a copy of a user's state.
type UserState struct {
	UserPoolID string               `json:"userPoolId"`
	Username   string               `json:"username"`
	Sub        string               `json:"sub"`
	Status     types.UserStatusType `json:"status"`
	Disabled   bool                 `json:"disabled"`
	Attributes map[string]string    `json:"attributes"`
	Groups     []string             `json:"groups"`
	// Methods are the enabled ones, as UserMFASettingList shows them.
	Methods             []string  `json:"methods"`
	Preferred           string    `json:"preferred"`   // as PreferredMfaSetting shows it
	TOTP                bool      `json:"totp"`        // a verified authenticator
	TOTPPending         bool      `json:"totpPending"` // a secret that is not verified yet
	TOTPDevice          string    `json:"totpDevice"`  // the FriendlyDeviceName of the verified one
	Created             time.Time `json:"created"`
	Modified            time.Time `json:"modified"`
	FailedPasswordTries int       `json:"failedPasswordTries"` // in a row

	// As Server.Outbox, Server.Code and Server.NextCode return them; without an authenticator the
	// codes are empty.
	Outbox   []Message `json:"-"`
	Code     string    `json:"-"`
	NextCode string    `json:"-"`
}

// Message is an SMS or an email that a user would have been sent.
type Message struct {
	Time        time.Time `json:"time"`        // by the server's clock
	Medium      string    `json:"medium"`      // "SMS" or "EMAIL"
	Destination string    `json:"destination"` // the whole address, which responses mask
	// Code is an MFA code, a confirmation code, or a temporary password.
	Code string `json:"code"`
}

// User returns the state of a user.
func (s *Server) User(username string) UserState { return userState(s.user(username)) }

// LookupUser is User for programs that do not know whether the user exists.
func (s *Server) LookupUser(username string) (state UserState, found bool) {
	u, found := s.machine.User(username)
	if !found {
		return UserState{}, false
	}
	return userState(u), true
}

// LookupUsers returns the users of a name in all pools, in the order in which the pools were made.
func (s *Server) LookupUsers(username string) []UserState {
	var all []UserState
	for _, u := range s.machine.Users(username) {
		all = append(all, userState(u))
	}
	return all
}

// user returns the state of a user, and panics if there is none.
func (s *Server) user(username string) pool.State {
	u, found := s.machine.User(username)
	if !found {
		panic(fmt.Sprintf("cognitotest: there is no user %q", username))
	}
	return u
}

func userState(u pool.State) UserState {
	state := UserState{
		UserPoolID: u.PoolID, Username: u.Username, Sub: u.Sub, Status: u.Status,
		Disabled:   u.Disabled,
		Attributes: u.Attributes, Groups: u.Groups, Methods: u.Methods, Preferred: u.Preferred,
		TOTP: u.Verified != nil, TOTPPending: u.Pending != nil,
		Created: u.Created, Modified: u.Modified, FailedPasswordTries: u.FailedPasswordTries,
		Outbox: messages(u),
	}
	if u.Verified != nil {
		state.TOTPDevice = u.Verified.Device
	}
	if a := shown(u); a != nil {
		state.Code, state.NextCode = a.Code, a.NextCode
	}
	return state
}

func messages(u pool.State) []Message {
	var all []Message
	for _, m := range u.Outbox {
		all = append(all, Message(m))
	}
	return all
}

// shown returns the authenticator that Code reads; nil if there is none.
func shown(u pool.State) *pool.Authenticator {
	if u.Pending != nil {
		return u.Pending
	}
	return u.Verified
}

// Outbox returns the last 20 messages to the user, oldest first.
func (s *Server) Outbox(username string) []Message { return messages(s.user(username)) }

// Code returns the code that the user's authenticator shows now. A secret that is not verified yet
// comes before the verified one. It panics if the user has neither.
func (s *Server) Code(username string) string {
	u := s.user(username)
	return has(u, shown(u)).Code
}

// NextCode returns the code after Code. The server accepts it already. Since each code works once,
// use it to sign in without a wait after an authenticator was verified with Code.
func (s *Server) NextCode(username string) string {
	u := s.user(username)
	return has(u, shown(u)).NextCode
}

// VerifiedCode returns the code of the user's verified authenticator, also while a new secret is
// not verified yet: until then, the old one signs in. It panics if there is none.
func (s *Server) VerifiedCode(username string) string {
	u := s.user(username)
	return has(u, u.Verified).Code
}

func has(u pool.State, a *pool.Authenticator) *pool.Authenticator {
	if a == nil {
		panic(fmt.Sprintf("cognitotest: the user %q has no authenticator", u.Username))
	}
	return a
}

// Challenge is a step of a sign-in that a test makes up, as an application's Lambda triggers do in
// Cognito. See Server.Script.
type Challenge struct {
	// Name may be any name except a ..._VERIFIER, whose challenge has no session; default
	// CUSTOM_CHALLENGE.
	Name       types.ChallengeNameType
	Parameters map[string]string // sent to the client
	// Answers are what ChallengeResponses must contain, for example "ANSWER". Any other answer is
	// wrong.
	Answers map[string]string
	// Tries is how many answers the challenge takes; default 1. After a wrong answer the server
	// asks again, with a new session; after the last one the sign-in ends.
	Tries int
}

// Script sets the challenges of every further sign-in of the user: with CUSTOM_AUTH in place of the
// password, else after it and before any second factor. Without challenges, it removes them. It
// stands in for the Lambda triggers of a custom authentication flow, and for challenges that
// Cognito may add. It panics if a challenge has the name of a ..._VERIFIER.
func (s *Server) Script(username string, challenges ...Challenge) {
	switch found, err := s.machine.Script(username, script(challenges)); {
	case err != nil:
		panic("cognitotest: " + err.Error())
	case !found:
		panic(fmt.Sprintf("cognitotest: there is no user %q", username))
	}
}

func script(challenges []Challenge) []pool.Challenge {
	var script []pool.Challenge
	for _, c := range challenges {
		script = append(script, pool.Challenge{
			Name: string(c.Name), Parameters: maps.Clone(c.Parameters),
			Answers: maps.Clone(c.Answers),
			Tries:   c.Tries,
		})
	}
	return script
}

// IssueTokens returns tokens as if the user had just signed in at the app client that the server
// started with. Scopes are those of the access token, as a hosted sign-in page would set them;
// default is the scope of a sign-in by the API.
func (s *Server) IssueTokens(username string, scopes ...string) *types.AuthenticationResultType {
	result, err := s.machine.IssueTokens(s.ClientID, username, scopes)
	if err != nil {
		panic(
			fmt.Sprintf("cognitotest: issue tokens for the user %q: %s", username,
				describeError(err)))
	}
	return result
}
