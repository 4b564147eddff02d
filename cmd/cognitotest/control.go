package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// control is the interface for test suites: it shows what users were sent and what their authenticators show, moves the clock, breaks calls.
type control struct {
	srv     *cognitotest.Server
	anyHost bool       // it is reached under other names than the loopback interface's
	clock   sync.Mutex // held while the clock moves, so that it is not moved too far by two at once
}

// endpoint is something that the control interface does. What stands in braces in the path is one segment, which do gets.
type endpoint struct {
	method, path string
	do           func(c *control, segment string, body []byte) (any, error)
}

// endpoints are all there are. Those that change something are POST and DELETE.
func endpoints() []endpoint {
	return []endpoint{
		{http.MethodPost, "/users", (*control).addUser},
		{http.MethodGet, "/users/{username}", (*control).user},
		{http.MethodGet, "/users/{username}/outbox", (*control).outbox},
		{http.MethodGet, "/users/{username}/codes", (*control).codes},
		{http.MethodGet, "/clock", (*control).readClock},
		{http.MethodPost, "/clock", (*control).moveClock},
		{http.MethodPost, "/faults", (*control).addFaults},
		{http.MethodDelete, "/faults", (*control).clearFaults},
		{http.MethodGet, "/calls", (*control).calls},
		{http.MethodDelete, "/calls", (*control).resetCalls},
	}
}

// refusal is an error with its HTTP status.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// maxControlBody is the largest request that is read.
const maxControlBody = 1 << 20

func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	status := http.StatusOK
	answer, err := c.serve(w, r)
	if err != nil {
		status = http.StatusBadRequest
		if r := (*refusal)(nil); errors.As(err, &r) {
			status = r.status
		}
		answer = map[string]string{"error": reason(err)}
	}
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(answer) // a client that went away is not the program's business
}

func (c *control) serve(w http.ResponseWriter, r *http.Request) (any, error) {
	if err := c.admit(r); err != nil {
		return nil, err
	}
	found, segment, allowed := route(r)
	switch {
	case allowed != nil:
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return nil, refuse(http.StatusMethodNotAllowed, "this path knows %s only", strings.Join(allowed, " and "))
	case found == nil:
		return nil, refuse(http.StatusNotFound, "there is nothing at this path; there are %s", strings.Join(paths(), ", "))
	case r.URL.RawQuery != "":
		return nil, errors.New("nothing here takes a query; leave the ? and what follows out")
	}
	if found.method == http.MethodPost {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			return nil, refuse(http.StatusUnsupportedMediaType, "send JSON, with the header Content-Type: application/json")
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, refuse(http.StatusRequestEntityTooLarge, "the request is larger than 1 MiB")
	}
	if err != nil {
		return nil, errors.New("the request could not be read to its end")
	}
	return found.do(c, segment, body)
}

// admit turns web pages away, which any site can let a developer's browser open: a page that asks across origins says so in Origin or
// Sec-Fetch-Site, and one whose own name was made to stand for this computer (DNS rebinding) has that name in Host. No answer has a header of
// CORS.
func (c *control) admit(r *http.Request) error {
	site := r.Header.Get("Sec-Fetch-Site")
	if len(r.Header["Origin"]) > 0 || site != "" && site != "none" {
		return refuse(http.StatusForbidden, "web pages may not use the control address; call it from the test program, without the header Origin")
	}
	if !c.anyHost && !isLoopback(r.Host) {
		return refuse(http.StatusForbidden, "call the control address as 127.0.0.1 or localhost, not under another name")
	}
	return nil
}

// isLoopback tells whether the host of a request is a name of the loopback interface that nobody else can give away.
func isLoopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.TrimSuffix(strings.TrimPrefix(hostport, "["), "]")
	}
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}

// match tells whether a path is the endpoint's, and gives the segment that stands for the braces: decoded, so that a name may have a slash.
func (e endpoint) match(path string) (segment string, ok bool) {
	want, got := strings.Split(e.path, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return "", false
	}
	for i := range want {
		decoded, err := url.PathUnescape(got[i])
		switch {
		case err != nil:
			return "", false
		case strings.HasPrefix(want[i], "{") && decoded != "":
			segment = decoded
		case decoded != want[i]:
			return "", false
		}
	}
	return segment, true
}

// route finds what a request is for; for a path that is known, but not with this method, the methods that are.
func route(r *http.Request) (found *endpoint, segment string, allowed []string) {
	for _, e := range endpoints() {
		segment, ok := e.match(r.URL.EscapedPath())
		switch {
		case ok && e.method == r.Method:
			return &e, segment, nil
		case ok:
			allowed = append(allowed, e.method)
		}
	}
	return nil, "", allowed
}

// paths lists what there is.
func paths() []string {
	var all []string
	for _, e := range endpoints() {
		all = append(all, e.method+" "+e.path)
	}
	return all
}

// userAnswer is the state of a user.
type userAnswer struct {
	Username            string            `json:"username"`
	Sub                 string            `json:"sub"`
	Status              string            `json:"status"`
	Disabled            bool              `json:"disabled"`
	Attributes          map[string]string `json:"attributes"`
	Groups              []string          `json:"groups"`
	Methods             []string          `json:"methods"`
	Preferred           string            `json:"preferred"`
	TOTP                bool              `json:"totp"`
	TOTPPending         bool              `json:"totpPending"`
	TOTPDevice          string            `json:"totpDevice"`
	FailedPasswordTries int               `json:"failedPasswordTries"`
	Created             time.Time         `json:"created"`
	Modified            time.Time         `json:"modified"`
}

