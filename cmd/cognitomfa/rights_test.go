package main_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// If the AWS credentials may not read something, doctor names the missing permission, prints a policy that
// includes it, and still checks the rest.
func TestMissingRights(t *testing.T) {
	t.Parallel()
	const who = "User: arn:aws:iam::123456789012:user/eve is not authorized to perform this"
	for operation, what := range map[string]string{
		"DescribeUserPool":       "the user pool",
		"GetUserPoolMfaConfig":   "the MFA settings",
		"DescribeUserPoolClient": "the app client",
		"AdminGetUser":           "the state of users",
		"ListUsers":              "the list of users",
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, func(o *cognitotest.Options) { o.RevealUsers = true })
			denied := cognitotest.Error("AccessDeniedException", who)
			srv.Fail(operation, denied, denied)
			r, text := doctor(t, nil, append(on(srv), "-use", "support")...)
			assert.Equal(t, incomplete, text.status)
			require.Len(t, r.Unread, 1)
			assert.Equal(t, what, r.Unread[0].What)
			assert.Equal(t, "cognito-idp:"+operation, r.Unread[0].Right)
			assert.Contains(t, r.Unread[0].Why, who)
			assert.Contains(t, text.out, "not read: "+what)
			require.NotNil(t, r.Policy)
			assert.Contains(t, r.Policy.Statement[0].Action, "cognito-idp:"+operation)
			for reads, id := range map[string]string{
				"DescribeUserPoolClient": "risk user-existence",
				"GetUserPoolMfaConfig":   "note mfa-optional",
				"DescribeUserPool":       "note case-sensitive",
			} {
				assert.Equal(t, operation != reads, slices.Contains(r.ids(), id))
			}
		})
	}
}

// A secret that Cognito does not return may be the app client's second. Without the permission to list
// the secrets, doctor does not call it wrong.
func TestSecretsNotListed(t *testing.T) {
	t.Parallel()
	for _, own := range []string{clientSecret, ""} {
		srv := newServer(t, func(o *cognitotest.Options) { o.ClientSecret = own })
		denied := cognitotest.Error("AccessDeniedException", "no")
		srv.Fail("ListUserPoolClientSecrets", denied, denied)
		env := []string{"COGNITO_CLIENT_SECRET=the-other"}
		r, text := doctor(t, env, on(srv)...)
		assert.Equal(t, incomplete, text.status)
		require.Len(t, r.Unread, 1)
		assert.Equal(t, "the list of the app client's secrets", r.Unread[0].What)
		assert.Equal(t, "cognito-idp:ListUserPoolClientSecrets", r.Unread[0].Right)
		require.NotNil(t, r.Policy)
		for _, id := range r.ids() {
			assert.NotContains(t, id, "secret")
		}
	}
}

// Other errors are reported without a policy. Without a response, or with invalid credentials,
// doctor ends at once.
func TestUnreadSettings(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	failed := cognitotest.InternalError()
	srv.Fail("GetUserPoolMfaConfig", failed, failed, failed, failed, failed, failed)
	r, text := doctor(t, nil, on(srv)...)
	assert.Equal(t, incomplete, text.status)
	require.Len(t, r.Unread, 1)
	assert.Equal(t, "InternalErrorException: Internal error", r.Unread[0].Why)
	assert.Nil(t, r.Policy)
	assert.Contains(t, r.ids(), "note session-short")

	dropped := cognitotest.DropBefore()
	srv.Fail("DescribeUserPool", dropped, dropped, dropped)
	once := run(t, "", nil, append([]string{"doctor"}, on(srv)...)...)
	assert.Equal(t, incomplete, once.status)
	assert.Empty(t, once.out)
	assert.Contains(t, once.err,
		"cognitomfa doctor: the user pool could not be read: no response from Cognito: ")

	expired := cognitotest.Error("ExpiredTokenException",
		"The security token included in the request is expired")
	srv.Fail("DescribeUserPool", expired)
	once = run(t, "", nil, append([]string{"doctor"}, on(srv)...)...)
	assert.Equal(t, incomplete, once.status)
	assert.Contains(t, once.err,
		"AWS rejects the credentials: check the access key, its expiration and the clock")
}

