package token

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
)

// Sizes in bits of the RSA moduli that are used. RFC 7518, section 3.3, forbids smaller ones for
// RS256. Signatures by larger ones take too long to check; crypto/tls draws the same line.
const (
	minModulus = 2048
	maxModulus = 8192
)

// parseJWKS returns the RSA signature keys of a JSON Web Key Set (RFC 7517), by name. Keys for
// other purposes are skipped, and so are weak and malformed ones. The whole set is refused if it
// gives one name to two keys, repeats a member, reveals a private key, or has no key of use. The
// same key listed twice is harmless.
func parseJWKS(data []byte) (map[string]*rsa.PublicKey, error) {
	set, err := jwkSet(data)
	if err != nil {
		return nil, err
	}
	keys := make(map[string]*rsa.PublicKey, len(set))
	for _, jwk := range set {
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, ok := jwk[private]; ok {
				return nil, errors.New("JWKS: a key with its private part")
			}
		}
		kid, key := jwk.text("kid"), jwk.signatureKey()
		if kid == "" || key == nil {
			continue
		}
		if other := keys[kid]; other != nil && !other.Equal(key) {
			return nil, errors.New("JWKS: two keys with one name")
		}
		keys[kid] = key
	}
	if len(keys) == 0 {
		return nil, errors.New("JWKS: no RSA signature key")
	}
	return keys, nil
}

// jwk is the members of a JSON Web Key, as raw JSON.
type jwk map[string]string

func jwkSet(data []byte) ([]jwk, error) {
	malformed := errors.New("JWKS: not a JSON Web Key Set")
	if !json.Valid(data) {
		return nil, malformed
	}
	set, err := members(string(data))
	if err != nil {
		return nil, malformed
	}
	list, err := elements(set["keys"])
	if err != nil {
		return nil, malformed
	}
	var keys []jwk
	for _, raw := range list {
		if raw == "null" {
			continue
		}
		key, err := members(raw)
		if err != nil {
			return nil, malformed
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// signatureKey returns the key, or nil if it is not one to verify RS256 signatures with.
func (k jwk) signatureKey() *rsa.PublicKey {
	if k.text("kty") != "RSA" || !k.allows("use", "sig") || !k.allows("alg", "RS256") {
		return nil
	}
	if raw, ok := k["key_ops"]; ok { // RFC 7517, section 4.3
		if ops, err := stringList(raw); err != nil || !slices.Contains(ops, "verify") {
			return nil
		}
	}
	n, e := k.unsigned("n"), k.unsigned("e")
	// FIPS 186-5, section 5.1: the exponent is odd and above 2^16. crypto/rsa takes none above
	// 2^31-1.
	if n.BitLen() < minModulus || n.BitLen() > maxModulus || n.Bit(0) == 0 ||
		e.BitLen() < 17 || e.BitLen() > 31 || e.Bit(0) == 0 {
		return nil
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

// allows reports whether the member has the value, or is absent.
func (k jwk) allows(name, value string) bool {
	_, ok := k[name]
	return !ok || k.text(name) == value
}

// text returns a member that is a string. Another type, or none, becomes the empty string.
func (k jwk) text(name string) string {
	value, err := stringValue(k[name])
	if err != nil {
		return ""
	}
	return value
}

// unsigned decodes a Base64urlUInt (RFC 7518, section 2). What is none becomes zero.
func (k jwk) unsigned(name string) *big.Int {
	data, err := decode(k.text(name))
	if err != nil {
		return new(big.Int)
	}
	return new(big.Int).SetBytes(data)
}
