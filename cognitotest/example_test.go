package cognitotest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// A user with an authenticator signs in with a code, which works once.
func Example() {
	srv := cognitotest.NewServer()
	defer srv.Close()
	srv.AddUser(
		cognitotest.User{Username: "alice", Password: "Passw0rd!", TOTP: "JBSWY3DPEHPK3PXP"})
	client, ctx := srv.Client(), context.Background()

	for range 2 {
		challenge, err := client.InitiateAuth(ctx, &cognitoidentityprovider.InitiateAuthInput{
			ClientId: aws.String(srv.ClientID), AuthFlow: types.AuthFlowTypeUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": "alice", "PASSWORD": "Passw0rd!"},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		result, err := client.RespondToAuthChallenge(ctx,
			&cognitoidentityprovider.RespondToAuthChallengeInput{
				ClientId: aws.String(srv.ClientID), ChallengeName: challenge.ChallengeName,
				Session: challenge.Session,
				ChallengeResponses: map[string]string{
					"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": srv.Code("alice"),
				},
			})
		if refused := smithy.APIError(nil); errors.As(err, &refused) {
			fmt.Println(refused.ErrorMessage())
			continue
		}
		fmt.Println(challenge.ChallengeName, result.AuthenticationResult != nil)
	}
	// Output:
	// SOFTWARE_TOKEN_MFA true
	// Your software token has already been used once.
}

// The test controls the clock: sessions expire without waiting.
func ExampleServer_Advance() {
	srv := cognitotest.NewServer()
	defer srv.Close()
	srv.AddUser(cognitotest.User{Username: "alice", Password: "Passw0rd!"})
	tokens := srv.IssueTokens("alice")

	srv.Advance(time.Hour)
	_, err := srv.Client().GetUser(context.Background(), &cognitoidentityprovider.GetUserInput{
		AccessToken: tokens.AccessToken,
	})
	if expired := (*types.NotAuthorizedException)(nil); errors.As(err, &expired) {
		fmt.Println(*expired.Message)
	}
	// Output: Access Token has expired
}

// Faults are queued, one per call.
func ExampleServer_Fail() {
	srv := cognitotest.NewServer()
	defer srv.Close()
	srv.AddUser(cognitotest.User{Username: "alice", Password: "Passw0rd!"})
	get := &cognitoidentityprovider.GetUserInput{AccessToken: srv.IssueTokens("alice").AccessToken}
	client := srv.Client(func(o *cognitoidentityprovider.Options) { o.Retryer = aws.NopRetryer{} })

	srv.Fail("GetUser", cognitotest.Throttle(), cognitotest.DropAfter())
	for range 3 {
		_, err := client.GetUser(context.Background(), get)
		throttled := (*types.TooManyRequestsException)(nil)
		fmt.Println(errors.As(err, &throttled), errors.Is(err, io.EOF), err == nil)
	}
	// Output:
	// true false false
	// false true false
	// false false true
}

// A test can script the challenges of a sign-in.
func ExampleServer_Script() {
	srv := cognitotest.NewServer()
	defer srv.Close()
	srv.AddUser(cognitotest.User{Username: "alice", Password: "Passw0rd!"})
	srv.Script("alice", cognitotest.Challenge{
		Parameters: map[string]string{"question": "pet"},
		Answers:    map[string]string{"ANSWER": "rex"},
	})

	challenge, err := srv.Client().InitiateAuth(context.Background(),
		&cognitoidentityprovider.InitiateAuthInput{
			ClientId: aws.String(srv.ClientID), AuthFlow: types.AuthFlowTypeCustomAuth,
			AuthParameters: map[string]string{"USERNAME": "alice"},
		})
	fmt.Println(challenge.ChallengeName, challenge.ChallengeParameters["question"], err)
	// Output: CUSTOM_CHALLENGE pet <nil>
}
