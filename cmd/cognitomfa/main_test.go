package main_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

var program string // the path of the built program

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	folder, err := os.MkdirTemp("", "cognitomfa")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	program = filepath.Join(folder, "cognitomfa.exe") // Windows needs the suffix.
	args := slices.Concat([]string{"build", "-o", program}, buildFlags, []string{"."})
	build := exec.CommandContext(context.Background(), "go", args...)
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("go build: %v\n%s", err, out))
	}
	return m.Run()
}

// The exit statuses.
const (
	fine       = 0
	found      = 1
	usage      = 2
	incomplete = 3
)

const (
	password = "Passw0rd!"
	secret   = "this-is-the-secret-of-the-app-client-000"
)

// clientSecret has the alphabet of app client secrets.
var clientSecret = strings.ReplaceAll(secret, "-", "")

type result struct {
	status   int
	out, err string
}

// environment returns the program's environment, with nothing from this computer but PATH.
func environment(t *testing.T, extra ...string) []string {
	t.Helper()
	return append([]string{
		"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "AWS_EC2_METADATA_DISABLED=true",
	}, extra...)
}

// run runs the program and checks that it prints no secret.
func run(t *testing.T, in string, extra []string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(tooltest.Context(t), program, args...)
	cmd.Env = environment(t, extra...)
	return finish(t, cmd, in)
}

func finish(t *testing.T, cmd *exec.Cmd, in string) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &out, &errs
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	r := result{status: cmd.ProcessState.ExitCode(), out: out.String(), err: errs.String()}
	assertNoSecret(t, r.out+r.err)
	return r
}

// assertNoSecret checks that a text contains no password, secret, token or session.
func assertNoSecret(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{password, clientSecret, "eyJ", "AYABe"} {
		assert.NotContains(t, text, secret)
	}
}

// on returns the flags that select a server.
func on(srv *cognitotest.Server) []string {
	return []string{"-endpoint", srv.URL, "-user-pool-id", srv.UserPoolID}
}

// newServer starts a pool whose clock stands still, so no code expires.
func newServer(t *testing.T, optFns ...func(*cognitotest.Options)) *cognitotest.Server {
	t.Helper()
	start := time.Now().Truncate(30 * time.Second)
	srv := cognitotest.NewServer(append(optFns, func(o *cognitotest.Options) {
		o.Now = func() time.Time { return start }
	})...)
	t.Cleanup(srv.Close)
	return srv
}

var names = []string{"doctor", "status", "reset", "report", "enroll", "sign-in"}

func TestOverview(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-h"}, {"help"}, {"--help"}} {
		r := run(t, "", nil, args...)
		assert.Equal(t, fine, r.status)
		assert.Empty(t, r.err)
		for _, name := range names {
			assert.Contains(t, r.out, "\n  "+name+" ")
		}
	}
	r := run(t, "", nil)
	assert.Equal(t, usage, r.status)
	assert.Empty(t, r.out)
	assert.Contains(t, r.err, "Usage: cognitomfa COMMAND")

	r = run(t, "", nil, "-version")
	assert.Equal(t, fine, r.status)
	assert.Regexp(t, `^cognitomfa \S.* go1\.\d+`, r.out)
}

