package cli_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// twoTenants are entries in two domains.
const twoTenants = `{
  "example.net-sms": {"api_domain": "example.net", "user": "2000", "ns_system_user": "8001", "from_number": "19294873999", "message": "We are open."},
  "other.example-sms": {"api_domain": "other.example", "user": "3000", "ns_system_user": "8001", "from_number": "12125550188", "message": "We are closed."}
}`

// tenants returns a phone system with the domains of twoTenants, and a folder
// to serve them from.
func tenants(t *testing.T) (system *nstest.System, old string) {
	t.Helper()
	system = phoneSystem(t)
	system.AddDomain("other.example")
	system.AddUser("other.example", "3000")
	system.AddSMSNumber("other.example", "12125550188", "3000")
	old = oldFolder(t, system)
	put(t, old+"/domains.json", twoTenants)
	return system, old
}

// keyOfBefore is the old key that all domains shared, which anyone who knows
// the secret of the forms can compute.
func keyOfBefore(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("switchhook message events"))
	return hex.EncodeToString(mac.Sum(nil))
}

// postsStop posts a text to the number of other.example, as the phone system
// does, to a subscription's address. It returns the status.
func (p *process) postsStop(postURL, id, from string) int {
	p.t.Helper()
	target, err := url.Parse(postURL)
	if err != nil {
		p.t.Fatal(err)
	}
	event := fmt.Sprintf(`[{"id":%q,"type":"sms","domain":"other.example","direction":"orig","from-number":%q,"dialed":"12125550188","text":"STOP"}]`, id, from)
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, "http://"+p.address+target.RequestURI(), bytes.NewReader([]byte(event)))
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// postURLs returns where texts are posted to, by domain.
func postURLs(system *nstest.System) map[string]string {
	urls := map[string]string{}
	for _, s := range system.Subscriptions() {
		urls[s["domain"].(string)] = s["post-url"].(string)
	}
	return urls
}

func TestWhoReadsTheSubscriptionOfOneDomainReachesNoOther(t *testing.T) {
	system, old := tenants(t)
	p := serve(t, old)
	p.await(`subscribed to people's texts.*domain=other.example`)
	urls := postURLs(system)
	if status := p.postsStop(urls["example.net"], "m-1", "19734321440"); status != http.StatusForbidden {
		t.Errorf("a STOP for another domain is answered with %d", status)
	}
	p.hears("other.example-sms", "+19734321440", "call-1", success)
	guessed := "https://hooks.example.net/webresponder/events?key=" + keyOfBefore("correct horse battery")
	if status := p.postsStop(guessed, "m-2", "19734321441"); status != http.StatusForbidden {
		t.Errorf("who has guessed the secret of the forms is answered with %d", status)
	}
	p.hears("other.example-sms", "+19734321441", "call-2", success)
	if status := p.postsStop(urls["other.example"], "m-3", "19734321440"); status != http.StatusOK {
		t.Errorf("the domain's own STOP is answered with %d", status)
	}
	p.hears("other.example-sms", "+19734321440", "call-3", apology)
	p.hears("example.net-sms", "+19734321440", "call-4", success) // texts of the other domain go on
}

// TestASubscriptionOfBeforeGoesOnUntilItIsMoved has an upgrade: at first the
// phone system cannot be changed, then it can.
func TestASubscriptionOfBeforeGoesOnUntilItIsMoved(t *testing.T) {
	system, old := tenants(t)
	client, err := netsapiens.New(netsapiens.Config{URL: system.URL, Token: nstest.Token})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdle()
	before := "https://hooks.example.net/webresponder/events?key=" + keyOfBefore("correct horse battery")
	for _, domain := range []string{"example.net", "other.example"} {
		if _, err := client.CreateSubscription(t.Context(), netsapiens.Subscription{
			Model: netsapiens.ModelMessage, PostURL: before, Domain: domain, Expires: time.Now().Add(60 * 24 * time.Hour),
		}); err != nil {
			t.Fatal(err)
		}
	}
	system.Break(nstest.UpdateSubscription, nstest.Always, nstest.Refuses(503, "busy"))
	p := serve(t, old)
	if status := p.postsStop(before, "m-1", "19734321440"); status != http.StatusOK {
		t.Errorf("a STOP by the subscription of before is answered with %d", status)
	}
	p.hears("other.example-sms", "+19734321440", "call-1", apology)
	system.Break(nstest.UpdateSubscription, 0, nstest.Refuses(503, "busy"))
	p.stop(os.Interrupt)
	p = serve(t, old)
	p.await(`subscribed to people's texts.*domain=other.example`)
	for domain, at := range postURLs(system) {
		if at == before || strings.Contains(at, keyOfBefore("correct horse battery")) {
			t.Errorf("the subscription of %s was not moved", domain)
		}
	}
	if n := len(system.Subscriptions()); n != 2 {
		t.Errorf("there are %d subscriptions", n)
	}
}
