package dialplan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core/dialplan"
)

func TestCallReachesTheResponderThroughUserAndPlan(t *testing.T) {
	result := dialplan.Route(textBack(t), dialplan.Query{From: "+19734321440", To: "2125550100", At: noon})
	if result.Kind != dialplan.ToWeb {
		t.Fatalf("the call went to %s: %s", result.Kind, result.Reason)
	}
	if got, want := result.Web.URL.String(), "https://hooks.example.net/webresponder?id=shop"; got != want {
		t.Errorf("URL %s, want %s", got, want)
	}
	if result.Web.Method != "GET" || result.Owner.Address() != "8001@example.net" || result.Domain != domain {
		t.Errorf("method %s, owner %s, domain %s", result.Web.Method, result.Owner.Address(), result.Domain)
	}
	if got, want := result.To.String(), "sip:webresponder8001@example.net"; got != want {
		t.Errorf("destination %s, want %s", got, want)
	}
	if result.From.User != "+19734321440" {
		t.Errorf("caller %s", result.From.User)
	}
	want := []string{
		"12125550100 is a number of example.net: to-user, destination 8001@example.net",
		"user 8001@example.net owns the call (dial plan example.net, time zone UTC)",
		"answer rule * of 8001@example.net: forward always to webresponder8001",
		"dial plan example.net: rule webresponder8001 matches sip:webresponder8001@example.net: To Web",
		"the web responder at hooks.example.net is asked with GET",
	}
	if diff := cmp.Diff(want, steps(result)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestCallsGoWhereTheRulesSay(t *testing.T) {
	type call struct{ from, to, owner string }
	for _, c := range []struct {
		name   string
		change func(*system)
		call   call
		kind   dialplan.Kind
		url    string // of a responder, without https://
		reason string // a part of it
	}{
		{name: "with the country code", call: call{to: "12125550100"}, kind: dialplan.ToWeb},
		{name: "as people write it", call: call{to: "(212) 555-0100"}, kind: dialplan.ToWeb},
		{name: "as it is dialled from abroad", call: call{to: "0012125550100"}, kind: dialplan.ToWeb},
		{name: "pasted with marks that nobody sees", call: call{to: "\u202a+12125550100\u202c"}, kind: dialplan.ToWeb},
		{name: "with a plus", call: call{to: "+12125550100"}, kind: dialplan.ToWeb},
		{name: "as a URI", call: call{to: "sip:12125550100@203.0.113.9;user=phone"}, kind: dialplan.ToWeb},
		{name: "another country's number", call: call{to: "+2125550100"}, kind: dialplan.NotFound, reason: "no number"},
		{name: "an unknown number", call: call{to: "2125550199"}, kind: dialplan.NotFound, reason: "no number 212•••0199"},
		{name: "a word", call: call{to: "hello"}, kind: dialplan.NotFound, reason: "no number hello"},
		{name: "nothing", call: call{}, kind: dialplan.NotFound},
		{
			name:   "a number that is stored without its country code",
			change: func(s *system) { s.did("3035550100", "8001") },
			call:   call{to: "+13035550100"}, kind: dialplan.ToWeb,
		},
		{
			name:   "a number that is switched off",
			change: func(s *system) { s.numbers["12125550100"].Disabled = true },
			call:   call{to: "2125550100"}, kind: dialplan.NotFound, reason: "switched off",
		},
		{
			name:   "a number that nobody has",
			change: func(s *system) { s.numbers["12125550100"].Application = "available-number" },
			call:   call{to: "2125550100"}, kind: dialplan.Unsupported, reason: "belongs to nobody",
		},
		{
			name: "a number that goes to a responder itself",
			change: func(s *system) {
				s.numbers["12125550100"].Action = dialplan.Action{Application: "sip:0@Web-Main", Parameter: "https://own.example/"}
			},
			call: call{to: "2125550100"}, kind: dialplan.ToWeb, url: "own.example/",
		},
		{
			name: "a number that goes to a queue",
			change: func(s *system) {
				s.numbers["12125550100"].Action = dialplan.Action{Application: "to-callqueue", Translation: dialplan.Translation{DestinationUser: "9002"}}
			},
			call: call{to: "2125550100"}, kind: dialplan.Unsupported, reason: "queue 9002",
		},
		{
			name: "a connection, where nobody owns the call",
			change: func(s *system) {
				s.numbers["12125550100"].Action = dialplan.Action{Application: "to-connection"}
			},
			call: call{to: "2125550100"}, kind: dialplan.Unsupported, reason: `"to-connection" leads outside, where calls go on a user's behalf alone`,
		},
		{
			name:   "a user who does not exist",
			change: func(s *system) { s.did("12125550100", "8009") },
			call:   call{to: "2125550100"}, kind: dialplan.NotFound, reason: "no user 8009 in example.net",
		},
		{
			name: "a user of another domain",
			change: func(s *system) {
				s.numbers["12125550100"].Translation.DestinationHost = "other.example"
			},
			call: call{to: "2125550100"}, kind: dialplan.NotFound, reason: "no user 8001 in other.example",
		},
		{
			name:   "a user without a phone",
			change: func(s *system) { s.user("8001") },
			call:   call{to: "2125550100"}, kind: dialplan.NotFound, reason: "no phone registered",
		},
		{
			name:   "a user with a phone",
			change: func(s *system) { s.user("8001").Registered = true },
			call:   call{to: "2125550100"}, kind: dialplan.ToPhones, reason: "the phones of user 8001@example.net ring",
		},
		{
			name:   "a user who is not to be disturbed",
			change: func(s *system) { s.user("8001").AnswerRules[0].DoNotDisturb = true },
			call:   call{to: "2125550100"}, kind: dialplan.Refused, reason: "disturbed",
		},
		{
			name: "a user who forwards while not to be disturbed",
			change: func(s *system) {
				rule := &s.user("8001").AnswerRules[0]
				rule.DoNotDisturb, rule.ForwardOnDND = true, []string{"webresponder8001"}
			},
			call: call{to: "2125550100"}, kind: dialplan.ToWeb,
		},
		{
			name: "a user who forwards without a phone",
			change: func(s *system) {
				s.user("8001").AnswerRules[0].ForwardUnreachable = []string{"webresponder8001"}
			},
			call: call{to: "2125550100"}, kind: dialplan.ToWeb,
		},
		{
			name: "a user who would forward without a phone, but has one",
			change: func(s *system) {
				u := s.user("8001")
				u.Registered, u.AnswerRules[0].ForwardUnreachable = true, []string{"webresponder8001"}
			},
			call: call{to: "2125550100"}, kind: dialplan.ToPhones,
		},
		{
			name:   "an answer rule that is switched off",
			change: func(s *system) { s.users["8001@"+domain].AnswerRules[0].Disabled = true },
			call:   call{to: "2125550100"}, kind: dialplan.NotFound, reason: "no answer rule",
		},
		{
			name: "an answer rule of a time frame is ignored",
			change: func(s *system) {
				u := s.users["8001@"+domain]
				u.AnswerRules = append([]dialplan.AnswerRule{{TimeFrame: "Holidays", ForwardAlways: []string{"1000"}}}, u.AnswerRules...)
			},
			call: call{to: "2125550100"}, kind: dialplan.ToWeb,
		},
		{
			name:   "a forward to nowhere",
			change: func(s *system) { s.user("8001", "webresponder8002") },
			call:   call{to: "2125550100"}, kind: dialplan.NotFound, reason: "forwards to webresponder8002, but no rule of dial plan example.net leads there",
		},
		{
			name: "a forward to an extension that forwards in its turn",
			change: func(s *system) {
				s.user("1000", "webresponder8001")
				s.user("8001", "1000")
			},
			call: call{to: "2125550100"}, kind: dialplan.ToWeb,
		},
		{
			name: "a forward to an alias",
			change: func(s *system) {
				s.user("1000", "webresponder8001")
				s.user("8001", "user_1000")
			},
			call: call{to: "2125550100"}, kind: dialplan.ToWeb,
		},
		{
			name: "a forward to a number of this phone system",
			change: func(s *system) {
				s.did("13035550100", "1000")
				s.user("1000", "webresponder1000")
				s.user("8001", "3035550100")
				s.plan(domain, domain, s.chain("*", "<Default>"), s.web("webresponder1000", "https://second.example/"))
			},
			call: call{to: "2125550100"}, kind: dialplan.ToWeb, url: "second.example/",
		},
		{
			name:   "a forward to a number outside",
			change: func(s *system) { s.user("8001", "4165550100") },
			call:   call{to: "2125550100"}, kind: dialplan.Refused, reason: "forwards to 416•••0100, but an answer rule does not lead outside",
		},
		{
			name:   "a forward to a queue",
			change: func(s *system) { s.user("8001", "queue_9002") },
			call:   call{to: "2125550100"}, kind: dialplan.Unsupported, reason: "queue 9002",
		},
		{
			name:   "a forward to voicemail",
			change: func(s *system) { s.user("8001", "vmail_5555") },
			call:   call{to: "2125550100"}, kind: dialplan.Unsupported, reason: "voicemail of 5555",
		},
		{
			name: "the alias of the vendor's example has a rule of its own",
			change: func(s *system) {
				s.user("8001", "user_8001")
				s.plan(domain, domain, s.chain("*", "<Default>"), s.web("user_8001", "<HttpMethod=GET>https://weather.example/test.html"))
			},
			call: call{to: "2125550100"}, kind: dialplan.ToWeb, url: "weather.example/test.html",
		},
		{
			name: "a rule that hangs up",
			change: func(s *system) {
				s.plan(domain, domain, dialplan.Rule{To: pattern(s.tb, "web*"), Action: dialplan.Action{Application: "hangup"}})
			},
			call: call{to: "2125550100"}, kind: dialplan.Hangup,
		},
		{
			name: "a parameter that is no URL",
			change: func(s *system) {
				s.plan(domain, domain, s.web("webresponder8001", "hooks.example.net"))
			},
			call: call{to: "2125550100"}, kind: dialplan.NotFound, reason: "To Web leads nowhere",
		},
		{
			name: "a dial plan that does not exist",
			change: func(s *system) {
				s.users["8001@"+domain].Plan = "Nowhere"
			},
			call: call{to: "2125550100"}, kind: dialplan.NotFound, reason: "dial plan Nowhere",
		},
		{
			name: "a dial plan of the system",
			change: func(s *system) {
				s.users["8001@"+domain].Plan = "Shared"
				s.plan(dialplan.SystemDomain, "Shared", s.web("*", "https://shared.example/"))
			},
			call: call{to: "2125550100"}, kind: dialplan.ToWeb, url: "shared.example/",
		},
		{
			name: "a default of the system's own",
			change: func(s *system) {
				s.user("8001", "5551234")
				s.plan(dialplan.SystemDomain, dialplan.DefaultTable, s.web("555*", "https://default.example/"))
			},
			call: call{to: "2125550100"}, kind: dialplan.ToWeb, url: "default.example/",
		},
		{name: "a user's own call to an alias", call: call{from: "1001@" + domain, to: "webresponder8001"}, kind: dialplan.NotFound, reason: "no number"},
		{
			name:   "a user's own call",
			change: func(s *system) { s.user("1001") },
			call:   call{from: "1001@" + domain, to: "webresponder8001"}, kind: dialplan.ToWeb,
		},
		{
			name:   "a user's own call to a number of this phone system",
			change: func(s *system) { s.user("1001") },
			call:   call{from: "sip:1001@" + domain, to: "2125550100"}, kind: dialplan.ToWeb,
		},
		{
			name:   "a user's own call to nowhere",
			change: func(s *system) { s.user("1001") },
			call:   call{from: "1001@" + domain, to: "411"}, kind: dialplan.NotFound, reason: "no rule of dial plan example.net leads to 411",
		},
		{
			name:   "a user's own call to a text without end, which does not fill the log",
			change: func(s *system) { s.user("1001") },
			call:   call{from: "1001@" + domain, to: strings.Repeat("x", 100_000)}, kind: dialplan.NotFound, reason: strings.Repeat("x", 100),
		},
		{name: "a call on a user's behalf", call: call{from: "+19734321440", owner: "8001@" + domain, to: "webresponder8001"}, kind: dialplan.ToWeb},
		{name: "a user called from outside", call: call{to: "8001@" + domain}, kind: dialplan.ToWeb},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := textBack(t)
			if c.change != nil {
				c.change(s)
			}
			result := dialplan.Route(s, dialplan.Query{From: c.call.from, To: c.call.to, Owner: c.call.owner, At: noon})
			if result.Kind != c.kind || !strings.Contains(result.Reason, c.reason) || len(result.Reason) > 600 {
				t.Fatalf("%s: %.600q, want %s with %q; steps:\n%s", result.Kind, result.Reason, c.kind, c.reason, strings.Join(steps(result), "\n"))
			}
			if result.Kind == dialplan.ToWeb {
				want := c.url
				if want == "" {
					want = "hooks.example.net/webresponder?id=shop"
				}
				if got := result.Web.URL.String(); got != "https://"+want {
					t.Errorf("URL %s, want https://%s", got, want)
				}
			}
		})
	}
}

