package oncall_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
)

// heard is an answer of a source called rota, a few seconds old.
func heard(people ...source.Person) oncall.Answer {
	return oncall.Answer{
		Source: "rota", Heard: true, FreshFor: time.Minute, MaxAge: time.Hour,
		Snapshot: source.Snapshot{At: monday.Add(-7 * time.Second), People: people},
	}
}

// chosen is what the tables compare.
type chosen struct {
	Reason   oncall.Reason
	Name     string
	Number   string
	Level    int
	Source   string
	Stale    bool
	Fallback bool
}

func rung(name, number string, level int) chosen {
	return chosen{Reason: oncall.OnCall, Name: name, Number: number, Level: level, Source: "rota"}
}

func office9to5(t *testing.T) *hours.Schedule {
	t.Helper()
	week, err := hours.ParseWeek([]byte(`{"mon": ["08:00-10:00"], "tue": ["08:00-10:00"]}`))
	if err != nil {
		t.Fatal(err)
	}
	return &hours.Schedule{Week: week, Zone: time.UTC}
}

func TestWhoIsRung(t *testing.T) {
	ann, ben, cleo := person("Ann", 1, annCell, annDesk), person("Ben", 1, benCell), person("Cleo", 2, cleoTel)
	dora := person("Dora", 1) // without a number
	ordered := oncall.Rules{Policy: oncall.Ordered}
	with := func(change func(*oncall.Rules)) oncall.Rules {
		r := ordered
		change(&r)
		return r
	}
	last := func(n int) int { return n - 1 }
	for _, c := range []struct {
		name string
		s    oncall.Situation
		want chosen
	}{
		{"anybody, at any of their numbers", oncall.Situation{Answers: []oncall.Answer{heard(ben, ann)}, Random: last}, rung("Ann", annDesk, 1)},
		{"anybody, at the preferred number", oncall.Situation{Rules: oncall.Rules{Preferred: true}, Answers: []oncall.Answer{heard(ben, ann)}, Random: last}, rung("Ann", annCell, 1)},
		{"a random source that goes astray", oncall.Situation{Answers: []oncall.Answer{heard(ben, ann)}, Random: func(int) int { return 99 }}, rung("Ann", annDesk, 1)},
		{"the first in order", oncall.Situation{Rules: ordered, Answers: []oncall.Answer{heard(ann, ben)}}, rung("Ann", annCell, 1)},
		{"twice on the list is one chance", oncall.Situation{Answers: []oncall.Answer{heard(ann, ann, ben)}, Random: func(n int) int { return min(1, n-1) }}, rung("Ben", benCell, 1)},
		{"the second level at the second attempt", oncall.Situation{Rules: ordered, Attempt: 2, Answers: []oncall.Answer{heard(ann, cleo)}}, rung("Cleo", cleoTel, 2)},
		{"the attempt of the request", oncall.Situation{Rules: ordered, Request: oncall.Request{Attempt: 2}, Answers: []oncall.Answer{heard(ann, cleo)}}, rung("Cleo", cleoTel, 2)},
		{"past the last level, the last", oncall.Situation{Rules: ordered, Attempt: 5, Answers: []oncall.Answer{heard(ann, cleo)}}, rung("Cleo", cleoTel, 2)},
		{"past the last level, from the first", oncall.Situation{Rules: with(func(r *oncall.Rules) { r.Beyond = oncall.Wrap }), Attempt: 3, Answers: []oncall.Answer{heard(ann, cleo)}}, rung("Ann", annDesk, 1)},
		{"past the last level, the next in order", oncall.Situation{Rules: ordered, Attempt: 2, Answers: []oncall.Answer{heard(ann, ben)}}, rung("Ben", benCell, 1)},
		{"past the last level, nobody", oncall.Situation{
			Rules: with(func(r *oncall.Rules) { r.Beyond, r.Fallback = oncall.Stop, spare }), Attempt: 3, Answers: []oncall.Answer{heard(ann, cleo)},
		}, chosen{Reason: oncall.NobodyAtLevel, Number: spare, Fallback: true}},
		{"nobody at level 1", oncall.Situation{Rules: ordered, Answers: []oncall.Answer{heard(cleo)}}, chosen{Reason: oncall.NobodyAtLevel}},
		{"nobody at level 1, so the next", oncall.Situation{Rules: with(func(r *oncall.Rules) { r.NextLevel = true }), Answers: []oncall.Answer{heard(cleo)}}, rung("Cleo", cleoTel, 2)},
		{"nobody with a number at level 1, so the next", oncall.Situation{Rules: with(func(r *oncall.Rules) { r.NextLevel = true }), Answers: []oncall.Answer{heard(dora, cleo)}}, rung("Cleo", cleoTel, 2)},
		{"a level of none is the first", oncall.Situation{Answers: []oncall.Answer{heard(person("Ann", 0, annCell))}}, rung("Ann", annCell, 1)},
		{"who has no number is passed over", oncall.Situation{Rules: ordered, Answers: []oncall.Answer{heard(dora, ben)}}, rung("Ben", benCell, 1)},
		{"nobody has a number", oncall.Situation{Rules: ordered, Answers: []oncall.Answer{heard(dora)}}, chosen{Reason: oncall.NoNumber}},
		{"numbers that are none", oncall.Situation{Rules: ordered, Answers: []oncall.Answer{heard(person("Ann", 1, "n/a", "+0", "+999999999999999999", ""))}}, chosen{Reason: oncall.NoNumber}},
		{"a number among what is none", oncall.Situation{Rules: ordered, Answers: []oncall.Answer{heard(person("Ann", 1, "n/a", "+31 6 1111 1111"))}}, rung("Ann", annCell, 1)},
		{"nobody is on call", oncall.Situation{Rules: ordered, Answers: []oncall.Answer{heard()}}, chosen{Reason: oncall.NobodyOnCall}},
		{"everybody gone, with a fallback", oncall.Situation{Rules: with(func(r *oncall.Rules) { r.Fallback = "201" }), Answers: []oncall.Answer{heard()}}, chosen{Reason: oncall.NobodyOnCall, Number: "201", Fallback: true}},
		{"no source at all", oncall.Situation{}, chosen{Reason: oncall.NoAnswer}},
		{"a source that was never heard", oncall.Situation{Answers: []oncall.Answer{{Source: "rota", Problem: "refused"}}}, chosen{Reason: oncall.NoAnswer}},
		{"the next source", oncall.Situation{Answers: []oncall.Answer{{Source: "pagerduty"}, heard(ben)}}, rung("Ben", benCell, 1)},
		{"the next source where the first has nobody", oncall.Situation{Answers: []oncall.Answer{{Source: "pagerduty", Heard: true}, heard(ben)}}, rung("Ben", benCell, 1)},
		{"a stale answer", oncall.Situation{Now: monday.Add(10 * time.Minute), Answers: []oncall.Answer{heard(ben)}}, chosen{Reason: oncall.OnCall, Name: "Ben", Number: benCell, Level: 1, Source: "rota", Stale: true}},
		{"an answer that is too old", oncall.Situation{Now: monday.Add(2 * time.Hour), Answers: []oncall.Answer{heard(ben)}}, chosen{Reason: oncall.NoAnswer}},

		{"the map by id", oncall.Situation{Rules: oncall.Rules{Numbers: map[string][]string{"ben": {"202"}, "ben@example.net": {"203"}, "Ben": {"204"}}}, Answers: []oncall.Answer{heard(ben)}}, rung("Ben", "202", 1)},
		{"the map by e-mail, in capitals", oncall.Situation{Rules: oncall.Rules{Numbers: map[string][]string{"BEN@example.net": {"203"}}}, Answers: []oncall.Answer{heard(ben)}}, rung("Ben", "203", 1)},
		{"the map by name", oncall.Situation{Rules: oncall.Rules{CallingCode: "31", Numbers: map[string][]string{"Dora": {"06-1111 1111"}}}, Answers: []oncall.Answer{heard(dora)}}, rung("Dora", annCell, 1)},
		{"the map takes a number away", oncall.Situation{Rules: oncall.Rules{Numbers: map[string][]string{"ben": {}}}, Answers: []oncall.Answer{heard(ben)}}, chosen{Reason: oncall.NoNumber}},

		{"whom the caller had before is passed over", oncall.Situation{Rules: ordered, Attempt: 2, Tried: []string{"rota/ann"}, Answers: []oncall.Answer{heard(ann, ben)}}, rung("Ben", benCell, 1)},
		{"unless there is nobody else", oncall.Situation{Rules: ordered, Attempt: 2, Tried: []string{"rota/ann"}, Answers: []oncall.Answer{heard(ann)}}, rung("Ann", annDesk, 1)},

		{"not the caller themselves", oncall.Situation{Rules: ordered, Request: oncall.Request{Caller: annCell}, Answers: []oncall.Answer{heard(ann)}}, rung("Ann", annDesk, 1)},
		{"not the number that was called", oncall.Situation{
			Rules: ordered, Request: oncall.Request{Caller: annCell, DID: annDesk}, Answers: []oncall.Answer{heard(ann, ben)},
		}, rung("Ben", benCell, 1)},
		{"not the caller as a fallback", oncall.Situation{
			Rules: with(func(r *oncall.Rules) { r.Fallback, r.CallingCode = spare, "31" }), Request: oncall.Request{Caller: "0201234567"}, Answers: []oncall.Answer{heard()},
		}, chosen{Reason: oncall.NobodyOnCall}},

		{"a blocked caller", oncall.Situation{
			Request: oncall.Request{Caller: caller}, Rules: oncall.Rules{Block: []string{"+3165*"}, Fallback: spare}, Answers: []oncall.Answer{heard(ben)},
		}, chosen{Reason: oncall.Blocked}},
		{"a blocked caller gets a number of their own", oncall.Situation{
			Request: oncall.Request{Caller: "anonymous"}, Rules: oncall.Rules{Block: []string{"Anonymous"}, Refused: "900"}, Answers: []oncall.Answer{heard(ben)},
		}, chosen{Reason: oncall.Blocked, Number: "900"}},
		{"a caller who is allowed, as dialled in the country", oncall.Situation{
			Request: oncall.Request{Caller: "0655555555"}, Rules: oncall.Rules{Allow: []string{caller}, CallingCode: "31"}, Answers: []oncall.Answer{heard(ben)},
		}, rung("Ben", benCell, 1)},
		{"whose number begins as people there write it", oncall.Situation{
			Request: oncall.Request{Caller: "+12125550123"}, Rules: oncall.Rules{Block: []string{"212555*"}, CallingCode: "1"}, Answers: []oncall.Answer{heard(ben)},
		}, chosen{Reason: oncall.Blocked}},
		{"whose number stands in an address", oncall.Situation{
			Request: oncall.Request{Caller: "sip:+31655555555@example.net"}, Rules: oncall.Rules{Block: []string{"06 55*"}, CallingCode: "31"}, Answers: []oncall.Answer{heard(ben)},
		}, chosen{Reason: oncall.Blocked}},
		{"whose number begins with a 0 too many", oncall.Situation{
			Request: oncall.Request{Caller: "0655555555"}, Rules: oncall.Rules{Block: []string{"+31 (0)655*"}, CallingCode: "31"}, Answers: []oncall.Answer{heard(ben)},
		}, chosen{Reason: oncall.Blocked}},
		{"a caller who is not", oncall.Situation{Request: oncall.Request{Caller: "+12125550100"}, Rules: oncall.Rules{Allow: []string{caller}}, Answers: []oncall.Answer{heard(ben)}}, chosen{Reason: oncall.NotAllowed}},
		{"a caller on both lists", oncall.Situation{
			Request: oncall.Request{Caller: caller}, Rules: oncall.Rules{Allow: []string{"+31*"}, Block: []string{caller}}, Answers: []oncall.Answer{heard(ben)},
		}, chosen{Reason: oncall.Blocked}},

		{"open", oncall.Situation{Rules: oncall.Rules{Hours: office9to5(t)}, Answers: []oncall.Answer{heard(ben)}}, rung("Ben", benCell, 1)},
		{"closed", oncall.Situation{Now: monday.Add(time.Hour), Rules: oncall.Rules{Hours: office9to5(t), Fallback: spare}, Answers: []oncall.Answer{heard(ben)}}, chosen{Reason: oncall.Shut}},
		{"closed, with a number for it", oncall.Situation{Now: monday.Add(time.Hour), Rules: oncall.Rules{Hours: office9to5(t), Closed: "800"}, Answers: []oncall.Answer{heard(ben)}}, chosen{Reason: oncall.Shut, Number: "800"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.s.Now.IsZero() {
				c.s.Now = monday
			}
			d := oncall.Decide(c.s)
			got := chosen{d.Reason, d.Name, d.Number, d.Level, d.Source, d.Stale, d.Fallback}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s%s", diff, strings.Join(why.Sentences(d.Steps), "\n"))
			}
			if len(d.Steps) == 0 {
				t.Error("nothing says why")
			}
			for _, step := range why.Sentences(d.Steps) {
				if strings.Contains(step, "11111111") || strings.ContainsAny(step, "$[]") || !strings.HasSuffix(step, ".") {
					t.Errorf("step %q", step)
				}
			}
		})
	}
}

