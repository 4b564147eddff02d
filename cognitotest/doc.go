// Package cognitotest is an Amazon Cognito user pool in memory, for tests and demonstrations. It
// speaks the wire protocol of the real service, so the AWS SDK and any other client sign users in
// against it unchanged:
//
//	srv := cognitotest.NewServer()
//	defer srv.Close()
//	srv.AddUser(cognitotest.User{Username: "alice", Password: "Passw0rd!"})
//	client := srv.Client() // a *cognitoidentityprovider.Client
//
// Point other programs at Server.URL, for example with AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER.
// With Options.URL and no Listener, it does not listen; mount it as an http.Handler in a server of
// your own.
//
// The fake follows what is documented of the service, or was seen, also where that is inconvenient.
// TOTP codes follow RFC 6238: one step early or late is accepted, and each code works once.
// Sessions are chained, bound to user and client, single use, and expire after three minutes of the
// server's own clock. Wrong passwords lock a user out. A pool can require MFA, offer it, or not
// have it. Every request is checked against the published model of the service, at every depth.
// Tokens are signed with RS256 and verify with the keys at Server.JWKSURL. Their issuer
// (Server.Issuer) is the one that Cognito uses for the region and the pool, so code that expects it
// runs unchanged; Options.Issuer sets another. FIDELITY.md, next to the source, says for each
// behavior whether it is documented, was seen, or was chosen. Options.Quirks switches to the
// alternatives.
//
// Users sign in by password, by SRP, by a choice of first factors (Options.FirstFactors), or with
// challenges that a test makes up (Script). Options.Devices turns on device tracking.
//
// A setting of a pool or an app client takes effect, or the operation that describes it returns it.
// A setting that would change what users meet and is not simulated, such as a Lambda trigger, is
// refused by name; with Options.AcceptUnsimulated it is kept without effect. An operation that the
// fake does not have returns UnknownOperationException, with the operation's name.
//
// Server has what a test needs beyond the API: the clock (Advance), the code that a user's
// authenticator shows (Code, NextCode), messages sent by SMS and email (Outbox), failures (Fail),
// the calls so far (Calls), the state of a user (User).
//
// # Not for production
//
// The fake stores passwords in plain text, checks no AWS signature, signs tokens with keys that are
// published with its source, and forgets everything when it is closed. Every program that reaches
// it can create users, and so can pages that this computer serves; other pages can sign users up.
// It is made to listen on the loopback interface.
package cognitotest
