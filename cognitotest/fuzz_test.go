package cognitotest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// Whatever is sent, the response is as AWS's: a JSON object with the right headers, and an error
// with a type and a matching status. A preflight gets headers only.
func FuzzServeHTTP(f *testing.F) {
	const prefix = "AWSCognitoIdentityProviderService."
	srv := listen(f, mfaOn, everyFactor, trusting, func(o *options) {
		o.UserPoolID, o.ClientID = "us-east-1_Fuzz", "fuzz"
	})
	srv.AddUser(cognitotest.User{Username: "alice", Password: password})
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, TOTP: secret})
	session := func(name string) string {
		return srv.signIn(name, password).session()
	}
	issued := srv.IssueTokens("bob")
	page := srv.must("ListUsers",
		kv{"UserPoolId": "us-east-1_Fuzz", "Limit": 1}).text("PaginationToken")
	for operation, body := range map[string]kv{
		"InitiateAuth": {
			"ClientId": "fuzz", "AuthFlow": "USER_PASSWORD_AUTH",
			"AuthParameters": kv{"USERNAME": "alice", "PASSWORD": password},
		},
		"AdminInitiateAuth": {
			"UserPoolId": "us-east-1_Fuzz", "ClientId": "fuzz", "AuthFlow": "CUSTOM_AUTH",
			"AuthParameters": kv{"USERNAME": "alice"},
		},
		"RespondToAuthChallenge": {
			"ClientId": "fuzz", "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": session("bob"),
			"ChallengeResponses": kv{"USERNAME": "bob", "SOFTWARE_TOKEN_MFA_CODE": "123456"},
		},
		"AssociateSoftwareToken": {"Session": session("alice")},
		"VerifySoftwareToken": {
			"AccessToken": issued.AccessToken, "UserCode": "123456", "FriendlyDeviceName": "phone",
		},
		"SetUserMFAPreference": {
			"AccessToken":              issued.AccessToken,
			"SoftwareTokenMfaSettings": kv{"Enabled": true, "PreferredMfa": true},
		},
		"GetTokensFromRefreshToken": {"ClientId": "fuzz", "RefreshToken": issued.RefreshToken},
		"ConfirmDevice": {
			"AccessToken": issued.AccessToken, "DeviceKey": issued.NewDeviceMetadata.DeviceKey,
			"DeviceSecretVerifierConfig": kv{"PasswordVerifier": "AQ==", "Salt": "AQ=="},
		},
		"ListDevices": {"AccessToken": issued.AccessToken, "Limit": 1},
		"SignUp": {
			"ClientId": "fuzz", "Username": "carol", "Password": password,
			"UserAttributes": []kv{{"Name": "email", "Value": "c@example.com"}},
		},
		"CreateUserPool": {
			"PoolName": "x", "Policies": kv{"PasswordPolicy": kv{"MinimumLength": 8}},
			"SmsConfiguration": sms, "LambdaConfig": kv{},
		},
		"CreateUserPoolClient": {
			"UserPoolId": "us-east-1_Fuzz", "ClientName": "x",
			"RefreshTokenValidity": 1, "TokenValidityUnits": kv{"RefreshToken": "days"},
		},
		"SetUserPoolMfaConfig": {
			"UserPoolId": "us-east-1_Fuzz", "MfaConfiguration": "ON", "EmailMfaConfiguration": kv{},
		},
		"AdminCreateUser": {
			"UserPoolId": "us-east-1_Fuzz", "Username": "dave",
			"DesiredDeliveryMediums": []string{"EMAIL"},
		},
		"ForgotPassword": {"ClientId": "fuzz", "Username": "carl@example.com"},
		"ConfirmForgotPassword": {
			"ClientId": "fuzz", "Username": "bob", "ConfirmationCode": "123456",
			"Password": password,
		},
		"ChangePassword": {
			"AccessToken": issued.AccessToken, "PreviousPassword": "wrong",
			"ProposedPassword": password,
		},
		"UpdateUserAttributes": {
			"AccessToken": issued.AccessToken,
			"UserAttributes": []kv{
				{"Name": "email", "Value": "b@example.com"}, {"Name": "custom:x", "Value": ""},
			},
		},
		"DeleteUserAttributes": {
			"AccessToken": issued.AccessToken, "UserAttributeNames": []string{"name"},
		},
		"VerifyUserAttribute": {
			"AccessToken": issued.AccessToken, "AttributeName": "email", "Code": "123456",
		},
		"ListUsers": {
			"UserPoolId": "us-east-1_Fuzz", "Filter": `username ^= "a\"b"`, "Limit": 1,
			"AttributesToGet": []string{"sub"}, "PaginationToken": page,
		},
		"CreateGroup": {
			"UserPoolId": "us-east-1_Fuzz", "GroupName": "staff", "Precedence": 1,
			"RoleArn": "arn:aws:iam::123456789012:role/x", "Description": "x",
		},
		"AdminAddUserToGroup": {
			"UserPoolId": "us-east-1_Fuzz", "GroupName": "staff", "Username": "alice",
		},
		"ListUserPools": {"MaxResults": 60, "NextToken": page},
		"UpdateUserPool": {
			"UserPoolId": "us-east-1_Fuzz",
			"AccountRecoverySetting": kv{
				"RecoveryMechanisms": []kv{{"Priority": 1, "Name": "verified_email"}},
			},
		},
		"UpdateUserPoolClient": {
			"UserPoolId": "us-east-1_Fuzz", "ClientId": "fuzz", "AccessTokenValidity": 1,
		},
		"AdminGetUser": {"UserPoolId": "us-east-1_Fuzz", "Username": "alice"},
	} {
		text, err := json.Marshal(body)
		require.NoError(f, err)
		f.Add("POST", "/", prefix+operation, string(text))
	}
	f.Add("GET", "/us-east-1_Fuzz/.well-known/jwks.json", "", "")
	f.Add("POST", "//.well-known/", prefix, "null")
	f.Add("OPTIONS", "/", "", "")
	f.Add("", "", "\x00", "{\"UserCode\":\"\xff\"}")

	f.Fuzz(func(t *testing.T, method, path, target, body string) {
		request := &http.Request{
			Method: method, URL: &url.URL{Path: path}, Body: http.NoBody,
			Header: http.Header{"X-Amz-Target": {target}, "Authorization": {"AWS4-HMAC-SHA256"}},
		}
		if body != "" {
			request.Body = httptest.NewRequestWithContext(
				t.Context(), http.MethodPost, "/", strings.NewReader(body),
			).Body
		}
		recorder := httptest.NewRecorder()
		srv.ServeHTTP(recorder, request)
		response := recorder.Result()
		assert.NoError(t, response.Body.Close())
		assert.Equal(t, "*", response.Header.Get("Access-Control-Allow-Origin"))
		if method == http.MethodOptions {
			assert.Equal(t, http.StatusOK, response.StatusCode)
			assert.Empty(t, recorder.Body.Bytes())
			return
		}

		var got map[string]any
		require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &got), "%s",
			recorder.Body.Bytes())
		assert.Equal(t, []string{response.Header.Get("Content-Length")},
			response.Header["Content-Length"])
		if _, isDocument := got["keys"]; isDocument || got["jwks_uri"] != nil {
			assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
			return
		}
		assert.Equal(t, "application/x-amz-json-1.1", response.Header.Get("Content-Type"))
		assert.NotEmpty(t, response.Header.Get("X-Amzn-Requestid"))
		typ, failed := got["__type"].(string)
		if !failed {
			assert.Equal(t, http.StatusOK, response.StatusCode)
			return
		}
		assert.Equal(t, typ+":", response.Header.Get("X-Amzn-Errortype"))
		assert.NotEqual(t, "InternalErrorException", typ, "%s", recorder.Body.Bytes())
		assert.GreaterOrEqual(t, response.StatusCode, 400)
		assert.Less(t, response.StatusCode, 500)
		assert.NotEmpty(t, got["message"])
	})
}
