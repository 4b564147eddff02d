package cognitomfa_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
)

var (
	benchSession = "AYABe" + strings.Repeat("s", 1200)
	benchAccess  = jwtWith(`{"sub":"3f1c0a52-7d0e-4f7e-9f3a-0a8f6f1f9d11","username":"alice",` +
		`"token_use":"access"}`)
)

// benchResponses replace Cognito and the network, so they are not measured.
var benchResponses = map[string]string{
	initiate: `{"ChallengeName":"SOFTWARE_TOKEN_MFA","Session":"` + benchSession +
		`","ChallengeParameters":{"USER_ID_FOR_SRP":"alice"}}`,
	respond: `{"ChallengeParameters":{},"AuthenticationResult":{"AccessToken":"` + benchAccess +
		`","IdToken":"` + benchAccess + `","RefreshToken":"` + benchSession +
		`","TokenType":"Bearer","ExpiresIn":3600}}`,
	"AssociateSoftwareToken": `{"SecretCode":"` + totpKey + `"}`,
	"VerifySoftwareToken":    `{"Status":"SUCCESS"}`,
	"SetUserMFAPreference":   `{}`,
}

// comparison is a call of the library, and the equivalent calls of the SDK client.
type comparison struct {
	name         string
	ours, byHand func(context.Context) error
}

// comparisons returns the steps of enrolling and signing in, and then all of them together.
func comparisons(b *testing.B) []comparison {
	b.Helper()
	api := cannedHTTP{responses: benchResponses}.api()
	client, err := cognitomfa.New(api, config)
	require.NoError(b, err)
	challenge := &cognitomfa.MFAChallenge{
		Username: "alice", Session: cognitomfa.NewSecret(benchSession),
	}
	steps := []comparison{
		{
			name: "SignIn",
			ours: func(ctx context.Context) error {
				return errOf(client.SignIn(ctx, "alice", password))
			},
			byHand: func(ctx context.Context) error {
				return errOf(api.AdminInitiateAuth(ctx, &initiateIn{
					AuthFlow:       types.AuthFlowTypeAdminUserPasswordAuth,
					UserPoolId:     &config.UserPoolID,
					ClientId:       &config.ClientID,
					AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": password},
				}))
			},
		},
		{
			name: "RespondMFA",
			ours: func(ctx context.Context) error {
				return errOf(client.RespondMFA(ctx, challenge, "123456"))
			},
			byHand: func(ctx context.Context) error {
				return errOf(api.AdminRespondToAuthChallenge(ctx, &respondIn{
					ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa,
					UserPoolId:    &config.UserPoolID,
					ClientId:      &config.ClientID,
					Session:       &benchSession,
					ChallengeResponses: map[string]string{
						"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": "123456",
					},
				}))
			},
		},
		{
			name: "Enroll",
			ours: func(ctx context.Context) error {
				// The account name is given, because the code by hand does not read it either.
				return errOf(client.Enroll(ctx, benchAccess, accountName("alice")))
			},
			byHand: func(ctx context.Context) error {
				in := &associateIn{AccessToken: &benchAccess}
				return errOf(api.AssociateSoftwareToken(ctx, in))
			},
		},
		{
			name: "Verify",
			ours: func(ctx context.Context) error {
				return client.Verify(ctx, benchAccess, "123456")
			},
			byHand: func(ctx context.Context) error {
				_, err := api.VerifySoftwareToken(ctx, &verifyIn{
					AccessToken: &benchAccess, UserCode: aws.String("123456"),
				})
				if err != nil {
					return err
				}
				return errOf(api.SetUserMFAPreference(ctx, &preferIn{
					AccessToken: &benchAccess,
					SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{
						Enabled: true, PreferredMfa: true,
					},
				}))
			},
		},
	}
	var ours, byHand []func(context.Context) error
	for _, step := range steps {
		ours, byHand = append(ours, step.ours), append(byHand, step.byHand)
	}
	return append(steps, comparison{name: "All", ours: inOrder(ours), byHand: inOrder(byHand)})
}

// inOrder makes one call after another.
func inOrder(calls []func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, call := range calls {
			if err := call(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// BenchmarkOverhead compares each call of the library with the same calls by hand. It reports the
// ratio of the medians and the difference in allocations.
func BenchmarkOverhead(b *testing.B) {
	for _, c := range comparisons(b) {
		b.Run(c.name, func(b *testing.B) { c.run(b, 50) })
	}
}

// run makes the calls in batches, alternating between ours and those by hand.
func (c comparison) run(b *testing.B, batch int) {
	b.Helper()
	ctx := b.Context()
	measure := func(call func(context.Context) error) (time.Duration, float64) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		for range batch {
			if err := call(ctx); err != nil {
				b.Fatal(err)
			}
		}
		elapsed := time.Since(start)
		runtime.ReadMemStats(&after)
		allocs := float64(after.Mallocs - before.Mallocs)
		return elapsed / time.Duration(batch), allocs / float64(batch)
	}
	var ours, byHand []time.Duration
	var oursAllocs, byHandAllocs []float64
	for round := 0; b.Loop(); round++ {
		for i := range 2 { // The order alternates.
			if (round+i)%2 == 0 {
				d, n := measure(c.ours)
				ours, oursAllocs = append(ours, d), append(oursAllocs, n)
			} else {
				d, n := measure(c.byHand)
				byHand, byHandAllocs = append(byHand, d), append(byHandAllocs, n)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(median(ours)), "ns-ours")
	b.ReportMetric(float64(median(byHand)), "ns-by-hand")
	b.ReportMetric(float64(median(ours))/float64(median(byHand)), "x-by-hand")
	b.ReportMetric(median(oursAllocs)-median(byHandAllocs), "more-allocs")
}

func median[T time.Duration | float64](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}
