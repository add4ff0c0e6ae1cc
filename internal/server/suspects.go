package server

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/provision"
)

const (
	// suspectsEvery is how often we check the rules of entries that were
	// requested without their key, and suspectsAtOnce how many at a time: 40 a
	// minute, whatever strangers request.
	suspectsEvery  = 3 * time.Second
	suspectsAtOnce = 2

	// suspectAgain is how often we check the same entry.
	suspectAgain = time.Minute
)

// suspects are entries that were requested without the key that they require.
// It may be a stranger; or someone has removed the key from the rule, and calls
// are refused until it is back.
type suspects struct {
	mu    sync.Mutex
	next  map[string]time.Time // until when an entry is not added again; zero: it is in the queue
	queue []string             // those still to check
}

// add notes an entry that was requested without its key. The entry must exist,
// so strangers cannot fill the queue.
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

// take returns the next entries to check.
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

// suspect notes an entry that was requested without its key.
func (f *provisioning) suspect(id string) { f.suspects.add(id, time.Now()) }

// lookAtSuspects makes suspects due, so that the job checks their rules, on
// whichever server of the database.
func (f *provisioning) lookAtSuspects(ctx context.Context) {
	now := time.Now()
	due := false
	for _, id := range f.suspects.take(now) {
		did, err := f.makeDue(ctx, id, now)
		if err != nil {
			f.troubled(ctx, "an entry that was asked for without its key could not be looked at", err)
		}
		due = due || did
	}
	if due {
		f.schedule(ctx)
	}
}

// makeDue has a chain checked that was in order, if periodic checks are on.
func (f *provisioning) makeDue(ctx context.Context, id string, now time.Time) (did bool, err error) {
	if p := partOf[provisioningPart](f.site.Load()); p == nil || p.provisioner.CheckEvery <= 0 {
		return false, nil
	}
	records := f.store.Provisioned()
	r, err := records.Load(ctx, id)
	if err != nil || r.Condition() != provision.InOrder || !r.Next.After(now) {
		return false, err
	}
	r.Next = now
	if err := records.Save(ctx, r); !errors.Is(err, provision.ErrStale) { // otherwise it was checked just now
		return err == nil, err
	}
	return false, nil
}
