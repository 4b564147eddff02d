package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/cognitomfa/cognitomfa"
)

const enrollText = `Signs a user in and sets up an authenticator app: prints the QR code, asks for
the first code, and turns TOTP on. USER is a user name, or an alias that the
pool allows; without it, the command asks.

If the standard output is not a terminal, the key is printed as an otpauth URI.
Anyone who has the URI can generate the user's codes: keep it secret.

` + conversationText + `
The tokens are not printed, and they are revoked at the end. Earlier sign-ins
stay valid.

Exit status: 0 if TOTP is turned on, 1 if Cognito refused, 2 for a wrong
command line or input, 3 for any other error.
`

const enrollExamples = `  cognitomfa enroll alice -user-pool-id eu-west-1_AbCdEfGhI -issuer "Example Inc."
  cognitomfa enroll alice -public -user-pool-id eu-west-1_AbCdEfGhI -client-id 1h57kf5cpq17m0eml12EXAMPLE
`

func newEnroll() *command {
	var s session
	var yes bool
	cmd := newCommand("enroll")
	cmd.operand, cmd.optional = "USER", true
	cmd.summary = "set an authenticator app up, with the QR code in the terminal"
	cmd.text, cmd.examples = enrollText, enrollExamples
	s.register(cmd)
	cmd.flags.BoolVar(&yes, "yes", false, "replace an existing authenticator without asking")
	cmd.run = func(ctx context.Context, c *console, user string) error {
		enroll := func(ctx context.Context, v *conversation, tokens *cognitomfa.Tokens) error {
			return v.enroll(ctx, tokens, yes)
		}
		return s.run(ctx, c, user, enroll)
	}
	return cmd
}

// enroll sets up an authenticator for a signed-in user, unless the sign-in already did.
func (v *conversation) enroll(ctx context.Context, tokens *cognitomfa.Tokens, yes bool) error {
	if v.enrolled {
		return nil
	}
	access := tokens.Access.Reveal()
	state, err := v.mfa.Status(ctx, access)
	if err != nil {
		return err
	}
	if state.TOTP() && !yes {
		if !v.inIsTerminal {
			return usageError("the user already has an authenticator: pass -yes to replace it")
		}
		ok, err := v.confirm(ctx, "An authenticator is already set up. Replace it?")
		if err != nil {
			return err
		}
		if !ok {
			return foundError("nothing was changed")
		}
	}
	enrollment, err := v.mfa.Enroll(ctx, access, v.account)
	if err != nil {
		return err
	}
	if err := v.show(enrollment); err != nil {
		return err
	}
	err = v.retry(func() error {
		code, err := v.askSecret(ctx, firstCode)
		if err != nil {
			return err
		}
		return v.mfa.Verify(ctx, access, code)
	})
	if errors.Is(err, cognitomfa.ErrNotEnabled) {
		err = v.mfa.Enable(ctx, access)
	}
	if err != nil {
		return err
	}
	return v.reportEnrolled()
}

func (v *conversation) reportEnrolled() error {
	v.enrolled = true
	return v.print(fact{"enrolled", "the authenticator app; the next sign-in asks for a code"})
}

// firstCode asks for the code that proves the authenticator app has the key.
const firstCode = "First code from the authenticator app"

// show prints the key of an enrollment: as a QR code on a terminal, otherwise as a URI.
func (v *conversation) show(e *cognitomfa.Enrollment) error {
	if !v.outIsTerminal {
		return v.print(fact{"uri", e.URI()})
	}
	code, err := e.Terminal()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(v.out,
		"\n%s\nScan this with an authenticator app, or enter the key: %s\n\n", code, e.Grouped())
	return err
}
