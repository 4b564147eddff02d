package token

import "errors"

// The reasons for which a token is refused. Exactly one of them is found by errors.Is in every error of VerifyAccess and
// VerifyID. None of the texts holds anything of the token. What a service answers follows from the reason: see Middleware.
var (
	// ErrMalformed means that the text is not a token of the form that Cognito issues: not three canonical base64url
	// segments of JSON, longer than 64 KiB, a claim or a header parameter given twice, a claim that Cognito always sends
	// missing or of another type, or critical extensions. Signing in again is the only cure.
	ErrMalformed = errors.New("token: malformed")

	// ErrSignature means that the signature is not that of the key named by the token, or that the token claims another
	// algorithm than RS256. The token is forged or damaged.
	ErrSignature = errors.New("token: signature is not valid")

	// ErrUnknownKey means that the pool has no key of the name that the token gives, and that its keys were fetched less
	// than ten seconds ago or cannot be fetched because they are static.
	ErrUnknownKey = errors.New("token: signed by an unknown key")

	// ErrKeysUnavailable means that the pool's keys could not be had, so that nothing can be said about the token. It
	// wraps the cause, such as context.DeadlineExceeded. Try again; nobody needs to sign in again.
	ErrKeysUnavailable = errors.New("token: the pool's keys cannot be had")

	// ErrExpired means that the token's time is over: refresh it, or sign in again. It is found before the signature is
	// looked at, so it tells nothing about who made the token.
	ErrExpired = errors.New("token: expired")

	// ErrNotYetValid means that the token starts, or was issued, in the future. If it is genuine, a clock is wrong.
	// As with ErrExpired, the signature has not been looked at.
	ErrNotYetValid = errors.New("token: not yet valid")

	// ErrIssuer means that the token is from none of the configured issuers. The signature has not been looked at.
	ErrIssuer = errors.New("token: issued by somebody else")

	// ErrTokenUse means that an ID token was given for an access token, or the other way round.
	ErrTokenUse = errors.New("token: of the other kind")

	// ErrClient means that the token was issued to none of the configured app clients.
	ErrClient = errors.New("token: issued to another app client")

	// ErrGroup means that the token is good and its user is in none of the configured groups.
	ErrGroup = errors.New("token: the user is in none of the groups")

	// ErrScope means that the access token is good and grants none of the configured scopes.
	ErrScope = errors.New("token: grants none of the scopes")
)
