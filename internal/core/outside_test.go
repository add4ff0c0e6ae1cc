package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

// gate is a Barring that admits all but those it is told to refuse, and counts.
type gate struct {
	mu      sync.Mutex
	asked   []string
	refused map[string]error // by whom is called
	inHand  int
	talked  []time.Duration
	twice   bool // a call was over more than once
}

func (g *gate) Admit(owner, to string) (func(time.Duration), error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, owner+" "+to)
	if err := g.refused[to]; err != nil {
		return nil, err
	}
	g.inHand++
	over := false
	return func(talked time.Duration) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.twice = g.twice || over
		over = true
		g.inHand--
		g.talked = append(g.talked, talked)
	}, nil
}

func (g *gate) Judge(to string) error { return g.refused[to] }

// wants checks who has asked, and that all that was admitted is over.
func (g *gate) wants(t *testing.T, asked string, talked ...time.Duration) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if fmt.Sprint(g.asked) != "["+asked+"]" || fmt.Sprint(g.talked) != fmt.Sprint(talked) || g.inHand != 0 || g.twice {
		t.Errorf("asked %v, talked %v, %d in hand, over twice: %v; want [%s] and %v", g.asked, g.talked, g.inHand, g.twice, asked, talked)
	}
}

// Who is called outside answers after three seconds, and talks for half a minute.
const (
	rang   = 3 * time.Second
	talked = 30 * time.Second
)

// errTrunk is what a line says that cannot try to call anybody.
var errTrunk = errors.New("no trunk is up")

// bridged is a patient caller whose line can be connected with somebody outside. They
// do what the test says.
type bridged struct {
	*patient
	s    *system
	rung chan engine.Outside // who is called
	does chan string         // answer, hang up, fail, or an engine.ForwardEnd
	done chan string         // they have answered
}

func (l *bridged) Connect(ctx context.Context, who engine.Outside) (engine.Forwarded, error) {
	if ctx.Err() != nil {
		return engine.Forwarded{}, context.Cause(ctx)
	}
	select {
	case l.rung <- who:
	default: // nobody asks any more
	}
	went := engine.Forwarded{End: engine.ForwardCancelled}
	for {
		select {
		case does := <-l.does:
			switch does {
			case "fail":
				return engine.Forwarded{}, errTrunk
			case "answer":
				l.s.pass(rang)
				who.Answered()
				went = engine.Forwarded{End: engine.ForwardAnswered, Talked: talked}
				l.done <- does
				continue
			case "hang up":
				l.s.pass(talked)
				return went, nil
			}
			return engine.Forwarded{End: engine.ForwardEnd(does)}, nil
		case <-ctx.Done():
			if went.End == engine.ForwardAnswered {
				l.s.pass(talked)
			}
			return went, context.Cause(ctx)
		}
	}
}

// bridgedCall is a live call over such a line.
type bridgedCall struct {
	*liveCall
	*bridged
}

// call begins a call over a line that can be connected.
func (s *system) call() bridgedCall {
	l := &bridged{patient: newPatient(), s: s, rung: make(chan engine.Outside, 10), does: make(chan string, 1), done: make(chan string, 1)}
	return bridgedCall{s.beginOn(l, l.patient, "+19734321440", "2125550100"), l}
}

// rings waits until somebody outside is rung.
func (c bridgedCall) rings(to string) engine.Outside {
	c.t.Helper()
	who := await.From(c.t, "who is rung", c.rung)
	if who.To != to {
		c.t.Fatalf("%s is rung, want %s", who.To, to)
	}
	who.Answered = nil
	return who
}

// there has who was rung do something.
func (c bridgedCall) there(does string) {
	c.t.Helper()
	c.does <- does
	if does == "answer" {
		await.From(c.t, "the answer", c.done)
	}
}

// newOutside makes a system whose callers wait at users 8001 and 8002, whose calls may
// leave through a gate, and whose user 8001 shows a number.
func newOutside(t *testing.T) (*system, *gate) {
	t.Helper()
	g := &gate{refused: map[string]error{}}
	s := newSystemWith(t, core.Config{Barring: g})
	s.waiting()
	s.must(s.UpdateUser(t.Context(), domain, "8001", fields{"caller-id-number": "2125550100", "caller-id-name": "The Shop"}.json(t)))
	return s, g
}

// number is somebody outside, and elsewhere another.
const (
	outsider  = "+14165550100"
	elsewhere = "sip:bob@elsewhere.example"
)

// TestTheExplanationOfARouteSaysWhetherACallMayLeave: on behalf of the user whom the
// question names. It counts nothing.
func TestTheExplanationOfARouteSaysWhetherACallMayLeave(t *testing.T) {
	s, g := newOutside(t)
	g.refused["+33142345678"] = fault.Newf(fault.Refused, "it is a number of FR, which core.allowed_countries does not name").WithHint("add %q there", "FR")
	x := &core.Exchange{Core: s.Core}
	const such = "such a call of 8001@example.net is "
	for _, c := range []struct{ from, to, want string }{
		{"8001@" + domain, "4165550100", such + "made"},
		{"8001@" + domain, "+33142345678", such + `refused: it is a number of FR, which core.allowed_countries does not name; add "FR" there`},
		{"8001@" + domain, "8003", ""},
		{"+12125550199", "+33142345678", ""},
	} {
		steps, _, _ := x.Explain(c.from, c.to, time.Time{})
		if last := steps[len(steps)-1]; strings.HasPrefix(last, such) != (c.want != "") || c.want != "" && last != c.want {
			t.Errorf("from %s to %s: %q, want %q", c.from, c.to, last, c.want)
		}
	}
	g.wants(t, "")
}
