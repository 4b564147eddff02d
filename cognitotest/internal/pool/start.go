package pool

import (
	"encoding/json"
	"fmt"

	"github.com/cognitomfa/cognitomfa/cognitotest/internal/model"
)

// Start is the pool and the app client that a server begins with, in the words of the requests that
// make them. The service chooses the IDs; here they are given.
type Start struct {
	PoolID, ClientID string

	Pool   map[string]any // CreateUserPool
	MFA    map[string]any // SetUserPoolMfaConfig
	Client map[string]any // CreateUserPoolClient
}

// Start makes a pool and an app client by what CreateUserPool, SetUserPoolMfaConfig and
// CreateUserPoolClient do, and refuses what these refuse. Other than in pools that CreateUserPool
// makes, custom attributes need not be listed in the schema.
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
		{"DescribeUserPoolClient", both, &struct{}{}},
		{"CreateUserPool", s.Pool, &pool},
		{"SetUserPoolMfaConfig", s.MFA, &mfa},
		{"CreateUserPoolClient", s.Client, &client},
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

// read takes a request that did not come over the wire, as if it had.
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
