package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math"
	"math/big"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

func TestHostileHeader(t *testing.T) {
	signedBy := func(method jwt.SigningMethod, key any, claims m) string {
		tk := jwt.NewWithClaims(method, jwt.MapClaims(claims))
		tk.Header["kid"] = testKID
		raw, err := tk.SignedString(key)
		require.NoError(t, err)
		return raw
	}
	header := func(changes m) func(claims m) string {
		return func(claims m) string { return sign(with(goodHeader(), changes), claims) }
	}
	text := func(header string) func(claims m) string {
		return func(claims m) string { return signText(poolKey(), header, toJSON(claims)) }
	}
	member := func(more string) func(claims m) string {
		return text("{" + more + "," + toJSON(goodHeader())[1:])
	}
	by := func(method jwt.SigningMethod, key any) func(claims m) string {
		return func(claims m) string { return signedBy(method, key, claims) }
	}
	public := &poolKey().PublicKey
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	inPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)

	tests := []struct {
		name  string
		token func(claims m) string
		want  error
	}{
		{
			"alg none without a signature",
			by(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), token.ErrSignature,
		},
		{"alg none with a signature", header(m{"alg": "none"}), token.ErrSignature},
		{"alg None", header(m{"alg": "None"}), token.ErrSignature},
		{"alg HS256 with the key in PEM", by(jwt.SigningMethodHS256, inPEM), token.ErrSignature},
		{"alg HS256 with the key in DER", by(jwt.SigningMethodHS256, der), token.ErrSignature},
		{
			"alg HS256 with the modulus",
			by(jwt.SigningMethodHS256, public.N.Bytes()), token.ErrSignature,
		},
		{"alg RS384", by(jwt.SigningMethodRS384, poolKey()), token.ErrSignature},
		{"alg PS256", by(jwt.SigningMethodPS256, poolKey()), token.ErrSignature},
		{"alg ES256", by(jwt.SigningMethodES256, ecKey), token.ErrSignature},
		{"alg in lower case", header(m{"alg": "rs256"}), token.ErrSignature},
		{"alg missing", header(m{"alg": nil}), token.ErrSignature},
		{"alg of another type", header(m{"alg": []string{"RS256"}}), token.ErrMalformed},
		{"alg in upper case", header(m{"alg": nil, "ALG": "RS256"}), token.ErrSignature},
		{"alg twice", member(`"alg":"RS256"`), token.ErrMalformed},

		{"kid missing", header(m{"kid": nil}), token.ErrMalformed},
		{"kid empty", header(m{"kid": ""}), token.ErrMalformed},
		{"kid null", header(m{"kid": null}), token.ErrMalformed},
		{"kid a number", header(m{"kid": 1}), token.ErrMalformed},
		{"kid in upper case", header(m{"kid": nil, "KID": testKID}), token.ErrMalformed},
		{"kid unknown", header(m{"kid": "nobody-knows-me"}), token.ErrUnknownKey},
		{"kid with another case", header(m{"kid": strings.ToUpper(testKID)}), token.ErrUnknownKey},
		{"kid a path", header(m{"kid": "../../../../dev/null"}), token.ErrUnknownKey},
		{"kid a URL", header(m{"kid": "https://attacker.example/jwks.json"}), token.ErrUnknownKey},
		{"kid with a zero byte", header(m{"kid": testKID + "\x00"}), token.ErrUnknownKey},
		{"kid of 256 bytes", header(m{"kid": strings.Repeat("k", 256)}), token.ErrUnknownKey},
		{"kid of 257 bytes", header(m{"kid": strings.Repeat("k", 257)}), token.ErrMalformed},
		{"kid of 1 MB", header(m{"kid": strings.Repeat("k", 1<<20)}), token.ErrMalformed},
		{"kid twice", member(`"kid":"` + testKID + `"`), token.ErrMalformed},
		{"kid twice, once escaped", member(`"\u006bid":"other"`), token.ErrMalformed},

		{"crit", header(m{"crit": []string{"exp"}}), token.ErrMalformed},
		{"crit b64", header(m{"crit": []string{"b64"}, "b64": false}), token.ErrMalformed},
		{"crit empty", header(m{"crit": []string{}}), token.ErrMalformed},
		{"crit null", header(m{"crit": null}), token.ErrMalformed},

		{"header empty", text(``), token.ErrMalformed},
		{"header an empty object", text(`{}`), token.ErrMalformed},
		{"header an array", text(`["RS256"]`), token.ErrMalformed},
		{"header null", text(`null`), token.ErrMalformed},
		{"header not JSON", text(`{"alg":"RS256",`), token.ErrMalformed},
		{"header with something behind it", text(toJSON(goodHeader()) + `{}`), token.ErrMalformed},
		{"header not UTF-8", member("\"x\":\"\xff\""), token.ErrMalformed},
	}
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		for _, tt := range tests {
			t.Run(k.name+"/"+tt.name, func(t *testing.T) {
				raw := tt.token(k.claims())
				requireRefused(t, tt.want, k.verify(v, t.Context(), raw), raw)
			})
		}
	}
}

