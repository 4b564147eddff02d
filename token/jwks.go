package token

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
)

// The sizes of RSA moduli in bits that are used. Below, RFC 7518, section 3.3, forbids them for RS256. Above, a signature
// takes too long to check; crypto/tls draws the same line.
const (
	minModulus = 2048
	maxModulus = 8192
)

// parseJWKS returns the RSA signature keys of a JSON Web Key Set (RFC 7517), by name. Keys for anything else are passed
// over, and so are those that are too weak or that nothing can be done with. A set that gives two of its keys one name,
// or gives away a private key, is not to be trusted at all; nor is one without a single key of use.
func parseJWKS(data []byte) (map[string]*rsa.PublicKey, error) {
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("JWKS: not a JSON Web Key Set")
	}
	keys := make(map[string]*rsa.PublicKey, len(set.Keys))
	for _, jwk := range set.Keys {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, ok := jwk[private]; ok {
				return nil, errors.New("JWKS: a key with its private part")
			}
		}
		kid, ok := jwk["kid"].(string)
		key := signatureKey(jwk)
		if !ok || kid == "" || key == nil {
			continue
		}
		if keys[kid] != nil {
			return nil, errors.New("JWKS: two keys of one name")
		}
		keys[kid] = key
	}
	if len(keys) == 0 {
		return nil, errors.New("JWKS: no RSA signature key")
	}
	return keys, nil
}

// signatureKey returns the key in jwk, or nil if it is not one to verify RS256 signatures with.
func signatureKey(jwk map[string]any) *rsa.PublicKey {
	if jwk["kty"] != "RSA" || !absentOr(jwk, "use", "sig") || !absentOr(jwk, "alg", "RS256") {
		return nil
	}
	n, e := unsigned(jwk["n"]), unsigned(jwk["e"])
	// FIPS 186-5, section 5.1: the exponent is odd and above 2^16. crypto/rsa takes none above 2^31-1.
	if n.BitLen() < minModulus || n.BitLen() > maxModulus || n.Bit(0) == 0 ||
		e.BitLen() < 17 || e.BitLen() > 31 || e.Bit(0) == 0 {
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

func absentOr(jwk map[string]any, name, value string) bool {
	got, ok := jwk[name]
	return !ok || got == value
}

// unsigned decodes a Base64urlUInt (RFC 7518, section 2). What is none becomes zero.
func unsigned(value any) *big.Int {
	text, _ := value.(string)
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return new(big.Int)
	}
	return new(big.Int).SetBytes(data)
}
