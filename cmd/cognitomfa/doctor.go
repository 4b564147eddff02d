package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

const doctorText = `Reads the settings of a user pool and an app client, and says what of them will not work with
the library cognitomfa and what to change, with a command line of the AWS CLI. It changes nothing
and signs nobody in.

Each finding has a level: "fails" does not work, "risk" works but puts accounts or sign-ins at
risk, "note" is good to know. The command lines that change settings read them first, because
calls that change a pool or an app client reset whatever they leave out. They need jq and a
current AWS CLI; run them when nobody else changes the same settings. If the pool is managed by
CloudFormation, CDK or Terraform, make the change there instead.

AWS credentials come from where the AWS CLI takes them. They need the IAM actions that -policy
-use doctor prints. Whether the service itself has its rights cannot be seen from outside: compare
its policy with what -policy prints.

The app client's secret, if one is given in COGNITO_CLIENT_SECRET or -client-secret-file, is
compared with the real one and never printed.

Exit status: 0 without a finding that fails or is a risk, 1 with one, 2 for a wrong command line,
3 if something could not be read.
`

const doctorExamples = `  cognitomfa doctor -user-pool-id eu-west-1_AbCdEfGhI -client-id 1h57kf5cpq17m0eml12EXAMPLE
  cognitomfa doctor -user-pool-id eu-west-1_AbCdEfGhI -public -flow srp -json
  cognitomfa doctor -user-pool-id eu-west-1_AbCdEfGhI -policy -use support
`

// doctor is the command's settings.
type doctor struct {
	target
	appClient
	flow   string
	use    string
	public bool
	levels bool
	policy bool
	json   bool
}

func newDoctor() *command {
	var d doctor
	cmd := newCommand("doctor")
	cmd.summary = "say what of a pool will not work with the library, and what to change"
	cmd.text, cmd.examples = doctorText, doctorExamples
	d.target.register(cmd.flags)
	d.appClient.register(cmd.flags)
	cmd.flags.StringVar(&d.flow, "flow", "",
		"the `flow` that the service signs users in by (Config.Flow): password, srp or\n"+
			"user-auth; by default the first of them that the app client allows")
	cmd.flags.BoolVar(&d.public, "public", false,
		"the service signs users in without IAM rights (Config.Public)")
	cmd.flags.BoolVar(&d.levels, "levels", false,
		"the service uses authentication levels (StepUp, SignInOptions.ACR)")
	cmd.flags.StringVar(&d.use, "use", "sign-in",
		"what AWS credentials are for: a `use` of sign-in, support (status, reset and\n"+
			"report) or doctor. With support, two calls that read find out whether the\n"+
			"rights are there")
	cmd.flags.BoolVar(&d.policy, "policy", false,
		"print the least IAM policy for the -use, and look at nothing")
	cmd.flags.BoolVar(&d.json, "json", false, "print one JSON object")
	cmd.run = func(ctx context.Context, c *console, _ string) error { return d.run(ctx, c) }
	return cmd
}

func (d *doctor) run(ctx context.Context, c *console) error {
	chosen, err := parseFlow(d.flow)
	if err != nil {
		return err
	}
	rights, err := d.rights()
	if err != nil {
		return err
	}
	if d.policy {
		return d.printPolicy(ctx, c, rights)
	}
	secret, err := d.secret()
	if err != nil {
		return err
	}
	api, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	if err := d.choose(ctx, api, d.pool, true); err != nil {
		return err
	}
	f, err := gather(ctx, api, &d.target, &d.appClient, secret)
	if err != nil {
		return err
	}
	if d.use == "support" {
		if err := f.trySupport(ctx, api, d.pool); err != nil {
			return err
		}
	}
	if chosen == "" && f.client != nil {
		chosen = chooseFlow(f.client, d.public)
	}
	s := &subject{
		facts:  f,
		flow:   chosen,
		public: d.public,
		levels: d.levels,
		secret: secret,
		shell:  shell{&d.target, d.id},
	}
	e := d.examine(s)
	if slices.ContainsFunc(f.unread, func(u *unreadError) bool { return u.Right != "" }) {
		e.Policy = newPolicy(slices.Concat(rightsToLook, rights), d.region, d.pool)
	}
	write := e.writeText
	if d.json {
		write = e.writeJSON
	}
	if err := write(c); err != nil {
		return err
	}
	switch {
	case len(f.unread) > 0:
		return errSaid
	case e.count(fails)+e.count(risk) > 0:
		return foundError("")
	}
	return nil
}

