// Package cognitotest is an Amazon Cognito user pool in memory, for tests and demonstrations. It speaks
// the wire protocol of the real service, so that the AWS SDK, and any other client, signs users in
// against it without knowing:
//
//	srv := cognitotest.NewServer()
//	defer srv.Close()
//	srv.AddUser(cognitotest.User{Username: "alice", Password: "Passw0rd!"})
//	client := srv.Client() // a *cognitoidentityprovider.Client
//
// Other programs are pointed at Server.URL, for example with
// AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER. With Options.URL the server does not listen, and is
// mounted as an http.Handler in a test's own server.
//
// It behaves as the service does, also where that is inconvenient: TOTP codes follow RFC 6238, are
// accepted one step early or late, and once; sessions are chained, bound to user and client, end after
// three minutes of the server's own clock, and are single use; wrong passwords lock a user out; a pool
// can require MFA, offer it, or not have it. Requests are held against the published model of the
// service at every depth. Tokens are signed with RS256 and verify against the keys at Server.JWKSURL.
// Server.Issuer is the one that Cognito would write for the region and the pool, so that code which
// expects that one runs unchanged; Options.Issuer sets another. FIDELITY.md beside the source says for
// each behavior whether it is documented, was seen, or was chosen. Options.Quirks switches to the
// alternatives.
//
// Users sign in by password, by SRP, by a choice of first factors (Options.FirstFactors), or by
// challenges that a test makes up (Script). Devices are tracked if Options.Devices says so.
//
// A setting of a pool or an app client is acted on, or given back by the operation that describes it. One
// that is not simulated and would change what users meet, Lambda triggers for example, is refused by
// name, or kept without effect where Options.AcceptUnsimulated says so.
//
// What a test needs beyond the API is on Server: the clock (Advance), the code that a user's
// authenticator shows (Code, NextCode), what was sent by SMS and e-mail (Outbox), failures (Fail), what
// was asked (Calls), the state of a user (User).
//
// # Not for production
//
// It keeps passwords as they are, checks no AWS signature, signs tokens with keys that are published
// with its source, forgets everything when it is closed, and lets every program that reaches it make
// users; pages in a browser may do so if they are of the same computer. It is made to listen on the
// loopback interface. An operation that it does not have is answered with UnknownOperationException,
// naming it.
package cognitotest
