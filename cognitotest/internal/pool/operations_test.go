package pool

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Each operation is in the model, and its finder reads only members that the model has.
func TestOperationsAreInTheModel(t *testing.T) {
	t.Parallel()
	for name := range operations {
		_, known := model.Operation(name)
		assert.True(t, known, name)
	}
	for challenge := range challenges {
		op, _ := model.Operation("RespondToAuthChallenge")
		assert.Contains(t, op.Input.Member("ChallengeName").Shape.Enum, challenge)
	}
	for flow := range flows {
		op, _ := model.Operation("InitiateAuth")
		assert.Contains(t, op.Input.Member("AuthFlow").Shape.Enum, string(flow))
	}
}

// No user stays locked after a call, whatever its outcome.
func TestNoUserStaysLocked(t *testing.T) {
	t.Parallel()
	m := New(Config{Region: "us-east-1", Now: time.Now})
	require.NoError(t, m.Start(Start{
		PoolID: "us-east-1_Example", ClientID: "client",
		Pool: map[string]any{"PoolName": "x"}, MFA: map[string]any{"MfaConfiguration": "OFF"},
		Client: map[string]any{
			"ClientName": "x", "ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH"},
		},
	}))
	p, err := m.poolByID("us-east-1_Example")
	require.NoError(t, err)
	request := map[string]any{
		"UserPoolId": p.id, "ClientId": "client", "GroupName": "x", "UserAttributes": []any{},
		"AttributeName": "email",
		"Username":      "alice", "Password": "Passw0rd!", "ConfirmationCode": "1", "Code": "1",
		"UserCode":  "123456",
		"DeviceKey": "us-east-1_0", "UserAttributeNames": []string{"email"},
		"ProposedPassword": "Passw0rd!",
		"PreviousPassword": "Passw0rd?", "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": "alice", "PASSWORD": "Passw0rd!"},
		"MaxResults":     1,
		"ChallengeName":  "SMS_MFA", "RefreshToken": "x", "Token": "x", "PoolName": "y",
		"ClientName": "y",
	}
	for name := range operations {
		if name == "DeleteUserPool" || name == "DeleteUserPoolClient" {
			continue
		}
		_ = m.AddUser(p.id, User{Username: "alice", Password: "Passw0rd!"})
		result, err := m.IssueTokens("client", "alice", nil)
		require.NoError(t, err, name)
		request["AccessToken"] = *result.AccessToken
		u := p.lookup("alice")
		body, err := json.Marshal(request)
		require.NoError(t, err)
		_, _, err = m.Serve(name, true, body)
		if err != nil {
			assert.IsType(t, &Error{}, err, name)
		}
		if assert.True(t, u.mu.TryLock(), name) {
			u.mu.Unlock()
		}
		assert.True(t, p.mu.TryLock() && m.mu.TryLock(), name)
		m.mu.Unlock()
		p.mu.Unlock()
	}
}
