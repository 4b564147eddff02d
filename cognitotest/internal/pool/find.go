package pool

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"
)

// This file finds the user of a call, according to its authority, and locks it; besides, only join
// locks a user, who is new. A finder fills in the caller, and its user stays locked while the
// operation runs. An operation that finds a user later, such as the one of a refresh token, also
// uses a method of this file, and never unlocks the user.

// operation is an operation of the API. It runs with a caller of whom only the request is known.
type operation struct {
	run     func(c *caller, body []byte) (any, error)
	finder  finder
	request reflect.Type // of the decoded body
}

// finder finds the user of a call, or its pool or app client, by some members of the request.
type finder struct {
	find  func(*caller) error
	reads []string
}

// unfinished is a response that is completed after the user is unlocked, by signing tokens or by
// the arithmetic of SRP.
type unfinished interface{ finish() error }

// by returns an operation that calls a function after a finder.
func by[In, Out any](f finder, do func(*caller, *In) (*Out, error)) operation {
	locked := func(c *caller, in *In) (*Out, error) {
		defer c.release()
		if err := f.find(c); err != nil {
			return nil, err
		}
		return do(c, in)
	}
	run := func(c *caller, body []byte) (any, error) {
		in := new(In)
		if err := json.Unmarshal(body, in); err != nil {
			return nil, serialization(err)
		}
		out, err := locked(c, in)
		if err != nil {
			return nil, err
		}
		if response, ok := any(out).(unfinished); ok {
			err = response.finish()
		}
		return out, err
	}
	return operation{run: run, finder: f, request: reflect.TypeFor[In]()}
}

// byUser runs with the user of an access token.
func byUser[In, Out any](do func(*caller, *In) (*Out, error)) operation {
	return by(finder{(*caller).findByToken, []string{"AccessToken"}}, do)
}

// byAdmin runs with the user that an administrator names by UserPoolId and Username.
func byAdmin[In, Out any](do func(*caller, *In) (*Out, error)) operation {
	return by(finder{(*caller).findByAdmin, []string{"UserPoolId", "Username"}}, do)
}

// byClient runs with an app client, checked by SecretHash, and the user that it names. If the user
// does not exist or is disabled, and the client hides who exists, the user is nil.
func byClient[In, Out any](do func(*caller, *In) (*Out, error)) operation {
	return by(
		finder{
			(*caller).findByClient, []string{"UserPoolId", "ClientId", "Username", "SecretHash"},
		}, do)
}

// byClientAlone runs with an app client; an administrator also names the pool by UserPoolId.
func byClientAlone[In, Out any](do func(*caller, *In) (*Out, error)) operation {
	return by(finder{(*caller).findClient, []string{"UserPoolId", "ClientId"}}, do)
}

// byClientSecret runs with an app client that is checked by ClientSecret.
func byClientSecret[In, Out any](do func(*caller, *In) (*Out, error)) operation {
	return by(finder{(*caller).findByClientSecret, []string{"ClientId", "ClientSecret"}}, do)
}

// bySession runs with an app client and the user of a challenge's session or SECRET_BLOCK.
func bySession[In, Out any](do func(*caller, *In) (*Out, error)) operation {
	reads := []string{"UserPoolId", "ClientId", "ChallengeName", "ChallengeResponses", "Session"}
	return by(finder{(*caller).findBySession, reads}, do)
}

// byUserOrSetup runs with the user of an access token or, during sign-in, of an MFA_SETUP session
// that is at one of the stages.
func byUserOrSetup[In, Out any](do func(*caller, *In) (*Out, error), stages ...stage) operation {
	find := func(c *caller) error { return c.findByTokenOrSetup(stages) }
	return by(finder{find, []string{"AccessToken", "Session"}}, do)
}

// byPool runs with the pool that an administrator names.
func byPool[In, Out any](do func(*caller, *In) (*Out, error)) operation {
	return by(finder{(*caller).findPool, []string{"UserPoolId"}}, do)
}

// byAccount runs without a pool or user, by the rights of an AWS account, which are not checked.
func byAccount[In, Out any](do func(*caller, *In) (*Out, error)) operation {
	return by(finder{find: func(*caller) error { return nil }}, do)
}

