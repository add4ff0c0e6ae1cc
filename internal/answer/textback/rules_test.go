package textback_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // as the program has it

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
)

func read(number string) phone.Number { return phone.Read(number, phone.HomeIn()) }

func pattern(text string) phone.Pattern {
	p, err := phone.ParsePattern(text, phone.HomeIn())
	if err != nil {
		panic(err)
	}
	return p
}

// plainCase is a caller whom nothing speaks against.
func plainCase(change ...func(*textback.Case)) *textback.Case {
	c := &textback.Case{
		Now: time.Date(2026, 7, 1, 16, 0, 0, 0, time.UTC), To: read("19734321440"), Message: message,
		Entry: &entry.Entry{ID: id, APIDomain: domain, Text: entry.Text{User: "2000", FromNumber: from, Message: message}},
	}
	for _, f := range change {
		f(c)
	}
	return c
}

// ruleTest is a caller and what a rule says of them.
type ruleTest struct {
	name   string
	change func(*textback.Case)
	want   textback.Reason
}

// testRule holds a rule to a table. A caller whom nothing speaks against
// passes every rule.
func testRule(t *testing.T, rule textback.Rule, tests []ruleTest) {
	t.Helper()
	tests = append([]ruleTest{{"nothing speaks against it", func(*textback.Case) {}, ""}}, tests...)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := rule(plainCase(test.change)); got != test.want {
				t.Errorf("the rule says %q, want %q", got, test.want)
			}
		})
	}
}

func TestNumbersThatTextAreNotTexted(t *testing.T) {
	testRule(t, textback.OwnNumberRule, []ruleTest{
		{"an entry sends from it", func(c *textback.Case) { c.Own = true }, textback.OwnNumber},
		{"this entry sends from it", func(c *textback.Case) { c.To = read(from) }, textback.OwnNumber},
		{"without the country's code", func(c *textback.Case) { c.To = read("2125550100") }, textback.OwnNumber},
		{"the entry's is written without it", func(c *textback.Case) { c.To, c.Entry.Text.FromNumber = read(from), "2125550100" }, textback.OwnNumber},
		{"one digit differs", func(c *textback.Case) { c.To = read("12125550101") }, ""},
	})
}

func TestLandLinesAreNotTexted(t *testing.T) {
	to := func(number string, regions ...string) func(*textback.Case) {
		return func(c *textback.Case) { c.To, c.Entry.Regions = phone.Read(number, phone.HomeIn(regions...)), regions }
	}
	listed := func(list ...string) func(*textback.Case) {
		return func(c *textback.Case) {
			for _, first := range list {
				c.Rules.LandLines = append(c.Rules.LandLines, pattern("+"+first+"*"))
			}
		}
	}
	testRule(t, textback.LandLineRule, []ruleTest{
		{"the operator lists it", listed("12125550100", "19734321440"), textback.LandLine},
		{"the operator lists how it begins", listed("1973432"), textback.LandLine},
		{"the operator lists others", listed("1973433", "973432", "197343214401"), ""},
		{"nobody can tell", to("12125550123"), ""},
		{"a land line of Germany", to("4930123456"), textback.LandLine},
		{"a mobile of Germany", to("4915112345678"), ""},
		{"a land line as one dials there", to("030123456", "DE"), textback.LandLine},
		{"a land line of England", to("441273000000"), textback.LandLine},
		{"toll-free", to("18005550199"), textback.LandLine},
		{"premium", to("19002345678"), textback.LandLine},
		{"premium by its exchange", to("12129761234"), textback.LandLine},
		{"of no place, at a price", to("15002345678"), textback.LandLine},
		{"shared cost", to("448431234567"), textback.LandLine},
		{"a pager", to("447640123456"), textback.LandLine},
		{"personal", to("+447012345678"), textback.LandLine},
		{"personal, of no country", to("+878101234567890"), textback.LandLine},
		{"a satellite telephone", to("+881612345678"), textback.LandLine},
		{"a ship", to("+870773111234"), textback.LandLine},
		{"a ship that a region was named for", to("+870773111234", "US", "CA", "SN"), textback.LandLine},
		{"directory assistance", to("12125551212"), textback.LandLine},
		{"directory assistance without its area code", to("5551212"), textback.LandLine},
		{"a short code", to("12345"), textback.ShortNumber},
		{"of no country", to("123456789012345"), ""}, // the phone system will say so
	})
}

