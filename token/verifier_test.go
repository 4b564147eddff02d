package token_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

func TestVerifyAccess(t *testing.T) {
	v := newVerifier(t, staticConfig())
	got, err := v.VerifyAccess(t.Context(), sign(goodHeader(), accessClaims()))
	require.NoError(t, err)

	raw := got.Raw()
	assert.Equal(t, json.Number("2"), raw["version"])
	assert.Equal(t, "alice", raw["username"])
	assert.Len(t, raw, len(accessClaims()))
	raw["username"] = "mallory"
	assert.Equal(t, "alice", got.Raw()["username"], "each call gives a new map")

	assert.Equal(t, testSub, got.Subject)
	assert.Equal(t, "alice", got.Username)
	assert.Equal(t, testClient, got.ClientID)
	assert.Equal(t, []string{"staff", "admins"}, got.Groups)
	assert.Equal(t, testIssuer, got.Issuer)
	assert.Equal(t, "jti-1", got.ID)
	assert.Equal(t, "origin-1", got.OriginJTI)
	assert.Equal(t, "event-1", got.EventID)
	assert.Equal(t, testNow.Add(-2*time.Minute), got.AuthTime)
	assert.Equal(t, testNow.Add(-time.Minute), got.IssuedAt)
	assert.Equal(t, testNow.Add(time.Hour), got.ExpiresAt)
	assert.Equal(t, []string{"aws.cognito.signin.user.admin", "example/read"}, got.Scopes)
	assert.Equal(t, "eu-west-1_device", got.DeviceKey)
}

func TestVerifyID(t *testing.T) {
	v := newVerifier(t, staticConfig())
	got, err := v.VerifyID(t.Context(), sign(goodHeader(), idClaims()))
	require.NoError(t, err)

	assert.Len(t, got.Raw(), len(idClaims()))
	assert.Equal(t, testSub, got.Subject)
	assert.Equal(t, "alice", got.Username)
	assert.Equal(t, testClient, got.ClientID)
	assert.Equal(t, []string{"staff", "admins"}, got.Groups)
	assert.Equal(t, "Alice", got.Name)
	assert.Equal(t, "alice@example.com", got.Email)
	assert.True(t, got.EmailVerified)
	assert.Equal(t, "+441632960001", got.PhoneNumber)
	assert.False(t, got.PhoneNumberVerified)
	assert.Equal(t, "n-1", got.Nonce)
	assert.Equal(t, []string{"arn:aws:iam::123456789012:role/staff"}, got.Roles)
	assert.Equal(t, "arn:aws:iam::123456789012:role/staff", got.PreferredRole)
	assert.Equal(t, map[string]string{"tenant": "blue"}, got.Custom)
}

// What Cognito may leave out, or writes in its own way, is no reason to refuse a token.
func TestAccepted(t *testing.T) {
	v := newVerifier(t, staticConfig())
	big := make([]string, 1000)
	for i := range big {
		big[i] = "group"
	}
	type changes = map[string]any
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for name, c := range map[string]changes{
				"the updated issuer":        {"iss": "https://issuer-cognito-idp.eu-west-1.amazonaws.com/" + testPool},
				"no optional claims":        {"cognito:groups": nil, "jti": nil, "origin_jti": nil, "event_id": nil, "auth_time": nil, "scope": nil},
				"no user":                   {"username": nil, "cognito:username": nil},
				"empty groups":              {"cognito:groups": []string{}},
				"1,000 groups":              {"cognito:groups": big},
				"the last second":           {"exp": testNow.Unix() + 1},
				"the last date":             {"exp": int64(253402300799)},
				"the first moment of nbf":   {"nbf": testNow.Unix()},
				"a clock that is behind":    {"iat": testNow.Unix() + 300, "auth_time": testNow.Unix() + 300},
				"claims of a trigger":       {"x": changes{"y": []any{1.5, nil, true, "}]\"\\"}}, "": "", "É": -1e3, "exp ": 1},
				"names in upper case":       {"EXP": 1, "ISS": "x", "Client_ID": "x", "AUD": "x", "TOKEN_USE": "x"},
				"another type in custom:":   {"custom:x": changes{"y": "z"}},
				"an audience for resources": {"resource": []string{"https://api.example.com"}},
			} {
				t.Run(name, func(t *testing.T) {
					require.NoError(t, k.verify(v, t.Context(), sign(goodHeader(), with(k.claims(), c))))
				})
			}
			for name, spell := range map[string]func(string) string{
				"escaped slashes": func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
				"escaped names":   func(s string) string { return strings.Replace(s, `"exp"`, `"\u0065x\u0070"`, 1) },
				"white space": func(s string) string {
					return "\t" + strings.NewReplacer(`":`, "\" :\n ", `,"`, " ,\r\n\"", "{", "{ ", "}", " }", "[", "[ ", "]", " ]").Replace(s) + " "
				},
			} {
				t.Run(name, func(t *testing.T) {
					require.NoError(t, k.verify(v, t.Context(), signText(poolKey(), spell(toJSON(goodHeader())), spell(toJSON(k.claims())))))
				})
			}
		})
	}
}

