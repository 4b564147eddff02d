package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/aws/smithy-go"

	"github.com/cognitomfa/cognitomfa"
)

// usageError says what is wrong with the command line or the input.
type usageError string

func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// foundError ends a command that found something. It is empty if the findings were already printed.
type foundError string

func (e foundError) Error() string { return string(e) }

// errReported ends a command that could not read everything and has printed what and why.
var errReported = errors.New("")

// errStopped ends a command after Ctrl-C.
var errStopped = errors.New("stopped")

// fail prints why a command ended, and returns the exit status.
func (c *console) fail(command string, err error) int {
	text, status := explain(err), exitStatus(err)
	if text == "" {
		return status
	}
	prefix := "cognitomfa: "
	if command != "" {
		prefix = "cognitomfa " + command + ": "
	}
	if status == exitUsage && command != "" {
		text += fmt.Sprintf("; see %q", "cognitomfa "+command+" -h")
	}
	c.note(prefix + text)
	if says := detail(err); says != "" {
		c.note(prefix + "Cognito says: " + says)
	}
	var api smithy.APIError
	if errors.As(err, &api) && isDenied(api) {
		use := "support"
		if command == "sign-in" || command == "enroll" {
			use = "sign-in"
		}
		c.note(prefix + "cognitomfa doctor -policy -use " + use + " prints the minimal policy")
	}
	return status
}

func exitStatus(err error) int {
	var usage usageError
	var found foundError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &found):
		return exitFound
	}
	// If Cognito refused this user, that is a finding. Any other error means that nothing is known.
	for _, kind := range []error{
		cognitomfa.ErrCredentials, cognitomfa.ErrTooManyAttempts, cognitomfa.ErrUserDisabled,
		cognitomfa.ErrPasswordReset, cognitomfa.ErrNotConfirmed, cognitomfa.ErrPasswordPolicy,
		cognitomfa.ErrAttribute, cognitomfa.ErrCodeMismatch, cognitomfa.ErrCodeUsed,
		cognitomfa.ErrMethod, cognitomfa.ErrSessionExpired, cognitomfa.ErrSessionUsed,
		cognitomfa.ErrAccessToken, cognitomfa.ErrNotEnrolled, cognitomfa.ErrTOTPDisabled,
		cognitomfa.ErrMFARequired, cognitomfa.ErrUserNotFound, cognitomfa.ErrRejected,
	} {
		if errors.Is(err, kind) {
			return exitFound
		}
	}
	return exitIncomplete
}

// settingNames replaces the library's names of settings with the program's flags and variables.
var settingNames = strings.NewReplacer(
	"Config.UserPoolID", "-user-pool-id",
	"Config.ClientID", "-client-id",
	"Config.ClientSecret", secretVariable,
	"Config.Issuer", "-issuer",
	"Config.Flow", "-flow",
	"Config.Public", "-public",
	"the SDK client's Region", "-region",
	"the SDK client's endpoint", "-endpoint",
	": see Error.Detail", "",
)

// explain returns the text of an error for the person at the terminal.
func explain(err error) string {
	if errors.Is(err, errStopped) || errors.Is(err, context.Canceled) {
		return "stopped"
	}
	return settingNames.Replace(strings.TrimPrefix(err.Error(), "cognitomfa: "))
}

// detail returns Cognito's own message if it helps, otherwise "".
func detail(err error) string {
	for _, kind := range []error{
		cognitomfa.ErrPasswordPolicy, cognitomfa.ErrAttribute, cognitomfa.ErrConfig,
		cognitomfa.ErrRejected,
	} {
		if errors.Is(err, kind) {
			return apiMessage(err)
		}
	}
	return ""
}

// apiMessage returns the message of an error response from Cognito, safe to print.
func apiMessage(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorMessage() == "" {
		return ""
	}
	return shown(api.ErrorMessage())
}

// isDenied reports whether the error means that an IAM permission is missing.
func isDenied(api smithy.APIError) bool {
	return api.ErrorCode() == "AccessDeniedException" || api.ErrorCode() == "AccessDenied"
}

// shown returns text safe to print on a terminal: quoted if it has unprintable characters.
func shown(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToGraphic(text)
	}
	return text
}
