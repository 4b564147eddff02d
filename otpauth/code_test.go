package otpauth_test

import (
	"encoding/base32"
	"errors"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/internal/tooltest"
	"github.com/cognitomfa/cognitomfa/otpauth"
)

func base32Secret(key []byte) otpauth.Secret {
	return otpauth.NewSecret(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key))
}

// RFC 6238, appendix B, with the secrets of its reference implementation, which are as long as the
// output of the hash function.
func TestCodeRFC6238(t *testing.T) {
	const digits = "1234567890"
	secrets := map[otpauth.Algorithm]otpauth.Secret{
		otpauth.SHA1:   base32Secret([]byte(strings.Repeat(digits, 2))),
		otpauth.SHA256: base32Secret([]byte(strings.Repeat(digits, 4)[:32])),
		otpauth.SHA512: base32Secret([]byte(strings.Repeat(digits, 7)[:64])),
	}
	for _, row := range []struct {
		unix      int64
		algorithm otpauth.Algorithm
		code      string
	}{
		{59, otpauth.SHA1, "94287082"},
		{59, otpauth.SHA256, "46119246"},
		{59, otpauth.SHA512, "90693936"},
		{1111111109, otpauth.SHA1, "07081804"},
		{1111111109, otpauth.SHA256, "68084774"},
		{1111111109, otpauth.SHA512, "25091201"},
		{1111111111, otpauth.SHA1, "14050471"},
		{1111111111, otpauth.SHA256, "67062674"},
		{1111111111, otpauth.SHA512, "99943326"},
		{1234567890, otpauth.SHA1, "89005924"},
		{1234567890, otpauth.SHA256, "91819424"},
		{1234567890, otpauth.SHA512, "93441116"},
		{2000000000, otpauth.SHA1, "69279037"},
		{2000000000, otpauth.SHA256, "90698825"},
		{2000000000, otpauth.SHA512, "38618901"},
		{20000000000, otpauth.SHA1, "65353130"},
		{20000000000, otpauth.SHA256, "77737706"},
		{20000000000, otpauth.SHA512, "47863826"},
	} {
		// The shorter codes are the last digits of the RFC's.
		for n := 6; n <= 8; n++ {
			k := otpauth.Key{Secret: secrets[row.algorithm], Algorithm: row.algorithm, Digits: n}
			code, err := k.Code(time.Unix(row.unix, 0))
			require.NoError(t, err)
			assert.Equal(t, row.code[8-n:], code, "%v at %d", row.algorithm, row.unix)
		}
	}
}

// RFC 4226, appendix D: the code of step n is the HOTP value for counter n.
func TestCodeRFC4226(t *testing.T) {
	k := otpauth.Key{Secret: base32Secret([]byte("12345678901234567890"))}
	for step, want := range []string{
		"755224", "287082", "359152", "969429", "338314",
		"254676", "287922", "162583", "399871", "520489",
	} {
		for _, second := range []int64{0, 29} {
			code, err := k.Code(time.Unix(int64(step)*30+second, 999_999_999))
			require.NoError(t, err)
			assert.Equal(t, want, code)
		}
	}
}

// OATH Toolkit has an independent implementation.
func TestCodeAgreesWithOathtool(t *testing.T) {
	oathtool := tooltest.Need(t, "oathtool", "oathtool")
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	for range 120 {
		key := make([]byte, 1+random.IntN(80))
		for i := range key {
			key[i] = byte(random.Uint32())
		}
		k := otpauth.Key{
			Secret:    base32Secret(key),
			Algorithm: otpauth.Algorithm(random.IntN(3)),
			Digits:    6 + random.IntN(3),
			Period:    time.Duration(1+random.IntN(120)) * time.Second,
		}
		at := time.Unix(random.Int64N(5_000_000_000), 0)
		code, err := k.Code(at)
		require.NoError(t, err)

		out, err := exec.CommandContext(t.Context(), oathtool,
			"--base32",
			"--totp="+k.Algorithm.String(),
			"--digits="+strconv.Itoa(k.Digits),
			"--time-step-size="+k.Period.String(),
			"--now="+at.UTC().Format("2006-01-02 15:04:05 UTC"),
			k.Secret.Reveal()).Output()
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
			require.NoError(t, err, "seed %d: %s", seed, failed.Stderr)
		}
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(string(out)), code,
			"seed %d: %s at %d, %v, %d digits, %s", seed,
			k.Secret.Reveal(), at.Unix(), k.Algorithm, k.Digits, k.Period)
	}
}

func TestCodeRefuses(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	good := otpauth.NewSecret("JBSWY3DPEHPK3PXP")
	for _, row := range []struct {
		name string
		key  otpauth.Key
		at   time.Time
		text string
	}{
		{"zero key", otpauth.Key{}, now, "secret is empty"},
		{"lower case", otpauth.Key{Secret: otpauth.NewSecret("jbswy3dp")}, now, "not base32"},
		{"zero time", otpauth.Key{Secret: good}, time.Time{}, "1970"},
		{"a second too early", otpauth.Key{Secret: good}, time.Unix(-1, 0), "1970"},
		{"unknown algorithm", otpauth.Key{Secret: good, Algorithm: 3}, now, "algorithm"},
		{"negative algorithm", otpauth.Key{Secret: good, Algorithm: -1}, now, "algorithm"},
		{"too few digits", otpauth.Key{Secret: good, Digits: 5}, now, "digits"},
		{"too many digits", otpauth.Key{Secret: good, Digits: 9}, now, "digits"},
		{"negative digits", otpauth.Key{Secret: good, Digits: -6}, now, "digits"},
		{"negative period", otpauth.Key{Secret: good, Period: -time.Second}, now, "period"},
		{"short period", otpauth.Key{Secret: good, Period: time.Millisecond}, now, "period"},
		{"half seconds", otpauth.Key{Secret: good, Period: 1500 * time.Millisecond}, now, "period"},
		{"period without a unit", otpauth.Key{Secret: good, Period: 30}, now, "period"},
		{"long period", otpauth.Key{Secret: good, Period: 86401 * time.Second}, now, "period"},
	} {
		code, err := row.key.Code(row.at)
		require.ErrorContains(t, err, row.text, row.name)
		assert.Empty(t, code, row.name)
	}
	_, err := otpauth.Key{Secret: good}.Code(time.Unix(1<<62, 0))
	assert.NoError(t, err, "the far future has codes")
}

func TestAlgorithmNames(t *testing.T) {
	for want, algorithm := range map[string]otpauth.Algorithm{
		"SHA1":          otpauth.SHA1,
		"SHA256":        otpauth.SHA256,
		"SHA512":        otpauth.SHA512,
		"Algorithm(3)":  3,
		"Algorithm(-1)": -1,
	} {
		assert.Equal(t, want, algorithm.String())
	}
}

func BenchmarkCode(b *testing.B) {
	k, err := otpauth.NewKey("Example", "alice", strings.Repeat("JBSWY3DPEHPK3PXP", 4)[:52])
	require.NoError(b, err)
	at := time.Unix(1_700_000_000, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Code(at); err != nil {
			b.Fatal(err)
		}
	}
}
