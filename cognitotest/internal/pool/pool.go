package pool

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// pool is a user pool. The fields above mu never change.
type pool struct {
	id                 string
	created            time.Time
	usernameAttributes []string // that users sign in by; their user names are UUIDs
	aliasAttributes    []string // that users sign in by as well, once verified
	caseInsensitive    bool
	schema             schema

	ghosts ghosts

	mu       sync.RWMutex
	modified time.Time
	set      poolSettings
	mfa      mfaConfig
	names    map[string]*user // by user name
	aliases  map[string]*user // by email address, phone number, preferred name, and sub
	ordered  []*user          // sorted by their numbers
	added    uint64           // the number of the newest user
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

// newPool returns a pool without users and settings.
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

// key returns the form of a name that is looked up.
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

// bySub finds the user of a session or a token. Unlike lookup, it does not find user names.
func (p *pool) bySub(sub string) *user {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.aliases[p.key(sub)]
}

// enroll adds a user, and creates the user's missing groups. The pool's lock is held.
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

// remove removes a user, whose lock is held. Calls that wait for the lock see that it is deleted.
func (p *pool) remove(u *user) {
	u.deleted = true
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.names, p.key(u.name))
	i := p.indexAfter(u.number - 1)
	p.ordered = slices.Delete(p.ordered, i, i+1)
	p.forget(u, p.aliasesOf(u.attributes))
	delete(p.aliases, p.key(u.sub))
}

// indexAfter returns the index of the first user above a number. The pool's lock is held.
func (p *pool) indexAfter(number uint64) int {
	i, _ := slices.BinarySearchFunc(p.ordered, number+1, func(u *user, n uint64) int {
		return cmp.Compare(u.number, n)
	})
	return i
}

// usersAfter returns the next users after the one with a number, in the order in which they were
// added. Users that are added or removed meanwhile do not shift the pages of a list.
func (p *pool) usersAfter(number uint64) []*user {
	const most = 128
	p.mu.RLock()
	defer p.mu.RUnlock()
	rest := p.ordered[p.indexAfter(number):]
	return slices.Clone(rest[:min(most, len(rest))])
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

// roles returns the roles of the groups with some names.
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
