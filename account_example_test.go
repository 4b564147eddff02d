package cognitomfa_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// Create one client when the program starts. New reports missing and malformed settings.
func ExampleNew() {
	api := cip.NewFromConfig(aws.Config{Region: "eu-west-1"}) // Usually from config.LoadDefaultConfig.
	_, err := cognitomfa.New(api, cognitomfa.Config{
		UserPoolID: "eu-west-1_AbCdEfGhI",
		ClientID:   "1example23456789",
		Issuer:     "Example",
		Flow:       cognitomfa.FlowSRP, // what app clients allow by default
	})
	fmt.Println(err)

	_, err = cognitomfa.New(api, cognitomfa.Config{UserPoolID: "eu-west-1_AbCdEfGhI"})
	fmt.Println(err)
	// Output:
	// <nil>
	// cognitomfa: new: the service is misconfigured: Config.ClientID is required
}

// An account page shows whether MFA is on.
func ExampleClient_Status() {
	srv, client := pool()
	defer srv.Close()
	ctx, accessToken := context.Background(), signIn(client).Access.Reveal()
	status, err := client.Status(ctx, accessToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Username, "has an authenticator:", status.TOTP())

	enroll(srv, client)
	status, err = client.Status(ctx, accessToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Username, "has an authenticator:", status.TOTP())
	// Output:
	// alice has an authenticator: false
	// alice has an authenticator: true
}

// The user reloads the page before entering the code, and sees the same key.
func ExampleParseEnrollment() {
	srv, client := pool()
	defer srv.Close()
	ctx, accessToken := context.Background(), signIn(client).Access.Reveal()
	enrollment, err := client.Enroll(ctx, accessToken)
	if err != nil {
		log.Fatal(err)
	}
	stored := enrollment.URI() // Keep it in the user's session on the server.

	again, err := cognitomfa.ParseEnrollment(stored)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Key.Account, again.Grouped() == enrollment.Grouped())
	fmt.Println(client.Verify(ctx, accessToken, srv.Code("alice"))) // Then delete what is stored.
	// Output:
	// alice true
	// <nil>
}

// The code was right, but the call that turns MFA on failed. Enable repeats it without another
// code.
func ExampleClient_Enable() {
	srv, client := pool()
	defer srv.Close()
	ctx, accessToken := context.Background(), signIn(client).Access.Reveal()
	if _, err := client.Enroll(ctx, accessToken); err != nil {
		log.Fatal(err)
	}
	// All three attempts of the SDK fail.
	srv.Fail("SetUserMFAPreference",
		cognitotest.InternalError(), cognitotest.InternalError(), cognitotest.InternalError())

	err := client.Verify(ctx, accessToken, srv.Code("alice"))
	fmt.Println(errors.Is(err, cognitomfa.ErrNotEnabled), cognitomfa.NextStep(err))
	fmt.Println(client.Enable(ctx, accessToken))
	// Output:
	// true back-off
	// <nil>
}

// A user who has an authenticator and an email address keeps both methods, and prefers one.
func ExampleClient_SetMethods() {
	srv, client := pool(func(o *cognitotest.Options) { o.Email = true })
	defer srv.Close()
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: "Passw0rd!", Email: "bob@example.com",
		TOTP: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
	})
	ctx, accessToken := context.Background(), *srv.IssueTokens("bob").AccessToken

	methods := []cognitomfa.Method{cognitomfa.MethodTOTP, cognitomfa.MethodEmail}
	err := client.SetMethods(ctx, accessToken, methods, cognitomfa.MethodTOTP)
	if err != nil {
		log.Fatal(err)
	}
	status, err := client.Status(ctx, accessToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.Enabled, "preferred:", status.Preferred)
	// Output: [SOFTWARE_TOKEN_MFA EMAIL_OTP] preferred: SOFTWARE_TOKEN_MFA
}

// A user signs out of this session only. The others stay signed in.
func ExampleClient_Revoke() {
	srv, client := pool()
	defer srv.Close()
	ctx, here, elsewhere := context.Background(), signIn(client), signIn(client)

	if err := client.Revoke(ctx, here.Refresh.Reveal()); err != nil {
		log.Fatal(err)
	}
	_, err := client.Refresh(ctx, here.Refresh.Reveal())
	fmt.Println("here:", errors.Is(err, cognitomfa.ErrRefreshToken))
	_, err = client.Refresh(ctx, elsewhere.Refresh.Reveal())
	fmt.Println("elsewhere:", err)
	// Output:
	// here: true
	// elsewhere: <nil>
}

// A user signs out everywhere, for example after losing a laptop.
func ExampleClient_SignOut() {
	srv, client := pool()
	defer srv.Close()
	ctx, here, elsewhere := context.Background(), signIn(client), signIn(client)

	if err := client.SignOut(ctx, here.Access.Reveal()); err != nil {
		log.Fatal(err)
	}
	_, err := client.Refresh(ctx, elsewhere.Refresh.Reveal())
	fmt.Println(errors.Is(err, cognitomfa.ErrRefreshToken), cognitomfa.NextStep(err))
	// Output: true start-over
}

// Tokens are not encoded by accident. To store them in a session on the server, use Plain.
func ExampleTokens_Plain() {
	srv, client := pool()
	defer srv.Close()
	tokens := signIn(client)

	_, err := json.Marshal(tokens)
	fmt.Println("by accident:", err != nil)
	fmt.Println("in a log:", tokens.Access)

	stored, err := json.Marshal(tokens.Plain())
	if err != nil {
		log.Fatal(err)
	}
	var plain cognitomfa.PlainTokens
	if err := json.Unmarshal(stored, &plain); err != nil {
		log.Fatal(err)
	}
	_, err = client.Status(context.Background(), plain.Tokens().Access.Reveal())
	fmt.Println("back again:", err)
	// Output:
	// by accident: true
	// in a log: REDACTED
	// back again: <nil>
}

// The pool's Lambda trigger rejects the sign-in with a message for the user.
func ExampleError_Detail() {
	srv, client := pool()
	defer srv.Close()
	srv.Fail("AdminInitiateAuth", cognitotest.Error("UserLambdaValidationException",
		"PreAuthentication failed with error We are closed on Sundays."))

	_, err := client.SignIn(context.Background(), "alice", "Passw0rd!")
	fmt.Println(err) // For the log.
	var e *cognitomfa.Error
	if errors.As(err, &e) && errors.Is(err, cognitomfa.ErrRejected) {
		fmt.Println(e.Detail()) // For the user.
	}
	// Output:
	// cognitomfa: sign in: a Lambda trigger or AWS WAF refused the request (UserLambdaValidationException)
	// PreAuthentication failed with error We are closed on Sundays.
}
