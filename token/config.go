package token

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config describes one user pool and what a token of it must have. NewVerifier copies it.
type Config struct {
	// UserPoolID is the pool's id, such as eu-west-1_Example00. Required.
	UserPoolID string

	// Region is where the pool is. Empty means the part of UserPoolID before the underscore.
	Region string

	// ClientIDs are the app clients whose tokens are accepted. Required, unless AnyClient waives it.
	ClientIDs []string

	// AnyClient accepts the tokens of all app clients of the pool, whoever they belong to.
	AnyClient bool

	// Groups, if not empty, are the groups of which the user must be in at least one. See ErrGroup.
	Groups []string

	// Scopes, if not empty, are the scopes of which an access token must grant at least one. ID tokens have none and are
	// not asked. See ErrScope.
	Scopes []string

	// Leeway is how long a token is accepted after it has expired, and before its nbf claim, to make up for clocks that
	// differ. Zero means none. Whatever it is, a token may have been issued up to five minutes in the future.
	Leeway time.Duration

	// Now tells the time. Nil means time.Now. It must be safe for concurrent use.
	Now func() time.Time

	// Issuers are the values of iss that are accepted, compared byte for byte. Empty means both of Cognito's for the pool:
	// https://cognito-idp.<region>.amazonaws.com/<pool id> and https://issuer-cognito-idp.<region>.amazonaws.com/<pool id>
	// (IssuerConfigurationType in the Amazon Cognito user pools API reference), in China under amazonaws.com.cn.
	Issuers []string

	// JWKSURL is where the pool's keys are. Empty means Cognito's address for the pool. An address given here, of an
	// emulator or a replica, may be http; the default is always https.
	JWKSURL string

	// JWKS is a JSON Web Key Set to start with, so that the first token needs no network. Alone it is all there is: no key
	// is ever fetched. With JWKSURL, keys that it lacks are fetched from there.
	JWKS []byte

	// HTTPClient fetches the keys. Nil means one on http.DefaultTransport. It is copied; redirects are refused and a fetch
	// ends after five seconds, whatever the client says.
	HTTPClient *http.Client
}

// NewVerifier returns a Verifier for the pool and, if there are more, for all of them: the token's issuer then decides
// which Config applies to it. It does not use the network. An error means that a Config is incomplete or contradicts
// itself or another one.
func NewVerifier(cfg Config, more ...Config) (*Verifier, error) {
	v := &Verifier{issuer: make(map[string]*pool), decoder: newDecoder()}
	for _, cfg := range append([]Config{cfg}, more...) {
		p, issuers, err := newPool(cfg)
		if err != nil {
			return nil, fmt.Errorf("token: config: %w", err)
		}
		v.pools = append(v.pools, p)
		for _, iss := range issuers {
			if v.issuer[iss] != nil {
				return nil, fmt.Errorf("token: config: issuer %q is given twice", iss)
			}
			v.issuer[iss] = p
		}
	}
	return v, nil
}

// pool is what a Config came to.
type pool struct {
	clients []string // nil: any
	groups  []string
	scopes  []string
	leeway  time.Duration
	now     func() time.Time
	keys    *keySet
}

func newPool(cfg Config) (*pool, []string, error) {
	// UserPoolIdType in the API reference: [\w-]+_[0-9a-zA-Z]+.
	underscore := strings.LastIndexByte(cfg.UserPoolID, '_')
	if underscore < 1 || underscore == len(cfg.UserPoolID)-1 || !plain(cfg.UserPoolID) {
		return nil, nil, errors.New("UserPoolID is not of the form region_id")
	}
	region := cfg.Region
	if region == "" {
		region = cfg.UserPoolID[:underscore]
	}
	if !plain(region) {
		return nil, nil, errors.New("region is not the name of one")
	}
	if (len(cfg.ClientIDs) > 0) == cfg.AnyClient {
		return nil, nil, errors.New("give either ClientIDs or AnyClient")
	}
	if slices.Contains(slices.Concat(cfg.ClientIDs, cfg.Groups, cfg.Scopes, cfg.Issuers), "") {
		return nil, nil, errors.New("an empty text among ClientIDs, Groups, Scopes or Issuers")
	}
	if cfg.Leeway < 0 {
		return nil, nil, errors.New("leeway is negative")
	}

	domain := ".amazonaws.com/"
	if strings.HasPrefix(region, "cn-") {
		domain = ".amazonaws.com.cn/"
	}
	original := "https://cognito-idp." + region + domain + cfg.UserPoolID
	updated := "https://issuer-cognito-idp." + region + domain + cfg.UserPoolID

	issuers := cfg.Issuers
	if len(issuers) == 0 {
		issuers = []string{original, updated}
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	address := cfg.JWKSURL
	switch {
	case address != "":
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, nil, errors.New("JWKSURL is not an absolute http or https URL")
		}
	case cfg.JWKS == nil:
		address = original + "/.well-known/jwks.json"
	}
	keys, err := newKeySet(address, cfg.JWKS, cfg.HTTPClient, now)
	if err != nil {
		return nil, nil, err
	}
	return &pool{
		clients: slices.Clone(cfg.ClientIDs),
		groups:  slices.Clone(cfg.Groups),
		scopes:  slices.Clone(cfg.Scopes),
		leeway:  cfg.Leeway,
		now:     now,
		keys:    keys,
	}, issuers, nil
}

// plain reports whether s can be part of an address: ASCII letters, digits, hyphens and underscores only.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}
