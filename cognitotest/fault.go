package cognitotest

import (
	"context"
	"sync"
	"time"
)

// Fault is a mishap that a call meets instead of, before, or after being served. The zero Fault is none: queued, it lets one call pass. The
// constructors make the usual ones.
type Fault struct {
	// Delay is how long the call waits before anything else happens, by the real clock. It ends early if the client goes away.
	Delay time.Duration

	// Code and Message, if Code is set, are the error that is answered: an exception type such as "NotAuthorizedException" and its text.
	// Status is its HTTP status; 0 stands for the one that Cognito gives it.
	Code, Message string
	Status        int

	// Drop closes the connection without an answer, Cut in the middle of the answer.
	Drop, Cut bool

	// Applied says that the call is served all the same, so that the client does not learn what it did. Cut needs no word of it: there has to be
	// an answer before it can be cut.
	Applied bool
}

// Error is answered with an exception type and a text, and the call not served.
func Error(code, message string) Fault { return Fault{Code: code, Message: message} }

// ErrorAfter is answered with an error although the call was served.
func ErrorAfter(code, message string) Fault {
	return Fault{Code: code, Message: message, Applied: true}
}

// Throttle is TooManyRequestsException.
func Throttle() Fault { return Error(typeTooManyRequests, "Rate exceeded") }

// InternalError is answered with status 500; the call is not served.
func InternalError() Fault { return Error(typeInternal, "Internal error") }

// DropBefore closes the connection before the call is served.
func DropBefore() Fault { return Fault{Drop: true} }

// DropAfter closes the connection after the call was served: its answer is lost.
func DropAfter() Fault { return Fault{Drop: true, Applied: true} }

// CutAnswer closes the connection in the middle of the answer.
func CutAnswer() Fault { return Fault{Cut: true, Applied: true} }

// Delay makes the call wait by the real clock; it is served then.
func Delay(d time.Duration) Fault { return Fault{Delay: d} }

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
func (f Fault) served() bool { return f.Applied || f.Cut || f.Code == "" && !f.Drop }

// anyOperation is the queue that holds for every operation.
const anyOperation = "*"

// faults are the queues of faults by operation.
type faults struct {
	mu     sync.Mutex
	queues map[string][]Fault
}

func (f *faults) add(operation string, queue []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case len(queue) > 0:
		if f.queues == nil {
			f.queues = map[string][]Fault{}
		}
		f.queues[operation] = append(f.queues[operation], queue...)
	case operation == anyOperation:
		f.queues = nil
	default:
		delete(f.queues, operation)
	}
}

// take takes the next fault of an operation, and counts with it against the queue of all.
func (f *faults) take(operation string) (fault Fault, found bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range []string{operation, anyOperation} {
		if queue := f.queues[name]; len(queue) > 0 {
			f.queues[name] = queue[1:]
			return queue[0], true
		}
	}
	return Fault{}, false
}
