package main

import (
	"context"
	"errors"

	"github.com/cognitomfa/cognitomfa"
)

const resetText = `Removes the authenticator of a user who has lost it. First verify that the
request comes from the user. In a pool that requires MFA the next sign-in lets
the user set up a new authenticator; in other pools the user then signs in
without a code.

On a terminal the command asks for the user name again to confirm. Otherwise
pass -yes.

It makes one call, AdminDeleteSoftwareToken, preceded by AdminUserGlobalSignOut
with -sign-out. The AWS credentials need the IAM actions of the same names
(cognito-idp:AdminDeleteSoftwareToken) on the pool. If the command ends with an
error, run it again.

Exit status: 0 if the authenticator was removed, 1 if there is no such user, no
authenticator or no confirmation, 2 for a wrong command line, 3 if the reset
could not be completed.
`

const resetExamples = `  cognitomfa reset alice -user-pool-id eu-west-1_AbCdEfGhI
  cognitomfa reset alice -sign-out -yes -user-pool-id eu-west-1_AbCdEfGhI
`

func newReset() *command {
	var t target
	var signOut, yes bool
	cmd := newCommand("reset")
	cmd.operand = "USER"
	cmd.summary = "remove the authenticator of a user who has lost it"
	cmd.text, cmd.examples = resetText, resetExamples
	t.register(cmd.flags)
	cmd.flags.BoolVar(&signOut, "sign-out", false,
		"also sign the user out everywhere, in case someone else has the lost phone")
	cmd.flags.BoolVar(&yes, "yes", false, "do not ask for confirmation")
	cmd.run = func(ctx context.Context, c *console, user string) error {
		mfa, _, err := t.operator(ctx)
		if err != nil {
			return err
		}
		if err := confirmReset(ctx, c, user, t.pool, yes); err != nil {
			return err
		}
		err = mfa.ResetTOTP(ctx, user, func(o *cognitomfa.ResetOptions) { o.SignOut = signOut })
		switch {
		case errors.Is(err, cognitomfa.ErrUserNotFound):
			return foundError("there is no user " + shown(user))
		case errors.Is(err, cognitomfa.ErrNotEnrolled):
			text := "the user " + shown(user) + " has no authenticator"
			if signOut {
				text += "; the user was signed out everywhere"
			}
			return foundError(text)
		case err != nil:
			return err
		}
		done := []fact{{"removed", "the authenticator of " + shown(user)}}
		if signOut {
			done = append(done, fact{"ended", "all sign-ins of " + shown(user)})
		}
		return c.print(done...)
	}
	return cmd
}

// confirmReset asks for the user name again.
func confirmReset(ctx context.Context, c *console, user, pool string, yes bool) error {
	switch {
	case yes:
		return nil
	case !c.inIsTerminal:
		return usageError("cannot ask for confirmation without a terminal: pass -yes")
	}
	c.note("This removes the authenticator of " + shown(user) + " in the user pool " + pool + ".")
	typed, err := c.ask(ctx, "Type the user name to confirm")
	if err != nil {
		return err
	}
	if typed != user {
		return foundError("the user names differ; nothing was changed")
	}
	return nil
}
