package lambda_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/otpauth"
)

// A signed-in user sets up MFA, and needs a code the next time.
func TestSetUpWhileSignedIn(t *testing.T) {
	for _, format := range formats {
		for _, secret := range []string{"", appClientSecret} {
			t.Run(fmt.Sprintf("%s, secret %t", format, secret != ""), func(t *testing.T) {
				s := newService(t, func(o *cognitotest.Options) { o.ClientSecret = secret },
					"COGNITO_CLIENT_SECRET="+secret)

				first := s.post(format, "signin", "userId", userName, "userPassword", password)
				require.Equal(t, http.StatusOK, first.status, first.text)
				require.NotNil(t, first.body.AuthenticationResult)
				assert.Equal(t, "Bearer", first.body.AuthenticationResult.TokenType)
				assert.Equal(t, 3600, first.body.AuthenticationResult.ExpiresIn)
				accessToken := first.body.AuthenticationResult.AccessToken

				code := s.post(format, "mfa", "accessToken", accessToken)
				require.Equal(t, http.StatusOK, code.status, code.text)
				checkQRCode(t, &code)

				verified := s.post(format, "verify",
					"accessToken", accessToken, "mfaCode", s.cognito.Code(userName))
				require.Equal(t, http.StatusOK, verified.status, verified.text)
				assert.JSONEq(t, `{"Status":"SUCCESS"}`, verified.text)

				challenge := s.post(format, "signin", "userId", userName, "userPassword", password)
				require.Equal(t, http.StatusOK, challenge.status, challenge.text)
				assert.Equal(t, "SOFTWARE_TOKEN_MFA", challenge.body.ChallengeName)
				assert.Nil(t, challenge.body.AuthenticationResult)

				signedIn := s.post(format, "mfasignin",
					"mfaCode", s.cognito.NextCode(userName),
					"authParamSession", challenge.body.Session,
					"authParamUserId", challenge.body.ChallengeParameters["USER_ID_FOR_SRP"])
				require.Equal(t, http.StatusOK, signedIn.status, signedIn.text)
				require.NotNil(t, signedIn.body.AuthenticationResult)
				assert.NotEqual(t, accessToken, signedIn.body.AuthenticationResult.AccessToken)

				assert.Equal(t, []string{
					"AdminInitiateAuth signed",
					"AssociateSoftwareToken",
					"VerifySoftwareToken",
					"SetUserMFAPreference",
					"AdminInitiateAuth signed",
					"AdminRespondToAuthChallenge signed",
				}, calls(s))
			})
		}
	}
}

// Where MFA is required, users set it up during sign-in. COGNITO_SETUP_CALL selects the call that
// ends the set-up.
func TestSetUpDuringSignIn(t *testing.T) {
	for _, format := range formats {
		for call, answered := range map[string]string{
			"":       "AdminRespondToAuthChallenge signed",
			"admin":  "AdminRespondToAuthChallenge signed",
			"public": "RespondToAuthChallenge",
		} {
			t.Run(format+" "+call, func(t *testing.T) {
				s := newService(t, func(o *cognitotest.Options) {
					o.MFA = types.UserPoolMfaTypeOn
					o.ClientSecret = appClientSecret
				}, "COGNITO_CLIENT_SECRET="+appClientSecret, "COGNITO_SETUP_CALL="+call)
				setUpDuringSignIn(t, s, format)
				assert.Equal(t, []string{
					"AdminInitiateAuth signed",
					"AssociateSoftwareToken",
					"VerifySoftwareToken",
					answered,
					"SetUserMFAPreference",
					"AdminInitiateAuth signed",
				}, calls(s))
			})
		}
	}
}

func setUpDuringSignIn(t *testing.T, s *service, format string) {
	t.Helper()
	challenge := s.post(format, "signin", "userId", userName, "userPassword", password)
	require.Equal(t, http.StatusOK, challenge.status, challenge.text)
	require.Equal(t, "MFA_SETUP", challenge.body.ChallengeName)
	user := challenge.body.ChallengeParameters["USER_ID_FOR_SRP"]

	code := s.post(format, "mfa",
		"authParamSession", challenge.body.Session, "authParamUserId", user)
	require.Equal(t, http.StatusOK, code.status, code.text)
	checkQRCode(t, &code)
	require.NotEqual(t, challenge.body.Session, code.body.Session)

	verified := s.post(format, "verify", "mfaCode", s.cognito.Code(userName),
		"authParamSession", code.body.Session, "authParamUserId", user)
	require.Equal(t, http.StatusOK, verified.status, verified.text)
	assert.Equal(t, "SUCCESS", verified.body.Status)
	require.NotNil(t, verified.body.AuthenticationResult)
	assert.Nil(t, verified.body.Warning)

	s.cognito.Advance(time.Minute)
	again := s.post(format, "signin", "userId", userName, "userPassword", password)
	assert.Equal(t, "SOFTWARE_TOKEN_MFA", again.body.ChallengeName)
}

