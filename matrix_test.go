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

// kindOfPool is what a pool and its app client can be like.
type kindOfPool struct {
	secret, email bool
	mfa           types.UserPoolMfaType
	mails         bool // it offers codes by e-mail
}

// cell is a kind of sign-in, a kind of pool and a kind of user.
type cell struct {
	kindOfPool
	flow               cognitomfa.Flow
	public, mustChange bool
	factors            string
}

var factors = map[string][]string{
	"no factor":       {},
	"TOTP":            {"SOFTWARE_TOKEN_MFA"},
	"e-mail":          {"EMAIL_OTP"},
	"TOTP and e-mail": {"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"},
}

func (c cell) String() string {
	word := func(on bool, yes, no string) string {
		if on {
			return yes
		}
		return no
	}
	return strings.Join([]string{
		cmp.Or(string(c.flow), "PASSWORD"), word(c.public, "public", "admin"),
		word(c.secret, "secret", "no secret"), word(c.email, "e-mail alias", "user name"),
		string(c.mfa), c.factors, word(c.mustChange, "must change", "fixed"),
	}, ", ")
}

// meets are the challenges between the password and the tokens, as Cognito decides.
func (c cell) meets() []string {
	var list []string
	if c.mustChange {
		list = append(list, "NEW_PASSWORD_REQUIRED")
	}
	switch {
	case c.mfa == types.UserPoolMfaTypeOff, c.mfa == types.UserPoolMfaTypeOptional && c.factors == "no factor":
	case c.factors == "no factor":
		list = append(list, "MFA_SETUP")
	case c.factors == "TOTP and e-mail":
		list = append(list, "SELECT_MFA_TYPE", "SOFTWARE_TOKEN_MFA")
	default:
		list = append(list, factors[c.factors]...)
	}
	return list
}

// costs are the calls for that.
func (c cell) costs() []string {
	signIn, respond := "AdminInitiateAuth", "AdminRespondToAuthChallenge"
	if c.public {
		signIn, respond = "InitiateAuth", "RespondToAuthChallenge"
	}
	list := []string{signIn}
	if c.flow == cognitomfa.FlowSRP {
		list = append(list, respond)
	}
	for _, challenge := range c.meets() {
		if challenge == "MFA_SETUP" {
			list = append(list, "AssociateSoftwareToken", "VerifySoftwareToken")
			list = append(list, respond, "SetUserMFAPreference")
			continue
		}
		list = append(list, respond)
	}
	return list
}

// Every flow x kind of client x pool x user, from the password to the tokens and their refresh,
// over the wire, with the calls counted. A kind of pool is one server, whose users sign in one
// after another.
func TestEveryKindOfSignIn(t *testing.T) {
	t.Parallel()
	pools := map[kindOfPool][]cell{}
	total := 0
	for i := range 1 << 4 {
		for _, flow := range everyFlow {
			for _, mfa := range anyMode {
				for factor, methods := range factors {
					kind := kindOfPool{secret: i&1 != 0, email: i&2 != 0, mfa: mfa}
					kind.mails = mfa != types.UserPoolMfaTypeOff && slices.Contains(methods, "EMAIL_OTP")
					pools[kind] = append(pools[kind], cell{kind, flow, i&4 != 0, i&8 != 0, factor})
					total++
				}
			}
		}
	}
	require.Equal(t, 3*2*2*2*3*4*2, total)
	for kind, cells := range pools {
		t.Run(fmt.Sprintf("%+v", kind), func(t *testing.T) {
			t.Parallel()
			srv := cognitotest.NewServer(func(o *cognitotest.Options) {
				o.MFA, o.Email = kind.mfa, kind.mails
				if kind.secret {
					o.ClientSecret = "0123456789abcdefghijklmnop"
				}
				if kind.email {
					o.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
				}
			})
			t.Cleanup(srv.Close)
			for i, c := range cells {
				t.Run(c.String(), func(t *testing.T) { c.run(t, srv, fmt.Sprintf("a%d", i)) })
			}
		})
	}
}

