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

const doctorText = `Reads the settings of a user pool and an app client, and reports what will not
work with the library cognitomfa and what to change, with AWS CLI commands for
the changes. It changes nothing and signs nobody in.

Each finding has a level: "fails" does not work, "risk" works but puts accounts
or sign-ins at risk, "note" is good to know. The printed commands read the
current settings before they change them, because calls that change a pool or
an app client reset whatever they leave out. They need jq and a current AWS
CLI; run them when nobody else is changing the same settings. If
CloudFormation, CDK or Terraform manages the pool, make the change there
instead.

AWS credentials are found as in the AWS CLI. They need the IAM actions that
-policy -use doctor prints. The command cannot check the service's own permissions:
compare the service's policy with what -policy prints.

If the app client's secret is given, in COGNITO_CLIENT_SECRET or
-client-secret-file, it is compared with the real one and never printed.

Exit status: 0 if no finding is a failure or a risk, 1 if one is, 2 for a wrong
command line, 3 if something could not be read.
`

const doctorExamples = `  cognitomfa doctor -user-pool-id eu-west-1_AbCdEfGhI
  cognitomfa doctor -user-pool-id eu-west-1_AbCdEfGhI -client-id 1h57kf5cpq17m0eml12EXAMPLE
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
	cmd.summary = "check a pool's settings: what will not work, and what to change"
	cmd.text, cmd.examples = doctorText, doctorExamples
	d.target.register(cmd.flags)
	d.appClient.register(cmd.flags)
	cmd.flags.StringVar(&d.flow, "flow", "",
		"the service's sign-in `flow` (Config.Flow): password, srp or user-auth (default:\n"+
			"the first of them that the app client allows)")
	cmd.flags.BoolVar(&d.public, "public", false,
		"the service signs users in without IAM permissions (Config.Public)")
	cmd.flags.BoolVar(&d.levels, "levels", false,
		"the service uses authentication levels (StepUp, SignInOptions.ACR)")
	cmd.flags.StringVar(&d.use, "use", "sign-in",
		"the `purpose` of the AWS credentials: sign-in, support (status, reset and report)\n"+
			"or doctor. With support, two read-only calls check the permissions\n"+
			"of status and report")
	cmd.flags.BoolVar(&d.policy, "policy", false,
		"print the minimal IAM policy for -use, and check nothing")
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
		e.Policy = newPolicy(slices.Concat(rightsForDoctor, rights), d.region, d.pool)
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
		return errReported
	case e.count(fails)+e.count(risk) > 0:
		return foundError("")
	}
	return nil
}

// rights returns the IAM actions for the chosen use.
func (d *doctor) rights() ([]string, error) {
	switch d.use {
	case "sign-in":
		if d.public {
			return nil, nil
		}
		return rightsForSignIn, nil
	case "support":
		return rightsForSupport, nil
	case "doctor":
		return rightsForDoctor, nil
	}
	return nil, usagef("-use must be sign-in, support or doctor, not %s", shown(d.use))
}

// printPolicy prints the policy for rights without calling Cognito.
func (d *doctor) printPolicy(ctx context.Context, c *console, rights []string) error {
	if _, err := d.connect(ctx, false); err != nil { // for the Region
		return err
	}
	if rights == nil {
		c.note("no IAM permissions are needed: with Config.Public the sign-in calls are not signed")
		return nil
	}
	_, err := fmt.Fprintln(c.out, newPolicy(rights, d.region, d.pool).indented())
	return err
}

// examine runs the checks on the subject and adds its description.
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
		e.Config.Flow = cmp.Or(s.flow.constant(), "none allowed")
	}
	return e
}

// methodsOf returns the methods that a pool offers, under the names people use.
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

// trySupport makes two read-only calls to check the permissions that status and report need. It
// looks up no real user.
func (f *facts) trySupport(ctx context.Context, api *cip.Client, pool string) error {
	name := "cognitomfa-doctor-no-such-user"
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

func list(words []string) string { return strings.Join(words, ", ") }