// A token that contains its own key or a link to it is still checked with the pool's keys.
func TestHeaderKeysAreIgnored(t *testing.T) {
	stranger := jwk(testKID, &strangerKey().PublicKey)
	attacker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was fetched", r.URL)
		_, _ = w.Write(jwks(stranger))
	}))
	t.Cleanup(attacker.Close)
	v := newVerifier(t, staticConfig())

	for _, k := range testKinds() {
		for name, value := range (m{
			"jku": attacker.URL + "/jku",
			"x5u": attacker.URL + "/x5u",
			"x5c": []string{base64.StdEncoding.EncodeToString([]byte("certificate"))},
			"jwk": stranger,
			"typ": attacker.URL,
		}) {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				header := with(goodHeader(), m{name: value})
				forged := signText(strangerKey(), toJSON(header), toJSON(k.claims()))
				requireRefused(t, token.ErrSignature, k.verify(v, t.Context(), forged), forged)

				require.NoError(t, k.verify(v, t.Context(), sign(header, k.claims())))
			})
		}
	}
}

func TestHostileClaims(t *testing.T) {
	const year = 365 * 86400
	later := testNow.Unix() + 3600
	raw := func(value string) json.RawMessage { return json.RawMessage(value) }
	tests := []struct {
		name    string
		changes m
		want    error
	}{
		{"exp missing", m{"exp": nil}, token.ErrMalformed},
		{"exp null", m{"exp": null}, token.ErrMalformed},
		{"exp negative", m{"exp": -later}, token.ErrMalformed},
		{"exp zero", m{"exp": 0}, token.ErrExpired},
		{"exp minus zero", m{"exp": raw("-0")}, token.ErrMalformed},
		{"exp a fraction", m{"exp": float64(later) + 0.5}, token.ErrMalformed},
		{"exp whole, written as a fraction", m{"exp": raw("1777899600.0")}, token.ErrMalformed},
		{"exp with an exponent", m{"exp": raw("2e9")}, token.ErrMalformed},
		{"exp a string", m{"exp": strconv.FormatInt(later, 10)}, token.ErrMalformed},
		{"exp true", m{"exp": true}, token.ErrMalformed},
		{"exp an array", m{"exp": []int64{later}}, token.ErrMalformed},
		{"exp after the year 9999", m{"exp": int64(253402300800)}, token.ErrMalformed},
		{"exp at the end of int64", m{"exp": int64(math.MaxInt64)}, token.ErrMalformed},
		{"exp beyond int64", m{"exp": raw("18446744073709551617")}, token.ErrMalformed},
		{"exp beyond float64", m{"exp": raw("1e999")}, token.ErrMalformed},
		{"exp of 10,000 digits", m{"exp": raw(strings.Repeat("9", 10000))}, token.ErrMalformed},
		{"exp in milliseconds", m{"exp": later * 1000}, token.ErrMalformed},
		{"exp under a name in upper case", m{"exp": nil, "EXP": later}, token.ErrMalformed},
		{"exp past", m{"exp": testNow.Unix() - 1}, token.ErrExpired},
		{"exp now", m{"exp": testNow.Unix()}, token.ErrExpired},

		{"nbf null", m{"nbf": null}, token.ErrMalformed},
		{"nbf negative", m{"nbf": -1}, token.ErrMalformed},
		{"nbf a fraction", m{"nbf": 0.5}, token.ErrMalformed},
		{"nbf a string", m{"nbf": "0"}, token.ErrMalformed},
		{"nbf far away", m{"nbf": raw("1e30")}, token.ErrMalformed},
		{"nbf in a second", m{"nbf": testNow.Unix() + 1}, token.ErrNotYetValid},
		{"nbf in 100 years", m{"nbf": testNow.Unix() + 100*year}, token.ErrNotYetValid},

		{"iat missing", m{"iat": nil}, token.ErrMalformed},
		{"iat negative", m{"iat": -1}, token.ErrMalformed},
		{"iat a fraction", m{"iat": float64(testNow.Unix()) + 0.25}, token.ErrMalformed},
		{"iat a string", m{"iat": strconv.FormatInt(testNow.Unix(), 10)}, token.ErrMalformed},
		{"iat far away", m{"iat": raw("9223372036854775808")}, token.ErrMalformed},
		{"iat in six minutes", m{"iat": testNow.Unix() + 360}, token.ErrNotYetValid},
		{"iat in 100 years", m{"iat": testNow.Unix() + 100*year}, token.ErrNotYetValid},
		{"auth_time in 6 minutes", m{"auth_time": testNow.Unix() + 360}, token.ErrNotYetValid},
		{"auth_time a string", m{"auth_time": "yesterday"}, token.ErrMalformed},

		{"iss missing", m{"iss": nil}, token.ErrIssuer},
		{"iss empty", m{"iss": ""}, token.ErrIssuer},
		{"iss an array", m{"iss": []string{testIssuer}}, token.ErrMalformed},
		{"iss of another pool", m{"iss": testIssuer[:len(testIssuer)-1] + "1"}, token.ErrIssuer},
		{
			"iss of another region",
			m{"iss": "https://cognito-idp.eu-west-2.amazonaws.com/" + testPool},
			token.ErrIssuer,
		},
		{"iss with a trailing slash", m{"iss": testIssuer + "/"}, token.ErrIssuer},
		{"iss as a prefix", m{"iss": testIssuer + ".attacker.example"}, token.ErrIssuer},
		{"iss cut short", m{"iss": testIssuer[:len(testIssuer)-1]}, token.ErrIssuer},
		{"iss in upper case", m{"iss": strings.ToUpper(testIssuer)}, token.ErrIssuer},
		{"iss without TLS", m{"iss": "http://" + testHost + "/" + testPool}, token.ErrIssuer},
		{"iss with a space", m{"iss": testIssuer + " "}, token.ErrIssuer},
		{"iss under a name in upper case", m{"iss": nil, "ISS": testIssuer}, token.ErrIssuer},

		{"token_use missing", m{"token_use": nil}, token.ErrTokenUse},
		{"token_use empty", m{"token_use": ""}, token.ErrTokenUse},
		{"token_use refresh", m{"token_use": "refresh"}, token.ErrTokenUse},
		{"token_use an array", m{"token_use": []string{"access", "id"}}, token.ErrMalformed},
		{"token_use in upper case", m{"token_use": "ACCESS"}, token.ErrTokenUse},

		{"sub missing", m{"sub": nil}, token.ErrMalformed},
		{"sub a number", m{"sub": 1}, token.ErrMalformed},
		{"groups a string", m{"cognito:groups": "admins"}, token.ErrMalformed},
		{"groups with null", m{"cognito:groups": []any{"staff", nil}}, token.ErrMalformed},
		{"groups nested", m{"cognito:groups": []any{[]string{"staff"}}}, token.ErrMalformed},
		{"groups an object", m{"cognito:groups": m{"0": "staff"}}, token.ErrMalformed},
	}
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		for _, tt := range tests {
			t.Run(k.name+"/"+tt.name, func(t *testing.T) {
				raw := k.token(tt.changes)
				requireRefused(t, tt.want, k.verify(v, t.Context(), raw), raw)
			})
		}
	}
}

