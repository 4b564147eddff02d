// Cognitomfa looks at an Amazon Cognito user pool and helps its support desk:
//
//	cognitomfa doctor      what will not work with the library cognitomfa, and what to change
//	cognitomfa status      the state of a user's MFA
//	cognitomfa reset       remove the authenticator of a user who has lost it
//	cognitomfa report      the users without MFA
//	cognitomfa enroll      set an authenticator up, with the QR code in the terminal
//	cognitomfa sign-in     sign in, answering every challenge
//
// Each command explains itself with -h. Install it from a clone of the repository:
//
//	go install -C cmd/cognitomfa .
//
// It exits with status 0 if all is well, 1 if it found something, 2 if the command line is wrong,
// and 3 if it could not look.
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
