package oncall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
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

// Answers stores what sources said across restarts. The store is one.
type Answers interface {
	// Load returns what was saved last for a source; false: nothing was.
	Load(ctx context.Context, source string) (source.Snapshot, bool, error)

	// Save stores a snapshot in place of the previous one.
	Save(ctx context.Context, source string, s source.Snapshot) error
}

// Watched is a source that a Keeper asks.
type Watched struct {
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
	Sources []Watched
	Answers Answers // nil: answers end with the process

	Log     Log            // told where a source stops answering, and where it answers again; nil: slog.Default()
	Fetched func(State)    // told how a source is, each time it was asked; optional
	Jitter  func() float64 // from 0 to 1, so that a thousand servers do not ask at once; nil: always 0.5
}

// State is how a source is.
type State struct {
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
func (s *State) Age(now time.Time) (age time.Duration, ok bool) {
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
	watches map[string]*watch
	order   []*watch

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, where any source was asked
}

// NewKeeper returns a Keeper, which asks no source before Run. The error names a
// source that is given twice or lacks something.
func NewKeeper(c KeeperConfig) (*Keeper, error) {
	if c.Log == nil {
		c.Log = slog.Default().LogAttrs
	}
	if c.Fetched == nil {
		c.Fetched = func(State) {}
	}
	if c.Jitter == nil {
		c.Jitter = func() float64 { return 0.5 }
	}
	k := &Keeper{config: c, watches: map[string]*watch{}, changed: make(chan struct{})}
	for _, w := range c.Sources {
		switch {
		case w.Name == "" || w.Source == nil:
			return nil, errors.New("a source of on-call people lacks its name or itself")
		case k.watches[w.Name] != nil:
			return nil, fmt.Errorf("two sources of on-call people are called %s", w.Name)
		}
		w.Key, w.Every, w.MaxAge = cmp.Or(w.Key, w.Name), cmp.Or(w.Every, DefaultEvery), cmp.Or(w.MaxAge, DefaultMaxAge)
		one := &watch{Watched: w, asking: make(chan struct{}, 1), poke: make(chan struct{}, 1)}
		one.state.Store(&known{})
		k.watches[w.Name] = one
		k.order = append(k.order, one)
	}
	return k, nil
}

// Inherit takes over what another Keeper knows of the sources that both have
// under the same key. It is for new settings, before Run.
func (k *Keeper) Inherit(from *Keeper) {
	for _, w := range k.order {
		for _, old := range from.order {
			if state := old.state.Load(); old.Key == w.Key && state.heard {
				w.state.Store(state)
			}
		}
	}
}

// Run asks the sources until the context ends, and returns when the last request
// has ended. A Keeper runs once at a time.
func (k *Keeper) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, w := range k.order {
		running.Go(func() {
			k.load(ctx, w)
			k.watch(ctx, w)
		})
	}
	running.Wait()
}

// Load takes the stored answers, before anything is asked. Run calls it too; use
// it directly only to inspect.
func (k *Keeper) Load(ctx context.Context) {
	for _, w := range k.order {
		k.load(ctx, w)
	}
}

// Refresh asks all sources now and returns when each has answered or failed.
func (k *Keeper) Refresh(ctx context.Context) { k.RefreshAt(ctx, time.Time{}) }

// RefreshAt is Refresh, except that it asks a source.Rota who is on call at a
// time; other sources know only the present. Use it only to inspect.
func (k *Keeper) RefreshAt(ctx context.Context, at time.Time) {
	var running sync.WaitGroup
	for _, w := range k.order {
		running.Go(func() { k.ask(ctx, w, at) })
	}
	running.Wait()
}

// tells reports whether the answers of some sources are about the time that they
// were asked for.
func (k *Keeper) tells(names []string, at time.Time) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		w := k.watches[name]
		return w != nil && !w.state.Load().of.Equal(at)
	})
}

// States returns how the sources are, in the order of the settings.
func (k *Keeper) States() []State {
	states := make([]State, 0, len(k.order))
	for _, w := range k.order {
		states = append(states, w.describe())
	}
	return states
}

// answers returns what is known of some sources, in their order.
func (k *Keeper) answers(names []string) []Answer {
	found := make([]Answer, 0, len(names))
	for _, name := range names {
		if w := k.watches[name]; w != nil {
			found = append(found, w.answer())
		}
	}
	return found
}

// await returns what is known of some sources. If none of it can be used, and a
// source may be about to answer, it waits as long as a caller can.
func (k *Keeper) await(ctx context.Context, names []string, now time.Time) []Answer {
	answers := k.answers(names)
	if anyUsable(answers, now) {
		return answers
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	asked := make(map[*watch]int64, len(names))
	for _, name := range names {
		if w := k.watches[name]; w != nil {
			if before := w.state.Load().asked; w.hopeful(now) {
				asked[w] = before
			}
		}
	}
	for {
		changed := k.change()
		if answers = k.answers(names); anyUsable(answers, now) {
			return answers
		}
		pending := false
		for w, before := range asked {
			pending = pending || w.state.Load().asked == before
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

func (k *Keeper) change() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.changed
}

func (k *Keeper) announce() {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.changed)
	k.changed = make(chan struct{})
}

// watch is a source and what is known of it.
type watch struct {
	Watched
	state  atomic.Pointer[known]
	began  atomic.Int64  // Unix milliseconds: when the question in flight was asked; 0: none is
	asking chan struct{} // holds one while a question is in flight, so that there is one at most
	poke   chan struct{} // holds one where a caller waits for an answer
}

// known is what is known of a source. It is immutable: replace it.
type known struct {
	snapshot source.Snapshot
	heard    bool
	of       time.Time // when those on call are; zero: when it was asked

	asked    int64 // how often it was
	ended    time.Time
	failures int
	since    time.Time
	failure  Failure
	err      error
	leave    time.Time // it asked not to be asked before
	next     time.Time
}

func (w *watch) answer() Answer {
	state := w.state.Load()
	a := Answer{Source: w.Name, Heard: state.heard, Snapshot: state.snapshot, FreshFor: w.freshFor(), MaxAge: w.MaxAge}
	if state.err != nil {
		a.Problem = problem(state.err)
	}
	return a
}

// freshFor is how old an answer becomes while all is well: the source is asked
// every so often, a little later for the jitter, and takes its time to answer.
func (w *watch) freshFor() time.Duration { return w.Every + w.Every/5 + fetchTimeout }

func (w *watch) describe() State {
	state := w.state.Load()
	return State{
		Source: w.Name, Heard: state.snapshot.At, People: len(state.snapshot.People), Oddities: state.snapshot.Oddities,
		Failures: state.failures, Since: state.since, Failure: state.failure, Err: state.err, Next: state.next,
	}
}

// hopeful reports whether a source may answer soon, and has it asked unless that
// is already in progress.
func (w *watch) hopeful(now time.Time) bool {
	if began := w.began.Load(); began != 0 {
		return now.Sub(time.UnixMilli(began)) < hopeFor
	}
	if state := w.state.Load(); now.Before(state.leave) || state.asked > 0 && now.Sub(state.ended) < shortestWait {
		return false
	}
	select {
	case w.poke <- struct{}{}:
	default: // somebody else has
	}
	return true
}

// problem returns why a source does not answer, as part of a sentence.
func problem(err error) string {
	if e, ok := errors.AsType[*source.Error](err); ok {
		return e.Message
	}
	return err.Error()
}