// rights are the IAM actions that the chosen use takes.
func (d *doctor) rights() ([]string, error) {
	switch d.use {
	case "sign-in":
		if d.public {
			return nil, nil
		}
		return rightsToSignIn, nil
	case "support":
		return rightsOfDesk, nil
	case "doctor":
		return rightsToLook, nil
	}
	return nil, usagef("-use is sign-in, support or doctor, not %s", shown(d.use))
}

// printPolicy prints the policy for some rights, without a call.
func (d *doctor) printPolicy(ctx context.Context, c *console, rights []string) error {
	if _, err := d.connect(ctx, false); err != nil { // It reads the Region, and makes no call.
		return err
	}
	if rights == nil {
		c.note("no IAM right is needed: with Config.Public the calls of a sign-in are not signed")
		return nil
	}
	_, err := fmt.Fprintln(c.out, newPolicy(rights, d.region, d.pool).indented())
	return err
}

// examine describes the subject and runs the checks on it.
func (d *doctor) examine(s *subject) *examination {
	e := &examination{Findings: s.findings(), Unread: s.unread}
	if e.Unread == nil {
		e.Unread = []*unreadError{} // Empty, not null, in JSON.
	}
	e.UserPool.ID, e.UserPool.Region = d.pool, d.region
	e.Client.ID = d.id
	e.Config.Flow, e.Config.Public = cmp.Or(s.flow.constant(), "unknown"), s.public
	if s.pool != nil {
		e.UserPool.Name, e.UserPool.Plan = aws.ToString(s.pool.Name), string(s.pool.UserPoolTier)
	}
	if s.mfa != nil {
		e.UserPool.MFA, e.UserPool.Offers = string(s.mfa.MfaConfiguration), methodsOf(s.mfa)
	}
	if s.client != nil {
		e.Client.Name, e.Client.Flows = aws.ToString(s.client.ClientName), allowedFlows(s.client)
		e.Client.Secret = s.client.ClientSecret != nil
		e.Config.Flow = cmp.Or(s.flow.constant(), "none that works")
	}
	return e
}

// methodsOf are the methods that a pool offers, as people call them.
func methodsOf(mfa *cip.GetUserPoolMfaConfigOutput) []string {
	var methods []string
	if mfa.SoftwareTokenMfaConfiguration != nil && mfa.SoftwareTokenMfaConfiguration.Enabled {
		methods = append(methods, "TOTP")
	}
	if mfa.SmsMfaConfiguration != nil {
		methods = append(methods, "SMS")
	}
	if mfa.EmailMfaConfiguration != nil {
		methods = append(methods, "email")
	}
	return methods
}

// trySupport finds out by reading whether status and report have their rights. It looks up no user.
func (f *facts) trySupport(ctx context.Context, api *cip.Client, pool string) error {
	name := "cognitomfa-doctor-asks-for-nobody"
	_, err := api.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: &pool, Username: &name})
	var nobody *types.UserNotFoundException
	if errors.As(err, &nobody) {
		err = nil
	}
	if err := f.note(unread(ctx, "the state of users", err)); err != nil {
		return err
	}
	_, err = api.ListUsers(ctx, &cip.ListUsersInput{
		UserPoolId: &pool, Limit: aws.Int32(1), AttributesToGet: []string{"sub"},
	})
	return f.note(unread(ctx, "the list of users", err))
}

// list joins words as a sentence does.
func list(words []string) string { return strings.Join(words, ", ") }
