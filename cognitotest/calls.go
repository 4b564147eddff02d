package cognitotest

import (
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Call is a request to the server, without its secrets: nothing in a Call signs anybody in.
type Call struct {
	Operation string    `json:"operation"` // for example "AssociateSoftwareToken"
	Time      time.Time `json:"time"`      // by the server's clock
	Signed    bool      `json:"signed"`    // it came with an Authorization header

	// Params are the members of the request. Names of nested ones are paths:
	// "AuthParameters.USERNAME", "ContextData.HttpHeaders.0.headerName". Values that are or may be
	// secret are Redacted.
	Params map[string]string `json:"params"`

	// IPAddress is the user's address that Cognito's threat protection would see: the one in
	// ContextData or, if the app client has EnablePropagateAdditionalUserContextData, in
	// UserContextData.
	IPAddress string `json:"ipAddress"`

	// Unsimulated lists the settings of the call that were kept without effect; see
	// Options.AcceptUnsimulated.
	Unsimulated []string `json:"unsimulated,omitempty"`

	Error   string `json:"error"`   // the exception type of the response; empty for none
	Faulted bool   `json:"faulted"` // the call met a Fault
}

// Redacted replaces secret values in the Params of a Call.
const Redacted = "[redacted]"

// Calls returns the calls to the server, oldest first: the last 10,000, or as many of them as fit
// in 32 MB. It includes retries of the SDK.
func (s *Server) Calls() []Call { return s.journal.all() }

// ResetCalls clears the list of calls.
func (s *Server) ResetCalls() { s.journal.reset() }

// The limits of a journal.
const (
	callsKept = 10_000
	bytesKept = 32 << 20
)

// journal keeps the last calls.
type journal struct {
	mu    sync.Mutex
	calls []Call
	bytes int
}

func (j *journal) add(c Call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, c)
	j.bytes += size(c)
	for len(j.calls) > callsKept || j.bytes > bytesKept {
		j.bytes -= size(j.calls[0])
		j.calls[0] = Call{} // the array still holds it after it is cut off
		j.calls = j.calls[1:]
	}
}

// size estimates the memory of a call, in bytes.
func size(c Call) int {
	const ofCall, ofParam = 200, 100 // the struct, and an entry of a map
	bytes := ofCall + len(c.Operation) + len(c.Error) + len(c.IPAddress)
	for name, value := range c.Params {
		bytes += ofParam + len(name) + len(value)
	}
	return bytes
}

func (j *journal) all() []Call {
	j.mu.Lock()
	defer j.mu.Unlock()
	calls := make([]Call, len(j.calls))
	for i, c := range j.calls {
		c.Params = maps.Clone(c.Params)
		calls[i] = c
	}
	return calls
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls, j.bytes = nil, 0
}

// paramsKept is the maximum number of members of a request that a Call lists.
const paramsKept = 100

// params flattens the members of a request, and redacts values unless the model says that they can
// be shown.
func params(operation string, members map[string]any) map[string]string {
	op, _ := model.Operation(operation)
	out := map[string]string{}
	flatten(out, op, nil, members)
	return out
}

func flatten(out map[string]string, op *model.Op, above []string, members map[string]any) {
	for name, value := range members {
		path := append(above, name)
		if inner := inside(value); len(inner) > 0 {
			flatten(out, op, path, inner)
			continue
		}
		if len(out) == paramsKept {
			return
		}
		text := Redacted // also for lists of strings, which no test has asked for
		if op != nil && !op.Secret(path...) {
			switch value := value.(type) {
			case string:
				text = clip(value)
			case float64:
				text = strconv.FormatFloat(value, 'f', -1, 64)
			case bool:
				text = strconv.FormatBool(value)
			}
		}
		out[clip(strings.Join(path, "."))] = text
	}
}

// inside returns the members of an object, or the objects in a list by their index.
func inside(value any) map[string]any {
	switch value := value.(type) {
	case map[string]any:
		return value
	case []any:
		objects := map[string]any{}
		for i, element := range value {
			if _, is := element.(map[string]any); is && i < paramsKept {
				objects[strconv.Itoa(i)] = element
			}
		}
		return objects
	}
	return nil
}