// mfasignin also handles a new password and a choice of method, with the same IAM permission.
func TestOtherChallenges(t *testing.T) {
	for _, format := range formats {
		t.Run(format, func(t *testing.T) {
			s := newService(t, func(o *cognitotest.Options) { o.SMS = true })
			s.cognito.AddUser(cognitotest.User{
				Username: "dormouse", Password: password,
				Status: types.UserStatusTypeForceChangePassword,
			})
			answer := func(path string, challenge reply, members ...string) reply {
				body := object(t, append(members, "authParamSession", challenge.body.Session,
					"authParamUserId", challenge.body.ChallengeParameters["USER_ID_FOR_SRP"])...)
				return s.send(format, "mfasignin", request{path: path, body: body})
			}
			challenge := s.post(format, "signin", "userId", "dormouse", "userPassword", password)
			require.Equal(t, "NEW_PASSWORD_REQUIRED", challenge.body.ChallengeName, challenge.text)
			const newPassword = "Twinkle-Twinkle-Little-Bat-1"
			logs.forbid("password", newPassword)
			r := answer("/newpassword", challenge, "newPassword", newPassword)
			require.NotNil(t, r.body.AuthenticationResult, r.text)

			s.cognito.AddUser(cognitotest.User{
				Username: "gryphon", Password: password, Phone: "+15550100",
				TOTP:    "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
				Methods: []string{"SOFTWARE_TOKEN_MFA", "SMS_MFA"},
			})
			challenge = s.post(format, "signin", "userId", "gryphon", "userPassword", password)
			require.Equal(t, "SELECT_MFA_TYPE", challenge.body.ChallengeName, challenge.text)
			r = answer("/selectmfa", challenge, "mfaType", "SOFTWARE_TOKEN_MFA")
			assert.Equal(t, "SOFTWARE_TOKEN_MFA", r.body.ChallengeName, r.text)
			assert.Equal(t, []string{
				"AdminInitiateAuth signed", "AdminRespondToAuthChallenge signed",
				"AdminInitiateAuth signed", "AdminRespondToAuthChallenge signed",
			}, calls(s))
		})
	}
}

// The call that ends a set-up needs its IAM permission or COGNITO_SETUP_CALL; without either, nobody
// gets in.
func TestSetUpCallDenied(t *testing.T) {
	s := newService(t, func(o *cognitotest.Options) { o.MFA = types.UserPoolMfaTypeOn })
	challenge := s.post("http", "signin", "userId", userName, "userPassword", password)
	user := challenge.body.ChallengeParameters["USER_ID_FOR_SRP"]
	code := s.post("http", "mfa",
		"authParamSession", challenge.body.Session, "authParamUserId", user)
	s.cognito.Fail("AdminRespondToAuthChallenge", cognitotest.Error("AccessDeniedException", ""))
	r := s.post("http", "verify", "mfaCode", s.cognito.Code(userName),
		"authParamSession", code.body.Session, "authParamUserId", user)
	refused(t, r, http.StatusInternalServerError, "misconfigured", "give-up")
	assert.NotContains(t, calls(s), "RespondToAuthChallenge")
}

// The old spelling AccessToken still works.
func TestSpelling(t *testing.T) {
	s := newService(t, nil)
	tokens := s.cognito.IssueTokens(userName)
	for _, member := range []string{"accessToken", "AccessToken"} {
		r := s.post("http", "mfa", member, *tokens.AccessToken)
		assert.Equal(t, http.StatusOK, r.status, r.text)
		checkQRCode(t, &r)
	}
}

// checkQRCode checks that the picture is an SVG, and that the URI has issuer and account, in this
// order, and the key.
func checkQRCode(t *testing.T, r *reply) {
	t.Helper()
	svg, err := base64.StdEncoding.DecodeString(r.body.QRCode)
	require.NoError(t, err)
	assert.Contains(t, string(svg), "<svg ")
	key, err := otpauth.Parse(r.body.URI)
	require.NoError(t, err)
	assert.Equal(t, "Wonderland", key.Issuer)
	assert.Equal(t, userName, key.Account)
	assert.Equal(t, r.body.Secret, key.Secret.Reveal())
	assert.Equal(t, "no-store", r.header.Get("Cache-Control"))
}

// calls lists the operations that the functions have called, and whether the calls were signed.
func calls(s *service) []string {
	var list []string
	for _, call := range s.cognito.Calls() {
		name := call.Operation
		if call.Signed {
			name += " signed"
		}
		list = append(list, name)
	}
	return list
}
