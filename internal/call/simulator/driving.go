package simulator

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// Telephone is that of a caller who is driven. Its methods are called by one
// goroutine at a time.
type Telephone interface {
	// Press presses a key.
	Press(key byte)

	// Say says something. With heard somebody tries to understand it.
	Say(text string, heard bool)

	// Hangup hangs up. The context of the call ends by that, with engine.ErrHungUp.
	Hangup()
}

// Able is a line that can do all that a line can, but send its call elsewhere.
type Able interface {
	engine.Line
	engine.Echoer
	engine.Recorder
	engine.Streamer
}

// Driven is a line in real time, such as one over SIP, whose caller does at a
// telephone elsewhere what Options say. What the line is asked to do tells what the
// caller hears, and when they have to act.
//
// The caller goes by a time of their own, that of a simulated call: nothing takes
// time but sounds, silence and what the caller does. So they decide alike on a busy
// machine and with a slow responder.
type Driven struct {
	Able
	caller caller
	script *scriptSteps // nil: the caller does not follow one
	phone  Telephone

	at      time.Duration     // the caller's time when the line began what it does …
	since   time.Duration     // … and the line's
	listen  *engine.Listening // what the line listened for last
	pending bool              // it has heard the caller, and not said so yet
	spoken  time.Duration     // when the caller will have said what they said last
}

// Drive returns a line whose caller is driven.
func (o *Options) Drive(line Able, phone Telephone) *Driven {
	caller, script := o.caller()
	return &Driven{Able: line, caller: caller, script: script, phone: phone}
}

// Unwrap returns the line, for the rest of what it can do.
func (d *Driven) Unwrap() engine.Line { return d.Able }

// Unmet returns the expectation of a script that the call did not reach.
func (d *Driven) Unmet() *Step {
	if d.script == nil {
		return nil
	}
	return unmet(d.script.steps)
}

// Play plays a prompt. A file is waited for until it has come whole, as in Call: the
// caller acts by its length.
func (d *Driven) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (played engine.Played, err error) {
	var length time.Duration
	switch p := prompt.(type) {
	case engine.Speech:
		length = speech.Estimate(p.Text)
	case engine.Recording:
		if err := p.Await(ctx); err != nil {
			return engine.Played{}, err
		}
		length = p.Sound.Duration()
	}
	d.begin(listen)
	d.during(ctx, stretch{kind: Hearing, from: d.at, to: d.at + length, prompt: prompt, listen: listen}, func() time.Duration {
		played, err = d.Able.Play(ctx, prompt, listen)
		return d.Now()
	})
	return played, err
}

// grain is what lengths of the caller's time are multiples of, as those of speech
// are: the line's clock goes on between what the engine asks it and what it does.
const grain = 10 * time.Millisecond

// Listen waits for what the caller does.
func (d *Driven) Listen(ctx context.Context, listen *engine.Listening, until time.Duration) (in engine.Input, err error) {
	if d.pending && listen == d.listen || listen == nil && until <= d.Now() {
		d.pending = false
		in, err = d.Able.Listen(ctx, listen, until) // that takes no time
		d.since = in.At
		return in, err
	}
	if listen != d.listen {
		d.begin(listen)
	}
	length := max(0, until-d.since).Round(grain)
	d.during(ctx, stretch{kind: Collecting, from: d.at, to: d.at + length, listen: listen}, func() time.Duration {
		in, err = d.Able.Listen(ctx, listen, until)
		if err != nil {
			return d.Now()
		}
		return in.At
	})
	return in, err
}

// Echo lets callers hear themselves.
func (d *Driven) Echo(ctx context.Context, limit time.Duration) (took time.Duration, err error) {
	d.begin(nil)
	s := stretch{kind: Echoing, from: d.at, to: d.at + limit}
	if limit == 0 {
		s.to = forever
	}
	d.during(ctx, s, func() time.Duration {
		took, err = d.Able.Echo(ctx, limit)
		return d.Now()
	})
	return took, err
}

// Record records the caller.
func (d *Driven) Record(ctx context.Context, rules engine.RecordRules) (recorded engine.Recorded, err error) {
	d.begin(nil)
	if rules.Beep {
		d.since += audio.Beep().Duration()
	}
	d.beside(func(over <-chan struct{}) time.Duration { return d.beRecorded(rules, over) }, func() time.Duration {
		recorded, err = d.Able.Record(ctx, rules)
		return d.Now()
	})
	return recorded, err
}

// Stream joins the caller and a media stream.
func (d *Driven) Stream(ctx context.Context, media *engine.Media) (err error) {
	d.begin(nil)
	d.beside(d.talk, func() time.Duration {
		err = d.Able.Stream(ctx, media)
		return d.Now()
	})
	return err
}

// begin begins what the line does next. The caller's time has stood still since what
// it did before.
func (d *Driven) begin(listen *engine.Listening) {
	d.since, d.listen, d.pending, d.spoken = d.Now(), listen, false, 0
}
