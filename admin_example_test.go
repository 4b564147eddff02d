package cognitomfa_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa"
	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// A support desk looks up a user who cannot sign in.
func ExampleClient_UserStatus() {
	srv, client := pool()
	defer srv.Close()
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: "Temp0rary!", Status: types.UserStatusTypeForceChangePassword,
	})
	status, err := client.UserStatus(context.Background(), "bob")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(status.UserStatus, "disabled:", status.Disabled, "MFA:", status.Enabled)

	_, err = client.UserStatus(context.Background(), "nobody")
	fmt.Println(errors.Is(err, cognitomfa.ErrUserNotFound))
	// Output:
	// FORCE_CHANGE_PASSWORD disabled: false MFA: []
	// true
}

// A password may have been stolen, so the user is signed out everywhere.
func ExampleClient_SignOutUser() {
	srv, client := pool()
	defer srv.Close()
	ctx, tokens := context.Background(), signIn(client)

	fmt.Println(client.SignOutUser(ctx, "alice"))
	_, err := client.Refresh(ctx, tokens.Refresh.Reveal())
	fmt.Println(errors.Is(err, cognitomfa.ErrRefreshToken))
	// Output:
	// <nil>
	// true
}

// A job lists the users to remind about MFA. If it is stopped, it can continue from the last page.
func ExampleClient_UsersWithoutMFA() {
	srv, client := pool()
	defer srv.Close()
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: "Passw0rd!", TOTP: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
	})
	srv.AddUser(cognitotest.User{Username: "carol", Password: "Passw0rd!"})

	var from string // Store it.
	users := client.UsersWithoutMFA(context.Background(), func(o *cognitomfa.ListOptions) {
		o.PerSecond = 100
		o.From = from
		o.Page = func(page string, _ int) { from = page }
	})
	for user, err := range users {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(user.Username)
	}
	// Output:
	// alice
	// carol
}
