// Package token verifies the JSON Web Tokens of Amazon Cognito user pools: the access tokens that
// clients send to an API, and the ID tokens that a sign-in returns.
//
// Make one [Verifier] with [NewVerifier] when the program starts. Wrap HTTP handlers with
// [Verifier.Middleware], or call [Verifier.VerifyAccess] or [Verifier.VerifyID] for each token.
//
// A token is accepted only if all of this holds:
//
//   - It is a JWT signed with RS256 by a key of the pool (RFC 7515, RFC 7518).
//   - Its issuer is the pool, in either of the two forms that Cognito uses.
//   - Its times are right: exp is not over, and nbf, iat and auth_time are not in the future,
//     allowing for clocks that differ (see [Config].Leeway).
//   - Its token_use is the kind that was asked for.
//   - It was issued to one of [Config].ClientIDs, unless AnyClient is set. Access tokens name the
//     app client in client_id, ID tokens in aud.
//
// See "Verifying JSON web tokens" in the Amazon Cognito developer guide. Groups, scopes, the level
// of the sign-in and its age are checked where a [Config] or [Verifier.With] requires them.
//
// # Signing keys
//
// The pool's public keys are fetched when the first token needs them, or by [Verifier.Hydrate].
// They are fetched again when a token names a key that is not among them, at most once in ten
// seconds, or once a second while there are no keys at all. A fetch takes five seconds at most. It
// runs in a goroutine of its own, so callers wait for it only as long as their contexts allow, and
// it serves everybody, even if those who caused it have left. Between fetches there is no
// goroutine.
//
// A key that Cognito has withdrawn stays trusted until the next fetch, which may never come.
// [Verifier.Refresh] fetches now, and [Config].MaxKeyAge bounds how long keys are trusted.
//
// # Levels
//
// The claims acr and amr say how the user signed in, if the sign-in asked for a level
// (TARGET_ACR_VALUES). AWS has documented this since October 2026; it has not been seen live yet. A
// Verifier that requires a level refuses every token without the claim (see [ErrACR]), so while
// Cognito leaves it out, such a Verifier accepts no token at all.
//
// # Limits
//
// A token that was revoked, or whose user was disabled or signed out, verifies until it expires,
// since only Cognito knows. The header parameters jku, jwk, x5u and x5c, with which a token could
// bring its own key, are not read, and neither is typ: Cognito sends none, and token_use tells the
// two kinds apart.
package token
