package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// secretVariable is where the client secret is looked for, since flags are seen by all users of a computer.
const secretVariable = "COGNITO_CLIENT_SECRET" //nolint:gosec // its name, not its value

// What the pool and its app client are called: the same at every start, so that they can stand in a configuration that is shared.
const (
	defaultRegion   = "us-east-1"
	defaultPoolName = "cognitotest" // after the region
	defaultClientID = "cognitotest"
)

// usageError is a command line that cannot be right, whatever the computer it is given on.
type usageError string

func (e usageError) Error() string { return string(e) }

// settings are what the flags say.
type settings struct {
	addr, control string
	insecure      bool
	json          bool
	users         string
	clock         time.Duration
	pool          cognitotest.Options
}

const usage = `Usage: cognitotest [flags]

An Amazon Cognito user pool in memory, for tests of programs in any language. It prints what to configure and runs
until Ctrl-C. The form of the users file and what the control address can do are explained by

  go doc github.com/cognitomfa/cognitomfa/cmd/cognitotest

`

// parseSettings reads the flags. It returns nil, and prints the explanation, when asked for it.
func parseSettings(args []string, stdout io.Writer) (*settings, error) {
	var s settings
	var mfa, methods, factors, devices, usernameAttributes, aliasAttributes string
	f := flag.NewFlagSet("cognitotest", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&s.addr, "addr", "127.0.0.1:9229", "the `address` to listen on; port 0 picks a free one")
	f.StringVar(&s.control, "control", "", "the `address` of the control interface, such as 127.0.0.1:9230; it tells codes, and is off by default")
	f.BoolVar(&s.insecure, "insecure-listen", false, "let -addr and -control be addresses that other computers reach, who may then do everything")
	f.BoolVar(&s.json, "json", false, "print what to configure as one line of JSON, for scripts")
	f.StringVar(&s.users, "users", "", "the JSON `file` of the users that there are; - reads the standard input")
	f.StringVar(&s.pool.Region, "region", "", "the AWS `region`; by default the one that the pool's id begins with, or "+defaultRegion)
	f.StringVar(&s.pool.UserPoolID, "user-pool-id", "", "the `id` of the user pool; by default the region and _"+defaultPoolName)
	f.StringVar(&s.pool.ClientID, "client-id", defaultClientID, "the `id` of the app client")
	f.StringVar(&s.pool.ClientSecret, "client-secret", "", "the app client's `secret`, if it has one; better given in the variable "+secretVariable)
	f.StringVar(&mfa, "mfa", "optional", "the `mode`: whether the pool demands MFA: optional, required or off")
	f.StringVar(&methods, "mfa-methods", "totp", "the `methods` of MFA that the pool offers: totp, sms and email, with commas")
	f.StringVar(&factors, "first-factors", "password", "the `factors` that a sign-in by choice (USER_AUTH) may begin with: password, email and sms, with commas")
	f.StringVar(&devices, "devices", "off", "the `mode` of device tracking: off, always, or opt-in, where users choose what is remembered; such a device needs no MFA")
	f.StringVar(&usernameAttributes, "username-attributes", "", "the `attributes` that stand in for a user name: email, phone_number or both, with a comma")
	f.StringVar(&aliasAttributes, "alias-attributes", "", "the `attributes` that sign in beside the user name: email, phone_number, preferred_username")
	f.BoolVar(&s.pool.CaseInsensitive, "case-insensitive", false, "user names and aliases in any case")
	f.BoolVar(&s.pool.RevealUsers, "reveal-users", false, "tell an unknown user from a wrong password (PreventUserExistenceErrors LEGACY)")
	f.BoolVar(&s.pool.AcceptUnsimulated, "accept-unsimulated", false,
		"keep and describe settings of pools and app clients that do nothing here, Lambda triggers for example, rather than refuse them")
	f.DurationVar(&s.pool.AuthSessionValidity, "session-validity", 3*time.Minute, "how long a sign-in may take between two steps, 3m to 15m")
	f.DurationVar(&s.pool.AccessTokenValidity, "access-token-validity", time.Hour, "the life of access tokens, 5m to 24h")
	f.DurationVar(&s.pool.IDTokenValidity, "id-token-validity", time.Hour, "the life of ID tokens, 5m to 24h")
	f.DurationVar(&s.pool.RefreshTokenValidity, "refresh-token-validity", 30*24*time.Hour, "the life of refresh tokens, 1h to 87600h")
	f.DurationVar(&s.clock, "clock", 0, "how far the pool's clock is ahead of the computer's, or with a minus behind")

	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return nil, nil //nolint:nilnil // nothing to serve, and nothing wrong with that
	case err != nil:
		return nil, usageError(err.Error())
	case f.NArg() > 0:
		return nil, usageError(fmt.Sprintf("there are flags only, and no argument such as %q", f.Arg(0)))
	}
	return &s, errors.Join(s.setMFA(mfa, methods), s.setFactors(factors), s.setDevices(devices), s.setNames(usernameAttributes, aliasAttributes), s.setTimes())
}