// byARN runs with the pool of an ARN.
func byARN[In, Out any](do func(*caller, *In) (*Out, error)) operation {
	return by(finder{(*caller).findByARN, []string{"ResourceArn"}}, do)
}

func (c *caller) findPool() (err error) {
	c.pool, err = c.poolByID(c.text("UserPoolId"))
	return err
}

func (c *caller) findByARN() error {
	arn := c.text("ResourceArn")
	for _, p := range c.allPools() {
		if c.arn(p) == arn {
			c.pool = p
			return nil
		}
	}
	return &Error{resourceNotFound, "There is no user pool with this ARN."}
}

func (c *caller) findByAdmin() error {
	if err := c.findPool(); err != nil {
		return err
	}
	return c.findNamed(c.text("Username"))
}

// findNamed finds and locks a user of the pool.
func (c *caller) findNamed(name string) error {
	u := c.pool.lookup(name)
	if u == nil {
		return errNoUser
	}
	return c.lockUser(u)
}

// findClient finds the app client. A signed call also names the pool.
func (c *caller) findClient() error {
	if c.admin {
		if err := c.findPool(); err != nil {
			return err
		}
	}
	client, err := c.clientByID(c.text("ClientId"))
	switch {
	case err != nil:
		return err
	case c.pool != nil && client.pool != c.pool:
		return noClient(client.id)
	}
	c.client, c.pool = client, client.pool
	return nil
}

// checkHash checks a SECRET_HASH for a user name.
func (c *caller) checkHash(username, hash string) error {
	return c.client.checkHash(username, hash, c.quirks.OldSecretHashText)
}

func (c *caller) findByClient() error {
	username := c.text("Username")
	if err := c.findClient(); err != nil {
		return err
	}
	if err := c.checkHash(username, c.text("SecretHash")); err != nil {
		return err
	}
	err := error(errNoNamed)
	if c.findNamed(username) == nil {
		if !c.user.disabled {
			return nil
		}
		c.release()
		err = errDisabled
	}
	if c.client.reveal {
		return err
	}
	return nil
}

var errNoNamed = &Error{userNotFound, "Username/client id combination not found."}

// errInvalidClient is only for RevokeToken, which does not declare ResourceNotFoundException.
var errInvalidClient = &Error{"UnauthorizedException", "Invalid client"}

func (c *caller) findByClientSecret() error {
	if c.findClient() != nil || c.text("ClientSecret") != c.client.secret {
		return errInvalidClient
	}
	return nil
}

// identify finds the user that a sign-in names, or a ghost if the client hides who exists.
func (c *caller) identify(parameters map[string]string) error {
	username := parameters["USERNAME"]
	if err := c.checkHash(username, parameters["SECRET_HASH"]); err != nil {
		return err
	}
	err := c.findNamed(username)
	if err != nil && !c.client.reveal {
		return c.lockUser(c.ghost(c.pool, username))
	}
	return err
}

// The errors of an access token that depend on its user.
var (
	errAccessRevoked = &Error{notAuthorized, "Access Token has been revoked"}
	errAccessScope   = &Error{notAuthorized, "Access Token does not have required scopes"}
)

// findByToken finds the user of an access token. It checks form, signature, expiry, revocation,
// scope and the state of the user, in this order. See FIDELITY.md, "Tokens".
func (c *caller) findByToken() error {
	claims, client, err := c.readAccess(c.text("AccessToken"))
	if err != nil {
		return err
	}
	c.client, c.pool, c.device = client, client.pool, claims.Device
	u := c.pool.bySub(claims.Subject)
	if u == nil {
		return errNoUser
	}
	if err := c.lockUser(u); err != nil {
		return err
	}
	return u.accepts(claims)
}

// accepts returns an error if the user's state makes an access token unusable.
func (u *user) accepts(claims *accessClaims) error {
	switch {
	case u.revoked(claims.Origin, claims.IssuedAt.Time):
		return errAccessRevoked
	case !slices.Contains(strings.Fields(claims.Scope), apiScope):
		return errAccessScope
	case u.disabled:
		return errDisabled
	case u.status == userUnconfirmed:
		return errNotConfirmed
	}
	return nil
}

