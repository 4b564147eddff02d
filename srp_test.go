package cognitomfa_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/srp"
)

// SRP makes two calls, and neither contains the password.
func TestSRP(t *testing.T) {
	t.Parallel()
	caseInsensitive := func(o *cognitotest.Options) { o.CaseInsensitive = true }
	emailAlias := func(o *cognitotest.Options) {
		o.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
	}
	for name, tc := range map[string]struct {
		pool  poolOption
		user  cognitotest.User
		typed string // the user name if empty
	}{
		"a user name":                  {},
		"a name that is not ASCII":     {user: cognitotest.User{Username: "björn"}},
		"a password that is not ASCII": {user: cognitotest.User{Password: "Grüße, Jürgen!1"}},
		"a name in the other case":     {pool: caseInsensitive, typed: "Alice"},
		"a name in upper case": {
			pool: caseInsensitive, user: cognitotest.User{Username: "BOB"}, typed: "bob",
		},
		"an alias": {
			pool: emailAlias,
			user: cognitotest.User{Email: "alice@example.com"}, typed: "alice@example.com",
		},
		"an email address": {
			pool: emailNames, user: cognitotest.User{Username: "alice@example.com"},
		},
	} {
		for public, calls := range map[bool][]string{
			false: {initiate, respond},
			true:  {"InitiateAuth", "RespondToAuthChallenge"},
		} {
			t.Run(fmt.Sprintf("%s, public %t", name, public), func(t *testing.T) {
				t.Parallel()
				optFns := []poolOption{secretClient}
				if tc.pool != nil {
					optFns = append(optFns, tc.pool)
				}
				srv, _ := newPoolWith(t, tc.user, optFns...)
				var wire wireTap
				client := newClient(t, srv.Client(wire.attach),
					edited(configOf(srv), withFlow(cognitomfa.FlowSRP), withPublic(public)))
				typed := cmp.Or(tc.typed, tc.user.Username, "alice")
				secret := cmp.Or(tc.user.Password, password)

				outcome, err := client.SignIn(t.Context(), typed, secret)
				as[*cognitomfa.Tokens](t, outcome, err)
				assert.Equal(t, calls, takeCalls(srv))
				assert.NotContains(t, wire.sent.String(), secret)

				_, err = client.SignIn(t.Context(), typed, secret+".")
				require.ErrorIs(t, err, cognitomfa.ErrCredentials)
				assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
			})
		}
	}
}

// Challenges after the password work as in the other flows; TestEveryKindOfSignIn covers the rest.
func TestSRPThenCustomChallenge(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	srv.Script("alice", cognitotest.Challenge{Answers: map[string]string{"ANSWER": "42"}})
	client := newFlowClient(t, srv, cognitomfa.FlowSRP)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	custom := as[*cognitomfa.OtherChallenge](t, outcome, err)
	outcome, err = client.Respond(t.Context(), custom, map[string]string{"ANSWER": "42"})
	as[*cognitomfa.Tokens](t, outcome, err)
}

// An unknown user and a wrong password look the same, even if the pool reveals users.
func TestSRPHidesWhoExists(t *testing.T) {
	t.Parallel()
	for _, reveal := range []bool{false, true} {
		srv, _ := newPool(t, func(o *cognitotest.Options) { o.RevealUsers = reveal })
		client := newFlowClient(t, srv, cognitomfa.FlowSRP)
		_, wrong := client.SignIn(t.Context(), "alice", "wrong")
		_, unknown := client.SignIn(t.Context(), "nobody", "wrong")
		require.ErrorIs(t, wrong, cognitomfa.ErrCredentials)
		require.ErrorIs(t, unknown, cognitomfa.ErrCredentials)
		assert.Equal(t, wrong.Error(), unknown.Error())
		assert.Equal(t, cognitomfa.NextStep(wrong), cognitomfa.NextStep(unknown))
	}
}

// srpServer is the server's half of SRP for a double: it issues the challenge for a public key and
// checks the proof.
type srpServer struct {
	key    srp.Key
	salt   []byte
	change func(map[string]string)
}

func (v *srpServer) challenge(t *testing.T, publicKey string) map[string]string {
	t.Helper()
	a, err := srp.ParsePublicKey(publicKey)
	require.NoError(t, err)
	v.salt = []byte{0xff, 1, 2, 3}
	x := srp.PrivateKey(v.salt, "Example"+"alice", password)
	public, key := srp.Answer(a, srp.Verifier(x))
	v.key = key
	parameters := map[string]string{
		"USERNAME": "alice", "USER_ID_FOR_SRP": "alice",
		"SALT": hex.EncodeToString(v.salt), "SRP_B": public.Text(16),
		"SECRET_BLOCK": base64.StdEncoding.EncodeToString([]byte("block")),
	}
	if v.change != nil {
		v.change(parameters)
	}
	return parameters
}