// mfaTypes are the values of -mfa.
var mfaTypes = map[string]types.UserPoolMfaType{
	"optional": types.UserPoolMfaTypeOptional,
	"required": types.UserPoolMfaTypeOn,
	"off":      types.UserPoolMfaTypeOff,
}

func (s *settings) setMFA(mode, methods string) error {
	if s.pool.MFA = mfaTypes[mode]; s.pool.MFA == "" {
		return usageError(fmt.Sprintf("-mfa is optional, required or off, not %q", mode))
	}
	names, err := list("-mfa-methods", methods, "totp", "sms", "email")
	s.pool.TOTPDisabled = !slices.Contains(names, "totp")
	s.pool.SMS = slices.Contains(names, "sms")
	s.pool.Email = slices.Contains(names, "email")
	if err == nil && len(names) == 0 && mode != "off" {
		err = usageError("-mfa-methods is empty; for a pool without MFA say -mfa off")
	}
	return err
}

// firstFactors are the values of -first-factors.
var firstFactors = map[string]types.AuthFactorType{
	"password": types.AuthFactorTypePassword,
	"email":    types.AuthFactorTypeEmailOtp,
	"sms":      types.AuthFactorTypeSmsOtp,
}

func (s *settings) setFactors(factors string) error {
	names, err := list("-first-factors", factors, "password", "email", "sms")
	for _, name := range names {
		s.pool.FirstFactors = append(s.pool.FirstFactors, firstFactors[name])
	}
	if err == nil && !slices.Contains(names, "password") {
		err = usageError("-first-factors must have password among them")
	}
	return err
}

func (s *settings) setDevices(mode string) error {
	switch mode {
	case "off":
	case "always", "opt-in":
		s.pool.Devices = &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: mode == "opt-in"}
	default:
		return usageError(fmt.Sprintf("-devices is off, always or opt-in, not %q", mode))
	}
	return nil
}

// setNames fills in what the pool is called, and how its users are.
func (s *settings) setNames(usernameAttributes, aliasAttributes string) error {
	region, _, _ := strings.Cut(s.pool.UserPoolID, "_")
	s.pool.Region = cmp.Or(s.pool.Region, region, defaultRegion)
	s.pool.UserPoolID = cmp.Or(s.pool.UserPoolID, s.pool.Region+"_"+defaultPoolName)
	s.pool.ClientID = cmp.Or(s.pool.ClientID, defaultClientID)
	s.pool.ClientSecret = cmp.Or(s.pool.ClientSecret, os.Getenv(secretVariable))

	names, err := list("-username-attributes", usernameAttributes, "email", "phone_number")
	for _, name := range names {
		s.pool.UsernameAttributes = append(s.pool.UsernameAttributes, types.UsernameAttributeType(name))
	}
	aliases, err2 := list("-alias-attributes", aliasAttributes, "email", "phone_number", "preferred_username")
	for _, name := range aliases {
		s.pool.AliasAttributes = append(s.pool.AliasAttributes, types.AliasAttributeType(name))
	}
	if names != nil && aliases != nil {
		return usageError("a pool has -username-attributes or -alias-attributes, not both")
	}
	return cmp.Or(err, err2)
}

// list reads a list with commas.
func list(flag, text string, known ...string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	names := strings.Split(text, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if !slices.Contains(known, names[i]) {
			return nil, usageError(fmt.Sprintf("%s is a list of %s, with commas, and %q is none of them", flag, strings.Join(known, ", "), names[i]))
		}
	}
	return names, nil
}

// farthest is how far the clock may be from the computer's: farther than anything lives, and near enough to be counted in nanoseconds.
const farthest = 100 * 365 * 24 * time.Hour

var errTooFar = usageError("the clock can be at most 876000h, a hundred years, away from the computer's")

func (s *settings) setTimes() error {
	if s.clock.Abs() > farthest {
		return errTooFar
	}
	s.pool.Now = func() time.Time { return time.Now().Add(s.clock) }
	// To the package a zero stands for the default.
	if min(s.pool.AuthSessionValidity, s.pool.AccessTokenValidity, s.pool.IDTokenValidity, s.pool.RefreshTokenValidity) <= 0 {
		return usageError("a validity must be longer than nothing")
	}
	return nil
}
