package provision

import (
	"cmp"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

const (
	// firstRetry and lastRetry bound how long a step that failed waits: a
	// person at a form tries again within a minute, and a phone system that is
	// being fixed is back within the hour.
	firstRetry = time.Minute
	lastRetry  = time.Hour

	// spread is the part by which the time between two checks differs from entry
	// to entry, so that a thousand of them do not come at once.
	spread = 0.25
)

// Next returns when to check an entry again that was checked at now: after a
// failed step in 1 minute, 2, 4 and so on up to an hour; otherwise, conflicts
// included, after checkEvery. The zero time means never.
func Next(r *Record, now time.Time, checkEvery time.Duration) time.Time {
	wait := checkEvery
	if r.Condition() == Failing {
		wait = firstRetry << min(max(r.Attempts-1, 0), 6)
		wait = min(wait, lastRetry)
	}
	if wait <= 0 {
		return time.Time{}
	}
	return now.Add(wait + time.Duration(spread*lean(r.Entry)*float64(wait)))
}

// lean returns a number from -1 to 1 that is always the same for an entry.
func lean(id string) float64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // cannot fail
	return float64(h.Sum32())/float64(1<<31) - 1
}

// Work is what is to be done now.
type Work struct {
	Apply  []*entry.Entry // by domain
	Remove []string       // ids of entries of which something is to be taken away still
}

// Due returns what to do now: apply entries that were never checked, that are
// due, or whose wanted state has changed since the last check. An entry that
// is gone is left alone, because a file of entries may be broken or emptied by
// mistake: taking away is for Remove, which repeats what failed.
func Due(entries []*entry.Entry, records []Record, s Settings, now time.Time) Work {
	// A record from before there were regular checks has no time.
	come := func(r *Record) bool {
		if r.Next.IsZero() {
			return s.CheckEvery > 0
		}
		return !now.Before(r.Next)
	}
	var w Work
	for i := range records {
		if r := &records[i]; r.Removed && len(r.Made) > 0 && come(r) {
			w.Remove = append(w.Remove, r.Entry)
		}
	}
	known := byEntry(records)
	for _, e := range entries {
		r := known[e.ID]
		switch {
		case r == nil && Wanted(e, s).nothing(), r != nil && r.Removed:
		case r == nil, come(r), r.Fingerprint != s.fingerprint(e, r.Guard):
			w.Apply = append(w.Apply, e)
		}
	}
	sortByDomain(w.Apply)
	return w
}

func sortByDomain(entries []*entry.Entry) {
	slices.SortStableFunc(entries, func(a, b *entry.Entry) int { return cmp.Compare(a.APIDomain, b.APIDomain) })
}

func byEntry(records []Record) map[string]*Record {
	known := make(map[string]*Record, len(records))
	for i := range records {
		known[records[i].Entry] = &records[i]
	}
	return known
}

// Fingerprints remembers the fingerprint of what each entry wants: the entries
// are many, and seldom change.
type Fingerprints struct {
	mu    sync.Mutex
	known map[string]fingerprint // by the entry's id
}

// fingerprint is of what one entry wants with a key that was made for it.
type fingerprint struct {
	entry *entry.Entry // which does not change: a changed one is another
	key   entry.Key
	sum   string
}

// fingerprint returns the fingerprint of what an entry wants, with the key that
// was made for it.
func (s Settings) fingerprint(e *entry.Entry, g *Guard) string {
	if !s.Keys || g == nil {
		g = &Guard{}
	}
	if s.Fingerprints == nil {
		return Wanted(e, s).guarded(g).Fingerprint()
	}
	s.Fingerprints.mu.Lock()
	defer s.Fingerprints.mu.Unlock()
	known := s.Fingerprints.known[e.ID]
	if known.entry != e || known.key != g.Key {
		if s.Fingerprints.known == nil {
			s.Fingerprints.known = make(map[string]fingerprint)
		}
		known = fingerprint{e, g.Key, Wanted(e, s).guarded(g).Fingerprint()}
		s.Fingerprints.known[e.ID] = known
	}
	return known.sum
}
