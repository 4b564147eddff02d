package pool

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// newUser returns a user that is not in the pool yet, with attributes that the caller may write. In
// a pool whose users sign in by email or phone number, the name is that address, and the user name
// is a UUID.
func (c *caller) newUser(
	name, password string, status types.UserStatusType, given attributes, may mayWrite,
) (*user, error) {
	p := c.pool
	if err := p.schema.checkNew(given, may); err != nil {
		return nil, err
	}
	if err := given.check(); err != nil {
		return nil, err
	}
	now := c.Now()
	u := &user{
		name: p.key(name), sub: NewUUID(), created: now, modified: now,
		status: status, password: password, passwordSet: now,
	}
	for _, item := range given {
		u.attributes.set(item.Name, item.Value)
	}
	for _, alias := range p.aliasAttributes {
		if isAddress(alias, name) {
			kind := strings.ReplaceAll(alias, "_", " ")
			return nil, invalidParameter(
				"Username cannot be of %s format, since user pool is configured for %s alias.",
				kind, kind)
		}
	}
	if len(p.usernameAttributes) > 0 {
		kind, err := p.addressKind(name)
		if err != nil {
			return nil, err
		}
		u.name = u.sub
		if given := u.attributes.get(kind); given != "" && p.key(given) != p.key(name) {
			return nil, invalidParameter(
				"User %s should be empty or same as username, since username attribute is %[1]s.",
				kind)
		} else if given == "" {
			u.attributes.set(kind, p.key(name))
		}
	}
	return u, nil
}

// addressKind returns the attribute that a name is an address for, among those that users sign in
// by.
func (p *pool) addressKind(name string) (string, error) {
	for _, attribute := range p.usernameAttributes {
		if isAddress(attribute, name) {
			return attribute, nil
		}
	}
	if len(p.usernameAttributes) > 1 {
		return "", invalidParameter("Username should be either an email or a phone number.")
	}
	if p.usernameAttributes[0] == "phone_number" {
		return "", invalidParameter("Username should be a phone number.")
	}
	return "", invalidParameter("Username should be an email.")
}
