package dialog

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

var update = flag.Bool("update", false, "write the tables that are made from the machines")

// tabled is a machine of which a page has a table.
type tabled interface {
	state() string
	due() (at time.Duration, ok bool)
}

// tableStep is something that happens to a machine; it does nothing if it cannot
// happen to it as it is.
type tableStep[M tabled] struct {
	what string
	do   func(m M, now time.Duration)
}

// timePasses is what happens when a machine is due.
const timePasses = "its time has come"

// tableDepth is how many things happen to a machine in a row: enough to see every
// state, and to leave it in every way.
const tableDepth = 4

// table collects the changes of state of one machine.
type table struct {
	order  []string               // states, as they were first seen
	causes map[[2]string][]string // what leads from one to another
}

// tableOf returns what a machine was seen to do, whatever happens to it.
func tableOf[M tabled](begin func() M, steps []tableStep[M]) string {
	seen := table{order: []string{begin().state()}, causes: map[[2]string][]string{}}
	path := make([]int, tableDepth)
	for more := true; more; more = nextPath(path, len(steps)) {
		m, now := begin(), time.Duration(0)
		for _, i := range path {
			from := m.state()
			if at, ok := m.due(); ok && steps[i].what == timePasses {
				now = max(now, at)
			}
			steps[i].do(m, now)
			seen.add(from, steps[i].what, m.state())
		}
	}
	return seen.String()
}

// nextPath counts path up by one, and reports whether it could.
func nextPath(path []int, steps int) bool {
	for i := range path {
		if path[i]++; path[i] < steps {
			return true
		}
		path[i] = 0
	}
	return false
}

func (s *table) add(from, what, to string) {
	if from == to {
		return
	}
	if !slices.Contains(s.order, to) {
		s.order = append(s.order, to)
	}
	if at := [2]string{from, to}; !slices.Contains(s.causes[at], what) {
		s.causes[at] = append(s.causes[at], what)
	}
}

// String returns the table in Markdown.
func (s *table) String() string {
	var b strings.Builder
	b.WriteString("| state | what happens | state then |\n| --- | --- | --- |\n")
	for _, from := range s.order {
		for _, to := range s.order {
			if causes := s.causes[[2]string{from, to}]; causes != nil {
				slices.Sort(causes)
				fmt.Fprintf(&b, "| %s | %s | %s |\n", from, strings.Join(causes, "; "), to)
			}
		}
	}
	return b.String()
}

// inboundTabled is a call to us.
type inboundTabled struct{ *uas }

func (m inboundTabled) state() string {
	return [...]string{"not answered", "the answer waits for a PRACK", "answered, without the ACK", "up", "over"}[m.uas.state]
}

func inboundTable() string {
	return tableOf(func() inboundTabled {
		u, _ := newUAS(invited{cseq: 1, supports: true}, 1, 0, rfcTiming())
		return inboundTabled{&u}
	}, []tableStep[inboundTabled]{
		{"we send a 183 with sound", func(m inboundTabled, now time.Duration) { m.ring(now, provisional{183, true}) }},
		{"we answer", func(m inboundTabled, now time.Duration) { m.answer(now) }},
		{"we hang up", func(m inboundTabled, _ time.Duration) { m.hangup(endingOf(engine.Normal)) }},
		{"PRACK", func(m inboundTabled, now time.Duration) { m.prack(now, rack{m.sender.rseq, 1, "INVITE"}, false) }},
		{"ACK", func(m inboundTabled, _ time.Duration) { m.ack(1, false) }},
		{"CANCEL", func(m inboundTabled, _ time.Duration) { m.cancel(nil) }},
		{"BYE", func(m inboundTabled, _ time.Duration) { m.byeCame(nil) }},
		{"the connection is lost", func(m inboundTabled, now time.Duration) { m.lost(now) }},
		{"32 s pass", func(m inboundTabled, now time.Duration) { m.tick(now + m.timing.limit()) }},
	})
}

// outboundTabled is the INVITE of a call of ours.
type outboundTabled struct{ *uac }

