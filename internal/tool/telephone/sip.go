package telephone

import (
	"context"
	"errors"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// SIPOptions says who is called over SIP, and what the caller does. Phone, Target
// and Record are required.
type SIPOptions struct {
	Phone  softphone.Config
	Target string
	Record func(trace.Stamped) // given each event as it happens

	Says        *audio.Sound     // from the answer on; optional
	Script      []simulator.Step // what the caller does once it was answered: Press, Wait, Hangup
	HangupAfter time.Duration    // 0: never
	DTMF        softphone.Way    // "": as the other side wants it

	Commands <-chan Command    // of a person; optional
	Speaker  simulator.Speaker // what is heard is played there; optional
	Hear     bool              // record what is heard
}

// Command is what a person at a terminal wants of a call over SIP.
type Command struct {
	Do   Action
	Keys string // of Press
}

// Action is the kind of a Command.
type Action int

// What a person can do.
const (
	Press Action = iota // send keys
	Hold                // put the other side on hold, or take it off
	Hangup
)

// SIPResult is how a call over SIP went.
type SIPResult struct {
	Answered bool
	Heard    *softphone.Recorder // nil without SIPOptions.Hear
	Ended    softphone.Ended
}

// CallSIP makes a call over SIP, and returns when it is over. When the context
// ends it is hung up. The error says that it could not begin, or that the other
// side does not take keys by SIPOptions.DTMF; there may be a result even then.
func CallSIP(ctx context.Context, o SIPOptions) (result *SIPResult, err error) {
	phone, err := softphone.New(o.Phone)
	if err != nil {
		return nil, err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- phone.Serve(serving) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served)
	}()
	call, err := phone.Dial(o.Target)
	if err != nil {
		return nil, err
	}
	t := &sipCall{SIPOptions: o, call: call, stop: stop, began: time.Now(), result: &SIPResult{}}
	t.record(trace.Dial{From: phone.Address(), To: o.Target})
	if o.Hear || o.Speaker != nil {
		t.result.Heard = call.Hear()
	}
	if o.Speaker != nil {
		heard := make(chan struct{})
		go func() {
			defer close(heard)
			playHeard(t.result.Heard, o.Speaker)
		}()
		defer func() { <-heard }()
	}
	t.run(ctx)
	return t.result, t.failed
}

// sipCall is a call over SIP, of one goroutine.
type sipCall struct {
	SIPOptions
	call   *softphone.Call
	stop   context.CancelFunc // of the telephone: it takes two seconds at most
	began  time.Time
	result *SIPResult

	steps   <-chan time.Time // the next step of the script; nil: none is due
	limit   <-chan time.Time // HangupAfter
	held    bool             // the other side, by us
	onHold  bool             // we, by them
	there   bool             // they have said something
	hangsUp bool             // we have hung up
	failed  error            // of what the caller was to do
}

func (t *sipCall) record(e trace.Event) {
	t.Record(trace.Stamped{At: time.Since(t.began), Event: e})
}

// run serves the call until it is over.
func (t *sipCall) run(ctx context.Context) {
	whole := context.WithoutCancel(ctx) // the end is told too
	events := make(chan softphone.Event)
	go func() {
		defer close(events)
		for e, err := t.call.Next(whole); err == nil; e, err = t.call.Next(whole) {
			events <- e // it is read until the end
		}
	}()
	if t.HangupAfter > 0 {
		timer := time.NewTimer(t.HangupAfter)
		defer timer.Stop()
		t.limit = timer.C
	}
	interrupted := ctx.Done()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return
			}
			t.take(e)
		case <-t.steps:
			t.step()
		case c, ok := <-t.Commands:
			if !ok {
				t.Commands = nil
				break
			}
			t.obey(c)
		case <-t.limit:
			t.hangUp()
		case <-interrupted:
			interrupted = nil
			t.hangUp()
		}
	}
}

// hangUp ends the call. Nothing may be cancelled before the other side has said
// something (RFC 3261 section 9.1): from one that is silent it goes away.
func (t *sipCall) hangUp() {
	t.hangsUp = true
	t.call.Hangup()
	if !t.there {
		t.stop()
	}
}

// take takes an event of the call.
func (t *sipCall) take(e softphone.Event) {
	switch e := e.(type) {
	case dialog.Ringing:
		t.there = true
		t.record(trace.Ringing{})
	case dialog.Answered:
		t.there, t.result.Answered = true, true
		t.record(trace.Answered{})
		t.begin()
	case dialog.Agreed:
		if e.Held != t.onHold {
			t.onHold = e.Held
			t.record(trace.Hold{On: e.Held, By: trace.ByResponder})
		}
		if ours := e.Direction&sdp.SendOnly != 0 && !e.Held; ours != t.held {
			t.held = ours
			t.record(trace.Hold{On: ours, By: trace.ByCaller})
		}
	case dialog.TransferAsked:
		t.call.Stay()
	case softphone.Key:
		t.record(trace.Key{Key: string(e.Key), By: string(e.By)})
	case softphone.Said:
		if t.Says != nil && len(t.Script) == 0 && t.HangupAfter == 0 && t.Commands == nil {
			t.hangUp()
		}
	case softphone.Ended:
		t.result.Ended = e
		t.record(figuresOf(e.Figures))
		t.record(t.hangup(e))
	}
}

// hangup says who ended the call, and why where that was not all that was to be
// done.
func (t *sipCall) hangup(e softphone.Ended) trace.Hangup {
	by := trace.ByEngine
	switch {
	case t.hangsUp && !e.Theirs:
		return trace.Hangup{By: trace.ByCaller}
	case e.Theirs:
		by = trace.ByResponder
	}
	return trace.Hangup{By: by, Reason: reasonOf(e)}
}

// begin does what the caller does once they were answered.
func (t *sipCall) begin() {
	if t.Says != nil {
		_, _ = t.call.Say(t.Says) // a codec was agreed on
	}
	if len(t.Script) > 0 {
		t.step()
	}
}

// step does the steps of the script up to the next wait.
func (t *sipCall) step() {
	t.steps = nil
	for len(t.Script) > 0 && t.steps == nil {
		next := t.Script[0]
		t.Script = t.Script[1:]
		switch next.Do {
		case simulator.Press:
			t.press(next.Text)
			t.steps = time.After(keyTime * time.Duration(len(next.Text)))
		case simulator.Wait:
			t.steps = time.After(next.For)
		case simulator.Hangup:
			t.hangUp()
		}
	}
}

// keyTime is how long a key and the pause after it take.
const keyTime = 200 * time.Millisecond

func (t *sipCall) press(keys string) {
	way, err := t.call.Press(keys, t.DTMF)
	if err != nil {
		t.failed = err
		t.hangUp()
		return
	}
	t.record(trace.Press{Keys: keys, By: string(way)})
}

// obey does what the person wants.
func (t *sipCall) obey(c Command) {
	switch c.Do {
	case Press:
		t.press(c.Keys)
	case Hold:
		if t.held {
			t.call.Resume()
		} else {
			t.call.Hold()
		}
	case Hangup:
		t.hangUp()
	}
}
