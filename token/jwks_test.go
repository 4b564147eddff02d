package token_test

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/token"
)

// goodKey returns the pool's key with changed members.
func goodKey(changes m) m { return with(jwk(testKID, &poolKey().PublicKey), changes) }

func TestJWKS(t *testing.T) {
	other := jwk("other", &strangerKey().PublicKey)
	weakKey := generate(1024)
	weak := jwk("weak", &weakKey.PublicKey)
	modulus := goodKey(nil)["n"].(string)
	even := b64(new(big.Int).Lsh(big.NewInt(1), 2047).Bytes())

	used := map[string][]byte{
		"one":                        poolJWKS(),
		"two":                        jwks(other, goodKey(nil)),
		"without use":                jwks(goodKey(m{"use": nil})),
		"without alg":                jwks(goodKey(m{"alg": nil})),
		"with unknown members":       jwks(goodKey(m{"x5t": "x", "x": null, "KID": "x"})),
		"for verification":           jwks(goodKey(m{"key_ops": []string{"verify"}})),
		"for more than verification": jwks(goodKey(m{"key_ops": []string{"sign", "verify"}})),
		"listed twice":               jwks(goodKey(nil), goodKey(m{"x5t": "x"}), goodKey(nil)),
		"beside keys of other types": jwks(goodKey(nil), m{"kty": "EC", "kid": "ec"}, m{}, nil),
		"beside one to encrypt with": jwks(goodKey(nil), goodKey(m{"use": "enc", "n": odd(2048)})),
		"beside two without a name": jwks(
			goodKey(nil), goodKey(m{"kid": ""}), with(other, m{"kid": ""})),
		"beside a weak key": jwks(goodKey(nil), weak),
		"beside Keys of another": []byte(
			`{"Keys":[` + toJSON(with(other, m{"kid": testKID})) + `],"keys":[` +
				toJSON(goodKey(nil)) + `],"KEYS":null}`),
		"in another spelling": []byte(" {\n\"\\u006beys\" : [ " +
			strings.ReplaceAll(toJSON(goodKey(nil)), `,`, " ,\t") + " ] }\r\n"),
	}
	for name, data := range used {
		t.Run("used/"+name, func(t *testing.T) {
			requireJWKS(t, data, nil)
		})
	}

	skipped := map[string]m{
		"for encryption":                   {"use": "enc"},
		"for encryption, by alg":           {"alg": "RSA-OAEP-256"},
		"for encryption, by key_ops":       {"key_ops": []string{"encrypt"}},
		"for signing only":                 {"key_ops": []string{"sign"}},
		"for nothing":                      {"key_ops": []string{}},
		"with key_ops that are not a list": {"key_ops": "verify"},
		"with key_ops that are null":       {"key_ops": null},
		"with key_ops of another type":     {"key_ops": []any{"verify", 1}},
		"for RS512":                        {"alg": "RS512"},
		"for use null":                     {"use": null},
		"for use in upper case":            {"use": "SIG"},
		"of another type":                  {"kty": "EC"},
		"of a type in lower case":          {"kty": "rsa"},
		"without a type":                   {"kty": nil},
		"without a name":                   {"kid": nil},
		"with an empty name":               {"kid": ""},
		"with a number for a name":         {"kid": 1},
		"with names in upper case":         {"kid": nil, "KID": testKID},
		"with a modulus in upper case":     {"n": nil, "N": modulus},
		"of 1024 bits":                     {"n": weak["n"]},
		"of 2047 bits":                     {"n": odd(2047)},
		"of 8193 bits":                     {"n": odd(8193)},
		"of an even modulus":               {"n": even},
		"without a modulus":                {"n": nil},
		"with a padded modulus":            {"n": modulus + "=="},
		"with a line feed in the modulus":  {"n": modulus[:9] + "\n" + modulus[9:]},
		"with a modulus spelled oddly":     {"n": setUnusedBit(modulus)},
		"with exponent 1":                  {"e": "AQ"},
		"with exponent 3":                  {"e": "Aw"},
		"with exponent 2^16-1":             {"e": "__8"},
		"with an even exponent":            {"e": "AQAA"},
		"with exponent 2^32+1":             {"e": "AQAAAAE"},
		"without an exponent":              {"e": nil},
		"with a number for an exponent":    {"e": 65537},
	}
	for name, changes := range skipped {
		t.Run("skipped/"+name, func(t *testing.T) {
			requireJWKS(t, jwks(other, goodKey(changes)), token.ErrUnknownKey)
		})
	}

	// repeat adds members to the only key of a set.
	repeat := func(members string) []byte {
		return []byte(`{"keys":[{` + members + "," + toJSON(goodKey(nil))[1:] + `]}`)
	}
	refused := map[string][]byte{
		"one name for two keys":      jwks(goodKey(nil), with(other, m{"kid": testKID})),
		"kid twice":                  repeat(`"kid":"` + testKID + `"`),
		"kid twice, once escaped":    repeat(`"\u006bid":"other"`),
		"n twice":                    repeat(`"n":"` + odd(2048) + `"`),
		"an unknown member twice":    repeat(`"x":1,"x":1`),
		"keys twice":                 []byte(`{"keys":[],` + string(poolJWKS()[1:])),
		"a private key":              jwks(goodKey(m{"d": b64(poolKey().D.Bytes())})),
		"a prime of a key":           jwks(goodKey(m{"p": b64(poolKey().Primes[0].Bytes())})),
		"a CRT exponent of a key":    jwks(goodKey(m{"dp": ""})),
		"another key's private part": jwks(goodKey(nil), m{"kty": "EC", "kid": "ec", "d": "AQ"}),
		"a secret":                   jwks(goodKey(nil), m{"kty": "oct", "k": "c2VjcmV0"}),
		"only unusable keys":         jwks(weak),
		"no key":                     jwks(),
		"no keys at all":             []byte(`{}`),
		"Keys in upper case":         []byte(strings.Replace(string(poolJWKS()), "k", "K", 1)),
		"null for keys":              []byte(`{"keys":null}`),
		"a string for keys":          []byte(`{"keys":"` + testKID + `"}`),
		"a string for a key":         []byte(`{"keys":["` + testKID + `"]}`),
		"a key without a set":        []byte(toJSON(goodKey(nil))),
		"an array":                   []byte(`[` + toJSON(goodKey(nil)) + `]`),
		"null":                       []byte(`null`),
		"nothing":                    {},
		"not JSON":                   []byte(`<!DOCTYPE html>`),
		"not UTF-8":                  repeat("\"x\":\"\xff\""),
		"text after it":              append(poolJWKS(), "{}"...),
		"cut off":                    poolJWKS()[:100],
		"one key and one cut off":    append(poolJWKS()[:len(poolJWKS())-2], `,{"kid"`...),
	}
	for name, data := range refused {
		t.Run("refused/"+name, func(t *testing.T) {
			cfg := staticConfig()
			cfg.JWKS = data
			_, err := token.NewVerifier(cfg)
			require.ErrorContains(t, err, "JWKS")
			require.Less(t, len(err.Error()), 100)
		})
	}
}

