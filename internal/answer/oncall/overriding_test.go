package oncall_test

import (
	"context"
	"errors"
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

func TestWhoIsRungInstead(t *testing.T) {
	ann, ben, cleo := person("Ann", 1, annCell), person("Ben", 1, benCell), person("Cleo", 2, cleoTel)
	ordered := oncall.Rules{Policy: oncall.Ordered}
	dora := &oncall.Override{Route: "support", Person: source.Person{Name: "Dora", Numbers: []string{spare}}, Made: monday.Add(-time.Hour), Until: monday.Add(time.Hour)}
	with := func(change func(*oncall.Override)) *oncall.Override {
		o := *dora
		change(&o)
		return &o
	}
	instead := func(name, number string) chosen {
		return chosen{Reason: oncall.OnCall, Name: name, Number: number, Level: 1, Source: "override"}
	}
	for _, c := range []struct {
		name string
		s    oncall.Situation
		want chosen
	}{
		{"in the place of all of level 1", oncall.Situation{Override: dora, Answers: []oncall.Answer{heard(ann, ben, cleo)}}, instead("Dora", spare)},
		{"the second attempt goes to level 2", oncall.Situation{Override: dora, Attempt: 2, Answers: []oncall.Answer{heard(ann, cleo)}}, rung("Cleo", cleoTel, 2)},
		{"the second attempt of one level comes back", oncall.Situation{Override: dora, Attempt: 2, Answers: []oncall.Answer{heard(ann)}}, instead("Dora", spare)},
		{"nobody else is on call", oncall.Situation{Override: dora, Answers: []oncall.Answer{heard()}}, instead("Dora", spare)},
		{"only level 2 is taken", oncall.Situation{Override: dora, Answers: []oncall.Answer{heard(cleo)}}, instead("Dora", spare)},
		{"no source has answered", oncall.Situation{Override: dora, Answers: []oncall.Answer{{Source: "rota", Problem: "refused"}}}, instead("Dora", spare)},
		{"no source has answered, and the attempts are over", oncall.Situation{
			Override: dora, Attempt: 2, Rules: oncall.Rules{Beyond: oncall.Stop, Fallback: benCell}, Answers: []oncall.Answer{{Source: "rota"}},
		}, chosen{Reason: oncall.NoAnswer, Number: benCell, Fallback: true}},
		{"the answer is too old", oncall.Situation{Override: with(func(o *oncall.Override) { o.Until = monday.Add(9 * time.Hour) }), Now: monday.Add(2 * time.Hour), Answers: []oncall.Answer{heard(ann)}}, instead("Dora", spare)},
		{"before it", oncall.Situation{Override: with(func(o *oncall.Override) { o.Made = monday.Add(time.Second) }), Rules: ordered, Answers: []oncall.Answer{heard(ann)}}, rung("Ann", annCell, 1)},
		{"once it is over", oncall.Situation{Override: with(func(o *oncall.Override) { o.Until = monday }), Rules: ordered, Answers: []oncall.Answer{heard(ann)}}, rung("Ann", annCell, 1)},
		{"a moment before its end", oncall.Situation{Override: with(func(o *oncall.Override) { o.Until = monday.Add(1) }), Answers: []oncall.Answer{heard(ann)}}, instead("Dora", spare)},
		{"the settings have another number", oncall.Situation{
			Override: with(func(o *oncall.Override) { o.Person, o.Source = ben, "rota" }), Rules: oncall.Rules{Numbers: map[string][]string{"ben": {"202"}}}, Answers: []oncall.Answer{heard(ann)},
		}, instead("Ben", "202")},
		{"the caller themselves: who is on call", oncall.Situation{Override: dora, Rules: ordered, Request: oncall.Request{Caller: spare}, Answers: []oncall.Answer{heard(ann)}}, rung("Ann", annCell, 1)},
		{"without a number: who is on call", oncall.Situation{Override: with(func(o *oncall.Override) { o.Person.Numbers = nil }), Rules: ordered, Answers: []oncall.Answer{heard(ann)}}, rung("Ann", annCell, 1)},
		{"a blocked caller stays blocked", oncall.Situation{Override: dora, Request: oncall.Request{Caller: caller}, Rules: oncall.Rules{Block: []string{caller}}, Answers: []oncall.Answer{heard(ann)}}, chosen{Reason: oncall.Blocked}},
		{"closed stays closed", oncall.Situation{
			Override: with(func(o *oncall.Override) { o.Until = monday.Add(9 * time.Hour) }), Now: monday.Add(2 * time.Hour), Rules: oncall.Rules{Hours: office9to5(t)}, Answers: []oncall.Answer{heard(ann)},
		}, chosen{Reason: oncall.Shut}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.s.Route = "support"
			if c.s.Now.IsZero() {
				c.s.Now = monday
			}
			d := oncall.Decide(c.s)
			got := chosen{d.Reason, d.Name, d.Number, d.Level, d.Source, d.Stale, d.Fallback}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, strings.Join(why.Sentences(d.Steps), "\n"))
			}
		})
	}
}

