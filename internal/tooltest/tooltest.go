// Package tooltest has helpers for the tests of several packages: they find programs besides Go,
// set time limits, and buffer logs. Only tests import it.
//
// All tests pass on a computer with nothing but Go: a test that lacks a program is skipped and says
// what to install. With COGNITOMFA_REQUIRE_TOOLS=1, which make test sets, it fails instead.
package tooltest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Require is the environment variable that makes a missing tool a failure, with any value but the
// empty one.
const Require = "COGNITOMFA_REQUIRE_TOOLS"

// TB is the part of [testing.TB] that Need uses. The interface itself would link the testing
// package into everything that imports this one.
type TB interface {
	Helper()
	Context() context.Context
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Need returns the path of the first of these programs that is in PATH. If there is none, the test
// ends and names the Debian package to install.
func Need(t TB, debianPackage string, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, strings.Join(names, " or "), debianPackage)
	return ""
}

// NeedWorking returns the path of the first program with this name in PATH that succeeds with the
// arguments, because another Python may lack Debian's modules, and a shim may be broken. The
// message for a missing program calls it what.
func NeedWorking(t TB, debianPackage, what, name string, args ...string) string {
	t.Helper()
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(folder, name)
		//nolint:gosec // A test names the program.
		if exec.CommandContext(t.Context(), path, args...).Run() == nil {
			return path
		}
	}
	missing(t, what, debianPackage)
	return ""
}

func missing(t TB, what, debianPackage string) {
	t.Helper()
	Missing(t, what, "run make packages, or install the Debian package "+debianPackage)
}

// Missing ends a test that lacks something, with advice on how to get it.
func Missing(t TB, what, advice string) {
	t.Helper()
	if os.Getenv(Require) != "" {
		t.Fatalf("%s is missing: %s", what, advice)
		return
	}
	t.Skipf("%s is missing: %s", what, advice)
}

// T is the part of *testing.T that the package uses.
type T interface {
	TB
	Deadline() (time.Time, bool)
	Cleanup(func())
	Errorf(format string, args ...any)
}

var errTimeLimit = errors.New(
	"the test was stopped near the time limit of go test; -timeout sets another")

// Context returns a context for processes and requests of a test. It ends after all functions that
// the test registers with Cleanup from now on, or else shortly before go test's own time limit,
// while there is still time to end processes and print their output; the test then fails and names
// the limit. Tests have no other time limit, since any would be too short for some busy computer.
func Context(t T) context.Context {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(t.Context()))
	if end, limited := t.Deadline(); limited {
		left := time.Until(end)
		timer := time.AfterFunc(left-min(left/10, time.Minute), func() { cancel(errTimeLimit) })
		t.Cleanup(func() { timer.Stop() })
	}
	t.Cleanup(func() {
		cancel(nil)
		if err := context.Cause(ctx); errors.Is(err, errTimeLimit) {
			t.Errorf("%v", err)
		}
	})
	return ctx
}

// Until calls done in the test's goroutine until it returns true. At the limit of [Context] the
// test ends and says what it waited for.
func Until(t T, what string, done func() bool) {
	t.Helper()
	ctx := Context(t)
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited for %s", what)
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}
