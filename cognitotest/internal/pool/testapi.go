package pool

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// What a test can do beyond the API. Users are looked for in the pool that the server started with
// first, then in the others.

// User describes a user for AddUser. cognitotest.User says what its fields mean.
type User struct {
	Username, Password string
	Email, Phone       string
	Attributes         map[string]string
	Groups             []string
	Status             types.UserStatusType
	Disabled           bool
	TOTP               string
	Methods            []string
	Preferred          string
}

// AddUser adds a user to a pool. No value that may be secret is in the text of an error.
func (m *Machine) AddUser(poolID string, description User) error {
	p, err := m.poolByID(poolID)
	if err != nil {
		return err
	}
	status := cmp.Or(description.Status, userConfirmed)
	if !slices.Contains(status.Values(), status) {
		return fmt.Errorf("there is no status %q", status)
	}
	var given attributes
	for _, name := range slices.Sorted(maps.Keys(description.Attributes)) {
		given.set(name, description.Attributes[name])
	}
	for _, address := range []attribute{{"email", description.Email}, {"phone_number", description.Phone}} {
		if address.Value != "" {
			given.set(address.Name, address.Value)
			given.set(address.Name+"_verified", "true")
		}
	}
	federated := status == userExternal
	if federated && description.Password != "" {
		return errors.New("a federated user has no password")
	}
	passwordless := p.settings().passwordless() || federated
	if err := checkPerson(description.Username, description.Password, passwordless, given); err != nil {
		return err
	}
	c := &caller{Machine: m, pool: p}
	defer c.release()
	u, err := c.newUser(description.Username, description.Password, status, given)
	if err != nil {
		return err
	}
	for _, name := range p.usernameAttributes {
		// The address that the user was added by counts as verified, unless the description says otherwise.
		if u.attributes.get(name) != "" && u.attributes.get(name+"_verified") == "" {
			u.attributes.set(name+"_verified", "true")
		}
	}
	u.disabled, u.groups = description.Disabled, slices.Clone(description.Groups)
	if err := u.setMFA(description); err != nil {
		return err
	}
	return c.join(u, errSignUpExists, false)
}

func (u *user) setMFA(description User) error {
	methods, preferred := description.Methods, description.Preferred
	if description.TOTP != "" {
		a, err := parseAuthenticator(description.TOTP)
		if err != nil {
			return err
		}
		u.verified = a
		if methods == nil {
			methods, preferred = []string{methodTOTP}, cmp.Or(preferred, methodTOTP)
		}
	}
	for _, method := range methods {
		switch {
		case !slices.Contains(allMethods[:], method):
			return fmt.Errorf("there is no MFA method %q", method)
		case method == methodTOTP && u.verified == nil:
			return fmt.Errorf("%s is enabled without a TOTP secret", method)
		}
		u.enable(method, true)
	}
	if preferred != "" && !slices.Contains(u.methods, preferred) {
		return fmt.Errorf("the preferred MFA method %q is not enabled", preferred)
	}
	u.preferred = preferred
	return nil
}

// State is a copy of what can be seen of a user. cognitotest.UserState says what its fields mean.
type State struct {
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

// Authenticator is what an authenticator shows.
type Authenticator struct{ Device, Code, NextCode string }

// User gives the state of a user.
func (m *Machine) User(name string) (state State, found bool) {
	found = m.visit(name, func(c *caller) { state = c.state() })
	return state, found
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
		Username: u.name, Sub: u.sub, Status: u.status, Disabled: u.disabled, Attributes: map[string]string{},
		Groups: slices.Clone(u.groups), Methods: slices.Clone(u.methods), Preferred: u.preferred,
		Created: u.created, Modified: u.modified, FailedPasswordTries: u.failures, Outbox: slices.Clone(u.messages),
		Verified: show(u.verified), Pending: show(u.pending),
	}
	for _, a := range u.listed() {
		state.Attributes[a.Name] = a.Value
	}
	return state
}

// Script sets the challenges that sign-ins of a user meet.
func (m *Machine) Script(name string, challenges []Challenge) (found bool) {
	for _, c := range challenges {
		m.scripted.Store(c.Name, true)
	}
	return m.visit(name, func(c *caller) { c.user.script = challenges })
}

// IssueTokens gives tokens for a user as if it had just signed in at an app client. Scopes are those
// of the access token; none stand for that of the API's own sign-in.
func (m *Machine) IssueTokens(clientID, name string, scopes []string) (*types.AuthenticationResultType, error) {
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
		AccessToken: &result.AccessToken, IdToken: &result.IDToken, RefreshToken: &result.RefreshToken,
		ExpiresIn: int32(result.ExpiresIn), //nolint:gosec // no token lives longer than a day
		TokenType: aws.String(result.TokenType),
	}
	if d := result.NewDeviceMetadata; d != nil {
		out.NewDeviceMetadata = &types.NewDeviceMetadataType{DeviceKey: &d.DeviceKey, DeviceGroupKey: &d.DeviceGroupKey}
	}
	return out, nil
}
