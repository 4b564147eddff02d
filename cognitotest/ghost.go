package cognitotest

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// A ghost is a user that does not exist. Where a client hides who exists, whoever signs in by a name that nobody has is led on as a user would be:
// with challenges, sessions and a lockout, and with the same UUID and the same salt each time, up to the password or the code, which is never
// right. Nothing but a sign-in finds ghosts.

// ghosts are those of a pool. Names and subs are kept apart: the sub of a user who was deleted is a name that nobody has, and a session of that
// user must not find who was made of it.
type ghosts struct {
	mu            sync.Mutex
	byName, bySub map[string]*haunt
}

// haunt is a ghost and when it was last asked for.
type haunt struct {
	user *user
	seen time.Time
}

// ghostLife is how long a ghost must be remembered: no session and no lockout lasts longer. After that it comes back the same.
const ghostLife = 15 * time.Minute

// ghost is the ghost of a name.
func (b *backend) ghost(p *pool, name string) *user {
	key := p.key(name)
	if u := p.ghosts.find(key, b.time()); u != nil {
		return u
	}
	id := formatUUID(b.derive("user", p, key))
	u := &user{pool: p, name: id, sub: id, ghost: true, created: b.time(), status: types.UserStatusTypeConfirmed}
	u.attributes = b.ghostAddresses(p, name)
	return p.ghosts.add(key, u, b.time())
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

// find finds a ghost that has been seen before; nil if there is none.
func (g *ghosts) find(name string, now time.Time) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.byName[name].ask(now)
}

// findSub is the same by sub.
func (g *ghosts) findSub(sub string, now time.Time) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bySub[sub].ask(now)
}

// ask notes that a ghost, if there is one, was asked for.
func (h *haunt) ask(now time.Time) *user {
	if h == nil {
		return nil
	}
	h.seen = now
	return h.user
}

// add takes in a ghost, unless another did meanwhile. From time to time it lets go of those that nobody has asked for.
func (g *ghosts) add(key string, u *user, now time.Time) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h := g.byName[key]; h != nil {
		return h.user
	}
	if n := len(g.byName); n >= 128 && n&(n-1) == 0 {
		for key, h := range g.byName {
			if now.Sub(h.seen) > ghostLife {
				delete(g.byName, key)
				delete(g.bySub, h.user.sub)
			}
		}
	}
	if g.byName == nil {
		g.byName, g.bySub = map[string]*haunt{}, map[string]*haunt{}
	}
	h := &haunt{u, now}
	g.byName[key], g.bySub[u.sub] = h, h
	return u
}

// signer finds whom an answer to a challenge names, ghosts included.
func (b *backend) signer(p *pool, name string) *user {
	if u := p.lookup(name); u != nil {
		return u
	}
	if u := p.ghosts.find(p.key(name), b.time()); u != nil {
		return u
	}
	return p.ghosts.findSub(p.key(name), b.time()) // as a challenge names it
}

// signerBySub is the same for what a session says.
func (b *backend) signerBySub(p *pool, sub string) *user {
	if u := p.bySub(sub); u != nil {
		return u
	}
	return p.ghosts.findSub(sub, b.time())
}
