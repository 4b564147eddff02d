package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/examples/internal/chromium"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// With this variable set, the test binary runs the demo, so that tests can start it as a process.
const asProgram = "COGNITOMFA_TEST_AS_PROGRAM"

// journal is what the programs of all tests have written to stderr.
var journal tooltest.Buffer

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	flag.Parse()
	code := m.Run()
	chromium.Stop()
	if err := checkJournal(journal.String()); err != nil {
		fmt.Println("FAIL: the log of all tests:", err)
		code = 1
	}
	os.Exit(code)
}

// secretShapes matches tokens, sessions, keys and codes.
var secretShapes = regexp.MustCompile(`eyJ[\w-]|AYABe|[A-Z2-7]{20}|otpauth:/|\b[0-9]{6}\b`)

// checkJournal searches the log of the programs for secrets.
func checkJournal(text string) error {
	for line := range strings.Lines(text) {
		// Time and duration are numbers, which can look like codes.
		var entry map[string]any
		if json.Unmarshal([]byte(line), &entry) == nil {
			delete(entry, "time")
			delete(entry, "duration_ms")
			said, _ := json.Marshal(entry)
			line = string(said)
		}
		if strings.Contains(line, password) || strings.Contains(line, username) ||
			secretShapes.MatchString(line) {
			return fmt.Errorf("a secret in %s", line)
		}
	}
	return nil
}

// command returns a command for the program, without the AWS settings of the environment.
func command(t *testing.T, args ...string) (cmd *exec.Cmd, stderr *tooltest.Buffer) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd = exec.CommandContext(tooltest.Context(t), self, args...)
	cmd.Env = []string{
		asProgram + "=1", "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true",
		"GOCOVERDIR=" + t.TempDir(), "PATH=" + os.Getenv("PATH"),
	}
	stderr = new(tooltest.Buffer)
	cmd.Stderr = io.MultiWriter(stderr, &journal)
	return cmd, stderr
}

// program is the running demo.
type program struct {
	cmd    *exec.Cmd
	keys   []string          // keys of the lines on stdout, in order
	lines  map[string]string // the lines, by key
	advice string            // the sentence at the end
	stderr *tooltest.Buffer
}

// start starts the demo and waits for its last line, which says what to open. The demo ends with
// the test, by Ctrl-C.
func start(t *testing.T, cmd *exec.Cmd, stderr *tooltest.Buffer) *program {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &program{cmd: cmd, lines: make(map[string]string), stderr: stderr}
	t.Cleanup(func() { p.end(t, os.Interrupt) })
	scanner := bufio.NewScanner(stdout)
	for scanner.Scan() {
		key, value, ok := strings.Cut(scanner.Text(), ": ")
		if !ok {
			if p.advice = scanner.Text(); p.advice != "" {
				return p
			}
			continue
		}
		p.keys = append(p.keys, key)
		p.lines[key] = value
	}
	t.Fatalf("the program did not say what to open; it said: %s", stderr)
	return nil
}

// end sends a signal to the program, which must exit without an error.
func (p *program) end(t *testing.T, signal os.Signal) {
	t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	assert.NoError(t, p.cmd.Process.Signal(signal))
	assert.NoError(t, p.cmd.Wait(), "the program must end with status 0; it said: %s", p.stderr)
}

// startEmbedded starts the demo with its own user pool, on free ports.
func startEmbedded(t *testing.T, args ...string) *program {
	t.Helper()
	cmd, stderr := command(t, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	return start(t, cmd, stderr)
}

// post sends a request to the program and returns the response.
func (p *program) post(t *testing.T, path string, body map[string]string) (int, map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, p.lines["web"]+path, bytes.NewReader(text),
	)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	return do(t, req)
}

func do(t *testing.T, req *http.Request) (int, map[string]any) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { assert.NoError(t, res.Body.Close()) }()
	var answer map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&answer))
	return res.StatusCode, answer
}