func TestHostileClient(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			tests := []struct {
				name    string
				changes m
				want    error
			}{
				{"missing", m{k.client: nil}, token.ErrClient},
				{"empty", m{k.client: ""}, token.ErrClient},
				{"of another app", m{k.client: "2example23456789"}, token.ErrClient},
				{"as a prefix", m{k.client: testClient + "0"}, token.ErrClient},
				{"in upper case", m{k.client: strings.ToUpper(testClient)}, token.ErrClient},
				{"an array", m{k.client: []string{testClient}}, token.ErrMalformed},
				{"an array of two", m{k.client: []string{"other", testClient}}, token.ErrMalformed},
				{
					"under a name in another case",
					m{k.client: nil, strings.ToUpper(k.client): testClient},
					token.ErrClient,
				},
				{
					"under a name that folds to it",
					m{k.client: nil, "Client_ID": testClient, "Aud": testClient},
					token.ErrClient,
				},
				{
					"under the other kind's name",
					m{k.client: nil, other(k.client): testClient},
					token.ErrClient,
				},
				{
					"under the other kind's name, in an array",
					m{k.client: nil, other(k.client): []string{testClient}},
					token.ErrClient,
				},
				{"only as azp", m{k.client: nil, "azp": testClient}, token.ErrClient},
			}
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					raw := k.token(tt.changes)
					requireRefused(t, tt.want, k.verify(v, t.Context(), raw), raw)
				})
			}
		})
	}
}

