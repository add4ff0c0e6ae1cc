package oncall_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/fault"
)

// outage is ten minutes in which the source does something else than answer.
// Somebody calls every ten seconds; each is to be put through to Ann at once.
func outage(t *testing.T, begin func(*station)) *office {
	t.Helper()
	s := answering(person("Ann", 1, annCell))
	o := one(t, s, withFallback)
	defer o.run()()
	synctest.Wait()
	o.wants(o.ask(""), ack(annCell))
	begin(s)
	for range 60 {
		time.Sleep(10 * time.Second)
		before := time.Now()
		o.wants(o.ask("&callerid=%2B31655555555"), ack(annCell))
		if waited := time.Since(before); waited != 0 {
			t.Errorf("the caller waited %s though something was known", waited)
		}
	}
	s.answer(person("Ben", 1, benCell))
	time.Sleep(2*time.Minute + 30*time.Second)
	o.wants(o.ask(""), ack(benCell))
	if s.most != 1 {
		t.Errorf("%d questions at once", s.most)
	}
	return o
}

func TestKilledSourceForTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := outage(t, func(s *station) { s.fail(errRefused) })
		if old := o.dispatcher.Recent(40)[39]; !old.Stale || old.Age < 3*time.Minute || old.Source != "rota" {
			t.Errorf("the record does not tell the answer's age: %+v", old)
		}
		log := o.log.String()
		for _, want := range []string{"on-call source not answering", "the connection was refused", "stale=true", "age_s=", "on-call source answering again"} {
			if !strings.Contains(log, want) {
				t.Errorf("the log does not tell %q", want)
			}
		}
		if n := strings.Count(log, `msg="on-call source not answering"`); n != 1 {
			t.Errorf("one outage is logged %d times", n)
		}
	})
}

func TestFrozenSourceForTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outage(t, (*station).freeze)
	})
}

// A source that answers what cannot be true. That nobody is on call may be
// true, so we believe it, and the fallback covers it.
func TestLyingSourceForTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lie := 0
		outage(t, func(s *station) {
			s.behave(func(context.Context) (source.Snapshot, error) {
				lie++
				switch lie % 3 {
				case 0:
					return source.Snapshot{}, &source.Error{Source: "station", Code: fault.Refused, Message: "the answer is not JSON"}
				case 1:
					panic("a defect in an adapter")
				}
				// From a time to come, of people without an end of their number.
				return source.Snapshot{At: time.Now().Add(1000 * time.Hour), People: []source.Person{
					person("Zoe", 1, "none"), person("Ann", 1, "x", annCell),
				}}, nil
			})
		})
	})
	synctest.Test(t, func(t *testing.T) {
		s := answering(person("Ann", 1, annCell))
		o := one(t, s, withFallback)
		defer o.run()()
		synctest.Wait()
		s.answer()
		time.Sleep(2 * time.Minute)
		for range 60 {
			time.Sleep(10 * time.Second)
			o.wants(o.ask(""), ack(spare))
		}
	})
}

func TestNothingKnownWaitsNoLongerThanACallerCan(t *testing.T) {
	for _, c := range []struct {
		name     string
		begin    func(*station)
		fallback bool
		want     string
		within   time.Duration
	}{
		{"frozen", (*station).freeze, true, ack(spare), 2 * time.Second},
		{"frozen, without a fallback", (*station).freeze, false, "status=NAK", 2 * time.Second},
		{"down", func(s *station) { s.fail(errRefused) }, true, ack(spare), 0},
		{"slow, but not too slow", func(s *station) {
			s.behave(func(context.Context) (source.Snapshot, error) {
				time.Sleep(time.Second)
				return source.Snapshot{People: []source.Person{person("Ann", 1, annCell)}}, nil
			})
		}, true, ack(annCell), time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := answering()
				c.begin(s)
				o := one(t, s, func(r *oncall.Route) {
					if c.fallback {
						withFallback(r)
					}
				})
				defer o.run()()
				before := time.Now()
				o.wants(o.ask(""), c.want)
				if waited := time.Since(before); waited > c.within {
					t.Errorf("the caller waited %s, more than %s", waited, c.within)
				}
			})
		})
	}
}

