package main

import (
	"context"
	"errors"

	"github.com/cognitomfa/cognitomfa"
)

const resetText = `Removes the authenticator of a user who has lost it. Make sure beforehand that it is the user
who asks. In a pool that requires MFA the next sign-in lets the user set up a new one; in other
pools the user signs in without a code.

On a terminal it asks for the user name once more. Elsewhere -yes must be given.

It makes one call, AdminDeleteSoftwareToken, and with -sign-out AdminUserGlobalSignOut before it.
The AWS credentials need the IAM actions of the same names (cognito-idp:AdminDeleteSoftwareToken)
on the pool. If it ends with an error, run it again.

Exit status: 0 if the authenticator was removed, 1 if there is no such user, no authenticator, or no
confirmation, 2 for a wrong command line, 3 if it could not be done.
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
		"also end all sign-ins of the user: right if the lost phone may be in the\nwrong hands")
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
				text += "; the sign-ins have ended"
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

// confirmReset has the user name typed a second time.
func confirmReset(ctx context.Context, c *console, user, pool string, yes bool) error {
	switch {
	case yes:
		return nil
	case !c.asks:
		return usageError("there is no terminal to ask for confirmation: give -yes")
	}
	c.note("This removes the authenticator of " + shown(user) + " in the user pool " + pool + ".")
	typed, err := c.ask(ctx, "Type the user name to confirm")
	if err != nil {
		return err
	}
	if typed != user {
		return foundError("that is another name; nothing was changed")
	}
	return nil
}