func TestAccessTokenMayHaveAudience(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, aud := range []any{"https://api.example.com", []string{"https://api.example.com"}} {
		_, err := v.VerifyAccess(t.Context(), sign(goodHeader(), with(accessClaims(), map[string]any{"aud": aud})))
		require.NoError(t, err)
	}
}

func TestClaimsWithoutToken(t *testing.T) {
	assert.Nil(t, (&token.Claims{}).Raw())
}

func TestLeeway(t *testing.T) {
	cfg := staticConfig()
	cfg.Leeway = 10 * time.Minute
	v := newVerifier(t, cfg)
	at := func(offset int64) int64 { return testNow.Unix() + offset }
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for _, tt := range []struct {
				claim  string
				offset int64
				want   error
			}{
				{"exp", -599, nil},
				{"exp", -600, token.ErrExpired},
				{"nbf", 600, nil},
				{"nbf", 601, token.ErrNotYetValid},
				{"iat", 600, nil},
				{"iat", 601, token.ErrNotYetValid},
				{"auth_time", 600, nil},
				{"auth_time", 601, token.ErrNotYetValid},
			} {
				raw := sign(goodHeader(), with(k.claims(), map[string]any{tt.claim: at(tt.offset)}))
				require.ErrorIs(t, k.verify(v, t.Context(), raw), tt.want, "%s %+d", tt.claim, tt.offset)
			}
		})
	}
}

func TestDefaultClock(t *testing.T) {
	cfg := staticConfig()
	cfg.Now = nil
	v := newVerifier(t, cfg)
	now := time.Now().Unix()
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			require.NoError(t, k.verify(v, t.Context(), sign(goodHeader(), with(k.claims(), map[string]any{"iat": now, "exp": now + 3600}))))
			raw := sign(goodHeader(), with(k.claims(), map[string]any{"exp": now - 1}))
			require.ErrorIs(t, k.verify(v, t.Context(), raw), token.ErrExpired)
		})
	}
}

func TestClients(t *testing.T) {
	several, anyone := staticConfig(), staticConfig()
	several.ClientIDs = []string{"2example23456789", testClient}
	anyone.ClientIDs, anyone.AnyClient = nil, true
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			of := func(client any) string { return sign(goodHeader(), with(k.claims(), map[string]any{k.client: client})) }

			v := newVerifier(t, several)
			require.NoError(t, k.verify(v, t.Context(), of(testClient)))
			require.NoError(t, k.verify(v, t.Context(), of("2example23456789")))
			require.ErrorIs(t, k.verify(v, t.Context(), of("3example23456789")), token.ErrClient)

			v = newVerifier(t, anyone)
			require.NoError(t, k.verify(v, t.Context(), of("3example23456789")))
			require.ErrorIs(t, k.verify(v, t.Context(), of(nil)), token.ErrClient, "a token is always some client's")
			require.ErrorIs(t, k.verify(v, t.Context(), of([]string{testClient})), token.ErrMalformed)
		})
	}
}

func TestGroups(t *testing.T) {
	cfg := staticConfig()
	cfg.Groups = []string{"admins", "owners"}
	v := newVerifier(t, cfg)
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for _, tt := range []struct {
				groups any
				want   error
			}{
				{[]string{"staff", "admins"}, nil},
				{[]string{"owners"}, nil},
				{[]string{"staff"}, token.ErrGroup},
				{[]string{"Admins"}, token.ErrGroup},
				{[]string{"admins,owners", "admins "}, token.ErrGroup},
				{[]string{}, token.ErrGroup},
				{nil, token.ErrGroup},
			} {
				raw := sign(goodHeader(), with(k.claims(), map[string]any{"cognito:groups": tt.groups}))
				require.ErrorIs(t, k.verify(v, t.Context(), raw), tt.want, "%v", tt.groups)
			}
		})
	}
}

