package pool

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/internal/srp"
)

// Devices, and what a sign-in on one is spared. See FIDELITY.md, "Devices".

const challengeDevice = "DEVICE_SRP_AUTH"

// deviceBirth is what a sign-in was like that gave a device its key: whether the device can be
// confirmed, and whether it was there for a second factor. The key itself says so to the server, since
// most keys are never heard of again.
type deviceBirth string

const (
	bornOtherwise deviceBirth = "" // the password went another way than by SRP, or there was none
	bornBySRP     deviceBirth = "SRP"
	bornWithCode  deviceBirth = "SRP and a second factor"
)

// birth is that of a device that gets its key now.
func (done progress) birth() deviceBirth {
	switch {
	case !done.srp:
		return bornOtherwise
	case done.proof.code():
		return bornWithCode
	}
	return bornBySRP
}

// birthMark is the end of a key that was born so, of which the rest is random.
func (c *caller) birthMark(random []byte, birth deviceBirth) []byte {
	return c.derive("device of "+string(birth), c.pool, c.user.sub+hex.EncodeToString(random))[:6]
}

// newDeviceKey makes up the key of a device: a region and a UUID.
func (c *caller) newDeviceKey(birth deviceBirth) string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	_ = formatUUID(b) // what it changes is part of what is marked
	if birth != bornOtherwise {
		copy(b[10:], c.birthMark(b[:10], birth))
	}
	return c.region + "_" + formatUUID(b)
}

// birthOf reads the mark of a key that was given to the user.
func (c *caller) birthOf(key string) deviceBirth {
	_, digits, _ := strings.Cut(key, "_")
	b, err := hex.DecodeString(strings.ReplaceAll(digits, "-", ""))
	if err != nil || len(b) != 16 {
		return bornOtherwise
	}
	for _, birth := range []deviceBirth{bornBySRP, bornWithCode} {
		if bytes.Equal(b[10:], c.birthMark(b[:10], birth)) {
			return birth
		}
	}
	return bornOtherwise
}

// spares tells whether the device of the sign-in takes the place of what would be asked for: of
// nothing, or of a second factor that the device was there for once. It does not set a factor up, nor
// does it stand for a code by e-mail.
func (s *signIn) spares() bool {
	tracking, d := s.pool.settings().devices, s.user.device(s.done.device)
	if tracking == nil || !tracking.ChallengeRequiredOnNewDevice || d == nil || !d.remembered || !s.done.srp {
		return false
	}
	config := s.pool.mfaConfig()
	factors := s.factors(config)
	switch {
	case len(factors) == 0:
		return config.mode != types.UserPoolMfaTypeOn && !s.user.hasChosen(config.methods())
	case slices.Contains(factors, s.user.preferred):
		factors = []string{s.user.preferred}
	}
	byEmail := len(factors) == 1 && factors[0] == methodEmail
	return d.metCode && (!byEmail || s.quirks.DeviceSparesEmail)
}

// askDevice has the device prove that it is the one that was confirmed.
func (s *signIn) askDevice() next {
	return s.ask(session{challenge: challengeDevice}, map[string]string{"DEVICE_KEY": s.done.device})
}

// answerDevice begins the device's own SRP, in which the device key is the name and the group key the
// realm.
func (s *signIn) answerDevice(given map[string]string) (next, error) {
	if err := need(given, "DEVICE_KEY", "SRP_A"); err != nil {
		return next{}, err
	}
	public, err := srp.ParsePublicKey(given["SRP_A"])
	if err != nil {
		return next{}, errPublicKey
	}
	d := s.user.device(given["DEVICE_KEY"])
	if d == nil || d.key != s.session.done.device {
		return next{}, errNoDevice
	}
	r := &authResponse{ChallengeName: challengeDeviceVerifier, ChallengeParameters: map[string]string{
		"USERNAME": s.user.name, "DEVICE_KEY": d.key, "SALT": hex.EncodeToString(d.salt),
	}}
	block := secretBlock{ticket: s.begin(session{challenge: challengeDeviceVerifier, done: s.session.done})}
	verifier := new(big.Int).SetBytes(d.verifier)
	return s.exchange(r, block, public, func() *big.Int { return verifier }), nil
}

// answerDeviceVerifier checks a DEVICE_PASSWORD_VERIFIER's answer. It stands for the second factor.
func (s *signIn) answerDeviceVerifier(given map[string]string) (next, error) {
	if err := need(given, "DEVICE_KEY"); err != nil {
		return next{}, err
	}
	d := s.user.device(given["DEVICE_KEY"])
	proven, err := s.proven(s.deviceGroup(s.pool)+given["DEVICE_KEY"], given)
	switch {
	case err != nil:
		return next{}, err
	case s.session == nil:
		return next{}, errSessionUsed
	case s.user.disabled:
		return next{}, errDisabled
	case d == nil:
		return next{}, errNoDevice
	case d.key != s.done.device || !s.spares() || !proven:
		return next{}, errCredentials
	}
	d.authenticated = s.Now()
	s.done.mfa = true
	return onward, nil
}
