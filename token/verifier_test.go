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
	got, err := v.VerifyAccess(t.Context(), access(m{
		"acr": "urn:cognito:loa:4", "amr": []string{"pwd", "otp", "mfa"},
	}))
	require.NoError(t, err)

	raw := got.Raw()
	assert.Equal(t, json.Number("2"), raw["version"])
	assert.Equal(t, "alice", raw["username"])
	assert.Len(t, raw, len(accessClaims())+2)
	raw["username"] = "mallory"
	assert.Equal(t, "alice", got.Raw()["username"], "each call returns a new map")

	assert.Equal(t, testSub, got.Subject)
	assert.Equal(t, "alice", got.Username)
	assert.Equal(t, testClient, got.ClientID)
	assert.Equal(t, []string{"staff", "admins"}, got.Groups)
	assert.Equal(t, testIssuer, got.Issuer)
	assert.Equal(t, "jti-1", got.ID)
	assert.Equal(t, "origin-1", got.OriginJTI)
	assert.Equal(t, "event-1", got.EventID)
	assert.Equal(t, "urn:cognito:loa:4", got.ACR)
	assert.Equal(t, []string{"pwd", "otp", "mfa"}, got.AMR)
	assert.Equal(t, testNow.Add(-2*time.Minute), got.AuthTime)
	assert.Equal(t, testNow.Add(-time.Minute), got.IssuedAt)
	assert.Equal(t, testNow.Add(time.Hour), got.ExpiresAt)
	assert.Equal(t, []string{"aws.cognito.signin.user.admin", "example/read"}, got.Scopes)
	assert.Equal(t, "eu-west-1_device", got.DeviceKey)
}

func TestVerifyID(t *testing.T) {
	v := newVerifier(t, staticConfig())
	got, err := v.VerifyID(t.Context(), sign(goodHeader(), with(idClaims(), m{
		"acr": "urn:cognito:loa:1", "amr": []string{"pwd"},
	})))
	require.NoError(t, err)

	assert.Len(t, got.Raw(), len(idClaims())+2)
	assert.Equal(t, testSub, got.Subject)
	assert.Equal(t, "alice", got.Username)
	assert.Equal(t, testClient, got.ClientID)
	assert.Equal(t, []string{"staff", "admins"}, got.Groups)
	assert.Equal(t, "urn:cognito:loa:1", got.ACR)
	assert.Equal(t, []string{"pwd"}, got.AMR)
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

// Tokens are accepted without claims that Cognito may omit, and with unusual ones that it may have.
func TestAccepted(t *testing.T) {
	v := newVerifier(t, staticConfig())
	groups := make([]string, 1000)
	for i := range groups {
		groups[i] = "group"
	}
	later := testNow.Unix() + 300
	nested := m{"y": []any{1.5, nil, true, "}]\"\\"}}
	changes := map[string]m{
		"the updated issuer":        {"iss": "https://" + updatedHost + "/" + testPool},
		"no groups":                 {"cognito:groups": nil},
		"no scope":                  {"scope": nil},
		"no IDs":                    {"jti": nil, "origin_jti": nil, "event_id": nil},
		"no time of the sign-in":    {"auth_time": nil},
		"no user":                   {"username": nil, "cognito:username": nil},
		"empty groups":              {"cognito:groups": []string{}},
		"1,000 groups":              {"cognito:groups": groups},
		"the last second":           {"exp": testNow.Unix() + 1},
		"the last date":             {"exp": int64(253402300799)},
		"the first moment of nbf":   {"nbf": testNow.Unix()},
		"a clock that is behind":    {"iat": later, "auth_time": later},
		"claims of a trigger":       {"x": nested, "": "", "É": -1e3, "exp ": 1},
		"names in upper case":       {"EXP": 1, "ISS": "x", "AUD": "x", "TOKEN_USE": "x"},
		"another type in custom:":   {"custom:x": m{"y": "z"}},
		"a level as a number":       {"acr": 4, "amr": "pwd"},
		"a level that is null":      {"acr": null, "amr": []any{nil}},
		"an audience for resources": {"resource": []string{"https://api.example.com"}},
	}
	space := strings.NewReplacer(
		`":`, "\" :\n ", `,"`, " ,\r\n\"", "{", "{ ", "}", " }", "[", "[ ", "]", " ]")
	spellings := map[string]func(string) string{
		"escaped slashes": func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
		"escaped names": func(s string) string {
			return strings.Replace(s, `"exp"`, `"\u0065x\u0070"`, 1)
		},
		"white space": func(s string) string { return "\t" + space.Replace(s) + " " },
	}
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for name, c := range changes {
				t.Run(name, func(t *testing.T) {
					require.NoError(t, k.verify(v, t.Context(), k.token(c)))
				})
			}
			for name, spell := range spellings {
				t.Run(name, func(t *testing.T) {
					header, claims := spell(toJSON(goodHeader())), spell(toJSON(k.claims()))
					raw := signText(poolKey(), header, claims)
					require.NoError(t, k.verify(v, t.Context(), raw))
				})
			}
		})
	}
}

