package cognitomfa_test

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

func allowFlow(flow types.ExplicitAuthFlowsType) poolOption {
	return func(o *cognitotest.Options) { o.AuthFlows = []types.ExplicitAuthFlowsType{flow} }
}

// Mistakes in a first run against a real pool: the error says what to change, and reveals no
// secret.
func TestFirstRunMistakes(t *testing.T) {
	t.Parallel()
	credentials := func(provider aws.CredentialsProvider) callOption {
		return func(o *cip.Options) { o.Credentials = provider }
	}
	notFound := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no EC2 IMDS role found: " + leak)
	})
	onlySRP := allowFlow(types.ExplicitAuthFlowsTypeAllowUserSrpAuth)
	onlyCustom := allowFlow(types.ExplicitAuthFlowsTypeAllowCustomAuth)
	for name, tc := range map[string]struct {
		pool poolOption
		cfg  configEdit
		sdk  callOption
		fail cognitotest.Fault
		want string
	}{
		"the admin flow is not allowed": {
			pool: onlySRP, want: "the flow ADMIN_USER_PASSWORD_AUTH",
		},
		"the public flow is not allowed": {
			pool: onlySRP, cfg: withPublic(true), want: "the flow USER_PASSWORD_AUTH",
		},
		"the choice-based flow is not allowed": {
			pool: onlySRP, cfg: withFlow(cognitomfa.FlowUserAuth), want: "the flow USER_AUTH",
		},
		"the SRP flow is not allowed": {
			pool: onlyCustom, cfg: withFlow(cognitomfa.FlowSRP), want: "the flow USER_SRP_AUTH",
		},
		"another pool": {
			cfg:  func(c *cognitomfa.Config) { c.UserPoolID = "us-east-1_Wrong0000" },
			want: "Config.UserPoolID",
		},
		"another app client": {
			cfg: func(c *cognitomfa.Config) { c.ClientID = "1wrong" }, want: "Config.ClientID",
		},
		"no IAM permission": {
			fail: cognitotest.Error("AccessDeniedException", leak+" is not authorized"),
			want: "cognito-idp:AdminInitiateAuth",
		},
		"credentials that AWS does not accept": {
			fail: cognitotest.Error("UnrecognizedClientException", "The token is invalid."),
			want: "does not accept the credentials",
		},
		"no credentials":        {sdk: credentials(nil), want: "check the AWS credentials"},
		"credentials not found": {sdk: credentials(notFound), want: "check the AWS credentials"},
		"a plan without feature": {
			fail: cognitotest.Error("FeatureUnavailableInTierException", "Upgrade the plan"),
			want: "Essentials or Plus",
		},
		"a trigger that loses the event": {
			fail: cognitotest.Error("InvalidLambdaResponseException", "Unrecognizable output"),
			want: "a Lambda trigger of the user pool failed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.pool == nil {
				tc.pool = func(*cognitotest.Options) {}
			}
			if tc.cfg == nil {
				tc.cfg = func(*cognitomfa.Config) {}
			}
			if tc.sdk == nil {
				tc.sdk = func(*cip.Options) {}
			}
			srv, _ := newPool(t, tc.pool)
			if tc.fail.Code != "" {
				srv.Fail("AdminInitiateAuth", tc.fail)
			}
			client := newClient(t, srv.Client(tc.sdk), edited(configOf(srv), tc.cfg))
			_, err := client.SignIn(t.Context(), "alice", password)
			require.ErrorIs(t, err, cognitomfa.ErrConfig)
			assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
			assert.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), leak[:12])
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

// Detail returns the message of Cognito or a Lambda trigger, which may repeat user input.
func TestDetail(t *testing.T) {
	t.Parallel()
	const sentence = "PreAuthentication failed with error Closed today."
	e := failWith(t, signingIn, "UserLambdaValidationException", sentence)
	require.Equal(t, cognitomfa.ErrRejected, e.Kind)
	assert.NotContains(t, e.Error(), "Closed today")
	assert.Equal(t, sentence, e.Detail())

	_, err := newClient(t, &double{}, config).SignIn(t.Context(), "", "")
	require.ErrorAs(t, err, &e)
	assert.Empty(t, e.Detail(), "no call was made")
}

