package dialplan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core/dialplan"
)

// forwarded is a call that a responder of user 8001 forwards for a caller outside.
func forwarded(to string) dialplan.Query {
	return dialplan.Query{From: "+19734321440", Owner: "8001@" + domain, To: to, At: noon}
}

func TestCallsOnAUsersBehalfLeaveThePhoneSystem(t *testing.T) {
	for to, want := range map[string]string{
		"4165550100":                      "+14165550100",
		"(416) 555-0100":                  "+14165550100",
		"+442071838750":                   "+442071838750",
		"011442071838750":                 "+442071838750",
		"tel:+14165550100":                "+14165550100",
		"sip:14165550100@*":               "+14165550100",
		"sip:4165550100@example.net":      "+14165550100",
		"911":                             "911",
		"9911":                            "9911",
		"+1 911":                          "+1 911",
		"sip:bob@elsewhere.example":       "sip:bob@elsewhere.example",
		"bob@elsewhere.example":           "sip:bob@elsewhere.example",
		"SIPS:bob@Elsewhere.example:5071": "sips:bob@Elsewhere.example:5071",
		"sip:bob@192.0.2.7:5080;transport=TCP;lr":  "sip:bob@192.0.2.7:5080;transport=tcp",
		"sip:4165550100@[2001:db8::7]":             "sip:4165550100@[2001:db8::7]",
		"sip:+1416%35550100@carrier.example:65535": "sip:+1416%35550100@carrier.example:65535",
	} {
		result := dialplan.Route(textBack(t), forwarded(to))
		if result.Kind != dialplan.Outside || result.Outside != want || result.Owner.Name != "8001" {
			t.Errorf("%s: %s to %q by %s: %s, want %s", to, result.Kind, result.Outside, result.Owner.Name, result.Reason, want)
		}
	}
}

func TestWhatIsHereStaysHere(t *testing.T) {
	s := textBack(t)
	s.user("112", "webresponder8001")
	s.user("4165550100", "webresponder8001")
	for _, to := range []string{"2125550100", "sip:12125550100@carrier.example", "4165550100", "112", "user_112", "webresponder8001", "sip:8001@EXAMPLE.net"} {
		if result := dialplan.Route(s, forwarded(to)); result.Kind != dialplan.ToWeb || result.Outside != "" {
			t.Errorf("%s: %s: %s", to, result.Kind, result.Reason)
		}
	}
}

func TestWhatIsNowhereStaysNowhere(t *testing.T) {
	for _, to := range []string{
		"", "hello", "411", "5551", "webresponder8002", "00000000", "+1", "+123456789012345678",
		"sip:bob@example.net", "sip:bob@example.net:5060", "sip:4165550100@bad_host", "sip:@elsewhere.example", "sip:elsewhere.example",
		"sip:bob@elsewhere.example:0", "sip:bob@elsewhere.example:65536", "sip:bob@elsewhere.example:", "sip:bob@[::1", "sip:bob@[192.0.2.7]", "sip:bob@[fe80::1%25eth0]",
		"sip:bob@2001:db8::7", "sip:bob@1.2.3", "sip:bob@-a.example", "sip:bob@elsewhere.example?Subject=x", "sip:bo b@elsewhere.example",
		"sip:bob@elsewhere.example\r\nVia: x", "sip:b%4@elsewhere.example", "sip:a:b@elsewhere.example", "sip:<bob@elsewhere.example>", "im:bob@elsewhere.example",
	} {
		if result := dialplan.Route(textBack(t), forwarded(to)); result.Kind != dialplan.NotFound || result.Outside != "" {
			t.Errorf("%q: %s to %q: %s", to, result.Kind, result.Outside, result.Reason)
		}
	}
}

// TestCallsThatComeInDoNotLeave has strangers, users who begin a call, and answer
// rules try to lead one outside.
func TestCallsThatComeInDoNotLeave(t *testing.T) {
	toConnection := dialplan.Rule{To: pattern(t, "9*"), Action: dialplan.Action{Application: "To Connection", Translation: dialplan.Translation{DestinationUser: "14165550100"}}}
	for name, c := range map[string]struct {
		change func(*system)
		query  dialplan.Query
		kind   dialplan.Kind
		reason string
	}{
		"a stranger calls a number":                {nil, dialplan.Query{From: "+19734321440", To: "4165550100"}, dialplan.NotFound, "no number 416•••0100 is known here"},
		"a stranger calls an address":              {nil, dialplan.Query{From: "+19734321440", To: "sip:bob@elsewhere.example"}, dialplan.NotFound, "no number bob@elsewhere.example is known here"},
		"a stranger calls help":                    {nil, dialplan.Query{To: "911"}, dialplan.NotFound, "no number 911"},
		"a user begins a call":                     {nil, dialplan.Query{From: "8001@" + domain, To: "4165550100"}, dialplan.Refused, "416•••0100 is outside, where a Forward, a transfer and a call by the API lead, and no call that comes in"},
		"a user begins a call by a rule":           {func(s *system) { s.plan(domain, domain, toConnection) }, dialplan.Query{From: "8001@" + domain, To: "9"}, dialplan.Refused, "no call that comes in"},
		"an owner who is not there":                {nil, dialplan.Query{Owner: "8009@" + domain, To: "4165550100"}, dialplan.NotFound, "no number"},
		"an answer rule":                           {func(s *system) { s.user("8001", "4165550100") }, dialplan.Query{To: "2125550100"}, dialplan.Refused, "an answer rule does not lead outside"},
		"an answer rule to an address":             {func(s *system) { s.user("8001", "sip:bob@elsewhere.example") }, dialplan.Query{To: "2125550100"}, dialplan.Refused, "forwards to bob, but"},
		"an answer rule with a rule of the plan":   {func(s *system) { s.user("8001", "99"); s.plan(domain, domain, toConnection) }, dialplan.Query{To: "2125550100"}, dialplan.Refused, "an answer rule does not lead outside"},
		"an answer rule on the way of a Forward":   {func(s *system) { s.user("8002", "4165550100") }, forwarded("user_8002"), dialplan.Refused, "user 8002@example.net forwards"},
		"a number whose application is connection": {func(s *system) { s.numbers["12125550100"].Application = "sip:start@to-connection" }, dialplan.Query{To: "2125550100"}, dialplan.Unsupported, "on a user's behalf alone"},
	} {
		t.Run(name, func(t *testing.T) {
			s := textBack(t)
			if c.change != nil {
				c.change(s)
			}
			c.query.At = noon
			if result := dialplan.Route(s, c.query); result.Kind != c.kind || !strings.Contains(result.Reason, c.reason) || result.Outside != "" {
				t.Errorf("%s to %q: %s, want %s with %q", result.Kind, result.Outside, result.Reason, c.kind, c.reason)
			}
		})
	}
}

