package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// controlOf returns the control interface of a pool with the user alice, who has an authenticator.
func controlOf(t *testing.T, optFns ...func(*cognitotest.Options)) *control {
	t.Helper()
	srv := cognitotest.NewServer(optFns...)
	t.Cleanup(srv.Close)
	srv.AddUser(
		cognitotest.User{
			Username: "alice", Password: password, Email: "alice@example.com",
			TOTP: "JBSWY3DPEHPK3PXP",
		},
	)
	return newControl(srv, false)
}

// newRequest returns a request as a test program makes it.
func newRequest(ctx context.Context, method, url, body string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	r.Host = "127.0.0.1:9230"
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// reply is a response.
type reply struct {
	status int
	header http.Header
	body   kv
}

// send makes a request without a network.
func (c *control) send(t *testing.T, r *http.Request) reply {
	t.Helper()
	recorder := httptest.NewRecorder()
	c.ServeHTTP(recorder, r)
	got := reply{status: recorder.Code, header: recorder.Header()}
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &got.body), "%s", recorder.Body)
	assert.Equal(t, "application/json", got.header.Get("Content-Type"))
	assert.Equal(t, got.status >= 400, got.body["error"] != nil, got.body)
	for name := range got.header {
		assert.NotContains(t, name, "Access-Control")
	}
	return got
}

// must makes a request that is served.
func (c *control) must(t *testing.T, method, url, body string) kv {
	t.Helper()
	got := c.send(t, newRequest(t.Context(), method, url, body))
	require.Equal(t, http.StatusOK, got.status, got.body)
	return got.body
}

// ask makes a request over the network.
func ask(t *testing.T, method, url, body string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, raw
}

func TestControlUsers(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	c := controlOf(t, func(o *cognitotest.Options) {
		o.Now = func() time.Time { return at }
		o.Email = true
		o.AliasAttributes = append(o.AliasAttributes, "email")
	})
	const bob = `{"username":"bob/á+?","password":"Passw0rd!","email":"bob+1@example.com","groups":["admin"],
		"methods":["EMAIL_OTP"],"attributes":{"name":"B"}}`
	added := c.must(t, http.MethodPost, "/users", bob)
	sub := added["sub"]
	assert.Equal(t, kv{
		"userPoolId": c.srv.UserPoolID, "username": "bob/á+?", "sub": sub, "status": "CONFIRMED",
		"disabled": false,
		"attributes": kv{
			"sub": sub, "email": "bob+1@example.com", "email_verified": "true", "name": "B",
		},
		"groups": []any{"admin"}, "methods": []any{"EMAIL_OTP"}, "preferred": "",
		"totp": false, "totpPending": false, "totpDevice": "", "failedPasswordTries": 0.0,
		"created": "2026-01-02T02:04:05Z", "modified": "2026-01-02T02:04:05Z",
	}, added)
	for _, name := range []string{
		"bob%2F%C3%A1+%3F", "bob+1@example.com", "bob%2b1%40example.com", sub.(string),
	} {
		assert.Equal(t, added, c.must(t, http.MethodGet, "/users/"+name, ""), name)
	}

	assert.Equal(t, kv{"messages": []any{}}, c.must(t, http.MethodGet, "/users/alice/outbox", ""))
	pool := config{Endpoint: c.srv.URL, ClientID: c.srv.ClientID}
	assert.Equal(t, "EMAIL_OTP", pool.signIn(t, "bob/á+?")["ChallengeName"])
	messages := c.must(t, http.MethodGet, "/users/bob+1@example.com/outbox", "")
	assert.Equal(t, kv{"messages": []any{kv{
		"time": "2026-01-02T02:04:05Z", "medium": "EMAIL", "destination": "bob+1@example.com",
		"code": c.srv.Outbox("bob/á+?")[0].Code,
	}}}, messages)

	assert.Equal(
		t, kv{"code": c.srv.Code("alice"), "nextCode": c.srv.NextCode("alice")},
		c.must(t, http.MethodGet, "/users/alice/codes", ""),
	)
}

