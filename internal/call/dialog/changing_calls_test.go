package dialog

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// ourSide is our side of the sound in these tests, with a direction.
func ourSide(d sdp.Direction) sdp.Local {
	return sdp.Local{Address: netip.MustParseAddrPort("192.0.2.1:40000"), Codecs: []sdp.Codec{sdp.PCMU, sdp.PCMA}, Direction: d}
}

// theirSide is a phone's description, at an address, with further lines.
func theirSide(t testing.TB, address string, rest ...string) *sdp.Description {
	t.Helper()
	lines := append([]string{"v=0", "o=- 1 1 IN IP4 192.0.2.9", "s=-", "c=IN IP4 " + address, "t=0 0", "m=audio 4000 RTP/AVP 0"}, rest...)
	d, err := sdp.Parse([]byte(strings.Join(lines, "\r\n") + "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const phone = "192.0.2.9"

// middle returns a draw that takes the middle of what it may.
func middle(n int) int { return n / 2 }

// established returns the modifier of a call that a phone and we are in.
func established(t testing.TB, weCalled bool) *modifier {
	t.Helper()
	session, local := sdp.NewSession(7), ourSide(sdp.SendRecv)
	var err error
	if weCalled {
		session.Offer(local)
		_, err = session.Accept(theirSide(t, phone))
	} else {
		_, _, err = session.Answer(theirSide(t, phone), local)
	}
	if err != nil {
		t.Fatal(err)
	}
	m := newModifier(rfcTiming(), weCalled, middle, session, local)
	if !weCalled {
		m.answered(false)
	}
	m.established(0)
	return &m
}

// said returns what steps do, one word or two each, and what the descriptions in
// them say.
func said(steps []modifyStep) string {
	var all []string
	for _, s := range steps {
		text := [...]string{"INVITE", "UPDATE", "CANCEL", "ACK", "answer", "agreed", "failed", "over"}[s.do]
		if s.status != 0 {
			text += fmt.Sprintf(" %d", s.status)
		}
		if s.retryAfter != 0 {
			text += fmt.Sprintf(" Retry-After %v", s.retryAfter)
		}
		if s.warning != nil {
			text += fmt.Sprintf(" Warning %d", s.warning.Warning)
		}
		if s.body != nil {
			text += fmt.Sprintf(" %s v%d", s.body.Media[0].Direction, s.body.Origin.Version)
		}
		if s.refresh {
			text += " refresh"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// expect fails unless steps are what they should be.
func expect(t testing.TB, what string, steps []modifyStep, want string) {
	t.Helper()
	if got := said(steps); got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// dueAt fails unless m wants its next tick then; 0: none.
func dueAt(t testing.TB, m *modifier, want time.Duration) {
	t.Helper()
	if at, ok := m.due(); at != want && ok || ok != (want > 0) {
		t.Errorf("due at %v, %t, want %v", at, ok, want)
	}
}

func TestHoldIsAnsweredAndTheCallGoesOn(t *testing.T) {
	for _, c := range []struct {
		name, hold string
		resume     string
	}{
		{"sendonly", "recvonly", "sendrecv"},
		{"inactive", "inactive", "sendrecv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := established(t, false)
			port := m.session.Agreement()
			expect(t, "hold", m.invite(2, theirSide(t, phone, "a="+c.name)), "answer 200 "+c.hold+" v2, agreed")
			expect(t, "its ACK", m.acked(2, nil, sec), "")
			if a := m.session.Agreement(); !a.Held || a.Direction.Sends() {
				t.Errorf("on hold: %+v", a)
			}
			expect(t, "resume", m.invite(2, theirSide(t, phone, "a=sendrecv")), "answer 200 sendrecv v3, agreed")
			expect(t, "its ACK", m.acked(2, nil, sec), "")
			if a := m.session.Agreement(); a.Held || a.Remote != port.Remote || a.Direction != sdp.SendRecv {
				t.Errorf("resumed: %+v", a)
			}
			dueAt(t, m, 0)
		})
	}
}

// Hold by an address of nobody; the phone comes back with its own, or with
// 0.0.0.0 again and a direction that says it is back, which does not bring it back.
func TestHoldByAddressEndsWithAnAddress(t *testing.T) {
	m := established(t, true)
	expect(t, "hold", m.invite(2, theirSide(t, "0.0.0.0")), "answer 200 recvonly v2, agreed")
	m.acked(2, nil, sec)
	expect(t, "resumed in name", m.invite(2, theirSide(t, "0.0.0.0", "a=sendrecv")), "answer 200 recvonly v2")
	m.acked(2, nil, sec)
	if a := m.session.Agreement(); a.Remote.IsValid() || !a.Held {
		t.Errorf("we send to %v, held %t", a.Remote, a.Held)
	}
	expect(t, "resumed", m.invite(2, theirSide(t, phone)), "answer 200 sendrecv v3, agreed")
	if a := m.session.Agreement(); a.Remote.String() != phone+":4000" || a.Held {
		t.Errorf("resumed, we send to %v, held %t", a.Remote, a.Held)
	}
}

func TestHoldByUpdate(t *testing.T) {
	m := established(t, false)
	expect(t, "hold", m.update(theirSide(t, phone, "a=sendonly")), "answer 200 recvonly v2, agreed")
	expect(t, "a refresh", m.update(nil), "answer 200")
	expect(t, "resume", m.update(theirSide(t, phone)), "answer 200 sendrecv v3, agreed")
}

func TestOfferThatCannotBeAcceptedChangesNothing(t *testing.T) {
	m := established(t, false)
	before := m.session.Agreement()
	offer := theirSide(t, phone)
	offer.Media[0].Formats = []sdp.Format{{Payload: 18, Codec: "G729/8000"}}
	expect(t, "re-INVITE", m.invite(2, offer), "answer 488 Warning 305")
	expect(t, "UPDATE", m.update(offer), "answer 488 Warning 305")
	if got := m.session.Agreement(); got.Codec != before.Codec {
		t.Errorf("agreed on %+v", got)
	}
	expect(t, "ours after it", m.change(ourSide(sdp.SendOnly), sec), "INVITE sendonly v2")
}

func TestWeAreAskedForAnOffer(t *testing.T) {
	m := established(t, false)
	expect(t, "re-INVITE without an offer", m.invite(2, nil), "answer 200 sendrecv v2")
	expect(t, "an offer before its answer", m.update(theirSide(t, phone)), "answer 491")
	expect(t, "another re-INVITE before its answer", m.invite(2, theirSide(t, phone)), "answer 491")
	expect(t, "ours", m.change(ourSide(sdp.SendOnly), sec), "")
	expect(t, "ACK with the answer", m.acked(2, theirSide(t, phone, "a=sendonly"), 2*sec), "agreed, INVITE sendonly v3")

	m = established(t, false)
	before := m.session.Agreement()
	m.invite(2, nil)
	expect(t, "ACK without an answer", m.acked(2, nil, sec), "")
	if got := m.session.Agreement(); got.Remote != before.Remote {
		t.Errorf("agreed on %+v", got)
	}
	expect(t, "the next", m.invite(2, theirSide(t, phone, "a=sendonly")), "answer 200 recvonly v3, agreed")
}

func TestOurChangeIsAgreedOn(t *testing.T) {
	m := established(t, true)
	expect(t, "we hold", m.change(ourSide(sdp.SendOnly), sec), "INVITE sendonly v2")
	dueAt(t, m, 33*sec)
	expect(t, "2xx", m.response(finalResponse{status: 200, answer: theirSide(t, phone, "a=recvonly")}, 2*sec), "ACK, agreed")
	expect(t, "theirs after it keeps our hold", m.invite(2, theirSide(t, phone)), "answer 200 sendonly v3")
	dueAt(t, m, 0)
}

func TestRefusedChangeLeavesTheCallAsItWas(t *testing.T) {
	for _, status := range []int{488, 403, 415, 487, 500, 503, 606} {
		m := established(t, true)
		before := m.session.Agreement()
		m.change(ourSide(sdp.Inactive), sec)
		expect(t, "refused", m.response(finalResponse{status: status}, 2*sec), fmt.Sprintf("failed %d", status))
		if got := m.session.Agreement(); got.Direction != before.Direction {
			t.Errorf("after %d: %+v", status, got)
		}
		expect(t, "a refresh repeats what was agreed on", m.refresh(3*sec), "INVITE sendrecv v3")
		m.response(finalResponse{status: 200, answer: theirSide(t, phone)}, 4*sec)
		expect(t, "theirs is answered as before", m.invite(2, theirSide(t, phone)), "answer 200 sendrecv v4")
	}
}

func TestChangeIsOverIfTheCallIs(t *testing.T) {
	for _, status := range []int{408, 481} {
		m := established(t, true)
		m.change(ourSide(sdp.SendOnly), sec)
		m.refresh(sec)
		expect(t, "final", m.response(finalResponse{status: status}, 2*sec), "over")
		expect(t, "re-INVITE", m.invite(2, theirSide(t, phone)), "answer 481")
		expect(t, "UPDATE", m.update(nil), "answer 481")
		expect(t, "ours", append(m.change(ourSide(sdp.SendRecv), sec), m.refresh(sec)...), "")
		dueAt(t, m, 0)
	}
}

func TestAnswersThatAreMissingLeaveTheCallAsItWas(t *testing.T) {
	refusing := theirSide(t, phone)
	refusing.Media[0].Port = 0
	for name, answer := range map[string]*sdp.Description{"none": nil, "port 0": refusing} {
		t.Run(name, func(t *testing.T) {
			m := established(t, true)
			m.change(ourSide(sdp.SendOnly), sec)
			expect(t, "2xx", m.response(finalResponse{status: 200, answer: answer}, sec), "ACK, failed 488")
			m.refresh(2 * sec)
			expect(t, "2xx to a refresh", m.response(finalResponse{status: 200, answer: answer}, 3*sec), "ACK")
			if a := m.session.Agreement(); a.Direction != sdp.SendRecv || !a.Remote.IsValid() {
				t.Errorf("agreed on %+v", a)
			}
		})
	}
}

func TestSidesThatBeginTogetherBothGetThrough(t *testing.T) {
	for _, c := range []struct {
		weCalled bool
		draw     func(int) int
		again    time.Duration
	}{
		{true, func(int) int { return 0 }, 2100 * ms},
		{true, middle, 3050 * ms},
		{true, func(n int) int { return n - 1 }, 4000 * ms},
		{false, middle, 1000 * ms},
		{false, func(n int) int { return n - 1 }, 2000 * ms},
	} {
		m := established(t, c.weCalled)
		m.draw = c.draw
		m.change(ourSide(sdp.SendOnly), sec)
		expect(t, "theirs meanwhile", m.invite(2, theirSide(t, phone)), "answer 491")
		expect(t, "their UPDATE meanwhile", m.update(theirSide(t, phone)), "answer 491")
		expect(t, "theirs without an offer", m.invite(2, nil), "answer 491")
		expect(t, "their refresh", m.update(nil), "answer 200")
		expect(t, "491", m.response(finalResponse{status: 491}, 2*sec), "")
		dueAt(t, m, 2*sec+c.again)
		expect(t, "a tick too early", m.tick(2*sec+c.again-1), "")
		expect(t, "theirs while we wait", m.invite(2, theirSide(t, phone)), "answer 200 sendrecv v3")
		dueAt(t, m, 0)
		expect(t, "a tick before their ACK", m.tick(2*sec+c.again), "")
		expect(t, "their ACK", m.acked(2, nil, 10*sec), "INVITE sendonly v4")
	}
	m := established(t, false)
	m.draw = func(int) int { return 0 }
	m.change(ourSide(sdp.SendOnly), sec)
	expect(t, "491, and no wait", m.response(finalResponse{status: 491}, 2*sec), "INVITE sendonly v2")
}

func TestEndlessGlareIsGivenUp(t *testing.T) {
	m := established(t, true)
	now := sec
	m.change(ourSide(sdp.SendOnly), now)
	for range maxGlare - 1 {
		expect(t, "491", m.response(finalResponse{status: 491}, now), "")
		now, _ = m.due()
		expect(t, "again", m.tick(now), "INVITE sendonly v2")
	}
	expect(t, "the last 491", m.response(finalResponse{status: 491}, now), "failed 491")
	expect(t, "a new change", m.change(ourSide(sdp.Inactive), now+4*sec), "INVITE inactive v3")
	expect(t, "491", m.response(finalResponse{status: 491}, now+4*sec), "")

	now, _ = m.due()
	m.tick(now)
	m.response(finalResponse{status: 200, answer: theirSide(t, phone, "a=inactive")}, now)
	m.change(ourSide(sdp.SendRecv), now)
	for range maxGlare - 1 {
		expect(t, "491 after one that was taken", m.response(finalResponse{status: 491}, now), "")
		now, _ = m.due()
		m.tick(now)
	}
}

func TestWeWaitWhereWeAreAskedTo(t *testing.T) {
	m := established(t, true)
	m.change(ourSide(sdp.SendOnly), sec)
	expect(t, "500", m.response(finalResponse{status: 500, retry: true, retryAfter: 7 * sec}, 2*sec), "")
	dueAt(t, m, 9*sec)
	expect(t, "again", m.tick(9*sec), "INVITE sendonly v2")
	expect(t, "500 for too long", m.response(finalResponse{status: 500, retry: true, retryAfter: 11 * sec}, 10*sec), "failed 500")
}

func TestSecondInviteBeforeOurFinalResponse(t *testing.T) {
	m := newModifier(rfcTiming(), false, middle, sdp.NewSession(7), ourSide(sdp.SendRecv))
	expect(t, "INVITE", m.invite(2, theirSide(t, phone)), "answer 500 Retry-After 5s")
	expect(t, "UPDATE", m.update(theirSide(t, phone)), "answer 500 Retry-After 5s")
	expect(t, "UPDATE without an offer", m.update(nil), "answer 200")

	m = newModifier(rfcTiming(), true, middle, sdp.NewSession(7), ourSide(sdp.SendRecv))
	expect(t, "INVITE during ours", m.invite(2, theirSide(t, phone)), "answer 491")
	expect(t, "UPDATE during ours", m.update(theirSide(t, phone)), "answer 491")
}

func TestReInviteBeforeTheAckOfTheFirst(t *testing.T) {
	m := established(t, false)
	m.initial = initialPending
	m.answered(false)
	expect(t, "ours", m.change(ourSide(sdp.SendOnly), sec), "")
	expect(t, "theirs", m.invite(2, theirSide(t, phone, "a=sendonly")), "answer 200 recvonly v2, agreed")
	expect(t, "the first ACK, late", m.established(2*sec), "")
	expect(t, "the ACK of another", m.acked(1, nil, 3*sec), "")
	expect(t, "the second", m.acked(2, nil, 3*sec), "INVITE sendonly v3")

	m = established(t, false)
	m.initial = initialPending
	m.answered(false)
	expect(t, "theirs without an offer", m.invite(2, nil), "answer 200 sendrecv v2")
	expect(t, "the first ACK, late", m.established(2*sec), "")
	expect(t, "their offer before the answer to ours", m.update(theirSide(t, phone)), "answer 491")

	m.initial = initialPending
	m.answered(true)
	expect(t, "theirs before the answer to our offer", m.invite(2, theirSide(t, phone)), "answer 491")
}

func TestRefreshesChangeNothing(t *testing.T) {
	m := established(t, false)
	expect(t, "re-INVITE", m.refresh(sec), "INVITE sendrecv v1")
	expect(t, "refused", m.response(finalResponse{status: 488}, 2*sec), "failed 488 refresh")

	m.updates = true
	expect(t, "UPDATE", m.refresh(3*sec), "UPDATE")
	expect(t, "their offer meanwhile", m.invite(2, theirSide(t, phone, "a=sendonly")), "answer 200 recvonly v2, agreed")
	expect(t, "2xx", m.response(finalResponse{status: 200}, 4*sec), "")
	m.acked(2, nil, 5*sec)
	m.refresh(6 * sec)
	expect(t, "UPDATE is unknown after all", m.response(finalResponse{status: 405}, 7*sec), "INVITE recvonly v2")
	expect(t, "2xx", m.response(finalResponse{status: 200, answer: theirSide(t, phone, "a=sendonly")}, 8*sec), "ACK")
}

func TestChangesWaitForEachOther(t *testing.T) {
	m := established(t, true)
	m.change(ourSide(sdp.SendOnly), sec)
	expect(t, "refresh", m.refresh(sec), "")
	expect(t, "second change", m.change(ourSide(sdp.Inactive), sec), "")
	expect(t, "third in its place", m.change(ourSide(sdp.RecvOnly), sec), "")
	expect(t, "refresh", m.refresh(sec), "")
	steps := m.response(finalResponse{status: 200, answer: theirSide(t, phone, "a=recvonly")}, 2*sec)
	expect(t, "2xx to the first", steps, "ACK, agreed, INVITE recvonly v3")
	expect(t, "491 to the third", m.response(finalResponse{status: 491}, 3*sec), "")
	m.change(ourSide(sdp.SendRecv), 3*sec)
	at, _ := m.due()
	expect(t, "the fourth in its place", m.tick(at), "INVITE sendrecv v4")
}

func TestReInviteWithoutAFinalResponseEndsTheCall(t *testing.T) {
	m := established(t, true)
	m.change(ourSide(sdp.SendOnly), sec)
	dueAt(t, m, 33*sec)
	expect(t, "a tick too early", m.tick(33*sec-1), "")
	expect(t, "at the limit", m.tick(33*sec), "CANCEL")
	dueAt(t, m, 65*sec)
	late := *m
	expect(t, "at the end", m.tick(65*sec), "over")
	expect(t, "2xx after it", m.response(finalResponse{status: 200, answer: theirSide(t, phone)}, 66*sec), "ACK")
	expect(t, "487 in time", late.response(finalResponse{status: 487}, 34*sec), "failed 487")
}

func TestNothingButAnAckIsSentAfterTheEnd(t *testing.T) {
	m := established(t, true)
	m.change(ourSide(sdp.SendOnly), sec)
	m.end()
	dueAt(t, m, 0)
	expect(t, "a tick before it is answered", m.tick(100*sec), "")
	expect(t, "a refusal", (&modifier{over: true, flight: m.flight}).response(finalResponse{status: 491}, sec), "")
	expect(t, "2xx after BYE", m.response(finalResponse{status: 200, answer: theirSide(t, phone)}, sec), "ACK")
}

func TestUpdatesBeforeTheAnswer(t *testing.T) {
	offered := sdp.NewSession(7)
	offered.Offer(ourSide(sdp.SendRecv))
	m := newModifier(rfcTiming(), true, middle, offered, ourSide(sdp.SendRecv))
	m.updates = true
	expect(t, "before our offer is answered", m.change(ourSide(sdp.SendOnly), 0), "")
	if _, err := m.session.Accept(theirSide(t, phone)); err != nil {
		t.Fatal(err)
	}
	expect(t, "the answer in a 183", m.early(sec), "UPDATE sendonly v2")
	expect(t, "INVITE of theirs", m.invite(2, theirSide(t, phone)), "answer 491")
	expect(t, "the call is answered", m.established(2*sec), "")
	expect(t, "their offer crosses", m.update(theirSide(t, phone)), "answer 491")
	expect(t, "2xx", m.response(finalResponse{status: 200, answer: theirSide(t, phone, "a=recvonly")}, 3*sec), "agreed")

	answered := sdp.NewSession(7)
	if _, _, err := answered.Answer(theirSide(t, phone), ourSide(sdp.SendRecv)); err != nil {
		t.Fatal(err)
	}
	m = newModifier(rfcTiming(), false, middle, answered, ourSide(sdp.SendRecv))
	m.early(sec)
	expect(t, "we do not know that they allow it", m.change(ourSide(sdp.SendOnly), sec), "")
	expect(t, "theirs", m.update(theirSide(t, phone, "a=sendonly")), "answer 200 recvonly v2, agreed")
	expect(t, "refresh before the answer", slices.Concat(m.refresh(sec), m.tick(sec)), "")
	m.answered(false)
	expect(t, "before the ACK", m.tick(2*sec), "")
	expect(t, "the ACK", m.established(3*sec), "INVITE sendonly v3")

	m = newModifier(rfcTiming(), false, middle, answered, ourSide(sdp.SendRecv))
	m.updates = true
	m.early(sec)
	expect(t, "refresh before the answer", m.refresh(sec), "")
	expect(t, "change before the answer", m.change(ourSide(sdp.SendOnly), sec), "UPDATE sendonly v2")
	m.answered(false)
	expect(t, "their offer crosses", m.update(theirSide(t, phone)), "answer 491")
}
