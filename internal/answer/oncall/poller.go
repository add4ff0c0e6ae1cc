package oncall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// When a source is asked again.
const (
	// shortestWait is the least time between two requests, also if callers wait:
	// the calls of an outage must not hammer a source that is down.
	shortestWait = 5 * time.Second

	// longestWait is the most between two requests to a source that may recover
	// by itself, and so how long somebody who fixed it waits.
	longestWait = 2 * time.Minute

	// longestRefused is the same for one that refuses us, as with a wrong key.
	longestRefused = 5 * time.Minute

	// longestLeave is how long we leave a source alone if it asks for that. One
	// that asks for more has a wrong clock.
	longestLeave = 15 * time.Minute

	// afterChange is how long after the end of a duty we ask the source who
	// follows: the vendor's clock may be slow.
	afterChange = 2 * time.Second

	// spread is how far jitter moves a request, as a fraction of the wait.
	spread = 0.2
)

// poller is a source and what is known of it.
type poller struct {
	PolledSource
	state  atomic.Pointer[pollState]
	began  atomic.Int64  // Unix milliseconds: when the question in flight was asked; 0: none is
	asking chan struct{} // holds one while a question is in flight, so that there is one at most
	poke   chan struct{} // holds one where a caller waits for an answer
}

// pollState is what is known of a source. It is immutable: replace it.
type pollState struct {
	snapshot source.Snapshot
	heard    bool
	about    time.Time // when those on call are; zero: when it was asked

	asked    int64 // how often it was
	ended    time.Time
	failures int
	since    time.Time
	failure  Failure
	err      error
	leave    time.Time // it asked not to be asked before
	next     time.Time
}

// poll asks one source until the context ends.
func (k *Keeper) poll(ctx context.Context, p *poller) {
	for ctx.Err() == nil {
		k.askSource(ctx, p, time.Time{})
		if !p.waitForNext(ctx) {
			return
		}
	}
}

// waitForNext waits until it is time to ask a source again; false: the context
// ended.
func (p *poller) waitForNext(ctx context.Context) bool {
	timer := time.NewTimer(time.Until(p.state.Load().next))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-p.poke:
			if state := p.state.Load(); !time.Now().Before(state.leave) && time.Since(state.ended) >= shortestWait {
				return true
			}
		}
	}
}

// loadStored takes a source's stored answer, unless something is known by now.
func (k *Keeper) loadStored(ctx context.Context, p *poller) {
	if k.config.Answers == nil || p.state.Load().heard {
		return
	}
	within, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	snapshot, ok, err := k.config.Answers.Load(within, p.Key)
	switch {
	case err != nil:
		k.config.Log.LogAttrs(ctx, slog.LevelWarn, "cached on-call answer not readable",
			slog.String("source", p.Name), slog.String("error", err.Error()))
	case !ok:
	case snapshot.At.After(time.Now()):
		k.config.Log.LogAttrs(ctx, slog.LevelWarn, "ignoring a cached on-call answer from the future (clock set back?)",
			slog.String("source", p.Name), slog.Time("at", snapshot.At))
	default:
		next := *p.state.Load()
		snapshot.Bound(time.Now()) // an earlier version may have kept it
		next.snapshot, next.heard = snapshot, true
		p.state.Store(&next)
		k.announceChange()
	}
}

// askSource asks a source once and stores its answer. A rota is asked about a
// time; zero: now.
func (k *Keeper) askSource(ctx context.Context, p *poller, at time.Time) {
	select {
	case p.asking <- struct{}{}:
		defer func() { <-p.asking }()
	case <-ctx.Done():
		return
	}
	began := time.Now().Round(0) // by the wall clock, which runs on while a machine sleeps
	p.began.Store(began.UnixMilli())
	rota, isRota := p.Source.(source.Rota)
	if !isRota {
		at = time.Time{}
	}
	snapshot, err := fetchSafely(ctx, func(ctx context.Context) (source.Snapshot, error) {
		if at.IsZero() {
			return p.Source.Fetch(ctx)
		}
		return rota.FetchAt(ctx, at)
	})
	p.began.Store(0)
	if err != nil && ctx.Err() != nil {
		return // we are being stopped: we learnt nothing about the source
	}
	before := p.state.Load()
	next := *before
	now := time.Now().Round(0)
	next.asked, next.ended = before.asked+1, now
	if err != nil {
		next.recordFailure(err, began, now)
	} else {
		snapshot.At = began // by our clock, which ages are measured by
		snapshot.Bound(cmp.Or(at, began))
		next.snapshot, next.heard, next.about = snapshot, true, at
		next.failures, next.since, next.failure, next.err, next.leave = 0, time.Time{}, "", nil, time.Time{}
	}
	next.next = now.Add(p.pauseAfter(&next, now, k.config.Jitter()))
	p.state.Store(&next)
	k.announceChange()
	k.logChange(ctx, p, before, &next)
	k.config.Fetched(p.describe())
	if err == nil && at.IsZero() {
		k.storeAnswer(ctx, p, snapshot)
	}
}

// fetchSafely asks a source, and makes an error of a panic: one adapter's defect
// must not keep the others from being asked.
func fetchSafely(ctx context.Context, ask func(context.Context) (source.Snapshot, error)) (snapshot source.Snapshot, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = &defect{value: p, stack: debug.Stack()}
		}
	}()
	return ask(ctx)
}

// defect is a panic of a source.
type defect struct {
	value any
	stack []byte
}

func (d *defect) Error() string { return fmt.Sprintf("a defect broke the question off: %v", d.value) }

