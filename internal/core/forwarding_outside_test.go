package core_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/responder"
)

// forwards has the responder of user 8001 forward its calls.
func (s *system) forwards(to string) {
	s.t.Helper()
	s.user("8003", "webresponder8003")
	s.rule("webresponder8003", s.responder(responder.Forward{To: to}))
	s.must(s.UpdatePhoneNumber(s.t.Context(), domain, "12125550100", fields{"dial-rule-translation-destination-user": "8003"}.json(s.t)))
	s.must(s.UpdateUser(s.t.Context(), domain, "8003", fields{"caller-id-number": "2125550100", "caller-id-name": "The Shop"}.json(s.t)))
}

// ends returns the last events of a call, without its requests.
func (l *liveCall) ends(n int) string {
	var last []string
	for _, e := range l.trace {
		switch e := e.Event.(type) {
		case trace.Forward:
			last = append(last, strings.TrimSpace(fmt.Sprintf("forward %s %s %v", e.To, e.End, e.Seconds)))
		case trace.Hangup:
			last = append(last, fmt.Sprintf("hangup %s: %s", e.By, e.Reason))
		case trace.Say:
			last = append(last, "say "+e.Text)
		}
	}
	return strings.Join(last[max(0, len(last)-n):], ", ")
}

func TestAForwardConnectsTheCallerWithSomebodyOutside(t *testing.T) {
	s, g := newOutside(t)
	s.forwards("4165550100")
	c := s.call()
	if diff := cmp.Diff(engine.Outside{To: outsider, From: "+12125550100", Name: "The Shop"}, c.rings(outsider)); diff != "" {
		t.Errorf("it is called as (-want +got):\n%s", diff)
	}
	shown := s.the(core.Whose{Domain: domain, User: "8003"})
	for name, want := range map[string]string{
		"call-orig-call-id": s.asked[0].OrigCallID, "call-by-call-id": s.asked[0].TermCallID, "call-by-action": "Forward", "call-by-user": "8003", "call-by-domain": domain,
		"call-term-user": outsider, "call-term-uri": "sip:" + outsider + "@" + domain, "call-answer-datetime": "",
	} {
		if got := shown.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if shown.Text("call-term-call-id") == s.asked[0].TermCallID {
		t.Error("the leg has the id of the responder's")
	}
	c.there("answer")
	if got := s.the(core.Whose{}).Text("call-answer-datetime"); got != "2026-03-04T12:00:03Z" {
		t.Errorf("it was answered at %q", got)
	}
	c.there("hang up")
	call := c.end()
	if len(call.Routes) != 2 || !call.Outcome.Forwarded || call.Outcome.Reason != "the call was connected, and is over" {
		t.Errorf("%d routes, outcome %+v", len(call.Routes), call.Outcome)
	}
	if got := c.ends(2); got != "forward 4165550100 answered 30" {
		t.Errorf("the events end with %s", got)
	}
	if left := s.Calls().List(core.Whose{}); len(left) > 0 {
		t.Errorf("after the end there is %s", left)
	}
	g.wants(t, "8003@example.net "+outsider, talked)
}

func TestThoseWhoHideAndThoseWithoutANumberAreShownSo(t *testing.T) {
	for name, c := range map[string]struct {
		user fields
		want engine.Outside
	}{
		"hidden":     {fields{"caller-id-number": "2125550100", "privacy": "yes"}, engine.Outside{To: elsewhere, From: "+12125550100", Name: "The Shop", Private: true}},
		"no number":  {fields{"caller-id-number": "*", "caller-id-name": "*"}, engine.Outside{To: elsewhere}},
		"inherited":  {fields{"caller-id-number": "[*]", "caller-id-name": "[*]"}, engine.Outside{To: elsewhere}},
		"a word":     {fields{"caller-id-number": "reception"}, engine.Outside{To: elsewhere, Name: "The Shop"}},
		"an address": {fields{"caller-id-number": "8001"}, engine.Outside{To: elsewhere, Name: "The Shop"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := newOutside(t)
			s.forwards(elsewhere)
			s.must(s.UpdateUser(t.Context(), domain, "8003", c.user.json(t)))
			if diff := cmp.Diff(c.want, s.call().rings(elsewhere)); diff != "" {
				t.Errorf("it is called as (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAForwardOutsideEndsInManyWays(t *testing.T) {
	id := func(s *system) string { return s.the(core.Whose{}).Text("call-orig-call-id") }
	for name, c := range map[string]struct {
		does     []string
		from     func(*system, bridgedCall) // what is done on this side
		outcome  engine.Outcome
		ends     string
		recorded string
		talked   string
	}{
		"busy":        {[]string{"busy"}, nil, engine.Outcome{Forwarded: true, Reason: "the one who was called is busy"}, "forward 4165550100 busy 0", "Term: Busy", "0s"},
		"no answer":   {[]string{"no_answer"}, nil, engine.Outcome{Forwarded: true, Reason: "the one who was called does not answer"}, "forward 4165550100 no_answer 0", "Term: No Answer", "0s"},
		"rejected":    {[]string{"rejected"}, nil, engine.Outcome{Forwarded: true, Reason: "the one who was called has declined"}, "forward 4165550100 rejected 0", "Term: Rejected", "0s"},
		"unavailable": {[]string{"unavailable"}, nil, engine.Outcome{Forwarded: true, Reason: "the one who was called cannot be reached"}, "forward 4165550100 unavailable 0", "Term: Unavailable", "0s"},
		"hung up there": {[]string{"answer", "hang up"}, nil, engine.Outcome{Forwarded: true, Reason: "the call was connected, and is over"},
			"forward 4165550100 answered 30", "Term: Bye", "30s"},
		"hung up here": {[]string{"answer"}, func(_ *system, c bridgedCall) { c.hangUp() }, engine.Outcome{By: trace.ByCaller, Reason: "the caller hung up"},
			"forward 4165550100 answered 30, hangup caller: the caller hung up", "Orig: Bye", "30s"},
		"given up here": {nil, func(_ *system, c bridgedCall) { c.hangUp() }, engine.Outcome{By: trace.ByCaller, Reason: "the caller hung up"},
			"forward 4165550100 cancelled 0, hangup caller: the caller hung up", "Orig: Cancel", "0s"},
		"disconnected": {[]string{"answer"}, func(s *system, _ bridgedCall) { s.must(s.Calls().Disconnect(core.Whose{}, id(s))) },
			engine.Outcome{By: trace.ByEngine, Reason: "the call was ended: it was disconnected through the API"},
			"forward 4165550100 answered 30, hangup engine: the call was ended: it was disconnected through the API", "Term: Bye", "30s"},
	} {
		t.Run(name, func(t *testing.T) {
			g, hook := &gate{}, newSubscriber(t, nil)
			s := newTellingWith(t, core.Config{Barring: g}, loopback)
			s.subscribeToCalls(hook)
			s.forwards("4165550100")
			l := s.call()
			l.rings(outsider)
			for _, does := range c.does {
				l.there(does)
			}
			if c.from != nil {
				c.from(s.system, l)
			}
			if diff := cmp.Diff(c.outcome, l.end().Outcome); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if got := l.ends(2); got != c.ends {
				t.Errorf("the events end with %s", got)
			}
			if left := s.Calls().List(core.Whose{}); len(left) > 0 {
				t.Errorf("after the end there is %s", left)
			}
			if g.inHand != 0 || g.twice || fmt.Sprint(g.talked) != "["+c.talked+"]" {
				t.Errorf("talked %v, %d in hand", g.talked, g.inHand)
			}
			told := s.told(hook)
			if diff := cmp.Diff([]any{"Transfer", c.recorded}, column(told["/cdr"], "call-disconnect-reason-text")); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			want := []any{"", "", "Forward"}
			if len(c.does) > 0 && c.does[0] == "answer" {
				want = append(want, "Forward")
			}
			if diff := cmp.Diff(append(want, "Forward"), column(told["/call"], "call-by-action")); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if strings.HasPrefix(c.talked, "30") != (told["/cdr"][1]["call-talking-duration-seconds"] == 30.0) {
				t.Errorf("the record says that they talked %v s", told["/cdr"][1]["call-talking-duration-seconds"])
			}
		})
	}
}

func TestACallIsTakenOutOfItsConnection(t *testing.T) {
	s, g := newOutside(t)
	s.forwards("4165550100")
	c := s.call()
	c.rings(outsider)
	c.there("answer")
	id := s.asked[0].OrigCallID
	s.must(s.Calls().Transfer(t.Context(), core.Whose{Domain: domain}, id, "user_8002"))
	c.hears("Wait there.")
	if shown := s.the(core.Whose{}); shown.Text("call-by-action") != "Transfer" || shown.Text("call-by-user") != "8003" || shown.Text("call-orig-match-uri") != "8002@"+domain {
		t.Errorf("the call is %s", shown)
	}
	s.must(s.Calls().Transfer(t.Context(), core.Whose{Domain: domain}, id, elsewhere)) // by the plan of user 8002
	c.rings(elsewhere)
	if got := s.the(core.Whose{}).Text("call-term-uri"); got != elsewhere {
		t.Errorf("it is at %s", got)
	}
	s.must(s.Calls().Transfer(t.Context(), core.Whose{Domain: domain}, id, "4165550100"))
	c.rings(outsider)
	c.there("answer")
	c.there("hang up")
	call := c.end()
	if got := c.ends(7); got != "forward 4165550100 answered 30, forward user_8002  0, say Wait there., forward "+elsewhere+"  0, forward "+elsewhere+" cancelled 0, forward 4165550100  0, forward "+outsider+" answered 30" {
		t.Errorf("the events end with %s", got)
	}
	if len(call.Routes) != 5 || !call.Outcome.Forwarded {
		t.Errorf("%d routes, outcome %+v", len(call.Routes), call.Outcome)
	}
	g.wants(t, "8003@example.net +14165550100 8002@example.net sip:bob@elsewhere.example 8002@example.net +14165550100", talked, 0, talked)
}

func TestWhatTheGateRefusesIsHeardAndTold(t *testing.T) {
	s, g := newOutside(t)
	g.refused[outsider] = fault.Newf(fault.Refused, "calls to Canada are barred")
	s.forwards("4165550100")
	c := s.call()
	call := c.end()
	const reason = "the call cannot be forwarded to 4165550100: not reachable: calls to Canada are barred"
	if !call.Outcome.Failed || call.Outcome.Reason != reason || len(c.rung) > 0 {
		t.Errorf("outcome %+v, %d rung", call.Outcome, len(c.rung))
	}
	if got := c.ends(2); got != "say "+engine.DefaultApology+", hangup engine: "+reason {
		t.Errorf("the events end with %s", got)
	}
	g.wants(t, "8003@example.net +14165550100")
}

// TestNoCallBeginsOutside has a user call a number outside: an Exchange takes calls, and
// makes none.
func TestNoCallBeginsOutside(t *testing.T) {
	s, g := newOutside(t)
	l := &bridged{patient: newPatient(), s: s, rung: make(chan engine.Outside, 1)}
	var stored core.StoredCall
	x := &core.Exchange{Core: s.Core, Keep: func(call core.StoredCall) { stored = call }}
	for _, from := range []string{"8001@" + domain, "+19734321440"} {
		for _, to := range []string{"4165550100", elsewhere, "911"} {
			outcome := x.Place(t.Context(), from, to, l, func([]string) {}, func(trace.Stamped) {})
			if !outcome.Failed || !strings.HasPrefix(outcome.Reason, "not reachable: ") || stored.Outcome != outcome.Reason || len(l.rung) > 0 {
				t.Errorf("from %s to %s: %+v", from, to, outcome)
			}
		}
	}
	g.wants(t, "")
}

func TestWithoutAGateNothingLeaves(t *testing.T) {
	s := newSystem(t)
	s.forwards("4165550100")
	c := s.call()
	if call := c.end(); !strings.Contains(call.Outcome.Reason, "and this Core calls nobody outside") || len(c.rung) > 0 {
		t.Errorf("outcome %+v", call.Outcome)
	}
}

// TestACallThatCannotBeConnectedIsAtItsResponderAgain: the apology is still to come.
func TestACallThatCannotBeConnectedIsAtItsResponderAgain(t *testing.T) {
	g, hook := &gate{}, newSubscriber(t, nil)
	s := newTellingWith(t, core.Config{Barring: g}, loopback)
	s.subscribeToCalls(hook)
	s.forwards("4165550100")
	c := s.call()
	c.rings(outsider)
	c.there("fail")
	if call := c.end(); call.Outcome.Reason != "the call cannot be forwarded to 4165550100: no trunk is up" {
		t.Errorf("outcome %+v", call.Outcome)
	}
	g.wants(t, "8003@example.net +14165550100", 0)
	told := s.told(hook)
	if diff := cmp.Diff([]any{"webresponder8003", outsider, "webresponder8003"}, column(told["/cdr"], "call-term-user")); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{nil, "yes", nil, "yes", nil, "yes"}, column(told["/call"], "remove")); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestForwardsOutsideCountAsForwards(t *testing.T) {
	g := &gate{}
	s := newSystemWith(t, core.Config{Barring: g})
	forwards := 0
	s.rule("webresponder8001", s.handler(responder.Handle(func(context.Context, *responder.Request) (responder.Document, error) {
		if forwards++; forwards <= 20 {
			return responder.Respond(responder.Forward{To: "8001"}), nil
		}
		return responder.Respond(responder.Forward{To: "4165550100"}), nil
	})))
	if call := s.call().end(); !strings.Contains(call.Outcome.Reason, "forwarded 20 times") {
		t.Errorf("outcome %+v", call.Outcome)
	}
	g.wants(t, "")
}
