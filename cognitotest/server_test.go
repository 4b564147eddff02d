package cognitotest_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
	"github.com/cognitomfa/cognitomfa/internal/loopback"
	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

func TestNewServerPanicsOnNonsense(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		on    func(*options)
		panic string
	}{
		"pool": {
			func(o *options) { o.UserPoolID = "pool" },
			`1 validation error detected: Value 'pool' at 'userPoolId' failed to satisfy constraint: ` +
				`Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`,
		},
		"client": {
			func(o *options) { o.ClientID = "a b" },
			`1 validation error detected: Value at 'clientId' failed to satisfy constraint: Member must ` +
				`satisfy regular expression pattern: [\w+]+`,
		},
		"secret": {
			func(o *options) { o.ClientSecret = "short" },
			`1 validation error detected: Value at 'clientSecret' failed to satisfy constraint: Member ` +
				`must have length greater than or equal to 24`,
		},
		"MFA": {
			func(o *options) { o.MFA = "SOMETIMES" },
			`1 validation error detected: Value 'SOMETIMES' at 'mfaConfiguration' failed to satisfy ` +
				`constraint: Member must satisfy enum value set: [OPTIONAL, OFF, ON]`,
		},
		"region": {
			func(o *options) { o.Region, o.UserPoolID = "us east", "us-east-1_a" },
			`the region "us east" has characters that no region has`,
		},
		"session": {
			func(o *options) { o.AuthSessionValidity = time.Minute },
			"1 validation error detected: Value '1' at 'authSessionValidity' failed to satisfy " +
				"constraint: Member must have value greater than or equal to 3",
		},
		"half a minute": {
			func(o *options) { o.AuthSessionValidity = 210 * time.Second },
			"AuthSessionValidity is not a number of whole minutes",
		},
		"half a second": {
			func(o *options) { o.AccessTokenValidity = time.Hour + time.Second/2 },
			"AccessTokenValidity is not a number of whole seconds",
		},
		"flow": {
			func(o *options) { o.AuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_ALL"} },
			"1 validation error detected: Value '[ALLOW_ALL]' at 'explicitAuthFlows' failed to satisfy " +
				"constraint: Member must satisfy constraint: [Member must satisfy enum value set: " +
				"[ALLOW_CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, ALLOW_USER_AUTH, ALLOW_REFRESH_TOKEN_AUTH, " +
				"ALLOW_USER_PASSWORD_AUTH, ALLOW_USER_SRP_AUTH, CUSTOM_AUTH_FLOW_ONLY, " +
				"USER_PASSWORD_AUTH, ALLOW_ADMIN_USER_PASSWORD_AUTH]]",
		},
		"grace": {
			func(o *options) { o.RefreshTokenRotation, o.RotationGrace = true, time.Hour },
			"1 validation error detected: Value '3600' at " +
				"'refreshTokenRotation.retryGracePeriodSeconds' failed to satisfy constraint: Member " +
				"must have value less than or equal to 60",
		},
		"grace for nothing": {
			func(o *options) { o.RotationGrace = time.Minute },
			"RotationGrace needs RefreshTokenRotation",
		},
		"two aliases": {func(o *options) {
			o.AliasAttributes = []types.AliasAttributeType{"email"}
			o.UsernameAttributes = []types.UsernameAttributeType{"email"}
		}, "Only one of the aliasAttributes or usernameAttributes can be set in a User pool."},
		"alias": {
			func(o *options) { o.AliasAttributes = []types.AliasAttributeType{"shoe_size"} },
			`1 validation error detected: Value '[shoe_size]' at 'aliasAttributes' failed to satisfy ` +
				`constraint: Member must satisfy constraint: [Member must satisfy enum value set: ` +
				`[preferred_username, phone_number, email]]`,
		},
	} {
		assert.PanicsWithValue(
			t, "cognitotest: the options are invalid: "+tc.panic,
			func() { cognitotest.NewServer(tc.on) }, name,
		)
		_, err := cognitotest.Start(tc.on)
		assert.EqualError(t, err, "cognitotest: the options are invalid: "+tc.panic, name)
	}
}

