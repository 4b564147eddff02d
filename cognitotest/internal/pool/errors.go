package pool

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
)

// Error is the error of a request: one of the service's exception types, with its text, which
// clients have matched for years. This file has the errors that several files share, and those of
// sessions.
type Error struct{ Type, Message string }

func (e *Error) Error() string { return e.Type + ": " + e.Message }

// The exception types that several errors have.
const (
	badSerialization  = "SerializationException"
	codeMismatch      = "CodeMismatchException"
	expiredCode       = "ExpiredCodeException"
	notAuthorized     = "NotAuthorizedException"
	notInTier         = "FeatureUnavailableInTierException"
	resourceNotFound  = "ResourceNotFoundException"
	tokenMFANotFound  = "SoftwareTokenMFANotFoundException"
	unsupportedStatus = "UnsupportedUserStateException"
	userNotFound      = "UserNotFoundException"
	usernameExists    = "UsernameExistsException"
)

func invalidParameter(format string, args ...any) *Error {
	return &Error{"InvalidParameterException", fmt.Sprintf(format, args...)}
}

func missingParameter(name string) *Error {
	return invalidParameter("Missing required parameter %s", name)
}

// need returns an error for the first of some parameters that is missing.
func need(given map[string]string, names ...string) error {
	for _, name := range names {
		if given[name] == "" {
			return missingParameter(name)
		}
	}
	return nil
}

func noClient(id string) *Error {
	return &Error{resourceNotFound, "User pool client " + id + " does not exist."}
}

func noPool(id string) *Error {
	return &Error{resourceNotFound, "User pool " + id + " does not exist."}
}

// Users and their state.
var (
	errCredentials = &Error{notAuthorized, "Incorrect username or password."}
	errLockedOut   = &Error{notAuthorized, "Password attempts exceeded"}
	errDisabled    = &Error{notAuthorized, "User is disabled."}
	errNoUser      = &Error{userNotFound, "User does not exist."}

	errNotConfirmed  = &Error{"UserNotConfirmedException", "User is not confirmed."}
	errPasswordReset = &Error{
		"PasswordResetRequiredException", "Password reset required for the user",
	}
)

// Sessions.
var (
	errSession        = &Error{notAuthorized, "Invalid session for the user."}
	errSessionExpired = &Error{notAuthorized, "Invalid session for the user, session is expired."}
	errSessionUsed    = &Error{
		notAuthorized, "Invalid session for the user, session can only be used once.",
	}
)

// Codes, devices and authenticators.
var (
	errNoTOTP       = &Error{tokenMFANotFound, "Software Token MFA does not exist for the user."}
	errConfirmCode  = &Error{codeMismatch, "Invalid verification code provided, please try again."}
	errConfirmOld   = &Error{expiredCode, "Invalid code provided, please request a code again."}
	errNoDevice     = &Error{resourceNotFound, "Device does not exist."}
	errEmailFormat  = invalidParameter("Invalid email address format.")
	errSignUpExists = &Error{usernameExists, "User already exists"}
)

// serialization returns the error of a body with a member of the wrong JSON type.
func serialization(err error) *Error {
	message := "The request is not valid JSON."
	if typeErr := (*json.UnmarshalTypeError)(nil); errors.As(err, &typeErr) {
		kind := map[string]string{
			"string": "STRING_VALUE", "bool": "TRUE_VALUE", "object": "START_OBJECT",
			"array": "START_ARRAY",
		}[typeErr.Value]
		// "number", or "number 5" for a number that does not fit
		kind = cmp.Or(kind, "NUMBER_VALUE")
		message = kind + " can not be converted to " + typeErr.Type.Kind().String()
		if typeErr.Field != "" {
			message += " at " + typeErr.Field
		}
	}
	return &Error{badSerialization, message}
}
