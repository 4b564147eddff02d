package cognitotest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"sync"
)

// signingKey signs one kind of token.
type signingKey struct {
	id string // the kid in token headers and in the JWKS
	*rsa.PrivateKey
}

// keyPair holds the two keys of a pool: Cognito signs access tokens with one and ID tokens with the other.
type keyPair struct {
	access, id signingKey
	jwks       []byte
}

// keys are made once per process, when the first token is signed, and serve all of its servers: making them takes longer than everything else
// a test does. Nothing outside the process knows them, and a token says in its issuer which pool it is from.
func keys() *keyPair { return processKeys.get(newKeyPair) }

var processKeys lazy[*keyPair]

func newKeyPair() *keyPair {
	var pair keyPair
	var wg sync.WaitGroup
	for _, key := range []*signingKey{&pair.access, &pair.id} {
		wg.Go(func() { *key = newSigningKey() })
	}
	wg.Wait()
	pair.jwks = jwks(pair.id, pair.access)
	return &pair
}

func newSigningKey() signingKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(fmt.Sprintf("cognitotest: make a signing key: %v", err))
	}
	n, e := modulus(key), exponent(key)
	// The thumbprint of RFC 7638: two processes do not give different keys the same name.
	sum := sha256.Sum256([]byte(`{"e":"` + e + `","kty":"RSA","n":"` + n + `"}`))
	return signingKey{base64.StdEncoding.EncodeToString(sum[:]), key}
}

func modulus(key *rsa.PrivateKey) string { return base64.RawURLEncoding.EncodeToString(key.N.Bytes()) }

func exponent(key *rsa.PrivateKey) string {
	return base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())
}

// jwks is the JSON Web Key Set that the pool publishes (RFC 7517).
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
		set.Keys = append(set.Keys, jwk{"RS256", exponent(key.PrivateKey), key.id, "RSA", modulus(key.PrivateKey), "sig"})
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(err) // strings only
	}
	return text
}
