package cognitomfa_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// pool returns a user pool in memory with one user, and a client for it. For a real pool, pass
// cognitoidentityprovider.NewFromConfig(cfg) to New.
func pool(optFns ...func(*cognitotest.Options)) (*cognitotest.Server, *cognitomfa.Client) {
	srv := cognitotest.NewServer(optFns...)
	srv.AddUser(cognitotest.User{Username: "alice", Password: "Passw0rd!"})
	client, err := cognitomfa.New(srv.Client(), cognitomfa.Config{
		UserPoolID: srv.UserPoolID, ClientID: srv.ClientID, Issuer: "Example",
	})
	if err != nil {
		log.Fatal(err)
	}
	return srv, client
}

// signIn signs alice in, for examples that begin with an access token.
func signIn(client *cognitomfa.Client) *cognitomfa.Tokens {
	outcome, err := client.SignIn(context.Background(), "alice", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	return outcome.(*cognitomfa.Tokens)
}

// enroll turns MFA on for alice.
func enroll(srv *cognitotest.Server, client *cognitomfa.Client) *cognitomfa.Tokens {
	tokens := signIn(client)
	if _, err := client.Enroll(context.Background(), tokens.Access.Reveal()); err != nil {
		log.Fatal(err)
	}
	err := client.Verify(context.Background(), tokens.Access.Reveal(), srv.Code("alice"))
	if err != nil {
		log.Fatal(err)
	}
	srv.Advance(30 * time.Second) // Each code is single use. Wait for the next one.
	return tokens
}

func ExampleClient_Enroll() {
	srv, client := pool()
	defer srv.Close()
	ctx, accessToken := context.Background(), signIn(client).Access.Reveal()

	enrollment, err := client.Enroll(ctx, accessToken)
	if err != nil {
		log.Fatal(err)
	}
	svg, err := enrollment.SVG()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(svg[:4]), "for", enrollment.Key.Issuer, enrollment.Key.Account)
	fmt.Println(len(enrollment.Grouped()), "characters to type instead")

	// The user scans it and enters the code that the phone shows.
	if err := client.Verify(ctx, accessToken, srv.Code("alice")); err != nil {
		log.Fatal(err)
	}
	status, err := client.Status(ctx, accessToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Enabled, "preferred:", status.Preferred)
	// Output:
	// <svg for Example alice
	// 64 characters to type instead
	// [SOFTWARE_TOKEN_MFA] preferred: SOFTWARE_TOKEN_MFA
}

func ExampleClient_Verify() {
	srv, client := pool()
	defer srv.Close()
	ctx, accessToken := context.Background(), signIn(client).Access.Reveal()
	if _, err := client.Enroll(ctx, accessToken); err != nil {
		log.Fatal(err)
	}

	err := client.Verify(ctx, accessToken, "000 000")
	fmt.Println(err)
	fmt.Println(cognitomfa.NextStep(err))

	err = client.Verify(ctx, accessToken, srv.Code("alice"))
	fmt.Println(err)
	// Output:
	// cognitomfa: verify: the code is wrong (EnableSoftwareTokenMFAException)
	// same-challenge
	// <nil>
}

