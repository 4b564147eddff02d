package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// secretVariable can hold the client secret, because all users of a computer can see flags.
const secretVariable = "COGNITO_CLIENT_SECRET" //nolint:gosec // its name, not its value

// settings are the values of the flags.
type settings struct {
	addr, cognitoAddr, allowOrigin string
	hosts                          []string

	issuer, mfa string
	public      bool

	endpoint, region, userPoolID, clientID, clientSecret string
}

const usage = `Usage: web [flags]

A demo of TOTP MFA with Amazon Cognito: sign in, set up MFA with a QR code, enter the code.
Without flags it brings its own user pool, in memory and with one user. To use your own pool,
give -user-pool-id and -client-id; AWS credentials and the like come from the environment, as
with the AWS CLI. Ctrl-C ends it.

`

// parseSettings reads the flags. If they ask for help, it prints the help and returns nil.
func parseSettings(args []string, stdout io.Writer) (*settings, error) {
	var s settings
	f := flag.NewFlagSet("web", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&s.addr, "addr", "127.0.0.1:8080",
		"the `address` of the pages; port 0 picks a free one")
	f.Func("host", "another host `name` under which browsers reach the demo; can be repeated",
		func(name string) error {
			s.hosts = append(s.hosts, name)
			return nil
		})
	f.StringVar(&s.cognitoAddr, "cognito-addr", "127.0.0.1:0",
		"the `address` of the embedded Cognito; port 0 picks a free one")
	f.StringVar(&s.mfa, "mfa", "optional",
		"whether MFA is on in the embedded pool: optional, required or off")
	f.StringVar(&s.issuer, "issuer", "Cognito MFA demo", "the `name` that authenticator apps show")
	f.BoolVar(&s.public, "public", false,
		"sign in without IAM permissions, as a phone would: InitiateAuth instead of AdminInitiateAuth")
	f.StringVar(&s.allowOrigin, "allow-origin", "",
		"one other `origin`, such as https://www.example.com, whose pages may use the interface (CORS)")
	f.StringVar(&s.userPoolID, "user-pool-id", "",
		"the `id` of a user pool to use instead of the embedded one")
	f.StringVar(&s.clientID, "client-id", "", "the `id` of that pool's app client")
	f.StringVar(&s.clientSecret, "client-secret", "",
		"the app client's `secret`, if it has one; safer in the variable "+secretVariable)
	f.StringVar(&s.region, "region", "",
		"the AWS `region`; the default is the prefix of the pool's ID")
	f.StringVar(&s.endpoint, "endpoint", "",
		"the `URL` of an emulator of Cognito, such as http://127.0.0.1:9229")

	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return nil, nil //nolint:nilnil // nothing to serve, and nothing wrong with that
	case err != nil:
		return nil, fmt.Errorf("%w; -h explains the flags", err)
	case f.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q; -h explains the flags", f.Arg(0))
	}
	given := make(map[string]bool)
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	return &s, s.check(given)
}

// mfaTypes are the values of -mfa.
var mfaTypes = map[string]types.UserPoolMfaType{
	"optional": types.UserPoolMfaTypeOptional,
	"required": types.UserPoolMfaTypeOn,
	"off":      types.UserPoolMfaTypeOff,
}

// ownHosts returns the host names under which browsers reach the demo.
func (s *settings) ownHosts() []string {
	hosts := append([]string{"localhost"}, s.hosts...)
	if host, _, err := net.SplitHostPort(s.addr); err == nil && host != "" {
		hosts = append(hosts, host)
	}
	return hosts
}

// embedded reports whether the demo uses its own user pool.
func (s *settings) embedded() bool {
	return s.endpoint == "" && s.userPoolID == "" && s.clientID == "" && s.clientSecret == ""
}

// check validates the settings and fills in defaults.
func (s *settings) check(given map[string]bool) error {
	if mfaTypes[s.mfa] == "" {
		return fmt.Errorf("-mfa is optional, required or off, not %q", s.mfa)
	}
	if s.embedded() {
		s.region = cmp.Or(s.region, "us-east-1")
		return checkRegion(s.region)
	}
	var missing []string
	if s.userPoolID == "" {
		missing = append(missing, "-user-pool-id")
	}
	if s.clientID == "" {
		missing = append(missing, "-client-id")
	}
	if missing != nil {
		return fmt.Errorf("missing %s, required unless the pool is the embedded one",
			strings.Join(missing, " and "))
	}
	for _, name := range []string{"mfa", "cognito-addr"} {
		if given[name] {
			return fmt.Errorf("-%s is for the embedded pool, which -user-pool-id replaces", name)
		}
	}
	region, _, found := strings.Cut(s.userPoolID, "_")
	if !found {
		return errors.New("-user-pool-id is not the id of a user pool, such as eu-west-1_AbCdEfGhI")
	}
	s.region = cmp.Or(s.region, region)
	s.clientSecret = cmp.Or(s.clientSecret, os.Getenv(secretVariable))
	return checkRegion(s.region)
}

// checkRegion checks that a region can be part of a host name.
func checkRegion(region string) error {
	if strings.Trim(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("%q is not the name of a region", region)
	}
	return nil
}
