package dialog

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// wireMessage is a message on its way.
type wireMessage struct {
	at     time.Duration // when it arrives
	to     int
	method string // INVITE, UPDATE or ACK
	number int    // CSeq
	final  int    // status of a response; 0: a request
	retry  time.Duration
	body   string
}

// wireSide is one of two sides: a modifier, and below it what transactions do. A
// message that is not answered is sent again until it is.
type wireSide struct {
	*modifier
	number  int                  // CSeq of our last request
	asking  *wireMessage         // our request without a final response
	heard   int                  // highest CSeq of theirs
	answers map[int]*wireMessage // our final responses, by CSeq
	unacked map[int]bool         // those of ours that are 2xx to a re-INVITE and have no ACK
	acks    map[int]*wireMessage // what we acknowledge a 2xx with, by CSeq
	agreed  int
	failed  []modifyStep
}

// wire joins two sides by a channel that loses, delays and reorders.
type wire struct {
	t     *rapid.T
	rand  *rand.Rand
	now   time.Duration
	sides [2]*wireSide
	under []wireMessage
	again map[wireKey]time.Duration // when what was not answered is sent again
	sent  int                       // requests, repetitions left out
}

// wireKey names what is sent again: a request, or a 2xx.
type wireKey struct {
	from   int
	number int // CSeq, of ours with a request and of theirs with a 2xx
	kind   wireKind
}

type wireKind uint8

const (
	wireRequest wireKind = iota
	wire2xx
)

func (k wireKey) compare(other wireKey) int {
	return cmp.Or(cmp.Compare(k.from, other.from), cmp.Compare(k.number, other.number), cmp.Compare(k.kind, other.kind))
}

const resendAfter = 500 * ms

// twoModifiers returns those of the caller and the callee of a call.
func twoModifiers(t rapid.TB, draw func(n int) int) [2]*modifier {
	t.Helper()
	caller, callee := sdp.NewSession(1), sdp.NewSession(2)
	ours, theirs := ourSide(sdp.SendRecv), ourSide(sdp.SendRecv)
	theirs.Address = netip.MustParseAddrPort("198.51.100.1:30000")
	answer, _, err := callee.Answer(caller.Offer(ours), theirs)
	if err == nil {
		_, err = caller.Accept(answer)
	}
	if err != nil {
		t.Fatal(err)
	}
	called, calling := newModifier(rfcTiming(), false, draw, callee, theirs), newModifier(rfcTiming(), true, draw, caller, ours)
	called.established(0)
	calling.established(0)
	return [2]*modifier{&calling, &called}
}