// doctor only makes calls that read, and none about users except with -use support.
func TestDoctorOnlyReads(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	looked := []string{
		"ListUserPoolClients",
		"DescribeUserPool",
		"GetUserPoolMfaConfig",
		"DescribeUserPoolClient",
	}
	r := run(t, "", nil, append([]string{"doctor"}, on(srv)...)...)
	assert.Equal(t, fine, r.status, r.err)
	assert.Equal(t, looked, operations(srv))
	srv.ResetCalls()
	r = run(t, "", nil, append([]string{"doctor", "-use", "support"}, on(srv)...)...)
	assert.Equal(t, fine, r.status, r.err)
	assert.Equal(t, append(looked, "AdminGetUser", "ListUsers"), operations(srv))
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	for use, want := range map[string]string{
		"sign-in": "AdminInitiateAuth AdminRespondToAuthChallenge GetUserPoolMfaConfig",
		"support": "AdminDeleteSoftwareToken AdminGetUser AdminUserGlobalSignOut ListUsers",
		"doctor": "DescribeRiskConfiguration DescribeUserPool DescribeUserPoolClient " +
			"GetUserPoolMfaConfig ListUserPoolClientSecrets ListUserPoolClients",
	} {
		// No credentials are needed, and no call is made.
		r := run(t, "", nil,
			"doctor", "-policy", "-use", use, "-user-pool-id", "cn-north-1_AbCdEfGhI")
		assert.Equal(t, fine, r.status, r.err)
		var policy struct {
			Version   string
			Statement []struct {
				Effect   string
				Action   []string
				Resource string
			}
		}
		require.NoError(t, json.Unmarshal([]byte(r.out), &policy))
		assert.Equal(t, "2012-10-17", policy.Version)
		require.Len(t, policy.Statement, 1)
		assert.Equal(t, "Allow", policy.Statement[0].Effect)
		assert.Equal(t, "cognito-idp:"+strings.ReplaceAll(want, " ", " cognito-idp:"),
			strings.Join(policy.Statement[0].Action, " "))
		assert.Equal(t, "arn:aws-cn:cognito-idp:cn-north-1:*:userpool/cn-north-1_AbCdEfGhI",
			policy.Statement[0].Resource)
	}
	r := run(t, "", nil, "doctor", "-policy", "-public", "-user-pool-id", "eu-west-1_AbCdEfGhI")
	assert.Equal(t, result{
		status: fine,
		err:    "no IAM permissions are needed: with Config.Public the sign-in calls are not signed\n",
	}, r)
}

func TestUnknownPoolOrClient(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for _, c := range []struct {
		args []string
		says string
	}{
		{
			args: []string{
				"-user-pool-id", "eu-west-1_Other", "-region", "us-east-1", "-client-id", "x",
			},
			says: "there is no user pool eu-west-1_Other in us-east-1; " +
				"its ID begins with another Region: pass -region eu-west-1",
		},
		{
			args: []string{"-user-pool-id", "eu-west-1_Other", "-client-id", "x"},
			says: "there is no user pool eu-west-1_Other in eu-west-1",
		},
		{
			args: []string{"-user-pool-id", srv.UserPoolID, "-client-id", "x"},
			says: "there is no app client x in the user pool " + srv.UserPoolID + " in us-east-1",
		},
	} {
		r := run(t, "", nil, append([]string{"doctor", "-endpoint", srv.URL}, c.args...)...)
		want := result{status: incomplete, err: "cognitomfa doctor: " + c.says + "\n"}
		assert.Equal(t, want, r)
	}
	env := []string{"AWS_REGION=eu-central-1"}
	r := run(t, "", env, append([]string{"doctor"}, on(srv)...)...)
	assert.Contains(t, r.out, "region:      eu-central-1\n", "the Region is chosen as in the SDK")
}

// If the pool has several app clients, the command line must name one.
func TestSeveralClients(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	api := srv.Client()
	name := "second"
	_, err := api.CreateUserPoolClient(t.Context(), createClient(srv, name))
	require.NoError(t, err)
	r := run(t, "", nil, append([]string{"doctor"}, on(srv)...)...)
	assert.Equal(t, usage, r.status)
	assert.Contains(t, r.err, "-client-id is missing; "+
		"COGNITO_CLIENT_ID can be set instead; the pool's app clients are")
	assert.Contains(t, r.err, srv.ClientID+" (")
	assert.Contains(t, r.err, " ("+name+")")
	srv.Fail("ListUserPoolClients", cognitotest.Error("AccessDeniedException", "no"))
	r = run(t, "", nil, append([]string{"doctor"}, on(srv)...)...)
	assert.Equal(t, usage, r.status)
	assert.Contains(t, r.err, "-client-id is missing")
}
