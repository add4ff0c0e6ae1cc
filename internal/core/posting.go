package core

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// maxEvents bounds the events that wait to be processed. Calls in progress
	// raise them and never wait: the rest is lost.
	maxEvents = 4096

	// maxWaiting bounds the events that wait for one subscriber, while it is
	// slow or away. The youngest are lost.
	maxWaiting = 1000

	// maxBatch is how many events are posted at once.
	maxBatch = 100

	// maxPosting bounds the posts under way at once.
	maxPosting = 16

	// stopTime is how long PostEvents goes on with waiting events once it is
	// to stop. The shutdown of the server waits for it.
	stopTime = 3 * time.Second
)

// retries are the pauses before a post is tried again, each after another
// failure: long enough for a subscriber to be restarted.
var retries = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second}

// event is something that happened, for those who subscribed to it.
type event struct {
	model        string
	domain, user string // whose it is; the user may be empty
	fields       Fields // in the model's read schema
}

// tells reports whether events are posted at all.
func (c *Core) tells() bool { return c.config.Poster != nil }

// tell queues an event. It never waits.
func (c *Core) tell(e event) {
	if !c.tells() {
		return
	}
	select {
	case c.events <- e:
	default:
		c.lost.Add(1)
	}
}

// PostEvents posts events to their subscribers until its context ends. Then it
// posts what still waits, once and for a few seconds at most, and returns.
// Without a Poster it returns at once. A subscriber that fails is asked again
// a few times, its events in order; the result of each post is in its
// subscription. Events are posted at least once: a repeated post has the same
// X-Correlation-ID.
func (c *Core) PostEvents(ctx context.Context) {
	if !c.tells() {
		return
	}
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	p := &posting{
		core: c, requests: requests, stopping: ctx.Done(),
		slots: make(chan struct{}, maxPosting), waiting: make(map[Key][]Fields), logged: rate.Sometimes{Interval: unreadPause},
	}
	for {
		select {
		case e := <-c.events:
			p.dispatch(e)
		case <-ctx.Done():
			p.finish(cancel)
			return
		}
	}
}

// posting is one run of PostEvents.
type posting struct {
	core     *Core
	requests context.Context // ends a while after stopping
	stopping <-chan struct{}
	slots    chan struct{} // one for each post under way
	lanes    sync.WaitGroup

	mu      sync.Mutex
	waiting map[Key][]Fields // by subscription; one with a lane has an entry, even an empty one

	unread int            // events whose subscribers could not be looked up, since that was logged
	logged rate.Sometimes // that they could not
}

// unreadPause is the least time between two lines of the log on events that are lost
// because the database fails.
const unreadPause = time.Minute

// finish posts what was queued before the end, and gives up after stopTime.
func (p *posting) finish(giveUp func()) {
	defer time.AfterFunc(stopTime, giveUp).Stop()
	for range len(p.core.events) { // no other goroutine takes them
		p.dispatch(<-p.core.events)
	}
	p.lanes.Wait()
	p.tellLost()
}

// dispatch gives an event to all lanes that it concerns.
func (p *posting) dispatch(e event) {
	p.tellLost()
	keys, err := p.core.subscribers(p.requests, e)
	if err != nil {
		p.unread++
		p.logged.Do(func() {
			p.core.config.Log.Error("events lost: subscriptions not readable", "events", p.unread, "error", err)
			p.unread = 0
		})
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range keys {
		queue, busy := p.waiting[key]
		if len(queue) == maxWaiting {
			p.core.lost.Add(1)
			continue
		}
		p.waiting[key] = append(queue, e.fields)
		if !busy {
			p.lanes.Go(func() { p.lane(key) })
		}
	}
}

// tellLost logs how many events there was no room for since the last time.
func (p *posting) tellLost() {
	if lost := p.core.lost.Swap(0); lost > 0 {
		p.core.config.Log.Error("events lost: more than could be posted", "events", lost)
	}
}

// lane posts the events of one subscription, in order, until none waits.
func (p *posting) lane(key Key) {
	for {
		batch := p.take(key)
		if batch == nil {
			return
		}
		p.deliver(key, batch)
	}
}

func (p *posting) take(key Key) []Fields {
	p.mu.Lock()
	defer p.mu.Unlock()
	queue := p.waiting[key]
	if len(queue) == 0 {
		delete(p.waiting, key)
		return nil
	}
	n := min(len(queue), maxBatch)
	p.waiting[key] = slices.Clone(queue[n:])
	return queue[:n]
}

// deliver posts a batch, several times if need be.
func (p *posting) deliver(key Key, batch []Fields) {
	body, err := json.Marshal(batch)
	if err != nil {
		panic("core: an event cannot be written as JSON: " + err.Error())
	}
	header := http.Header{"Content-Type": {"application/json"}, "X-Correlation-Id": {rand.Text()}}
	for attempt := 0; ; attempt++ {
		got := p.post(key, header, body)
		if got.taken || got.gone {
			return
		}
		if got.final || attempt == len(retries) || !p.pause(retries[attempt]) {
			p.core.config.Log.Warn("events refused by their subscriber", "subscription", key.ID,
				"events", len(batch), "attempts", attempt+1, "status", got.status, "error", got.err)
			return
		}
	}
}

// pause waits, but not when it is time to stop.
func (p *posting) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.stopping:
		return false
	}
}

// posted is the result of a post.
type posted struct {
	taken  bool
	gone   bool // the subscription is over
	final  bool // asking again would change nothing
	status int
	err    error
}

// post posts to a subscriber once, at its subscription's current URL, and
// stores the result there.
func (p *posting) post(key Key, header http.Header, body []byte) posted {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-p.requests.Done():
		return posted{final: true, err: p.requests.Err()}
	}
	o, err := p.core.Object(p.requests, key)
	switch {
	case fault.CodeOf(err) == fault.NotFound, err == nil && p.core.ended(o):
		return posted{gone: true}
	case err != nil:
		return posted{err: err}
	}
	limited, cancel := context.WithTimeout(p.requests, postTimeout)
	defer cancel()
	status, err := p.core.config.Poster.Post(limited, o.Fields.Text("post-url"), header.Clone(), body)
	got := posted{taken: err == nil && status <= http.StatusFound, status: status, err: err}
	got.final = err == nil && fault.AgainAfter(status) == fault.Never
	if err := p.count(key, got.taken); err != nil && fault.CodeOf(err) != fault.NotFound && p.requests.Err() == nil {
		p.core.config.Log.Error("result of an event post not stored", "subscription", key.ID, "error", err)
	}
	return got
}

// count updates a subscription's counts after a post.
func (p *posting) count(key Key, taken bool) error {
	return p.core.update(p.requests, key, func(f Fields) (Fields, error) {
		f.set("posts-count", countIn(f, "posts-count")+1)
		f.set("status", subscriptionActive)
		if !taken {
			f.set("error-count", countIn(f, "error-count")+1)
			f.set("status", subscriptionError)
		}
		return f, nil
	})
}

func countIn(f Fields, name string) int {
	n, err := strconv.Atoi(f.Text(name))
	if err != nil {
		return 0
	}
	return n
}
