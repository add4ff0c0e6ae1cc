package activity

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/fault/why"
)

const (
	// sparseMost is how many items of one kind, outcome and entry a Sparse tells in
	// a minute.
	sparseMost = 5

	// sparseKinds bounds how many such it counts in a minute; past it nothing is
	// told.
	sparseKinds = 10_000
)

// NotTold is the step of an item that says how many like it were not told.
const NotTold Code = "not_told"

// Sparse tells items that strangers can cause as fast as they ask: a few of each
// in a minute. The next one says how many there were beside.
type Sparse struct {
	Add func(...Item) // Behind.Add

	mu     sync.Mutex
	began  time.Time
	counts map[like]int // of a kind, outcome and entry in this minute
	before map[like]int // those not told in the last one
}

// Tell tells an item, or counts it.
func (s *Sparse) Tell(item Item) {
	if item.At.IsZero() {
		item.At = time.Now()
	}
	if more, ok := s.count(item); ok {
		if more > 0 {
			item.Steps = append(slices.Clip(item.Steps), Step{Code: NotTold, Args: why.Args{"count": strconv.Itoa(more)}})
		}
		s.Add(item)
	}
}

// count reports whether an item is told, and how many like it were not told
// before.
func (s *Sparse) count(item Item) (more int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if item.At.Sub(s.began) >= time.Minute {
		s.before = make(map[like]int)
		for of, n := range s.counts {
			if n > sparseMost {
				s.before[of] = n - sparseMost
			}
		}
		s.began, s.counts = item.At, make(map[like]int)
	}
	of := like{item.Kind, item.Outcome, item.Entry}
	if len(s.counts) >= sparseKinds && s.counts[of] == 0 {
		return 0, false
	}
	s.counts[of]++
	more = s.before[of]
	if ok = s.counts[of] <= sparseMost; ok {
		delete(s.before, of)
	}
	return more, ok
}

// like is what is counted together.
type like struct {
	kind           Kind
	outcome, entry string
}
