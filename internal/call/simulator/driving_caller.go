package simulator

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// beside has the caller act until the line has done something. Act returns when that
// was by the caller's time, and do by the line's.
func (d *Driven) beside(act func(over <-chan struct{}) time.Duration, do func() time.Duration) {
	over := make(chan struct{})
	var acting sync.WaitGroup
	var at time.Duration
	acting.Go(func() { at = act(over) })
	since := do()
	close(over)
	acting.Wait()
	d.at, d.since = at, since
}

// during has the caller act in a stretch. One who hangs up before anything of it is
// heard does so before the line does anything.
func (d *Driven) during(ctx context.Context, s stretch, do func() time.Duration) {
	s = d.whileSpeaking(s)
	a, acts := d.caller.act(s)
	if acts && a.hangup && a.at <= s.from {
		d.phone.Hangup()
		<-ctx.Done()
		do()
		return
	}
	d.beside(func(over <-chan struct{}) time.Duration { return d.act(s, a, acts, over) }, do)
}

// whileSpeaking returns a stretch in which the caller still speaks as one in which
// they can do nothing but hang up.
func (d *Driven) whileSpeaking(s stretch) stretch {
	if s.listen == nil || !s.listen.Speech || d.spoken <= s.from {
		return s
	}
	s.speaking, s.to = true, min(s.to, d.spoken)-1 // at that moment the words have come
	return s
}

// echoPatience is how long a caller with nothing to do listens to themselves.
const echoPatience = 10 * time.Second

// act has the caller do, in a stretch, the first thing and what follows, until the
// line hears of it. It returns when that was, or the end of the stretch.
func (d *Driven) act(s stretch, a act, acts bool, over <-chan struct{}) time.Duration {
	if !acts && s.to == forever {
		a, acts = act{at: s.from + echoPatience, hangup: true}, true
	}
	for acts && d.waitFor(s.inTime(a), over) {
		if d.do(a, s.listen) {
			d.pending = s.kind == Hearing
			return a.at // the line answers with another stretch
		}
		if s.from = max(s.from, a.at); s.from >= s.to {
			break
		}
		a, acts = d.caller.act(s)
	}
	return s.to
}

// late is how long before the end of a stretch a caller acts who acts at its end: a
// key takes that long from a telephone to a line. In a short one it is less.
const late = 100 * time.Millisecond

// inTime returns when to do something, so that it still counts, with the keys that
// follow it.
func (s stretch) inTime(a act) time.Duration {
	if s.to == forever {
		return a.at
	}
	return min(a.at, s.to-min(late+time.Duration(a.behind)*keyInterval, (s.to-s.from)/2))
}

// waitFor waits for a moment of the caller's time. It reports whether that came
// before the end.
func (d *Driven) waitFor(at time.Duration, over <-chan struct{}) bool {
	timer := time.NewTimer(at - d.at + d.since - d.Now())
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-over:
		return false
	}
}

// do does something. It reports whether that is input, or the end.
func (d *Driven) do(a act, listen *engine.Listening) (heard bool) {
	switch {
	case a.hangup:
		d.phone.Hangup()
		return true
	case a.speech != "":
		heard = listen != nil && listen.Speech
		d.phone.Say(a.speech, heard)
		if heard {
			d.spoken = a.at + speech.Estimate(a.speech) + listen.SpeechTimeout
		}
	default:
		heard = listen != nil && listen.Keys
		d.phone.Press(a.key)
	}
	return heard
}

// openEar is what a recording and a media stream listen for.
var openEar = engine.Listening{Keys: true, Speech: true}

// beRecorded has the caller speak to a recording: each thing that they do puts off
// the silence that ends it. It returns when it ends.
func (d *Driven) beRecorded(rules engine.RecordRules, over <-chan struct{}) time.Duration {
	listen := openEar
	now, end := d.at, d.at+rules.MaxLength
	for {
		s := stretch{kind: Recording, from: now, to: min(now+rules.Silence, end), listen: &listen}
		if d.spoken > now {
			s.speaking, s.to = true, min(d.spoken, end)-1
		}
		a, acts := d.caller.act(s)
		switch {
		case acts && !d.waitFor(s.inTime(a), over), !acts && !s.speaking:
			return s.to
		case !acts:
			now = d.spoken
			continue
		}
		d.do(a, s.listen)
		if now = a.at; a.hangup || strings.IndexByte(rules.FinishOnKey, a.key) >= 0 {
			return now
		}
	}
}

// talk has the caller talk to a media stream, and leave once they have had nothing
// to do for a while. It returns when it ends.
func (d *Driven) talk(over <-chan struct{}) time.Duration {
	listen := openEar
	for now, busy := d.at, d.at; ; {
		s := stretch{kind: Streaming, from: now, to: now + engine.FrameTime, listen: &listen}
		a, acts := d.caller.act(s)
		switch {
		case acts && !d.waitFor(a.at, over), !acts && !d.waitFor(s.to, over):
			return now
		case !acts && now-max(busy, busyUntil(d.caller)) > streamPatience:
			d.phone.Hangup()
			return now
		case !acts:
			now = s.to
			continue
		}
		d.do(a, s.listen)
		if now = a.at; a.hangup {
			return now
		}
		busy = now + max(toneTime, speech.Estimate(a.speech))
	}
}
