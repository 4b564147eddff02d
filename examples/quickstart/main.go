// Quickstart signs a user in to a user pool, and enrolls an authenticator app if the user has none.
// It is the program in the README.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognitomfa/cognitomfa"
)

func main() {
	ctx := context.Background()
	aws, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	mfa, err := cognitomfa.New(cognitoidentityprovider.NewFromConfig(aws), cognitomfa.Config{
		UserPoolID: os.Getenv("USER_POOL_ID"),
		ClientID:   os.Getenv("CLIENT_ID"),
		Issuer:     "Example",          // what the authenticator app shows
		Flow:       cognitomfa.FlowSRP, // what app clients allow by default
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := run(ctx, mfa, ask); err != nil {
		log.Fatalf("%v; next step: %s", err, cognitomfa.NextStep(err))
	}
	fmt.Println("Signed in. MFA is on.")
}

func run(ctx context.Context, mfa *cognitomfa.Client, ask func(string) string) error {
	// A real program reads the password without echo, with golang.org/x/term.
	tokens, err := signIn(ctx, mfa, ask("User name: "), ask("Password: "), ask)
	if err != nil {
		return err
	}
	status, err := mfa.Status(ctx, tokens.Access.Reveal())
	if err != nil || status.TOTP() {
		return err
	}
	enrollment, err := mfa.Enroll(ctx, tokens.Access.Reveal())
	if err != nil {
		return err
	}
	// SignOut would now end the sessions from before, and this one.
	return mfa.Verify(ctx, tokens.Access.Reveal(), ask(scan(enrollment)))
}

// signIn answers what users of a terminal can answer. It returns tokens or an error, never neither.
func signIn(
	ctx context.Context, mfa *cognitomfa.Client, name, password string, ask func(string) string,
) (*cognitomfa.Tokens, error) {
	outcome, err := mfa.SignIn(ctx, name, password)
	for err == nil {
		switch o := outcome.(type) {
		case *cognitomfa.Tokens:
			return o, nil
		case *cognitomfa.MFAChallenge:
			outcome, err = mfa.RespondMFA(ctx, o, ask("Code: "))
		case *cognitomfa.SetupChallenge: // the pool requires MFA
			var enrollment *cognitomfa.Enrollment
			if enrollment, err = mfa.EnrollSetup(ctx, o); err == nil {
				outcome, err = mfa.VerifySetup(ctx, enrollment.Setup, ask(scan(enrollment)))
			}
		case *cognitomfa.SelectChallenge:
			outcome, err = mfa.SelectMFA(ctx, o, cognitomfa.MethodTOTP)
		case *cognitomfa.NewPasswordChallenge: // the password was temporary
			outcome, err = mfa.SetNewPassword(ctx, o, ask("New password: "), nil)
		case *cognitomfa.PasswordChallenge:
			outcome, err = mfa.RespondPassword(ctx, o, password)
		case *cognitomfa.OtherChallenge: // a custom one, or a passkey
			err = fmt.Errorf("no answer to the challenge %s", o.Name)
		default: // fail closed
			err = fmt.Errorf("no answer to a %T", outcome)
		}
	}
	return nil, err
}

// scan is what the user reads before the first code.
func scan(enrollment *cognitomfa.Enrollment) string {
	picture, _ := enrollment.Terminal() // the key can be typed as well
	return picture + "Scan this, or type " + enrollment.Grouped() + ". Code: "
}

var input = bufio.NewReader(os.Stdin)

func ask(prompt string) string {
	fmt.Print(prompt)
	line, _ := input.ReadString('\n')
	return strings.TrimRight(line, "\r\n")
}