func TestLastUserOwnsTheCall(t *testing.T) {
	s := textBack(t)
	s.user("1000", "webresponder8001")
	s.user("8001", "1000")
	result := dialplan.Route(s, dialplan.Query{To: "2125550100", At: noon})
	if got := result.Owner.Address(); got != "1000@example.net" {
		t.Errorf("owner %s, want 1000@example.net: the user whose answer rule led to the responder", got)
	}
}

func TestOwnersClockCounts(t *testing.T) {
	honolulu, err := time.LoadLocation("Pacific/Honolulu")
	if err != nil {
		t.Fatal(err)
	}
	s := textBack(t)
	s.users["8001@"+domain].Zone = honolulu
	morning, err := dialplan.ParseValidity("*", "*", "*", "00:00", "08:00")
	if err != nil {
		t.Fatal(err)
	}
	early := s.web("webresponder8001", "https://early.example/")
	early.Valid = morning
	s.plan(domain, domain, s.web("webresponder8001", "https://day.example/"), early)
	for hour, want := range map[int]string{12: "early.example", 19: "day.example"} { // 02:00 and 09:00 there
		at := time.Date(2026, time.March, 4, hour, 0, 0, 0, time.UTC)
		if got := dialplan.Route(s, dialplan.Query{To: "2125550100", At: at}).Web.URL.Host; got != want {
			t.Errorf("at %v: %s, want %s", at, got, want)
		}
	}
}