func TestAnOverrideIsExplained(t *testing.T) {
	o := &oncall.Override{Person: source.Person{Name: "Dora", Numbers: []string{spare}}, Made: monday.Add(-90 * time.Minute), Until: monday.Add(time.Hour)}
	for _, c := range []struct {
		caller string
		want   []string
	}{
		{caller, []string{
			"An override that was made 1h30m ago puts Dora at level 1 until 2026-03-02 10:00 UTC.",
			"Dora is rung at +3120•••4567.",
		}},
		{spare, []string{
			"An override that was made 1h30m ago puts Dora at level 1 until 2026-03-02 10:00 UTC.",
			"Dora is passed over: their number is the caller's, or the one that was called.",
			"The override has no effect on this call.",
			"rota, heard 7s ago: Ann is on call at level 1.",
			"Ann is rung at +3161•••1111.",
		}},
	} {
		d := oncall.Decide(oncall.Situation{Now: monday, Override: o, Request: oncall.Request{Caller: c.caller}, Answers: []oncall.Answer{heard(person("Ann", 1, annCell))}})
		if diff := cmp.Diff(c.want, why.Sentences(d.Steps)); diff != "" {
			t.Errorf("%s calls (-want +got):\n%s", c.caller, diff)
		}
	}
}

// substitutes are overrides as a store has them.
type substitutes struct {
	mu   sync.Mutex
	list []oncall.Override
	err  error
}

func (s *substitutes) List(context.Context, time.Time) ([]oncall.Override, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list, s.err
}

func (s *substitutes) become(err error, list ...oncall.Override) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.err = list, err
}

func TestOverridesAreFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &substitutes{}
		o := open(t, oncall.Config{Routes: []oncall.Route{support()}, Overrides: s},
			oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: answering(person("Ann", 1, annCell))}}})
		defer o.run()()
		follow := func() { time.Sleep(oncall.OverridesEvery + time.Millisecond) }
		follow()
		o.wants(o.ask(""), ack(annCell))

		dora := oncall.Override{Route: "support", Person: source.Person{Name: "Dora", Numbers: []string{spare}}, Made: time.Now(), Until: time.Now().Add(time.Hour)}
		s.become(nil, dora)
		follow()
		o.wants(o.ask(""), ack(spare))
		s.become(errors.New("the database is gone"))
		follow()
		o.wants(o.ask(""), ack(spare))
		follow()
		time.Sleep(time.Hour) // it ends by itself
		o.wants(o.ask(""), ack(annCell))
		if n := strings.Count(o.log.String(), "on-call overrides not readable"); n != 1 {
			t.Errorf("it was logged %d times that the database is gone", n)
		}

		dora.Made, dora.Until = time.Now(), time.Now().Add(time.Hour)
		s.become(nil, dora)
		follow()
		o.wants(o.ask(""), ack(spare))
		s.become(nil)
		follow()
		o.wants(o.ask(""), ack(annCell))
		for _, want := range []string{`"on-call override begins" route=support person=Dora until=`, `"on-call override ended" route=support`} {
			if !strings.Contains(o.log.String(), want) {
				t.Errorf("the log does not say %s:\n%s", want, o.log.String())
			}
		}
	})
}

func TestWhoCanBeNamedForAnOverride(t *testing.T) {
	ann, ben := person("Ann", 1, annCell), person("Ben", 1, benCell)
	other := ben
	other.ID, other.Email = "ben2", "b.other@example.net"
	o := one(t, answering(ann, ben, other, person("Eve", 2)), func(r *oncall.Route) {
		r.Rules.CallingCode = "31"
		r.Rules.Numbers = map[string][]string{"Cleo": {cleoTel}, "ANN@example.net": {annDesk}}
	})
	o.keeper.RefreshAt(t.Context(), time.Time{})
	bare := func(p source.Person) source.Person { p.Level = 0; return p }
	for _, c := range []struct {
		name, source string
		want         source.Person
	}{
		{"ann", "rota", bare(ann)},
		{" Ann ", "rota", bare(ann)},
		{"ann@EXAMPLE.net", "rota", bare(ann)},
		{"ben2", "rota", bare(other)},
		{"b.other@example.net", "rota", bare(other)},
		{"cleo", "", source.Person{Name: "Cleo"}},
		{"020 123 4567", "", source.Person{Name: "+3120•••4567", Numbers: []string{spare}}},
		{"201", "", source.Person{Name: "•••01", Numbers: []string{"201"}}},
	} {
		got, from, err := o.dispatcher.Person("support", c.name)
		if diff := cmp.Diff(c.want, got); diff != "" || from != c.source || err != nil {
			t.Errorf("%q: of %q, %v (-want +got):\n%s", c.name, from, err, diff)
		}
	}
	for _, c := range []struct {
		route, name string
		code        fault.Code
		want        string
	}{
		{"sales", "Ann", fault.NotFound, "support"},
		{"", "Ann", fault.NotFound, "support"},
		{"support", "Zoe", fault.NotFound, "Ann, Ben, Cleo and Eve"},
		{"support", "", fault.NotFound, "Ann, Ben, Cleo and Eve"},
		{"support", "Ben", fault.Invalid, "ben@example.net and b.other@example.net"},
		{"support", "Eve", fault.Invalid, "[oncall.numbers]"},
	} {
		_, _, err := o.dispatcher.Person(c.route, c.name)
		if fault.CodeOf(err) != c.code || !strings.Contains(fault.HintOf(err), c.want) {
			t.Errorf("%q of %q: %v, hint %q", c.name, c.route, err, fault.HintOf(err))
		}
	}
}
