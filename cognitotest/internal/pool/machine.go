// Package pool is the state machine of cognitotest: pools, app clients, users, sessions and the
// clock. It takes the operations of Cognito's API by name and knows nothing of HTTP.
//
// The files from the bottom up: the state and its rules (user.go, pool.go, client.go, machine.go);
// sessions and tokens; find.go, which finds and locks the user of a call; the sign-in, with a file
// for each kind of challenge and signin.go, which decides their order; the operations by resource
// (api_*.go); and operations.go, the table of operations.
package pool

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cognitomfa/cognitomfa/internal/endpoint"
)

// Config is the configuration of a Machine.
type Config struct {
	Region string
	Issuer string // of tokens, without the pool's ID at its end
	Now    func() time.Time
	Quirks Quirks

	AcceptUnsimulated bool // settings that are not simulated are kept and described, not refused
}

// Quirks are alternatives where Cognito's behavior is uncertain; see cognitotest.Quirks.
type Quirks struct {
	LongSessions      bool
	HugeSessions      bool
	StrictStep        bool
	CodeLockout       bool
	AssociateCutsOff  bool
	SetupSetsList     bool
	SetupAfterDisable bool
	RefuseDisable     bool
	OldSecretHashText bool
	PreciseSignOut    bool
	DeviceSparesEmail bool
}

// Machine is the state of a server. It is safe for concurrent use.
//
// Locks are taken in this order: a user's, a pool's, the machine's; then those of sessions and
// ghosts, under which no other is taken. Nothing is signed under a lock.
type Machine struct {
	region string
	issuer string
	quirks Quirks
	accept bool // settings that are not simulated
	now    func() time.Time
	offset atomic.Int64 // what Advance has added to the clock, in nanoseconds
	sealer sealer
	secret []byte // of derive

	sessions sessions
	scripted sync.Map // the names of scripted challenges

	mu      sync.RWMutex
	pools   map[string]*pool
	ordered []*pool // the pools as they were made; the server's own comes first
	clients map[string]*appClient
	domains map[string]*domain
}

// New returns a machine without pools.
func New(c Config) *Machine {
	return &Machine{
		region: c.Region, issuer: c.Issuer, quirks: c.Quirks, accept: c.AcceptUnsimulated,
		now:    c.Now,
		sealer: newSealer(), secret: []byte(rand.Text()),
		pools: map[string]*pool{}, clients: map[string]*appClient{}, domains: map[string]*domain{},
	}
}

// Now returns the time by the machine's clock.
func (m *Machine) Now() time.Time { return m.now().Add(time.Duration(m.offset.Load())) }

// Advance moves the clock.
func (m *Machine) Advance(d time.Duration) { m.offset.Add(int64(d)) }

// Issuer returns the iss of a pool's tokens.
func (m *Machine) Issuer(poolID string) (string, error) {
	p, err := m.poolByID(poolID)
	if err != nil {
		return "", err
	}
	return m.issuerOf(p), nil
}

func (m *Machine) issuerOf(p *pool) string { return m.issuer + "/" + p.id }

// account is the AWS account of all resources: the one in AWS's own examples.
const account = "123456789012"

func (m *Machine) arn(p *pool) string {
	return "arn:" + endpoint.Partition(m.region) + ":cognito-idp:" + m.region + ":" + account +
		":userpool/" + p.id
}

// derive returns bytes that are always the same for a purpose, a pool and a name, and that nobody
// else can predict.
func (m *Machine) derive(purpose string, p *pool, name string) []byte {
	mac := hmac.New(sha256.New, m.secret)
	_, _ = fmt.Fprintf(mac, "%s %s %s", purpose, p.id, name)
	return mac.Sum(nil)
}

// deviceGroup returns the DeviceGroupKey, which is the same for all devices of a pool.
func (m *Machine) deviceGroup(p *pool) string {
	return "-" + hex.EncodeToString(m.derive("device group", p, ""))[:8]
}

func (m *Machine) addPool(p *pool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pools[p.id] = p
	m.ordered = append(m.ordered, p)
}

// removePool removes a pool and its app clients.
func (m *Machine) removePool(p *pool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.pools, p.id)
	m.ordered = slices.DeleteFunc(slices.Clone(m.ordered),
		func(other *pool) bool { return other == p })
	maps.DeleteFunc(m.clients, func(_ string, c *appClient) bool { return c.pool == p })
}

func (m *Machine) addClient(c *appClient) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clients[c.id] = c
}

// replaceClient replaces the app client with the same ID, unless that was deleted meanwhile.
func (m *Machine) replaceClient(c *appClient) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients[c.id] == nil {
		return noClient(c.id)
	}
	m.clients[c.id] = c
	return nil
}

func (m *Machine) removeClient(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.clients, id)
}

func (m *Machine) poolByID(id string) (*pool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if p := m.pools[id]; p != nil {
		return p, nil
	}
	return nil, noPool(id)
}

// allPools returns the pools in the order in which they were made.
func (m *Machine) allPools() []*pool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.ordered[:len(m.ordered):len(m.ordered)]
}

func (m *Machine) clientByID(id string) (*appClient, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if c := m.clients[id]; c != nil {
		return c, nil
	}
	return nil, noClient(id)
}

// clientsOf returns the app clients of a pool, by ID.
func (m *Machine) clientsOf(p *pool) map[string]*appClient {
	m.mu.RLock()
	defer m.mu.RUnlock()
	clients := map[string]*appClient{}
	for id, c := range m.clients {
		if c.pool == p {
			clients[id] = c
		}
	}
	return clients
}
