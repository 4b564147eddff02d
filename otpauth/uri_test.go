package otpauth_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/otpauth"
)

// A secret as long as Cognito's.
const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"

func key(t *testing.T, issuer, account, secret string) otpauth.Key {
	t.Helper()
	k, err := otpauth.NewKey(issuer, account, secret)
	require.NoError(t, err)
	return k
}

func TestURI(t *testing.T) {
	const query = "?secret=" + secret
	plain := key(t, "Example", "alice", secret)
	zeros, eight := plain, plain
	zeros.Digits, zeros.Period = 0, 0
	eight.Algorithm, eight.Digits, eight.Period = otpauth.SHA512, 8, time.Minute
	for _, row := range []struct {
		key otpauth.Key
		uri string
	}{
		{plain, "otpauth://totp/Example:alice" + query + "&issuer=Example"},
		{zeros, "otpauth://totp/Example:alice" + query + "&issuer=Example"},
		{
			eight,
			"otpauth://totp/Example:alice" + query +
				"&issuer=Example&algorithm=SHA512&digits=8&period=60",
		},
		{key(t, "", "alice", secret), "otpauth://totp/alice" + query},
		{
			key(t, "Big Corp+", "a+b@c.example", secret),
			"otpauth://totp/Big%20Corp%2B:a%2Bb%40c.example" + query + "&issuer=Big%20Corp%2B",
		},
		{
			key(t, "-._~", "!\"#$%&'()*,/;<=>?[\\]^`{|}", secret),
			"otpauth://totp/-._~:%21%22%23%24%25%26%27%28%29%2A%2C%2F%3B%3C%3D%3E%3F" +
				"%5B%5C%5D%5E%60%7B%7C%7D" + query + "&issuer=-._~",
		},
		{
			key(t, "例", "🔑", secret),
			"otpauth://totp/%E4%BE%8B:%F0%9F%94%91" + query + "&issuer=%E4%BE%8B",
		},
		{otpauth.Key{}, ""},
	} {
		assert.Equal(t, row.uri, row.key.URI())
	}
}