func (v *srpServer) accepts(responses map[string]string) bool {
	claim := v.key.Sign("Example"+"alice", []byte("block"), responses["TIMESTAMP"])
	return responses["PASSWORD_CLAIM_SIGNATURE"] == base64.StdEncoding.EncodeToString(claim)
}

// PASSWORD_VERIFIER may have a session or not.
func TestSRPWithAndWithoutASession(t *testing.T) {
	t.Parallel()
	for _, session := range []*string{nil, aws.String("session")} {
		var v srpServer
		client := newClient(t, &double{
			initiate: func(in *initiateIn) (*initiateOut, error) {
				assert.Equal(t, types.AuthFlowTypeUserSrpAuth, in.AuthFlow)
				assert.NotContains(t, in.AuthParameters, "PASSWORD")
				return &initiateOut{
					ChallengeName: types.ChallengeNameTypePasswordVerifier, Session: session,
					ChallengeParameters: v.challenge(t, in.AuthParameters["SRP_A"]),
				}, nil
			},
			respond: func(in *respondIn) (*respondOut, error) {
				assert.Equal(t, types.ChallengeNameTypePasswordVerifier, in.ChallengeName)
				assert.Equal(t, session, in.Session)
				assert.True(t, v.accepts(in.ChallengeResponses))
				assert.Equal(t, "alice", in.ChallengeResponses["USERNAME"], "Cognito's name")
				return answeredTokens, nil
			},
		}, srpConfig)
		outcome, err := client.SignIn(t.Context(), "alice@example.com", password)
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

// If Cognito responds with something other than the exchange, SignIn returns that.
func TestSRPWithoutAnExchange(t *testing.T) {
	t.Parallel()
	client := newClient(t, &double{initiate: returns[initiateIn](initiatedTokens)}, srpConfig)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	as[*cognitomfa.Tokens](t, outcome, err)

	client = newClient(t, &double{initiate: returns[initiateIn](&initiateOut{
		ChallengeName: "SOMETHING_NEW", Session: aws.String("session"),
	})}, srpConfig)
	outcome, err = client.SignIn(t.Context(), "alice", password)
	assert.Equal(t, "SOMETHING_NEW", as[*cognitomfa.OtherChallenge](t, outcome, err).Name)
}

// A server that violates the protocol learns nothing: the double supports no second call.
func TestSRPRefusesAMalformedServer(t *testing.T) {
	t.Parallel()
	n := srp.Modulus()
	set := func(name, value string) func(map[string]string) {
		return func(parameters map[string]string) { parameters[name] = value }
	}
	for name, change := range map[string]func(map[string]string){
		"B is zero":                set("SRP_B", "0"),
		"B is N":                   set("SRP_B", n.Text(16)),
		"B is 2N":                  set("SRP_B", new(big.Int).Lsh(n, 1).Text(16)),
		"B is not reduced":         set("SRP_B", new(big.Int).Add(n, big.NewInt(5)).Text(16)),
		"B is missing":             func(p map[string]string) { delete(p, "SRP_B") },
		"B is not a number":        set("SRP_B", password),
		"B is negative":            set("SRP_B", "-1"),
		"the salt is missing":      func(p map[string]string) { delete(p, "SALT") },
		"the salt is not a number": set("SALT", password),
		"the block is not base64":  set("SECRET_BLOCK", "%"+password),
		"no parameters":            func(p map[string]string) { clear(p) },
	} {
		v := srpServer{change: change}
		client := newClient(t, &double{initiate: func(in *initiateIn) (*initiateOut, error) {
			return &initiateOut{
				ChallengeName:       types.ChallengeNameTypePasswordVerifier,
				ChallengeParameters: v.challenge(t, in.AuthParameters["SRP_A"]),
			}, nil
		}}, srpConfig)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		assert.Nil(t, outcome, name)
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable, name)
		assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err), name)
		assert.NotContains(t, err.Error(), password, name)
	}
}

func TestSRPExchangesDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	client := newClient(t, &double{initiate: func(in *initiateIn) (*initiateOut, error) {
		seen[in.AuthParameters["SRP_A"]] = true
		return initiatedTokens, nil
	}}, srpConfig)
	for range 5 {
		require.NoError(t, errOf(client.SignIn(t.Context(), "alice", password)))
	}
	assert.Len(t, seen, 5)
}

