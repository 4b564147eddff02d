package cognitotest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// User describes a user for AddUser.
type User struct {
	Username   string // in a pool with UsernameAttributes the address that the user signs in by
	Password   string // at least two characters, none of them blank; the password policy is not asked. None will do where FirstFactors has codes
	Email      string // verified
	Phone      string // verified, for example "+15550001234"
	Attributes map[string]string
	Groups     []string

	Status   types.UserStatusType // default CONFIRMED
	Disabled bool

	// TOTP is the base32 secret of an authenticator that is verified already.
	TOTP string
	// Methods are the MFA methods that are enabled: "SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP". Nil means TOTP, if there is a secret, as the
	// preferred one; to have a verified secret and no preference, give an empty list that is not nil.
	Methods []string
	// Preferred is the one of Methods that is asked for; default none.
	Preferred string
}

// AddUser adds a user to the pool that the server started with. It panics if the user exists or is not valid.
func (s *Server) AddUser(u User) {
	if err := s.TryAddUser(u); err != nil {
		panic(err.Error())
	}
}

// TryAddUser is AddUser for programs, whose users come from people: what makes AddUser panic is an error here. No value that may be secret is in
// its text.
func (s *Server) TryAddUser(u User) error {
	if err := s.addUser(u); err != nil {
		return fmt.Errorf("cognitotest: add user %q: %s", u.Username, describeError(err))
	}
	return nil
}

func (s *Server) addUser(description User) error {
	b := s.backend
	p, err := b.pool(s.UserPoolID)
	if err != nil {
		return err
	}
	status := cmp.Or(description.Status, userConfirmed)
	if !slices.Contains(status.Values(), status) {
		return fmt.Errorf("there is no status %q", status)
	}
	var given attributes
	for _, name := range slices.Sorted(maps.Keys(description.Attributes)) {
		given.set(name, description.Attributes[name])
	}
	if description.Email != "" {
		given.set("email", description.Email)
		given.set("email_verified", "true")
	}
	if description.Phone != "" {
		given.set("phone_number", description.Phone)
		given.set("phone_number_verified", "true")
	}
	members := map[string]any{"Username": description.Username, "Password": description.Password, "UserAttributes": given.members()}
	if description.Password == "" && p.passwordless() {
		delete(members, "Password")
	}
	if err := check(members, nil); err != nil {
		return err
	}
	u, err := b.newUser(p, description.Username, description.Password, status, given)
	if err != nil {
		return err
	}
	for _, attr := range p.usernameAttributes {
		// The address that the user was added by counts as verified, unless the description says otherwise.
		if u.attributes.get(attr) != "" && u.attributes.get(attr+"_verified") == "" {
			u.attributes.set(attr+"_verified", "true")
		}
	}
	u.disabled, u.groups = description.Disabled, slices.Clone(description.Groups)
	if err := u.setMFA(description); err != nil {
		return err
	}
	return p.add(u, errSignUpExists, false)
}

func (u *user) setMFA(description User) error {
	methods, preferred := description.Methods, description.Preferred
	if description.TOTP != "" {
		a, err := parseAuthenticator(description.TOTP)
		if err != nil {
			return err
		}
		u.verified = a
		if methods == nil {
			methods, preferred = []string{methodTOTP}, cmp.Or(preferred, methodTOTP)
		}
	}
	for _, method := range methods {
		switch {
		case !slices.Contains(allMethods[:], method):
			return fmt.Errorf("there is no MFA method %q", method)
		case method == methodTOTP && u.verified == nil:
			return fmt.Errorf("%s is enabled without a TOTP secret", method)
		}
		u.enable(method, true)
	}
	if preferred != "" && !slices.Contains(u.methods, preferred) {
		return fmt.Errorf("the preferred MFA method %q is not enabled", preferred)
	}
	u.preferred = preferred
	return nil
}

// UserState is what a test can see of a user. It is a copy.
type UserState struct {
	Username, Sub       string
	Status              types.UserStatusType
	Disabled            bool
	Attributes          map[string]string
	Groups              []string
	Methods             []string // enabled MFA methods, as UserMFASettingList shows them
	Preferred           string   // as PreferredMfaSetting shows it
	TOTP                bool     // a verified authenticator
	TOTPPending         bool     // a secret that waits to be verified
	TOTPDevice          string   // the FriendlyDeviceName of the verified one
	Created, Modified   time.Time
	FailedPasswordTries int // in a row

	Outbox         []Message // as Server.Outbox lists it
	Code, NextCode string    // as Server.Code and Server.NextCode show them; empty without an authenticator
}

