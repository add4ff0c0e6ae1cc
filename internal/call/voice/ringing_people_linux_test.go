package voice_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// nothing is the program of a service that is not called.
func nothing(context.Context, engine.Line) {}

// rang is what became of a Ring.
type rang struct {
	engine.Rung
	err error
}

// ring rings somebody, and has answered run with their line.
func (s *service) ring(ctx context.Context, who engine.Outside, answered func(context.Context, engine.Line)) <-chan rang {
	done := make(chan rang, 1)
	go func() {
		rung, err := s.server.Ring(ctx, who, answered)
		done <- rang{rung, err}
	}()
	return done
}

// TestSomebodyWhoIsRungHearsTheProgram: their line is that of a call which was
// answered as it began.
func TestSomebodyWhoIsRungHearsTheProgram(t *testing.T) {
	leavesNothing(t)
	bob := newPhone(t)
	s := switchboard(t, nothing, nil)
	told := make(chan bool, 1)
	done := s.ring(t.Context(), engine.Outside{To: bob.Address(), From: "+12125550100", Name: "Acme", Answered: func() { told <- true }}, func(ctx context.Context, line engine.Line) {
		answerer, _ := engine.As[engine.Answerer](line)
		if at, ok := answerer.Answered(); !ok || at > packetTime {
			t.Errorf("it was answered %v, after %v", ok, at)
		}
		listen := &engine.Listening{Keys: true}
		if played, err := line.Play(ctx, engine.Recording{Sound: soundOf(700, 30*time.Second)}, listen); err != nil || !played.Barged {
			t.Errorf("played %+v, %v", played, err)
		}
		if in, err := line.Listen(ctx, listen, line.Now()+time.Minute); err != nil || in.Key != '5' {
			t.Errorf("pressed %+v, %v", in, err)
		}
	})
	called := bob.Rings()
	called.Ring()
	called.Answer()
	hears(called, 700)
	await.From(t, "word of the answer", told)
	s.counts(t, voice.Counts{InHand: 1, Taken: 1, Refused: map[voice.Refusal]uint64{}})
	if _, err := called.Press("5", ""); err != nil {
		t.Fatal(err)
	}
	if end := handset.Expect[softphone.Ended](called); !end.Theirs {
		t.Errorf("it ended so: %+v", end.Ended)
	}
	if r := await.From(t, "an end of the call", done); r.End != engine.ForwardAnswered || r.err != nil {
		t.Errorf("it went %q, %v", r.End, r.err)
	}
	s.counts(t, voice.Counts{Taken: 1, Refused: map[voice.Refusal]uint64{}})
}

func TestSomebodyWhoIsRungHangsUp(t *testing.T) {
	leavesNothing(t)
	bob := newPhone(t)
	s := switchboard(t, nothing, nil)
	done := s.ring(t.Context(), engine.Outside{To: bob.Address()}, func(ctx context.Context, line engine.Line) {
		_, err := line.Play(ctx, engine.Recording{Sound: soundOf(700, 30*time.Second)}, nil)
		if !errors.Is(err, engine.ErrHungUp) || !errors.Is(context.Cause(ctx), engine.ErrHungUp) {
			t.Errorf("playing ended with %v, the context with %v", err, context.Cause(ctx))
		}
	})
	called := bob.Rings()
	called.Answer()
	hears(called, 700)
	called.Hangup()
	r := await.From(t, "an end of the call", done)
	if r.End != engine.ForwardAnswered || r.err != nil {
		t.Errorf("it went %q, %v", r.End, r.err)
	}
	if first, last := r.Ladder[0].Event.(trace.SIP), r.Ladder[len(r.Ladder)-1].Event.(trace.SIP); !first.Ours || first.Message != "INVITE" || !last.Ours || last.Message != "200 OK" {
		t.Errorf("the messages begin with %+v and end with %+v", first, last)
	}
}

