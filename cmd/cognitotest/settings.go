package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// secretVariable is the environment variable of the client secret: all users of a computer can read
// the flags of a program.
const secretVariable = "COGNITO_CLIENT_SECRET" //nolint:gosec // its name, not its value

// The default IDs are the same at every start, so they can be part of a shared configuration.
const (
	defaultRegion   = "us-east-1"
	defaultPoolName = "cognitotest" // after the region
	defaultClientID = "cognitotest"
)

// usageError is a mistake in the command line, as opposed to a failure of the computer.
type usageError string

func (e usageError) Error() string { return string(e) }

func misused(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// settings are the values of the flags.
type settings struct {
	addr, control string
	insecure      bool
	json          bool
	version       bool
	users         string
	clock         time.Duration
	pool          cognitotest.Options

	given map[string]bool // the flags on the command line, by name
}

// parseSettings reads the flags. After -h or -version it prints the text and returns nil.
func parseSettings(args []string, stdout io.Writer) (*settings, error) {
	s := settings{given: map[string]bool{}}
	f := flag.NewFlagSet("cognitotest", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	words := s.flags(f)
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return nil, nil //nolint:nilnil // nothing to serve, and nothing wrong with that
	case err != nil:
		return nil, usageError(err.Error())
	case f.NArg() > 0:
		return nil, misused("there are flags only, and no argument such as %q", f.Arg(0))
	case s.version:
		_, _ = io.WriteString(stdout, version()+"\n")
		return nil, nil //nolint:nilnil // as above
	}
	f.Visit(func(f *flag.Flag) { s.given[f.Name] = true })
	if err := s.set(words); err != nil {
		return nil, err
	}
	return &s, s.contradictions()
}

// words are the values of flags that need more parsing.
type words struct {
	mfa, methods, factors, devices, flows, quirks string
	usernameAttributes, aliasAttributes           string
}

// flags defines the flags.
func (s *settings) flags(f *flag.FlagSet) *words {
	w, p := new(words), &s.pool
	f.StringVar(&s.addr, "addr", "127.0.0.1:9229",
		"the `address` to listen on; port 0 picks a free one")
	f.StringVar(&s.control, "control", "",
		"the `address` of the control interface, such as 127.0.0.1:9230; "+
			"it reveals codes, and is off by default")
	f.BoolVar(&s.insecure, "insecure-listen", false,
		"allow addresses that other computers reach; they can then do everything")
	f.BoolVar(&s.json, "json", false,
		"print the settings for clients as one line of JSON, for scripts")
	f.BoolVar(&s.version, "version", false, "print the version and exit")
	f.StringVar(&s.users, "users", "", "the JSON `file` with the users; - reads standard input")
	f.StringVar(&p.Region, "region", "",
		"the AWS `region`; by default the one in -user-pool-id, or "+defaultRegion)
	f.StringVar(&p.UserPoolID, "user-pool-id", "",
		"the `id` of the user pool; by default the region and _"+defaultPoolName)
	f.StringVar(&p.ClientID, "client-id", defaultClientID, "the `id` of the app client")
	f.StringVar(&p.ClientSecret, "client-secret", "",
		"the app client's `secret`, if it has one; better given in the variable "+secretVariable)
	f.StringVar(&p.Issuer, "issuer", "",
		"the `url` that the iss of tokens begins with, before /<pool id>; by default Cognito's own; "+
			cognitotest.SelfIssuer+" is the address of the pool, for clients with OIDC discovery")
	f.StringVar(&w.mfa, "mfa", "optional",
		"the `mode`: whether the pool requires MFA: optional, required or off")
	f.StringVar(&w.methods, "mfa-methods", "totp",
		"the `methods` of MFA that the pool offers: totp, sms and email, with commas")
	f.StringVar(&w.factors, "first-factors", "password",
		"the `factors` that USER_AUTH may begin with: password, email and sms, with commas")
	f.StringVar(&w.devices, "devices", "off", "the `mode` of device tracking: off, always, "+
		"or opt-in, where users choose what is remembered; such a device needs no MFA")
	f.StringVar(&w.usernameAttributes, "username-attributes", "",
		"the `attributes` that users sign in by, without a user name: "+
			"email, phone_number or both, with a comma")
	f.StringVar(&w.aliasAttributes, "alias-attributes", "",
		"the `attributes` that sign in beside the user name: email, phone_number, preferred_username")
	f.BoolVar(&p.CaseInsensitive, "case-insensitive", false, "user names and aliases in any case")
	f.BoolVar(&p.RevealUsers, "reveal-users", false,
		"tell an unknown user from a wrong password (PreventUserExistenceErrors LEGACY)")
	f.BoolVar(&p.AcceptUnsimulated, "accept-unsimulated", false,
		"keep and describe settings of pools and app clients that have no effect here, such as "+
			"Lambda triggers, in place of refusing them")
	f.StringVar(&w.flows, "auth-flows", "",
		"the `flows` that the app client allows, such as ALLOW_USER_SRP_AUTH, with commas; "+
			"by default all")
	f.BoolVar(&p.RefreshTokenRotation, "rotation", false,
		"every refresh returns a new refresh token")
	f.DurationVar(&p.RotationGrace, "rotation-grace", 0,
		"how long a refresh token still works after its rotation, up to 1m")
	f.DurationVar(&p.AuthSessionValidity, "session-validity", 3*time.Minute,
		"how long a sign-in may take between two steps, 3m to 15m")
	f.DurationVar(&p.AccessTokenValidity, "access-token-validity", time.Hour,
		"the lifetime of access tokens, 5m to 24h")
	f.DurationVar(&p.IDTokenValidity, "id-token-validity", time.Hour,
		"the lifetime of ID tokens, 5m to 24h")
	f.DurationVar(&p.RefreshTokenValidity, "refresh-token-validity", 30*24*time.Hour,
		"the lifetime of refresh tokens, 1h to 87600h")
	f.DurationVar(&s.clock, "clock", 0,
		"how far the pool's clock is ahead of the computer's, or with a minus behind")
	f.StringVar(&w.quirks, "quirks", "",
		"the `names`, with commas, of alternatives to what the pool does "+
			"where Cognito's behavior is uncertain: "+strings.Join(quirkNames(), ", "))
	return w
}

// set parses the words. The error lists the first mistake of each flag.
func (s *settings) set(w *words) error {
	return errors.Join(
		s.setMFA(w.mfa, w.methods), s.setFactors(w.factors), s.setDevices(w.devices),
		s.setNames(w.usernameAttributes, w.aliasAttributes), s.setFlows(w.flows),
		s.setQuirks(w.quirks), s.setTimes(),
	)
}

// mfaTypes are the values of -mfa.
var mfaTypes = map[string]types.UserPoolMfaType{
	"optional": types.UserPoolMfaTypeOptional,
	"required": types.UserPoolMfaTypeOn,
	"off":      types.UserPoolMfaTypeOff,
}

func (s *settings) setMFA(mode, methods string) error {
	if s.pool.MFA = mfaTypes[mode]; s.pool.MFA == "" {
		return misused("-mfa is optional, required or off, not %q", mode)
	}
	names, err := list("-mfa-methods", methods, "totp", "sms", "email")
	s.pool.TOTPDisabled = !slices.Contains(names, "totp")
	s.pool.SMS = slices.Contains(names, "sms")
	s.pool.Email = slices.Contains(names, "email")
	if err == nil && len(names) == 0 && mode != "off" {
		err = misused("-mfa-methods is empty; for a pool without MFA say -mfa off")
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
		err = misused("-first-factors must have password among them")
	}
	return err
}

func (s *settings) setDevices(mode string) error {
	switch mode {
	case "off":
	case "always", "opt-in":
		s.pool.Devices = &types.DeviceConfigurationType{
			ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: mode == "opt-in",
		}
	default:
		return misused("-devices is off, always or opt-in, not %q", mode)
	}
	return nil
}

// setNames sets the IDs of the pool and the app client, and the attributes that users sign in by.
func (s *settings) setNames(usernameAttributes, aliasAttributes string) error {
	region, _, _ := strings.Cut(s.pool.UserPoolID, "_")
	s.pool.Region = cmp.Or(s.pool.Region, region, defaultRegion)
	s.pool.UserPoolID = cmp.Or(s.pool.UserPoolID, s.pool.Region+"_"+defaultPoolName)
	s.pool.ClientID = cmp.Or(s.pool.ClientID, defaultClientID)
	s.pool.ClientSecret = cmp.Or(s.pool.ClientSecret, os.Getenv(secretVariable))

	names, err := list("-username-attributes", usernameAttributes, "email", "phone_number")
	for _, name := range names {
		s.pool.UsernameAttributes = append(s.pool.UsernameAttributes,
			types.UsernameAttributeType(name))
	}
	aliases, err2 := list("-alias-attributes", aliasAttributes, "email", "phone_number",
		"preferred_username")
	for _, name := range aliases {
		s.pool.AliasAttributes = append(s.pool.AliasAttributes, types.AliasAttributeType(name))
	}
	return cmp.Or(err, err2)
}

func (s *settings) setFlows(flows string) error {
	var known []string
	for _, flow := range types.ExplicitAuthFlowsType("").Values() {
		known = append(known, string(flow))
	}
	names, err := list("-auth-flows", flows, known...)
	for _, name := range names {
		s.pool.AuthFlows = append(s.pool.AuthFlows, types.ExplicitAuthFlowsType(name))
	}
	return err
}

// errorNames are the quirks that are not booleans.
var errorNames = map[string]cognitotest.ErrorName{
	"ErrorNameInHeader": cognitotest.ErrorNameInHeader,
	"ErrorNameInBody":   cognitotest.ErrorNameInBody,
}

// quirkNames are the values of -quirks: the booleans of cognitotest.Quirks, and errorNames.
func quirkNames() []string {
	names := []string{"ErrorNameInHeader", "ErrorNameInBody"}
	for i, t := 0, reflect.TypeFor[cognitotest.Quirks](); i < t.NumField(); i++ {
		if t.Field(i).Type.Kind() == reflect.Bool {
			names = append(names, t.Field(i).Name)
		}
	}
	return names
}

func (s *settings) setQuirks(quirks string) error {
	names, err := list("-quirks", quirks, quirkNames()...)
	if err != nil {
		return err
	}
	for _, name := range names {
		if place, found := errorNames[name]; found {
			if s.pool.Quirks.ErrorName != cognitotest.ErrorNameInBoth {
				return misused("-quirks has the name of an error in one place, the header " +
					"or the body, not in both")
			}
			s.pool.Quirks.ErrorName = place
			continue
		}
		reflect.ValueOf(&s.pool.Quirks).Elem().FieldByName(name).SetBool(true)
	}
	return nil
}

// list parses a comma-separated list of known words.
func list(flag, text string, known ...string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	names := strings.Split(text, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if !slices.Contains(known, names[i]) {
			return nil, misused("%s is a list of %s, with commas, and %q is none of them",
				flag, strings.Join(known, ", "), names[i])
		}
	}
	return names, nil
}

// farthest is the maximum distance between the pool's clock and the computer's. It is longer than
// anything lives, and short enough for a time.Duration.
const farthest = 100 * 365 * 24 * time.Hour

var errTooFar = usageError(
	"the clock can be at most 876000h, a hundred years, away from the computer's")

func (s *settings) setTimes() error {
	if s.clock.Abs() > farthest {
		return errTooFar
	}
	s.pool.Now = func() time.Time { return time.Now().Add(s.clock) }
	// In cognitotest.Options, 0 would mean the default.
	if min(s.pool.AuthSessionValidity, s.pool.AccessTokenValidity, s.pool.IDTokenValidity,
		s.pool.RefreshTokenValidity) <= 0 {
		return misused("a validity must be longer than nothing")
	}
	return nil
}

// isRegion matches the name of a region at the beginning of a pool's ID. Pools of other emulators
// have none, such as local_1.
var isRegion = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]+$`)

// contradictions finds flags that contradict each other or make each other useless.
func (s *settings) contradictions() error {
	region, _, _ := strings.Cut(s.pool.UserPoolID, "_")
	codes := len(s.pool.FirstFactors) > 1
	switch {
	case s.pool.UsernameAttributes != nil && s.pool.AliasAttributes != nil:
		return misused("a pool has -username-attributes or -alias-attributes, not both")
	case s.pool.MFA == types.UserPoolMfaTypeOff && s.given["mfa-methods"]:
		return misused("-mfa off leaves no methods; leave -mfa-methods out")
	case s.pool.MFA == types.UserPoolMfaTypeOn && codes:
		return misused("Cognito takes no codes as first factors where MFA is required; " +
			"leave email and sms out of -first-factors, or say -mfa optional")
	case codes && !s.allows(types.ExplicitAuthFlowsTypeAllowUserAuth):
		return misused("-first-factors with codes needs ALLOW_USER_AUTH among -auth-flows")
	case s.pool.Devices != nil && !s.allows(types.ExplicitAuthFlowsTypeAllowUserSrpAuth) &&
		!s.allows(types.ExplicitAuthFlowsTypeAllowCustomAuth):
		return misused(
			"-devices needs ALLOW_USER_SRP_AUTH or ALLOW_CUSTOM_AUTH among -auth-flows: " +
				"Cognito knows devices with SRP only")
	case isRegion.MatchString(region) && region != s.pool.Region:
		return misused("-user-pool-id is of the region %s, and -region says %s", region,
			s.pool.Region)
	case s.pool.RotationGrace != 0 && !s.pool.RefreshTokenRotation:
		return misused("-rotation-grace is of no use without -rotation")
	case s.addr == s.control && !strings.HasSuffix(s.addr, ":0"):
		return misused("-addr and -control must be different addresses")
	}
	return nil
}

// allows reports whether the app client allows a flow.
func (s *settings) allows(flow types.ExplicitAuthFlowsType) bool {
	return s.pool.AuthFlows == nil || slices.Contains(s.pool.AuthFlows, flow)
}
