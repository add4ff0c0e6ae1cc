package core_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/test/await"
)

// patient is a caller who hears a text that begins with Wait until the call leaves it.
type patient struct {
	line
	waits chan string // what is begun to be heard so
}

func newPatient() *patient { return &patient{waits: make(chan string, 100)} }

func (l *patient) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	speech, ok := prompt.(engine.Speech)
	if !ok || !strings.HasPrefix(speech.Text, "Wait") {
		return l.line.Play(ctx, prompt, listen)
	}
	select {
	case l.waits <- speech.Text:
	default: // nobody asks any more
	}
	<-ctx.Done()
	return engine.Played{Took: time.Second}, context.Cause(ctx)
}

// liveCall is a call that goes on beside the test.
type liveCall struct {
	*patient
	t      *testing.T
	ended  chan core.Call
	hangUp func()
	trace  []trace.Stamped // once it has ended
}

// begin begins a call, which ends when the test does.
func (s *system) begin(from, to string) *liveCall {
	s.t.Helper()
	l := newPatient()
	return s.beginOn(l, l, from, to)
}

// beginOn is begin on a line of a patient caller.
func (s *system) beginOn(on engine.Line, caller *patient, from, to string) *liveCall {
	s.t.Helper()
	l := &liveCall{patient: caller, t: s.t, ended: make(chan core.Call, 1)}
	ctx, hangup := context.WithCancelCause(context.WithoutCancel(s.t.Context()))
	l.hangUp = func() { hangup(engine.ErrHungUp) }
	var running sync.WaitGroup
	running.Go(func() {
		call, err := s.Place(ctx, from, to, on, func(e trace.Stamped) { l.trace = append(l.trace, e) })
		if err != nil {
			s.t.Error(err)
		}
		l.ended <- call
	})
	s.t.Cleanup(func() {
		l.hangUp()
		running.Wait()
	})
	return l
}

// hears waits until the caller hears a text that begins with Wait.
func (l *liveCall) hears(text string) {
	l.t.Helper()
	if got := await.From(l.t, "what the caller hears", l.waits); got != text {
		l.t.Fatalf("the caller hears %q, want %q", got, text)
	}
}

// end waits until the call has ended.
func (l *liveCall) end() core.Call {
	l.t.Helper()
	return await.From(l.t, "the end of the call", l.ended)
}

// story returns the kinds of a call's events.
func (l *liveCall) story() string {
	var kinds []string
	for _, e := range l.trace {
		kinds = append(kinds, e.Event.Kind())
	}
	return strings.Join(kinds, " ")
}

// newWaiting makes a system whose callers wait, at user 8001 and at user 8002, and
// whose user 1000 can call them.
func newWaiting(t *testing.T) *system {
	t.Helper()
	s := newSystem(t)
	s.waiting()
	return s
}

func (s *system) waiting() {
	s.user("8002", "webresponder8002")
	s.user("1000", "")
	s.rule("webresponder8001", s.responder(responder.Say{Text: "Wait here."}))
	s.rule("webresponder8002", s.responder(responder.Say{Text: "Wait there."}))
}

// the is a call in a list of one.
func (s *system) the(whose core.Whose) core.Fields {
	s.t.Helper()
	found := s.Calls().List(whose)
	if len(found) != 1 {
		s.t.Fatalf("%+v has %d calls: %s", whose, len(found), found)
	}
	return found[0]
}

