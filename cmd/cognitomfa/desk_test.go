package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

const totp = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

func TestStatus(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(o *cognitotest.Options) {
		o.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
		o.Email = true
	})
	srv.AddUser(cognitotest.User{
		Username: "alice", Password: password, Email: "alice@example.com", TOTP: totp,
		Methods: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}, Preferred: "SOFTWARE_TOKEN_MFA",
	})
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: password, Status: types.UserStatusTypeForceChangePassword,
	})
	srv.AddUser(cognitotest.User{Username: "carol", Password: password, TOTP: totp, Disabled: true})
	for user, c := range map[string]struct {
		status     int
		text, json string
	}{
		"alice@example.com": {
			status: fine,
			text: "user:      alice\naccount:   CONFIRMED\ndisabled:  no\n" +
				"methods:   authenticator app, email\npreferred: authenticator app\n",
			json: `{"username":"alice","userStatus":"CONFIRMED","disabled":false,` +
				`"enabled":["SOFTWARE_TOKEN_MFA","EMAIL_OTP"],"preferred":"SOFTWARE_TOKEN_MFA"}` + "\n",
		},
		"bob": {
			status: found,
			text: "user:      bob\naccount:   FORCE_CHANGE_PASSWORD\ndisabled:  no\n" +
				"methods:   none\npreferred: none\n",
			json: `{"username":"bob","userStatus":"FORCE_CHANGE_PASSWORD","disabled":false,` +
				`"enabled":[]}` + "\n",
		},
		"carol": {
			status: found,
			text: "user:      carol\naccount:   CONFIRMED\ndisabled:  yes\n" +
				"methods:   authenticator app\npreferred: authenticator app\n",
			json: `{"username":"carol","userStatus":"CONFIRMED","disabled":true,` +
				`"enabled":["SOFTWARE_TOKEN_MFA"],"preferred":"SOFTWARE_TOKEN_MFA"}` + "\n",
		},
	} {
		args := append([]string{"status", user}, on(srv)...)
		want := result{status: c.status, out: c.text}
		assert.Equal(t, want, run(t, "", nil, args...), user)
		want.out = c.json
		assert.Equal(t, want, run(t, "", nil, append(args, "-json")...), user)
	}
	assert.Equal(t, result{status: found, err: "cognitomfa status: there is no user zoe\n"},
		run(t, "", nil, append([]string{"status", "zoe"}, on(srv)...)...))
}

func TestReset(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
	reset := func(user string, flags ...string) result {
		return run(t, "", nil, slices.Concat([]string{"reset", user}, on(srv), flags)...)
	}
	// Without a terminal -yes is required, and no call is made without it.
	assert.Equal(t, usage, reset("alice").status)
	assert.Empty(t, srv.Calls())

	assert.Equal(t, result{status: fine, out: "removed:   the authenticator of alice\n"},
		reset("alice", "-yes"))
	assert.Equal(t, []string{"AdminDeleteSoftwareToken"}, operations(srv))
	assert.Empty(t, srv.User("alice").Methods)

	const notEnrolled = "cognitomfa reset: the user alice has no authenticator"
	assert.Equal(t, result{status: found, err: notEnrolled + "\n"}, reset("alice", "-yes"))
	assert.Equal(t,
		result{status: found, err: notEnrolled + "; the user was signed out everywhere\n"},
		reset("alice", "-yes", "-sign-out"))
	assert.Equal(t, result{status: found, err: "cognitomfa reset: there is no user zoe\n"},
		reset("zoe", "-yes"))

	srv.AddUser(cognitotest.User{Username: "bob", Password: password, TOTP: totp})
	srv.ResetCalls()
	assert.Equal(t, result{
		status: fine,
		out:    "removed:   the authenticator of bob\nended:     all sign-ins of bob\n",
	}, reset("bob", "-yes", "-sign-out"))
	assert.Equal(t, []string{"AdminUserGlobalSignOut", "AdminDeleteSoftwareToken"}, operations(srv))
}

func operations(srv *cognitotest.Server) []string {
	var names []string
	for _, c := range srv.Calls() {
		names = append(names, c.Operation)
	}
	return names
}

// addUsers adds users, every third with an authenticator, and returns those without.
func addUsers(srv *cognitotest.Server, n int) []string {
	var without []string
	for i := range n {
		u := cognitotest.User{Username: fmt.Sprintf("user%03d", i), Password: password}
		if i%3 == 0 {
			u.TOTP = totp
		} else {
			without = append(without, u.Username)
		}
		srv.AddUser(u)
	}
	return without
}

// usersOf returns the users in a JSON report.
func usersOf(t *testing.T, out string) []string {
	t.Helper()
	var users []string
	for line := range strings.Lines(out) {
		var u struct {
			Username, UserStatus string
			Disabled             *bool
			Enabled              []string
		}
		require.NoError(t, json.Unmarshal([]byte(line), &u), line)
		assert.Equal(t, "CONFIRMED", u.UserStatus)
		assert.NotNil(t, u.Disabled)
		assert.NotNil(t, u.Enabled)
		users = append(users, u.Username)
	}
	return users
}

