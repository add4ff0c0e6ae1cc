package dialplan_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/core/dialplan"
)

// The explanation searches rule by rule; the decision has an index. They agree.
func TestIndexFindsWhatASlowSearchFinds(t *testing.T) {
	var (
		piece = rapid.SampledFrom([]string{"*", "?", "[1-3]", "[2-9]", "[*]", "1", "2", "12", "user_", "sip:", "@", "x", "X", "+", "@example.net", "@*", "é"})
		text  = rapid.Custom(func(t *rapid.T) string {
			s := ""
			for _, p := range rapid.SliceOfN(piece, 1, 5).Draw(t, "pieces") {
				s += p
			}
			return s
		})
		parsed = text.Filter(func(s string) bool {
			_, err := dialplan.ParsePattern(s)
			return err == nil
		})
		days = rapid.SampledFrom([]string{"*", "*", "[1-5]", "3", "0"})
		who  = rapid.StringOfN(rapid.SampledFrom([]rune("12xX*@+é")), 0, 5, -1)
	)
	tb := t
	rapid.Check(t, func(t *rapid.T) {
		var rules []dialplan.Rule
		for i := range rapid.IntRange(0, 30).Draw(t, "rules") {
			to, _ := dialplan.ParsePattern(parsed.Draw(t, "to"))
			from := dialplan.Pattern{}
			if rapid.Bool().Draw(t, "any caller") {
				from, _ = dialplan.ParsePattern(parsed.Draw(t, "from"))
			}
			valid, _ := dialplan.ParseValidity(days.Draw(t, "days"), "", "", "", "")
			rules = append(rules, dialplan.Rule{
				ID: fmt.Sprint(i), To: to, From: from, Valid: valid,
				Disabled: rapid.IntRange(0, 9).Draw(t, "disabled") == 0,
				Action:   dialplan.Action{Application: "hangup"},
			})
		}
		s := newSystem(tb)
		s.user("1")
		s.plans[domain+"@"+domain] = dialplan.NewPlan(domain, domain, rules)
		q := dialplan.Query{Owner: "1@" + domain, From: who.Draw(t, "caller"), To: who.Draw(t, "called"), At: noon}
		fast := dialplan.Route(s, q)
		q.Explain = true
		slow := dialplan.Route(s, q)
		if fast.Kind != slow.Kind || fast.Rule.ID != slow.Rule.ID {
			t.Fatalf("the index finds rule %s (%s), a search rule %s (%s)", fast.Rule.ID, fast.Rule.To, slow.Rule.ID, slow.Rule.To)
		}
	})
}

func TestMostLiteralRuleGoesFirst(t *testing.T) {
	workdays, err := dialplan.ParseValidity("[1-5]", "", "", "", "")
	if err != nil {
		t.Fatal(err)
	}
	s := textBack(t)
	rule := func(to, from, host string) dialplan.Rule {
		r := s.web(to, "https://"+host+"/")
		r.From = pattern(t, from)
		return r
	}
	limited := rule("webresponder80??", "1973*", "limited")
	limited.Valid = workdays
	// The oldest first; each has to yield to the next, but for the last one.
	ascending := []dialplan.Rule{
		rule("*", "*", "everything"),
		rule("*", "19734321440", "caller"),
		rule("web*", "*", "web"),
		rule("webresponder80??", "1973*", "class"),
		limited,
		rule("webresponder8001", "*", "exact"),
		rule("sip:webresponder8001@*", "*", "whole"),
		rule("sip:webresponder8001@*", "*", "younger"),
	}
	for n, want := range []string{"everything", "caller", "web", "class", "limited", "exact", "whole", "whole"} {
		s.plan(domain, domain, ascending[:n+1]...)
		result := dialplan.Route(s, dialplan.Query{From: "+19734321440", To: "2125550100", At: noon})
		if got := result.Web.URL.Host; got != want {
			t.Errorf("of the first %d rules, %s was taken, want %s", n+1, got, want)
		}
	}
}

// BenchmarkRoute decides calls in a dial plan of ten thousand rules: from the
// number through the user and the plan to the responder.
func BenchmarkRoute(b *testing.B) {
	for name, patternOf := range map[string]func(int) string{
		"aliases": func(i int) string { return fmt.Sprintf("webresponder%d", 10000+i) },
		"URIs":    func(i int) string { return fmt.Sprintf("sip:webresponder%d@*", 10000+i) },
	} {
		b.Run(name, func(b *testing.B) {
			const rules = 10_000
			s := newSystem(b)
			list := []dialplan.Rule{s.chain("*", "<Default>")}
			for i := range rules {
				list = append(list, s.web(patternOf(i), "https://hooks.example.net/webresponder?id=shop"))
				user := fmt.Sprint(10000 + i)
				s.did(fmt.Sprintf("1212%07d", i), user)
				s.user(user, "webresponder"+user)
			}
			s.plan(domain, domain, list...)
			to := make([]string, rules)
			for i := range to {
				to[i] = fmt.Sprintf("1212%07d", i)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i = (i + 7919) % rules
				if r := dialplan.Route(s, dialplan.Query{From: "+19734321440", To: to[i], At: noon}); r.Kind != dialplan.ToWeb {
					b.Fatal(r.Reason)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "routes/s")
		})
	}
}

// BenchmarkFindAmongPatterns is the worse case: ten thousand patterns for
// ranges of numbers, some of which begin with a wildcard.
func BenchmarkFindAmongPatterns(b *testing.B) {
	s := newSystem(b)
	s.user("1")
	list := []dialplan.Rule{s.web("*", "https://a.example/")}
	for i := range 10_000 {
		text := fmt.Sprintf("sip:1%04d??????@*", i)
		if i%100 == 0 {
			text = fmt.Sprintf("*%04d", i)
		}
		list = append(list, s.web(text, "https://a.example/"))
	}
	s.plan(domain, domain, list...)
	b.ReportAllocs()
	q := dialplan.Query{Owner: "1@" + domain, From: "+19734321440", To: "12125550101", At: noon.Add(time.Hour)}
	for b.Loop() {
		if r := dialplan.Route(s, q); r.Kind != dialplan.ToWeb {
			b.Fatal(r.Reason)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "routes/s")
}

// BenchmarkNewPlan is what a change of a rule costs the next call.
func BenchmarkNewPlan(b *testing.B) {
	s := newSystem(b)
	var list []dialplan.Rule
	for i := range 10_000 {
		list = append(list, s.web(fmt.Sprintf("webresponder%d", i), "https://a.example/"))
	}
	for b.Loop() {
		dialplan.NewPlan(domain, domain, list)
	}
}
