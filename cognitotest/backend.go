package cognitotest

import (
	"crypto/rand"
	"sync"
	"sync/atomic"
	"time"
)

// backend is the state machine: pools, app clients, users, sessions and the clock. It knows nothing of HTTP; each operation is a method that
// takes a decoded request and gives an answer or an *apiError.
//
// Locks, in the order in which they are taken: a user's, a pool's, the backend's. Nothing is signed or sent while one is held.
type backend struct {
	region string
	quirks Quirks
	now    func() time.Time
	offset atomic.Int64 // what Advance has added to the clock, in nanoseconds
	sealer sealer
	secret []byte // of derive

	mu      sync.RWMutex
	pools   map[string]*pool
	order   []*pool // the pools as they were made; the server's own comes first
	clients map[string]*appClient
}

func newBackend(o *Options) *backend {
	return &backend{
		region: o.Region, quirks: o.Quirks, now: o.Now, sealer: newSealer(), secret: []byte(rand.Text()),
		pools: map[string]*pool{}, clients: map[string]*appClient{},
	}
}

// time is the server's clock.
func (b *backend) time() time.Time { return b.now().Add(time.Duration(b.offset.Load())) }

func (b *backend) addPool(p *pool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pools[p.id] = p
	b.order = append(b.order, p)
}

func (b *backend) addClient(c *appClient) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clients[c.id] = c
}

func (b *backend) pool(id string) (*pool, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if p := b.pools[id]; p != nil {
		return p, nil
	}
	return nil, noPool(id)
}

func (b *backend) client(id string) (*appClient, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if c := b.clients[id]; c != nil {
		return c, nil
	}
	return nil, noClient(id)
}

// clientOf finds an app client for a call that names its pool, too.
func (b *backend) clientOf(poolID, id string) (*appClient, error) {
	p, err := b.pool(poolID)
	if err != nil {
		return nil, err
	}
	c, err := b.client(id)
	if err == nil && c.pool != p {
		err = noClient(id)
	}
	return c, err
}

// user finds a user for a call that an administrator makes.
func (b *backend) user(poolID, name string) (*user, error) {
	p, err := b.pool(poolID)
	if err != nil {
		return nil, err
	}
	if u := p.lookup(name); u != nil {
		return u, nil
	}
	return nil, errNoUser
}

// find looks for a user in every pool, the server's own first.
func (b *backend) find(name string) *user {
	b.mu.RLock()
	pools := b.order
	b.mu.RUnlock()
	for _, p := range pools {
		if u := p.lookup(name); u != nil {
			return u
		}
	}
	return nil
}
