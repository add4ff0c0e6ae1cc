package admission_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/admission"
)

// machine is a database, and the vendor that is asked between two questions to
// it.
type machine struct {
	name   string
	ask    func() func() // makes it, and returns what one question waits for
	alone  time.Duration // what a question takes by itself
	takes  float64       // calls a second, in a time that callers do not notice
	vendor time.Duration
}

// connections is a database that answers so many questions at once.
func connections(n int, each time.Duration) func() func() {
	return func() func() {
		free := make(chan struct{}, n)
		return func() {
			free <- struct{}{}
			<-time.After(each)
			<-free
		}
	}
}

// groups is a database that writes what waits together, as SQLite is used.
func groups(write, each time.Duration) func() func() {
	return groupsOf(func() time.Duration { return write }, each)
}

func groupsOf(write func() time.Duration, each time.Duration) func() func() {
	return func() func() {
		var mu sync.Mutex
		var waiting []chan struct{}
		var busy bool
		var lead func()
		lead = func() {
			mu.Lock()
			group := waiting
			waiting, busy = nil, len(group) > 0
			mu.Unlock()
			if len(group) == 0 {
				return
			}
			<-time.After(write() + time.Duration(len(group))*each)
			for _, one := range group {
				close(one)
			}
			lead()
		}
		return func() {
			done := make(chan struct{})
			mu.Lock()
			waiting = append(waiting, done)
			first := !busy
			busy = true
			mu.Unlock()
			if first {
				go lead() // ends when nobody waits
			}
			<-done
		}
	}
}

var machines = []machine{
	{"quick", connections(16, 10*time.Millisecond), 10 * time.Millisecond, 800, 0},
	{"slow vendor", connections(16, 10*time.Millisecond), 10 * time.Millisecond, 800, 3 * time.Second},
	{"one processor", connections(1, time.Millisecond), time.Millisecond, 500, 20 * time.Millisecond},
	{"small", connections(2, 50*time.Millisecond), 50 * time.Millisecond, 20, 100 * time.Millisecond},
	{"far away", connections(50, 300*time.Millisecond), 300 * time.Millisecond, 83, 100 * time.Millisecond},
	{"groups", groups(5*time.Millisecond, 300*time.Microsecond), 5 * time.Millisecond, 1500, 20 * time.Millisecond},
	{"groups on a slow disk", groups(60*time.Millisecond, 300*time.Microsecond), 60 * time.Millisecond, 650, 20 * time.Millisecond},
}

// run is what came of callers.
type run struct {
	control *admission.Control
	ask     func()
	vendor  time.Duration

	mu      sync.Mutex
	waited  []time.Duration // for the database, of those who were admitted
	refused int
	group   sync.WaitGroup
}

func newRun(m machine) *run {
	return &run{control: new(admission.Control), ask: m.ask(), vendor: m.vendor}
}

// call is one call.
func (r *run) call() {
	began := time.Now()
	if !r.control.Do(admission.New, r.ask) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.refused++
		return
	}
	<-time.After(r.vendor)
	r.control.Do(admission.Owed, r.ask)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waited = append(r.waited, time.Since(began)-r.vendor)
}

// arriving makes calls at a rate, at random times, and waits for their ends.
func (r *run) arriving(rate float64, during time.Duration) {
	random := rand.New(rand.NewPCG(1, 1))
	r.waited, r.refused = nil, 0
	for began := time.Now(); time.Since(began) < during; {
		<-time.After(time.Duration(random.ExpFloat64() / rate * float64(time.Second)))
		r.group.Go(r.call)
	}
	r.group.Wait()
	slices.Sort(r.waited)
}

func each(t *testing.T, do func(t *testing.T, m machine, r *run)) {
	for _, m := range machines {
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { do(t, m, newRun(m)) })
		})
	}
}

func TestNobodyIsRefusedWhileTheMachineIsNotFull(t *testing.T) {
	each(t, func(t *testing.T, m machine, r *run) {
		for _, part := range []float64{0.02, 0.3, 0.7} {
			if r.arriving(part*m.takes, 8*time.Second); r.refused > 0 {
				t.Errorf("at %v of what it takes %d of %d are refused", part, r.refused, r.refused+len(r.waited))
			}
		}
	})
}

