package cognitotest

import (
	"cmp"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
)

// operation is one of the API's calls.
type operation struct {
	signed   bool     // wants an Authorization header; what it says is not checked
	required []string // members that must be there
	call     func(b *backend, body []byte, members map[string]any, required []string) (any, error)
}

// op makes an operation from the method that does the work.
func op[In, Out any](do func(*backend, *In) (*Out, error), required ...string) operation {
	return operation{required: required, call: func(b *backend, body []byte, members map[string]any, required []string) (any, error) {
		in := new(In)
		if dropLookalikes(reflect.TypeFor[In](), members) {
			body, _ = json.Marshal(members) // what was decoded before
		}
		if err := json.Unmarshal(body, in); err != nil {
			return nil, serialization(err)
		}
		if err := check(members, required); err != nil {
			return nil, err
		}
		return do(b, in)
	}}
}

// dropLookalikes drops the members whose names differ from those of a request in case alone, and tells whether there were any. The service does not
// know such members; encoding/json would take them for the others, past every check.
func dropLookalikes(request reflect.Type, members map[string]any) (dropped bool) {
	for _, field := range reflect.VisibleFields(request) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		name = cmp.Or(name, field.Name)
		for member := range members {
			if member != name && strings.EqualFold(member, name) {
				delete(members, member)
				dropped = true
			}
		}
	}
	return dropped
}

// signed makes an operation that is authorised by IAM.
func signed[In, Out any](do func(*backend, *In) (*Out, error), required ...string) operation {
	o := op(do, required...)
	o.signed = true
	return o
}

func (o operation) serve(b *backend, body []byte, members map[string]any) (any, error) {
	return o.call(b, body, members, o.required)
}

// serialization is the answer to a body that is JSON, but with a member of another type than the model's.
func serialization(err error) error {
	message := "The request is not valid JSON."
	if typeErr := (*json.UnmarshalTypeError)(nil); errors.As(err, &typeErr) {
		kind := map[string]string{"string": "STRING_VALUE", "number": "NUMBER_VALUE", "bool": "TRUE_VALUE", "object": "START_OBJECT", "array": "START_ARRAY"}[typeErr.Value]
		if kind == "" {
			kind = "NUMBER_VALUE" // "number 5", as the decoder words it for a number that does not fit
		}
		message = kind + " can not be converted to " + typeErr.Type.Kind().String()
		if typeErr.Field != "" {
			message += " at " + typeErr.Field
		}
	}
	return &apiError{typeSerialization, message}
}

// operations is what the fake can do. To add one, write a method of backend that takes its request and returns its answer.
func operations() map[string]operation { return operationTable.get(newOperations) }

var operationTable lazy[map[string]operation]

