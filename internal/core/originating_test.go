package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/inhand"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/test/await"
)

// telephones are those of other systems. Who is rung does what the test says.
type telephones struct {
	s     *system
	rung  chan engine.Outside
	does  chan string
	line  *bridged // of who answers
	leave chan struct{}
}

func (p *telephones) Ring(ctx context.Context, who engine.Outside, answered func(context.Context, engine.Line)) (engine.Rung, error) {
	p.rung <- who
	select {
	case does := <-p.does:
		switch does {
		case "answer":
			p.s.pass(rang)
			ctx, hangUp := context.WithCancelCause(ctx)
			defer hangUp(nil)
			stop := make(chan struct{})
			go func() {
				select {
				case <-p.leave:
					hangUp(engine.ErrHungUp)
				case <-stop:
				}
			}()
			answered(ctx, p.line)
			close(stop)
			return engine.Rung{End: engine.ForwardAnswered}, nil
		case "fail":
			return engine.Rung{}, errTrunk
		}
		return engine.Rung{End: engine.ForwardEnd(does)}, nil
	case <-ctx.Done():
		return engine.Rung{End: engine.ForwardCancelled}, nil
	}
}

// making is a system that makes calls in the name of user 8001.
type making struct {
	*telling
	*telephones
	gate   *gate
	inHand *inhand.Calls
	stored chan core.StoredCall
	hook   *subscriber
}

func newMaking(t *testing.T) *making {
	t.Helper()
	m := &making{
		telephones: &telephones{rung: make(chan engine.Outside, 1000), does: make(chan string, 1), leave: make(chan struct{})},
		gate:       &gate{refused: map[string]error{}}, inHand: &inhand.Calls{}, stored: make(chan core.StoredCall, 1000), hook: newSubscriber(t, nil),
	}
	m.telling = newTellingWith(t, core.Config{
		Outside: m.telephones, Barring: m.gate, InHand: m.inHand, Keep: func(call core.StoredCall) { m.stored <- call },
	}, loopback)
	m.s = m.system
	m.line = &bridged{patient: newPatient(), s: m.system, rung: make(chan engine.Outside, 10), does: make(chan string, 1), done: make(chan string, 1)}
	m.waiting()
	m.must(m.UpdateUser(t.Context(), domain, "8001", fields{"caller-id-number": "2125550100", "caller-id-name": "The Shop"}.json(t)))
	m.subscribeToCalls(m.hook)
	t.Cleanup(func() {
		m.inHand.HangUp(engine.ErrHungUp)
		await.That(t, "the end of all calls", func() bool { return m.inHand.InHand() == 0 })
	})
	return m
}

// callback is a call that the article on web responders makes.
var callback = core.Origination{Owner: "8001@" + domain, First: "6020001111", To: "8001@" + domain, CallID: "xxx"}

const called = "+16020001111"

// make makes a call, and waits until it rings.
func (m *making) make(o core.Origination) (core.Fields, engine.Outside) {
	m.t.Helper()
	shown, err := m.Originate(m.t.Context(), o)
	m.must(err)
	who := await.From(m.t, "who is rung", m.rung)
	return shown, who
}

// ended waits for the end of a call, and returns it as it is stored.
func (m *making) ended() core.StoredCall {
	m.t.Helper()
	return await.From(m.t, "the end of the call", m.stored)
}

