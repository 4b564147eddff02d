// Package runtimeapi plays the part of AWS Lambda to one function: it starts the executable, serves
// the Lambda Runtime API to it on a port of the loopback interface, and hands it one event after
// the other. It is for tests and benchmarks.
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
	ID       string // the request id
	Payload  []byte
	Deadline time.Time // default: in a minute
}

// Result is what the function made of it.
type Result struct {
	Payload []byte    // the response, or the description of the error
	Failed  bool      // it is an error
	At      time.Time // when it came
}

// Function is a running executable. Its methods may be called from many goroutines; it is given one
// event at a time, as by Lambda.
type Function struct {
	cmd    *exec.Cmd
	server *http.Server
	queue  chan *running
	exited chan struct{} // closed when the process has ended; err is set then
	err    error

	mu      sync.Mutex
	current *running
}

// running is an invocation on its way.
type running struct {
	Invocation
	result chan Result // takes one
}

// ErrExited is returned where the process has ended, or ends, instead of answering.
var ErrExited = errors.New("the function's process has ended")

// Start starts the executable with nothing in its environment but env and where the Runtime API is.
// What it writes goes to stdout and stderr. When the context ends, or with Close, so does the
// process.
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

// Pid is the process's id.
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

// Close ends the process, as Lambda does: without asking.
func (f *Function) Close() {
	_ = f.cmd.Process.Kill() // It may have ended by itself.
	<-f.exited
	_ = f.server.Close()
}

// Invoke hands the function an event and waits for what it makes of it.
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

// next answers with the next event, as soon as there is one.
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
	_, _ = w.Write(next.Payload) // If the function has gone, Invoke learns it.
}

// done takes a response or an error.
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
	_, _ = fmt.Fprintln(w, body) // Whom it does not reach has gone.
}
