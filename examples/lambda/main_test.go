package lambda_test

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	// The functions are built by another process. These imports keep go test from reusing a cached
	// result after a change to them.
	_ "github.com/cognitomfa/cognitomfa/examples/lambda/gateway"
	_ "github.com/cognitomfa/cognitomfa/examples/mfaweb/pages"

	"github.com/cognitomfa/cognitomfa/examples/internal/chromium"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// dist is the folder of the archives and of the executables unpacked from them, which have the
// names of the functions.
var dist string

// names are the functions that serve the paths of the interface.
var names = []string{"mfa", "verify", "signin", "mfasignin", "refresh"}

// others are the other functions.
var others = []string{"pages", "authorizer", "hello"}

// TestMain packs the functions like `make build`, runs the tests, and then checks everything that
// the functions have written.
func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if runtime.GOOS != "linux" {
		_, _ = fmt.Fprintln(os.Stderr, "SKIP: the functions are executables for Linux")
		return 0
	}
	var err error
	if dist, err = os.MkdirTemp("", "lambda"); err != nil {
		return failed(err)
	}
	defer func() { _ = os.RemoveAll(dist) }()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	if limit := flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration); limit > 0 {
		defer time.AfterFunc(limit, func() { cancel(errTimeLimit) }).Stop()
	}
	if err := pack(ctx, dist); err != nil {
		return failed(errors.Join(err, context.Cause(ctx)))
	}
	if err := touch(); err != nil {
		return failed(err)
	}
	for _, name := range slices.Concat(names, others) {
		if err := unpack(name); err != nil {
			return failed(err)
		}
	}
	status := m.Run()
	chromium.Stop()
	// A subset of the tests writes too little to show that the check works.
	if err := logs.check(flag.Lookup("test.run").Value.String() == ""); err != nil {
		return failed(err)
	}
	return status
}

var errTimeLimit = errors.New("building the functions took as long as go test may run: " +
	"run make -C examples/lambda build first, or set -timeout")

// touch stats the sources of the commands, which cannot be imported, so that go test does not reuse
// a cached result after they change.
func touch() error {
	sources, err := filepath.Glob("*/*.go")
	for _, source := range sources {
		if _, err := os.Stat(source); err != nil {
			return err
		}
	}
	return err
}

func failed(err error) int {
	_, _ = fmt.Fprintln(os.Stderr, "FAIL:", err)
	return 1
}

// pack builds the archives of all functions in a folder.
func pack(ctx context.Context, folder string, flags ...string) error {
	arguments := append([]string{"run", "./pack", "-dist", folder}, flags...)
	cmd := exec.CommandContext(ctx, "go", arguments...)
	cmd.WaitDelay = time.Second // processes that go run has started may hold the pipe
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

func unpack(name string) error {
	archive, err := zip.OpenReader(filepath.Join(dist, name+"-"+runtime.GOARCH+".zip"))
	if err != nil {
		return err
	}
	defer func() { _ = archive.Close() }()
	text, err := fs.ReadFile(archive, "bootstrap")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dist, name), text, 0o700)
}

// logs is everything that the functions have written, and the secrets that must not be in it.
var logs = &journal{secrets: map[string]string{}}

type journal struct {
	tooltest.Buffer

	mu      sync.Mutex
	secrets map[string]string // descriptions by secret
}

// forbid records secrets that no function may write.
func (j *journal) forbid(what string, secrets ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, secret := range secrets {
		if secret != "" {
			j.secrets[secret] = what
		}
	}
}

// check checks that the journal is lines of JSON with a request ID and an outcome, without secrets.
// It skips times and durations, which can contain the six digits of a code.
func (j *journal) check(all bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(j.String()), "\n")
	if all && (len(lines) < 100 || len(j.secrets) < 50) {
		return fmt.Errorf("%d lines and %d secrets: the tests have not tested this",
			len(lines), len(j.secrets))
	}
	for _, line := range lines {
		if line == "" {
			continue
		}
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			return fmt.Errorf("a line of the log is no JSON: %q", line)
		}
		// The SDK's warnings have no outcome, and aws-lambda-go adds a line for each event that
		// ended in an error.
		message, _ := entry["msg"].(string)
		foreign := message == "sdk" || strings.Contains(message, "errorMessage")
		if !foreign && (entry["request_id"] == nil || entry["outcome"] == nil) {
			return fmt.Errorf("a line of the log lacks request id or outcome: %q", line)
		}
		delete(entry, "time")
		delete(entry, "duration_ms")
		rest, err := json.Marshal(entry)
		if err != nil {
			return err
		}
		for secret, what := range j.secrets {
			if strings.Contains(string(rest), secret) {
				return fmt.Errorf("a line of the log holds a %s: %q", what, line)
			}
		}
	}
	return nil
}