func TestReport(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	report := func(flags ...string) result {
		args := slices.Concat([]string{"report", "-rate", "1000"}, on(srv), flags)
		return run(t, "", nil, args...)
	}
	r := report("-yes")
	assert.Equal(t, result{
		status: fine,
		out:    "ACCOUNT                DISABLED  USER\n",
		err:    "all users have an MFA method turned on\n",
	}, r)

	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
	srv.AddUser(cognitotest.User{
		Username: "bob", Password: password, Status: types.UserStatusTypeForceChangePassword,
	})
	srv.AddUser(cognitotest.User{Username: "carol", Password: password, Disabled: true})
	r = report()
	assert.Equal(t, found, r.status)
	assert.Equal(t, "ACCOUNT                DISABLED  USER\n"+
		"FORCE_CHANGE_PASSWORD  no        bob\n"+
		"CONFIRMED              yes       carol\n", r.out)
	assert.Equal(t, "Looking up about 3 users costs money: "+
		"Cognito counts each as a monthly active user.\nusers without MFA: 2\n", r.err)

	without := addUsers(srv, 130)
	r = report("-json", "-yes")
	assert.Equal(t, found, r.status)
	assert.Equal(t, without, usersOf(t, strings.SplitN(r.out, "\n", 3)[2]))
	assert.Equal(t, "users without MFA: 88\n", r.err)
}

// A report that ends early prints a command that lists the remaining users, none of them twice.
func TestReportResumes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		operation string
		good      int // calls before the fault
		says      string
	}{
		"at once":            {"ListUsers", 0, "lack the IAM permission cognito-idp:ListUsers"},
		"on the first page":  {"AdminGetUser", 30, "lack the IAM permission cognito-idp:AdminGetUser"},
		"between two pages":  {"ListUsers", 1, "lack the IAM permission cognito-idp:ListUsers"},
		"on the second page": {"AdminGetUser", 100, "lack the IAM permission cognito-idp:AdminGetUser"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t)
			without := addUsers(srv, 150)
			faults := make([]cognitotest.Fault, c.good+1)
			faults[c.good] = cognitotest.Error("AccessDeniedException", "no")
			srv.Fail(c.operation, faults...)
			args := append([]string{"report", "-yes", "-json", "-rate", "1000"}, on(srv)...)
			r := run(t, "", nil, args...)
			assert.Equal(t, incomplete, r.status)
			assert.Contains(t, r.err, c.says)
			first := usersOf(t, r.out)
			assert.Less(t, len(first), len(without))

			rest := resume(t, r.err)
			assert.Equal(t, found, rest.status, rest.err)
			assert.Equal(t, without, append(first, usersOf(t, rest.out)...))
		})
	}
}

// If the report cannot print, it stops looking users up: each lookup costs money.
func TestReportCannotPrint(t *testing.T) {
	t.Parallel()
	readOnly, err := os.Open("desk_test.go")
	require.NoError(t, err)
	t.Cleanup(func() { _ = readOnly.Close() })
	srv := newServer(t)
	without := addUsers(srv, 150)
	args := append([]string{"report", "-yes", "-json", "-rate", "1000"}, on(srv)...)
	cmd := exec.CommandContext(tooltest.Context(t), program, args...)
	cmd.Env = environment(t)
	var errs strings.Builder
	cmd.Stdout, cmd.Stderr = readOnly, &errs
	require.Error(t, cmd.Run())
	assert.Equal(t, incomplete, cmd.ProcessState.ExitCode())
	assert.Contains(t, errs.String(), "write /dev/stdout: ")
	looked := operations(srv)
	assert.Equal(t, []string{"DescribeUserPool", "ListUsers"}, looked[:2])
	assert.Len(t, looked, 2+60, "the first page, and no other user")

	assert.Equal(t, without, usersOf(t, resume(t, errs.String()).out))
}

// resume runs the command that a report prints when it ends early.
func resume(t *testing.T, says string) result {
	t.Helper()
	_, line, ok := strings.Cut(says, "to continue:\n  cognitomfa ")
	require.True(t, ok, says)
	line, _, _ = strings.Cut(line, "\n")
	cmd := exec.CommandContext(tooltest.Context(t), "sh", "-c", `exec "$0" `+line, program)
	cmd.Env = environment(t)
	return finish(t, cmd, "")
}

// Ctrl-C stops a report at once, and it can be continued later.
func TestReportStopped(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	without := addUsers(srv, 150)
	// The second page never ends, so Ctrl-C always arrives in time.
	faults := make([]cognitotest.Fault, 81)
	faults[80] = cognitotest.Delay(1 << 40)
	srv.Fail("AdminGetUser", faults...)
	args := append([]string{"report", "-yes", "-json", "-rate", "1000"}, on(srv)...)
	cmd := exec.CommandContext(tooltest.Context(t), program, args...)
	cmd.Env = environment(t)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewReader(out)
	var first string
	for range 40 { // The first page has 40 users without MFA.
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		first += line
	}
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.Error(t, cmd.Wait())
	assert.Equal(t, incomplete, cmd.ProcessState.ExitCode())
	assert.Contains(t, errs.String(), "cognitomfa report: stopped\n")
	srv.Fail("AdminGetUser")
	rest := resume(t, errs.String())
	assert.Equal(t, without, append(usersOf(t, first), usersOf(t, rest.out)...))
}