func TestPoliciesGoByWhoWasRung(t *testing.T) {
	people := heard(person("Ann", 1, annCell), person("Ben", 1, benCell), person("Cleo", 1, cleoTel))
	ago := func(minutes int) time.Time { return monday.Add(-time.Duration(minutes) * time.Minute) }
	for _, c := range []struct {
		name   string
		policy oncall.Policy
		past   map[string]oncall.Past
		want   string
	}{
		{"nothing is known: the first", oncall.RoundRobin, nil, "Ann"},
		{"who was rung longest ago", oncall.RoundRobin, map[string]oncall.Past{"rota/ann": {Rung: ago(1)}, "rota/ben": {Rung: ago(3)}, "rota/cleo": {Rung: ago(2)}}, "Ben"},
		{"who was never", oncall.RoundRobin, map[string]oncall.Past{"rota/ann": {Rung: ago(9)}, "rota/ben": {Rung: ago(3)}}, "Cleo"},
		{"who has been idle longest", oncall.LongestIdle, map[string]oncall.Past{"rota/ann": {Engaged: ago(1)}, "rota/ben": {Engaged: ago(2)}, "rota/cleo": {Engaged: ago(5)}}, "Cleo"},
		{"not who is in a call", oncall.LongestIdle, map[string]oncall.Past{"rota/ann": {Engaged: ago(1)}, "rota/ben": {Engaged: ago(2)}, "rota/cleo": {Engaged: ago(5), Busy: true}}, "Ben"},
		{"unless all are", oncall.LongestIdle, map[string]oncall.Past{"rota/ann": {Engaged: ago(1), Busy: true}, "rota/ben": {Engaged: ago(2), Busy: true}, "rota/cleo": {Engaged: ago(5), Busy: true}}, "Cleo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := oncall.Decide(oncall.Situation{
				Now: monday, Rules: oncall.Rules{Policy: c.policy}, Answers: []oncall.Answer{people},
				Past: func(key string) oncall.Past { return c.past[key] },
			})
			if d.Name != c.want {
				t.Errorf("%s is rung, want %s\n%s", d.Name, c.want, strings.Join(why.Sentences(d.Steps), "\n"))
			}
		})
	}
}

