package cognitomfa_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// The mistakes of a first run on a real pool: each has a sentence of its own that says what to
// change.
func TestFirstRunMistakes(t *testing.T) {
	t.Parallel()
	noProvider := func(o *cip.Options) { o.Credentials = nil }
	notThere := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no EC2 IMDS role found: " + leak)
	})
	seen := map[string]string{}
	for name, tc := range map[string]struct {
		on   func(*cognitotest.Options)
		cfg  func(*cognitomfa.Config)
		sdk  func(*cip.Options)
		fail cognitotest.Fault
		want string
	}{
		"admin flow not allowed": {
			on: func(o *cognitotest.Options) {
				o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth}
			},
			want: "does not allow the flow ADMIN_USER_PASSWORD_AUTH",
		},
		"public flow not allowed": {
			on: func(o *cognitotest.Options) {
				o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth}
			},
			cfg:  func(c *cognitomfa.Config) { c.Public = true },
			want: "does not allow the flow USER_PASSWORD_AUTH",
		},
		"wrong pool":   {cfg: func(c *cognitomfa.Config) { c.UserPoolID = "us-east-1_Wrong0000" }, want: "check Config.UserPoolID"},
		"wrong client": {cfg: func(c *cognitomfa.Config) { c.ClientID = "1wrong" }, want: "check Config.ClientID"},
		"no IAM right": {
			fail: cognitotest.Error("AccessDeniedException", "User: arn:aws:iam::1:user/"+leak+" is not authorized"),
			want: "lack the IAM right cognito-idp:AdminInitiateAuth",
		},
		"credentials that AWS refuses": {
			fail: cognitotest.Error("UnrecognizedClientException", "The security token included in the request is invalid."),
			want: "does not accept the credentials",
		},
		"no credentials":        {sdk: noProvider, want: "check the AWS credentials"},
		"credentials not found": {sdk: func(o *cip.Options) { o.Credentials = notThere }, want: "check the AWS credentials"},
		"a plan without it": {
			fail: cognitotest.Error("FeatureUnavailableInTierException", "This feature requires Essentials"),
			want: "use Essentials or Plus",
		},
		"a trigger that throws away the answer": {
			fail: cognitotest.Error("InvalidLambdaResponseException", "Unrecognizable lambda output"),
			want: "a Lambda trigger of the user pool failed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := cognitotest.NewServer(func(o *cognitotest.Options) {
				if tc.on != nil {
					tc.on(o)
				}
			})
			defer srv.Close()
			srv.AddUser(cognitotest.User{Username: "alice", Password: password})
			if tc.fail.Code != "" {
				srv.Fail("AdminInitiateAuth", tc.fail)
			}
			cfg := configOf(srv)
			if tc.cfg != nil {
				tc.cfg(&cfg)
			}
			_, err := newClient(t, srv.Client(func(o *cip.Options) {
				if tc.sdk != nil {
					tc.sdk(o)
				}
			}), cfg).SignIn(t.Context(), "alice", password)
			require.ErrorIs(t, err, cognitomfa.ErrConfig)
			assert.Equal(t, cognitomfa.StepGiveUp, cognitomfa.NextStep(err))
			assert.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), leak[:12])
			assert.NotContains(t, err.Error(), "\n")
			if !strings.Contains(name, "credentials") {
				assert.NotContains(t, seen, err.Error(), "a sentence of its own")
			}
			seen[err.Error()] = name
		})
	}
}

// Detail is for the people who may see it: Cognito's own sentence, or that of a Lambda trigger.
func TestDetail(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	srv.Fail("AdminInitiateAuth", cognitotest.Error("UserLambdaValidationException", "PreAuthentication failed with error Closed today."))
	_, err := client.SignIn(t.Context(), "alice", password)
	require.ErrorIs(t, err, cognitomfa.ErrRejected)
	assert.NotContains(t, err.Error(), "Closed today")
	var e *cognitomfa.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "PreAuthentication failed with error Closed today.", e.Detail())
	_, err = client.SignIn(t.Context(), "", "")
	require.ErrorAs(t, err, &e)
	assert.Empty(t, e.Detail(), "no call was made")
}

