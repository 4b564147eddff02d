package cognitotest

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
)

// The Secure Remote Password protocol, version 6a (RFC 5054), in the form that Cognito's clients speak: the modulus of 3072 bits with 2 as its
// generator, SHA-256 in place of SHA-1, numbers hashed in as few bytes as two's complement needs instead of padded to the modulus, and a key
// that comes of the shared secret by HKDF. A realm (the part of the pool's id after the underscore) stands before the user name.

// srpModulusHex is the prime of RFC 3526, section 4, which RFC 5054 uses too.
const srpModulusHex = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// srpGroup holds the numbers that client and server agree on from the start.
type srpGroup struct{ n, g, k *big.Int }

var srpGroupTable lazy[srpGroup]

func srp() srpGroup {
	return srpGroupTable.get(func() srpGroup {
		n, _ := new(big.Int).SetString(srpModulusHex, 16)
		g := big.NewInt(2)
		return srpGroup{n, g, srpHash(srpBytes(n), srpBytes(g))}
	})
}

// srpBytes writes a number, which is not negative, as two's complement does: with a zero in front if the highest bit would be taken for a sign.
func srpBytes(x *big.Int) []byte {
	out := make([]byte, x.BitLen()/8+1)
	return x.FillBytes(out)
}

func srpHash(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, part := range parts {
		_, _ = h.Write(part)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// srpPublicKey reads a client's A. RFC 5054 has a server refuse what is zero modulo N, since the shared secret would be zero; more than N no
// client sends.
func srpPublicKey(text string) (*big.Int, bool) {
	if len(text) > len(srpModulusHex)+2 || !all(isHex)(text) {
		return nil, false
	}
	a, _ := new(big.Int).SetString(text, 16)
	return a, a.Sign() > 0 && a.Cmp(srp().n) < 0
}

// srpPrivateKey is x: what salt, name and password come to, and all that the server needs to know of a password.
func srpPrivateKey(salt []byte, realm, name, password string) *big.Int {
	identity := sha256.Sum256([]byte(realm + name + ":" + password))
	return srpHash(srpBytes(new(big.Int).SetBytes(salt)), identity[:])
}

// srpVerifier is v, what a server keeps of a password. It takes some milliseconds.
func srpVerifier(x *big.Int) *big.Int { return new(big.Int).Exp(srp().g, x, srp().n) }

// srpAnswer takes part in one exchange with the client whose public key is a: it gives the server's public key and the key that the client
// arrives at as well, if it knows the password behind the verifier. It takes some milliseconds.
func srpAnswer(a, verifier *big.Int) (public *big.Int, key []byte) {
	group := srp()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	b := new(big.Int).SetBytes(secret)

	public = new(big.Int).Mul(group.k, verifier) // B = kv + g^b
	public.Add(public, new(big.Int).Exp(group.g, b, group.n)).Mod(public, group.n)

	u := srpHash(srpBytes(a), srpBytes(public))
	shared := new(big.Int).Exp(verifier, u, group.n) // S = (A v^u)^b
	shared.Mul(shared, a).Exp(shared, b, group.n)

	key, err := hkdf.Key(sha256.New, srpBytes(shared), srpBytes(u), "Caldera Derived Key", 16)
	if err != nil {
		panic(err) // 16 bytes are not too many
	}
	return public, key
}

// srpProof is what a client signs with the key, to show that it has it.
func srpProof(key []byte, realm, name string, secretBlock []byte, timestamp string) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(realm + name))
	_, _ = mac.Write(secretBlock)
	_, _ = mac.Write([]byte(timestamp))
	return mac.Sum(nil)
}