// signIn signs in with only the password and checks the identity.
func (p *program) signIn(t *testing.T, username, password string) {
	t.Helper()
	status, answer := p.post(
		t, "/signin", map[string]string{"userId": username, "userPassword": password},
	)
	require.Equal(t, http.StatusOK, status, answer)
	result, _ := answer["AuthenticationResult"].(map[string]any)
	require.NotEmpty(t, result, answer)

	req, err := http.NewRequestWithContext(
		t.Context(), http.MethodGet, p.lines["web"]+"/whoami", nil,
	)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+result["AccessToken"].(string))
	status, who := do(t, req)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, username, who["Username"])
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	p := startEmbedded(t)
	assert.Equal(t, []string{
		"web", "cognito", "region", "user-pool-id", "client-id", "username", "password",
	}, p.keys)
	assert.Equal(t, "To try it, open "+p.lines["web"]+" and sign in as alice; "+
		"to get a code without a phone, run oathtool --totp --base32 KEY "+
		"with the key that the set-up page shows.", p.advice)
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+$`, p.lines["web"])
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+$`, p.lines["cognito"])
	assert.Equal(t, "us-east-1", p.lines["region"])
	assert.True(t, strings.HasPrefix(p.lines["user-pool-id"], "us-east-1_"))
	p.signIn(t, p.lines["username"], p.lines["password"])
	p.end(t, syscall.SIGTERM)
}

// Other programs can use the embedded Cognito, such as a second demo.
func TestEmulator(t *testing.T) {
	t.Parallel()
	first := startEmbedded(t, "-region", "eu-west-1")
	cmd, stderr := command(t, "-addr", "127.0.0.1:0", "-endpoint", first.lines["cognito"],
		"-user-pool-id", first.lines["user-pool-id"], "-client-id", first.lines["client-id"])
	second := start(t, cmd, stderr)
	assert.Contains(t, second.advice, "sign in as a user of the pool;")
	for _, key := range []string{"cognito", "region", "user-pool-id", "client-id"} {
		assert.Equal(t, first.lines[key], second.lines[key])
	}
	second.signIn(t, first.lines["username"], first.lines["password"])
	second.end(t, os.Interrupt)
	assert.True(
		t, strings.HasPrefix(stderr.String(), "web: connecting to the user pool\n"), "at once",
	)
	assert.Contains(t, stderr.String(), "no AWS credentials found")
}

func TestClientSecret(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-of-more-than-24-characters"
	srv := cognitotest.NewServer(func(o *cognitotest.Options) {
		o.ClientSecret = strings.ReplaceAll(secret, "-", "")
	})
	defer srv.Close()
	srv.AddUser(cognitotest.User{Username: "bob", Password: "Passw0rd!"})
	args := []string{
		"-addr", "127.0.0.1:0", "-endpoint", srv.URL, "-user-pool-id", srv.UserPoolID,
		"-client-id", srv.ClientID, "-public",
	}

	t.Run("variable", func(t *testing.T) {
		cmd, stderr := command(t, args...)
		cmd.Env = append(cmd.Env, secretVariable+"="+srv.ClientSecret)
		start(t, cmd, stderr).signIn(t, "bob", "Passw0rd!")
	})
	t.Run("flag", func(t *testing.T) {
		cmd, stderr := command(t, append(args, "-client-secret", srv.ClientSecret)...)
		start(t, cmd, stderr).signIn(t, "bob", "Passw0rd!")
	})
	t.Run("missing", func(t *testing.T) {
		cmd, stderr := command(t, args...)
		p := start(t, cmd, stderr)
		status, answer := p.post(t, "/signin", map[string]string{
			"userId": "bob", "userPassword": "Passw0rd!",
		})
		assert.Equal(t, http.StatusInternalServerError, status)
		assert.Equal(t, "misconfigured", answer["error"].(map[string]any)["code"])
		p.end(t, os.Interrupt) // the log is complete then
		assert.Contains(t, stderr.String(), "app client's secret is missing or wrong",
			"the operator is told the reason")
	})
	for _, call := range srv.Calls() {
		assert.NotContains(t, call.Operation, "Admin", "a public client needs no IAM permissions")
	}
}