func TestAddUserPanicsOnNonsense(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *options) { o.Email = true })
	alice := srv.User("alice")
	for name, tc := range map[string]struct {
		user  cognitotest.User
		panic string
	}{
		"twice": {
			cognitotest.User{Username: "alice", Password: password}, `"alice": User already exists`,
		},
		"no name":     {cognitotest.User{Password: password}, `"": the username is missing`},
		"no password": {cognitotest.User{Username: "bob"}, `"bob": the password is missing`},
		"status": {
			cognitotest.User{Username: "bob", Password: password, Status: "HAPPY"},
			`"bob": there is no status "HAPPY"`,
		},
		"email": {
			cognitotest.User{Username: "bob", Password: password, Email: "bob"},
			`"bob": Invalid email address format.`,
		},
		"phone": {
			cognitotest.User{Username: "bob", Password: password, Phone: "555"},
			`"bob": Invalid phone number format.`,
		},
		"sub": {
			cognitotest.User{
				Username: "bob", Password: password, Attributes: map[string]string{"sub": "1"},
			},
			`"bob": Cannot modify the non-mutable attribute sub`,
		},
		"long name": {
			cognitotest.User{
				Username: "bob", Password: password,
				Attributes: map[string]string{strings.Repeat("x", 33): "1"},
			},
			`"bob": 1 validation error detected: Value 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' at ` +
				`'userAttributes.1.member.name' failed to satisfy constraint: Member must have length ` +
				`less than or equal to 32`,
		},
		"long value": {
			cognitotest.User{Username: "bob", Password: password, Attributes: map[string]string{
				"name": strings.Repeat("x", 2049),
			}},
			`"bob": 1 validation error detected: Value at 'userAttributes.1.member.value' failed to ` +
				`satisfy constraint: Member must have length less than or equal to 2048`,
		},
		"secret": {
			cognitotest.User{Username: "bob", Password: password, TOTP: "0189"},
			`"bob": a TOTP secret of 4 characters that is not base32`,
		},
		"no secret": {
			cognitotest.User{
				Username: "bob", Password: password, Methods: []string{"SOFTWARE_TOKEN_MFA"},
			},
			`"bob": SOFTWARE_TOKEN_MFA is enabled without a TOTP secret`,
		},
		"no method": {
			cognitotest.User{Username: "bob", Password: password, Methods: []string{"TOTP"}},
			`"bob": there is no MFA method "TOTP"; there are SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP`,
		},
		"not offered": {
			cognitotest.User{
				Username: "bob", Password: password, Phone: "+15550001234",
				Methods: []string{"SMS_MFA"},
			},
			`"bob": SMS_MFA is enabled, and the pool does not offer it`,
		},
		"no address": {
			cognitotest.User{
				Username: "bob", Password: password, Phone: "+15550001234",
				Methods: []string{"EMAIL_OTP"},
			},
			`"bob": EMAIL_OTP is enabled without an address to send codes to`,
		},
		"two addresses": {
			cognitotest.User{
				Username: "bob", Password: password, Email: "b@x.org",
				Attributes: map[string]string{"email": "c@x.org"},
			},
			`"bob": the attribute email is another address than the one given beside the attributes`,
		},
		"not verified": {
			cognitotest.User{
				Username: "bob", Password: password, Phone: "+15550001234",
				Attributes: map[string]string{"phone_number_verified": "false"},
			},
			`"bob": an address given beside the attributes is verified, and phone_number_verified says ` +
				`otherwise; give it as the attribute phone_number alone`,
		},
		"no attributes of the pool's": {
			cognitotest.User{
				Username: "bob", Password: password,
				Attributes: map[string]string{"email_verified": "maybe", "shoe_size": "43"},
			},
			`"bob": Attributes did not conform to the schema: ` +
				"email_verified: The attribute is not true or false; " +
				"shoe_size: Attribute does not exist in the schema.",
		},
		"no sub": {
			cognitotest.User{Username: "bob", Password: password, Sub: "42"},
			`"bob": the sub is not a UUID in lower case, such as 1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10`,
		},
		"sub twice": {
			cognitotest.User{Username: "bob", Password: password, Sub: alice.Sub},
			`"bob": User already exists`,
		},
		"claim": {
			cognitotest.User{
				Username: "bob", Password: password,
				AccessClaims: map[string]any{"x": 1, "iss": "me"},
			},
			`"bob": the claim "iss" is Cognito's own, which no trigger changes`,
		},
		"ID claim": {
			cognitotest.User{
				Username: "bob", Password: password,
				IDClaims: map[string]any{"cognito:username": "me"},
			},
			`"bob": the claim "cognito:username" is Cognito's own, which no trigger changes`,
		},
		"no pool": {
			cognitotest.User{Username: "bob", Password: password, UserPoolID: "us-east-1_Nowhere"},
			`"bob": User pool us-east-1_Nowhere does not exist.`,
		},
		"challenge": {
			cognitotest.User{
				Username: "bob", Password: password,
				Challenges: []cognitotest.Challenge{{Name: "PASSWORD_VERIFIER"}},
			},
			`"bob": challenge 1: a scripted challenge cannot be called "PASSWORD_VERIFIER"`,
		},
		"no such pref": {
			cognitotest.User{Username: "bob", Password: password, Preferred: "SMS_MFA"},
			`"bob": the preferred MFA method "SMS_MFA" is not enabled`,
		},
	} {
		assert.PanicsWithValue(t, "cognitotest: add user "+tc.panic,
			func() { srv.AddUser(tc.user) }, name)
		assert.EqualError(t, srv.TryAddUser(tc.user), "cognitotest: add user "+tc.panic, name)
	}
	assert.PanicsWithValue(t, `cognitotest: there is no user "nobody"`,
		func() { srv.Code("nobody") })
	assert.PanicsWithValue(t, `cognitotest: there is no user "nobody"`,
		func() { srv.Script("nobody") })
	assert.PanicsWithValue(t,
		`cognitotest: challenge 2: a scripted challenge cannot be called "DEVICE_PASSWORD_VERIFIER"`,
		func() {
			srv.Script("alice", cognitotest.Challenge{},
				cognitotest.Challenge{Name: "DEVICE_PASSWORD_VERIFIER"})
		})
	srv.tokens("alice")
	assert.PanicsWithValue(t, `cognitotest: the user "alice" has no authenticator`,
		func() { srv.Code("alice") })
	assert.PanicsWithValue(
		t, `cognitotest: the user "alice" has no authenticator`,
		func() { srv.VerifiedCode("alice") },
	)
}

