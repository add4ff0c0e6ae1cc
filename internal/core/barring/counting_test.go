package barring_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/core/barring"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestCallsAtOnceHaveACeiling(t *testing.T) {
	d := open("US", func(s *barring.Settings) { s.TrunkCalls, s.TrunkCallsPerOwner = 3, 2 })
	first, _ := d.call(t, ann, near), d.call(t, "ANN@example.net", phones)
	message, hint := d.refused(t, ann, phones)
	if message != "ann@example.net has used 2 of 2 calls out at once (core.trunk_calls_per_owner)" || hint != "try later, or raise the limit" {
		t.Errorf("the owner's ceiling: %s; %s", message, hint)
	}
	d.call(t, bob, near)
	message, hint = d.refused(t, bob, near)
	if message != "the server has used 3 of 3 calls out at once (core.trunk_calls)" || hint != "try later, or raise the limit" {
		t.Errorf("the server's ceiling: %s; %s", message, hint)
	}
	first(0)
	first(0)
	first(time.Hour)
	d.call(t, ann, near)
	d.refused(t, ann, near)
}

func TestARefusalByACeilingIsWorthAnotherTry(t *testing.T) {
	d := open("US", func(s *barring.Settings) { s.TrunkCalls = 1 })
	d.call(t, ann, near)
	_, err := d.Admit(bob, near)
	if fault.CodeOf(err) != fault.Refused || fault.AgainOf(err) != fault.Later {
		t.Errorf("%v is %s, and worth another try: %s", err, fault.CodeOf(err), fault.AgainOf(err))
	}
}

func TestMinutesAreCountedWhileACallRuns(t *testing.T) {
	d := open("US", func(s *barring.Settings) { s.TrunkMinutesPerOwner, s.TrunkMinutes = 60, 100 })
	release := d.call(t, ann, near)
	d.now = d.now.Add(59 * time.Minute)
	d.call(t, ann, near)(0)
	d.now = d.now.Add(time.Minute)
	message, hint := d.refused(t, ann, near)
	if message != "ann@example.net has used 60 of 60 minutes of calls out within 24 hours (core.trunk_minutes_per_owner)" || hint != "try later, or raise the limit" {
		t.Errorf("the owner's ceiling: %s; %s", message, hint)
	}
	d.call(t, ann, phones)(0) // which is no matter of minutes
	d.now = d.now.Add(40 * time.Minute)
	if message, _ = d.refused(t, bob, near); message != "the server has used 100 of 100 minutes of calls out within 24 hours (core.trunk_minutes)" {
		t.Errorf("the server's ceiling: %s", message)
	}
	release(30 * time.Minute) // it rang for the other 70
	d.talk(t, 30*time.Minute)
	d.refused(t, ann, near)
	if got := d.Usage(); got != (barring.Usage{Spent: time.Hour}) {
		t.Errorf("used %+v", got)
	}
}

func TestMinutesCountForADay(t *testing.T) {
	d := open("US", func(s *barring.Settings) { s.TrunkMinutesPerOwner = 60 })
	d.now = d.now.Add(50 * time.Minute)
	d.talk(t, time.Hour) // 10 minutes until 13:00, and 50 after it
	d.now = noon.Add(24*time.Hour + 59*time.Minute)
	d.refused(t, ann, near)
	d.now = noon.Add(25 * time.Hour)
	d.talk(t, 10*time.Minute)
	d.refused(t, ann, near)
	d.now = noon.Add(26 * time.Hour)
	d.talk(t, 50*time.Minute)
	d.refused(t, ann, near)
}

func TestAClockThatGoesBackGivesNothingBack(t *testing.T) {
	d := open("US", func(s *barring.Settings) {
		s.TrunkMinutesPerOwner, s.AllowedCountries, s.ForeignCallsPerHour = 60, []barring.Country{"JM"}, 1
	})
	release := d.call(t, ann, jamaica)
	d.now = d.now.Add(-48 * time.Hour)
	d.refused(t, ann, jamaica)
	d.now = noon.Add(time.Hour)
	d.refused(t, ann, near)
	d.now = noon.Add(-time.Hour)
	release(100 * time.Hour)
	if got := d.Usage().Spent; got != time.Hour {
		t.Errorf("a call of an hour took %s", got)
	}
}