func TestMFAOff(t *testing.T) {
	t.Parallel()
	p := startEmbedded(t, "-mfa", "off")
	_, answer := p.post(
		t, "/signin", map[string]string{"userId": username, "userPassword": password},
	)
	status, answer := p.post(t, "/mfa", map[string]string{
		"AccessToken": answer["AuthenticationResult"].(map[string]any)["AccessToken"].(string),
	})
	assert.Equal(t, http.StatusForbidden, status)
	assert.Equal(t, "totp-disabled", answer["error"].(map[string]any)["code"])
}

func TestOpenAddress(t *testing.T) {
	t.Parallel()
	cmd, stderr := command(t, "-addr", ":0")
	p := start(t, cmd, stderr)
	assert.Regexp(t, `^http://localhost:\d+$`, p.lines["web"], "an address that a browser can open")
	p.signIn(t, username, password)
	p.end(t, os.Interrupt) // stderr is complete then
	assert.Contains(t, stderr.String(), "web: warning: other computers can reach")
}

func TestHelp(t *testing.T) {
	t.Parallel()
	cmd, stderr := command(t, "-h")
	out, err := cmd.Output()
	require.NoError(t, err)
	for _, name := range []string{
		"addr", "host", "cognito-addr", "mfa", "endpoint", "region", "user-pool-id", "client-id",
		"client-secret", "issuer", "public", "allow-origin",
	} {
		assert.Contains(t, string(out), "\n  -"+name)
	}
	assert.Empty(t, stderr.String())
}

// The demo only serves its own host names, so pages of other sites cannot use it by DNS rebinding.
func TestHosts(t *testing.T) {
	t.Parallel()
	p := startEmbedded(t, "-host", "demo.example.com", "-host", "demo.example.org")
	for host, want := range map[string]int{
		"":                      http.StatusOK,
		"localhost:8080":        http.StatusOK,
		"demo.example.com":      http.StatusOK,
		"demo.example.org:8080": http.StatusOK,
		"evil.example":          http.StatusMisdirectedRequest,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.lines["web"], nil)
		require.NoError(t, err)
		req.Host = host
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		assert.NoError(t, res.Body.Close())
		assert.Equal(t, want, res.StatusCode, host)
	}
	s := settings{addr: "demo.local:80", hosts: []string{"a"}}
	assert.Equal(t, []string{"localhost", "a", "demo.local"}, s.ownHosts())
}

