package main

import (
	"runtime/debug"
	"strings"
)

// usage precedes the list of flags. It is the package comment for people who only have the program.
const usage = `Usage: cognitotest [flags]

An Amazon Cognito user pool in memory, for tests of programs in any language. It prints the settings
for your client, with commands to try, and runs until Ctrl-C. For tests and demonstrations only:
everyone who reaches it can do everything.

Users: -users names a JSON file, - stands for standard input.

  [
    {"username": "alice", "password": "Passw0rd!", "email": "alice@example.com", "totp": "JBSWY3DPEHPK3PXP"},
    {"username": "bob", "password": "Passw0rd!", "attributes": {"name": "Bob"}, "groups": ["admin"]}
  ]

  username    required; with -username-attributes, the address that the user signs in by
  password    required, unless -first-factors has codes; the password policy does not apply
  sub         a UUID that stays the same; by default random
  email       a verified address; for an unverified one, use attributes
  phone       likewise, such as +15550001234
  attributes  others, all of them strings, such as {"name": "Bob", "custom:tenant": "7"}
  groups      a list, such as ["admin"]
  status      CONFIRMED (the default), UNCONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED
  disabled    true for a user who cannot sign in
  totp        the base32 secret of a verified authenticator
  methods     the MFA methods that are enabled: SOFTWARE_TOKEN_MFA, SMS_MFA, EMAIL_OTP
  preferred   the one of them that is asked for
  claims      what a trigger would add to tokens: {"id": {"plan": "pro"}, "access": {"tenant": 7}}
  challenges  what triggers of CUSTOM_AUTH would ask for, or after the password:
              [{"parameters": {"question": "?"}, "answers": {"ANSWER": "42"}, "tries": 3}]

Control address: -control 127.0.0.1:9230 opens it. It speaks JSON.

  GET /users/alice/codes    what the authenticator shows: {"code":"282760","nextCode":"996554"}
  GET /users/alice/outbox   messages by SMS and email: {"messages":[{"code":"123456",…}]}
  GET /users/alice          the state of the user
  POST /users               adds a user: {"username":"dave","password":"Passw0rd!"}
  POST /clock               moves the clock, by which everything ages: {"advance":"3m"}; GET reads it
  POST /faults              breaks the next calls of an operation:
                            {"operation":"InitiateAuth","code":"TooManyRequestsException","count":2},
                            or with drop, cut or reset (true), applied (true), delay ("100ms");
                            DELETE clears them
  GET /calls                the calls to the pool, without secrets; DELETE clears the list

If a program creates pools of its own, /pools/<pool id>/users/… is about one of them. Examples:

  curl http://127.0.0.1:9230/users/alice/codes
  curl -H Content-Type:application/json -d '{"advance":"3m"}' http://127.0.0.1:9230/clock
  curl http://127.0.0.1:9230/pools/us-east-1_cognitotest/users/alice/outbox

Clients: the endpoint in the code (endpoint_url of boto3, --endpoint-url of the AWS CLI) works in
any version. Versions older than ` + versions + `
ignore AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER and call AWS.

More: https://pkg.go.dev/github.com/cognitomfa/cognitomfa/cmd/cognitotest

Flags:

`

// version returns what is known of the program's version.
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
