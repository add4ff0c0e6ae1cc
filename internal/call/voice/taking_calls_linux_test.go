package voice_test

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/test/await"
)

// caller calls a service from an address of its own.
type caller struct {
	t     *testing.T
	stack *dialog.Stack
	here  netip.Addr
	to    sip.Uri

	number string // that it calls from
}

func newCaller(t *testing.T, s *service, here string) *caller {
	t.Helper()
	c := &caller{t: t, here: netip.MustParseAddr(here), number: "2125550100", to: sip.Uri{Scheme: "sip", User: "100", Host: s.at.Addr().String(), Port: int(s.at.Port())}}
	var err error
	c.stack, err = dialog.New(dialog.Config{Listen: []dialog.Listen{{Network: dialog.UDP, Address: netip.AddrPortFrom(c.here, 0)}}})
	if err != nil {
		t.Fatal(err)
	}
	run(t, c.stack, func() error { return nil })
	return c
}

// placed is a call of a caller.
type placed struct {
	*dialog.Call
	t      *testing.T
	events chan dialog.Event
}

func (c *caller) dial(fields ...sip.Header) *placed {
	p := &placed{t: c.t, events: make(chan dialog.Event, 16)}
	from := sip.Uri{Scheme: "sip", User: c.number, Host: c.here.String()}
	p.Call = c.stack.Dial(dialog.Outgoing{
		Target: c.to, From: dialog.Party{Address: from}, To: dialog.Party{Address: c.to}, Header: fields,
		Local: sdp.Local{Address: netip.AddrPortFrom(c.here, 4000), Codecs: []sdp.Codec{sdp.PCMU}},
	}, func(e dialog.Event) { p.events <- e })
	return p
}

// isAnswered waits until the call is answered.
func (p *placed) isAnswered() *placed {
	p.t.Helper()
	for {
		switch e := await.From(p.t, "the answer", p.events).(type) {
		case dialog.Answered:
			return p
		case dialog.Ended:
			p.t.Fatalf("the call was turned down: %+v", e)
		}
	}
}

// ends waits until the call is over.
func (p *placed) ends() dialog.Ended {
	p.t.Helper()
	for {
		if e, over := await.From(p.t, "the end of the call", p.events).(dialog.Ended); over {
			return e
		}
	}
}

// isTurnedDown waits until the call is, because there are too many.
func (p *placed) isTurnedDown() {
	p.t.Helper()
	if end := p.ends(); end.Cause != engine.Overloaded || end.Retry == 0 {
		p.t.Errorf("the call was told %+v, want that there are too many, and when to try again", end)
	}
}

func (p *placed) hangUp() {
	p.t.Helper()
	p.Hangup(engine.Normal)
	p.ends()
}

