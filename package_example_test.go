package cognitomfa_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// A user signs in with only a password and sets up an authenticator app. The next sign-in asks for
// a code.
func Example() {
	// A user pool in memory. On AWS, pass cognitoidentityprovider.NewFromConfig(cfg) to New.
	srv := cognitotest.NewServer()
	defer srv.Close()
	srv.AddUser(cognitotest.User{Username: "alice", Password: "Passw0rd!"})

	client, err := cognitomfa.New(srv.Client(), cognitomfa.Config{
		UserPoolID: srv.UserPoolID,
		ClientID:   srv.ClientID,
		Issuer:     "Example", // what the authenticator app shows
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	ask := func(question string) string {
		fmt.Println(question)
		srv.Advance(30 * time.Second) // Each code is single use, so the user waits for the next.
		return srv.Code("alice")
	}

	tokens, err := login(ctx, client, ask)
	if err != nil {
		log.Fatal(err)
	}
	enrollment, err := client.Enroll(ctx, tokens.Access.Reveal())
	if err != nil {
		log.Fatal(err)
	}
	picture, err := enrollment.SVG()
	if err != nil {
		log.Fatal(err)
	}
	code := ask(fmt.Sprintf("Scan the QR code (%s…), and enter the code.", picture[:4]))
	if err := client.Verify(ctx, tokens.Access.Reveal(), code); err != nil {
		log.Fatal(err)
	}

	if _, err := login(ctx, client, ask); err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in with MFA")
	// Output:
	// Scan the QR code (<svg…), and enter the code.
	// Enter the code.
	// signed in with MFA
}

// login signs alice in. It returns tokens or an error, never neither.
func login(
	ctx context.Context, client *cognitomfa.Client, ask func(question string) string,
) (*cognitomfa.Tokens, error) {
	outcome, err := client.SignIn(ctx, "alice", "Passw0rd!")
	for err == nil {
		switch next := outcome.(type) {
		case *cognitomfa.Tokens:
			return next, nil
		case *cognitomfa.MFAChallenge:
			outcome, err = client.RespondMFA(ctx, next, ask("Enter the code."))
		case *cognitomfa.SetupChallenge, *cognitomfa.SelectChallenge,
			*cognitomfa.NewPasswordChallenge, *cognitomfa.PasswordChallenge,
			*cognitomfa.OtherChallenge:
			return nil, fmt.Errorf("this program does not handle %T", next) // Fail closed.
		}
	}
	return nil, err
}
