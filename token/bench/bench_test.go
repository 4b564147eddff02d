package bench_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwk"
	jwxjwt "github.com/lestrrat-go/jwx/v3/jwt"

	"github.com/cognitomfa/cognitomfa/token"
)

const (
	poolID = "eu-west-1_Example00"
	issuer = "https://cognito-idp.eu-west-1.amazonaws.com/" + poolID
	client = "1example23456789012345678"
	kid    = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ="
)

// claims is the type that every contender decodes a token into, except jwx, whose token is a map.
type claims struct {
	Subject       string   `json:"sub"`
	Issuer        string   `json:"iss"`
	Audience      string   `json:"aud"`
	ClientID      string   `json:"client_id"`
	TokenUse      string   `json:"token_use"`
	Username      string   `json:"username"`
	IDUsername    string   `json:"cognito:username"`
	Groups        []string `json:"cognito:groups"`
	Scope         string   `json:"scope"`
	ID            string   `json:"jti"`
	OriginJTI     string   `json:"origin_jti"`
	EventID       string   `json:"event_id"`
	DeviceKey     string   `json:"device_key"`
	Email         string   `json:"email"`
	EmailVerified bool     `json:"email_verified"`
	AuthTime      int64    `json:"auth_time"`
	IssuedAt      int64    `json:"iat"`
	ExpiresAt     int64    `json:"exp"`
	NotBefore     int64    `json:"nbf"`
}

// contender is one way to verify a token.
type contender struct {
	name   string
	verify func(raw string) error
}

// fixture is a token of one kind with the ways to verify it, ours first.
type fixture struct {
	raw        string
	contenders []contender
}

func fixtures(b *testing.B) map[string]fixture {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(b, err)
	jwks, err := json.Marshal(map[string]any{"keys": []map[string]any{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}})
	check(b, err)

	now := time.Now().Unix()
	const user = "11111111-2222-4333-8444-555555555555"
	common := map[string]any{
		"sub":            user,
		"iss":            issuer,
		"cognito:groups": []string{"staff", "admins"},
		"origin_jti":     "22222222-2222-4333-8444-555555555555",
		"event_id":       "33333333-2222-4333-8444-555555555555",
		"jti":            "44444444-2222-4333-8444-555555555555",
		"auth_time":      now,
		"iat":            now,
		"exp":            now + 86400,
	}
	access := map[string]any{
		"token_use": "access",
		"client_id": client,
		"username":  user,
		"scope":     "aws.cognito.signin.user.admin",
	}
	id := map[string]any{
		"token_use":        "id",
		"aud":              client,
		"cognito:username": user,
		"email":            "alice@example.com",
		"email_verified":   true,
	}
	sign := func(kind map[string]any) string {
		c := jwt.MapClaims{}
		for _, part := range []map[string]any{common, kind} {
			for name, value := range part {
				c[name] = value
			}
		}
		t := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
		t.Header = map[string]any{"kid": kid, "alg": "RS256"} // as Cognito's: no typ
		raw, err := t.SignedString(key)
		check(b, err)
		return raw
	}

	verifier, err := token.NewVerifier(token.Config{
		UserPoolID: poolID, ClientIDs: []string{client}, JWKS: jwks,
	})
	check(b, err)
	set, err := jwk.Parse(jwks)
	check(b, err)
	keys := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{&key.PublicKey}}
	oidcID := oidc.NewVerifier(issuer, keys, &oidc.Config{ClientID: client})
	oidcAccess := oidc.NewVerifier(issuer, keys, &oidc.Config{SkipClientIDCheck: true})
	ctx := context.Background()

	byName := map[string]*rsa.PublicKey{kid: &key.PublicKey}
	isAccess := func(c *claims) bool { return c.TokenUse == "access" && c.ClientID == client }
	isID := func(c *claims) bool { return c.TokenUse == "id" && c.Audience == client }

	return map[string]fixture{
		"access": {sign(access), []contender{
			{"ours", func(raw string) error {
				_, err := verifier.VerifyAccess(ctx, raw)
				return err
			}},
			{"limit", limit(byName, isAccess)},
			{"jwx", func(raw string) error {
				_, err := jwxjwt.ParseString(raw, jwxjwt.WithKeySet(set), jwxjwt.WithIssuer(issuer),
					jwxjwt.WithClaimValue("token_use", "access"),
					jwxjwt.WithClaimValue("client_id", client))
				return err
			}},
			{"oidc", goOIDC(oidcAccess, isAccess)},
		}},
		"id": {sign(id), []contender{
			{"ours", func(raw string) error {
				_, err := verifier.VerifyID(ctx, raw)
				return err
			}},
			{"limit", limit(byName, isID)},
			{"jwx", func(raw string) error {
				_, err := jwxjwt.ParseString(raw, jwxjwt.WithKeySet(set), jwxjwt.WithIssuer(issuer),
					jwxjwt.WithClaimValue("token_use", "id"), jwxjwt.WithAudience(client))
				return err
			}},
			{"oidc", goOIDC(oidcID, func(c *claims) bool { return c.TokenUse == "id" })},
		}},
	}
}

