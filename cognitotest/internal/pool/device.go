package pool

import (
	"encoding/hex"
	"math/big"

	"github.com/cognitomfa/cognitomfa/internal/srp"
)

const challengeDevice = "DEVICE_SRP_AUTH"

// remembers tells whether a device takes the place of a second factor.
func (s *signIn) remembers(key string) bool {
	config, d := s.pool.settings().devices, s.user.device(key)
	return config != nil && config.ChallengeRequiredOnNewDevice && d != nil && d.remembered
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
	case d.key != s.done.device || !s.remembers(d.key) || !proven:
		return next{}, errCredentials
	}
	d.authenticated = s.Now()
	s.done.mfa = true
	return onward, nil
}
