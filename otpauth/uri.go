package otpauth

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	scheme = "otpauth://"
	// The longest URI that Parse reads, in bytes. URI returns shorter ones, but others may add
	// parameters such as the address of a picture.
	maxURI = 16 << 10
)

// URI returns the key in the format that authenticator apps read, which is described at
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format:
//
//	otpauth://totp/Example:alice?secret=…&issuer=Example
//
// The issuer appears in the label and in a parameter because some apps read only one of them. All
// characters except the unreserved ones of RFC 3986 are percent-encoded, a space as %20, because
// apps show a plus sign as it is. Algorithm, digits and period are left out if they are the
// defaults. If the Key is not valid, URI returns "".
//
// A link with this URI does not reliably open the authenticator app that a user wants: phones
// open whichever app has registered for such links, iOS often its own password settings, and some
// nothing at all. Show the key for typing as well.
//
// The URI contains the secret: keep it out of logs and out of the addresses that a browser
// requests.
func (k Key) URI() string {
	if k.Validate() != nil {
		return ""
	}
	var b strings.Builder
	b.WriteString(scheme + "totp/")
	if k.Issuer != "" {
		b.WriteString(escape(k.Issuer) + ":")
	}
	b.WriteString(escape(k.Account) + "?secret=" + k.Secret.Reveal())
	if k.Issuer != "" {
		b.WriteString("&issuer=" + escape(k.Issuer))
	}
	if k.Algorithm != SHA1 {
		b.WriteString("&algorithm=" + k.Algorithm.String())
	}
	if k.digits() != defaultDigits {
		b.WriteString("&digits=" + strconv.Itoa(k.digits()))
	}
	if k.period() != defaultPeriod {
		b.WriteString("&period=" + strconv.Itoa(int(k.period()/time.Second)))
	}
	return b.String()
}

// escape percent-encodes all but the unreserved characters. No function of net/url does that.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// Parse parses a key URI. It accepts the variants that authenticator apps accept:
//
//   - a label whose colon is percent-encoded or followed by spaces,
//   - an issuer only in the label, only in the parameter, or in neither,
//   - a secret as NewKey accepts it,
//   - explicit defaults, and unknown parameters.
//
// It rejects URIs that two apps could read differently: different issuers in label and parameter, a
// parameter that appears twice, a counter-based (hotp) key, and a secret that is not base32. A plus
// sign is not decoded to a space.
//
// For every valid Key k, Parse(k.URI()) returns a Key that equals k. An error does not repeat any
// part of the URI.
func Parse(uri string) (Key, error) {
	if len(uri) > maxURI {
		return Key{}, fmt.Errorf("otpauth: the URI is longer than %d bytes", maxURI)
	}
	if len(uri) < len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme) {
		return Key{}, errors.New("otpauth: not an otpauth URI")
	}
	if strings.Contains(uri, "#") {
		return Key{}, errors.New("otpauth: the URI contains a #; write it as %23")
	}
	path, query, _ := strings.Cut(uri[len(scheme):], "?")
	kind, label, _ := strings.Cut(path, "/")
	switch {
	case strings.EqualFold(kind, "hotp"):
		return Key{}, errors.New("otpauth: counter-based keys (hotp) are not supported")
	case !strings.EqualFold(kind, "totp"):
		return Key{}, errors.New("otpauth: the URI is not for a time-based key (totp)")
	}
	label, err := unescape(label)
	if err != nil {
		return Key{}, err
	}
	params, err := parameters(query)
	if err != nil {
		return Key{}, err
	}
	k := Key{
		Secret: NewSecret(normalize(params["secret"])),
		Digits: defaultDigits,
		Period: defaultPeriod,
	}
	if k.Issuer, k.Account, err = names(label, params["issuer"]); err != nil {
		return Key{}, err
	}
	if s, given := params["algorithm"]; given {
		if k.Algorithm, err = parseAlgorithm(s); err != nil {
			return Key{}, err
		}
	}
	if s, given := params["digits"]; given {
		if k.Digits, err = parseNumber("digits", s); err != nil {
			return Key{}, err
		}
	}
	if s, given := params["period"]; given {
		seconds, err := parseNumber("period", s)
		if err != nil {
			return Key{}, err
		}
		k.Period = time.Duration(seconds) * time.Second
	}
	if err := k.Validate(); err != nil {
		return Key{}, err
	}
	return k, nil
}

// parameters returns the parameters of a query that describe a key. It does not use url.ParseQuery,
// which reads a plus sign as a space.
func parameters(query string) (map[string]string, error) {
	params := make(map[string]string)
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := unescape(name)
		if err != nil {
			return nil, err
		}
		switch name {
		case "secret", "issuer", "algorithm", "digits", "period":
		default:
			continue
		}
		if _, twice := params[name]; twice {
			return nil, fmt.Errorf("otpauth: the URI has more than one %s", name)
		}
		if params[name], err = unescape(value); err != nil {
			return nil, err
		}
	}
	return params, nil
}

// names splits a label, "issuer:account" or "account". The issuer can come from the parameter
// instead.
func names(label, param string) (issuer, account string, err error) {
	issuer, account, found := strings.Cut(label, ":")
	if !found {
		issuer, account = "", label
	}
	issuer, account = strings.TrimSpace(issuer), strings.TrimSpace(account)
	param = strings.TrimSpace(param)
	switch {
	case issuer == "":
		issuer = param
	case param != "" && param != issuer:
		return "", "", errors.New("otpauth: label and parameter have different issuers")
	}
	return issuer, account, nil
}

func parseAlgorithm(s string) (Algorithm, error) {
	for a, known := range algorithms {
		if strings.EqualFold(s, known.name) {
			return Algorithm(a), nil
		}
	}
	return 0, errAlgorithm
}

// parseNumber parses a positive number. It rejects zero, which would mean the default in a Key.
func parseNumber(name, s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("otpauth: %s is not a positive number", name)
	}
	return int(n), nil
}

// unescape decodes percent-encoding. Unlike that of url.PathUnescape, its error does not repeat the
// text.
func unescape(s string) (string, error) {
	s, err := url.PathUnescape(s)
	if err != nil {
		return "", errors.New("otpauth: the URI contains a % without two hexadecimal digits")
	}
	return s, nil
}
