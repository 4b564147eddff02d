package token

import (
	"errors"
	"time"
)

// The reasons for refusing a token. In every error of VerifyAccess and VerifyID, errors.Is finds
// exactly one of them. No text contains anything of the token. For what a service should respond,
// see [Verifier.Middleware].
var (
	// ErrMalformed means that the text is not a token of the form that Cognito issues: not three
	// canonical base64url segments of JSON, longer than 64 KiB, a claim or header parameter given
	// twice, a claim that Cognito always sends missing or of another type, or critical extensions.
	// The user must sign in again.
	ErrMalformed = errors.New("token: malformed")

	// ErrSignature means that the signature is not by the key that the token names, or that the
	// token claims another algorithm than RS256. The token is forged or damaged.
	ErrSignature = errors.New("token: invalid signature")

	// ErrUnknownKey means that the issuer has no key with the name in the token: the keys were
	// fetched because of this token and it was not among them, or they are static.
	ErrUnknownKey = errors.New("token: signed with an unknown key")

	// ErrKeysUnavailable means that nothing can be said about the token yet. Either the keys could
	// not be fetched, or the token names a key that was unknown at the last fetch, less than ten
	// seconds ago, and it is too early for another. Try again later; nobody needs to sign in
	// again. If the caller's context ended first, errors.Is finds its error as well.
	ErrKeysUnavailable = errors.New("token: signing keys unavailable")

	// ErrExpired means that the token has expired: refresh it, or sign in again. The signature has
	// not been checked, so this says nothing about who made the token.
	ErrExpired = errors.New("token: expired")

	// ErrNotYetValid means that the token starts, or was issued, in the future. If the token is
	// genuine, a clock is wrong. As with ErrExpired, the signature has not been checked.
	ErrNotYetValid = errors.New("token: not yet valid")

	// ErrIssuer means that the token is from none of the configured issuers. The signature has not
	// been checked.
	ErrIssuer = errors.New("token: from another issuer")

	// ErrTokenUse means that an ID token was given as an access token, or the other way round.
	ErrTokenUse = errors.New("token: wrong kind of token")

	// ErrClient means that the token was issued to none of the configured app clients.
	ErrClient = errors.New("token: issued to another app client")

	// ErrGroup means that the token is good, but its user is in none of the required groups.
	ErrGroup = errors.New("token: user is in none of the required groups")

	// ErrScope means that the access token is good, but grants none of the required scopes.
	ErrScope = errors.New("token: grants none of the required scopes")

	// ErrACR means that the token is good, but the sign-in did not reach a required level, or the
	// token does not say which it reached. Step up: sign in again, asking for one of the levels.
	ErrACR = errors.New("token: sign-in did not reach a required level")

	// ErrMaxAge means that the token is good, but the user signed in too long ago, or the token
	// does not say when. Sign in again; refreshing the token does not help.
	ErrMaxAge = errors.New("token: sign-in is too long ago")
)

// ErrNoToken is what a Refuse function of [MiddlewareOptions] gets if the request has no token.
var ErrNoToken = errors.New("token: the request has none")

// unavailableError is ErrKeysUnavailable with its reason.
type unavailableError struct {
	reason string
	cause  error         // what errors.Is and errors.As find, nil if there is nothing to find
	retry  time.Duration // after how long another attempt makes sense
}

func (e *unavailableError) Error() string {
	return ErrKeysUnavailable.Error() + ": " + e.reason
}

func (e *unavailableError) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrKeysUnavailable}
	}
	return []error{ErrKeysUnavailable, e.cause}
}

// after returns the same error with another time to try again.
func (e *unavailableError) after(retry time.Duration) *unavailableError {
	return &unavailableError{reason: e.reason, cause: e.cause, retry: retry}
}

// levelError is ErrACR or ErrMaxAge with what the sign-in must be like.
type levelError struct {
	error
	acr    []string
	maxAge time.Duration
}

func (e *levelError) Unwrap() error { return e.error }
