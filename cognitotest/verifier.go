package cognitotest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const challengeVerifier = "PASSWORD_VERIFIER"

// secretBlock is what the SECRET_BLOCK of a PASSWORD_VERIFIER says to the server. The challenge has no session: this stands in for it. The
// exchange of keys is over when the challenge is made, so that its answer takes no arithmetic.
type secretBlock struct {
	ticket
	Key []byte // what the answer must be signed with
	X   []byte // what the password came to, so that a change of it is noticed
}

// secretBlockSize is the size of what is encrypted.
const secretBlockSize = 860

// timestampLayout is the one form in which clients write the time that they sign. A reader is more lenient, but what is signed must be this.
const timestampLayout = "Mon Jan 2 15:04:05 UTC 2006"

// timestampRange is how far a client's clock may be off.
const timestampRange = 5 * time.Minute

// realm is the part of the pool's id that stands before user names in SRP.
func (p *pool) realm() string {
	_, realm, _ := strings.Cut(p.id, "_")
	return realm
}

// derive gives bytes that always are the same for a pool and a name of something, and that nobody else can foretell.
func (b *backend) derive(purpose string, p *pool, name string) []byte {
	mac := hmac.New(sha256.New, b.secret)
	_, _ = fmt.Fprintf(mac, "%s %s %s", purpose, p.id, name)
	return mac.Sum(nil)
}

// salt is that of a user or, where there is none, of a name. Its first digit is not zero, since some clients hash the digits and others the
// number.
func (b *backend) salt(p *pool, name string) []byte {
	salt := b.derive("salt", p, name)[:16]
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
	if err := b.checkHash(c, parameters["USERNAME"], parameters["SECRET_HASH"]); err != nil {
		return next{}, err
	}
	return b.askVerifier(c, parameters["USERNAME"], parameters["SRP_A"])
}

// askVerifier makes a PASSWORD_VERIFIER. Where a client hides who exists, a name that nobody has is challenged as if somebody had it. No lock is
// held during the arithmetic.
func (b *backend) askVerifier(c *appClient, username, publicKey string) (next, error) {
	a, valid := srpPublicKey(publicKey)
	if !valid {
		return next{}, errPublicKey
	}
	p := c.pool
	var name string
	var salt []byte
	var x *big.Int
	var block secretBlock
	if u := p.lookup(username); u != nil && u.lock() == nil {
		name, salt = u.name, b.salt(p, u.sub)
		x = u.privateKey(salt)
		block.ticket = b.begin(u, c, session{challenge: challengeVerifier})
		u.mu.Unlock()
	} else if c.reveal {
		return next{}, errNoUser
	} else {
		key := p.key(username)
		name, salt = formatUUID(b.derive("user", p, key)), b.salt(p, key)
		x = new(big.Int).SetBytes(b.derive("password", p, key))
		block.ticket = ticket{p.id, name, c.id, challengeVerifier, stageChallenged, newNumber(), b.time().Add(c.session).UnixMilli()}
	}

	public, key := srpAnswer(a, srpVerifier(x))
	block.Key, block.X = key, x.Bytes()
	nonce, sealed := b.sealer.seal(block, secretBlockSize, challengeVerifier)
	return next{challenge: &authResponse{ChallengeName: challengeVerifier, ChallengeParameters: map[string]string{
		"USERNAME": name, "USER_ID_FOR_SRP": name, "SALT": fmt.Sprintf("%x", salt), "SRP_B": public.Text(16),
		"SECRET_BLOCK": base64.StdEncoding.EncodeToString(append(nonce, sealed...)),
	}}}, nil
}

// privateKey is what the user's password comes to; the lock is held.
func (u *user) privateKey(salt []byte) *big.Int {
	return srpPrivateKey(salt, u.pool.realm(), u.name, u.password)
}

// answerVerifier checks a PASSWORD_VERIFIER's answer. Whatever is wrong with it that a client cannot have got wrong by its form is a wrong
// password.
func (b *backend) answerVerifier(c *appClient, username string, responses map[string]string) (next, error) {
	for _, name := range []string{"PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"} {
		if responses[name] == "" {
			return next{}, missingParameter(name)
		}
	}
	signature, err := base64.StdEncoding.DecodeString(responses["PASSWORD_CLAIM_SIGNATURE"])
	if err != nil {
		return next{}, errClaimSignature
	}
	stamp, err := time.Parse(timestampLayout, responses["TIMESTAMP"])
	if err != nil {
		return next{}, errTimestamp
	}
	raw, err := base64.StdEncoding.DecodeString(responses["PASSWORD_CLAIM_SECRET_BLOCK"])
	var block secretBlock
	if err != nil || !b.sealer.openRaw(&block, raw, challengeVerifier) || block.Client != c.id {
		return next{}, errCredentials
	}
	now := b.time()
	if now.UnixMilli() >= block.Expires {
		return next{}, errSessionExpired
	}
	named, u := c.pool.lookup(username), c.pool.bySub(block.Sub)
	if u == nil || u != named || u.lock() != nil {
		return next{}, errCredentials
	}
	defer u.mu.Unlock()

	proof := srpProof(block.Key, u.pool.realm(), u.name, raw, stamp.Format(timestampLayout))
	unchanged := bytes.Equal(block.X, u.privateKey(b.salt(u.pool, u.sub)).Bytes())
	right := hmac.Equal(proof, signature) && unchanged && u.password != "" && b.timely(stamp)
	if err := b.judge(u, c, right); err != nil {
		return next{}, err
	}
	i := slices.IndexFunc(u.sessions, func(s *session) bool { return s.id == block.ID })
	if i < 0 {
		return next{}, errSessionUsed
	}
	u.spend(u.sessions[i])
	return b.proceed(u, c, progress{})
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
