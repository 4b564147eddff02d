package cognitotest

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Call is a request that the server took, as far as it can be shown: nothing in it signs anybody in.
type Call struct {
	Operation string    // for example "AssociateSoftwareToken"
	Time      time.Time // by the server's clock
	Signed    bool      // it came with an Authorization header

	// Params are the members of the request, nested ones as "AuthParameters.USERNAME". Values that are secret, or could be, are Redacted: it
	// shows that they were there.
	Params map[string]string

	Error   string // the exception type that was answered, empty for none
	Faulted bool   // the call met a Fault
}

// Redacted stands for secret values in the Params of a Call.
const Redacted = "[redacted]"

// callsKept is how many calls are remembered, at least.
const callsKept = 10_000

// journal remembers the last calls.
type journal struct {
	mu    sync.Mutex
	calls []Call
}

func (j *journal) add(c Call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.calls) == 2*callsKept {
		j.calls = append(j.calls[:0], j.calls[callsKept:]...)
	}
	j.calls = append(j.calls, c)
}

func (j *journal) all() []Call {
	j.mu.Lock()
	defer j.mu.Unlock()
	calls := slices.Clone(j.calls)
	for i := range calls {
		calls[i].Params = maps.Clone(calls[i].Params)
	}
	return calls
}

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = nil
}

// shown tells which members may be shown. All others are taken for secrets, so that a new one does not come out by accident.
func shown(member string) bool {
	switch member {
	case "AttributeName", "AuthFlow", "ChallengeName", "ClientId", "DEVICE_KEY", "DeviceKey", "FriendlyDeviceName", "GroupName", "Limit", "MaxResults",
		"MessageAction", "MfaConfiguration", "PoolName", "Precedence", "ClientName", "USERNAME", "UserPoolId", "Username":
		return true
	default:
		return false
	}
}

// paramsKept is how many members of a request are remembered.
const paramsKept = 100

// params flattens the members of a request and of the objects in it. ClientMetadata is shown whole: the service does not treat it as secret
// either.
func params(members map[string]any) map[string]string {
	out := map[string]string{}
	for name, value := range members {
		inner, nested := value.(map[string]any)
		if !nested {
			keep(out, name, value, shown(name))
			continue
		}
		for key, value := range inner {
			keep(out, name+"."+key, value, name == "ClientMetadata" || shown(key))
		}
	}
	return out
}

func keep(out map[string]string, name string, value any, shown bool) {
	if len(out) == paramsKept {
		return
	}
	text := Redacted // lists, too: nothing that a test asks for
	switch value := value.(type) {
	case string:
		if shown {
			text = clip(value)
		}
	case float64:
		if shown {
			text = strconv.FormatFloat(value, 'f', -1, 64)
		}
	case bool:
		text = strconv.FormatBool(value)
	}
	out[clip(name)] = text
}
