package main_test

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
	"github.com/cognitomfa/cognitomfa/otpauth"
)

// dialogue is a run of the program that gets its input through a pipe, line by line.
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
	d := &dialogue{t: t, cmd: exec.CommandContext(tooltest.Context(t), program, args...)}
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

func (d *dialogue) say(line string) {
	d.t.Helper()
	_, err := io.WriteString(d.in, line+"\n")
	require.NoError(d.t, err)
}

// hear reads lines until one begins with prefix, and returns the rest of that line.
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
	_ = d.cmd.Wait() // The exit status has the result.
	r := result{
		status: d.cmd.ProcessState.ExitCode(),
		out:    d.said.String(),
		err:    d.errs.String(),
	}
	assertNoSecret(d.t, r.out+r.err)
	return r
}

// allowOnly makes the app client allow a single flow.
func allowOnly(flow types.ExplicitAuthFlowsType) func(*cognitotest.Options) {
	return func(o *cognitotest.Options) { o.AuthFlows = []types.ExplicitAuthFlowsType{flow} }
}

// The program signs in with whatever flow the pool allows, and revokes the tokens.
func TestSignIn(t *testing.T) {
	t.Parallel()
	srpOnly := allowOnly(types.ExplicitAuthFlowsTypeAllowUserSrpAuth)
	for name, options := range map[string]func(*cognitotest.Options){
		"all flows":           func(*cognitotest.Options) {},
		"secret":              func(o *cognitotest.Options) { o.ClientSecret = clientSecret },
		"Admin password only": allowOnly(types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth),
		"SRP only":            srpOnly,
		"SRP only, secret": func(o *cognitotest.Options) {
			srpOnly(o)
			o.ClientSecret = clientSecret
		},
		"choice only": allowOnly(types.ExplicitAuthFlowsTypeAllowUserAuth),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, options)
			srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
			args := append([]string{"sign-in", "alice"}, on(srv)...)
			r := run(t, password+"\n"+srv.Code("alice")+"\n", nil, args...)
			assert.Equal(t, result{
				status: fine,
				out: "signed in: alice\nmethods:   authenticator app\n" +
					"preferred: authenticator app\ntokens:    valid for 1h0m0s\n",
			}, r)
			calls := operations(srv)
			assert.Equal(t, "RevokeToken", calls[len(calls)-1])

			// Without a name the command asks for it, and a wrong code can be corrected.
			wrong := "000000"
			if srv.Code("alice") == wrong {
				wrong = "000001"
			}
			in := strings.Join([]string{"alice", password, wrong, srv.NextCode("alice")}, "\n")
			r = run(t, in, nil, append([]string{"sign-in"}, on(srv)...)...)
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
	assert.Equal(t, incomplete, r.status)
	assert.Contains(t, r.err,
		"the app client's secret is missing or wrong; check COGNITO_CLIENT_SECRET")
}

// srpCalls reports for each call whether it carried the SRP proof.
func srpCalls(srv *cognitotest.Server) []bool {
	var calls []bool
	for _, c := range srv.Calls() {
		_, proof := c.Params["ChallengeResponses.PASSWORD_CLAIM_SIGNATURE"]
		calls = append(calls, proof)
	}
	return calls
}

// If the app client allows none of the library's flows, the program says so before it tries to sign
// in.
func TestNoFlow(t *testing.T) {
	t.Parallel()
	srv := newServer(t, allowOnly(types.ExplicitAuthFlowsTypeAllowCustomAuth))
	r := run(t, password, nil, append([]string{"sign-in", "alice"}, on(srv)...)...)
	assert.Equal(t, incomplete, r.status)
	assert.Contains(t, r.err, "the app client allows none of the library's sign-in flows; "+
		"run cognitomfa doctor to see what to change")

	r = run(t, password, nil, append([]string{"sign-in", "alice", "-flow", "srp"}, on(srv)...)...)
	assert.Equal(t, incomplete, r.status)
	assert.Contains(t, r.err, "the app client does not allow the flow USER_SRP_AUTH")
	assert.Contains(t, r.err, "-flow and -public")
}

