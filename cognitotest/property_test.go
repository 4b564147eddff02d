package cognitotest_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

var (
	seed      = flag.Uint64("seed", firstSeed, "the first random sequence of TestProperty")
	sequences = flag.Uint64("sequences", enough, "how many random sequences TestProperty plays")
)

const (
	firstSeed = 1
	enough    = 100 // sequences, to meet every response that matters
	steps     = 120
	stepBytes = 24 // of a script, for each step
)

// The server responds to random sequences of right and wrong calls, by users of several pools and
// clients, as the model predicts. A failing sequence is shrunk and printed as a list of calls. To
// play it again, use its seed: go test -run TestProperty ./cognitotest -seed=17 -sequences=1.
func TestProperty(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	met, failed := map[string]int{}, false
	t.Run("sequences", func(t *testing.T) {
		for n := *seed; n < *seed+*sequences; n++ {
			t.Run(fmt.Sprintf("seed=%d", n), func(t *testing.T) {
				t.Parallel()
				script := random(n, steps)
				g := play(t, script)
				mu.Lock()
				defer mu.Unlock()
				if g.failure != "" {
					require.False(t, failed, "another sequence fails, too")
					failed = true
					g = play(t, shrink(t, script))
					require.Fail(t, g.failure, "-seed=%d -sequences=1\n%s", n,
						strings.Join(g.log, "\n"))
				}
				for says, times := range g.met {
					met[says] += times
				}
			})
		}
	})
	if *seed != firstSeed || *sequences < enough {
		return
	}
	// The test is worth nothing if nothing happens in the sequences. These responses must have
	// occurred.
	for _, says := range []string{
		"tokens", "done", factorTOTP, factorEmail, "SELECT_MFA_TYPE", "MFA_SETUP",
		"NEW_PASSWORD_REQUIRED", verifier, choice, "PASSWORD",
		incorrect, noUser, userDisabled, tooManyTries, wrongCode, usedCode, invalidSession,
		expiredSession, usedSession, noTOTP, noTOTPInPool,
		"NotAuthorized: Access Token has been revoked", "NotAuthorized: Access Token has expired",
		"NotAuthorized: Could not verify signature for Access Token",
		"NotAuthorized: Refresh Token has been revoked", "NotAuthorized: Refresh Token has expired",
		"NotAuthorized: Invalid Refresh Token",
		"RefreshTokenReuse: Refresh token reuse detected.", "EnableSoftwareTokenMFA: Code mismatch",
		invalidClient,
		passwordReset, wrongRecovery, wrongOTP,
	} {
		assert.Positive(t, met[says], "no sequence has met %q", says)
	}
}

// FuzzProperty lets the fuzzer look for sequences.
func FuzzProperty(f *testing.F) {
	for n := range uint64(8) {
		f.Add(random(n, steps/4))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 2*steps*stepBytes {
			return // long sequences fail for the same reasons, later
		}
		if play(t, script).failure != "" {
			g := play(t, shrink(t, script))
			require.Fail(t, g.failure, strings.Join(g.log, "\n"))
		}
	})
}

// random returns the script of a seed.
func random(seed uint64, steps int) []byte {
	script := make([]byte, steps*stepBytes)
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	_, _ = rand.NewChaCha8(key).Read(script)
	return script
}

// shrink removes steps from a script, and choices from its steps, while it still fails.
func shrink(t *testing.T, script []byte) []byte {
	t.Helper()
	script = slices.Clone(script)
	fails := func(script []byte) bool { return play(t, script).failure != "" }
	for before := 0; len(script) != before; {
		before = len(script)
		for size := len(script) / stepBytes / 2; size > 0; size /= 2 {
			for at := 0; at+size*stepBytes <= len(script); {
				shorter := slices.Delete(slices.Clone(script), at, at+size*stepBytes)
				if fails(shorter) {
					script = shorter
				} else {
					at += size * stepBytes
				}
			}
		}
		for at, b := range script {
			if script[at] = 0; b != 0 && !fails(script) {
				script[at] = b
			}
		}
	}
	return script
}

// game is a sequence in play: the server, the model, and what the player remembers.
type game struct {
	*model
	srv     fake
	focus   *modelUser // whom most steps are about
	former  map[*modelUser]string
	made    int
	log     []string
	met     map[string]int
	failure string
}

// dice are the bytes that decide a step. A zero, or the end of the bytes, means the usual choice.
type dice struct{ bytes []byte }

func (d *dice) roll() int {
	if len(d.bytes) == 0 {
		return 0
	}
	b := d.bytes[0]
	d.bytes = d.bytes[1:]
	return int(b)
}

// n returns a number from 0 to n-1.
func (d *dice) n(n int) int { return d.roll() * n / 256 }

// usually returns true in some percent of the cases.
func (d *dice) usually(percent int) bool { return d.roll() < percent*256/100 }

// one returns one of the values, nearly always the first.
func one[T any](d *dice, first T, others ...T) T {
	if d.usually(94) {
		return first
	}
	return others[d.n(len(others))]
}

