// Package cognitomfa brings TOTP multi-factor authentication to services that sign users in with an Amazon Cognito user pool: the QR code that an
// authenticator app scans, the check of the first code, and from then on the question for a code at every sign-in.
//
// # The flow
//
// A [Client] is made once, from the AWS SDK's Cognito client, and serves all users. A signed-in user enrolls in two steps:
//
//	Enroll(access token)        -> Enrollment: QR code, URI and key for typing
//	Verify(access token, code)  -> MFA is on
//
// Signing in leads to an [Outcome], which is [*Tokens] or a [Challenge]:
//
//	SignIn(name, password)      -> *Tokens, or a challenge:
//	  *MFAChallenge               RespondMFA(challenge, code)
//	  *SetupChallenge             EnrollSetup(challenge), then VerifySetup(its Setup, code)
//	  *SelectChallenge            SelectMFA(challenge, method)
//	  *NewPasswordChallenge       SetNewPassword(challenge, password, attributes)
//	  *OtherChallenge             Respond(challenge, answers)
//
// and every answer leads to an Outcome again. Between two steps a person reads and types, so that the steps are usually two HTTP requests: a challenge travels
// from one to the other as the string that its Token method returns, and [ParseChallenge] reads it. The client holds nothing.
//
// # Errors
//
// Every error is an [*Error] of one of the kinds ErrXxx, found with [errors.Is]; [NextStep] says what the caller can do about it: ask again, wait for the next
// code, start over, back off, or give up. Error texts may be logged: they hold no user name, no input and no secret.
//
// A call may be applied though its answer is lost. The SDK sends most calls again then; those that spend a session are not sent again unless
// they have certainly not been applied, since "already used" would be the wrong answer to a user who did everything right.
//
// # Secrets
//
// Tokens, sessions and keys are of type [Secret], which no fmt verb, no slog handler, no encoder and no template prints. Reveal gives the text.
//
// # What it does not do
//
// It stores nothing, checks no code itself, has no web pages and no sign-up. It sets no time limits: the context and the SDK client's options say. It has no
// retries of its own beside the SDK's; within the SDK's number of attempts, Verify, ResetTOTP and SignOut are also sent again when an answer is cut off. Verify the tokens that users bring back with the package token.
//
// # Testing
//
// The package cognitotest is a user pool in memory that the real SDK client talks to. It behaves as Cognito does, so that tests need neither AWS nor doubles.
//
// # Compatibility
//
// From v1 on, nothing that compiles will stop compiling, with one exception: [CognitoAPI] gains a method when the library calls a further operation, so that a
// double should embed it. The library needs the last two releases of Go.
package cognitomfa
