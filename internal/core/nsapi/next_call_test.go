package nsapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What is changed through the API counts for the next call: the number, the
// answer rule, the dial rule.
func TestNextCallGoesWhereTheAPISays(t *testing.T) {
	s := newSystem(t)
	const (
		in      = "/domains/" + domain
		rules   = in + "/dialplans/" + domain + "/dialrules"
		numbers = in + "/phonenumbers"
	)
	heard := func() string {
		t.Helper()
		l := &line{}
		if _, err := s.core.Place(t.Context(), "+19734321440", "2125550100", l, nil); err != nil {
			return err.Error()
		}
		return strings.Join(l.heard, " ")
	}
	wants := func(part string) {
		t.Helper()
		if got := heard(); !strings.Contains(got, part) {
			t.Fatalf("the call came to %q, want %q", got, part)
		}
	}
	rule := func(to, parameter string) object {
		return object{
			"synchronous": "yes", "dial-rule-matching-to-uri": to, "dial-rule-matching-from-uri": "*", "enabled": "yes",
			"dial-rule-application": "To Web", "dial-rule-parameter": parameter, "dial-rule-translation-destination-user": "[*]",
		}
	}

	wants("not reachable: no number 212•••0100 is known here")

	// A number leads to a user, who has nowhere to send it.
	s.do("POST", in+"/users", user("8001")).wants(http.StatusAccepted, "Accepted")
	s.do("POST", numbers, object{"phonenumber": "12125550100", "dial-rule-application": "to-user", "dial-rule-translation-destination-user": "8001"}).wants(http.StatusAccepted, "Accepted")
	wants("not reachable: user 8001@example.net has no phone registered")

	// The user forwards, but no rule leads on.
	s.do("PUT", in+"/users/8001/answerrules/*", forward("webresponder8001")).wants(http.StatusAccepted, "Accepted")
	wants("not reachable: user 8001@example.net forwards to webresponder8001")

	// A rule leads to a responder.
	made := s.do("POST", rules, rule("webresponder8001", s.says("First."))).wants(http.StatusOK, "").object()
	wants("First.")

	// The rule's responder is another.
	id, ok := made["dialrule"].(string)
	if !ok {
		t.Fatalf("the rule that was made is %v", made)
	}
	s.do("PUT", rules+"/"+url.PathEscape(id), object{"dialrule": id, "dial-rule-translation-destination-user": "[*]", "dial-rule-parameter": s.says("Second.")}).wants(http.StatusAccepted, "Accepted")
	wants("Second.")

	// The rule is replaced by one for another destination, and the answer rule
	// leads there.
	s.do("DELETE", rules+"/"+url.PathEscape(id), nil).wants(http.StatusAccepted, "Accepted")
	wants("not reachable")
	s.do("POST", rules, rule("sip:menu_????@*", s.says("Third."))).wants(http.StatusOK, "")
	wants("not reachable")
	s.do("PUT", in+"/users/8001/answerrules/*", forward("menu_2026")).wants(http.StatusAccepted, "Accepted")
	wants("Third.")

	// The number leads to another user.
	s.do("POST", in+"/users", user("8002")).wants(http.StatusAccepted, "Accepted")
	s.do("PUT", in+"/users/8002/answerrules/*", forward("webresponder8002")).wants(http.StatusAccepted, "Accepted")
	s.do("POST", rules, rule("webresponder8002", s.says("Fourth."))).wants(http.StatusOK, "")
	wants("Third.")
	s.do("PUT", numbers+"/12125550100", object{"dial-rule-translation-destination-user": "8002"}).wants(http.StatusAccepted, "Accepted")
	wants("Fourth.")

	// A rule that is switched off counts no more, a number that is gone leads nowhere.
	found := s.do("GET", rules, nil).wants(http.StatusOK, "").list()
	last, ok := found[len(found)-1]["dialrule"].(string)
	if !ok {
		t.Fatalf("the rules are %v", found)
	}
	s.do("PUT", rules+"/"+url.PathEscape(last), object{"dialrule": last, "enabled": "no", "dial-rule-translation-destination-user": "[*]"}).wants(http.StatusAccepted, "Accepted")
	wants("forwards to webresponder8002")
	s.do("DELETE", numbers+"/12125550100", nil).wants(http.StatusAccepted, "Accepted")
	wants("no number 212•••0100")
}
