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

type members = map[string]any

// poolSettings are the responses of the calls that describe a pool.
type poolSettings struct{ pool, client, mfa, risk members }

// healthy returns settings without findings.
func healthy() *poolSettings {
	return &poolSettings{
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

// serve starts a pool with these settings and returns the flags that select it.
func (d *poolSettings) serve(t *testing.T) []string {
	t.Helper()
	srv := newServer(t, func(o *cognitotest.Options) {
		o.UserPoolID, o.ClientID = "eu-west-1_Doctor", "theclient"
	})
	url := startProxy(t, srv, nil, func(operation string, body map[string]any) bool {
		merge := func(name string, changes members) bool {
			inner, ok := body[name].(map[string]any)
			if !ok {
				clear(body)
				inner = members{}
				body[name] = inner
			}
			for key, value := range changes {
				inner[key] = value
				if value == nil {
					delete(inner, key)
				}
			}
			return true
		}
		switch operation {
		case "DescribeUserPool":
			return merge("UserPool", d.pool)
		case "DescribeUserPoolClient":
			return merge("UserPoolClient", d.client)
		case "DescribeRiskConfiguration":
			return merge("RiskConfiguration", d.risk)
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

type finding struct{ ID, Level, What, Change, Command string }

// report is the JSON output of doctor.
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

// doctor runs the command twice, and checks that its JSON and text outputs agree.
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
		assert.NotContains(t, f.What, "%!", "a format verb without a value")
		assert.NotContains(t, f.Change, "%!")
	}
	return &found, text
}

var withSecret = []string{"COGNITO_CLIENT_SECRET=" + clientSecret}

func TestDoctorFindsNothing(t *testing.T) {
	t.Parallel()
	args := healthy().serve(t)
	r, text := doctor(t, withSecret, args...)
	assert.Empty(t, r.Findings)
	assert.Empty(t, r.Unread)
	assert.Nil(t, r.Policy)
	assert.Equal(t, "FlowPassword", r.Config.Flow)
	assert.Equal(t, fine, text.status)
	assert.Contains(t, text.out, "MFA:         ON TOTP\nplan:        ESSENTIALS\n")
	assert.Contains(t, text.out, "\nNo failures or risks found: "+
		"the library works with this pool and app client as they are.\n")

	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(clientSecret+"\n"), 0o600))
	r, _ = doctor(t, nil, append(args, "-client-secret-file", file)...)
	assert.Empty(t, r.Findings)

	env := append(withSecret, "COGNITO_CLIENT_ID=theclient")
	r, _ = doctor(t, env, slices.Delete(args, 2, 4)...)
	assert.Empty(t, r.Findings)
}

// inPool, inClient and inMFA return a function that changes one setting.
func inPool(name string, value any) func(*poolSettings) {
	return func(d *poolSettings) { d.pool[name] = value }
}

func inClient(name string, value any) func(*poolSettings) {
	return func(d *poolSettings) { d.client[name] = value }
}

func inMFA(name string, value any) func(*poolSettings) {
	return func(d *poolSettings) { d.mfa[name] = value }
}

func all(changes ...func(*poolSettings)) func(*poolSettings) {
	return func(d *poolSettings) {
		for _, change := range changes {
			change(d)
		}
	}
}

func allow(flows ...string) func(*poolSettings) { return inClient("ExplicitAuthFlows", flows) }

var (
	srpOnly  = allow("ALLOW_USER_SRP_AUTH")
	userAuth = allow("ALLOW_USER_AUTH")
	noSecret = inClient("ClientSecret", nil)
	enforced = inPool("UserPoolAddOns", members{"AdvancedSecurityMode": "ENFORCED"})
	devices  = inPool("DeviceConfiguration", members{"ChallengeRequiredOnNewDevice": true})
	migrates = inPool("LambdaConfig", members{"UserMigration": "arn:aws:lambda:x"})
	noEnv    = []string{}
)

// findingCases change healthy settings. Most have findings then; some still have none.
var findingCases = map[string]struct {
	edit   func(*poolSettings)
	args   string
	env    []string // the default is withSecret
	want   string   // the findings, each with its level
	change string   // part of what to change
}{
	"default app client": {edit: inClient("ExplicitAuthFlows", nil), want: "note flow-config"},
	"other flow than wanted": {
		edit: srpOnly, args: "-flow password", want: "fails flow-not-allowed",
		change: "Set Config.Flow to FlowSRP, which is allowed, or allow ALLOW_ADMIN_USER_PASSWORD_AUTH.",
	},
	"public flow not allowed": {
		args: "-public", want: "fails flow-not-allowed", change: "Allow ALLOW_USER_PASSWORD_AUTH.",
	},
	"only custom": {
		edit: allow("CUSTOM_AUTH_FLOW_ONLY"), want: "fails flow-not-allowed",
	},
	"names from before 2020":       {edit: allow("ADMIN_NO_SRP_AUTH")},
	"public name from before 2020": {edit: allow("USER_PASSWORD_AUTH"), args: "-public"},

	"no secret given": {
		env: noEnv, want: "fails secret-missing", change: "Set Config.ClientSecret in the service.",
	},
	"wrong secret": {
		env: []string{"COGNITO_CLIENT_SECRET=wrong"}, want: "fails secret-wrong",
		change: "Set Config.ClientSecret to the app client's secret.",
	},
	"secret not needed": {edit: noSecret, want: "fails secret-unneeded"},
	"no secret": {
		edit: all(noSecret, srpOnly), env: noEnv, want: "note flow-config, note secret-none",
	},
	"no secret, Admin only": {edit: noSecret, env: noEnv},
	"two secrets": {
		edit: inClient("secrets", []members{{"ClientSecretId": "1"}, {"ClientSecretId": "2"}}),
		env:  []string{"COGNITO_CLIENT_SECRET=the-other"}, want: "risk secret-second",
	},

	"users are revealed": {
		edit: inClient("PreventUserExistenceErrors", nil), want: "risk user-existence",
	},
	"no revocation": {edit: inClient("EnableTokenRevocation", false), want: "risk revocation-off"},
	"rotation without grace": {
		edit: inClient("RefreshTokenRotation", members{"Feature": "ENABLED"}),
		want: "risk rotation-without-grace", change: "RetryGracePeriodSeconds, for example to 30",
	},
	"rotation with grace": {
		edit: inClient("RefreshTokenRotation",
			members{"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}),
		want: "note rotation-flow",
	},
	"rotation off":       {edit: inClient("RefreshTokenRotation", members{"Feature": "DISABLED"})},
	"short sessions":     {edit: inClient("AuthSessionValidity", nil), want: "note session-short"},
	"long access tokens": {edit: inClient("AccessTokenValidity", 24), want: "note tokens-long"},
	"long ID tokens": {
		edit: all(inClient("IdTokenValidity", 90),
			inClient("TokenValidityUnits", members{"IdToken": "minutes"})),
		want: "note tokens-long", change: "an hour or less",
	},
	"long refresh tokens": {edit: inClient("RefreshTokenValidity", 365), want: "note refresh-long"},
	"short refresh tokens": {
		edit: all(inClient("RefreshTokenValidity", 3600),
			inClient("TokenValidityUnits", members{"RefreshToken": "seconds"})),
		want: "note refresh-short",
	},
	"tokens without the scope": {
		edit: all(inClient("AllowedOAuthFlowsUserPoolClient", true),
			inClient("AllowedOAuthScopes", []string{"openid"})),
		want: "note scope-missing", change: "add the scope",
	},
	"other providers": {
		edit: inClient("SupportedIdentityProviders", []string{"COGNITO", "Google"}),
		want: "note federation",
	},

	"MFA off": {
		edit: func(d *poolSettings) { d.mfa = members{"MfaConfiguration": "OFF"} },
		want: "fails mfa-off", change: "Turn MFA on with TOTP",
	},
	"MFA off, passkeys": {
		edit: func(d *poolSettings) {
			d.mfa = members{"MfaConfiguration": "OFF", "WebAuthnConfiguration": members{}}
		},
		want: "fails mfa-off",
	},
	"TOTP off": {
		edit: func(d *poolSettings) {
			d.mfa = members{"MfaConfiguration": "OPTIONAL", "SmsMfaConfiguration": members{}}
		},
		want: "fails totp-off",
	},
	"MFA optional":  {edit: inMFA("MfaConfiguration", "OPTIONAL"), want: "note mfa-optional"},
	"weaker method": {edit: inMFA("SmsMfaConfiguration", members{}), want: "risk weaker-method"},

	"first factors": {
		edit: all(userAuth, inPool("Policies",
			members{"SignInPolicy": members{"AllowedFirstAuthFactors": []string{"EMAIL_OTP"}}})),
		want: "fails first-factor, note flow-config",
	},
	"plan Lite and USER_AUTH": {
		edit: all(userAuth, inPool("UserPoolTier", "LITE")), want: "fails plan-lite, note flow-config",
	},
	"plan Lite and levels": {
		edit: inPool("UserPoolTier", "LITE"), args: "-levels", want: "fails plan-lite",
	},
	"plan Lite without levels": {edit: inPool("UserPoolTier", "LITE")},
	"levels without USER_AUTH": {args: "-levels", want: "fails levels-flow"},
	"levels": {
		edit: allow("ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH"), args: "-levels",
	},

	"devices without SRP": {edit: devices, want: "fails devices-flow"},
	"devices that replace codes": {
		edit: all(srpOnly, devices), want: "note flow-config, note devices-replace-codes",
		change: "Call RememberDevice",
	},
	"devices that are tracked": {
		edit: all(srpOnly, inPool("DeviceConfiguration", members{})),
		want: "note flow-config, note devices-tracked",
	},

	"threat protection, Admin": {
		edit: inPool("UserPoolAddOns", members{"AdvancedSecurityMode": "AUDIT"}),
		want: "note threat-context", change: "Set CallOptions.Context",
	},
	"threat protection, public": {
		edit: all(srpOnly, enforced), args: "-public",
		want: "risk threat-context-dropped, note flow-config",
	},
	"threat protection, public, no secret": {
		edit: all(srpOnly, enforced, noSecret), args: "-public", env: noEnv,
		want:   "risk threat-context-dropped, note flow-config",
		change: "requires an app client with a secret",
	},
	"threat protection, public, passed on": {
		edit: all(srpOnly, enforced, inClient("EnablePropagateAdditionalUserContextData", true)),
		args: "-public", want: "note flow-config, note threat-context-passed",
	},
	"threat protection requires MFA": {
		edit: all(inMFA("MfaConfiguration", "OPTIONAL"), enforced, func(d *poolSettings) {
			d.risk["AccountTakeoverRiskConfiguration"] = members{
				"Actions": members{"HighAction": members{"Notify": false, "EventAction": "MFA_REQUIRED"}},
			}
		}),
		want: "note mfa-optional, note threat-context, note threat-mfa-required",
	},
	"leaked passwords and SRP": {
		edit: all(srpOnly, enforced, func(d *poolSettings) {
			d.risk["CompromisedCredentialsRiskConfiguration"] = members{
				"EventFilter": []string{"SIGN_IN"}, "Actions": members{"EventAction": "BLOCK"},
			}
		}),
		want: "note flow-config, note threat-context, note compromised-unchecked",
	},
	"migration and SRP": {
		edit: all(srpOnly, migrates), want: "risk migration-flow, note flow-config",
	},
	"migration": {edit: migrates},

	"recovery by SMS": {
		edit: all(inMFA("MfaConfiguration", "OPTIONAL"), inMFA("SmsMfaConfiguration", members{}),
			recoveredBy("verified_phone_number")),
		want: "risk recovery-channel, note mfa-optional",
	},
	"recovery by email": {
		edit: all(inMFA("EmailMfaConfiguration", members{}), recoveredBy("verified_email")),
		want: "risk weaker-method, risk recovery-channel",
	},
	"messages fail": {
		edit: inPool("SmsConfigurationFailure", "InvalidSmsRoleAccessPolicyException"),
		want: "risk delivery-failure",
	},
	"open sign-up": {edit: inPool("AdminCreateUserConfig", nil), want: "note sign-up-open"},
	"required attributes": {
		edit: inPool("SchemaAttributes",
			[]members{{"Name": "sub", "Required": true}, {"Name": "nickname", "Required": true}}),
		want: "note required-attributes", change: "NewPasswordChallenge.Required",
	},
	"case": {
		edit: inPool("UsernameConfiguration", members{"CaseSensitive": true}),
		want: "note case-sensitive",
	},
}

func recoveredBy(names ...string) func(*poolSettings) {
	var mechanisms []members
	for i, name := range names {
		mechanisms = append(mechanisms, members{"Priority": i + 1, "Name": name})
	}
	return inPool("AccountRecoverySetting", members{"RecoveryMechanisms": mechanisms})
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for name, c := range findingCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := healthy()
			if c.edit != nil {
				c.edit(d)
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

// Every finding in the source has a case above.
func TestFindingsAreTested(t *testing.T) {
	t.Parallel()
	var tested []string
	for _, c := range findingCases {
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
			assert.False(t, seen[id[1]], "two findings have the ID %s", id[1])
			seen[id[1]] = true
			assert.Contains(t, tested, id[1])
		}
	}
	assert.Greater(t, len(seen), 30)
}
