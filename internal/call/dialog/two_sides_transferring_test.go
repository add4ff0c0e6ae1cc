package dialog

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// transfer joins the two sides of one: what each sends arrives late, in any order
// but that of the requests of one side, or not at all.
type transfer struct {
	t     *rapid.T
	now   time.Duration
	later []happening

	asks  transferor
	takes *transferee

	outcomes []referStep // of the side that asks
	byes     [2]bool     // sent, by the side that asks and the one that takes
	open     bool        // a NOTIFY has no response
	last     bool        // the last NOTIFY was sent
	reports  int
}

type happening struct {
	at time.Duration
	do func()
}

func (x *transfer) at(when time.Duration, do func()) {
	x.later = append(x.later, happening{when, do})
}

// request has a request arrive and its response come back. The transactions below
// send both again, so that few are lost: then it counts as 408, whether the
// request has arrived or not.
func (x *transfer) request(arrive func() (status int), response func(status int)) {
	there := time.Duration(rapid.IntRange(1, 3000).Draw(x.t, "ms there")) * ms
	back := there + time.Duration(rapid.IntRange(1, 3000).Draw(x.t, "ms back"))*ms
	limit := rfcTiming().limit()
	switch start := x.now; rapid.IntRange(0, 9).Draw(x.t, "fate") {
	case 0:
		x.at(start+limit, func() { response(408) })
	case 1:
		x.at(start+there, func() { arrive() })
		x.at(start+limit, func() { response(408) })
	default:
		x.at(start+there, func() {
			status := arrive()
			x.at(start+back, func() { response(status) })
		})
	}
}

// asker does what the side that asks wants, and returns its answer to a NOTIFY.
func (x *transfer) asker(steps []referStep) (answer int) {
	for _, s := range steps {
		switch s.do {
		case referAnswer:
			answer = s.status
		case referDone, referRefused, referBye:
			x.outcomes = append(x.outcomes, s)
			if s.do == referBye || s.do == referDone && s.status < 300 {
				x.bye(0)
			}
		}
	}
	return answer
}

// taker does what the side that takes wants, but for its answer to the REFER.
func (x *transfer) taker(steps []referStep) {
	for _, s := range steps {
		switch s.do {
		case referNotify:
			if x.open || x.last {
				x.t.Fatalf("NOTIFY %+v while there is one, or after the last", s)
			}
			x.open, x.last = true, s.state.over
			x.reports++
			said := notify{event: "refer", state: parseSubscription(s.state.String())}
			_, body := writeSipfrag(s.status, s.reason)
			said.status, _ = parseSipfrag(body)
			x.request(func() int { return x.asker(x.asks.notify(said, x.now)) }, func(status int) {
				x.open = false
				x.taker(x.takes.notified(status, x.now))
			})
		case referBye:
			x.bye(1)
		}
	}
}

func (x *transfer) bye(from int) {
	if x.byes[from] {
		x.t.Fatal("two BYEs of one side")
	}
	x.byes[from] = true
	x.request(func() int {
		if from == 1 {
			x.asker(x.asks.ended())
		} else if x.takes != nil {
			x.takes.ended()
		}
		return 200
	}, func(int) {})
}

// run lets everything happen until nothing is left.
func (x *transfer) run() {
	for range 10_000 {
		next := happening{at: 1 << 62}
		i := -1
		if len(x.later) > 0 {
			next = slices.MinFunc(x.later, func(a, b happening) int { return cmp.Compare(a.at, b.at) })
			i = slices.IndexFunc(x.later, func(h happening) bool { return h.at == next.at })
			next = x.later[i]
		}
		if at, ok := x.asks.due(); ok && at < next.at {
			next, i = happening{at, func() { x.asker(x.asks.tick(x.now)) }}, -1
		}
		if x.takes != nil {
			if at, ok := x.takes.due(); ok && at < next.at {
				next, i = happening{at, func() { x.taker(x.takes.tick(x.now)) }}, -1
			}
		}
		if next.do == nil {
			return
		}
		if i >= 0 {
			x.later = slices.Delete(x.later, i, i+1)
		}
		x.now = max(x.now, next.at)
		next.do()
	}
	x.t.Fatal("the two never come to rest")
}

// Whatever is lost or late, the side that asks learns once how the transfer went,
// and what it learns is true; the other calls the target to the end, and says
// nothing after its last word.
func TestTwoSidesOfATransfer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := &transfer{t: t, asks: newTransferor(rfcTiming(), 7, 0)}
		silent := rapid.Bool().Draw(t, "without reports")
		target := rapid.SliceOfN(rapid.SampledFrom([]int{100, 180, 183}), 0, 4).Draw(t, "target")
		target = append(target, rapid.SampledFrom([]int{200, 404, 486, 503}).Draw(t, "final"))
		calls := func() {
			at := x.now
			for _, status := range target {
				at += time.Duration(rapid.IntRange(0, 60_000).Draw(t, "ms until the target's next")) * ms
				x.at(at, func() { x.taker(x.takes.progress(status, "", x.now)) })
			}
		}
		x.request(func() int {
			takes, steps := newTransferee(rfcTiming(), silent, x.now)
			x.takes = &takes
			x.taker(steps)
			calls()
			return steps[0].status
		}, func(status int) { x.asker(x.asks.response(status, silent, x.now)) })
		x.run()

		if len(x.outcomes) != 1 {
			t.Fatalf("it learned %+v", x.outcomes)
		}
		if told := x.outcomes[0].status; told != 0 && told != target[len(target)-1] {
			t.Fatalf("it learned %d of a transfer that ended with %d", told, target[len(target)-1])
		}
		if x.takes != nil && !x.takes.over() {
			t.Fatalf("the side that takes it is not done: %+v", x.takes)
		}
		if x.reports > len(target)+2 || silent && x.reports > 0 {
			t.Fatalf("%d NOTIFYs about %v", x.reports, target)
		}
	})
}
