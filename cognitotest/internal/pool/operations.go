package pool

import (
	"encoding/json"
	"strconv"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// operations are the operations of the fake, each with its authority (see find.go). A new one needs
// a function, in signin.go or an api file, a row here, and a test. The model has the members of its
// request, their rules, whether it is signed, and its errors; members.go has the members that the
// function does not use.
var operations = map[string]operation{
	"InitiateAuth":                byClientAlone(initiateAuth),
	"AdminInitiateAuth":           byClientAlone(initiateAuth),
	"RespondToAuthChallenge":      bySession(respond),
	"AdminRespondToAuthChallenge": bySession(respond),

	"AssociateSoftwareToken": byUserOrSetup(associateSoftwareToken, stageChallenged,
		stageAssociated),
	"VerifySoftwareToken":       byUserOrSetup(verifySoftwareToken, stageAssociated),
	"SetUserMFAPreference":      byUser(setPreference),
	"AdminSetUserMFAPreference": byAdmin(setPreference),
	"AdminDeleteSoftwareToken":  byAdmin(deleteSoftwareToken),

	"GetUser":                 byUser(getUser),
	"AdminGetUser":            byAdmin(adminGetUser),
	"GetUserAuthFactors":      byUser(getAuthFactors),
	"AdminGetUserAuthFactors": byAdmin(getAuthFactors),
	"DeleteUser":              byUser(deleteUser),
	"AdminDeleteUser":         byAdmin(deleteUser),
	"AdminDisableUser":        byAdmin(disableUser),
	"AdminEnableUser":         byAdmin(enableUser),
	"AdminCreateUser":         byPool(adminCreateUser),
	"ListUsers":               byPool(listUsers),

	"GetTokensFromRefreshToken": byClientAlone(getTokensFromRefreshToken),
	"RevokeToken":               byClientSecret(revokeToken),
	"GlobalSignOut":             byUser(globalSignOut),
	"AdminUserGlobalSignOut":    byAdmin(globalSignOut),

	"SignUp":                 byClientAlone(signUp),
	"ConfirmSignUp":          byClient(confirmSignUp),
	"AdminConfirmSignUp":     byAdmin(adminConfirmSignUp),
	"ResendConfirmationCode": byClient(resendConfirmationCode),

	"ForgotPassword":         byClient(forgotPassword),
	"ConfirmForgotPassword":  byClient(confirmForgotPassword),
	"ChangePassword":         byUser(changePassword),
	"AdminSetUserPassword":   byAdmin(setPassword),
	"AdminResetUserPassword": byAdmin(resetPassword),

	"GetUserAttributeVerificationCode": byUser(getAttributeCode),
	"VerifyUserAttribute":              byUser(verifyAttribute),
	"UpdateUserAttributes":             byUser(updateAttributes),
	"AdminUpdateUserAttributes":        byAdmin(updateAttributes),
	"DeleteUserAttributes":             byUser(deleteAttributes),
	"AdminDeleteUserAttributes":        byAdmin(deleteAttributes),

	"ConfirmDevice":           byUser(confirmDevice),
	"UpdateDeviceStatus":      byUser(updateDeviceStatus),
	"AdminUpdateDeviceStatus": byAdmin(updateDeviceStatus),
	"GetDevice":               byUser(getDevice),
	"AdminGetDevice":          byAdmin(getDevice),
	"ListDevices":             byUser(listDevices),
	"AdminListDevices":        byAdmin(listDevices),
	"ForgetDevice":            byUser(forgetDevice),
	"AdminForgetDevice":       byAdmin(forgetDevice),

	"CreateGroup":              byPool(createGroup),
	"GetGroup":                 byPool(getGroup),
	"UpdateGroup":              byPool(updateGroup),
	"DeleteGroup":              byPool(deleteGroup),
	"ListGroups":               byPool(listGroups),
	"ListUsersInGroup":         byPool(listUsersInGroup),
	"AdminAddUserToGroup":      byAdmin(addToGroup),
	"AdminRemoveUserFromGroup": byAdmin(removeFromGroup),
	"AdminListGroupsForUser":   byAdmin(listGroupsForUser),

	"CreateUserPool":       byAccount(createPool),
	"ListUserPools":        byAccount(listPools),
	"DescribeUserPool":     byPool(describePool),
	"UpdateUserPool":       byPool(updatePool),
	"DeleteUserPool":       byPool(deletePool),
	"SetUserPoolMfaConfig": byPool(setPoolMFAConfig),
	"GetUserPoolMfaConfig": byPool(getPoolMFAConfig),
	"AddCustomAttributes":  byPool(addCustomAttributes),

	"TagResource":         byARN(tagResource),
	"UntagResource":       byARN(untagResource),
	"ListTagsForResource": byARN(listTags),

	"CreateUserPoolClient":   byPool(createClient),
	"ListUserPoolClients":    byPool(listClients),
	"DescribeUserPoolClient": byClientAlone(describeClient),
	"UpdateUserPoolClient":   byClientAlone(updateClient),
	"DeleteUserPoolClient":   byClientAlone(deleteClient),

	"CreateResourceServer":   byPool(createResourceServer),
	"DescribeResourceServer": byPool(describeResourceServer),
	"UpdateResourceServer":   byPool(updateResourceServer),
	"DeleteResourceServer":   byPool(deleteResourceServer),
	"ListResourceServers":    byPool(listResourceServers),

	"CreateUserPoolDomain":   byPool(createDomain),
	"DescribeUserPoolDomain": byAccount(describeDomain),
	"UpdateUserPoolDomain":   byPool(updateDomain),
	"DeleteUserPoolDomain":   byPool(deleteDomain),
}

// Serve runs an operation. It returns the response or an error, which is usually an *Error, and the
// members of the request if they could be read. signed means that the request has an Authorization
// header, which is not checked.
func (m *Machine) Serve(
	name string, signed bool, body []byte,
) (response any, members map[string]any, err error) {
	published, known := model.Operation(name)
	o, served := operations[name]
	switch {
	case !known:
		return nil, nil, &Error{
			"UnknownOperationException",
			"Cognito's API has no operation " + strconv.Quote(name) + ".",
		}
	case !served:
		return nil, nil, &Error{
			"UnknownOperationException",
			"The operation " + strconv.Quote(name) + " is not emulated by cognitotest.",
		}
	case published.Signed && !signed:
		return nil, nil, &Error{
			"MissingAuthenticationTokenException", "Missing Authentication Token",
		}
	}
	if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return nil, nil, &Error{badSerialization, "The request is not a JSON object."}
	}
	accepted, body, err := acceptUnless(published, members, body, func(challenge string) bool {
		_, scripted := m.scripted.Load(challenge)
		return scripted
	})
	if err == nil {
		err = m.simulates(name, accepted)
	}
	if err != nil {
		return nil, members, err
	}
	response, err = o.run(&caller{Machine: m, members: accepted, admin: published.Signed}, body)
	return response, members, err
}