// Help makes no calls, and its examples can be run as printed.
func TestHelp(t *testing.T) {
	t.Parallel()
	example := regexp.MustCompile(`(?m)^  cognitomfa (.*)$`)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, "", nil, name, "-h")
			assert.Equal(t, fine, r.status)
			assert.Empty(t, r.err)
			assert.Equal(t, r, run(t, "", nil, "help", name))
			for _, part := range []string{
				"Usage: cognitomfa " + name, "Exit status: 0", "IAM",
				"\nFlags:\n  -", "\nExamples:\n  cognitomfa",
			} {
				assert.Contains(t, r.out, part)
			}
			for line := range strings.Lines(r.out) {
				assert.LessOrEqual(t, len(line), 121, line)
			}
			assert.NotRegexp(t, `(?m)^  -(password|code|client-secret|token) `, r.out,
				"a flag that takes a secret")

			examples := example.FindAllStringSubmatch(r.out, -1)
			require.NotEmpty(t, examples)
			for _, e := range examples {
				line, _, _ := strings.Cut(e[1], " >")
				line += " -endpoint http://127.0.0.1:1"
				cmd := exec.CommandContext(tooltest.Context(t), "sh", "-c", `exec "$0" `+line, program)
				cmd.Env = environment(t)
				want := incomplete
				switch {
				case strings.Contains(line, "-policy"):
					want = fine
				case name == "reset" && !strings.Contains(line, "-yes"):
					want = usage // There is no terminal to confirm it.
				}
				assert.Equal(t, want, finish(t, cmd, "x\n").status, line)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	const (
		pool  = " -user-pool-id eu-west-1_AbCdEfGhI"
		there = pool + " -endpoint http://127.0.0.1:1"
	)
	for line, says := range map[string]string{
		"frobnicate":                                             "unknown command frobnicate",
		"\x1b[2J":                                                `"\x1b[2J"`,
		"status alice -x":                                        "flag provided but not defined: -x",
		"status" + there:                                         "USER is missing",
		"status alice bob" + there:                               "unexpected argument: bob",
		"report alice" + there:                                   "unexpected argument: alice",
		"status alice":                                           "-user-pool-id is missing",
		"status alice -user-pool-id pool":                        "pool is not a user pool ID",
		"status alice -user-pool-id a-1_a;b":                     "a-1_a;b is not a user pool ID",
		"status alice -endpoint http://a" + pool:                 "use https",
		"status alice -endpoint 127.0.0.1:9229" + pool:           "is not a URL",
		"status alice -endpoint ftp://127.0.0.1" + pool:          "must begin with https or http",
		"status alice -endpoint http://u:p@127.0.0.1" + pool:     "must not have a user name",
		"doctor -flow magic" + there:                             "-flow must be password",
		"doctor -use magic" + there:                              "-use must be sign-in",
		"doctor -client-secret-file " + file + "x" + there:       "no such file",
		"doctor -client-secret-file " + file + there:             "the file is empty",
		"report -rate 0" + there:                                 "-rate must be above 0",
		"report -rate NaN" + there:                               "-rate must be above 0",
		"report -rate x" + there:                                 "invalid value \"x\" for flag -rate",
		"reset alice" + there:                                    "pass -yes",
		"sign-in alice -public" + there:                          "-client-id is missing",
		"sign-in alice -public -client-id c -issuer a:b" + there: "the issuer contains a colon",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			r := run(t, "", nil, strings.Fields(line)...)
			assert.Equal(t, usage, r.status)
			assert.Empty(t, r.out)
			assert.Contains(t, r.err, says)
			assert.Equal(t, 1, strings.Count(r.err, "\n"), r.err)
			assert.Contains(t, r.err, "-h", "the message names the help")
		})
	}
	r := run(t, "", nil, "status", "")
	assert.Equal(t, usage, r.status)
	assert.Contains(t, r.err, "USER is empty")
}

// Flags may come before and after the user name. After --, everything is an operand.
func TestFlagsAnywhere(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for _, name := range []string{"alice", "-json"} {
		srv.AddUser(cognitotest.User{Username: name, Password: password, TOTP: "JBSWY3DPEHPK3PXP"})
	}
	flags := on(srv)
	for _, args := range [][]string{
		slices.Concat([]string{"status", "alice"}, flags),
		slices.Concat([]string{"status"}, flags, []string{"alice"}),
		slices.Concat([]string{"status"}, flags[:2], []string{"alice"}, flags[2:]),
		slices.Concat([]string{"status"}, flags, []string{"--", "alice"}),
	} {
		r := run(t, "", nil, args...)
		assert.Equal(t, fine, r.status, r.err)
		assert.Contains(t, r.out, "user:      alice\n")
	}
	r := run(t, "", nil, slices.Concat([]string{"status"}, flags, []string{"--", "-json"})...)
	assert.Contains(t, r.out, "user:      -json\n")

	env := []string{"COGNITO_USER_POOL_ID=" + srv.UserPoolID}
	r = run(t, "", env, "status", "alice", "-endpoint", srv.URL)
	assert.Equal(t, fine, r.status, r.err)
}

