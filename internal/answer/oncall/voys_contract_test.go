package oncall_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/oncall"
)

// The observable behaviour of pagerduty-voys-webhook, and what the contract
// makes of its bare 500s.
func TestVoysWebhookKeepsItsContract(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := one(t, answering(person("Ann", 1, annCell)))
		defer o.run()()
		synctest.Wait()
		for _, c := range []struct {
			name, method, target string
			header               http.Header
			status               int
			body, allow          string
		}{
			{name: "success", target: "/voys-webhook?secret_key=" + secret, status: 200, body: "status=ACK&destination=%2B31611111111"},
			{name: "with a slash", target: "/voys-webhook/?secret_key=" + secret, status: 200, body: "status=ACK&destination=%2B31611111111"},
			{name: "what else a template has", target: "/voys-webhook?code={code}&secret_key=" + secret + "&callername=%zz&attempt={attempt}", status: 200, body: "status=ACK&destination=%2B31611111111"},
			{name: "secret in a header", target: "/voys-webhook", header: http.Header{"X-Secret-Key": {secret}}, status: 200, body: "status=ACK&destination=%2B31611111111"},
			{name: "secret as a token", target: "/voys-webhook", header: http.Header{"Authorization": {"bearer  " + secret}}, status: 200, body: "status=ACK&destination=%2B31611111111"},
			{name: "wrong secret", target: "/voys-webhook?secret_key=wrong", status: 401, body: "status=NAK"},
			{name: "nearly right secret", target: "/voys-webhook?secret_key=" + secret + "x", status: 401, body: "status=NAK"},
			{name: "empty secret", target: "/voys-webhook?secret_key=", status: 401, body: "status=NAK"},
			{name: "missing secret", target: "/voys-webhook", status: 401, body: "status=NAK"},
			{name: "secret as a password", target: "/voys-webhook", header: http.Header{"Authorization": {"Basic " + secret}}, status: 401, body: "status=NAK"},
			{name: "POST", method: http.MethodPost, target: "/voys-webhook?secret_key=" + secret, status: 405, body: "status=NAK", allow: "GET"},
			{name: "HEAD", method: http.MethodHead, target: "/voys-webhook?secret_key=" + secret, status: 405, body: "status=NAK", allow: "GET"},
			{name: "unknown route", target: "/voys-webhook?route=sales&secret_key=" + secret, status: 200, body: "status=NAK"},
		} {
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.Method = c.method
			if c.method == "" {
				r.Method = http.MethodGet
			}
			path, query, _ := strings.Cut(c.target, "?")
			r.URL = &url.URL{Path: path, RawQuery: query}
			maps.Copy(r.Header, c.header)
			got := serve(o.dispatcher.Voys(), r)
			if got.status != c.status || got.body != c.body {
				t.Errorf("%s: got %d %q, want %d %q", c.name, got.status, got.body, c.status, c.body)
			}
			if diff := cmp.Diff("text/plain; charset=utf-8", got.header.Get("Content-Type")); diff != "" {
				t.Error(diff)
			}
			if got.header.Get("Allow") != c.allow {
				t.Errorf("Allow is %q, want %q", got.header.Get("Allow"), c.allow)
			}
		}
		if log := o.log.String(); strings.Contains(log, secret) || strings.Contains(log, annCell) {
			t.Errorf("the log has a secret or a number:\n%s", log)
		}
	})
}

func TestCallerNameFollowsTheDestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := one(t, answering(person("Ann", 1, annCell)), func(r *oncall.Route) { r.CallerName = "Support & co" })
		defer o.run()()
		o.wants(o.ask(""), ack(annCell)+"&callername=Support+%26+co")
	})
}

func TestAddressesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := open(t, oncall.Config{
			Routes:    []oncall.Route{support()},
			AllowFrom: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
			Address: func(r *http.Request) netip.Addr {
				return netip.MustParseAddr(r.Header.Get("X-Test-Address"))
			},
		}, oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: answering(person("Ann", 1, annCell))}}})
		defer o.run()()
		for address, want := range map[string]int{"192.0.2.7": 200, "::ffff:192.0.2.7": 200, "198.51.100.1": 403, "2001:db8::1": 403} {
			for _, h := range []http.Handler{o.dispatcher.Voys(), o.dispatcher.Document()} {
				r := httptest.NewRequest(http.MethodGet, "/?secret_key="+secret, http.NoBody)
				r.Header.Set("X-Test-Address", address)
				if got := serve(h, r); got.status != want {
					t.Errorf("%s: %d %q, want %d", address, got.status, got.body, want)
				}
			}
		}
	})
}

// Two routes by the called number and the menu, each with its own sources and
// its own secret.
func TestRoutesAreToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const other = "another-secret"
		route := func(name, secret, rota string, dids, codes []string) oncall.Route {
			return oncall.Route{Name: name, Secrets: []string{secret}, DIDs: dids, Codes: codes, Sources: []string{rota}, Rules: oncall.Rules{CallingCode: "31"}}
		}
		o := open(t, oncall.Config{Routes: []oncall.Route{
			route("any", secret, "a", nil, nil),
			route("dutch", secret, "b", []string{"+31201111111"}, nil),
			route("dutch-2", secret, "c", []string{"+31201111111"}, []string{"2"}),
			route("menu", secret, "d", nil, []string{"2", "3"}),
			route("stranger", other, "e", nil, nil),
		}}, oncall.KeeperConfig{Sources: []oncall.PolledSource{
			{Name: "a", Source: answering(person("A", 1, "101"))},
			{Name: "b", Source: answering(person("B", 1, "102"))},
			{Name: "c", Source: answering(person("C", 1, "103"))},
			{Name: "d", Source: answering(person("D", 1, "104"))},
			{Name: "e", Source: answering(person("E", 1, "105"))},
		}})
		defer o.run()()
		for query, want := range map[string]string{
			"":                       "101",
			"&did=%2B31209999999":    "101",
			"&did=%2B31201111111":    "102",
			"&did=+31201111111":      "102", // a plus that was not escaped
			"&did=0201111111&code=1": "102",
			"&did=0201111111&code=2": "103",
			"&code=2":                "104",
			"&code=3":                "104",
			"&code=9":                "101",
			"&route=menu":            "104",
			"&route=menu&did=0201":   "104",
		} {
			o.wants(o.ask(query), "status=ACK&destination="+want)
		}
		o.wants(o.ask("&route=stranger"), "status=NAK") // the secret is another route's
		got := serve(o.dispatcher.Voys(), httptest.NewRequest(http.MethodGet, "/voys-webhook?secret_key="+other, http.NoBody))
		o.wants(got, "status=ACK&destination=105")
	})
}

func TestWrongRoutesAreRefusedWithAllThatIsWrong(t *testing.T) {
	keeper, err := oncall.NewKeeper(oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: answering()}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = oncall.New(oncall.Config{Keeper: keeper, Routes: []oncall.Route{
		support(func(r *oncall.Route) {
			r.Secrets = []string{""}
			r.Sources = []string{"rota", "gone"}
			r.Rules = oncall.Rules{
				Policy: "first", Beyond: "again", CallingCode: "+31", Fallback: "nobody", Block: []string{"*", "anonymous", "+31*"},
				Numbers: map[string][]string{"Ann": {"1 2 3", "x"}, "ANN": nil},
			}
			r.Texts.Nobody = strings.Repeat("x", 2<<20)
		}),
		support(), support(),
	}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"it has no secret", `there is no source called "gone"`, `the policy "first" is not known`, `"again" says nothing`, `"+31" is no calling code`,
		`the fallback "nobody" cannot be dialled`, `"*" lists no callers`, `the number "x" of Ann`, "which differ in nothing that counts", "cannot be spoken", "one that another has",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing says %q in\n%v", want, err)
		}
	}
}
