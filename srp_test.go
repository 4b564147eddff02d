package cognitomfa_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/srp"
)

// flowOf returns an edit of a Config.
func flowOf(flow cognitomfa.Flow) func(*cognitomfa.Config) {
	return func(c *cognitomfa.Config) { c.Flow = flow }
}

type (
	initiateIn  = cip.AdminInitiateAuthInput
	initiateOut = cip.AdminInitiateAuthOutput
	respondIn   = cip.AdminRespondToAuthChallengeInput
	respondOut  = cip.AdminRespondToAuthChallengeOutput
)

// bySRP and byChoice are settings for a double.
var (
	bySRP    = edited(config, flowOf(cognitomfa.FlowSRP))
	byChoice = edited(config, flowOf(cognitomfa.FlowUserAuth))
)

// clientBy is a client on the fake whose passwords go by that flow.
func clientBy(
	tb testing.TB, srv *cognitotest.Server, flow cognitomfa.Flow, optFns ...func(*cip.Options),
) *cognitomfa.Client {
	tb.Helper()
	return newClient(tb, srv.Client(optFns...), edited(configOf(srv), flowOf(flow)))
}

var everyFlow = []cognitomfa.Flow{cognitomfa.FlowPassword, cognitomfa.FlowSRP, cognitomfa.FlowUserAuth}

// inPublic makes a client sign in without IAM.
func inPublic(public bool) func(*cognitomfa.Config) {
	return func(c *cognitomfa.Config) { c.Public = public }
}

func caseInsensitive(o *cognitotest.Options) { o.CaseInsensitive = true }

// tap sees every request and response of a client, and may change them.
type tap struct {
	cip.HTTPClient
	mu       sync.Mutex
	sent     bytes.Buffer
	request  func(operation string, members map[string]any)
	response func(operation string, header http.Header)
}

// on is an option of the fake's client.
func (w *tap) on(o *cip.Options) { w.HTTPClient, o.HTTPClient = o.HTTPClient, w }

func (w *tap) Do(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent.Write(body)
	if w.request != nil {
		var members map[string]any
		if err := json.Unmarshal(body, &members); err != nil {
			return nil, err
		}
		w.request(operation, members)
	}
	response, err := w.HTTPClient.Do(r)
	if err == nil && w.response != nil {
		w.response(operation, response.Header)
	}
	return response, err
}

// Two calls, and neither has the password.
func TestSRP(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		on   func(*cognitotest.Options)
		user cognitotest.User
		as   string // what is typed, unless it is the user name
	}{
		"a user name":       {},
		"a name not ASCII":  {user: cognitotest.User{Username: "björn"}},
		"a password too":    {user: cognitotest.User{Password: "Grüße, Jürgen!1"}},
		"of other case":     {on: caseInsensitive, as: "Alice"},
		"stored upper case": {on: caseInsensitive, user: cognitotest.User{Username: "BOB"}, as: "bob"},
		"an alias": {
			on: func(o *cognitotest.Options) {
				o.AliasAttributes = []types.AliasAttributeType{"email"}
			},
			user: cognitotest.User{Email: "alice@example.com"}, as: "alice@example.com",
		},
		"an e-mail pool": {
			on: func(o *cognitotest.Options) {
				o.UsernameAttributes = []types.UsernameAttributeType{"email"}
			},
			user: cognitotest.User{Username: "alice@example.com"},
		},
	} {
		for _, public := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				srv := cognitotest.NewServer(func(o *cognitotest.Options) {
					o.ClientSecret = "0123456789abcdefghijklmnop"
					if tc.on != nil {
						tc.on(o)
					}
				})
				t.Cleanup(srv.Close)
				user := tc.user
				if user.Username == "" {
					user.Username = "alice"
				}
				if user.Password == "" {
					user.Password = password
				}
				srv.AddUser(user)
				typed := user.Username
				if tc.as != "" {
					typed = tc.as
				}
				cfg := configOf(srv)
				cfg.Flow, cfg.Public = cognitomfa.FlowSRP, public
				var wire tap
				client := newClient(t, srv.Client(wire.on), cfg)

				outcome, err := client.SignIn(t.Context(), typed, user.Password)
				as[*cognitomfa.Tokens](t, outcome, err)
				want := []string{"AdminInitiateAuth", "AdminRespondToAuthChallenge"}
				if public {
					want = []string{"InitiateAuth", "RespondToAuthChallenge"}
				}
				assert.Equal(t, want, operations(srv))
				assert.NotContains(t, wire.sent.String(), user.Password)

				_, err = client.SignIn(t.Context(), typed, user.Password+".")
				require.ErrorIs(t, err, cognitomfa.ErrCredentials)
				assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err))
			})
		}
	}
}

