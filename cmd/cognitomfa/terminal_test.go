//go:build unix

package main_test

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/term"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// terminal is a run of the program on a terminal.
type terminal struct {
	t           *testing.T
	cmd         *exec.Cmd
	inner       *os.File // the program's side, kept open to read its settings
	outer       *os.File
	settings    *term.State // before the program started
	mu          sync.Mutex
	more        *sync.Cond
	shown       string
	expected    int // the part of shown that expect has passed
	disappeared bool
}

func onTerminal(t *testing.T, extra []string, args ...string) *terminal {
	t.Helper()
	outer, inner, err := pty.Open()
	require.NoError(t, err)
	settings, err := term.GetState(int(inner.Fd()))
	require.NoError(t, err)
	tty := &terminal{t: t, inner: inner, outer: outer, settings: settings}
	tty.more = sync.NewCond(&tty.mu)
	tty.cmd = exec.CommandContext(tooltest.Context(t), program, args...)
	tty.cmd.Env = environment(t, append(extra, "TERM=xterm")...)
	tty.cmd.Stdin, tty.cmd.Stdout, tty.cmd.Stderr = inner, inner, inner
	tty.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, tty.cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tty.copy()
	}()
	t.Cleanup(func() {
		_ = inner.Close()
		_ = outer.Close()
		<-ended
	})
	return tty
}

// copy records what the terminal shows.
func (tty *terminal) copy() {
	part := make([]byte, 4096)
	for {
		n, err := tty.outer.Read(part)
		tty.mu.Lock()
		tty.shown += string(part[:n])
		tty.disappeared = err != nil
		tty.more.Broadcast()
		tty.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// expect waits until the terminal shows text, after all previously expected texts.
func (tty *terminal) expect(text string) {
	tty.t.Helper()
	tty.mu.Lock()
	defer tty.mu.Unlock()
	for {
		if at := strings.Index(tty.shown[tty.expected:], text); at >= 0 {
			tty.expected += at + len(text)
			return
		}
		require.False(tty.t, tty.disappeared, "%q does not come after:\n%s", text, tty.shown)
		tty.more.Wait()
	}
}

func (tty *terminal) enter(line string) { tty.press(line + "\r") }

func (tty *terminal) press(keys string) {
	tty.t.Helper()
	_, err := tty.outer.WriteString(keys)
	require.NoError(tty.t, err)
}

// end waits for the program to end, checks that the terminal's settings are restored, and returns
// the exit status and everything shown.
func (tty *terminal) end() (int, string) {
	tty.t.Helper()
	_ = tty.cmd.Wait() // The exit status has the result.
	now, err := term.GetState(int(tty.inner.Fd()))
	require.NoError(tty.t, err)
	assert.Equal(tty.t, tty.settings, now, "the terminal's settings")
	_, err = tty.inner.WriteString("that is all")
	require.NoError(tty.t, err)
	tty.expect("that is all")
	tty.mu.Lock()
	defer tty.mu.Unlock()
	text := strings.ReplaceAll(tty.shown, "\r\n", "\n")
	assertNoSecret(tty.t, text)
	return tty.cmd.ProcessState.ExitCode(), text
}

func TestTerminalShowsNoPasswordsOrCodes(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
	tty := onTerminal(t, nil, append([]string{"sign-in"}, on(srv)...)...)
	tty.expect("User name: ")
	tty.enter("alice")
	tty.expect("Password: ")
	tty.enter(password)
	tty.expect("Code from the authenticator app: ")
	code := srv.Code("alice")
	tty.enter(code)
	tty.expect("signed in: alice")
	status, text := tty.end()
	assert.Equal(t, fine, status)
	assert.NotContains(t, text, code)
	assert.Contains(t, text, "User name: alice\n", "other input is shown")
}

// Ctrl-C ends the program at any question, and the terminal's settings are restored.
func TestInterruptedQuestion(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
	for name, questions := range map[string][]string{
		"name":     {"User name: "},
		"password": {"User name: ", "Password: "},
		"code":     {"User name: ", "Password: ", "Code from the authenticator app: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := []string{"alice", password}
			tty := onTerminal(t, nil, append([]string{"sign-in"}, on(srv)...)...)
			for i, q := range questions {
				tty.expect(q)
				if i < len(questions)-1 {
					tty.enter(answers[i])
				}
			}
			tty.press("\x03")
			tty.expect("cognitomfa sign-in: stopped")
			status, _ := tty.end()
			assert.Equal(t, incomplete, status)
		})
	}
}

// The user name confirms a reset.
func TestResetOnTerminal(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
	reset := func(typed string) int {
		tty := onTerminal(t, nil, append([]string{"reset", "alice", "-sign-out"}, on(srv)...)...)
		tty.expect("This removes the authenticator of alice in the user pool " +
			srv.UserPoolID + ".")
		tty.expect("Type the user name to confirm: ")
		tty.enter(typed)
		status, _ := tty.end()
		return status
	}
	assert.Equal(t, found, reset("y"))
	assert.Empty(t, srv.Calls())
	assert.Equal(t, fine, reset("alice"))
	assert.Empty(t, srv.User("alice").Methods)
}

// On a terminal an enrollment shows a QR code, and asks before it replaces an authenticator.
func TestEnrollOnTerminal(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: totp})
	begin := func(code string) *terminal {
		tty := onTerminal(t, nil, append([]string{"enroll", "alice"}, on(srv)...)...)
		tty.expect("Password: ")
		tty.enter(password)
		tty.expect("Code from the authenticator app: ")
		tty.enter(code)
		tty.expect("An authenticator is already set up. Replace it? [y/N]: ")
		return tty
	}
	tty := begin(srv.Code("alice"))
	tty.enter("")
	tty.expect("nothing was changed")
	status, _ := tty.end()
	assert.Equal(t, found, status)

	tty = begin(srv.NextCode("alice"))
	tty.enter("y")
	tty.expect("▀")
	tty.expect("Scan this with an authenticator app, or enter the key: ")
	tty.expect("First code from the authenticator app: ")
	tty.enter(srv.Code("alice")) // of the new key
	tty.expect("enrolled:  the authenticator app")
	status, text := tty.end()
	assert.Equal(t, fine, status)
	assert.NotContains(t, text, "otpauth://")
}

