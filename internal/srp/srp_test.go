package srp_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/internal/srp"
)

// answers has the results of independent implementations. testdata/make.mjs produces them.
type answers struct {
	Exchanges []struct {
		Name, Realm, User, Password, Salt, Verifier string
		SecretA, PublicA, SecretB, PublicB, Key     string
		Block, Timestamp, Signature                 string
	}
	Devices []struct{ Name, Group, Key, Password, Salt, Verifier string }
}

func knownAnswers(tb testing.TB) answers {
	tb.Helper()
	raw, err := os.ReadFile("testdata/answers.json")
	require.NoError(tb, err)
	var known answers
	require.NoError(tb, json.Unmarshal(raw, &known))
	require.NotEmpty(tb, known.Exchanges)
	require.NotEmpty(tb, known.Devices)
	return known
}

func number(tb testing.TB, digits string) *big.Int {
	tb.Helper()
	x, ok := new(big.Int).SetString(digits, 16)
	require.True(tb, ok)
	return x
}

// The client's half, step by step, compared with clients by Amazon and others.
func TestClientKnownAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range knownAnswers(t).Exchanges {
		t.Run(tc.Name, func(t *testing.T) {
			t.Parallel()
			exchange := srp.FixedExchange(number(t, tc.SecretA))
			assert.Equal(t, tc.PublicA, exchange.PublicKey())
			key, err := exchange.Key(tc.Realm+tc.User, tc.Password, tc.Salt, tc.PublicB)
			require.NoError(t, err)
			assert.Equal(t, tc.Key, hex.EncodeToString(key.Reveal()))
			block, err := base64.StdEncoding.DecodeString(tc.Block)
			require.NoError(t, err)
			signature := key.Sign(tc.Realm+tc.User, block, tc.Timestamp)
			assert.Equal(t, tc.Signature, base64.StdEncoding.EncodeToString(signature))

			salt, public := "00"+tc.Salt, strings.ToUpper(tc.PublicB)
			again, err := exchange.Key(tc.Realm+tc.User, tc.Password, salt, public)
			require.NoError(t, err)
			assert.Equal(t, key.Reveal(), again.Reveal(), "the spelling of the numbers does not matter")
			wrong, err := exchange.Key(tc.Realm+tc.User, tc.Password+".", tc.Salt, tc.PublicB)
			require.NoError(t, err)
			assert.NotEqual(t, key.Reveal(), wrong.Reveal())
		})
	}
}

// The server's half, compared with an independent server.
func TestServerKnownAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range knownAnswers(t).Exchanges {
		t.Run(tc.Name, func(t *testing.T) {
			t.Parallel()
			a, err := srp.ParsePublicKey(tc.PublicA)
			require.NoError(t, err)
			salt := number(t, tc.Salt).Bytes()
			verifier := srp.Verifier(srp.PrivateKey(salt, tc.Realm+tc.User, tc.Password))
			assert.Equal(t, tc.Verifier, verifier.Text(16))
			public, key := srp.FixedAnswer(a, verifier, number(t, tc.SecretB))
			assert.Equal(t, tc.PublicB, public.Text(16))
			assert.Equal(t, tc.Key, hex.EncodeToString(key.Reveal()))
		})
	}
}

// Device verifiers, compared with amazon-cognito-identity-js.
func TestDeviceKnownAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range knownAnswers(t).Devices {
		salt := number(t, tc.Salt)
		verifier := srp.Verifier(srp.PrivateKey(salt.Bytes(), tc.Group+tc.Key, tc.Password))
		assert.Equal(t, tc.Verifier, hex.EncodeToString(srp.Pad(verifier)), tc.Name)
		assert.Equal(t, tc.Salt, hex.EncodeToString(srp.Pad(salt)), tc.Name)
	}
}

// Both halves compute the same key if and only if the password is the same.
func TestBothHalves(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 4 {
		exchange := srp.NewExchange()
		a, err := srp.ParsePublicKey(exchange.PublicKey())
		require.NoError(t, err)
		salt, v := srp.NewVerifier("identity", "password")
		public, want := srp.Answer(a, new(big.Int).SetBytes(v))
		for password, same := range map[string]bool{"password": true, "Password": false} {
			salt := hex.EncodeToString(salt)
			got, err := exchange.Key("identity", password, salt, public.Text(16))
			require.NoError(t, err)
			assert.Equal(t, same, string(want.Reveal()) == string(got.Reveal()))
		}
		for _, fresh := range []string{
			exchange.PublicKey(), public.String(), string(salt), string(v), string(want.Reveal()),
		} {
			assert.False(t, seen[fresh], "every number is fresh")
			seen[fresh] = true
		}
	}
}

