package pool

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// The operations for tests, beyond the API. They look up users in the pool that the server started
// with, then in the others.

// State is a copy of the state of a user. cognitotest.UserState documents its fields.
type State struct {
	PoolID              string
	Username, Sub       string
	Status              types.UserStatusType
	Disabled            bool
	Attributes          map[string]string
	Groups              []string
	Methods             []string
	Preferred           string
	Created, Modified   time.Time
	FailedPasswordTries int
	Outbox              []Message

	Verified, Pending *Authenticator // nil for none
}

// Authenticator is the display of an authenticator.
type Authenticator struct{ Device, Code, NextCode string }

// User returns the state of a user.
func (m *Machine) User(name string) (state State, found bool) {
	found = m.visit(name, func(c *caller) { state = c.state() })
	return state, found
}

// Users returns the states of the users of a name in all pools.
func (m *Machine) Users(name string) []State {
	var all []State
	for _, p := range m.allPools() {
		m.visitIn(p, name, func(c *caller) { all = append(all, c.state()) })
	}
	return all
}

func (c *caller) state() State {
	u := c.user
	show := func(a *authenticator) *Authenticator {
		if a == nil {
			return nil
		}
		now := stepAt(c.Now())
		return &Authenticator{Device: a.device, Code: a.code(now), NextCode: a.code(now + 1)}
	}
	state := State{
		PoolID: c.pool.id, Username: u.name, Sub: u.sub, Status: u.status, Disabled: u.disabled,
		Attributes: map[string]string{},
		Groups:     slices.Clone(u.groups), Methods: slices.Clone(u.methods),
		Preferred: u.preferred,
		Created:   u.created, Modified: u.modified, FailedPasswordTries: u.failures,
		Outbox:   slices.Clone(u.messages),
		Verified: show(u.verified), Pending: show(u.pending),
	}
	for _, a := range u.listed() {
		state.Attributes[a.Name] = a.Value
	}
	return state
}

// Script sets the challenges of a user's sign-ins.
func (m *Machine) Script(name string, challenges []Challenge) (found bool, err error) {
	if err := checkScript(challenges); err != nil {
		return false, err
	}
	m.expect(challenges)
	return m.visit(name, func(c *caller) { c.user.script = challenges }), nil
}

// expect allows the names of challenges that the model does not know.
func (m *Machine) expect(challenges []Challenge) {
	for _, c := range challenges {
		m.scripted.Store(c.Name, true)
	}
}

// IssueTokens returns tokens as if a user had just signed in at an app client. Scopes are those of
// the access token; by default the scope of a sign-in by the API.
func (m *Machine) IssueTokens(
	clientID, name string, scopes []string,
) (*types.AuthenticationResultType, error) {
	client, err := m.clientByID(clientID)
	if err != nil {
		return nil, err
	}
	var g *grant
	found := m.visit(name, func(c *caller) {
		c.client = client
		g = c.signedIn(progress{srp: true})
	})
	if !found {
		return nil, errNoUser
	}
	if len(scopes) > 0 {
		g.scope = strings.Join(scopes, " ")
	}
	result, err := m.issue(g)
	if err != nil {
		return nil, err
	}
	out := &types.AuthenticationResultType{
		AccessToken: &result.AccessToken, IdToken: &result.IDToken,
		RefreshToken: &result.RefreshToken,
		ExpiresIn:    int32(result.ExpiresIn), //nolint:gosec // no access token lives longer than a day
		TokenType:    aws.String(result.TokenType),
	}
	if d := result.NewDeviceMetadata; d != nil {
		out.NewDeviceMetadata = &types.NewDeviceMetadataType{
			DeviceKey: &d.DeviceKey, DeviceGroupKey: &d.DeviceGroupKey,
		}
	}
	return out, nil
}