// A new password is typed twice.
func TestNewPasswordOnTerminal(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.AddUser(cognitotest.User{
		Username: "alice", Password: password, Status: "FORCE_CHANGE_PASSWORD",
	})
	tty := onTerminal(t, nil, append([]string{"sign-in", "alice"}, on(srv)...)...)
	tty.expect("Password: ")
	tty.enter(password)
	for _, second := range []string{"a typo", password + "?"} {
		tty.expect("New password: ")
		tty.enter(password + "?")
		tty.expect("New password again: ")
		tty.enter(second)
	}
	tty.expect("signed in: alice")
	status, text := tty.end()
	assert.Equal(t, fine, status)
	assert.Equal(t, 1, strings.Count(text, "The passwords do not match."))
}

// On a terminal a report asks before it starts, because it costs money, and shows its progress.
func TestReportOnTerminal(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	without := addUsers(srv, 100)
	tty := onTerminal(t, nil, append([]string{"report", "-rate", "1000"}, on(srv)...)...)
	tty.expect("Looking up about 100 users costs money: " +
		"Cognito counts each as a monthly active user.")
	tty.expect("Start? [y/N]: ")
	tty.enter("n")
	tty.expect("nothing was looked up")
	status, _ := tty.end()
	assert.Equal(t, found, status)
	assert.NotContains(t, operations(srv), "AdminGetUser")

	tty = onTerminal(t, nil, append([]string{"report", "-rate", "1000"}, on(srv)...)...)
	tty.expect("Start? [y/N]: ")
	tty.enter("yes")
	tty.expect("looked up: 0 of about 100, without MFA: 0")
	tty.expect("looked up: 60 of about 100, without MFA: 40")
	tty.expect("users without MFA: 66")
	status, text := tty.end()
	assert.Equal(t, found, status)
	for _, user := range without {
		assert.Contains(t, text, user+"\n")
	}
}

// Levels are colored on a terminal, except with NO_COLOR.
func TestColors(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for variable, colored := range map[string]bool{"X=1": true, "NO_COLOR=1": false} {
		tty := onTerminal(t, []string{variable}, append([]string{"doctor"}, on(srv)...)...)
		tty.expect("No failures or risks found")
		_, text := tty.end()
		assert.Equal(t, colored, strings.Contains(text, "\x1b[1mnote\x1b[0m: mfa-optional"), text)
	}
}
