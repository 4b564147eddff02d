package token

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// clockSkew is how far in the future a token may have been issued. A host whose clock is a little slow would else refuse
// every fresh token.
const clockSkew = 5 * time.Minute

// Verifier verifies the tokens of one or several user pools. It is safe for concurrent use.
type Verifier struct {
	pools   []*pool
	issuer  map[string]*pool // the same pools, by the issuers that they accept
	decoder decoder
}

// Hydrate fetches the keys of every pool that has none yet, so that the first token need not wait for them. Pools that
// fail are in the error, which is ErrKeysUnavailable, and do not keep the others from being tried. It need not be called.
func (v *Verifier) Hydrate(ctx context.Context) error {
	var errs []error
	for _, p := range v.pools {
		errs = append(errs, p.keys.hydrate(ctx))
	}
	return errors.Join(errs...)
}

// VerifyAccess verifies an access token, given without the word Bearer, and returns its claims. Any error means that the
// token must not be accepted, and is one of this package's.
//
// The context bounds a fetch of keys that the token may make necessary, and the wait for one that is under way. One fetch
// goes on up to a second longer than the context: that for a key which the keys already there lack, because a client
// that hangs up must not keep a new key from everybody else.
func (v *Verifier) VerifyAccess(ctx context.Context, raw string) (*AccessClaims, error) {
	c, err := v.verify(ctx, raw, accessToken)
	if err != nil {
		return nil, err
	}
	claims := c.access(c.claims)
	if c.err != nil {
		return nil, c.err
	}
	if len(c.pool.scopes) > 0 && !anyOf(claims.Scopes, c.pool.scopes) {
		return nil, ErrScope
	}
	return claims, nil
}

// VerifyID verifies an ID token and returns its claims. The rules are those of VerifyAccess, but for the scopes. An ID
// token tells the app client who signed in; it is no credential for an API, which must ask for access tokens. If the
// authorization request had a nonce, compare it with the claim's.
func (v *Verifier) VerifyID(ctx context.Context, raw string) (*IDClaims, error) {
	c, err := v.verify(ctx, raw, idToken)
	if err != nil {
		return nil, err
	}
	claims := c.id(c.claims)
	if c.err != nil {
		return nil, c.err
	}
	return claims, nil
}

// verify makes the checks that both kinds of token have to pass. Those that are cheaper than a signature come before it,
// and so do those without which a forged token could cause a fetch: form, issuer and time. To refuse a forged token as
// expired gives nothing away, since whoever forged it knows what it says.
func (v *Verifier) verify(ctx context.Context, raw string, k kind) (*candidate, error) {
	c, err := v.decoder.parse(raw)
	if err != nil {
		return nil, err
	}
	kid, err := c.keyID()
	if err != nil {
		return nil, err
	}
	c.claims = c.common(k)
	c.claims.payload = c.payload
	notBefore, use := c.date("nbf"), c.text("token_use")
	if c.err != nil {
		return nil, c.err
	}
	c.pool = v.issuer[c.claims.Issuer]
	if c.pool == nil {
		return nil, ErrIssuer
	}
	if err := c.pool.checkTime(&c.claims, notBefore); err != nil {
		return nil, err
	}
	key, err := c.pool.keys.key(ctx, kid)
	if err != nil {
		return nil, err
	}
	if err := jwt.SigningMethodRS256.Verify(c.signed, c.signature, key); err != nil {
		return nil, ErrSignature
	}

	// From here on the token is the pool's, and the question is what it is good for.
	switch {
	case use != k.use:
		return nil, ErrTokenUse
	case c.claims.ClientID == "", c.pool.clients != nil && !slices.Contains(c.pool.clients, c.claims.ClientID):
		return nil, ErrClient
	case len(c.pool.groups) > 0 && !anyOf(c.claims.Groups, c.pool.groups):
		return nil, ErrGroup
	}
	return c, nil
}

// checkTime checks that the token is valid now. A time that the token does not give is zero.
func (p *pool) checkTime(claims *Claims, notBefore time.Time) error {
	now := p.now()
	latest := now.Add(max(p.leeway, clockSkew))
	switch {
	case !now.Before(claims.ExpiresAt.Add(p.leeway)):
		return ErrExpired
	case notBefore.After(now.Add(p.leeway)), claims.IssuedAt.After(latest), claims.AuthTime.After(latest):
		return ErrNotYetValid
	}
	return nil
}

// anyOf reports whether one of have is among want.
func anyOf(have, want []string) bool {
	return slices.ContainsFunc(have, func(s string) bool { return slices.Contains(want, s) })
}