func TestListener(t *testing.T) {
	t.Parallel()
	listener, err := loopback.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	srv := start(t, func(o *options) { o.Listener = listener })
	assert.Equal(t, "http://"+listener.Addr().String(), srv.URL)
	srv.tokens("alice")
	srv.Close()
	srv.Close()
	_, err = new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	assert.Error(t, err)
}

// The URL for a listener on every interface is that of localhost.
func TestListenerOnEveryInterface(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", ":0")
	require.NoError(t, err)
	srv := start(t, func(o *options) { o.Listener = listener })
	assert.Equal(t, fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port),
		srv.URL)
	srv.tokens("alice")
}

func TestLookupUser(t *testing.T) {
	t.Parallel()
	srv := start(t, frozen)
	srv.AddUser(cognitotest.User{Username: "bob", Password: password, TOTP: secret})
	_, found := srv.LookupUser("nobody")
	assert.False(t, found)
	alice, found := srv.LookupUser("alice")
	assert.True(t, found)
	assert.Equal(t, srv.User("alice"), alice)
	assert.Empty(t, alice.Code+alice.NextCode, "no authenticator")

	bob, found := srv.LookupUser("bob")
	assert.True(t, found)
	assert.Equal(t, []string{srv.Code("bob"), srv.NextCode("bob")},
		[]string{bob.Code, bob.NextCode})

	srv.must("AdminCreateUser", kv{
		"UserPoolId": srv.UserPoolID, "Username": "carol",
		"DesiredDeliveryMediums": []string{"EMAIL"},
		"UserAttributes": []kv{
			{"Name": "email", "Value": "carol@example.com"},
		},
	})
	carol, found := srv.LookupUser("carol")
	assert.True(t, found)
	assert.Len(t, carol.Outbox, 1)
	assert.Equal(t, srv.Outbox("carol"), carol.Outbox)
	srv.must("AdminDeleteUser", kv{"UserPoolId": srv.UserPoolID, "Username": "bob"})
	_, found = srv.LookupUser("bob")
	assert.False(t, found)
}

// Close ends delayed calls.
func TestCloseDoesNotWait(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.Fail("GetUser", cognitotest.Delay(time.Hour))
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { go srv.Close() },
	})
	_, err := srv.Client(once).GetUser(ctx,
		&cognitoidentityprovider.GetUserInput{AccessToken: aws.String("x")})
	assert.Error(t, err)
}