func TestACallTalksNoLongerThanItLasted(t *testing.T) {
	for talked, want := range map[time.Duration]time.Duration{
		-time.Minute: 0, 0: 0, time.Minute: time.Minute, 10 * time.Minute: 10 * time.Minute, 15 * time.Minute: 10 * time.Minute, 1 << 62: 10 * time.Minute,
	} {
		d := open("US", nil)
		d.now = d.now.Add(30 * time.Minute)
		release := d.call(t, ann, near)
		d.now = d.now.Add(10 * time.Minute)
		release(talked)
		if got := d.Usage().Spent; got != want {
			t.Errorf("a call of %s took %s, want %s", talked, got, want)
		}
	}
}

func TestForeignAndPremiumCallsAreFewAnHour(t *testing.T) {
	d := open("US", func(s *barring.Settings) {
		s.AllowedCountries, s.Premium, s.ForeignCallsPerHour = []barring.Country{"JM"}, true, 2
	})
	d.call(t, ann, jamaica)(0)
	d.now = d.now.Add(30 * time.Minute)
	d.call(t, ann, "+19005550123")(0)
	message, hint := d.refused(t, ann, jamaica)
	want := "ann@example.net has used 2 of 2 calls to other countries or premium numbers within an hour (core.foreign_calls_per_hour)"
	if message != want || hint != "try later, or raise the limit" {
		t.Errorf("the ceiling: %s; %s", message, hint)
	}
	if told := d.told(); told != "calls_barred ann@example.net" {
		t.Errorf("told %s", told)
	}
	d.call(t, ann, near)(0)
	d.call(t, bob, jamaica)(0)
	d.now = noon.Add(time.Hour)
	d.call(t, ann, jamaica)(0)
	d.refused(t, ann, jamaica)
	d.now = noon.Add(90 * time.Minute)
	d.call(t, ann, jamaica)(0)
}

func TestOperatorsHearOfCeilings(t *testing.T) {
	d := open("US", func(s *barring.Settings) {
		s.TrunkCalls, s.TrunkCallsPerOwner, s.TrunkMinutes, s.TrunkMinutesPerOwner = 100, 5, 100, 50
	})
	after := func(minutes int, want string) {
		t.Helper()
		d.now = noon.Add(time.Duration(minutes) * time.Minute)
		d.Review()
		if got := d.told(); got != want {
			t.Errorf("after %d minutes told %q, want %q", minutes, got, want)
		}
	}
	var calls []func(time.Duration)
	for range 5 {
		calls = append(calls, d.call(t, ann, phones))
	}
	after(1, "near_limit ann@example.net") // once, with the fourth
	d.refused(t, ann, phones)
	after(2, "limit_reached ann@example.net")
	for _, release := range calls {
		release(0)
	}
	after(15, "")
	after(16, "-limit_reached ann@example.net")
	after(17, "-near_limit ann@example.net")
	release := d.call(t, ann, near)
	after(56, "")
	after(57, "near_limit ann@example.net")
	after(96, "")
	after(97, "near_limit ")
	release(80 * time.Minute)
	d.refused(t, ann, near)
	after(98, "limit_reached ann@example.net")
	after(113, "-limit_reached ann@example.net")
	after(26*60, "-near_limit , -near_limit ann@example.net")
}

func TestTheOnlyCallIsNoWarning(t *testing.T) {
	d := open("US", func(s *barring.Settings) { s.TrunkCallsPerOwner = 1 })
	d.call(t, ann, near)
	if told := d.told(); told != "" {
		t.Errorf("told %s", told)
	}
}