func TestACallIsMadeAndLeadsToAResponder(t *testing.T) {
	m := newMaking(t)
	made, who := m.make(callback)
	if diff := cmp.Diff(engine.Outside{To: called, From: "+12125550100", Name: "The Shop"}, who); diff != "" {
		t.Errorf("it is called as (-want +got):\n%s", diff)
	}
	shown := m.the(core.Whose{Domain: domain, User: "8001"})
	if diff := cmp.Diff(made, shown); diff != "" {
		t.Errorf("the call was returned and is shown as (-returned +shown):\n%s", diff)
	}
	for name, want := range map[string]string{
		"call-orig-call-id": "xxx", "call-orig-match-uri": "8001@example.net", "call-orig-user": "", "caller-id-number": called, "call-dialed-number": "8001@example.net",
		"call-by-action": "CallRequest", "call-by-user": "8001", "call-by-domain": domain, "call-by-call-id": "xxx", "call-term-user": "webresponder8001",
		"call-start-datetime": "2026-03-04T12:00:00Z", "call-answer-datetime": "", "call-audio-codec": "",
	} {
		if got := shown.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	m.does <- "answer"
	if got := await.From(t, "what who answers hears", m.line.waits); got != "Wait here." {
		t.Errorf("who answers hears %q", got)
	}
	if got := m.the(core.Whose{}).Text("call-answer-datetime"); got != "2026-03-04T12:00:03Z" {
		t.Errorf("it was answered at %q", got)
	}
	asked := m.asked[0]
	if asked.Caller != called || asked.Called != "8001@example.net" || asked.AccountUser != "8001" || asked.OrigCallID != "xxx" || asked.TermCallID != shown.Text("call-term-call-id") {
		t.Errorf("the responder is sent %+v", asked)
	}
	m.pass(talked)
	m.must(m.Calls().Disconnect(core.Whose{}, "xxx"))
	stored := m.ended()
	if stored.From != "16020001111" || stored.To != "8001@example.net" || stored.Outcome != "the call was ended: it was disconnected through the API" || stored.Failed ||
		!strings.Contains(string(stored.Trace), "Wait here.") || stored.ID == "" || !stored.At.Equal(m.now.Add(-rang-talked)) {
		t.Errorf("stored: %+v %s", stored, stored.Trace)
	}
	m.gate.wants(t, "8001@example.net "+called, talked)
	told := m.told(m.hook)
	if diff := cmp.Diff([]any{"", "2026-03-04T12:00:03Z", "2026-03-04T12:00:03Z"}, column(told["/call"], "call-answer-datetime")); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	record := told["/cdr"][0]
	got := []any{record["call-total-duration-seconds"], record["call-talking-duration-seconds"], record["call-disconnect-reason-text"], len(told["/cdr"])}
	if diff := cmp.Diff([]any{33.0, 30.0, "Term: Bye", 1}, got); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
}

func TestTwoPartiesOutsideAreConnected(t *testing.T) {
	m := newMaking(t)
	_, err := m.CreatePhoneNumber(t.Context(), domain, fields{"phonenumber": "2125550101"}.json(t)) // without its country's code
	m.must(err)
	o := core.Origination{Owner: callback.Owner, First: elsewhere, To: "4165550100", CallID: "two", CallerID: "+12125550101", FirstCallerID: "(212) 555-0100"}
	if _, who := m.make(o); who.To != elsewhere || who.From != "+12125550100" {
		t.Errorf("first is called %+v", who)
	}
	m.does <- "answer"
	second := await.From(t, "the second party", m.line.rung)
	if second.To != outsider || second.From != "+12125550101" || second.Name != "The Shop" {
		t.Errorf("second is called %+v", second)
	}
	if shown := m.the(core.Whose{}); shown.Text("call-term-user") != outsider || shown.Text("call-orig-uri") != elsewhere || shown.Text("call-answer-datetime") != "" {
		t.Errorf("the call is %s", shown)
	}
	m.line.does <- "answer"
	await.From(t, "the answer", m.line.done)
	m.line.does <- "hang up"
	stored := m.ended()
	if stored.Outcome != "the call was connected, and is over" || stored.Failed {
		t.Errorf("stored: %+v", stored)
	}
	for _, want := range []string{`"event":"answer","from":"sip:bob@elsewhere.example","to":"4165550100"`, `"event":"forward","to":"+14165550100","byCaller":false,"end":"answered","seconds":30`} {
		if !strings.Contains(string(stored.Trace), want) {
			t.Errorf("the trace lacks %s:\n%s", want, stored.Trace)
		}
	}
	m.gate.wants(t, "8001@example.net sip:bob@elsewhere.example 8001@example.net +14165550100", talked, talked+rang)
}

func TestWhoIsRungLeavesFromTheResponder(t *testing.T) {
	m := newMaking(t)
	m.make(callback)
	m.does <- "answer"
	await.From(t, "what who answers hears", m.line.waits)
	m.leave <- struct{}{}
	if stored := m.ended(); stored.Outcome != "the caller hung up" {
		t.Errorf("stored: %+v", stored)
	}
	if got := column(m.told(m.hook)["/cdr"], "call-disconnect-reason-text"); fmt.Sprint(got) != "[Orig: Bye]" {
		t.Errorf("the record says %v", got)
	}
}

func TestWhoIsRungDoesNotAnswer(t *testing.T) {
	for does, want := range map[string][2]string{
		"busy":        {"the one who was called is busy", "Orig: Busy"},
		"no_answer":   {"the one who was called does not answer", "Orig: No Answer"},
		"rejected":    {"the one who was called has declined", "Orig: Rejected"},
		"unavailable": {"the one who was called cannot be reached", "Orig: Unavailable"},
		"fail":        {"+1602•••1111 cannot be rung: no trunk is up", "Orig: Unavailable"},
		"":            {"the call was ended: it was disconnected through the API", "Orig: Cancel"},
	} {
		t.Run(does, func(t *testing.T) {
			m := newMaking(t)
			m.make(callback)
			if does != "" {
				m.does <- does
			} else {
				m.must(m.Calls().Disconnect(core.Whose{Domain: domain, User: "8001"}, "xxx"))
			}
			stored := m.ended()
			if stored.Outcome != want[0] || stored.Failed != (does == "fail") || len(m.asked) > 0 {
				t.Errorf("stored: %+v; the responder was asked %d times", stored, len(m.asked))
			}
			if got := strings.Count(string(stored.Trace), "\n"); got != 2 || !strings.Contains(string(stored.Trace), `"event":"hangup","by":"engine"`) {
				t.Errorf("the trace is %s", stored.Trace)
			}
			if left := m.Calls().List(core.Whose{}); len(left) > 0 {
				t.Errorf("after the end there is %s", left)
			}
			m.gate.wants(t, "8001@example.net "+called, 0)
			told := m.told(m.hook)
			if diff := cmp.Diff([]any{want[1]}, column(told["/cdr"], "call-disconnect-reason-text")); diff != "" {
				t.Errorf("the record (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]any{nil, "yes"}, column(told["/call"], "remove")); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCallsThatAreNotMade(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*making, *core.Origination)
		code   fault.Code
		is     error
		says   string
	}{
		"no name":            {func(_ *making, o *core.Origination) { o.CallID = "" }, fault.Invalid, nil, `"" cannot name a call`},
		"a name with spaces": {func(_ *making, o *core.Origination) { o.CallID = "a b" }, fault.Invalid, nil, "cannot name a call"},
		"a name of lines":    {func(_ *making, o *core.Origination) { o.CallID = "a\r\nb" }, fault.Invalid, nil, "cannot name a call"},
		"a tilde":            {func(_ *making, o *core.Origination) { o.CallID = "~" }, fault.Invalid, nil, "cannot name a call"},
		"a long name":        {func(_ *making, o *core.Origination) { o.CallID = strings.Repeat("a", 129) }, fault.Invalid, nil, "cannot name a call"},
		"a name that is taken": {func(m *making, _ *core.Origination) {
			m.make(callback)
		}, fault.Refused, core.ErrExists, "call xxx exists already"},
		"nobody's":            {func(_ *making, o *core.Origination) { o.Owner = "4711@" + domain }, fault.NotFound, nil, "user 4711 of example.net does not exist"},
		"of no domain":        {func(_ *making, o *core.Origination) { o.Owner = "8001" }, fault.NotFound, nil, "does not exist"},
		"the owner rung":      {func(_ *making, o *core.Origination) { o.Owner, o.First = "1000@"+domain, "" }, fault.Refused, nil, "1000@example.net cannot be rung: user 1000@example.net has no phone registered"},
		"a user rung":         {func(_ *making, o *core.Origination) { o.First = "1000" }, fault.Refused, nil, "1000 cannot be rung"},
		"a responder rung":    {func(_ *making, o *core.Origination) { o.First = "" }, fault.Refused, nil, "8001@example.net leads to a web responder, which cannot be rung"},
		"nobody rung":         {func(_ *making, o *core.Origination) { o.First = "411" }, fault.Refused, nil, "411 cannot be rung: no rule"},
		"nowhere":             {func(_ *making, o *core.Origination) { o.To = "user_4711" }, fault.NotFound, nil, "not reachable: there is no user 4711"},
		"without destination": {func(_ *making, o *core.Origination) { o.To = "" }, fault.Invalid, nil, "the call has no destination"},
		"a long destination":  {func(_ *making, o *core.Origination) { o.To = strings.Repeat("8", 511) }, fault.Invalid, nil, "longer than 510 bytes"},
		"a long origination":  {func(_ *making, o *core.Origination) { o.First = strings.Repeat("8", 511) }, fault.Invalid, nil, "longer than 510 bytes"},
		"barred": {func(m *making, _ *core.Origination) {
			m.gate.refused[called] = fault.Newf(fault.Refused, "calls to Arizona are barred")
		}, fault.Refused, nil, "not reachable: calls to Arizona are barred"},
		"a barred destination": {func(m *making, o *core.Origination) {
			o.To = "4165550100"
			m.gate.refused[outsider] = fault.Newf(fault.Refused, "calls to Canada are barred")
		}, fault.Refused, nil, "not reachable: calls to Canada are barred"},
		"another's number":      {func(_ *making, o *core.Origination) { o.CallerID = "+12125550199" }, fault.Refused, nil, "+1212•••0199 is no number of example.net"},
		"another's at first":    {func(_ *making, o *core.Origination) { o.FirstCallerID = "2125550199" }, fault.Refused, nil, "+1212•••0199 is no number of example.net"},
		"no number":             {func(_ *making, o *core.Origination) { o.CallerID = "reception" }, fault.Invalid, nil, `the caller id "reception"`},
		"when the server stops": {func(m *making, _ *core.Origination) { m.inHand.Drain() }, fault.Unavailable, nil, "about to stop"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMaking(t)
			o := callback
			c.change(m, &o)
			before := len(m.Calls().List(core.Whose{}))
			_, err := m.Originate(t.Context(), o)
			if fault.CodeOf(err) != c.code || !strings.Contains(fmt.Sprint(err), c.says) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v (%s), want %s (%s)", err, fault.CodeOf(err), c.says, c.code)
			}
			if after := len(m.Calls().List(core.Whose{})); after != before || m.inHand.InHand() != before || m.gate.inHand != before || len(m.rung) > 0 || m.gate.twice {
				t.Errorf("%d calls, %d in hand, %d admitted, %d rung", after, m.inHand.InHand(), m.gate.inHand, len(m.rung))
			}
		})
	}
}

func TestACoreWithoutTelephonesMakesNoCalls(t *testing.T) {
	s := newWaiting(t)
	if _, err := s.Originate(t.Context(), callback); !errors.Is(err, core.ErrNoTelephones) || fault.CodeOf(err) != fault.Unsupported {
		t.Errorf("%v", err)
	}
}

func TestCallsOfOneOwnerAreLimited(t *testing.T) {
	m := newMaking(t)
	number := func(i int) core.Origination {
		o := callback
		o.CallID = fmt.Sprintf("call-%d", i)
		return o
	}
	for i := range 20 {
		m.make(number(i))
	}
	refused := func(says string) {
		t.Helper()
		if _, err := m.Originate(t.Context(), number(20)); !errors.Is(err, core.ErrTooMany) || fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), says) {
			t.Errorf("%v", err)
		}
	}
	refused("8001@example.net makes 20 calls at once")
	other := number(20)
	other.Owner = "8002@" + domain
	m.make(other)
	for range 2 {
		m.does <- "busy"
		m.ended()
	}
	refused("may begin one in 1s")
	m.pass(time.Second)
	other.CallID, other.Owner = "another", callback.Owner
	m.make(other)
	if shown := m.Calls().List(core.Whose{}); len(shown) != 20 {
		t.Errorf("there are %d calls", len(shown))
	}
}

func TestTheCallsOfAllOwnersAreLimited(t *testing.T) {
	m := newMaking(t)
	made := 0
	for user := range 11 {
		name := fmt.Sprint(5000 + user)
		m.user(name, "")
		for i := range 20 {
			_, err := m.Originate(t.Context(), core.Origination{Owner: name + "@" + domain, First: elsewhere, To: "8001", CallID: fmt.Sprintf("%s-%d", name, i)})
			if err == nil {
				made++
				await.From(t, "who is rung", m.rung)
			} else if !errors.Is(err, core.ErrTooMany) || !strings.Contains(err.Error(), "200 calls are being made") {
				t.Fatal(err)
			}
		}
	}
	if made != 200 {
		t.Errorf("%d calls were made", made)
	}
}

func TestARingingCallIsSentElsewhere(t *testing.T) {
	m := newMaking(t)
	m.make(callback)
	if err := m.Calls().Transfer(t.Context(), core.Whose{}, "xxx", "4165550100"); fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "nobody has answered") {
		t.Errorf("outside: %v", err)
	}
	m.must(m.Calls().Transfer(t.Context(), core.Whose{}, "xxx", "user_8002"))
	if shown := m.the(core.Whose{}); shown.Text("call-by-action") != "Transfer" || shown.Text("call-orig-match-uri") != "8002@"+domain {
		t.Errorf("the call is %s", shown)
	}
	m.does <- "answer"
	if got := await.From(t, "what who answers hears", m.line.waits); got != "Wait there." {
		t.Errorf("who answers hears %q", got)
	}
}

