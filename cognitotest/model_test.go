package cognitotest_test

import (
	"crypto/hmac"
	"crypto/sha1" // what RFC 6238 and authenticator apps speak
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// The model predicts the response to every call of a random sequence. It shares no code with the
// server: its state comes from the responses so far, and the rules for codes, sessions and tokens
// are written here a second time. property_test.go plays the sequences and compares.
//
// Three functions assert what must never happen: earn for tokens, accept for sessions, takeCode for
// codes.
type model struct {
	now     time.Time
	pools   []*modelPool
	clients []*modelClient
	users   []*modelUser // also those that are deleted
	// unknown names that were tried, which are locked out like any other
	nobodies []*modelUser
	sessions []*modelSession
	tokens   []*modelTokens
	broken   string // the promise that a step has broken
}

type modelPool struct {
	id          string
	mode        string // OFF, OPTIONAL, ON
	totp, email bool   // the factors it offers
	byCode      bool   // a sign-in by choice may begin with a code by email
	byEmail     bool   // users sign in by their address, and have a UUID for a name
	alias       bool   // users sign in by a verified address, too
	anyCase     bool   // names and addresses are case-insensitive
}

type modelClient struct {
	label           string
	id, secret      string
	pool            *modelPool
	tells           bool // unknown users are told from wrong passwords
	session         time.Duration
	access, refresh time.Duration
	rotates         bool
	grace           time.Duration
}

type modelUser struct {
	label       string
	pool        *modelPool
	name, sub   string
	email       string
	verified    bool // the address is
	gone        bool
	disabled    bool
	status      string
	password    string
	passwordSet time.Time
	failures    int // wrong passwords in a row
	failed      time.Time
	locked      time.Time // passwords are looked at again from then on
	key         *modelKey // of the authenticator that signs in
	waiting     *modelKey // of the one that is being set up
	enabled     []string  // UserMFASettingList
	preferred   string
	signedOut   time.Time
	recovery    *modelCode // that gives the user a new password
}

// modelCode is a code that was sent.
type modelCode struct {
	code    string
	expires time.Time
}

// modelKey is a TOTP key and the steps whose code was accepted.
type modelKey struct {
	secret string
	used   map[int64]bool
}

// modelSession is a session, or a SECRET_BLOCK in its place, with what the user has proved so far.
type modelSession struct {
	text      string
	client    *modelClient
	user      *modelUser
	challenge string
	first     bool // of a sign-in by choice, whose user has proved nothing yet
	step      int  // of MFA_SETUP: 0 asked, 1 with a secret, 2 verified
	expires   time.Time
	used      bool
	proof     proof
	offered   []string // to choose from
	code      string   // that was sent

	// Of a PASSWORD_VERIFIER, whose text is SECRET_BLOCK: the password that it was made for, and
	// the input of the client's computation.
	password, salt, public string
}

// proof is what the user of a sign-in has proved.
type proof struct {
	password bool
	code     bool // in place of a password, where the pool lets a sign-in begin so
	factor   bool // the second, or no need for one
}

// modelTokens are the tokens of one response.
type modelTokens struct {
	client              *modelClient
	user                *modelUser
	access, id, refresh string
	family              *modelFamily
	issued              time.Time
	generation          int // how often the family was rotated before this refresh token
}

// modelFamily is what the tokens of one sign-in have in common.
type modelFamily struct {
	authTime   time.Time
	revoked    bool
	generation int
	rotated    time.Time
	origin     string
}

// verdict is the expected response to a call.
type verdict struct {
	// says is an exception in the form of reply.failure, the name of a challenge, "tokens" or, for
	// any other success, "done".
	says string
	// learn reads what only the server knows from the response, and returns what is wrong with it;
	// nil if there is nothing to learn.
	learn func(r reply) string
}

func refuse(failure string) verdict { return verdict{says: failure} }

var done = verdict{says: "done"}

const (
	factorTOTP  = "SOFTWARE_TOKEN_MFA"
	factorEmail = "EMAIL_OTP"
	verifier    = "PASSWORD_VERIFIER"
	choice      = "SELECT_CHALLENGE"

	noUser        = "UserNotFound: User does not exist."
	userDisabled  = "NotAuthorized: User is disabled."
	passwordReset = "PasswordResetRequired: Password reset required for the user"
	wrongRecovery = "CodeMismatch: Invalid verification code provided, please try again."
	tooManyTries  = "NotAuthorized: Password attempts exceeded"
	shortPassword = "InvalidPassword: Password did not conform with policy: Password not long enough"
	noTOTP        = "SoftwareTokenMFANotFound: Software Token MFA does not exist for the user."
	noReset       = "NotAuthorized: User password cannot be reset in the current state."
	noAddress     = "InvalidParameter: Cannot reset password for the user as there is no " +
		"registered/verified email or phone_number"
	noTOTPInPool  = "SoftwareTokenMFANotFound: Software Token MFA has not been enabled by the userPool"
	invalidClient = "Unauthorized: Invalid client"
)

// generate computes the code of a step by RFC 6238.
func generate(secret string, step int64) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[19] % 16
	number := uint32(sum[at]%128)<<24 | uint32(sum[at+1])<<16 |
		uint32(sum[at+2])<<8 | uint32(sum[at+3])
	return fmt.Sprintf("%06d", number%1e6)
}