func TestFullMachineServesThoseItAdmits(t *testing.T) {
	each(t, func(t *testing.T, m machine, r *run) {
		r.arriving(m.takes/2, 5*time.Second)
		r.arriving(m.takes*4, 3*time.Second+2*m.vendor) // the first of them come before the bound
		began := time.Now()
		r.arriving(m.takes*4, 8*time.Second)
		perSecond := float64(len(r.waited)) / time.Since(began).Seconds()
		if perSecond < 0.85*m.takes {
			t.Errorf("%.0f calls a second, it takes %.0f", perSecond, m.takes)
		}
		// Twice by itself and 100 ms, for each of two questions; or what 32 take.
		most := max(4*m.alone+200*time.Millisecond, time.Duration(32/m.takes*float64(time.Second)))
		if p99 := r.waited[len(r.waited)*99/100]; p99 > 2*most {
			t.Errorf("99 of 100 wait %v, which should be about %v", p99, most)
		}
	})
}

// full returns the control of a machine that is full, with as many in hand as it
// lets in; they leave when the function is called.
func full(t *testing.T) (c *admission.Control, leave func()) {
	t.Helper()
	r := newRun(machines[0])
	r.arriving(machines[0].takes/2, time.Second)
	r.arriving(machines[0].takes*4, time.Second)
	over := make(chan struct{})
	for range r.control.Level().Bound + 1 {
		r.group.Go(func() { r.control.Do(admission.New, func() { <-over }) })
	}
	synctest.Wait()
	return r.control, func() {
		close(over)
		r.group.Wait()
	}
}

func TestThoseWhoWereLetInGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, leave := full(t)
		defer leave()
		if c.Do(admission.New, func() {}) {
			t.Error("a new caller is let in")
		}
		if !c.Do(admission.Known, func() {}) {
			t.Error("a caller who has pressed a key is refused")
		}
		if !c.Do(admission.Owed, func() {}) {
			t.Error("the end of what was begun is refused")
		}
	})
}

func TestTheBoundIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, leave := full(t)
		leave()
		<-time.After(time.Minute)
		var group sync.WaitGroup
		for range 1000 { // at once, on a machine of which nothing is known any more
			group.Go(func() {
				if !c.Do(admission.New, func() { <-time.After(time.Second) }) {
					t.Error("a caller is refused")
				}
			})
		}
		group.Wait()
	})
}

// TestADiskThatBecomesSlowIsNotFull: groups of writes wait longer for it, and
// fewer callers would not make it faster.
func TestADiskThatBecomesSlowIsNotFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		write := 2 * time.Millisecond
		r := newRun(machine{ask: groupsOf(func() time.Duration { return write }, 300*time.Microsecond)})
		r.arriving(20, 5*time.Second)
		for _, write = range []time.Duration{30 * time.Millisecond, 200 * time.Millisecond} {
			if r.arriving(500, 10*time.Second); r.refused > 5000/2 {
				t.Errorf("%d of 5000 are refused when it writes for %v", r.refused, write)
			}
			if r.arriving(500, 10*time.Second); r.refused > 0 {
				t.Errorf("then %d of 5000 are refused", r.refused)
			}
		}
	})
}

// TestAStuckQuestionRefusesNobody: it may wait for a lock, of one number.
func TestAStuckQuestionRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := machines[0]
		r := newRun(m)
		for range 10 {
			r.group.Go(func() { r.control.Do(admission.New, func() { <-time.After(2 * time.Second) }) })
		}
		if r.arriving(0.7*m.takes, 10*time.Second); r.refused > 0 {
			t.Errorf("%d are refused", r.refused)
		}
	})
}

func TestAPanicLeavesNothingInHand(t *testing.T) {
	var c admission.Control
	func() {
		defer func() { _ = recover() }()
		c.Do(admission.New, func() { panic("a defect") })
	}()
	if n := c.Level().InHand; n != 0 {
		t.Errorf("%d in hand", n)
	}
}
