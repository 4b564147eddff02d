package pool

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"time"

	"github.com/cognitomfa/cognitomfa/internal/srp"
)

// secretBlockSize is the size of an encrypted SECRET_BLOCK, in bytes.
const secretBlockSize = 860

// timestampRange is the maximum error of a client's clock.
const timestampRange = 5 * time.Minute

var (
	errPublicKey      = invalidParameter("SRP_A is not a valid public key.")
	errClaimSignature = invalidParameter("PASSWORD_CLAIM_SIGNATURE is not valid Base64.")
	errTimestamp      = invalidParameter(
		"TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
)

// beginSRP is USER_SRP_AUTH, and CUSTOM_AUTH that begins with the password.
func (s *signIn) beginSRP(in *initiateAuthRequest) (next, error) {
	if err := need(in.AuthParameters, "USERNAME", "SRP_A"); err != nil {
		return next{}, err
	}
	if err := s.identify(in.AuthParameters); err != nil {
		return next{}, err
	}
	return s.askVerifier(session{}, in.AuthParameters["SRP_A"])
}

// askVerifier asks for a proof of the password, with a PASSWORD_VERIFIER.
func (s *signIn) askVerifier(asked session, publicKey string) (next, error) {
	public, err := srp.ParsePublicKey(publicKey)
	if err != nil {
		return next{}, errPublicKey
	}
	salt := s.salt()
	x := s.privateKey(salt)
	asked.challenge, asked.done = challengeVerifier, s.done
	r := &authResponse{ChallengeName: challengeVerifier, ChallengeParameters: map[string]string{
		"USERNAME": s.user.name, "USER_ID_FOR_SRP": s.user.name, "SALT": hex.EncodeToString(salt),
	}}
	block := secretBlock{ticket: s.newTicket(asked), X: x.Bytes()}
	return s.exchange(r, block, public, func() *big.Int { return srp.Verifier(x) }), nil
}

// exchange is the server's half of an SRP key exchange. The arithmetic runs after the user is
// unlocked.
func (s *signIn) exchange(
	r *authResponse, block secretBlock, clients *big.Int, verifier func() *big.Int,
) next {
	m := s.Machine
	r.later = func() error {
		public, key := srp.Answer(clients, verifier())
		block.Key = key.Reveal()
		nonce, sealed := m.sealer.seal(block, secretBlockSize, block.Challenge)
		r.ChallengeParameters["SRP_B"] = public.Text(16)
		r.ChallengeParameters["SECRET_BLOCK"] = base64.StdEncoding.EncodeToString(
			append(nonce, sealed...))
		return nil
	}
	return next{r}
}

// salt returns the user's salt. It does not begin with a zero bit: some clients hash its hex
// digits, others the number.
func (s *signIn) salt() []byte {
	salt := s.derive("salt", s.pool, s.user.sub)[:16]
	salt[0] |= 0x80
	return salt
}

// privateKey derives the private key of SRP (x) from the user's password.
func (s *signIn) privateKey(salt []byte) *big.Int {
	return srp.PrivateKey(salt, srp.Realm(s.pool.id)+s.user.name, s.user.password)
}

// proven reports whether an answer was signed with the key of the exchange, at about the present
// time. It returns an error if a member is malformed.
func (s *signIn) proven(identity string, given map[string]string) (bool, error) {
	if err := need(given, "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"); err != nil {
		return false, err
	}
	signature, err := base64.StdEncoding.DecodeString(given["PASSWORD_CLAIM_SIGNATURE"])
	if err != nil {
		return false, errClaimSignature
	}
	stamp, err := time.Parse(srp.TimestampLayout, given["TIMESTAMP"])
	if err != nil {
		return false, errTimestamp
	}
	proof := srp.NewKey(s.block.Key).Sign(identity, s.block.raw, stamp.Format(srp.TimestampLayout))
	return hmac.Equal(proof, signature) && s.inTime(stamp), nil
}

// inTime reports whether a client's clock is about right: by the server's clock, or by that clock
// without Advance, since a client in another process does not follow it.
func (s *signIn) inTime(stamp time.Time) bool {
	return stamp.Sub(s.Now()).Abs() <= timestampRange || stamp.Sub(s.now()).Abs() <= timestampRange
}

// answerVerifier checks the answer to a PASSWORD_VERIFIER.
func (s *signIn) answerVerifier(given map[string]string) (next, error) {
	proven, err := s.proven(srp.Realm(s.pool.id)+s.user.name, given)
	if err != nil {
		return next{}, err
	}
	unchanged := bytes.Equal(s.block.X, s.privateKey(s.salt()).Bytes())
	if err := s.passwordResult(proven && unchanged && s.user.password != ""); err != nil {
		if s.session != nil && s.session.first {
			s.useUp()
		}
		return next{}, err
	}
	if s.session == nil {
		return next{}, errSessionUsed
	}
	s.done.proof |= provedPassword
	s.done.srp = !s.session.first
	return onward, s.useDevice(given)
}
