package cli_test

import (
	"strings"
	"testing"

	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// TestAKeyThatWasTakenOutOfARuleIsSeenByTheNextCall writes the old address into
// the rule, in the portal: calls have no key from then on.
func TestAKeyThatWasTakenOutOfARuleIsSeenByTheNextCall(t *testing.T) {
	system := phoneSystem(t)
	system.AddUser("example.net", "2001")
	p := serve(t, oldFolder(t, system))
	for _, form := range []string{"id=example.net-sms", "id=example.net-own&api_domain=example.net&from_number=19294873999&user=2000&ns_system_user=8002&message=Hello&key=correct-horse-battery"} {
		if status, body := p.do("POST", "/update-sms", form+"&secret=correct+horse+battery"); status != 200 {
			t.Fatalf("the form is answered with %d %s", status, body)
		}
	}
	for i, of := range []struct {
		id, user string
		open     bool // answered without a key once the rule was checked
	}{{"example.net-sms", "8001", true}, {"example.net-own", "8002", false}} {
		asks := func() string {
			for _, rule := range system.DialRules("example.net") {
				if rule["dial-rule-matching-to-uri"] == "webresponder"+of.user {
					return rule["dial-rule-parameter"].(string)
				}
			}
			return ""
		}
		before := asks()
		bare, _, keyed := strings.Cut(before, "&key=")
		if !keyed {
			t.Fatalf("the rule of %s has no key: %s", of.id, before)
		}
		system.EditDialRule("example.net", "webresponder"+of.user, nstest.Object{"dial-rule-parameter": bare})
		caller := []string{"+19734321440", "+19734321441"}[i]
		p.hears(of.id, caller, "call-1", apology)
		await.That(t, "the key in the rule of "+of.id, func() bool { return asks() == before })
		if of.open {
			p.hears(of.id, caller, "call-2", success)
		}
	}
}
