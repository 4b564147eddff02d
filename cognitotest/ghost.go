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

// ghosts are those of a pool, each by its name and by its sub.
type ghosts struct {
	mu     sync.Mutex
	byName map[string]*haunt
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

// find finds a ghost that has been seen before, by its name or its sub; nil if there is none.
func (g *ghosts) find(key string, now time.Time) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.byName[key]
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
	if n := len(g.byName); n >= 256 && n&(n-1) == 0 {
		for key, h := range g.byName {
			if now.Sub(h.seen) > ghostLife {
				delete(g.byName, key)
			}
		}
	}
	if g.byName == nil {
		g.byName = map[string]*haunt{}
	}
	h := &haunt{u, now}
	g.byName[key], g.byName[u.sub] = h, h
	return u
}

// signer finds whom an answer to a challenge names, ghosts included.
func (b *backend) signer(p *pool, name string) *user {
	if u := p.lookup(name); u != nil {
		return u
	}
	return p.ghosts.find(p.key(name), b.time())
}

// signerBySub is the same for what a session says.
func (b *backend) signerBySub(p *pool, sub string) *user {
	if u := p.bySub(sub); u != nil {
		return u
	}
	return p.ghosts.find(sub, b.time())
}
