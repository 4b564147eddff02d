package main_test

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/otpauth"
)

// dialogue is a run of the program that is fed through a pipe, line by line.
type dialogue struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	errs bytes.Buffer
	said strings.Builder
}

func converse(t *testing.T, extra []string, args ...string) *dialogue {
	t.Helper()
	d := &dialogue{t: t, cmd: exec.CommandContext(t.Context(), program, args...)}
	d.cmd.Env = environment(t, extra...)
	d.cmd.Stderr = &d.errs
	var err error
	d.in, err = d.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := d.cmd.StdoutPipe()
	require.NoError(t, err)
	d.out = bufio.NewReader(out)
	require.NoError(t, d.cmd.Start())
	return d
}

// say answers a question.
func (d *dialogue) say(line string) {
	d.t.Helper()
	_, err := io.WriteString(d.in, line+"\n")
	require.NoError(d.t, err)
}

// hear reads lines until one begins with a text, and returns the rest of that one.
func (d *dialogue) hear(prefix string) string {
	d.t.Helper()
	for {
		line, err := d.out.ReadString('\n')
		d.said.WriteString(line)
		require.NoError(d.t, err, d.said.String())
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			return strings.TrimSuffix(rest, "\n")
		}
	}
}

// end waits for the program to end.
func (d *dialogue) end() result {
	d.t.Helper()
	_ = d.in.Close()
	rest, err := io.ReadAll(d.out)
	require.NoError(d.t, err)
	d.said.Write(rest)
	_ = d.cmd.Wait() // The status tells.
	r := result{d.cmd.ProcessState.ExitCode(), d.said.String(), d.errs.String()}
	tellsNoSecret(d.t, r.out+r.err)
	return r
}

// A sign-in leads to the end in every kind of pool that the program can tell apart, and leaves no
// tokens.
func TestSignIn(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func(*cognitotest.Options){
		"all flows": func(*cognitotest.Options) {},
		"secret":    func(o *cognitotest.Options) { o.ClientSecret = clientSecret },
		"Admin password only": func(o *cognitotest.Options) {
			o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth}
		},
		"SRP only": func(o *cognitotest.Options) {
			o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth}
		},
		"SRP only, secret": func(o *cognitotest.Options) {
			o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth}
			o.ClientSecret = clientSecret
		},
		"choice only": func(o *cognitotest.Options) {
			o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserAuth}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, options)
			srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
			args := append([]string{"sign-in", "alice"}, on(srv)...)
			r := run(t, password+"\n"+srv.Code("alice")+"\n", nil, args...)
			assert.Equal(t, result{
				fine, "signed in: alice\nmethods:   authenticator app\npreferred: authenticator app\n" +
					"tokens:    good for 1h0m0s\n", "",
			}, r)
			calls := operations(srv)
			assert.Equal(t, "RevokeToken", calls[len(calls)-1])

			// The name is asked for if it is not given, and a wrong code can be corrected.
			wrong := "000000"
			if srv.Code("alice") == wrong {
				wrong = "000001"
			}
			r = run(
				t,
				strings.Join([]string{"alice", password, wrong, srv.NextCode("alice")}, "\n"),
				nil,
				append([]string{"sign-in"}, on(srv)...)...)
			assert.Equal(t, fine, r.status, r.err)
			assert.Contains(t, r.err, "the code is wrong")
		})
	}
}

// A public sign-in makes no signed call.
func TestPublicSignIn(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(o *cognitotest.Options) { o.ClientSecret = clientSecret })
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
	args := append([]string{"sign-in", "alice", "-public", "-client-id", srv.ClientID}, on(srv)...)
	codes := []string{srv.Code("alice"), srv.NextCode("alice")}
	for i, flow := range []string{"", "password"} {
		args := args
		if flow != "" {
			args = append(args, "-flow", flow)
		}
		srv.ResetCalls()
		r := run(t, password+"\n"+codes[i]+"\n", withSecret, args...)
		assert.Equal(t, fine, r.status, r.err)
		for _, c := range srv.Calls() {
			assert.False(t, c.Signed, c.Operation)
		}
		assert.Equal(t, flow == "", slices.Contains(srpCalls(srv), true))
	}
	r := run(t, password+"\n", nil, args...)
	assert.Equal(t, noAnswer, r.status)
	assert.Contains(
		t,
		r.err,
		"the app client's secret is missing or wrong; check COGNITO_CLIENT_SECRET",
	)
}

// srpCalls tells of each call whether it carried the proof of SRP.
func srpCalls(srv *cognitotest.Server) []bool {
	var calls []bool
	for _, c := range srv.Calls() {
		_, proof := c.Params["ChallengeResponses.PASSWORD_CLAIM_SIGNATURE"]
		calls = append(calls, proof)
	}
	return calls
}