// A call that was never sent does not use up the challenge: it can be answered again.
func TestCallsThatWereNotSent(t *testing.T) {
	t.Parallel()
	// The SDK calls AssumeRole before it sends our call.
	assumeRole := func(cause error) error {
		return &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: cause}
	}
	failed := &smithy.GenericAPIError{Code: "InternalFailure", Fault: smithy.FaultServer}
	for name, tc := range map[string]struct {
		err  error // from the credentials provider
		kind error
	}{
		"no credentials found": {errors.New("no EC2 IMDS role found"), cognitomfa.ErrConfig},
		"STS refuses": {
			assumeRole(&smithy.GenericAPIError{Code: "AccessDenied"}), cognitomfa.ErrConfig,
		},
		"STS fails": {assumeRole(failed), cognitomfa.ErrUnavailable},
		"STS resets the connection": {
			assumeRole(&smithyhttp.RequestSendError{Err: errReset}), cognitomfa.ErrUnavailable,
		},
		"no metadata service": {
			&smithyhttp.RequestSendError{Err: errRefused}, cognitomfa.ErrConfig,
		},
	} {
		srv, _ := newPoolWith(t, totpUser)
		var fail error
		credentials := func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, fail
		}
		client := newClient(t, srv.Client(quickRetries, func(o *cip.Options) {
			o.Credentials = aws.CredentialsProviderFunc(credentials)
		}), configOf(srv))
		outcome, err := client.SignIn(t.Context(), "alice", password)
		ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
		fail = tc.err
		_, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
		require.ErrorIs(t, err, tc.kind, name)
		assert.Equal(t, stepOf(t, tc.kind), cognitomfa.NextStep(err), name)
		fail = nil
		outcome, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
		as[*cognitomfa.Tokens](t, outcome, err)
	}
}

// A call that the SDK rejects as incomplete is a configuration error.
func TestCallsThatTheSDKRefuses(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	client := newClient(t, srv.Client(func(o *cip.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("refuse", func(
				context.Context, middleware.InitializeInput, middleware.InitializeHandler,
			) (middleware.InitializeOutput, middleware.Metadata, error) {
				err := smithy.InvalidParamsError{Context: "AdminInitiateAuthInput"}
				err.Add(smithy.NewErrParamRequired("ClientId"))
				return middleware.InitializeOutput{}, middleware.Metadata{}, &err
			}), middleware.Before)
		})
	}), configOf(srv))
	_, err := client.SignIn(t.Context(), "alice", password)
	require.ErrorIs(t, err, cognitomfa.ErrConfig)
	assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
}

// The SDK's own rate limit rejects a call before it is sent.
func TestRateLimitOfTheSDK(t *testing.T) {
	t.Parallel()
	srv, _ := newPoolWith(t, totpUser)
	limiting := retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = append(o.StandardOptions, noDelay)
		o.FailOnNoAttemptTokens = true
	})
	client := newClient(t, srv.Client(func(o *cip.Options) { o.Retryer = limiting }), configOf(srv))
	outcome, err := client.SignIn(t.Context(), "alice", password)
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	srv.Fail("AdminRespondToAuthChallenge", times(3, cognitotest.Throttle())...)
	srv.ResetCalls()
	_, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
	require.ErrorIs(t, err, cognitomfa.ErrThrottled)
	// The limiter now knows about the throttling, and rejects calls for a while.
	sent := len(srv.Calls())
	_, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
	require.ErrorIs(t, err, cognitomfa.ErrThrottled)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
	assert.Len(t, srv.Calls(), sent, "it was not sent")
}

// busyLimiter is a retryer whose rate limit is exhausted.
type busyLimiter struct {
	aws.Retryer
	wait func(context.Context) error
}

func (l busyLimiter) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	return nil, l.wait(ctx)
}

