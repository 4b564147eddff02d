package token

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cognitomfa/cognitomfa/internal/endpoint"
)

// Config describes one user pool and what its tokens must have. NewVerifier copies it.
type Config struct {
	// UserPoolID is the pool's ID, such as eu-west-1_Example00. Required.
	UserPoolID string

	// Region is where the pool is, which decides what Issuers are by default. Empty means the part
	// of UserPoolID before the underscore.
	Region string

	// ClientIDs are the app clients whose tokens are accepted. Required, unless AnyClient is set:
	// then there must be none.
	ClientIDs []string

	// AnyClient accepts the tokens of every app client of the pool, whoever owns it.
	AnyClient bool

	// Groups, if not empty, are groups of which the user must be in at least one. See ErrGroup.
	Groups []string

	// Scopes, if not empty, are scopes of which an access token must grant at least one. ID tokens
	// have no scopes and are not checked for them. See ErrScope.
	Scopes []string

	// ACR, if not empty, are the levels of which the sign-in must have reached one: values of the
	// acr claim, most wanted first. They are compared by name, so list the higher levels as well.
	// Unless the pool's AcrConfiguration renames it, urn:cognito:loa:4 is a password and a code
	// from an authenticator app. A token without the claim is refused, and Cognito adds the claim
	// only if the sign-in asked for a level. AWS has documented it since October 2026; it has not
	// been seen live yet. See ErrACR.
	ACR []string

	// MaxAge, if not zero, is how long ago the user may have signed in (auth_time), in whole
	// seconds. Leeway is added to it. A token that does not say when is refused. A refreshed token
	// keeps the time of the sign-in. See ErrMaxAge.
	MaxAge time.Duration

	// Leeway makes up for clocks that differ: it is how long a token is accepted after it has
	// expired and before its nbf claim, and is added to MaxAge. Zero means none. In any case, the
	// times of iat and auth_time may be up to five minutes in the future, or up to Leeway if that is
	// more.
	Leeway time.Duration

	// Now tells the time. Nil means time.Now. It must be safe for concurrent use.
	Now func() time.Time

	// Issuers are the accepted values of iss, compared byte for byte. Empty means the two that
	// Cognito uses for a pool: https://cognito-idp.<region>.amazonaws.com/<pool ID> and
	// https://issuer-cognito-idp.<region>.amazonaws.com/<pool ID>, or what takes the place of
	// amazonaws.com in the partition of the region, such as China. See IssuerConfigurationType in
	// the Amazon Cognito user pools API reference.
	Issuers []string

	// JWKSURL is where the keys of all Issuers are, http or https. Empty means that each issuer's
	// keys are at its own address, <issuer>/.well-known/jwks.json, which requires every one of
	// Issuers to be a URL.
	JWKSURL string

	// JWKS is a JSON Web Key Set to start with, so that the first token needs no network. Without
	// JWKSURL these keys are all there are, for all Issuers, and nothing is ever fetched. With
	// JWKSURL, the keys fetched from there replace them as soon as a token needs another key.
	JWKS []byte

	// MaxKeyAge is how long keys are trusted after they were fetched, or after NewVerifier took
	// them from JWKS. When half of the time has passed, the next token causes a fetch that nobody
	// waits for. When all of it has passed without a successful fetch, every token is refused with
	// ErrKeysUnavailable until one succeeds. Zero means no limit: keys are trusted until a fetch
	// for an unknown key, or Refresh, replaces them. It must be zero if nothing can be fetched.
	MaxKeyAge time.Duration

	// HTTPClient fetches the keys. Nil means one on http.DefaultTransport. It is copied. Redirects
	// are refused, and a fetch ends after five seconds, whatever the client's settings. Requests
	// have a context of their own, without the values of any caller's.
	HTTPClient *http.Client
}

// NewVerifier returns a Verifier for the pool and for any more pools: the issuer of a token decides
// which Config applies. It does not use the network. An error means that a Config is incomplete or
// contradicts itself or another one.
func NewVerifier(cfg Config, more ...Config) (*Verifier, error) {
	v := &Verifier{issuers: make(map[string]issuer)}
	sets := make(map[source]*keySet)
	for _, cfg := range append([]Config{cfg}, more...) {
		if err := v.add(cfg, sets); err != nil {
			return nil, fmt.Errorf("token: config: %w", err)
		}
	}
	return v, nil
}

// pool is what the tokens of a user pool are checked against.
type pool struct {
	clients   []string
	anyClient bool // clients are empty
	rules     rules
	leeway    time.Duration
	now       func() time.Time
	keys      []*keySet // of its issuers
}