// counts compares the counts of a service with what is wanted, of the refusals
// with those that are not 0.
func (s *service) counts(t *testing.T, want voice.Counts) {
	t.Helper()
	var got voice.Counts
	await.That(t, "the calls in hand", func() bool {
		got = s.server.Counts()
		return got.InHand == want.InHand
	})
	for why, n := range got.Refused {
		if n == 0 {
			delete(got.Refused, why)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

var echo = enginetest.Documents{"/": `<Echo/>`}

func TestACallTooManyIsTurnedDown(t *testing.T) {
	s := serve(t, echo, func(c *voice.ServerConfig) { c.MaxCalls = 1 })
	c := newCaller(t, s, "127.0.0.1")
	first := c.dial().isAnswered()
	c.dial().isTurnedDown()
	s.counts(t, voice.Counts{InHand: 1, Taken: 1, Refused: map[voice.Refusal]uint64{voice.Full: 1}})
	first.hangUp()
	s.counts(t, voice.Counts{Taken: 1, Refused: map[voice.Refusal]uint64{voice.Full: 1}})
}

func TestASourceHasItsShareOfTheCalls(t *testing.T) {
	trusted := netip.MustParseAddr("127.0.0.3")
	s := serve(t, echo, func(c *voice.ServerConfig) {
		c.MaxOfSource = 1
		c.Trusted = func(a netip.Addr) bool { return a == trusted }
	})
	office, neighbour, trunk := newCaller(t, s, "127.0.0.1"), newCaller(t, s, "127.0.0.2"), newCaller(t, s, trusted.String())
	first := office.dial().isAnswered()
	office.dial().isTurnedDown()
	calls := []*placed{first, neighbour.dial().isAnswered(), trunk.dial().isAnswered(), trunk.dial().isAnswered()}
	s.counts(t, voice.Counts{InHand: 4, Taken: 4, Refused: map[voice.Refusal]uint64{voice.SourceFull: 1}})
	for _, call := range calls {
		call.hangUp()
	}
	s.counts(t, voice.Counts{Taken: 4, Refused: map[voice.Refusal]uint64{voice.SourceFull: 1}})
	office.dial().isAnswered().hangUp()
}

func TestACallThatLastsTooLongIsEnded(t *testing.T) {
	s := serve(t, echo, func(c *voice.ServerConfig) { c.MaxLength = 200 * time.Millisecond })
	newCaller(t, s, "127.0.0.1").dial().ends()
	s.counts(t, voice.Counts{Taken: 1, TooLong: 1, Refused: map[voice.Refusal]uint64{}})
	events := s.traces()[0]
	want := trace.Hangup{By: trace.ByEngine, Reason: "the call was ended: it has lasted 200ms, as long as a call may"}
	if got := events[len(events)-1].Event; got != want {
		t.Errorf("the trace ends with %+v, want %+v", got, want)
	}
}

func TestAServerDrains(t *testing.T) {
	s := serve(t, echo, nil)
	c := newCaller(t, s, "127.0.0.1")
	first := c.dial().isAnswered()
	s.inHand.Drain() // the stack does not: one that is about to hand over a call
	c.dial().isTurnedDown()
	s.counts(t, voice.Counts{InHand: 1, Taken: 1, Refused: map[voice.Refusal]uint64{voice.Draining: 1}})
	first.hangUp()
	if err := s.inHand.Wait(await.Context(t)); err != nil {
		t.Errorf("waiting for the last call: %v", err)
	}
}

// TestCallsThatAreLeftAreHungUp has one call that was answered, and one whose
// responder has not said anything yet.
func TestCallsThatAreLeftAreHungUp(t *testing.T) {
	said, asked := make(chan struct{}), make(chan struct{}, 2)
	s := plan{voice: silentVoice{}, listen: []string{dialog.UDP}, responder: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		if r.FormValue("NmsAni") == "2125550100" {
			_, _ = io.WriteString(w, `<Echo/>`)
			return
		}
		select {
		case <-said:
		case <-r.Context().Done():
		}
	})}.serve(t)
	defer close(said)
	c := newCaller(t, s, "127.0.0.1")
	answered := c.dial().isAnswered()
	await.From(t, "the first question", asked)
	c.number = "2125550111"
	ringing := c.dial()
	await.From(t, "the second question", asked)

	s.inHand.Drain()
	s.inHand.HangUp(engine.ErrStopping)
	if end := answered.ends(); !end.Theirs || end.Cause != engine.Overloaded || end.Status != 0 {
		t.Errorf("the call that was answered ended so: %+v, want a BYE that says why", end)
	}
	if end := ringing.ends(); end.Status != 503 || end.Retry == 0 {
		t.Errorf("the call that was not ended so: %+v, want 503 and when to try again", end)
	}
	if err := s.inHand.Wait(await.Context(t)); err != nil {
		t.Errorf("waiting for the calls: %v", err)
	}
	if err := s.stack.Settle(await.Context(t)); err != nil {
		t.Errorf("waiting for their last responses: %v", err)
	}
	for _, events := range s.traces() {
		want := trace.Hangup{By: trace.ByEngine, Reason: "the call was ended: the server is stopping"}
		if got := events[len(events)-1].Event; got != want {
			t.Errorf("the trace ends with %+v, want %+v", got, want)
		}
	}
}

func TestAResponderIsToldWhoCallsWhom(t *testing.T) {
	s := serve(t, enginetest.Documents{"/": `<Hangup/>`}, func(c *voice.ServerConfig) {
		c.Numbers.Trunk = func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.2") }
	})
	identity := sip.NewHeader("P-Asserted-Identity", `"Jane, D." <sip:%2B12125550111@carrier.example>`)
	for _, call := range []struct {
		from   string
		fields []sip.Header
	}{
		{"127.0.0.1", []sip.Header{identity}},
		{"127.0.0.2", []sip.Header{identity}},
		{"127.0.0.2", []sip.Header{identity, sip.NewHeader("Privacy", "id")}},
	} {
		newCaller(t, s, call.from).dial(call.fields...).ends()
	}
	var told []string
	for _, events := range s.traces() {
		answer := events[0].Event.(trace.Answer) //nolint:forcetypeassert // it is always the first
		told = append(told, answer.From+" to "+answer.To)
	}
	if got, want := strings.Join(told, ", "), "2125550100 to 100, +12125550111 to 100, anonymous to 100"; got != want {
		t.Errorf("the calls were %s, want %s", got, want)
	}
}

func TestARecordingIsOfThePersonWhoCalls(t *testing.T) {
	f := newFolder(t)
	s := serve(t, enginetest.Documents{"/": `<Record maxLength="1"/>`}, func(c *voice.ServerConfig) { c.Recordings = f })
	newCaller(t, s, "127.0.0.1").dial().ends()
	_ = s.traces()
	if all, err := f.Of(phone.Read("+12125550100", phone.HomeOfCode("1"))); err != nil || len(all) != 1 || all[0].Making {
		t.Errorf("recorded is %+v, %v", all, err)
	}
}

// traces waits until no call is in hand, and returns the traces of all.
func (s *service) traces() [][]trace.Stamped {
	_ = s.inHand.Wait(context.Background()) // the context never ends
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}