func (s *pollState) recordFailure(err error, began, now time.Time) {
	if s.failures == 0 {
		s.since = now
	}
	s.failures++
	s.failure, s.err, s.leave = classify(err, now.Sub(began)), err, time.Time{}
	if e, ok := errors.AsType[*source.Error](err); ok && e.After > 0 {
		s.leave = now.Add(min(e.After, longestLeave))
	}
}

// pauseAfter returns how long to leave a source alone.
func (p *poller) pauseAfter(s *pollState, now time.Time, jitter float64) time.Duration {
	moved := func(d time.Duration) time.Duration {
		return d + time.Duration((2*min(max(jitter, 0), 1)-1)*spread*float64(d))
	}
	if s.err == nil {
		wait := moved(p.Every)
		if change := nextChange(s.snapshot.People, now); !change.IsZero() {
			wait = min(wait, change.Sub(now)+afterChange+time.Duration(jitter*float64(afterChange)))
		}
		return max(wait, shortestWait)
	}
	longest := longestWait
	if fault.AgainOf(s.err) == fault.Never {
		longest = longestRefused
	}
	wait := shortestWait
	for i := 1; i < s.failures && wait < longest; i++ {
		wait *= 2
	}
	wait = moved(min(wait, longest))
	if asked := s.leave.Sub(now); asked > wait {
		wait = asked + time.Duration(jitter*float64(shortestWait)) // never before it
	}
	return wait
}

// slowAfter separates a timeout from a refusal: a failure that took longer
// counts as slow.
const slowAfter = 3 * time.Second

// classify returns what a source's error counts as, which came after a time.
func classify(err error, after time.Duration) Failure {
	if _, ok := errors.AsType[*defect](err); ok {
		return Broken
	}
	e, _ := errors.AsType[*source.Error](err)
	switch {
	case e != nil && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden):
		return Denied
	case e != nil && e.Status == http.StatusTooManyRequests:
		return Limited
	case e != nil && e.Status >= http.StatusInternalServerError:
		return Unwell
	case (e == nil || e.Status == 0) && after >= slowAfter:
		return Slow
	case e == nil || e.Status == 0 && e.Err != nil:
		return Unreachable
	case e.Status < http.StatusMultipleChoices: // or none: the answer came, and could not be read
		return Unreadable
	}
	return Rejected
}

// logChange logs that a source stops answering, that its reason changes, and
// that it answers again.
func (k *Keeper) logChange(ctx context.Context, p *poller, before, now *pollState) {
	attrs := []slog.Attr{slog.String("source", p.Name)}
	switch {
	case now.err != nil && (before.err == nil || before.failure != now.failure):
		attrs = append(attrs, slog.String("failure", string(now.failure)), slog.String("error", phone.MaskIn(now.err.Error())))
		if hint := fault.HintOf(now.err); hint != "" {
			attrs = append(attrs, slog.String("hint", hint))
		}
		if d, ok := errors.AsType[*defect](now.err); ok {
			attrs = append(attrs, slog.String("stack", string(d.stack)))
		}
		if now.heard {
			attrs = append(attrs, slog.Duration("answer_age", now.ended.Sub(now.snapshot.At)))
		}
		k.config.Log.LogAttrs(ctx, slog.LevelWarn, "on-call source not answering", attrs...)
	case now.err == nil && before.err != nil:
		attrs = append(attrs, slog.Duration("after", now.ended.Sub(before.since)), slog.Int("people", len(now.snapshot.People)))
		k.config.Log.LogAttrs(ctx, slog.LevelInfo, "on-call source answering again", attrs...)
	}
	if now.err == nil && !slices.Equal(before.snapshot.Oddities, now.snapshot.Oddities) {
		for _, oddity := range now.snapshot.Oddities {
			k.config.Log.LogAttrs(ctx, slog.LevelWarn, "part of an on-call answer unusable",
				slog.String("source", p.Name), slog.String("oddity", oddity))
		}
	}
}

// storeAnswer stores an answer across restarts. If it cannot, the answer is
// still in memory.
func (k *Keeper) storeAnswer(ctx context.Context, p *poller, s source.Snapshot) {
	if k.config.Answers == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout) // also where we are being stopped
	defer cancel()
	if err := k.config.Answers.Save(ctx, p.Key, s); err != nil {
		k.config.Log.LogAttrs(ctx, slog.LevelWarn, "on-call answer not cached for the next start",
			slog.String("source", p.Name), slog.String("error", err.Error()))
	}
}

func (p *poller) answer() Answer {
	state := p.state.Load()
	a := Answer{Source: p.Name, Heard: state.heard, Snapshot: state.snapshot, FreshFor: p.freshFor(), MaxAge: p.MaxAge}
	if state.err != nil {
		a.Problem = problem(state.err)
	}
	return a
}

// freshFor is how old an answer becomes while all is well: the source is asked
// every so often, a little later for the jitter, and takes its time to answer.
func (p *poller) freshFor() time.Duration { return p.Every + p.Every/5 + fetchTimeout }

func (p *poller) describe() SourceState {
	state := p.state.Load()
	return SourceState{
		Source: p.Name, Heard: state.snapshot.At, People: len(state.snapshot.People), Oddities: state.snapshot.Oddities,
		Failures: state.failures, Since: state.since, Failure: state.failure, Err: state.err, Next: state.next,
	}
}

// mayAnswerSoon reports whether a source may answer soon, and has it asked
// unless that is already in progress.
func (p *poller) mayAnswerSoon(now time.Time) bool {
	if began := p.began.Load(); began != 0 {
		return now.Sub(time.UnixMilli(began)) < hopeFor
	}
	if state := p.state.Load(); now.Before(state.leave) || state.asked > 0 && now.Sub(state.ended) < shortestWait {
		return false
	}
	select {
	case p.poke <- struct{}{}:
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
