package cognitomfa_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// An app client with default settings allows only SRP. The password never leaves this process.
func ExampleClient_SignIn_srp() {
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		o.AuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth}
	})
	defer srv.Close()
	srv.AddUser(cognitotest.User{Username: "alice", Password: "Passw0rd!"})
	client, err := cognitomfa.New(srv.Client(), cognitomfa.Config{
		UserPoolID: srv.UserPoolID, ClientID: srv.ClientID, Issuer: "Example",
		Flow: cognitomfa.FlowSRP,
	})
	if err != nil {
		log.Fatal(err)
	}

	outcome, err := client.SignIn(context.Background(), "alice", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	_, signedIn := outcome.(*cognitomfa.Tokens)
	fmt.Println("signed in:", signedIn)
	_, err = client.SignIn(context.Background(), "alice", "Passw0rd?")
	fmt.Println(err)
	// Output:
	// signed in: true
	// cognitomfa: sign in: wrong user name or password
}

// A user checks "do not ask again on this computer".
func ExampleClient_RememberDevice() {
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		o.Devices = &types.DeviceConfigurationType{
			ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true,
		}
	})
	defer srv.Close()
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	srv.AddUser(cognitotest.User{Username: "alice", Password: "Passw0rd!", TOTP: secret})
	client, err := cognitomfa.New(srv.Client(), cognitomfa.Config{
		UserPoolID: srv.UserPoolID, ClientID: srv.ClientID, Issuer: "Example",
		Flow: cognitomfa.FlowSRP,
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	outcome, err := client.SignIn(ctx, "alice", "Passw0rd!")
	if err != nil {
		log.Fatal(err)
	}
	outcome, err = client.RespondMFA(ctx, outcome.(*cognitomfa.MFAChallenge), srv.Code("alice"))
	if err != nil {
		log.Fatal(err)
	}
	tokens := outcome.(*cognitomfa.Tokens)

	var stored string
	if tokens.DeviceKey != "" { // The device is new.
		device, err := client.RememberDevice(ctx, tokens, "Firefox on Linux")
		if err != nil {
			log.Fatal(err)
		}
		stored = device.Token() // In a Secure, HttpOnly cookie, with the date on the server.
	}

	// The next sign-in on this computer.
	device, err := cognitomfa.ParseDevice(stored)
	if err != nil {
		device = nil // Without a valid cookie the sign-in asks for a code.
	}
	outcome, err = client.SignIn(ctx, "alice", "Passw0rd!", func(o *cognitomfa.SignInOptions) {
		o.Device = device
	})
	if err != nil {
		log.Fatal(err)
	}
	tokens, signedIn := outcome.(*cognitomfa.Tokens)
	fmt.Println("signed in without a code:", signedIn)
	fmt.Println("delete the cookie:", tokens.DeviceUnknown)

	// A laptop was lost.
	fmt.Println(client.ForgetDevice(ctx, tokens.Access.Reveal(), device.Key))
	outcome, err = client.SignIn(ctx, "alice", "Passw0rd!", func(o *cognitomfa.SignInOptions) {
		o.Device = device
	})
	if err != nil {
		log.Fatal(err)
	}
	challenge, asked := outcome.(*cognitomfa.MFAChallenge)
	fmt.Println("asked for a code:", asked)
	fmt.Println("delete the cookie:", challenge.DeviceUnknown)
	// Output:
	// signed in without a code: true
	// delete the cookie: false
	// <nil>
	// asked for a code: true
	// delete the cookie: true
}

// Threat protection needs the address of the user, not that of the server.
func ExampleContextFromRequest() {
	srv, client := pool()
	defer srv.Close()
	handler := func(w http.ResponseWriter, r *http.Request) {
		address, _, err := net.SplitHostPort(r.RemoteAddr) // There is no proxy in front of this server.
		if err != nil {
			log.Fatal(err)
		}
		name, password := r.PostFormValue("name"), r.PostFormValue("password")
		_, err = client.SignIn(r.Context(), name, password, func(o *cognitomfa.SignInOptions) {
			o.Context = cognitomfa.ContextFromRequest(r, address)
		})
		if err != nil {
			w.WriteHeader(http.StatusForbidden)
		}
	}

	form := strings.NewReader("name=alice&password=Passw0rd!")
	r := httptest.NewRequestWithContext(
		context.Background(), http.MethodPost, "https://login.example.com/sign-in", form)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", "Browser/1.0")
	r.Header.Set("Cookie", "session=secret")
	w := httptest.NewRecorder()
	handler(w, r)
	known := cognitomfa.ContextFromRequest(r, "192.0.2.1")
	fmt.Println(w.Code, known.ServerName, known.ServerPath, known.Header)
	// Output: 200 login.example.com /sign-in map[User-Agent:[Browser/1.0]]
}

// leveled returns a pool with authentication levels, and a user who signed in with only a password.
type leveled struct{ cognitomfa.CognitoAPI }

func (leveled) AdminInitiateAuth(
	_ context.Context, in *cip.AdminInitiateAuthInput, _ ...func(*cip.Options),
) (*cip.AdminInitiateAuthOutput, error) {
	fmt.Println("asked for", in.AuthParameters["TARGET_ACR_VALUES"], in.AuthParameters["MAX_AGE"])
	return &cip.AdminInitiateAuthOutput{
		ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa, Session: aws.String("session"),
		ChallengeParameters: map[string]string{"USER_ID_FOR_SRP": "alice"},
	}, nil
}

func (leveled) AdminRespondToAuthChallenge(
	context.Context, *cip.AdminRespondToAuthChallengeInput, ...func(*cip.Options),
) (*cip.AdminRespondToAuthChallengeOutput, error) {
	return &cip.AdminRespondToAuthChallengeOutput{
		AuthenticationResult: &types.AuthenticationResultType{AccessToken: aws.String("new")},
	}, nil
}

// Before a payment: a password and TOTP, the password no older than ten minutes.
func ExampleClient_StepUp() {
	client, err := cognitomfa.New(leveled{}, cognitomfa.Config{
		UserPoolID: "eu-west-1_AbCdEfGhI", ClientID: "1example23456789", Issuer: "Example",
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	outcome, err := client.StepUp(ctx, "alice", "access token", func(o *cognitomfa.StepUpOptions) {
		o.MaxAge = 10 * time.Minute
	})
	if err != nil {
		log.Fatal(err)
	}
	switch challenge := outcome.(type) {
	case *cognitomfa.MFAChallenge:
		outcome, err = client.RespondMFA(ctx, challenge, "123456")
	case *cognitomfa.PasswordChallenge:
		// An MFAChallenge follows.
		outcome, err = client.RespondPassword(ctx, challenge, "Passw0rd!")
	case *cognitomfa.Tokens, *cognitomfa.SetupChallenge, *cognitomfa.SelectChallenge,
		*cognitomfa.NewPasswordChallenge, *cognitomfa.OtherChallenge:
		log.Fatal("no payment") // Fail closed.
	}
	if err != nil {
		log.Fatal(err)
	}
	tokens, done := outcome.(*cognitomfa.Tokens)
	fmt.Println("new tokens:", done && tokens.Access.Reveal() == "new")
	// Before the payment, package token verifies their level.

	// Output:
	// asked for urn:cognito:loa:4 600
	// new tokens: true
}
