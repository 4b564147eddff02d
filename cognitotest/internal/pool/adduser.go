package pool

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// User describes a user for AddUser. cognitotest.User says what its fields mean.
type User struct {
	Username, Password string
	Sub                string
	Email, Phone       string
	Attributes         map[string]string
	Groups             []string
	Status             types.UserStatusType
	Disabled           bool
	TOTP               string
	Methods            []string
	Preferred          string
	Claims             Claims
	Challenges         []Challenge
}

// AddUser adds a user to a pool. It returns an error if the description contradicts itself or
// cannot work in the pool. Errors contain no value that may be secret.
func (m *Machine) AddUser(poolID string, description User) error {
	p, err := m.poolByID(poolID)
	if err != nil {
		return err
	}
	status := cmp.Or(description.Status, userConfirmed)
	if !slices.Contains(status.Values(), status) {
		return fmt.Errorf("there is no status %q", status)
	}
	if err := description.check(); err != nil {
		return err
	}
	given, err := description.attributes()
	if err != nil {
		return err
	}
	federated := status == userExternal
	if federated && description.Password != "" {
		return errors.New("a federated user has no password")
	}
	passwordless := p.settings().passwordless() || federated
	if description.Password == "" && !passwordless {
		return errors.New("the password is missing")
	}
	err = checkPerson(description.Username, description.Password, passwordless, given)
	if err != nil {
		return err
	}
	c := &caller{Machine: m, pool: p}
	defer c.release()
	u, err := c.newUser(
		description.Username, description.Password, status, given, anyAttribute)
	if err != nil {
		return err
	}
	if sub := description.Sub; sub != "" {
		if u.name == u.sub {
			u.name = sub
		}
		u.sub = sub
	}
	for _, name := range p.usernameAttributes {
		// The address that the user signs in by is verified, unless the description says otherwise.
		if u.attributes.get(name) != "" && u.attributes.get(name+"_verified") == "" {
			u.attributes.set(name+"_verified", "true")
		}
	}
	u.disabled, u.groups = description.Disabled, slices.Clone(description.Groups)
	u.claims, u.script = description.Claims, description.Challenges
	m.expect(u.script)
	if err := u.setMFA(description, p.mfaConfig()); err != nil {
		return err
	}
	return c.join(u, errSignUpExists, false)
}

// check finds mistakes in a description that do not depend on the pool.
func (d *User) check() error {
	if d.Username == "" {
		return errors.New("the username is missing")
	}
	if d.Sub != "" && !isUUID(d.Sub) {
		return errors.New(
			"the sub is not a UUID in lower case, such as 1f3e9c2a-7d54-4b8e-9a61-0c2d4e6f8a10")
	}
	for _, claims := range []map[string]any{d.Claims.ID, d.Claims.Access} {
		for _, name := range slices.Sorted(maps.Keys(claims)) {
			if slices.Contains(ownClaims[:], name) {
				return fmt.Errorf("the claim %q is Cognito's own, which no trigger changes", name)
			}
		}
	}
	return checkScript(d.Challenges)
}

// checkScript returns an error for a challenge with a name like those of SRP: the server finds the
// user of their answers by a SECRET_BLOCK, not by a session.
func checkScript(challenges []Challenge) error {
	for i, c := range challenges {
		if strings.HasSuffix(c.Name, "_VERIFIER") {
			return fmt.Errorf("challenge %d: a scripted challenge cannot be called %q", i+1, c.Name)
		}
	}
	return nil
}

// ownClaims are the claims that a pre token generation trigger cannot change.
var ownClaims = [...]string{
	"acr", "amr", "at_hash", "aud", "auth_time", "azp", "client_id", "cognito:username",
	"device_key", "event_id", "exp", "iat", "identities", "iss", "jti", "nbf", "nonce",
	"origin_jti", "scope", "sub", "token_use", "username", "version",
}

// attributes returns all attributes of the description, Email and Phone included.
func (d *User) attributes() (attributes, error) {
	var all attributes
	for _, name := range slices.Sorted(maps.Keys(d.Attributes)) {
		all.set(name, d.Attributes[name])
	}
	for _, address := range []attribute{{"email", d.Email}, {"phone_number", d.Phone}} {
		if address.Value == "" {
			continue
		}
		name, verified := address.Name, address.Name+"_verified"
		if other := all.get(name); other != "" && other != address.Value {
			return nil, fmt.Errorf(
				"the attribute %s is another address than the one given beside the attributes",
				name)
		}
		if all.get(verified) != "" && !all.verified(name) {
			return nil, fmt.Errorf(
				"an address given beside the attributes is verified, and %s says otherwise; "+
					"give it as the attribute %s alone", verified, name)
		}
		all.set(name, address.Value)
		all.set(verified, "true")
	}
	return all, nil
}

// setMFA sets the factors of a description, which must be possible in the pool. If the pool's MFA
// is off, all are: users keep their factors when it is switched off.
func (u *user) setMFA(description User, config mfaConfig) error {
	methods, preferred := description.Methods, description.Preferred
	on := config.mode != types.UserPoolMfaTypeOff
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
			return fmt.Errorf("there is no MFA method %q; there are %s",
				method, strings.Join(allMethods[:], ", "))
		case method == methodTOTP && u.verified == nil:
			return fmt.Errorf("%s is enabled without a TOTP secret", method)
		case description.Methods != nil && on && !slices.Contains(config.methods(), method):
			return fmt.Errorf("%s is enabled, and the pool does not offer it", method)
		case method == methodSMS && u.attributes.get("phone_number") == "",
			method == methodEmail && u.attributes.get("email") == "":
			return fmt.Errorf("%s is enabled without an address to send codes to", method)
		}
		u.enable(method, true)
	}
	if preferred != "" && !slices.Contains(u.methods, preferred) {
		return fmt.Errorf("the preferred MFA method %q is not enabled", preferred)
	}
	u.preferred = preferred
	return nil
}
