// Cognitomfa checks an Amazon Cognito user pool and helps its support desk:
//
//	cognitomfa doctor      check a pool's settings: what will not work, and what to change
//	cognitomfa status      show the state of a user's MFA
//	cognitomfa reset       remove the authenticator of a user who has lost it
//	cognitomfa report      list the users without MFA
//	cognitomfa enroll      set up an authenticator, with the QR code in the terminal
//	cognitomfa sign-in     sign in, answering every challenge
//
// Run a command with -h for its details. To install it from a clone of the repository:
//
//	go install -C cmd/cognitomfa .
//
// The exit status is 0 if all is well, 1 if something was found, 2 if the command line is wrong,
// and 3 if the command could not finish.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // A second Ctrl-C ends the program at once.
	os.Exit(run(ctx, os.Args[1:], newConsole(os.Stdin, os.Stdout, os.Stderr)))
}
