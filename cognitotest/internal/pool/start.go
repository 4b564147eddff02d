package pool

import (
	"encoding/json"
	"fmt"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Start has the requests for the pool and the app client that a server starts with. The service
// chooses the IDs; here the caller does.
type Start struct {
	PoolID, ClientID string

	Pool   map[string]any // CreateUserPool
	MFA    map[string]any // SetUserPoolMfaConfig
	Client map[string]any // CreateUserPoolClient
}

// Start creates a pool and an app client as CreateUserPool, SetUserPoolMfaConfig and
// CreateUserPoolClient do, with the same errors. Unlike in pools that CreateUserPool makes, custom
// attributes need not be in the schema.
func (m *Machine) Start(s Start) error {
	both := map[string]any{"UserPoolId": s.PoolID, "ClientId": s.ClientID}
	s.MFA["UserPoolId"], s.Client["UserPoolId"] = s.PoolID, s.PoolID
	var pool createPoolRequest
	var mfa poolMFAConfig
	var client createClientRequest
	for _, r := range []struct {
		operation string
		members   map[string]any
		into      any
	}{
		{operation: "DescribeUserPoolClient", members: both, into: &struct{}{}},
		{operation: "CreateUserPool", members: s.Pool, into: &pool},
		{operation: "SetUserPoolMfaConfig", members: s.MFA, into: &mfa},
		{operation: "CreateUserPoolClient", members: s.Client, into: &client},
	} {
		if err := m.read(r.operation, r.members, r.into); err != nil {
			return err
		}
	}

	p, err := m.newPool(s.PoolID, &pool)
	if err != nil {
		return err
	}
	p.schema.open = true
	if err := p.setMFA(&mfa); err != nil {
		return err
	}
	c, err := m.newClient(s.ClientID, p, &client)
	if err != nil {
		return err
	}
	m.addPool(p)
	m.addClient(c)
	return nil
}

// read checks and decodes a request as if it had come over the wire.
func (m *Machine) read(operation string, members map[string]any, into any) error {
	body, err := json.Marshal(members)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	op, _ := model.Operation(operation)
	decoded := map[string]any{}
	if err := json.Unmarshal(body, &decoded); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	if _, _, err := accept(op, decoded, body); err != nil {
		return err
	}
	if err := m.simulates(operation, decoded); err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}