func (c cell) run(t *testing.T, srv *cognitotest.Server, name string) {
	t.Helper()
	address := name + "@example.com"
	user := cognitotest.User{Username: name, Password: password}
	if c.email {
		user.Username = address
	}
	if c.mustChange {
		user.Status = types.UserStatusTypeForceChangePassword
	}
	if user.Methods = factors[c.factors]; slices.Contains(user.Methods, "SOFTWARE_TOKEN_MFA") {
		user.TOTP = secretCode
	}
	if slices.Contains(user.Methods, "EMAIL_OTP") {
		user.Email = address
	}
	if len(user.Methods) == 1 {
		user.Preferred = user.Methods[0]
	}
	srv.AddUser(user)
	srv.ResetCalls()
	cfg := edited(configOf(srv), flowOf(c.flow))
	if cfg.Public = c.public; c.public && c.flow != cognitomfa.FlowSRP {
		cfg.UserPoolID = ""
	}
	client := newClient(t, srv.Client(), cfg)
	ctx := t.Context()

	var met []string
	outcome, err := client.SignIn(ctx, user.Username, password)
	for {
		require.NoError(t, err)
		if challenge, ok := outcome.(cognitomfa.Challenge); ok {
			// Each step is another process.
			challenge, err = cognitomfa.ParseChallenge(challenge.Token())
			require.NoError(t, err)
			outcome = challenge
		}
		switch ch := outcome.(type) {
		case *cognitomfa.Tokens:
			assert.Equal(t, c.meets(), met)
			assert.Equal(t, c.costs(), operations(srv))
			c.afterwards(t, srv, client, ch)
			return
		case *cognitomfa.NewPasswordChallenge:
			met = append(met, "NEW_PASSWORD_REQUIRED")
			assert.Equal(t, srv.User(user.Username).Username, ch.Username, "Cognito's name for the user")
			outcome, err = client.SetNewPassword(ctx, ch, "N3w"+password, nil)
		case *cognitomfa.SelectChallenge:
			met = append(met, "SELECT_MFA_TYPE")
			assert.ElementsMatch(t, []cognitomfa.Method{cognitomfa.MethodTOTP, cognitomfa.MethodEmail}, ch.Methods)
			outcome, err = client.SelectMFA(ctx, ch, cognitomfa.MethodTOTP)
		case *cognitomfa.MFAChallenge:
			met = append(met, string(ch.Method))
			assert.Equal(t, srv.User(user.Username).Username, ch.Username, "Cognito's name for the user")
			var code string
			if ch.Method == cognitomfa.MethodTOTP {
				code = srv.Code(user.Username)
			} else {
				assert.Equal(t, "a***@e***", ch.Destination)
				outbox := srv.Outbox(user.Username)
				code = outbox[len(outbox)-1].Code
			}
			outcome, err = client.RespondMFA(ctx, ch, code)
		case *cognitomfa.SetupChallenge:
			met = append(met, "MFA_SETUP")
			var enrollment *cognitomfa.Enrollment
			enrollment, err = client.EnrollSetup(ctx, ch)
			require.NoError(t, err)
			outcome, err = client.VerifySetup(ctx, enrollment.Setup, srv.Code(user.Username))
		case *cognitomfa.PasswordChallenge:
			require.Fail(t, "the password was given")
		case *cognitomfa.OtherChallenge:
			require.Fail(t, "an unexpected challenge", ch.Name)
		}
	}
}

// afterwards: the tokens are good for what follows a sign-in, and no call was signed that need not
// be.
func (c cell) afterwards(
	t *testing.T, srv *cognitotest.Server, client *cognitomfa.Client, tokens *cognitomfa.Tokens,
) {
	t.Helper()
	again, err := client.Refresh(t.Context(), tokens.Refresh.Reveal())
	require.NoError(t, err)
	assert.Equal(t, tokens.Refresh.Reveal(), again.Refresh.Reveal(), "without rotation the refresh token stays")
	s, err := client.Status(t.Context(), again.Access.Reveal())
	require.NoError(t, err)
	if slices.Contains(c.meets(), "MFA_SETUP") {
		assert.Equal(t, cognitomfa.MethodTOTP, s.Preferred)
	}
	require.NoError(t, client.Revoke(t.Context(), again.Refresh.Reveal()))
	_, err = client.Refresh(t.Context(), tokens.Refresh.Reveal())
	require.ErrorIs(t, err, cognitomfa.ErrRefreshToken)
	for _, call := range srv.Calls() {
		assert.Equal(t, strings.HasPrefix(call.Operation, "Admin"), call.Signed, fmt.Sprint(call.Operation))
		assert.False(t, c.public && call.Signed)
	}
}