// TestACallIsItsMakersToo has user 1000 make a call to user 8001.
func TestACallIsItsMakersToo(t *testing.T) {
	m := newMaking(t)
	o := callback
	o.Owner = "1000@" + domain
	m.make(o)
	for _, c := range []struct {
		whose core.Whose
		has   int
	}{{core.Whose{Domain: domain, User: "1000"}, 1}, {core.Whose{Domain: domain, User: "8001"}, 1}, {core.Whose{Domain: domain, User: "8002"}, 0}} {
		if got := len(m.Calls().List(c.whose)); got != c.has {
			t.Errorf("%+v has %d calls", c.whose, got)
		}
	}
	m.must(m.Calls().Disconnect(core.Whose{Domain: domain, User: "1000"}, "xxx"))
	m.ended()
}

func TestTheTraceOfACallThatIsMade(t *testing.T) {
	m := newMaking(t)
	m.user("8005", "webresponder8005")
	m.rule("webresponder8005", m.responder(responder.Say{Text: "Hello."}))
	o := callback
	o.To = "8005"
	m.make(o)
	m.does <- "answer"
	var kinds []string
	for line := range strings.Lines(string(m.ended().Trace)) {
		event, err := trace.ParseEvent([]byte(strings.TrimSpace(line)))
		m.must(err)
		kinds = append(kinds, event.Event.Kind())
	}
	if got := strings.Join(kinds, " "); got != "answer request say hangup" {
		t.Errorf("the events are %s", got)
	}
}

