package dialog

import (
	"strings"
	"testing"
	"time"
)

// aliveSide is what of one side of a call keeps it alive. A request of it reaches
// the other side, and is answered, within the time that passes before the next
// thing that is due.
type aliveSide struct {
	*modifier
	timer sessionTimer
	said  []string // requests sent, by method, and BYE
	deaf  bool     // it answers nothing any more
	old   bool     // it answers 405 to UPDATE, though it says that it allows it
}

// refreshDue does what the timer wants at its time, and returns when that was.
func (s *aliveSide) refreshDue(t *testing.T, other *aliveSide) time.Duration {
	t.Helper()
	now, ok := s.timer.due()
	if !ok {
		t.Fatal("nothing is due")
	}
	switch s.timer.tick(now) {
	case timerRefresh:
		s.send(t, other, s.refresh(now), now)
	case timerOver:
		s.said = append(s.said, "BYE")
	}
	return now
}

// send sends what the modifier wants, and takes the responses.
func (s *aliveSide) send(t *testing.T, other *aliveSide, steps []modifyStep, now time.Duration) {
	t.Helper()
	for _, step := range steps {
		switch step.do {
		case modifyInvite, modifyUpdate:
			s.said = append(s.said, strings.Fields(said([]modifyStep{step}))[0])
			r, fields := other.answerTo(step, s.timer.request(), now)
			if r.status < 300 {
				s.timer.accepted(fields, now)
			}
			s.send(t, other, s.response(r, now), now)
		case modifyAck:
			other.acked(1, nil, now)
		case modifyFailed:
			s.timer.refused(step.status, 0, now)
		case modifyOver:
			s.said = append(s.said, "BYE")
			s.timer.stop()
		default:
			t.Fatalf("it does %s", said(steps))
		}
	}
}

// answerTo returns the final response to a request that keeps the call alive.
func (s *aliveSide) answerTo(step modifyStep, fields timerFields, now time.Duration) (finalResponse, timerFields) {
	switch {
	case s.deaf:
		return finalResponse{status: 408}, timerFields{}
	case s.old && step.do == modifyUpdate:
		return finalResponse{status: 405}, timerFields{}
	}
	var answers []modifyStep
	if step.do == modifyInvite {
		answers = s.invite(1, step.body)
	} else {
		answers = s.update(step.body)
	}
	r := finalResponse{status: answers[0].status, answer: answers[0].body}
	if r.status >= 300 {
		return r, timerFields{}
	}
	return r, s.timer.accept(fields, now)
}

// alivePair returns the two sides of a call of 90 s sessions that one of them
// refreshes.
func alivePair(t *testing.T, updates bool) (refreshes, waits *aliveSide) {
	t.Helper()
	var sides [2]*aliveSide
	for i, m := range twoModifiers(t, middle) {
		m.updates = updates
		sides[i] = &aliveSide{modifier: m, timer: newSessionTimer(rfcTiming(), leastSession, leastSession)}
		sides[i].timer.set(leastSession, i == 0, 0)
	}
	return sides[0], sides[1]
}

func TestSessionsAreKeptAliveByUpdateOrReInvite(t *testing.T) {
	for _, c := range []struct {
		name    string
		updates bool
		old     bool
		want    string
	}{
		{"UPDATE is allowed", true, false, "UPDATE UPDATE UPDATE"},
		{"UPDATE is not allowed", false, false, "INVITE INVITE INVITE"},
		{"UPDATE is refused after all", true, true, "UPDATE INVITE INVITE INVITE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refreshes, waits := alivePair(t, c.updates)
			waits.old = c.old
			before := refreshes.session.Agreement()
			for i := range 3 {
				if now := refreshes.refreshDue(t, waits); now != time.Duration(i+1)*45*sec {
					t.Errorf("refresh %d at %v", i+1, now)
				}
				if at, _ := waits.timer.due(); at != time.Duration(i+1)*45*sec+60*sec {
					t.Errorf("after refresh %d the other side waits until %v", i+1, at)
				}
			}
			if got := strings.Join(refreshes.said, " "); got != c.want {
				t.Errorf("sent %q, want %q", got, c.want)
			}
			if after := refreshes.session.Agreement(); after.Remote != before.Remote || after.Codec != before.Codec || after.Direction != before.Direction {
				t.Errorf("the refresh changed %+v to %+v", before, after)
			}
		})
	}
}

func TestCallsWhoseOtherSideIsGoneEnd(t *testing.T) {
	refreshes, waits := alivePair(t, true)
	waits.deaf = true
	refreshes.refreshDue(t, waits)
	if got := strings.Join(refreshes.said, " "); got != "UPDATE BYE" {
		t.Errorf("the side that refreshes sent %q", got)
	}
	if _, ok := refreshes.timer.due(); ok {
		t.Error("it goes on")
	}
	if now := waits.refreshDue(t, refreshes); now != 60*sec || strings.Join(waits.said, " ") != "BYE" {
		t.Errorf("the side that waits sent %q at %v", waits.said, now)
	}
}

// A hold is a refresh too: both sides begin to count again.
func TestChangesKeepSessionsAlive(t *testing.T) {
	refreshes, waits := alivePair(t, true)
	waits.send(t, refreshes, waits.refresh(30*sec), 30*sec)
	if !refreshes.timer.ours || waits.timer.ours {
		t.Error("the sides have changed roles")
	}
	if now := refreshes.refreshDue(t, waits); now != 75*sec {
		t.Errorf("the next refresh is at %v", now)
	}
}
