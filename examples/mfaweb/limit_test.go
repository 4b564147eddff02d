package mfaweb_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/mfaweb"
)

// tooMany checks the response to a client over a limit and returns how long it must wait.
func (a *answer) tooMany(next string) time.Duration {
	a.t.Helper()
	a.failed(http.StatusTooManyRequests, "too-many-attempts", next)
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	require.NoError(a.t, err, "%s", a.body)
	assert.Positive(a.t, seconds)
	return time.Duration(seconds) * time.Second
}

// calls counts the calls of an operation.
func (s *site) calls(operation string) (n int) {
	for _, call := range s.Calls() {
		if call.Operation == operation {
			n++
		}
	}
	return n
}

// wrongCode returns a code that is not valid around now.
func (s *site) wrongCode() string {
	right := []string{s.Code(username), s.NextCode(username)}
	for i := range 4 {
		code := fmt.Sprintf("%06d", i)
		if right[0] != code && right[1] != code {
			remember(code)
			return code
		}
	}
	panic("four of three")
}

// fiveWrongCodes uses up the budget of a challenge.
func (s *site) fiveWrongCodes() (who fields) {
	s.t.Helper()
	who = s.session("SOFTWARE_TOKEN_MFA")
	for range 5 {
		s.post("/mfasignin", who.withCode(s.wrongCode())).
			failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	}
	return who
}

// An attacker who has the password gets 5 codes for each sign-in and 10 an hour, from any address.
func TestCodeLimits(t *testing.T) {
	address := 0
	s := newSite(t, nil, func(o *mfaweb.Options) {
		o.ClientAddress = func(*http.Request) string {
			address++
			return fmt.Sprintf("192.0.2.%d", address%250)
		}
	})
	s.enroll()

	who := s.fiveWrongCodes()
	a := s.post("/mfasignin", who.withCode(s.Code(username)), "Accept-Language", "ja")
	a.tooMany("start-over")
	assert.Contains(t, string(a.body), "もう一度サインインしてください")
	s.fiveWrongCodes()

	calls := s.calls("AdminRespondToAuthChallenge")
	who = s.session("SOFTWARE_TOKEN_MFA")
	a = s.post("/mfasignin", who.withCode(s.Code(username)))
	wait := a.tooMany("back-off")
	assert.LessOrEqual(t, wait, 6*time.Minute)
	assert.Contains(t, string(a.body), "Try again in 6 minutes.")
	assert.Equal(t, calls, s.calls("AdminRespondToAuthChallenge"), "Cognito is not asked")
	who["authParamUserId"] = strings.ToUpper(username)
	s.post("/mfasignin", who.withCode(s.Code(username))).tooMany("back-off")

	s.Advance(wait)
	s.post("/mfasignin", s.session("SOFTWARE_TOKEN_MFA").withCode(s.Code(username))).tokens()
}

// Malformed codes, made-up sessions and right codes do not count.
func TestAttemptsThatDoNotCount(t *testing.T) {
	s := newSite(t, nil, nil)
	s.enroll()
	for range 12 {
		s.post("/mfasignin", fields{
			"mfaCode":          "123456",
			"authParamSession": "made-up-session-of-nobody",
			"authParamUserId":  username,
		}).failed(http.StatusUnauthorized, "session-expired", "start-over")
	}
	for range 12 {
		s.Advance(30 * time.Second)
		s.post("/mfasignin", s.session("SOFTWARE_TOKEN_MFA").withCode(s.Code(username))).tokens()
	}
	who := s.session("SOFTWARE_TOKEN_MFA")
	for range 12 {
		s.post("/mfasignin", who.withCode("12345")).
			failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	}
	s.Advance(30 * time.Second)
	s.post("/mfasignin", who.withCode(s.Code(username))).tokens()
}

// Parallel guesses cannot exceed a limit.
func TestParallelGuesses(t *testing.T) {
	s := newSite(t, nil, nil)
	s.enroll()
	who, wrong := s.session("SOFTWARE_TOKEN_MFA"), s.wrongCode()
	var guesses sync.WaitGroup
	for range 20 {
		guesses.Go(func() { s.post("/mfasignin", who.withCode(wrong)) })
	}
	guesses.Wait()
	assert.LessOrEqual(t, s.calls("AdminRespondToAuthChallenge"), 5)
	s.post("/mfasignin", who.withCode(wrong)).
		failed(http.StatusTooManyRequests, "too-many-attempts", "start-over")
}