func TestServerKeys(t *testing.T) {
	t.Parallel()
	n := srp.Modulus()
	exchange := srp.NewExchange()
	for name, tc := range map[string]struct {
		key   string
		valid bool
	}{
		"none":            {"", false},
		"zero":            {"0", false},
		"many zeros":      {strings.Repeat("0", 768), false},
		"N":               {n.Text(16), false},
		"2N":              {new(big.Int).Lsh(n, 1).Text(16), false},
		"N+1":             {new(big.Int).Add(n, big.NewInt(1)).Text(16), false},
		"N-1":             {new(big.Int).Sub(n, big.NewInt(1)).Text(16), true},
		"one":             {"1", true},
		"upper case":      {"ABCDEF", true},
		"a leading zero":  {"00ff", true},
		"negative":        {"-2", false},
		"signed":          {"+2", false},
		"prefixed":        {"0x2", false},
		"underscore":      {"1_0", false},
		"space":           {" ", false},
		"not hexadecimal": {"xyz", false},
		"not ASCII":       {"１２", false},
		"longer than N":   {strings.Repeat("0", 770) + "2", false},
		"huge":            {strings.Repeat("f", 1<<20), false},
	} {
		_, err := exchange.Key("identity", "password", "2a", tc.key)
		_, parseErr := srp.ParsePublicKey(tc.key)
		if tc.valid {
			require.NoError(t, err, name)
			require.NoError(t, parseErr, name)
			continue
		}
		require.ErrorIs(t, err, srp.ErrPublicKey, name)
		require.ErrorIs(t, parseErr, srp.ErrPublicKey, name)
	}
}

// With a scrambling parameter of zero, the key would not depend on the password.
func TestScramblingParameterOfZero(t *testing.T) {
	t.Parallel()
	_, err := srp.NewExchange().KeyFor(big.NewInt(2), big.NewInt(3), new(big.Int))
	require.ErrorIs(t, err, srp.ErrPublicKey)
	_, err = srp.NewExchange().KeyFor(big.NewInt(2), big.NewInt(3), big.NewInt(1))
	require.NoError(t, err)
}

func TestSalts(t *testing.T) {
	t.Parallel()
	exchange := srp.NewExchange()
	for salt, valid := range map[string]bool{
		"": false, "-1": false, "0x1": false, "g": false, "1 ": false,
		strings.Repeat("1", 1000): false,
		"0":                       true, "1": true, "FF": true, strings.Repeat("1", 64): true,
	} {
		_, err := exchange.Key("identity", "password", salt, "2")
		if valid {
			require.NoError(t, err, salt)
		} else {
			require.ErrorIs(t, err, srp.ErrSalt, salt)
		}
	}
}

// k is the hash of the modulus and the generator. Cognito clients in other languages contain it as
// a literal.
func TestMultiplier(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 3072, srp.Modulus().BitLen())
	assert.True(t, srp.Modulus().ProbablyPrime(0))
	const k = "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6"
	assert.Equal(t, k, srp.Multiplier().Text(16))
}

func TestPad(t *testing.T) {
	t.Parallel()
	for number, want := range map[int64]string{
		0: "00", 1: "01", 20: "14", 127: "7f", 128: "0080", 200: "00c8", 236: "00ec", 255: "00ff",
		256: "0100", 32767: "7fff", 32768: "008000",
	} {
		assert.Equal(t, want, hex.EncodeToString(srp.Pad(big.NewInt(number))), number)
	}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	india := time.FixedZone("IST", 5*3600+1800)
	for _, tc := range []struct {
		time time.Time
		want string
	}{
		{time.Date(2026, 9, 5, 8, 5, 9, 999_999_999, time.UTC), "Sat Sep 5 08:05:09 UTC 2026"},
		{time.Date(2026, 9, 5, 13, 35, 9, 0, india), "Sat Sep 5 08:05:09 UTC 2026"},
		{time.Date(2026, 1, 1, 2, 0, 0, 0, india), "Wed Dec 31 20:30:00 UTC 2025"},
		{time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), "Thu Dec 31 23:59:59 UTC 2026"},
	} {
		assert.Equal(t, tc.want, srp.Timestamp(tc.time))
	}
}

func TestRealm(t *testing.T) {
	t.Parallel()
	for id, realm := range map[string]string{
		"eu-west-1_AbCdEfGhI": "AbCdEfGhI", "us-gov-west-1_a": "a", "eu-west-1": "", "": "",
		"a_b_c": "b_c",
	} {
		assert.Equal(t, realm, srp.Realm(id), id)
	}
}

func TestNothingPrints(t *testing.T) {
	t.Parallel()
	secret := new(big.Int).Lsh(big.NewInt(0xabcdef), 200)
	exchange := srp.FixedExchange(secret)
	key := srp.NewKey([]byte("SIXTEEN BYTES!!!"))
	hidden := struct {
		exchange *srp.Exchange
		copied   srp.Exchange
		key      srp.Key
		keys     []srp.Key
	}{exchange, *exchange, key, []srp.Key{key}}
	var text strings.Builder
	for _, verb := range []string{"v", "+v", "#v", "s", "q", "x", "X", "d", "o", "b", "c", "U"} {
		for _, value := range []any{exchange, *exchange, key, &key, hidden, &hidden, []any{hidden}} {
			_, _ = fmt.Fprintf(&text, "%"+verb+"\n", value)
		}
	}
	for _, handler := range []slog.Handler{
		slog.NewJSONHandler(&text, nil), slog.NewTextHandler(&text, nil),
	} {
		slog.New(handler).Info("", "exchange", exchange, "key", key, "hidden", hidden)
	}
	encoded, err := json.Marshal([]any{exchange, key, hidden})
	require.NoError(t, err)
	text.Write(encoded)
	for _, leak := range []string{
		secret.String(), secret.Text(16), secret.Text(8), secret.Text(2),
		fmt.Sprint(secret.Bits()[3]), "SIXTEEN", "U2l4", hex.EncodeToString(key.Reveal()),
		"83 73 88", "0x53, 0x49",
	} {
		assert.NotContains(t, strings.ToLower(text.String()), strings.ToLower(leak))
	}
}

