package cognitomfa_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// Users with several methods and no preference choose one at each sign-in.
func ExampleClient_SelectMFA() {
	srv, client := pool(func(o *cognitotest.Options) { o.SMS = true })
	defer srv.Close()
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: "Passw0rd!", Phone: "+15550001234",
		TOTP:    "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
		Methods: []string{"SOFTWARE_TOKEN_MFA", "SMS_MFA"},
	})
	ctx := context.Background()
	outcome, err := client.SignIn(ctx, "bob", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	challenge := outcome.(*cognitomfa.SelectChallenge)
	fmt.Println("choose one of", challenge.Methods)

	_, err = client.SelectMFA(ctx, challenge, cognitomfa.MethodEmail)
	fmt.Println(errors.Is(err, cognitomfa.ErrMethod), cognitomfa.NextStep(err))

	outcome, err = client.SelectMFA(ctx, challenge, cognitomfa.MethodSMS)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("enter the code sent to", outcome.(*cognitomfa.MFAChallenge).Destination)
	// Output:
	// choose one of [SMS_MFA SOFTWARE_TOKEN_MFA]
	// true same-challenge
	// enter the code sent to +*******1234
}

// An administrator created the user, who replaces the temporary password at the first sign-in.
func ExampleClient_SetNewPassword() {
	srv, client := pool(func(o *cognitotest.Options) {
		o.RequiredAttributes = []string{"nickname"}
	})
	defer srv.Close()
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: "Temp0rary!", Status: types.UserStatusTypeForceChangePassword,
	})
	ctx := context.Background()
	outcome, err := client.SignIn(ctx, "bob", "Temp0rary!")
	if err != nil {
		log.Fatal(err)
	}
	challenge := outcome.(*cognitomfa.NewPasswordChallenge)
	fmt.Println("ask for a new password and for", challenge.Required)

	attributes := map[string]string{"nickname": "bobby"}
	_, err = client.SetNewPassword(ctx, challenge, "short", attributes)
	fmt.Println(errors.Is(err, cognitomfa.ErrPasswordPolicy), cognitomfa.NextStep(err))

	outcome, err = client.SetNewPassword(ctx, challenge, "C0rrect horse", attributes)
	_, signedIn := outcome.(*cognitomfa.Tokens)
	fmt.Println(signedIn, err)
	// Output:
	// ask for a new password and for [nickname]
	// true same-challenge
	// true <nil>
}

// If the pool requires MFA and offers codes by email, users can set that up instead of an
// authenticator app.
func ExampleClient_SetupEmail() {
	srv, client := pool(func(o *cognitotest.Options) {
		o.MFA, o.Email = types.UserPoolMfaTypeOn, true
	})
	defer srv.Close()
	ctx := context.Background()
	outcome, err := client.SignIn(ctx, "alice", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	setup := outcome.(*cognitomfa.SetupChallenge)
	fmt.Println("set up one of", setup.Methods)

	outcome, err = client.SetupEmail(ctx, setup, "alice@example.com")
	if err != nil {
		log.Fatal(err)
	}
	challenge := outcome.(*cognitomfa.MFAChallenge)
	fmt.Println("enter the code sent to", challenge.Destination)

	code := srv.Outbox("alice")[0].Code // The user reads it in the email.
	outcome, err = client.RespondMFA(ctx, challenge, code)
	_, signedIn := outcome.(*cognitomfa.Tokens)
	fmt.Println(signedIn, err)
	// Output:
	// set up one of [SOFTWARE_TOKEN_MFA EMAIL_OTP]
	// enter the code sent to a***@e***
	// true <nil>
}

// The pool's Lambda triggers ask a custom question.
func ExampleClient_Respond() {
	srv, client := pool()
	defer srv.Close()
	srv.Script("alice", cognitotest.Challenge{
		Parameters: map[string]string{"question": "Your first pet?"},
		Answers:    map[string]string{"ANSWER": "Rex"},
	})
	ctx := context.Background()
	outcome, err := client.SignIn(ctx, "alice", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	challenge := outcome.(*cognitomfa.OtherChallenge)
	fmt.Println(challenge.Name, challenge.Parameters["question"])

	outcome, err = client.Respond(ctx, challenge, map[string]string{"ANSWER": "Rex"})
	_, signedIn := outcome.(*cognitomfa.Tokens)
	fmt.Println(signedIn, err)
	// Output:
	// CUSTOM_CHALLENGE Your first pet?
	// true <nil>
}

// A passwordless sign-in with Lambda triggers begins with the SDK and finishes with this library.
func ExampleNewChallenge() {
	srv, client := pool()
	defer srv.Close()
	srv.Script("alice", cognitotest.Challenge{Answers: map[string]string{"ANSWER": "Rex"}})
	ctx := context.Background()
	response, err := srv.Client().AdminInitiateAuth(ctx, &cip.AdminInitiateAuthInput{
		UserPoolId:     &srv.UserPoolID,
		ClientId:       &srv.ClientID,
		AuthFlow:       types.AuthFlowTypeCustomAuth,
		AuthParameters: map[string]string{"USERNAME": "alice"},
	})
	if err != nil {
		log.Fatal(err)
	}

	challenge := cognitomfa.NewChallenge(string(response.ChallengeName),
		aws.ToString(response.Session), "alice", response.ChallengeParameters)
	custom, ok := challenge.(*cognitomfa.OtherChallenge)
	if !ok {
		log.Fatal("not the challenge that this page answers")
	}
	outcome, err := client.Respond(ctx, custom, map[string]string{"ANSWER": "Rex"})
	_, signedIn := outcome.(*cognitomfa.Tokens)
	fmt.Println(signedIn, err)
	// Output: true <nil>
}

// A choice-based sign-in that began with the SDK asks for the password.
func ExampleClient_RespondPassword() {
	srv, client := pool()
	defer srv.Close()
	ctx := context.Background()
	response, err := srv.Client().AdminInitiateAuth(ctx, &cip.AdminInitiateAuthInput{
		UserPoolId: &srv.UserPoolID,
		ClientId:   &srv.ClientID,
		AuthFlow:   types.AuthFlowTypeUserAuth,
		AuthParameters: map[string]string{
			"USERNAME": "alice", "PREFERRED_CHALLENGE": "PASSWORD",
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	challenge := cognitomfa.NewChallenge(string(response.ChallengeName),
		aws.ToString(response.Session), "alice", response.ChallengeParameters)

	ask, ok := challenge.(*cognitomfa.PasswordChallenge)
	if !ok {
		log.Fatal("not the challenge that this page answers")
	}
	outcome, err := client.RespondPassword(ctx, ask, "Passw0rd!")
	_, signedIn := outcome.(*cognitomfa.Tokens)
	fmt.Println(signedIn, err)
	// Output: true <nil>
}
