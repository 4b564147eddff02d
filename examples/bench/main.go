// Command bench compares the command cognitotest with cognito-local, a Cognito emulator for
// Node.js. It measures the time from process start to the first sign-in, and then every call from a
// new user to one who signed in with a code. Both get the same calls from the same SDK client, in
// turn. The figures are medians in milliseconds; a ratio below 1 means that cognitotest took less.
//
// Run it with make bench, which installs cognito-local.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	starts := flag.Int("starts", 15, "how many times each emulator is started")
	users := flag.Int("users", 150, "how many users each is taken through every call with")
	modules := flag.String("modules", "node_modules",
		"the `folder` that npm installed cognito-local in")
	flag.Parse()
	if err := run(context.Background(), *modules, *starts, *users); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, modules string, starts, users int) error {
	work, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()

	own := filepath.Join(work, "cognitotest")
	//nolint:gosec // The path is made here.
	build := exec.CommandContext(
		ctx, "go", "build", "-o", own, "github.com/cognitomfa/cognitomfa/cmd/cognitotest",
	)
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, text)
	}
	script, err := filepath.Abs(filepath.Join(modules, "cognito-local", "lib", "bin", "start.js"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(script); err != nil {
		return fmt.Errorf("cognito-local is not installed; make bench does that: %w", err)
	}
	sides := [2]emulator{
		{name: "cognitotest", arguments: func(port string) []string {
			return []string{own, "-addr", "127.0.0.1:" + port}
		}},
		{name: "cognito-local", arguments: func(string) []string { return []string{"node", script} }},
	}

	var took [2]figures
	for i := range starts {
		// The second may find a warmer machine, so they swap places each round.
		for j := range sides {
			side := (i + j) % 2
			p, ready, err := sides[side].start(ctx, work)
			if err != nil {
				return fmt.Errorf("%s: %w", sides[side].name, err)
			}
			p.stop()
			took[side].add("start to first sign-in", ready)
		}
	}

	var processes [2]*process
	for side := range sides {
		p, _, err := sides[side].start(ctx, work)
		if err != nil {
			return fmt.Errorf("%s: %w", sides[side].name, err)
		}
		defer p.stop()
		processes[side] = p
	}
	for i := range users {
		for j := range processes {
			side := (i + j) % 2
			name := fmt.Sprintf("user%d@example.com", i)
			if err := processes[side].visit(ctx, name, &took[side]); err != nil {
				return fmt.Errorf("%s: %w", sides[side].name, err)
			}
		}
	}

	fmt.Printf("%-32s %13s %13s %7s\n", "median", sides[0].name, sides[1].name, "ratio")
	for i, own := range took[0] {
		other := took[1][i]
		fmt.Printf("%-32s %10.2f ms %10.2f ms %7.3f\n",
			own.call, own.median(), other.median(), own.median()/other.median())
	}
	return nil
}

// figures are the measurements of one emulator, in order.
type figures []*figure

type figure struct {
	call string
	took []time.Duration
}

func (f *figures) add(call string, took time.Duration) {
	for _, known := range *f {
		if known.call == call {
			known.took = append(known.took, took)
			return
		}
	}
	*f = append(*f, &figure{call, []time.Duration{took}})
}

// median is in milliseconds.
func (f *figure) median() float64 {
	slices.Sort(f.took)
	return float64(f.took[len(f.took)/2].Microseconds()) / 1000
}

// emulator is a program that emulates Cognito.
type emulator struct {
	name      string
	arguments func(port string) []string
}

// process is a running emulator with a user pool.
type process struct {
	pool
	cmd *exec.Cmd
}

// start runs the emulator, creates a pool and signs in its first user. It returns how long that
// took.
func (e emulator) start(ctx context.Context, work string) (*process, time.Duration, error) {
	folder, err := os.MkdirTemp(work, "data") // cognito-local writes its data to where it is run
	if err != nil {
		return nil, 0, err
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, 0, err
	}
	arguments := e.arguments(port)
	//nolint:gosec // The programs are those of run.
	cmd := exec.CommandContext(ctx, arguments[0], arguments[1:]...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "HOST=127.0.0.1", "PORT="+port)

	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	p := &process{cmd: cmd}
	if err := listening(ctx, "127.0.0.1:"+port); err != nil {
		p.stop()
		return nil, 0, err
	}
	if p.pool, err = newPool(ctx, "http://127.0.0.1:"+port); err == nil {
		err = p.firstSignIn(ctx)
	}
	if err != nil {
		p.stop()
		return nil, 0, err
	}
	return p, time.Since(begin), nil
}

func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func freePort(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, errors.Join(err, listener.Close())
}

// listening waits until the address accepts connections.
func listening(ctx context.Context, address string) error {
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no listener at %s after %s: %w", address, patience, err)
		case <-time.After(time.Millisecond):
		}
	}
}