func TestALiveCallIsFound(t *testing.T) {
	s := newWaiting(t)
	l := s.begin("1000@example.net", "8001")
	l.hears("Wait here.")
	shown := s.the(core.Whose{})
	for name, want := range map[string]string{
		"call-orig-call-id": s.asked[0].OrigCallID, "call-session-id": s.asked[0].OrigCallID, "call-term-call-id": s.asked[0].TermCallID,
		"call-orig-match-uri": "8001@example.net", "call-orig-user": "1000", "call-term-user": "webresponder8001",
		"call-start-datetime": "2026-03-04T12:00:00Z", "call-answer-datetime": "2026-03-04T12:00:00Z", "call-by-action": "",
	} {
		if got := shown.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, id := range []string{s.asked[0].OrigCallID, s.asked[0].TermCallID} {
		for _, c := range []struct {
			whose core.Whose
			has   bool
		}{
			{core.Whose{}, true},
			{core.Whose{Domain: "EXAMPLE.net"}, true},
			{core.Whose{Domain: "other.example"}, false},
			{core.Whose{Domain: domain, User: "8001"}, true},
			{core.Whose{Domain: domain, User: "1000"}, true},
			{core.Whose{Domain: domain, User: "8002"}, false},
			{core.Whose{Domain: "other.example", User: "8001"}, false},
		} {
			found, err := s.Calls().Find(c.whose, id)
			if (err == nil) != c.has || err != nil && fault.CodeOf(err) != fault.NotFound || (found != nil) != c.has {
				t.Errorf("%s of %+v: %v", id, c.whose, err)
			}
			if listed := len(s.Calls().List(c.whose)); (listed == 1) != c.has {
				t.Errorf("%+v has %d calls", c.whose, listed)
			}
		}
	}
	s.must(s.Calls().Disconnect(core.Whose{}, s.asked[0].TermCallID))
	if found := s.Calls().List(core.Whose{}); len(found) != 0 {
		t.Errorf("after its end there is %s", found)
	}
	l.end()
}

func TestADisconnectedCallEndsWhateverItDoes(t *testing.T) {
	s := newWaiting(t)
	l := s.begin("+19734321440", "2125550100")
	l.hears("Wait here.")
	id := s.asked[0].OrigCallID
	s.must(s.Calls().Disconnect(core.Whose{Domain: domain}, id))
	call := l.end()
	if o := call.Outcome; o.By != trace.ByEngine || o.Failed || o.Reason != "the call was ended: it was disconnected through the API" || !l.hungUp {
		t.Errorf("outcome %+v", o)
	}
	if got := l.story(); got != "answer request say hangup" {
		t.Errorf("the events are %s", got)
	}
	for _, err := range []error{s.Calls().Disconnect(core.Whose{}, id), s.Calls().Transfer(t.Context(), core.Whose{}, id, "user_8002")} {
		if fault.CodeOf(err) != fault.NotFound {
			t.Errorf("after its end: %v", err)
		}
	}
}

func TestATransferredCallGoesOnWhereTheDialPlanSays(t *testing.T) {
	s := newWaiting(t)
	l := s.begin("+19734321440", "2125550100")
	l.hears("Wait here.")
	before := s.the(core.Whose{Domain: domain, User: "8001"})
	s.must(s.Calls().Transfer(t.Context(), core.Whose{Domain: domain}, before.Text("call-orig-call-id"), "user_8002"))
	after := s.the(core.Whose{Domain: domain, User: "8002"}) // at once
	l.hears("Wait there.")
	asked := s.asked[1]
	for name, want := range map[string]string{
		"call-orig-call-id": s.asked[0].OrigCallID, "call-term-call-id": asked.TermCallID, "call-orig-match-uri": "8002@example.net",
		"call-by-action": "Transfer", "call-by-user": "8001", "call-by-domain": domain, "call-by-call-id": s.asked[0].TermCallID,
	} {
		if got := after.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if asked.OrigCallID != s.asked[0].OrigCallID || asked.TermCallID == s.asked[0].TermCallID || asked.AccountUser != "8002" {
		t.Errorf("the second responder is sent %+v", asked)
	}
	if _, err := s.Calls().Find(core.Whose{}, s.asked[0].TermCallID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("the leg that the call has left: %v", err)
	}
	s.must(s.Calls().Disconnect(core.Whose{}, asked.TermCallID))
	call := l.end()
	if got := l.story(); got != "answer request say forward request say hangup" {
		t.Errorf("the events are %s", got)
	}
	if len(call.Routes) != 2 || call.Routes[1].Owner.Name != "8002" || call.Outcome.Forwarded {
		t.Errorf("%d routes, outcome %+v", len(call.Routes), call.Outcome)
	}
}

func TestATransferThatLeadsNowhereLeavesTheCallWhereItIs(t *testing.T) {
	s := newWaiting(t)
	l := s.begin("+19734321440", "2125550100")
	l.hears("Wait here.")
	before := s.the(core.Whose{})
	for to, code := range map[string]fault.Code{"4165550100": fault.Unsupported, "411": fault.NotFound, "user_1000": fault.NotFound} {
		if err := s.Calls().Transfer(t.Context(), core.Whose{}, before.Text("call-orig-call-id"), to); fault.CodeOf(err) != code || !strings.HasPrefix(err.Error(), "not reachable") {
			t.Errorf("to %q: %v", to, err)
		}
	}
	if diff := cmp.Diff(before, s.the(core.Whose{})); diff != "" {
		t.Errorf("the call has changed (-want +got):\n%s", diff)
	}
	s.must(s.Calls().Disconnect(core.Whose{}, before.Text("call-orig-call-id")))
	if l.end(); l.story() != "answer request say hangup" {
		t.Errorf("the events are %s", l.story())
	}
}

// TestWhoTransfersChoosesTheDialPlan has the caller transfer the call, whose plan
// leads elsewhere.
func TestWhoTransfersChoosesTheDialPlan(t *testing.T) {
	s := newWaiting(t)
	_, err := s.CreateDialPlan(t.Context(), domain, fields{"dial-rule-dial-plan": "callers"}.json(t))
	s.must(err)
	s.must(s.UpdateUser(t.Context(), domain, "1000", fields{"dial-plan": "callers"}.json(t)))
	for _, rule := range []fields{
		{"dial-rule-matching-to-uri": "8001", "dial-rule-application": "<" + domain + ">"},
		{"dial-rule-matching-to-uri": "*77", "dial-rule-application": "To Web", "dial-rule-parameter": s.responder(responder.Say{Text: "Wait at the caller's."})},
	} {
		_, err = s.CreateDialRule(t.Context(), domain, "callers", rule.json(t))
		s.must(err)
	}
	l := s.begin("1000@example.net", "8001")
	l.hears("Wait here.")
	id := s.asked[0].OrigCallID
	if err := s.Calls().Transfer(t.Context(), core.Whose{Domain: domain, User: "8001"}, id, "*77"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("by the plan of the user who was called: %v", err)
	}
	s.must(s.Calls().Transfer(t.Context(), core.Whose{Domain: domain, User: "1000"}, id, "*77"))
	l.hears("Wait at the caller's.")
	s.must(s.Calls().Disconnect(core.Whose{}, id))
	l.end()
	for _, e := range l.trace {
		if forward, ok := e.Event.(trace.Forward); ok && !forward.ByCaller {
			t.Errorf("the trace has %+v", forward)
		}
	}
}

// TestADomainTransfersByItsOwnDialPlan has the domain of the caller transfer a call to
// a user of another one, whose extensions are none of its business.
func TestADomainTransfersByItsOwnDialPlan(t *testing.T) {
	s := newWaiting(t)
	const other = "other.example"
	_, err := s.CreateDomain(t.Context(), fields{"domain": other}.json(t))
	s.must(err)
	_, err = s.CreateUser(t.Context(), other, fields{"user": "3000"}.json(t))
	s.must(err)
	_, err = s.CreateDialRule(t.Context(), other, other, fields{
		"dial-rule-matching-to-uri": "*77", "dial-rule-application": "To Web", "dial-rule-parameter": s.responder(responder.Say{Text: "Wait at the caller's."}),
	}.json(t))
	s.must(err)
	l := s.begin("3000@"+other, "12125550100")
	l.hears("Wait here.")
	id := s.asked[0].OrigCallID
	if err := s.Calls().Transfer(t.Context(), core.Whose{Domain: other}, id, "user_8002"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("to an extension of the domain that was called: %v", err)
	}
	s.must(s.Calls().Transfer(t.Context(), core.Whose{Domain: other}, id, "*77"))
	l.hears("Wait at the caller's.")
	shown := s.the(core.Whose{})
	if by := shown.Text("call-by-user") + "@" + shown.Text("call-by-domain"); by != "3000@"+other {
		t.Errorf("it was transferred by %s", by)
	}
}

func TestProgramsThatTransferInACircleEnd(t *testing.T) {
	s := newWaiting(t)
	l := s.begin("+19734321440", "2125550100")
	l.hears("Wait here.")
	id := s.asked[0].OrigCallID
	transfers := 0
	var err error
	for err == nil {
		if err = s.Calls().Transfer(t.Context(), core.Whose{}, id, fmt.Sprintf("user_800%d", 2-transfers%2)); err == nil {
			transfers++
		}
	}
	if transfers != 100 || fault.CodeOf(err) != fault.Refused {
		t.Errorf("%d transfers, then %v", transfers, err)
	}
	s.must(s.Calls().Disconnect(core.Whose{}, id))
	l.end()
}

// TestCallsAreControlledFromManySides transfers, lists and ends calls all at once.
func TestCallsAreControlledFromManySides(t *testing.T) {
	s := newWaiting(t)
	s.user("8003", "webresponder8003")
	s.rule("webresponder8003", s.responder(responder.Forward{To: "user_8002"}))
	var calls []*liveCall
	for range 8 {
		calls = append(calls, s.begin("+19734321440", "2125550100"))
	}
	for _, l := range calls {
		l.hears("Wait here.")
	}
	everyCall := func(do func(id string) error) {
		for _, shown := range s.Calls().List(core.Whose{}) {
			if err := do(shown.Text("call-orig-call-id")); err != nil && fault.CodeOf(err) != fault.NotFound {
				t.Error(err)
			}
		}
	}
	var work sync.WaitGroup
	for _, to := range []string{"user_8002", "user_8003", "8001"} {
		work.Go(func() {
			for range 20 {
				everyCall(func(id string) error { return s.Calls().Transfer(t.Context(), core.Whose{}, id, to) })
			}
		})
	}
	work.Go(calls[0].hangUp)
	work.Wait()
	everyCall(func(id string) error { return s.Calls().Disconnect(core.Whose{}, id) })
	for i, l := range calls {
		call := l.end()
		story := l.story()
		if strings.Count(story, "answer") != 1 || !strings.HasSuffix(story, " hangup") || strings.Count(story, "forward") < len(call.Routes)-1 {
			t.Errorf("call %d has %d routes; its events are %s", i, len(call.Routes), story)
		}
		to := "2125550100 leads to 8001"
		for _, e := range l.trace {
			if forward, ok := e.Event.(trace.Forward); ok {
				to = forward.To
			}
		}
		if owner := call.Routes[len(call.Routes)-1].Owner.Name; !strings.HasSuffix(to, owner) {
			t.Errorf("call %d went to %s last, its trace says %s", i, owner, to)
		}
	}
	if left := s.Calls().List(core.Whose{}); len(left) != 0 {
		t.Errorf("after the end of all calls there is %s", left)
	}
}
