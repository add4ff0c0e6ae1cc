package oncall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/part"
)

// How often sources are asked, and what their answers are good for, where
// settings do not say.
const (
	DefaultEvery  = time.Minute
	DefaultMaxAge = 24 * time.Hour // a shift is rarely longer, and a wrong colleague better than none
)

const (
	// fetchTimeout is how long a source may take. No caller waits for it, and
	// some vendors are asked page by page and person by person.
	fetchTimeout = 20 * time.Second

	// keepTimeout is how long the store may take to load or save an answer. The
	// next request to the source waits for it.
	keepTimeout = 5 * time.Second

	// hopeFor is how long we expect an answer from a source that is being asked.
	// Past it callers no longer wait for it.
	hopeFor = 3 * time.Second

	// patience is how long a caller waits, in silence, if no usable answer is
	// known. Phone systems do not publish how long they wait; an answer after two
	// seconds may come too late, and this leaves time for the network.
	patience = 1500 * time.Millisecond
)

// AnswerStore stores what sources said across restarts: store.OnCallAnswers.
type AnswerStore interface {
	// Load returns what was saved last for a source; false: nothing was.
	Load(ctx context.Context, source string) (source.Snapshot, bool, error)

	// Save stores a snapshot in place of the previous one.
	Save(ctx context.Context, source string, s source.Snapshot) error
}

// PolledSource is a source that a Keeper asks.
type PolledSource struct {
	Name   string // what routes and people call it by; required, unique
	Source source.Source

	// Key names what the source is asked about, such as an escalation policy of
	// one vendor: an answer that was kept under another key is another's. Empty:
	// Name.
	Key string

	Every  time.Duration // how often it is asked; 0: DefaultEvery
	MaxAge time.Duration // how old an answer may be to be used; 0: DefaultMaxAge
}

// KeeperConfig is what a Keeper needs.
type KeeperConfig struct {
	Sources []PolledSource
	Answers AnswerStore // nil: answers end with the process

	Log     part.Log          // told where a source stops answering, and where it answers again
	Fetched func(SourceState) // told how a source is, each time it was asked; optional
	Jitter  func() float64    // from 0 to 1, so that a thousand servers do not ask at once; nil: always 0.5
}

// SourceState is how a source is.
type SourceState struct {
	Source   string
	Heard    time.Time // when it was asked that it last answered; zero: never
	People   int       // in that answer
	Oddities []string  // of that answer
	Failures int       // how often it has not answered since
	Since    time.Time // the first of them
	Failure  Failure   // the last of them
	Err      error     // the same
	Next     time.Time // when it is asked again; zero: not before somebody runs the Keeper
}

// Age returns how old the last answer is at a time; ok is false where there is
// none.
func (s *SourceState) Age(now time.Time) (age time.Duration, ok bool) {
	return max(now.Sub(s.Heard), 0), !s.Heard.IsZero()
}

// Failure is why a source did not answer. They are a closed set, for metrics.
type Failure string

// The failures.
const (
	Unreachable Failure = "unreachable" // no connection
	Slow        Failure = "slow"        // no answer in time
	Denied      Failure = "denied"      // 401, 403
	Limited     Failure = "limited"     // 429
	Unwell      Failure = "unwell"      // 5xx
	Unreadable  Failure = "unreadable"  // an answer that says nothing we know
	Rejected    Failure = "rejected"    // another status
	Broken      Failure = "broken"      // a defect of ours
)

// Keeper asks sources in the background and stores what they said last.
type Keeper struct {
	config  KeeperConfig
	pollers map[string]*poller
	order   []*poller

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, where any source was asked
}

