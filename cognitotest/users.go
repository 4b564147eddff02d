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
	// Username is, in a pool with UsernameAttributes, the address that the user signs in by.
	Username string
	// Password has at least two characters and does not begin or end with a space. The password policy
	// does not apply. It may be empty where FirstFactors has codes, and is where Status is
	// EXTERNAL_PROVIDER: federated users sign in elsewhere.
	Password   string
	Sub        string // a UUID in lower case; default: made up
	Email      string // verified; for one that is not, give the attribute email
	Phone      string // verified, for example "+15550001234"; else the attribute phone_number
	Attributes map[string]string
	Groups     []string

	Status   types.UserStatusType // default CONFIRMED
	Disabled bool

	// TOTP is the base32 secret of an authenticator that is verified already.
	TOTP string
	// Methods are the MFA methods that are enabled: "SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP". The
	// pool must offer them, unless its MFA is off. Nil means TOTP, if there is a secret, as the preferred
	// one; to have a verified secret and no preference, give an empty list that is not nil.
	Methods []string
	// Preferred is the one of Methods that is asked for; default none.
	Preferred string

	// IDClaims and AccessClaims are added to the user's tokens, or take the place of others there, as by
	// a pre token generation trigger. Claims that no trigger can change are an error.
	IDClaims, AccessClaims map[string]any

	Challenges []Challenge // as Server.Script sets them

	UserPoolID string // of the pool to add the user to; default: the one that the server started with
}

// AddUser adds a user to a pool. It panics if the user exists or is not valid, and if something in the
// description contradicts itself or could not work in the pool.
func (s *Server) AddUser(u User) {
	if err := s.TryAddUser(u); err != nil {
		panic(err.Error())
	}
}

// TryAddUser is AddUser for programs, whose users come from people: what makes AddUser panic is an
// error here. No value that may be secret is in its text.
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

// UserState is what a test can see of a user. It is a copy.
type UserState struct {
	UserPoolID          string               `json:"userPoolId"`
	Username            string               `json:"username"`
	Sub                 string               `json:"sub"`
	Status              types.UserStatusType `json:"status"`
	Disabled            bool                 `json:"disabled"`
	Attributes          map[string]string    `json:"attributes"`
	Groups              []string             `json:"groups"`
	Methods             []string             `json:"methods"`     // enabled, as UserMFASettingList shows them
	Preferred           string               `json:"preferred"`   // as PreferredMfaSetting shows it
	TOTP                bool                 `json:"totp"`        // a verified authenticator
	TOTPPending         bool                 `json:"totpPending"` // a secret that waits to be verified
	TOTPDevice          string               `json:"totpDevice"`  // the FriendlyDeviceName of the verified one
	Created             time.Time            `json:"created"`
	Modified            time.Time            `json:"modified"`
	FailedPasswordTries int                  `json:"failedPasswordTries"` // in a row

	// As Server.Outbox, Server.Code and Server.NextCode show them; the codes are empty without an
	// authenticator.
	Outbox   []Message `json:"-"`
	Code     string    `json:"-"`
	NextCode string    `json:"-"`
}

// Message is an SMS or an e-mail that a user would have been sent.
type Message struct {
	Time        time.Time `json:"time"`        // by the server's clock
	Medium      string    `json:"medium"`      // "SMS" or "EMAIL"
	Destination string    `json:"destination"` // the whole address; responses only show it masked
	Code        string    `json:"code"`        // an MFA code, a confirmation code, or a temporary password
}

// User shows the state of a user.
func (s *Server) User(username string) UserState { return userState(s.user(username)) }

// LookupUser is User for programs that do not know whether there is such a user: it tells.
func (s *Server) LookupUser(username string) (state UserState, found bool) {
	u, found := s.machine.User(username)
	if !found {
		return UserState{}, false
	}
	return userState(u), true
}

// LookupUsers is LookupUser for names that mean a user in several pools. It gives the users of all
// pools, in the order in which the pools were made.
func (s *Server) LookupUsers(username string) []UserState {
	var all []UserState
	for _, u := range s.machine.Users(username) {
		all = append(all, userState(u))
	}
	return all
}

// user is the state of a user that has to be there.
func (s *Server) user(username string) pool.State {
	u, found := s.machine.User(username)
	if !found {
		panic(fmt.Sprintf("cognitotest: there is no user %q", username))
	}
	return u
}

func userState(u pool.State) UserState {
	state := UserState{
		UserPoolID: u.PoolID, Username: u.Username, Sub: u.Sub, Status: u.Status, Disabled: u.Disabled,
		Attributes: u.Attributes, Groups: u.Groups, Methods: u.Methods, Preferred: u.Preferred,
		TOTP: u.Verified != nil, TOTPPending: u.Pending != nil,
		Created: u.Created, Modified: u.Modified, FailedPasswordTries: u.FailedPasswordTries, Outbox: messages(u),
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

// shown is the authenticator that Code is about; nil if there is none.
func shown(u pool.State) *pool.Authenticator {
	if u.Pending != nil {
		return u.Pending
	}
	return u.Verified
}

// Outbox lists what the user was sent, oldest first: the last 20 messages.
func (s *Server) Outbox(username string) []Message { return messages(s.user(username)) }

// Code is what the user's authenticator shows now: that of the secret which waits to be verified, if
// there is one, else of the verified one. It panics if the user has neither.
func (s *Server) Code(username string) string {
	u := s.user(username)
	return has(u, shown(u)).Code
}

// NextCode is the code after Code. It is accepted already, and a code is good for one use only: after
// the user verified an authenticator with Code, NextCode signs in without a wait.
func (s *Server) NextCode(username string) string {
	u := s.user(username)
	return has(u, shown(u)).NextCode
}

// VerifiedCode is what the user's verified authenticator shows now, also while another secret waits to
// be verified: until then the old one signs in. It panics if there is none.
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
	// Name is CUSTOM_CHALLENGE by default. Any other is sent as it is, but not a ..._VERIFIER, which has
	// no session.
	Name       types.ChallengeNameType
	Parameters map[string]string // what the client gets to see
	// Answers are what ChallengeResponses must hold, for example "ANSWER". Any other answer is wrong.
	Answers map[string]string
	// Tries is how many answers the challenge takes; default 1. After a wrong one it is asked for again,
	// with another session, as a trigger that allows several does; the last one ends the sign-in.
	Tries int
}

// Script sets the challenges that every following sign-in of the user meets: with CUSTOM_AUTH in place
// of a password, else after it and before any second factor. Without challenges, it takes them away.
// It stands in for the Lambda triggers of a custom authentication flow, and for whatever challenge
// Cognito may come up with in future.
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
			Name: string(c.Name), Parameters: maps.Clone(c.Parameters), Answers: maps.Clone(c.Answers),
			Tries: c.Tries,
		})
	}
	return script
}

// IssueTokens gives tokens for the user as if it had just signed in at the app client that the server
// started with, without asking for anything. Scopes are those of the access token, as a sign-in page
// would give; default is the scope of the API's own sign-in.
func (s *Server) IssueTokens(username string, scopes ...string) *types.AuthenticationResultType {
	result, err := s.machine.IssueTokens(s.ClientID, username, scopes)
	if err != nil {
		panic(fmt.Sprintf("cognitotest: issue tokens for the user %q: %s", username, describeError(err)))
	}
	return result
}