// A caller who gives up while waiting for the rate limit was not throttled.
func TestRateLimitOrCaller(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	signIn := func(ctx context.Context, wait func(context.Context) error) error {
		api := srv.Client(func(o *cip.Options) { o.Retryer = busyLimiter{o.Retryer, wait} })
		return signInAlice(ctx, newClient(t, api, configOf(srv)))
	}
	noToken := errors.New("no token is left")
	err := signIn(t.Context(), func(context.Context) error { return noToken })
	require.ErrorIs(t, err, cognitomfa.ErrThrottled)

	ctx, cancel := context.WithCancel(t.Context())
	err = signIn(ctx, func(ctx context.Context) error {
		cancel()
		return ctx.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.NotErrorIs(t, err, cognitomfa.ErrThrottled)
	assert.Empty(t, srv.Calls())
}

// The SDK's retry quota still applies: once it is exhausted, a failed call is not repeated.
func TestRetryQuotaOfTheSDK(t *testing.T) {
	t.Parallel()
	for quota, tries := range map[uint]int{1: 1, 500: 3} {
		srv, _ := newPool(t)
		limited := retry.NewStandard(noDelay, func(o *retry.StandardOptions) {
			o.RateLimiter = ratelimit.NewTokenRateLimit(quota)
		})
		api := srv.Client(func(o *cip.Options) { o.Retryer = limited })
		client := newClient(t, api, configOf(srv))
		access := *srv.IssueTokens("alice").AccessToken
		srv.Fail("GetUser", times(3, cognitotest.DropBefore())...)
		_, err := client.Status(t.Context(), access)
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
		assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
		assert.Len(t, srv.Calls(), tries)
	}
}

// The HTTP client's time limit must not look like the caller's context.
func TestTimeLimitsOfClientAndContext(t *testing.T) {
	t.Parallel()
	srv, _ := newPool(t)
	network := &breaker{}
	client := newClient(t, srv.Client(quickRetries, network.attach), configOf(srv))
	network.arm("AdminInitiateAuth", 3, breakages["time limit after"])
	_, err := client.SignIn(t.Context(), "alice", password)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.ErrorContains(t, err, "a time limit was exceeded")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.SignIn(ctx, "alice", password)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.ErrorContains(t, err, context.Canceled.Error())
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
}

// Network errors are described in the library's own words, because their texts may contain
// anything.
func TestReasons(t *testing.T) {
	t.Parallel()
	for want, cause := range map[string]error{
		"the host name could not be resolved": &net.OpError{
			Op: "dial", Err: &net.DNSError{Err: "no such host", Name: leak},
		},
		"no connection could be made": errRefused,
		"the connection was reset": &net.OpError{
			Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE),
		},
		"the request failed on the way": errors.New(leak),
	} {
		srv, _ := newPool(t)
		network := &breaker{}
		client := newClient(t, srv.Client(quickRetries, network.attach), configOf(srv))
		var what breakage
		what.respond = networkError(cause) //nolint:bodyclose // There is no response.
		network.arm("GetUser", 3, what)
		_, err := client.Status(t.Context(), "token")
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), leak)
		assert.NotContains(t, err.Error(), "127.0.0.1")
	}
}

// A slow or throttled trigger may succeed the next time; one that throws will throw again.
func TestTriggersThatFail(t *testing.T) {
	t.Parallel()
	const preToken = "PreTokenGeneration invocation failed due to "
	for _, text := range []string{
		preToken + "error Socket timeout while invoking Lambda function.",
		preToken + "configuration: Task timed out after 3.00 seconds",
		preToken + "error TooManyRequestsException.",
		preToken + "error: the function was throttled.",
	} {
		e := failWith(t, signingIn, "UnexpectedLambdaException", text)
		require.Equal(t, cognitomfa.ErrUnavailable, e.Kind, text)
		assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(e))

		e = failWith(t, answering, "UnexpectedLambdaException", text)
		require.Equal(t, cognitomfa.ErrUnavailable, e.Kind, text)
		assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(e), "the code may be used up")
	}
	const thrown = "PreAuthentication failed with error x is undefined."
	e := failWith(t, signingIn, "UnexpectedLambdaException", thrown)
	require.Equal(t, cognitomfa.ErrConfig, e.Kind)
}

// If getting credentials fails temporarily, the SDK tries again before it sends an answer.
func TestCredentialsAreTriedAgain(t *testing.T) {
	t.Parallel()
	srv, _ := newPoolWith(t, totpUser)
	var fails []error // the results of the next attempts
	credentials := func(context.Context) (aws.Credentials, error) {
		var err error
		if len(fails) > 0 {
			err, fails = fails[0], fails[1:]
		}
		return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, err
	}
	client := newClient(t, srv.Client(quickRetries, func(o *cip.Options) {
		o.Credentials = aws.CredentialsProviderFunc(credentials)
	}), configOf(srv))
	outcome, err := client.SignIn(t.Context(), "alice", password)
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	fails = []error{&smithyhttp.RequestSendError{Err: errReset}}
	outcome, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
	as[*cognitomfa.Tokens](t, outcome, err)
	assert.Empty(t, fails)
}

// A response from Cognito counts even if the context has ended in the meantime.
func TestRefusalsCountAfterTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client := newClient(t, &double{respond: func(*respondIn) (*respondOut, error) {
		cancel()
		return nil, &types.CodeMismatchException{}
	}}, config)
	err := respondMFA(ctx, client)
	require.ErrorIs(t, err, cognitomfa.ErrCodeMismatch)
	assert.Equal(t, cognitomfa.StepSameChallenge, cognitomfa.NextStep(err))
}
