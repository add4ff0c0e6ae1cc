package provision

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"
)

const (
	// SuspectsEvery is how often the rules of entries are checked that were
	// requested without their key.
	SuspectsEvery = 3 * time.Second

	// SuspectsAtOnce is how many at a time: 40 a minute, whatever strangers
	// request.
	SuspectsAtOnce = 2

	// suspectAgain is how often the same entry is checked.
	suspectAgain = time.Minute
)

// Suspects are entries that were requested without the key that they require.
// It may be a stranger; or someone has removed the key from the rule, and calls
// are refused until it is back.
type Suspects struct {
	mu    sync.Mutex
	next  map[string]time.Time // until when an entry is not added again; zero: it is in the queue
	queue []string             // those still to check
}

// Add notes an entry that was requested without its key. The entry must exist,
// so strangers cannot fill the queue.
func (s *Suspects) Add(id string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if next, known := s.next[id]; known && (next.IsZero() || now.Before(next)) {
		return
	}
	if s.next == nil {
		s.next = map[string]time.Time{}
	}
	s.next[id] = time.Time{}
	s.queue = append(s.queue, id)
}

// Take returns the next entries to check.
func (s *Suspects) Take(now time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(SuspectsAtOnce, len(s.queue))
	taken := s.queue[:n:n]
	if s.queue = s.queue[n:]; n == 0 {
		maps.DeleteFunc(s.next, func(_ string, next time.Time) bool { return !now.Before(next) })
	}
	for _, id := range taken {
		s.next[id] = now.Add(suspectAgain)
	}
	return taken
}

// MakeDue has a chain checked that was in order, if periodic checks are on. It
// reports whether it did.
func (p *Provisioner) MakeDue(ctx context.Context, id string, now time.Time) (did bool, err error) {
	if p.CheckEvery <= 0 {
		return false, nil
	}
	r, err := p.Records.Load(ctx, id)
	if err != nil || r.Condition() != InOrder || !r.Next.After(now) {
		return false, err
	}
	r.Next = now
	if err := p.Records.Save(ctx, r); !errors.Is(err, ErrStale) { // otherwise it was checked just now
		return err == nil, err
	}
	return false, nil
}
