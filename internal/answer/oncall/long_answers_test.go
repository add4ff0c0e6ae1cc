package oncall_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
)

// crowd returns so many people of level 1 with long names.
func crowd(n int, numbers ...string) []source.Person {
	people := make([]source.Person, n)
	for i := range people {
		people[i] = person(fmt.Sprintf("%04d %s", i, strings.Repeat("Name ", 100)), 1, numbers...)
	}
	return people
}

// size returns how long a decision is as it is kept, in bytes.
func size(t *testing.T, d oncall.Decision) int {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return len(text)
}

// An event with five thousand attendees costs a call, its record and its line
// in the log no more than one with a few.
func TestALongAnswerOfASourceIsBounded(t *testing.T) {
	const most = 16 << 10 // of a record
	for name, people := range map[string][]source.Person{
		"without numbers": crowd(5000),
		"with bad ones":   crowd(5000, strings.Repeat("none ", 1000), "none"),
		"with numbers":    crowd(5000, annCell),
		"of all levels": append(crowd(3000), func() (people []source.Person) {
			for i := range 2000 {
				people = append(people, person(fmt.Sprint("level ", i), 1+i*100))
			}
			return people
		}()...),
	} {
		t.Run(name, func(t *testing.T) {
			j := &journal{}
			o := open(t, oncall.Config{
				Journal: j, Routes: []oncall.Route{support(withFallback, func(r *oncall.Route) { r.Rules.NextLevel = true })},
			}, oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: answering(people...)}}})
			o.keeper.Refresh(t.Context())
			state := o.keeper.States()[0]
			if state.People > 500 || len(strings.Join(state.Oddities, "")) > most {
				t.Errorf("%d people are known, and %d oddities of %d bytes", state.People, len(state.Oddities), len(strings.Join(state.Oddities, "")))
			}
			if !strings.Contains(strings.Join(state.Oddities, "\n"), "on call") {
				t.Errorf("nobody is told: %.300q", state.Oddities)
			}
			decision := o.dispatcher.Decide(t.Context(), oncall.Request{Caller: caller})
			if n := size(t, decision); n > most || decision.Number == "" || len(decision.Steps) == 0 {
				t.Errorf("the decision is of %d bytes, with %d steps, and rings %q", n, len(decision.Steps), decision.Number)
			}
			last := decision.Steps[len(decision.Steps)-1].String()
			if !strings.HasSuffix(last, " is rung.") && !strings.Contains(last, " is rung at ") {
				t.Errorf("the last step is %.200q", last)
			}
			o.ask(from)
			for line := range strings.Lines(o.log.String()) {
				if len(line) > most {
					t.Errorf("a line of the log has %d bytes", len(line))
				}
			}
		})
	}
}

// Who is on call now counts before who will be.
func TestOfALongAnswerThoseOnDutyCount(t *testing.T) {
	now := time.Now()
	people := crowd(5000, annCell)
	for i := range people {
		people[i].Since = now.Add(time.Hour)
	}
	people = append(people, person("Ben", 1, benCell), person("Cleo", 2, cleoTel))
	o := one(t, answering(people...))
	o.keeper.Refresh(t.Context())
	o.wants(o.ask(from), ack(benCell))
	o.wants(o.ask(from+"&attempt=2"), ack(cleoTel))
}

// What was kept of a source by an earlier version is bounded as well.
func TestALongAnswerThatWasKeptIsBounded(t *testing.T) {
	o := open(t, oncall.Config{Routes: []oncall.Route{support()}}, oncall.KeeperConfig{
		Sources: []oncall.PolledSource{{Name: "rota", Source: answering()}},
		Answers: keptLong{source.Snapshot{At: time.Now().Add(-time.Minute), People: crowd(5000, annCell)}},
	})
	o.keeper.Load(t.Context())
	if n := o.keeper.States()[0].People; n > 500 {
		t.Errorf("%d people are known", n)
	}
}

type keptLong struct{ snapshot source.Snapshot }

func (k keptLong) Load(context.Context, string) (source.Snapshot, bool, error) {
	return k.snapshot, true, nil
}
func (keptLong) Save(context.Context, string, source.Snapshot) error { return nil }

// BenchmarkCrowd measures a call while a source names five thousand people.
func BenchmarkCrowd(b *testing.B) {
	for name, people := range map[string][]source.Person{"numbers": crowd(5000, annCell), "none": crowd(5000)} {
		b.Run(name, func(b *testing.B) {
			o := one(b, answering(people...), withFallback)
			o.keeper.Refresh(b.Context())
			b.ReportAllocs()
			for b.Loop() {
				o.dispatcher.Decide(b.Context(), oncall.Request{Caller: caller})
			}
		})
	}
}