func TestOnlyTheEntrysRegionsAreTexted(t *testing.T) {
	to := func(number, from string, regions ...string) func(*textback.Case) {
		return func(c *textback.Case) {
			c.Entry.Regions, c.Entry.Text.FromNumber = regions, from
			c.To = phone.Read(number, c.Entry.Home())
		}
	}
	const dutch, jamaican = "31201234567", "18765550100"
	testRule(t, textback.RegionRule, []ruleTest{
		{"the United States", to("+12125550123", from), ""},
		{"Canada", to("+14165550123", from), ""},
		{"the rest of the 1", to("+18765550123", from), textback.Region},
		{"the rest of the 1, without it", to("8095550123", from), textback.Region},
		{"another country", to("+221771234567", from), textback.Region},
		{"another country, without a plus", to("221771234567", from), textback.Region},
		{"another country, as it is dialled", to("011221771234567", from), textback.Region},
		{"a neighbour, of an entry there", to("+18765550123", jamaican), ""},
		{"home, of an entry of a neighbour", to("+12125550123", jamaican), ""},
		{"another neighbour", to("+18095550123", jamaican), textback.Region},
		{"at home abroad", to("+31612340103", dutch), ""},
		{"from elsewhere to abroad", to("+12125550123", dutch), textback.Region},
		{"a region that is named", to("+221771234567", from, "US", "SN"), ""},
		{"a region that is not named any more", to("+14165550123", from, "US"), textback.Region},
		{"an area code that was opened since", to("+13665550123", from), ""},
		{"digits that only the phone system knows", to("5550123", from), ""},
		{"too many of those", to("123456789012345", from), textback.Region},
	})
}

func TestMessagesThatCostTooMuchAreNotSent(t *testing.T) {
	sized := func(limit int, text string) func(*textback.Case) {
		return func(c *textback.Case) { c.Rules.MaxSegments, c.Message = limit, text }
	}
	testRule(t, textback.TooLongRule, []ruleTest{
		{"one segment", sized(1, strings.Repeat("a", 160)), ""},
		{"a letter more", sized(1, strings.Repeat("a", 161)), textback.TooLong},
		{"three segments", sized(3, strings.Repeat("a", 459)), ""},
		{"a letter more than three", sized(3, strings.Repeat("a", 460)), textback.TooLong},
		{"letters that GSM does not know", sized(1, strings.Repeat("ж", 71)), textback.TooLong},
		{"letters that count two", sized(1, strings.Repeat("€", 81)), textback.TooLong},
		{"no limit", sized(0, strings.Repeat("a", 10_000)), ""},
	})
}