func newWire(t *rapid.T) *wire {
	w := &wire{t: t, rand: rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed"))), again: map[wireKey]time.Duration{}}
	for i, m := range twoModifiers(t, w.rand.IntN) {
		m.updates = rapid.Bool().Draw(t, "they allow UPDATE")
		w.sides[i] = &wireSide{modifier: m, answers: map[int]*wireMessage{}, unacked: map[int]bool{}, acks: map[int]*wireMessage{}}
	}
	return w
}

// put puts a message on its way. At random it is lost, but not for ever.
func (w *wire) put(from int, m wireMessage) {
	if w.rand.IntN(4) == 0 {
		return
	}
	m.to, m.at = 1-from, w.now+time.Duration(w.rand.IntN(400)+1)*ms
	w.under = append(w.under, m)
}

// do does what a side's modifier wants; request is what it answers.
func (w *wire) do(who int, request *wireMessage, steps []modifyStep) {
	s := w.sides[who]
	for _, step := range steps {
		var body string
		if step.body != nil {
			body = string(step.body.Bytes())
		}
		switch step.do {
		case modifyInvite, modifyUpdate:
			w.ask(who, step.do, body)
		case modifyAck:
			s.acks[s.number] = &wireMessage{method: "ACK", number: s.number}
			w.put(who, *s.acks[s.number])
		case modifyAnswer:
			w.reply(who, request, step, body)
		case modifyAgreed:
			s.agreed++
		case modifyFailed:
			s.failed = append(s.failed, step)
		default:
			w.t.Fatalf("side %d does %d", who, step.do)
		}
	}
}

func (w *wire) ask(who int, do modifyDo, body string) {
	s := w.sides[who]
	if s.asking != nil {
		w.t.Fatalf("side %d sends a request before the final response to its last", who)
	}
	if s.unacked[int(s.modifier.number)] {
		w.t.Fatalf("side %d sends a request while it waits for an ACK", who)
	}
	w.sent++
	s.number++
	s.asking = &wireMessage{method: map[modifyDo]string{modifyInvite: "INVITE", modifyUpdate: "UPDATE"}[do], number: s.number, body: body}
	w.again[wireKey{who, s.number, wireRequest}] = w.now + resendAfter
	w.put(who, *s.asking)
}

func (w *wire) reply(who int, request *wireMessage, step modifyStep, body string) {
	s := w.sides[who]
	if request == nil || s.answers[request.number] != nil {
		w.t.Fatalf("side %d answers a request twice, or none", who)
	}
	answer := &wireMessage{method: request.method, number: request.number, final: step.status, retry: step.retryAfter, body: body}
	s.answers[request.number] = answer
	if request.method == "INVITE" && step.status == 200 {
		s.unacked[request.number] = true
		w.again[wireKey{who, request.number, wire2xx}] = w.now + resendAfter
	}
	w.put(who, *answer)
}

func (w *wire) parse(body string) *sdp.Description {
	if body == "" {
		return nil
	}
	d, err := sdp.Parse([]byte(body))
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// arrive gives a message to its side.
func (w *wire) arrive(m wireMessage) {
	s := w.sides[m.to]
	switch {
	case m.final != 0:
		w.arriveFinal(m)
	case m.method == "ACK":
		if s.unacked[m.number] {
			delete(s.unacked, m.number)
			delete(w.again, wireKey{m.to, m.number, wire2xx})
			w.do(m.to, nil, s.acked(uint32(m.number), w.parse(m.body), w.now))
		}
	case s.answers[m.number] != nil:
		w.put(m.to, *s.answers[m.number])
	case m.number < s.heard:
		w.t.Fatalf("side %d sent %d before %d was answered", 1-m.to, s.heard, m.number)
	default:
		s.heard = m.number
		if m.method == "INVITE" {
			w.do(m.to, &m, s.invite(uint32(m.number), w.parse(m.body)))
		} else {
			w.do(m.to, &m, s.update(w.parse(m.body)))
		}
	}
}

func (w *wire) arriveFinal(m wireMessage) {
	s := w.sides[m.to]
	if s.asking == nil || m.number != s.asking.number {
		if ack := s.acks[m.number]; ack != nil {
			w.put(m.to, *ack)
		}
		return
	}
	s.asking = nil
	delete(w.again, wireKey{m.to, m.number, wireRequest})
	w.do(m.to, nil, s.response(finalResponse{status: m.final, retry: m.final == 500, retryAfter: m.retry, answer: w.parse(m.body)}, w.now))
}

// step lets the next thing happen: a message arrives, a machine is due, or what
// was not answered is sent again. It reports whether there was any by the limit.
func (w *wire) step(limit time.Duration) bool {
	next, what := limit+1, func() {}
	earlier := func(at time.Duration, do func()) {
		if at < next {
			next, what = at, do
		}
	}
	if len(w.under) > 0 {
		first := slices.MinFunc(w.under, func(a, b wireMessage) int { return cmp.Compare(a.at, b.at) })
		i := slices.Index(w.under, first)
		earlier(first.at, func() {
			w.under = slices.Delete(w.under, i, i+1)
			w.arrive(first)
		})
	}
	for i, s := range w.sides {
		if at, ok := s.due(); ok {
			earlier(max(at, w.now), func() { w.do(i, nil, s.tick(w.now)) })
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(w.again), wireKey.compare) {
		earlier(w.again[key], func() { w.resend(key) })
	}
	if next > limit {
		w.now = limit
		return false
	}
	w.now = next
	what()
	return true
}

func (w *wire) resend(key wireKey) {
	s := w.sides[key.from]
	w.again[key] = w.now + resendAfter
	if key.kind == wire2xx {
		w.put(key.from, *s.answers[key.number])
	} else {
		w.put(key.from, *s.asking)
	}
}

// Two sides that hold, resume and refresh as they please come to rest, and then
// each sends what the other takes. None of them asks before it may.
func TestTwoSidesChangeOneCall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWire(t)
		wishes := 0
		var last [2]sdp.Direction
		for range rapid.IntRange(1, 12).Draw(t, "wishes") {
			wishes++
			who := rapid.IntRange(0, 1).Draw(t, "who")
			if rapid.IntRange(0, 3).Draw(t, "what") == 0 {
				w.do(who, nil, w.sides[who].refresh(w.now))
			} else {
				local := w.sides[who].local
				local.Direction = rapid.SampledFrom([]sdp.Direction{sdp.SendRecv, sdp.SendOnly, sdp.RecvOnly, sdp.Inactive}).Draw(t, "direction")
				last[who] = local.Direction
				w.do(who, nil, w.sides[who].change(local, w.now))
			}
			until := w.now + time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms until the next"))*ms
			for w.step(until) {
				continue
			}
		}
		for steps := 0; w.step(time.Hour); steps++ {
			if steps > 100_000 {
				t.Fatal("the two never come to rest")
			}
		}
		w.checkAtRest(wishes, last)
	})
}

func (w *wire) checkAtRest(wishes int, last [2]sdp.Direction) {
	for i, s := range w.sides {
		if s.asking != nil || len(s.unacked) > 0 || s.open != byNobody || s.modifier.unacked || s.want != wishNothing {
			w.t.Fatalf("side %d is at rest with %+v", i, s)
		}
		if len(s.failed) == 0 && s.local.Direction != last[i] {
			w.t.Fatalf("side %d wanted %v last, and has %v", i, last[i], s.local.Direction)
		}
	}
	if w.sent > wishes*maxGlare {
		w.t.Fatalf("%d wishes took %d requests", wishes, w.sent)
	}
	a, b := w.sides[0].session.Agreement(), w.sides[1].session.Agreement()
	if a.Direction.Sends() != b.Direction.Receives() || b.Direction.Sends() != a.Direction.Receives() {
		w.t.Fatalf("one is %v, the other %v", a.Direction, b.Direction)
	}
}