// User shows the state of a user.
func (s *Server) User(username string) UserState {
	u := s.lock(username)
	defer u.mu.Unlock()
	return s.state(u)
}

// LookupUser is User for programs that do not know whether there is such a user: it tells.
func (s *Server) LookupUser(username string) (state UserState, found bool) {
	u := s.find(username)
	if u == nil {
		return UserState{}, false
	}
	defer u.mu.Unlock()
	return s.state(u), true
}

// state copies what can be seen of a user, whose lock is held.
func (s *Server) state(u *user) UserState {
	state := UserState{
		Username: u.name, Sub: u.sub, Status: u.status, Disabled: u.disabled, Attributes: map[string]string{}, Groups: slices.Clone(u.groups),
		Methods: slices.Clone(u.methods), Preferred: u.preferred, TOTP: u.verified != nil, TOTPPending: u.pending != nil,
		Created: u.created, Modified: u.modified, FailedPasswordTries: u.failures, Outbox: slices.Clone(u.outbox),
	}
	for _, a := range u.listed() {
		state.Attributes[a.Name] = a.Value
	}
	if u.verified != nil {
		state.TOTPDevice = u.verified.device
	}
	if a := cmp.Or(u.pending, u.verified); a != nil {
		now := stepAt(s.Now())
		state.Code, state.NextCode = a.code(now), a.code(now+1)
	}
	return state
}

// Code is what the user's authenticator shows now: that of the secret which waits to be verified, if there is one, else of the verified one.
// It panics if the user has neither.
func (s *Server) Code(username string) string { return s.codeAt(username, 0) }

// NextCode is the code after Code. It is accepted already, and a code is good for one use only: after the user verified an authenticator with
// Code, NextCode signs in without a wait.
func (s *Server) NextCode(username string) string { return s.codeAt(username, 1) }

// VerifiedCode is what the user's verified authenticator shows now, also while another secret waits to be verified: until then the old one
// signs in. It panics if there is none.
func (s *Server) VerifiedCode(username string) string {
	u := s.lock(username)
	defer u.mu.Unlock()
	return s.show(u, u.verified, 0)
}

func (s *Server) codeAt(username string, later int64) string {
	u := s.lock(username)
	defer u.mu.Unlock()
	return s.show(u, cmp.Or(u.pending, u.verified), later)
}

func (s *Server) show(u *user, a *authenticator, later int64) string {
	if a == nil {
		panic(fmt.Sprintf("cognitotest: the user %q has no authenticator", u.name))
	}
	return a.code(stepAt(s.Now()) + later)
}

// Script sets the challenges that every following sign-in of the user meets: with CUSTOM_AUTH in place of a password, else after it and before
// any second factor. Without challenges, it takes them away. It stands in for the Lambda triggers of a custom authentication flow, and for
// whatever challenge Cognito may come up with in future.
func (s *Server) Script(username string, challenges ...Challenge) {
	script := make([]Challenge, len(challenges))
	for i, c := range challenges {
		script[i] = Challenge{c.Name, maps.Clone(c.Parameters), maps.Clone(c.Answers)}
	}
	u := s.lock(username)
	defer u.mu.Unlock()
	u.script = script
}

// IssueTokens gives tokens for the user as if it had just signed in at the app client that the server started with, without asking for
// anything. Scopes are those of the access token, as a sign-in page would give; default is the scope of the API's own sign-in.
func (s *Server) IssueTokens(username string, scopes ...string) *types.AuthenticationResultType {
	c, err := s.backend.client(s.ClientID)
	if err != nil {
		panic("cognitotest: the app client was deleted")
	}
	u := s.lock(username)
	g := s.backend.grant(u, c, "")
	u.mu.Unlock()
	if len(scopes) > 0 {
		g.scope = strings.Join(scopes, " ")
	}
	result, err := s.backend.issue(g)
	if err != nil {
		panic(fmt.Sprintf("cognitotest: sign tokens: %v", err))
	}
	out := &types.AuthenticationResultType{
		AccessToken: &result.AccessToken, IdToken: &result.IDToken, RefreshToken: &result.RefreshToken,
		ExpiresIn: int32(result.ExpiresIn), //nolint:gosec // no token lives longer than a day
		TokenType: aws.String(result.TokenType),
	}
	if d := result.NewDeviceMetadata; d != nil {
		out.NewDeviceMetadata = &types.NewDeviceMetadataType{DeviceKey: &d.DeviceKey, DeviceGroupKey: &d.DeviceGroupKey}
	}
	return out
}
