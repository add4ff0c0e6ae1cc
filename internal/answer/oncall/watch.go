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

// watch asks one source until the context ends.
func (k *Keeper) watch(ctx context.Context, w *watch) {
	for ctx.Err() == nil {
		k.ask(ctx, w, time.Time{})
		if !w.rest(ctx) {
			return
		}
	}
}

// rest waits until it is time to ask a source again; false: the context ended.
func (w *watch) rest(ctx context.Context) bool {
	timer := time.NewTimer(time.Until(w.state.Load().next))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-timer.C:
			return true
		case <-w.poke:
			if state := w.state.Load(); !time.Now().Before(state.leave) && time.Since(state.ended) >= shortestWait {
				return true
			}
		}
	}
}

// load takes a source's stored answer, unless something is known by now.
func (k *Keeper) load(ctx context.Context, w *watch) {
	if k.config.Answers == nil || w.state.Load().heard {
		return
	}
	within, cancel := context.WithTimeout(ctx, keepTimeout)
	defer cancel()
	snapshot, ok, err := k.config.Answers.Load(within, w.Key)
	switch {
	case err != nil:
		k.config.Log(ctx, slog.LevelWarn, "the kept answer of an on-call source cannot be read",
			slog.String("source", w.Name), slog.String("error", err.Error()))
	case !ok:
	case snapshot.At.After(time.Now()):
		k.config.Log(ctx, slog.LevelWarn, "the kept answer of an on-call source is from a time to come, and is not used: the clock was set back",
			slog.String("source", w.Name), slog.Time("at", snapshot.At))
	default:
		next := *w.state.Load()
		snapshot.Bound(time.Now()) // an earlier version may have kept it
		next.snapshot, next.heard = snapshot, true
		w.state.Store(&next)
		k.announce()
	}
}

// ask asks a source once and stores its answer. A rota is asked about a time;
// zero: now.
func (k *Keeper) ask(ctx context.Context, w *watch, at time.Time) {
	select {
	case w.asking <- struct{}{}:
		defer func() { <-w.asking }()
	case <-ctx.Done():
		return
	}
	began := time.Now().Round(0) // by the wall clock, which runs on while a machine sleeps
	w.began.Store(began.UnixMilli())
	rota, isRota := w.Source.(source.Rota)
	if !isRota {
		at = time.Time{}
	}
	snapshot, err := fetch(ctx, func(ctx context.Context) (source.Snapshot, error) {
		if at.IsZero() {
			return w.Source.Fetch(ctx)
		}
		return rota.FetchAt(ctx, at)
	})
	w.began.Store(0)
	if err != nil && ctx.Err() != nil {
		return // we are being stopped: we learnt nothing about the source
	}
	before := w.state.Load()
	next := *before
	now := time.Now().Round(0)
	next.asked, next.ended = before.asked+1, now
	if err != nil {
		next.fail(err, began, now)
	} else {
		snapshot.At = began // by our clock, which ages are measured by
		snapshot.Bound(cmp.Or(at, began))
		next.snapshot, next.heard, next.of = snapshot, true, at
		next.failures, next.since, next.failure, next.err, next.leave = 0, time.Time{}, "", nil, time.Time{}
	}
	next.next = now.Add(w.wait(&next, now, k.config.Jitter()))
	w.state.Store(&next)
	k.announce()
	k.tell(ctx, w, before, &next)
	k.config.Fetched(w.describe())
	if err == nil && at.IsZero() {
		k.save(ctx, w, snapshot)
	}
}

// fetch asks a source, and makes an error of a panic: one adapter's defect
// must not keep the others from being asked.
func fetch(ctx context.Context, ask func(context.Context) (source.Snapshot, error)) (snapshot source.Snapshot, err error) {
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

func (s *known) fail(err error, began, now time.Time) {
	if s.failures == 0 {
		s.since = now
	}
	s.failures++
	s.failure, s.err, s.leave = classify(err, now.Sub(began)), err, time.Time{}
	if e, ok := errors.AsType[*source.Error](err); ok && e.After > 0 {
		s.leave = now.Add(min(e.After, longestLeave))
	}
}

// wait returns how long to leave a source alone.
func (w *watch) wait(s *known, now time.Time, jitter float64) time.Duration {
	moved := func(d time.Duration) time.Duration {
		return d + time.Duration((2*min(max(jitter, 0), 1)-1)*spread*float64(d))
	}
	if s.err == nil {
		wait := moved(w.Every)
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

// tell logs that a source stops answering, that its reason changes, and that it
// answers again.
func (k *Keeper) tell(ctx context.Context, w *watch, before, now *known) {
	attrs := []slog.Attr{slog.String("source", w.Name)}
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
		k.config.Log(ctx, slog.LevelWarn, "an on-call source does not answer", attrs...)
	case now.err == nil && before.err != nil:
		attrs = append(attrs, slog.Duration("after", now.ended.Sub(before.since)), slog.Int("people", len(now.snapshot.People)))
		k.config.Log(ctx, slog.LevelInfo, "an on-call source answers again", attrs...)
	}
	if now.err == nil && !slices.Equal(before.snapshot.Oddities, now.snapshot.Oddities) {
		for _, oddity := range now.snapshot.Oddities {
			k.config.Log(ctx, slog.LevelWarn, "a part of an on-call source's answer cannot be used",
				slog.String("source", w.Name), slog.String("oddity", oddity))
		}
	}
}

// save stores an answer across restarts. If it cannot, the answer is still in
// memory.
func (k *Keeper) save(ctx context.Context, w *watch, s source.Snapshot) {
	if k.config.Answers == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout) // also where we are being stopped
	defer cancel()
	if err := k.config.Answers.Save(ctx, w.Key, s); err != nil {
		k.config.Log(ctx, slog.LevelWarn, "the answer of an on-call source cannot be kept for the next start",
			slog.String("source", w.Name), slog.String("error", err.Error()))
	}
}
