// Cognitotest is an Amazon Cognito user pool in memory, for tests of programs in any language:
//
//	go run github.com/cognitomfa/cognitomfa/cmd/cognitotest
//
// It listens on http://127.0.0.1:9229, prints the settings for your client and AWS CLI commands
// that sign a user in, and runs until Ctrl-C. The IDs of the pool and the app client are the same
// at every start. Flags set the address, IDs, the MFA mode and other settings of the pool; -h lists
// them. It behaves as the package cognitotest does, and is for tests and demonstrations only.
//
// In a test harness, build it with go build or go install: go run does not pass signals on. Start
// it with -addr 127.0.0.1:0 -json and read one line from its standard output, which it writes when
// the pool is ready:
//
//	{"endpoint":"http://127.0.0.1:40123","region":"us-east-1","userPoolId":"us-east-1_cognitotest",…}
//
// Diagnostics go to standard error. The exit status is 0 after Ctrl-C or SIGTERM, 2 if the command
// line is wrong, and 1 after any other error.
//
// # Clients
//
// Set the endpoint in the client's code (endpoint_url of boto3, --endpoint-url of the AWS CLI),
// which works with any version, or in the variable AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER. The
// variable needs AWS CLI 1.29 or 2.13, boto3 1.28, the SDK for JavaScript 3.428, for Java 2.28.1,
// or for Go of 2023-11. Older versions ignore it and call AWS.
//
// The issuer of tokens is Cognito's own, which token verifiers expect. Clients with OpenID Connect
// Discovery need an issuer that is the address of the pool: -issuer self or, in a network of
// containers, -issuer http://cognito:9229.
//
// # Users
//
// -users names a JSON file with a list of users; -users - reads the list from standard input.
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
// Only username and password are required; the password is optional if -first-factors has email or
// sms. The members are
//
//   - username: with -username-attributes, the address that the user signs in by
//   - password: the pool's password policy does not apply
//   - sub: a UUID in lower case, for databases that outlive the program; by default random
//   - email, phone: verified addresses; put unverified ones into attributes
//   - attributes: other attributes, all strings
//   - groups: the user's groups, which tokens list
//   - status: CONFIRMED (the default), UNCONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED
//   - disabled: true for a user who cannot sign in
//   - totp: the base32 secret of a verified authenticator; the user is asked for its code
//   - methods: the MFA methods that are enabled: SOFTWARE_TOKEN_MFA, SMS_MFA, EMAIL_OTP; by default
//     the first of them for a user with totp
//   - preferred: the one of methods that is asked for
//   - claims: what a pre token generation trigger would add to tokens, as
//     {"id": {"plan": "pro"}, "access": {"tenant": 7}}
//   - challenges: what the triggers of a custom authentication flow would ask for, with CUSTOM_AUTH
//     in place of the password and otherwise after it, as
//     [{"parameters": {"question": "?"}, "answers": {"ANSWER": "42"}, "tries": 3}]; the name is
//     CUSTOM_CHALLENGE by default
//
// A user whose description contradicts itself or could not work in the pool is refused; the error
// has the user's number in the list.
//
// # The control address
//
// -control 127.0.0.1:9230 opens a second address for test suites, which reads codes and changes the
// pool's state. It is off by default. The current and the next code of an authenticator; each works
// once, and the next one is accepted already:
//
//	curl http://127.0.0.1:9230/users/alice/codes
//	{"code":"282760","nextCode":"996554"}
//
// The last 20 messages to a user by SMS and email, oldest first; the state of a user:
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
// A message is {"time":…,"medium":"EMAIL","destination":"alice@example.com","code":"123456"}. Names
// may be aliases or subs; percent-encode them where necessary. To add a user, send the members of a
// users file; the response is the user's state:
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
// A program may create more pools with CreateUserPool. If a user name is in several pools, the
// response is an error that lists them. The same paths below /pools/<pool ID> are about one pool:
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
// Read the clock, by which sessions, codes and tokens age, and move it forward or, with a minus,
// back:
//
//	curl http://127.0.0.1:9230/clock
//	{"now":"2026-01-02T03:04:05Z"}
//
//	curl -H Content-Type:application/json -d '{"advance":"3m"}' http://127.0.0.1:9230/clock
//	{"now":"2026-01-02T03:07:05Z"}
//
// A fault breaks the next call of an operation, or of any with "*". code, with message and status,
// is the error of the response. drop closes the connection without a response, cut in the middle of
// it; reset resets the connection, in place of drop or with cut. applied serves the call all the
// same. delay comes before anything else, by the real clock. count is the number of calls to break.
// A fault with none of these lets a call pass. DELETE clears the faults that are queued:
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
// List the calls to the pool, oldest first and without secrets, and clear the list:
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
// With -accept-unsimulated, "unsimulated" lists the settings of the call that were kept without
// effect. An error is {"error":…}, with a sentence that says what to do, and a status of 400 or
// more. On the loopback interface, the control address refuses web pages, so no site that the
// developer's browser visits can use it. The pool accepts calls from pages of the same computer;
// from other pages, only those that AWS does not require to be signed.
//
// # Other addresses
//
// Everyone who reaches the program can do everything. It listens on the loopback interface only,
// unless -insecure-listen declares the network trusted, such as one between containers. A control
// address outside the loopback interface may be called under any name, so it has no protection
// against DNS rebinding.
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

// reason returns the text of an error in one line, without the package's name: the program has the
// same.
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

	// Until here, a signal ends the program in the usual way.
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
		stop() // a second Ctrl-C ends the program at once
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
	//nolint:contextcheck // the server runs until it is closed
	srv, err := cognitotest.Start(func(o *cognitotest.Options) {
		*o = s.pool
		o.Listener = listener
	})
	if err != nil {
		return nil, errors.Join(usageError(reason(err)), listener.Close())
	}
	return srv, nil
}

// startControl starts the control interface if there is a flag for it, and returns its URL. It ends
// with the program.
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