func TestTablesAreTriedInOrderWithTheTranslatedCall(t *testing.T) {
	s := newSystem(t)
	s.user("1001")
	prefixed := s.chain("9*", "<First><Second><Third>")
	prefixed.Translation = dialplan.Translation{DestinationUser: "out_[*]", SourceName: "sales"}
	s.plan(domain, domain, prefixed)
	elsewhere := s.chain("out_911", "<Deeper>")
	elsewhere.Translation.DestinationUser = "lost_[*]"
	s.plan(domain, "First", elsewhere)
	s.plan(domain, "Deeper", s.web("nothing", "https://deeper.example/"))
	// Second does not exist. Third gets the call as the first rule left it.
	s.plan(domain, "Third", s.web("out_9*", "https://third.example/"))
	result := dialplan.Route(s, dialplan.Query{From: "1001@" + domain, To: "911", At: noon})
	if result.Kind != dialplan.ToWeb || result.Web.URL.Host != "third.example" {
		t.Fatalf("%s: %s", result.Kind, result.Reason)
	}
	if result.To.User != "out_911" || result.From.Name != "sales" {
		t.Errorf("translated to %q from %q", result.To.User, result.From.Name)
	}
	want := []string{
		"user 1001@example.net owns the call (dial plan example.net, time zone UTC)",
		"dial plan example.net: rule 9* matches sip:911@example.net: <First><Second><Third>, destination now sip:out_911@example.net",
		"dial plan First: rule out_911 matches sip:out_911@example.net: <Deeper>, destination now sip:lost_out_911@example.net",
		"dial plan Deeper: no rule matches sip:lost_out_911@example.net",
		"dial plan Second does not exist",
		"dial plan Third: rule out_9* matches sip:out_911@example.net: To Web",
		"the web responder at third.example is asked with GET",
	}
	if diff := cmp.Diff(want, steps(result)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestCirclesEndAtTheFirstRepetition(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*system)
		again  string
		most   int // steps
	}{
		"a table that chains to itself": {func(s *system) {
			s.plan(domain, domain, s.chain("*", "<"+domain+">"))
		}, "dial plan " + domain, 6},
		"two tables that chain to each other, with failures on the way": {func(s *system) {
			s.plan(domain, domain, s.chain("*", "<Missing><Other><Other>"))
			s.plan(domain, "Other", s.chain("*", "<"+domain+"><Missing>"))
		}, "dial plan " + domain, 8},
		"two users who forward to each other": {func(s *system) {
			s.user("8001", "8002")
			s.user("8002", "8001")
		}, "user 8001", 11},
		"a number that leads to itself": {func(s *system) {
			s.numbers["12125550100"].Action = dialplan.Action{Application: "<Default>", Translation: dialplan.Translation{DestinationUser: "12125550100"}}
		}, "dial plan Default", 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := textBack(t)
			c.change(s)
			for _, explain := range []bool{false, true} {
				result := dialplan.Route(s, dialplan.Query{To: "2125550100", At: noon, Explain: explain})
				if result.Kind != dialplan.Loop || !strings.Contains(result.Reason, "the call comes to "+c.again+" again") || len(result.Steps) > c.most {
					t.Errorf("%s: %s, after %d steps: %q", result.Kind, result.Reason, len(result.Steps), steps(result))
				}
			}
		})
	}
}

