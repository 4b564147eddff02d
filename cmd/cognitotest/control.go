package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
)

// control is the interface for test suites: it reads codes and messages, moves the clock, breaks
// calls.
type control struct {
	srv     *cognitotest.Server
	mux     *http.ServeMux
	anyHost bool       // allow any name in Host, not just those of the loopback interface
	clock   sync.Mutex // two requests at once must not move the clock too far
}

func newControl(srv *cognitotest.Server, anyHost bool) *control {
	c := &control{srv: srv, mux: http.NewServeMux(), anyHost: anyHost}
	for _, e := range endpoints {
		c.mux.HandleFunc(e.pattern, func(w http.ResponseWriter, r *http.Request) {
			response, err := c.serve(w, r, e.do)
			write(w, response, err)
		})
	}
	return c
}

// endpoints are the operations of the control interface. Only POST and DELETE change anything.
// Users are looked up in all pools, or in the one that the path names.
var endpoints = []struct {
	pattern string
	do      func(c *control, r *http.Request, body []byte) (any, error)
}{
	{"POST /users", (*control).addUser},
	{"GET /users/{username}", (*control).user},
	{"GET /users/{username}/outbox", (*control).outbox},
	{"GET /users/{username}/codes", (*control).codes},
	{"POST /pools/{pool}/users", (*control).addUser},
	{"GET /pools/{pool}/users/{username}", (*control).user},
	{"GET /pools/{pool}/users/{username}/outbox", (*control).outbox},
	{"GET /pools/{pool}/users/{username}/codes", (*control).codes},
	{"GET /clock", (*control).readClock},
	{"POST /clock", (*control).moveClock},
	{"POST /faults", (*control).addFaults},
	{"DELETE /faults", (*control).clearFaults},
	{"GET /calls", (*control).calls},
	{"DELETE /calls", (*control).resetCalls},
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

func (c *control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := c.admit(r)
	if err == nil {
		err = c.find(w, r)
	}
	if err != nil {
		write(w, nil, err)
		return
	}
	c.mux.ServeHTTP(w, r)
}

// write sends a response or an error. It ignores that the client may be gone.
func write(w http.ResponseWriter, response any, err error) {
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
		if r := (*refusal)(nil); errors.As(err, &r) {
			status = r.status
		}
		response = map[string]string{"error": reason(err)}
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(response)
}

// admit refuses web pages, since any site can make a developer's browser send requests. Browsers
// mark requests across origins with Origin or Sec-Fetch-Site. A page whose own name was made to
// resolve to this computer (DNS rebinding) has that name in Host. No response has a CORS header.
func (c *control) admit(r *http.Request) error {
	site := r.Header.Get("Sec-Fetch-Site")
	if len(r.Header["Origin"]) > 0 || site != "" && site != "none" {
		return refuse(http.StatusForbidden,
			"web pages may not use the control address; "+
				"call it from the test program, without the header Origin")
	}
	if !c.anyHost && !loopback.IsHost(r.Host) {
		return refuse(http.StatusForbidden,
			"call the control address as 127.0.0.1 or localhost, not under another name")
	}
	return nil
}

// find returns an error if no endpoint matches a request. By itself, the mux would respond with
// plain text, and redirect paths that are not canonical.
func (c *control) find(w http.ResponseWriter, r *http.Request) error {
	handler, pattern := c.mux.Handler(r)
	requested := r.URL.EscapedPath()
	switch canonical := path.Clean("/"+requested) == requested; {
	case canonical && pattern != "" && r.URL.RawQuery != "":
		return errors.New("nothing here takes a query; leave the ? and what follows out")
	case canonical && pattern != "":
		return nil
	case canonical:
		handler.ServeHTTP(headerOnly{w}, r)
	}
	if allowed := w.Header().Get("Allow"); allowed != "" {
		return refuse(http.StatusMethodNotAllowed, "this path knows %s only", allowed)
	}
	var all []string
	for _, e := range endpoints {
		all = append(all, e.pattern)
	}
	return refuse(http.StatusNotFound, "there is nothing at this path; there are %s",
		strings.Join(all, ", "))
}

// headerOnly discards everything except the header.
type headerOnly struct{ http.ResponseWriter }

func (headerOnly) WriteHeader(int)             {}
func (headerOnly) Write(p []byte) (int, error) { return len(p), nil }

// maxControlBody is the largest request that is read.
const maxControlBody = 1 << 20

// serve reads a request and calls its endpoint.
func (c *control) serve(
	w http.ResponseWriter, r *http.Request, do func(*control, *http.Request, []byte) (any, error),
) (any, error) {
	if r.Method == http.MethodPost {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/json" {
			return nil, refuse(http.StatusUnsupportedMediaType,
				"send JSON, with the header Content-Type: application/json")
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControlBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, refuse(http.StatusRequestEntityTooLarge, "the request is larger than 1 MiB")
	}
	if err != nil {
		return nil, errors.New("the request could not be read to its end")
	}
	return do(c, r, body)
}

// lookup finds the user that a path names. A name that is in several pools is an error, so a test
// never gets the wrong user.
func (c *control) lookup(r *http.Request) (cognitotest.UserState, error) {
	name, pool := r.PathValue("username"), r.PathValue("pool")
	users := c.srv.LookupUsers(name)
	if pool != "" {
		users = slices.DeleteFunc(users,
			func(u cognitotest.UserState) bool { return u.UserPoolID != pool })
	}
	switch {
	case len(users) == 1:
		return users[0], nil
	case len(users) > 1:
		var pools []string
		for _, u := range users {
			pools = append(pools, u.UserPoolID)
		}
		return users[0], refuse(http.StatusConflict,
			"the user %q is in the pools %s; say which, as in /pools/%s%s",
			name, strings.Join(pools, ", "), pools[0], r.URL.EscapedPath())
	case pool != "":
		return cognitotest.UserState{}, refuse(http.StatusNotFound,
			"there is no user %q in the pool %q; POST /pools/{pool}/users adds one", name, pool)
	default:
		return cognitotest.UserState{}, refuse(http.StatusNotFound,
			"there is no user %q; POST /users adds one", name)
	}
}

func (c *control) addUser(r *http.Request, body []byte) (any, error) {
	u, err := parseUser(body)
	if err != nil {
		return nil, err
	}
	u.UserPoolID = cmp.Or(r.PathValue("pool"), c.srv.UserPoolID)
	if err := c.srv.TryAddUser(u); err != nil {
		return nil, err
	}
	r.SetPathValue("pool", u.UserPoolID)
	r.SetPathValue("username", u.Username)
	return c.user(r, nil)
}

func (c *control) user(r *http.Request, _ []byte) (any, error) {
	u, err := c.lookup(r)
	u.Created, u.Modified = u.Created.UTC(), u.Modified.UTC()
	u.Groups, u.Methods = notNil(u.Groups), notNil(u.Methods)
	return u, err
}

func (c *control) outbox(r *http.Request, _ []byte) (any, error) {
	u, err := c.lookup(r)
	for i := range u.Outbox {
		u.Outbox[i].Time = u.Outbox[i].Time.UTC()
	}
	return map[string]any{"messages": notNil(u.Outbox)}, err
}

// notNil returns a list that is [] in JSON, not null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (c *control) codes(r *http.Request, _ []byte) (any, error) {
	u, err := c.lookup(r)
	if err == nil && u.Code == "" {
		err = refuse(http.StatusNotFound,
			"the user %q has no authenticator; AssociateSoftwareToken gives one, "+
				"or the member totp of POST /users", r.PathValue("username"))
	}
	return map[string]string{"code": u.Code, "nextCode": u.NextCode}, err
}

