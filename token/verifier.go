package token

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// clockSkew is how far in the future a token may have been issued. Otherwise, a host whose clock is
// a little slow would refuse every fresh token.
const clockSkew = 5 * time.Minute

// Verifier verifies the tokens of one or more user pools. It is safe for concurrent use.
type Verifier struct {
	pools   []*pool
	issuers map[string]issuer // by iss
	sets    []*keySet         // of all pools, each once
}

// VerifyAccess verifies an access token, given without the word Bearer, and returns its claims. Any
// error means that the token must not be accepted; [errors.Is] finds one of the Err variables in
// it.
//
// If the token names an unknown key, VerifyAccess waits for a fetch of the keys: five seconds at
// most, and no longer than the context allows. The fetch goes on without it, for the tokens that
// come next. If it is too early for another fetch, the error is [ErrKeysUnavailable].
func (v *Verifier) VerifyAccess(ctx context.Context, raw string) (*AccessClaims, error) {
	c, err := v.verify(ctx, raw, accessToken)
	if err != nil {
		return nil, err
	}
	claims := c.access(c.claims)
	if c.err != nil {
		return nil, c.err
	}
	if !oneOfEach(claims.Scopes, c.issuer.pool.rules.scopes) {
		return nil, ErrScope
	}
	if err := c.issuer.pool.authorize(&claims.Claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// VerifyID verifies an ID token and returns its claims. The rules are those of VerifyAccess, except
// for the scopes. An ID token tells the app client who signed in. It is no credential for an API,
// which must ask for access tokens. If the authorization request had a nonce, compare it with the
// claim.
func (v *Verifier) VerifyID(ctx context.Context, raw string) (*IDClaims, error) {
	c, err := v.verify(ctx, raw, idToken)
	if err != nil {
		return nil, err
	}
	claims := c.id(c.claims)
	if c.err != nil {
		return nil, c.err
	}
	if err := c.issuer.pool.authorize(&claims.Claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// verify makes the checks that every token has to pass. Those that are cheaper than a signature
// come before it, and so do those without which a forged token could cause a fetch: form, issuer
// and time. Refusing a forged token as expired reveals nothing, since whoever forged it knows what
// it says.
func (v *Verifier) verify(ctx context.Context, raw string, k kind) (*candidate, error) {
	c, err := parse(raw)
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
	var known bool
	if c.issuer, known = v.issuers[c.claims.Issuer]; !known {
		return nil, ErrIssuer
	}
	p := c.issuer.pool
	if err := p.checkTime(&c.claims, notBefore); err != nil {
		return nil, err
	}
	key, err := c.issuer.keys.key(ctx, kid)
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
	case c.claims.ClientID == "",
		!p.anyClient && !slices.Contains(p.clients, c.claims.ClientID):
		return nil, ErrClient
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
	case notBefore.After(now.Add(p.leeway)),
		claims.IssuedAt.After(latest), claims.AuthTime.After(latest):
		return ErrNotYetValid
	}
	return nil
}

// authorize checks the user's groups, and how and when they signed in.
func (p *pool) authorize(claims *Claims) error {
	r := &p.rules
	switch {
	case !oneOfEach(claims.Groups, r.groups):
		return ErrGroup
	case r.acr != nil && !slices.Contains(r.acr, claims.ACR):
		return &levelError{error: ErrACR, acr: r.acr, maxAge: r.maxAge}
	case r.maxAge > 0 && (claims.AuthTime.IsZero() ||
		p.now().Sub(claims.AuthTime) > r.maxAge+p.leeway):
		return &levelError{error: ErrMaxAge, acr: r.acr, maxAge: r.maxAge}
	}
	return nil
}

// Hydrate fetches the keys that are not there yet, from all addresses at once, so that the first
// tokens need not wait for them. Calling it is optional. The context bounds how long it waits.
//
// The error is ErrKeysUnavailable and names the addresses that failed. An address is not named if
// its pool has keys from another one: a pool issues its tokens under only one of its two names, and
// the other need not exist. To insist on one, set Config.Issuers.
func (v *Verifier) Hydrate(ctx context.Context) error {
	return v.fetch(func(s *keySet) error { return s.hydrate(ctx) })
}

// Refresh fetches all keys now, from all addresses at once, and replaces those that are there: call
// it when a key has been withdrawn and its tokens must not be accepted any longer. It returns when
// the fetches have ended or the context has.
//
// The error is as for Hydrate, and also names every address whose old keys are still in use because
// they could not be replaced. Static keys stay as they are.
func (v *Verifier) Refresh(ctx context.Context) error {
	return v.fetch(func(s *keySet) error { return s.refresh(ctx) })
}

// fetch calls do for every key set, all at once, and returns the errors that matter.
func (v *Verifier) fetch(do func(*keySet) error) error {
	var all sync.WaitGroup
	errs := make([]error, len(v.sets))
	for i, s := range v.sets {
		all.Go(func() { errs[i] = do(s) })
	}
	all.Wait()

	// An error matters if old keys stay in use, or if a pool has no keys from any address.
	for i, s := range v.sets {
		missed := s.usable() != nil || slices.ContainsFunc(v.pools, func(p *pool) bool {
			return slices.Contains(p.keys, s) && !p.ready()
		})
		if !missed {
			errs[i] = nil
		}
	}
	return errors.Join(errs...)
}

// ready reports whether there are keys of one of the pool's issuers.
func (p *pool) ready() bool {
	return slices.ContainsFunc(p.keys, func(s *keySet) bool { return s.usable() != nil })
}
