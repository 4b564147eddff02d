package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// members are the members of a JSON object.
type members = map[string]any

// described is what a pool's calls that describe it respond with.
type described struct{ pool, client, mfa, risk members }

// healthy returns the settings of a pool, used with SRP, in which there is nothing to find.
func healthy() *described {
	return &described{
		pool: members{
			"UserPoolTier":          "ESSENTIALS",
			"MfaConfiguration":      "ON",
			"UsernameConfiguration": members{"CaseSensitive": false},
			"AdminCreateUserConfig": members{"AllowAdminCreateUserOnly": true},
			"AccountRecoverySetting": members{
				"RecoveryMechanisms": []members{{"Priority": 1, "Name": "verified_email"}},
			},
		},
		client: members{
			"ClientSecret": clientSecret,
			"ExplicitAuthFlows": []string{
				"ALLOW_ADMIN_USER_PASSWORD_AUTH",
				"ALLOW_REFRESH_TOKEN_AUTH",
			},
			"PreventUserExistenceErrors": "ENABLED",
			"AuthSessionValidity":        10,
			"EnableTokenRevocation":      true,
			"RefreshTokenValidity":       30,
			"AccessTokenValidity":        nil,
			"IdTokenValidity":            nil,
			"TokenValidityUnits":         nil,
		},
		mfa: members{
			"MfaConfiguration":              "ON",
			"SoftwareTokenMfaConfiguration": members{"Enabled": true},
		},
		risk: members{},
	}
}

// serve returns the flags that lead to a pool with these settings.
func (d *described) serve(t *testing.T) []string {
	t.Helper()
	srv := newServer(t, func(o *cognitotest.Options) {
		o.UserPoolID, o.ClientID = "eu-west-1_Doctor", "theclient"
	})
	url := front(t, srv, nil, func(operation string, body map[string]any) bool {
		over := func(name string, with members) bool {
			inner, ok := body[name].(map[string]any)
			if !ok {
				clear(body)
				inner = members{}
				body[name] = inner
			}
			for key, value := range with {
				inner[key] = value
				if value == nil {
					delete(inner, key)
				}
			}
			return true
		}
		switch operation {
		case "DescribeUserPool":
			return over("UserPool", d.pool)
		case "DescribeUserPoolClient":
			return over("UserPoolClient", d.client)
		case "DescribeRiskConfiguration":
			return over("RiskConfiguration", d.risk)
		case "GetUserPoolMfaConfig":
			clear(body)
			for key, value := range d.mfa {
				body[key] = value
			}
			return true
		case "ListUserPoolClientSecrets":
			clear(body)
			body["ClientSecrets"] = d.client["secrets"]
			return true
		}
		return false
	})
	return []string{"-user-pool-id", srv.UserPoolID, "-client-id", srv.ClientID, "-endpoint", url}
}

// finding is one finding, as JSON has it.
type finding struct{ ID, Level, What, Change, Command string }

// report is what doctor prints as JSON.
type report struct {
	UserPool  members
	AppClient members
	Config    struct {
		Flow   string
		Public bool
	}
	Findings []finding
	Unread   []struct{ What, Why, Right string }
	Policy   *struct{ Statement []struct{ Action []string } }
}

func (r *report) ids() []string {
	ids := []string{}
	for _, f := range r.Findings {
		ids = append(ids, f.Level+" "+f.ID)
	}
	return ids
}

// doctor runs the command, as JSON and as text, which say the same.
func doctor(t *testing.T, env []string, args ...string) (*report, result) {
	t.Helper()
	r := run(t, "", env, append([]string{"doctor", "-json"}, args...)...)
	var found report
	require.NoError(t, json.Unmarshal([]byte(r.out), &found), r.out+r.err)
	assert.NotNil(t, found.Findings, "an empty list, not null")
	assert.NotNil(t, found.Unread, "an empty list, not null")
	text := run(t, "", env, append([]string{"doctor"}, args...)...)
	assert.Equal(t, r.status, text.status)
	assert.Empty(t, text.err)
	for _, f := range found.Findings {
		assert.Contains(t, text.out, "\n"+f.Level+": "+f.ID+"\n  "+f.What+"\n")
		assert.Contains(t, text.out, f.Change)
		assert.Contains(t, text.out, strings.ReplaceAll(f.Command, "\n", "\n    "))
		assert.NotContains(t, f.What, "%!", "a format without its value")
		assert.NotContains(t, f.Change, "%!")
	}
	return &found, text
}

