package cognitomfa_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
)

// memory answers as Cognito does, without a network and without thinking, so that what is measured
// is the client's side.
type memory map[string]string

var (
	benchSession = "AYABe" + strings.Repeat("s", 1200)
	benchAccess  = jwtWith(`{"sub":"3f1c0a52-7d0e-4f7e-9f3a-0a8f6f1f9d11","username":"alice","token_use":"access"}`)
	answers      = memory{
		"AdminInitiateAuth": `{"ChallengeName":"SOFTWARE_TOKEN_MFA","Session":"` + benchSession + `","ChallengeParameters":{"USER_ID_FOR_SRP":"alice"}}`,
		"AdminRespondToAuthChallenge": `{"ChallengeParameters":{},"AuthenticationResult":{"AccessToken":"` + benchAccess + `","IdToken":"` + benchAccess +
			`","RefreshToken":"` + benchSession + `","TokenType":"Bearer","ExpiresIn":3600}}`,
		"AssociateSoftwareToken": `{"SecretCode":"` + secretCode + `"}`,
		"VerifySoftwareToken":    `{"Status":"SUCCESS"}`,
		"SetUserMFAPreference":   `{}`,
	}
)

func (m memory) Do(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body := m[operation]
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "Content-Length": {strconv.Itoa(len(body))}},
		Body:   io.NopCloser(strings.NewReader(body)),
	}, nil
}

// api is the SDK's client on it.
func (m memory) api() *cip.Client {
	credentials := func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "SECRET"}, nil
	}
	return cip.New(cip.Options{Region: "eu-west-1", HTTPClient: m, Credentials: aws.CredentialsProviderFunc(credentials)})
}

// flow is a call of the library, and what it is on the SDK client by hand.
type flow struct {
	name       string
	ours, hand func(context.Context) error
}

// flows are the steps of enrolling and signing in, and last all of them together.
func flows(b *testing.B) []flow {
	b.Helper()
	api := answers.api()
	client, err := cognitomfa.New(api, config)
	require.NoError(b, err)
	challenge := &cognitomfa.MFAChallenge{Username: "alice", Session: cognitomfa.NewSecret(benchSession)}
	session := benchSession
	alice := account("alice") // By hand, too, one knows the user's name.
	steps := []flow{
		{
			"SignIn",
			func(ctx context.Context) error { return noOutcome(client.SignIn(ctx, "alice", password)) },
			func(ctx context.Context) error {
				return noOutcome(api.AdminInitiateAuth(ctx, &cip.AdminInitiateAuthInput{
					AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth, UserPoolId: &config.UserPoolID, ClientId: &config.ClientID,
					AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": password},
				}))
			},
		},
		{
			"RespondMFA",
			func(ctx context.Context) error { return noOutcome(client.RespondMFA(ctx, challenge, "123456")) },
			func(ctx context.Context) error {
				return noOutcome(api.AdminRespondToAuthChallenge(ctx, &cip.AdminRespondToAuthChallengeInput{
					ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa, UserPoolId: &config.UserPoolID, ClientId: &config.ClientID, Session: &session,
					ChallengeResponses: map[string]string{"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": "123456"},
				}))
			},
		},
		{
			"Enroll",
			func(ctx context.Context) error { return noOutcome(client.Enroll(ctx, benchAccess, alice)) },
			func(ctx context.Context) error {
				return noOutcome(api.AssociateSoftwareToken(ctx, &cip.AssociateSoftwareTokenInput{AccessToken: &benchAccess}))
			},
		},
		{
			"Verify",
			func(ctx context.Context) error { return client.Verify(ctx, benchAccess, "123456") },
			func(ctx context.Context) error {
				if _, err := api.VerifySoftwareToken(ctx, &cip.VerifySoftwareTokenInput{AccessToken: &benchAccess, UserCode: aws.String("123456")}); err != nil {
					return err
				}
				return noOutcome(api.SetUserMFAPreference(ctx, &cip.SetUserMFAPreferenceInput{
					AccessToken: &benchAccess, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
				}))
			},
		},
	}
	all := flow{name: "All"}
	for _, step := range steps {
		all.ours, all.hand = then(all.ours, step.ours), then(all.hand, step.hand)
	}
	return append(steps, all)
}

// then makes one call after another.
func then(first, second func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if first != nil {
			if err := first(ctx); err != nil {
				return err
			}
		}
		return second(ctx)
	}
}

// BenchmarkOverhead runs each call of the library and the same call by hand in turn, and reports
// the medians' ratio and the difference in allocations.
func BenchmarkOverhead(b *testing.B) {
	for _, flow := range flows(b) {
		b.Run(flow.name, func(b *testing.B) { flow.compare(b, 50) })
	}
}

// compare runs both ways in turn, a batch at a time.
func (flow flow) compare(b *testing.B, batch int) {
	b.Helper()
	ctx := b.Context()
	run := func(call func(context.Context) error) (time.Duration, float64) {
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
		return elapsed / time.Duration(batch), float64(after.Mallocs-before.Mallocs) / float64(batch)
	}
	var ours, hand []time.Duration
	var oursAllocs, handAllocs []float64
	for round := 0; b.Loop(); round++ {
		for i := range 2 { // In turn, and each first as often as second.
			if (round+i)%2 == 0 {
				d, n := run(flow.ours)
				ours, oursAllocs = append(ours, d), append(oursAllocs, n)
			} else {
				d, n := run(flow.hand)
				hand, handAllocs = append(hand, d), append(handAllocs, n)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(median(ours)), "ns-ours")
	b.ReportMetric(float64(median(hand)), "ns-by-hand")
	b.ReportMetric(float64(median(ours))/float64(median(hand)), "x-by-hand")
	b.ReportMetric(median(oursAllocs)-median(handAllocs), "more-allocs")
}

func median[T time.Duration | float64](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}
