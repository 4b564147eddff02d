// Package token verifies the JSON Web Tokens of Amazon Cognito user pools: the access tokens that come to an API, and the
// ID tokens that come back from a sign-in.
//
// A Verifier is made once, by NewVerifier when the program starts, and used for every token; the example shows how.
//
// A token is accepted only if all of this holds: it is a JWT signed with RS256 by a key of the pool (RFC 7515, RFC 7518);
// the issuer is the pool, in either of the two spellings that Cognito uses; it has not expired and was not issued in the
// future; token_use is the kind that was asked for; and it was issued to one of the app clients, which access tokens name
// in client_id and ID tokens in aud. See "Verifying JSON web tokens" in the Amazon Cognito developer guide.
//
// What it cannot tell: a token that was revoked, or whose user was disabled or signed out, verifies until it expires,
// because that is known to Cognito only. And no claim says whether MFA was done.
//
// The pool's public keys are fetched when the first token needs them, or by Hydrate, and are kept. They are fetched again
// when a token names a key that is not among them, at most once in ten seconds. There is no goroutine in the background.
//
// The header parameters jku, jwk, x5u and x5c, with which a token could bring its own key, are not read, and neither is
// typ: Cognito sends none, and token_use tells the two kinds apart.
package token
