package pool

import (
	"cmp"
	"encoding/binary"
	"fmt"
)

// What a client that hides who exists gets to see of users that do not: ghosts at a sign-in (see
// ghosts), and deliveries that did not happen elsewhere. Both are the same each time, so that asking
// twice tells nothing. See FIDELITY.md, "SRP" and "Passwords".

// ghost is the ghost of a name.
func (m *Machine) ghost(p *pool, name string) *user {
	if u := m.ghostSeen(p, name); u != nil {
		return u
	}
	sub := m.ghostSub(p, name)
	return p.ghosts.add(&user{
		name: sub, sub: sub, ghost: true, created: m.Now(), status: userConfirmed,
		attributes: m.ghostAddresses(p, name),
	})
}

// ghostSub is the sub of a name's ghost.
func (m *Machine) ghostSub(p *pool, name string) string {
	return formatUUID(m.derive("user", p, p.key(name)))
}

// ghostSeen finds a ghost that was asked for before, by its name or, as its challenges call it, by
// its sub; nil if there is none.
func (m *Machine) ghostSeen(p *pool, name string) *user {
	return cmp.Or(p.ghosts.find(m.ghostSub(p, name)), p.ghosts.find(p.key(name)))
}

// ghostAddresses are made up, but for one that is the name itself.
func (m *Machine) ghostAddresses(p *pool, name string) attributes {
	key := p.key(name)
	random := m.derive("address", p, key)
	out := attributes{
		{"email", fmt.Sprintf("%c@%c", 'a'+random[0]%26, 'a'+random[1]%26)},
		{"phone_number", fmt.Sprintf("+1555%07d", binary.BigEndian.Uint32(random[2:])%10_000_000)},
	}
	for i, a := range out {
		if isAddress(a.Name, name) {
			out[i].Value = key
		}
	}
	return out
}

// simulate makes up where a code went: to the first of the attributes whose addresses get such
// codes, all if none are named, or to the name if that is such an address.
func (c *caller) simulate(username string, attributes []string) *codeDelivery {
	if len(attributes) == 0 {
		attributes = []string{"email", "phone_number"}
	}
	attribute := attributes[0]
	for _, kind := range attributes {
		if isAddress(kind, username) {
			attribute = kind
		}
	}
	return deliveryTo(attribute, c.ghostAddresses(c.pool, username).get(attribute))
}