func (m *model) step() int64 { return m.now.Unix() / 30 }

// promise records a violation unless kept is true.
func (m *model) promise(kept bool, broken string) {
	if !kept {
		m.broken = broken
	}
}

// earn checks that a sign-in may get tokens. Every sign-in ends here.
func (m *model) earn(u *modelUser, c *modelClient, p proof) verdict {
	m.promise(p.password ||
		p.code && c.pool.byCode && len(m.asks(u)) == 0, "tokens without the right password")
	m.promise(
		p.factor || len(m.asks(u)) == 0 && u.pool.mode != "ON",
		"tokens without the second factor that is required",
	)
	m.promise(!u.gone && !u.disabled, "tokens for a user who may not sign in")
	m.promise(c.pool == u.pool, "tokens from another pool's app client")
	u.failures = 0
	return m.issue(u, c, &modelFamily{authTime: m.now}, 0)
}

// issue expects tokens of the user.
func (m *model) issue(u *modelUser, c *modelClient, f *modelFamily, generation int) verdict {
	return verdict{"tokens", func(r reply) string {
		t := &modelTokens{
			client: c, user: u, family: f, issued: m.now, generation: generation,
			access: r.access(), id: r.text("AuthenticationResult", "IdToken"), refresh: r.refresh(),
		}
		access, id := payload(t.access), payload(t.id)
		switch {
		case access["sub"] != u.sub || id["sub"] != u.sub:
			return "the tokens are somebody else's"
		case access["username"] != u.name || id["cognito:username"] != u.name:
			return "the tokens name somebody else"
		case access["client_id"] != c.id || id["aud"] != c.id:
			return "the tokens are another client's"
		case access["iat"] != float64(m.now.Unix()) ||
			access["auth_time"] != float64(f.authTime.Unix()):
			return "the tokens are of another time"
		case access["exp"] != float64(m.now.Unix()+int64(c.access/time.Second)):
			return "the tokens end at another time"
		case f.origin == "":
			f.origin, _ = access["origin_jti"].(string)
		case access["origin_jti"] != f.origin:
			return "the tokens are of another sign-in"
		}
		for _, other := range m.tokens {
			if f.origin == "" || other.family != f && other.family.origin == f.origin {
				return "the tokens share another sign-in's origin_jti"
			}
		}
		m.tokens = append(m.tokens, t)
		return ""
	}}
}

// accept uses a session up.
func (m *model) accept(s *modelSession) {
	m.promise(!s.used, "a session was accepted twice")
	m.promise(m.now.Before(s.expires), "an expired session was accepted")
	s.used = true
}

// takeCode takes a code; it gives the error of the response, "" for a right code. A code is looked
// for in this step, the one before and the one after, and in the unlikely case that two of them
// share it, an unused one counts.
func (m *model) takeCode(k *modelKey, code, mismatch string) string {
	failure := mismatch
	for _, step := range []int64{m.step(), m.step() - 1, m.step() + 1} {
		switch {
		case generate(k.secret, step) != code:
		case k.used[step]:
			failure = usedCode
		default:
			k.used[step] = true
			return ""
		}
	}
	return failure
}

// find returns the user of a name in a pool.
func (m *model) find(p *modelPool, name string) *modelUser {
	same := func(a, b string) bool { return a == b || p.anyCase && strings.EqualFold(a, b) }
	for _, u := range m.users {
		byAddress := u.email != "" && (p.byEmail || p.alias && u.verified)
		if u.pool == p && !u.gone &&
			(same(u.name, name) || same(u.sub, name) || byAddress && same(u.email, name)) {
			return u
		}
	}
	return nil
}

// nobody returns the state of an unknown name, which can be locked out.
func (m *model) nobody(p *modelPool, name string) *modelUser {
	if p.anyCase {
		name = strings.ToLower(name)
	}
	for _, u := range m.nobodies {
		if u.pool == p && u.name == name {
			return u
		}
	}
	u := &modelUser{pool: p, name: name}
	m.nobodies = append(m.nobodies, u)
	return u
}