// TestCallsAreMadeAndEndedFromManySides uses few names for many calls.
func TestCallsAreMadeAndEndedFromManySides(t *testing.T) {
	m := newMaking(t)
	var work sync.WaitGroup
	for side := range 8 {
		name := fmt.Sprint(5000 + side)
		m.user(name, "")
		work.Go(func() {
			for i := range 20 {
				id := fmt.Sprint("call-", i%3)
				_, err := m.Originate(t.Context(), core.Origination{Owner: name + "@" + domain, First: elsewhere, To: "4165550100", CallID: id})
				if err != nil && !errors.Is(err, core.ErrExists) && !errors.Is(err, core.ErrTooMany) {
					t.Error(err)
				}
				if err := m.Calls().Disconnect(core.Whose{}, id); err != nil && fault.CodeOf(err) != fault.NotFound {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	m.inHand.HangUp(engine.ErrHungUp)
	await.That(t, "the end of all calls", func() bool { return m.inHand.InHand() == 0 })
	if left := m.Calls().List(core.Whose{}); len(left) > 0 || m.gate.inHand != 0 || m.gate.twice || len(m.gate.asked) != len(m.gate.talked) {
		t.Errorf("there is %s; %d were admitted, %d are over", left, len(m.gate.asked), len(m.gate.talked))
	}
}
