package cognitotest

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// A ghost is a user that does not exist. Where a client hides who exists, whoever signs in by a name that nobody has is led on as a user would be:
// with challenges, sessions and a lockout, and with the same UUID and the same salt each time, up to the password or the code, which is never
// right. Nothing but a sign-in finds ghosts.

// ghosts remembers those of a pool that were asked for last, by sub. Names are not kept: the sub comes of the name.
type ghosts struct {
	mu            sync.Mutex
	recent, older map[string]*user
}

// ghostsKept is how many ghosts of a pool are remembered, at least. One that is forgotten comes back the same, but for its sessions and its wrong
// passwords.
const ghostsKept = 4096

// ghost is the ghost of a name.
func (b *backend) ghost(p *pool, name string) *user {
	if u := b.ghostSeen(p, name); u != nil {
		return u
	}
	id := b.ghostSub(p, name)
	u := &user{pool: p, name: id, sub: id, ghost: true, created: b.time(), status: types.UserStatusTypeConfirmed}
	u.attributes = b.ghostAddresses(p, name)
	return p.ghosts.add(u)
}

// ghostSub is the sub of a name's ghost.
func (b *backend) ghostSub(p *pool, name string) string {
	return formatUUID(b.derive("user", p, p.key(name)))
}

// ghostSeen finds a ghost that was asked for before, by its name or, as its challenges call it, by its sub; nil if there is none.
func (b *backend) ghostSeen(p *pool, name string) *user {
	return cmp.Or(p.ghosts.find(b.ghostSub(p, name)), p.ghosts.find(p.key(name)))
}

// ghostAddresses are made up, but for one that is the name itself.
func (b *backend) ghostAddresses(p *pool, name string) attributes {
	key := p.key(name)
	random := b.derive("address", p, key)
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

// find finds a ghost by its sub; nil if it is not remembered.
func (g *ghosts) find(sub string) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	if u := g.recent[sub]; u != nil {
		return u
	}
	u := g.older[sub]
	if u != nil {
		g.remember(u)
	}
	return u
}

// add takes in a ghost, unless another did meanwhile.
func (g *ghosts) add(u *user) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	if other := g.recent[u.sub]; other != nil {
		return other
	}
	g.remember(u)
	return u
}

func (g *ghosts) remember(u *user) {
	if g.recent == nil || len(g.recent) == ghostsKept {
		g.recent, g.older = map[string]*user{}, g.recent
	}
	g.recent[u.sub] = u
}

// signer finds whom an answer to a challenge names, ghosts included.
func (b *backend) signer(p *pool, name string) *user {
	if u := p.lookup(name); u != nil {
		return u
	}
	return b.ghostSeen(p, name)
}

// signerBySub is the same for what a session says.
func (b *backend) signerBySub(p *pool, sub string) *user {
	return cmp.Or(p.bySub(sub), p.ghosts.find(sub))
}