// In an outage without anything known callers are answered at once, and do not
// hammer the source.
func TestCallersOfAnOutageDoNotHammerTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := answering()
		s.fail(errRefused)
		o := one(t, s, withFallback)
		defer o.run()()
		for range 600 {
			o.wants(o.ask(""), ack(spare))
			time.Sleep(time.Second)
		}
		if n := s.count(); n < 60 || n > 130 {
			t.Errorf("the source was asked %d times in ten minutes of calls", n)
		}
	})
}

func TestQuietOutageBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := answering()
		s.fail(errRefused)
		o := one(t, s)
		stop := o.run()
		time.Sleep(time.Hour)
		stop()
		if n := s.count(); n < 30 || n > 40 { // 5, 10, 20, 40, 80 s, then every two minutes
			t.Errorf("the source was asked %d times in an hour", n)
		}
	})
}

func TestSourceIsLeftAloneAsLongAsItAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := answering()
		s.fail(&source.Error{Source: "station", Message: "too many requests", Status: 429, Code: fault.Unavailable, After: 10 * time.Minute})
		o := one(t, s, withFallback)
		defer o.run()()
		for range 59 {
			time.Sleep(10 * time.Second)
			o.wants(o.ask(""), ack(spare))
		}
		if n := s.count(); n != 1 {
			t.Errorf("the source was asked %d times, though it asked to be left alone", n)
		}
		if state := o.keeper.States()[0]; state.Failure != oncall.Limited || state.Failures != 1 {
			t.Errorf("state %+v", state)
		}
		s.answer(person("Ann", 1, annCell))
		time.Sleep(20 * time.Second)
		o.wants(o.ask(""), ack(annCell))
	})
}

func TestNextSourceThenFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := answering(person("Ann", 1, annCell)), answering(person("Ben", 1, benCell))
		o := open(t, oncall.Config{Routes: []oncall.Route{support(withFallback, func(r *oncall.Route) { r.Sources = []string{"first", "second"} })}},
			oncall.KeeperConfig{Sources: []oncall.PolledSource{
				{Name: "first", Source: first, MaxAge: 10 * time.Minute}, {Name: "second", Source: second, MaxAge: 30 * time.Minute},
			}})
		defer o.run()()
		synctest.Wait()
		o.wants(o.ask(""), ack(annCell))
		first.fail(errRefused)
		time.Sleep(9 * time.Minute)
		o.wants(o.ask(""), ack(annCell)) // stale, but of the preferred source
		time.Sleep(2 * time.Minute)
		o.wants(o.ask(""), ack(benCell))
		second.fail(errRefused)
		time.Sleep(31 * time.Minute)
		o.wants(o.ask(""), ack(spare))
		if log := o.log.String(); !strings.Contains(log, "outcome=no_answer") || !strings.Contains(log, "an answer is used for 30m at most") {
			t.Errorf("the log does not tell why:\n%s", log)
		}
	})
}

// drawer keeps answers as a store does.
type drawer struct {
	kept map[string]source.Snapshot
	err  error
}

func (d *drawer) Load(_ context.Context, name string) (source.Snapshot, bool, error) {
	s, ok := d.kept[name]
	return s, ok, d.err
}

func (d *drawer) Save(_ context.Context, name string, s source.Snapshot) error {
	if d.err == nil {
		d.kept[name] = s
	}
	return d.err
}

func TestRestartKeepsTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &drawer{kept: map[string]source.Snapshot{}}
		s := answering(person("Ann", 1, annCell))
		start := func(key string) *office {
			return open(t, oncall.Config{Routes: []oncall.Route{support()}},
				oncall.KeeperConfig{Answers: d, Sources: []oncall.PolledSource{{Name: "rota", Key: key, Source: s}}})
		}
		o := start("policy-1")
		stop := o.run()
		synctest.Wait()
		stop()
		s.freeze()
		time.Sleep(time.Hour)

		o = start("policy-1")
		stop = o.run()
		before := time.Now()
		o.wants(o.ask(""), ack(annCell))
		if time.Since(before) != 0 {
			t.Error("the caller waited though an answer was kept")
		}
		if r := o.dispatcher.Recent(1)[0]; !r.Stale || r.Age != time.Hour {
			t.Errorf("record %+v", r)
		}
		stop()

		o = start("policy-2") // another policy: who is on call for the first is not
		stop = o.run()
		o.wants(o.ask(""), "status=NAK")
		stop()

		d.err = errors.New("the disk is full") // a store that fails costs no caller anything
		s.answer(person("Ben", 1, benCell))
		o = start("policy-1")
		stop = o.run()
		o.wants(o.ask(""), ack(benCell))
		stop()
		if log := o.log.String(); !strings.Contains(log, "answer not readable") || !strings.Contains(log, "answer not cached") {
			t.Errorf("the log does not tell of the store:\n%s", log)
		}
	})
}

func TestNewSettingsKeepTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := answering(person("Ann", 1, annCell))
		o := one(t, s)
		stop := o.run()
		synctest.Wait()
		stop()
		s.freeze()
		next := one(t, s)
		next.keeper.Inherit(o.keeper)
		defer next.run()()
		next.wants(next.ask(""), ack(annCell))
	})
}

// When a shift ends at ten the source is asked again then, not a minute later.
func TestHandoverIsAskedForWhenItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := time.Now().Add(30 * time.Second)
		s := &station{}
		s.behave(func(context.Context) (source.Snapshot, error) {
			p := person("Ann", 1, annCell)
			p.Until = ten
			if !time.Now().Before(ten) {
				p = person("Ben", 1, benCell)
			}
			return source.Snapshot{People: []source.Person{p}}, nil
		})
		o := one(t, s)
		defer o.run()()
		time.Sleep(29 * time.Second)
		o.wants(o.ask(""), ack(annCell))
		time.Sleep(5 * time.Second)
		o.wants(o.ask(""), ack(benCell))
	})
}

func TestJitterKeepsServersApart(t *testing.T) {
	for jitter, want := range map[float64]time.Duration{0: 48 * time.Second, 1: 72 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := answering(person("Ann", 1, annCell))
			keeper, err := oncall.NewKeeper(oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: s}}, Jitter: func() float64 { return jitter }})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); keeper.Run(ctx) }()
			synctest.Wait()
			if got := time.Until(keeper.States()[0].Next); got != want {
				t.Errorf("asked again after %s, want %s", got, want)
			}
			cancel()
			<-done
		})
	}
}

func TestSourcesAreCheckedOnTheWayIn(t *testing.T) {
	s := answering()
	for want, sources := range map[string][]oncall.PolledSource{
		"lacks":  {{Source: s}},
		"itself": {{Name: "rota"}},
		"two":    {{Name: "rota", Source: s}, {Name: "rota", Source: s}},
	} {
		if _, err := oncall.NewKeeper(oncall.KeeperConfig{Sources: sources}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A defect of ours costs the caller the person on call, not the call.
func TestDefectGivesTheFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, oncall.Config{
			Routes: []oncall.Route{support(withFallback)}, Random: func(int) int { panic("a defect") },
		}, oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: answering(person("Ann", 1, annCell), person("Ben", 1, benCell))}}})
		defer o.run()()
		synctest.Wait()
		for range 2 { // the first leaves nothing locked
			var got reply
			func() {
				defer func() {
					if recover() == nil {
						t.Error("whoever serves us is not told")
					}
				}()
				w := httptest.NewRecorder()
				defer func() { got = reply{status: w.Code, body: w.Body.String()} }()
				o.dispatcher.Voys().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/voys-webhook?secret_key="+secret, http.NoBody))
			}()
			o.wants(got, ack(spare))
		}
	})
}