// TestSomebodyWhoIsRungIsConnected: a call from us to one, and then to another.
func TestSomebodyWhoIsRungIsConnected(t *testing.T) {
	leavesNothing(t)
	bob, carol := newPhone(t), newPhone(t)
	s := switchboard(t, nothing, nil)
	went := make(chan string, 1)
	done := s.ring(t.Context(), engine.Outside{To: bob.Address()}, connects(carol.Address(), went))
	first := bob.Rings()
	first.Answer()
	second := carol.Rings()
	second.Ring()
	hears(first, 440, 480)
	second.Answer()
	handset.Expect[dialog.Answered](second)
	talkBothWays(first, second)
	second.Hangup()
	handset.Expect[softphone.Ended](first)
	if got := await.From(t, "an end of the connection", went); got != "answered talked" {
		t.Errorf("it went %q", got)
	}
	await.From(t, "an end of the call", done)
}

func TestRingingComesToNothing(t *testing.T) {
	leavesNothing(t)
	bob := newPhone(t)
	s := switchboard(t, nothing, nil)
	never := func(context.Context, engine.Line) { t.Error("somebody has answered") }
	for _, c := range []struct {
		rings func(called *handset.Call, stop context.CancelFunc)
		limit time.Duration
		want  engine.ForwardEnd
	}{
		{func(called *handset.Call, _ context.CancelFunc) { called.Refuse(engine.Busy) }, 0, engine.ForwardBusy},
		{func(called *handset.Call, _ context.CancelFunc) { called.Refuse(engine.Rejected) }, 0, engine.ForwardRejected},
		{func(called *handset.Call, _ context.CancelFunc) { called.Ring() }, 200 * time.Millisecond, engine.ForwardNoAnswer},
		{func(_ *handset.Call, stop context.CancelFunc) { stop() }, 0, engine.ForwardCancelled},
	} {
		ctx, stop := context.WithCancel(t.Context())
		done := s.ring(ctx, engine.Outside{To: bob.Address(), Timeout: c.limit}, never)
		called := bob.Rings()
		c.rings(called, stop)
		handset.Expect[softphone.Ended](called)
		if r := await.From(t, "an end of the call", done); r.End != c.want || r.err != nil {
			t.Errorf("it went %q, %v, want %q", r.End, r.err, c.want)
		}
		stop()
	}
}

// TestRingingKeepsToTheLimitsOfCalls: to their number, and their length.
func TestRingingKeepsToTheLimitsOfCalls(t *testing.T) {
	leavesNothing(t)
	bob := newPhone(t)
	s := switchboard(t, nothing, func(c *voice.ServerConfig) { c.MaxCalls, c.MaxLength = 1, time.Second })
	who := engine.Outside{To: bob.Address()}
	done := s.ring(t.Context(), who, func(ctx context.Context, _ engine.Line) {
		<-ctx.Done()
		if err := context.Cause(ctx); !strings.Contains(err.Error(), "as long as a call may") {
			t.Errorf("it ended with %v", err)
		}
	})
	called := bob.Rings()
	called.Answer()
	handset.Expect[dialog.Answered](called)
	if _, err := s.server.Ring(t.Context(), who, nothing); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("one too many: %v", err)
	}
	await.From(t, "an end of the call", done)
	s.counts(t, voice.Counts{Taken: 1, TooLong: 1, Refused: map[voice.Refusal]uint64{voice.Full: 1}})
}

// carrier has several servers.
type carrier struct {
	ways  []dialog.Outgoing
	err   error
	tried chan int // the statuses
}

func (c *carrier) Outgoing(context.Context, engine.Outside) ([]dialog.Outgoing, error) {
	return c.ways, c.err
}

// Serves says that one address is the carrier's.
func (c *carrier) Serves(at netip.AddrPort) bool { return at.Addr() == netip.MustParseAddr("10.9.8.7") }

func (c *carrier) Tried(_ dialog.Outgoing, end dialog.Ended) bool {
	c.tried <- end.Status
	return end.Status == 503
}