// Misuse prints one line and exits with status 1.
func TestMisuse(t *testing.T) {
	t.Parallel()
	busy, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, busy.Close()) }) // The subtests are parallel.
	closed, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	srv := cognitotest.NewServer()
	t.Cleanup(srv.Close)

	pool := []string{"-user-pool-id", "eu-west-1_AbCdEfGhI", "-client-id", "1example23456789"}
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{
			name: "unknown flag", args: []string{"-color", "red"},
			want: "flag provided but not defined: -color; -h explains",
		},
		{name: "flag without a value", args: []string{"-addr"}, want: "flag needs an argument"},
		{name: "argument", args: []string{"serve"}, want: `unexpected argument "serve"`},
		{
			name: "mfa", args: []string{"-mfa", "sometimes"},
			want: `-mfa is optional, required or off, not "sometimes"`,
		},
		{
			name: "region", args: []string{"-region", "a b"},
			want: `"a b" is not the name of a region`,
		},
		{name: "issuer", args: []string{"-issuer", "a:b"}, want: "the issuer contains a colon"},
		{
			name: "origin", args: []string{"-allow-origin", "https://example.com/"},
			want: "not an origin",
		},
		{
			name: "busy address",
			args: []string{"-addr", busy.Addr().String()},
			want: "address already in use; choose another address with -addr",
		},
		{
			name: "busy Cognito address",
			args: []string{"-addr", "127.0.0.1:0", "-cognito-addr", busy.Addr().String()},
			want: "choose another address with -cognito-addr",
		},
		{name: "no address", args: []string{"-addr", "here"}, want: "missing port"},
		{name: "pool without client", args: pool[:2], want: "missing -client-id"},
		{name: "client without pool", args: pool[2:], want: "missing -user-pool-id"},
		{
			name: "endpoint alone", args: []string{"-endpoint", srv.URL},
			want: "missing -user-pool-id and -client-id",
		},
		{
			name: "secret alone",
			args: []string{"-client-secret", "123456789012345678901234"},
			want: "missing -user-pool-id and -client-id",
		},
		{
			name: "pool id", args: []string{"-user-pool-id", "AbCdEfGhI", "-client-id", "1"},
			want: "not the id of a user pool",
		},
		{
			name: "pool id with a space",
			args: []string{"-user-pool-id", "eu-west-1_a b", "-client-id", "1", "-public"},
			want: "UserPoolID",
		},
		{
			name: "region of a pool", args: append(pool, "-region", "EU/.."),
			want: `"EU/.." is not the name of a region`,
		},
		{
			name: "mfa of a pool", args: append(pool, "-mfa", "off"),
			want: "-mfa is for the embedded pool",
		},
		{
			name: "embedded address of a pool", args: append(pool, "-cognito-addr", "127.0.0.1:0"),
			want: "-cognito-addr is for the embedded pool",
		},
		{
			name: "endpoint", args: append(pool, "-endpoint", "127.0.0.1:9229"),
			want: "-endpoint is not a URL",
		},
		{name: "no credentials", args: pool, want: "no AWS credentials"},
		{
			name: "unreachable endpoint",
			args: append(pool, "-endpoint", "http://"+closed.Addr().String()),
			want: "the user pool cannot be reached",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cmd, stderr := command(t, test.args...)
			out, err := cmd.Output()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, 1, exit.ExitCode())
			assert.Empty(t, out)
			said := strings.TrimPrefix(stderr.String(), "web: connecting to the user pool\n")
			said = strings.TrimPrefix(
				said,
				"web: no AWS credentials found; signing with made-up ones, which emulators accept\n",
			)
			assert.True(t, strings.HasPrefix(said, "web: "), said)
			assert.Contains(t, said, test.want)
			assert.Equal(t, 1, strings.Count(said, "\n"), said)
		})
	}
}

// An emulator without public keys is enough if it responds.
func TestEmulatorWithoutKeys(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	bare := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	go func() { assert.ErrorIs(t, bare.Serve(listener), http.ErrServerClosed) }()
	defer func() { assert.NoError(t, bare.Close()) }()

	cmd, stderr := command(t, "-addr", "127.0.0.1:0", "-public",
		"-endpoint", "http://"+listener.Addr().String(),
		"-user-pool-id", "local_AbCdEfGhI", "-client-id", "1example23456789")
	start(t, cmd, stderr).end(t, os.Interrupt)
	assert.Contains(t, stderr.String(), "web: warning: the pool has no public keys")
}

// Ctrl-C does not wait for clients that have sent half a request.
func TestEndWithOpenConnections(t *testing.T) {
	t.Parallel()
	p := startEmbedded(t)
	address := strings.TrimPrefix(p.lines["web"], "http://")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	_, err = conn.Write([]byte("POST /signin HTTP/1.1\r\n" +
		"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"))
	require.NoError(t, err)
	// This request shows that the program has received the half one.
	status, _ := p.post(
		t, "/signin", map[string]string{"userId": username, "userPassword": password},
	)
	require.Equal(t, http.StatusOK, status)
	p.end(t, os.Interrupt)
	_, err = conn.Read(make([]byte, 1))
	assert.True(t, errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET), err)
	assert.NoError(t, conn.Close())
}
