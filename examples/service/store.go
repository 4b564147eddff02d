package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"
)

// errStore is in every error of a Store. The service responds with 503 and lets nobody in.
var errStore = errors.New("the session store does not respond")

// Store is the state that instances of the service share in addition to the sessions. All of it
// must be shared: counts for each process would multiply the limits. A life of zero means forever.
type Store interface {
	Get(ctx context.Context, key string) ([]byte, error) // nil if missing
	Set(ctx context.Context, key string, value []byte, life time.Duration) error
	Delete(ctx context.Context, key string) error
	// Count adds one to the count of a window, which begins with the first, and returns the rest of
	// the window.
	Count(ctx context.Context, key string, window time.Duration) (n int, rest time.Duration, err error)
	// Lock locks a key across instances. The lock expires if its holder dies.
	Lock(ctx context.Context, key string) (unlock func(), err error)
}

// load reads what save wrote, or returns nil.
func load[T any](ctx context.Context, s Store, key string) (*T, error) {
	text, err := s.Get(ctx, key)
	if err != nil || text == nil {
		return nil, err
	}
	value := new(T)
	if err := json.Unmarshal(text, value); err != nil {
		return nil, fmt.Errorf("%w: %w", errStore, err)
	}
	return value, nil
}

func save[T any](ctx context.Context, s Store, key string, value T, life time.Duration) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.Set(ctx, key, text, life)
}

// memory is a Store for one instance. Its content ends with the process.
type memory struct {
	now func() time.Time

	mu    sync.Mutex
	items map[string]item
	locks map[string]chan struct{}
	sweep time.Time
}

type item struct {
	value []byte
	count int
	ends  time.Time
}

func newMemory(now func() time.Time) *memory {
	return &memory{now: now, items: make(map[string]item), locks: make(map[string]chan struct{})}
}

// live returns the item if it has not expired. The caller holds the mutex.
func (m *memory) live(key string) item {
	now := m.now()
	if now.After(m.sweep) {
		m.sweep = now.Add(time.Minute)
		for key, it := range m.items {
			if it.over(now) {
				delete(m.items, key)
			}
		}
	}
	if it := m.items[key]; !it.over(now) {
		return it
	}
	return item{}
}

func (it item) over(now time.Time) bool { return !it.ends.IsZero() && !now.Before(it.ends) }

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.live(key).value, nil
}

func (m *memory) Set(_ context.Context, key string, value []byte, life time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := item{value: value}
	if life > 0 {
		it.ends = m.now().Add(life)
	}
	m.items[key] = it
	return nil
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.items, key)
	return nil
}

func (m *memory) Count(
	_ context.Context, key string, window time.Duration,
) (int, time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	it := m.live(key)
	if it.count == 0 {
		it.ends = m.now().Add(window)
	}
	it.count++
	m.items[key] = it
	return it.count, it.ends.Sub(m.now()), nil
}

func (m *memory) Lock(ctx context.Context, key string) (func(), error) {
	for {
		m.mu.Lock()
		held, ok := m.locks[key]
		if !ok {
			mine := make(chan struct{})
			m.locks[key] = mine
			m.mu.Unlock()
			return func() {
				m.mu.Lock()
				delete(m.locks, key)
				m.mu.Unlock()
				close(mine)
			}, nil
		}
		m.mu.Unlock()
		select {
		case <-held:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// shared is a Store in Redis, for any number of instances.
type shared struct {
	redis *redis.Client
	locks *redislock.Client
	lease time.Duration // of a lock whose holder died; longer than what is done under it
}

// connect returns a client for an address, or for a URL as in redis.ParseURL (rediss:// for TLS).
// Its error does not repeat the URL, which may contain a password.
func connect(address string) (*redis.Client, error) {
	options := &redis.Options{Addr: address}
	if strings.Contains(address, "://") {
		var err error
		if options, err = redis.ParseURL(address); err != nil {
			return nil, errors.New(
				"not a URL of Redis, such as rediss://user:password@redis.example.com:6379/0")
		}
	}
	// Give up soon, so that pages do not wait for a store that is down.
	options.DialTimeout = time.Second
	options.ReadTimeout, options.WriteTimeout = time.Second, time.Second
	options.MaxRetries, options.DialerRetries = 1, 1
	options.ContextTimeoutEnabled = true
	return redis.NewClient(options), nil
}

func newShared(client *redis.Client) *shared {
	return &shared{redis: client, locks: redislock.New(client), lease: 2 * underLock}
}

func failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errStore, err)
}

func (s *shared) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := s.redis.Get(ctx, key).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	return value, failed(err)
}

func (s *shared) Set(ctx context.Context, key string, value []byte, life time.Duration) error {
	return failed(s.redis.Set(ctx, key, value, life).Err())
}

func (s *shared) Delete(ctx context.Context, key string) error {
	return failed(s.redis.Del(ctx, key).Err())
}

// count sets the expiry together with the first count, so that no counter stays forever.
var count = redis.NewScript(`
local n = redis.call("INCR", KEYS[1])
if n == 1 then redis.call("PEXPIRE", KEYS[1], ARGV[1]) end
return {n, redis.call("PTTL", KEYS[1])}`)

func (s *shared) Count(
	ctx context.Context, key string, window time.Duration,
) (int, time.Duration, error) {
	result, err := count.Run(ctx, s.redis, []string{key}, window.Milliseconds()).Int64Slice()
	if err != nil {
		return 0, 0, failed(err)
	}
	return int(result[0]), time.Duration(result[1]) * time.Millisecond, nil
}

func (s *shared) Lock(ctx context.Context, key string) (func(), error) {
	retry := redislock.LinearBackoff(10 * time.Millisecond)
	lock, err := s.locks.Obtain(ctx, "lock:"+key, s.lease, &redislock.Options{RetryStrategy: retry})
	if err != nil {
		return nil, failed(err)
	}
	// If the release fails, the lease ends the lock.
	return func() { _ = lock.Release(context.WithoutCancel(ctx)) }, nil
}
