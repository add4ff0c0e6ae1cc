package core_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/walk"
)

// queues are Cores of one State with the call queue 9002, on the bubble's clock.
type queues struct {
	*core.Core
	t    *testing.T
	log  bytes.Buffer
	mu   sync.Mutex
	told []string
}

func newQueues(t *testing.T, state core.State) *queues {
	t.Helper()
	q := &queues{t: t}
	q.Core = core.New(core.Config{
		State: state, Log: slog.New(slog.NewTextHandler(&q.log, nil)),
		Queued: func(call core.WaitingCall, s core.QueueState) {
			q.mu.Lock()
			defer q.mu.Unlock()
			q.told = append(q.told, call.Number+" "+call.Queue+"@"+call.Domain+" "+string(s)+" after "+time.Since(call.Since).Round(time.Second).String())
		},
	})
	return q
}

func (q *queues) setUp() *queues {
	q.t.Helper()
	_, err := q.CreateDomain(q.t.Context(), fields{"domain": domain}.json(q.t))
	q.must(err)
	for name, service := range map[string]string{"9002": "system-queue", "2000": ""} {
		_, err := q.CreateUser(q.t.Context(), domain, fields{"user": name, "service-code": service}.json(q.t))
		q.must(err)
	}
	return q
}

func (q *queues) must(err error) {
	q.t.Helper()
	if err != nil {
		q.t.Fatal(err)
	}
}

func (q *queues) call(number string) core.Object {
	q.t.Helper()
	made, err := q.QueueCall(q.t.Context(), domain, "9002", fields{"destination": number, "note": "kept"}.json(q.t))
	q.must(err)
	return made
}

// waiting are the numbers in the queue.
func (q *queues) waiting() []string {
	q.t.Helper()
	found, err := q.QueuedCalls(q.t.Context(), domain, "9002", 0, 0)
	q.must(err)
	numbers := []string{}
	for _, o := range found {
		numbers = append(numbers, o.Fields.Text("destination"))
	}
	return numbers
}

// work runs WorkQueues until stop.
func (q *queues) work() (stop func()) {
	ctx, cancel := context.WithCancel(q.t.Context())
	var running sync.WaitGroup
	running.Go(func() { q.WorkQueues(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// after lets time pass, in the bubble.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (q *queues) wants(waiting []string, told ...string) {
	q.t.Helper()
	if diff := cmp.Diff(waiting, q.waiting()); diff != "" {
		q.t.Errorf("in the queue (-want +got):\n%s", diff)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if diff := cmp.Diff(told, q.told); diff != "" {
		q.t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestQueuedCallWaitsUntilItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueues(t, nil).setUp()
		defer q.work()()
		synctest.Wait()
		made := q.call("+12125550123")
		if got := made.Fields; got.Text("destination") != "12125550123" || got.Text("status") != "queued" || got.Text("callqueue") != "9002" || got.Text("note") != "kept" {
			t.Errorf("the queued call is %s", got)
		}
		after(10 * time.Second)
		q.call("12125550124")
		first, second := "12125550123 9002@example.net ", "12125550124 9002@example.net "
		q.wants([]string{"12125550123", "12125550124"}, first+"waits after 0s", second+"waits after 0s")
		after(core.DefaultQueueTime - 10*time.Second)
		q.wants([]string{"12125550124"}, first+"waits after 0s", second+"waits after 0s", first+"over after 30s")
		after(10 * time.Second)
		q.wants([]string{}, first+"waits after 0s", second+"waits after 0s", first+"over after 30s", second+"over after 30s")
		if log := q.log.String(); strings.Contains(log, "2125550123") || !strings.Contains(log, "+1212•••0123") {
			t.Errorf("the log has %s", log)
		}
	})
}

// Off its list at once without any check: a server may be busy, or stopped.
func TestQueuedCallIsNotShownPastItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueues(t, nil).setUp()
		q.call("12125550123")
		after(core.DefaultQueueTime)
		q.wants([]string{}, "12125550123 9002@example.net waits after 0s")
	})
}

// Two servers share a database: one lets a call's turn come, also when the
// server that took it has ended.
func TestQueuedCallOfAnEndedServerIsLookedAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := core.NewMemory()
		ended := newQueues(t, state).setUp()
		one, other := newQueues(t, state), newQueues(t, state)
		defer one.work()()
		defer other.work()()
		synctest.Wait()
		after(time.Second)
		ended.call("12125550123")
		after(2 * time.Minute)
		told := slices.Concat(one.told, other.told)
		if len(told) != 1 || !strings.Contains(told[0], "12125550123 9002@example.net over") {
			t.Errorf("they were told %q", told)
		}
	})
}

func TestOnlyNumbersAreQueuedInQueues(t *testing.T) {
	q := newQueues(t, nil).setUp()
	for _, c := range []struct {
		domain, queue, number string
		code                  fault.Code
	}{
		{domain, "9002", "front desk", fault.Invalid},
		{domain, "9002", "", fault.Invalid},
		{domain, "9003", "12125550123", fault.NotFound},
		{domain, "2000", "12125550123", fault.NotFound},
		{"example.org", "9002", "12125550123", fault.NotFound},
	} {
		_, err := q.QueueCall(t.Context(), c.domain, c.queue, fields{"destination": c.number}.json(t))
		if fault.CodeOf(err) != c.code {
			t.Errorf("%v: %v", c, err)
		}
	}
	q.wants([]string{})
}

func TestQueueThatIsDeletedTakesItsCallsWithIt(t *testing.T) {
	q := newQueues(t, nil).setUp()
	q.call("12125550123")
	q.must(q.DeleteUser(t.Context(), domain, "9002"))
	left, err := q.Objects(t.Context(), core.Key{Kind: core.QueuedCall}, 0, 0)
	if err != nil || len(left) != 0 {
		t.Errorf("%d are left, %v", len(left), err)
	}
}

func TestQueueIsReadInParts(t *testing.T) {
	q := newQueues(t, nil).setUp()
	for _, number := range []string{"12125550121", "12125550122", "12125550123"} {
		q.call(number)
	}
	found, err := q.QueuedCalls(t.Context(), domain, "9002", 1, 1)
	if err != nil || len(found) != 1 || found[0].Fields.Text("destination") != "12125550122" {
		t.Errorf("%v, %v", found, err)
	}
}

func TestQueuedCallsGoAsTheirTableSays(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		told, now := core.QueueState(""), time.Now()
		c := core.New(core.Config{
			Now: func() time.Time { return now }, Queued: func(_ core.WaitingCall, s core.QueueState) { told = s },
			Log: slog.New(slog.DiscardHandler),
		})
		q := (&queues{Core: c, t: t}).setUp()
		made := q.call("12125550123")
		walk.Along(r, core.QueueSteps, core.QueueWaits, func(m walk.Move[core.QueueState]) {
			switch m.Step {
			case "turn":
				now = now.Add(core.DefaultQueueTime)
				c.TakeTurns(t.Context())
			case "remove":
				if err := c.DeleteUser(t.Context(), domain, "9002"); err != nil && fault.CodeOf(err) != fault.NotFound {
					r.Fatal(err)
				}
			default:
				r.Fatalf("there is a step %s", m.Step)
			}
		}, func() core.QueueState {
			_, err := c.Object(t.Context(), made.Key)
			switch {
			case err == nil:
				return core.QueueWaits
			case told == core.QueueOver:
				return told
			}
			return ""
		})
	})
}
