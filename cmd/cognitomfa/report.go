package main

import (
	"cmp"
	"context"
	"fmt"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/cognitomfa/cognitomfa"
)

const reportText = `Lists the users for whom no MFA method is turned on, including disabled and
unconfirmed users. In a pool that requires MFA that also includes users who set
up an authenticator on the hosted pages and are asked for a code anyway.

The report costs money: it calls ListUsers for each page of 60 users and
AdminGetUser for each user, because no list shows methods. Cognito counts each
user who is looked up as a monthly active user, and bills for it. On a terminal
the command asks first. At the default rate 10,000 users take 17 minutes; the
calls share Cognito's quotas with sign-ins.

The AWS credentials need the IAM actions cognito-idp:ListUsers and
cognito-idp:AdminGetUser on the pool. With cognito-idp:DescribeUserPool the
command also shows how many users there are.

The users of a page are printed after the whole page has been looked up. If the
report ends early, by Ctrl-C or an error of Cognito, it prints the command that
continues it without listing a user twice. If the output cannot be written, that
command lists the users of the last page again.

Exit status: 0 if all users have a method turned on, 1 if some do not, 2 for a
wrong command line, 3 if the report is incomplete.
`

const reportExamples = `  cognitomfa report -user-pool-id eu-west-1_AbCdEfGhI
  cognitomfa report -user-pool-id eu-west-1_AbCdEfGhI -rate 50 -json > without-mfa.jsonl
`

// report is the command's settings.
type report struct {
	target
	rate float64
	from string
	yes  bool
	json bool
}

func newReport() *command {
	var r report
	cmd := newCommand("report")
	cmd.summary = "list the users without MFA"
	cmd.text, cmd.examples = reportText, reportExamples
	r.register(cmd.flags)
	cmd.flags.Float64Var(&r.rate, "rate", 10, "the maximum number of `calls` per second")
	cmd.flags.StringVar(&r.from, "from", "",
		"continue an earlier report: the `token` that it printed")
	cmd.flags.BoolVar(&r.yes, "yes", false, "do not ask before starting")
	cmd.flags.BoolVar(&r.json, "json", false, "print one JSON object per line instead of a table")
	cmd.run = func(ctx context.Context, c *console, _ string) error { return r.run(ctx, c) }
	return cmd
}

func (r *report) run(ctx context.Context, c *console) error {
	if !(r.rate > 0 && r.rate <= 1000) {
		return usageError("-rate must be above 0 and at most 1000 calls per second")
	}
	mfa, api, err := r.operator(ctx)
	if err != nil {
		return err
	}
	total, err := r.begin(ctx, c, api)
	if err != nil {
		return err
	}
	return r.walk(ctx, c, mfa, &progress{console: c, total: total})
}

// begin says what the report costs and asks whether to start. It returns the number of users, 0 if
// unknown.
func (r *report) begin(ctx context.Context, c *console, api *cip.Client) (int32, error) {
	total := int32(0)
	out, err := api.DescribeUserPool(ctx, &cip.DescribeUserPoolInput{UserPoolId: &r.pool})
	if err == nil && out.UserPool != nil {
		total = out.UserPool.EstimatedNumberOfUsers
	}
	if r.yes {
		return total, nil
	}
	users := "users"
	if total > 0 {
		users = fmt.Sprintf("about %d users", total)
	}
	c.note("Looking up " + users + " costs money: Cognito counts each as a monthly active user.")
	if !c.inIsTerminal {
		return total, nil
	}
	ok, err := c.confirm(ctx, "Start?")
	if err == nil && !ok {
		err = foundError("nothing was looked up")
	}
	return total, err
}

// walk prints the users without MFA, page by page.
func (r *report) walk(ctx context.Context, c *console, mfa *cognitomfa.Client, p *progress) error {
	var page []*cognitomfa.Status
	if !r.json {
		if _, err := fmt.Fprintf(c.out, tableRow, "ACCOUNT", "DISABLED", "USER"); err != nil {
			return err
		}
	}
	flush := func() error {
		for _, s := range page {
			if err := r.print(c, s); err != nil {
				return err
			}
		}
		page = page[:0]
		return nil
	}
	from, found := r.from, 0
	walking, stop := context.WithCancel(ctx)
	defer stop()
	var printErr error
	users := mfa.UsersWithoutMFA(walking, func(o *cognitomfa.ListOptions) {
		o.PerSecond, o.From = r.rate, r.from
		o.Page = func(next string, users int) {
			p.clear()
			if printErr = flush(); printErr != nil {
				stop() // Looking up more users would cost money for nothing.
				return
			}
			from = next
			p.show(users, found)
		}
	})
	for s, err := range users {
		if err != nil {
			p.clear()
			return r.endedEarly(ctx, c, from, cmp.Or(printErr, err))
		}
		page = append(page, s)
		found++
	}
	p.clear()
	if err := flush(); err != nil {
		return r.endedEarly(ctx, c, from, err)
	}
	if found > 0 {
		c.note(fmt.Sprintf("users without MFA: %d", found))
		return foundError("")
	}
	c.note("all users have an MFA method turned on")
	return nil
}

// tableRow has the name last because it can be long.
const tableRow = "%-21s  %-8s  %s\n"

func (r *report) print(c *console, s *cognitomfa.Status) error {
	u := describe(s)
	if r.json {
		return u.writeJSON(c)
	}
	_, err := fmt.Fprintf(c.out, tableRow,
		shown(u.UserStatus), yesNo(u.Disabled), shown(u.Username))
	return err
}

// endedEarly prints the command that continues the report.
func (r *report) endedEarly(ctx context.Context, c *console, from string, err error) error {
	again := "cognitomfa report"
	for _, f := range []struct{ name, value string }{
		{"-user-pool-id", r.pool},
		{"-region", r.region},
		{"-profile", r.profile},
		{"-endpoint", r.endpoint},
		{"-rate", fmt.Sprint(r.rate)},
		{"-from", from},
	} {
		if f.value != "" {
			again += " " + f.name + " " + quote(f.value)
		}
	}
	if r.json {
		again += " -json"
	}
	c.note("the report is incomplete; to continue:\n  " + again)
	if ctx.Err() != nil {
		return errStopped
	}
	return err
}

// progress is the status line of a report on a terminal.
type progress struct {
	*console
	total int32
}

func (p *progress) show(users, found int) {
	if !p.errIsTerminal {
		return
	}
	of := ""
	if p.total > 0 {
		of = fmt.Sprintf(" of about %d", p.total)
	}
	_, _ = fmt.Fprintf(p.err, "looked up: %d%s, without MFA: %d", users, of, found)
}

// clear removes the line.
func (p *progress) clear() {
	if p.errIsTerminal {
		_, _ = fmt.Fprint(p.err, "\r\x1b[K")
	}
}