func (m outboundTabled) state() string {
	if m.uac.state == uacCalling && m.cancelled {
		return "given up, without a final response"
	}
	return [...]string{"not answered", "to be sent again", "up", "over"}[m.uac.state]
}

func outboundTable() string {
	final := func(status int) func(outboundTabled, time.Duration) {
		return func(m outboundTabled, now time.Duration) { m.failure(now, uacFinal{status: status}) }
	}
	return tableOf(func() outboundTabled {
		u := newUAC(rfcTiming(), middle, 0)
		return outboundTabled{&u}
	}, []tableStep[outboundTabled]{
		{"180", func(m outboundTabled, now time.Duration) { m.provisional(now, 180, "one", false) }},
		{"2xx", func(m outboundTabled, now time.Duration) { m.success(now, "one") }},
		{"we give up", func(m outboundTabled, now time.Duration) { m.cancel(now) }},
		{"491", final(491)},
		{"another final response", final(486)},
		{timePasses, func(m outboundTabled, now time.Duration) { m.tick(now) }},
	})
}

// changeTabled is what changes a call.
type changeTabled struct{ *modifier }

func (m changeTabled) state() string {
	switch {
	case m.over:
		return "over"
	case m.flight.cancelled:
		return "ours is cancelled"
	case m.flight.wish != wishNothing:
		return "ours is under way"
	case m.unacked && m.want != wishNothing:
		return "theirs waits for its ACK, and ours for that"
	case m.unacked:
		return "theirs waits for its ACK"
	case m.want != wishNothing:
		return "ours waits"
	}
	return "nothing under way"
}

func changeTable(t *testing.T) string {
	hold := theirSide(t, phone, "a=sendonly")
	final := func(status int) func(changeTabled, time.Duration) {
		return func(m changeTabled, now time.Duration) { m.response(finalResponse{status: status, answer: hold}, now) }
	}
	return tableOf(func() changeTabled { return changeTabled{established(t, true)} }, []tableStep[changeTabled]{
		{"we want a change", func(m changeTabled, now time.Duration) { m.change(ourSide(sdp.SendOnly), now) }},
		{"a refresh is due", func(m changeTabled, now time.Duration) { m.refresh(now) }},
		{"their re-INVITE", func(m changeTabled, _ time.Duration) { m.invite(2, hold) }},
		{"their ACK", func(m changeTabled, now time.Duration) { m.acked(2, hold, now) }},
		{"2xx", final(200)},
		{"491", final(491)},
		{"408 or 481", final(408)},
		{"another final response", final(488)},
		{"BYE", func(m changeTabled, _ time.Duration) { m.end() }},
		{timePasses, func(m changeTabled, now time.Duration) { m.tick(now) }},
	})
}

// sessionTabled is a session timer, and whether it has ended the call.
type sessionTabled struct {
	*sessionTimer
	over bool
}

func (m *sessionTabled) state() string {
	switch {
	case m.over:
		return "over"
	case m.interval == 0:
		return "no session timer"
	case !m.ours:
		return "they refresh"
	case m.asked:
		return "our refresh is under way"
	}
	return "we refresh"
}

func (m *sessionTabled) take(does timerAction) { m.over = m.over || does == timerOver }

func sessionTable() string {
	says := func(s sessionExpires) func(*sessionTabled, time.Duration) {
		return func(m *sessionTabled, now time.Duration) {
			if !m.over {
				m.accepted(timerFields{expires: s}, now)
			}
		}
	}
	refused := func(status int) func(*sessionTabled, time.Duration) {
		return func(m *sessionTabled, now time.Duration) { m.take(m.refused(status, 0, now)) }
	}
	return tableOf(func() *sessionTabled {
		timer := newSessionTimer(rfcTiming(), leastSession, usualSession)
		return &sessionTabled{sessionTimer: &timer}
	}, []tableStep[*sessionTabled]{
		{"a 2xx says that we refresh", says(sessionExpires{usualSession, refresherUAC})},
		{"a 2xx says that they refresh", says(sessionExpires{usualSession, refresherUAS})},
		{"a 2xx says nothing", says(sessionExpires{})},
		{"408 or 481", refused(408)},
		{"another refusal", refused(500)},
		{timePasses, func(m *sessionTabled, now time.Duration) { m.take(m.tick(now)) }},
	})
}

