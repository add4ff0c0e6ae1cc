package clicktocall

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/netsapiens"
)

const (
	// lookEvery is how often we ask the phone system about one call back,
	// however many pages show it.
	lookEvery = 2 * time.Second

	// tellEvery is how often a stream of events checks for changes.
	tellEvery = time.Second

	// streamFor is how long a stream of events lasts; the browser opens the next
	// one by itself. It is shorter than the listener's limit for any answer.
	streamFor = 25 * time.Second

	// streamAgain is how soon a browser opens the next stream.
	streamAgain = 2 * time.Second

	// maxStreams bounds the streams of a server; browsers past it poll instead.
	maxStreams = 500

	// followed is how long we track a call back that the phone system took. After
	// that no visitor looks at the page any more.
	followed = 15 * time.Minute

	// ringing is how long we assume that a call lasts once it has left the queue:
	// the phone system does not tell when it ends.
	ringing = 2 * time.Minute

	// settling is how long a new call back may take to show in the queue. One
	// that was seen there and is gone needs no such time.
	settling = 5 * time.Second
)

// StatusStore stores the states of call backs: store.Store, in its
// clicktocall_status.go.
type StatusStore interface {
	// CallBack returns one by its id. The error is a fault of code NotFound if
	// there is none.
	CallBack(ctx context.Context, id string) (CallBack, error)

	// AdvanceCallBack moves one forward to Placed, Calling or Over. One that is
	// already that far stays as it is.
	AdvanceCallBack(ctx context.Context, id string, to State, now time.Time) error
}

// StatusFeed tells visitors how their call back stands. It asks the phone system
// about those that were placed, as far as that knows.
type StatusFeed struct {
	Store       StatusStore // required
	PhoneSystem PhoneSystem // required
	Entries     Entries     // required
	Log         part.Log

	// Stopping is closed when the server is to stop: streams of events end then,
	// and browsers come back by themselves. Nil: it never stops.
	Stopping <-chan struct{}

	mu      sync.Mutex
	looks   map[string]lastLook // by the call back's id
	streams int
}

// lastLook is when the phone system was last asked for a call back, and whether it
// was ever seen in its queue.
type lastLook struct {
	at     time.Time
	waited bool
}

// statusShown is how a state is called to visitors.
func statusShown(c CallBack) string {
	switch c.State {
	case Placing, Placed:
		return "queued"
	case Calling:
		return "calling"
	case Scheduled:
		return "scheduled"
	case Cancelled:
		return "cancelled"
	case Failed, Uncertain:
		return "failed"
	}
	return "closed"
}

// progress is what visitors see of a call back.
type progress struct {
	RequestID string `json:"request_id"`
	State     string `json:"state"`
	At        string `json:"at,omitempty"`
}

func progressOf(c CallBack) progress {
	p := progress{RequestID: c.ID, State: statusShown(c)}
	if c.State == Scheduled {
		p.At = c.At.Format(time.RFC3339)
	}
	return p
}

// ended reports whether a state is final.
func (s State) ended() bool {
	return s == Over || s == Failed || s == Uncertain || s == Cancelled
}

// serve answers /click-to-call/calls/{id}: with JSON, or with events where they
// are asked for (HTML standard, 9.2).
func (a *StatusFeed) serve(w http.ResponseWriter, r *http.Request) {
	c, err := a.findCallBack(r.Context(), r.PathValue("id"))
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		share(w, r)
		reply(w, http.StatusNotFound, refused{Code: UnknownID, Message: "There is no call of this id."})
		return
	case err != nil:
		a.log(r.Context(), "a call back cannot be read", err)
		share(w, r)
		reply(w, Unavailable.status(), refused{Code: Unavailable, Message: "Something went wrong on our side."})
		return
	}
	if e, ok := a.Entries.Get(c.Entry); ok && !allowed(e, originOf(r.Header.Get("Origin"))) && r.Header.Get("Origin") != "" {
		reply(w, OriginRefused.status(), refused{Code: OriginRefused, Message: OriginRefused.message()})
		return
	}
	share(w, r)
	if !strings.Contains(r.Header.Get("Accept"), "text/event-stream") || !a.enter() {
		reply(w, http.StatusOK, progressOf(c))
		return
	}
	defer a.leave()
	a.stream(w, r, c)
}

func (a *StatusFeed) enter() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.streams >= maxStreams {
		return false
	}
	a.streams++
	return true
}

func (a *StatusFeed) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.streams--
}

// stream tells each change of a call back until it has ended, the time is up, or
// the server stops.
func (a *StatusFeed) stream(w http.ResponseWriter, r *http.Request, c CallBack) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep it
	if _, err := fmt.Fprintf(w, "retry: %d\n\n", streamAgain.Milliseconds()); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), streamFor)
	defer cancel()
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	told := State("")
	for {
		if c.State != told {
			event, err := json.Marshal(progressOf(c))
			if err != nil {
				return
			}
			if _, err := fmt.Fprintf(w, "data: %s\n\n", event); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			told = c.State
		}
		if c.State.ended() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-a.Stopping:
			return
		case <-tick.C:
		}
		next, err := a.findCallBack(ctx, c.ID)
		if err != nil {
			return // the browser asks again
		}
		c = next
	}
}

// findCallBack returns a call back as it stands, and asks the phone system about
// it when that is due.
func (a *StatusFeed) findCallBack(ctx context.Context, id string) (CallBack, error) {
	c, err := a.Store.CallBack(ctx, id)
	if err != nil {
		return c, err
	}
	now := time.Now()
	to := a.nextState(ctx, c, now)
	if to == "" {
		return c, nil
	}
	if err := a.Store.AdvanceCallBack(ctx, id, to, now); err != nil {
		return c, err
	}
	return a.Store.CallBack(ctx, id)
}

// nextState returns the new state of a call back; empty: it has not changed.
func (a *StatusFeed) nextState(ctx context.Context, c CallBack, now time.Time) State {
	since := now.Sub(c.Updated)
	switch {
	case c.State == Calling && since > ringing, c.State == Placed && since > followed:
		return Over
	case c.State != Placed || !a.mayLook(c.ID, now):
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	waits, err := a.PhoneSystem.HasQueuedCall(ctx, queued(c))
	if err != nil {
		if !netsapiens.Unsupported(err) {
			a.log(ctx, "a queue cannot be looked at", err)
		}
		return ""
	}
	if everWaited := a.noteWaiting(c.ID, waits); waits || !everWaited && since < settling {
		return ""
	}
	return Calling
}

// mayLook reports whether to ask the phone system about a call back now, and
// remembers that we did.
func (a *StatusFeed) mayLook(id string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	last := a.looks[id]
	if now.Sub(last.at) < lookEvery {
		return false
	}
	if a.looks == nil || len(a.looks) >= 4*maxStreams {
		a.looks = map[string]lastLook{} // all are asked for once more, and that is all
	}
	a.looks[id] = lastLook{at: now, waited: last.waited}
	return true
}

// noteWaiting remembers whether a call back is in its queue now, and reports
// whether it ever was.
func (a *StatusFeed) noteWaiting(id string, waits bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	last := a.looks[id]
	last.waited = last.waited || waits
	a.looks[id] = last
	return last.waited
}

func (a *StatusFeed) log(ctx context.Context, message string, err error) {
	a.Log.LogAttrs(ctx, slog.LevelWarn, message, slog.String("error", err.Error()))
}
