package cognitomfa_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// poolKind is a combination of settings of a pool and its app client.
type poolKind struct {
	secret     bool
	emailNames bool // users sign in with an email address
	emailMFA   bool
	mfa        mode
}

// userMethods is a set of MFA methods that are turned on for a user.
type userMethods string

const (
	withNone  userMethods = ""
	withTOTP  userMethods = "SOFTWARE_TOKEN_MFA"
	withEmail userMethods = "EMAIL_OTP"
	withBoth  userMethods = "SOFTWARE_TOKEN_MFA EMAIL_OTP"
)

func (m userMethods) list() []string { return strings.Fields(string(m)) }

// signInKind is a combination of a kind of pool, user and client.
type signInKind struct {
	poolKind
	flow       cognitomfa.Flow
	public     bool
	mustChange bool // the user must change the password
	methods    userMethods
}

func (k signInKind) String() string {
	choose := func(on bool, yes, no string) string {
		if on {
			return yes
		}
		return no
	}
	return strings.Join([]string{
		cmp.Or(string(k.flow), "PASSWORD"),
		choose(k.public, "public", "admin"),
		choose(k.secret, "secret", "no secret"),
		choose(k.emailNames, "email address", "user name"),
		string(k.mfa),
		cmp.Or(string(k.methods), "no method"),
		choose(k.mustChange, "must change", "fixed"),
	}, ", ")
}

// challenges returns the challenges that Cognito issues between the password and the tokens.
func (k signInKind) challenges() []string {
	var list []string
	if k.mustChange {
		list = append(list, "NEW_PASSWORD_REQUIRED")
	}
	switch {
	case k.mfa == types.UserPoolMfaTypeOff:
	case k.methods == withNone && k.mfa == types.UserPoolMfaTypeOn:
		list = append(list, "MFA_SETUP")
	case k.methods == withBoth:
		list = append(list, "SELECT_MFA_TYPE", "SOFTWARE_TOKEN_MFA")
	default:
		list = append(list, k.methods.list()...)
	}
	return list
}

// calls returns the operations that the sign-in calls.
func (k signInKind) calls() []string {
	first, answer := "AdminInitiateAuth", "AdminRespondToAuthChallenge"
	if k.public {
		first, answer = "InitiateAuth", "RespondToAuthChallenge"
	}
	list := []string{first}
	if k.flow == cognitomfa.FlowSRP {
		list = append(list, answer)
	}
	for _, challenge := range k.challenges() {
		if challenge == "MFA_SETUP" {
			list = append(list, "AssociateSoftwareToken", "VerifySoftwareToken")
			list = append(list, answer, "SetUserMFAPreference")
			continue
		}
		list = append(list, answer)
	}
	return list
}

// signInKinds returns all combinations, by kind of pool.
func signInKinds() map[poolKind][]signInKind {
	kinds := map[poolKind][]signInKind{}
	booleans := []bool{false, true}
	for _, mfa := range allModes {
		for _, methods := range []userMethods{withNone, withTOTP, withEmail, withBoth} {
			for _, secret := range booleans {
				for _, emailNames := range booleans {
					pool := poolKind{secret: secret, emailNames: emailNames, mfa: mfa}
					pool.emailMFA = mfa != types.UserPoolMfaTypeOff &&
						strings.Contains(string(methods), "EMAIL")
					for _, flow := range allFlows {
						for _, public := range booleans {
							for _, mustChange := range booleans {
								kinds[pool] = append(kinds[pool], signInKind{
									poolKind: pool, flow: flow, public: public,
									mustChange: mustChange, methods: methods,
								})
							}
						}
					}
				}
			}
		}
	}
	return kinds
}

// Each kind of sign-in runs over the wire, from the password to the refresh of the tokens, and the
// test compares the calls. Each kind of pool is one server, whose users sign in one after another.
func TestEveryKindOfSignIn(t *testing.T) {
	t.Parallel()
	for pool, kinds := range signInKinds() {
		t.Run(fmt.Sprintf("%+v", pool), func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, func(o *cognitotest.Options) {
				o.MFA, o.Email = pool.mfa, pool.emailMFA
				if pool.secret {
					secretClient(o)
				}
				if pool.emailNames {
					emailNames(o)
				}
			})
			for i, kind := range kinds {
				t.Run(kind.String(), func(t *testing.T) {
					kind.signIn(t, srv, fmt.Sprintf("a%d", i))
				})
			}
		})
	}
}

