package srp

import "math/big"

// Answer is the server's half of one exchange with the client whose public key is a. It returns the
// server's public key, SRP_B, and the key, which a client that knows the password computes, too.
func Answer(a, verifier *big.Int) (public *big.Int, key Key) {
	return answer(a, verifier, ephemeral())
}

func answer(a, verifier, secret *big.Int) (public *big.Int, key Key) {
	g := group()
	public = new(big.Int).Mul(g.k, verifier) // B = kv + g^b
	public.Add(public, new(big.Int).Exp(g.g, secret, g.n)).Mod(public, g.n)

	u := hash(pad(a), pad(public))
	shared := new(big.Int).Exp(verifier, u, g.n) // S = (A v^u)^b
	shared.Mul(shared, a).Exp(shared, secret, g.n)
	return public, deriveKey(shared, u)
}
