package voice

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
)

var joinedActionNames = [...]string{"180", "183", "answer", "ringback", "tone", "silence", "connect", "part", "hang up there", "hang up"}

// acts is what a machine did: "1s: 180, connect".
func (j *joined) acts(at time.Duration, e joinedEvent) string {
	var names []string
	for _, a := range j.step(e, at) {
		names = append(names, joinedActionNames[a])
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%v: %s", at, strings.Join(names, ", "))
}

var (
	busyThere     = joinedEvent{theyEnd, engine.ForwardBusy, engine.Busy}
	overThere     = joinedEvent{kind: theyEnd}
	joinedByNames = map[string]joinedEvent{
		"ring": {kind: theyRing}, "describe": {kind: theyDescribe}, "sound": {kind: theySound}, "answer": {kind: theyAnswer},
		"busy": busyThere, "bye": overThere, "leaves": {kind: callerLeaves}, "": {},
	}
)

// TestCallerAndCalledAreJoined: what happens to a caller who was not answered before
// their call went out, and to one who was.
func TestCallerAndCalledAreJoined(t *testing.T) {
	for _, c := range []struct {
		name              string
		happens           []string // after so many seconds: an event
		unanswered, after []string // what is done
		went              engine.Forwarded
	}{
		{
			"they ring and answer, and hang up", []string{"1 ring", "5 answer", "65 bye"},
			[]string{"1s: 180", "5s: answer, connect", "1m5s: part, hang up"},
			[]string{"1s: ringback", "5s: silence, connect", "1m5s: part, hang up"},
			engine.Forwarded{End: engine.ForwardAnswered, Talked: time.Minute},
		},
		{
			"the caller hangs up", []string{"1 ring", "5 answer", "15 leaves", "16 bye"},
			[]string{"1s: 180", "5s: answer, connect", "15s: part, hang up there"},
			[]string{"1s: ringback", "5s: silence, connect", "15s: part, hang up there"},
			engine.Forwarded{End: engine.ForwardAnswered, Talked: 10 * time.Second},
		},
		{
			"the caller hangs up while it rings", []string{"1 ring", "5 leaves", "6 answer"},
			[]string{"1s: 180", "5s: hang up there"},
			[]string{"1s: ringback", "5s: silence, hang up there"},
			engine.Forwarded{End: engine.ForwardCancelled},
		},
		{
			"they are busy", []string{"1 busy", "3 ", "6 "},
			[]string{"1s: hang up"},
			[]string{"1s: tone", "6s: silence, hang up"},
			engine.Forwarded{End: engine.ForwardBusy},
		},
		{
			"the caller has heard the tone for long enough", []string{"1 ring", "2 busy", "3 leaves"},
			[]string{"1s: 180", "2s: hang up"},
			[]string{"1s: ringback", "2s: silence, tone", "3s: silence"},
			engine.Forwarded{End: engine.ForwardBusy},
		},
		{
			"nobody answers", []string{"1 ring", "59 ", "60 ", "61 busy", "65 "},
			[]string{"1s: 180", "1m0s: hang up there, hang up"},
			[]string{"1s: ringback", "1m0s: hang up there, silence, tone", "1m5s: silence, hang up"},
			engine.Forwarded{End: engine.ForwardNoAnswer},
		},
		{
			"sound comes with the 180", []string{"1 describe", "1 ring", "2 sound", "3 sound", "5 answer", "6 bye"},
			[]string{"2s: 183, connect", "5s: answer", "6s: part, hang up"},
			[]string{"2s: connect", "6s: part, hang up"},
			engine.Forwarded{End: engine.ForwardAnswered, Talked: time.Second},
		},
		{
			"sound is announced, and does not come", []string{"1 describe", "2 ring", "2 ", "3 ", "4 ring", "5 answer", "6 bye"},
			[]string{"3s: 180", "5s: answer, connect", "6s: part, hang up"},
			[]string{"3s: ringback", "5s: silence, connect", "6s: part, hang up"},
			engine.Forwarded{End: engine.ForwardAnswered, Talked: time.Second},
		},
		{
			"sound comes late", []string{"1 describe", "3 ", "4 sound", "5 busy", "10 "},
			[]string{"3s: 180", "4s: 183, connect", "5s: part, hang up"},
			[]string{"3s: ringback", "4s: silence, connect", "5s: part, tone", "10s: silence, hang up"},
			engine.Forwarded{End: engine.ForwardBusy},
		},
	} {
		for _, answered := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, answered %v", c.name, answered), func(t *testing.T) {
				j := newJoined(answered, 0, 0)
				var got []string
				for _, what := range c.happens {
					seconds, event, _ := strings.Cut(what, " ")
					at, _ := time.ParseDuration(seconds + "s")
					if done := j.acts(at, joinedByNames[event]); done != "" {
						got = append(got, done)
					}
				}
				want := c.unanswered
				if answered {
					want = c.after
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("what was done (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.went, j.went); diff != "" || j.state != joinedOver {
					t.Errorf("in state %d it went (-want +got):\n%s", j.state, diff)
				}
			})
		}
	}
}

func TestAJoinedCallSaysWhenItWantsTheTime(t *testing.T) {
	j := newJoined(true, 20*time.Second, 5*time.Second)
	var dues []string
	note := func() {
		at, ok := j.due()
		dues = append(dues, fmt.Sprint(at, " ", ok))
	}
	note()
	j.step(joinedEvent{kind: theyDescribe}, 6*time.Second)
	note()
	j.step(joinedEvent{}, 8*time.Second)
	note()
	j.step(busyThere, 9*time.Second)
	note()
	j.step(joinedEvent{}, 14*time.Second)
	note()
	if diff := cmp.Diff([]string{"25s true", "8s true", "25s true", "14s true", "0s false"}, dues); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
}