func TestAccessTokenMayHaveAudience(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, aud := range []any{"https://api.example.com", []string{"https://api.example.com"}} {
		_, err := v.VerifyAccess(t.Context(), access(m{"aud": aud}))
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
				err := k.verify(v, t.Context(), k.token(m{tt.claim: testNow.Unix() + tt.offset}))
				require.ErrorIs(t, err, tt.want, "%s %+d", tt.claim, tt.offset)
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
			good := k.token(m{"iat": now, "exp": now + 3600})
			require.NoError(t, k.verify(v, t.Context(), good))
			over := k.token(m{"exp": now - 1})
			require.ErrorIs(t, k.verify(v, t.Context(), over), token.ErrExpired)
		})
	}
}

func TestClients(t *testing.T) {
	several, anyone := staticConfig(), staticConfig()
	several.ClientIDs = []string{"2example23456789", testClient}
	anyone.ClientIDs, anyone.AnyClient = nil, true
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for _, tt := range []struct {
				name   string
				cfg    token.Config
				client any
				want   error
			}{
				{"the first", several, "2example23456789", nil},
				{"the second", several, testClient, nil},
				{"neither", several, "3example23456789", token.ErrClient},
				{"any", anyone, "3example23456789", nil},
				{"none, although every token has one", anyone, nil, token.ErrClient},
				{"a list", anyone, []string{testClient}, token.ErrMalformed},
			} {
				t.Run(tt.name, func(t *testing.T) {
					v := newVerifier(t, tt.cfg)
					err := k.verify(v, t.Context(), k.token(m{k.client: tt.client}))
					require.ErrorIs(t, err, tt.want)
				})
			}
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
				err := k.verify(v, t.Context(), k.token(m{"cognito:groups": tt.groups}))
				require.ErrorIs(t, err, tt.want, "%v", tt.groups)
			}
		})
	}
}

// Only the ASCII space separates scopes (RFC 6749, section 3.3).
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
		{" openid  example/read ", nil},
		{"openid", token.ErrScope},
		{"example/reads example/rea Example/read", token.ErrScope},
		{"example/read,example/write", token.ErrScope},
		{"openid\texample/read", token.ErrScope},
		{"openid\nexample/read", token.ErrScope},
		{"openid\vexample/read", token.ErrScope},
		{"openid\u0085example/read", token.ErrScope},
		{"openid\u00a0example/read", token.ErrScope},
		{"openid\u2028example/read", token.ErrScope},
		{"openid\u3000example/read", token.ErrScope},
		{"", token.ErrScope},
		{nil, token.ErrScope},
		{[]string{"example/read"}, token.ErrMalformed},
	} {
		claims, err := v.VerifyAccess(t.Context(), access(m{"scope": tt.scope}))
		require.ErrorIs(t, err, tt.want, "%q", tt.scope)
		require.Equal(t, tt.want == nil, claims != nil, "%q", tt.scope)
	}
	_, err := v.VerifyID(t.Context(), sign(goodHeader(), idClaims()))
	require.NoError(t, err, "ID tokens have no scopes")
}

// Each of Cognito's own claims has a fixed type.
func TestIDClaimsOfOtherTypes(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for name, value := range (m{
		"nonce": true, "cognito:roles": "role", "cognito:preferred_role": 2, "cognito:groups": null,
	}) {
		raw := sign(goodHeader(), with(idClaims(), m{name: value}))
		_, err := v.VerifyID(t.Context(), raw)
		requireRefused(t, token.ErrMalformed, err, raw)
	}
}