func other(client string) string {
	if client == "aud" {
		return "client_id"
	}
	return "aud"
}

func TestOtherKind(t *testing.T) {
	v := newVerifier(t, staticConfig())
	both := m{"client_id": testClient, "aud": testClient} // Only token_use tells them apart.

	raw := sign(goodHeader(), with(idClaims(), both))
	_, err := v.VerifyAccess(t.Context(), raw)
	requireRefused(t, token.ErrTokenUse, err, raw)

	raw = sign(goodHeader(), with(accessClaims(), both))
	_, err = v.VerifyID(t.Context(), raw)
	requireRefused(t, token.ErrTokenUse, err, raw)
}

func TestHostilePayload(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			good := toJSON(k.claims())
			begin := func(more string) string { return "{" + more + "," + good[1:] }
			deep := func(levels int) string {
				return `"x":` + strings.Repeat("[", levels) + strings.Repeat("]", levels)
			}
			for name, claims := range map[string]string{
				"empty":                        ``,
				"null":                         `null`,
				"a string":                     `"` + testSub + `"`,
				"an array":                     `[` + good + `]`,
				"an empty object":              `{}`,
				"cut off":                      good[:len(good)-1],
				"two objects":                  good + good,
				"with a byte order mark":       "\ufeff" + good,
				"with a comment":               "{/**/" + good[1:],
				"not UTF-8":                    begin("\"name\":\"\xc3\x28\""),
				"with a raw line break":        begin("\"x\":\"a\nb\""),
				"exp twice":                    begin(`"exp":9999999999`),
				"exp twice, once escaped":      begin(`"\u0065xp":9999999999`),
				"iss twice":                    begin(`"iss":"https://attacker.example"`),
				"token_use twice":              begin(`"token_use":"id"`),
				"the app client twice":         begin(`"` + k.client + `":"2example23456789"`),
				"groups twice":                 begin(`"cognito:groups":["admins"]`),
				"an unknown claim twice":       begin(`"x":1,"x":2`),
				"10,001 levels deep":           begin(deep(10001)),
				"a level that is never closed": begin(`"x":` + strings.Repeat("[", 1000)),
				"longer than 64 KiB":           begin(`"x":"` + strings.Repeat("x", 64<<10) + `"`),
				"1 MB of members":              begin(strings.Repeat(`"a":0,`, 1<<20/6) + `"b":0`),
			} {
				t.Run(name, func(t *testing.T) {
					raw := signText(poolKey(), toJSON(goodHeader()), claims)
					requireRefused(t, token.ErrMalformed, k.verify(v, t.Context(), raw), raw)
				})
			}
		})
	}
}

