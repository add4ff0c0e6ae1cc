package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/handset"
)

// ofNumber are the settings of a number that leads to a responder.
func ofNumber(number, url string) map[string]string {
	return map[string]string{"core.number.0.number": number, "core.number.0.url": url}
}

// TestSettingsLeadACallToAResponder calls with SIP alone, and no API. Then the settings
// lead another number, and to another responder.
func TestSettingsLeadACallToAResponder(t *testing.T) {
	asked := make(chan string, 1)
	tell := func(r *http.Request) { asked <- r.FormValue("NmsDnis") + " of " + r.FormValue("AccountUser") }
	var log safeLog
	s := startSIP(t, &log, ofNumber("+12125551212", playing(t, "15", tell)))
	phone := s.telephone(t)
	hears := func(number, want string) {
		t.Helper()
		call := phone.call(number)
		heard := call.Hear()
		if ended := handset.Expect[softphone.Ended](call); ended.Status != 0 || ended.Cause != engine.Normal {
			t.Fatalf("the call to %s ended as %+v", number, ended.Ended)
		}
		if got := keysIn(t, heard); got != want {
			t.Errorf("a caller of %s heard the tones of %q, want %q", number, got, want)
		}
		if got, want := <-asked, strings.TrimPrefix(number, "+")+" of domain"; !strings.HasSuffix(got, want) {
			t.Errorf("the responder was asked for %s, want %s", got, want)
		}
	}
	hears("+12125551212", "15")

	more := ofNumber("2125551213", playing(t, "90", tell))
	more["core.sip.0"] = s.SIPAddresses()[0].String()
	if err := s.Reload(t.Context(), sipSettings(t, s.data, more)); err != nil {
		t.Fatal(err)
	}
	hears("+12125551213", "90")
	if ended := handset.Expect[softphone.Ended](phone.call("+12125551212")); ended.Status != http.StatusNotFound {
		t.Errorf("a call to the former number ended as %+v", ended.Ended)
	}
}

func TestTheAPIRefusesToChangeANumberOfTheSettings(t *testing.T) {
	s := startSIP(t, &safeLog{}, ofNumber("+12125551212", "https://hooks.example.net"))
	for _, c := range []struct{ method, path, body string }{
		{http.MethodPost, "", `{"phonenumber":"12125551212","dial-rule-translation-destination-user":"8001"}`},
		{http.MethodPut, "/12125551212", `{"dial-rule-translation-destination-user":"8001"}`},
		{http.MethodDelete, "/12125551212", ""},
	} {
		status, answer := s.ask(t, c.method, "/v2/domains/example.net/phonenumbers"+c.path, c.body)
		if status != http.StatusForbidden || !strings.Contains(string(answer), "[[core.number]]") {
			t.Errorf("%s %s: %d %s", c.method, c.path, status, answer)
		}
	}
}
