package crash_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

const (
	// sweepEvery is how often the server checks for texts that were left over.
	sweepEvery = 100 * time.Millisecond

	// hits is how often each point is hit, at least.
	hits = 20
)

// unhurried is the pace of servers that die at their point, and of those that
// come after them, and of no limit in between: leases are over when the test
// says so.
var unhurried = textback.Pace{Attempt: await.Limit, Record: await.Limit, Look: 200 * time.Millisecond, Retry: 200 * time.Millisecond}

// victim is a caller whose text a process died of.
type victim struct {
	number string
	point  point
	inJob  bool
	taken  bool // by the phone system, at the attempt that the process died of, if it came so far
}

// becomes returns the state that the text should end in.
func (v *victim) becomes(resend bool) ledger.State {
	switch {
	case resend, v.point == writtenDown, v.taken && v.point != rowWritten:
		return ledger.Sent
	}
	return ledger.Dead
}

// hears says what a caller hears whose phone system asks again.
func (v *victim) hears() textback.Reason {
	switch {
	case v.inJob, v.point == writtenDown && !v.taken:
		return textback.Queued
	case v.point == writtenDown:
		return textback.Sent
	}
	return textback.Uncertain
}

// TestKilledAtAPoint kills processes at each point of a first attempt, and of
// a job's: the next process finds out the status of the text, and nobody gets
// two.
func TestKilledAtAPoint(t *testing.T) {
	t.Parallel()
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		for _, resend := range []bool{false, true} {
			name := "hold"
			if resend {
				name = "resend"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				killAtPoints(t, fresh(t), resend)
			})
		}
	})
}

func killAtPoints(t *testing.T, database store.Config, resend bool) {
	kills := 2
	if full() {
		kills = hits
	}
	system := newPhoneSystem(t)
	d := doom{
		System: system.URL, Entries: filepath.Join(t.TempDir(), "domains.json"), URL: database.URL, Folder: database.Folder, Patience: await.Limit,
		Policy: textback.Policy{QueueOnFailure: true, Resend: resend, Pace: unhurried},
	}
	if err := os.WriteFile(d.Entries, []byte(entries), 0o600); err != nil {
		t.Fatal(err)
	}
	var victims []*victim
	for _, d.InJob = range []bool{true, false} { // those whose leases are longer first
		for _, d.Point = range []point{rowWritten, requestSent, answered, writtenDown} {
			for range kills {
				victims = append(victims, die(t, system, d, len(victims), max(hits/kills, 4))...)
			}
		}
	}
	system.BreakSome(nstest.SendMessage, nil)
	settleVictims(t, system, &d, database, victims)
	t.Logf("%d callers, %d kills, %d hits of each of %d points, %d texts taken", len(victims), 8*kills, len(victims)/8, 8, len(system.Messages()))
}

// die runs a process until it is dead, and returns the callers that it died of.
func die(t *testing.T, system *nstest.System, d doom, first, callers int) []*victim {
	t.Helper()
	var victims []*victim
	of := map[string]*victim{}
	d.Callers = nil
	for i, c := range callersFrom(first, callers) {
		v := &victim{number: c.number, point: d.Point, inJob: d.InJob, taken: i%2 == 0}
		victims, of[c.number], d.Callers = append(victims, v), v, append(d.Callers, c.number)
	}
	attempt := 1
	if d.InJob {
		attempt = 2
	}
	sent := make(chan struct{}, callers) // has a token for each text that the phone system has and does not answer
	asked := map[string]int{}
	system.BreakSome(nstest.SendMessage, func(r nstest.Request) (nstest.Fault, bool) {
		number := fmt.Sprint(r.Fields["destination"])
		v := of[number]
		asked[number]++
		switch {
		case v == nil:
			return nstest.Fault{}, false // it is of somebody who called before
		case asked[number] < attempt:
			return nstest.Refuses(503, "Service Unavailable"), true
		case d.Point == requestSent:
			if asked[number] == attempt {
				sent <- struct{}{}
			}
			if v.taken {
				return nstest.Silent().AfterDoing(), true
			}
			return nstest.Silent(), true
		}
		return nstest.Refuses(503, "Service Unavailable"), !v.taken && d.Point != rowWritten
	})

	orders, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	process := exec.CommandContext(t.Context(), self)
	process.Env, process.Stdin, process.Stderr = environ(asDoomed), bytes.NewReader(orders), &stderr
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	var late atomic.Bool
	timer := time.AfterFunc(await.Limit, func() {
		late.Store(true)
		_ = process.Process.Kill() // it may have ended at last
	})
	defer timer.Stop()
	var killer sync.WaitGroup
	gone := make(chan struct{})
	if d.Point == requestSent {
		killer.Go(func() {
			for range callers {
				select {
				case <-sent:
				case <-gone:
					return
				}
			}
			_ = process.Process.Kill() // it may have ended by itself
		})
	}
	_ = process.Wait() // it was killed
	close(gone)
	killer.Wait()
	if code := process.ProcessState.ExitCode(); code != -1 || late.Load() || stderr.Len() > 0 {
		t.Fatalf("%s, in a job %v: the process did not die there (late %v) but ended with %d:\n%s", d.Point, d.InJob, late.Load(), code, stderr.String())
	}
	return victims
}

// settleVictims is the next process: it answers those who ask again, and takes
// on what is left.
func settleVictims(t *testing.T, system *nstest.System, d *doom, database store.Config, victims []*victim) {
	t.Helper()
	s := storetest.Open(t, database)
	b, err := d.compose(s)
	if err != nil {
		t.Fatal(err)
	}
	var asking sync.WaitGroup
	askAgain := func() {
		for _, v := range victims {
			asking.Go(func() {
				if heard := b.hears(v.number); heard != v.hears() {
					t.Errorf("%+v hears %q the second time", v, heard)
				}
			})
		}
	}
	askAgain() // at once: anyone who asks for a text that seems to be in hand waits for it
	lapse(t, database)
	worker, err := b.work(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	takeOn(t, s)
	if err := worker.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	asking.Wait()
	askAgain() // and when all is over
	asking.Wait()

	all := accounts(t, s, system)
	for _, v := range victims {
		a := all[v.number]
		if why := a.wrong(); why != "" {
			t.Errorf("%+v: %s\n%+v", v, why, a)
			continue
		}
		text := a.texts[0]
		if want := v.becomes(d.Policy.Resend); text.State != want || want == ledger.Dead && text.Why != ledger.Uncertain {
			t.Errorf("of %+v the text is %s %s, want %s", v, text.State, text.Why, want)
		}
	}
	if len(all) != len(victims) {
		t.Errorf("texts went to %d numbers, and %d called", len(all), len(victims))
	}
}

// lapse ends the leases of the dead, as time does.
func lapse(t *testing.T, database store.Config) {
	t.Helper()
	driver, source := "pgx", database.URL
	if source == "" {
		driver, source = "sqlite", "file:"+filepath.Join(database.Folder, "switchhook.db")+"?_busy_timeout=60000"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		"UPDATE texts SET lease = 1 WHERE lease > 0",
		"UPDATE jobs SET due = 1 WHERE worker <> ''",
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// takeOn sweeps until nothing is left.
func takeOn(t *testing.T, s *store.Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var sweeping sync.WaitGroup
	defer sweeping.Wait()
	defer cancel()
	sweeping.Go(func() {
		tick := time.NewTicker(sweepEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if _, err := s.Sweep(ctx, time.Now()); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	drain(t, s)
}
