package cognitotest_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

var update = flag.Bool("update", false, "write the golden files")

// varying are the parts of a response that differ in each run.
var varying = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`AYABe[A-Za-z0-9_-]{900,}`), "<session>"},
	{regexp.MustCompile(`eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{342}`), "<jwt>"},
	{regexp.MustCompile(`eyJ[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}`), "<refresh token>"},
	{regexp.MustCompile(`"[A-Z2-7]{52}"`), `"<secret>"`},
	{
		regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`),
		"<uuid>",
	},
}

// The exchange of a set-up during sign-in, byte by byte.
func TestGoldenExchange(t *testing.T) {
	t.Parallel()
	srv := listen(t, frozen, mfaOn, everyFactor, func(o *cognitotest.Options) {
		o.Region, o.UserPoolID, o.ClientID = "eu-west-1", "eu-west-1_Golden123", "1example23456789"
		o.RequiredAttributes = []string{"name"}
	})
	pool := srv.UserPoolID
	var log strings.Builder
	step := func(r reply, operation string) reply {
		text := string(r.raw)
		for _, v := range varying {
			text = v.pattern.ReplaceAllString(text, v.name)
		}
		log.WriteString(operation + " " + http.StatusText(r.status) + "\n" + text + "\n\n")
		return r
	}
	do := func(operation string,
		body kv,
	) reply {
		return step(srv.call(operation, body), operation)
	}

	do("AdminCreateUser", kv{
		"UserPoolId": pool, "Username": "ann", "TemporaryPassword": "Temp0rary!",
		"UserAttributes": []kv{{"Name": "locale", "Value": "en"}},
	})
	do("AdminGetUser", kv{"UserPoolId": pool, "Username": "ann"})
	r := step(srv.signIn("ann", "Temp0rary!"), "InitiateAuth")
	r = step(srv.respond("NEW_PASSWORD_REQUIRED", r.session(), "ann", kv{
		"NEW_PASSWORD": password, "userAttributes.name": "Ann",
	}), "RespondToAuthChallenge")
	associated := do("AssociateSoftwareToken", kv{"Session": r.session()})
	verify := kv{
		"Session": associated.session(), "UserCode": srv.wrong("ann"),
		"FriendlyDeviceName": "phone",
	}
	do("VerifySoftwareToken", verify)
	verify["UserCode"] = srv.Code("ann")
	r = do("VerifySoftwareToken", verify)
	r = step(srv.respond("MFA_SETUP", r.session(), "ann", nil), "RespondToAuthChallenge")
	do("GetUser", kv{"AccessToken": r.access()})
	do("SetUserMFAPreference", kv{
		"AccessToken":              r.access(),
		"SoftwareTokenMfaSettings": kv{"Enabled": true, "PreferredMfa": true},
	})
	do("GetUser", kv{"AccessToken": r.access()})
	do("GetUserAuthFactors", kv{"AccessToken": r.access()})
	do("GetTokensFromRefreshToken", kv{"ClientId": srv.ClientID, "RefreshToken": r.refresh()})
	r = step(srv.signIn("ann", password), "InitiateAuth")
	answer := kv{"SOFTWARE_TOKEN_MFA_CODE": srv.Code("ann")}
	step(srv.respond("SOFTWARE_TOKEN_MFA", r.session(), "ann", answer), "RespondToAuthChallenge")
	answer["SOFTWARE_TOKEN_MFA_CODE"] = srv.NextCode("ann")
	step(srv.respond("SOFTWARE_TOKEN_MFA", r.session(), "ann", answer), "RespondToAuthChallenge")
	do("GetUserPoolMfaConfig", kv{"UserPoolId": pool})
	do("DescribeUserPool", kv{"UserPoolId": pool})
	do("DescribeUserPoolClient", kv{"UserPoolId": pool, "ClientId": srv.ClientID})

	golden(t, "exchange.txt", log.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestErrorOnTheWire(t *testing.T) {
	t.Parallel()
	const wrongPassword = `{"__type":"NotAuthorizedException","message":"Incorrect username or password."}`
	for name, tc := range map[string]struct {
		quirks            cognitotest.Quirks
		status            int
		body, typ, header string
	}{
		"as Cognito responds": {
			status: 400, body: wrongPassword, typ: "NotAuthorizedException:",
			header: "Incorrect username or password.",
		},
		"with the status of the model": {
			quirks: cognitotest.Quirks{ModelStatus: true},
			status: 403, body: wrongPassword, typ: "NotAuthorizedException:",
			header: "Incorrect username or password.",
		},
		"with the type in the header": {
			quirks: cognitotest.Quirks{ErrorName: cognitotest.ErrorNameInHeader},
			status: 400, body: `{"message":"Incorrect username or password."}`,
			typ: "NotAuthorizedException:", header: "Incorrect username or password.",
		},
		"with the type in the body": {
			quirks: cognitotest.Quirks{ErrorName: cognitotest.ErrorNameInBody}, status: 400,
			body: wrongPassword,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, func(o *cognitotest.Options) { o.Quirks = tc.quirks })
			r := srv.signIn("alice", "wrong")
			assert.Equal(t, tc.status, r.status)
			assert.Equal(t, tc.body, string(r.raw))
			assert.Equal(t, tc.typ, r.header.Get("X-Amzn-Errortype"))
			assert.Equal(t, tc.header, r.header.Get("X-Amzn-Errormessage"))
			assert.Equal(t, "application/x-amz-json-1.1", r.header.Get("Content-Type"))
			assert.Regexp(t,
				`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
				r.header.Get("X-Amzn-Requestid"))
		})
	}
}

