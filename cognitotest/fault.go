package cognitotest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Fault is a failure of a call, before it is served, after, or in its place. The zero Fault is
// none: it lets one call pass. The functions below return the usual faults.
type Fault struct {
	// Delay is how long the call waits before anything else happens, by the real clock. It ends
	// early if the client goes away.
	Delay time.Duration

	// Code and Message are the error of the response: an exception type such as
	// "NotAuthorizedException" and its text. Status is the HTTP status; 0 means the one that
	// Cognito uses. Without a Code, the other two have to be left out.
	Code, Message string
	Status        int

	// Drop closes the connection without a response, Cut in the middle of it.
	Drop, Cut bool

	// Reset resets the connection (TCP RST), as a server that crashes or a firewall does. With Cut
	// it does so in the middle of the response, otherwise it implies Drop. Over HTTP/2 it resets
	// the stream.
	Reset bool

	// Applied serves the call all the same, so the client does not learn what it did. Cut implies
	// it: there has to be a response to cut.
	Applied bool
}

// Error responds with an exception; the call is not served.
func Error(code, message string) Fault { return Fault{Code: code, Message: message} }

// ErrorAfter serves the call, and responds with an exception.
func ErrorAfter(code, message string) Fault {
	return Fault{Code: code, Message: message, Applied: true}
}

// Throttle is TooManyRequestsException.
func Throttle() Fault { return Error("TooManyRequestsException", "Rate exceeded") }

// InternalError is InternalErrorException, with status 500; the call is not served.
func InternalError() Fault { return Error(internalError, "Internal error") }

// DropBefore closes the connection before the call is served.
func DropBefore() Fault { return Fault{Drop: true} }

// DropAfter serves the call and closes the connection without a response.
func DropAfter() Fault { return Fault{Drop: true, Applied: true} }

// ResetBefore resets the connection before the call is served.
func ResetBefore() Fault { return Fault{Reset: true} }

// ResetAfter serves the call and resets the connection without a response.
func ResetAfter() Fault { return Fault{Reset: true, Applied: true} }

// CutAnswer serves the call and closes the connection in the middle of the response.
func CutAnswer() Fault { return Fault{Cut: true, Applied: true} }

// Delay serves the call after a wait, by the real clock.
func Delay(d time.Duration) Fault { return Fault{Delay: d} }

// Fail queues faults for the next calls of an operation, one fault per call. "" or "*" stands for
// any operation whose own queue is empty. Without faults, Fail clears the operation's queue; for ""
// and "*" it clears all queues. It panics if Cognito's API has no such operation, if a fault is
// invalid, or if more than 10,000 faults would be queued.
func (s *Server) Fail(operation string, faults ...Fault) {
	if err := s.TryFail(operation, faults...); err != nil {
		panic(err.Error())
	}
}

// TryFail is Fail for programs whose faults come from users: it returns an error where Fail panics.
func (s *Server) TryFail(operation string, faults ...Fault) error {
	if operation == "" {
		operation = anyOperation
	}
	if _, known := model.Operation(operation); !known && operation != anyOperation {
		return fmt.Errorf(
			"cognitotest: Cognito's API has no operation %q; they are written as \"InitiateAuth\" is",
			operation)
	}
	for _, f := range faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("cognitotest: %w", err)
		}
	}
	return s.faults.add(operation, faults)
}

// check finds what would have no effect, or could not be sent.
func (f Fault) check() error {
	switch {
	case f.Delay < 0:
		return errors.New("the Delay of a fault is negative")
	case f.Code == "" && (f.Message != "" || f.Status != 0):
		return errors.New("a fault has a Message or a Status, but no Code")
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return fmt.Errorf("the Status %d of a fault is not from 400 to 599", f.Status)
	}
	return nil
}

func (f Fault) wait(ctx context.Context) {
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// served reports whether the call is served.
func (f Fault) served() bool {
	return f.Applied || f.Cut || f.Code == "" && !f.Drop && !f.Reset
}

// breakOff closes or resets the connection, and ends the handler.
func (f Fault) breakOff(w http.ResponseWriter) {
	if f.Reset {
		reset(w)
	}
	panic(http.ErrAbortHandler)
}

// reset resets the connection of a response. If that cannot be hijacked (HTTP/2), aborting the
// handler resets the stream.
func reset(w http.ResponseWriter) {
	if w, ok := w.(*response); ok {
		w.reset = true
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if below, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS would send a close_notify
		conn = below.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // makes Close send a RST
	}
	_ = conn.Close()
}

// cutter sends half of a body and breaks off.
type cutter struct {
	http.ResponseWriter

	fault Fault
}

func (c cutter) Write(body []byte) (int, error) {
	_, _ = c.ResponseWriter.Write(body[:len(body)/2])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	c.fault.breakOff(c.ResponseWriter)
	return 0, nil
}

// anyOperation names the queue for all operations.
const anyOperation = "*"

// faultsKept is the maximum number of queued faults.
const faultsKept = 10_000

// faults has the queued faults of each operation.
type faults struct {
	mu      sync.Mutex
	queues  map[string][]Fault
	waiting int
}

func (f *faults) add(operation string, queue []Fault) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case len(queue) > faultsKept-f.waiting:
		return fmt.Errorf("cognitotest: no more than %d faults can wait", faultsKept)
	case len(queue) > 0:
		if f.queues == nil {
			f.queues = map[string][]Fault{}
		}
		f.queues[operation] = append(f.queues[operation], queue...)
		f.waiting += len(queue)
	case operation == anyOperation:
		f.queues, f.waiting = nil, 0
	default:
		f.waiting -= len(f.queues[operation])
		delete(f.queues, operation)
	}
	return nil
}

// take removes the next fault of an operation from its queue, or else from the queue for all.
func (f *faults) take(operation string) (fault Fault, found bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range []string{operation, anyOperation} {
		if queue := f.queues[name]; len(queue) > 0 {
			f.queues[name] = queue[1:]
			f.waiting--
			return queue[0], true
		}
	}
	return Fault{}, false
}
