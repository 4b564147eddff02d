package model_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

func TestSecret(t *testing.T) {
	t.Parallel()
	for call, shown := range map[string]bool{
		"InitiateAuth ClientId":                                true,
		"InitiateAuth AuthFlow":                                true,
		"InitiateAuth AuthParameters":                          false,
		"InitiateAuth AuthParameters.USERNAME":                 true,
		"InitiateAuth AuthParameters.DEVICE_KEY":               true,
		"InitiateAuth AuthParameters.TARGET_ACR_VALUES":        true,
		"InitiateAuth AuthParameters.MAX_AGE":                  true,
		"InitiateAuth AuthParameters.PREFERRED_CHALLENGE":      true,
		"InitiateAuth AuthParameters.PASSWORD":                 false,
		"InitiateAuth AuthParameters.SRP_A":                    false,
		"InitiateAuth AuthParameters.REFRESH_TOKEN":            false,
		"InitiateAuth AuthParameters.ACCESS_TOKEN":             false,
		"InitiateAuth AuthParameters.SECRET_HASH":              false,
		"InitiateAuth AuthParameters.username":                 false,
		"InitiateAuth AuthParameters.USERNAME.x":               false,
		"InitiateAuth authparameters.USERNAME":                 false,
		"InitiateAuth ClientMetadata.anything":                 true,
		"InitiateAuth ClientMetadata":                          false,
		"InitiateAuth ClientMetadata.anything.else":            false,
		"InitiateAuth Session":                                 false,
		"InitiateAuth UserContextData.IpAddress":               true,
		"InitiateAuth UserContextData.EncodedData":             false,
		"InitiateAuth AnalyticsMetadata":                       false,
		"InitiateAuth Password":                                false,
		"InitiateAuth clientId":                                false,
		"AdminInitiateAuth ContextData.IpAddress":              true,
		"AdminInitiateAuth ContextData.ServerName":             true,
		"AdminInitiateAuth ContextData.ServerPath":             true,
		"AdminInitiateAuth ContextData.EncodedData":            false,
		"RespondToAuthChallenge ChallengeName":                 true,
		"RespondToAuthChallenge ChallengeResponses.ANSWER":     false,
		"AdminInitiateAuth ContextData.HttpHeaders.1":          false,
		"SignUp Username":                                      true,
		"SignUp Password":                                      false,
		"SignUp SecretHash":                                    false,
		"SignUp UserAttributes":                                false,
		"SignUp UserAttributes.1.Name":                         true,
		"SignUp UserAttributes.1.Value":                        false,
		"SignUp UserAttributes.1":                              false,
		"SignUp ValidationData.7.Value":                        false,
		"ConfirmSignUp ConfirmationCode":                       false,
		"ConfirmSignUp ForceAliasCreation":                     true,
		"VerifyUserAttribute Code":                             false,
		"VerifySoftwareToken UserCode":                         false,
		"VerifySoftwareToken FriendlyDeviceName":               true,
		"ConfirmDevice DeviceKey":                              true,
		"ConfirmDevice DeviceName":                             false,
		"ConfirmDevice DeviceSecretVerifierConfig.Salt":        false,
		"GetTokensFromRefreshToken ClientSecret":               false,
		"RevokeToken Token":                                    false,
		"ListUsers Filter":                                     false,
		"ListUsers Limit":                                      true,
		"ListUsers PaginationToken":                            false,
		"ListUsers AttributesToGet.1":                          true,
		"CreateGroup GroupName":                                true,
		"CreateGroup Precedence":                               true,
		"CreateUserPool PoolName":                              true,
		"CreateUserPool Policies.PasswordPolicy.MinimumLength": true,
		"CreateIdentityProvider ProviderDetails.client_secret": false,
		"CompleteWebAuthnRegistration Credential":              false,
		"CompleteWebAuthnRegistration Credential.id":           false,
		"SetUICustomization ImageFile":                         false,
		"GetUser ":                                             false,
	} {
		name, path, _ := strings.Cut(call, " ")
		assert.Equal(t, !shown, operation(t, name).Secret(strings.Split(path, ".")...), call)
	}
	assert.True(t, operation(t, "GetUser").Secret())

	op := operation(t, "AdminInitiateAuth")
	assert.False(t, op.Secret("ContextData", "HttpHeaders", "1", "headerName"))
	assert.True(t, op.Secret("ContextData", "HttpHeaders", "1", "headerValue"),
		"it may be a cookie")
}

// All strings that are shown, by their kind. Before you extend the list, make sure that the value
// is not a secret.
func TestEverythingShown(t *testing.T) {
	t.Parallel()
	var shown []string
	for _, name := range model.Operations() {
		op := operation(t, name)
		op.Walk(func(path []string, s *model.Shape) bool {
			text := s.Kind != model.Boolean && s.Kind != model.Integer && len(s.Enum) == 0
			if text && !op.Secret(path...) {
				what := s.Name
				if what == "StringType" {
					what = strings.Join(path[max(0, len(path)-2):], ".")
				}
				shown = append(shown, what)
			}
			return true
		})
	}
	slices.Sort(shown)
	assert.Equal(t, []string{
		"*.headerName", "AttributeNameType", "ClientIdType", "ClientMetadata.*", "ClientNameType",
		"ContextData.IpAddress",
		"ContextData.ServerName", "ContextData.ServerPath", "DeviceKeyType", "FriendlyDeviceName",
		"GroupNameType",
		"UserContextData.IpAddress", "UserPoolIdType", "UserPoolNameType", "UsernameType",
	}, slices.Compact(shown))
}
