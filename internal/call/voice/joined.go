package voice

import (
	"cmp"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// joined is a call that is connected with somebody outside, from the call to them
// until both are over: what the caller is told and hears while it rings there, when
// the two hear each other, and who ends whose call. It is a value without a clock;
// times are those of the caller's line.
//
//	calling ──they answer──▶ talking ──either ends──▶ over
//	   │                                               ▲
//	   ├─it comes to nothing─▶ telling ──toneTime──────┤  the caller was answered before
//	   └─it comes to nothing───────────────────────────┘  … and else is turned down
//
// The caller may leave at any time, and the line with them or without.
type joined struct {
	state    joinedState
	answered bool          // the caller was, before
	timeout  time.Duration // when it has rung for long enough

	described bool          // they have said what sound would come before the answer
	quiet     time.Duration // when there must have been some of it, else …
	awaits    bool          // … if it is waited for …
	rings     bool          // … the caller's telephone rings back, or we do
	hears     bool          // the two hear each other, or the caller them
	since     time.Duration // they talk
	until     time.Duration // the caller hears why it came to nothing
	cause     engine.Cause  // of that

	went engine.Forwarded
}

// joinedState is where it stands.
type joinedState uint8

const (
	joinedCalling joinedState = iota
	joinedTalking
	joinedTelling
	joinedOver
)

const (
	// ringTime is how long it rings where nobody says.
	ringTime = time.Minute

	// soundTime is how long sound may be announced and not come, before the caller
	// hears it ring. Networks that send it begin at once; some announce it and never
	// do.
	soundTime = 2 * time.Second

	// toneTime is how long a caller hears the tone of what it came to: long enough to
	// tell busy from congestion.
	toneTime = 5 * time.Second
)

// joinedEvent is something that happens.
type joinedEvent struct {
	kind  joinedEventKind
	end   engine.ForwardEnd // of theyEnd before an answer: what it came to, …
	cause engine.Cause      // … and how a caller who is turned down is told
}

type joinedEventKind uint8

const (
	timePasses   joinedEventKind = iota
	theyRing                     // their telephone rings
	theyDescribe                 // they have said what sound would come before the answer
	theySound                    // it comes
	theyAnswer
	theyEnd // their call is over, or was not answered
	callerLeaves
)

// joinedAction is something to do.
type joinedAction uint8

const (
	tellRinging  joinedAction = iota // have the caller's telephone ring back
	giveSound                        // have it take sound before the answer
	answerCaller                     //
	playRingback                     // our own
	playTone                         // of what it came to
	stopSound                        // what is played
	connectLegs                      // each hears the other
	partLegs                         //
	hangUpThem                       // their call
	hangUpCaller                     // or turn them down
)

// newJoined returns the call of somebody who is about to be called, for a caller who
// was answered or not. It may ring for so long; 0: for a minute.
func newJoined(answered bool, rings, now time.Duration) joined {
	return joined{answered: answered, timeout: now + cmp.Or(rings, ringTime)}
}

// due returns when step wants to know that time passes; false: it does not.
func (j *joined) due() (at time.Duration, ok bool) {
	switch {
	case j.state == joinedCalling && j.awaits:
		return min(j.quiet, j.timeout), true
	case j.state == joinedCalling:
		return j.timeout, true
	case j.state == joinedTelling:
		return j.until, true
	}
	return 0, false
}

// step takes what happens, and returns what to do.
func (j *joined) step(e joinedEvent, now time.Duration) []joinedAction {
	switch {
	case j.state == joinedOver:
		return nil
	case e.kind == callerLeaves:
		return j.leave(now)
	case e.kind == theyEnd:
		return j.ended(e, now)
	case j.state == joinedTelling:
		return j.tell(now)
	case j.state == joinedTalking:
		return nil
	}
	switch e.kind {
	case theyDescribe:
		j.described = true
		j.await(now)
	case theyRing:
		if !j.described {
			return j.ringBack()
		}
		j.await(now)
	case theySound:
		return j.hear()
	case theyAnswer:
		return j.talk(now)
	}
	return j.wait(now)
}

// await waits for sound that was announced, once.
func (j *joined) await(now time.Duration) {
	if j.quiet == 0 {
		j.quiet, j.awaits = now+soundTime, true
	}
}

// wait sees to what has taken too long.
func (j *joined) wait(now time.Duration) []joinedAction {
	switch {
	case now >= j.timeout:
		j.went.End = engine.ForwardNoAnswer
		return append([]joinedAction{hangUpThem}, j.fail(engine.Unavailable, now)...)
	case j.awaits && now >= j.quiet:
		return j.ringBack()
	}
	return nil
}

// ringBack lets the caller hear that it rings there, unless they hear what it is
// like.
func (j *joined) ringBack() []joinedAction {
	j.awaits = false
	switch {
	case j.rings || j.hears:
		return nil
	case j.answered:
		j.rings = true
		return []joinedAction{playRingback}
	}
	j.rings = true
	return []joinedAction{tellRinging}
}

// hear lets the caller hear what comes before the answer.
func (j *joined) hear() []joinedAction {
	j.awaits = false
	switch {
	case j.hears:
		return nil
	case j.answered:
		return append(j.silence(), j.connect()...)
	}
	return append([]joinedAction{giveSound}, j.connect()...)
}

// talk connects the two.
func (j *joined) talk(now time.Duration) []joinedAction {
	j.state, j.since, j.went.End = joinedTalking, now, engine.ForwardAnswered
	if !j.answered {
		return append([]joinedAction{answerCaller}, j.connect()...)
	}
	return append(j.silence(), j.connect()...)
}

// ended takes that their call is over.
func (j *joined) ended(e joinedEvent, now time.Duration) []joinedAction {
	switch j.state {
	case joinedCalling:
		j.went.End = e.end
		return j.fail(e.cause, now)
	case joinedTalking:
		j.went.Talked = now - j.since
		j.state = joinedOver
		return append(j.part(), hangUpCaller)
	}
	return nil
}

// fail tells the caller that it came to nothing.
func (j *joined) fail(cause engine.Cause, now time.Duration) []joinedAction {
	j.cause = cause
	do := append(j.silence(), j.part()...)
	if !j.answered {
		j.state = joinedOver
		return append(do, hangUpCaller)
	}
	j.state, j.until = joinedTelling, now+toneTime
	return append(do, playTone)
}

// tell ends a caller's call who has heard enough.
func (j *joined) tell(now time.Duration) []joinedAction {
	if now < j.until {
		return nil
	}
	j.state = joinedOver
	return []joinedAction{stopSound, hangUpCaller}
}

// leave ends their call, and leaves the caller's line as it was before.
func (j *joined) leave(now time.Duration) []joinedAction {
	do := append(j.silence(), j.part()...)
	switch j.state {
	case joinedCalling:
		j.went.End = engine.ForwardCancelled
		do = append(do, hangUpThem)
	case joinedTalking:
		j.went.Talked = now - j.since
		do = append(do, hangUpThem)
	case joinedTelling:
		do = append(do, stopSound)
	}
	j.state = joinedOver
	return do
}

// silence ends our own ringing.
func (j *joined) silence() []joinedAction {
	if !j.rings || !j.answered {
		return nil
	}
	j.rings = false
	return []joinedAction{stopSound}
}

func (j *joined) connect() []joinedAction {
	if j.hears {
		return nil
	}
	j.hears = true
	return []joinedAction{connectLegs}
}

func (j *joined) part() []joinedAction {
	if !j.hears {
		return nil
	}
	j.hears = false
	return []joinedAction{partLegs}
}