// addUser adds a user of the kind, and returns the name to sign in with.
func (k signInKind) addUser(srv *cognitotest.Server, name string) string {
	address := name + "@example.com"
	user := cognitotest.User{Username: name, Password: password, Methods: k.methods.list()}
	if k.emailNames {
		user.Username = address
	}
	if k.mustChange {
		user.Status = types.UserStatusTypeForceChangePassword
	}
	if slices.Contains(user.Methods, "SOFTWARE_TOKEN_MFA") {
		user.TOTP = totpKey
	}
	if slices.Contains(user.Methods, "EMAIL_OTP") {
		user.Email = address
	}
	if len(user.Methods) == 1 {
		user.Preferred = user.Methods[0]
	}
	srv.AddUser(user)
	return user.Username
}

func (k signInKind) signIn(t *testing.T, srv *cognitotest.Server, name string) {
	t.Helper()
	name = k.addUser(srv, name)
	cfg := edited(configOf(srv), withFlow(k.flow), withPublic(k.public))
	if k.public && k.flow != cognitomfa.FlowSRP {
		cfg.UserPoolID = "" // A public client does not need it.
	}
	client := newClient(t, srv.Client(), cfg)
	ctx := t.Context()
	takeCalls(srv)

	var met []string
	outcome, err := client.SignIn(ctx, name, password)
	for {
		require.NoError(t, err)
		tokens, done := outcome.(*cognitomfa.Tokens)
		if done {
			assert.Equal(t, k.challenges(), met)
			assert.Equal(t, k.calls(), takeCalls(srv))
			k.useTokens(t, srv, client, tokens)
			return
		}
		// Each step runs in another process.
		challenge, err2 := cognitomfa.ParseChallenge(outcome.(cognitomfa.Challenge).Token())
		require.NoError(t, err2)
		assert.Equal(t, srv.User(name).Username, usernameOf(challenge), "Cognito's name")
		switch ch := challenge.(type) {
		case *cognitomfa.NewPasswordChallenge:
			met = append(met, "NEW_PASSWORD_REQUIRED")
			outcome, err = client.SetNewPassword(ctx, ch, newPassword, nil)
		case *cognitomfa.SelectChallenge:
			met = append(met, "SELECT_MFA_TYPE")
			assert.ElementsMatch(t, totpAndEmail, ch.Methods)
			outcome, err = client.SelectMFA(ctx, ch, cognitomfa.MethodTOTP)
		case *cognitomfa.MFAChallenge:
			met = append(met, string(ch.Method))
			var code string
			if ch.Method == cognitomfa.MethodTOTP {
				code = srv.Code(name)
			} else {
				assert.Equal(t, "a***@e***", ch.Destination)
				code = lastCode(t, srv, name)
			}
			outcome, err = client.RespondMFA(ctx, ch, code)
		case *cognitomfa.SetupChallenge:
			met = append(met, "MFA_SETUP")
			enrollment, err2 := client.EnrollSetup(ctx, ch)
			require.NoError(t, err2)
			outcome, err = client.VerifySetup(ctx, enrollment.Setup, srv.Code(name))
		case *cognitomfa.PasswordChallenge:
			require.Fail(t, "the password was given")
		case *cognitomfa.OtherChallenge:
			require.Fail(t, "an unexpected challenge", ch.Name)
		}
	}
}

// useTokens makes the calls that follow a sign-in, and checks that only calls that need IAM are
// signed.
func (k signInKind) useTokens(
	t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client, tokens *cognitomfa.Tokens,
) {
	t.Helper()
	refresh := tokens.Refresh.Reveal()
	again, err := client.Refresh(t.Context(), refresh)
	require.NoError(t, err)
	assert.Equal(t, refresh, again.Refresh.Reveal(), "without rotation the refresh token stays")
	s := statusOf(t, client, again.Access.Reveal())
	if slices.Contains(k.challenges(), "MFA_SETUP") {
		assert.Equal(t, cognitomfa.MethodTOTP, s.Preferred)
	}
	require.NoError(t, client.Revoke(t.Context(), refresh))
	_, err = client.Refresh(t.Context(), refresh)
	require.ErrorIs(t, err, cognitomfa.ErrRefreshToken)
	for _, call := range srv.Calls() {
		assert.Equal(t, strings.HasPrefix(call.Operation, "Admin"), call.Signed, call.Operation)
	}
}