func TestScopes(t *testing.T) {
	cfg := staticConfig()
	cfg.Scopes = []string{"example/read", "example/write"}
	v := newVerifier(t, cfg)
	for _, tt := range []struct {
		scope any
		want  error
	}{
		{"openid example/write", nil},
		{"example/read", nil},
		{"openid", token.ErrScope},
		{"example/reads example/rea Example/read", token.ErrScope},
		{"example/read,example/write", token.ErrScope},
		{"", token.ErrScope},
		{nil, token.ErrScope},
		{[]string{"example/read"}, token.ErrMalformed},
	} {
		raw := sign(goodHeader(), with(accessClaims(), map[string]any{"scope": tt.scope}))
		_, err := v.VerifyAccess(t.Context(), raw)
		require.ErrorIs(t, err, tt.want, "%v", tt.scope)
	}
	_, err := v.VerifyID(t.Context(), sign(goodHeader(), idClaims()))
	require.NoError(t, err, "ID tokens have no scopes")
}

func TestIDClaimsOfOtherTypes(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for name, value := range map[string]any{
		"email": 1, "email_verified": "yes", "phone_number": []string{}, "phone_number_verified": 1, "name": null,
		"nonce": true, "cognito:roles": "role", "cognito:preferred_role": 2,
	} {
		raw := sign(goodHeader(), with(idClaims(), map[string]any{name: value}))
		_, err := v.VerifyID(t.Context(), raw)
		requireRefused(t, token.ErrMalformed, err, raw)
	}
}

func TestFlagsAsText(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, tt := range []struct {
		value any
		want  bool
	}{{true, true}, {"true", true}, {false, false}, {"false", false}, {nil, false}} {
		raw := sign(goodHeader(), with(idClaims(), map[string]any{"email_verified": tt.value, "phone_number_verified": tt.value}))
		got, err := v.VerifyID(t.Context(), raw)
		require.NoError(t, err)
		assert.Equal(t, tt.want, got.EmailVerified, "%v", tt.value)
		assert.Equal(t, tt.want, got.PhoneNumberVerified, "%v", tt.value)
	}
}

func TestCustomAttributes(t *testing.T) {
	v := newVerifier(t, staticConfig())
	got, err := v.VerifyID(t.Context(), sign(goodHeader(), with(idClaims(), map[string]any{
		"custom:tenant": "grün\n", "custom:": "empty", "custom:count": 1, "customer": "x",
	})))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"tenant": "grün\n", "": "empty"}, got.Custom)

	got, err = v.VerifyID(t.Context(), sign(goodHeader(), with(idClaims(), map[string]any{"custom:tenant": nil})))
	require.NoError(t, err)
	assert.Nil(t, got.Custom)
}

func TestSeveralPools(t *testing.T) {
	const blueIssuer, blueClient = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Blue00000", "blueclient"
	green := staticConfig()
	blue := token.Config{
		UserPoolID: "us-east-1_Blue00000", ClientIDs: []string{blueClient}, Groups: []string{"staff"}, Now: clock,
		JWKS: jwks(jwk(testKID, &strangerKey().PublicKey)),
	}
	v := newVerifier(t, green, blue)
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			verify := func(issuer, client string, group any, blueKey bool) error {
				key := poolKey()
				if blueKey {
					key = strangerKey()
				}
				claims := with(k.claims(), map[string]any{"iss": issuer, k.client: client, "cognito:groups": group})
				return k.verify(v, t.Context(), signText(key, toJSON(goodHeader()), toJSON(claims)))
			}
			require.NoError(t, verify(testIssuer, testClient, nil, false))
			require.NoError(t, verify(blueIssuer, blueClient, []string{"staff"}, true))
			require.ErrorIs(t, verify(testIssuer, testClient, nil, true), token.ErrSignature, "one pool's key signs for that pool only")
			require.ErrorIs(t, verify(blueIssuer, blueClient, nil, false), token.ErrSignature)
			require.ErrorIs(t, verify(blueIssuer, testClient, []string{"staff"}, true), token.ErrClient, "and so do its settings")
			require.ErrorIs(t, verify(blueIssuer, blueClient, nil, true), token.ErrGroup)
			require.ErrorIs(t, verify("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Red000000", blueClient, nil, true), token.ErrIssuer)
		})
	}
}