func ExampleClient_SignIn() {
	srv, client := pool()
	defer srv.Close()
	enroll(srv, client)

	outcome, err := client.SignIn(context.Background(), "alice", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	switch outcome := outcome.(type) {
	case *cognitomfa.Tokens:
		fmt.Println("signed in for", outcome.ExpiresIn)
	case *cognitomfa.MFAChallenge:
		fmt.Println("ask for a code by", outcome.Method)
	case *cognitomfa.SetupChallenge:
		fmt.Println("show a QR code")
	case *cognitomfa.SelectChallenge:
		fmt.Println("let the user choose one of", outcome.Methods)
	case *cognitomfa.NewPasswordChallenge:
		fmt.Println("ask for a new password")
	case *cognitomfa.PasswordChallenge:
		fmt.Println("ask for the password again")
	case *cognitomfa.OtherChallenge:
		fmt.Println("the pool asks for", outcome.Name)
	}
	// Output: ask for a code by SOFTWARE_TOKEN_MFA
}

func ExampleClient_RespondMFA() {
	srv, client := pool()
	defer srv.Close()
	enroll(srv, client)
	ctx := context.Background()
	outcome, err := client.SignIn(ctx, "alice", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	challenge := outcome.(*cognitomfa.MFAChallenge)

	_, err = client.RespondMFA(ctx, challenge, "123 45")
	fmt.Println(errors.Is(err, cognitomfa.ErrCodeMismatch), cognitomfa.NextStep(err))

	outcome, err = client.RespondMFA(ctx, challenge, srv.Code("alice"))
	_, signedIn := outcome.(*cognitomfa.Tokens)
	fmt.Println(signedIn, err)

	_, err = client.RespondMFA(ctx, challenge, srv.Code("alice"))
	fmt.Println(errors.Is(err, cognitomfa.ErrSessionUsed), cognitomfa.NextStep(err))
	// Output:
	// true same-challenge
	// true <nil>
	// true start-over
}

// A challenge is answered in another request, and perhaps in another process.
func ExampleParseChallenge() {
	srv, client := pool()
	defer srv.Close()
	enroll(srv, client)
	outcome, err := client.SignIn(context.Background(), "alice", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	token := outcome.(cognitomfa.Challenge).Token() // Keep it in the user's session on the server.

	challenge, err := cognitomfa.ParseChallenge(token)
	if err != nil {
		log.Fatal(err)
	}
	mfa, ok := challenge.(*cognitomfa.MFAChallenge)
	if !ok {
		log.Fatal("not the challenge that this page answers")
	}
	_, err = client.RespondMFA(context.Background(), mfa, srv.Code("alice"))
	fmt.Println(mfa.Username, err)
	// Output: alice <nil>
}

// In a pool that requires MFA, users without it set it up while they sign in.
func ExampleClient_VerifySetup() {
	srv, client := pool(func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn })
	defer srv.Close()
	ctx := context.Background()
	outcome, err := client.SignIn(ctx, "alice", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}

	enrollment, err := client.EnrollSetup(ctx, outcome.(*cognitomfa.SetupChallenge))
	if err != nil {
		log.Fatal(err)
	}
	outcome, err = client.VerifySetup(ctx, enrollment.Setup, srv.Code("alice"))
	_, signedIn := outcome.(*cognitomfa.Tokens)
	fmt.Println(signedIn, err)
	// Output: true <nil>
}

func ExampleClient_EnrollSetup() {
	srv, client := pool(func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn })
	defer srv.Close()
	ctx := context.Background()
	outcome, err := client.SignIn(ctx, "alice", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	setup := outcome.(*cognitomfa.SetupChallenge)
	enrollment, err := client.EnrollSetup(ctx, setup, func(o *cognitomfa.EnrollOptions) {
		o.Account = "alice@example.com"
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(enrollment.Key.Account, enrollment.Setup != nil)
	// Output: alice@example.com true
}

func ExampleClient_Disable() {
	srv, client := pool()
	defer srv.Close()
	tokens := enroll(srv, client)
	ctx := context.Background()

	fmt.Println(client.Disable(ctx, tokens.Access.Reveal()))
	status, err := client.Status(ctx, tokens.Access.Reveal())
	fmt.Println(status.TOTP(), err)
	fmt.Println(client.Enable(ctx, tokens.Access.Reveal()))
	// Output:
	// <nil>
	// false <nil>
	// <nil>
}

// A user has lost the phone. The application has verified the user's identity.
func ExampleClient_ResetTOTP() {
	srv, client := pool()
	defer srv.Close()
	tokens := enroll(srv, client)
	ctx := context.Background()

	err := client.ResetTOTP(ctx, "alice", func(o *cognitomfa.ResetOptions) { o.SignOut = true })
	fmt.Println(err)
	_, err = client.Status(ctx, tokens.Access.Reveal())
	fmt.Println(err)
	outcome, err := client.SignIn(ctx, "alice", "Passw0rd!")
	_, signedIn := outcome.(*cognitomfa.Tokens)
	fmt.Println(signedIn, err)
	// Output:
	// <nil>
	// cognitomfa: status: the access token is not valid (NotAuthorizedException)
	// true <nil>
}

func ExampleClient_Refresh() {
	srv, client := pool()
	defer srv.Close()
	ctx, tokens := context.Background(), signIn(client)

	tokens, err := client.Refresh(ctx, tokens.Refresh.Reveal())
	fmt.Println(err)
	fmt.Println(client.Revoke(ctx, tokens.Refresh.Reveal()))
	_, err = client.Refresh(ctx, tokens.Refresh.Reveal())
	fmt.Println(errors.Is(err, cognitomfa.ErrRefreshToken), cognitomfa.NextStep(err))
	// Output:
	// <nil>
	// <nil>
	// true start-over
}

func ExampleNextStep() {
	_, client := pool()
	_, err := client.SignIn(context.Background(), "nobody", "Passw0rd!")
	fmt.Println(err)

	switch cognitomfa.NextStep(err) {
	case cognitomfa.StepSameChallenge:
		fmt.Println("ask for the code again")
	case cognitomfa.StepNextCode:
		fmt.Println("ask for the next code")
	case cognitomfa.StepStartOver:
		fmt.Println("ask for name and password")
	case cognitomfa.StepBackOff:
		fmt.Println("wait a little")
	case cognitomfa.StepGiveUp:
		fmt.Println("show how to get help")
	}
	// Output:
	// cognitomfa: sign in: wrong user name or password
	// ask for name and password
}