func TestParse(t *testing.T) {
	plain := key(t, "Example", "alice", secret)
	eight := plain
	eight.Algorithm, eight.Digits, eight.Period = otpauth.SHA256, 8, time.Minute
	noIssuer := key(t, "", "alice", secret)
	const (
		bare = "?secret=" + secret
		rest = bare + "&issuer=Example"
	)
	for _, row := range []struct {
		want otpauth.Key
		uris []string
	}{
		{plain, []string{
			"otpauth://totp/Example:alice" + rest,
			"otpauth://totp/Example%3Aalice" + rest,
			"otpauth://totp/Example%3aalice" + rest,
			"otpauth://totp/Example:%20%20alice" + rest,
			"otpauth://totp/Example: alice" + rest,
			"otpauth://totp/%20Example%20:%20alice%20" + rest,
			"otpauth://totp/alice" + rest,
			"otpauth://totp/:alice" + rest,
			"otpauth://totp/Example:alice" + bare,
			"otpauth://totp/Example:alice?issuer=&secret=" + secret,
			"otpauth://totp/Example:alice?issuer=%20Example%20&secret=" + secret,
			"OTPAUTH://TOTP/Example:alice" + rest,
			"otpauth://totp/Example:alice?secret=" + strings.ToLower(secret),
			"otpauth://totp/Example:alice" + bare + "====",
			"otpauth://totp/Example:alice" + bare + "%3D%3D%3D%3D",
			"otpauth://totp/Example:alice?secret=" + secret[:4] + "%20" + secret[4:],
			"otpauth://totp/Example:alice?%73ecret=" + secret,
			"otpauth://totp/Example:alice" + rest + "&algorithm=SHA1&digits=6&period=30",
			"otpauth://totp/Example:alice" + rest + "&algorithm=sha1&digits=06&period=030",
			"otpauth://totp/Example:alice" + rest + "&image=a&image=b&counter=1&lock&=&&Secret=AA",
			"otpauth://totp/Example:alice" + rest + "&image=100%",
		}},
		{eight, []string{
			"otpauth://totp/Example:alice" + rest + "&algorithm=sha256&digits=8&period=60",
		}},
		{noIssuer, []string{
			"otpauth://totp/alice" + bare,
			"otpauth://totp/:alice" + bare + "&issuer",
		}},
		{key(t, "A+B", "c+d", secret), []string{
			"otpauth://totp/A+B:c+d" + bare + "&issuer=A+B",
			"otpauth://totp/A%2BB:c+d" + bare + "&issuer=A%2BB",
		}},
		{key(t, "例 え", "アリス/二", secret), []string{
			"otpauth://totp/例 え:アリス/二" + bare + "&issuer=例%20え",
		}},
	} {
		for _, uri := range row.uris {
			got, err := otpauth.Parse(uri)
			require.NoError(t, err, uri)
			assert.True(t, row.want.Equal(got), uri)
			assert.Equal(t, row.want, got, "the defaults are filled in: %s", uri)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const (
		mark  = "GEZDGNBV" // Part of each secret. No error may repeat it.
		query = "?secret=" + mark
	)
	for text, uris := range map[string][]string{
		"not an otpauth URI": {
			"",
			"otpauth",
			"otpauth:totp/alice" + query,
			"http://totp/alice" + query,
			" otpauth://totp/a" + query,
		},
		"totp": {
			"otpauth://",
			"otpauth:///alice" + query,
			"otpauth://steam/a" + query,
			"otpauth://totp:80/a" + query,
		},
		"counter-based": {
			"otpauth://hotp/a" + query + "&counter=1",
			"otpauth://HOTP/a" + query,
		},
		"account is empty": {
			"otpauth://totp" + query,
			"otpauth://totp/" + query,
			"otpauth://totp/%20" + query,
			"otpauth://totp/Example:" + query,
		},
		"colon": {
			"otpauth://totp/a:b:c" + query,
			"otpauth://totp/a%3Ab:c" + query,
			"otpauth://totp/c" + query + "&issuer=a:b",
		},
		"different issuers": {
			"otpauth://totp/A:b" + query + "&issuer=B",
			"otpauth://totp/A:b" + query + "&issuer=a",
			"otpauth://totp/A+B:b" + query + "&issuer=A%20B",
		},
		"secret is empty": {
			"otpauth://totp/a",
			"otpauth://totp/a?",
			"otpauth://totp/a?secret",
			"otpauth://totp/a?secret=%20====",
		},
		"more than one secret": {
			"otpauth://totp/a" + query + "&secret=" + mark,
			"otpauth://totp/a" + query + "&%73ecret=" + mark,
		},
		"more than one issuer": {"otpauth://totp/a" + query + "&issuer=A&issuer=A"},
		"more than one digits": {"otpauth://totp/a" + query + "&digits=6&digits=6"},
		"not base32": {
			"otpauth://totp/a" + query + "1",
			"otpauth://totp/a" + query + "+",
			"otpauth://totp/a" + query + "=" + mark,
			"otpauth://totp/a" + query + "é",
			"otpauth://totp/a" + query + "ı", // In upper case, it would be an I.
			"otpauth://totp/a" + query + "A",
			"otpauth://totp/a" + query + "AAA",
			"otpauth://totp/a" + query + "AAAAAA",
		},
		"#": {
			"otpauth://totp/a#" + query,
			"otpauth://totp/a" + query + "#fragment",
		},
		"without two hexadecimal digits": {
			"otpauth://totp/a%" + query,
			"otpauth://totp/a%zz" + query,
			"otpauth://totp/a" + query + "%4",
			"otpauth://totp/a?secre%t=" + mark,
		},
		"control character": {
			"otpauth://totp/a%00b" + query,
			"otpauth://totp/a%0Ab" + query,
			"otpauth://totp/a%E2%80%AEb" + query,
		},
		"UTF-8": {
			"otpauth://totp/%FF" + query,
			"otpauth://totp/\xff" + query,
			"otpauth://totp/a" + query + "&issuer=%C3",
		},
		"account is longer": {"otpauth://totp/" + strings.Repeat("a", 513) + query},
		"issuer is longer":  {"otpauth://totp/a" + query + "&issuer=" + strings.Repeat("a", 129)},
		"secret is longer":  {"otpauth://totp/a?secret=" + strings.Repeat(mark, 65)},
		"URI is longer":     {"otpauth://totp/a" + query + "&x=" + strings.Repeat("a", 16<<10)},
		"algorithm": {
			"otpauth://totp/a" + query + "&algorithm=MD5",
			"otpauth://totp/a" + query + "&algorithm=",
		},
		"digits": {
			"otpauth://totp/a" + query + "&digits=",
			"otpauth://totp/a" + query + "&digits=0",
			"otpauth://totp/a" + query + "&digits=5",
			"otpauth://totp/a" + query + "&digits=9",
			"otpauth://totp/a" + query + "&digits=six",
			"otpauth://totp/a" + query + "&digits=%2B6",
			"otpauth://totp/a" + query + "&digits=99999999999999999999",
		},
		"period": {
			"otpauth://totp/a" + query + "&period=0",
			"otpauth://totp/a" + query + "&period=-30",
			"otpauth://totp/a" + query + "&period=30.5",
			"otpauth://totp/a" + query + "&period=86401",
			"otpauth://totp/a" + query + "&period=2147483647",
			// In nanoseconds, 2^55+30 seconds overflow to 30 seconds.
			"otpauth://totp/a" + query + "&period=36028797018963998",
		},
	} {
		for _, uri := range uris {
			k, err := otpauth.Parse(uri)
			require.ErrorContains(t, err, text, uri)
			assert.NotContains(t, strings.ToUpper(err.Error()), mark)
			assert.Zero(t, k)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, uri := range []string{
		"",
		"otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example",
		"otpauth://hotp/a?secret=AA&counter=1",
		"OTPAUTH://TOTP/%20Example%3A%20alice?issuer=Example&secret=jbsw%20y3dp====" +
			"&algorithm=sha512&digits=8&period=60&image=x",
		"otpauth://totp/a:b:c?secret=AA",
		"otpauth://totp/a%zz?secret=AA",
		"otpauth://totp/例:🔑?secret=AA&issuer=例#",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		k, err := otpauth.Parse(uri)
		if err != nil {
			assert.Zero(t, k)
			assert.False(t, len(uri) > len("otpauth://") && strings.Contains(err.Error(), uri))
			return
		}
		require.NoError(t, k.Validate())
		again, err := otpauth.Parse(k.URI())
		require.NoError(t, err)
		assert.True(t, k.Equal(again))
		assert.Equal(t, k.URI(), again.URI())
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("Example", "alice@example.com", []byte("1234567890"), int8(0), int8(6), int32(30))
	f.Add("A+B & C/D?#%", "a b=c;d", []byte{0}, int8(2), int8(8), int32(86400))
	f.Add("例え", "🔑\u200d\u0301", []byte{255, 0, 255}, int8(1), int8(0), int32(0))
	f.Add("", " a:\xff\x00\u00a0", []byte{}, int8(-1), int8(9), int32(-1))
	f.Fuzz(func(
		t *testing.T, issuer, account string, bytes []byte, algorithm, digits int8, period int32,
	) {
		k := otpauth.Key{
			Issuer:    issuer,
			Account:   account,
			Secret:    base32Secret(bytes),
			Algorithm: otpauth.Algorithm(algorithm),
			Digits:    int(digits),
			Period:    time.Duration(period) * time.Second,
		}
		uri := k.URI()
		code, codeErr := k.Code(time.Unix(1_700_000_000, 0))
		if err := k.Validate(); err != nil {
			assert.Empty(t, uri)
			return
		}
		require.NoError(t, codeErr)
		assert.Regexp(t, `^otpauth://totp/[A-Za-z0-9._~%:-]+\?[A-Za-z0-9._~%&=-]+$`, uri)
		assert.LessOrEqual(t, len(uri), qrCapacity)
		got, err := otpauth.Parse(uri)
		require.NoError(t, err)
		assert.True(t, k.Equal(got))
		assert.Equal(t, issuer, got.Issuer)
		assert.Equal(t, account, got.Account)
		assert.Equal(t, k.Secret.Reveal(), got.Secret.Reveal())
		again, err := got.Code(time.Unix(1_700_000_000, 0))
		require.NoError(t, err)
		assert.Equal(t, code, again)
	})
}

// Each rune in issuer and account is either rejected or survives the round trip.
func TestEveryRuneRoundTrips(t *testing.T) {
	var refused []rune
	step := rune(1)
	for r := rune(0); r <= utf8.MaxRune; r += step {
		if r == 0x3100 {
			step = 61 // The others are scripts and symbols without special properties.
		}
		name := "a" + string(r) + "b" // Surrogates become U+FFFD.
		k, err := otpauth.NewKey(name, name, "AA")
		if err != nil {
			refused = append(refused, r)
			continue
		}
		got, err := otpauth.Parse(k.URI())
		if err != nil || !got.Equal(k) || got.Issuer != name || got.Account != name {
			t.Fatalf("%U: %v", r, err)
		}
	}
	var want []rune
	for _, span := range [][2]rune{
		{0, 0x1f}, {':', ':'}, {0x7f, 0x9f}, // ASCII and Latin-1 controls, and the colon
		{0x2028, 0x2029}, // line and paragraph separator
		{0x202a, 0x202e}, // bidirectional embeddings and overrides
		{0x2066, 0x2069}, // bidirectional isolates
	} {
		for r := span[0]; r <= span[1]; r++ {
			want = append(want, r)
		}
	}
	assert.Equal(t, want, refused)
}

// qrCapacity is the maximum number of bytes in a QR code (ISO/IEC 18004, table 7).
const qrCapacity = 2953

// The longest names, made of the longest runes, with the longest secret and all parameters.
func TestLongestKeyFitsInAQRCode(t *testing.T) {
	long := strings.Repeat("🔑", 128) // Cognito user names have up to 128 characters.
	k := key(t, long[:128], long, strings.Repeat("A", 512))
	k.Algorithm, k.Digits, k.Period = otpauth.SHA512, 8, 24*time.Hour
	uri := k.URI()
	assert.NotEmpty(t, uri)
	assert.LessOrEqual(t, len(uri), qrCapacity)
	got, err := otpauth.Parse(uri)
	require.NoError(t, err)
	assert.True(t, k.Equal(got))
}

func TestNewKey(t *testing.T) {
	want := key(t, "Example", "alice", secret)
	assert.Equal(t, otpauth.Key{
		Issuer:    "Example",
		Account:   "alice",
		Secret:    otpauth.NewSecret(secret),
		Algorithm: otpauth.SHA1,
		Digits:    6,
		Period:    30 * time.Second,
	}, want)
	typed := []string{
		strings.ToLower(secret),
		strings.ToLower(want.Grouped()),
		secret + "====",
		"\ufeff\t" + secret + "\r\n",
	}
	for _, separator := range []string{
		" ", "-",
		"\u00a0", // no-break space
		"\u3000", // ideographic space
		"\u200b", // zero-width space
		"\u200f", // right-to-left mark
		"\u00ad", // soft hyphen
		"\u2013", // en dash
		"\u2212", // minus sign
	} {
		typed = append(typed, strings.ReplaceAll(want.Grouped(), " ", separator))
	}
	for _, s := range typed {
		assert.True(t, want.Equal(key(t, "Example", "alice", s)), "%q", s)
	}
}

func TestNewKeyRefuses(t *testing.T) {
	for text, names := range map[string][]string{
		"colon": {"a:b", ":"},
		"space": {" a", "a ", "\u3000a"},
		"control character": {
			"a\n", "a\x00b", "\u0085", "a\u2028b", "a\u2029", "\u202ea", "\u202cb", "\u2068a\u2069",
		},
		"UTF-8": {"a\xff", "\xc0\x80", "\xed\xa0\x80"},
	} {
		for _, name := range names {
			_, err := otpauth.NewKey(name, "alice", secret)
			require.ErrorContains(t, err, "issuer", "%q", name)
			require.ErrorContains(t, err, text, "%q", name)
			_, err = otpauth.NewKey("Example", name, secret)
			require.ErrorContains(t, err, "account", "%q", name)
			require.ErrorContains(t, err, text, "%q", name)
		}
	}
	for text, args := range map[string][2]string{
		"account is empty":                {"Example", ""},
		"issuer is longer than 128 bytes": {strings.Repeat("a", 129), "alice"},
		"account is longer than 512":      {"Example", strings.Repeat("a", 513)},
	} {
		_, err := otpauth.NewKey(args[0], args[1], secret)
		require.ErrorContains(t, err, text)
	}
	for text, secrets := range map[string][]string{
		"empty":      {"", " - ", "=", "\u200b"},
		"not base32": {"A", "AB1", "AA=AA", "ſſ", "AA\x00", "\xff\xff", "ＡＡ"},
		"longer":     {strings.Repeat("A", 513), strings.Repeat("A", 10<<20)},
	} {
		for _, s := range secrets {
			k, err := otpauth.NewKey("Example", "alice", s)
			require.ErrorContains(t, err, text)
			assert.Zero(t, k)
		}
	}
}

// The methods of an invalid Key that was built by hand also fail.
func TestInvalidKeyBuiltByHand(t *testing.T) {
	good := otpauth.Key{Account: "alice", Secret: otpauth.NewSecret("JBSWY3DPEHPK3PXP")}
	require.NoError(t, good.Validate())
	withSecret := func(s string) func(*otpauth.Key) {
		return func(k *otpauth.Key) { k.Secret = otpauth.NewSecret(s) }
	}
	for name, spoil := range map[string]func(*otpauth.Key){
		"issuer":          func(k *otpauth.Key) { k.Issuer = "a:b" },
		"account":         func(k *otpauth.Key) { k.Account = "" },
		"no secret":       func(k *otpauth.Key) { k.Secret = otpauth.Secret{} },
		"lower case":      withSecret("jbswy3dpehpk3pxp"),
		"padding":         withSecret("JBSWY3DPEHPK3==="),
		"line break":      withSecret("JBSWY3DP\nEHPK3PXP"),
		"parameter":       withSecret("JBSWY3DP&issuer=B"),
		"algorithm":       func(k *otpauth.Key) { k.Algorithm = math.MaxInt },
		"digits":          func(k *otpauth.Key) { k.Digits = math.MinInt },
		"period":          func(k *otpauth.Key) { k.Period = math.MaxInt64 },
		"negative period": func(k *otpauth.Key) { k.Period = math.MinInt64 },
	} {
		k := good
		spoil(&k)
		require.Error(t, k.Validate(), name)
		assert.Empty(t, k.URI(), name)
		assert.False(t, k.Equal(good), name)
	}
}

func TestEqual(t *testing.T) {
	k := key(t, "Example", "alice", secret)
	same := otpauth.Key{Issuer: "Example", Account: "alice", Secret: otpauth.NewSecret(secret)}
	assert.True(t, k.Equal(same))
	assert.True(t, same.Equal(k))
	assert.True(t, otpauth.Key{}.Equal(otpauth.Key{}))
	for name, change := range map[string]func(*otpauth.Key){
		"issuer":    func(k *otpauth.Key) { k.Issuer = "example" },
		"account":   func(k *otpauth.Key) { k.Account = "bob" },
		"secret":    func(k *otpauth.Key) { k.Secret = otpauth.NewSecret("AA") },
		"algorithm": func(k *otpauth.Key) { k.Algorithm = otpauth.SHA256 },
		"digits":    func(k *otpauth.Key) { k.Digits = 8 },
		"period":    func(k *otpauth.Key) { k.Period = time.Minute },
	} {
		other := same
		change(&other)
		assert.False(t, k.Equal(other), name)
	}
}

func TestGrouped(t *testing.T) {
	for _, groups := range [][]string{
		{""},
		{"AB"},
		{"ABCD"},
		{"ABCD", "E"},
		{"ABCD", "EFGH"},
		slices.Repeat([]string{"ABCD"}, 13),
	} {
		k := otpauth.Key{Secret: otpauth.NewSecret(strings.Join(groups, ""))}
		assert.Equal(t, strings.Join(groups, " "), k.Grouped())
	}
}