// issuer is a value of iss: whose tokens it issues, and with which keys.
type issuer struct {
	pool *pool
	keys *keySet
}

// source tells key sets apart. Issuers with equal sources share one, which has the clock of the
// first Config.
type source struct {
	address string
	client  *http.Client
	jwks    string
	maxAge  time.Duration
}

// add adds the pool of the Config, with those of the key sets that are not there yet.
func (v *Verifier) add(cfg Config, sets map[source]*keySet) error {
	if err := cfg.validate(); err != nil {
		return err
	}
	rules, err := rules{}.and(Requirements{
		Groups: cfg.Groups, Scopes: cfg.Scopes, ACR: cfg.ACR, MaxAge: cfg.MaxAge,
	})
	if err != nil {
		return err
	}
	p := &pool{
		clients: slices.Clone(cfg.ClientIDs), anyClient: cfg.AnyClient,
		rules: rules, leeway: cfg.Leeway, now: cfg.Now,
	}
	if p.now == nil {
		p.now = time.Now
	}
	names := cfg.Issuers
	if len(names) == 0 {
		names = defaultIssuers(cfg.region(), cfg.UserPoolID)
	}
	for _, name := range names {
		if _, twice := v.issuers[name]; twice {
			return fmt.Errorf("issuer %q is given twice", name)
		}
		address, err := cfg.address(name)
		if err != nil {
			return err
		}
		src := source{
			address: address, client: cfg.HTTPClient, jwks: string(cfg.JWKS), maxAge: cfg.MaxKeyAge,
		}
		if sets[src] == nil {
			if sets[src], err = newKeySet(src, cfg.JWKS, p.now); err != nil {
				return err
			}
			v.sets = append(v.sets, sets[src])
		}
		p.keys = append(p.keys, sets[src])
		v.issuers[name] = issuer{pool: p, keys: sets[src]}
	}
	v.pools = append(v.pools, p)
	return nil
}

func (cfg *Config) validate() error {
	// UserPoolIdType in the API reference: [\w-]+_[0-9a-zA-Z]+.
	underscore := strings.LastIndexByte(cfg.UserPoolID, '_')
	switch {
	case underscore < 1, underscore == len(cfg.UserPoolID)-1, !plain(cfg.UserPoolID):
		return errors.New("UserPoolID is not of the form region_id")
	case !plain(cfg.Region):
		return errors.New("region is not the name of an AWS region")
	case (len(cfg.ClientIDs) > 0) == cfg.AnyClient:
		return errors.New("give either ClientIDs or AnyClient")
	case slices.Contains(cfg.ClientIDs, ""), slices.Contains(cfg.Issuers, ""):
		return errors.New("an empty string among ClientIDs or Issuers")
	case cfg.Leeway < 0:
		return errors.New("leeway is negative")
	case cfg.MaxKeyAge < 0:
		return errors.New("MaxKeyAge is negative")
	case cfg.MaxKeyAge > 0 && cfg.static():
		return errors.New("MaxKeyAge is set, but with JWKS alone no key is ever fetched")
	}
	return nil
}

func (cfg *Config) region() string {
	if cfg.Region != "" {
		return cfg.Region
	}
	return cfg.UserPoolID[:strings.LastIndexByte(cfg.UserPoolID, '_')]
}

// static reports whether JWKS are all the keys there are.
func (cfg *Config) static() bool { return cfg.JWKS != nil && cfg.JWKSURL == "" }

// address returns where the keys of an issuer are fetched from, empty if nowhere.
func (cfg *Config) address(issuer string) (string, error) {
	if cfg.JWKSURL != "" || cfg.static() {
		return cfg.JWKSURL, nil
	}
	u, err := url.Parse(issuer)
	if err != nil || !fetchable(u) || strings.ContainsAny(issuer, "?#") {
		return "", fmt.Errorf("issuer %q is not a URL, so its keys need JWKSURL or JWKS", issuer)
	}
	return strings.TrimSuffix(issuer, "/") + "/.well-known/jwks.json", nil
}

// plain reports whether s can be part of an address: only ASCII letters, digits, hyphens and
// underscores.
func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') &&
			(r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// defaultIssuers returns the names under which Cognito issues a pool's tokens. Config.Issuers
// overrides them.
func defaultIssuers(region, poolID string) []string {
	usual, updated := endpoint.Issuers(region)
	return []string{usual + "/" + poolID, updated + "/" + poolID}
}
