package otpauth

import (
	"crypto/hmac"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Code returns the code that an authenticator app shows at time t (RFC 6238), with leading zeros.
// It fails if t is before 1970, or if the secret, Algorithm, Digits or Period is not valid.
//
// A code is shown for one Period, counted from the start of 1970. Servers usually accept the
// codes of the periods before and after as well: those of t minus Period and t plus Period.
func (k Key) Code(t time.Time) (string, error) {
	if err := k.check(); err != nil {
		return "", err
	}
	if t.Unix() < 0 {
		return "", errors.New("otpauth: there are no codes before 1970")
	}
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(k.Secret.Reveal())
	if err != nil {
		return "", errNotBase32
	}
	step := t.Unix() / int64(k.period()/time.Second)

	// RFC 4226, section 5.3.
	mac := hmac.New(algorithms[k.Algorithm].hash, key)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0x0f
	number := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff

	modulus := uint32(1)
	for range k.digits() {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", k.digits(), number%modulus), nil
}
