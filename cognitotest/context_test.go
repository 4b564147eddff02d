package cognitotest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest"
)

// Context data for threat protection is checked, and Calls lists it with secrets redacted.
func TestContextData(t *testing.T) {
	t.Parallel()
	srv := start(t)
	data := kv{
		"IpAddress": "192.0.2.7", "ServerName": "example.com", "ServerPath": "/login",
		"EncodedData": "fingerprint",
		"HttpHeaders": []kv{
			{"headerName": "User-Agent", "headerValue": "Mozilla"},
			{"headerName": "Cookie", "headerValue": "id=secret"},
		},
	}
	call := func(data kv) reply {
		return srv.call("AdminInitiateAuth", kv{
			"UserPoolId": srv.UserPoolID, "ClientId": srv.ClientID,
			"AuthFlow":       "ADMIN_USER_PASSWORD_AUTH",
			"AuthParameters": kv{"USERNAME": "alice", "PASSWORD": password}, "ContextData": data,
		})
	}
	require.NotEmpty(t, call(data).access())
	seen := srv.Calls()[0]
	assert.Equal(t, "192.0.2.7", seen.IPAddress)
	for name, want := range map[string]string{
		"IpAddress": "192.0.2.7", "ServerName": "example.com", "ServerPath": "/login",
		"EncodedData":              cognitotest.Redacted,
		"HttpHeaders.0.headerName": "User-Agent", "HttpHeaders.0.headerValue": cognitotest.Redacted,
		"HttpHeaders.1.headerName": "Cookie", "HttpHeaders.1.headerValue": cognitotest.Redacted,
	} {
		assert.Equal(t, want, seen.Params["ContextData."+name], name)
	}

	for name, within := range map[string]string{
		"IpAddress": "contextData.ipAddress", "ServerName": "contextData.serverName",
		"ServerPath": "contextData.serverPath", "HttpHeaders": "contextData.httpHeaders",
	} {
		missing := with(data, name, nil)
		failure := "InvalidParameter: 1 validation error detected: Value null at '" + within +
			"' failed to satisfy constraint: Member must not be null"
		assert.Equal(t, failure, call(missing).failure())
	}
}

// The address in UserContextData counts for app clients that enable it and have a secret.
func TestUserContextData(t *testing.T) {
	t.Parallel()
	srv := start(t, func(o *options) { o.ClientSecret = "0123456789abcdefghijklmnop" })
	signIn := func() cognitotest.Call {
		require.NotEmpty(t, srv.call("InitiateAuth", kv{
			"ClientId": srv.ClientID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": kv{
				"USERNAME": "alice", "PASSWORD": password, "SECRET_HASH": srv.secretHash("alice"),
			},
			"UserContextData": kv{"IpAddress": "192.0.2.7", "EncodedData": "fingerprint"},
			"ContextData":     kv{"IpAddress": "192.0.2.8"}, // which is not a member of this call
		}).access())
		calls := srv.Calls()
		return calls[len(calls)-1]
	}
	seen := signIn()
	assert.Equal(t, "192.0.2.7", seen.Params["UserContextData.IpAddress"],
		"that it was sent is seen")
	assert.Equal(t, cognitotest.Redacted, seen.Params["UserContextData.EncodedData"])
	assert.Empty(t, seen.IPAddress, "and that it is not taken")

	client := kv{"UserPoolId": srv.UserPoolID, "ClientId": srv.ClientID}
	srv.must("UpdateUserPoolClient",
		with(with(client, "EnablePropagateAdditionalUserContextData", true),
			"ExplicitAuthFlows", []string{"ALLOW_USER_PASSWORD_AUTH"}))
	described := srv.must("DescribeUserPoolClient", client).body["UserPoolClient"].(kv)
	assert.Equal(t, true, described["EnablePropagateAdditionalUserContextData"])
	assert.Equal(t, "192.0.2.7", signIn().IPAddress)

	public := kv{
		"UserPoolId": srv.UserPoolID, "ClientName": "x",
		"EnablePropagateAdditionalUserContextData": true,
	}
	assert.Equal(t, "InvalidParameterException",
		srv.call("CreateUserPoolClient", public).text("__type"))
}

// Unknown parameters, those of other challenges, and a session next to a SECRET_BLOCK are ignored.
// A session that would have no effect is refused.
func TestExtraParameters(t *testing.T) {
	t.Parallel()
	srv := withTOTP(t)
	extra := kv{"USERNAME": "alice", "PASSWORD": password, "SRP_A": "1", "COLOR": "green"}
	begun := srv.call("InitiateAuth", kv{
		"ClientId": srv.ClientID, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": extra,
	})
	require.Equal(t, "SOFTWARE_TOKEN_MFA", begun.text("ChallengeName"), "%s", begun.raw)
	r := srv.respond("SOFTWARE_TOKEN_MFA", begun.session(), "alice", kv{
		"SOFTWARE_TOKEN_MFA_CODE": srv.Code("alice"), "SMS_MFA_CODE": "1", "SESSION": "x",
		"COLOR": "green",
	})
	assert.NotEmpty(t, r.access())

	s := newSRPClient()
	claim := srv.srpClaim(s, srv.srpInit(s, "alice"), password)
	r = srv.call("RespondToAuthChallenge", kv{
		"ClientId": srv.ClientID, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": claim,
		"Session": "a session that nobody has opened",
	})
	assert.Equal(t, "SOFTWARE_TOKEN_MFA", r.text("ChallengeName"), "%s", r.raw)

	for _, flow := range []string{
		"USER_PASSWORD_AUTH", "USER_SRP_AUTH", "CUSTOM_AUTH", "REFRESH_TOKEN_AUTH",
	} {
		r = srv.call("InitiateAuth",
			kv{"ClientId": srv.ClientID, "AuthFlow": flow, "Session": begun.session()})
		assert.Equal(t, "InvalidParameter: Session is a parameter of USER_AUTH.", r.failure(), flow)
	}
}
