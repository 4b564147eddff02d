package cognitotest

import (
	"fmt"
	"net/http"
)

// apiError is what a request that cannot be served ends with: one of the service's exception types and the text that goes with it.
type apiError struct {
	Type, Message string
}

func (e *apiError) Error() string { return e.Type + ": " + e.Message }

// The exception types that the fake answers of itself. A Fault may name any other.
const (
	typeAliasExists           = "AliasExistsException"
	typeCodeMismatch          = "CodeMismatchException"
	typeEnableSoftwareToken   = "EnableSoftwareTokenMFAException"
	typeExpiredCode           = "ExpiredCodeException"
	typeForbidden             = "ForbiddenException"
	typeGroupExists           = "GroupExistsException"
	typeInternal              = "InternalErrorException"
	typeInvalidParameter      = "InvalidParameterException"
	typeInvalidPassword       = "InvalidPasswordException"
	typeMissingAuthentication = "MissingAuthenticationTokenException"
	typeNotAuthorized         = "NotAuthorizedException"
	typePasswordReset         = "PasswordResetRequiredException"
	typeRefreshTokenReuse     = "RefreshTokenReuseException"
	typeResourceNotFound      = "ResourceNotFoundException"
	typeSerialization         = "SerializationException"
	typeSoftwareTokenNotFound = "SoftwareTokenMFANotFoundException"
	typeTooLarge              = "RequestEntityTooLargeException"
	typeTooManyRequests       = "TooManyRequestsException"
	typeUnauthorized          = "UnauthorizedException"
	typeUnknownOperation      = "UnknownOperationException"
	typeUnsupportedOperation  = "UnsupportedOperationException"
	typeUnsupportedToken      = "UnsupportedTokenTypeException"
	typeUnsupportedUserState  = "UnsupportedUserStateException"
	typeUserNotConfirmed      = "UserNotConfirmedException"
	typeUserNotFound          = "UserNotFoundException"
	typeUsernameExists        = "UsernameExistsException"
)