// What follows the password is as in the other flows; the matrix has the rest.
func TestSRPThenCustomChallenge(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	srv.Script("alice", cognitotest.Challenge{Answers: map[string]string{"ANSWER": "42"}})
	client := clientBy(t, srv, cognitomfa.FlowSRP)
	outcome, err := client.SignIn(t.Context(), "alice", password)
	riddle := as[*cognitomfa.OtherChallenge](t, outcome, err)
	outcome, err = client.Respond(t.Context(), riddle, map[string]string{"ANSWER": "42"})
	as[*cognitomfa.Tokens](t, outcome, err)
}

func edited(cfg cognitomfa.Config, edits ...func(*cognitomfa.Config)) cognitomfa.Config {
	for _, edit := range edits {
		edit(&cfg)
	}
	return cfg
}

// An unknown user cannot be told from a wrong password by anything: error, step, calls.
func TestSRPTellsNobodyWhoExists(t *testing.T) {
	t.Parallel()
	for _, reveal := range []bool{false, true} {
		srv, _ := newPool(t, func(o *cognitotest.Options) { o.RevealUsers = reveal })
		client := clientBy(t, srv, cognitomfa.FlowSRP)
		_, wrong := client.SignIn(t.Context(), "alice", "wrong")
		_, unknown := client.SignIn(t.Context(), "nobody", "wrong")
		require.ErrorIs(t, wrong, cognitomfa.ErrCredentials)
		require.ErrorIs(t, unknown, cognitomfa.ErrCredentials)
		assert.Equal(t, wrong.Error(), unknown.Error())
		assert.Equal(t, cognitomfa.NextStep(wrong), cognitomfa.NextStep(unknown))
	}
}

// verifier is a server's half of SRP for the double: it gives the challenge for a public key, and
// checks the answer.
type verifier struct {
	key    srp.Key
	salt   []byte
	change func(map[string]string)
}

func (v *verifier) challenge(t *testing.T, publicKey string) map[string]string {
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

func (v *verifier) right(responses map[string]string) bool {
	claim := v.key.Sign("Example"+"alice", []byte("block"), responses["TIMESTAMP"])
	return responses["PASSWORD_CLAIM_SIGNATURE"] == base64.StdEncoding.EncodeToString(claim)
}

// A PASSWORD_VERIFIER may come with or without a session. Whatever comes in its place is passed on.
func TestSRPSession(t *testing.T) {
	t.Parallel()
	for _, session := range []*string{nil, aws.String("session")} {
		var v verifier
		client := newClient(t, &double{
			signIn: func(in *initiateIn) (*initiateOut, error) {
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
				assert.True(t, v.right(in.ChallengeResponses))
				assert.Equal(t, "alice", in.ChallengeResponses["USERNAME"], "the name that Cognito knows")
				return &respondOut{AuthenticationResult: someTokens()}, nil
			},
		}, bySRP)
		outcome, err := client.SignIn(t.Context(), "alice@example.com", password)
		as[*cognitomfa.Tokens](t, outcome, err)
	}

	for name, out := range map[string]*initiateOut{
		"tokens":    {AuthenticationResult: someTokens()},
		"challenge": {ChallengeName: "SOMETHING_NEW", Session: aws.String("session")},
	} {
		client := newClient(t, &double{signIn: func(*initiateIn) (*initiateOut, error) {
			return out, nil
		}}, bySRP)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		require.NoError(t, err, name)
		if name == "tokens" {
			as[*cognitomfa.Tokens](t, outcome, err)
		} else {
			assert.Equal(t, "SOMETHING_NEW", as[*cognitomfa.OtherChallenge](t, outcome, err).Name)
		}
	}
}

func someTokens() *types.AuthenticationResultType {
	return &types.AuthenticationResultType{AccessToken: aws.String("access")}
}

// A server that does not keep to the protocol learns nothing: no second call is made.
func TestSRPRefusesAMalformedServer(t *testing.T) {
	t.Parallel()
	n := srp.Modulus()
	set := func(name, value string) func(map[string]string) {
		return func(parameters map[string]string) { parameters[name] = value }
	}
	for name, change := range map[string]func(map[string]string){
		"B is zero":            set("SRP_B", "0"),
		"B is N":               set("SRP_B", n.Text(16)),
		"B is 2N":              set("SRP_B", new(big.Int).Lsh(n, 1).Text(16)),
		"B is not reduced":     set("SRP_B", new(big.Int).Add(n, big.NewInt(5)).Text(16)),
		"B is missing":         func(p map[string]string) { delete(p, "SRP_B") },
		"B is no number":       set("SRP_B", password),
		"B is negative":        set("SRP_B", "-1"),
		"salt is missing":      func(p map[string]string) { delete(p, "SALT") },
		"salt is no number":    set("SALT", password),
		"the block is no text": set("SECRET_BLOCK", "%"+password),
		"nothing at all":       func(p map[string]string) { clear(p) },
	} {
		v := verifier{change: change}
		client := newClient(t, &double{signIn: func(in *initiateIn) (*initiateOut, error) {
			return &initiateOut{
				ChallengeName:       types.ChallengeNameTypePasswordVerifier,
				ChallengeParameters: v.challenge(t, in.AuthParameters["SRP_A"]),
			}, nil
		}}, bySRP)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		assert.Nil(t, outcome, name)
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable, name)
		assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err), name)
		assert.NotContains(t, err.Error(), password, name)
	}
}