// The statuses of errors in the service's model, for clients that read them.
func TestModelStatus(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *cognitotest.Options) { o.Quirks.ModelStatus = true })
	for code, status := range map[string]int{
		"UnauthorizedException": 401, "ForbiddenException": 403,
		"FeatureUnavailableInTierException": 403, "ResourceNotFoundException": 404,
		"UserNotFoundException": 404, "TooManyRequestsException": 429, "CodeMismatchException": 400,
		"InternalErrorException": 500,
	} {
		srv.Fail("GetUser", cognitotest.Error(code, "x"))
		assert.Equal(t, status, srv.call("GetUser", kv{}).status, code)
	}
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	srv := start(t)
	const prefix = "AWSCognitoIdentityProviderService."
	for name, tc := range map[string]struct {
		target, body, failure string
		status                int
	}{
		"no target": {
			body: `{}`,
			failure: "UnknownOperation: X-Amz-Target does not name an operation of " +
				"AWSCognitoIdentityProviderService.",
			status: 400,
		},
		"another service": {
			target: "DynamoDB_20120810.GetItem", body: `{}`,
			failure: "UnknownOperation: X-Amz-Target does not name an operation of " +
				"AWSCognitoIdentityProviderService.",
			status: 400,
		},
		"not emulated": {
			target: prefix + "ListUserImportJobs", body: `{}`,
			failure: `UnknownOperation: The operation "ListUserImportJobs" is not emulated by cognitotest.`,
			status:  400,
		},
		"hostile name": {
			target: prefix + "GetUser\"\\é", body: `{}`,
			failure: `UnknownOperation: Cognito's API has no operation "GetUser\"\\é".`, status: 400,
		},
		"long name": {
			target: prefix + strings.Repeat("x", 5000), body: `{}`,
			failure: `UnknownOperation: Cognito's API has no operation "` + strings.Repeat("x", 512) +
				`...".`,
			status: 400,
		},
		"empty": {
			target: prefix + "GetUser", body: ``,
			failure: "Serialization: The request is not a JSON object.", status: 400,
		},
		"no JSON": {
			target: prefix + "GetUser", body: `AccessToken=x`,
			failure: "Serialization: The request is not a JSON object.",
			status:  400,
		},
		"null": {
			target: prefix + "GetUser", body: `null`,
			failure: "Serialization: The request is not a JSON object.", status: 400,
		},
		"array": {
			target: prefix + "GetUser", body: `[]`,
			failure: "Serialization: The request is not a JSON object.", status: 400,
		},
		"cut off": {
			target: prefix + "GetUser", body: `{"AccessToken":"x`,
			failure: "Serialization: The request is not a JSON object.", status: 400,
		},
		"two documents": {
			target: prefix + "GetUser", body: `{} {}`,
			failure: "Serialization: The request is not a JSON object.", status: 400,
		},
		"number for text": {
			target: prefix + "VerifySoftwareToken", body: `{"UserCode":5}`,
			failure: "Serialization: NUMBER_VALUE can not be converted to a String", status: 400,
		},
		"no list": {
			target: prefix + "UpdateUserAttributes", body: `{"UserAttributes":{}}`,
			failure: "Serialization: Start of structure or map found where not expected.",
			status:  400,
		},
		"list of texts": {
			target: prefix + "UpdateUserAttributes", body: `{"UserAttributes":["x"]}`,
			failure: "Serialization: Expected null", status: 400,
		},
		"half a user": {
			target: prefix + "ListUsers", body: `{"Limit":0.5}`,
			failure: "Serialization: NUMBER_VALUE can not be converted to an Integer", status: 400,
		},
		"precedence too high": {
			target: prefix + "CreateGroup", body: `{"Precedence":2147483648}`,
			failure: "Serialization: NUMBER_VALUE can not be converted to an Integer", status: 400,
		},
		"text for flag": {
			target: prefix + "AdminSetUserPassword", body: `{"Permanent":"yes"}`,
			failure: "Serialization: STRING_VALUE can not be converted to a Boolean", status: 400,
		},
		"list for object": {
			target: prefix + "InitiateAuth", body: `{"AuthParameters":[]}`,
			failure: "Serialization: Expected map or null",
			status:  400,
		},
		"number in a map": {
			target: prefix + "InitiateAuth", body: `{"AuthParameters":{"USERNAME":1}}`,
			failure: "Serialization: NUMBER_VALUE can not be converted to a String", status: 400,
		},
		"number too large": {
			target: prefix + "CreateUserPoolClient", body: `{"AuthSessionValidity":1e99}`,
			failure: "Serialization: NUMBER_VALUE can not be converted to an Integer", status: 400,
		},
		"larger than 1 MiB": {
			target:  prefix + "GetUser",
			body:    `{"AccessToken":"` + strings.Repeat("x", 1<<20) + `"}`,
			failure: "RequestEntityTooLarge: The request is larger than 1 MiB.", status: 413,
		},
		"much larger": {
			target: prefix + "GetUser", body: strings.Repeat("x", 10<<20),
			failure: "RequestEntityTooLarge: The request is larger than 1 MiB.", status: 413,
		},
		"almost 1 MiB": {
			target:  prefix + "GetUser",
			body:    `{"AccessToken":"` + strings.Repeat("x", 1<<20-100) + `"}`,
			failure: "NotAuthorized: Invalid Access Token", status: 400,
		},
		"invalid UTF-8": {
			target: prefix + "InitiateAuth", body: "{\"AuthFlow\":\"\xff\",\"ClientId\":\"x\"}",
			failure: "InvalidParameter: 1 validation error detected: " +
				"Value '\uFFFD' at 'authFlow' failed to satisfy constraint: " +
				"Member must satisfy enum value set: " +
				"[ADMIN_NO_SRP_AUTH, ADMIN_USER_PASSWORD_AUTH, USER_SRP_AUTH, " +
				"REFRESH_TOKEN_AUTH, REFRESH_TOKEN, CUSTOM_AUTH, USER_PASSWORD_AUTH, " +
				"USER_AUTH]",
			status: 400,
		},
		"unknown members": {
			target: prefix + "GetUser", body: `{"AccessToken":"x","Colour":{"a":[1,null]}}`,
			failure: "NotAuthorized: Invalid Access Token", status: 400,
		},
		"null for something": {
			target: prefix + "GetUser", body: `{"AccessToken":null}`,
			failure: "InvalidParameter: 1 validation error detected: " +
				"Value at 'accessToken' failed to satisfy constraint: Member must not be null",
			status: 400,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := srv.in(t).send(tc.target, tc.body)
			assert.Equal(t, tc.failure, r.failure())
			assert.Equal(t, tc.status, r.status)
			assert.Equal(t, r.text("__type")+":", r.header.Get("X-Amzn-Errortype"))
		})
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	srv := start(t)
	const failed = " failed to satisfy constraint: Member must "
	for name, tc := range map[string]struct {
		operation string
		body      kv
		failure   string
	}{
		"two violations": {
			operation: "VerifySoftwareToken",
			body:      kv{"Session": strings.Repeat("x", 20), "UserCode": "Aaaa"},
			failure: "2 validation errors detected: Value at 'userCode'" + failed +
				"satisfy regular expression pattern: [0-9]+; Value at 'userCode'" + failed +
				"have length greater than or equal to 6",
		},
		"long code": {
			operation: "VerifySoftwareToken",
			body:      kv{"UserCode": "1234567"},
			failure: "1 validation error detected: Value at 'userCode'" + failed +
				"have length less than or equal to 6",
		},
		"full width": {
			operation: "VerifySoftwareToken",
			body:      kv{"UserCode": "１２３４５６"},
			failure: "1 validation error detected: Value at 'userCode'" + failed +
				"satisfy regular expression pattern: [0-9]+",
		},
		"nothing": {
			operation: "VerifySoftwareToken",
			body:      kv{},
			failure:   "1 validation error detected: Value at 'userCode'" + failed + "not be null",
		},
		"short session": {
			operation: "AssociateSoftwareToken",
			body:      kv{"Session": "x"},
			failure: "1 validation error detected: Value at 'session'" + failed +
				"have length greater than or equal to 20",
		},
		"long session": {
			operation: "AssociateSoftwareToken",
			body:      kv{"Session": strings.Repeat("x", 8193)},
			failure: "1 validation error detected: Value at 'session'" + failed +
				"have length less than or equal to 8192",
		},
		"no token": {
			operation: "GetUser",
			body:      kv{"AccessToken": "a b"},
			failure: "1 validation error detected: Value at 'accessToken'" + failed +
				"satisfy regular expression pattern: [A-Za-z0-9-_=.]+",
		},
		"pool": {
			operation: "AdminGetUser",
			body:      kv{"UserPoolId": "nowhere", "Username": "alice"},
			failure: `1 validation error detected: Value 'nowhere' at 'userPoolId'` + failed +
				`satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`,
		},
		"blank name": {
			operation: "AdminGetUser",
			body:      kv{"UserPoolId": srv.UserPoolID, "Username": "al ice"},
			failure: `1 validation error detected: Value at 'username'` + failed +
				`satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`,
		},
		"blank password": {
			operation: "AdminSetUserPassword",
			body:      kv{"UserPoolId": srv.UserPoolID, "Username": "alice", "Password": " x "},
			failure: `1 validation error detected: Value at 'password'` + failed +
				`satisfy regular expression pattern: ^[\S]+.*[\S]+$`,
		},
		"attributes": {
			operation: "UpdateUserAttributes",
			body: kv{
				"AccessToken": "x",
				"UserAttributes": []kv{
					{"Name": "name", "Value": "x"},
					{"Name": "a\u200bb"},
					{"Value": strings.Repeat("é", 2049)},
				},
			},
			failure: "3 validation errors detected: Value 'a\u200bb' at 'userAttributes.2.member.name'" + failed +
				`satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+; ` +
				`Value null at 'userAttributes.3.member.name'` + failed + `not be null; ` +
				`Value at 'userAttributes.3.member.value'` + failed +
				"have length less than or equal to 2048",
		},
		"names of attributes": {
			operation: "DeleteUserAttributes",
			body: kv{
				"AccessToken": "x", "UserAttributeNames": []string{"name", strings.Repeat("x", 33)},
			},
			failure: "1 validation error detected: Value '[name, " + strings.Repeat("x", 33) +
				"]' at 'userAttributeNames'" + failed +
				"satisfy constraint: [Member must have length less than or equal to 32, " +
				`Member must have length greater than or equal to 1, ` +
				`Member must satisfy regular expression pattern: ` +
				`[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+]`,
		},
		"all missing": {
			operation: "AdminGetUser",
			body:      kv{},
			failure: "2 validation errors detected: Value null at 'userPoolId'" + failed +
				"not be null; Value at 'username'" + failed + "not be null",
		},
		"enum": {
			operation: "SetUserPoolMfaConfig",
			body:      kv{"UserPoolId": srv.UserPoolID, "MfaConfiguration": "MAYBE"},
			failure: "1 validation error detected: Value 'MAYBE' at 'mfaConfiguration'" + failed +
				"satisfy enum value set: [OPTIONAL, OFF, ON]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := srv.in(t).call(tc.operation, tc.body)
			assert.Equal(t, "InvalidParameter: "+tc.failure, r.failure())
			assert.Equal(t, 400, r.status)
		})
	}
}

