// Cognitotest is an Amazon Cognito user pool in memory, for tests of programs in any language:
//
//	go run github.com/cognitomfa/cognitomfa/cmd/cognitotest
//
// It listens on http://127.0.0.1:9229 and prints what to configure, with lines that sign a user in with
// the AWS CLI, until Ctrl-C ends it. The pool and the app client are called the same at every start.
// Flags name another address, other IDs, the MFA mode and what else a pool has; -h explains them. It
// behaves as the package cognitotest does, and is for tests and demonstrations only.
//
// A test harness has it built by go build or go install, since go run does not pass signals on. It
// starts it with -addr 127.0.0.1:0 -json and reads one line from its standard output, which comes when
// the pool is ready:
//
//	{"endpoint":"http://127.0.0.1:40123","region":"us-east-1","userPoolId":"us-east-1_cognitotest",…}
//
// Diagnostics go to the standard error. It ends with status 0 after Ctrl-C or SIGTERM, with 2 if the
// command line is wrong, and with 1 for whatever else keeps it from running.
//
// # Clients
//
// A client is given the endpoint in its code (endpoint_url of boto3, --endpoint-url of the AWS CLI),
// which works in any version, or in the variable AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER. That needs
// the AWS CLI 1.29 or 2.13, boto3 1.28, the SDK for JavaScript 3.428, for Java 2.28.1, or for Go of
// 2023-11: older ones ignore it and call AWS.
//
// The issuer of tokens is Cognito's own, as token verifiers expect it. Clients with OpenID Connect
// Discovery want one that is the address of the pool: -issuer self, or in a network of containers
// -issuer http://cognito:9229.
//
// # Users
//
// -users names a JSON file that lists the users there are; -users - reads the list from the standard
// input.
//
//	[
//	  {"username": "alice", "password": "Passw0rd!", "email": "alice@example.com", "totp": "JBSWY3DPEHPK3PXP"},
//	  {
//	    "username": "bob", "password": "Passw0rd!", "phone": "+15550001234",
//	    "attributes": {"name": "Bob"}, "groups": ["admin"]
//	  },
//	  {"username": "carol", "password": "Temp0rary!", "status": "FORCE_CHANGE_PASSWORD"}
//	]
//
// Only username and password are required, and no password where -first-factors has email or sms. The
// members are
//
//   - username: where -username-attributes is given, the address that the user signs in by
//   - password: the pool's password policy does not apply
//   - sub: a UUID in lower case, for databases that outlive the program; made up if left out
//   - email, phone: addresses, which are verified; one that is not is given in attributes
//   - attributes: other attributes, all of them texts
//   - groups: the groups that tokens name
//   - status: CONFIRMED if left out, UNCONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED
//   - disabled: true for a user who cannot sign in
//   - totp: the secret of an authenticator that is set up, in base32; the user is asked for its code
//   - methods: the MFA methods that are enabled: SOFTWARE_TOKEN_MFA, SMS_MFA, EMAIL_OTP; if left out,
//     the first of them for a user with totp
//   - preferred: the one of methods that is asked for
//   - claims: what a pre token generation trigger would add to tokens, as
//     {"id": {"plan": "pro"}, "access": {"tenant": 7}}
//   - challenges: what the triggers of a custom authentication flow would ask for, with CUSTOM_AUTH in
//     place of a password and else after it, as
//     [{"name": "CUSTOM_CHALLENGE", "parameters": {"question": "?"}, "answers": {"ANSWER": "42"}, "tries": 3}]
//
// What contradicts itself or could not work in the pool is refused, with the number of the user.
//
// # The control address
//
// With -control 127.0.0.1:9230 there is a second address, for test suites. It tells codes and changes
// what it is asked to change, and is off by default. What an authenticator shows now, and next; codes
// are good for one use, and the next one is accepted already:
//
//	curl http://127.0.0.1:9230/users/alice/codes
//	{"code":"282760","nextCode":"996554"}
//
// What a user was sent by SMS and e-mail, oldest first, the last 20 messages, and the state of a user:
//
//	curl http://127.0.0.1:9230/users/alice/outbox
//	{"messages":[]}
//
//	curl http://127.0.0.1:9230/users/alice
//	{
//	  "userPoolId": "us-east-1_cognitotest", "username": "alice",
//	  "sub": "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10", "status": "CONFIRMED", "disabled": false,
//	  "attributes": {
//	    "email": "alice@example.com", "email_verified": "true", "sub": "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10"
//	  },
//	  "groups": [], "methods": ["SOFTWARE_TOKEN_MFA"], "preferred": "SOFTWARE_TOKEN_MFA",
//	  "totp": true, "totpPending": false, "totpDevice": "", "created": "2026-01-02T03:04:05Z",
//	  "modified": "2026-01-02T03:04:05Z", "failedPasswordTries": 0
//	}
//
// A message is {"time":…,"medium":"EMAIL","destination":"alice@example.com","code":"123456"}. Names may
// be aliases or subs; what a URL cannot hold is percent-encoded in them. Another user, with the members
// that a users file has, is answered with its state:
//
//	curl -H Content-Type:application/json -d '{"username":"dave","password":"Passw0rd!"}' http://127.0.0.1:9230/users
//	{
//	  "userPoolId": "us-east-1_cognitotest", "username": "dave",
//	  "sub": "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10", "status": "CONFIRMED", "disabled": false,
//	  "attributes": {"sub": "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10"}, "groups": [], "methods": [],
//	  "preferred": "", "totp": false, "totpPending": false, "totpDevice": "",
//	  "created": "2026-01-02T03:04:05Z", "modified": "2026-01-02T03:04:05Z",
//	  "failedPasswordTries": 0
//	}
//
// A program may make more pools, by CreateUserPool. A user whose name is in several of them is an error
// that names the pools; the same paths below /pools/<pool ID> are about one pool:
//
//	curl -H Content-Type:application/json \
//	  -d '{"username":"erin","password":"Passw0rd!","totp":"JBSWY3DPEHPK3PXP"}' \
//	  http://127.0.0.1:9230/pools/us-east-1_cognitotest/users
//	{
//	  "userPoolId": "us-east-1_cognitotest", "username": "erin",
//	  "sub": "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10", "status": "CONFIRMED", "disabled": false,
//	  "attributes": {"sub": "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10"}, "groups": [],
//	  "methods": ["SOFTWARE_TOKEN_MFA"], "preferred": "SOFTWARE_TOKEN_MFA", "totp": true,
//	  "totpPending": false, "totpDevice": "", "created": "2026-01-02T03:04:05Z",
//	  "modified": "2026-01-02T03:04:05Z", "failedPasswordTries": 0
//	}
//
//	curl http://127.0.0.1:9230/pools/us-east-1_cognitotest/users/alice/codes
//	{"code":"282760","nextCode":"996554"}
//
//	curl http://127.0.0.1:9230/pools/us-east-1_cognitotest/users/alice/outbox
//	{"messages":[]}
//
//	curl http://127.0.0.1:9230/pools/us-east-1_cognitotest/users/alice
//	{
//	  "userPoolId": "us-east-1_cognitotest", "username": "alice",
//	  "sub": "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10", "status": "CONFIRMED", "disabled": false,
//	  "attributes": {
//	    "email": "alice@example.com", "email_verified": "true", "sub": "1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10"
//	  },
//	  "groups": [], "methods": ["SOFTWARE_TOKEN_MFA"], "preferred": "SOFTWARE_TOKEN_MFA",
//	  "totp": true, "totpPending": false, "totpDevice": "", "created": "2026-01-02T03:04:05Z",
//	  "modified": "2026-01-02T03:04:05Z", "failedPasswordTries": 0
//	}
//
// The clock, by which sessions, codes and tokens age, is read, and moved by a duration, which may be
// negative:
//
//	curl http://127.0.0.1:9230/clock
//	{"now":"2026-01-02T03:04:05Z"}
//
//	curl -H Content-Type:application/json -d '{"advance":"3m"}' http://127.0.0.1:9230/clock
//	{"now":"2026-01-02T03:07:05Z"}
//
// Faults wait for the next calls of an operation, or with "*" of any, one for each. code, with message
// and status, is an error to respond with; drop closes the connection without a response, cut in the
// middle of it; reset resets it, instead of drop or with cut; applied says that the call is served all
// the same; delay comes before anything else, by the real clock; count is how many calls meet the
// fault. A fault that says nothing of these lets a call pass. DELETE forgets those that wait:
//
//	curl -H Content-Type:application/json \
//	  -d '{"operation":"InitiateAuth","code":"TooManyRequestsException","message":"Rate exceeded",
//	       "status":429,"count":2}' \
//	  http://127.0.0.1:9230/faults
//	{}
//
//	curl -H Content-Type:application/json \
//	  -d '{"operation":"VerifySoftwareToken","reset":true,"applied":true,"delay":"100ms"}' \
//	  http://127.0.0.1:9230/faults
//	{}
//
//	curl -H Content-Type:application/json -d '{"operation":"*","cut":true}' http://127.0.0.1:9230/faults
//	{}
//
//	curl -X DELETE http://127.0.0.1:9230/faults
//	{}
//
// What was asked of the pool, oldest first, without its secrets, and forgetting that:
//
//	curl http://127.0.0.1:9230/calls
//	{"calls":[]}
//
//	curl -X DELETE http://127.0.0.1:9230/calls
//	{}
//
// One of the calls:
//
//	{"operation":"InitiateAuth","time":…,"signed":false,"params":{…},"ipAddress":"","error":"","faulted":false}
//
// With -accept-unsimulated, "unsimulated" lists the settings of the call that were kept and do nothing.
// An error is {"error":…}, with a sentence that says what to do, and a status of 400 or more. Requests
// of web pages are refused, whatever page the developer's browser may visit. The pool itself takes
// those of pages of the same computer, and of others the calls that AWS does not want signed.
//
// # Other addresses
//
// Whoever reaches the program may do everything. It listens on the loopback interface only, unless
// -insecure-listen says that the network is to be trusted, as the one between two containers is. A
// control address outside the loopback interface is reached under any name.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
)

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err == nil {
		return
	}
	if usage := usageError(""); errors.As(err, &usage) {
		fmt.Fprintf(os.Stderr, "cognitotest: %s; -h explains the flags\n", reason(err))
		os.Exit(2)
	}
	fmt.Fprintf(os.Stderr, "cognitotest: %s\n", reason(err))
	os.Exit(1)
}

