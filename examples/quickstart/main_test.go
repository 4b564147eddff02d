package main

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

const (
	password    = "Passw0rd!"
	newPassword = "N3w-Passw0rd!"
)

// user is alice at the keyboard.
type user struct {
	srv     *cognitotest.Server
	answers map[string]string
	asked   []string
}

func (u *user) ask(prompt string) string {
	lines := strings.Split(prompt, "\n")
	prompt = lines[len(lines)-1]
	u.asked = append(u.asked, prompt)
	if answer, ok := u.answers[prompt]; ok {
		return answer
	}
	if strings.HasSuffix(prompt, "Code: ") {
		return u.srv.Code("alice")
	}
	return ""
}

// setUp returns a pool with alice in it, a client on the pool, and alice.
func setUp(
	t *testing.T, alice cognitotest.User, optFns ...func(*cognitotest.Options),
) (*cognitomfa.Client, *user) {
	t.Helper()
	srv := cognitotest.NewServer(optFns...)
	t.Cleanup(srv.Close)
	alice.Username, alice.Password = "alice", password
	srv.AddUser(alice)
	mfa, err := cognitomfa.New(srv.Client(), cognitomfa.Config{
		UserPoolID: srv.UserPoolID, ClientID: srv.ClientID, Issuer: "Example",
		Flow: cognitomfa.FlowSRP,
	})
	require.NoError(t, err)
	return mfa, &user{srv: srv, answers: map[string]string{
		"User name: ": "alice", "Password: ": password, "New password: ": newPassword,
	}}
}

func required(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn }

// Every way in ends with MFA on, and with an error where the program has no answer: never with nil.
func TestEverySignIn(t *testing.T) {
	t.Parallel()
	const key = "JBSWY3DPEHPK3PXP"
	temporary := types.UserStatusTypeForceChangePassword
	for name, tc := range map[string]struct {
		alice cognitotest.User
		pool  func(*cognitotest.Options)
	}{
		"no authenticator yet":        {},
		"an authenticator":            {alice: cognitotest.User{TOTP: key}},
		"MFA required":                {pool: required},
		"MFA required, authenticator": {pool: required, alice: cognitotest.User{TOTP: key}},
		"temporary password":          {alice: cognitotest.User{Status: temporary}},
		"temporary and MFA required":  {pool: required, alice: cognitotest.User{Status: temporary}},
		"a choice of methods": {
			pool: func(o *cognitotest.Options) { o.Email = true },
			alice: cognitotest.User{
				TOTP: key, Email: "alice@example.com",
				Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := tc.pool
			if pool == nil {
				pool = func(*cognitotest.Options) {}
			}
			mfa, alice := setUp(t, tc.alice, pool)
			require.NoError(t, run(t.Context(), mfa, alice.ask))
			assert.Contains(t, alice.srv.User("alice").Methods, "SOFTWARE_TOKEN_MFA")
			assert.True(t, strings.HasSuffix(alice.asked[len(alice.asked)-1], "Code: "), alice.asked)
		})
	}
}

func TestFailsClosed(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]map[string]string{
		"wrong password": {"Password: ": "wrong"},
		"wrong code":     {"Code: ": "000000"},
		"no code":        {"Code: ": ""},
	} {
		mfa, alice := setUp(t, cognitotest.User{TOTP: "JBSWY3DPEHPK3PXP"}, required)
		for prompt, answer := range wrong {
			alice.answers[prompt] = answer
		}
		require.Error(t, run(t.Context(), mfa, alice.ask), name)
	}

	mfa, alice := setUp(t, cognitotest.User{})
	alice.srv.Script("alice", cognitotest.Challenge{Answers: map[string]string{"ANSWER": "42"}})
	tokens, err := signIn(t.Context(), mfa, "alice", password, alice.ask)
	assert.Nil(t, tokens)
	require.ErrorContains(t, err, "CUSTOM_CHALLENGE", "an unsupported challenge is an error")
}

// The README shows this very program.
func TestReadmeShowsThisProgram(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	_, body, _ := strings.Cut(string(program), "package main\n")
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	assert.Contains(t, string(readme), "```go\npackage main\n"+body+"```\n")
}