func TestHostileSegments(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			good := sign(goodHeader(), k.claims())
			parts := strings.Split(good, ".")
			for name, raw := range map[string]string{
				"empty":                   "",
				"a word":                  "token",
				"one dot":                 parts[0] + "." + parts[1],
				"only dots":               "..",
				"three dots":              "...",
				"100,000 dots":            strings.Repeat(".", 100000),
				"a dot in front":          "." + good,
				"a dot behind":            good + ".",
				"two dots too many":       good + ".e30.e30",
				"five parts, as of a JWE": parts[0] + ".." + parts[1] + "." + parts[2] + ".",
				"no header":               "." + parts[1] + "." + parts[2],
				"no claims":               parts[0] + ".." + parts[2],
				"with Bearer":             "Bearer " + good,
				"a space in front":        " " + good,
				"a line break behind":     good + "\n",
				"a zero byte behind":      good + "\x00",
				"full-width letters":      "ｅ" + good[1:],
				"JSON serialization": toJSON(m{
					"protected": parts[0], "payload": parts[1], "signature": parts[2],
				}),
				"a megabyte of signature":  good + strings.Repeat("A", 1<<20),
				"a megabyte of everything": strings.Repeat(good, 1<<20/len(good)),
			} {
				t.Run(name, func(t *testing.T) {
					requireRefused(t, token.ErrMalformed, k.verify(v, t.Context(), raw), raw)
				})
			}
		})
	}
}

// Each segment has only one encoding: with a second one, a rejected token could return and look
// new.
func TestNonCanonicalBase64(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			// With these lengths every segment has unused bits, which must be zero.
			header := toJSON(with(goodHeader(), m{"x": ""}))
			for len(header)%3 == 0 {
				header = strings.Replace(header, `"x":"`, `"x":"x`, 1)
			}
			claims := toJSON(k.claims())
			for len(claims)%3 == 0 {
				claims += " "
			}
			good := signText(poolKey(), header, claims)
			require.NoError(t, k.verify(v, t.Context(), good))

			spellings := map[string]func(s string) string{
				"bits left over":          setUnusedBit,
				"padding":                 func(s string) string { return pad(s, 4, "=") },
				"a line feed inside":      func(s string) string { return s[:9] + "\n" + s[9:] },
				"a carriage return":       func(s string) string { return s + "\r" },
				"a space":                 func(s string) string { return s[:9] + " " + s[9:] },
				"the ordinary alphabet":   func(s string) string { return "+/" + s[2:] },
				"one character too many":  func(s string) string { return pad(s, 5, "A") },
				"percent-encoded":         func(s string) string { return "%65" + s[1:] },
				"characters of two bytes": func(s string) string { return "é" + s[1:] },
			}
			for i, name := range []string{"header", "claims", "signature"} {
				for how, spell := range spellings {
					t.Run(name+"/"+how, func(t *testing.T) {
						parts := strings.Split(good, ".")
						parts[i] = spell(parts[i])
						raw := strings.Join(parts, ".")
						requireRefused(t, token.ErrMalformed, k.verify(v, t.Context(), raw), raw)
					})
				}
			}
		})
	}
}