// reason is the text of an error in one line, without the name of the package, which is the program's too.
func reason(err error) string {
	return strings.ReplaceAll(strings.TrimPrefix(err.Error(), "cognitotest: "), "\n", "; ")
}

// run serves a user pool until Ctrl-C.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	s, err := parseSettings(args, stdout)
	if err != nil || s == nil {
		return err
	}
	users, err := readUsers(s.users, stdin)
	if err != nil {
		return err
	}

	// Up to here a signal ends the program as it ends any.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	srv, err := s.start(ctx)
	if err != nil {
		return err
	}
	defer srv.Close()
	if err := addUsers(srv, s.users, users); err != nil {
		return err
	}
	url, failed, err := s.startControl(ctx, srv, stderr)
	if err != nil {
		return err
	}

	config := configOf(srv, s, users, url)
	write := config.writeText
	if s.json {
		write = config.writeJSON
	}
	if err := write(stdout); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		stop() // a second Ctrl-C ends the program there and then
		return nil
	case err := <-failed:
		return err
	}
}

// start starts the pool.
func (s *settings) start(ctx context.Context) (*cognitotest.Server, error) {
	listener, err := listen(ctx, "-addr", s.addr, s.insecure)
	if err != nil {
		return nil, err
	}
	//nolint:contextcheck // The server lasts until it is closed.
	srv, err := cognitotest.Start(func(o *cognitotest.Options) {
		*o = s.pool
		o.Listener = listener
	})
	if err != nil {
		return nil, errors.Join(usageError(reason(err)), listener.Close())
	}
	return srv, nil
}

// startControl starts the control interface, if it is asked for, and tells where it is. It ends with the
// program.
func (s *settings) startControl(
	ctx context.Context, srv *cognitotest.Server, stderr io.Writer,
) (url string, failed <-chan error, err error) {
	if s.control == "" {
		return "", nil, nil
	}
	listener, err := listen(ctx, "-control", s.control, s.insecure)
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{
		Handler:           newControl(srv, !loopback.IsHost(listener.Addr().String())),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(stderr, "cognitotest: control: ", 0),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	return "http://" + loopback.Reachable(listener.Addr()), ended, nil
}
