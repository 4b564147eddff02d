package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognitomfa/cognitomfa"
)

const signInText = `Signs a user in and answers every challenge, to try a pool without writing
code. USER is a user name, or an alias that the pool allows; without it, the
command asks.

` + conversationText + `
The tokens are not printed, and they are revoked at the end.

Exit status: 0 if the user was signed in, 1 if Cognito refused, 2 for a wrong
command line or input, 3 for any other error.
`

// conversationText is the part of the help that sign-in and enroll share.
const conversationText = `The command asks for passwords and codes, which are never arguments; a
terminal does not show them. If the standard input is not a terminal, each
of its lines answers one question, in order: the password, then codes and
choices.

It first reads the app client's settings, to choose an allowed flow and to get
the app client's secret. For that the AWS credentials need the IAM action
cognito-idp:DescribeUserPoolClient; without it the command uses -flow and
COGNITO_CLIENT_SECRET. The Admin calls need cognito-idp:AdminInitiateAuth and
cognito-idp:AdminRespondToAuthChallenge. With -public the command needs no AWS
credentials and reads no settings: pass -client-id, and -flow if it is not srp.
`

const signInExamples = `  cognitomfa sign-in alice -user-pool-id eu-west-1_AbCdEfGhI
  cognitomfa sign-in alice -public -user-pool-id eu-west-1_AbCdEfGhI -client-id 1h57kf5cpq17m0eml12EXAMPLE
`

func newSignIn() *command {
	var s session
	cmd := newCommand("sign-in")
	cmd.operand, cmd.optional = "USER", true
	cmd.summary = "sign in, answering every challenge"
	cmd.text, cmd.examples = signInText, signInExamples
	s.register(cmd)
	cmd.run = func(ctx context.Context, c *console, user string) error {
		return s.run(ctx, c, user, nil)
	}
	return cmd
}

// session holds the settings that sign-in and enroll share.
type session struct {
	target
	appClient
	flow   string
	issuer string
	public bool
}

func (s *session) register(cmd *command) {
	s.target.register(cmd.flags)
	s.appClient.register(cmd.flags)
	cmd.flags.StringVar(&s.flow, "flow", "",
		"the sign-in `flow`: password, srp or user-auth (default: the first of them that\n"+
			"the app client allows)")
	cmd.flags.StringVar(&s.issuer, "issuer", "Cognito",
		"the `name` that the authenticator app shows")
	cmd.flags.BoolVar(&s.public, "public", false, "sign in with the calls that need no IAM permissions")
}

// run signs in, calls then unless it is nil, and revokes the tokens.
func (s *session) run(
	ctx context.Context, c *console, user string,
	then func(context.Context, *conversation, *cognitomfa.Tokens) error,
) (err error) {
	mfa, err := s.open(ctx, c)
	if err != nil {
		return err
	}
	if user == "" {
		if user, err = c.ask(ctx, "User name"); err != nil {
			return err
		}
	}
	v := &conversation{console: c, mfa: mfa}
	tokens, err := v.signIn(ctx, user)
	if err != nil {
		return err
	}
	defer v.revoke(ctx, tokens)
	if err := v.greet(ctx, tokens); err != nil || then == nil {
		return err
	}
	return then(ctx, v, tokens)
}

// open returns a library client, configured from the app client's settings if they can be read.
func (s *session) open(ctx context.Context, c *console) (*cognitomfa.Client, error) {
	chosen, err := parseFlow(s.flow)
	if err != nil {
		return nil, err
	}
	secret, err := s.secret()
	if err != nil {
		return nil, err
	}
	api, err := s.connect(ctx, !s.public)
	if err != nil {
		return nil, err
	}
	if err := s.choose(ctx, api, s.pool, !s.public); err != nil {
		return nil, err
	}
	if s.public {
		chosen = cmp.Or(chosen, flowSRP) // App clients allow it by default.
	} else if chosen, secret, err = s.read(ctx, c, api, chosen, secret); err != nil {
		return nil, err
	}
	mfa, err := cognitomfa.New(api, cognitomfa.Config{
		UserPoolID:   s.pool,
		ClientID:     s.id,
		ClientSecret: secret,
		Issuer:       s.issuer,
		Public:       s.public,
		Flow:         chosen.inLibrary(),
	})
	if err != nil {
		return nil, usageError(explain(err))
	}
	return mfa, nil
}

// read takes the flow and the secret from the app client's settings unless they were given.
func (s *session) read(
	ctx context.Context, c *console, api *cip.Client, chosen flow, secret string,
) (flow, string, error) {
	client, err := describeClient(ctx, api, &s.target, &s.appClient)
	var refused *unreadError
	switch {
	case errors.As(err, &refused) && refused.Right != "":
		c.note("cannot read the app client's settings: the AWS credentials lack the IAM permission " +
			refused.Right)
		return chosen, secret, nil
	case err != nil:
		return "", "", err
	}
	if chosen == "" {
		if chosen = chooseFlow(client, s.public); chosen == "" {
			return "", "", errors.New("the app client allows none of the library's sign-in " +
				"flows; run cognitomfa doctor to see what to change")
		}
	}
	if secret == "" {
		secret = aws.ToString(client.ClientSecret)
	}
	return chosen, secret, nil
}

// greet prints who is signed in.
func (v *conversation) greet(ctx context.Context, tokens *cognitomfa.Tokens) error {
	state, err := v.mfa.Status(ctx, tokens.Access.Reveal())
	if err != nil {
		return err
	}
	if tokens.DeviceKey != "" {
		v.note("The pool tracks devices. This command confirms none; services call RememberDevice.")
	}
	return v.print(
		fact{"signed in", shown(state.Username)},
		fact{"methods", methodNames(state.Enabled)},
		fact{"preferred", methodName(state.Preferred)},
		fact{"tokens", "valid for " + tokens.ExpiresIn.String()},
	)
}

const revokeTimeout = 10 * time.Second

// revoke revokes the tokens, even after Ctrl-C.
func (v *conversation) revoke(ctx context.Context, tokens *cognitomfa.Tokens) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	defer cancel()
	if err := v.mfa.Revoke(ctx, tokens.Refresh.Reveal()); err != nil {
		v.note("the tokens were not shown but could not be revoked: " + explain(err))
	}
}
