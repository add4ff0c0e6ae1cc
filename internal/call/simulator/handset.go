package simulator

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// Handset is a person's end of a live call: it takes what they press and say,
// and shows what goes on. Its fields are set before it is given to Live, for
// one call at a time; the zero value will do. Its methods may be called by any
// goroutine at any time: without a call, they do nothing.
type Handset struct {
	// Watch is called with each new Scene on the line, by the call's own
	// goroutine, and must return quickly. Optional.
	Watch func(Scene)

	// Speaker makes audible what is heard; nil: the call is silent.
	Speaker Speaker

	mu        sync.Mutex
	clock     clock                   // of the call
	hangup    context.CancelCauseFunc // nil where there is no call
	ear       *ear
	listen    *engine.Listening // whose input is taken; nil: none is
	streaming bool              // a media stream takes all input
	saying    bool              // the person has begun to speak
	began     time.Duration     // when saying began
	pending   []engine.Input    // for listen, in the order of their times
	feeds     []*feed           // of media streams
	wake      chan struct{}     // something is pending that was not
}

// Press presses a key, one of 0123456789*#ABCD, and reports whether it is
// listened for.
func (h *Handset) Press(key byte) (wanted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hangup == nil || strings.IndexByte("0123456789*#ABCD", key) < 0 {
		return false
	}
	at := h.now()
	h.ear.tone(at, key)
	h.toFeeds(act{key: key})
	if h.listen == nil || !h.listen.Keys {
		return h.streaming
	}
	h.addInput(engine.Input{Kind: engine.Key, At: at, Key: key})
	return true
}

// BeginSaying begins to speak, as a person does who starts to type what they
// say, and reports whether speech is listened for. Say ends it; until then it
// may be called again and again.
func (h *Handset) BeginSaying() (wanted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hangup == nil || h.listen == nil || !h.listen.Speech {
		return h.hangup != nil && h.streaming
	}
	h.begin()
	return true
}

// begin is BeginSaying once speech is listened for. The lock is held.
func (h *Handset) begin() {
	if h.saying {
		return
	}
	h.saying, h.began = true, h.now()
	h.addInput(engine.Input{Kind: engine.SpeechBegan, At: h.began})
}

// Say says something and reports whether speech is listened for. It takes as
// long as it takes to speak the text, counted from when the person began to,
// which is now unless BeginSaying was called before. An empty text is a person
// who began to speak and thought better of it.
func (h *Handset) Say(text string) (wanted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hangup == nil {
		return false
	}
	if text != "" {
		h.toFeeds(act{speech: text})
	}
	if h.listen == nil || !h.listen.Speech {
		return h.streaming
	}
	if text == "" && !h.saying {
		return true
	}
	h.begin()
	h.saying = false
	at := h.now()
	if text != "" {
		at = max(at, h.began+speech.Estimate(text)+h.listen.SpeechTimeout)
	}
	h.addInput(engine.Input{Kind: engine.SpeechFinal, At: at, Text: text})
	return true
}

// Hangup hangs up. The call ends at once, even while waiting for a responder.
func (h *Handset) Hangup() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hangup != nil {
		h.hangup(engine.ErrHungUp)
	}
}

// Now returns the time since the answer, 0 where there is no call.
func (h *Handset) Now() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hangup == nil {
		return 0
	}
	return h.now()
}

func (h *Handset) now() time.Duration { return h.clock.now() }

// pickUp begins a call, which hangup ends.
func (h *Handset) pickUp(c clock, hangup context.CancelCauseFunc, e *ear) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock, h.hangup, h.ear = c, hangup, e
	h.listen, h.streaming, h.saying, h.pending, h.feeds = nil, false, false, nil, nil
	h.wake = make(chan struct{}, 1)
}

// putDown ends a call.
func (h *Handset) putDown() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hangup, h.pending, h.feeds = nil, nil, nil
}

// listenFor begins to take input for a Gather; nil: for none. Input for another
// one is forgotten.
func (h *Handset) listenFor(listen *engine.Listening) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if listen != h.listen {
		h.listen, h.pending, h.saying = listen, nil, false
	}
}

// openFeed begins to give all input to a media stream too; with alone, when the
// caller talks only to the stream, it counts as wanted.
func (h *Handset) openFeed(f *feed, alone bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.feeds = append(h.feeds, f)
	if alone {
		h.listen, h.pending, h.saying, h.streaming = nil, nil, false, true
	}
}

// closeFeed is the end of open.
func (h *Handset) closeFeed(f *feed, alone bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.feeds = slices.DeleteFunc(h.feeds, func(other *feed) bool { return other == f })
	if alone {
		h.streaming = false
	}
}

// takeActs returns what a media stream has not heard yet.
func (h *Handset) takeActs(f *feed) []act {
	h.mu.Lock()
	defer h.mu.Unlock()
	acts := f.acts
	f.acts = nil
	return acts
}

// toFeeds passes on what the caller does to the media streams. The lock is held.
func (h *Handset) toFeeds(a act) {
	for _, f := range h.feeds {
		f.acts = append(f.acts, a)
	}
}

// addInput adds an input to what is pending. The lock is held.
func (h *Handset) addInput(in engine.Input) {
	i := len(h.pending)
	for i > 0 && h.pending[i-1].At > in.At {
		i--
	}
	h.pending = slices.Insert(h.pending, i, in)
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// firstPending returns the first input that is pending.
func (h *Handset) firstPending() (engine.Input, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.pending) == 0 {
		return engine.Input{}, false
	}
	return h.pending[0], true
}

// beingSaid returns the words that the caller has begun to say and not finished;
// empty: none.
func (h *Handset) beingSaid() string {
	in, _ := h.firstPending()
	return in.Text
}

// dueInput returns the first input whose time has come, unless it is later than
// until; else how long to wait for one, or nothing if until has passed. Inputs
// are stamped under the same lock, so none that was made in time can still be on
// its way.
func (h *Handset) dueInput(until time.Duration, keep bool) (in engine.Input, came bool, wait time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	// That moment has passed only at the next instant: what was pressed at the
	// very moment still counts.
	wait = until + 1 - now
	if len(h.pending) == 0 || h.pending[0].At > until {
		return engine.Input{}, false, wait
	}
	in = h.pending[0]
	if in.At > now {
		return engine.Input{}, false, in.At - now
	}
	if !keep {
		h.pending = h.pending[1:]
	}
	return in, true, 0
}