// An app client that allows no flow of the library is said to, without a try.
func TestNoFlow(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(o *cognitotest.Options) {
		o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowCustomAuth}
	})
	r := run(t, password, nil, append([]string{"sign-in", "alice"}, on(srv)...)...)
	assert.Equal(t, noAnswer, r.status)
	assert.Contains(
		t,
		r.err,
		"the app client allows no flow by which the library signs in; cognitomfa doctor says what to change",
	)

	r = run(t, password, nil, append([]string{"sign-in", "alice", "-flow", "srp"}, on(srv)...)...)
	assert.Equal(t, noAnswer, r.status)
	assert.Contains(t, r.err, "the app client does not allow the flow USER_SRP_AUTH")
	assert.Contains(t, r.err, "-flow and -public")
}

// What Cognito refuses is a finding.
func TestRefused(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, Disabled: true})
	srv.AddUser(
		cognitotest.User{
			Username: "carol",
			Password: password,
			Status:   types.UserStatusTypeUnconfirmed,
		},
	)
	for name, c := range map[string]struct {
		user, in, says string
		status         int
	}{
		"wrong password":    {"alice", "x\n", "wrong user name or password\n", found},
		"unknown user":      {"zoe", password, "wrong user name or password\n", found},
		"disabled user":     {"bob", password, "the user is disabled", found},
		"unconfirmed":       {"carol", password, "the user has not been confirmed", found},
		"five wrong codes":  {"alice", password + strings.Repeat("\nx", 5), "the code is wrong", found},
		"no password":       {"alice", "", "the input ended where this was expected: Password", usage},
		"no code":           {"alice", password, "was expected: Code of the authenticator app", usage},
		"no name":           {"", "", "the input ended where this was expected: User name", usage},
		"an endless line":   {"alice", strings.Repeat("x", 1<<17), "a line of the input is too long", usage},
		"an empty password": {"alice", "\n", "wrong user name or password\n", found},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"sign-in", c.user}, on(srv)...)
			if c.user == "" {
				args = slices.Delete(args, 1, 2)
			}
			r := run(t, c.in, nil, args...)
			assert.Equal(t, c.status, r.status)
			assert.Contains(t, r.err, c.says)
			assert.Empty(t, r.out)
		})
	}
}

// Every challenge is answered by asking.
func TestChallenges(t *testing.T) {
	t.Parallel()
	methods := func(o *cognitotest.Options) { o.SMS, o.Email = true, true }
	for name, c := range map[string]struct {
		options func(*cognitotest.Options)
		user    cognitotest.User
		script  []cognitotest.Challenge
		say     func(*cognitotest.Server, *dialogue)
		says    string // part of what is printed beside the outcome
	}{
		"new password": {
			options: func(o *cognitotest.Options) { o.RequiredAttributes = []string{"nickname"} },
			user:    cognitotest.User{Status: types.UserStatusTypeForceChangePassword},
			say: func(_ *cognitotest.Server, d *dialogue) {
				d.say("short") // and is asked again
				d.say("ally")
				d.say(password + password)
				d.say("ally")
			},
		},
		"SMS": {
			options: methods,
			user: cognitotest.User{
				Phone: "+15550001234", Methods: []string{"SMS_MFA"}, Preferred: "SMS_MFA",
			},
			say: func(srv *cognitotest.Server, d *dialogue) { d.say(sent(srv)) },
		},
		"email": {
			options: methods,
			user: cognitotest.User{
				Email: "alice@example.com", Methods: []string{"EMAIL_OTP"}, Preferred: "EMAIL_OTP",
			},
			say: func(srv *cognitotest.Server, d *dialogue) { d.say(sent(srv)) },
		},
		"choice by number": {
			options: methods,
			user: cognitotest.User{
				Email: "alice@example.com", TOTP: totp, Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
			},
			say: func(srv *cognitotest.Server, d *dialogue) {
				d.say("9")
				d.say("2")
				d.say(sent(srv))
			},
		},
		"choice by name": {
			options: methods,
			user: cognitotest.User{
				Email: "alice@example.com", TOTP: totp, Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
			},
			say: func(srv *cognitotest.Server, d *dialogue) {
				d.say("software_token_mfa")
				d.say(srv.Code("alice"))
			},
		},
		"custom": {
			say: func(_ *cognitotest.Server, d *dialogue) { d.say("forty-two") },
			script: []cognitotest.Challenge{
				{
					Parameters: map[string]string{"question": "six by seven"},
					Answers:    map[string]string{"ANSWER": "forty-two"},
				},
			},
			says: "Cognito asks for CUSTOM_CHALLENGE.\n  question: six by seven\n",
		},
		"set-up": {
			options: func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn },
			say: func(srv *cognitotest.Server, d *dialogue) {
				d.say(codeOf(srv, d))
			},
		},
		"set-up by email": {
			options: func(o *cognitotest.Options) { o.MFA, o.Email = types.UserPoolMfaTypeOn, true },
			say: func(srv *cognitotest.Server, d *dialogue) {
				d.say("email") // and is asked again
				d.say("3")
				d.say("email_otp")
				d.say("no address")
				d.say("alice@example.com")
				d.say(sent(srv))
			},
			says: "choose method: the method is not one of those offered\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.options == nil {
				c.options = func(*cognitotest.Options) {}
			}
			srv := newServer(t, c.options)
			c.user.Username, c.user.Password = "alice", password
			srv.AddUser(c.user)
			srv.Script("alice", c.script...)
			d := converse(t, nil, append([]string{"sign-in", "alice"}, on(srv)...)...)
			d.say(password)
			c.say(srv, d)
			r := d.end()
			assert.Equal(t, fine, r.status, r.err)
			assert.Contains(t, r.out, "signed in: alice\n")
			assert.Contains(t, r.err, c.says)
		})
	}
}