// Attributes of unexpected types do not invalidate the token: the field is empty, but Raw has them.
func TestOddAttributes(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, odd := range []any{7, true, null, []string{"a@example.com"}, m{"a": "b"}} {
		got, err := v.VerifyID(t.Context(), sign(goodHeader(), with(idClaims(), m{
			"name": odd, "email": odd, "phone_number": odd, "custom:tenant": odd,
		})))
		require.NoError(t, err, "%v", odd)
		assert.Empty(t, got.Name, "%v", odd)
		assert.Empty(t, got.Email, "%v", odd)
		assert.Empty(t, got.PhoneNumber, "%v", odd)
		assert.Nil(t, got.Custom, "%v", odd)
		assert.JSONEq(t, toJSON(odd), toJSON(got.Raw()["email"]))
	}
}

func TestFlags(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, tt := range []struct {
		value any
		want  bool
	}{
		{true, true},
		{"true", true},
		{"True", true},
		{"TRUE", true},
		{false, false},
		{"false", false},
		{nil, false},
		{null, false},
		{"", false},
		{"1", false},
		{1, false},
		{"yes", false},
		{"true ", false},
		{[]bool{true}, false},
	} {
		got, err := v.VerifyID(t.Context(), sign(goodHeader(), with(idClaims(), m{
			"email_verified": tt.value, "phone_number_verified": tt.value,
		})))
		require.NoError(t, err)
		assert.Equal(t, tt.want, got.EmailVerified, "%v", tt.value)
		assert.Equal(t, tt.want, got.PhoneNumberVerified, "%v", tt.value)
	}
}

func TestCustomAttributes(t *testing.T) {
	v := newVerifier(t, staticConfig())
	got, err := v.VerifyID(t.Context(), sign(goodHeader(), with(idClaims(), m{
		"custom:tenant": "grün\n", "custom:": "empty", "custom:count": 1, "customer": "x",
	})))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"tenant": "grün\n", "": "empty"}, got.Custom)

	got, err = v.VerifyID(t.Context(),
		sign(goodHeader(), with(idClaims(), m{"custom:tenant": nil})))
	require.NoError(t, err)
	assert.Nil(t, got.Custom)
}

// The keys and settings of one pool do not apply to another.
func TestSeveralPools(t *testing.T) {
	const (
		host       = "https://cognito-idp.us-east-1.amazonaws.com/"
		blueIssuer = host + "us-east-1_Blue00000"
		redIssuer  = host + "us-east-1_Red000000"
		blueClient = "blueclient"
	)
	staff := []string{"staff"}
	v := newVerifier(t, staticConfig(), token.Config{
		UserPoolID: "us-east-1_Blue00000", ClientIDs: []string{blueClient}, Groups: staff,
		JWKS: jwks(jwk(testKID, &strangerKey().PublicKey)), Now: clock,
	})
	for _, tt := range []struct {
		name   string
		issuer string
		client string
		groups any
		blue   bool // signed with the blue pool's key
		want   error
	}{
		{"green", testIssuer, testClient, nil, false, nil},
		{"blue", blueIssuer, blueClient, staff, true, nil},
		{"green, by the blue key", testIssuer, testClient, nil, true, token.ErrSignature},
		{"blue, by the green key", blueIssuer, blueClient, staff, false, token.ErrSignature},
		{"blue, for green's client", blueIssuer, testClient, staff, true, token.ErrClient},
		{"blue, without the group", blueIssuer, blueClient, nil, true, token.ErrGroup},
		{"neither", redIssuer, blueClient, staff, true, token.ErrIssuer},
	} {
		for _, k := range testKinds() {
			t.Run(tt.name+"/"+k.name, func(t *testing.T) {
				key := poolKey()
				if tt.blue {
					key = strangerKey()
				}
				raw := signText(key, toJSON(goodHeader()), toJSON(with(k.claims(), m{
					"iss": tt.issuer, k.client: tt.client, "cognito:groups": tt.groups,
				})))
				require.ErrorIs(t, k.verify(v, t.Context(), raw), tt.want)
			})
		}
	}
}