// pad appends the character until the length is a multiple of four, then up to length characters in
// the last group.
func pad(s string, length int, character string) string {
	return s + strings.Repeat(character, (length-len(s)%4)%4)
}

// setUnusedBit sets one of the unused bits in the last character.
func setUnusedBit(s string) string {
	last := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + string(alphabet[last^1])
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func TestHostileSignature(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			good := sign(goodHeader(), k.claims())
			end := strings.LastIndexByte(good, '.') + 1
			signature, err := base64.RawURLEncoding.DecodeString(good[end:])
			require.NoError(t, err)
			require.Len(t, signature, 256)
			require.NoError(t, k.verify(v, t.Context(), good))

			refused := func(signature []byte) {
				t.Helper()
				raw := good[:end] + b64(signature)
				requireRefused(t, token.ErrSignature, k.verify(v, t.Context(), raw), raw)
			}
			for i := range signature {
				flipped := append([]byte(nil), signature...)
				flipped[i] ^= 1 << (i % 8)
				refused(flipped)
				refused(signature[:i])
			}
			refused(make([]byte, 256))
			refused(append([]byte{0}, signature...))
			refused(append(signature[:256:256], 0))
			t.Run("the same number modulo N", func(t *testing.T) {
				for i := 0; ; i++ { // until the signature has no more bytes than N
					raw := k.token(m{"jti": strconv.Itoa(i)})
					end := strings.LastIndexByte(raw, '.') + 1
					signature, err := base64.RawURLEncoding.DecodeString(raw[end:])
					require.NoError(t, err)
					sum := new(big.Int).SetBytes(signature)
					if sum.Add(sum, poolKey().N); sum.BitLen() > 2048 {
						continue
					}
					raw = raw[:end] + b64(sum.Bytes())
					requireRefused(t, token.ErrSignature, k.verify(v, t.Context(), raw), raw)
					return
				}
			})
			t.Run("of another key", func(t *testing.T) {
				raw := forge(k.claims())
				requireRefused(t, token.ErrSignature, k.verify(v, t.Context(), raw), raw)
			})
			t.Run("of another token", func(t *testing.T) {
				raw := sign(goodHeader(), with(k.claims(), m{"sub": "somebody-else"}))
				raw = raw[:strings.LastIndexByte(raw, '.')+1] + good[end:]
				requireRefused(t, token.ErrSignature, k.verify(v, t.Context(), raw), raw)
			})
		})
	}
}

// Expired tokens are rejected before their signature is checked, which costs more.
func TestExpiredBeforeSignature(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			raw := forge(with(k.claims(), m{"exp": 1}))
			requireRefused(t, token.ErrExpired, k.verify(v, t.Context(), raw), raw)
		})
	}
}

// The reason for rejecting a forged token must not depend on what the service requires.
func TestForgedTokensLearnNothing(t *testing.T) {
	cfg := staticConfig()
	cfg.Groups, cfg.Scopes = []string{"nobody"}, []string{"nothing"}
	cfg.ACR, cfg.MaxAge = []string{"none"}, time.Second
	v := newVerifier(t, cfg)
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for _, changes := range []m{
				nil,
				{"token_use": "other"},
				{k.client: "2example23456789"},
				{"cognito:groups": nil},
				{"scope": nil},
				{"auth_time": nil},
			} {
				raw := forge(with(k.claims(), changes))
				requireRefused(t, token.ErrSignature, k.verify(v, t.Context(), raw), raw)
			}
		})
	}
}

