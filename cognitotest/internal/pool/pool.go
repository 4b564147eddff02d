package pool

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// pool is a user pool. What stands above mu never changes.
type pool struct {
	id                 string
	created            time.Time
	usernameAttributes []string // sign-in by these; the user name is a UUID then
	aliasAttributes    []string // sign-in by these beside the user name, once verified
	caseInsensitive    bool
	schema             schema

	ghosts ghosts

	mu       sync.RWMutex
	modified time.Time
	set      poolSettings
	mfa      mfaConfig
	names    map[string]*user // by user name
	aliases  map[string]*user // by what else a user can be called: e-mail, phone, preferred name, sub
	ordered  []*user          // as they were added, by their numbers
	added    uint64           // how many ever were
	groups   map[string]*group
	servers  map[string]*resourceServer // by identifier
}

func (p *pool) settings() poolSettings {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.set
}

func (p *pool) mfaConfig() mfaConfig {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.mfa
}

// newPool makes a pool without users, in which nothing is set.
func newPool(id string, created time.Time) *pool {
	p := &pool{
		id: id, created: created, modified: created,
		names: map[string]*user{}, aliases: map[string]*user{}, groups: map[string]*group{},
		servers: map[string]*resourceServer{},
	}
	attributes := standardAttributes()
	p.schema.list.Store(&attributes)
	return p
}

// key is the form of a name under which it is looked up.
func (p *pool) key(name string) string {
	if p.caseInsensitive {
		return strings.ToLower(name)
	}
	return name
}

// lookup finds a user by name, sub, or an alias of the pool; nil if there is none.
func (p *pool) lookup(name string) *user {
	key := p.key(name)
	p.mu.RLock()
	defer p.mu.RUnlock()
	return cmp.Or(p.names[key], p.aliases[key])
}

// bySub finds the user that a session or a token was given to. A name cannot pass for a sub here.
func (p *pool) bySub(sub string) *user {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.aliases[p.key(sub)]
}

// enroll takes in a user by its own name; the pool's lock is held. Groups of the user that do not exist
// are made.
func (p *pool) enroll(u *user) {
	p.names[p.key(u.name)] = u
	p.aliases[p.key(u.sub)] = u
	p.added++
	u.number = p.added
	p.ordered = append(p.ordered, u)
	for _, name := range u.groups {
		if p.groups[name] == nil {
			p.groups[name] = &group{name: name, created: u.created, modified: u.created}
		}
	}
}

// remove takes a user, whose lock is held, out of the pool. Who waits for the lock finds it gone.
func (p *pool) remove(u *user) {
	u.deleted = true
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.names, p.key(u.name))
	i := p.after(u.number - 1)
	p.ordered = slices.Delete(p.ordered, i, i+1)
	p.forget(u, p.aliasesOf(u.attributes))
	delete(p.aliases, p.key(u.sub))
}

// after is the place of the first user with a number above another; the pool's lock is held.
func (p *pool) after(number uint64) int {
	i, _ := slices.BinarySearchFunc(p.ordered, number+1, func(u *user, n uint64) int {
		return cmp.Compare(u.number, n)
	})
	return i
}

// some gives the next users after the one with a number, as they were added. Whoever is added or
// removed meanwhile moves nobody to another page of a list.
func (p *pool) some(after uint64) []*user {
	const some = 128
	p.mu.RLock()
	defer p.mu.RUnlock()
	rest := p.ordered[p.after(after):]
	return slices.Clone(rest[:min(some, len(rest))])
}

// group finds a group.
func (p *pool) group(name string) (*group, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if g := p.groups[name]; g != nil {
		return g, nil
	}
	return nil, errNoGroup
}

var errNoGroup = &Error{resourceNotFound, "Group not found."}

// roles are those of the groups with some names.
func (p *pool) roles(names []string) (roles []string, preferred string) {
	if len(names) == 0 {
		return nil, ""
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	var groups []*group
	for _, name := range names {
		if g := p.groups[name]; g != nil {
			groups = append(groups, g)
		}
	}
	return rolesOf(groups)
}