// A handover at ten: Ann until then, Ben from then on.
func TestDutyEndsWhereSomebodyFollows(t *testing.T) {
	ten := monday.Add(time.Hour)
	shift := func(p source.Person, since, until time.Time) source.Person {
		p.Since, p.Until = since, until
		return p
	}
	none := time.Time{}
	ann, ben := shift(person("Ann", 1, annCell), none, ten), shift(person("Ben", 1, benCell), ten, ten.Add(time.Hour))
	cleo := shift(person("Cleo", 2, cleoTel), none, none)
	for _, c := range []struct {
		name   string
		people []source.Person
		at     time.Time
		want   string
	}{
		{"before", []source.Person{ann, ben}, ten.Add(-time.Second), "Ann"},
		{"at that moment", []source.Person{ann, ben}, ten, "Ben"},
		{"after, with nobody known to follow", []source.Person{ann}, ten.Add(30 * time.Minute), "Ann"},
		{"after, with somebody of another level alone", []source.Person{ann, cleo}, ten.Add(30 * time.Minute), "Ann"},
		{"after the last of two", []source.Person{ann, ben}, ten.Add(2 * time.Hour), "Ben"},
		{"well before the only one begins", []source.Person{ben}, ten.Add(-time.Hour), ""},
		{"as the only one is about to begin", []source.Person{ben}, ten.Add(-time.Minute), "Ben"},
		{"in a gap, who was last", []source.Person{ann, shift(person("Ben", 1, benCell), ten.Add(time.Hour), none)}, ten.Add(30 * time.Minute), "Ann"},
		{"who is on duty without an end", []source.Person{ann, shift(person("Ben", 1, benCell), none, none)}, ten.Add(time.Minute), "Ben"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := heard(c.people...)
			answer.MaxAge = 0
			d := oncall.Decide(oncall.Situation{Now: c.at, Rules: oncall.Rules{Policy: oncall.Ordered}, Answers: []oncall.Answer{answer}})
			if d.Name != c.want {
				t.Errorf("%q is rung, want %q\n%s", d.Name, c.want, strings.Join(why.Sentences(d.Steps), "\n"))
			}
		})
	}
}