// The errors whose text depends on nothing. Clients have matched these texts for years.
var (
	errCredentials     = &apiError{typeNotAuthorized, "Incorrect username or password."}
	errLockedOut       = &apiError{typeNotAuthorized, "Password attempts exceeded"}
	errDisabled        = &apiError{typeNotAuthorized, "User is disabled."}
	errTemporaryOld    = &apiError{typeNotAuthorized, "Temporary password has expired and must be reset by an administrator."}
	errNoUser          = &apiError{typeUserNotFound, "User does not exist."}
	errNotConfirmed    = &apiError{typeUserNotConfirmed, "User is not confirmed."}
	errPasswordReset   = &apiError{typePasswordReset, "Password reset required for the user"}
	errMethod          = &apiError{typeInvalidParameter, "Initiate Auth method not supported."}
	errAdminFlow       = &apiError{typeInvalidParameter, "Auth flow not enabled for this client"}
	errNoCustomAuth    = &apiError{typeInvalidParameter, "Custom auth lambda trigger is not configured for the user pool."}
	errNoDevice        = &apiError{typeResourceNotFound, "Device does not exist."}
	errDeviceKey       = &apiError{typeInvalidParameter, "Invalid device key given."}
	errDeviceVerifier  = &apiError{typeInvalidParameter, "DeviceSecretVerifierConfig is not valid."}
	errNoSRP           = &apiError{typeInvalidParameter, "USER_SRP_AUTH is not enabled for the client."}
	errNoUserAuth      = &apiError{typeInvalidParameter, "USER_AUTH is not enabled for the client."}
	errPublicKey       = &apiError{typeInvalidParameter, "SRP_A is not a valid public key."}
	errClaimSignature  = &apiError{typeInvalidParameter, "PASSWORD_CLAIM_SIGNATURE is not valid Base64."}
	errTimestamp       = &apiError{typeInvalidParameter, "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."}
	errSession         = &apiError{typeNotAuthorized, "Invalid session for the user."}
	errSessionExpired  = &apiError{typeNotAuthorized, "Invalid session for the user, session is expired."}
	errSessionUsed     = &apiError{typeNotAuthorized, "Invalid session for the user, session can only be used once."}
	errTOTPMismatch    = &apiError{typeCodeMismatch, "Invalid code received for user"}
	errOTPMismatch     = &apiError{typeCodeMismatch, "Invalid code or auth state for the user."}
	errTOTPUsed        = &apiError{typeExpiredCode, "Your software token has already been used once."}
	errSetupMismatch   = &apiError{typeEnableSoftwareToken, "Code mismatch"}
	errEnableMismatch  = &apiError{typeEnableSoftwareToken, "Code mismatch and fail enable Software Token MFA"}
	errTOTPDisabled    = &apiError{typeSoftwareTokenNotFound, "Software Token MFA has not been enabled by the userPool"}
	errNoTOTP          = &apiError{typeSoftwareTokenNotFound, "Software Token MFA does not exist for the user."}
	errOneOfTwo        = &apiError{typeInvalidParameter, "Only one of AccessToken and Session must be given."}
	errAccessInvalid   = &apiError{typeNotAuthorized, "Invalid Access Token"}
	errAccessSignature = &apiError{typeNotAuthorized, "Could not verify signature for Access Token"}
	errAccessExpired   = &apiError{typeNotAuthorized, "Access Token has expired"}
	errAccessRevoked   = &apiError{typeNotAuthorized, "Access Token has been revoked"}
	errAccessScope     = &apiError{typeNotAuthorized, "Access Token does not have required scopes"}
	errRefreshInvalid  = &apiError{typeNotAuthorized, "Invalid Refresh Token"}
	errRefreshExpired  = &apiError{typeNotAuthorized, "Refresh Token has expired"}
	errRefreshRevoked  = &apiError{typeNotAuthorized, "Refresh Token has been revoked"}
	errRefreshReuse    = &apiError{typeRefreshTokenReuse, "Refresh token reuse detected."}
	errTwoPreferred    = &apiError{typeInvalidParameter, "Only one MFA method can be preferred."}
	errPreferDisabled  = &apiError{typeInvalidParameter, "An MFA method that is not enabled cannot be preferred."}
	errMFARequired     = &apiError{typeInvalidParameter, "MFA cannot be disabled for the user: the user pool requires it."}
	errNoFactor        = &apiError{typeInvalidParameter, "Invalid MFA configuration given, can't disable all MFAs with a required or optional configuration."}
	errOffWithFactor   = &apiError{typeInvalidParameter, "Invalid MFA configuration given, can't turn off MFA and configure an MFA together."}
	errConfirmCode     = &apiError{typeCodeMismatch, "Invalid verification code provided, please try again."}
	errConfirmOld      = &apiError{typeExpiredCode, "Invalid code provided, please request a code again."}
	errNoNamed         = &apiError{typeUserNotFound, "Username/client id combination not found."}
	errNoResend        = &apiError{typeInvalidParameter, "Cannot resend codes. Auto verification not turned on."}
	errNoReset         = &apiError{typeNotAuthorized, "User password cannot be reset in the current state."}
	errNoRecovery      = &apiError{typeInvalidParameter, "Cannot reset password for the user as there is no registered/verified email or phone_number"}
	errAdminRecovery   = &apiError{typeNotAuthorized, "Contact administrator to reset password."}
	errSubFixed        = &apiError{typeInvalidParameter, "Cannot modify the non-mutable attribute sub"}
	errEmailProvided   = &apiError{typeNotAuthorized, "Cannot modify an already provided email"}
	errNotWritable     = &apiError{typeNotAuthorized, "A client attempted to write unauthorized attribute"}
	errNotEverybodys   = &apiError{typeInvalidParameter, "Input fails to satisfy the constraints."}
	errFilter          = &apiError{typeInvalidParameter, "Error while parsing filter."}
	errPage            = &apiError{typeInvalidParameter, "Invalid pagination token."}
	errNoGroup         = &apiError{typeResourceNotFound, "Group not found."}
	errGroupExists     = &apiError{typeGroupExists, "A group with the name already exists."}
	errSignUpExists    = &apiError{typeUsernameExists, "User already exists"}
	errUserExists      = &apiError{typeUsernameExists, "User account already exists"}
	errUnsigned        = &apiError{typeMissingAuthentication, "Missing Authentication Token"}
)

func invalidParameter(format string, args ...any) error {
	return &apiError{typeInvalidParameter, fmt.Sprintf(format, args...)}
}

func missingParameter(name string) error {
	return invalidParameter("Missing required parameter %s", name)
}

func noClient(id string) error {
	return &apiError{typeResourceNotFound, "User pool client " + id + " does not exist."}
}

func noPool(id string) error {
	return &apiError{typeResourceNotFound, "User pool " + id + " does not exist."}
}

// status is the HTTP status of an error. Cognito says 400 for whatever is the client's fault, also where its own model says otherwise; the
// statuses of the model are a quirk that can be asked for.
func (e *apiError) status(byModel bool) int {
	switch e.Type {
	case typeInternal:
		return http.StatusInternalServerError
	case typeTooLarge:
		return http.StatusRequestEntityTooLarge
	}
	if !byModel {
		return http.StatusBadRequest
	}
	switch e.Type {
	case typeUnauthorized:
		return http.StatusUnauthorized
	case typeNotAuthorized, typeForbidden, "FeatureUnavailableInTierException", "TierChangeNotAllowedException":
		return http.StatusForbidden
	case typeResourceNotFound, typeUserNotFound:
		return http.StatusNotFound
	case typeTooManyRequests:
		return http.StatusTooManyRequests
	default:
		return http.StatusBadRequest
	}
}
