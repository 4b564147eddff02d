package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Sessions are removed when they expire or are used, and the oldest ones when there are too many.
// Others stay.
func TestSessionsAreRemoved(t *testing.T) {
	t.Parallel()
	var s sessions
	now := time.Unix(1_790_000_000, 0)
	id := uint64(0)
	begin := func(life time.Duration) *session {
		id++
		added := &session{id: id, expires: now.Add(life)}
		s.add(added, now)
		return added
	}

	waits := begin(15 * time.Minute)
	for range 10_000 {
		s.remove(begin(3 * time.Minute))
	}
	assert.Same(t, waits, s.find(waits.id))
	assert.Len(t, s.open, 1)
	assert.Less(t, len(s.queue), 1100, "what was used behind it is gone")

	for range 10_000 {
		begin(3 * time.Minute)
	}
	assert.Len(t, s.open, 10_001)
	now = now.Add(15 * time.Minute)
	last := begin(3 * time.Minute)
	assert.Nil(t, s.find(waits.id))
	assert.Len(t, s.open, 1)
	assert.Len(t, s.queue, 1)

	for range mostSessions {
		begin(3 * time.Minute)
	}
	assert.Nil(t, s.find(last.id), "the oldest")
	assert.NotNil(t, s.find(last.id+1))
	assert.Len(t, s.open, mostSessions)
	assert.Len(t, s.queue, mostSessions)
}

// The oldest ghost is dropped for a new one, and comes back the same.
func TestGhostsAreBounded(t *testing.T) {
	t.Parallel()
	m := New(Config{Region: "us-east-1", Now: time.Now})
	p := newPool("us-east-1_Example", m.Now())
	first := m.ghost(p, "ghost")
	assert.Same(t, first, m.ghost(p, "ghost"))
	assert.Same(t, first, m.ghost(p, first.sub), "as its challenges call it")
	for i := range ghostsKept {
		m.ghost(p, newText(digits, 20))
		assert.Equal(t, i == ghostsKept-1, p.ghosts.find(first.sub) == nil)
	}
	assert.Len(t, p.ghosts.bySub, ghostsKept)
	again := m.ghost(p, "ghost")
	assert.NotSame(t, first, again)
	assert.Equal(t, []any{first.sub, first.attributes}, []any{again.sub, again.attributes})
}

// Records of expired sign-ins do not pile up.
func TestSignOnsAreRemoved(t *testing.T) {
	t.Parallel()
	var u user
	now := time.Unix(1_790_000_000, 0)
	most := 0
	for range 10_000 {
		u.signOn(NewUUID(), now.Add(time.Hour), now)
		now = now.Add(time.Hour)
		most = max(most, len(u.signOns))
	}
	assert.Less(t, most, 1000)
}