func answerUser(u cognitotest.UserState) *userAnswer {
	return &userAnswer{
		Username: u.Username, Sub: u.Sub, Status: string(u.Status), Disabled: u.Disabled, Attributes: u.Attributes,
		Groups: notNil(u.Groups), Methods: notNil(u.Methods), Preferred: u.Preferred,
		TOTP: u.TOTP, TOTPPending: u.TOTPPending, TOTPDevice: u.TOTPDevice, FailedPasswordTries: u.FailedPasswordTries,
		Created: u.Created.UTC(), Modified: u.Modified.UTC(),
	}
}

// notNil is a list that JSON shows as one.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (c *control) lookup(username string) (cognitotest.UserState, error) {
	state, found := c.srv.LookupUser(username)
	if !found {
		return state, refuse(http.StatusNotFound, "there is no user %q; POST /users adds one", username)
	}
	return state, nil
}

func (c *control) addUser(_ string, body []byte) (any, error) {
	u, err := parseUser(body)
	if err != nil {
		return nil, err
	}
	if err := c.srv.TryAddUser(u); err != nil {
		return nil, err
	}
	return c.user(u.Username, nil)
}

func (c *control) user(username string, _ []byte) (any, error) {
	state, err := c.lookup(username)
	return answerUser(state), err
}

// messageAnswer is a message in an outbox.
type messageAnswer struct {
	Time        time.Time `json:"time"`
	Medium      string    `json:"medium"`
	Destination string    `json:"destination"`
	Code        string    `json:"code"`
}

func (c *control) outbox(username string, _ []byte) (any, error) {
	state, err := c.lookup(username)
	messages := make([]messageAnswer, len(state.Outbox))
	for i, m := range state.Outbox {
		messages[i] = messageAnswer{m.Time.UTC(), m.Medium, m.Destination, m.Code}
	}
	return map[string]any{"messages": messages}, err
}

func (c *control) codes(username string, _ []byte) (any, error) {
	state, err := c.lookup(username)
	if err == nil && state.Code == "" {
		err = refuse(http.StatusNotFound, "the user %q has no authenticator; AssociateSoftwareToken gives one, or the member totp of POST /users", username)
	}
	return map[string]string{"code": state.Code, "nextCode": state.NextCode}, err
}

func (c *control) readClock(string, []byte) (any, error) {
	return map[string]time.Time{"now": c.srv.Now().UTC()}, nil
}

func (c *control) moveClock(_ string, body []byte) (any, error) {
	var advance duration
	if err := decodeObject(body, member{"advance", aDuration, &advance}); err != nil {
		return nil, err
	}
	if advance == 0 {
		return nil, errors.New(`"advance" is missing: how far to move the clock, as "30s", or back, as "-5m"`)
	}
	c.clock.Lock()
	defer c.clock.Unlock()
	d := time.Duration(advance)
	if d.Abs() > farthest || (time.Until(c.srv.Now())+d).Abs() > farthest {
		return nil, errTooFar
	}
	c.srv.Advance(d)
	return c.readClock("", nil)
}

// maxFaults is how many faults one request can queue.
const maxFaults = 1000

func (c *control) addFaults(_ string, body []byte) (any, error) {
	var fault cognitotest.Fault
	var operation string
	var delay duration
	var count int
	err := decodeObject(body,
		member{"operation", aText, &operation},
		member{"code", aText, &fault.Code},
		member{"message", aText, &fault.Message},
		member{"status", aNumber, &fault.Status},
		member{"drop", aBool, &fault.Drop},
		member{"cut", aBool, &fault.Cut},
		member{"applied", aBool, &fault.Applied},
		member{"delay", aDuration, &delay},
		member{"count", aNumber, &count},
	)
	fault.Delay = time.Duration(delay)
	count = cmp.Or(count, 1)
	switch {
	case err != nil:
		return nil, err
	case operation == "":
		return nil, errors.New(`"operation" is missing: a call of Cognito's API, such as "InitiateAuth", or "*" for any`)
	case fault.Code == "" && (fault.Message != "" || fault.Status != 0):
		return nil, errors.New(`"code" is missing, which "message" and "status" go with: an exception, such as "TooManyRequestsException"`)
	case fault.Status != 0 && (fault.Status < 400 || fault.Status > 599):
		return nil, errors.New(`"status" must be from 400 to 599`)
	case fault.Delay < 0:
		return nil, errors.New(`"delay" must not be negative`)
	case count < 1 || count > maxFaults:
		return nil, fmt.Errorf(`"count" must be from 1 to %d`, maxFaults)
	}
	queue := make([]cognitotest.Fault, count)
	for i := range queue {
		queue[i] = fault
	}
	return struct{}{}, c.srv.TryFail(operation, queue...)
}

func (c *control) clearFaults(string, []byte) (any, error) {
	c.srv.Fail("*")
	return struct{}{}, nil
}

// callAnswer is a call that the pool took.
type callAnswer struct {
	Operation string            `json:"operation"`
	Time      time.Time         `json:"time"`
	Signed    bool              `json:"signed"`
	Params    map[string]string `json:"params"`
	Error     string            `json:"error"`
	Faulted   bool              `json:"faulted"`

	Unsimulated []string `json:"unsimulated,omitempty"`
}

func (c *control) calls(string, []byte) (any, error) {
	calls := c.srv.Calls()
	answer := make([]callAnswer, len(calls))
	for i, call := range calls {
		answer[i] = callAnswer{call.Operation, call.Time.UTC(), call.Signed, call.Params, call.Error, call.Faulted, call.Unsimulated}
	}
	return map[string]any{"calls": answer}, nil
}

func (c *control) resetCalls(string, []byte) (any, error) {
	c.srv.ResetCalls()
	return struct{}{}, nil
}