// through returns a way by a server.
func through(to string) dialog.Outgoing {
	_, host, _ := strings.Cut(to, "@")
	at := netip.MustParseAddrPort(host)
	target := sip.Uri{Scheme: "sip", User: "+12125550111", Host: at.Addr().String(), Port: int(at.Port())}
	return dialog.Outgoing{
		Target: target, From: dialog.Party{Address: sip.Uri{Scheme: "sip", User: "+12125550100"}}, To: dialog.Party{Address: target},
		Hop: dialog.Hop{Network: dialog.UDP, Address: at},
	}
}

// TestTheNextServerIsTriedWhereThatIsWorthIt: the carrier decides.
func TestTheNextServerIsTriedWhereThatIsWorthIt(t *testing.T) {
	leavesNothing(t)
	full, up, other := newPhone(t), newPhone(t), newPhone(t)
	c := &carrier{ways: []dialog.Outgoing{through(full.Address()), through(up.Address()), through(other.Address())}, tried: make(chan int, 3)}
	went := make(chan string, 1)
	s := switchboard(t, connects("+12125550111", went), func(config *voice.ServerConfig) { config.Carrier = c })
	caller := newPhone(t).Dial(s.address())
	full.Rings().Refuse(engine.Overloaded)
	up.Rings().Refuse(engine.Busy)
	if end := handset.Expect[softphone.Ended](caller); end.Status != 486 {
		t.Errorf("the caller was told %d", end.Status)
	}
	if got := await.From(t, "an end of the connection", went); got != "busy" {
		t.Errorf("it went %q", got)
	}
	if first, second := <-c.tried, <-c.tried; first != 503 || second != 486 {
		t.Errorf("the carrier was told %d, %d", first, second)
	}
}

func TestACallThatNoCarrierTakesIsNotMade(t *testing.T) {
	leavesNothing(t)
	c := &carrier{err: fault.Newf(fault.Invalid, "0900 is no number that a trunk carries")}
	s := switchboard(t, nothing, func(config *voice.ServerConfig) { config.Carrier = c })
	if _, err := s.server.Ring(t.Context(), engine.Outside{To: "+0900"}, nothing); !errors.Is(err, c.err) {
		t.Errorf("it went %v, want %v", err, c.err)
	}
}

// TestNobodyGetsPastTheRulesForNumbersByTheCarriersAddress: a carrier that knows us by
// ours would take the call.
func TestNobodyGetsPastTheRulesForNumbersByTheCarriersAddress(t *testing.T) {
	leavesNothing(t)
	s := switchboard(t, nothing, func(config *voice.ServerConfig) {
		config.Carrier, config.Guard = &carrier{}, fetch.Guard{Private: true}
	})
	over, cancel := context.WithCancel(t.Context())
	cancel() // nobody waits for a call that is made all the same
	for _, to := range []string{"sip:+18765550123@10.9.8.7", "sip:+18765550123@10.9.8.7:5080;transport=tcp", "sips:18765550123@[::ffff:10.9.8.7]"} {
		_, err := s.server.Ring(over, engine.Outside{To: to}, nothing)
		if fault.CodeOf(err) != fault.Refused || !strings.Contains(err.Error(), "is the carrier's, which is called by numbers alone") {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestWhoHidesIsNotShown: neither number nor name.
func TestWhoHidesIsNotShown(t *testing.T) {
	leavesNothing(t)
	there := newStation(t)
	s := switchboard(t, nothing, nil)
	done := s.ring(t.Context(), engine.Outside{To: there.address(), From: "+12125550100", Name: "Acme", Private: true}, nothing)
	call := there.rings()
	invite := call.Request()
	if from := invite.From(); from.Address.User != "anonymous" || strings.Contains(invite.String(), "2125550100") || strings.Contains(invite.String(), "Acme") {
		t.Errorf("they are shown\n%s", invite)
	}
	if h := invite.GetHeader("Privacy"); h == nil || h.Value() != "id" {
		t.Errorf("Privacy is %v", h)
	}
	call.Hangup(engine.Busy)
	await.From(t, "an end of the call", done)
}