var (
	errRefreshInvalid = &Error{notAuthorized, "Invalid Refresh Token"}
	errRefreshExpired = &Error{notAuthorized, "Refresh Token has expired"}
	errRefreshRevoked = &Error{notAuthorized, "Refresh Token has been revoked"}
)

// redeem finds the user of a refresh token. A token from a sign-in on a device works only with the
// key of that device, and only while it is confirmed.
func (c *caller) redeem(token, device string) (*refreshTicket, error) {
	var t refreshTicket
	if !c.sealer.openRefresh(&t, token) || t.Client != c.client.id {
		return nil, errRefreshInvalid
	}
	if c.Now().UnixNano() >= t.Expires {
		return nil, errRefreshExpired
	}
	u := c.pool.bySub(t.Sub)
	if u == nil {
		return nil, errNoUser
	}
	if err := c.lockUser(u); err != nil {
		return nil, err
	}
	tracked := t.Device != "" && c.pool.settings().devices != nil
	switch {
	case u.revoked(t.Origin, time.Unix(0, t.AuthTime)):
		return nil, errRefreshRevoked
	case u.disabled:
		return nil, errDisabled
	case tracked && (t.Device != device || u.device(device) == nil):
		return nil, errRefreshInvalid
	}
	return &t, nil
}

// owner finds the user of a refresh token to revoke, whatever the state of both. It returns
// errNoOwner if there is none: revoking something that is not a token is a success (RFC 7009).
func (c *caller) owner(token string) (*refreshTicket, error) {
	var t refreshTicket
	if !c.sealer.openRefresh(&t, token) {
		return nil, errNoOwner
	}
	if t.Client != c.client.id {
		return nil, errInvalidClient
	}
	u := c.pool.bySub(t.Sub)
	if u == nil || c.lockUser(u) != nil {
		return nil, errNoOwner
	}
	return &t, nil
}

var errNoOwner = errors.New("nobody's token")

// findBySession finds the user of a challenge's session. A session is bound to the challenge, the
// client and the user; the answer may use any name that finds the user. See FIDELITY.md,
// "Sessions".
func (c *caller) findBySession() error {
	if err := c.findClient(); err != nil {
		return err
	}
	given, _ := c.members["ChallengeResponses"].(map[string]any)
	answer := func(name string) string { text, _ := given[name].(string); return text }
	username := answer("USERNAME")
	if username == "" {
		return missingParameter("USERNAME")
	}
	if err := c.checkHash(username, answer("SECRET_HASH")); err != nil {
		return err
	}

	challenge := c.text("ChallengeName")
	if challenge == challengeVerifier || challenge == challengeDeviceVerifier {
		return c.resumeBlock(challenge, username, answer("PASSWORD_CLAIM_SECRET_BLOCK"))
	}
	if c.text("Session") == "" {
		return missingParameter("Session")
	}
	named, client := c.named(username), c.client
	err := c.resume(challenge, stageChallenged, stageAssociated, stageVerified, stageScripted)
	switch {
	case err != nil:
		return err
	case c.client != client || c.user != named:
		return errSession
	}
	return nil
}

// The two challenges with a SECRET_BLOCK in place of a session.
const (
	challengeVerifier       = "PASSWORD_VERIFIER"
	challengeDeviceVerifier = "DEVICE_PASSWORD_VERIFIER"
)

// named returns the user, or the ghost, that an answer to a challenge names.
func (c *caller) named(name string) *user {
	return cmp.Or(c.pool.lookup(name), c.ghostSeen(c.pool, name))
}

// bySub returns the user, or the ghost, of a session.
func (c *caller) bySub(sub string) *user {
	return cmp.Or(c.pool.bySub(sub), c.pool.ghosts.find(sub))
}