// TestOtherTablesComeBeforeTheWayOut has a plan that goes on behind the built-in
// table, as plans did before any call could leave.
func TestOtherTablesComeBeforeTheWayOut(t *testing.T) {
	s := textBack(t)
	s.plan(domain, domain, s.chain("*", "<Default><Mine>"))
	s.plan(domain, "Mine", s.web("416*", "https://mine.example/"))
	if result := dialplan.Route(s, forwarded("4165550100")); result.Kind != dialplan.ToWeb || result.Web.URL.Host != "mine.example" {
		t.Errorf("%s: %s", result.Kind, result.Reason)
	}
	result := dialplan.Route(s, forwarded("3035550199"))
	if result.Kind != dialplan.Outside || result.Outside != "+13035550199" {
		t.Errorf("%s to %q: %s", result.Kind, result.Outside, result.Reason)
	}
	want := []string{
		"user 8001@example.net owns the call (dial plan example.net, time zone UTC)",
		"dial plan example.net: rule * matches sip:3035550199@example.net: <Default><Mine>",
		"3035550199@example.net is no user, alias or number",
		"dial plan Mine: no rule matches sip:3035550199@example.net",
		"+13035550199 is outside: the call leaves by the trunk",
	}
	if diff := cmp.Diff(want, steps(result)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if result.Reason != "+1303•••0199 is outside: the call leaves by the trunk" || result.To.String() != "sip:+13035550199@example.net" {
		t.Errorf("the reason is %q, the destination %s", result.Reason, result.To)
	}
}

func TestOnlyThePlansThatLeadToTheBuiltInTableLeadOut(t *testing.T) {
	s := textBack(t)
	s.plan(domain, domain, s.web("webresponder8001", "https://hooks.example.net/"))
	if result := dialplan.Route(s, forwarded("4165550100")); result.Kind != dialplan.NotFound {
		t.Errorf("a plan that chains to nothing: %s: %s", result.Kind, result.Reason)
	}
	s.plan(domain, domain, s.chain("*", "<Default>"))
	s.plan(dialplan.SystemDomain, dialplan.DefaultTable, s.web("555*", "https://default.example/"))
	if result := dialplan.Route(s, forwarded("4165550100")); result.Kind != dialplan.NotFound {
		t.Errorf("a default of the system's own: %s: %s", result.Kind, result.Reason)
	}
}

func TestARuleLeadsToTheConnection(t *testing.T) {
	for _, application := range []string{"To-Connection", "To Connection", "sip:start@to-connection"} {
		for _, c := range []struct {
			translation dialplan.Translation
			to          string
			kind        dialplan.Kind
			outside     string
		}{
			{dialplan.Translation{}, "94165550100", dialplan.Outside, "+14165550100"},
			{dialplan.Translation{DestinationUser: "2125550100"}, "9", dialplan.Outside, "+12125550100"}, // though it is ours
			{dialplan.Translation{DestinationHost: "carrier.example"}, "9011442071838750", dialplan.Outside, "+442071838750"},
			{dialplan.Translation{DestinationUser: "front", DestinationHost: "desk.example"}, "9", dialplan.Outside, "sip:front@desk.example"},
			{dialplan.Translation{DestinationUser: "front"}, "9", dialplan.NotFound, ""},
			{dialplan.Translation{DestinationScheme: "<Null>", DestinationUser: "front", DestinationHost: "desk.example"}, "9", dialplan.NotFound, ""},
		} {
			s := textBack(t)
			if c.translation.DestinationUser == "" {
				c.translation.DestinationUser = strings.TrimPrefix(c.to, "9")
			}
			s.plan(domain, domain, dialplan.Rule{To: pattern(t, "9*"), Action: dialplan.Action{Application: application, Translation: c.translation}})
			if result := dialplan.Route(s, forwarded(c.to)); result.Kind != c.kind || result.Outside != c.outside {
				t.Errorf("%s, %+v: %s to %q: %s", application, c.translation, result.Kind, result.Outside, result.Reason)
			}
		}
	}
}
