package dialog

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// ruled is a modifier of which the rules are checked that a peer may rely on,
// whatever it does itself.
type ruled struct {
	*modifier
	t      *rapid.T
	asking modifyDo // of ours without a final response
	open   bool
	again  int // requests of ours since the last that was wanted
	ended  bool
}

// take checks what the modifier wants after one event. answers is how many final
// responses the event has to bring, acks how many ACKs.
func (r *ruled) take(steps []modifyStep, answers, acks int) {
	for _, step := range steps {
		switch step.do {
		case modifyInvite, modifyUpdate:
			if r.open || r.ended {
				r.t.Fatalf("a request while another is open: %t, after the end: %t", r.open, r.ended)
			}
			if r.again++; r.again > 2*maxGlare+1 { // a wish in waiting may begin again, and an UPDATE become a re-INVITE
				r.t.Fatalf("%d requests for one change", r.again)
			}
			r.open, r.asking = true, step.do
		case modifyAnswer:
			answers--
		case modifyAck:
			acks--
		case modifyCancel:
			if !r.open || r.asking != modifyInvite {
				r.t.Fatal("CANCEL of what is not open")
			}
		case modifyOver:
			r.ended = true
		}
	}
	if answers != 0 || acks != 0 {
		r.t.Fatalf("%s: %d final responses and %d ACKs are missing", said(steps), answers, acks)
	}
}

// final gives the modifier a final response, if it has a request open.
func (r *ruled) final(response finalResponse, now time.Duration) {
	if !r.open {
		return
	}
	r.open = false
	acks := 0
	if r.asking == modifyInvite && response.status < 300 {
		acks = 1
	}
	r.take(r.response(response, now), 0, acks)
}

// A peer that sends anything at any time gets one final response to each request,
// an ACK for each 2xx, and never two requests of ours at once or one after the end.
func TestChangesKeepTheRulesWhateverThePeerDoes(t *testing.T) {
	bodies := []*sdp.Description{nil, theirSide(t, phone), theirSide(t, phone, "a=sendonly"), theirSide(t, "0.0.0.0"), theirSide(t, "2001:db8::1")}
	rapid.Check(t, func(t *rapid.T) {
		pair := twoModifiers(t, func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "at random") })
		r := &ruled{modifier: pair[rapid.IntRange(0, 1).Draw(t, "which")], t: t}
		r.updates = rapid.Bool().Draw(t, "UPDATE is allowed")
		now := time.Duration(0)
		for range rapid.IntRange(1, 60).Draw(t, "events") {
			now += time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * ms
			body := rapid.SampledFrom(bodies).Draw(t, "body")
			number := rapid.Uint32Range(1, 3).Draw(t, "CSeq")
			switch rapid.IntRange(0, 8).Draw(t, "event") {
			case 0:
				r.again = 0
				r.take(r.change(ourSide(rapid.SampledFrom([]sdp.Direction{sdp.SendRecv, sdp.SendOnly}).Draw(t, "ours")), now), 0, 0)
			case 1:
				r.again = 0
				r.take(r.refresh(now), 0, 0)
			case 2:
				r.take(r.invite(number, body), 1, 0)
			case 3:
				r.take(r.update(body), 1, 0)
			case 4:
				r.take(r.acked(number, body, now), 0, 0)
			case 5, 6:
				status := rapid.SampledFrom([]int{200, 200, 202, 405, 481, 487, 488, 491, 491, 500, 503}).Draw(t, "status")
				r.final(finalResponse{status: status, retry: body == nil, retryAfter: sec, answer: body}, now)
			case 7:
				tickOnce(t, r.modifier, now, func(now time.Duration) { r.take(r.tick(now), 0, 0) })
			case 8:
				if rapid.IntRange(0, 9).Draw(t, "the end") == 0 {
					r.end()
					r.ended = true
				}
			}
		}
	})
}

// tickOnce ticks a machine when it is due, and fails if it is due at once again:
// the runner would do nothing else.
func tickOnce(t *rapid.T, m interface {
	due() (at time.Duration, ok bool)
}, now time.Duration, tick func(now time.Duration)) {
	at, ok := m.due()
	if !ok {
		return
	}
	now = max(now, at)
	tick(now)
	if at, ok := m.due(); ok && at <= now {
		t.Fatalf("after its tick at %v it is due at %v", now, at)
	}
}

func TestTicksOfTransfersAndTimersMakeProgress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pass := func() time.Duration { return time.Duration(rapid.IntRange(0, 200_000).Draw(t, "ms")) * ms }
		asks := newTransferor(rfcTiming(), 7, 0)
		takes, _ := newTransferee(rfcTiming(), rapid.Bool().Draw(t, "silent"), 0)
		timer := newSessionTimer(rfcTiming(), leastSession, usualSession)
		now := time.Duration(0)
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			now += pass()
			status := rapid.SampledFrom([]int{100, 180, 200, 408, 481, 486}).Draw(t, "status")
			expires := rapid.SampledFrom([]time.Duration{0, sec, 90 * sec, 1800 * sec}).Draw(t, "expires")
			switch rapid.IntRange(0, 6).Draw(t, "event") {
			case 0:
				asks.response(max(status, 200), false, now)
			case 1:
				asks.notify(notify{event: "refer", status: status, state: subscription{over: status == 486, expires: expires}}, now)
			case 2:
				takes.progress(status, "", now)
			case 3:
				takes.notified(max(status, 200), now)
			case 4:
				timer.accepted(timerFields{expires: sessionExpires{expires, rapid.SampledFrom([]refresher{"", refresherUAC, refresherUAS}).Draw(t, "refresher")}}, now)
			case 5:
				timer.refused(max(status, 300), expires, now)
			case 6:
				tickOnce(t, &asks, now, func(now time.Duration) { asks.tick(now) })
				tickOnce(t, &takes, now, func(now time.Duration) { takes.tick(now) })
				tickOnce(t, &timer, now, func(now time.Duration) { timer.tick(now) })
			}
		}
	})
}
