package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/cognitomfa/cognitomfa"
)

const statusText = `Prints the state of a user's account and MFA. USER is a user name, or an alias
that the pool allows, such as an email address.

The list of methods can be empty for users who are asked for a code because the
pool requires MFA: only calls that turn a method on for a user add it to the
list.

It makes one call, AdminGetUser, for which the AWS credentials need the IAM
action cognito-idp:AdminGetUser on the pool. Cognito counts a user who is
looked up as a monthly active user, and bills for it.

Exit status: 0 if a method is turned on and the user is not disabled, 1 if not
or if there is no such user, 2 for a wrong command line, 3 if the user could
not be looked up.
`

const statusExamples = `  cognitomfa status alice -user-pool-id eu-west-1_AbCdEfGhI
  cognitomfa status alice@example.com -user-pool-id eu-west-1_AbCdEfGhI -json
`

func newStatus() *command {
	var t target
	var asJSON bool
	cmd := newCommand("status")
	cmd.operand = "USER"
	cmd.summary = "show the state of a user's MFA"
	cmd.text, cmd.examples = statusText, statusExamples
	t.register(cmd.flags)
	cmd.flags.BoolVar(&asJSON, "json", false, "print one JSON object")
	cmd.run = func(ctx context.Context, c *console, user string) error {
		mfa, _, err := t.operator(ctx)
		if err != nil {
			return err
		}
		s, err := mfa.UserStatus(ctx, user)
		switch {
		case errors.Is(err, cognitomfa.ErrUserNotFound):
			return foundError("there is no user " + shown(user))
		case err != nil:
			return err
		}
		u := describe(s)
		if err := u.write(c, asJSON); err != nil {
			return err
		}
		if s.Disabled || len(s.Enabled) == 0 {
			return foundError("")
		}
		return nil
	}
	return cmd
}

// userState is what status and report print about a user.
type userState struct {
	Username   string              `json:"username"`
	UserStatus string              `json:"userStatus"`
	Disabled   bool                `json:"disabled"`
	Enabled    []cognitomfa.Method `json:"enabled"`
	Preferred  cognitomfa.Method   `json:"preferred,omitempty"`
}

func describe(s *cognitomfa.Status) *userState {
	u := &userState{
		Username:   s.Username,
		UserStatus: s.UserStatus,
		Disabled:   s.Disabled,
		Enabled:    s.Enabled,
		Preferred:  s.Preferred,
	}
	if u.Enabled == nil {
		u.Enabled = []cognitomfa.Method{} // Empty, not null, in JSON.
	}
	return u
}

func (u *userState) write(c *console, asJSON bool) error {
	if asJSON {
		return u.writeJSON(c)
	}
	return c.print(
		fact{"user", shown(u.Username)},
		fact{"account", shown(u.UserStatus)},
		fact{"disabled", yesNo(u.Disabled)},
		fact{"methods", methodNames(u.Enabled)},
		fact{"preferred", methodName(u.Preferred)},
	)
}

// writeJSON writes one line of JSON.
func (u *userState) writeJSON(c *console) error {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(u)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// methodName returns the name people use for a method.
func methodName(m cognitomfa.Method) string {
	switch m {
	case "":
		return "none"
	case cognitomfa.MethodTOTP:
		return "authenticator app"
	case cognitomfa.MethodSMS:
		return "SMS"
	case cognitomfa.MethodEmail:
		return "email"
	}
	return shown(string(m))
}

func methodNames(methods []cognitomfa.Method) string {
	if len(methods) == 0 {
		return "none"
	}
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = methodName(m)
	}
	return list(names)
}