// If Cognito refuses a sign-in, that is a finding.
func TestRefusedSignIn(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, Disabled: true})
	srv.AddUser(cognitotest.User{
		Username: "carol", Password: password, Status: types.UserStatusTypeUnconfirmed,
	})
	for name, c := range map[string]struct {
		user, in, says string
		status         int
	}{
		"wrong password":    {"alice", "x\n", "wrong user name or password\n", found},
		"unknown user":      {"zoe", password, "wrong user name or password\n", found},
		"disabled user":     {"bob", password, "the user is disabled", found},
		"unconfirmed":       {"carol", password, "the user has not been confirmed", found},
		"five wrong codes":  {"alice", password + strings.Repeat("\nx", 5), "the code is wrong", found},
		"no password":       {"alice", "", "unexpected end of input, expected: Password", usage},
		"no code":           {"alice", password, "expected: Code from the authenticator app", usage},
		"no name":           {"", "", "unexpected end of input, expected: User name", usage},
		"an endless line":   {"alice", strings.Repeat("x", 1<<17), "an input line is too long", usage},
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

func TestChallenges(t *testing.T) {
	t.Parallel()
	methods := func(o *cognitotest.Options) { o.SMS, o.Email = true, true }
	for name, c := range map[string]struct {
		options func(*cognitotest.Options)
		user    cognitotest.User
		script  []cognitotest.Challenge
		say     func(*cognitotest.Server, *dialogue)
		says    string // part of the standard error
	}{
		"new password": {
			options: func(o *cognitotest.Options) { o.RequiredAttributes = []string{"nickname"} },
			user:    cognitotest.User{Status: types.UserStatusTypeForceChangePassword},
			say: func(_ *cognitotest.Server, d *dialogue) {
				d.say("short") // It asks again.
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
			say: func(srv *cognitotest.Server, d *dialogue) { d.say(d.sent(srv)) },
		},
		"email": {
			options: methods,
			user: cognitotest.User{
				Email: "alice@example.com", Methods: []string{"EMAIL_OTP"}, Preferred: "EMAIL_OTP",
			},
			say: func(srv *cognitotest.Server, d *dialogue) { d.say(d.sent(srv)) },
		},
		"choice by number": {
			options: methods,
			user: cognitotest.User{
				Email: "alice@example.com", TOTP: totp,
				Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
			},
			say: func(srv *cognitotest.Server, d *dialogue) {
				d.say("9")
				d.say("2")
				d.say(d.sent(srv))
			},
		},
		"choice by name": {
			options: methods,
			user: cognitotest.User{
				Email: "alice@example.com", TOTP: totp,
				Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
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
				d.say("email") // It asks again.
				d.say("3")
				d.say("email_otp")
				d.say("no address")
				d.say("alice@example.com")
				d.say(d.sent(srv))
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

// A challenge that the program cannot answer ends the sign-in, and the message names it.
func TestUnsupportedChallenge(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	srv.Script("alice", cognitotest.Challenge{Name: types.ChallengeNameTypeWebAuthn})
	r := run(t, password, nil, append([]string{"sign-in", "alice"}, on(srv)...)...)
	assert.Equal(t, result{
		status: found,
		err:    "cognitomfa sign-in: Cognito asks for WEB_AUTHN, which this program cannot answer\n",
	}, r)
}

// sent waits until Cognito has sent alice a code.
func (d *dialogue) sent(srv *cognitotest.Server) (code string) {
	tooltest.Until(d.t, "a code for alice", func() bool {
		for _, message := range srv.Outbox("alice") {
			code = message.Code
		}
		return code != ""
	})
	return code
}

// codeOf returns the code of the key that the program prints.
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
			args := append([]string{"enroll", "alice", "-issuer", "Example Inc."}, on(srv)...)
			d := converse(t, nil, args...)
			d.say(password)
			code := codeOf(srv, d)
			d.say("x")
			d.say(code)
			r := d.end()
			assert.Equal(t, fine, r.status, r.err)
			assert.Contains(t, r.out, "otpauth://totp/Example%20Inc.:alice?")
			assert.Equal(t, 1, strings.Count(r.out,
				"enrolled:  the authenticator app; the next sign-in asks for a code\n"))
			assert.Equal(t, []string{"SOFTWARE_TOKEN_MFA"}, srv.User("alice").Methods)

			// An existing authenticator is replaced only with -yes.
			in := password + "\n" + srv.NextCode("alice") + "\n"
			r = run(t, in, nil, append([]string{"enroll", "alice"}, on(srv)...)...)
			assert.Equal(t, usage, r.status)
			assert.Contains(t, r.err,
				"the user already has an authenticator: pass -yes to replace it")
		})
	}
}

// If only the call that turns MFA on fails, enroll repeats it.
func TestEnrollRetriesEnable(t *testing.T) {
	t.Parallel()
	for _, mode := range []types.UserPoolMfaType{
		types.UserPoolMfaTypeOptional, types.UserPoolMfaTypeOn,
	} {
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

// Without the permission to read the app client's settings, sign-in uses the given ones.
func TestSignInWithGivenSettings(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(o *cognitotest.Options) { o.ClientSecret = clientSecret })
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	srv.Fail("DescribeUserPoolClient", cognitotest.Error("AccessDeniedException", "no"))
	r := run(t, password, withSecret, append([]string{"sign-in", "alice"}, on(srv)...)...)
	assert.Equal(t, fine, r.status, r.err)
	assert.Contains(t, r.err, "lack the IAM permission cognito-idp:DescribeUserPoolClient")
}

// A failed revocation is reported, and does not change the exit status.
func TestRevokeFails(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(o *cognitotest.Options) { o.TokenRevocationDisabled = true })
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	r := run(t, password, nil, append([]string{"sign-in", "alice"}, on(srv)...)...)
	assert.Equal(t, fine, r.status, r.err)
	assert.Contains(t, r.err, "the tokens were not shown but could not be revoked: ")
}
