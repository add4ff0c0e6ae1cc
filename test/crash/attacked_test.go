package crash_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/test/await"
)

// row is one attack.
type row struct {
	name        string
	full, small int // how large it is

	// attack runs in the attacker's process; its context ends when the time of an
	// attack without an end is up.
	attack func(b *bandit)

	// For the tests' process, all optional.
	given              func(b *besieged) map[string]string // what the attacker has found out
	during             func(b *besieged) string            // what happens once the attacker is ready
	settings, sections string                              // that are not the default
	got                func(b *besieged) int               // what the attacker is after
	most               int                                 // of it
	says               func(b *besieged, l loot) string    // what it comes to
}

// rows are all attacks; the one that stops the server is the last.
func rows() []row { return append(rowsOfCost(), rowsOfPeople()...) }

func answers(_ *besieged, l loot) string { return tally(l.Answers).String() }

// countedAs says how many of something an attacker got.
func countedAs(what string) func(*besieged, loot) string {
	return func(_ *besieged, l loot) string { return what + "; " + tally(l.Answers).String() }
}

// TestAttacked runs each attack against a server as it is shipped, beside a
// load of 200 honest requests a second. At full size it writes a table:
//
//	make attack
//
// Otherwise it checks the bounds that do not depend on speed: no honest
// request is lost, and no attacker gets more than they may.
func TestAttacked(t *testing.T) {
	if full() {
		t.Cleanup(removeShippedProgram)
	}
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			if !full() {
				t.Parallel()
			}
			var (
				shared *besieged
				load   *honest
				table  []string
				disk   measured
			)
			if full() {
				disk = measureDisk(t)
			}
			if !full() { // to start one for each takes too long
				shared = startBesieged(t, engine.fresh, rows())
				load = startHonest(t, smallPace(shared.address))
			}
			for _, r := range rows() {
				t.Run(r.name, func(t *testing.T) {
					b, l := shared, load
					if full() {
						b = startBesieged(t, engine.fresh, []row{r})
						l = startHonest(t, fullPace(b.address))
					}
					table = append(table, b.attacked(t, l, r))
				})
			}
			if full() {
				fmt.Printf("\n%s, %s/%s, %d cores, a sync of the disk alone %s ms:\n\n%s\n%s\n\n", engine.name, runtime.GOOS, runtime.GOARCH,
					runtime.NumCPU(), disk, tableHead, strings.Join(table, "\n"))
			}
		})
	}
}

func removeShippedProgram() {
	if program, err := shippedProgram(); err == nil {
		_ = os.RemoveAll(filepath.Dir(program))
	}
}

// fullPace is what is promised; a phone system waits for 15 s.
func fullPace(address string) pace {
	return pace{Address: address, OnCall: 150, Texts: 40, Presses: 10, Patience: 15 * time.Second}
}

// smallPace leaves other tests their share.
func smallPace(address string) pace {
	return pace{Address: address, OnCall: 30, Texts: 8, Presses: 2, Patience: await.Limit}
}

const (
	fullFor  = 10 * time.Second
	smallFor = 150 * time.Millisecond
)

const tableHead = "| attack | tried | what the attacker got | database, log MB | memory MB | cores: server, attacker | lost | all ms | on-call ms | text-back ms | press ms | machine ms |\n" +
	"| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"

// attacked runs one attack and returns its row of the table.
func (b *besieged) attacked(t *testing.T, load *honest, r row) string {
	t.Helper()
	o := order{Row: r.name, Address: b.address, Size: r.small, For: smallFor}
	if full() {
		o.Size, o.For = r.full, fullFor
	}
	if r.given != nil {
		o.Given = r.given(b)
	}
	before := 0
	if r.got != nil {
		before = r.got(b)
	}
	database, log := b.disk()
	var happened string
	load.since()
	b.forgetPeak()
	began, computed := time.Now(), b.processor()
	l := rob(t, o, func() {
		if r.during != nil {
			happened = r.during(b)
			computed = 0 // the next process has computed nothing before
		}
	})
	took, computed, peak := time.Since(began), b.processor()-computed, b.peak()
	of := load.since()
	grown, logged := b.disk()

	what := strings.Join(nonEmpty(r.says(b, l), l.Note, happened), "; ")
	if r.got != nil {
		got := r.got(b) - before
		what = fmt.Sprintf("%d of at most %d %s", got, r.most, what)
		if got > r.most {
			t.Errorf("the attacker got %d, at most %d are allowed", got, r.most)
		}
	}
	for kind, m := range of {
		if m.Lost > 0 && kind != ofAll {
			t.Errorf("%s: %d of %d honest requests are lost: %s", kind, m.Lost, m.Asked, m.Why)
		}
	}
	line := fmt.Sprintf("| %s | %d in %.0f s | %s | %.1f, %.1f | %d | %.2f, %.2f | %d of %d | %s | %s | %s | %s | %s |", r.name, l.Tried, took.Seconds(), what,
		mb(grown-database), mb(logged-log), peak, computed.Seconds()/took.Seconds(), l.processor.Seconds()/took.Seconds(), of[ofAll].Lost, of[ofAll].Asked,
		of[ofAll], of[ofOnCall], of[ofTexts], of[ofPresses], of[ofMachine])
	t.Log(line)
	return line
}

func mb(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func nonEmpty(parts ...string) (all []string) {
	for _, part := range parts {
		if part != "" {
			all = append(all, part)
		}
	}
	return all
}