// What never left the process has used nothing up: the same challenge can be answered again.
func TestWhatWasNotSent(t *testing.T) {
	t.Parallel()
	sts := func(cause error) error {
		return &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: cause}
	}
	for name, tc := range map[string]struct {
		err  error
		kind error
		step cognitomfa.Step
	}{
		"no provider found":   {errors.New("no EC2 IMDS role found"), cognitomfa.ErrConfig, cognitomfa.StepGiveUp},
		"STS refuses":         {sts(&smithy.GenericAPIError{Code: "AccessDenied"}), cognitomfa.ErrConfig, cognitomfa.StepGiveUp},
		"STS fails":           {sts(&smithy.GenericAPIError{Code: "InternalFailure", Fault: smithy.FaultServer}), cognitomfa.ErrUnavailable, cognitomfa.StepBackOff},
		"STS hangs up":        {sts(&smithyhttp.RequestSendError{Err: errReset}), cognitomfa.ErrUnavailable, cognitomfa.StepBackOff},
		"no metadata service": {&smithyhttp.RequestSendError{Err: errRefused}, cognitomfa.ErrConfig, cognitomfa.StepGiveUp},
	} {
		srv := cognitotest.NewServer()
		srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: "JBSWY3DPEHPK3PXP"})
		fail := false
		client := newClient(t, srv.Client(quickRetries, func(o *cip.Options) {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				if fail {
					return aws.Credentials{}, tc.err
				}
				return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, nil
			})
		}), configOf(srv))
		outcome, err := client.SignIn(t.Context(), "alice", password)
		ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
		fail = true
		_, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
		require.ErrorIs(t, err, tc.kind, name)
		assert.Equal(t, tc.step, cognitomfa.NextStep(err), name)
		fail = false
		outcome, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
		as[*cognitomfa.Tokens](t, outcome, err)
		srv.Close()
	}
}

// The SDK's own limiter refuses a call before it is sent.
func TestClientSideThrottle(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: "JBSWY3DPEHPK3PXP"})
	adaptive := retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = append(o.StandardOptions, noDelay)
		o.FailOnNoAttemptTokens = true
	})
	client := newClient(t, srv.Client(func(o *cip.Options) { o.Retryer = adaptive }), configOf(srv))
	outcome, err := client.SignIn(t.Context(), "alice", password)
	ch := as[*cognitomfa.MFAChallenge](t, outcome, err)
	srv.Fail("AdminRespondToAuthChallenge", times(3, cognitotest.Throttle())...)
	srv.ResetCalls()
	_, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
	require.ErrorIs(t, err, cognitomfa.ErrThrottled)
	// By now the limiter has learned of the throttling, and lets nothing through for a while.
	sent := len(srv.Calls())
	_, err = client.RespondMFA(t.Context(), ch, srv.Code("alice"))
	require.ErrorIs(t, err, cognitomfa.ErrThrottled)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
	assert.Len(t, srv.Calls(), sent, "it was not sent")
}

// Only a context that has really ended is the caller's own doing.
func TestWhoseTimeLimit(t *testing.T) {
	t.Parallel()
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	net := &breaker{}
	client := newClient(t, srv.Client(quickRetries, func(o *cip.Options) {
		net.HTTPClient, o.HTTPClient = o.HTTPClient, net
	}), configOf(srv))
	net.arm("AdminInitiateAuth", 3, breakages["time limit after"])
	_, err := client.SignIn(t.Context(), "alice", password)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.ErrorContains(t, err, "a time limit was exceeded")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.SignIn(ctx, "alice", password)
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "context canceled")
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))
}

// The words for what happened on the way are this package's own.
func TestReasons(t *testing.T) {
	t.Parallel()
	for want, cause := range map[string]error{
		"the host name could not be resolved": &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: leak}},
		"no connection could be made":         errRefused,
		"the connection was reset":            &net.OpError{Op: "write", Err: os.NewSyscallError("write", syscall.EPIPE)},
		"the request failed on the way":       errors.New(leak),
	} {
		srv := cognitotest.NewServer()
		net := &breaker{}
		client := newClient(t, srv.Client(quickRetries, func(o *cip.Options) {
			net.HTTPClient, o.HTTPClient = o.HTTPClient, net
		}), configOf(srv))
		var breaks breakage
		breaks.respond = broken(cause) //nolint:bodyclose // There is no response.
		net.arm("GetUser", 3, breaks)
		_, err := client.Status(t.Context(), "token")
		require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), leak)
		assert.NotContains(t, err.Error(), "127.0.0.1")
		srv.Close()
	}
}

// A trigger that was too slow may be quicker the next time, and one that throws will not.
func TestTriggersThatFail(t *testing.T) {
	t.Parallel()
	srv, client := newPool(t)
	const slow = "PreTokenGeneration invocation failed due to error Socket timeout while invoking Lambda function."
	srv.Fail("AdminInitiateAuth", cognitotest.Error("UnexpectedLambdaException", slow))
	_, err := client.SignIn(t.Context(), "alice", password)
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.Equal(t, cognitomfa.StepBackOff, cognitomfa.NextStep(err))

	srv.Fail("AdminRespondToAuthChallenge", cognitotest.Error("UnexpectedLambdaException", slow))
	_, err = client.RespondMFA(t.Context(), &cognitomfa.MFAChallenge{Username: "alice", Session: aSession}, "123456")
	require.ErrorIs(t, err, cognitomfa.ErrUnavailable)
	assert.Equal(t, cognitomfa.StepStartOver, cognitomfa.NextStep(err), "the code may be used up")

	srv.Fail("AdminInitiateAuth", cognitotest.Error("UnexpectedLambdaException", "PreSignUp failed with error x is undefined."))
	_, err = client.SignIn(t.Context(), "alice", password)
	require.ErrorIs(t, err, cognitomfa.ErrConfig)
}