var withSecret = []string{"COGNITO_CLIENT_SECRET=" + clientSecret}

// With settings that suit the library there is nothing to find, and doctor says so.
func TestHealthy(t *testing.T) {
	t.Parallel()
	args := healthy().serve(t)
	r, text := doctor(t, withSecret, args...)
	assert.Empty(t, r.Findings)
	assert.Empty(t, r.Unread)
	assert.Nil(t, r.Policy)
	assert.Equal(t, "FlowPassword", r.Config.Flow)
	assert.Equal(t, fine, text.status)
	assert.Contains(t, text.out, "MFA:         ON TOTP\nplan:        ESSENTIALS\n")
	assert.Contains(
		t,
		text.out,
		"\nNothing found that fails or is a risk: the library works with this pool and app client "+
			"as they are.\n",
	)

	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(clientSecret+"\n"), 0o600))
	r, _ = doctor(t, nil, append(args, "-client-secret-file", file)...)
	assert.Empty(t, r.Findings)

	r, _ = doctor(
		t,
		append(withSecret, "COGNITO_CLIENT_ID=theclient"),
		slices.Delete(args, 2, 4)...)
	assert.Empty(t, r.Findings)
}

// These break one setting.
func inPool(name string, value any) func(*described) {
	return func(d *described) { d.pool[name] = value }
}

func inClient(name string, value any) func(*described) {
	return func(d *described) { d.client[name] = value }
}

func inMFA(name string, value any) func(*described) {
	return func(d *described) { d.mfa[name] = value }
}

func both(breaks ...func(*described)) func(*described) {
	return func(d *described) {
		for _, b := range breaks {
			b(d)
		}
	}
}

// allow makes the app client allow these flows.
func allow(flows ...string) func(*described) { return inClient("ExplicitAuthFlows", flows) }

var (
	srpOnly  = allow("ALLOW_USER_SRP_AUTH")
	userAuth = allow("ALLOW_USER_AUTH")
	noSecret = inClient("ClientSecret", nil)
	enforced = inPool("UserPoolAddOns", members{"AdvancedSecurityMode": "ENFORCED"})
	devices  = inPool("DeviceConfiguration", members{"ChallengeRequiredOnNewDevice": true})
	migrates = inPool("LambdaConfig", members{"UserMigration": "arn:aws:lambda:x"})
	nothing  = []string{}
)

