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

// Devices, which can replace a second factor. See FIDELITY.md, "Devices".

const challengeDevice = "DEVICE_SRP_AUTH"

// keySource says by which kind of sign-in a device got its key. It decides whether the device can
// be confirmed, and whether it has seen a second factor. The key itself contains it, authenticated:
// the server need not store keys, most of which are never used.
type keySource string

const (
	sourceOther      keySource = "" // without SRP
	sourceSRP        keySource = "SRP"
	sourceSRPAndCode keySource = "SRP and a second factor"
)

// keySource returns the source of a key that this sign-in gives to a device.
func (done progress) keySource() keySource {
	switch {
	case !done.srp:
		return sourceOther
	case done.proof.hasCode():
		return sourceSRPAndCode
	}
	return sourceSRP
}

// sourceMark returns the last bytes of a key, which authenticate its source and its random bytes.
func (c *caller) sourceMark(random []byte, source keySource) []byte {
	return c.derive("device of "+string(source), c.pool, c.user.sub+hex.EncodeToString(random))[:6]
}

// newDeviceKey returns a new key for a device: a region and a UUID.
func (c *caller) newDeviceKey(source keySource) string {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	_ = formatUUID(b) // sets the version, which is among the random bytes of the mark
	if source != sourceOther {
		copy(b[10:], c.sourceMark(b[:10], source))
	}
	return c.region + "_" + formatUUID(b)
}

// sourceOf reads the source from a key of the user.
func (c *caller) sourceOf(key string) keySource {
	_, digits, _ := strings.Cut(key, "_")
	b, err := hex.DecodeString(strings.ReplaceAll(digits, "-", ""))
	if err != nil || len(b) != 16 {
		return sourceOther
	}
	for _, source := range []keySource{sourceSRP, sourceSRPAndCode} {
		if bytes.Equal(b[10:], c.sourceMark(b[:10], source)) {
			return source
		}
	}
	return sourceOther
}

// deviceReplacesFactor reports whether the device of the sign-in is asked for in place of a second
// factor, which must once have been used on it, or where there is no factor. It replaces neither
// the set-up of a factor nor a code by email.
func (s *signIn) deviceReplacesFactor() bool {
	tracking, d := s.pool.settings().devices, s.user.device(s.done.device)
	if tracking == nil || !tracking.ChallengeRequiredOnNewDevice || d == nil || !d.remembered ||
		!s.done.srp {
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

// askDevice asks the device to prove that it is the confirmed one.
func (s *signIn) askDevice() next {
	return s.ask(session{challenge: challengeDevice},
		map[string]string{"DEVICE_KEY": s.done.device})
}

// answerDevice begins SRP with the device's password. In it, the device key is the user name, and
// the device group key the pool name.
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
	r := &authResponse{
		ChallengeName: challengeDeviceVerifier,
		ChallengeParameters: map[string]string{
			"USERNAME": s.user.name, "DEVICE_KEY": d.key, "SALT": hex.EncodeToString(d.salt),
		},
	}
	block := secretBlock{ticket: s.newTicket(
		session{challenge: challengeDeviceVerifier, done: s.session.done})}
	verifier := new(big.Int).SetBytes(d.verifier)
	return s.exchange(r, block, public, func() *big.Int { return verifier }), nil
}

// answerDeviceVerifier checks the answer to a DEVICE_PASSWORD_VERIFIER, which replaces the second
// factor.
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
	case d.key != s.done.device || !s.deviceReplacesFactor() || !proven:
		return next{}, errCredentials
	}
	d.authenticated = s.Now()
	s.done.mfa = true
	return onward, nil
}