// A client that goes away ends its delay.
func TestDelayEndsWithTheClient(t *testing.T) {
	t.Parallel()
	srv := start(t)
	srv.Fail("GetUser", cognitotest.Delay(time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { cancel() },
	})
	_, err := srv.Client().GetUser(ctx,
		&cognitoidentityprovider.GetUserInput{AccessToken: aws.String("x")})
	require.ErrorIs(t, err, context.Canceled)
	tooltest.Until(t, "the call to end", func() bool { return len(srv.Calls()) == 1 })
}

// once turns off the SDK's retries.
func once(o *cognitoidentityprovider.Options) { o.Retryer = aws.NopRetryer{} }

func TestClientTakesTheSDKsOptions(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *options) { o.Region = "ap-northeast-1" })
	client := srv.Client(func(o *cognitoidentityprovider.Options) { o.AppID = "mine" })
	assert.Equal(t, "ap-northeast-1", client.Options().Region)
	assert.Equal(t, "mine", client.Options().AppID)
	_, err := client.GetUser(t.Context(),
		&cognitoidentityprovider.GetUserInput{AccessToken: aws.String("x")})
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, "NotAuthorizedException", api.ErrorCode())
	assert.False(t, srv.Calls()[0].Signed, "the SDK signs no call that needs no signature")
}

func TestServeHTTPWithoutASocket(t *testing.T) {
	t.Parallel()
	srv := start(t)
	request := httptest.NewRequestWithContext(
		t.Context(), http.MethodPost, "/", strings.NewReader(`{"AccessToken":"x"}`),
	)
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.GetUser")
	recorder := httptest.NewRecorder()
	srv.ServeHTTP(recorder, request)
	assert.JSONEq(t, `{"__type":"NotAuthorizedException","message":"Invalid Access Token"}`,
		recorder.Body.String())
}

func TestCalls(t *testing.T) {
	t.Parallel()
	srv := start(t, frozen, func(o *options) { o.ClientSecret = "0123456789abcdefghijklmnop" })
	srv.Advance(time.Hour)
	r := srv.tokens("alice")
	srv.call("AdminSetUserMFAPreference", kv{
		"UserPoolId": srv.UserPoolID, "Username": "bob",
		"SoftwareTokenMfaSettings": kv{"Enabled": true, "Other": 1}, "Limit": 7,
	})
	srv.call("AdminCreateUser", kv{
		"UserPoolId": srv.UserPoolID, "Username": "bob", "MessageAction": "RESEND",
		"ClientMetadata": kv{"tenant": "7"},
		"UserAttributes": []kv{{"Name": "name", "Value": "Bob"}}, "ForceAliasCreation": true,
	})
	srv.call("CreateGroup",
		kv{"UserPoolId": srv.UserPoolID, "GroupName": "staff", "Precedence": 7, "Description": ""})
	srv.call("NoSuchOperation", kv{})
	calls := srv.Calls()
	require.Len(t, calls, 5)
	assert.Equal(t, cognitotest.Call{
		Operation: "InitiateAuth", Time: srv.Now(), Signed: true, Params: map[string]string{
			"ClientId": srv.ClientID, "AuthFlow": "USER_PASSWORD_AUTH",
			"AuthParameters.USERNAME":    "alice",
			"AuthParameters.PASSWORD":    cognitotest.Redacted,
			"AuthParameters.SECRET_HASH": cognitotest.Redacted,
		},
	}, calls[0])
	assert.Equal(t, "UserNotFoundException", calls[1].Error)
	assert.Equal(t, map[string]string{
		"UserPoolId": srv.UserPoolID, "Username": "bob", "SoftwareTokenMfaSettings.Enabled": "true",
		"SoftwareTokenMfaSettings.Other": cognitotest.Redacted, "Limit": cognitotest.Redacted,
	}, calls[1].Params, "what the model does not know might be a secret")
	assert.Equal(t, map[string]string{
		"UserPoolId": srv.UserPoolID, "Username": "bob", "MessageAction": "RESEND",
		"ClientMetadata.tenant": "7",
		"UserAttributes.0.Name": "name", "UserAttributes.0.Value": cognitotest.Redacted,
		"ForceAliasCreation": "true",
	}, calls[2].Params)
	assert.Equal(t, map[string]string{
		"UserPoolId": srv.UserPoolID, "GroupName": "staff", "Precedence": "7",
		"Description": cognitotest.Redacted,
	}, calls[3].Params)
	assert.Equal(t, "NoSuchOperation", calls[4].Operation)
	assert.Equal(t, "UnknownOperationException", calls[4].Error)

	text := fmt.Sprintf("%+v", calls)
	for _, hidden := range []string{
		password, srv.ClientSecret, srv.secretHash("alice"), r.access(), r.refresh(),
	} {
		assert.NotContains(t, text, hidden)
	}
	many := kv{}
	for i := range 1000 {
		many[fmt.Sprint(i)] = strings.Repeat("x", 100)
	}
	srv.call("AdminGetUser",
		kv{"Username": strings.Repeat("x", 100_000), strings.Repeat("y", 100_000): "z"})
	srv.call("SignUp", kv{"ClientMetadata": many})
	calls = srv.Calls()
	assert.Len(t, calls[5].Params["Username"], 515, "nobody fills the memory with it")
	assert.Less(t, len(fmt.Sprint(calls[5].Params)), 2000)
	assert.Len(t, calls[6].Params, 100)

	calls[0].Params["ClientId"] = "changed"
	assert.Equal(t, srv.ClientID, srv.Calls()[0].Params["ClientId"], "what is given out is a copy")
	srv.ResetCalls()
	assert.Empty(t, srv.Calls())
}