func sum(parts ...[]byte) []byte {
	h := sha256.Sum256(slices.Concat(parts...))
	return h[:]
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

// plainKey is the client's half as in the formulas, with only math/big.
func plainKey(n, a, public, salt, b *big.Int, identity, password string) []byte {
	two := big.NewInt(2)
	k := new(big.Int).SetBytes(sum(srp.Pad(n), srp.Pad(two)))
	u := new(big.Int).SetBytes(sum(srp.Pad(public), srp.Pad(b)))
	x := new(big.Int).SetBytes(sum(srp.Pad(salt), sum([]byte(identity+":"+password))))
	base := new(big.Int).Exp(two, x, n)
	base.Sub(b, base.Mul(base, k)).Mod(base, n)
	shared := base.Exp(base, new(big.Int).Add(a, new(big.Int).Mul(u, x)), n)
	return mac(mac(srp.Pad(u), srp.Pad(shared)), []byte("Caldera Derived Key\x01"))[:16]
}

// BenchmarkClient runs the client's arithmetic for one sign-in, alternating with the same formulas
// on math/big alone, and reports the medians and their ratio.
func BenchmarkClient(b *testing.B) {
	tc := knownAnswers(b).Exchanges[0]
	identity := tc.Realm + tc.User
	a := new(big.Int).Rsh(number(b, tc.SecretA), 1024-256)
	n := srp.Modulus()
	ours := func() {
		exchange := srp.FixedExchange(a)
		_ = exchange.PublicKey()
		if _, err := exchange.Key(identity, tc.Password, tc.Salt, tc.PublicB); err != nil {
			b.Fatal(err)
		}
	}
	plain := func() {
		public := new(big.Int).Exp(big.NewInt(2), a, n)
		_ = public.Text(16)
		plainKey(n, a, public, number(b, tc.Salt), number(b, tc.PublicB), identity, tc.Password)
	}
	var times [2][]time.Duration
	for round := 0; b.Loop(); round++ {
		for i := range times { // The order alternates.
			which := (round + i) % 2
			start := time.Now()
			[2]func(){ours, plain}[which]()
			times[which] = append(times[which], time.Since(start))
		}
	}
	for i := range times {
		slices.Sort(times[i])
	}
	median := func(i int) float64 { return float64(times[i][len(times[i])/2]) }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(0), "ns-ours")
	b.ReportMetric(median(1), "ns-plain")
	b.ReportMetric(median(0)/median(1), "x-plain")
}

func BenchmarkServer(b *testing.B) {
	tc := knownAnswers(b).Exchanges[0]
	public, verifier := number(b, tc.PublicA), number(b, tc.Verifier)
	for b.Loop() {
		srp.Answer(public, verifier)
	}
}

// Whatever a server sends, Key returns a key or one of the two errors.
func FuzzKey(f *testing.F) {
	tc := knownAnswers(f).Exchanges[0]
	f.Add(tc.Salt, tc.PublicB)
	f.Add("", "0")
	f.Add("-1", "FFFF")
	exchange := srp.FixedExchange(big.NewInt(3))
	f.Fuzz(func(t *testing.T, salt, public string) {
		key, err := exchange.Key("identity", "password", salt, public)
		if err == nil {
			assert.Len(t, key.Reveal(), 16)
			return
		}
		assert.Contains(t, []error{srp.ErrPublicKey, srp.ErrSalt}, err)
	})
}

// Some clients write a key whose highest bit is set with a leading zero, as in two's complement.
func TestPublicKeysWithALeadingZero(t *testing.T) {
	t.Parallel()
	largest := new(big.Int).Sub(srp.Modulus(), big.NewInt(1))
	got, err := srp.ParsePublicKey("00" + largest.Text(16))
	require.NoError(t, err)
	assert.Equal(t, largest, got)
	_, err = srp.ParsePublicKey("000" + largest.Text(16))
	require.ErrorIs(t, err, srp.ErrPublicKey)
}

// The salt and the verifier of a device are positive even if they are read as two's complement, as
// Java does.
func TestVerifiersArePositive(t *testing.T) {
	t.Parallel()
	salts := map[string]bool{}
	for range 64 {
		salt, verifier := srp.NewVerifier("group"+"key", "password")
		require.Less(t, salt[0], byte(0x80))
		require.Less(t, verifier[0], byte(0x80))
		salts[string(salt)] = true
	}
	assert.Len(t, salts, 64, "each salt is different")
}
