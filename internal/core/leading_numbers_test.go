package core_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/responder"
)

// leading returns the settings of a number that leads to a responder.
func leading(tb testing.TB, digits, responder, owner string) core.NumberSettings {
	tb.Helper()
	s := core.NumberSettings{Number: setting.Number(digits), Method: "GET", User: setting.Name(owner)}
	if err := s.URL.UnmarshalText([]byte(responder)); err != nil {
		tb.Fatal(err)
	}
	return s
}

// TestSettingsLeadANumberHoweverItIsCalled calls a number of the settings, which the
// API has made too, under the digits that it has at home.
func TestSettingsLeadANumberHoweverItIsCalled(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", s.responder(responder.Say{Text: "Of the API."}))
	_, err := s.CreatePhoneNumber(t.Context(), domain, fields{"phonenumber": "2125551212", "dial-rule-translation-destination-user": "8001"}.json(t))
	s.must(err)
	s.LeadNumbers(domain, []core.NumberSettings{leading(t, "(212) 555-1212", s.responder(responder.Say{Text: "Of the settings."}), "domain")})
	for _, to := range []string{"+12125551212", "12125551212", "2125551212", "0012125551212", "sip:2125551212@203.0.113.5"} {
		call, heard, _, err := s.place("+12125550123", to)
		if err != nil || !slices.Equal(heard, []string{"Of the settings."}) {
			t.Errorf("a caller of %s hears %q: %v", to, heard, err)
		}
		if owner := call.Routes[0].Owner.Address(); owner != "domain@"+domain {
			t.Errorf("the call to %s is owned by %s", to, owner)
		}
	}
	if _, heard, _, err := s.place("+12125550123", "12125550100"); err != nil || !slices.Equal(heard, []string{"Of the API."}) {
		t.Errorf("a caller of another number hears %q: %v", heard, err)
	}
	s.LeadNumbers(domain, nil)
	if _, heard, _, err := s.place("+12125550123", "2125551212"); err != nil || !slices.Equal(heard, []string{"Of the API."}) {
		t.Errorf("a caller hears %q once the settings say nothing: %v", heard, err)
	}
}

func TestTheResponderOfALedNumberForwards(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", s.responder(responder.Say{Text: "There."}))
	s.LeadNumbers(domain, []core.NumberSettings{leading(t, "+12125551212", s.responder(responder.Forward{To: "webresponder8001"}), "domain")})
	if _, heard, _, err := s.place("+12125550123", "+12125551212"); err != nil || !slices.Equal(heard, []string{"There."}) {
		t.Errorf("a caller hears %q: %v", heard, err)
	}
}

// failing is a State whose reads fail from some time on.
type failing struct {
	core.State
	fails *atomic.Bool
}

func (f failing) Object(ctx context.Context, key core.Key) (core.Object, error) {
	if f.fails.Load() {
		return core.Object{}, fault.Newf(fault.Unavailable, "the database does not answer")
	}
	return f.State.Object(ctx, key)
}

