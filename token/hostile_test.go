package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

func TestHostileHeader(t *testing.T) {
	signedBy := func(method jwt.SigningMethod, key any, claims map[string]any) string {
		tk := jwt.NewWithClaims(method, jwt.MapClaims(claims))
		tk.Header["kid"] = testKID
		raw, err := tk.SignedString(key)
		require.NoError(t, err)
		return raw
	}
	header := func(changes map[string]any) func(claims map[string]any) string {
		return func(claims map[string]any) string { return sign(with(goodHeader(), changes), claims) }
	}
	text := func(header string) func(claims map[string]any) string {
		return func(claims map[string]any) string { return signText(poolKey(), header, toJSON(claims)) }
	}
	public := &poolKey().PublicKey
	der, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)

	tests := []struct {
		name  string
		token func(claims map[string]any) string
		want  error
	}{
		{"alg none without a signature", func(c map[string]any) string {
			return signedBy(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, c)
		}, token.ErrSignature},
		{"alg none with a signature", header(map[string]any{"alg": "none"}), token.ErrSignature},
		{"alg None", header(map[string]any{"alg": "None"}), token.ErrSignature},
		{"alg HS256 with the public key in PEM", func(c map[string]any) string {
			return signedBy(jwt.SigningMethodHS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), c)
		}, token.ErrSignature},
		{"alg HS256 with the public key in DER", func(c map[string]any) string {
			return signedBy(jwt.SigningMethodHS256, der, c)
		}, token.ErrSignature},
		{"alg HS256 with the modulus", func(c map[string]any) string {
			return signedBy(jwt.SigningMethodHS256, public.N.Bytes(), c)
		}, token.ErrSignature},
		{"alg RS384", func(c map[string]any) string { return signedBy(jwt.SigningMethodRS384, poolKey(), c) }, token.ErrSignature},
		{"alg PS256", func(c map[string]any) string { return signedBy(jwt.SigningMethodPS256, poolKey(), c) }, token.ErrSignature},
		{"alg ES256", func(c map[string]any) string { return signedBy(jwt.SigningMethodES256, ecKey, c) }, token.ErrSignature},
		{"alg in lower case", header(map[string]any{"alg": "rs256"}), token.ErrSignature},
		{"alg missing", header(map[string]any{"alg": nil}), token.ErrSignature},
		{"alg of another type", header(map[string]any{"alg": []string{"RS256"}}), token.ErrMalformed},
		{"alg under a name in upper case", header(map[string]any{"alg": nil, "ALG": "RS256"}), token.ErrSignature},
		{"alg twice", text(`{"alg":"RS256","kid":"` + testKID + `","alg":"RS256"}`), token.ErrMalformed},

		{"kid missing", header(map[string]any{"kid": nil}), token.ErrMalformed},
		{"kid empty", header(map[string]any{"kid": ""}), token.ErrMalformed},
		{"kid null", header(map[string]any{"kid": null}), token.ErrMalformed},
		{"kid a number", header(map[string]any{"kid": 1}), token.ErrMalformed},
		{"kid under a name in upper case", header(map[string]any{"kid": nil, "KID": testKID}), token.ErrMalformed},
		{"kid unknown", header(map[string]any{"kid": "nobody-knows-me"}), token.ErrUnknownKey},
		{"kid with another case", header(map[string]any{"kid": strings.ToUpper(testKID)}), token.ErrUnknownKey},
		{"kid a path", header(map[string]any{"kid": "../../../../dev/null"}), token.ErrUnknownKey},
		{"kid an address", header(map[string]any{"kid": "https://attacker.example/jwks.json"}), token.ErrUnknownKey},
		{"kid with a zero byte", header(map[string]any{"kid": testKID + "\x00"}), token.ErrUnknownKey},
		{"kid of 256 bytes", header(map[string]any{"kid": strings.Repeat("k", 256)}), token.ErrUnknownKey},
		{"kid of 257 bytes", header(map[string]any{"kid": strings.Repeat("k", 257)}), token.ErrMalformed},
		{"kid of 1 MB", header(map[string]any{"kid": strings.Repeat("k", 1<<20)}), token.ErrMalformed},
		{"kid twice", text(`{"kid":"` + testKID + `","alg":"RS256","kid":"` + testKID + `"}`), token.ErrMalformed},
		{"kid twice, once escaped", text(`{"kid":"` + testKID + `","alg":"RS256","\u006bid":"other"}`), token.ErrMalformed},

		{"crit", header(map[string]any{"crit": []string{"exp"}}), token.ErrMalformed},
		{"crit with an unencoded payload", header(map[string]any{"crit": []string{"b64"}, "b64": false}), token.ErrMalformed},
		{"crit empty", header(map[string]any{"crit": []string{}}), token.ErrMalformed},
		{"crit null", header(map[string]any{"crit": null}), token.ErrMalformed},

		{"header empty", text(``), token.ErrMalformed},
		{"header an empty object", text(`{}`), token.ErrMalformed},
		{"header an array", text(`["RS256"]`), token.ErrMalformed},
		{"header null", text(`null`), token.ErrMalformed},
		{"header not JSON", text(`{"alg":"RS256",`), token.ErrMalformed},
		{"header with something behind it", text(toJSON(goodHeader()) + `{}`), token.ErrMalformed},
		{"header not UTF-8", text(`{"alg":"RS256","kid":"` + testKID + "\",\"x\":\"\xff\"}"), token.ErrMalformed},
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