func newOperations() map[string]operation {
	return map[string]operation{
		"InitiateAuth":                op((*backend).initiateAuth, "ClientId", "AuthFlow"),
		"RespondToAuthChallenge":      op((*backend).respondToAuthChallenge, "ClientId", "ChallengeName"),
		"AdminInitiateAuth":           signed((*backend).adminInitiateAuth, "UserPoolId", "ClientId", "AuthFlow"),
		"AdminRespondToAuthChallenge": signed((*backend).adminRespondToAuthChallenge, "UserPoolId", "ClientId", "ChallengeName"),

		"AssociateSoftwareToken":    op((*backend).associateSoftwareToken),
		"VerifySoftwareToken":       op((*backend).verifySoftwareToken, "UserCode"),
		"SetUserMFAPreference":      op((*backend).setUserMFAPreference, "AccessToken"),
		"AdminSetUserMFAPreference": signed((*backend).adminSetUserMFAPreference, "UserPoolId", "Username"),
		"AdminDeleteSoftwareToken":  signed((*backend).adminDeleteSoftwareToken, "UserPoolId", "Username"),

		"GetUser":                 op((*backend).getUser, "AccessToken"),
		"GetUserAuthFactors":      op((*backend).getUserAuthFactors, "AccessToken"),
		"AdminGetUser":            signed((*backend).adminGetUser, "UserPoolId", "Username"),
		"AdminGetUserAuthFactors": signed((*backend).adminGetUserAuthFactors, "UserPoolId", "Username"),

		"GetTokensFromRefreshToken": op((*backend).getTokensFromRefreshToken, "ClientId", "RefreshToken"),
		"RevokeToken":               op((*backend).revokeToken, "ClientId", "Token"),
		"GlobalSignOut":             op((*backend).globalSignOut, "AccessToken"),
		"AdminUserGlobalSignOut":    signed((*backend).adminUserGlobalSignOut, "UserPoolId", "Username"),

		"SignUp":                 op((*backend).signUp, "ClientId", "Username"),
		"ConfirmSignUp":          op((*backend).confirmSignUp, "ClientId", "Username", "ConfirmationCode"),
		"ResendConfirmationCode": op((*backend).resendConfirmationCode, "ClientId", "Username"),
		"ForgotPassword":         op((*backend).forgotPassword, "ClientId", "Username"),
		"ConfirmForgotPassword":  op((*backend).confirmForgotPassword, "ClientId", "Username", "ConfirmationCode", "Password"),
		"ChangePassword":         op((*backend).changePassword, "AccessToken", "ProposedPassword"),
		"DeleteUser":             op((*backend).deleteUser, "AccessToken"),

		"GetUserAttributeVerificationCode": op((*backend).getUserAttributeVerificationCode, "AccessToken", "AttributeName"),
		"VerifyUserAttribute":              op((*backend).verifyUserAttribute, "AccessToken", "AttributeName", "Code"),
		"UpdateUserAttributes":             op((*backend).updateUserAttributes, "AccessToken", "UserAttributes"),
		"DeleteUserAttributes":             op((*backend).deleteUserAttributes, "AccessToken", "UserAttributeNames"),
		"AdminUpdateUserAttributes":        signed((*backend).adminUpdateUserAttributes, "UserPoolId", "Username", "UserAttributes"),
		"AdminDeleteUserAttributes":        signed((*backend).adminDeleteUserAttributes, "UserPoolId", "Username", "UserAttributeNames"),

		"ConfirmDevice":           op((*backend).confirmDevice, "AccessToken", "DeviceKey"),
		"UpdateDeviceStatus":      op((*backend).updateDeviceStatus, "AccessToken", "DeviceKey"),
		"GetDevice":               op((*backend).getDevice, "AccessToken", "DeviceKey"),
		"ListDevices":             op((*backend).listDevices, "AccessToken"),
		"ForgetDevice":            op((*backend).forgetDevice, "AccessToken", "DeviceKey"),
		"AdminUpdateDeviceStatus": signed((*backend).adminUpdateDeviceStatus, "UserPoolId", "Username", "DeviceKey"),
		"AdminGetDevice":          signed((*backend).adminGetDevice, "UserPoolId", "Username", "DeviceKey"),
		"AdminListDevices":        signed((*backend).adminListDevices, "UserPoolId", "Username"),
		"AdminForgetDevice":       signed((*backend).adminForgetDevice, "UserPoolId", "Username", "DeviceKey"),

		"AdminCreateUser":        signed((*backend).adminCreateUser, "UserPoolId", "Username"),
		"AdminSetUserPassword":   signed((*backend).adminSetUserPassword, "UserPoolId", "Username", "Password"),
		"AdminResetUserPassword": signed((*backend).adminResetUserPassword, "UserPoolId", "Username"),
		"AdminConfirmSignUp":     signed((*backend).adminConfirmSignUp, "UserPoolId", "Username"),
		"AdminDisableUser":       signed((*backend).adminDisableUser, "UserPoolId", "Username"),
		"AdminEnableUser":        signed((*backend).adminEnableUser, "UserPoolId", "Username"),
		"AdminDeleteUser":        signed((*backend).adminDeleteUser, "UserPoolId", "Username"),
		"ListUsers":              signed((*backend).listUsers, "UserPoolId"),

		"CreateGroup":              signed((*backend).createGroup, "UserPoolId", "GroupName"),
		"GetGroup":                 signed((*backend).getGroup, "UserPoolId", "GroupName"),
		"UpdateGroup":              signed((*backend).updateGroup, "UserPoolId", "GroupName"),
		"DeleteGroup":              signed((*backend).deleteGroup, "UserPoolId", "GroupName"),
		"ListGroups":               signed((*backend).listGroups, "UserPoolId"),
		"ListUsersInGroup":         signed((*backend).listUsersInGroup, "UserPoolId", "GroupName"),
		"AdminAddUserToGroup":      signed((*backend).adminAddUserToGroup, "UserPoolId", "Username", "GroupName"),
		"AdminRemoveUserFromGroup": signed((*backend).adminRemoveUserFromGroup, "UserPoolId", "Username", "GroupName"),
		"AdminListGroupsForUser":   signed((*backend).adminListGroupsForUser, "UserPoolId", "Username"),

		"CreateUserPool":         signed((*backend).createUserPool, "PoolName"),
		"ListUserPools":          signed((*backend).listUserPools, "MaxResults"),
		"DescribeUserPool":       signed((*backend).describeUserPool, "UserPoolId"),
		"UpdateUserPool":         signed((*backend).updateUserPool, "UserPoolId"),
		"DeleteUserPool":         signed((*backend).deleteUserPool, "UserPoolId"),
		"CreateUserPoolClient":   signed((*backend).createUserPoolClient, "UserPoolId", "ClientName"),
		"ListUserPoolClients":    signed((*backend).listUserPoolClients, "UserPoolId"),
		"DescribeUserPoolClient": signed((*backend).describeUserPoolClient, "UserPoolId", "ClientId"),
		"UpdateUserPoolClient":   signed((*backend).updateUserPoolClient, "UserPoolId", "ClientId"),
		"DeleteUserPoolClient":   signed((*backend).deleteUserPoolClient, "UserPoolId", "ClientId"),
		"SetUserPoolMfaConfig":   signed((*backend).setUserPoolMfaConfig, "UserPoolId"),
		"GetUserPoolMfaConfig":   signed((*backend).getUserPoolMfaConfig, "UserPoolId"),
	}
}
