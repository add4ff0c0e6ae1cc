package web

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

const (
	// wholeLines is how many alike lines are logged in a minute. The rest
	// become one line, which says how many there were.
	wholeLines = 60

	// sumEvery is the minute.
	sumEvery = time.Minute

	// maxKinds bounds the kinds of lines in a minute. Beyond it lines about
	// different entries count as alike.
	maxKinds = 1000

	// maxWords bounds how much of a line makes its kind, in bytes.
	maxWords = 500
)

// Sums keeps clients that send thousands of requests from filling the log: for
// requests that anyone can make, alike lines are summed up. Lines are alike if
// they have the same route, status, level and outcome, are about the same
// entry, and for our own faults have the same error.
type Sums struct {
	log *slog.Logger

	mu    sync.Mutex
	ends  time.Time // of the minute; zero: none has begun
	kinds map[kind]*sum
	order []kind // in order of arrival
}

// kind is what makes lines alike.
type kind struct {
	route  string
	status int
	level  slog.Level
	about  string
	words  string
}

// sum counts the lines of one kind in a minute.
type sum struct {
	lines int
	last  []slog.Attr // of the last one that was not logged
}

// NewSums returns Sums that write to a log. When requests stop, call Flush to
// write the rest.
func NewSums(log *slog.Logger) *Sums { return &Sums{log: log, kinds: make(map[kind]*sum)} }

// kindOf returns the kind of a request's line, and its attributes for a sum.
func kindOf(route string, status int, level slog.Level, n *noted) (k kind, shown []slog.Attr) {
	k = kind{route: route, status: status, level: level, about: n.about}
	var words strings.Builder
	for _, attr := range n.attrs {
		switch attr.Key {
		case "outcome", "why", "code":
		case "error":
			if level < slog.LevelError {
				continue // it may be anything that the client wrote
			}
		default:
			continue
		}
		shown = append(shown, attr)
		words.WriteString(attr.Key + "=" + attr.Value.String() + " ")
	}
	k.words = plaintext.Clip(words.String(), maxWords)
	return k, shown
}

// isWhole counts a line, and reports whether to log it. shown returns its
// attributes for a sum.
func (s *Sums) isWhole(ctx context.Context, k kind, now time.Time, shown func() []slog.Attr) bool {
	s.flushBefore(ctx, now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ends.IsZero() {
		s.ends = now.Add(sumEvery)
	}
	one := s.kinds[k]
	if one == nil && len(s.kinds) >= maxKinds {
		k.about = ""
		if one = s.kinds[k]; one == nil && len(s.kinds) >= 2*maxKinds {
			k.words = ""
			one = s.kinds[k]
		}
	}
	if one == nil {
		one = &sum{}
		s.kinds[k] = one
		s.order = append(s.order, k)
	}
	one.lines++
	if one.lines <= wholeLines {
		return true
	}
	one.last = shown()
	return false
}

// Flush logs the sums of a minute that is over. Call it about every minute.
func (s *Sums) Flush(ctx context.Context) { s.flushBefore(ctx, time.Now()) }

// Close logs what has been summed so far.
func (s *Sums) Close(ctx context.Context) { s.flushBefore(ctx, time.Now().Add(sumEvery)) }

func (s *Sums) flushBefore(ctx context.Context, now time.Time) {
	s.mu.Lock()
	if s.ends.IsZero() || now.Before(s.ends) {
		s.mu.Unlock()
		return
	}
	kinds, order := s.kinds, s.order
	s.ends, s.kinds, s.order = time.Time{}, make(map[kind]*sum), nil
	s.mu.Unlock()
	for _, k := range order {
		if one := kinds[k]; one.lines > wholeLines {
			s.log.LogAttrs(ctx, k.level, "more requests like this", append([]slog.Attr{slog.Int("count", one.lines-wholeLines)}, one.last...)...)
		}
	}
}
