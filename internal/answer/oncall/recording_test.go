package oncall_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/why"
)

// journal keeps records as a store does.
type journal struct {
	mu      sync.Mutex
	records []oncall.Record
	err     error
	slow    time.Duration // how long it takes, unless it is broken off
}

func (j *journal) Save(ctx context.Context, records []oncall.Record) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(j.slow):
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
next:
	for _, r := range records {
		for i := range j.records {
			if j.records[i].ID == r.ID {
				j.records[i] = r
				continue next
			}
		}
		j.records = append(j.records, r)
	}
	return nil
}

func (j *journal) Recent(_ context.Context, limit int) ([]oncall.Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]oncall.Record(nil), j.records[max(len(j.records)-limit, 0):]...), j.err
}

func (j *journal) fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = err
}

func (j *journal) count() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.records)
}

func recorded(t *testing.T, j *journal, s source.Source) *office {
	return open(t, oncall.Config{
		Journal: j, Routes: []oncall.Route{support(withFallback, func(r *oncall.Route) { r.Rules.Policy = oncall.RoundRobin })},
	}, oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: s}}})
}

func TestDecisionsAreRecordedWithNumbersMasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		s := answering(person("Ann", 1, annCell))
		o := recorded(t, j, s)
		stop := o.run()
		synctest.Wait()
		time.Sleep(4 * time.Second)
		o.wants(o.ask(from), ack(annCell))
		o.notify("1", "ended", "busy", caller)
		o.ask("&route=gone&did=%2B31201111111")
		stop()
		want := []oncall.Record{
			{
				At: time.Now(), Route: "support", Attempt: 1, Level: 1, Reason: oncall.OnCall, Caller: "+3165•••5555", Number: "+3161•••1111",
				Key: "rota/ann", Name: "Ann", Source: "rota", Age: 4 * time.Second,
				Steps: []oncall.Step{
					{Code: "on_call", Args: why.Args{"source": "rota", "age": "4s", "people": "Ann", "level": "1"}},
					{Code: "rung", Args: why.Args{"person": "Ann", "number": "+3161•••1111"}},
				},
				Outcome: oncall.Unanswered, Ended: time.Now(), CallerNumber: strings.TrimPrefix(caller, "+"),
			},
			{
				At: time.Now(), Route: "gone", Attempt: 1, Reason: oncall.NoRoute,
				Steps: []oncall.Step{{Code: "no_route", Args: why.Args{"asked": "route gone, did +3120•••1111"}}},
			},
		}
		for i := range j.records {
			if j.records[i].ID == "" {
				t.Error("a record has no id")
			}
			j.records[i].ID = ""
		}
		if diff := cmp.Diff(want, j.records); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	})
}

func TestFailingJournalCostsNobodyAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		o := recorded(t, j, answering(person("Ann", 1, annCell)))
		stop := o.run()
		synctest.Wait()
		j.fail(errors.New("the disk is full"))
		for range 20 {
			o.wants(o.ask(""), ack(annCell))
			time.Sleep(time.Second)
		}
		if j.count() != 0 || !strings.Contains(o.log.String(), "on-call decisions not stored") {
			t.Errorf("%d records\n%s", j.count(), o.log.String())
		}
		j.fail(nil)
		time.Sleep(15 * time.Second)
		if n := j.count(); n != 20 {
			t.Errorf("%d records were kept once the journal could, want 20", n)
		}
		stop()
	})
}

func TestAStopDoesNotBreakTheJournalOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{slow: time.Second}
		o := recorded(t, j, answering(person("Ann", 1, annCell)))
		stop := o.run()
		synctest.Wait()
		o.wants(o.ask(""), ack(annCell))
		synctest.Wait() // it is being kept
		stop()
		if j.count() != 1 || strings.Contains(o.log.String(), "cannot be kept") {
			t.Errorf("%d records\n%s", j.count(), o.log.String())
		}
	})
}

// A journal that fails for long loses the oldest, and that is logged.
func TestLongOutageOfTheJournalIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{err: errors.New("the disk is full")}
		o := recorded(t, j, answering(person("Ann", 1, annCell)))
		stop := o.run()
		synctest.Wait()
		for range 8000 {
			o.ask("")
		}
		j.fail(nil)
		time.Sleep(time.Minute)
		stop()
		if n := j.count(); n < 2500 || n > 5000 || !strings.Contains(o.log.String(), "on-call decisions dropped") {
			t.Errorf("%d records", n)
		}
	})
}

func TestRestartGoesOnInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		s := answering(person("Ann", 1, annCell), person("Ben", 1, benCell))
		o := recorded(t, j, s)
		stop := o.run()
		o.wants(o.ask(""), ack(annCell))
		stop()
		time.Sleep(time.Second)
		o = recorded(t, j, s)
		stop = o.run()
		synctest.Wait()
		o.wants(o.ask(""), ack(benCell))
		if n := len(o.dispatcher.Recent(10)); n != 2 {
			t.Errorf("%d decisions in memory, want both", n)
		}
		stop()
	})
}

func TestNewSettingsRememberCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, change := ladder(func(r *oncall.Route) { r.RepeatWithin = 5 * time.Minute })
		o := one(t, s, change...)
		defer o.run()()
		o.wants(o.ask(from), ack(annCell))
		next, err := o.dispatcher.With(oncall.Config{Keeper: o.keeper, Log: slog.New(slog.NewTextHandler(&o.log, nil)).LogAttrs, Routes: []oncall.Route{support(change...)}})
		if err != nil {
			t.Fatal(err)
		}
		o.dispatcher = next
		o.wants(o.ask(from), ack(cleoTel))
	})
}

func TestExplanationHasTheWholeStory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann := person("Ann", 1, annCell)
		ann.Until = time.Now().Add(time.Hour)
		o := one(t, answering(ann, person("Ben", 1), person("Cleo", 1, "x")), withFallback)
		stop := o.run()
		synctest.Wait()
		stop()
		time.Sleep(2 * time.Second)
		_, got, err := o.dispatcher.Explain(oncall.Request{Route: "support"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"rota, heard 2s ago: Ann, Ben and Cleo are on call at level 1.",
			"Ben is passed over: there is no number of theirs in rota.",
			`Cleo: "x" is no number that can be dialled.`,
			"Cleo is passed over: there is no number of theirs in rota.",
			"Ann is rung at +3161•••1111.",
			"Ann would be rung at +31611111111.",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("explanation (-want +got):\n%s", diff)
		}
		_, got, err = o.dispatcher.Explain(oncall.Request{Attempt: 2}, time.Now().Add(2*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		want = []string{
			"It is asked of another time, and the sources say who is on call now: who was before and who follows is known as far as they tell.",
			"It is attempt 2, as the phone system says.",
			"rota, heard 2s ago: Ben and Cleo are on call at level 1.",
			"Ben is passed over: there is no number of theirs in rota.",
			`Cleo: "x" is no number that can be dialled.`,
			"Cleo is passed over: there is no number of theirs in rota.",
			"The fallback +3120•••4567 is rung.",
			"+31201234567 would be rung.",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("explanation of later (-want +got):\n%s", diff)
		}
		if n := len(o.dispatcher.Recent(10)); n != 0 {
			t.Errorf("an explanation was recorded as %d calls", n)
		}
		_, _, err = o.dispatcher.Explain(oncall.Request{Route: "sales"}, time.Now())
		if fault.CodeOf(err) != fault.NotFound || fault.HintOf(err) != "there are support" {
			t.Errorf("%v, hint %q", err, fault.HintOf(err))
		}
	})
}

func TestCountersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reasons []oncall.Reason
		var states []oncall.SourceState
		denied := 0
		s := answering(person("Ann", 1, annCell))
		o := open(t, oncall.Config{
			Routes: []oncall.Route{support()},
			Count:  func(d oncall.Decision) { reasons = append(reasons, d.Reason) },
			Denied: func() { denied++ },
		}, oncall.KeeperConfig{
			Sources: []oncall.PolledSource{{Name: "rota", Source: s}},
			Fetched: func(s oncall.SourceState) { states = append(states, s) },
		})
		stop := o.run()
		o.ask("")
		o.ask("&route=gone")
		o.ask("x") // makes the secret another
		s.fail(&source.Error{Source: "station", Code: fault.Refused, Message: "it says no", Status: 401})
		time.Sleep(66 * time.Second)
		stop()
		if diff := cmp.Diff([]oncall.Reason{oncall.OnCall, oncall.NoRoute}, reasons); diff != "" || denied != 1 {
			t.Errorf("%d denied; reasons (-want +got):\n%s", denied, diff)
		}
		if len(states) != 3 || states[0].Failure != "" || states[1].Failure != oncall.Denied || states[2].Failures != 2 {
			t.Errorf("states %+v", states)
		}
		if age, ok := states[2].Age(time.Now()); !ok || age != 66*time.Second {
			t.Errorf("the answer is %s old", age)
		}
	})
}
