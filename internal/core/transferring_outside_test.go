package core_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

func TestATransferConnectsTheCallerWithSomebodyOutside(t *testing.T) {
	for name, c := range map[string]struct {
		does    []string
		from    func(*system, bridgedCall)
		ends    string
		outcome engine.Outcome
		heard   string
	}{
		"answered": {[]string{"answer", "hang up"}, nil, "forward " + outsider + " answered 30", engine.Outcome{Forwarded: true, Reason: "the call was connected, and is over"}, ""},
		"busy":     {[]string{"busy"}, nil, "forward " + outsider + " busy 0", engine.Outcome{Forwarded: true, Reason: "the one who was called is busy"}, ""},
		"no trunk": {[]string{"fail"}, nil, "say The number you have called cannot be reached., hangup engine: the call cannot be connected with +1416•••0100: no trunk is up",
			engine.Outcome{By: trace.ByEngine, Failed: true, Reason: "the call cannot be connected with +1416•••0100: no trunk is up"}, "The number you have called cannot be reached."},
		"hung up": {[]string{"answer"}, func(_ *system, c bridgedCall) { c.hangUp() }, "forward " + outsider + " answered 30, hangup caller: the caller hung up",
			engine.Outcome{By: trace.ByCaller, Reason: "the caller hung up"}, ""},
		"disconnected": {nil, func(s *system, _ bridgedCall) { s.must(s.Calls().Disconnect(core.Whose{}, s.asked[0].OrigCallID)) },
			"forward " + outsider + " cancelled 0, hangup engine: the call was ended: it was disconnected through the API",
			engine.Outcome{By: trace.ByEngine, Reason: "the call was ended: it was disconnected through the API"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, g := newOutside(t)
			l := s.call()
			l.hears("Wait here.")
			s.must(s.Calls().Transfer(t.Context(), core.Whose{}, s.asked[0].OrigCallID, "4165550100"))
			l.rings(outsider)
			for _, does := range c.does {
				l.there(does)
			}
			if c.from != nil {
				c.from(s, l)
			}
			if diff := cmp.Diff(c.outcome, l.end().Outcome); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
			if got := l.ends(2); !strings.HasSuffix(got, c.ends) {
				t.Errorf("the events end with %s", got)
			}
			if got := strings.Join(l.liveCall.heard, " "); got != c.heard {
				t.Errorf("the caller hears %q", got)
			}
			if g.inHand != 0 || g.twice || len(g.asked) != 1 {
				t.Errorf("asked %v, %d in hand", g.asked, g.inHand)
			}
		})
	}
}

func TestATransferThatTheGateRefusesLeavesTheCallWhereItIs(t *testing.T) {
	s, g := newOutside(t)
	g.refused[outsider] = fault.Newf(fault.Unavailable, "20 calls are outside")
	c := s.call()
	c.hears("Wait here.")
	before := s.the(core.Whose{})
	err := s.Calls().Transfer(t.Context(), core.Whose{}, before.Text("call-orig-call-id"), "4165550100")
	if fault.CodeOf(err) != fault.Unavailable || err.Error() != "not reachable: 20 calls are outside" {
		t.Errorf("the transfer: %v", err)
	}
	if diff := cmp.Diff(before, s.the(core.Whose{})); diff != "" {
		t.Errorf("the call has changed (-want +got):\n%s", diff)
	}
}

// unanswered is a caller who is not answered before somebody outside is.
type unanswered struct {
	*bridged
	answered atomic.Bool
}

func (l *unanswered) Answered() (time.Duration, bool) { return rang, l.answered.Load() }

func (l *unanswered) Connect(ctx context.Context, who engine.Outside) (engine.Forwarded, error) {
	tell := who.Answered
	who.Answered = func() {
		l.answered.Store(true)
		tell()
	}
	return l.bridged.Connect(ctx, who)
}

// TestACallerIsAnsweredOutside has a call sent outside while its
// responder thinks.
func TestACallerIsAnsweredOutside(t *testing.T) {
	s, _ := newOutside(t)
	asked := make(chan string)
	s.user("8004", "webresponder8004")
	s.rule("webresponder8004", s.handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Query().Get("OrigCallID")
		<-r.Context().Done()
	})))
	s.must(s.UpdatePhoneNumber(t.Context(), domain, "12125550100", fields{"dial-rule-translation-destination-user": "8004"}.json(t)))
	b := &bridged{patient: newPatient(), s: s, rung: make(chan engine.Outside, 1), does: make(chan string, 1), done: make(chan string, 1)}
	l := &unanswered{bridged: b}
	c := bridgedCall{s.beginOn(l, l.patient, "+19734321440", "2125550100"), b}
	s.must(s.Calls().Transfer(t.Context(), core.Whose{}, await.From(t, "the question", asked), "4165550100"))
	c.rings(outsider)
	c.there("answer")
	c.there("hang up")
	c.end()
	if got := c.story(); !strings.HasSuffix(got, " forward answered forward") {
		t.Errorf("the events are %s", got)
	}
}

// leaving is a caller who hangs up at the moment when the call is sent elsewhere.
type leaving struct{ *bridged }

func (l leaving) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	played, _ := l.bridged.Play(ctx, prompt, listen)
	return played, engine.ErrHungUp
}

func TestACallerWhoLeavesBeforeATransferIsNotConnected(t *testing.T) {
	s, g := newOutside(t)
	l := &bridged{patient: newPatient(), s: s, rung: make(chan engine.Outside, 1)}
	c := s.beginOn(leaving{l}, l.patient, "+19734321440", "2125550100")
	c.hears("Wait here.")
	s.must(s.Calls().Transfer(t.Context(), core.Whose{}, s.asked[0].OrigCallID, elsewhere))
	if call := c.end(); call.Outcome.By != trace.ByCaller || len(l.rung) > 0 {
		t.Errorf("outcome %+v", call.Outcome)
	}
	g.wants(t, "8001@example.net "+elsewhere, 0)
}

// TestEachCallThatWasAdmittedIsOverOnce transfers, connects and ends calls all at once.
func TestEachCallThatWasAdmittedIsOverOnce(t *testing.T) {
	s, g := newOutside(t)
	s.forwards("4165550100")
	var calls []bridgedCall
	for range 8 {
		c := s.call()
		c.rings(outsider)
		calls = append(calls, c)
	}
	var work sync.WaitGroup
	for _, to := range []string{"user_8003", "user_8002", elsewhere, "4165550100"} {
		work.Go(func() {
			for range 20 {
				for _, shown := range s.Calls().List(core.Whose{}) {
					if err := s.Calls().Transfer(t.Context(), core.Whose{}, shown.Text("call-orig-call-id"), to); err != nil && fault.CodeOf(err) != fault.NotFound && fault.CodeOf(err) != fault.Refused {
						t.Error(err)
					}
				}
			}
		})
	}
	work.Go(calls[0].hangUp)
	work.Wait()
	for _, shown := range s.Calls().List(core.Whose{}) {
		s.must(s.Calls().Disconnect(core.Whose{}, shown.Text("call-orig-call-id")))
	}
	for i, c := range calls {
		if story := c.end(); story.Outcome.Forwarded || strings.Count(c.story(), "answer") != 1 || !strings.HasSuffix(c.story(), " hangup") {
			t.Errorf("call %d: %+v; its events are %s", i, story.Outcome, c.story())
		}
	}
	if g.inHand != 0 || g.twice || len(g.talked) != len(g.asked) {
		t.Errorf("%d calls were admitted, %d are over, %d in hand", len(g.asked), len(g.talked), g.inHand)
	}
}
