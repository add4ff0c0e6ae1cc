package source_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
)

// untimed takes the times out of people, which not every vendor tells.
func untimed(people []source.Person) []source.Person {
	for i := range people {
		people[i].Since, people[i].Until = time.Time{}, time.Time{}
	}
	return people
}

func TestEachVendorSaysWhoIsOnCall(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor) {
		s, _ := v.start(t)
		got := fetched(t, s)
		same(t, "people", untimed(got.People), v.want)
		same(t, "oddities", got.Oddities, []string(nil))
		if !got.At.Equal(noon) {
			t.Errorf("asked at %s, not %s", got.At, noon)
		}
	})
}

func TestNobodyOnCallIsAnAnswer(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor) {
		v.standIn.OnCall()
		s, _ := v.start(t)
		same(t, "people", len(fetched(t, s).People), 0)
	})
}

func TestAChangeOfShiftsIsSeenAtOnce(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor) {
		s, _ := v.start(t)
		fetched(t, s)
		second := v.people[1]
		second.Level = 1
		v.standIn.OnCall(second)
		got := fetched(t, s)
		want := v.want[1]
		want.Level = 1
		same(t, "people", untimed(got.People), []source.Person{want})
	})
}

func TestPagerDutyTellsUntilWhen(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[0]
		s, _ := v.start(t)
		people := fetched(t, s).People
		if !people[0].Since.Equal(alice.Since) || !people[0].Until.Equal(alice.Until) {
			t.Errorf("from %s to %s", people[0].Since, people[0].Until)
		}
		if !people[1].Since.IsZero() || !people[1].Until.IsZero() {
			t.Errorf("somebody who is on call for good is so from %s to %s", people[1].Since, people[1].Until)
		}
	})
}

func TestARefreshTakesOneRequest(t *testing.T) {
	requests := map[string][]int{ // the first, one soon after, one after ten minutes
		source.KindPagerDuty:   {3, 1, 3},
		source.KindBetterStack: {1, 1, 1},
		source.KindIlert:       {3, 1, 3},
		source.KindGoAlert:     {3, 1, 3},
		source.KindGrafana:     {4, 2, 4}, // one a schedule
	}
	eachVendor(t, func(t *testing.T, v vendor) {
		s, _ := v.start(t)
		for i, pause := range []time.Duration{0, time.Minute, 10 * time.Minute} {
			time.Sleep(pause)
			v.standIn.Forget()
			fetched(t, s)
			if got := len(v.standIn.Requests()); got != requests[v.kind][i] {
				t.Errorf("fetch %d took %d requests, not %d", i+1, got, requests[v.kind][i])
			}
		}
	})
}

func TestSomebodyWhoChangedIsAskedAboutAgain(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[0]
		s, _ := v.start(t)
		fetched(t, s)
		changed := alice
		changed.Phones = append([]sourcetest.Phone{{Country: 31, Number: "0622222222", Rule: 1}}, alice.Phones...)
		v.standIn.OnCall(changed, bob)
		v.standIn.Forget()
		same(t, "numbers", fetched(t, s).People[0].Numbers, []string{"+31622222222", "+31611111111"})
		same(t, "requests", len(v.standIn.Requests()), 2)
	})
}

