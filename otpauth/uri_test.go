package otpauth_test

import (
	"maps"
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

// A secret of Cognito's length.
const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"

func key(t *testing.T, issuer, account, secret string) otpauth.Key {
	t.Helper()
	k, err := otpauth.NewKey(issuer, account, secret)
	require.NoError(t, err)
	return k
}

func TestURI(t *testing.T) {
	plain := key(t, "Example", "alice", secret)
	eight := plain
	eight.Algorithm, eight.Digits, eight.Period = otpauth.SHA512, 8, time.Minute
	for want, k := range map[string]otpauth.Key{
		"otpauth://totp/Example:alice?secret=" + secret + "&issuer=Example":                                                                 plain,
		"otpauth://totp/Example:alice?secret=" + secret + "&issuer=Example&algorithm=SHA512&digits=8&period=60":                             eight,
		"otpauth://totp/alice?secret=" + secret:                                                                                             key(t, "", "alice", secret),
		"otpauth://totp/Big%20Corp%2B:a%2Bb%40c.example?secret=" + secret + "&issuer=Big%20Corp%2B":                                         key(t, "Big Corp+", "a+b@c.example", secret),
		"otpauth://totp/-._~:%21%22%23%24%25%26%27%28%29%2A%2C%2F%3B%3C%3D%3E%3F%5B%5C%5D%5E%60%7B%7C%7D?secret=" + secret + "&issuer=-._~": key(t, "-._~", "!\"#$%&'()*,/;<=>?[\\]^`{|}", secret),
		"otpauth://totp/%E4%BE%8B:%F0%9F%94%91?secret=" + secret + "&issuer=%E4%BE%8B":                                                      key(t, "例", "🔑", secret),
		"": {},
	} {
		assert.Equal(t, want, k.URI())
	}
	written := plain
	written.Digits, written.Period = 0, 0
	assert.Equal(t, plain.URI(), written.URI(), "zero is the default")
}

func TestParse(t *testing.T) {
	plain := key(t, "Example", "alice", secret)
	eight := plain
	eight.Algorithm, eight.Digits, eight.Period = otpauth.SHA256, 8, time.Minute
	noIssuer := key(t, "", "alice", secret)
	rest := "?secret=" + secret + "&issuer=Example"
	for uri, want := range map[string]otpauth.Key{
		"otpauth://totp/Example:alice" + rest:                                                    plain,
		"otpauth://totp/Example%3Aalice" + rest:                                                  plain,
		"otpauth://totp/Example%3aalice" + rest:                                                  plain,
		"otpauth://totp/Example:%20%20alice" + rest:                                              plain,
		"otpauth://totp/Example: alice" + rest:                                                   plain,
		"otpauth://totp/%20Example%20:%20alice%20" + rest:                                        plain,
		"otpauth://totp/alice" + rest:                                                            plain,
		"otpauth://totp/:alice" + rest:                                                           plain,
		"otpauth://totp/Example:alice?secret=" + secret:                                          plain,
		"otpauth://totp/Example:alice?issuer=&secret=" + secret:                                  plain,
		"otpauth://totp/Example:alice?issuer=%20Example%20&secret=" + secret:                     plain,
		"OTPAUTH://TOTP/Example:alice" + rest:                                                    plain,
		"otpauth://totp/Example:alice?secret=" + strings.ToLower(secret):                         plain,
		"otpauth://totp/Example:alice?secret=" + secret + "====":                                 plain,
		"otpauth://totp/Example:alice?secret=" + secret + "%3D%3D%3D%3D":                         plain,
		"otpauth://totp/Example:alice?secret=" + secret[:4] + "%20" + secret[4:]:                 plain,
		"otpauth://totp/Example:alice?%73ecret=" + secret:                                        plain,
		"otpauth://totp/Example:alice" + rest + "&algorithm=SHA1&digits=6&period=30":             plain,
		"otpauth://totp/Example:alice" + rest + "&algorithm=sha1&digits=06&period=030":           plain,
		"otpauth://totp/Example:alice" + rest + "&image=a&image=b&counter=1&lock&=&&Secret=AAAA": plain,
		"otpauth://totp/Example:alice" + rest + "&image=100%":                                    plain,
		"otpauth://totp/Example:alice" + rest + "&algorithm=sha256&digits=8&period=60":           eight,
		"otpauth://totp/alice?secret=" + secret:                                                  noIssuer,
		"otpauth://totp/:alice?secret=" + secret + "&issuer":                                     noIssuer,
		"otpauth://totp/A+B:c+d?secret=" + secret + "&issuer=A+B":                                key(t, "A+B", "c+d", secret),
		"otpauth://totp/A%2BB:c+d?secret=" + secret + "&issuer=A%2BB":                            key(t, "A+B", "c+d", secret),
		"otpauth://totp/例 え:アリス/二?secret=" + secret + "&issuer=例%20え":                            key(t, "例 え", "アリス/二", secret),
	} {
		got, err := otpauth.Parse(uri)
		require.NoError(t, err, uri)
		assert.True(t, want.Equal(got), uri)
		assert.Equal(t, want, got, "the defaults are filled in: %s", uri)
	}
}

func TestParseRefuses(t *testing.T) {
	const mark = "GEZDGNBV" // A part of each secret, which no error may repeat.
	for uri, text := range map[string]string{
		"":                                                                         "not an otpauth URI",
		"otpauth":                                                                  "not an otpauth URI",
		"otpauth:totp/alice?secret=" + mark:                                        "not an otpauth URI",
		"http://totp/alice?secret=" + mark:                                         "not an otpauth URI",
		" otpauth://totp/a?secret=" + mark:                                         "not an otpauth URI",
		"otpauth://":                                                               "totp",
		"otpauth:///alice?secret=" + mark:                                          "totp",
		"otpauth://steam/a?secret=" + mark:                                         "totp",
		"otpauth://totp:80/a?secret=" + mark:                                       "totp",
		"otpauth://hotp/a?counter=1&secret=" + mark:                                "counter-based",
		"otpauth://HOTP/a?secret=" + mark:                                          "counter-based",
		"otpauth://totp?secret=" + mark:                                            "account is empty",
		"otpauth://totp/?secret=" + mark:                                           "account is empty",
		"otpauth://totp/%20?secret=" + mark:                                        "account is empty",
		"otpauth://totp/Example:?secret=" + mark:                                   "account is empty",
		"otpauth://totp/a:b:c?secret=" + mark:                                      "colon",
		"otpauth://totp/a%3Ab:c?secret=" + mark:                                    "colon",
		"otpauth://totp/c?issuer=a:b&secret=" + mark:                               "colon",
		"otpauth://totp/A:b?issuer=B&secret=" + mark:                               "not the one in the label",
		"otpauth://totp/A:b?issuer=a&secret=" + mark:                               "not the one in the label",
		"otpauth://totp/A+B:b?issuer=A%20B&secret=" + mark:                         "not the one in the label",
		"otpauth://totp/a":                                                         "secret is empty",
		"otpauth://totp/a?":                                                        "secret is empty",
		"otpauth://totp/a?secret":                                                  "secret is empty",
		"otpauth://totp/a?secret=%20====":                                          "secret is empty",
		"otpauth://totp/a?secret=" + mark + "&secret=" + mark:                      "more than one secret",
		"otpauth://totp/a?secret=" + mark + "&%73ecret=" + mark:                    "more than one secret",
		"otpauth://totp/a?issuer=A&issuer=A&secret=" + mark:                        "more than one issuer",
		"otpauth://totp/a?digits=6&digits=6&secret=" + mark:                        "more than one digits",
		"otpauth://totp/a?secret=" + mark + "1":                                    "not base32",
		"otpauth://totp/a?secret=" + mark + "+":                                    "not base32",
		"otpauth://totp/a?secret=" + mark + "=" + mark:                             "not base32",
		"otpauth://totp/a?secret=" + mark + "é":                                    "not base32",
		"otpauth://totp/a?secret=" + mark + "ı":                                    "not base32", // Upper-cased, it would be an I.
		"otpauth://totp/a?secret=" + mark + "A":                                    "not base32",
		"otpauth://totp/a?secret=" + mark + "AAA":                                  "not base32",
		"otpauth://totp/a?secret=" + mark + "AAAAAA":                               "not base32",
		"otpauth://totp/a?secret=" + strings.Repeat(mark, 129):                     "secret is longer",
		"otpauth://totp/a#?secret=" + mark:                                         "#",
		"otpauth://totp/a?secret=" + mark + "#fragment":                            "#",
		"otpauth://totp/a%?secret=" + mark:                                         "encodes nothing",
		"otpauth://totp/a%zz?secret=" + mark:                                       "encodes nothing",
		"otpauth://totp/a?secret=" + mark + "%4":                                   "encodes nothing",
		"otpauth://totp/a?secre%t=" + mark:                                         "encodes nothing",
		"otpauth://totp/a%00b?secret=" + mark:                                      "control character",
		"otpauth://totp/a%0Ab?secret=" + mark:                                      "control character",
		"otpauth://totp/%FF?secret=" + mark:                                        "UTF-8",
		"otpauth://totp/\xff?secret=" + mark:                                       "UTF-8",
		"otpauth://totp/a?issuer=%C3&secret=" + mark:                               "UTF-8",
		"otpauth://totp/" + strings.Repeat("a", 1025) + "?secret=" + mark:          "account is longer",
		"otpauth://totp/a?issuer=" + strings.Repeat("a", 1025) + "&secret=" + mark: "issuer is longer",
		"otpauth://totp/a?secret=" + mark + "&x=" + strings.Repeat("a", 16<<10):    "URI is longer",
		"otpauth://totp/a?algorithm=MD5&secret=" + mark:                            "algorithm",
		"otpauth://totp/a?algorithm=&secret=" + mark:                               "algorithm",
		"otpauth://totp/a?digits=&secret=" + mark:                                  "digits",
		"otpauth://totp/a?digits=0&secret=" + mark:                                 "digits",
		"otpauth://totp/a?digits=5&secret=" + mark:                                 "digits",
		"otpauth://totp/a?digits=9&secret=" + mark:                                 "digits",
		"otpauth://totp/a?digits=six&secret=" + mark:                               "digits",
		"otpauth://totp/a?digits=%2B6&secret=" + mark:                              "digits",
		"otpauth://totp/a?digits=99999999999999999999&secret=" + mark:              "digits",
		"otpauth://totp/a?period=0&secret=" + mark:                                 "period",
		"otpauth://totp/a?period=-30&secret=" + mark:                               "period",
		"otpauth://totp/a?period=30.5&secret=" + mark:                              "period",
		"otpauth://totp/a?period=86401&secret=" + mark:                             "period",
		"otpauth://totp/a?period=2147483647&secret=" + mark:                        "period",
	} {
		k, err := otpauth.Parse(uri)
		require.ErrorContains(t, err, text, uri)
		assert.NotContains(t, strings.ToUpper(err.Error()), mark)
		assert.Zero(t, k)
	}
}

func FuzzParse(f *testing.F) {
	for _, uri := range []string{
		"", "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example", "otpauth://hotp/a?secret=AA&counter=1",
		"OTPAUTH://TOTP/%20Example%3A%20alice?issuer=Example&secret=jbsw%20y3dp====&algorithm=sha512&digits=8&period=60&image=x",
		"otpauth://totp/a:b:c?secret=AA", "otpauth://totp/a%zz?secret=AA", "otpauth://totp/例:🔑?secret=AA&issuer=例#",
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
	f.Add("Example", "alice@example.com", []byte("12345678901234567890"), int8(0), int8(6), int32(30))
	f.Add("A+B & C/D?#%", "a b=c;d", []byte{0}, int8(2), int8(8), int32(86400))
	f.Add("例え", "🔑\u200d\u0301", []byte{255, 0, 255}, int8(1), int8(0), int32(0))
	f.Add("", " a:\xff\x00\u00a0", []byte{}, int8(-1), int8(9), int32(-1))
	f.Fuzz(func(t *testing.T, issuer, account string, bytes []byte, algorithm, digits int8, period int32) {
		k := otpauth.Key{
			Issuer: issuer, Account: account, Secret: base32Secret(bytes),
			Algorithm: otpauth.Algorithm(algorithm), Digits: int(digits), Period: time.Duration(period) * time.Second,
		}
		uri := k.URI()
		code, codeErr := k.Code(time.Unix(1_700_000_000, 0))
		if err := k.Validate(); err != nil {
			assert.Empty(t, uri)
			return
		}
		require.NoError(t, codeErr)
		assert.Regexp(t, `^otpauth://totp/[A-Za-z0-9._~%:-]+\?[A-Za-z0-9._~%&=-]+$`, uri)
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

// Runes one by one, in each place: a name is either refused or comes back as it was.
func TestEveryRuneComesBack(t *testing.T) {
	refused := 0
	step := rune(1)
	for r := rune(0); r <= utf8.MaxRune; r += step {
		if r == 0x3100 {
			step = 61 // What is left are scripts and symbols without properties of their own.
		}
		name := "a" + string(r) + "b" // string gives U+FFFD for what is not a rune, such as a surrogate.
		k, err := otpauth.NewKey(name, name, "AA")
		if err != nil {
			refused++
			continue
		}
		got, err := otpauth.Parse(k.URI())
		if err != nil || !got.Equal(k) || got.Issuer != name || got.Account != name {
			t.Fatalf("%U: %v", r, err)
		}
	}
	assert.Equal(t, 65+1, refused, "the control characters and the colon")
}

func TestLimitsComeBack(t *testing.T) {
	long := strings.Repeat("é", 512)
	k := key(t, long, long, strings.Repeat("A", 1024))
	k.Algorithm, k.Digits, k.Period = otpauth.SHA512, 8, 24*time.Hour
	got, err := otpauth.Parse(k.URI())
	require.NoError(t, err)
	assert.True(t, k.Equal(got))
}

func TestNewKey(t *testing.T) {
	want := key(t, "Example", "alice", secret)
	assert.Equal(t, otpauth.Key{
		Issuer: "Example", Account: "alice", Secret: otpauth.NewSecret(secret),
		Algorithm: otpauth.SHA1, Digits: 6, Period: 30 * time.Second,
	}, want)
	for _, typed := range []string{
		want.Grouped(), strings.ToLower(want.Grouped()), secret + "====", "\t" + secret + "\n",
		strings.ReplaceAll(want.Grouped(), " ", "-"), strings.ReplaceAll(want.Grouped(), " ", "\u00a0"),
	} {
		assert.True(t, want.Equal(key(t, "Example", "alice", typed)), "%q", typed)
	}
}

func TestNewKeyRefuses(t *testing.T) {
	names := map[string]string{
		"a:b": "colon", " a": "blank", "a ": "blank", "\u3000a": "blank", "a\n": "control character", "a\x00b": "control character",
		"\u0085": "control character", "a\xff": "UTF-8", "\xc0\x80": "UTF-8", "\xed\xa0\x80": "UTF-8", strings.Repeat("a", 1025): "longer",
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		_, err := otpauth.NewKey(name, "alice", secret)
		require.ErrorContains(t, err, "issuer", "%q", name)
		require.ErrorContains(t, err, names[name], "%q", name)
		_, err = otpauth.NewKey("Example", name, secret)
		require.ErrorContains(t, err, "account", "%q", name)
		require.ErrorContains(t, err, names[name], "%q", name)
	}
	_, err := otpauth.NewKey("Example", "", secret)
	require.ErrorContains(t, err, "account is empty")
	for bad, text := range map[string]string{
		"": "empty", " - ": "empty", "=": "empty", "A": "not base32", "AB1": "not base32", "AA=AA": "not base32", "ſſ": "not base32",
		"AA\x00": "not base32", "\xff\xff": "not base32", "ＡＡ": "not base32", strings.Repeat("A", 1025): "longer", strings.Repeat("A", 10<<20): "longer",
	} {
		k, err := otpauth.NewKey("Example", "alice", bad)
		require.ErrorContains(t, err, text)
		assert.Zero(t, k)
	}
}

// A Key that was put together by hand cannot be used wrongly either.
func TestKeyByHand(t *testing.T) {
	good := otpauth.Key{Account: "alice", Secret: otpauth.NewSecret("JBSWY3DPEHPK3PXP")}
	require.NoError(t, good.Validate())
	for name, spoil := range map[string]func(*otpauth.Key){
		"issuer":          func(k *otpauth.Key) { k.Issuer = "a:b" },
		"account":         func(k *otpauth.Key) { k.Account = "" },
		"no secret":       func(k *otpauth.Key) { k.Secret = otpauth.Secret{} },
		"lower case":      func(k *otpauth.Key) { k.Secret = otpauth.NewSecret("jbswy3dpehpk3pxp") },
		"padding":         func(k *otpauth.Key) { k.Secret = otpauth.NewSecret("JBSWY3DPEHPK3===") },
		"line end":        func(k *otpauth.Key) { k.Secret = otpauth.NewSecret("JBSWY3DP\nEHPK3PXP") },
		"parameter":       func(k *otpauth.Key) { k.Secret = otpauth.NewSecret("JBSWY3DP&issuer=B") },
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
	for secret, want := range map[string]string{"": "", "AB": "AB", "ABCD": "ABCD", "ABCDE": "ABCD E", "ABCDEFGH": "ABCD EFGH"} {
		assert.Equal(t, want, otpauth.Key{Secret: otpauth.NewSecret(secret)}.Grouped())
	}
}