// The proof contains the client's time, unless that differs from the server's by more than a
// minute.
func TestSRPTimestamp(t *testing.T) {
	t.Parallel()
	server := time.Date(2026, 9, 5, 8, 5, 9, 0, time.UTC)
	const serverStamp = "Sat Sep 5 08:05:09 UTC 2026"
	for name, tc := range map[string]struct {
		off  time.Duration // how far the client's clock is ahead
		date string        // in the response; the server's if empty, none if "-"
		want string        // the client's if empty
	}{
		"right":           {},
		"a little fast":   {off: 59 * time.Second},
		"a little slow":   {off: -59 * time.Second},
		"fast":            {off: 61 * time.Second, want: serverStamp},
		"slow":            {off: -61 * time.Second, want: serverStamp},
		"years behind":    {off: -20 * 365 * 24 * time.Hour, want: serverStamp},
		"no date":         {off: 4 * time.Minute, date: "-"},
		"a malformed one": {off: 4 * time.Minute, date: "tomorrow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := func() time.Time { return server.Add(tc.off) }
			var signed string
			wire := wireTap{
				request: func(operation string, members map[string]any) {
					if operation == respond {
						answers := members["ChallengeResponses"].(map[string]any)
						signed = answers["TIMESTAMP"].(string)
					}
				},
				response: func(_ string, header http.Header) {
					switch tc.date {
					case "":
					case "-":
						header.Del("Date")
					default:
						header.Set("Date", tc.date)
					}
				},
			}
			srv, _ := newPool(t, func(o *cognitotest.Options) {
				o.Now = func() time.Time { return server }
			})
			cfg := edited(configOf(srv), withFlow(cognitomfa.FlowSRP))
			clock := func(o *cognitomfa.Options) { o.Now = now }
			client, err := cognitomfa.New(srv.Client(wire.attach), cfg, clock)
			require.NoError(t, err)
			outcome, err := client.SignIn(t.Context(), "alice", password)
			as[*cognitomfa.Tokens](t, outcome, err)
			assert.Equal(t, cmp.Or(tc.want, srp.Timestamp(now())), signed)
		})
	}
}

// Canceling the context ends a sign-in between its calls.
func TestSRPCanceled(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	ctx, cancel := context.WithCancel(t.Context())
	wire := wireTap{response: func(string, http.Header) { cancel() }}
	client := newFlowClient(t, srv, cognitomfa.FlowSRP, wire.attach)
	_, err := client.SignIn(ctx, "alice", password)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
	assert.Equal(t, []string{initiate}, takeCalls(srv))
}

func TestSRPManyAtOnce(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	client := newFlowClient(t, srv, cognitomfa.FlowSRP)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			assert.NoError(t, errOf(client.SignIn(t.Context(), "alice", password)))
		})
	}
	group.Wait()
}

// BenchmarkSRP compares SignIn with SRP to the two calls and the arithmetic by hand.
func BenchmarkSRP(b *testing.B) {
	const salt = "ff010203040506070809"
	public, _ := srp.Answer(big.NewInt(4), srp.Verifier(big.NewInt(1<<40)))
	block := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("block"), 200))
	challenge := `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{` +
		`"USER_ID_FOR_SRP":"alice","USERNAME":"alice","SALT":"` + salt +
		`","SRP_B":"` + public.Text(16) + `","SECRET_BLOCK":"` + block + `"}}`
	api := cannedHTTP{responses: map[string]string{
		initiate: challenge,
		respond:  benchResponses[respond],
	}}.api()
	client, err := cognitomfa.New(api, srpConfig)
	require.NoError(b, err)
	comparison{
		name: "SignIn by SRP",
		ours: func(ctx context.Context) error {
			return errOf(client.SignIn(ctx, "alice", password))
		},
		byHand: func(ctx context.Context) error {
			exchange := srp.NewExchange()
			out, err := api.AdminInitiateAuth(ctx, &initiateIn{
				AuthFlow:   types.AuthFlowTypeUserSrpAuth,
				UserPoolId: &config.UserPoolID, ClientId: &config.ClientID,
				AuthParameters: map[string]string{
					"USERNAME": "alice", "SRP_A": exchange.PublicKey(),
				},
			})
			if err != nil {
				return err
			}
			p := out.ChallengeParameters
			const identity = "Example" + "alice"
			key, err := exchange.Key(identity, password, p["SALT"], p["SRP_B"])
			if err != nil {
				return err
			}
			secret, err := base64.StdEncoding.DecodeString(p["SECRET_BLOCK"])
			if err != nil {
				return err
			}
			stamp := srp.Timestamp(time.Now())
			signature := key.Sign(identity, secret, stamp)
			return errOf(api.AdminRespondToAuthChallenge(ctx, &respondIn{
				ChallengeName: types.ChallengeNameTypePasswordVerifier,
				UserPoolId:    &config.UserPoolID, ClientId: &config.ClientID,
				ChallengeResponses: map[string]string{
					"USERNAME": "alice", "TIMESTAMP": stamp,
					"PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"],
					"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(signature),
				},
			}))
		},
	}.run(b, 1)
}