// Wrong first codes are limited to protect the quota. They do not count against the codes of a
// sign-in.
func TestFirstCodeLimits(t *testing.T) {
	s := newSite(t, nil, nil)
	s.enroll()
	access := *s.IssueTokens(username).AccessToken
	s.post("/mfa", fields{"AccessToken": access}).ok()
	wrong := func() *answer {
		return s.post("/verify", fields{"accessToken": access, "mfaCode": s.wrongCode()})
	}
	for range 5 {
		wrong().failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	}
	s.Advance(wrong().tooMany("back-off"))
	wrong().failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	s.fiveWrongCodes()
	s.post("/mfasignin", s.session("SOFTWARE_TOKEN_MFA").withCode(s.VerifiedCode(username))).
		tokens()

	required := newSite(t, required, nil)
	who := required.session("MFA_SETUP")
	who["authParamSession"] = required.post("/mfa", who).ok()["Session"].(string)
	for range 5 {
		required.post("/verify", who.withCode(required.wrongCode())).
			failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	}
	required.post("/verify", who.withCode(required.wrongCode())).tooMany("start-over")
}

// Wrong passwords are limited for each user name, in any spelling, whether or not the user exists.
func TestSignInLimits(t *testing.T) {
	s := newSite(t, nil, nil)
	for _, name := range []string{username, "nobody@example.com"} {
		signIn := func(name string) *answer {
			return s.post("/signin", fields{"userId": name, "userPassword": "wrong-password"})
		}
		for range 10 {
			assert.Empty(t, signIn(name).header.Get("Retry-After"))
		}
		calls := s.calls("AdminInitiateAuth")
		for _, spelling := range []string{name, strings.ToUpper(name), " " + name} {
			assert.LessOrEqual(t, signIn(spelling).tooMany("back-off"), time.Minute)
		}
		assert.Equal(t, calls, s.calls("AdminInitiateAuth"), "Cognito is not asked")
	}
	s.AddUser(cognitotest.User{Username: "another", Password: password})
	s.signInAs("another").tokens()
	s.Advance(time.Hour)
	s.signIn().tokens()
}

// Addresses have limits of their own. Only the first half of an IPv6 address counts.
func TestAddressLimits(t *testing.T) {
	var address string
	s := newSite(t, nil, func(o *mfaweb.Options) {
		o.ClientAddress = func(*http.Request) string { return address }
	})
	spray := func(n int) *answer {
		return s.post("/signin", fields{
			"userId": fmt.Sprintf("user-%d", n), "userPassword": "wrong-password",
		})
	}
	for _, network := range []struct{ first, other, elsewhere string }{
		{first: "192.0.2.1", other: "192.0.2.1", elsewhere: "192.0.2.2"},
		{first: "2001:db8::1", other: "2001:db8::2:2:2:2", elsewhere: "2001:db8:0:1::1"},
		{first: "::ffff:192.0.2.3", other: "192.0.2.3", elsewhere: "192.0.2.4"},
		{first: "fe80::1%eth0", other: "fe80::2%eth1", elsewhere: "fe80:0:0:1::1"},
	} {
		address = network.first
		for i := range 30 {
			spray(i).failed(http.StatusUnauthorized, "wrong-credentials", "start-over")
		}
		address = network.other
		assert.LessOrEqual(t, spray(30).tooMany("back-off"), 30*time.Second)
		address = network.elsewhere
		spray(31).failed(http.StatusUnauthorized, "wrong-credentials", "start-over")
		s.Advance(time.Hour)
	}
	address = ""
	for i := range 40 {
		spray(i).failed(http.StatusUnauthorized, "wrong-credentials", "start-over")
	}
}

// Requests for QR codes are limited because all users in a Region share a small quota.
func TestEnrollLimit(t *testing.T) {
	s := newSite(t, nil, nil)
	access := s.signIn().access()
	for range 30 {
		s.post("/mfa", fields{"AccessToken": access}).ok()
	}
	assert.LessOrEqual(
		t, s.post("/mfa", fields{"AccessToken": access}).tooMany("back-off"), 10*time.Second,
	)
}

func TestNoLimits(t *testing.T) {
	s := newSite(t, nil, func(o *mfaweb.Options) { o.Limits = &mfaweb.Limits{} })
	s.enroll()
	who := s.session("SOFTWARE_TOKEN_MFA")
	for range 40 {
		s.post("/mfasignin", who.withCode(s.wrongCode())).
			failed(http.StatusBadRequest, "wrong-code", "same-challenge")
	}
}
