package cognitotest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/internal/srp"
)

const challengeVerifier = "PASSWORD_VERIFIER"

// secretBlock is what the SECRET_BLOCK of a PASSWORD_VERIFIER, or of a DEVICE_PASSWORD_VERIFIER, says to the server. The challenge has no session:
// this stands in for it. The exchange of keys is over when the challenge is made, so that its answer takes no arithmetic.
type secretBlock struct {
	ticket
	Key []byte // what the answer must be signed with
	X   []byte // what the password came to, so that a change of it is noticed; nothing for a device
}

// secretBlockSize is the size of what is encrypted.
const secretBlockSize = 860

// timestampRange is how far a client's clock may be off.
const timestampRange = 5 * time.Minute

// realm is the part of the pool's id that stands before user names in SRP.
func (p *pool) realm() string {
	return srp.Realm(p.id)
}

// derive gives bytes that always are the same for a pool and a name of something, and that nobody else can foretell.
func (b *backend) derive(purpose string, p *pool, name string) []byte {
	mac := hmac.New(sha256.New, b.secret)
	_, _ = fmt.Fprintf(mac, "%s %s %s", purpose, p.id, name)
	return mac.Sum(nil)
}

// salt is that of a user, by its sub. It does not begin with a zero, since some clients hash its digits and others the number.
func (b *backend) salt(p *pool, sub string) []byte {
	salt := b.derive("salt", p, sub)[:16]
	salt[0] |= 0x80
	return salt
}

// srpAuth is the flow USER_SRP_AUTH, and CUSTOM_AUTH where it begins with the password.
func (b *backend) srpAuth(c *appClient, parameters map[string]string) (next, error) {
	for _, name := range []string{"USERNAME", "SRP_A"} {
		if parameters[name] == "" {
			return next{}, missingParameter(name)
		}
	}
	u, err := b.identify(c, parameters)
	if err != nil {
		return next{}, err
	}
	defer u.mu.Unlock()
	return b.askVerifier(u, c, session{}, parameters["SRP_A"])
}

// exchange is the server's half of an SRP exchange, the arithmetic of which waits until no lock is held.
type exchange struct {
	public   *big.Int        // the client's A
	verifier func() *big.Int // v
	block    secretBlock     // but for its key
}

// askVerifier makes a PASSWORD_VERIFIER for the user, whose lock is held.
func (b *backend) askVerifier(u *user, c *appClient, s session, publicKey string) (next, error) {
	public, err := srp.ParsePublicKey(publicKey)
	if err != nil {
		return next{}, errPublicKey
	}
	salt := b.salt(u.pool, u.sub)
	x := u.privateKey(salt)
	s.challenge = challengeVerifier
	return next{
		challenge: &authResponse{ChallengeName: challengeVerifier, ChallengeParameters: map[string]string{
			"USERNAME": u.name, "USER_ID_FOR_SRP": u.name, "SALT": hex.EncodeToString(salt),
		}},
		exchange: &exchange{public, func() *big.Int { return srp.Verifier(x) }, secretBlock{ticket: b.begin(u, c, s), X: x.Bytes()}},
	}, nil
}

// exchange does the arithmetic, and writes what comes of it into the challenge.
func (b *backend) exchange(e *exchange, challenge *authResponse) *authResponse {
	public, key := srp.Answer(e.public, e.verifier())
	e.block.Key = key.Reveal()
	nonce, sealed := b.sealer.seal(e.block, secretBlockSize, e.block.Challenge)
	challenge.ChallengeParameters["SRP_B"] = public.Text(16)
	challenge.ChallengeParameters["SECRET_BLOCK"] = base64.StdEncoding.EncodeToString(append(nonce, sealed...))
	return challenge
}

// privateKey is what the user's password comes to; the lock is held.
func (u *user) privateKey(salt []byte) *big.Int {
	return srp.PrivateKey(salt, u.pool.realm()+u.name, u.password)
}

// claim is the answer to a PASSWORD_VERIFIER, as far as its form can be checked.
type claim struct {
	signature, raw []byte
	stamp          time.Time
	block          secretBlock
}

// readClaim reads an answer. What a client cannot have got wrong by its form is like a wrong password.
func (b *backend) readClaim(c *appClient, challenge string, responses map[string]string) (*claim, error) {
	for _, name := range []string{"PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"} {
		if responses[name] == "" {
			return nil, missingParameter(name)
		}
	}
	var in claim
	var err error
	if in.signature, err = base64.StdEncoding.DecodeString(responses["PASSWORD_CLAIM_SIGNATURE"]); err != nil {
		return nil, errClaimSignature
	}
	if in.stamp, err = time.Parse(srp.TimestampLayout, responses["TIMESTAMP"]); err != nil {
		return nil, errTimestamp
	}
	in.raw, err = base64.StdEncoding.DecodeString(responses["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err != nil || !b.sealer.openRaw(&in.block, in.raw, challenge) || in.block.Client != c.id {
		return nil, errCredentials
	}
	if b.time().UnixMilli() >= in.block.Expires {
		return nil, errSessionExpired
	}
	return &in, nil
}

// right tells whether a claim was signed with the key that the exchange came to, at about this time.
func (b *backend) right(in *claim, realm, name string) bool {
	proof := srp.NewKey(in.block.Key).Sign(realm+name, in.raw, in.stamp.Format(srp.TimestampLayout))
	return hmac.Equal(proof, in.signature) && b.timely(in.stamp)
}

// answerVerifier checks a PASSWORD_VERIFIER's answer.
func (b *backend) answerVerifier(c *appClient, username string, responses map[string]string) (next, error) {
	in, err := b.readClaim(c, challengeVerifier, responses)
	if err != nil {
		return next{}, err
	}
	u := b.signerBySub(c.pool, in.block.Sub)
	if u == nil || u != b.signer(c.pool, username) || u.lock() != nil {
		return next{}, errCredentials
	}
	defer u.mu.Unlock()
	s := u.session(in.block.ID)
	unchanged := bytes.Equal(in.block.X, u.privateKey(b.salt(u.pool, u.sub)).Bytes())
	if err := b.judge(u, c, b.right(in, u.pool.realm(), u.name) && unchanged && u.password != ""); err != nil {
		if s != nil && s.first {
			u.spend(s)
		}
		return next{}, err
	}
	if s == nil {
		return next{}, errSessionUsed
	}
	device, err := u.deviceGiven(responses)
	if err != nil {
		return next{}, err
	}
	u.spend(s)
	return b.proceed(u, c, progress{device: device})
}

// timely tells whether a client's clock is about right: by the server's, or by what that would be if a test had not advanced it, since the
// clock of a client that is a program of its own stays behind then.
func (b *backend) timely(stamp time.Time) bool {
	return stamp.Sub(b.time()).Abs() <= timestampRange || stamp.Sub(b.now()).Abs() <= timestampRange
}

// srpAllowed tells whether a client has USER_SRP_AUTH. By the older names it has, unless it is told to have custom flows only.
func (c *appClient) srpAllowed() bool {
	return c.allows(types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAdminNoSrpAuth, types.ExplicitAuthFlowsTypeUserPasswordAuth) &&
		!c.allows(types.ExplicitAuthFlowsTypeCustomAuthFlowOnly)
}