// requireJWKS checks the result for a token signed by the pool's key, with this key set.
func requireJWKS(t *testing.T, data []byte, want error) {
	t.Helper()
	cfg := staticConfig()
	cfg.JWKS = data
	v := newVerifier(t, cfg)
	for _, k := range testKinds() {
		require.ErrorIs(t, k.verify(v, t.Context(), k.token(nil)), want, k.name)
	}
}

// odd returns an odd number with that many bits.
func odd(bits uint) string {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return b64(n.SetBit(n, 0, 1).Bytes())
}

func FuzzJWKS(f *testing.F) {
	f.Add(poolJWKS())
	f.Add(jwks(jwk("a", &poolKey().PublicKey), jwk("b", &strangerKey().PublicKey)))
	f.Add(jwks(m{"kty": "RSA", "kid": testKID, "n": odd(2048), "e": "AQAB"}))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"x","n":"AQAB","e":"AQAB","d":"AQAB"},null,{}]}`))
	own, stranger := access(nil), forge(accessClaims())
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg := staticConfig()
		cfg.JWKS = data
		v, err := token.NewVerifier(cfg)
		if err != nil {
			return
		}
		// A token is accepted only if the set has the key that signed it.
		var set struct{ Keys []m }
		require.NoError(t, json.Unmarshal(data, &set))
		for raw, key := range map[string]m{
			own:      jwk(testKID, &poolKey().PublicKey),
			stranger: jwk(testKID, &strangerKey().PublicKey),
		} {
			if _, err := v.VerifyAccess(t.Context(), raw); err == nil {
				require.True(t, slices.ContainsFunc(set.Keys, func(k m) bool {
					return k["kid"] == key["kid"] && k["n"] == key["n"] && k["e"] == key["e"]
				}))
			}
		}
	})
}
