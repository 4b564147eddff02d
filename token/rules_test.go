package token_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

// The level must be in the list. A token without a level is rejected.
func TestACR(t *testing.T) {
	cfg := staticConfig()
	cfg.ACR = []string{"urn:cognito:loa:4", "urn:cognito:loa:3"}
	v := newVerifier(t, cfg)
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for _, tt := range []struct {
				acr  any
				want error
			}{
				{"urn:cognito:loa:4", nil},
				{"urn:cognito:loa:3", nil},
				{"urn:cognito:loa:2", token.ErrACR},
				{"urn:cognito:loa:5", token.ErrACR},
				{"URN:cognito:loa:4", token.ErrACR},
				{"urn:cognito:loa:4 ", token.ErrACR},
				{"urn:cognito:loa:4 urn:cognito:loa:3", token.ErrACR},
				{[]string{"urn:cognito:loa:4"}, token.ErrACR},
				{4, token.ErrACR},
				{true, token.ErrACR},
				{null, token.ErrACR},
				{"", token.ErrACR},
				{nil, token.ErrACR},
			} {
				raw := k.token(m{"acr": tt.acr, "amr": []string{"pwd", "otp", "mfa"}})
				err := k.verify(v, t.Context(), raw)
				if tt.want == nil {
					require.NoError(t, err, "%v", tt.acr)
				} else {
					requireRefused(t, tt.want, err, raw)
				}
			}
			raw := k.token(m{"acr": nil, "ACR": "urn:cognito:loa:4"})
			requireRefused(t, token.ErrACR, k.verify(v, t.Context(), raw), raw)
		})
	}
}

// The sign-in may be as old as MaxAge plus Leeway. A token without auth_time is rejected.
func TestMaxAge(t *testing.T) {
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for _, tt := range []struct {
				leeway   time.Duration
				authTime any
				want     error
			}{
				{0, testNow.Unix(), nil},
				{0, testNow.Unix() - 300, nil},
				{0, testNow.Unix() - 301, token.ErrMaxAge},
				{0, testNow.Unix() + 300, nil}, // The issuer's clock is ahead.
				{time.Minute, testNow.Unix() - 360, nil},
				{time.Minute, testNow.Unix() - 361, token.ErrMaxAge},
				{0, 0, token.ErrMaxAge},
				{0, nil, token.ErrMaxAge},
				{0, null, token.ErrMalformed},
			} {
				cfg := staticConfig()
				cfg.MaxAge, cfg.Leeway = 5*time.Minute, tt.leeway
				raw := k.token(m{"auth_time": tt.authTime})
				err := k.verify(newVerifier(t, cfg), t.Context(), raw)
				if tt.want == nil {
					require.NoError(t, err, "%v", tt.authTime)
				} else {
					requireRefused(t, tt.want, err, raw)
				}
			}
		})
	}
}

// A refreshed token still has the time of the original sign-in.
func TestMaxAgeAfterRefresh(t *testing.T) {
	cfg := staticConfig()
	cfg.MaxAge = time.Hour
	_, err := newVerifier(t, cfg).VerifyAccess(t.Context(), access(m{
		"auth_time": testNow.Add(-2 * time.Hour).Unix(), "iat": testNow.Unix(),
	}))
	requireOnly(t, token.ErrMaxAge, err)
}