func TestATableMayBeTriedAgain(t *testing.T) {
	s := textBack(t)
	s.plan(domain, domain, s.chain("*", "<Other><Other><Default>"))
	s.plan(domain, "Other", s.chain("9", "<Missing>"))
	if result := dialplan.Route(s, dialplan.Query{From: "2000@" + domain, To: "8001", At: noon}); result.Kind == dialplan.Loop {
		t.Errorf("%s: %q", result.Reason, steps(result))
	}
}

// TestCirclesThatChangeTheCallEnd has a rule that makes another call of it each time.
func TestCirclesThatChangeTheCallEnd(t *testing.T) {
	s := textBack(t)
	count := s.chain("*", "<"+domain+">")
	count.Translation.SourceUser = "[*]1"
	s.plan(domain, domain, count)
	result := dialplan.Route(s, dialplan.Query{From: "1", To: "2125550100", At: noon})
	if result.Kind != dialplan.NotFound && result.Kind != dialplan.Loop {
		t.Errorf("%s: %s", result.Kind, result.Reason)
	}
}

func TestTranslationThatGrowsEnds(t *testing.T) {
	s := textBack(t)
	grow := s.chain("*", "<"+domain+">")
	grow.Translation.DestinationUser = "[*][*]"
	s.plan(domain, domain, grow)
	result := dialplan.Route(s, dialplan.Query{To: "2125550100", At: noon})
	if result.Kind != dialplan.NotFound || !strings.Contains(result.Reason, "longer than 255") {
		t.Errorf("%s: %s", result.Kind, result.Reason)
	}
}

