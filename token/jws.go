package token

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// maxToken is the length in bytes up to which a token is looked at: what a load balancer allows
	// for all headers together, and far more than Cognito issues.
	maxToken = 64 << 10

	// maxKeyID bounds the length of the key's name. Cognito's have 44 bytes.
	maxKeyID = 256
)

// candidate is a token on its way through the checks.
type candidate struct {
	signed    string // what the signature is over: header and claims, as they came
	signature []byte
	header    fields
	payload   string // the claims, as JSON
	fields           // the claims
	claims    Claims // those that both kinds of token have
	issuer    issuer // who it says has issued it
}

// parse takes a JWS in compact serialization (RFC 7515, section 7.1) apart.
//
// golang-jwt checks the signature, in verify. Its Parser would do more and is not used: it decodes
// the header into a map, which hides a parameter given twice; it takes the algorithm from the
// token, out of a table that any package in the program can change; and it costs a tenth of a
// verification.
func parse(raw string) (*candidate, error) {
	if len(raw) > maxToken {
		return nil, ErrMalformed
	}
	head, rest, _ := strings.Cut(raw, ".")
	body, tail, three := strings.Cut(rest, ".")
	if !three {
		return nil, ErrMalformed
	}
	signature, err := decode(tail)
	if err != nil {
		return nil, ErrMalformed
	}
	c := &candidate{signed: raw[:len(head)+1+len(body)], signature: signature}
	if c.header, _, err = object(head); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	}
	if c.fields, c.payload, err = object(body); err != nil {
		return nil, fmt.Errorf("%w: claims: %w", ErrMalformed, err)
	}
	return c, nil
}

// decode decodes base64url without padding, in the one spelling that each value has.
func decode(segment string) ([]byte, error) {
	// Even in its strict mode, Go's decoder skips line breaks, which would allow many spellings.
	if strings.IndexByte(segment, '\n') >= 0 || strings.IndexByte(segment, '\r') >= 0 {
		return nil, errors.New("a line break")
	}
	return base64.RawURLEncoding.Strict().DecodeString(segment)
}

// object decodes a segment that holds a JSON object, and returns its text as well.
func object(segment string) (fields, string, error) {
	data, err := decode(segment)
	if err != nil {
		return fields{}, "", errors.New("not base64url")
	}
	if !json.Valid(data) {
		return fields{}, "", errors.New("not JSON")
	}
	text := string(data)
	m, err := members(text)
	return fields{members: m}, text, err
}

// keyID checks the header and returns the name of the key.
func (c *candidate) keyID() (string, error) {
	if _, critical := c.header.members["crit"]; critical {
		// RFC 7515, section 4.1.11: extensions that are not understood must be refused, and none
		// is understood here.
		return "", fmt.Errorf("%w: critical extensions", ErrMalformed)
	}
	alg, kid := c.header.text("alg"), required(&c.header, "kid", c.header.text)
	if len(kid) > maxKeyID {
		c.header.fail("kid", "is too long")
	}
	if c.header.err == nil && alg != jwt.SigningMethodRS256.Alg() {
		return "", ErrSignature
	}
	return kid, c.header.err
}