func TestPagerDutysRulesDecideTheOrderOfNumbers(t *testing.T) {
	for _, row := range []struct {
		name   string
		phones []sourcetest.Phone
		want   []string
		odd    string // a part of the only oddity
	}{
		{"none", nil, nil, ""},
		{"rules before the profile", []sourcetest.Phone{
			{Country: 31, Number: "0611111111"},
			{Country: 31, Number: "0622222222", Rule: 2},
			{Country: 31, Number: "0633333333", Rule: 1},
			{Country: 31, Number: "0644444444"},
		}, []string{"+31633333333", "+31622222222", "+31611111111", "+31644444444"}, ""},
		{"blacklisted", []sourcetest.Phone{{Country: 31, Number: "0611111111", Rule: 1, Barred: true}, {Country: 31, Number: "0622222222"}}, []string{"+31622222222"}, ""},
		{"switched off", []sourcetest.Phone{{Country: 31, Number: "0611111111", Rule: 1, Off: true}, {Country: 31, Number: "0622222222"}}, []string{"+31622222222"}, ""},
		{"for texts alone", []sourcetest.Phone{{Country: 31, Number: "0611111111", Rule: 1, SMSOnly: true}, {Country: 31, Number: "0622222222"}}, []string{"+31622222222"}, ""},
		{"twice the same", []sourcetest.Phone{{Country: 31, Number: "0611111111", Rule: 1}, {Country: 31, Number: "+31 6 11111111"}}, []string{"+31611111111"}, ""},
		{"without the zero", []sourcetest.Phone{{Country: 31, Number: "611111111"}}, []string{"+31611111111"}, ""},
		{"with the country again", []sourcetest.Phone{{Country: 31, Number: "31611111111"}}, []string{"+31611111111"}, ""},
		{"as dialled from abroad", []sourcetest.Phone{{Country: 31, Number: "0031611111111"}}, []string{"+31611111111"}, ""},
		{"of another country", []sourcetest.Phone{{Country: 31, Number: "+4930123456"}}, []string{"+4930123456"}, ""},
		{"as people write it", []sourcetest.Phone{{Country: 1, Number: "(973) 555-0123"}}, []string{"+19735550123"}, ""},
		{"of Italy, where the zero stays", []sourcetest.Phone{{Country: 39, Number: "0612345678"}}, []string{"+390612345678"}, ""},
		{"of no country", []sourcetest.Phone{{Country: 883, Number: "510012345678"}}, []string{"+883510012345678"}, ""},
		{"too short", []sourcetest.Phone{{Country: 31, Number: "12345"}}, nil, "Alice Example: •••45 is no telephone number"},
		{"too long", []sourcetest.Phone{{Country: 31, Number: "0611111111111111"}}, nil, "is no telephone number"},
		{"far too long", []sourcetest.Phone{{Country: 31, Number: strings.Repeat("06", 500)}}, nil, "is no telephone number"},
		{"words", []sourcetest.Phone{{Country: 31, Number: "the reception"}}, nil, "Alice Example: the reception is no telephone number"},
		{"letters for digits", []sourcetest.Phone{{Country: 1, Number: "973 555 FLOW"}}, nil, "is no telephone number"},
		{"an extension", []sourcetest.Phone{{Country: 31, Number: "0201234567 ext. 5"}}, nil, "is no telephone number"},
		{"an empty text", []sourcetest.Phone{{Country: 31}}, nil, "an empty text is no telephone number"},
		{"no such country", []sourcetest.Phone{{Country: 999, Number: "0611111111"}}, nil, "06•••1111 is no telephone number"},
		{"a bad one before a good one", []sourcetest.Phone{{Country: 31, Number: "1", Rule: 1}, {Country: 31, Number: "0622222222"}}, []string{"+31622222222"}, "is no telephone number"},
	} {
		t.Run(row.name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				v := vendors()[0]
				s, _ := v.start(t)
				person := alice
				person.Phones = row.phones
				v.standIn.OnCall(person)
				got := fetched(t, s)
				same(t, "numbers", got.People[0].Numbers, row.want)
				switch {
				case row.odd == "":
					same(t, "oddities", got.Oddities, []string(nil))
				case len(got.Oddities) != 1 || !strings.Contains(got.Oddities[0], row.odd):
					t.Errorf("oddities %q do not hold %q", got.Oddities, row.odd)
				}
			})
		})
	}
}

func TestAllPagesAreRead(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[0]
		pagerDuty := v.standIn.(*sourcetest.PagerDuty)
		s, _ := v.start(t)
		crowd := make([]sourcetest.Person, 253)
		for i := range crowd {
			crowd[i] = alice
			crowd[i].ID = fmt.Sprintf("P%06d", i)
		}
		pagerDuty.OnCall(crowd...)
		same(t, "people", len(fetched(t, s).People), len(crowd))
		same(t, "requests", len(pagerDuty.Requests()), 3+len(crowd))

		// A vendor may put fewer on a page than was asked for.
		pagerDuty.PageSize(25)
		pagerDuty.Forget()
		same(t, "people", len(fetched(t, s).People), len(crowd))
		same(t, "requests", len(pagerDuty.Requests()), 11)

		pagerDuty.PageSize(1)
		if _, err := s.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "goes on after 20 pages") {
			t.Errorf("a list without an end: %v", err)
		}
	})
}

func TestBetterStacksPagesAreRead(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[1]
		standIn := v.standIn.(*sourcetest.BetterStack)
		standIn.PageSize(1)
		s, _ := v.start(t)
		same(t, "people", untimed(fetched(t, s).People), v.want)
		same(t, "requests", len(standIn.Requests()), 2)
		standIn.Break(1, sourcetest.Lies("page=7", "page=2"))
		if _, err := s.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "the page after 1 is not 2") {
			t.Errorf("a page left out: %v", err)
		}
	})
}