func TestNumbersAreUnderstood(t *testing.T) {
	for _, c := range []struct {
		number, code, want string
	}{
		{"+31611111111", "", annCell},
		{" +31 (6) 1111-1111 ", "", annCell},
		{"0031611111111", "", annCell},
		{"0611111111", "31", annCell},
		// https://github.com/floere/phony/issues/185
		{"+31 (0)6 11111111", "31", annCell}, {"+31 (0)6 11111111", "", annCell}, {"+310611111111", "31", annCell}, {"0031 (0)6 11111111", "31", annCell},
		{"31611111111", "31", annCell}, {"611111111", "31", annCell}, {"tel:+31611111111", "31", annCell}, {"\u202a+31611111111\u202c", "31", annCell},
		{"+310201234567", "31", "+31201234567"}, {"011 31 6 11111111", "1", annCell}, {"2125550123", "1", "+12125550123"},
		{"06 1234 5678", "39", "+390612345678"}, {"+39 06 1234 5678", "39", "+390612345678"},
		{"+52 1 55 1234 0101", "52", "+5215512340101"}, {"+52 55 1234 0101", "52", "+525512340101"}, {"2000", "1", "2000"},
		{"0611111111", "", "0611111111"},
		{"201", "31", "201"},
		{"12", "", "12"},
		{"1", "", ""},
		{"", "", ""},
		{"+", "", ""},
		{"0000000000", "31", ""},
		{"+0611111111", "", ""},
		{"+1234567890123456", "", ""},
		{"anonymous", "", ""},
		{"sip:201@example.net", "", ""},
		{"+31611111111 x2", "", ""},
	} {
		got, ok := oncall.Dialable(c.number, phone.HomeOfCode(c.code))
		if ok != (c.want != "") || ok && got != c.want {
			t.Errorf("Dialable(%q, %q) = %q, %v, want %q", c.number, c.code, got, ok, c.want)
		}
	}
	for _, c := range []struct {
		a, b, code string
		want       bool
	}{
		{"+31611111111", "31611111111", "", true},
		{"+31611111111", " 31611111111", "", true}, // a plus that stood in a URL as it was
		{"+31611111111", "0611111111", "31", true},
		{"+31611111111", "0611111111", "", false},
		{"+12125550100", "2125550100", "1", true},
		{"+31611111111", "+31 (0)6 11111111", "31", true},
		{"+31611111111", "0031611111111", "1", true},
		{"+525512340101", "5215512340101", "1", true},
		{"", "", "", false},
		{"anonymous", "anonymous", "", false},
	} {
		home := phone.HomeOfCode(c.code)
		if got := phone.Read(c.a, home).Same(phone.Read(c.b, home)); got != c.want {
			t.Errorf("%q and %q are one number under %q: %v", c.a, c.b, c.code, got)
		}
	}
}