func TestSignedOperationsRequireASignature(t *testing.T) {
	t.Parallel()
	srv := start(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL,
		strings.NewReader(`{"UserPoolId":"`+srv.UserPoolID+`","Username":"alice"}`))
	require.NoError(t, err)
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.AdminGetUser")
	r := receive(t, request)
	assert.Equal(t, 400, r.status)
	assert.Equal(t, "MissingAuthenticationToken: Missing Authentication Token", r.failure())
	assert.False(t, srv.Calls()[0].Signed)
}

func TestOtherPathsAndMethods(t *testing.T) {
	t.Parallel()
	srv := start(t)
	for name, tc := range map[string]struct {
		method, path, failure, allow string
		status                       int
	}{
		"GET": {
			method: "GET", path: "/",
			failure: "UnknownOperation: Requests are sent with POST, with the operation in X-Amz-Target.",
			allow:   "POST", status: 405,
		},
		"path": {
			method: "POST", path: "/oauth2/token",
			failure: "UnknownOperation: There is nothing at this path: requests go to /. " +
				"cognitotest has neither the hosted sign-in pages nor the OAuth endpoints.",
			status: 404,
		},
		"unknown pool": {
			method: "GET", path: "/us-east-1_Nowhere/.well-known/jwks.json",
			failure: "ResourceNotFound: User pool us-east-1_Nowhere does not exist.", status: 404,
		},
		"unknown document": {
			method: "GET", path: "/" + srv.UserPoolID + "/.well-known/passwords",
			failure: "UnknownOperation: There is no such document.", status: 404,
		},
		"POST of keys": {
			method: "POST", path: "/" + srv.UserPoolID + "/.well-known/jwks.json",
			failure: "UnknownOperation: Keys are read with GET.", allow: "GET, HEAD", status: 405,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), tc.method, srv.URL+tc.path, nil)
			require.NoError(t, err)
			r := receive(t, request)
			assert.Equal(t, tc.failure, r.failure())
			assert.Equal(t, tc.status, r.status)
			assert.Equal(t, tc.allow, r.header.Get("Allow"))
		})
	}
}