// TestADatabaseThatFailsTakesNoLedNumberDown calls one, and one of the API.
func TestADatabaseThatFailsTakesNoLedNumberDown(t *testing.T) {
	var fails atomic.Bool
	var log bytes.Buffer
	s := newSystemWith(t, core.Config{State: failing{core.NewMemory(), &fails}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.LeadNumbers(domain, []core.NumberSettings{leading(t, "+12125551212", s.responder(responder.Say{Text: "There."}), "8001")})
	fails.Store(true)
	if _, heard, _, err := s.place("+12125550123", "+12125551212"); err != nil || !slices.Equal(heard, []string{"There."}) {
		t.Errorf("a caller hears %q: %v", heard, err)
	}
	if want := `msg="owner of number not read" user=8001`; !strings.Contains(log.String(), want) {
		t.Errorf("the log lacks %s:\n%s", want, log.String())
	}
	if _, _, _, err := s.place("+12125550123", "+12125550100"); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a caller of a number of the API: %v", err)
	}
}

// TestTheAPICannotChangeALedNumber tries so also with digits without the country's
// code, and in a domain that the number is not of.
func TestTheAPICannotChangeALedNumber(t *testing.T) {
	s := newSystem(t)
	_, err := s.CreateDomain(t.Context(), fields{"domain": "example.org"}.json(t))
	s.must(err)
	s.LeadNumbers(domain, []core.NumberSettings{leading(t, "+12125551212", "https://hooks.example.net", "domain")})
	for _, in := range []string{domain, "example.org"} {
		for _, digits := range []string{"12125551212", "2125551212"} {
			_, created := s.CreatePhoneNumber(t.Context(), in, fields{"phonenumber": digits}.json(t))
			for what, err := range map[string]error{
				"create": created,
				"update": s.UpdatePhoneNumber(t.Context(), in, digits, core.Fields{}),
				"delete": s.DeletePhoneNumber(t.Context(), in, digits),
			} {
				if fault.CodeOf(err) != fault.Refused || !strings.Contains(fault.HintOf(err), "[[core.number]]") {
					t.Errorf("to %s %s in %s: %v", what, digits, in, err)
				}
			}
		}
	}
}

func TestWhoLeadsANumberIsToldWhereItMatters(t *testing.T) {
	var log bytes.Buffer
	s := newSystemWith(t, core.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.LeadNumbers(domain, []core.NumberSettings{
		leading(t, "+12125550100", "https://hooks.example.net", "8001"), leading(t, "+12125551212", "https://hooks.example.net", "8002"),
	})
	if err := s.ReviewNumbers(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`msg="settings override number of API" number=+1212•••0100`,
		`msg="owner of number not found" number=+1212•••1212 user=8002`,
	} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("the log lacks %s:\n%s", want, log.String())
		}
	}
	if lines := strings.Count(log.String(), "\n"); lines != 2 {
		t.Errorf("%d lines:\n%s", lines, log.String())
	}
	result, err := s.Route(t.Context(), dialplan.Query{From: "+12125550123", To: "12125550100", Explain: true})
	if err != nil || !slices.ContainsFunc(result.Steps, func(s dialplan.Step) bool { return s.Kind == dialplan.Hidden }) {
		t.Errorf("the explanation is %+v: %v", result.Steps, err)
	}
}

func TestNumbersOfTheSettingsAreChecked(t *testing.T) {
	const unreachable = "is no telephone number that can be called from outside; write it with a plus and the country's code, as in +12125551212"
	for name, c := range map[string]struct {
		numbers []string
		want    string
	}{
		"good":          {[]string{"+12125551212", "4165550100", ""}, ""},
		"an extension":  {[]string{"8001"}, "number.0.number " + unreachable},
		"no number":     {[]string{"+12125551212", "+1999"}, "number.1.number " + unreachable},
		"the same":      {[]string{"+12125551212", "+12125551213", "(212) 555-1212"}, "number.2.number is +1212•••1212, as core.number.0.number is; a number leads to one responder"},
		"one telephone": {[]string{"+5215512345678", "+525512345678"}, "number.1.number is +5255•••5678, as core.number.0.number is; a number leads to one responder"},
	} {
		t.Run(name, func(t *testing.T) {
			var numbers []core.NumberSettings
			for _, digits := range c.numbers {
				numbers = append(numbers, leading(t, digits, "https://hooks.example.net", "domain"))
			}
			var got string
			if err := core.CheckNumbers(numbers, "1"); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
}

func TestAddressesOfRespondersAreRead(t *testing.T) {
	for text, good := range map[string]bool{
		"https://hooks.example.net/menu?id=shop&key=1": true, "http://192.0.2.1:8080": true, "https://me:password@hooks.example.net": false,
		"ftp://hooks.example.net": false, "hooks.example.net": false, "https://": false, "https://hooks.example.net/#menu": false, "https://a b": false,
	} {
		var r core.ResponderURL
		if err := r.UnmarshalText([]byte(text)); (err == nil) != good || good && r.String() != text {
			t.Errorf("%s is read as %v: %v", text, r, err)
		}
	}
}
