// Package srp implements the arithmetic of the Secure Remote Password protocol, version 6a (RFC
// 5054), for clients and servers, in Amazon Cognito's variant. It does not make calls or handle
// challenges.
//
// Cognito uses the modulus of 3072 bits (RFC 3526, section 4) with the generator 2, and SHA-256 in
// place of SHA-1. Numbers are hashed in as few bytes as two's complement needs, not padded to the
// length of the modulus; a realm precedes the name; and HKDF derives the key from the shared
// secret.
//
// An identity is realm and name in one string: for a user, the part of the pool's ID after the
// underscore and USER_ID_FOR_SRP; for a device, the group key and the device key.
//
// The exponentiations use math/big and are not constant-time: do not use them where an attacker can
// measure the process itself. Each ephemeral exponent is used only once.
package srp

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"
)

// modulus is the prime of RFC 3526, section 4, which RFC 5054 uses too.
const modulus = "" +
	"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74" +
	"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437" +
	"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05" +
	"98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB" +
	"9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718" +
	"3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33" +
	"A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864" +
	"D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2" +
	"08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// secretSize is the size of the ephemeral exponents in bytes. RFC 5054 recommends at least 256 bits,
// which is as strong as the modulus; more would make sign-ins slower but not safer.
const secretSize = 32

// constants are the numbers that client and server agree on in advance.
type constants struct{ n, g, k *big.Int }

// group returns the constants. It computes them at the first call.
var group = sync.OnceValue(func() constants {
	n, _ := new(big.Int).SetString(modulus, 16)
	g := big.NewInt(2)
	return constants{n: n, g: g, k: hash(pad(n), pad(g))}
})

// Modulus returns N.
func Modulus() *big.Int { return new(big.Int).Set(group().n) }

// ErrPublicKey means that the other side's public key is not a number between zero and the modulus.
// RFC 5054 requires rejecting multiples of the modulus, with which anyone could compute the shared
// secret. Nobody sends the other numbers.
var ErrPublicKey = errors.New("the public key of the SRP exchange is not valid")

// ErrSalt means that a salt is not a number.
var ErrSalt = errors.New("the salt of the SRP exchange is not valid")

// pad returns a number, which is not negative, in two's complement: with a leading zero byte if the
// highest bit is set, which would mean a minus sign.
func pad(x *big.Int) []byte {
	return x.FillBytes(make([]byte, x.BitLen()/8+1))
}

func hash(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, part := range parts {
		_, _ = h.Write(part)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// parse parses a number in hexadecimal digits. It returns nil if the text is anything else or too
// long.
func parse(text string) *big.Int {
	notHex := func(r rune) bool {
		return (r < '0' || '9' < r) && (r < 'a' || 'f' < r) && (r < 'A' || 'F' < r)
	}
	if len(text) > len(modulus)+2 || strings.ContainsFunc(text, notHex) {
		return nil
	}
	x, ok := new(big.Int).SetString(text, 16)
	if !ok {
		return nil
	}
	return x
}

// ParsePublicKey parses the public key of the other side, SRP_A or SRP_B. Both sides reduce theirs
// by the modulus; if it is zero or not reduced, the error is ErrPublicKey.
func ParsePublicKey(text string) (*big.Int, error) {
	x := parse(text)
	if x == nil || !InGroup(x) {
		return nil, ErrPublicKey
	}
	return x, nil
}

// InGroup reports whether x can be a public key or a verifier: whether it is between zero and the
// modulus.
func InGroup(x *big.Int) bool { return x.Sign() > 0 && x.Cmp(group().n) < 0 }

// PrivateKey computes x from salt, identity and password.
func PrivateKey(salt []byte, identity, password string) *big.Int {
	inner := sha256.Sum256([]byte(identity + ":" + password))
	return hash(pad(new(big.Int).SetBytes(salt)), inner[:])
}

// Verifier computes v = g^x, which a server stores in place of the password.
func Verifier(x *big.Int) *big.Int { return new(big.Int).Exp(group().g, x, group().n) }

// hidden contains a secret that no fmt verb prints, not even in an unexported field: fmt prints a
// pointer to a pointer as an address, but with some verbs it follows a single pointer.
type hidden[T any] struct{ p **T }

func hide[T any](secret *T) hidden[T] { return hidden[T]{&secret} }

func (h hidden[T]) reveal() *T { return *h.p }

// Key is the key that both sides compute. No fmt verb prints it.
type Key struct{ secret hidden[[keySize]byte] }

const keySize = 16

// NewKey returns the key with these bytes. It panics unless there are 16.
func NewKey(raw []byte) Key {
	b := [keySize]byte(raw)
	return Key{hide(&b)}
}

// deriveKey derives the key from the shared secret S and the scrambling parameter u.
func deriveKey(shared, u *big.Int) Key {
	raw, err := hkdf.Key(sha256.New, pad(shared), pad(u), "Caldera Derived Key", keySize)
	if err != nil {
		panic(err) // HKDF can always derive 16 bytes.
	}
	return NewKey(raw)
}

// Reveal returns the key's bytes.
func (k Key) Reveal() []byte { return k.secret.reveal()[:] }

// Format implements [fmt.Formatter]: it prints no byte of the key.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("srp.Key")) }

// Sign returns the proof of having the key: PASSWORD_CLAIM_SIGNATURE before encoding.
func (k Key) Sign(identity string, secretBlock []byte, timestamp string) []byte {
	mac := hmac.New(sha256.New, k.Reveal())
	_, _ = mac.Write([]byte(identity))
	_, _ = mac.Write(secretBlock)
	_, _ = mac.Write([]byte(timestamp))
	return mac.Sum(nil)
}

// TimestampLayout is the only layout of the signed time, which is in UTC: in English, with the day
// of the month without a leading zero.
const TimestampLayout = "Mon Jan 2 15:04:05 UTC 2006"

// Timestamp formats a time in that layout.
func Timestamp(t time.Time) string { return t.UTC().Format(TimestampLayout) }

// Realm returns the part of a pool's ID that precedes user names: everything after the first
// underscore.
func Realm(userPoolID string) string {
	_, realm, _ := strings.Cut(userPoolID, "_")
	return realm
}