// An exchange is fresh each time.
func TestSRPExchangesDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	client := newClient(t, &double{signIn: func(in *initiateIn) (*initiateOut, error) {
		seen[in.AuthParameters["SRP_A"]] = true
		return &initiateOut{AuthenticationResult: someTokens()}, nil
	}}, bySRP)
	for range 5 {
		require.NoError(t, noOutcome(client.SignIn(t.Context(), "alice", password)))
	}
	assert.Len(t, seen, 5)
}

// The time that is signed is the client's own, unless the server's says that it is off.
func TestSRPTimestamp(t *testing.T) {
	t.Parallel()
	server := time.Date(2026, 9, 5, 8, 5, 9, 0, time.UTC)
	for name, tc := range map[string]struct {
		off  time.Duration // of the client
		date string        // of the response; "" for the server's
		want string        // "" for the client's
	}{
		"right":               {},
		"a little fast":       {off: 59 * time.Second},
		"a little slow":       {off: -59 * time.Second},
		"fast":                {off: 61 * time.Second, want: "Sat Sep 5 08:05:09 UTC 2026"},
		"slow":                {off: -61 * time.Second, want: "Sat Sep 5 08:05:09 UTC 2026"},
		"years behind":        {off: -20 * 365 * 24 * time.Hour, want: "Sat Sep 5 08:05:09 UTC 2026"},
		"no date":             {off: 4 * time.Minute, date: "-"},
		"a date that is none": {off: 4 * time.Minute, date: "tomorrow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := func() time.Time { return server.Add(tc.off) }
			var signed string
			wire := tap{
				request: func(operation string, members map[string]any) {
					if operation == "AdminRespondToAuthChallenge" {
						signed = members["ChallengeResponses"].(map[string]any)["TIMESTAMP"].(string)
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
			cfg := edited(configOf(srv), flowOf(cognitomfa.FlowSRP))
			client, err := cognitomfa.New(srv.Client(wire.on), cfg, func(o *cognitomfa.Options) { o.Now = now })
			require.NoError(t, err)
			outcome, err := client.SignIn(t.Context(), "alice", password)
			as[*cognitomfa.Tokens](t, outcome, err)
			want := tc.want
			if want == "" {
				want = srp.Timestamp(now())
			}
			assert.Equal(t, want, signed)
		})
	}
}

// Whatever call is lost, the reason is right and SignIn can be called again.
func TestSRPLostResponses(t *testing.T) {
	t.Parallel()
	const first, second = "AdminInitiateAuth", "AdminRespondToAuthChallenge"
	unavailable := cognitomfa.ErrUnavailable
	for _, tc := range []struct {
		name      string
		operation string
		faults    []cognitotest.Fault
		kind      error
	}{
		{"first, once", first, times(1, cognitotest.DropAfter()), nil},
		{"first, always", first, times(3, cognitotest.DropAfter()), unavailable},
		{"second, before", second, times(1, cognitotest.DropBefore()), unavailable},
		{"second, after", second, times(1, cognitotest.DropAfter()), unavailable},
		{"second, cut off", second, times(1, cognitotest.CutAnswer()), unavailable},
		{"second, failed", second, times(1, cognitotest.InternalError()), unavailable},
		{"second, throttled once", second, times(1, cognitotest.Throttle()), nil},
		{"second, throttled", second, times(3, cognitotest.Throttle()), cognitomfa.ErrThrottled},
	} {
		srv, _ := newPool(t)
		client := clientBy(t, srv, cognitomfa.FlowSRP, quickRetries)
		srv.Fail(tc.operation, tc.faults...)
		outcome, err := client.SignIn(t.Context(), "alice", password)
		if tc.kind == nil {
			as[*cognitomfa.Tokens](t, outcome, err)
			continue
		}
		require.ErrorIs(t, err, tc.kind, tc.name)
		assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err), tc.name)
		outcome, err = client.SignIn(t.Context(), "alice", password)
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

// A sign-in that is no longer waited for ends between its calls.
func TestSRPCanceled(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	ctx, cancel := context.WithCancel(t.Context())
	wire := tap{response: func(string, http.Header) { cancel() }}
	client := clientBy(t, srv, cognitomfa.FlowSRP, wire.on)
	_, err := client.SignIn(ctx, "alice", password)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
	assert.Equal(t, []string{"AdminInitiateAuth"}, operations(srv))
}

// One client serves many users at a time.
func TestSRPManyAtOnce(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	client := clientBy(t, srv, cognitomfa.FlowSRP)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			assert.NoError(t, noOutcome(client.SignIn(t.Context(), "alice", password)))
		})
	}
	group.Wait()
}