// NewKeeper returns a Keeper, which asks no source before Run. The error names a
// source that is given twice or lacks something.
func NewKeeper(c KeeperConfig) (*Keeper, error) {
	if c.Fetched == nil {
		c.Fetched = func(SourceState) {}
	}
	if c.Jitter == nil {
		c.Jitter = func() float64 { return 0.5 }
	}
	k := &Keeper{config: c, pollers: map[string]*poller{}, changed: make(chan struct{})}
	for _, w := range c.Sources {
		switch {
		case w.Name == "" || w.Source == nil:
			return nil, errors.New("a source of on-call people lacks its name or itself")
		case k.pollers[w.Name] != nil:
			return nil, fmt.Errorf("two sources of on-call people are called %s", w.Name)
		}
		w.Key, w.Every, w.MaxAge = cmp.Or(w.Key, w.Name), cmp.Or(w.Every, DefaultEvery), cmp.Or(w.MaxAge, DefaultMaxAge)
		one := &poller{PolledSource: w, asking: make(chan struct{}, 1), poke: make(chan struct{}, 1)}
		one.state.Store(&pollState{})
		k.pollers[w.Name] = one
		k.order = append(k.order, one)
	}
	return k, nil
}

// Inherit takes over what another Keeper knows of the sources that both have
// under the same key. It is for new settings, before Run.
func (k *Keeper) Inherit(from *Keeper) {
	for _, p := range k.order {
		for _, old := range from.order {
			if state := old.state.Load(); old.Key == p.Key && state.heard {
				p.state.Store(state)
			}
		}
	}
}

// Run asks the sources until the context ends, and returns when the last request
// has ended. A Keeper runs once at a time.
func (k *Keeper) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, p := range k.order {
		running.Go(func() {
			k.loadStored(ctx, p)
			k.poll(ctx, p)
		})
	}
	running.Wait()
}

// Load takes the stored answers, before anything is asked. Run calls it too; use
// it directly only to inspect.
func (k *Keeper) Load(ctx context.Context) {
	for _, p := range k.order {
		k.loadStored(ctx, p)
	}
}

// Refresh asks all sources now and returns when each has answered or failed.
func (k *Keeper) Refresh(ctx context.Context) { k.RefreshAt(ctx, time.Time{}) }

// RefreshAt is Refresh, except that it asks a source.Rota who is on call at a
// time; other sources know only the present. Use it only to inspect.
func (k *Keeper) RefreshAt(ctx context.Context, at time.Time) {
	var running sync.WaitGroup
	for _, p := range k.order {
		running.Go(func() { k.askSource(ctx, p, at) })
	}
	running.Wait()
}

// answersAreAbout reports whether the answers of some sources are about the time
// that they were asked for.
func (k *Keeper) answersAreAbout(names []string, at time.Time) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		p := k.pollers[name]
		return p != nil && !p.state.Load().about.Equal(at)
	})
}

// States returns how the sources are, in the order of the settings.
func (k *Keeper) States() []SourceState {
	states := make([]SourceState, 0, len(k.order))
	for _, p := range k.order {
		states = append(states, p.describe())
	}
	return states
}

// answers returns what is known of some sources, in their order.
func (k *Keeper) answers(names []string) []Answer {
	found := make([]Answer, 0, len(names))
	for _, name := range names {
		if p := k.pollers[name]; p != nil {
			found = append(found, p.answer())
		}
	}
	return found
}

// awaitAnswers returns what is known of some sources. If none of it can be used,
// and a source may be about to answer, it waits as long as a caller can.
func (k *Keeper) awaitAnswers(ctx context.Context, names []string, now time.Time) []Answer {
	answers := k.answers(names)
	if anyUsable(answers, now) {
		return answers
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	asked := make(map[*poller]int64, len(names))
	for _, name := range names {
		if p := k.pollers[name]; p != nil {
			if before := p.state.Load().asked; p.mayAnswerSoon(now) {
				asked[p] = before
			}
		}
	}
	for {
		changed := k.changes()
		if answers = k.answers(names); anyUsable(answers, now) {
			return answers
		}
		pending := false
		for p, before := range asked {
			pending = pending || p.state.Load().asked == before
		}
		if !pending {
			return k.answers(names) // again: the last may have come since we read them
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return answers
		}
	}
}

func anyUsable(answers []Answer, now time.Time) bool {
	for i := range answers {
		if a := &answers[i]; a.Heard && now.Sub(a.Snapshot.At) <= a.MaxAge {
			return true
		}
	}
	return false
}

func (k *Keeper) changes() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.changed
}

func (k *Keeper) announceChange() {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.changed)
	k.changed = make(chan struct{})
}