// broken are settings with one mistake each: what to find, by level, and part of what to change.
var broken = map[string]struct {
	breaks func(*described)
	args   string
	env    []string
	want   string
	change string
}{
	"default app client": {breaks: inClient("ExplicitAuthFlows", nil), want: "note flow-config"},
	"other flow than wanted": {
		breaks: srpOnly, args: "-flow password", want: "fails flow-not-allowed",
		change: "Set Config.Flow to FlowSRP, which is allowed, or allow ALLOW_ADMIN_USER_PASSWORD_AUTH.",
	},
	"public flow not allowed": {
		args: "-public", want: "fails flow-not-allowed", change: "Allow ALLOW_USER_PASSWORD_AUTH.",
	},
	"only custom":            {breaks: allow("CUSTOM_AUTH_FLOW_ONLY"), want: "fails flow-not-allowed"},
	"names from before 2020": {breaks: allow("ADMIN_NO_SRP_AUTH")},
	"public, from then":      {breaks: allow("USER_PASSWORD_AUTH"), args: "-public"},

	"no secret given": {env: nothing, want: "fails secret-missing", change: "Give the secret"},
	"wrong secret": {
		env: []string{"COGNITO_CLIENT_SECRET=wrong"}, want: "fails secret-wrong",
		change: "Set Config.ClientSecret to the app client's secret.",
	},
	"secret not needed": {breaks: noSecret, want: "fails secret-unneeded"},
	"no secret": {
		breaks: both(noSecret, srpOnly), env: nothing, want: "note flow-config, note secret-none",
	},
	"no secret, Admin only": {breaks: noSecret, env: nothing},
	"two secrets": {
		breaks: inClient("secrets", []members{{"ClientSecretId": "1"}, {"ClientSecretId": "2"}}),
		env:    []string{"COGNITO_CLIENT_SECRET=the-other"}, want: "risk secret-second",
	},

	"users are told apart": {
		breaks: inClient("PreventUserExistenceErrors", nil), want: "risk user-existence",
	},
	"no revocation": {breaks: inClient("EnableTokenRevocation", false), want: "risk revocation-off"},
	"rotation without grace": {
		breaks: inClient("RefreshTokenRotation", members{"Feature": "ENABLED"}),
		want:   "risk rotation-without-grace", change: "RetryGracePeriodSeconds, to 30",
	},
	"rotation with grace": {
		breaks: inClient("RefreshTokenRotation",
			members{"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}),
		want: "note rotation-flow",
	},
	"rotation off":       {breaks: inClient("RefreshTokenRotation", members{"Feature": "DISABLED"})},
	"short sessions":     {breaks: inClient("AuthSessionValidity", nil), want: "note session-short"},
	"long access tokens": {breaks: inClient("AccessTokenValidity", 24), want: "note tokens-long"},
	"long ID tokens": {
		breaks: both(inClient("IdTokenValidity", 90),
			inClient("TokenValidityUnits", members{"IdToken": "minutes"})),
		want: "note tokens-long", change: "an hour or less",
	},
	"long refresh tokens": {breaks: inClient("RefreshTokenValidity", 365), want: "note refresh-long"},
	"short refresh tokens": {
		breaks: both(inClient("RefreshTokenValidity", 3600),
			inClient("TokenValidityUnits", members{"RefreshToken": "seconds"})),
		want: "note refresh-short",
	},
	"tokens without the scope": {
		breaks: both(inClient("AllowedOAuthFlowsUserPoolClient", true),
			inClient("AllowedOAuthScopes", []string{"openid"})),
		want: "note scope-missing", change: "Add the scope",
	},
	"other providers": {
		breaks: inClient("SupportedIdentityProviders", []string{"COGNITO", "Google"}),
		want:   "note federation",
	},

	"MFA off": {
		breaks: func(d *described) { d.mfa = members{"MfaConfiguration": "OFF"} },
		want:   "fails mfa-off", change: "Turn MFA on with TOTP",
	},
	"MFA off, passkeys": {
		breaks: func(d *described) {
			d.mfa = members{"MfaConfiguration": "OFF", "WebAuthnConfiguration": members{}}
		},
		want: "fails mfa-off",
	},
	"TOTP off": {
		breaks: func(d *described) {
			d.mfa = members{"MfaConfiguration": "OPTIONAL", "SmsMfaConfiguration": members{}}
		},
		want: "fails totp-off",
	},
	"MFA optional":  {breaks: inMFA("MfaConfiguration", "OPTIONAL"), want: "note mfa-optional"},
	"weaker method": {breaks: inMFA("SmsMfaConfiguration", members{}), want: "risk weaker-method"},

	"first factors": {
		breaks: both(userAuth, inPool("Policies",
			members{"SignInPolicy": members{"AllowedFirstAuthFactors": []string{"EMAIL_OTP"}}})),
		want: "fails first-factor, note flow-config",
	},
	"plan Lite and USER_AUTH": {
		breaks: both(userAuth, inPool("UserPoolTier", "LITE")), want: "fails plan-lite, note flow-config",
	},
	"plan Lite and levels": {
		breaks: inPool("UserPoolTier", "LITE"), args: "-levels", want: "fails plan-lite",
	},
	"plan Lite without levels": {breaks: inPool("UserPoolTier", "LITE")},
	"levels without USER_AUTH": {args: "-levels", want: "fails levels-flow"},
	"levels": {
		breaks: allow("ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH"), args: "-levels",
	},

	"devices without SRP": {breaks: devices, want: "fails devices-flow"},
	"devices that replace codes": {
		breaks: both(srpOnly, devices), want: "note flow-config, note devices-replace-codes",
		change: "Call RememberDevice",
	},
	"devices that are tracked": {
		breaks: both(srpOnly, inPool("DeviceConfiguration", members{})),
		want:   "note flow-config, note devices-tracked",
	},

	"threat protection, Admin": {
		breaks: inPool("UserPoolAddOns", members{"AdvancedSecurityMode": "AUDIT"}),
		want:   "note threat-context", change: "Set CallOptions.Context",
	},
	"threat protection, public": {
		breaks: both(srpOnly, enforced), args: "-public",
		want: "risk threat-context-dropped, note flow-config",
	},
	"threat protection, public, no secret": {
		breaks: both(srpOnly, enforced, noSecret), args: "-public", env: nothing,
		want: "risk threat-context-dropped, note flow-config", change: "takes an app client with a secret",
	},
	"threat protection, public, passed on": {
		breaks: both(srpOnly, enforced, inClient("EnablePropagateAdditionalUserContextData", true)),
		args:   "-public", want: "note flow-config, note threat-context-passed",
	},
	"threat protection requires MFA": {
		breaks: both(inMFA("MfaConfiguration", "OPTIONAL"), enforced, func(d *described) {
			d.risk["AccountTakeoverRiskConfiguration"] = members{
				"Actions": members{"HighAction": members{"Notify": false, "EventAction": "MFA_REQUIRED"}},
			}
		}),
		want: "note mfa-optional, note threat-context, note threat-mfa-required",
	},
	"leaked passwords and SRP": {
		breaks: both(srpOnly, enforced, func(d *described) {
			d.risk["CompromisedCredentialsRiskConfiguration"] = members{
				"EventFilter": []string{"SIGN_IN"}, "Actions": members{"EventAction": "BLOCK"},
			}
		}),
		want: "note flow-config, note threat-context, note compromised-unchecked",
	},
	"migration and SRP": {
		breaks: both(srpOnly, migrates), want: "risk migration-flow, note flow-config",
	},
	"migration": {breaks: migrates},

	"recovery by SMS": {
		breaks: both(inMFA("MfaConfiguration", "OPTIONAL"), inMFA("SmsMfaConfiguration", members{}),
			recoveredBy("verified_phone_number")),
		want: "risk recovery-channel, note mfa-optional",
	},
	"recovery by email": {
		breaks: both(inMFA("EmailMfaConfiguration", members{}), recoveredBy("verified_email")),
		want:   "risk weaker-method, risk recovery-channel",
	},
	"messages fail": {
		breaks: inPool("SmsConfigurationFailure", "InvalidSmsRoleAccessPolicyException"),
		want:   "risk delivery-failure",
	},
	"open sign-up": {breaks: inPool("AdminCreateUserConfig", nil), want: "note sign-up-open"},
	"required attributes": {
		breaks: inPool("SchemaAttributes",
			[]members{{"Name": "sub", "Required": true}, {"Name": "nickname", "Required": true}}),
		want: "note required-attributes", change: "NewPasswordChallenge.Required",
	},
	"case": {
		breaks: inPool("UsernameConfiguration", members{"CaseSensitive": true}), want: "note case-sensitive",
	},
}

func recoveredBy(names ...string) func(*described) {
	var mechanisms []members
	for i, name := range names {
		mechanisms = append(mechanisms, members{"Priority": i + 1, "Name": name})
	}
	return inPool("AccountRecoverySetting", members{"RecoveryMechanisms": mechanisms})
}

// Each setting, broken once, is found, and nothing else is.
func TestFindings(t *testing.T) {
	t.Parallel()
	for name, c := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := healthy()
			if c.breaks != nil {
				c.breaks(d)
			}
			env := withSecret
			if c.env != nil {
				env = c.env
			}
			r, text := doctor(t, env, append(d.serve(t), strings.Fields(c.args)...)...)
			assert.Equal(t, c.want, strings.Join(r.ids(), ", "), text.out)
			assert.Empty(t, r.Unread)
			want := fine
			if strings.Contains(c.want, "fails ") || strings.Contains(c.want, "risk ") {
				want = found
			}
			assert.Equal(t, want, text.status)
			assert.Contains(t, text.out, c.change)
		})
	}
}

var findingID = regexp.MustCompile(`\bID:\s+"([^"]+)"`)

// Every finding of the sources is broken once above.
func TestFindingsAreTested(t *testing.T) {
	t.Parallel()
	var tested []string
	for _, c := range broken {
		for id := range strings.SplitSeq(c.want, ", ") {
			_, id, _ = strings.Cut(id, " ")
			tested = append(tested, id)
		}
	}
	seen := map[string]bool{}
	for _, name := range []string{"checks.go", "checkpool.go"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, id := range findingID.FindAllStringSubmatch(string(text), -1) {
			assert.False(t, seen[id[1]], "two findings are called %s", id[1])
			seen[id[1]] = true
			assert.Contains(t, tested, id[1])
		}
	}
	assert.Greater(t, len(seen), 30)
}