func TestFlowsThatNewRefuses(t *testing.T) {
	t.Parallel()
	inPool := func(id string) func(*cognitomfa.Config) {
		return func(c *cognitomfa.Config) {
			c.Flow, c.Public, c.UserPoolID = cognitomfa.FlowSRP, true, id
		}
	}
	for name, tc := range map[string]struct {
		edit func(*cognitomfa.Config)
		want string
	}{
		"unknown":          {flowOf("CUSTOM_AUTH"), "Config.Flow"},
		"SRP without pool": {inPool(""), "Config.UserPoolID is required"},
		"SRP, no realm":    {inPool("eu-west-1"), "Config.UserPoolID has no underscore"},
		"SRP, empty realm": {inPool("eu-west-1_"), "Config.UserPoolID has no underscore"},
	} {
		_, err := cognitomfa.New(&double{}, edited(config, tc.edit))
		require.ErrorIs(t, err, cognitomfa.ErrConfig, name)
		assert.ErrorContains(t, err, tc.want, name)
	}
	for _, flow := range everyFlow {
		_, err := cognitomfa.New(&double{}, edited(config, flowOf(flow)))
		require.NoError(t, err, flow)
	}
}

// A flow that the app client does not allow is the operator's to change, and the error says which.
func TestFlowsThatTheAppClientRefuses(t *testing.T) {
	t.Parallel()
	for _, flow := range everyFlow {
		for _, public := range []bool{false, true} {
			srv, _ := newPool(t, func(o *cognitotest.Options) {
				o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowCustomAuth}
			})
			client := newClient(t, srv.Client(), edited(configOf(srv), flowOf(flow), inPublic(public)))
			_, err := client.SignIn(t.Context(), "alice", password)
			require.ErrorIs(t, err, cognitomfa.ErrConfig)
			assert.Contains(t, err.Error(), "ExplicitAuthFlows")
			assert.Contains(t, err.Error(), string(flow))
		}
	}
}

// BenchmarkSRP is SignIn by SRP beside the two calls and the arithmetic by hand.
func BenchmarkSRP(b *testing.B) {
	const salt = "ff010203040506070809"
	public, _ := srp.Answer(big.NewInt(4), srp.Verifier(big.NewInt(1<<40)))
	block := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("block"), 200))
	responses := memory{
		"AdminInitiateAuth": `{"ChallengeName":"PASSWORD_VERIFIER","ChallengeParameters":{` +
			`"USER_ID_FOR_SRP":"alice","USERNAME":"alice","SALT":"` + salt +
			`","SRP_B":"` + public.Text(16) + `","SECRET_BLOCK":"` + block + `"}}`,
		"AdminRespondToAuthChallenge": answers["AdminRespondToAuthChallenge"],
	}
	api := responses.api()
	client, err := cognitomfa.New(api, bySRP)
	require.NoError(b, err)
	flow{
		"SignIn by SRP",
		func(ctx context.Context) error { return noOutcome(client.SignIn(ctx, "alice", password)) },
		func(ctx context.Context) error {
			exchange := srp.NewExchange()
			out, err := api.AdminInitiateAuth(ctx, &initiateIn{
				AuthFlow:   types.AuthFlowTypeUserSrpAuth,
				UserPoolId: &config.UserPoolID, ClientId: &config.ClientID,
				AuthParameters: map[string]string{"USERNAME": "alice", "SRP_A": exchange.PublicKey()},
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
			return noOutcome(api.AdminRespondToAuthChallenge(ctx, &respondIn{
				ChallengeName: types.ChallengeNameTypePasswordVerifier,
				UserPoolId:    &config.UserPoolID, ClientId: &config.ClientID,
				ChallengeResponses: map[string]string{
					"USERNAME": "alice", "TIMESTAMP": stamp,
					"PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"],
					"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(signature),
				},
			}))
		},
	}.compare(b, 1)
}