// TestJoinedCallsAreEndedWhateverHappens: in any order.
func TestJoinedCallsAreEndedWhateverHappens(t *testing.T) {
	events := []joinedEvent{{kind: theyRing}, {kind: theyDescribe}, {kind: theySound}, {kind: theyAnswer}, busyThere, {kind: callerLeaves}, {}}
	rapid.Check(t, func(t *rapid.T) {
		answered := rapid.Bool().Draw(t, "answered")
		j := newJoined(answered, 0, 0)
		var now time.Duration
		w := joinedWorld{T: t, up: answered}
		for j.state != joinedOver {
			now += time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond
			e := rapid.SampledFrom(events).Draw(t, "event")
			switch {
			case e.kind == theyEnd && w.theyAreOver, e.kind == theyAnswer && (w.theyAreOver || w.theyTalk):
				continue // it is told once
			case e.kind == theyEnd:
				w.theyAreOver = true
			case e.kind == theyAnswer:
				w.theyTalk = true
			case e.kind == callerLeaves:
				w.left = true
			}
			for _, a := range j.step(e, now) {
				w.do(a)
			}
		}
		w.end()
		if n := len(j.step(rapid.SampledFrom(events).Draw(t, "after"), now)); n > 0 {
			t.Fatalf("%d actions after the end", n)
		}
	})
}

// joinedWorld is what a machine acts on.
type joinedWorld struct {
	*rapid.T
	up, over, left        bool // the caller
	theyTalk, theyAreOver bool
	connected, plays      bool
	done                  []string
}

func (w *joinedWorld) do(a joinedAction) {
	w.done = append(w.done, joinedActionNames[a])
	ok := true
	switch a {
	case tellRinging, giveSound:
		ok = !w.up
	case answerCaller:
		ok = !w.up && w.theyTalk
		w.up = true
	case playRingback:
		ok = w.up && !w.plays && !w.connected && !w.theyTalk
		w.plays = true
	case playTone:
		ok = w.up && !w.plays && !w.connected && w.theyAreOver
		w.plays = true
	case stopSound:
		ok = w.plays
		w.plays = false
	case connectLegs:
		ok = !w.connected && !w.theyAreOver && !w.plays
		w.connected = true
	case partLegs:
		ok = w.connected
		w.connected = false
	case hangUpThem:
		ok = !w.theyAreOver
		w.theyAreOver = true
	case hangUpCaller:
		ok = !w.over && !w.left
		w.over = true
	}
	if !ok {
		w.Fatalf("done %s, which does not fit", strings.Join(w.done, ", "))
	}
}

// end checks what is left in the end.
func (w *joinedWorld) end() {
	if !w.theyAreOver || !w.over && !w.left || w.connected || w.plays || slices.Contains(w.done, "answer") && !w.theyTalk {
		w.Fatalf("left over: %+v", *w)
	}
}

func TestKeysThatDoNotPassByThemselvesAreSent(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to bool // they take events
		reports  []string
		want     string
	}{
		{"events both sides take", true, true, []string{"0 rtp 1", "200 rtp 2"}, ""},
		{"events the other side does not take", true, false, []string{"0 rtp 1", "200 rtp 2"}, "1 at 0s, 2 at 200ms"},
		{"tones", false, true, []string{"0 tone 1"}, ""},
		{"INFOs of one who sends no events", false, true, []string{"0 info 1"}, "1 at 0s"},
		{"INFOs to one who takes no events", true, false, []string{"0 info 1"}, "1 at 0s"},
		{"INFOs that events follow", true, true, []string{"0 info 1", "100 rtp 1", "500 info 1", "600 rtp 1"}, ""},
		{"INFOs that follow events", true, true, []string{"0 rtp 1", "100 info 1", "500 rtp 1", "600 info 1"}, ""},
		{"INFOs that no events follow", true, true, []string{"0 info 1", "300 ", "1000 info 2"}, "1 at 300ms, 2 at 1s"},
		{"INFOs of different keys", true, true, []string{"0 info 1", "50 info 2", "100 rtp 2", "350 "}, "1 at 350ms"},
		{"INFOs that events follow, to one who takes none", true, false, []string{"0 info 1", "100 rtp 1"}, "1 at 0s"},
	} {
		var x crossing
		var presses dialog.Presses
		var got []string
		for _, what := range c.reports {
			var ms int
			var way, key string
			_, _ = fmt.Sscan(what, &ms, &way, &key)
			at := time.Duration(ms) * time.Millisecond
			var reports []report
			if key != "" {
				by := map[string]dialog.Way{"rtp": dialog.ByRTP, "info": dialog.ByINFO, "tone": dialog.ByTone}[way]
				reports = append(reports, report{key[0], by, !presses.Step(key[0], by, at)})
			}
			for _, k := range x.step(reports, c.from, c.to, at) {
				got = append(got, fmt.Sprintf("%c at %v", k, at))
			}
		}
		if sent := strings.Join(got, ", "); sent != c.want {
			t.Errorf("%s: sent %q, want %q", c.name, sent, c.want)
		}
		if _, waits := x.due(); waits {
			t.Errorf("%s: keys are left", c.name)
		}
	}
}