var errRefused = errors.New("refused")

// limit is the minimum with the standard library: split, decode the base64, decode the JSON of
// header and claims once each, check one signature, compare. It is not secure: many hostile tokens
// in the tests of package token pass it.
func limit(keys map[string]*rsa.PublicKey, good func(*claims) bool) func(string) error {
	return func(raw string) error {
		end := strings.LastIndexByte(raw, '.')
		if end < 0 {
			return errRefused
		}
		head, body, ok := strings.Cut(raw[:end], ".")
		if !ok {
			return errRefused
		}
		data, err := base64.RawURLEncoding.DecodeString(head)
		if err != nil {
			return err
		}
		var header struct {
			Algorithm string `json:"alg"`
			KeyID     string `json:"kid"`
		}
		if err := json.Unmarshal(data, &header); err != nil {
			return err
		}
		key := keys[header.KeyID]
		if header.Algorithm != "RS256" || key == nil {
			return errRefused
		}
		signature, err := base64.RawURLEncoding.DecodeString(raw[end+1:])
		if err != nil {
			return err
		}
		hash := sha256.Sum256([]byte(raw[:end]))
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], signature); err != nil {
			return err
		}
		data, err = base64.RawURLEncoding.DecodeString(body)
		if err != nil {
			return err
		}
		var c claims
		if err := json.Unmarshal(data, &c); err != nil {
			return err
		}
		now := time.Now().Unix()
		if now >= c.ExpiresAt || now < c.NotBefore || c.Issuer != issuer || !good(&c) {
			return errRefused
		}
		return nil
	}
}

func goOIDC(verifier *oidc.IDTokenVerifier, good func(*claims) bool) func(string) error {
	return func(raw string) error {
		t, err := verifier.Verify(context.Background(), raw)
		if err != nil {
			return err
		}
		var c claims
		if err := t.Claims(&c); err != nil {
			return err
		}
		if !good(&c) {
			return errRefused
		}
		return nil
	}
}

// BenchmarkVerify lets all contenders verify one token in turn, b.N times, so other load affects
// all of them equally. It reports the median of each, and ours relative to the others.
func BenchmarkVerify(b *testing.B) {
	for kind, f := range fixtures(b) {
		b.Run(kind, func(b *testing.B) {
			times := make([][]time.Duration, len(f.contenders))
			for b.Loop() {
				for i, c := range f.contenders {
					start := time.Now()
					err := c.verify(f.raw)
					times[i] = append(times[i], time.Since(start))
					check(b, err)
				}
			}
			ours := median(times[0])
			for i, c := range f.contenders {
				b.ReportMetric(median(times[i]), c.name+"-ns")
				allocs := testing.AllocsPerRun(100, func() { _ = c.verify(f.raw) })
				b.ReportMetric(allocs, c.name+"-allocs")
				if i > 0 {
					b.ReportMetric(ours/median(times[i]), "ours/"+c.name)
				}
			}
			b.ReportMetric(0, "ns/op") // The total of all four is meaningless.
		})
	}
}

// BenchmarkTwoCores reports how much more two goroutines verify than one, for ours and for limit,
// which shows what the machine can do. It needs two idle cores.
func BenchmarkTwoCores(b *testing.B) {
	const tokens = 50
	f := fixtures(b)["access"]
	f.contenders = f.contenders[:2]
	round := func(verify func(string) error, goroutines int) time.Duration {
		var all sync.WaitGroup
		start := time.Now()
		for range goroutines {
			all.Go(func() {
				for range tokens {
					if err := verify(f.raw); err != nil {
						b.Error(err)
					}
				}
			})
		}
		all.Wait()
		return time.Since(start)
	}
	one := make([][]time.Duration, len(f.contenders))
	two := make([][]time.Duration, len(f.contenders))
	for b.Loop() {
		for i, c := range f.contenders {
			one[i] = append(one[i], round(c.verify, 1))
			two[i] = append(two[i], round(c.verify, 2))
		}
	}
	for i, c := range f.contenders {
		b.ReportMetric(2*median(one[i])/median(two[i]), c.name+"-speedup")
	}
	b.ReportMetric(0, "ns/op")
}

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2])
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