// The effect of each fault on the client and on the pool. The effect of GlobalSignOut is easy to
// see.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault   cognitotest.Fault
		code    string // the error's code; with neither code nor err the call succeeds
		status  int
		err     error
		applied bool
	}{
		"none":  {fault: cognitotest.Fault{}, applied: true},
		"delay": {fault: cognitotest.Delay(time.Millisecond), applied: true},
		"error": {
			fault: cognitotest.Error("ForbiddenException", "blocked"), code: "ForbiddenException",
			status: 400,
		},
		"other status": {
			fault: cognitotest.Fault{Code: "ForbiddenException", Status: 403},
			code:  "ForbiddenException", status: 403,
		},
		"undeclared": {
			fault: cognitotest.Error("BrandNewException", "x"), code: "BrandNewException",
			status: 400,
		},
		"throttle": {
			fault: cognitotest.Throttle(), code: "TooManyRequestsException", status: 400,
		},
		"internal error": {
			fault: cognitotest.InternalError(), code: "InternalErrorException", status: 500,
		},
		"error after": {
			fault:  cognitotest.ErrorAfter("InternalErrorException", "x"),
			code:   "InternalErrorException",
			status: 500, applied: true,
		},
		"drop before":  {fault: cognitotest.DropBefore(), err: io.EOF},
		"drop after":   {fault: cognitotest.DropAfter(), err: io.EOF, applied: true},
		"cut response": {fault: cognitotest.CutAnswer(), err: io.ErrUnexpectedEOF, applied: true},
		"reset before": {fault: cognitotest.ResetBefore(), err: syscall.ECONNRESET},
		"reset after":  {fault: cognitotest.ResetAfter(), err: syscall.ECONNRESET, applied: true},
		"reset in the response": {
			fault: cognitotest.Fault{Cut: true, Reset: true}, err: syscall.ECONNRESET,
			applied: true,
		},
	} {
		test := func(t *testing.T, srv fake) {
			t.Helper()
			access := srv.tokens("alice").access()
			srv.ResetCalls()
			client := srv.Client(once)
			signOut := func() error {
				_, err := client.GlobalSignOut(
					t.Context(), &cognitoidentityprovider.GlobalSignOutInput{AccessToken: &access},
				)
				return err
			}
			srv.Fail("GlobalSignOut", tc.fault)
			err := signOut()
			switch {
			case tc.code != "":
				var api smithy.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, tc.code, api.ErrorCode())
				assert.Equal(t, tc.code, srv.Calls()[0].Error)
				var response interface{ HTTPStatusCode() int }
				require.ErrorAs(t, err, &response)
				assert.Equal(t, tc.status, response.HTTPStatusCode())
			case tc.err != nil:
				require.ErrorIs(t, err, tc.err)
			default:
				require.NoError(t, err)
			}
			assert.True(t, srv.Calls()[0].Faulted)
			revoked := srv.call("GetUser", kv{"AccessToken": access}).failure() != ""
			assert.Equal(t, tc.applied, revoked)
			srv.ResetCalls()
			assert.Equal(t, tc.applied, signOut() != nil, "the next call has no fault")
			assert.False(t, srv.Calls()[0].Faulted)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, start(t, frozen))
		})
		t.Run(name+", mounted", func(t *testing.T) {
			t.Parallel()
			test(t, mount(t, frozen))
		})
	}
}

