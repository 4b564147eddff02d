// Package runtimeapi emulates AWS Lambda for one function: it starts the executable, serves the
// Lambda Runtime API to it on a loopback port, and sends it one event after the other. It is for
// tests and benchmarks.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cognitomfa/cognitomfa/internal/loopback"
)

// Invocation is one event for a function.
type Invocation struct {
	ID       string // the request ID
	Payload  []byte
	Deadline time.Time // the default is in a minute
}

// Result is the result of an invocation.
type Result struct {
	Payload []byte    // the response or the error
	Failed  bool      // Payload is an error
	At      time.Time // when it came
}

// Function is a running executable. It is safe for concurrent use; the executable gets one event at
// a time, as from Lambda.
type Function struct {
	cmd    *exec.Cmd
	server *http.Server
	queue  chan *running
	exited chan struct{} // closed when the process has ended and err is set
	err    error

	mu      sync.Mutex
	current *running
}

// running is a pending invocation.
type running struct {
	Invocation
	result chan Result // has room for one
}

// ErrExited is returned if the process has ended, or ends without a response.
var ErrExited = errors.New("the function's process has ended")

// Start starts the executable. Its environment is env and the address of the Runtime API; its
// output goes to stdout and stderr. The process ends with the context or with Close.
func Start(
	ctx context.Context, executable string, env []string, stdout, stderr io.Writer,
) (*Function, error) {
	listener, err := loopback.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &Function{queue: make(chan *running), exited: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", f.done)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", f.done)
	f.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = f.server.Serve(listener) }()

	f.cmd = exec.CommandContext(ctx, executable)
	f.cmd.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String()}, env...)
	f.cmd.Stdout, f.cmd.Stderr = stdout, stderr
	if err := f.cmd.Start(); err != nil {
		_ = f.server.Close()
		return nil, err
	}
	go func() {
		f.err = f.cmd.Wait()
		close(f.exited)
	}()
	return f, nil
}

// Pid returns the process ID.
func (f *Function) Pid() int { return f.cmd.Process.Pid }

// Wait waits until the process ends and returns its exit status.
func (f *Function) Wait() (int, error) {
	<-f.exited
	var exit *exec.ExitError
	if f.err != nil && !errors.As(f.err, &exit) {
		return 0, f.err
	}
	return f.cmd.ProcessState.ExitCode(), nil
}

// Close kills the process, as Lambda does.
func (f *Function) Close() {
	_ = f.cmd.Process.Kill() // It may have ended already.
	<-f.exited
	_ = f.server.Close()
}

// Invoke sends the function an event and waits for the result.
func (f *Function) Invoke(ctx context.Context, i Invocation) (Result, error) {
	if i.Deadline.IsZero() {
		i.Deadline = time.Now().Add(time.Minute)
	}
	r := &running{Invocation: i, result: make(chan Result, 1)}
	select {
	case f.queue <- r:
	case <-f.exited:
		return Result{}, ErrExited
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	select {
	case result := <-r.result:
		return result, nil
	case <-f.exited:
		return Result{}, ErrExited
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// next responds with the next event once there is one.
func (f *Function) next(w http.ResponseWriter, r *http.Request) {
	var next *running
	select {
	case next = <-f.queue:
	case <-r.Context().Done():
		return
	}
	f.mu.Lock()
	f.current = next
	f.mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", next.ID)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(next.Deadline.UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn",
		"arn:aws:lambda:us-east-1:123456789012:function:function")
	h.Set("Lambda-Runtime-Trace-Id",
		"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0")
	_, _ = w.Write(next.Payload) // If the function is gone, Invoke notices.
}

// done receives a response or an error.
func (f *Function) done(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(r.Body)
	f.mu.Lock()
	current := f.current
	if err != nil || current == nil || current.ID != r.PathValue("id") {
		f.mu.Unlock()
		answer(w, http.StatusBadRequest,
			`{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
		return
	}
	f.current = nil
	f.mu.Unlock()
	answer(w, http.StatusAccepted, `{"status":"OK"}`)
	current.result <- Result{Payload: body, Failed: strings.HasSuffix(r.URL.Path, "/error"), At: at}
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, body) // An error means that the function is gone.
}
