package pool

import (
	"cmp"
	"slices"
)

// Aliases, and who owns them. See FIDELITY.md, "Attributes".

// alias is the value of an attribute by which a pool finds a user.
type alias struct {
	attribute, key string
	moves          bool // to the user who verifies the address last
}

// aliasesOf returns the aliases that some attributes are.
func (p *pool) aliasesOf(a attributes) []alias {
	var aliases []alias
	for _, name := range p.usernameAttributes {
		if value := a.get(name); value != "" {
			aliases = append(aliases, alias{attribute: name, key: p.key(value)})
		}
	}
	for _, name := range p.aliasAttributes {
		address := isAddressAttribute(name)
		if value := a.get(name); value != "" && (!address || a.verified(name)) {
			aliases = append(aliases, alias{attribute: name, key: p.key(value), moves: address})
		}
	}
	return aliases
}

// lostAlias is an alias that another user took. The address is still verified for its former
// holder, until release.
type lostAlias struct {
	alias

	holder *user
}

// unverify marks a lost address as not verified. Its former holder is locked.
func (c *caller) unverify(l lostAlias) {
	c.pool.mu.RLock()
	owner := c.pool.aliases[l.key]
	c.pool.mu.RUnlock()
	u := l.holder
	if owner == u || u.deleted || c.pool.key(u.attributes.get(l.attribute)) != l.key {
		return
	}
	u.attributes = u.attributes.with(attribute{l.attribute + "_verified", "false"})
	u.modified = c.Now()
}

// join adds a new user to the pool and makes it the call's user. It fails if another user has the
// name or an alias. With force, as with ForceAliasCreation, the alias moves to the new user.
func (c *caller) join(u *user, exists error, force bool) error {
	if err := c.lockUser(u); err != nil {
		return err
	}
	p := c.pool
	aliases := p.aliasesOf(u.attributes)
	var lost []lostAlias
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range []string{p.key(u.name), p.key(u.sub)} {
		if p.names[key] != nil || p.aliases[key] != nil {
			return exists // the name would take precedence over an alias
		}
	}
	for _, a := range aliases {
		switch other := cmp.Or(p.names[a.key], p.aliases[a.key]); {
		case other == nil:
		case len(p.usernameAttributes) > 0:
			return exists
		case !force || !a.moves || other == p.names[a.key]:
			return &Error{
				usernameExists, "An account with the given " + a.attribute + " already exists.",
			}
		default:
			lost = append(lost, lostAlias{a, other})
		}
	}
	for _, a := range aliases {
		p.aliases[a.key] = u
	}
	c.lost = append(c.lost, lost...)
	p.enroll(u)
	return nil
}

// changeAttributes sets attributes of the user and updates the aliases. An empty value deletes an
// attribute, which is an error for the address of an enabled factor in a pool that requires MFA. An
// address that becomes verified moves to the user if it was another user's alias.
func (c *caller) changeAttributes(changed ...attribute) error {
	if err := c.keepsFactor(changed); err != nil {
		return err
	}
	return c.replaceAttributes(c.user.attributes.with(changed...), true)
}

// replaceAttributes replaces all attributes of the user. It fails if another user has one of the
// aliases, unless the alias moves.
func (c *caller) replaceAttributes(next attributes, move bool) error {
	u, p := c.user, c.pool
	before, after := p.aliasesOf(u.attributes), p.aliasesOf(next)
	var owned []alias
	var lost []lostAlias
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range after {
		switch other := cmp.Or(p.names[a.key], p.aliases[a.key], u); {
		case other == u:
			owned = append(owned, a)
		case slices.Contains(before, a): // another call just moved it
		case !move || !a.moves || other == p.names[a.key]:
			return aliasExists(a)
		default:
			owned, lost = append(owned, a), append(lost, lostAlias{a, other})
		}
	}
	p.forget(u, before)
	for _, a := range owned {
		p.aliases[a.key] = u
	}
	u.attributes = next
	c.lost = append(c.lost, lost...)
	return nil
}

func aliasExists(a alias) error {
	return &Error{"AliasExistsException", "An account with the " + a.attribute + " already exists."}
}

// forget removes the aliases that the user still has, but never the sub, which a preferred name may
// repeat. The pool's lock is held.
func (p *pool) forget(u *user, aliases []alias) {
	for _, a := range aliases {
		if p.aliases[a.key] == u && a.key != p.key(u.sub) {
			delete(p.aliases, a.key)
		}
	}
}