func TestFaultQueues(t *testing.T) {
	t.Parallel()
	srv := start(t)
	get := func() string { return srv.call("GetUser", kv{"AccessToken": "x"}).text("message") }
	srv.Fail("", cognitotest.Error("X", "any 1"), cognitotest.Error("X", "any 2"))
	srv.Fail("GetUser", cognitotest.Error("X", "own"), cognitotest.Fault{})
	assert.Equal(
		t, []string{"own", "Invalid Access Token", "any 1", "any 2", "Invalid Access Token"},
		[]string{get(), get(), get(), get(), get()},
	)

	srv.Fail("GetUser", cognitotest.Error("X", "own"))
	srv.Fail("*", cognitotest.Error("X", "any"))
	srv.Fail("GetUser")
	assert.Equal(t, []string{"any", "Invalid Access Token"}, []string{get(), get()})
	srv.Fail("GetUser", cognitotest.Error("X", "own"))
	srv.Fail("*", cognitotest.Error("X", "any"))
	srv.Fail("")
	assert.Equal(t, "Invalid Access Token", get())

	// A fault for an operation that the service does not have is a mistake; one for an operation
	// that only the fake lacks is not.
	srv.Fail("ListUserImportJobs", cognitotest.Throttle())
	assert.Equal(t, "TooManyRequests: Rate exceeded",
		srv.call("ListUserImportJobs", kv{}).failure())
	const unknown = `cognitotest: Cognito's API has no operation "getUser"; they are written as "InitiateAuth" is`
	assert.EqualError(t, srv.TryFail("getUser", cognitotest.Throttle()), unknown)
	assert.PanicsWithValue(t, unknown, func() { srv.Fail("getUser") })
}

// A fault that would do nothing, or could not be sent, is a mistake. Faults beside it do not wait.
func TestInvalidFaults(t *testing.T) {
	t.Parallel()
	srv := start(t)
	for _, tc := range []struct {
		fault cognitotest.Fault
		want  string
	}{
		{cognitotest.Delay(-1), "the Delay of a fault is negative"},
		{
			cognitotest.Fault{Message: "Rate exceeded"},
			"a fault has a Message or a Status, but no Code",
		},
		{cognitotest.Fault{Status: 500}, "a fault has a Message or a Status, but no Code"},
		{
			cognitotest.Fault{Code: "X", Status: 200},
			"the Status 200 of a fault is not from 400 to 599",
		},
		{
			cognitotest.Fault{Code: "X", Status: 1000},
			"the Status 1000 of a fault is not from 400 to 599",
		},
	} {
		err := srv.TryFail("GetUser", cognitotest.Throttle(), tc.fault)
		assert.EqualError(t, err, "cognitotest: "+tc.want)
		assert.Panics(t, func() { srv.Fail("GetUser", tc.fault) })
	}
	srv.must("GetUser", kv{"AccessToken": srv.tokens("alice").access()})
}

// After a lost response the SDK repeats the call, and only sees that the session was used.
func TestLostResponseWithRetries(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	session := srv.challenged("alice", "SOFTWARE_TOKEN_MFA").session()
	srv.Fail("RespondToAuthChallenge", cognitotest.DropAfter())
	quickly := func(o *cognitoidentityprovider.Options) {
		o.Retryer = retry.AddWithMaxBackoffDelay(retry.NewStandard(), time.Millisecond)
	}
	_, err := srv.Client(quickly).RespondToAuthChallenge(
		t.Context(), &cognitoidentityprovider.RespondToAuthChallengeInput{
			ClientId: &srv.ClientID, ChallengeName: types.ChallengeNameTypeSoftwareTokenMfa,
			Session: &session,
			ChallengeResponses: map[string]string{
				"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": srv.Code("alice"),
			},
		},
	)
	var refused *types.NotAuthorizedException
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, strings.TrimPrefix(usedSession, "NotAuthorized: "), *refused.Message)
}

func TestCallsKeepsTheLast(t *testing.T) {
	t.Parallel()
	srv := start(t)
	for i := range 20_001 {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)
		request.Header.Set("X-Amz-Target", fmt.Sprintf("AWSCognitoIdentityProviderService.No%d", i))
		srv.ServeHTTP(httptest.NewRecorder(), request)
	}
	calls := srv.Calls()
	assert.Equal(t, "No10001", calls[0].Operation)
	assert.Equal(t, "No20000", calls[len(calls)-1].Operation)
}