func TestBetterStackWithoutNamesIsTheDefaultCalendar(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[1]
		client, _ := connect(t, v.standIn)
		s, err := source.NewBetterStack(source.BetterStackConfig{URL: "http://uptime.betterstack.test", Key: hide(sourcetest.BetterStackKey), Client: client})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "people", untimed(fetched(t, s).People), v.want[:1])
		s, err = source.NewBetterStack(source.BetterStackConfig{URL: "http://uptime.betterstack.test", Key: hide(sourcetest.BetterStackKey), Calendars: []string{"Tier 9"}, Client: client})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), "has no on-call calendar Tier 9") {
			t.Errorf("a calendar that is not there: %v", err)
		}
	})
}

func TestSomebodyOnTwoLevelsIsOnBoth(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[0]
		s, _ := v.start(t)
		again, later := alice, alice
		again.Level = 2
		later.Since, later.Until = noon, noon.Add(9*day)
		v.standIn.OnCall(again, alice, later)
		people := fetched(t, s).People
		if len(people) != 2 || people[0].Level != 1 || people[1].Level != 2 {
			t.Fatalf("people %+v", people)
		}
		if !people[0].Since.Equal(alice.Since) || !people[0].Until.Equal(later.Until) {
			t.Errorf("two shifts in one are from %s to %s", people[0].Since, people[0].Until)
		}
		same(t, "requests", len(v.standIn.Requests()), 2)
	})
}

func TestManyPeopleAreAskedAboutAFewAtATime(t *testing.T) {
	virtual(t, func(t *testing.T) {
		v := vendors()[0]
		s, _ := v.start(t)
		crowd := make([]sourcetest.Person, 12)
		for i := range crowd {
			crowd[i] = alice
			crowd[i].ID = fmt.Sprintf("P%06d", i)
		}
		v.standIn.OnCall(crowd...)
		v.standIn.Break(sourcetest.Always, sourcetest.Slow(time.Second).On("/users/"))
		started := time.Now()
		same(t, "people", len(fetched(t, s).People), 12)
		same(t, "time", time.Since(started), 3*time.Second)
	})
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	key := hide("k")
	for name, make := range map[string]func() (any, error){
		"no key":       func() (any, error) { return source.NewPagerDuty(source.PagerDutyConfig{Policy: "P1"}) },
		"an empty key": func() (any, error) { return source.NewPagerDuty(source.PagerDutyConfig{Key: hide(""), Policy: "P1"}) },
		"a key of lines": func() (any, error) {
			return source.NewPagerDuty(source.PagerDutyConfig{Key: hide("a\nb"), Policy: "P1"})
		},
		"no policy":       func() (any, error) { return source.NewPagerDuty(source.PagerDutyConfig{Key: key}) },
		"a policy's name": func() (any, error) { return source.NewPagerDuty(source.PagerDutyConfig{Key: key, Policy: "Our Team"}) },
		"a path":          func() (any, error) { return source.NewIlert(source.IlertConfig{Key: key, Policy: "../../x"}) },
		"no address":      func() (any, error) { return source.NewGoAlert(source.GoAlertConfig{Key: key, Service: "a"}) },
		"another scheme":  func() (any, error) { return source.NewIlert(source.IlertConfig{URL: "ftp://x", Key: key, Policy: "1"}) },
		"a query": func() (any, error) {
			return source.NewIlert(source.IlertConfig{URL: "https://x.test/?a=b", Key: key, Policy: "1"})
		},
		"a password": func() (any, error) {
			return source.NewIlert(source.IlertConfig{URL: "https://u:p@x.test", Key: key, Policy: "1"})
		},
		"no schedule": func() (any, error) { return source.NewGrafana(source.GrafanaConfig{URL: "https://x.test", Key: key}) },
		"an empty calendar": func() (any, error) {
			return source.NewBetterStack(source.BetterStackConfig{Key: key, Calendars: []string{" "}})
		},
		"no calendar":       func() (any, error) { return source.NewICal(source.ICalConfig{}) },
		"two calendars":     func() (any, error) { return source.NewICal(source.ICalConfig{URL: hide("https://x.test"), Path: "x"}) },
		"a calendar's name": func() (any, error) { return source.NewICal(source.ICalConfig{URL: hide("basic.ics")}) },
		"a level of none": func() (any, error) {
			return source.NewICal(source.ICalConfig{Path: "x", Categories: map[string]int{"second": 0}})
		},
		"no file": func() (any, error) { return source.NewFile(source.FileConfig{}) },
	} {
		if _, err := make(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := source.NewPagerDuty(source.PagerDutyConfig{URL: source.PagerDutyURLEU, Key: key, Policy: "P1"}); err != nil {
		t.Errorf("the European region is refused: %v", err)
	}
}
