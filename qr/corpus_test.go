package qr_test

import (
	"net/url"
	"strings"

	"github.com/cognitomfa/cognitomfa/qr"
)

type subject struct {
	text  string
	level qr.Level
}

func uri(issuer, account, secret string) string {
	issuer, account = url.PathEscape(issuer), url.PathEscape(account)
	return "otpauth://totp/" + issuer + ":" + account + "?secret=" + secret + "&issuer=" + issuer
}

// usual returns key URIs of services: some issuers and accounts, in Latin script or not, with
// secrets of 80, 160 and 256 bits.
func usual() []string {
	const secret = "GEZDGNBVGY3TQOJQMFRGGZDFMZTWQ2LKNNWG23TPOBYXE43UOV3A"
	var uris []string
	issuers := []string{
		"A", "Example", "Example Corp", "The Example Company of Springfield", "Müller & Söhne #1",
		"例え", "例え株式会社", "شركة المثال", "🔑🏢", "Компания",
	}
	accounts := []string{
		"al", "alice@example.com", "firstname.lastname+test@department.example.co.uk",
		"0b3f5c1e-7a5d-4c3e-9a51-1f2e3d4c5b6a", "山田太郎", "🙂",
	}
	for _, issuer := range issuers {
		for _, account := range accounts {
			for _, length := range []int{16, 32, 52} {
				uris = append(uris, uri(issuer, account, secret[:length]))
			}
		}
	}
	return uris
}

// sample returns one in n of all.
func sample[T any](all []T, n int) []T {
	var some []T
	for i := 0; i < len(all); i += n {
		some = append(some, all[i])
	}
	return some
}

// every returns usual texts, and longer ones up to the limit of each level.
func every() []subject {
	var all []subject
	for i, text := range usual() {
		all = append(all, subject{text, qr.Level(i % 4)})
	}
	const first, step = 80, 97
	for level, most := range []int{2953, 2331, 1663, 1273} {
		for length := first + 7*level; length <= most; length += step {
			text := uri("Example", "", "GEZDGNBVGY3TQOJQ")
			account := strings.Repeat("x", length-len(text))
			text = uri("Example", account, "GEZDGNBVGY3TQOJQ")
			all = append(all, subject{text, qr.Level(level)})
		}
	}
	return all
}
