package cognitotest

import (
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Call is a request that the server took, as far as it can be shown: nothing in it signs anybody in.
type Call struct {
	Operation string    `json:"operation"` // for example "AssociateSoftwareToken"
	Time      time.Time `json:"time"`      // by the server's clock
	Signed    bool      `json:"signed"`    // it came with an Authorization header

	// Params are the members of the request, nested ones as "AuthParameters.USERNAME" and
	// "ContextData.HttpHeaders.0.headerName". Values that are secret, or could be, are Redacted: it shows
	// that they were there.
	Params map[string]string `json:"params"`

	// IPAddress is the user's address, as far as Cognito's threat protection takes it: that in ContextData
	// or, where the app client has EnablePropagateAdditionalUserContextData, in UserContextData.
	IPAddress string `json:"ipAddress"`

	// Unsimulated are settings that were kept, as Options.AcceptUnsimulated says, and do nothing.
	Unsimulated []string `json:"unsimulated,omitempty"`

	Error   string `json:"error"`   // the exception type of the response, empty for none
	Faulted bool   `json:"faulted"` // the call met a Fault
}

// Redacted stands for secret values in the Params of a Call.
const Redacted = "[redacted]"

// Calls lists the calls that the server took, oldest first: the last 10,000, or as many of them as
// 32 MB hold. Retries of the SDK are calls, too.
func (s *Server) Calls() []Call { return s.journal.all() }

// ResetCalls forgets the calls.
func (s *Server) ResetCalls() { s.journal.reset() }

// The bounds of what a journal remembers.
const (
	callsKept = 10_000
	bytesKept = 32 << 20
)

// journal remembers the last calls.
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
		j.calls[0] = Call{} // what is cut off is still in the array for a while
		j.calls = j.calls[1:]
	}
}

// size is about what a call holds.
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

// paramsKept is how many members of a request are remembered.
const paramsKept = 100

// params flattens the members of a request and of the objects in it, and redacts what the model does
// not say is fit to be shown.
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
		text := Redacted // lists of texts, too: nothing that a test asks for
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

// inside are the members of an object, or the objects in a list by their places.
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
