// Package cognitomfa adds authenticator-app (TOTP) MFA to services that sign users in with an
// Amazon Cognito user pool: enrollment with a QR code, sign-in, and every challenge in between.
//
// # What most services need
//
// [New] returns a [Client] on the AWS SDK's Cognito client; make it once, it serves all users. A
// signed-in user enrolls in two steps:
//
//	Enroll(access token)        -> Enrollment: QR code, URI and key for typing
//	Verify(access token, code)  -> MFA is on
//
// Signing in leads to an [Outcome], which is [*Tokens] or a [Challenge], and so does each answer:
//
//	SignIn(name, password)      -> *Tokens, or a challenge:
//	  *MFAChallenge               RespondMFA(challenge, code)
//	  *SetupChallenge             EnrollSetup(challenge), then VerifySetup(enrollment.Setup, code),
//	                              or SetupEmail(challenge, address)
//	  *SelectChallenge            SelectMFA(challenge, method)
//	  *NewPasswordChallenge       SetNewPassword(challenge, password, attributes)
//	  *PasswordChallenge          RespondPassword(challenge, password)
//	  *OtherChallenge             Respond(challenge, answers)
//
// Handle every outcome, and fail closed on those that you do not expect. Each step is usually an
// HTTP request of its own: a challenge travels from one to the next as the string that its Token
// method returns, and [ParseChallenge] reads it. The comment of Challenge says where to keep it.
// The client is stateless.
//
// # What few services need
//
// Afterwards: Status, Enable, Disable and SetMethods for a signed-in user; Refresh, Revoke and
// SignOut for tokens, and [Tokens.Plain] to store them. For a support desk: ResetTOTP for a lost
// phone, UserStatus, SignOutUser and UsersWithoutMFA. [NewChallenge] continues a flow that was
// begun on the raw SDK.
//
// Of the flows that take a password, app clients with default settings allow only SRP: set
// Config.Flow to [FlowSRP]. With it, users are not asked for a code on a [Device] that Cognito
// remembers ("do not ask again on this computer"). A [UserContext] tells threat protection where
// the user is. StepUp asks for more, such as a code, before something delicate.
//
// # Errors
//
// Every error of a Client, of New and of the Parse functions is an [*Error] of one of the kinds
// ErrXxx, found with [errors.Is]. [NextStep] tells the caller what to do: ask again, wait for the
// next code, start over, back off, or give up. Error texts can be logged: they are one line and
// contain no user name, no input and no secret, and of what the server sent only the error code.
// [Error.Detail] has Cognito's own sentence.
//
// A call may have been applied although its response is lost. The SDK sends most calls again in
// that case. Those that use up a session are not sent again unless they were certainly not applied,
// because "already used" would be a misleading error for a user who did everything right.
//
// # Secrets
//
// Tokens, sessions and keys are of type [Secret], which fmt, slog, encoders and templates never
// print; call Reveal to get the value. Its comment names the tools that follow pointers by
// reflection and print it all the same, such as the diffs of testify.
//
// # What it does not do
//
// It stores nothing, checks no code itself, and has no web pages, no sign-up and no password
// recovery. It sets no time limits: the context and the SDK client's options do. It has no retries
// of its own; within the SDK's number of attempts, the calls of Verify, RememberDevice,
// ForgetDevice, ResetTOTP and SignOut are also sent again when a response is cut off. Use the
// package token to verify the tokens that clients send to your API.
//
// # Testing
//
// The package cognitotest is an in-memory user pool that the real SDK client talks to over HTTP. It
// follows what is known of Cognito, listed in its FIDELITY.md, so most tests need neither AWS nor
// doubles.
//
// # Compatibility
//
// From v1 on, code that keeps to the rules of the Go 1 compatibility promise, such as struct
// literals with field names, will not stop compiling, with one exception: [CognitoAPI] gains a
// method when the library calls another operation, so embed it in doubles. The library supports the
// last two releases of Go.
package cognitomfa