func TestIssuers(t *testing.T) {
	tests := []struct {
		name           string
		cfg            token.Config
		accepts, other string
	}{
		{
			"region of the pool id",
			token.Config{UserPoolID: testPool},
			testIssuer,
			"https://cognito-idp.us-east-1.amazonaws.com/" + testPool,
		},
		{
			"region given",
			token.Config{UserPoolID: testPool, Region: "us-east-1"},
			"https://cognito-idp.us-east-1.amazonaws.com/" + testPool, testIssuer,
		},
		{
			"updated, region given",
			token.Config{UserPoolID: testPool, Region: "us-east-1"},
			"https://issuer-cognito-idp.us-east-1.amazonaws.com/" + testPool, testIssuer,
		},
		{
			"China",
			token.Config{UserPoolID: "cn-north-1_Example00"},
			"https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_Example00",
			"https://cognito-idp.cn-north-1.amazonaws.com/cn-north-1_Example00",
		},
		{
			"given",
			token.Config{UserPoolID: testPool, Issuers: []string{"x", "http://127.0.0.1:9229/" + testPool}},
			"http://127.0.0.1:9229/" + testPool, testIssuer,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.AnyClient, tt.cfg.JWKS, tt.cfg.Now = true, poolJWKS(), clock
			v := newVerifier(t, tt.cfg)
			for _, k := range testKinds() {
				t.Run(k.name, func(t *testing.T) {
					of := func(iss string) string { return sign(goodHeader(), with(k.claims(), map[string]any{"iss": iss})) }
					require.NoError(t, k.verify(v, t.Context(), of(tt.accepts)))
					require.ErrorIs(t, k.verify(v, t.Context(), of(tt.other)), token.ErrIssuer)
				})
			}
		})
	}
}

func TestConfig(t *testing.T) {
	tests := []struct {
		name   string
		change func(c *token.Config)
		want   string
	}{
		{"no pool", func(c *token.Config) { c.UserPoolID = "" }, "UserPoolID"},
		{"a pool without a region", func(c *token.Config) { c.UserPoolID = "Example00" }, "UserPoolID"},
		{"a pool without an id", func(c *token.Config) { c.UserPoolID = "eu-west-1_" }, "UserPoolID"},
		{"a pool with an empty region", func(c *token.Config) { c.UserPoolID = "_Example00" }, "UserPoolID"},
		{"a pool with a path", func(c *token.Config) { c.UserPoolID = "eu-west-1_x/../y" }, "UserPoolID"},
		{"a pool with a line break", func(c *token.Config) { c.UserPoolID += "\n" }, "UserPoolID"},
		{"a region with a host", func(c *token.Config) { c.Region = "attacker.example/" }, "region"},
		{"no client", func(c *token.Config) { c.ClientIDs = nil }, "ClientIDs"},
		{"one client and any", func(c *token.Config) { c.AnyClient = true }, "AnyClient"},
		{"an empty client", func(c *token.Config) { c.ClientIDs = []string{testClient, ""} }, "empty"},
		{"an empty group", func(c *token.Config) { c.Groups = []string{""} }, "empty"},
		{"an empty scope", func(c *token.Config) { c.Scopes = []string{""} }, "empty"},
		{"an empty issuer", func(c *token.Config) { c.Issuers = []string{""} }, "empty"},
		{"an issuer twice", func(c *token.Config) { c.Issuers = []string{"x", "x"} }, "twice"},
		{"a negative leeway", func(c *token.Config) { c.Leeway = -1 }, "leeway"},
		{"keys that are none", func(c *token.Config) { c.JWKS = []byte{} }, "JWKS"},
		{"an address without a scheme", func(c *token.Config) { c.JWKSURL = "127.0.0.1/jwks.json" }, "JWKSURL"},
		{"an address without a host", func(c *token.Config) { c.JWKSURL = "https:///jwks.json" }, "JWKSURL"},
		{"a file", func(c *token.Config) { c.JWKSURL = "file:///etc/passwd" }, "JWKSURL"},
		{"an address that is none", func(c *token.Config) { c.JWKSURL = "http://[::1" }, "JWKSURL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := staticConfig()
			tt.change(&cfg)
			_, err := token.NewVerifier(cfg)
			require.ErrorContains(t, err, "token: config: ")
			require.ErrorContains(t, err, tt.want)
		})
	}
	t.Run("a pool twice", func(t *testing.T) {
		_, err := token.NewVerifier(staticConfig(), staticConfig())
		require.ErrorContains(t, err, "twice")
	})
}

func TestConfigIsCopied(t *testing.T) {
	cfg := staticConfig()
	cfg.Groups, cfg.Scopes, cfg.Issuers = []string{"staff"}, []string{"example/read"}, []string{testIssuer}
	v := newVerifier(t, cfg)
	cfg.ClientIDs[0], cfg.Groups[0], cfg.Scopes[0], cfg.Issuers[0], cfg.JWKS[0] = "", "", "", "", 0
	_, err := v.VerifyAccess(t.Context(), sign(goodHeader(), accessClaims()))
	require.NoError(t, err)
}