// A challenge that the program cannot answer ends the sign-in, by name.
func TestUnknownChallenge(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	srv.Script("alice", cognitotest.Challenge{Name: types.ChallengeNameTypeWebAuthn})
	r := run(t, password, nil, append([]string{"sign-in", "alice"}, on(srv)...)...)
	assert.Equal(
		t,
		result{
			found,
			"",
			"cognitomfa sign-in: Cognito asks for WEB_AUTHN, which this program cannot answer\n",
		},
		r,
	)
}

// sent waits for the code that alice was sent. It comes with the challenge, which is under way.
func sent(srv *cognitotest.Server) string {
	for {
		if box := srv.Outbox("alice"); len(box) > 0 {
			return box[len(box)-1].Code
		}
		time.Sleep(time.Millisecond) // until the program has come to it
	}
}

// codeOf is the first code of the key that the program prints.
func codeOf(srv *cognitotest.Server, d *dialogue) string {
	key, err := otpauth.Parse(d.hear("uri:       "))
	require.NoError(d.t, err)
	assert.Equal(d.t, "alice", key.Account)
	code, err := key.Code(srv.Now())
	require.NoError(d.t, err)
	return code
}

func TestEnroll(t *testing.T) {
	t.Parallel()
	for mode, options := range map[string]func(*cognitotest.Options){
		"optional": func(*cognitotest.Options) {},
		"required": func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn },
		"secret":   func(o *cognitotest.Options) { o.ClientSecret = clientSecret },
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, options)
			srv.AddUser(cognitotest.User{Username: "alice", Password: password})
			d := converse(
				t,
				nil,
				append([]string{"enroll", "alice", "-issuer", "Example Inc."}, on(srv)...)...)
			d.say(password)
			code := codeOf(srv, d)
			d.say("x")
			d.say(code)
			r := d.end()
			assert.Equal(t, fine, r.status, r.err)
			assert.Contains(t, r.out, "otpauth://totp/Example%20Inc.:alice?")
			assert.Equal(
				t,
				1,
				strings.Count(
					r.out,
					"enrolled:  the authenticator app; the next sign-in asks for its code\n",
				),
			)
			assert.Equal(t, []string{"SOFTWARE_TOKEN_MFA"}, srv.User("alice").Methods)

			// An authenticator that is there is replaced only with -yes.
			in := password + "\n" + srv.NextCode("alice") + "\n"
			r = run(t, in, nil, append([]string{"enroll", "alice"}, on(srv)...)...)
			assert.Equal(t, usage, r.status)
			assert.Contains(
				t,
				r.err,
				"the user has an authenticator already: give -yes to replace it",
			)
		})
	}
}

// If only the call that turns MFA on fails, it is made once more.
func TestEnrollTurnsOn(t *testing.T) {
	t.Parallel()
	for _, mode := range []types.UserPoolMfaType{types.UserPoolMfaTypeOptional, types.UserPoolMfaTypeOn} {
		srv := newServer(t, func(o *cognitotest.Options) { o.MFA = mode })
		srv.AddUser(cognitotest.User{Username: "alice", Password: password})
		srv.Fail("SetUserMFAPreference", cognitotest.Error("ForbiddenException", "once"))
		d := converse(t, nil, append([]string{"enroll", "alice"}, on(srv)...)...)
		d.say(password)
		d.say(codeOf(srv, d))
		r := d.end()
		assert.Equal(t, fine, r.status, r.err)
		assert.Equal(t, []string{"SOFTWARE_TOKEN_MFA"}, srv.User("alice").Methods)
	}
}

// Without the right to read the app client's settings, what was given is taken.
func TestSignInWithoutReading(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(o *cognitotest.Options) { o.ClientSecret = clientSecret })
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	srv.Fail("DescribeUserPoolClient", cognitotest.Error("AccessDeniedException", "no"))
	r := run(t, password, withSecret, append([]string{"sign-in", "alice"}, on(srv)...)...)
	assert.Equal(t, fine, r.status, r.err)
	assert.Contains(t, r.err, "lack the IAM right cognito-idp:DescribeUserPoolClient")
}

// That the tokens could not be revoked is said; it changes nothing else.
func TestRevokeFails(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(o *cognitotest.Options) { o.TokenRevocationDisabled = true })
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	r := run(t, password, nil, append([]string{"sign-in", "alice"}, on(srv)...)...)
	assert.Equal(t, fine, r.status, r.err)
	assert.Contains(t, r.err, "the tokens, which were not shown, could not be revoked: ")
}
