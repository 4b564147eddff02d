package pool

import "sync"

// A ghost is a user that does not exist. If a client hides who exists, a sign-in with an unknown
// name looks like any other: it has challenges, sessions, a lockout, and each time the same UUID
// and salt. But no password or code is ever right. Only sign-ins find ghosts.

// ghosts keeps the ghosts of a pool that were used last, by sub. It does not keep names: the sub is
// derived from the name. A ghost that was dropped comes back the same, except for its sessions and
// its wrong passwords.
type ghosts struct {
	mu    sync.Mutex
	bySub map[string]*user
	subs  []string // a ring; the oldest is at next
	next  int
}

// ghostsKept is the maximum number of ghosts in a pool.
const ghostsKept = 4096

// find returns a ghost; nil if it is not there.
func (g *ghosts) find(sub string) *user {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.bySub[sub]
}

// add adds a ghost, in place of the oldest, unless another call did so meanwhile.
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