// quietFrom returns a case at a time, with hours that are quiet in a zone.
func quietFrom(t *testing.T, span, zone, at string) func(*textback.Case) {
	t.Helper()
	quiet, err := hours.ParseQuiet(span)
	if err != nil {
		t.Fatal(err)
	}
	now, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *textback.Case) {
		c.Rules.Quiet, c.Now = quiet, now
		if c.Entry.TimeZone, err = hours.ParseZone(zone); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoTextsGoOutInQuietHours(t *testing.T) {
	const newYork, losAngeles = "America/New_York", "America/Los_Angeles"
	testRule(t, textback.QuietRule, []ruleTest{
		{"before they begin", quietFrom(t, "21:00-08:00", newYork, "2026-07-01T20:59:59-04:00"), ""},
		{"when they begin", quietFrom(t, "21:00-08:00", newYork, "2026-07-01T21:00:00-04:00"), textback.Quiet},
		{"at midnight", quietFrom(t, "21:00-08:00", newYork, "2026-07-02T00:00:00-04:00"), textback.Quiet},
		{"in the morning", quietFrom(t, "21:00-08:00", newYork, "2026-07-02T07:59:59-04:00"), textback.Quiet},
		{"when they end", quietFrom(t, "21:00-08:00", newYork, "2026-07-02T08:00:00-04:00"), ""},
		{"three hours behind", quietFrom(t, "21:00-08:00", losAngeles, "2026-07-01T21:00:00-04:00"), ""},
		{"three hours behind, in the morning", quietFrom(t, "21:00-08:00", losAngeles, "2026-07-02T08:00:00-04:00"), textback.Quiet},
		{"in winter", quietFrom(t, "21:00-08:00", newYork, "2026-01-02T12:59:59Z"), textback.Quiet},
		{"the same moment of summer", quietFrom(t, "21:00-08:00", newYork, "2026-07-02T12:59:59Z"), ""},
		{"the hour that does not exist", quietFrom(t, "02:00-03:00", newYork, "2026-03-08T07:00:00Z"), ""},
		{"the hour that comes twice", quietFrom(t, "01:00-02:00", newYork, "2026-11-01T06:30:00Z"), textback.Quiet},
		{"within a day", quietFrom(t, "12:00-14:00", "UTC", "2026-07-01T13:00:00Z"), textback.Quiet},
		{"within a day, after it", quietFrom(t, "12:00-14:00", "UTC", "2026-07-01T14:00:00Z"), ""},
		{"never", quietFrom(t, "", newYork, "2026-07-02T03:00:00-04:00"), ""},
	})
}

func TestWhoWantsNoTextsGetsNone(t *testing.T) {
	testRule(t, textback.SuppressedRule, []ruleTest{
		{"by text", func(c *textback.Case) { c.History.Suppressed = &ledger.Suppression{How: ledger.ByText} }, textback.Suppressed},
		{"by an operator, of all", func(c *textback.Case) {
			c.History.Suppressed = &ledger.Suppression{How: ledger.ByOperator, Tenant: ledger.AnyTenant, Channel: ledger.AnyWay}
		}, textback.Suppressed},
		{"having agreed before", func(c *textback.Case) {
			c.History.Consent, c.History.Suppressed = &ledger.Consent{}, &ledger.Suppression{}
		}, textback.Suppressed},
	})
}

func TestAMachineThatCallsForTextsIsLeftAlone(t *testing.T) {
	all := func(n int) func(*textback.Case) { return func(c *textback.Case) { c.History.All = n } }
	testRule(t, textback.LoopRule, []ruleTest{
		{"the last of a day", all(textback.MaxPerDay - 1), ""},
		{"one more", all(textback.MaxPerDay), textback.Loop},
		{"many more", all(1000), textback.Loop},
	})
}

func TestTheCoolDownCountsTheTextsOfItsTime(t *testing.T) {
	settings := entry.Cooldown{Texts: 3, Time: time.Hour}
	sent := func(limit entry.Cooldown, own *entry.Cooldown, ago ...time.Duration) func(*textback.Case) {
		return func(c *textback.Case) {
			c.Rules.Cooldown, c.Entry.Cooldown = limit, own
			for _, d := range ago {
				c.History.Entry = append(c.History.Entry, c.Now.Add(-d))
			}
		}
	}
	const m = time.Minute
	testRule(t, textback.CoolingDownRule, []ruleTest{
		{"none", sent(settings, nil), ""},
		{"two", sent(settings, nil, m, 2*m), ""},
		{"three", sent(settings, nil, m, 2*m, 3*m), textback.CoolingDown},
		{"three, the first just within", sent(settings, nil, m, 2*m, 60*m-time.Millisecond), textback.CoolingDown},
		{"three, the first an hour ago", sent(settings, nil, m, 2*m, 60*m), ""},
		{"three long ago", sent(settings, nil, 61*m, 62*m, 63*m), ""},
		{"the entry allows more", sent(settings, &entry.Cooldown{Texts: 4, Time: time.Hour}, m, 2*m, 3*m), ""},
		{"the entry allows fewer", sent(settings, &entry.Cooldown{Texts: 1, Time: time.Hour}, 59*m), textback.CoolingDown},
		{"the entry's time is shorter", sent(settings, &entry.Cooldown{Texts: 3, Time: 2 * m}, m, 2*m, 3*m), ""},
		{"the entry's time is a day", sent(settings, &entry.Cooldown{Texts: 1, Time: 24 * time.Hour}, 24*time.Hour-m), textback.CoolingDown},
		{"the settings have none", sent(entry.Cooldown{}, nil, 0, 0, 0, 0), ""},
		{"the settings have none, the entry has", sent(entry.Cooldown{}, &entry.Cooldown{Texts: 1, Time: time.Hour}, m), textback.CoolingDown},
		{"no texts", sent(entry.Cooldown{Time: time.Hour}, nil, m), ""},
		{"no time", sent(entry.Cooldown{Texts: 1}, nil, m), ""},
		{"a clock that was put back", sent(settings, nil, -m, -2*m, -3*m), textback.CoolingDown},
	})
}

func TestCallersAreAskedWhereAnEntrySaysSo(t *testing.T) {
	asks := func(key string, asked bool, digits string) func(*textback.Case) {
		return func(c *textback.Case) {
			c.Entry.ConsentKey, c.Asked, c.Digits = key, asked, digits
			c.History.First = &ledger.Answered{At: c.Now.Add(-time.Second), Reason: string(textback.Consent)}
		}
	}
	first := func(reason textback.Reason, before time.Duration) func(*textback.Case) {
		return func(c *textback.Case) {
			asks("1", true, "1")(c)
			c.History.First = &ledger.Answered{At: c.Now.Add(-before), Reason: string(reason)}
		}
	}
	agreed := asks("1", false, "")
	testRule(t, textback.ConsentRule, []ruleTest{
		{"not asked yet", asks("1", false, ""), textback.Consent},
		{"pressed before they were asked", asks("1", false, "1"), textback.Consent},
		{"pressed", asks("1", true, "1"), ""},
		{"another key", asks("1", true, "2"), textback.Declined},
		{"no key", asks("1", true, ""), textback.Declined},
		{"the key and another", asks("1", true, "11"), textback.Declined},
		{"a star", asks("*", true, "*"), ""},
		{"pressed, and nobody asked", func(c *textback.Case) { asks("1", true, "1")(c); c.History.First = nil }, textback.Declined},
		{"pressed minutes after the question", first(textback.Consent, 5*time.Minute), ""},
		{"pressed long after it", first(textback.Consent, 5*time.Minute+time.Second), textback.Declined},
		{"pressed by a clock that was put back", first(textback.Consent, -time.Minute), ""},
		{"pressed where the call was answered otherwise", first(textback.Sent, time.Second), textback.Declined},
		{"agreed in another call", func(c *textback.Case) { agreed(c); c.History.Consent = &ledger.Consent{} }, ""},
		{"agreed in another call, another key now", func(c *textback.Case) { asks("1", true, "2")(c); c.History.Consent = &ledger.Consent{} }, ""},
		{"the entry does not ask", asks("", true, ""), ""},
	})
}

// TestOfSeveralReasonsTheFirstIsHeard begins with a caller whom every rule
// refuses, and removes one reason after the other.
func TestOfSeveralReasonsTheFirstIsHeard(t *testing.T) {
	quiet, err := hours.ParseQuiet("00:00-23:59")
	if err != nil {
		t.Fatal(err)
	}
	c := plainCase(func(c *textback.Case) {
		c.Own, c.Rules.LandLines = true, []phone.Pattern{pattern(c.To.E164())}
		c.Entry.Regions = []string{"SN"}
		c.Rules.MaxSegments, c.Message = 1, strings.Repeat("a", 161)
		c.Rules.Quiet, c.Entry.TimeZone = quiet, time.UTC
		c.History.Suppressed, c.History.All = &ledger.Suppression{}, textback.MaxPerDay
		c.Rules.Cooldown, c.History.Entry = entry.Cooldown{Texts: 1, Time: time.Hour}, []time.Time{c.Now}
		c.Entry.ConsentKey = "1"
	})
	for _, step := range []struct {
		want textback.Reason
		mend func()
	}{
		{textback.OwnNumber, func() { c.Own = false }},
		{textback.LandLine, func() { c.Rules.LandLines = nil }},
		{textback.Region, func() { c.Entry.Regions = nil }},
		{textback.TooLong, func() { c.Message = message }},
		{textback.Quiet, func() { c.Rules.Quiet = nil }},
		{textback.Suppressed, func() { c.History.Suppressed = nil }},
		{textback.Loop, func() { c.History.All = 0 }},
		{textback.CoolingDown, func() { c.History.Entry = nil }},
		{textback.Consent, func() { c.Asked, c.Digits = true, "2" }},
		{textback.Declined, func() { c.Digits = "1" }},
		{textback.Declined, func() { c.History.First = &ledger.Answered{At: c.Now, Reason: string(textback.Consent)} }},
		{"", func() {}},
	} {
		if got := textback.First(c); got != step.want {
			t.Errorf("the reason is %q, want %q", got, step.want)
		}
		step.mend()
	}
}

func TestReasonsAreNamedOnce(t *testing.T) {
	all := textback.Reasons()
	slices.Sort(all)
	if len(slices.Compact(all)) != 24 {
		t.Errorf("the reasons are %v", all)
	}
}
