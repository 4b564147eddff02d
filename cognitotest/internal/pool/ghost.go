package pool

import "sync"

// A ghost is a user that does not exist. Where a client hides who exists, whoever signs in by a name
// that nobody has is led on as a user would be: with challenges, sessions and a lockout, and with
// the same UUID and the same salt each time, up to the password or the code, which is never right.
// Nothing but a sign-in finds ghosts.

// ghosts remembers those of a pool that were asked for last, by sub. Names are not kept: the sub is
// derived from the name. A ghost that is forgotten comes back the same, but for its sessions and its
// wrong passwords.
type ghosts struct {
	mu    sync.Mutex
	bySub map[string]*user
	subs  []string // in the order in which they came, beginning at next
	next  int
}

// ghostsKept is how many ghosts of a pool are remembered.
const ghostsKept = 4096

// find finds a ghost; nil if it is not remembered.
func (g *ghosts) find(sub string) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bySub[sub]
}

// add remembers a ghost in place of the oldest, unless another call did so meanwhile.
func (g *ghosts) add(u *user) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	if other := g.bySub[u.sub]; other != nil {
		return other
	}
	if g.bySub == nil {
		g.bySub = map[string]*user{}
	}
	if len(g.subs) < ghostsKept {
		g.subs = append(g.subs, u.sub)
	} else {
		delete(g.bySub, g.subs[g.next])
		g.subs[g.next] = u.sub
		g.next = (g.next + 1) % ghostsKept
	}
	g.bySub[u.sub] = u
	return u
}