// A token that brings its own key, or says where it is, is measured by the pool's keys all the same.
func TestHeaderKeysAreIgnored(t *testing.T) {
	stranger := jwk(testKID, &strangerKey().PublicKey)
	attacker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was fetched", r.URL)
		_, _ = w.Write(jwks(stranger))
	}))
	t.Cleanup(attacker.Close)
	v := newVerifier(t, staticConfig())

	for _, k := range testKinds() {
		for name, value := range map[string]any{
			"jku": attacker.URL + "/jku", "x5u": attacker.URL + "/x5u", "jwk": stranger,
			"x5c": []string{base64.StdEncoding.EncodeToString([]byte("certificate"))}, "typ": attacker.URL,
		} {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				header := with(goodHeader(), map[string]any{name: value})
				forged := signText(strangerKey(), toJSON(header), toJSON(k.claims()))
				requireRefused(t, token.ErrSignature, k.verify(v, t.Context(), forged), forged)

				require.NoError(t, k.verify(v, t.Context(), sign(header, k.claims())))
			})
		}
	}
}

func TestHostileClaims(t *testing.T) {
	later := testNow.Unix() + 3600
	type changes = map[string]any
	tests := []struct {
		name    string
		changes changes
		want    error
	}{
		{"exp missing", changes{"exp": nil}, token.ErrMalformed},
		{"exp null", changes{"exp": null}, token.ErrMalformed},
		{"exp negative", changes{"exp": -later}, token.ErrMalformed},
		{"exp zero", changes{"exp": 0}, token.ErrExpired},
		{"exp minus zero", changes{"exp": json.RawMessage("-0")}, token.ErrMalformed},
		{"exp a fraction", changes{"exp": float64(later) + 0.5}, token.ErrMalformed},
		{"exp whole, written as a fraction", changes{"exp": json.RawMessage(strconv.FormatInt(later, 10) + ".0")}, token.ErrMalformed},
		{"exp with an exponent", changes{"exp": json.RawMessage("2e9")}, token.ErrMalformed},
		{"exp a string", changes{"exp": strconv.FormatInt(later, 10)}, token.ErrMalformed},
		{"exp true", changes{"exp": true}, token.ErrMalformed},
		{"exp an array", changes{"exp": []int64{later}}, token.ErrMalformed},
		{"exp after the year 9999", changes{"exp": int64(253402300800)}, token.ErrMalformed},
		{"exp at the end of int64", changes{"exp": json.RawMessage("9223372036854775807")}, token.ErrMalformed},
		{"exp beyond int64", changes{"exp": json.RawMessage("18446744073709551617")}, token.ErrMalformed},
		{"exp beyond float64", changes{"exp": json.RawMessage("1e999")}, token.ErrMalformed},
		{"exp of 10,000 digits", changes{"exp": json.RawMessage(strings.Repeat("9", 10000))}, token.ErrMalformed},
		{"exp in milliseconds", changes{"exp": later * 1000}, token.ErrMalformed},
		{"exp under a name in upper case", changes{"exp": nil, "EXP": later}, token.ErrMalformed},
		{"exp past", changes{"exp": testNow.Unix() - 1}, token.ErrExpired},
		{"exp now", changes{"exp": testNow.Unix()}, token.ErrExpired},

		{"nbf null", changes{"nbf": null}, token.ErrMalformed},
		{"nbf negative", changes{"nbf": -1}, token.ErrMalformed},
		{"nbf a fraction", changes{"nbf": 0.5}, token.ErrMalformed},
		{"nbf a string", changes{"nbf": "0"}, token.ErrMalformed},
		{"nbf far away", changes{"nbf": json.RawMessage("1e30")}, token.ErrMalformed},
		{"nbf in a second", changes{"nbf": testNow.Unix() + 1}, token.ErrNotYetValid},
		{"nbf in 100 years", changes{"nbf": testNow.AddDate(100, 0, 0).Unix()}, token.ErrNotYetValid},

		{"iat missing", changes{"iat": nil}, token.ErrMalformed},
		{"iat negative", changes{"iat": -1}, token.ErrMalformed},
		{"iat a fraction", changes{"iat": float64(testNow.Unix()) + 0.25}, token.ErrMalformed},
		{"iat a string", changes{"iat": strconv.FormatInt(testNow.Unix(), 10)}, token.ErrMalformed},
		{"iat far away", changes{"iat": json.RawMessage("9223372036854775808")}, token.ErrMalformed},
		{"iat in six minutes", changes{"iat": testNow.Unix() + 360}, token.ErrNotYetValid},
		{"iat in 100 years", changes{"iat": testNow.AddDate(100, 0, 0).Unix()}, token.ErrNotYetValid},
		{"auth_time in six minutes", changes{"auth_time": testNow.Unix() + 360}, token.ErrNotYetValid},
		{"auth_time a string", changes{"auth_time": "yesterday"}, token.ErrMalformed},

		{"iss missing", changes{"iss": nil}, token.ErrIssuer},
		{"iss empty", changes{"iss": ""}, token.ErrIssuer},
		{"iss an array", changes{"iss": []string{testIssuer}}, token.ErrMalformed},
		{"iss of another pool", changes{"iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01"}, token.ErrIssuer},
		{"iss of another region", changes{"iss": "https://cognito-idp.eu-west-2.amazonaws.com/" + testPool}, token.ErrIssuer},
		{"iss with a trailing slash", changes{"iss": testIssuer + "/"}, token.ErrIssuer},
		{"iss as a prefix", changes{"iss": testIssuer + ".attacker.example"}, token.ErrIssuer},
		{"iss cut short", changes{"iss": testIssuer[:len(testIssuer)-1]}, token.ErrIssuer},
		{"iss in upper case", changes{"iss": strings.ToUpper(testIssuer)}, token.ErrIssuer},
		{"iss without TLS", changes{"iss": strings.Replace(testIssuer, "https", "http", 1)}, token.ErrIssuer},
		{"iss with a blank", changes{"iss": testIssuer + " "}, token.ErrIssuer},
		{"iss under a name in upper case", changes{"iss": nil, "ISS": testIssuer}, token.ErrIssuer},

		{"token_use missing", changes{"token_use": nil}, token.ErrTokenUse},
		{"token_use empty", changes{"token_use": ""}, token.ErrTokenUse},
		{"token_use refresh", changes{"token_use": "refresh"}, token.ErrTokenUse},
		{"token_use an array", changes{"token_use": []string{"access", "id"}}, token.ErrMalformed},
		{"token_use in upper case", changes{"token_use": "ACCESS"}, token.ErrTokenUse},

		{"sub missing", changes{"sub": nil}, token.ErrMalformed},
		{"sub a number", changes{"sub": 1}, token.ErrMalformed},
		{"groups a string", changes{"cognito:groups": "admins"}, token.ErrMalformed},
		{"groups with null", changes{"cognito:groups": json.RawMessage(`["staff",null]`)}, token.ErrMalformed},
		{"groups nested", changes{"cognito:groups": json.RawMessage(`[["staff"]]`)}, token.ErrMalformed},
		{"groups an object", changes{"cognito:groups": map[string]string{"0": "staff"}}, token.ErrMalformed},
	}
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		for _, tt := range tests {
			t.Run(k.name+"/"+tt.name, func(t *testing.T) {
				raw := sign(goodHeader(), with(k.claims(), tt.changes))
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
				changes map[string]any
				want    error
			}{
				{"missing", map[string]any{k.client: nil}, token.ErrClient},
				{"empty", map[string]any{k.client: ""}, token.ErrClient},
				{"of another app", map[string]any{k.client: "2example23456789"}, token.ErrClient},
				{"as a prefix", map[string]any{k.client: testClient + "0"}, token.ErrClient},
				{"in upper case", map[string]any{k.client: strings.ToUpper(testClient)}, token.ErrClient},
				{"an array", map[string]any{k.client: []string{testClient}}, token.ErrMalformed},
				{"an array of many", map[string]any{k.client: []string{"2example23456789", testClient}}, token.ErrMalformed},
				{"under a name in another case", map[string]any{k.client: nil, strings.ToUpper(k.client): testClient}, token.ErrClient},
				{"under a name that folds to it", map[string]any{k.client: nil, "Client_ID": testClient, "Aud": testClient}, token.ErrClient},
				{"under the other kind's name", map[string]any{"client_id": nil, "aud": nil, other(k.client): testClient}, token.ErrClient},
				{"under the other kind's name, in an array", map[string]any{
					"client_id": nil, "aud": nil, other(k.client): []string{testClient},
				}, token.ErrClient},
				{"only as azp", map[string]any{k.client: nil, "azp": testClient}, token.ErrClient},
			}
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					raw := sign(goodHeader(), with(k.claims(), tt.changes))
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
	both := map[string]any{"client_id": testClient, "aud": testClient} // so that only token_use tells them apart

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
				"10,001 levels deep":           begin(`"x":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001)),
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
				"empty":                    "",
				"a word":                   "token",
				"one dot":                  parts[0] + "." + parts[1],
				"only dots":                "..",
				"three dots":               "...",
				"100,000 dots":             strings.Repeat(".", 100000),
				"a dot in front":           "." + good,
				"a dot behind":             good + ".",
				"two dots too many":        good + ".e30.e30",
				"five parts, as of a JWE":  strings.Join([]string{parts[0], "", parts[1], parts[2], ""}, "."),
				"no header":                "." + parts[1] + "." + parts[2],
				"no claims":                parts[0] + ".." + parts[2],
				"with Bearer":              "Bearer " + good,
				"a blank in front":         " " + good,
				"a line break behind":      good + "\n",
				"a zero byte behind":       good + "\x00",
				"full-width letters":       "ｅ" + good[1:],
				"JSON serialization":       `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`,
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

// Each segment has one spelling: a second one would let a refused token come back looking new.
func TestNonCanonicalBase64(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			// The lengths are such that every segment leaves bits over, which must be zero.
			header := toJSON(with(goodHeader(), map[string]any{"x": ""}))
			for len(header)%3 == 0 {
				header = strings.Replace(header, `"x":"`, `"x":"x`, 1)
			}
			claims := toJSON(k.claims())
			for len(claims)%3 == 0 {
				claims += " "
			}
			good := signText(poolKey(), header, claims)
			require.NoError(t, k.verify(v, t.Context(), good))

			for i, name := range []string{"header", "claims", "signature"} {
				for how, spell := range map[string]func(s string) string{
					"bits left over": func(s string) string {
						last := strings.IndexByte(alphabet, s[len(s)-1])
						return s[:len(s)-1] + string(alphabet[last^1])
					},
					"padding":                 func(s string) string { return s + strings.Repeat("=", (4-len(s)%4)%4) },
					"a line feed inside":      func(s string) string { return s[:9] + "\n" + s[9:] },
					"a carriage return":       func(s string) string { return s + "\r" },
					"a blank":                 func(s string) string { return s[:9] + " " + s[9:] },
					"the ordinary alphabet":   func(s string) string { return "+/" + s[2:] },
					"one character too many":  func(s string) string { return s + strings.Repeat("A", (5-len(s)%4)%4) },
					"percent-encoded":         func(s string) string { return "%65" + s[1:] },
					"characters of two bytes": func(s string) string { return "é" + s[1:] },
				} {
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

// leftOver sets one of the bits that are left over in the last character.
func leftOver(s string) string {
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
				for i := 0; ; i++ { // until it has no more bytes than N
					raw := sign(goodHeader(), with(k.claims(), map[string]any{"jti": strconv.Itoa(i)}))
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
				raw := signText(strangerKey(), toJSON(goodHeader()), toJSON(k.claims()))
				requireRefused(t, token.ErrSignature, k.verify(v, t.Context(), raw), raw)
			})
			t.Run("of another token", func(t *testing.T) {
				raw := sign(goodHeader(), with(k.claims(), map[string]any{"sub": "somebody-else"}))
				raw = raw[:strings.LastIndexByte(raw, '.')+1] + good[end:]
				requireRefused(t, token.ErrSignature, k.verify(v, t.Context(), raw), raw)
			})
		})
	}
}

// Forged tokens that are over are refused as such, without the work of a signature.
func TestExpiredBeforeSignature(t *testing.T) {
	v := newVerifier(t, staticConfig())
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			raw := signText(strangerKey(), toJSON(goodHeader()), toJSON(with(k.claims(), map[string]any{"exp": 1})))
			requireRefused(t, token.ErrExpired, k.verify(v, t.Context(), raw), raw)
		})
	}
}

// What a forged token is refused for must not depend on what the service wants of a genuine one.
func TestForgedTokensLearnNothing(t *testing.T) {
	cfg := staticConfig()
	cfg.Groups, cfg.Scopes = []string{"nobody"}, []string{"nothing"}
	v := newVerifier(t, cfg)
	for _, k := range testKinds() {
		t.Run(k.name, func(t *testing.T) {
			for _, changes := range []map[string]any{
				nil, {"token_use": "other"}, {k.client: "2example23456789"}, {"cognito:groups": nil}, {"scope": nil},
			} {
				raw := signText(strangerKey(), toJSON(goodHeader()), toJSON(with(k.claims(), changes)))
				requireRefused(t, token.ErrSignature, k.verify(v, t.Context(), raw), raw)
			}
		})
	}
}

// The largest tokens that are looked at at all take memory in proportion to their size, whatever is in them.
func TestMemoryIsBounded(t *testing.T) {
	v := newVerifier(t, staticConfig())
	const room = 45 << 10 // of JSON that fits into 64 KiB of base64 with the rest
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
		"blanks":               fill(`{`, ` `, `}`),
		"depth":                `{"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
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
					assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(30*len(raw)), "part %d", i)
				}
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	v := newVerifier(f, staticConfig())
	genuine := map[string]bool{}
	for _, k := range testKinds() {
		for _, changes := range []map[string]any{nil, {"exp": 1}, {"iss": "https://attacker.example"}, {"token_use": "x"}} {
			raw := sign(goodHeader(), with(k.claims(), changes))
			genuine[raw] = changes == nil
			f.Add(raw)
		}
		f.Add(signText(strangerKey(), toJSON(goodHeader()), toJSON(k.claims())))
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

// FuzzClaims signs whatever comes as claims, so that what lies behind the signature is reached as well.
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
		// encoding/json reads the same out of it.
		var want map[string]any
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