// resume finds the user, the client and the session of a session string, which must be for a
// challenge and at one of some stages.
func (c *caller) resume(challenge string, stages ...stage) error {
	t, client, err := c.readSession(c.text("Session"), challenge, stages...)
	if err != nil {
		return err
	}
	c.client, c.pool = client, client.pool
	u := c.bySub(t.Sub)
	if u == nil || c.lockUser(u) != nil {
		return errSession
	}
	c.session = c.activeSession(t.ID)
	switch {
	case c.session == nil:
		return errSessionUsed
	case u.disabled && !c.session.first:
		return errDisabled
	}
	return nil
}

// readSession reads a session string that has not expired.
func (m *Machine) readSession(text, challenge string, stages ...stage) (ticket, *appClient, error) {
	var t ticket
	if !m.sealer.openSession(&t, text) || t.Challenge != challenge ||
		!slices.Contains(stages, t.Stage) {
		return t, nil, errSession
	}
	client, err := m.clientByID(t.Client)
	if err != nil {
		return t, nil, errSession
	}
	if m.Now().UnixMilli() >= t.Expires {
		return t, nil, errSessionExpired
	}
	return t, client, nil
}

// resumeBlock finds the user of a SECRET_BLOCK. Any mistake in it is the error of a wrong password.
// The session may have been used; only a client with the right password learns that.
func (c *caller) resumeBlock(challenge, username, text string) error {
	if text == "" {
		return missingParameter("PASSWORD_CLAIM_SECRET_BLOCK")
	}
	block := &secretBlock{}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !c.sealer.openRaw(block, raw, challenge) || block.Client != c.client.id {
		return errCredentials
	}
	if c.Now().UnixMilli() >= block.Expires {
		return errSessionExpired
	}
	u := c.bySub(block.Sub)
	if u == nil || u != c.named(username) || c.lockUser(u) != nil {
		return errCredentials
	}
	block.raw = raw
	c.block, c.session = block, c.activeSession(block.ID)
	return nil
}

func (c *caller) findByTokenOrSetup(stages []stage) error {
	switch token, session := c.text("AccessToken"), c.text("Session"); {
	case (token == "") == (session == ""):
		return invalidParameter("Only one of AccessToken and Session must be given.")
	case token != "":
		return c.findByToken()
	default:
		return c.resume(challengeSetup, stages...)
	}
}

const challengeSetup = "MFA_SETUP"

// continueSignUp finds the session of the user's sign-up, which must be at a stage. An empty text
// is not an error.
func (c *caller) continueSignUp(text string, reached stage) error {
	if text == "" {
		return nil
	}
	t, client, err := c.readSession(text, challengeSignUp, reached)
	switch {
	case err != nil:
		return err
	case client != c.client || t.Sub != c.user.sub:
		return errSession
	}
	if c.session = c.activeSession(t.ID); c.session == nil {
		return errSessionUsed
	}
	return nil
}

// challengeSignUp marks the sessions that lead from a sign-up to a sign-in; it is not a real
// challenge. SignUp returns the first, ConfirmSignUp exchanges it for another, and USER_AUTH
// accepts that one as a first factor.
const challengeSignUp = "SIGN_UP"

// each calls visit for the users after the one with a number, each of them locked, until visit
// returns true.
func (p *pool) each(after uint64, visit func(*user) (enough bool)) {
	c := &caller{}
	for users := p.usersAfter(after); len(users) > 0; users = p.usersAfter(after) {
		for _, u := range users {
			after = u.number
			if c.lockUser(u) != nil {
				continue
			}
			enough := visit(u)
			c.release()
			if enough {
				return
			}
		}
	}
}

// visit calls do with a user of any pool, the server's own first. It reports whether there is one.
func (m *Machine) visit(name string, do func(*caller)) (found bool) {
	return slices.ContainsFunc(m.allPools(), func(p *pool) bool { return m.visitIn(p, name, do) })
}

// visitIn calls do with a user of a pool. It reports whether there is one.
func (m *Machine) visitIn(p *pool, name string, do func(*caller)) (found bool) {
	u := p.lookup(name)
	c := &caller{Machine: m, pool: p}
	if u == nil || c.lockUser(u) != nil {
		return false
	}
	defer c.release()
	do(c)
	return true
}