// moves are the kinds of steps, with their weights.
var moves = []struct {
	times int
	move  func(g *game, d *dice)
}{
	{28, (*game).signIn},
	{44, (*game).respond},
	{14, (*game).associate},
	{18, (*game).verify},
	{10, (*game).prefer},
	{14, (*game).refresh},
	{6, (*game).getUser},
	{22, (*game).advance},
	{3, (*game).revoke},
	{3, (*game).signOut},
	{3, (*game).forgetTOTP},
	{4, (*game).setPassword},
	{4, (*game).disable},
	{2, (*game).replace},
	{1, (*game).resetPassword},
	{4, (*game).forgot},
	{8, (*game).confirmForgot},
	{3, (*game).changePassword},
	{3, (*game).configure},
}

// play plays a script to its end, or to the first response that the model did not predict.
func play(t *testing.T, script []byte) *game {
	t.Helper()
	g := newGame(t)
	defer g.srv.Close()
	for len(script) > 0 && g.failure == "" {
		size := min(stepBytes, len(script))
		d := &dice{script[:size]}
		script = script[size:]
		if !d.usually(80) {
			if g.focus = g.anybody(d); d.usually(50) {
				g.focus = g.users[d.n(2)] // those who have an authenticator from the start
			}
		}
		if g.focus.disabled && !d.usually(60) {
			g.disable(d)
			continue
		}
		turn := d.roll() * allTimes() / 256
		for _, m := range moves {
			if turn -= m.times; turn < 0 {
				m.move(g, d)
				break
			}
		}
	}
	return g
}

func allTimes() int {
	sum := 0
	for _, m := range moves {
		sum += m.times
	}
	return sum
}

// newGame returns a game with four pools that differ in everything that matters. They have users of
// the same names, with different passwords.
func newGame(t *testing.T) *game {
	t.Helper()
	srv := cognitotest.NewServer(frozen, func(o *options) {
		o.Email, o.AliasAttributes = true, []types.AliasAttributeType{"email"}
		o.FirstFactors = []types.AuthFactorType{"PASSWORD", factorEmail}
	})
	g := &game{
		srv: fake{srv, t}, model: &model{now: srv.Now()}, former: map[*modelUser]string{},
		met: map[string]int{},
	}

	day := 24 * time.Hour
	first := &modelPool{
		id: srv.UserPoolID, mode: "OPTIONAL", totp: true, email: true, alias: true, byCode: true,
	}
	g.pools = []*modelPool{first}
	g.clients = []*modelClient{{
		label: "first", id: srv.ClientID, pool: first, session: 3 * time.Minute, access: time.Hour,
		refresh: 30 * day,
	}}
	g.addClient(&modelClient{
		label: "secret", pool: first, session: 3 * time.Minute, access: 5 * time.Minute,
		refresh: time.Hour, tells: true, secret: "yes",
	})

	addresses := g.addPool(&modelPool{mode: "ON", totp: true, byEmail: true, anyCase: true}, kv{
		"UsernameAttributes":    []string{"email"},
		"UsernameConfiguration": kv{"CaseSensitive": false},
	})
	g.addClient(&modelClient{
		label: "addresses", pool: addresses, session: 15 * time.Minute, access: time.Hour,
		refresh: day, secret: "yes",
	})

	both := g.addPool(&modelPool{mode: "ON", totp: true, email: true}, kv{})
	g.addClient(&modelClient{
		label: "both", pool: both, session: 3 * time.Minute, access: time.Hour, refresh: 30 * day,
		tells: true,
	})

	off := g.addPool(&modelPool{mode: "OFF"}, kv{})
	g.addClient(&modelClient{
		label: "rotating", pool: off, session: 3 * time.Minute, access: time.Hour, refresh: day,
		rotates: true, grace: 30 * time.Second,
	})

	// Users who have an authenticator from the start share its secret.
	for _, u := range []*modelUser{
		{
			label: "ann", pool: first, email: "ann@example.com", verified: true,
			enabled: []string{factorTOTP, factorEmail},
		},
		{label: "bob", pool: first, enabled: []string{factorTOTP}, preferred: factorTOTP},
	} {
		u.name, u.status, u.key = u.label, "CONFIRMED",
			&modelKey{secret: secret, used: map[int64]bool{}}
		g.setPasswordOf(u, "CONFIRMED")
		srv.AddUser(cognitotest.User{
			Username: u.name, Password: u.password, Email: u.email, TOTP: secret,
			Methods:   u.enabled,
			Preferred: u.preferred,
		})
		u.sub = srv.User(u.name).Sub
		g.users = append(g.users, u)
	}
	for _, u := range []*modelUser{
		{label: "cem", pool: first, email: "cem@example.com"},
		{label: "ann@", pool: addresses, email: "ann@example.com", verified: true},
		{label: "bob@", pool: addresses, email: "bob@example.com"},
		{label: "ann-both", pool: both, email: "ann@example.com", verified: true},
		{label: "bob-both", pool: both},
		{label: "ann-off", pool: off},
	} {
		g.addUser(u)
		g.do("AdminSetUserPassword", kv{
			"UserPoolId": u.pool.id, "Username": u.sub, "Password": u.password, "Permanent": true,
		})
		u.status = "CONFIRMED"
	}
	g.focus = g.users[0]
	g.log = nil
	return g
}