func TestAnAlertSaysHowMuchIsUsed(t *testing.T) {
	d := open("US", func(s *barring.Settings) { s.TrunkMinutesPerOwner = 50 })
	d.talk(t, 45*time.Minute)
	d.Review()
	d.now = d.now.Add(5 * time.Minute)
	d.talk(t, 5*time.Minute)
	d.refused(t, ann, near)
	want := []string{
		"Calls out: ann@example.net has used 45 of 50 minutes of calls out within 24 hours (core.trunk_minutes_per_owner). At 50 more are refused, and calls in hand go on.",
		"A call out was refused: ann@example.net has used 50 of 50 minutes of calls out within 24 hours (core.trunk_minutes_per_owner). Calls in hand go on. If these are calls that should be made, raise the limit.",
	}
	var got []string
	for _, a := range d.alerts {
		got = append(got, a.Text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMinutesOutliveARestart(t *testing.T) {
	few := func(s *barring.Settings) { s.TrunkMinutes, s.TrunkMinutesPerOwner = 100, 60 }
	database := make(map[barring.Spent]time.Duration)
	save := func(d *desk) {
		t.Helper()
		if err := d.Save(func(rows []barring.Spent) error {
			for _, row := range rows {
				database[barring.Spent{Owner: row.Owner, Hour: row.Hour}] += row.Time
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	d := open("US", few)
	d.talk(t, 40*time.Minute)
	release := d.call(t, bob, near)
	d.now = d.now.Add(30 * time.Minute)
	save(d)
	save(d)
	release(10 * time.Minute) // of what was saved it rang for 20 minutes
	if err := d.Save(func([]barring.Spent) error { return errors.New("the disk is full") }); err == nil {
		t.Error("a failure is kept from the caller")
	}
	save(d)
	want := map[barring.Spent]time.Duration{
		{Owner: ann, Hour: noon}: 40 * time.Minute, {Owner: bob, Hour: noon}: 0, {Owner: bob, Hour: noon.Add(time.Hour)}: 10 * time.Minute,
	}
	if diff := cmp.Diff(want, database); diff != "" {
		t.Fatal(diff)
	}

	rows := []barring.Spent{{Owner: ann, Hour: noon.Add(-25 * time.Hour), Time: time.Hour}, {Owner: ann, Hour: noon.Add(time.Hour), Time: time.Hour}}
	for row, spent := range database {
		rows = append(rows, barring.Spent{Owner: row.Owner, Hour: row.Hour.Add(-time.Hour), Time: spent}) // an hour later, at noon again
	}
	d = open("US", few, rows...)
	if got := d.Usage(); got.Spent != 50*time.Minute {
		t.Errorf("%s are left after a restart", got.Spent)
	}
	d.talk(t, 20*time.Minute)
	d.refused(t, ann, near)
	d.call(t, bob, near)
}

func TestOwnersAreForgottenAndBounded(t *testing.T) {
	d := open("US", func(s *barring.Settings) { s.TrunkCalls, s.TrunkCallsPerOwner = 100_000, 1 })
	for i := range 10_000 {
		d.call(t, fmt.Sprintf("%d@example.net", i), phones)
	}
	d.call(t, "one@example.org", phones)
	d.refused(t, "another@example.org", phones) // the two share one account
	d.refused(t, "", phones)
	d.refused(t, "1@example.net", phones)

	var rows []barring.Spent
	for i := range 10_000 {
		rows = append(rows, barring.Spent{Owner: fmt.Sprintf("%d@example.net", i), Hour: noon, Time: time.Second})
	}
	d = open("US", nil, rows...)
	d.now = d.now.Add(25 * time.Hour)
	d.Review()
	for range 10 {
		d.call(t, ann, near)
	}
	d.refused(t, ann, near)
	d.call(t, bob, near)
}

func TestNoCeilingIsPassedByManyAtOnce(t *testing.T) {
	d := open("US", func(s *barring.Settings) { s.TrunkCalls, s.TrunkCallsPerOwner = 20, 7 })
	var wait sync.WaitGroup
	for caller := range 8 {
		wait.Go(func() {
			owner := []string{ann, bob, "cy@example.net", "di@example.net"}[caller%4]
			for range 500 {
				release, err := d.Admit(owner, phones)
				if err != nil {
					continue
				}
				if used := d.Usage().Calls; used > 20 {
					t.Errorf("%d calls at once", used)
				}
				wait.Go(func() { release(0) })
				release(0)
				d.Review()
			}
		})
	}
	wait.Wait()
	if got := d.Usage(); got != (barring.Usage{}) {
		t.Errorf("in hand after all have ended: %+v", got)
	}
}

// made is a call as a plain list has it.
type made struct {
	owner            string
	metered, foreign bool
	began            time.Time
	ended            time.Time // zero: in hand
	talked           time.Duration
	release          func(time.Duration)
}

// spentIn returns the part of a call that counts from an instant on.
func (m made) spentIn(from, now time.Time) time.Duration {
	begin, end := m.began, now
	if !m.ended.IsZero() {
		begin, end = m.ended.Add(-m.talked), m.ended
	}
	if begin.Before(from) {
		begin = from
	}
	return max(0, end.Sub(begin))
}

// A Barring decides as somebody would who keeps the list of all calls.
func TestEveryDecisionIsThatOfTheWholeList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := defaults
		few.TrunkCalls, few.TrunkCallsPerOwner, few.TrunkMinutes, few.TrunkMinutesPerOwner = 4, 3, 120, 90
		few.AllowedCountries, few.ForeignCallsPerHour = []barring.Country{"JM"}, 2
		d := open("US", func(s *barring.Settings) { *s = few })
		var list []made
		want := func(owner, to string) barring.Result {
			var calls, own, recent int
			var spent, ownSpent time.Duration
			day := d.now.Truncate(time.Hour).Add(-24 * time.Hour)
			for _, m := range list {
				mine := m.owner == owner
				if m.ended.IsZero() {
					calls++
					if mine {
						own++
					}
				}
				if m.metered {
					spent += m.spentIn(day, d.now)
					if mine {
						ownSpent += m.spentIn(day, d.now)
					}
				}
				if mine && m.foreign && d.now.Sub(m.began) < time.Hour {
					recent++
				}
			}
			switch {
			case own >= 3:
				return barring.OwnerCalls
			case calls >= 4:
				return barring.Calls
			case to != phones && ownSpent >= 90*time.Minute:
				return barring.OwnerMinutes
			case to != phones && spent >= 120*time.Minute:
				return barring.Minutes
			case to == jamaica && recent >= 2:
				return barring.ForeignLimit
			}
			return barring.Admitted
		}
		t.Repeat(map[string]func(*rapid.T){
			"call": func(t *rapid.T) {
				owner, to := rapid.SampledFrom([]string{ann, bob}).Draw(t, "owner"), rapid.SampledFrom([]string{near, jamaica, phones}).Draw(t, "to")
				decision := want(owner, to)
				before := d.results[decision]
				release, err := d.Admit(owner, to)
				if d.results[decision] != before+1 || (err == nil) != (decision == barring.Admitted) {
					t.Fatalf("a call of %s to %s: %v, want %s", owner, to, err, decision)
				}
				if err == nil {
					list = append(list, made{owner: owner, metered: to != phones, foreign: to == jamaica, began: d.now, release: release})
				}
			},
			"end": func(t *rapid.T) {
				if len(list) == 0 {
					t.Skip("no call yet")
				}
				m := &list[rapid.IntRange(0, len(list)-1).Draw(t, "call")]
				talked := time.Duration(rapid.IntRange(0, 100).Draw(t, "percent")) * d.now.Sub(m.began) / 100
				m.release(talked)
				if m.ended.IsZero() {
					m.ended, m.talked = d.now, talked
				}
			},
			"wait": func(t *rapid.T) {
				d.now = d.now.Add(time.Duration(rapid.IntRange(1, 90*60).Draw(t, "seconds")) * time.Second)
			},
			"review":  func(*rapid.T) { d.Review() },
			"a night": func(*rapid.T) { d.now = d.now.Add(20 * time.Hour) },
			"set": func(t *rapid.T) {
				settings := few
				settings.Premium = rapid.Bool().Draw(t, "premium")
				d.Set(settings)
			},
		})
	})
}

func BenchmarkAdmit(b *testing.B) {
	for name, to := range map[string]string{"number": near, "abroad": "+442079460958", "address": phones} {
		b.Run(name, func(b *testing.B) {
			d := open("US", allow("GB"))
			b.ReportAllocs()
			for b.Loop() {
				if release, err := d.Admit(ann, to); err == nil {
					release(0)
				}
			}
		})
	}
}