// A name that is in several pools is ambiguous. The path can name the pool.
func TestControlPools(t *testing.T) {
	t.Parallel()
	c := controlOf(t)
	pool := config{Endpoint: c.srv.URL}
	created := pool.call(t, "CreateUserPool", kv{"PoolName": "another"})["UserPool"].(kv)
	other := created["Id"].(string)
	const body = `{"username":"alice","password":"Passw0rd!","totp":"GEZDGNBVGY3TQOJQ",
		"sub":"1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10"}`
	added := c.must(t, http.MethodPost, "/pools/"+other+"/users", body)
	assert.Equal(t, other, added["userPoolId"])
	assert.Equal(t, "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10", added["sub"])

	for _, path := range []string{"", "/codes", "/outbox"} {
		got := c.send(t, newRequest(t.Context(), http.MethodGet, "/users/alice"+path, ""))
		assert.Equal(t, http.StatusConflict, got.status)
		assert.Equal(t,
			`the user "alice" is in the pools `+c.srv.UserPoolID+", "+other+
				"; say which, as in /pools/"+
				c.srv.UserPoolID+"/users/alice"+path, got.body["error"])
	}
	own := c.must(t, http.MethodGet, "/pools/"+c.srv.UserPoolID+"/users/alice/codes", "")
	assert.Equal(t, c.srv.Code("alice"), own["code"])
	assert.NotEqual(t, own, c.must(t, http.MethodGet, "/pools/"+other+"/users/alice/codes", ""))
	assert.Equal(t, added, c.must(t, http.MethodGet, "/pools/"+other+"/users/alice", ""))
	assert.Equal(t, added, c.must(t, http.MethodGet, "/users/"+added["sub"].(string), ""),
		"a sub is in one pool")
	assert.Empty(t,
		c.must(t, http.MethodGet, "/pools/"+other+"/users/alice/outbox", "")["messages"])
}

func TestControlClock(t *testing.T) {
	t.Parallel()
	at := time.Now()
	c := controlOf(t, func(o *cognitotest.Options) { o.Now = func() time.Time { return at } })
	now := func() any { return c.srv.Now().UTC().Format(time.RFC3339Nano) }
	assert.Equal(t, kv{"now": now()}, c.must(t, http.MethodGet, "/clock", ""))
	assert.Equal(t, kv{"now": now()}, c.must(t, http.MethodGet, "/clock", ""),
		"reading does not move it")
	for _, advance := range []string{"30s", "-1h30m", "876000h", "-876000h"} {
		before := c.srv.Now()
		moved := c.must(t, http.MethodPost, "/clock", `{"advance":"`+advance+`"}`)
		d, err := time.ParseDuration(advance)
		require.NoError(t, err)
		assert.Equal(t, before.Add(d), c.srv.Now())
		assert.Equal(t, kv{"now": now()}, moved)
	}
	before := c.srv.Now()
	c.must(t, http.MethodPost, "/clock", `{"advance":"800000h"}`)
	got := c.send(t, newRequest(t.Context(), http.MethodPost, "/clock", `{"advance":"800000h"}`))
	assert.Equal(t, http.StatusBadRequest, got.status, "it does not wrap around")
	assert.Equal(t, before.Add(800_000*time.Hour), c.srv.Now())
}

func TestControlFaults(t *testing.T) {
	t.Parallel()
	c := controlOf(t)
	pool := config{Endpoint: c.srv.URL, ClientID: c.srv.ClientID}
	get := func() string {
		text, _ := pool.call(t, "GetUser", kv{"AccessToken": "x"})["message"].(string)
		return text
	}
	const none = "Invalid Access Token"
	assert.Empty(
		t,
		c.must(t, http.MethodPost, "/faults",
			`{"operation":"GetUser","code":"X","message":"twice","count":2}`),
	)
	c.must(t, http.MethodPost, "/faults", `{"operation":"GetUser","delay":"1ms"}`)
	c.must(t, http.MethodPost, "/faults",
		`{"operation":"*","code":"X","message":"any","status":503}`)
	assert.Equal(t, []string{"twice", "twice", none, "any", none},
		[]string{get(), get(), get(), get(), get()})

	c.must(t, http.MethodPost, "/faults",
		`{"operation":"GetUser","code":"X","message":"mine","count":1000}`)
	c.must(t, http.MethodPost, "/faults", `{"operation":"*","code":"X","message":"any"}`)
	assert.Empty(t, c.must(t, http.MethodDelete, "/faults", ""))
	assert.Equal(t, none, get())

	// The tests of cognitotest check what drop, cut and applied do. Here, they must arrive.
	for body, served := range map[string]bool{
		`{"operation":"GlobalSignOut","drop":true}`:                false,
		`{"operation":"GlobalSignOut","drop":true,"applied":true}`: false,
		`{"operation":"GlobalSignOut","reset":true}`:               false,
		`{"operation":"GlobalSignOut","cut":true}`:                 false,
		`{"operation":"GlobalSignOut"}`:                            true,
	} {
		access := *c.srv.IssueTokens("alice").AccessToken
		c.must(t, http.MethodPost, "/faults", body)
		status, err := signOut(t, c.srv.URL, access)
		assert.Equal(t, served, err == nil && status == http.StatusOK, body)
		applied := pool.call(t, "GetUser", kv{"AccessToken": access})["message"] != nil
		assert.Equal(t, !strings.HasSuffix(body, `"drop":true}`) &&
			!strings.Contains(body, "reset"), applied, body)
		c.srv.Advance(time.Second) // a sign-out reaches the tokens of its second
	}
}