func (g *game) addPool(p *modelPool, settings kv) *modelPool {
	p.id = g.do("CreateUserPool", mailing(with(settings, "PoolName", "pool"))).text("UserPool",
		"Id")
	g.do("SetUserPoolMfaConfig", configuration(p, p.mode, p.totp, p.email))
	g.pools = append(g.pools, p)
	return p
}

func (g *game) addClient(c *modelClient) {
	prevent := "ENABLED"
	if c.tells {
		prevent = "LEGACY"
	}
	flows := []string{
		"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH",
		"ALLOW_USER_AUTH",
	}
	settings := kv{
		"UserPoolId": c.pool.id, "ClientName": c.label, "GenerateSecret": c.secret != "",
		"PreventUserExistenceErrors": prevent,
		"AuthSessionValidity":        c.session.Minutes(),
		"AccessTokenValidity":        c.access.Seconds(),
		"RefreshTokenValidity":       c.refresh.Seconds(),
		"TokenValidityUnits":         kv{"AccessToken": "seconds", "RefreshToken": "seconds"},
	}
	if c.rotates {
		settings["RefreshTokenRotation"] = kv{
			"Feature": "ENABLED", "RetryGracePeriodSeconds": c.grace.Seconds(),
		}
	} else {
		flows = append(flows, "ALLOW_REFRESH_TOKEN_AUTH")
	}
	settings["ExplicitAuthFlows"] = flows
	made := g.do("CreateUserPoolClient", settings)
	c.id, c.secret = made.text("UserPoolClient", "ClientId"),
		made.text("UserPoolClient", "ClientSecret")
	g.clients = append(g.clients, c)
}

// addUser adds a user with a unique temporary password.
func (g *game) addUser(u *modelUser) {
	name, _, _ := strings.Cut(u.label, "-")
	if u.pool.byEmail {
		name = u.email
	}
	given := []kv{}
	if u.email != "" {
		given = append(
			given, kv{"Name": "email", "Value": u.email},
			kv{"Name": "email_verified", "Value": fmt.Sprint(u.verified)},
		)
	}
	g.setPasswordOf(u, "FORCE_CHANGE_PASSWORD")
	made := g.do("AdminCreateUser", kv{
		"UserPoolId": u.pool.id, "Username": name, "TemporaryPassword": u.password,
		"MessageAction": "SUPPRESS", "UserAttributes": given,
	})
	u.name = made.text("User", "Username")
	for _, a := range made.body["User"].(kv)["Attributes"].([]any) {
		if attribute := a.(kv); attribute["Name"] == "sub" {
			u.sub = attribute["Value"].(string)
		}
	}
	g.users = append(g.users, u)
}

func (g *game) setPasswordOf(u *modelUser, status string) {
	g.former[u] = u.password
	g.model.setPassword(u, g.newPassword(), status)
}

// newPassword returns a unique password.
func (g *game) newPassword() string {
	g.made++
	return fmt.Sprintf("Passw0rd-%d!", g.made)
}

// send makes a call without a network.
func (g *game) send(operation string, body kv) reply {
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(encoded)) //nolint:noctx // nothing waits here
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test")
	recorder := httptest.NewRecorder()
	g.srv.ServeHTTP(recorder, request)
	r := reply{status: recorder.Code, raw: recorder.Body.Bytes()}
	if err := json.Unmarshal(r.raw, &r.body); err != nil {
		panic(err)
	}
	return r
}

// do makes a call that the model does not predict.
func (g *game) do(operation string, body kv) reply {
	r := g.send(operation, body)
	if r.failure() != "" {
		panic(operation + ": " + r.failure())
	}
	return r
}

// judge makes a call, and compares its response and the state of all users after it with the model.
func (g *game) judge(want verdict, told, operation string, body kv) {
	r := g.send(operation, body)
	says := r.failure()
	switch {
	case says != "":
	case r.access() != "":
		says = "tokens"
	case r.text("ChallengeName") != "":
		says = r.text("ChallengeName")
	default:
		says = "done"
	}
	wrong := g.broken
	switch {
	case wrong != "":
	case says != want.says:
		wrong = "this should have been: " + want.says
	case want.learn != nil:
		wrong = want.learn(r)
	}
	for _, c := range g.clients {
		says = strings.ReplaceAll(says, c.id, c.label) // the ids are of the server's making
	}
	g.met[says]++
	g.log = append(g.log, fmt.Sprintf("%3d. %s %s: %s", len(g.log)+1, operation, told, says))
	for _, s := range g.sessions {
		if s.challenge == factorEmail && s.code == "" {
			s.code = g.sent(s.user)
		}
	}
	for _, u := range g.users {
		if u.recovery != nil && u.recovery.code == "" {
			u.recovery.code = g.sent(u)
		}
	}
	for _, u := range g.users {
		if !u.gone && wrong == "" {
			wrong = g.differs(u, g.srv.User(u.sub))
		}
	}
	if wrong != "" {
		g.failure = wrong
		g.log = append(g.log, "     "+wrong)
	}
}

// sent returns the code of the last message to a user.
func (g *game) sent(u *modelUser) string {
	messages := g.srv.Outbox(u.sub)
	return messages[len(messages)-1].Code
}

