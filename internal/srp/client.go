package srp

import (
	"crypto/rand"
	"fmt"
	"math/big"
)

// Exchange is the client's half of one exchange, for a single challenge. No fmt verb prints its
// exponent.
type Exchange struct {
	secret hidden[big.Int] // a
	public *big.Int        // A = g^a
}

// NewExchange begins an exchange with a fresh exponent.
func NewExchange() *Exchange { return newExchange(ephemeral()) }

func newExchange(secret *big.Int) *Exchange {
	return &Exchange{hide(secret), new(big.Int).Exp(group().g, secret, group().n)}
}

// ephemeral returns an exponent for one exchange.
func ephemeral() *big.Int {
	raw := make([]byte, secretSize)
	_, _ = rand.Read(raw) // Read always fills raw and returns no error.
	return new(big.Int).SetBytes(raw)
}

// Format implements [fmt.Formatter]: it prints no digit of the exponent.
func (*Exchange) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("srp.Exchange")) }

// PublicKey returns SRP_A.
func (e *Exchange) PublicKey() string { return e.public.Text(16) }

// Key computes the key from the challenge's SALT and SRP_B. A wrong password gives a wrong key,
// which only the server notices when it checks the signature. The error is ErrPublicKey or ErrSalt.
func (e *Exchange) Key(identity, password, salt, serverKey string) (Key, error) {
	b, err := ParsePublicKey(serverKey)
	if err != nil {
		return Key{}, err
	}
	s := parse(salt)
	if s == nil {
		return Key{}, ErrSalt
	}
	return e.key(PrivateKey(s.Bytes(), identity, password), b, hash(pad(e.public), pad(b)))
}

// key computes the key for x, B and u.
func (e *Exchange) key(x, b, u *big.Int) (Key, error) {
	if u.Sign() == 0 {
		return Key{}, ErrPublicKey // The shared secret would not depend on the password.
	}
	g := group()
	base := Verifier(x) // S = (B - kv)^(a + ux)
	base.Sub(b, base.Mul(base, g.k)).Mod(base, g.n)
	exponent := new(big.Int).Mul(u, x)
	exponent.Add(exponent, e.secret.reveal())
	return deriveKey(base.Exp(base, exponent, g.n), u), nil
}

// NewVerifier creates the salt and the verifier of a device's password. ConfirmDevice takes both in
// base64.
func NewVerifier(identity, password string) (salt, verifier []byte) {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	return pad(new(big.Int).SetBytes(raw)), pad(Verifier(PrivateKey(raw, identity, password)))
}
