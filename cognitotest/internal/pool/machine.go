// Package pool is the state machine of cognitotest: pools, app clients, users, sessions and the
// clock. It takes the operations of Cognito's API by name and knows nothing of HTTP.
//
// The files from the bottom up: what is stored, and what that allows (user.go, pool.go, client.go,
// machine.go); sessions and tokens; find.go, the only code that finds and locks whom a call is
// about; the sign-in, with a file for each way of proving something and signin.go, which says what
// follows on what; the operations by resource (api_*.go); and operations.go, their one table.
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
)

// Config is what a Machine is made with.
type Config struct {
	Region string
	Issuer string // of tokens, without the pool's ID at its end
	Now    func() time.Time
	Quirks Quirks

	AcceptUnsimulated bool // settings that are not simulated are kept and described, not refused
}

// Quirks are the choices where it is uncertain what Cognito does. cognitotest.Quirks describes them.
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
// Locks, in the order in which they are taken: a user's, a pool's, the machine's; then those of the
// sessions and of the ghosts, under which no other is taken. Nothing is signed while one is held.
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
	scripted sync.Map // the names of challenges that tests made up

	mu      sync.RWMutex
	pools   map[string]*pool
	ordered []*pool // the pools as they were made; the server's own comes first
	clients map[string]*appClient
	domains map[string]*domain
}

// New makes a machine without pools.
func New(c Config) *Machine {
	return &Machine{
		region: c.Region, issuer: c.Issuer, quirks: c.Quirks, accept: c.AcceptUnsimulated, now: c.Now,
		sealer: newSealer(), secret: []byte(rand.Text()),
		pools: map[string]*pool{}, clients: map[string]*appClient{}, domains: map[string]*domain{},
	}
}

// Now is the time by the machine's clock.
func (m *Machine) Now() time.Time { return m.now().Add(time.Duration(m.offset.Load())) }

// Advance moves the clock.
func (m *Machine) Advance(d time.Duration) { m.offset.Add(int64(d)) }

// Issuer is what the tokens of a pool name as theirs.
func (m *Machine) Issuer(poolID string) (string, error) {
	p, err := m.poolByID(poolID)
	if err != nil {
		return "", err
	}
	return m.issuerOf(p), nil
}

func (m *Machine) issuerOf(p *pool) string { return m.issuer + "/" + p.id }

// account is the AWS account that everything belongs to: the one of AWS's own examples.
const account = "123456789012"

func (m *Machine) arn(p *pool) string {
	return "arn:aws:cognito-idp:" + m.region + ":" + account + ":userpool/" + p.id
}

// derive gives bytes that always are the same for a pool and a name of something, and that nobody
// else can foretell.
func (m *Machine) derive(purpose string, p *pool, name string) []byte {
	mac := hmac.New(sha256.New, m.secret)
	_, _ = fmt.Fprintf(mac, "%s %s %s", purpose, p.id, name)
	return mac.Sum(nil)
}

// deviceGroup stands before device keys in SRP. It is the same for all devices of a pool.
func (m *Machine) deviceGroup(p *pool) string {
	return "-" + hex.EncodeToString(m.derive("device group", p, ""))[:8]
}

func (m *Machine) addPool(p *pool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pools[p.id] = p
	m.ordered = append(m.ordered, p)
}

// removePool takes a pool away, and its app clients with it.
func (m *Machine) removePool(p *pool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.pools, p.id)
	m.ordered = slices.DeleteFunc(slices.Clone(m.ordered), func(other *pool) bool { return other == p })
	maps.DeleteFunc(m.clients, func(_ string, c *appClient) bool { return c.pool == p })
}

func (m *Machine) addClient(c *appClient) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clients[c.id] = c
}

// replaceClient puts an app client in the place of the one with its ID, unless that was deleted
// meanwhile.
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

// allPools are the pools as they were made.
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

// clientsOf are the app clients of a pool, by ID.
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
