package dialog

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/sipp"
)

// unhurried gives sipp the time that it needs on a machine with other work to do.
var unhurried = timing{t1: 150 * time.Millisecond, t2: 1200 * time.Millisecond}

// TestCallsLeaveNothing has sipp make 10 calls a second, and a tenth of them go
// wrong; 50 a second at full size.
func TestCallsLeaveNothing(t *testing.T) {
	sipp.Find(t)
	share := 5
	if os.Getenv("SWITCHHOOK_TEST_FULL") != "" {
		share = 1
	}
	// sipgo keeps a transaction for 32 s. Longer than we wait for an ACK it has to be.
	sip.SetTimers(unhurried.t1, unhurried.t2, unhurried.t2)
	t.Cleanup(func() { sip.SetTimers(500*time.Millisecond, 4*time.Second, 5*time.Second) })
	p := startStation(t, UDP, func(p *station) {
		p.timing = timing{t1: unhurried.t1 / 2, t2: unhurried.t2 / 2}
		p.program = func(c *Call, e Event) { programs[c.Request().Recipient.User](c, e) }
	})
	await.From(t, "a phone that listens", p.ready)
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	var runs []*sipp.Run
	for _, s := range []struct {
		scenario, number string
		calls            int
		args             []string
	}{
		{"hold_sendonly", "answers", 450, nil},
		{"no_ack", "answers", 10, []string{"-nr"}},
		{"bye_before_ack", "answers", 10, nil},
		{"bye_before_answer", "rings", 5, nil},
		{"late_offer_unanswered", "answers", 5, nil},
		{"prack_missing", "answers_early", 5, nil},
		{"cancel", "rings", 5, nil},
		{"refer_bye", "takes_transfers", 5, nil},
		{"glare", "holds_once", 5, nil},
	} {
		calls := fmt.Sprint(s.calls / share)
		args := append([]string{"-m", calls, "-r", calls, "-rp", "10000", "-s", s.number}, s.args...)
		runs = append(runs, scenario(s.scenario).Start(t, append(args, fmt.Sprintf("127.0.0.1:%d", p.uri("").Port))...))
	}
	for _, run := range runs {
		run.Wait()
	}
	p.leftNothing(t)
	await.That(t, "as few goroutines as before", func() bool { return runtime.NumGoroutine() <= goroutines })
	if n := openFiles(t); n > files {
		t.Errorf("%d files are open, %d were", n, files)
	}
	// A transaction of sipgo may outlive its call, and has no goroutine.
	await.That(t, "no INVITE that is being handled", func() bool {
		p.arrivals.mu.Lock()
		defer p.arrivals.mu.Unlock()
		return len(p.arrivals.here) == 0
	})
}

// openFiles returns how many files this process has open; 0 where the system does
// not say.
func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(files)
}

// A response to a CANCEL is waited for by nobody: sipgo has to be given it all the
// same, or its transaction goes on.
func TestCANCELsLeaveNothing(t *testing.T) {
	sip.SetTimers(2*soon.t1, 2*soon.t2, 2*soon.t2)
	t.Cleanup(func() { sip.SetTimers(500*time.Millisecond, 4*time.Second, 5*time.Second) })
	alice, bob := startStation(t, UDP, hurry), startStation(t, UDP, hurry)
	await.From(t, "a phone that listens", alice.ready)
	await.From(t, "a phone that listens", bob.ready)
	goroutines := runtime.NumGoroutine()
	for range 10 {
		a := alice.dial(bob.uri("100"))
		bob.next().Ring(180, nil)
		a.expect("dialog.Ringing{}")
		a.Hangup(engine.Normal)
		a.expect("ended normal 487")
	}
	alice.leftNothing(t)
	bob.leftNothing(t)
	await.That(t, "as few goroutines as before", func() bool { return runtime.NumGoroutine() <= goroutines })
}
