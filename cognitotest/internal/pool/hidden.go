package pool

import (
	"cmp"
	"encoding/binary"
	"fmt"
)

// For users that do not exist, a client that hides who exists sees ghosts at a sign-in (see
// ghosts), and made-up deliveries elsewhere. Both are the same each time, so asking twice reveals
// nothing. See FIDELITY.md, "SRP" and "Passwords".

// ghost returns the ghost of a name.
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

// ghostSub returns the sub of a name's ghost.
func (m *Machine) ghostSub(p *pool, name string) string {
	return formatUUID(m.derive("user", p, p.key(name)))
}

// ghostSeen returns a known ghost by its name or by its sub, which its challenges contain; nil if
// there is none.
func (m *Machine) ghostSeen(p *pool, name string) *user {
	return cmp.Or(p.ghosts.find(m.ghostSub(p, name)), p.ghosts.find(p.key(name)))
}

// ghostAddresses returns made-up addresses. If the name is an address, it is one of them.
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

// simulateDelivery returns a made-up destination of a code. It is for the first of some attributes,
// by default all address attributes, or for the user name if that is an address of one of them.
func (c *caller) simulateDelivery(username string, attributes []string) *codeDelivery {
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