// The largest accepted tokens take memory in proportion to their size, whatever they contain.
func TestMemoryIsBounded(t *testing.T) {
	v := newVerifier(t, staticConfig())
	const room = 45 << 10 // of JSON, so that the token has at most 64 KiB
	fill := func(begin, unit, end string) string {
		return begin + strings.Repeat(unit, (room-len(begin)-len(end))/len(unit)) + end
	}
	var distinct strings.Builder
	distinct.WriteString("{")
	for i := 0; distinct.Len() < room-20; i++ {
		distinct.WriteString(`"` + strconv.FormatInt(int64(i), 36) + `":0,`)
	}
	distinct.WriteString(`"":0}`)

	for name, text := range map[string]string{
		"one long string":      fill(`{"x":"`, `x`, `"}`),
		"escapes":              fill(`{"sub":"`, `\u00e9`, `"}`),
		"many distinct names":  distinct.String(),
		"a list":               fill(`{"cognito:groups":[`, `"",`, `""]}`),
		"spaces":               fill(`{`, ` `, `}`),
		"depth":                fill(`{"x":`+strings.Repeat("[", 9000), `]`, `}`),
		"colons":               fill(`{"x":"`, `:`, `"}`),
		"backslashes in names": fill(`{"`, `\\`, `":0}`),
	} {
		t.Run(name, func(t *testing.T) {
			for i, raw := range []string{
				signText(poolKey(), text, toJSON(accessClaims())),
				signText(poolKey(), toJSON(goodHeader()), text),
			} {
				require.Less(t, len(raw), 64<<10)
				for _, k := range testKinds() {
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					err := k.verify(v, t.Context(), raw)
					runtime.ReadMemStats(&after)
					require.ErrorIs(t, err, token.ErrMalformed)
					allocated := after.TotalAlloc - before.TotalAlloc
					assert.Less(t, allocated, uint64(30*len(raw)), "part %d", i)
				}
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	v := newVerifier(f, staticConfig())
	genuine := map[string]bool{}
	for _, k := range testKinds() {
		for _, changes := range []m{
			nil, {"exp": 1}, {"iss": "https://attacker.example"}, {"token_use": "x"},
		} {
			raw := k.token(changes)
			genuine[raw] = changes == nil
			f.Add(raw)
		}
		f.Add(forge(k.claims()))
		f.Add(signText(poolKey(), `{"alg":"none","kid":"`+testKID+`"}`, toJSON(k.claims())))
		f.Add(signText(poolKey(), toJSON(goodHeader()), `{"exp":1,"exp":2,"x":[{"y":"\"}]"}]}`))
	}
	f.Add("")
	f.Add("..")
	f.Fuzz(func(t *testing.T, raw string) {
		for _, k := range testKinds() {
			if err := k.verify(v, t.Context(), raw); err == nil && !genuine[raw] {
				t.Errorf("accepted: %q", raw)
			}
		}
	})
}

// FuzzClaims signs any claims, to reach the checks after the signature.
func FuzzClaims(f *testing.F) {
	v := newVerifier(f, staticConfig())
	for _, k := range testKinds() {
		f.Add(toJSON(k.claims()))
	}
	f.Add(`{"exp":1,"exp":2}`)
	f.Add(`{"x":[{"y":"\"}]"}], "z" : -1.5e3 , "w":{} }`)
	f.Fuzz(func(t *testing.T, claims string) {
		raw := signText(poolKey(), toJSON(goodHeader()), claims)
		access, err := v.VerifyAccess(t.Context(), raw)
		if err != nil {
			return
		}
		// encoding/json decodes the same values.
		var want m
		require.NoError(t, json.Unmarshal([]byte(claims), &want))
		assert.Equal(t, want["sub"], access.Subject)
		assert.Equal(t, want["iss"], access.Issuer)
		assert.Equal(t, want["client_id"], access.ClientID)
		assert.Equal(t, "access", want["token_use"])
		assert.InDelta(t, want["exp"], access.ExpiresAt.Unix(), 0)
		assert.Len(t, access.Raw(), len(want))
		if groups, ok := want["cognito:groups"].([]any); ok {
			assert.Len(t, access.Groups, len(groups))
		}
	})
}
