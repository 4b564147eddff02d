package main

import (
	"runtime/debug"
	"strings"
)

// usage stands before the list of the flags. It says what the package comment says, to people who have
// the program and not its source.
const usage = `Usage: cognitotest [flags]

An Amazon Cognito user pool in memory, for tests of programs in any language. It prints what to
configure, with lines to try, and runs until Ctrl-C. For tests and demonstrations only: whoever
reaches it may do everything.

Users: -users names a JSON file, - the standard input.

  [
    {"username": "alice", "password": "Passw0rd!", "email": "alice@example.com", "totp": "JBSWY3DPEHPK3PXP"},
    {"username": "bob", "password": "Passw0rd!", "attributes": {"name": "Bob"}, "groups": ["admin"]}
  ]

  username    required; where -username-attributes is given, the address that the user signs in by
  password    required, unless -first-factors has codes; the password policy does not apply
  sub         a UUID that stays the same; made up if left out
  email       an address that is verified; for one that is not, use attributes
  phone       likewise, such as +15550001234
  attributes  others, all of them texts, such as {"name": "Bob", "custom:tenant": "7"}
  groups      a list, such as ["admin"]
  status      CONFIRMED (the default), UNCONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED
  disabled    true for a user who cannot sign in
  totp        the secret of an authenticator that is set up, in base32
  methods     the MFA methods that are enabled: SOFTWARE_TOKEN_MFA, SMS_MFA, EMAIL_OTP
  preferred   the one of them that is asked for
  claims      what a trigger would add to tokens: {"id": {"plan": "pro"}, "access": {"tenant": 7}}
  challenges  what triggers of CUSTOM_AUTH would ask for, or after the password:
              [{"parameters": {"question": "?"}, "answers": {"ANSWER": "42"}, "tries": 3}]

Control address: -control 127.0.0.1:9230 starts it. It takes and gives JSON.

  GET /users/alice/codes    what the authenticator shows: {"code":"282760","nextCode":"996554"}
  GET /users/alice/outbox   what was sent by SMS and e-mail: {"messages":[{"code":"123456",…}]}
  GET /users/alice          the state of the user
  POST /users               adds a user: {"username":"dave","password":"Passw0rd!"}
  POST /clock               moves the clock, by which everything ages: {"advance":"3m"}; GET reads it
  POST /faults              breaks the next calls of an operation:
                            {"operation":"InitiateAuth","code":"TooManyRequestsException","count":2},
                            or with drop, cut or reset (true), applied (true), delay ("100ms");
                            DELETE forgets those that wait
  GET /calls                what was asked of the pool, without secrets; DELETE forgets it

Where a program makes pools of its own, /pools/<pool id>/users/… is about one of them. Examples:

  curl http://127.0.0.1:9230/users/alice/codes
  curl -H Content-Type:application/json -d '{"advance":"3m"}' http://127.0.0.1:9230/clock
  curl http://127.0.0.1:9230/pools/us-east-1_cognitotest/users/alice/outbox

Clients: the endpoint in the code (endpoint_url of boto3, --endpoint-url of the AWS CLI) works in
any version. AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER is ignored by versions older than
` + versions + `: they would call AWS.

More: https://pkg.go.dev/github.com/cognitomfa/cognitomfa/cmd/cognitotest

Flags:

`

// version is what the program was built from, as far as it is known.
func version() string {
	parts := []string{"cognitotest"}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			parts = append(parts, info.Main.Version)
		}
		parts = append(parts, info.GoVersion)
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" || setting.Key == "vcs.time" {
				parts = append(parts, setting.Value)
			}
		}
	}
	return strings.Join(parts, " ")
}
