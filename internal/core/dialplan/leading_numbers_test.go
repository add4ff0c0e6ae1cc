package dialplan_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core/dialplan"
)

// led is a phone system whose settings lead a number to a responder, owned by a user.
func led(tb testing.TB, owner string) (*system, *dialplan.Number) {
	tb.Helper()
	s := textBack(tb)
	n := &dialplan.Number{Digits: "12125551212", Domain: domain, Lead: &dialplan.Lead{
		Web: dialplan.Web{URL: &url.URL{Scheme: "https", Host: "menu.example.net"}, Method: "POST", Secret: "s"}, Owner: owner,
	}}
	s.numbers[n.Digits] = n
	return s, n
}

func TestSettingsLeadANumberToAResponder(t *testing.T) {
	s, n := led(t, "8001")
	n.Disabled = true // which is of the number that the API made
	result := dialplan.Route(s, dialplan.Query{From: "+12125550123", To: "2125551212", At: noon})
	if result.Kind != dialplan.ToWeb || result.Web != n.Lead.Web || result.Owner.Name != "8001" || result.Domain != domain {
		t.Errorf("the call goes to %+v", result)
	}
	want := []string{
		"12125551212 is a number of example.net, which the settings lead to a responder",
		"user 8001@example.net owns the call (dial plan example.net, time zone UTC)",
		"the web responder at menu.example.net is asked with POST",
	}
	if diff := cmp.Diff(want, steps(result)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestForwardsFollowThePlanOfALedNumbersOwner(t *testing.T) {
	s, _ := led(t, "8001")
	first := dialplan.Route(s, dialplan.Query{From: "+12125550123", To: "12125551212", At: noon})
	for to, kind := range map[string]dialplan.Kind{"webresponder8001": dialplan.ToWeb, "4165550100": dialplan.Outside, "12125551212": dialplan.ToWeb} {
		q := dialplan.Query{From: "+12125550123", To: to, Owner: first.Owner.Address(), At: noon}
		if result := dialplan.Route(s, q); result.Kind != kind {
			t.Errorf("a Forward to %s goes to %s: %s", to, result.Kind, result.Reason)
		}
	}
}

func TestALedNumberWithoutItsOwnerReachesItsResponder(t *testing.T) {
	s, n := led(t, "9999")
	n.Lead.Hides = true
	result := dialplan.Route(s, dialplan.Query{From: "+12125550123", To: "12125551212", At: noon})
	if result.Kind != dialplan.ToWeb || result.Owner.Name != "" || result.Domain != domain {
		t.Errorf("the call goes to %+v", result)
	}
	want := []string{
		"12125551212 is a number of example.net, which the settings lead to a responder",
		"the API has made 12125551212 too, which does not count beside the settings",
		"user 9999@example.net, whom the settings name, is not there: nobody owns the call, and its responder cannot forward it",
		"the web responder at menu.example.net is asked with POST",
	}
	if diff := cmp.Diff(want, steps(result)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}
