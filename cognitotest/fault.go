package cognitotest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Fault is a failure that a call meets instead of, before, or after being served. The zero Fault is
// none: queued, it lets one call pass. The constructors make the usual ones.
type Fault struct {
	// Delay is how long the call waits before anything else happens, by the real clock. It ends early if
	// the client goes away.
	Delay time.Duration

	// Code and Message, if Code is set, are the error of the response: an exception type such as
	// "NotAuthorizedException" and its text. Status is its HTTP status; 0 stands for the one that Cognito
	// gives it.
	Code, Message string
	Status        int

	// Drop closes the connection without a response, Cut in the middle of the response.
	Drop, Cut bool

	// Reset is Drop, or goes with Cut, and the connection is not closed but reset (TCP RST), as by a
	// server that crashed or a firewall in between. Over HTTP/2 it is the stream.
	Reset bool

	// Applied says that the call is served all the same, so that the client does not learn what it did.
	// Cut implies it: there has to be a response before it can be cut.
	Applied bool
}

// Error makes the response an exception type and a text, and the call is not served.
func Error(code, message string) Fault { return Fault{Code: code, Message: message} }

// ErrorAfter makes the response an error although the call was served.
func ErrorAfter(code, message string) Fault {
	return Fault{Code: code, Message: message, Applied: true}
}

// Throttle is TooManyRequestsException.
func Throttle() Fault { return Error("TooManyRequestsException", "Rate exceeded") }

// InternalError is an error with status 500; the call is not served.
func InternalError() Fault { return Error(internalError, "Internal error") }

// DropBefore closes the connection before the call is served.
func DropBefore() Fault { return Fault{Drop: true} }

// DropAfter closes the connection after the call was served: its response is lost.
func DropAfter() Fault { return Fault{Drop: true, Applied: true} }

// ResetBefore resets the connection before the call is served.
func ResetBefore() Fault { return Fault{Reset: true} }

// ResetAfter resets the connection after the call was served: its response is lost.
func ResetAfter() Fault { return Fault{Reset: true, Applied: true} }

// CutAnswer closes the connection in the middle of the response.
func CutAnswer() Fault { return Fault{Cut: true, Applied: true} }

// Delay makes the call wait by the real clock; it is served then.
func Delay(d time.Duration) Fault { return Fault{Delay: d} }

// Fail queues faults for the next calls of an operation, one for each; "" or "*" stands for any
// operation, once its own queue is empty. Without faults it forgets those that are still queued: for
// the operation, or for "" and "*" all of them. It panics if Cognito's API has no such operation, or if
// more than 10,000 faults would wait.
func (s *Server) Fail(operation string, faults ...Fault) {
	if err := s.TryFail(operation, faults...); err != nil {
		panic(err.Error())
	}
}

// TryFail is Fail for programs, whose faults come from people: what makes Fail panic is an error here.
func (s *Server) TryFail(operation string, faults ...Fault) error {
	if operation == "" {
		operation = anyOperation
	}
	if _, known := model.Operation(operation); !known && operation != anyOperation {
		return fmt.Errorf("cognitotest: Cognito's API has no operation %q; they are written as \"InitiateAuth\" is",
			operation)
	}
	return s.faults.add(operation, faults)
}

func (f Fault) wait(ctx context.Context) {
	if f.Delay <= 0 {
		return
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// served tells whether the call reaches the pool.
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

// reset resets the connection of a response. Where it cannot be had, aborting the handler does it.
func reset(w http.ResponseWriter) {
	if w, ok := w.(*response); ok {
		w.reset = true
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if below, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS would say goodbye first
		conn = below.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it Close is in order
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

// anyOperation is the queue that holds for every operation.
const anyOperation = "*"

// faultsKept is how many faults wait at most.
const faultsKept = 10_000

// faults are the queues of faults by operation.
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

// take takes the next fault of an operation, and counts with it against the queue of all.
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
