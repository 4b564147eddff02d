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

// usageError is a command line or an input that cannot be right.
type usageError string

func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// foundError ends a command that has found something. Without a text all has been said.
type foundError string

func (e foundError) Error() string { return string(e) }

// errSaid ends a command that could not look, and has said why.
var errSaid = errors.New("")

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
		text += fmt.Sprintf("; %q explains the command", "cognitomfa "+command+" -h")
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
		c.note(prefix + "cognitomfa doctor -policy -use " + use + " prints the least policy")
	}
	return status
}

// exitStatus is the exit status for an error.
func exitStatus(err error) int {
	var usage usageError
	var found foundError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &found):
		return exitFound
	}
	// If Cognito refused this user, that is a finding. After any other error nothing was found out.
	for _, kind := range []error{
		cognitomfa.ErrCredentials, cognitomfa.ErrTooManyAttempts, cognitomfa.ErrUserDisabled,
		cognitomfa.ErrPasswordReset, cognitomfa.ErrNotConfirmed, cognitomfa.ErrPasswordPolicy,
		cognitomfa.ErrAttribute, cognitomfa.ErrCodeMismatch, cognitomfa.ErrCodeUsed,
		cognitomfa.ErrMethod,
		cognitomfa.ErrSessionExpired, cognitomfa.ErrSessionUsed, cognitomfa.ErrAccessToken,
		cognitomfa.ErrNotEnrolled, cognitomfa.ErrTOTPDisabled, cognitomfa.ErrMFARequired,
		cognitomfa.ErrUserNotFound, cognitomfa.ErrRejected,
	} {
		if errors.Is(err, kind) {
			return exitFound
		}
	}
	return exitNoAnswer
}

// settings are what the library calls the program's flags and variables.
var settings = strings.NewReplacer(
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

// explain words an error for the person at the terminal.
func explain(err error) string {
	if errors.Is(err, errStopped) || errors.Is(err, context.Canceled) {
		return "stopped"
	}
	return settings.Replace(strings.TrimPrefix(err.Error(), "cognitomfa: "))
}

// detail is Cognito's own sentence where it helps; "" elsewhere.
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

// apiMessage is the sentence of an error that Cognito responded with, fit to be printed.
func apiMessage(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorMessage() == "" {
		return ""
	}
	return shown(api.ErrorMessage())
}

// isDenied reports whether an IAM right is missing.
func isDenied(api smithy.APIError) bool {
	return api.ErrorCode() == "AccessDeniedException" || api.ErrorCode() == "AccessDenied"
}

// shown is text from elsewhere, fit for a terminal: what could move the cursor or hide is quoted.
func shown(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.QuoteToGraphic(text)
	}
	return text
}