func TestWith(t *testing.T) {
	cfg := staticConfig()
	cfg.Groups, cfg.Scopes = []string{"staff"}, []string{"read", "write"}
	cfg.ACR, cfg.MaxAge = []string{"4", "3"}, time.Hour
	base := newVerifier(t, cfg)
	good := m{
		"cognito:groups": []string{"staff"}, "scope": "read", "acr": "3",
		"auth_time": testNow.Add(-time.Hour).Unix(),
	}
	for _, tt := range []struct {
		name    string
		more    token.Requirements
		changes m
		want    error
	}{
		{"nothing more", token.Requirements{}, nil, nil},
		{"nothing less: group", token.Requirements{}, m{"cognito:groups": nil}, token.ErrGroup},
		{"nothing less: scope", token.Requirements{}, m{"scope": nil}, token.ErrScope},
		{"nothing less: level", token.Requirements{}, m{"acr": nil}, token.ErrACR},
		{"nothing less: age", token.Requirements{}, m{"auth_time": nil}, token.ErrMaxAge},

		{"a group", token.Requirements{Groups: []string{"admins"}}, nil, token.ErrGroup},
		{
			"a group instead",
			token.Requirements{Groups: []string{"admins"}},
			m{"cognito:groups": []string{"admins"}},
			token.ErrGroup,
		},
		{
			"both groups",
			token.Requirements{Groups: []string{"admins"}},
			m{"cognito:groups": []string{"admins", "staff"}},
			nil,
		},
		{"a scope", token.Requirements{Scopes: []string{"write"}}, nil, token.ErrScope},
		{
			"that scope",
			token.Requirements{Scopes: []string{"write"}},
			m{"scope": "write"},
			nil,
		},
		{
			"both scopes",
			token.Requirements{Scopes: []string{"delete"}},
			m{"scope": "delete write"},
			nil,
		},
		{"a level", token.Requirements{ACR: []string{"4"}}, nil, token.ErrACR},
		{"that level", token.Requirements{ACR: []string{"4"}}, m{"acr": "4"}, nil},
		{"more levels", token.Requirements{ACR: []string{"2", "3"}}, nil, nil},
		{"more levels", token.Requirements{ACR: []string{"2", "3"}}, m{"acr": "2"}, token.ErrACR},
		{"an age", token.Requirements{MaxAge: time.Minute}, nil, token.ErrMaxAge},
		{
			"that age",
			token.Requirements{MaxAge: time.Minute},
			m{"auth_time": testNow.Add(-time.Minute).Unix()},
			nil,
		},
		{
			"a longer age",
			token.Requirements{MaxAge: 2 * time.Hour},
			m{"auth_time": testNow.Add(-time.Hour).Unix() - 1},
			token.ErrMaxAge,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := base.With(tt.more)
			require.NoError(t, err)
			raw := sign(goodHeader(), with(with(accessClaims(), good), tt.changes))
			_, err = v.VerifyAccess(t.Context(), raw)
			require.ErrorIs(t, err, tt.want)
			if tt.changes == nil {
				_, err = base.VerifyAccess(t.Context(), raw)
				require.NoError(t, err, "the original Verifier is unchanged")
			}
		})
	}
	for name, more := range map[string]token.Requirements{
		"no level in common": {ACR: []string{"2"}},
		"empty group":        {Groups: []string{""}},
		"empty scope":        {Scopes: []string{"a", ""}},
		"half a second":      {MaxAge: time.Second / 2},
		"a level's name":     {ACR: []string{`"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := base.With(more)
			require.ErrorContains(t, err, "token: with: ")
		})
	}
}

// Two Verifiers from the same one do not affect each other.
func TestWithTwice(t *testing.T) {
	first, err := newVerifier(t, staticConfig()).With(token.Requirements{Groups: []string{"staff"}})
	require.NoError(t, err)
	admins := []string{"admins"}
	second, err := first.With(token.Requirements{Groups: admins})
	require.NoError(t, err)
	third, err := first.With(token.Requirements{Groups: []string{"owners"}})
	require.NoError(t, err)
	admins[0] = "nobody"

	_, err = second.VerifyAccess(t.Context(), access(nil))
	require.NoError(t, err)
	_, err = third.VerifyAccess(t.Context(), access(nil))
	requireOnly(t, token.ErrGroup, err)
}

// Verifiers from With share the keys: one fetch or one Refresh serves all of them.
func TestWithSharesKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &jwksServer{keys: poolJWKS()}
		base := srv.verifier(t)
		admins, err := base.With(token.Requirements{Groups: []string{"admins"}})
		require.NoError(t, err)
		require.NoError(t, verifyNow(t.Context(), admins, testKID))
		require.NoError(t, verifyNow(t.Context(), base, testKID))
		require.NoError(t, base.Hydrate(t.Context()))
		require.EqualValues(t, 1, srv.fetches.Load())

		srv.keys = keysNamed("new")
		require.NoError(t, admins.Refresh(t.Context()))
		require.Error(t, verifyNow(t.Context(), base, testKID))
		require.EqualValues(t, 2, srv.fetches.Load())
	})
}

// Verifiers from one with many rules do not affect each other either: each has its own rules.
func TestWithManyTimes(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for range 8 {
		ours := token.Requirements{
			Groups: []string{"admins"}, Scopes: []string{"example/read"},
		}
		allowed, err := v.With(ours)
		require.NoError(t, err)
		noGroup, err := v.With(token.Requirements{Groups: []string{"owners"}})
		require.NoError(t, err)
		noScope, err := v.With(token.Requirements{Scopes: []string{"example/write"}})
		require.NoError(t, err)
		again, err := v.With(ours)
		require.NoError(t, err)

		for _, v := range []*token.Verifier{allowed, again} {
			_, err = v.VerifyAccess(t.Context(), access(nil))
			require.NoError(t, err)
		}
		_, err = noGroup.VerifyAccess(t.Context(), access(nil))
		requireOnly(t, token.ErrGroup, err)
		_, err = noScope.VerifyAccess(t.Context(), access(nil))
		requireOnly(t, token.ErrScope, err)
		v = allowed
	}
}