// client returns an app client, most often of the user's pool.
func (g *game) client(d *dice, u *modelUser) *modelClient {
	var own []*modelClient
	for _, c := range g.clients {
		if c.pool == u.pool {
			own = append(own, c)
		}
	}
	return one(d, own[d.n(len(own))], g.clients...)
}

// name returns a name that finds the user or, at times, another user's.
func (g *game) name(d *dice, u *modelUser) string {
	return cmp.Or(
		one(d, u.name, u.sub, u.email, strings.ToUpper(u.name), strings.ToUpper(u.email),
			g.anybody(d).name, "nobody"),
		"nobody",
	)
}

// nameOrAddress returns what a user types to sign in.
func (g *game) nameOrAddress(d *dice, u *modelUser) string {
	if name := g.name(d, u); name != u.name || !u.pool.byEmail {
		return name
	}
	return u.email
}

func (g *game) anybody(d *dice) *modelUser { return g.users[d.n(len(g.users))] }

// hash returns the secret hash of a name or, at times, another or none.
func (g *game) hash(d *dice, c *modelClient, name string) string {
	return one(d, c.hash(name), "", g.clients[1].hash(name), c.hash(g.anybody(d).name))
}

// parameters returns the pairs without empty values.
func parameters(all kv) kv {
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

func (g *game) signIn(d *dice) {
	u := g.focus
	c, name := g.client(d, u), g.nameOrAddress(d, u)
	word, hash := g.password(d, u), g.hash(d, c, name)
	operation, flow := "InitiateAuth", "USER_PASSWORD_AUTH"
	if !d.usually(70) {
		operation, flow = "AdminInitiateAuth", "ADMIN_USER_PASSWORD_AUTH"
	}
	if !d.usually(80) {
		preferred := one(d, []string{"", "PASSWORD", factorEmail}[d.n(3)], "PASSWORD_SRP")
		all := kv{"USERNAME": name, "SECRET_HASH": hash, "PREFERRED_CHALLENGE": preferred}
		told := fmt.Sprintf(
			"%s as %q by %s, by choice, preferring %q (right: %t)", u.label, name, c.label,
			preferred,
			word == u.password,
		)
		switch preferred {
		case "PASSWORD":
			all["PASSWORD"] = word
		case "PASSWORD_SRP":
			all["SRP_A"] = srpUser().A.Text(16)
		}
		g.judge(g.choose(c, name, hash, preferred, word), told, operation, kv{
			"UserPoolId": c.pool.id, "ClientId": c.id, "AuthFlow": "USER_AUTH",
			"AuthParameters": parameters(all),
		})
		return
	}
	if !d.usually(85) {
		g.judge(g.beginSRP(c, name, hash), fmt.Sprintf("%s as %q by %s", u.label, name, c.label),
			operation, kv{
				"UserPoolId": c.pool.id, "ClientId": c.id, "AuthFlow": "USER_SRP_AUTH",
				"AuthParameters": parameters(
					kv{"USERNAME": name, "SRP_A": srpUser().A.Text(16), "SECRET_HASH": hash}),
			})
		return
	}
	told := fmt.Sprintf("%s as %q by %s (right: %t)", u.label, name, c.label, word == u.password)
	for range 1 + max(0, d.n(40)-33) { // at times, somebody tries until the user is locked out
		if g.failure == "" {
			g.judge(g.model.signIn(c, name, word, hash), told, operation, kv{
				"UserPoolId": c.pool.id, "ClientId": c.id, "AuthFlow": flow,
				"AuthParameters": parameters(
					kv{"USERNAME": name, "PASSWORD": word, "SECRET_HASH": hash}),
			})
		}
	}
}

// password returns a password, most often the user's.
func (g *game) password(d *dice, u *modelUser) string {
	return cmp.Or(one(d, u.password, "Wr0ng-word!", g.former[u], g.anybody(d).password),
		"Wr0ng-word!")
}

// srpUser is the client's half of SRP, which all users can share.
var srpUser = sync.OnceValue(newSRPClient)

// claim returns a client's answer to a PASSWORD_VERIFIER for a password.
func (g *game) claim(s *modelSession, block, password string) kv {
	_, realm, _ := strings.Cut(s.user.pool.id, "_")
	stamp := g.srv.srpStamp()
	raw, _ := base64.StdEncoding.DecodeString(block)
	signature := []byte("none")
	if s.challenge == verifier {
		key := srpUser().key(g.srv.t, realm, s.user.name, password, s.salt, s.public)
		signature = hmacSum(key, []byte(realm+s.user.name), raw, []byte(stamp))
	}
	return kv{
		"TIMESTAMP": stamp, "PASSWORD_CLAIM_SECRET_BLOCK": block,
		"PASSWORD_CLAIM_SIGNATURE": base64.StdEncoding.EncodeToString(signature),
	}
}

// open returns a session: the latest of the focus that fits the step or, at times, any. If there is
// none, the step becomes another.
func (g *game) open(d *dice, fits func(*modelSession) bool) (s *modelSession, text, told string) {
	at, latest := -1, -1
	for i, s := range g.sessions {
		if s.user != g.focus {
			continue
		}
		latest = i
		if !s.used && g.now.Before(s.expires) && fits(s) {
			at = i
		}
	}
	switch {
	case d.usually(88):
	case d.usually(50):
		at = latest
	default:
		at = d.n(len(g.sessions))
	}
	if at < 0 || at >= len(g.sessions) {
		return nil, "", ""
	}
	s = g.sessions[at]
	text, told = s.text, fmt.Sprintf("session %d of %s at %s", at, s.user.label, s.client.label)
	if !d.usually(97) {
		text, told = tamper(text, d), told+", tampered with"
	}
	return s, text, told
}

// tamper changes a character in the last third, which in a token is the signature.
func tamper(text string, d *dice) string {
	changed := []byte(text)
	at := len(text) - 10 - d.n(100)
	if changed[at]++; changed[at] == '{' || changed[at] == '[' || changed[at] == ':' ||
		changed[at] == '.' || changed[at] == '`' {
		changed[at] = 'A'
	}
	return string(changed)
}

func (g *game) respond(d *dice) {
	early := !d.usually(90)
	s, text, told := g.open(d,
		func(s *modelSession) bool { return s.challenge != "MFA_SETUP" || s.step == 2 || early })
	if s == nil {
		g.signIn(d)
		return
	}
	u, c := s.user, s.client
	switch { // somebody else's session, or another client's
	case d.usually(85):
	case d.usually(50):
		u = g.anybody(d)
	default:
		c = g.clients[d.n(len(g.clients))]
	}
	challenge := one(
		d, s.challenge, factorTOTP, factorEmail, "MFA_SETUP", "SELECT_MFA_TYPE",
		"NEW_PASSWORD_REQUIRED",
		verifier, choice, "PASSWORD",
	)
	name := g.name(d, u)
	hash := g.hash(d, c, name)
	responses := kv{}
	answer, password := "", ""
	switch challenge {
	case factorTOTP:
		answer = g.code(d, u, u.key)
		responses["SOFTWARE_TOKEN_MFA_CODE"] = answer
	case factorEmail:
		if answer = s.code; !d.usually(80) {
			answer = g.sessions[d.n(len(g.sessions))].code
		}
		answer = cmp.Or(answer, "000000")
		responses["EMAIL_OTP_CODE"] = answer
	case "SELECT_MFA_TYPE":
		answer = one(d, []string{factorTOTP, factorEmail}[d.n(2)], "SMS_MFA")
		responses["ANSWER"] = answer
	case "NEW_PASSWORD_REQUIRED":
		answer = one(d, g.newPassword(), "sh0rT!")
		responses["NEW_PASSWORD"] = answer
	case verifier:
		answer = g.password(d, u)
		responses = g.claim(s, text, answer)
	case choice:
		answer = one(d, []string{"PASSWORD", "PASSWORD", factorEmail}[d.n(3)], "PASSWORD_SRP",
			"WEB_AUTHN")
		if responses["ANSWER"] = answer; d.usually(60) {
			password = g.password(d, u)
		}
		responses["PASSWORD"], responses["SRP_A"] = password, srpUser().A.Text(16)
	case "PASSWORD":
		answer = g.password(d, u)
		responses["PASSWORD"] = answer
	}
	responses["USERNAME"], responses["SECRET_HASH"] = name, hash
	told += fmt.Sprintf(" with %s of %q at %s, %s", challenge, name, c.label, g.describe(u, answer))
	operation := "RespondToAuthChallenge"
	if !d.usually(70) {
		operation = "AdminRespondToAuthChallenge"
	}
	body := kv{
		"UserPoolId": c.pool.id, "ClientId": c.id, "ChallengeName": challenge,
		"ChallengeResponses": parameters(responses),
	}
	if challenge == verifier {
		g.judge(g.answerSRP(c, text, name, hash, answer), told, operation, body)
		return
	}
	body["Session"] = text
	was := s.user.password
	g.judge(g.model.respond(c, challenge, text, name, hash, answer, password), told, operation,
		body)
	if s.user.password != was {
		g.former[s.user] = was
	}
}

// ~ code returns a code, most often one that the key's authenticator shows and that is unused.
func (g *game) code(d *dice, u *modelUser, k *modelKey) string {
	if k == nil {
		if k = g.anybody(d).newest(); k == nil {
			return "123456"
		}
	}
	now := g.step()
	if d.usually(50) {
		for _, step := range []int64{now, now + 1, now - 1} {
			if !k.used[step] {
				return generate(k.secret, step)
			}
		}
	}
	switch d.n(8) {
	case 0, 1, 2:
		if used := k.accepted(); len(used) > 0 {
			return generate(k.secret, used[0])
		}
	case 3, 4:
		return generate(k.secret, now+[]int64{-2, -1, 1, 2}[d.n(4)])
	case 5:
		if other := g.anybody(d).newest(); other != nil {
			return generate(other.secret, now)
		}
	case 6:
		if u.waiting != nil {
			return generate(u.waiting.secret, now)
		}
	default:
		wrong := []byte(generate(k.secret, now))
		wrong[5] = '0' + (wrong[5]-'0'+1)%10
		return string(wrong)
	}
	return generate(k.secret, now)
}

// ~ newest returns the key that is being set up, or else the one that signs in.
func (u *modelUser) newest() *modelKey {
	if u.waiting != nil {
		return u.waiting
	}
	return u.key
}

// ~ describe describes a code in the log.
func (g *game) describe(u *modelUser, code string) string {
	for _, k := range []*modelKey{u.key, u.waiting} {
		for at := int64(-2); k != nil && at <= 2; at++ {
			if generate(k.secret, g.step()+at) == code {
				return fmt.Sprintf(
					"the code of step %+d (waiting: %t, used: %t)", at, k == u.waiting,
					k.used[g.step()+at],
				)
			}
		}
	}
	return fmt.Sprintf("answering %q", code)
}

// ~ token returns a token of a kind: the latest of the focus, an older one, or another user's.
func (g *game) token(d *dice, kind func(*modelTokens) string) (t *modelTokens, text, told string) {
	if len(g.tokens) == 0 {
		return nil, "", ""
	}
	var own []int
	for i, t := range g.tokens {
		if t.user == g.focus && kind(t) != "" {
			own = append(own, i)
		}
	}
	at := d.n(len(g.tokens))
	if len(own) > 0 && d.usually(90) {
		at = own[len(own)-1]
		if !d.usually(50) {
			at = own[d.n(len(own))]
		}
	}
	t = g.tokens[at]
	text = one(d, kind(t), t.access, t.id, t.refresh)
	if text == "" {
		text = t.access
	}
	told = fmt.Sprintf("tokens %d of %s at %s (of the kind: %t)", at, t.user.label, t.client.label,
		text == kind(t))
	return t, text, told
}

func access(t *modelTokens) string { return t.access }

func refreshing(t *modelTokens) string { return t.refresh }

// forger is token for calls that check the signature of an access token.
func (g *game) forger(d *dice) (text, told string) {
	t, text, told := g.token(d, access)
	if t != nil && !d.usually(96) {
		text, told = tamper(t.access, d), told+", tampered with"
	}
	return text, told
}

func (g *game) associate(d *dice) {
	if s, text, told := g.open(d, func(s *modelSession) bool {
		return s.challenge == "MFA_SETUP" && s.step < 2
	}); s != nil {
		g.judge(g.model.associate("", text), told, "AssociateSoftwareToken", kv{"Session": text})
	} else if token, told := g.forger(d); token != "" {
		g.judge(g.model.associate(token, ""), told, "AssociateSoftwareToken",
			kv{"AccessToken": token})
	} else {
		g.signIn(d)
	}
}

func (g *game) verify(d *dice) {
	if s, text, told := g.open(d, func(s *modelSession) bool {
		return s.challenge == "MFA_SETUP" && s.step == 1
	}); s != nil {
		code := g.code(d, s.user, s.user.newest())
		told += ", " + g.describe(s.user, code)
		g.judge(g.model.verify("", text, code), told, "VerifySoftwareToken",
			kv{"Session": text, "UserCode": code})
	} else if token, told := g.forger(d); token != "" {
		code := g.code(d, g.focus, g.focus.newest())
		told += ", " + g.describe(g.focus, code)
		g.judge(g.model.verify(token, "", code), told, "VerifySoftwareToken", kv{
			"AccessToken": token, "UserCode": code,
		})
	} else {
		g.signIn(d)
	}
}

func (g *game) prefer(d *dice) {
	given, body := map[string]preference{}, kv{}
	settings := []preference{
		{true, true}, {true, true}, {true, false}, {false, false}, {false, true},
	}
	members := map[string]string{
		factorTOTP: "SoftwareTokenMfaSettings", factorEmail: "EmailMfaSettings",
	}
	for _, factor := range [][]string{
		{factorTOTP}, {factorTOTP}, {factorEmail}, {factorTOTP, factorEmail},
	}[d.n(4)] {
		setting := settings[d.n(len(settings))]
		given[factor], body[members[factor]] = setting, kv{
			"Enabled": setting.enabled, "PreferredMfa": setting.preferred,
		}
	}
	told := fmt.Sprint(given)
	if u := g.focus; d.usually(40) {
		body["UserPoolId"], body["Username"] = u.pool.id, u.sub
		g.judge(
			g.administer(u, func() verdict { return g.model.prefer(u, given) }), u.label+" "+told,
			"AdminSetUserMFAPreference", body,
		)
		return
	}
	token, by := g.forger(d)
	if token == "" {
		return
	}
	body["AccessToken"] = token
	u, failure := g.bearer(token)
	want := refuse(failure)
	if failure == "" {
		want = g.model.prefer(u, given)
	}
	g.judge(want, by+" "+told, "SetUserMFAPreference", body)
}

// ~ administer predicts the response to an administrator's call about a user.
func (g *game) administer(u *modelUser, do func() verdict) verdict {
	if u.gone {
		return refuse(noUser)
	}
	return do()
}

func (g *game) refresh(d *dice) {
	t, token, told := g.token(d, refreshing)
	if t == nil {
		return
	}
	c := one(d, t.client, g.clients...)
	told += " at " + c.label
	if c.rotates != d.usually(90) {
		hash := g.hash(d, c, t.user.name)
		g.judge(g.refreshAuth(c, token, hash), told, "InitiateAuth", kv{
			"ClientId": c.id, "AuthFlow": "REFRESH_TOKEN_AUTH",
			"AuthParameters": parameters(kv{"REFRESH_TOKEN": token, "SECRET_HASH": hash}),
		})
		return
	}
	secret := one(d, c.secret, "", g.clients[1].secret)
	g.judge(
		g.getTokens(c, token, secret), told, "GetTokensFromRefreshToken",
		parameters(kv{"ClientId": c.id, "RefreshToken": token, "ClientSecret": secret}),
	)
}

func (g *game) revoke(d *dice) {
	t, token, told := g.token(d, refreshing)
	if t == nil {
		return
	}
	c := one(d, t.client, g.clients...)
	secret := one(d, c.secret, "", g.clients[1].secret)
	g.judge(
		g.model.revoke(c, token, secret), told+" at "+c.label, "RevokeToken",
		parameters(kv{"ClientId": c.id, "Token": token, "ClientSecret": secret}),
	)
}

func (g *game) getUser(d *dice) {
	if token, told := g.forger(d); token != "" {
		g.judge(g.account(token), told, "GetUser", kv{"AccessToken": token})
	}
}

func (g *game) advance(d *dice) {
	by := 30 * time.Second
	switch {
	case d.usually(50):
	case d.usually(70):
		by = []time.Duration{
			500 * time.Millisecond, time.Second, 10 * time.Second, 29 * time.Second,
			61 * time.Second,
		}[d.n(5)]
	default:
		by = []time.Duration{
			3 * time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 8 * 24 * time.Hour,
		}[d.n(5)]
	}
	g.srv.Advance(by)
	g.now = g.now.Add(by)
	g.log = append(g.log, fmt.Sprintf("%3d. %s pass", len(g.log)+1, by))
}

func (g *game) signOut(d *dice) {
	if u := g.focus; d.usually(50) {
		g.admin("AdminUserGlobalSignOut", u, func() verdict {
			u.signedOut = g.now
			return done
		})
		return
	}
	token, told := g.forger(d)
	if token == "" {
		return
	}
	u, failure := g.bearer(token)
	want := refuse(failure)
	if failure == "" {
		u.signedOut, want = g.now, done
	}
	g.judge(want, told, "GlobalSignOut", kv{"AccessToken": token})
}

// ~ admin makes an administrator's call without parameters about a user.
func (g *game) admin(operation string, u *modelUser, do func() verdict) {
	g.judge(g.administer(u, do), u.label, operation, kv{"UserPoolId": u.pool.id, "Username": u.sub})
}

func (g *game) forgetTOTP(*dice) {
	u := g.focus
	g.admin("AdminDeleteSoftwareToken", u, func() verdict { return g.model.forgetTOTP(u) })
}

func (g *game) resetPassword(*dice) {
	u := g.focus
	g.admin("AdminResetUserPassword", u, func() verdict { return g.model.resetPassword(u) })
}

func (g *game) setPassword(d *dice) {
	u := g.focus
	permanent, word := d.usually(50), one(d, g.newPassword(), "sh0rT!")
	g.judge(g.administer(u, func() verdict {
		if word == "sh0rT!" {
			return refuse(shortPassword)
		}
		g.former[u] = u.password
		g.model.setPassword(u, word,
			map[bool]string{true: "CONFIRMED", false: "FORCE_CHANGE_PASSWORD"}[permanent])
		return done
	}), fmt.Sprintf("%s (permanent: %t)", u.label, permanent), "AdminSetUserPassword", kv{
		"UserPoolId": u.pool.id, "Username": u.sub, "Password": word, "Permanent": permanent,
	})
}

func (g *game) forgot(d *dice) {
	u := g.focus
	c, name := g.client(d, u), g.nameOrAddress(d, u)
	hash := g.hash(d, c, name)
	g.judge(g.model.forgot(c, name, hash), fmt.Sprintf("%q by %s", name, c.label), "ForgotPassword",
		parameters(kv{
			"ClientId": c.id, "Username": name, "SecretHash": hash,
		}))
}

func (g *game) confirmForgot(d *dice) {
	u := g.focus
	c, name := g.client(d, u), g.nameOrAddress(d, u)
	hash, word, code := g.hash(d, c, name), one(d, g.newPassword(), "sh0rT!"), "000000"
	if other := one(d, u, g.anybody(d)); other.recovery != nil && d.usually(80) {
		code = other.recovery.code
	}
	was := u.password
	g.judge(
		g.model.confirmForgot(c, name, hash, code, word), fmt.Sprintf("%q by %s", name, c.label),
		"ConfirmForgotPassword", parameters(kv{
			"ClientId": c.id, "Username": name, "SecretHash": hash, "ConfirmationCode": code,
			"Password": word,
		}),
	)
	if u.password != was {
		g.former[u] = was
	}
}

func (g *game) changePassword(d *dice) {
	token, told := g.forger(d)
	if token == "" {
		return
	}
	u := g.focus
	previous, word, was := g.password(d, u), one(d, g.newPassword(), "sh0rT!"), u.password
	g.judge(g.model.changePassword(token, previous, word), told, "ChangePassword", kv{
		"AccessToken": token, "PreviousPassword": previous, "ProposedPassword": word,
	})
	if u.password != was {
		g.former[u] = was
	}
}

// ~ disable disables a user, or enables a disabled one.
func (g *game) disable(*dice) {
	u := g.focus
	if u.disabled {
		g.admin("AdminEnableUser", u, func() verdict {
			u.disabled = false
			return done
		})
		return
	}
	g.admin("AdminDisableUser", u, func() verdict {
		u.disabled, u.signedOut = true, g.now
		return done
	})
}

// ~ replace deletes a user and creates another of the same name, who has no sessions or tokens.
func (g *game) replace(*dice) {
	u := g.focus
	was := u.gone
	g.admin("AdminDeleteUser", u, func() verdict {
		u.gone = true
		return done
	})
	if was || g.failure != "" {
		return
	}
	g.focus = &modelUser{label: u.label, pool: u.pool, email: u.email, verified: u.verified}
	g.addUser(g.focus)
}

func (g *game) configure(d *dice) {
	p := g.focus.pool
	mode, totp, email := []string{"OPTIONAL", "ON", "OFF"}[d.n(3)], d.usually(80), d.usually(40)
	if mode == "OFF" && d.usually(90) {
		totp, email = false, false
	}
	g.judge(
		g.model.configure(p, mode, totp, email),
		fmt.Sprintf("of %s: %s, TOTP: %t, email: %t", g.focus.label, mode, totp, email),
		"SetUserPoolMfaConfig", configuration(p, mode, totp, email),
	)
}

func configuration(p *modelPool, mode string, totp, email bool) kv {
	body := kv{"UserPoolId": p.id, "MfaConfiguration": mode}
	if totp {
		body["SoftwareTokenMfaConfiguration"] = kv{"Enabled": true}
	}
	if email {
		body["EmailMfaConfiguration"] = kv{"Subject": "your code"}
	}
	return body
}

// ~ What can be done once is done only once, however many try at the same time.
func TestOnceDespiteConcurrency(t *testing.T) {
	t.Parallel()
	const tries = 20
	for name, tc := range map[string]struct {
		user    cognitotest.User
		options func(*options)
		// prepare returns the call that each try makes.
		prepare func(srv fake) func(try int) reply
		want    map[string]int
	}{
		"a code in as many sessions": {
			user: cognitotest.User{TOTP: secret},
			prepare: func(srv fake) func(int) reply {
				var sessions []string
				for range tries {
					sessions = append(sessions, srv.challenged("alice", factorTOTP).session())
				}
				code := srv.Code("alice")
				return func(try int) reply { return srv.code(sessions[try], code) }
			},
			want: map[string]int{"": 1, usedCode: tries - 1},
		},
		"a code for a new authenticator": {
			prepare: func(srv fake) func(int) reply {
				access := srv.tokens("alice").access()
				srv.must("AssociateSoftwareToken", kv{"AccessToken": access})
				code := srv.Code("alice")
				return func(int) reply {
					return srv.call("VerifySoftwareToken",
						kv{"AccessToken": access, "UserCode": code})
				}
			},
			want: map[string]int{"": 1, usedCode: tries - 1},
		},
		"a session of a set-up": {
			options: mfaOn,
			prepare: func(srv fake) func(int) reply {
				session := srv.challenged("alice", "MFA_SETUP").session()
				return func(int) reply {
					return srv.call("AssociateSoftwareToken", kv{"Session": session})
				}
			},
			want: map[string]int{"": 1, usedSession: tries - 1},
		},
		"a refresh token that rotates": {
			options: func(o *options) { o.RefreshTokenRotation = true },
			prepare: func(srv fake) func(int) reply {
				refresh := srv.tokens("alice").refresh()
				return func(int) reply {
					return srv.call("GetTokensFromRefreshToken",
						kv{"ClientId": srv.ClientID, "RefreshToken": refresh})
				}
			},
			want: map[string]int{
				"": 1, "RefreshTokenReuse: Refresh token reuse detected.": tries - 1,
			},
		},
		"wrong passwords": {
			prepare: func(srv fake) func(int) reply {
				return func(int) reply { return srv.signIn("alice", "wrong") }
			},
			want: map[string]int{incorrect: 5, tooManyTries: tries - 5},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			optFns := []func(*options){frozen}
			if tc.options != nil {
				optFns = append(optFns, tc.options)
			}
			srv := listen(t, optFns...)
			tc.user.Username, tc.user.Password = "alice", password
			srv.AddUser(tc.user)
			call := tc.prepare(srv)
			failures := make([]string, tries)
			var wg sync.WaitGroup
			for i := range failures {
				wg.Go(func() { failures[i] = call(i).failure() })
			}
			wg.Wait()
			got := map[string]int{}
			for _, failure := range failures {
				got[failure]++
			}
			assert.Equal(t, tc.want, got)
		})
	}
}

// ~ payload returns the claims of a JWT; nothing if it is not one.
func payload(token string) kv {
	parts := strings.Split(token, ".")
	var claims kv
	if len(parts) == 3 {
		raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
		_ = json.Unmarshal(raw, &claims)
	}
	return claims
}