// hash returns a client's SECRET_HASH for a name.
func (c *modelClient) hash(name string) string {
	if c.secret == "" {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(name + c.id))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// refuses returns the error of a client for a hash, "" if it is right.
func (c *modelClient) refuses(name, hash string) string {
	switch {
	case c.secret == "" || hash == c.hash(name):
		return ""
	case hash == "":
		return "NotAuthorized: Client " + c.id +
			" is configured with secret but SECRET_HASH was not received"
	default:
		return "NotAuthorized: SecretHash does not match for the client: " + c.id
	}
}

// barred returns why a user may not sign in, whatever the password.
func (m *model) barred(u *modelUser) string {
	switch {
	case u.disabled:
		return userDisabled
	case u.status == "RESET_REQUIRED":
		return passwordReset
	case u.status == "FORCE_CHANGE_PASSWORD" && u.passwordSet.AddDate(0, 0, 7).Before(m.now):
		return "NotAuthorized: Temporary password has expired and must be reset by an administrator."
	}
	return ""
}

// wrong counts a wrong password. From the fifth on, the user is locked out: for a second at first,
// then twice as long each time, up to 15 minutes.
func (m *model) wrong(u *modelUser) {
	u.failures++
	u.failed = m.now
	if u.failures >= 5 {
		u.locked = m.now.Add(min(15*time.Minute, time.Second<<min(u.failures-5, 20)))
	}
}

// quiet resets the count of wrong passwords after 15 minutes.
func (m *model) quiet(u *modelUser) {
	if u.failures > 0 && m.now.Sub(u.failed) >= 15*time.Minute {
		u.failures = 0
	}
}

func (m *model) signIn(c *modelClient, name, password, hash string) verdict {
	if failure := c.refuses(name, hash); failure != "" {
		return refuse(failure)
	}
	u := m.find(c.pool, name)
	if u == nil {
		if c.tells {
			return refuse(noUser)
		}
		return refuse(m.judge(m.nobody(c.pool, name), c, false))
	}
	if failure := m.judge(u, c, password == u.password); failure != "" {
		return refuse(failure)
	}
	return m.goOn(u, c, proof{password: true})
}

// judge returns the error after a right or wrong password, "" if the sign-in goes on.
func (m *model) judge(u *modelUser, c *modelClient, right bool) string {
	m.quiet(u)
	barred := m.barred(u)
	switch {
	case u.failures >= 5 && m.now.Before(u.locked):
		return tooManyTries
	case barred != "" && (right || c.tells):
		return barred
	case !right:
		m.wrong(u)
		return incorrect
	}
	return ""
}

// beginSRP begins a sign-in by SRP. A client that hides who exists challenges unknown names, too.
func (m *model) beginSRP(c *modelClient, name, hash string) verdict {
	if failure := c.refuses(name, hash); failure != "" {
		return refuse(failure)
	}
	u := m.find(c.pool, name)
	switch {
	case u == nil && c.tells:
		return refuse(noUser)
	case u == nil:
		return verdict{says: verifier}
	}
	return m.askSRP(u, c, false)
}

// askSRP expects a PASSWORD_VERIFIER.
func (m *model) askSRP(u *modelUser, c *modelClient, first bool) verdict {
	s := &modelSession{
		client: c, user: u, challenge: verifier, first: first, password: u.password,
		expires: m.now.Add(c.session),
	}
	return verdict{verifier, func(r reply) string {
		parameter := func(name string) string { return r.text("ChallengeParameters", name) }
		s.text, s.salt, s.public = parameter("SECRET_BLOCK"), parameter("SALT"), parameter("SRP_B")
		if parameter("USER_ID_FOR_SRP") != u.name || s.text == "" || m.session(s.text) != nil {
			return "the challenge is no new one of this user"
		}
		m.sessions = append(m.sessions, s)
		return ""
	}}
}

// answerSRP answers it, with a signature that a password leads to.
func (m *model) answerSRP(c *modelClient, block, name, hash, password string) verdict {
	if failure := c.refuses(name, hash); failure != "" {
		return refuse(failure)
	}
	s := m.session(block)
	switch {
	case s == nil || s.challenge != verifier || s.client != c:
		return refuse(incorrect)
	case !m.now.Before(s.expires):
		return refuse(expiredSession)
	case s.user.gone || m.find(c.pool, name) != s.user:
		return refuse(incorrect)
	}
	// The user's password must still be the one that the challenge was made for.
	if failure := m.judge(s.user, c, password == s.password &&
		password == s.user.password); failure != "" {
		s.used = s.used || s.first // a wrong password ends a sign-in by choice
		return refuse(failure)
	}
	if s.used {
		return refuse(usedSession)
	}
	m.accept(s)
	return m.goOn(s.user, c, proof{password: true})
}

// firstFactors are the first factors of USER_AUTH.
func (m *model) firstFactors(p *modelPool, u *modelUser) []string {
	byCode := p.byCode
	if u != nil {
		byCode = byCode && u.email != "" && u.status != "FORCE_CHANGE_PASSWORD" &&
			len(m.asks(u)) == 0
	}
	if byCode {
		return []string{"PASSWORD_SRP", "PASSWORD", factorEmail}
	}
	return []string{"PASSWORD_SRP", "PASSWORD"}
}

// choose begins USER_AUTH with a preferred factor, "" for none. A client that hides who exists
// treats unknown names like others.
func (m *model) choose(c *modelClient, name, hash, preferred, password string) verdict {
	if failure := c.refuses(name, hash); failure != "" {
		return refuse(failure)
	}
	u := m.find(c.pool, name)
	offered := m.firstFactors(c.pool, u)
	prefers := slices.Contains(offered, preferred)
	switch {
	case u == nil && c.tells:
		return refuse(noUser)
	case u == nil && preferred == "PASSWORD":
		return refuse(m.judge(m.nobody(c.pool, name), c, false))
	case u == nil && preferred == "PASSWORD_SRP":
		return verdict{says: verifier}
	case u == nil && prefers:
		return verdict{says: preferred}
	case u == nil:
		return verdict{says: choice}
	case c.tells && m.barred(u) != "":
		return refuse(m.barred(u))
	case prefers:
		return m.beginWith(u, c, preferred, password)
	}
	return m.first(&modelSession{client: c, user: u, challenge: choice, offered: offered})
}

// beginWith goes on with one of the first factors.
func (m *model) beginWith(u *modelUser, c *modelClient, factor, password string) verdict {
	switch {
	case factor == "PASSWORD_SRP":
		return m.askSRP(u, c, true)
	case factor == factorEmail || password == "":
		return m.first(&modelSession{client: c, user: u, challenge: factor})
	}
	if failure := m.judge(u, c, password == u.password); failure != "" {
		return refuse(failure)
	}
	return m.goOn(u, c, proof{password: true})
}

// first expects a challenge for a first factor, without a user name.
func (m *model) first(s *modelSession) verdict {
	s.first, s.expires = true, m.now.Add(s.client.session)
	return verdict{s.challenge, func(r reply) string {
		if available, _ := r.body["AvailableChallenges"].([]any); s.challenge == choice &&
			len(available) != len(s.offered) {
			return "the challenge offers other factors"
		}
		return m.receive(s, r)
	}}
}

// respondFirst answers such a challenge.
func (m *model) respondFirst(s *modelSession, answer, password string) verdict {
	u := s.user
	switch s.challenge {
	case choice:
		if !slices.Contains(s.offered, answer) ||
			!slices.Contains(m.firstFactors(u.pool, u), answer) {
			return refuse(
				"InvalidParameter: The challenge that was selected is not one of " +
					strings.Join(s.offered, ", "),
			)
		}
		m.accept(s)
		return m.beginWith(u, s.client, answer, password)
	case "PASSWORD":
		m.accept(s)
		return m.beginWith(u, s.client, s.challenge, answer)
	}
	if answer != s.code {
		return refuse(wrongOTP)
	}
	if barred := m.barred(u); barred != "" {
		return refuse(barred)
	}
	if !slices.Contains(m.firstFactors(u.pool, u), s.challenge) {
		return refuse(invalidSession) // there is a second factor by now
	}
	m.accept(s)
	return m.goOn(u, s.client, proof{code: true})
}

// goOn returns what comes next in a sign-in.
func (m *model) goOn(u *modelUser, c *modelClient, p proof) verdict {
	if u.status == "FORCE_CHANGE_PASSWORD" {
		// the second factor is asked for afterwards, even if it was proved before the new password
		p.factor = false
		return m.challenge(
			&modelSession{client: c, user: u, challenge: "NEW_PASSWORD_REQUIRED", proof: p})
	}
	if p.factor || u.pool.mode == "OFF" {
		return m.earn(u, c, p)
	}
	switch asks := m.asks(u); {
	case slices.Contains(asks, u.preferred):
		return m.ask(u, c, u.preferred, p)
	case len(asks) > 1:
		return m.challenge(
			&modelSession{
				client: c, user: u, challenge: "SELECT_MFA_TYPE", offered: asks, proof: p,
			})
	case len(asks) == 1:
		return m.ask(u, c, asks[0], p)
	case u.pool.mode == "ON":
		return m.challenge(&modelSession{client: c, user: u, challenge: "MFA_SETUP", proof: p})
	}
	return m.earn(u, c, p)
}

// asks returns the second factors that a sign-in may ask for.
func (m *model) asks(u *modelUser) []string {
	if u.pool.mode == "OFF" {
		return nil
	}
	var asks []string
	for _, factor := range u.enabled {
		if u.has(factor) {
			asks = append(asks, factor)
		}
	}
	if asks != nil || u.pool.mode == "OPTIONAL" {
		return asks
	}
	for _, factor := range []string{factorTOTP, factorEmail} {
		if u.has(factor) {
			asks = append(asks, factor)
		}
	}
	return asks
}

func (u *modelUser) has(factor string) bool {
	if factor == factorTOTP {
		return u.key != nil
	}
	return u.pool.email && u.email != ""
}

func (m *model) ask(u *modelUser, c *modelClient, factor string, p proof) verdict {
	return m.challenge(&modelSession{client: c, user: u, challenge: factor, proof: p})
}

// challenge expects a challenge with a new session.
func (m *model) challenge(s *modelSession) verdict {
	s.expires = m.now.Add(s.client.session)
	return verdict{s.challenge, func(r reply) string {
		offered := func(parameter string) string { return r.text("ChallengeParameters", parameter) }
		switch {
		case offered("USER_ID_FOR_SRP") != s.user.name:
			return "the challenge is somebody else's"
		case s.offered != nil &&
			offered("MFAS_CAN_CHOOSE") != `["`+strings.Join(s.offered, `","`)+`"]`:
			return "the challenge offers other factors"
		}
		return m.receive(s, r)
	}}
}

// receive stores the session of a response.
func (m *model) receive(s *modelSession, r reply) string {
	s.text = r.session()
	if s.text == "" || m.session(s.text) != nil {
		return "the session is no new one"
	}
	m.sessions = append(m.sessions, s)
	return ""
}

func (m *model) session(text string) *modelSession {
	for _, s := range m.sessions {
		if s.text == text {
			return s
		}
	}
	return nil
}

// resume checks a session for a challenge, which must be at one of the steps if any are given.
func (m *model) resume(text, challenge string, steps ...int) (*modelSession, string) {
	s := m.session(text)
	switch {
	case s == nil || s.challenge != challenge || steps != nil && !slices.Contains(steps, s.step):
		return nil, invalidSession
	case !m.now.Before(s.expires):
		return nil, expiredSession
	case s.user.gone:
		return nil, invalidSession
	case s.used:
		return nil, usedSession
	case s.user.disabled && !s.first:
		return nil, userDisabled
	}
	return s, ""
}

// respond answers a challenge with the member that it requires, or with a choice and what that
// requires.
func (m *model) respond(
	c *modelClient, challenge, text, name, hash, answer, password string,
) verdict {
	if failure := c.refuses(name, hash); failure != "" {
		return refuse(failure)
	}
	s, failure := m.resume(text, challenge)
	if failure != "" {
		return refuse(failure)
	}
	u := s.user
	if s.client != c || m.find(c.pool, name) != u {
		return refuse(invalidSession)
	}
	if s.first {
		return m.respondFirst(s, answer, password)
	}
	p := s.proof
	switch challenge {
	case factorTOTP:
		if u.key == nil {
			return refuse(noTOTP)
		}
		if failure := m.takeCode(u.key, answer, wrongCode); failure != "" {
			return refuse(failure)
		}
		p.factor = true
	case factorEmail:
		if answer != s.code {
			return refuse(wrongOTP)
		}
		u.verified = true // the code came back
		p.factor = true
	case "SELECT_MFA_TYPE":
		switch {
		case !slices.Contains(s.offered, answer):
			return refuse(
				"InvalidParameter: The MFA type that was selected is not one of " +
					strings.Join(s.offered, ", "),
			)
		case !u.has(answer):
			return refuse(invalidSession)
		}
		m.accept(s)
		return m.ask(u, c, answer, p)
	case "NEW_PASSWORD_REQUIRED":
		if len(answer) < 8 {
			return refuse(shortPassword)
		}
		m.accept(s)
		m.setPassword(u, answer, "CONFIRMED")
		return m.goOn(u, c, p)
	case "MFA_SETUP":
		if s.step != 2 {
			return refuse(invalidSession)
		}
		p.factor = true
	}
	m.accept(s)
	return m.goOn(u, c, p)
}

// bearer returns the user of an access token.
func (m *model) bearer(token string) (*modelUser, string) {
	i := slices.IndexFunc(m.tokens, func(t *modelTokens) bool { return t.access == token })
	if i < 0 {
		for _, t := range m.tokens {
			if token == t.id || token == t.refresh {
				return nil, "NotAuthorized: Invalid Access Token"
			}
		}
		// The driver only changes signatures.
		return nil, "NotAuthorized: Could not verify signature for Access Token"
	}
	t := m.tokens[i]
	switch u := t.user; {
	case !m.now.Before(t.issued.Truncate(time.Second).Add(t.client.access)):
		return nil, "NotAuthorized: Access Token has expired"
	case u.gone:
		return nil, noUser
	case t.family.revoked || u.left(t.issued):
		return nil, "NotAuthorized: Access Token has been revoked"
	case u.disabled:
		return nil, userDisabled
	default:
		return u, ""
	}
}

// left reports whether the user has signed out everywhere since a time, or in the same second.
func (u *modelUser) left(t time.Time) bool {
	return !u.signedOut.IsZero() && t.Unix() <= u.signedOut.Unix()
}

// setup returns the user of a set-up, by access token or else by a session at one of the steps.
func (m *model) setup(token, text string, steps ...int) (*modelUser, *modelSession, string) {
	if token != "" {
		u, failure := m.bearer(token)
		return u, nil, failure
	}
	s, failure := m.resume(text, "MFA_SETUP", steps...)
	if failure != "" {
		return nil, nil, failure
	}
	return s.user, s, ""
}

// further expects the response of a set-up: with a new session if the request had one.
func (m *model) further(s *modelSession, step int, learn func(r reply) string) verdict {
	if s == nil {
		return verdict{"done", func(r reply) string {
			if r.session() != "" {
				return "a session for a user who is signed in"
			}
			return learn(r)
		}}
	}
	m.accept(s)
	following := &modelSession{
		client: s.client, user: s.user, challenge: "MFA_SETUP", step: step,
		expires: m.now.Add(s.client.session), proof: s.proof,
	}
	return verdict{"done", func(r reply) string {
		if wrong := m.receive(following, r); wrong != "" {
			return wrong
		}
		return learn(r)
	}}
}

func (m *model) associate(token, text string) verdict {
	u, s, failure := m.setup(token, text, 0, 1)
	switch {
	case failure != "":
		return refuse(failure)
	case !u.pool.totp:
		return refuse(noTOTPInPool)
	}
	return m.further(s, 1, func(r reply) string {
		u.waiting = &modelKey{secret: r.text("SecretCode"), used: map[int64]bool{}}
		for _, other := range m.users {
			if other != u && other.key != nil && other.key.secret == u.waiting.secret {
				return "the secret is somebody else's"
			}
		}
		return ""
	})
}

func (m *model) verify(token, text, code string) verdict {
	u, s, failure := m.setup(token, text, 1)
	switch {
	case failure != "":
		return refuse(failure)
	case !u.pool.totp:
		return refuse(noTOTPInPool)
	}
	key := u.waiting
	if key == nil {
		key = u.key
	}
	if key == nil {
		return refuse(noTOTP)
	}
	mismatch := "EnableSoftwareTokenMFA: Code mismatch and fail enable Software Token MFA"
	if s != nil {
		mismatch = "EnableSoftwareTokenMFA: Code mismatch"
	}
	if failure := m.takeCode(key, code, mismatch); failure != "" {
		return refuse(failure)
	}
	u.key, u.waiting = key, nil
	return m.further(s, 2, func(r reply) string {
		if r.text("Status") != "SUCCESS" {
			return "no error and no success"
		}
		return ""
	})
}

func (u *modelUser) enable(factor string, on bool) {
	list := slices.DeleteFunc(slices.Clone(u.enabled), func(f string) bool { return f == factor })
	if on {
		list = append(list, factor)
		// SOFTWARE_TOKEN_MFA comes before EMAIL_OTP.
		slices.SortFunc(list, func(a, b string) int { return strings.Compare(b, a) })
	} else if u.preferred == factor {
		u.preferred = ""
	}
	u.enabled = list
}

// preference is the setting of a factor in a call; a factor without an entry is left out.
type preference struct{ enabled, preferred bool }

// account is GetUser.
func (m *model) account(token string) verdict {
	u, failure := m.bearer(token)
	if failure != "" {
		return refuse(failure)
	}
	return verdict{"done", func(r reply) string {
		if r.text("Username") != u.name {
			return "somebody else's account"
		}
		return ""
	}}
}

func (m *model) prefer(u *modelUser, given map[string]preference) verdict {
	preferred := 0
	for _, factor := range []string{factorTOTP, factorEmail} {
		setting, said := given[factor]
		can := u.has(factor) && (factor != factorTOTP || u.pool.totp)
		switch {
		case !said:
		case setting.preferred && !setting.enabled:
			return refuse(
				"InvalidParameter: An MFA method that is not enabled cannot be preferred.")
		case setting.enabled && !can:
			return refuse("InvalidParameter: User does not have delivery config set to turn on " +
				factor)
		case setting.preferred:
			preferred++
		}
	}
	if preferred > 1 {
		return refuse("InvalidParameter: Only one MFA method can be preferred.")
	}
	for factor, setting := range given {
		u.enable(factor, setting.enabled)
		if u.preferred == factor {
			u.preferred = ""
		}
	}
	for factor, setting := range given {
		if setting.preferred {
			u.preferred = factor
		}
	}
	return done
}

func (m *model) forgetTOTP(u *modelUser) verdict {
	if u.key == nil && u.waiting == nil {
		return refuse(noTOTP)
	}
	u.key, u.waiting = nil, nil
	u.enable(factorTOTP, false)
	return done
}

func (m *model) setPassword(u *modelUser, password, status string) {
	u.password, u.passwordSet, u.status, u.failures = password, m.now, status, 0
	m.end(u)
}

// end ends the sign-ins of a user.
func (m *model) end(u *modelUser) {
	for _, s := range m.sessions {
		s.used = s.used || s.user == u
	}
}

// resetPassword is AdminResetUserPassword. The user must have an address for the code, and a
// password of their own.
func (m *model) resetPassword(u *modelUser) verdict {
	switch {
	case u.status == "FORCE_CHANGE_PASSWORD":
		return refuse(noReset)
	case !m.recovers(u):
		return refuse(noAddress)
	}
	u.status = "RESET_REQUIRED"
	m.end(u)
	m.sendRecovery(u)
	return done
}

// recovers reports whether a code for a new password can be sent: the address must not be the
// second factor.
func (m *model) recovers(u *modelUser) bool {
	return u.verified && !slices.Contains(m.asks(u), factorEmail)
}

// sendRecovery sends a code, which the driver reads.
func (m *model) sendRecovery(u *modelUser) { u.recovery = &modelCode{expires: m.now.Add(time.Hour)} }

// named returns the user that an app client names without a sign-in. If the client hides who
// exists, an unknown user is nil without an error.
func (m *model) named(c *modelClient, name, hash string) (*modelUser, string) {
	failure := c.refuses(name, hash)
	u := m.find(c.pool, name)
	switch {
	case failure != "":
		return nil, failure
	case u != nil && !u.disabled:
		return u, ""
	case !c.tells:
		return nil, ""
	case u != nil:
		return nil, userDisabled
	}
	return nil, "UserNotFound: Username/client id combination not found."
}

func (m *model) forgot(c *modelClient, name, hash string) verdict {
	u, failure := m.named(c, name, hash)
	switch {
	case failure != "":
		return refuse(failure)
	case u == nil:
		return done
	case u.status == "FORCE_CHANGE_PASSWORD":
		return refuse(noReset)
	case m.recovers(u):
		m.sendRecovery(u)
	case c.tells:
		return refuse(noAddress)
	}
	return done
}

func (m *model) confirmForgot(c *modelClient, name, hash, code, password string) verdict {
	u, failure := m.named(c, name, hash)
	switch {
	case failure != "":
		return refuse(failure)
	case u == nil:
		return refuse(wrongRecovery)
	case u.recovery == nil || !m.now.Before(u.recovery.expires):
		return refuse("ExpiredCode: Invalid code provided, please request a code again.")
	case u.recovery.code != code:
		return refuse(wrongRecovery)
	case u.status == "FORCE_CHANGE_PASSWORD":
		return refuse(noReset)
	case len(password) < 8:
		return refuse(shortPassword)
	}
	u.recovery = nil
	m.setPassword(u, password, "CONFIRMED")
	return done
}

func (m *model) changePassword(token, previous, password string) verdict {
	u, failure := m.bearer(token)
	if failure != "" {
		return refuse(failure)
	}
	m.quiet(u)
	switch {
	case u.status == "RESET_REQUIRED":
		return refuse(passwordReset)
	case u.failures >= 5 && m.now.Before(u.locked):
		return refuse(tooManyTries)
	case u.password != previous:
		m.wrong(u)
		return refuse(incorrect)
	case len(password) < 8:
		return refuse(shortPassword)
	}
	m.setPassword(u, password, "CONFIRMED")
	return done
}

// redeem checks a refresh token.
func (m *model) redeem(c *modelClient, token string) (*modelTokens, string) {
	i := slices.IndexFunc(m.tokens, func(t *modelTokens) bool { return t.refresh == token })
	if token == "" || i < 0 || m.tokens[i].client != c {
		return nil, "NotAuthorized: Invalid Refresh Token"
	}
	t := m.tokens[i]
	switch {
	case !m.now.Before(t.family.authTime.Add(c.refresh)):
		return nil, "NotAuthorized: Refresh Token has expired"
	case t.user.gone:
		return nil, noUser
	case t.family.revoked || t.user.left(t.family.authTime):
		return nil, "NotAuthorized: Refresh Token has been revoked"
	case t.user.disabled:
		return nil, userDisabled
	default:
		return t, ""
	}
}

// refreshAuth is REFRESH_TOKEN_AUTH, which clients with rotation do not have.
func (m *model) refreshAuth(c *modelClient, token, hash string) verdict {
	if c.rotates {
		return refuse("InvalidParameter: REFRESH_TOKEN_AUTH flow not enabled for this client")
	}
	t, failure := m.redeem(c, token)
	if failure == "" {
		failure = c.refuses(t.user.name, hash)
	}
	if failure != "" {
		return refuse(failure)
	}
	return m.issue(t.user, c, t.family, -1)
}

// getTokens is GetTokensFromRefreshToken.
func (m *model) getTokens(c *modelClient, token, secret string) verdict {
	if secret != c.secret {
		return refuse("NotAuthorized: Client secret does not match for the client: " + c.id)
	}
	t, failure := m.redeem(c, token)
	if failure != "" {
		return refuse(failure)
	}
	f := t.family
	switch {
	case !c.rotates:
		return m.issue(t.user, c, f, -1)
	case t.generation == f.generation:
		f.generation++
		f.rotated = m.now
	case t.generation < f.generation-1 || m.now.Sub(f.rotated) >= c.grace:
		return refuse("RefreshTokenReuse: Refresh token reuse detected.")
	}
	return m.issue(t.user, c, f, f.generation)
}

func (m *model) revoke(c *modelClient, token, secret string) verdict {
	if secret != c.secret {
		return refuse(invalidClient)
	}
	for _, t := range m.tokens {
		switch {
		case token == t.access || token == t.id:
			return refuse("UnsupportedTokenType: Only refresh tokens can be revoked.")
		case token != t.refresh:
		case t.client != c:
			return refuse(invalidClient)
		case !t.user.gone:
			t.family.revoked = true
			return done
		}
	}
	return done
}

func (m *model) configure(p *modelPool, mode string, totp, email bool) verdict {
	switch {
	case mode == "OFF" && (totp || email):
		return refuse(
			"InvalidParameter: Invalid MFA configuration given, can't turn off MFA and configure an MFA together.",
		)
	case mode != "OFF" && !totp && !email:
		return refuse(
			"InvalidParameter: Invalid MFA configuration given, can't disable all MFAs with a required " +
				"or optional configuration.",
		)
	case mode == "ON" && p.byCode:
		return refuse(
			"InvalidParameter: Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth " +
				"factor if MFA is enabled",
		)
	}
	p.mode, p.totp, p.email = mode, totp, email
	return done
}

// differs compares the state of a user on the server with the model.
func (m *model) differs(u *modelUser, state cognitotest.UserState) string {
	m.quiet(u)
	if m.now.Sub(u.failed) >= 15*time.Minute {
		state.FailedPasswordTries = u.failures // the server forgets them when it looks again
	}
	seen := map[string]any{
		"status": string(state.Status), "disabled": state.Disabled,
		"enabled": strings.Join(state.Methods, " "), "preferred": state.Preferred,
		"authenticator": state.TOTP, "waiting secret": state.TOTPPending,
		"wrong passwords": state.FailedPasswordTries, "name": state.Username,
		"address verified": state.Attributes["email_verified"] == "true",
	}
	for what, want := range map[string]any{
		"status": u.status, "disabled": u.disabled, "enabled": strings.Join(u.enabled, " "),
		"preferred":     u.preferred,
		"authenticator": u.key != nil, "waiting secret": u.waiting != nil,
		"wrong passwords": u.failures, "name": u.name,
		"address verified": u.verified,
	} {
		if seen[what] != want {
			return fmt.Sprintf("%s: %s is %v, and not %v", u.label, what, seen[what], want)
		}
	}
	return ""
}

// accepted returns the steps of the accepted codes, newest first.
func (k *modelKey) accepted() []int64 {
	steps := slices.Sorted(maps.Keys(k.used))
	slices.Reverse(steps)
	return steps
}