func TestExplanationNamesWhatWasPassedOver(t *testing.T) {
	s := textBack(t)
	weekend, err := dialplan.ParseValidity("[06]", "*", "*", "*", "*")
	if err != nil {
		t.Fatal(err)
	}
	off := s.web("webresponder8001", "https://off.example/")
	off.Disabled = true
	later := s.web("webresponder8001", "https://later.example/")
	later.Valid = weekend
	younger := s.web("webresponder8001", "https://younger.example/")
	caller := s.web("webresponder8001", "https://caller.example/")
	caller.From = pattern(t, "1973*")
	s.plan(domain, domain,
		s.chain("*", "<Default>"),
		s.web("webresponder8001", "https://hooks.example.net/"),
		off, later, younger, caller,
	)
	result := dialplan.Route(s, dialplan.Query{From: "+19734321440", To: "2125550100", At: noon, Explain: true})
	if result.Web.URL.Host != "caller.example" {
		t.Fatalf("the call went to %v", result.Web.URL)
	}
	var got []string
	for _, step := range result.Steps {
		if step.Kind == dialplan.PassedOver {
			got = append(got, step.Rule.Parameter+": "+step.Note)
		}
	}
	want := []string{
		"https://later.example/: it holds Sun Sat",
		"https://hooks.example.net/: its source has fewer literal characters",
		"https://off.example/: it is switched off",
		"https://younger.example/: its source has fewer literal characters",
		": its destination has fewer literal characters",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("passed over (-want +got):\n%s", diff)
	}
}
