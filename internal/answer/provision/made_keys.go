package provision

import (
	"context"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

const (
	// keyPatience is how long a caller waits for the lookup of an entry's key.
	keyPatience = 2 * time.Second

	// keyEvery is the shortest time from one lookup of an entry's key to the
	// next. Requests between them wait for it: a flood of guesses costs the
	// database fifty lookups a second, and a caller nothing that is heard.
	keyEvery = 20 * time.Millisecond

	// maxLooked bounds the entries whose last lookup is remembered.
	maxLooked = 10_000
)

// MadeKeys looks up the keys that were made for entries. Each answer of Get is
// read after it was asked for, so that all servers agree; requests that come
// together share one lookup. It may be used by several goroutines.
type MadeKeys struct {
	load func(ctx context.Context, id string) (Record, error)

	mu     sync.Mutex
	open   map[string]*keyLookup // by entry: those that have not begun
	looked map[string]time.Time  // when the last one began
	known  map[string]Record     // what it found
}

// keyLookup is one lookup. The rest is there once done is closed.
type keyLookup struct {
	done     chan struct{}
	key      entry.Key
	demanded bool
}

// NewMadeKeys returns a MadeKeys over the records of entries.
func NewMadeKeys(load func(ctx context.Context, id string) (Record, error)) *MadeKeys {
	return &MadeKeys{load: load, open: map[string]*keyLookup{}, looked: map[string]time.Time{}, known: map[string]Record{}}
}

// Recall is Get, unless the last lookup is to do where now is not set: then
// version is that of the Record which it found, and which may have changed.
func (m *MadeKeys) Recall(ctx context.Context, id string, now bool) (key entry.Key, demanded bool, version int64) {
	m.mu.Lock()
	r, ok := m.known[id]
	m.mu.Unlock()
	if !ok || now {
		key, demanded = m.Get(ctx, id)
		return key, demanded, entry.Current
	}
	if r.Guard != nil {
		key, demanded = r.Guard.Key, r.Guard.Demanded(time.Now())
	}
	return key, demanded, r.Version
}

// Get returns the key that was made for an entry, empty: none, and whether it is
// demanded. Without the database there is none: then no text is sent anyway.
func (m *MadeKeys) Get(ctx context.Context, id string) (key entry.Key, demanded bool) {
	m.mu.Lock()
	lookup, shared := m.open[id]
	var wait time.Duration
	if !shared {
		lookup = &keyLookup{done: make(chan struct{})}
		m.open[id] = lookup
		wait = time.Until(m.looked[id].Add(keyEvery))
	}
	m.mu.Unlock()
	if !shared {
		m.lookUp(ctx, id, lookup, wait)
		return lookup.key, lookup.demanded
	}
	select {
	case <-lookup.done:
		return lookup.key, lookup.demanded
	case <-ctx.Done():
		return "", false
	}
}

// lookUp looks a key up, for all who asked before it began. The request that does
// it may be gone by then.
func (m *MadeKeys) lookUp(ctx context.Context, id string, lookup *keyLookup, wait time.Duration) {
	defer close(lookup.done)
	time.Sleep(wait)
	m.mu.Lock()
	delete(m.open, id)
	if len(m.looked) >= maxLooked {
		clear(m.looked)
		clear(m.known)
	}
	m.looked[id] = time.Now()
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keyPatience)
	defer cancel()
	r, err := m.load(ctx, id)
	if err != nil {
		return
	}
	if r.Guard != nil {
		lookup.key, lookup.demanded = r.Guard.Key, r.Guard.Demanded(time.Now())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[id] = Record{Guard: r.Guard, Version: r.Version}
}
