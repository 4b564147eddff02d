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
	// The longest URI that Parse reads, in bytes. Every URI of a valid Key is shorter.
	maxURI = 16 << 10
)

// URI returns the key as authenticator apps read it, in the format of
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format:
//
//	otpauth://totp/Example:alice?secret=…&issuer=Example
//
// The issuer stands in the label and in a parameter, since some apps read only the one and some only the other. All but the unreserved
// characters of RFC 3986 are percent-encoded, a blank as %20, since apps show a plus sign as such. Algorithm, digits and period
// are left out where they are the defaults. The URI of a Key that is not valid is empty.
//
// The URI gives the secret away: keep it out of logs and out of addresses that a browser sends.
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

// escape percent-encodes all but the unreserved characters, as no single function of net/url does.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// Parse reads a key URI. It takes what authenticator apps take: a label whose colon is percent-encoded or followed by blanks; the issuer in
// the label only, in the parameter only, or nowhere; a secret in lower case, in groups or padded; the defaults written out; parameters that
// it does not know. It refuses what two apps could read as two different keys: an issuer in the parameter that is not the one in the
// label, a parameter given twice, a counter-based (hotp) key, and a secret that is not base32. A plus sign is a plus sign.
//
// For every valid Key k, Parse(k.URI()) is equal to k. The error says what is wrong and repeats nothing of the URI.
func Parse(uri string) (Key, error) {
	if len(uri) > maxURI {
		return Key{}, fmt.Errorf("otpauth: the URI is longer than %d bytes", maxURI)
	}
	if len(uri) < len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme) {
		return Key{}, errors.New("otpauth: not an otpauth URI")
	}
	if strings.Contains(uri, "#") {
		return Key{}, errors.New("otpauth: the URI contains a #, which has to be written %23")
	}
	path, query, _ := strings.Cut(uri[len(scheme):], "?")
	kind, label, _ := strings.Cut(path, "/")
	switch {
	case strings.EqualFold(kind, "hotp"):
		return Key{}, errors.New("otpauth: the key is counter-based (hotp); only time-based ones (totp) are supported")
	case !strings.EqualFold(kind, "totp"):
		return Key{}, errors.New("otpauth: the URI is not that of a time-based key (totp)")
	}
	label, err := unescape(label)
	if err != nil {
		return Key{}, err
	}
	params, err := parameters(query)
	if err != nil {
		return Key{}, err
	}
	k := Key{Secret: NewSecret(normalize(params["secret"])), Digits: defaultDigits, Period: defaultPeriod}
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

// parameters returns what a query says about a key, by name. It is read by hand because url.ParseQuery reads a plus sign as a blank.
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

// names takes a label, "issuer:account" or "account", apart. The parameter names the issuer that a label leaves out.
func names(label, param string) (issuer, account string, err error) {
	issuer, account, found := strings.Cut(label, ":")
	if !found {
		issuer, account = "", label
	}
	issuer, account, param = strings.TrimSpace(issuer), strings.TrimSpace(account), strings.TrimSpace(param)
	switch {
	case issuer == "":
		issuer = param
	case param != "" && param != issuer:
		return "", "", errors.New("otpauth: the issuer in the parameter is not the one in the label")
	}
	return issuer, account, nil
}

func parseAlgorithm(s string) (Algorithm, error) {
	for a, known := range algorithms {
		if strings.EqualFold(s, known.name) {
			return Algorithm(a), nil
		}
	}
	return 0, errors.New("otpauth: the algorithm is not one of SHA1, SHA256 and SHA512")
}

// parseNumber reads a positive number; a zero in a URI is not the zero of a Key, which means the default.
func parseNumber(name, s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("otpauth: %s is not a positive number", name)
	}
	return int(n), nil
}

// unescape resolves percent-encoding. Unlike url.PathUnescape, it does not repeat the text in the error.
func unescape(s string) (string, error) {
	s, err := url.PathUnescape(s)
	if err != nil {
		return "", errors.New("otpauth: the URI contains a % that encodes nothing")
	}
	return s, nil
}