func TestWellKnown(t *testing.T) {
	t.Parallel()
	srv := start(t)
	get := func(method, document string) reply {
		request, err := http.NewRequestWithContext(t.Context(), method,
			srv.URL+"/"+srv.UserPoolID+"/.well-known/"+document, nil)
		require.NoError(t, err)
		return receive(t, request)
	}
	configuration := get(http.MethodGet, "openid-configuration")
	assert.Equal(t, "https://cognito-idp.us-east-1.amazonaws.com/"+srv.UserPoolID,
		configuration.text("issuer"))
	assert.Equal(t, srv.URL+"/"+srv.UserPoolID+"/.well-known/jwks.json",
		configuration.text("jwks_uri"))

	keys := get(http.MethodGet, "jwks.json")
	assert.Equal(t, "application/json", keys.header.Get("Content-Type"))
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	require.NoError(t, json.Unmarshal(keys.raw, &set))
	require.Len(t, set.Keys, 2)
	for _, key := range set.Keys {
		assert.Equal(t, "RSA RS256 sig AQAB",
			strings.Join([]string{key["kty"], key["alg"], key["use"], key["e"]}, " "))
		assert.Len(t, key["n"], 342, "2048 bits")
		assert.Len(t, key, 6, "and nothing private")
	}
	assert.NotEqual(t, set.Keys[0]["kid"], set.Keys[1]["kid"])

	head := get(http.MethodHead, "jwks.json")
	assert.Empty(t, head.raw)
	assert.Equal(t, keys.header.Get("Content-Length"), head.header.Get("Content-Length"))
}

// The case of members matters: one in another case is unknown, and does not stand for the member.
func TestMembersInAnotherCase(t *testing.T) {
	t.Parallel()
	srv := start(t)
	pool := kv{"UserPoolId": srv.UserPoolID}
	srv.must("CreateGroup", with(with(pool, "GroupName", "staff"), "groupname", "not a name"))
	listed := srv.must("ListGroups", with(pool, "limit", -5))
	require.Len(t, listed.body["Groups"], 1)
	assert.Equal(t, "staff", listed.body["Groups"].([]any)[0].(kv)["GroupName"])
	r := srv.call("AdminGetUser", with(pool, "username", "alice"))
	assert.Equal(t,
		"InvalidParameter: 1 validation error detected: "+
			"Value at 'username' failed to satisfy constraint: Member must not be null",
		r.failure())
}