// askingTabled is a transfer that we ask for.
type askingTabled struct{ *transferor }

func (m askingTabled) state() string {
	name := [...]string{"REFER sent", "taken", "reports over", "refused"}[m.transferor.state]
	if m.told && m.transferor.state < referOver {
		name += ", outcome told"
	}
	return name
}

func askingTable() string {
	final := func(status int, silent bool) func(askingTabled, time.Duration) {
		return func(m askingTabled, now time.Duration) { m.response(status, silent, now) }
	}
	report := func(status int, state string) func(askingTabled, time.Duration) {
		return func(m askingTabled, now time.Duration) { m.notify(told(status, state), now) }
	}
	return tableOf(func() askingTabled { return askingTabled{askedToTransfer()} }, []tableStep[askingTabled]{
		{"2xx", final(202, false)},
		{"2xx with Refer-Sub: false", final(202, true)},
		{"another final response", final(603, false)},
		{"NOTIFY", report(180, "active")},
		{"NOTIFY with a final status", report(200, "active")},
		{"NOTIFY, the last", report(200, "terminated")},
		{"BYE", func(m askingTabled, _ time.Duration) { m.ended() }},
		{timePasses, func(m askingTabled, now time.Duration) { m.tick(now) }},
	})
}

// askedTabled is a transfer that the other side asks for.
type askedTabled struct{ *transferee }

func (m askedTabled) state() string {
	_, due := m.due()
	switch {
	case m.over():
		return "over"
	case m.final() && due:
		return "done, they may hang up"
	case m.final():
		return "the last report is under way"
	case m.silent && !m.open:
		return "the target is called, without reports"
	}
	return "the target is called"
}

func askedTable() string {
	return tableOf(func() askedTabled {
		r, _ := newTransferee(rfcTiming(), false, 0)
		return askedTabled{&r}
	}, []tableStep[askedTabled]{
		{"the target rings", func(m askedTabled, now time.Duration) { m.progress(180, "", now) }},
		{"the target answers", func(m askedTabled, now time.Duration) { m.progress(200, "", now) }},
		{"the target does not answer", func(m askedTabled, now time.Duration) { m.progress(486, "", now) }},
		{"2xx to NOTIFY", func(m askedTabled, now time.Duration) {
			if m.open {
				m.notified(200, now)
			}
		}},
		{"another response to NOTIFY", func(m askedTabled, now time.Duration) {
			if m.open {
				m.notified(481, now)
			}
		}},
		{"BYE", func(m askedTabled, _ time.Duration) { m.ended() }},
		{timePasses, func(m askedTabled, now time.Duration) { m.tick(now) }},
	})
}

// TestTablesOfStatesAreThoseOfTheMachines compares the tables between marks of the
// page with what the machines do.
func TestTablesOfStatesAreThoseOfTheMachines(t *testing.T) {
	const page = "../../../docs/sip-dialogs.md"
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for mark, table := range map[string]string{
		"inbound": inboundTable(), "outbound": outboundTable(), "change": changeTable(t),
		"session": sessionTable(), "asking": askingTable(), "asked": askedTable(),
	} {
		before, rest, found := strings.Cut(text, "<!-- "+mark+" -->\n")
		old, after, ends := strings.Cut(rest, "<!-- end of "+mark+" -->")
		switch {
		case !found || !ends:
			t.Errorf("the page has no marks around a table %s", mark)
		case old != table && !*update:
			t.Errorf("the page has another table %s than the machine; write it with: go test ./internal/call/dialog -run Tables -update", mark)
		default:
			text = before + "<!-- " + mark + " -->\n" + table + "<!-- end of " + mark + " -->" + after
		}
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