func (c *control) readClock(*http.Request, []byte) (any, error) {
	return map[string]time.Time{"now": c.srv.Now().UTC()}, nil
}

func (c *control) moveClock(r *http.Request, body []byte) (any, error) {
	var advance duration
	if err := decodeObject(body, aDuration("advance", &advance)); err != nil {
		return nil, err
	}
	if advance == 0 {
		return nil, errors.New(
			`"advance" is missing: how far to move the clock, as "30s", or back, as "-5m"`)
	}
	c.clock.Lock()
	defer c.clock.Unlock()
	d := time.Duration(advance)
	if d.Abs() > farthest || (time.Until(c.srv.Now())+d).Abs() > farthest {
		return nil, errTooFar
	}
	c.srv.Advance(d)
	return c.readClock(r, nil)
}

// maxFaults is how many faults one request can queue.
const maxFaults = 1000

func (c *control) addFaults(_ *http.Request, body []byte) (any, error) {
	var fault cognitotest.Fault
	var operation string
	var delay duration
	var count int
	err := decodeObject(body,
		aText("operation", &operation),
		aText("code", &fault.Code),
		aText("message", &fault.Message),
		aNumber("status", &fault.Status),
		aBool("drop", &fault.Drop),
		aBool("cut", &fault.Cut),
		aBool("reset", &fault.Reset),
		aBool("applied", &fault.Applied),
		aDuration("delay", &delay),
		aNumber("count", &count),
	)
	fault.Delay = time.Duration(delay)
	count = cmp.Or(count, 1)
	switch {
	case err != nil:
		return nil, err
	case operation == "":
		return nil, errors.New(
			`"operation" is missing: a call of Cognito's API, such as "InitiateAuth", or "*" for any`)
	case fault.Code == "" && (fault.Message != "" || fault.Status != 0):
		return nil, errors.New(`"code" is missing, which "message" and "status" go with: ` +
			`an exception, such as "TooManyRequestsException"`)
	case fault.Status != 0 && (fault.Status < 400 || fault.Status > 599):
		return nil, errors.New(`"status" must be from 400 to 599`)
	case fault.Delay < 0:
		return nil, errors.New(`"delay" must not be negative`)
	case count < 1 || count > maxFaults:
		return nil, fmt.Errorf(`"count" must be from 1 to %d`, maxFaults)
	}
	return struct{}{}, c.srv.TryFail(operation, slices.Repeat([]cognitotest.Fault{fault}, count)...)
}

func (c *control) clearFaults(*http.Request, []byte) (any, error) {
	c.srv.Fail("*")
	return struct{}{}, nil
}

func (c *control) calls(*http.Request, []byte) (any, error) {
	calls := c.srv.Calls()
	for i := range calls {
		calls[i].Time = calls[i].Time.UTC()
	}
	return map[string]any{"calls": notNil(calls)}, nil
}

func (c *control) resetCalls(*http.Request, []byte) (any, error) {
	c.srv.ResetCalls()
	return struct{}{}, nil
}
