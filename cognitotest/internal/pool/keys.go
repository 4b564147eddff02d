package pool

import (
	"crypto/rsa"
	"crypto/sha256"
	_ "embed" // testkeys.txt
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// signingKey signs one kind of token.
type signingKey struct {
	id string // the kid in token headers and in the JWKS
	*rsa.PrivateKey
}

// keyPair holds the two keys of a pool: Cognito signs access tokens with one and ID tokens with the
// other.
type keyPair struct {
	access, id signingKey
	jwks       []byte
}

// testKeys are ready-made keys, published and without value. See the file.
//
//go:embed testkeys.txt
var testKeys string

// keys are the same in all pools, servers and processes (FIDELITY.md, "Tokens"): generating keys
// takes longer than everything else in a test. The issuer of a token says which pool it is from.
var keys = sync.OnceValue(func() *keyPair {
	pair := &keyPair{access: readKey(testKeys, "access"), id: readKey(testKeys, "id")}
	pair.jwks = jwks(pair.id, pair.access)
	return pair
})

// JWKS returns the JSON Web Key Set of every pool (RFC 7517).
func JWKS() []byte { return keys().jwks }

// readKey finds a key in testkeys.txt: two primes of two lines each.
func readKey(text, name string) signingKey {
	_, after, _ := strings.Cut(text, "key "+name+"\n")
	lines := strings.SplitN(after, "\n", 5)
	p, q := number(lines[0]+lines[1]), number(lines[2]+lines[3])

	one := big.NewInt(1)
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537},
		D:         new(big.Int).ModInverse(big.NewInt(65537), phi),
		Primes:    []*big.Int{p, q},
	}
	key.Precompute()

	// The ID is the thumbprint of RFC 7638, so other keys would have other IDs.
	sum := sha256.Sum256(
		fmt.Appendf(nil, `{"e":"%s","kty":"RSA","n":"%s"}`, exponent(key), modulus(key)))
	return signingKey{base64.StdEncoding.EncodeToString(sum[:]), key}
}

func number(text string) *big.Int {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err) // the file is part of the program
	}
	return new(big.Int).SetBytes(raw)
}

func modulus(key *rsa.PrivateKey) string {
	return base64.RawURLEncoding.EncodeToString(key.N.Bytes())
}

func exponent(key *rsa.PrivateKey) string {
	return base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())
}

func jwks(keys ...signingKey) []byte {
	type jwk struct {
		Alg string `json:"alg"`
		E   string `json:"e"`
		Kid string `json:"kid"`
		Kty string `json:"kty"`
		N   string `json:"n"`
		Use string `json:"use"`
	}
	var set struct {
		Keys []jwk `json:"keys"`
	}
	for _, key := range keys {
		set.Keys = append(set.Keys, jwk{
			Alg: "RS256", E: exponent(key.PrivateKey), Kid: key.id, Kty: "RSA",
			N: modulus(key.PrivateKey), Use: "sig",
		})
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err) // strings can always be encoded
	}
	return text
}

func (k signingKey) sign(claims jwt.MapClaims) (string, error) {
	header := map[string]any{"kid": k.id, "alg": "RS256"}
	token := &jwt.Token{Header: header, Claims: claims, Method: jwt.SigningMethodRS256}
	return token.SignedString(k.PrivateKey)
}
