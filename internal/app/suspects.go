package app

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/provision"
)

const (
	// suspectsEvery is how often the rules of entries are looked at that were
	// asked for without their key, and suspectsAtOnce how many: 40 a minute,
	// whatever strangers ask for.
	suspectsEvery  = 3 * time.Second
	suspectsAtOnce = 2

	// suspectAgain is how often the same entry is.
	suspectAgain = time.Minute
)

// suspects are entries that were asked for without the key that they demand.
// That may be a stranger; or somebody has taken the key out of the rule, and
// calls are refused until it is there again.
type suspects struct {
	mu    sync.Mutex
	next  map[string]time.Time // from when on an entry is one again; zero: it is in the queue
	queue []string             // those that are to be looked at
}

// add notes an entry that was asked for without its key. The entry is there: who
// asks for others fills nothing.
func (s *suspects) add(id string, now time.Time) {
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

// take returns those whose turn it is.
func (s *suspects) take(now time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(suspectsAtOnce, len(s.queue))
	taken := s.queue[:n:n]
	if s.queue = s.queue[n:]; n == 0 {
		maps.DeleteFunc(s.next, func(_ string, next time.Time) bool { return !now.Before(next) })
	}
	for _, id := range taken {
		s.next[id] = now.Add(suspectAgain)
	}
	return taken
}

// lookAtSuspects makes them due: the job looks at their rules, in whichever
// server of the database.
func (a *App) lookAtSuspects(ctx context.Context) {
	now := time.Now()
	due := false
	for _, id := range a.suspects.take(now) {
		did, err := a.makeDue(ctx, id, now)
		if err != nil {
			a.troubled(ctx, "an entry that was asked for without its key could not be looked at", err)
		}
		due = due || did
	}
	if due {
		a.scheduleProvisioning(ctx)
	}
}

// makeDue has a chain looked at that was in order, if chains are looked at again
// and again.
func (a *App) makeDue(ctx context.Context, id string, now time.Time) (did bool, err error) {
	if p := a.site.Load().provisioner; p == nil || p.CheckEvery <= 0 {
		return false, nil
	}
	records := a.store.Provisioned()
	r, err := records.Load(ctx, id)
	if err != nil || r.Condition() != provision.InOrder || !r.Next.After(now) {
		return false, err
	}
	r.Next = now
	if err := records.Save(ctx, r); !errors.Is(err, provision.ErrStale) { // else it was looked at just now
		return err == nil, err
	}
	return false, nil
}
