package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// never is later than anything in a test.
const never = 1 << 40 * time.Millisecond

// spoken is how long every text takes.
const spoken = 2 * time.Second

// handset is a Line on a virtual clock whose caller does things at fixed times,
// whatever the call has come to by then. It can do what every Line must and
// nothing more.
type handset struct {
	does   []engine.Input // in the order of their times
	leaves time.Duration  // when the caller hangs up
	mute   error          // why nothing can be spoken

	now    time.Duration
	listen *engine.Listening
	deaf   bool               // for listen only keys are heard from now on
	asked  []engine.Listening // by every Gather
	heard  []string           // what the caller heard, cut short or not
	hungUp int                // how often the engine disconnected the caller …
	cause  engine.Cause       // … and why, the last time
}

func newHandset(does ...engine.Input) *handset { return &handset{does: does, leaves: never} }

// keys are keys pressed one after the other.
func keys(pressed string, at, every time.Duration) []engine.Input {
	inputs := make([]engine.Input, len(pressed))
	for i := range len(pressed) {
		inputs[i] = engine.Input{Kind: engine.Key, Key: pressed[i], At: at + time.Duration(i)*every}
	}
	return inputs
}

// words are words that take a time to say.
func words(text string, at, takes time.Duration) []engine.Input {
	return []engine.Input{{Kind: engine.SpeechBegan, At: at}, {Kind: engine.SpeechFinal, At: at + takes, Text: text}}
}

func (h *handset) Now() time.Duration { return h.now }

// attend drops what came before a Gather began to listen, and what is not
// listened for.
func (h *handset) attend(listen *engine.Listening) {
	if listen == h.listen {
		return
	}
	h.listen, h.deaf = listen, false
	if listen != nil {
		h.asked = append(h.asked, *listen)
	}
	h.does = slices.DeleteFunc(h.does, func(in engine.Input) bool { return in.At < h.now })
}

// next returns the first input that is wanted.
func (h *handset) next() (in engine.Input, ok bool) {
	i := slices.IndexFunc(h.does, func(in engine.Input) bool {
		if in.Kind == engine.Key {
			return h.listen.Keys || h.deaf
		}
		return h.listen.Speech
	})
	if i < 0 {
		return in, false
	}
	return h.does[i], true
}

func (h *handset) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Played{}, err
	}
	h.attend(listen)
	var length time.Duration
	switch p := prompt.(type) {
	case engine.Speech:
		if h.mute != nil {
			return engine.Played{}, h.mute
		}
		length = spoken
		h.heard = append(h.heard, p.Text)
	case engine.Recording:
		if err := p.Await(ctx); err != nil {
			return engine.Played{}, err
		}
		length = p.Sound.Duration()
		h.heard = append(h.heard, p.URL)
	}
	from, end := h.now, h.now+length
	if listen != nil {
		if in, ok := h.next(); ok && in.At < end && in.At <= h.leaves {
			h.now = max(from, in.At)
			return engine.Played{Took: h.now - from, Barged: true}, nil
		}
	}
	if h.leaves < end {
		h.now = max(from, h.leaves)
		return engine.Played{Took: h.now - from}, engine.ErrHungUp
	}
	h.now = end
	return engine.Played{Took: length}, nil
}

func (h *handset) Listen(ctx context.Context, listen *engine.Listening, until time.Duration) (engine.Input, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Input{}, err
	}
	h.attend(listen)
	if listen != nil {
		if in, ok := h.next(); ok && in.At <= until && in.At <= h.leaves {
			h.does = h.does[slices.Index(h.does, in)+1:]
			h.now = max(h.now, in.At)
			h.deaf = h.deaf || in.Kind == engine.SpeechLost
			return in, nil
		}
	}
	if h.leaves <= until {
		h.now = max(h.now, h.leaves)
		return engine.Input{}, engine.ErrHungUp
	}
	h.now = until
	return engine.Input{Kind: engine.Silence, At: until}, nil
}

func (h *handset) Hangup(_ context.Context, cause engine.Cause) error {
	h.hungUp++
	h.cause = cause
	return nil
}

// deskPhone is a handset that can also forward, echo and record.
type deskPhone struct {
	*handset
	refuses   error // why it cannot after all
	forwarded []string
	there     engine.Forwarded // how it goes where the call was forwarded
	recorded  engine.Recorded
	rules     []engine.RecordRules
}

func newDeskPhone(does ...engine.Input) *deskPhone {
	return &deskPhone{handset: newHandset(does...)}
}

func (p *deskPhone) Forward(_ context.Context, to string, byCaller bool) (engine.Forwarded, error) {
	if p.refuses != nil {
		return engine.Forwarded{}, p.refuses
	}
	p.forwarded = append(p.forwarded, fmt.Sprint(to, " ", byCaller))
	return p.there, nil
}

func (p *deskPhone) Echo(_ context.Context, limit time.Duration) (time.Duration, error) {
	if p.refuses != nil {
		return 0, p.refuses
	}
	end := p.now + limit
	if limit == 0 {
		end = never
	}
	from := p.now
	if p.now = min(end, p.leaves); p.leaves < end {
		return p.now - from, engine.ErrHungUp
	}
	return p.now - from, nil
}

func (p *deskPhone) Record(_ context.Context, rules engine.RecordRules) (engine.Recorded, error) {
	p.rules = append(p.rules, rules)
	if p.refuses != nil {
		return engine.Recorded{}, p.refuses
	}
	end := p.now + p.recorded.Length
	if p.leaves < end {
		length := p.leaves - p.now
		p.now = p.leaves
		return engine.Recorded{URL: p.recorded.URL, Length: length}, engine.ErrHungUp
	}
	p.now = end
	return p.recorded, nil
}

var (
	_ engine.Line      = (*handset)(nil)
	_ engine.Forwarder = (*deskPhone)(nil)
	_ engine.Echoer    = (*deskPhone)(nil)
	_ engine.Recorder  = (*deskPhone)(nil)
)

// said is all that the caller heard, on one line.
func (h *handset) said() string { return strings.Join(h.heard, " | ") }
