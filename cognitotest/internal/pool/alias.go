package pool

import (
	"cmp"
	"slices"
)

// What users can be called beside their names, and whose an alias is. See FIDELITY.md, "Attributes".

// alias is what a pool finds a user by: the value of an attribute.
type alias struct {
	attribute, key string
	moves          bool // to whoever verifies the address last
}

// aliasesOf lists the aliases that attributes make.
func (p *pool) aliasesOf(a attributes) []alias {
	var aliases []alias
	for _, name := range p.usernameAttributes {
		if value := a.get(name); value != "" {
			aliases = append(aliases, alias{name, p.key(value), false})
		}
	}
	for _, name := range p.aliasAttributes {
		address := isAddressAttribute(name)
		if value := a.get(name); value != "" && (!address || a.verified(name)) {
			aliases = append(aliases, alias{name, p.key(value), address})
		}
	}
	return aliases
}

// lostAlias is an alias that moved away from a user, who still has the address, verified, until
// release.
type lostAlias struct {
	alias

	holder *user
}

// settle tells the former holder, who is locked, that the address is not verified any more.
func (c *caller) settle(l lostAlias) {
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

// join adds a new user to the pool, and goes on with it as the one that the call is about. It fails
// if the name belongs to somebody else, or an alias, unless force says that the alias moves to the new
// user, as ForceAliasCreation does.
func (c *caller) join(u *user, exists error, force bool) error {
	if err := c.take(u); err != nil {
		return err
	}
	p := c.pool
	aliases := p.aliasesOf(u.attributes)
	var lost []lostAlias
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range []string{p.key(u.name), p.key(u.sub)} {
		if p.names[key] != nil || p.aliases[key] != nil {
			return exists // a name that is somebody's alias would come before it
		}
	}
	for _, a := range aliases {
		switch other := cmp.Or(p.names[a.key], p.aliases[a.key]); {
		case other == nil:
		case len(p.usernameAttributes) > 0:
			return exists
		case !force || !a.moves || other == p.names[a.key]:
			return &Error{usernameExists, "An account with the given " + a.attribute + " already exists."}
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

// change sets attributes of the user and keeps the aliases in step. An empty value deletes an
// attribute. An address that is verified by this is the user's from then on, whoever had it as an
// alias before.
func (c *caller) change(changed ...attribute) error {
	return c.replace(c.user.attributes.with(changed...), true)
}

// replace gives the user other attributes. It fails if they bring an alias that belongs to somebody
// else, unless it moves.
func (c *caller) replace(next attributes, move bool) error {
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
		case slices.Contains(before, a): // it moved away just now
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

// forget drops the aliases that are still the user's, but never the sub, which a preferred name may
// repeat. The pool's lock is held.
func (p *pool) forget(u *user, aliases []alias) {
	for _, a := range aliases {
		if p.aliases[a.key] == u && a.key != p.key(u.sub) {
			delete(p.aliases, a.key)
		}
	}
}