// A lookup that fails is not a finding; the message says why.
func TestStatusFails(t *testing.T) {
	t.Parallel()
	denied := cognitotest.Error("AccessDeniedException",
		"User: arn:aws:iam::1:user/eve is not authorized")
	for name, c := range map[string]struct {
		args  []string
		env   []string
		fault *cognitotest.Fault
		says  string
	}{
		"no server": {
			args: []string{"-endpoint", "http://127.0.0.1:1"}, says: "no connection could be made",
		},
		"no credentials": {
			args: []string{"-endpoint", "https://127.0.0.1:1"}, says: "no AWS credentials found",
		},
		"no such profile": {
			args: []string{"-profile", "nobody"}, says: "failed to get shared config profile, nobody",
		},
		"http in the configuration": {
			env: []string{"AWS_ENDPOINT_URL=http://example.com"}, says: "use https",
		},
		"no right": {
			fault: &denied,
			says: "the AWS credentials lack the IAM permission cognito-idp:AdminGetUser on the user pool " +
				"(AccessDeniedException)\n" +
				"cognitomfa status: Cognito says: User: arn:aws:iam::1:user/eve is not authorized\n" +
				"cognitomfa status: cognitomfa doctor -policy -use support prints the minimal policy\n",
		},
		"other pool": {
			args: []string{"-user-pool-id", "us-east-1_Other"},
			says: "there is no such user pool: check -user-pool-id and -region",
		},
		"throttled": {
			fault: &cognitotest.Fault{Code: "TooManyRequestsException", Message: "Rate exceeded"},
			says:  "too many requests",
		},
		"escape sequences": {
			fault: &cognitotest.Fault{Code: "AccessDeniedException", Message: "\x1b[2J\nall is well"},
			says:  `Cognito says: "\x1b[2J\nall is well"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t)
			args := append([]string{"status", "alice"}, on(srv)...)
			if c.env != nil || name == "no such profile" {
				args = []string{"status", "alice", "-user-pool-id", srv.UserPoolID}
			}
			if c.fault != nil {
				srv.Fail("AdminGetUser", *c.fault, *c.fault, *c.fault)
			}
			r := run(t, "", c.env, append(args, c.args...)...)
			assert.Contains(t, r.err, c.says)
			assert.NotContains(t, r.err, "Config.", "flags, not the library's settings")
			assert.Empty(t, r.out)
			want := incomplete
			if name == "http in the configuration" {
				want = usage
			}
			assert.Equal(t, want, r.status)
		})
	}
}

// A local endpoint does not get the user's AWS credentials, unless a profile is named.
func TestLocalEndpointGetsNoRealCredentials(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	seen := make(chan string, 2)
	proxy := startProxy(t, srv, func(header map[string][]string) { seen <- fmt.Sprint(header) }, nil)
	env := []string{
		"AWS_ACCESS_KEY_ID=AKIAREAL",
		"AWS_SECRET_ACCESS_KEY=real",
		"AWS_SESSION_TOKEN=real-session",
	}
	args := []string{"status", "alice", "-endpoint", proxy, "-user-pool-id", srv.UserPoolID}
	r := run(t, "", env, args...)
	assert.Equal(t, found, r.status, r.err)
	header := <-seen
	assert.NotContains(t, header, "AKIAREAL")
	assert.NotContains(t, header, "real-session")

	home := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, "credentials"),
		[]byte("[desk]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = x\n"), 0o600))
	env = []string{"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "credentials")}
	r = run(t, "", env, append(args, "-profile", "desk")...)
	assert.Equal(t, found, r.status, r.err)
	assert.Contains(t, <-seen, "AKIAPROFILE")
}

func createClient(srv *cognitotest.Server, name string) *cip.CreateUserPoolClientInput {
	return &cip.CreateUserPoolClientInput{UserPoolId: &srv.UserPoolID, ClientName: &name}
}