// signOut calls GlobalSignOut, and reads the response to its end.
func signOut(t *testing.T, url, access string) (status int, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(
		t.Context(), http.MethodPost, url, strings.NewReader(`{"AccessToken":"`+access+`"}`),
	)
	require.NoError(t, err)
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.GlobalSignOut")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer func() { assert.NoError(t, response.Body.Close()) }()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

func TestControlCalls(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := controlOf(t, func(o *cognitotest.Options) { o.Now = func() time.Time { return at } })
	assert.Equal(t, kv{"calls": []any{}}, c.must(t, http.MethodGet, "/calls", ""))
	c.must(t, http.MethodPost, "/faults", `{"operation":"InitiateAuth","delay":"1ms"}`)
	config{Endpoint: c.srv.URL, ClientID: c.srv.ClientID}.signIn(t, "nobody")
	assert.Equal(t, kv{"calls": []any{kv{
		"operation": "InitiateAuth", "time": "2026-01-02T03:04:05Z", "signed": true,
		"ipAddress": "", "error": "NotAuthorizedException", "faulted": true, "params": kv{
			"ClientId": c.srv.ClientID, "AuthFlow": "USER_PASSWORD_AUTH",
			"AuthParameters.USERNAME": "nobody",
			"AuthParameters.PASSWORD": cognitotest.Redacted,
		},
	}}}, c.must(t, http.MethodGet, "/calls", ""))
	assert.Empty(t, c.must(t, http.MethodDelete, "/calls", ""))
	assert.Empty(t, c.srv.Calls())
}

// Every error is a sentence.
func TestControlRefuses(t *testing.T) {
	t.Parallel()
	c := controlOf(t)
	c.srv.AddUser(cognitotest.User{Username: "bob", Password: password})
	const everything = "there is nothing at this path; there are POST /users, GET /users/{username}, " +
		"GET /users/{username}/outbox, GET /users/{username}/codes, POST /pools/{pool}/users, " +
		"GET /pools/{pool}/users/{username}, GET /pools/{pool}/users/{username}/outbox, " +
		"GET /pools/{pool}/users/{username}/codes, GET /clock, POST /clock, POST /faults, DELETE /faults, " +
		"GET /calls, DELETE /calls"
	for _, test := range []struct {
		method, url, body string
		status            int
		want              string
	}{
		{method: "GET", url: "/", status: 404, want: everything},
		{method: "GET", url: "/clocks", status: 404, want: everything},
		{method: "GET", url: "/clock/", status: 404, want: everything},
		{method: "GET", url: "//clock", status: 404, want: everything},
		{method: "GET", url: "/users/", status: 404, want: everything},
		{method: "GET", url: "/users//outbox", status: 404, want: everything},
		{method: "GET", url: "/users/alice/../bob", status: 404, want: everything},
		{method: "GET", url: "/users/alice/password", status: 404, want: everything},
		{
			method: "DELETE", url: "/clock", status: 405,
			want: "this path knows GET, HEAD, POST only",
		},
		{method: "GET", url: "/faults", status: 405, want: "this path knows DELETE, POST only"},
		{method: "PUT", url: "/users/alice", status: 405, want: "this path knows GET, HEAD only"},
		{
			method: "GET", url: "/users?username=alice", status: 405,
			want: "this path knows POST only",
		},
		{
			method: "GET", url: "/clock?advance=1s", status: 400,
			want: "nothing here takes a query; leave the ? and what follows out",
		},
		{
			method: "GET", url: "/users/nobody", status: 404,
			want: `there is no user "nobody"; POST /users adds one`,
		},
		{
			method: "GET", url: "/users/nobody/outbox", status: 404,
			want: `there is no user "nobody"; POST /users adds one`,
		},
		{
			method: "GET", url: "/users/nobody/codes", status: 404,
			want: `there is no user "nobody"; POST /users adds one`,
		},
		{
			method: "GET", url: "/users/%ff%0a", status: 404,
			want: `there is no user "\xff\n"; POST /users adds one`,
		},
		{
			method: "GET", url: "/users/bob/codes", status: 404,
			want: `the user "bob" has no authenticator; AssociateSoftwareToken gives one, or ` +
				`the member totp of POST /users`,
		},
		{method: "POST", url: "/users", status: 400, want: "that is not valid JSON"},
		{method: "POST", url: "/users", body: "{", status: 400, want: "that is not valid JSON"},
		{method: "POST", url: "/users", body: "{}{}", status: 400, want: "that is not valid JSON"},
		{
			method: "POST", url: "/users", body: "[]", status: 400,
			want: "that is not a JSON object, as {…} is",
		},
		{
			method: "POST", url: "/users", body: `{"username":"alice","password":"Passw0rd!"}`,
			status: 400, want: `add user "alice": User already exists`,
		},
		{
			method: "POST", url: "/users",
			body: `{"username":"carol","password":"Passw0rd!","colour":"red"}`, status: 400,
			want: `there is no member "colour"; there are username, password, sub, email, phone, attributes, groups, ` +
				`status, disabled, totp, methods, preferred, claims, challenges`,
		},
		{
			method: "POST", url: "/users",
			body: `{"username":"carol","password":"Passw0rd!","methods":["SMS_MFA"]}`, status: 400,
			want: `add user "carol": SMS_MFA is enabled, and the pool does not offer it`,
		},
		{
			method: "POST", url: "/pools/us-east-1_Nowhere/users",
			body: `{"username":"carol","password":"Passw0rd!"}`, status: 400,
			want: `add user "carol": User pool us-east-1_Nowhere does not exist.`,
		},
		{
			method: "GET", url: "/pools/us-east-1_Nowhere/users/alice", status: 404,
			want: `there is no user "alice" in the pool "us-east-1_Nowhere"; POST /pools/{pool}/users adds one`,
		},
		{method: "GET", url: "/pools//users/alice", status: 404, want: everything},
		{
			method: "POST", url: "/users", body: strings.Repeat(" ", maxControlBody+1), status: 413,
			want: "the request is larger than 1 MiB",
		},
		{
			method: "POST", url: "/clock", body: `{}`, status: 400,
			want: `"advance" is missing: how far to move the clock, as "30s", or back, as "-5m"`,
		},
		{
			method: "POST", url: "/clock", body: `{"advance":30}`, status: 400,
			want: `"advance" must be a duration such as "30s" or "1h30m"`,
		},
		{
			method: "POST", url: "/clock", body: `{"advance":"30"}`, status: 400,
			want: `"advance" must be a duration such as "30s" or "1h30m"`,
		},
		{
			method: "POST", url: "/clock", body: `{"advance":"9999999999h"}`, status: 400,
			want: `"advance" must be a duration such as "30s" or "1h30m"`,
		},
		{
			method: "POST", url: "/clock", body: `{"advance":"2000000h"}`, status: 400,
			want: "the clock can be at most 876000h, a hundred years, away from the computer's",
		},
		{
			method: "POST", url: "/clock", body: `{"advance":"1s","advance":"2s"}`, status: 400,
			want: `the member "advance" is there twice`,
		},
		{
			method: "POST", url: "/clock", body: `{"set":"noon"}`, status: 400,
			want: `there is no member "set"; there are advance`,
		},
		{
			method: "POST", url: "/faults", body: `{}`, status: 400,
			want: `"operation" is missing: a call of Cognito's API, such as "InitiateAuth", or "*" for any`,
		},
		{
			method: "POST", url: "/faults", body: `{"operation":"GetUsers"}`, status: 400,
			want: `Cognito's API has no operation "GetUsers"; they are written as "InitiateAuth" is`,
		},
		{
			method: "POST", url: "/faults", body: `{"operation":"GetUser","message":"x"}`,
			status: 400,
			want: `"code" is missing, which "message" and "status" go with: an exception, ` +
				`such as "TooManyRequestsException"`,
		},
		{
			method: "POST", url: "/faults", body: `{"operation":"GetUser","status":500}`,
			status: 400,
			want: `"code" is missing, which "message" and "status" go with: an exception, ` +
				`such as "TooManyRequestsException"`,
		},
		{
			method: "POST", url: "/faults", body: `{"operation":"GetUser","code":"X","status":200}`,
			status: 400, want: `"status" must be from 400 to 599`,
		},
		{
			method: "POST", url: "/faults", body: `{"operation":"GetUser","code":"X","status":600}`,
			status: 400, want: `"status" must be from 400 to 599`,
		},
		{
			method: "POST", url: "/faults", body: `{"operation":"GetUser","delay":"-1s"}`,
			status: 400, want: `"delay" must not be negative`,
		},
		{
			method: "POST", url: "/faults", body: `{"operation":"GetUser","count":-1}`, status: 400,
			want: `"count" must be from 1 to 1000`,
		},
		{
			method: "POST", url: "/faults", body: `{"operation":"GetUser","count":1001}`,
			status: 400, want: `"count" must be from 1 to 1000`,
		},
		{
			method: "POST", url: "/faults", body: `{"operation":"GetUser","count":1.5}`,
			status: 400, want: `"count" must be a whole number`,
		},
		{
			method: "POST", url: "/faults", body: `{"operation":"GetUser","drop":1}`, status: 400,
			want: `"drop" must be true or false`,
		},
	} {
		got := c.send(t, newRequest(t.Context(), test.method, test.url, test.body))
		assert.Equal(t, test.status, got.status, "%s %s %.80s", test.method, test.url, test.body)
		assert.Equal(t, test.want, got.body["error"], "%s %s %.80s", test.method, test.url,
			test.body)
		assert.Equal(t, test.status == http.StatusMethodNotAllowed, got.header.Get("Allow") != "")
	}
	assert.WithinRange(t, c.srv.Now(), time.Now().Add(-time.Minute), time.Now(),
		"nothing of it moved the clock")
	assert.Empty(t, c.srv.Calls())
}

// A web page that the developer visits cannot use the interface in any way.
func TestControlRefusesWebPages(t *testing.T) {
	t.Parallel()
	c := controlOf(t)
	for _, test := range []struct {
		name    string
		method  string
		host    string
		headers map[string]string
		status  int
	}{
		{name: "a program", method: "POST", host: "127.0.0.1:9230", status: 200},
		{name: "a program on localhost", method: "POST", host: "LocalHost:9230", status: 200},
		{name: "a program on IPv6", method: "POST", host: "[::1]:9230", status: 200},
		{name: "a program on port 80", method: "POST", host: "127.0.0.1", status: 200},
		{name: "a program on IPv6 and port 80", method: "POST", host: "[::1]", status: 200},
		{
			name: "a person who types the address", method: "GET", host: "127.0.0.1:9230",
			headers: map[string]string{"Sec-Fetch-Site": "none"}, status: 200,
		},
		{
			name: "JSON with a charset", method: "POST", host: "127.0.0.1:9230",
			headers: map[string]string{"Content-Type": "Application/JSON; charset=utf-8"},
			status:  200,
		},

		{
			name: "a page's request", method: "POST", host: "127.0.0.1:9230",
			headers: map[string]string{"Origin": "https://example.com"}, status: 403,
		},
		{
			name: "a page's request on this computer", method: "POST", host: "127.0.0.1:9230",
			headers: map[string]string{"Origin": "http://127.0.0.1:9230"},
			status:  403,
		},
		{
			name: "a page without an origin", method: "GET", host: "127.0.0.1:9230",
			headers: map[string]string{"Origin": "null"}, status: 403,
		},
		{
			name: "an empty origin", method: "GET", host: "127.0.0.1:9230",
			headers: map[string]string{"Origin": ""}, status: 403,
		},
		{
			name: "a preflight", method: "OPTIONS", host: "127.0.0.1:9230",
			headers: map[string]string{
				"Origin": "https://example.com", "Access-Control-Request-Method": "POST",
			},
			status: 403,
		},
		{
			name: "a picture", method: "GET", host: "127.0.0.1:9230",
			headers: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 403,
		},
		{
			name: "a picture of this computer", method: "GET", host: "127.0.0.1:9230",
			headers: map[string]string{"Sec-Fetch-Site": "same-site"}, status: 403,
		},
		{
			name: "a name made to stand for this computer", method: "GET",
			host: "rebind.example.com:9230", status: 403,
		},
		{
			name: "a name that looks like it", method: "GET", host: "127.0.0.1.example.com",
			status: 403,
		},
		{name: "a name below localhost", method: "GET", host: "a.localhost:9230", status: 403},
		{name: "another address", method: "GET", host: "192.168.0.1:9230", status: 403},
		{name: "no host", method: "GET", status: 403},
		{
			name: "a form", method: "POST", host: "127.0.0.1:9230",
			headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
			status:  415,
		},
		{
			name: "a form of text", method: "POST", host: "127.0.0.1:9230",
			headers: map[string]string{"Content-Type": "text/plain"}, status: 415,
		},
		{
			name: "no type", method: "POST", host: "127.0.0.1:9230",
			headers: map[string]string{"Content-Type": ""}, status: 415,
		},
		{
			name: "a broken type", method: "POST", host: "127.0.0.1:9230",
			headers: map[string]string{"Content-Type": "application/json; charset"},
			status:  415,
		},
	} {
		before := c.srv.Now()
		r := newRequest(t.Context(), test.method, "/clock", `{"advance":"1h"}`)
		r.Host = test.host
		for name, value := range test.headers {
			r.Header.Set(name, value)
		}
		assert.Equal(t, test.status, c.send(t, r).status, test.name)
		moved := c.srv.Now().Sub(before) > time.Minute
		assert.Equal(t, test.status == http.StatusOK && test.method == http.MethodPost, moved,
			test.name)
	}

	// In a trusted network the interface has other names, but still refuses pages that say so.
	c.anyHost = true
	r := newRequest(t.Context(), http.MethodGet, "/clock", "")
	r.Host = "cognito:9230"
	assert.Equal(t, http.StatusOK, c.send(t, r).status)
	r.Header.Set("Origin", "http://cognito:9230")
	assert.Equal(t, http.StatusForbidden, c.send(t, r).status)
}

// Other names are allowed only if the control address itself is outside the loopback interface, not
// if the pool's is.
func TestControlHosts(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]int{
		"127.0.0.1:0": http.StatusForbidden, loopbackIPv6(t) + ":0": http.StatusForbidden,
		"0.0.0.0:0": http.StatusOK,
	} {
		c := start(t, "", "-insecure-listen", "-addr", ":0", "-control", addr)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.Control+"/clock", nil)
		require.NoError(t, err)
		r.Host = "cognito:9230"
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		assert.NoError(t, response.Body.Close())
		assert.Equal(t, want, response.StatusCode, addr)
	}
}

// Whatever is sent, the response is a JSON object, and nothing panics.
func FuzzControl(f *testing.F) {
	for _, e := range endpoints {
		method, path, _ := strings.Cut(strings.ReplaceAll(e.pattern, "{username}", "alice"), " ")
		f.Add(method, path, `{"username":"bob","password":"Passw0rd!"}`)
	}
	f.Add("POST", "/clock", `{"advance":"-1h"}`)
	f.Add("POST", "/faults",
		`{"operation":"GetUser","code":"X","status":400,"count":2,"delay":"1s","applied":true}`)
	f.Add("GET", "/users/%2e%2e/\x00", "\xff")
	f.Add("GET", "calls", "")
	srv := cognitotest.NewServer()
	f.Cleanup(srv.Close)
	srv.AddUser(cognitotest.User{Username: "alice", Password: password, TOTP: "JBSWY3DPEHPK3PXP"})
	c := newControl(srv, false)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r := newRequest(t.Context(), http.MethodPost, "/", body)
		r.Method, r.URL.Path = method, path
		assert.Less(t, c.send(t, r).status, http.StatusInternalServerError)
		srv.Fail("*") // so that the queue does not grow
	})
}
