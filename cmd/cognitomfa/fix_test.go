package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// state returns all settings of a pool and its app client, by name.
func state(t *testing.T, srv *cognitotest.Server) map[string]any {
	t.Helper()
	api := srv.Client()
	pool, err := api.DescribeUserPool(t.Context(),
		&cip.DescribeUserPoolInput{UserPoolId: &srv.UserPoolID})
	require.NoError(t, err)
	client, err := api.DescribeUserPoolClient(t.Context(),
		&cip.DescribeUserPoolClientInput{UserPoolId: &srv.UserPoolID, ClientId: &srv.ClientID})
	require.NoError(t, err)
	mfa, err := api.GetUserPoolMfaConfig(t.Context(),
		&cip.GetUserPoolMfaConfigInput{UserPoolId: &srv.UserPoolID})
	require.NoError(t, err)
	all := map[string]any{}
	for prefix, v := range map[string]any{
		"pool.": pool.UserPool, "client.": client.UserPoolClient, "mfa.": mfa,
	} {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		var members map[string]any
		require.NoError(t, json.Unmarshal(text, &members))
		for name, value := range members {
			if name != "LastModifiedDate" && name != "ResultMetadata" {
				all[prefix+name] = value
			}
		}
	}
	return all
}

// The command of a finding, run as printed, resolves the finding and changes nothing else. With an
// AWS CLI that does not know all settings it changes nothing at all.
func TestCommandsResolveFindings(t *testing.T) {
	t.Parallel()
	tooltest.Need(t, "jq", "jq")
	cli := tooltest.NeedWorking(t, "awscli", "the AWS CLI", "aws", "--version")
	path := "PATH=" + filepath.Dir(cli) + string(filepath.ListSeparator) + os.Getenv("PATH")
	for id, c := range map[string]struct {
		options func(*cognitotest.Options)
		args    []string
		changes []string
	}{
		"flow-not-allowed": {
			options: func(o *cognitotest.Options) {
				o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth}
			},
			args: []string{"-flow", "password"}, changes: []string{"client.ExplicitAuthFlows"},
		},
		"user-existence": {
			options: func(o *cognitotest.Options) { o.RevealUsers = true },
			changes: []string{"client.PreventUserExistenceErrors"},
		},
		"revocation-off": {
			options: func(o *cognitotest.Options) { o.TokenRevocationDisabled = true },
			changes: []string{"client.EnableTokenRevocation"},
		},
		"rotation-without-grace": {
			options: func(o *cognitotest.Options) { o.RefreshTokenRotation = true },
			changes: []string{"client.RefreshTokenRotation"},
		},
		"session-short": {changes: []string{"client.AuthSessionValidity"}},
		"tokens-long": {
			options: func(o *cognitotest.Options) { o.AccessTokenValidity = 5 * time.Hour },
			changes: []string{
				"client.AccessTokenValidity", "client.IdTokenValidity", "client.TokenValidityUnits",
			},
		},
		"mfa-off": {
			options: func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOff },
			changes: []string{
				"mfa.MfaConfiguration", "mfa.SoftwareTokenMfaConfiguration", "pool.MfaConfiguration",
			},
		},
		"totp-off": {
			options: func(o *cognitotest.Options) { o.TOTPDisabled, o.SMS = true, true },
			changes: []string{"mfa.SoftwareTokenMfaConfiguration"},
		},
		"devices-flow": {
			options: func(o *cognitotest.Options) {
				o.MFA = types.UserPoolMfaTypeOn
				o.Devices = &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true}
			},
			changes: []string{"pool.DeviceConfiguration"},
		},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, func(o *cognitotest.Options) {
				o.ClientSecret = clientSecret
				if c.options != nil {
					c.options(o)
				}
			})
			args := append(on(srv), c.args...)
			r, text := doctor(t, withSecret, args...)
			at := slices.IndexFunc(r.Findings, func(f finding) bool { return f.ID == id })
			require.GreaterOrEqual(t, at, 0, text.out)
			before := state(t, srv)
			cmd := exec.CommandContext(tooltest.Context(t), "sh", "-c", r.Findings[at].Command)
			cmd.Env = environment(t, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", path)
			done := finish(t, cmd, "")
			after := state(t, srv)
			if strings.Contains(done.err, "this AWS CLI is too old, and would reset settings") {
				require.Equal(t, before, after)
				t.Skip(done.err)
			}
			require.Equal(t, result{status: 0, out: done.out}, done, r.Findings[at].Command)
			var changed []string
			for name := range after {
				if !assert.ObjectsAreEqual(before[name], after[name]) {
					changed = append(changed, name)
				}
			}
			assert.NotEmpty(t, changed)
			assert.Subset(t, c.changes, changed)
			r, _ = doctor(t, withSecret, args...)
			assert.False(t,
				slices.ContainsFunc(r.Findings, func(f finding) bool { return f.ID == id }))
		})
	}
}
