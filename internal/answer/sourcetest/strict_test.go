package sourcetest_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/sourcetest"
)

const (
	service = "4c5f1b2e-0000-4000-8000-000000000001"
	query   = "query OnCall { x }"
)

// standIn is what all stand-ins can be told.
type standIn interface {
	http.Handler
	OnCall(people ...sourcetest.Person)
	Break(times int, f sourcetest.Fault)
	Heal()
	Limit(most int, headers bool)
	Skew(d time.Duration)
	Requests() []sourcetest.Request
	Violations() []string
}

// asked is a request.
type asked struct {
	method, path, body string
	header             map[string]string
}

// with returns the same request with headers changed; "" takes one away.
func (a asked) with(header map[string]string) asked {
	all := maps.Clone(a.header)
	maps.Copy(all, header)
	a.header = all
	return a
}

// good are requests that the vendors' descriptions allow.
func good() map[string]struct {
	make func() standIn
	asked
} {
	headers := func(authorization, accept string) map[string]string {
		return map[string]string{"Authorization": authorization, "Accept": accept, "User-Agent": "Test"}
	}
	pagerDuty := headers("Token token="+sourcetest.PagerDutyKey, "application/vnd.pagerduty+json;version=2")
	betterStack := headers("Bearer "+sourcetest.BetterStackKey, "application/json")
	ilert := headers("Bearer "+sourcetest.IlertKey, "application/json")
	goAlert := headers("Bearer "+sourcetest.GoAlertKey, "application/json")
	goAlert["Content-Type"] = "application/json"
	grafana := headers(sourcetest.GrafanaKey, "application/json")
	alice := sourcetest.Person{ID: "17", Name: "Alice Example", Phones: []sourcetest.Phone{{Country: 31, Region: "NL", Number: "0611111111", Rule: 1}}}
	all := map[string]struct {
		make func() standIn
		asked
	}{
		"pagerduty on-calls":   {func() standIn { return sourcetest.NewPagerDuty("P1") }, asked{"GET", "/oncalls?escalation_policy_ids%5B%5D=P1&include%5B%5D=users&earliest=true&limit=100&offset=0", "", pagerDuty}},
		"pagerduty user":       {func() standIn { return sourcetest.NewPagerDuty("P1") }, asked{"GET", "/users/17?include%5B%5D=contact_methods&include%5B%5D=notification_rules", "", pagerDuty}},
		"better stack":         {func() standIn { return sourcetest.NewBetterStack() }, asked{"GET", "/api/v2/on-calls", "", betterStack}},
		"better stack, page 2": {func() standIn { return sourcetest.NewBetterStack() }, asked{"GET", "/api/v2/on-calls?page=2", "", betterStack}},
		"ilert on-calls":       {func() standIn { return sourcetest.NewIlert("4711") }, asked{"GET", "/api/on-calls?policies=4711&expand=user", "", ilert}},
		"ilert numbers":        {func() standIn { return sourcetest.NewIlert("4711") }, asked{"GET", "/api/users/17/contacts/phone-numbers", "", ilert}},
		"goalert on-calls":     {func() standIn { return sourcetest.NewGoAlert(service, query) }, asked{"POST", "/api/graphql", `{"query":"` + query + `","operationName":"OnCall","variables":{"service":"` + service + `"}}`, goAlert}},
		"goalert person":       {func() standIn { return sourcetest.NewGoAlert(service, query) }, asked{"POST", "/api/graphql", `{"query":"` + query + `","operationName":"Person","variables":{"user":"17"}}`, goAlert}},
		"grafana schedule":     {func() standIn { return sourcetest.NewGrafana("S1") }, asked{"GET", "/api/v1/schedules/S1/", "", grafana}},
		"grafana user":         {func() standIn { return sourcetest.NewGrafana("S1") }, asked{"GET", "/api/v1/users/17/", "", grafana}},
		"feed":                 {func() standIn { return sourcetest.NewFeed("BEGIN:VCALENDAR") }, asked{"GET", sourcetest.FeedPath, "", map[string]string{"Accept": "text/calendar, */*;q=0.5", "User-Agent": "Test"}}},
	}
	for name, g := range all {
		made := g.make
		g.make = func() standIn {
			s := made()
			s.OnCall(alice)
			return s
		}
		all[name] = g
	}
	return all
}

// ask sends a request to a stand-in without a network.
func ask(t *testing.T, s http.Handler, a asked) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), a.method, a.path, strings.NewReader(a.body))
	for name, value := range a.header {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func TestGoodRequestsAreTaken(t *testing.T) {
	for name, g := range good() {
		s := g.make()
		if got := ask(t, s, g.asked).StatusCode; got != 200 || len(s.Violations()) > 0 {
			t.Errorf("%s: %d %v", name, got, s.Violations())
		}
		if kept := s.Requests(); len(kept) != 1 || kept[0].Method != g.method || kept[0].Path != g.path || kept[0].Body != g.body || kept[0].Status != 200 {
			t.Errorf("%s: kept %+v", name, kept)
		}
	}
}

// TestEachPartOfARequestIsChecked changes good requests one part at a time.
func TestEachPartOfARequestIsChecked(t *testing.T) {
	for name, g := range good() {
		other := map[string]string{"GET": "POST", "POST": "GET"}[g.method]
		joint := "?"
		if strings.Contains(g.path, "?") {
			joint = "&"
		}
		bad := map[string]asked{
			"another method":   {other, g.path, g.body, g.header},
			"HEAD":             {"HEAD", g.path, g.body, g.header},
			"a parameter more": {g.method, g.path + joint + "x=1", g.body, g.header},
			"no Accept":        g.with(map[string]string{"Accept": ""}),
			"another Accept":   g.with(map[string]string{"Accept": "*/*"}),
			"no User-Agent":    g.with(map[string]string{"User-Agent": ""}),
			"a cookie":         g.with(map[string]string{"Cookie": "a=b"}),
			"a referer":        g.with(map[string]string{"Referer": "http://x.test"}),
			"another body":     {g.method, g.path, g.body + " x", g.header},
		}
		if name != "feed" {
			bad["another path"] = asked{g.method, "/x" + g.path, g.body, g.header}
		}
		if path, query, ok := strings.Cut(g.path, "?"); ok {
			for part := range strings.SplitSeq(query, "&") {
				rest := strings.Trim(strings.ReplaceAll(strings.Replace("&"+query, "&"+part, "", 1), "&&", "&"), "&")
				if name == "better stack, page 2" {
					continue // the first page is asked for without
				}
				bad["without "+part] = asked{g.method, path + "?" + rest, g.body, g.header}
			}
			bad["another value"] = asked{g.method, g.path + "9x", g.body, g.header}
		}
		if g.body != "" {
			bad["no body"] = asked{g.method, g.path, "", g.header}
			bad["a field more"] = asked{g.method, g.path, strings.Replace(g.body, "{", `{"extensions":{},`, 1), g.header}
			bad["another operation"] = asked{g.method, g.path, strings.Replace(g.body, "Name\":\"", "Name\":\"X", 1), g.header}
			bad["a number"] = asked{g.method, g.path, strings.Replace(g.body, `"`+query+`"`, "7", 1), g.header}
			bad["form encoded"] = g.with(map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
		}
		for what, a := range bad {
			s := g.make()
			got := ask(t, s, a).StatusCode
			if got < 400 || got > 499 || len(s.Violations()) != 1 {
				t.Errorf("%s with %s: %d %v", name, what, got, s.Violations())
			}
		}
	}
}

func TestAWrongKeyIsRefused(t *testing.T) {
	for name, g := range good() {
		if name == "feed" {
			continue
		}
		for _, key := range []string{"", "wrong", g.header["Authorization"] + "x", strings.ToLower(g.header["Authorization"])} {
			if key == g.header["Authorization"] {
				continue
			}
			s := g.make()
			got := ask(t, s, g.with(map[string]string{"Authorization": key})).StatusCode
			if want := map[bool]int{true: 403, false: 401}[strings.HasPrefix(name, "grafana")]; got != want {
				t.Errorf("%s with the key %q: %d, not %d", name, key, got, want)
			}
		}
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	g := good()
	for name, path := range map[string]string{
		"pagerduty user":   "/users/P9?include%5B%5D=contact_methods&include%5B%5D=notification_rules",
		"ilert numbers":    "/api/users/9/contacts/phone-numbers",
		"grafana schedule": "/api/v1/schedules/S9/",
		"grafana user":     "/api/v1/users/U9/",
		"feed":             "/basic.ics",
	} {
		a := g[name].asked
		a.path = path
		if got := ask(t, g[name].make(), a).StatusCode; got != 404 {
			t.Errorf("%s: %d", name, got)
		}
	}
	a := g["goalert person"].asked
	a.body = strings.Replace(a.body, query, "query Other { x }", 1)
	if got := ask(t, g["goalert person"].make(), a).StatusCode; got != 422 {
		t.Errorf("another query: %d", got)
	}
}

// spelled returns the value of a header that is spelled in this way.
func spelled(h http.Header, name string) string {
	for spelling, values := range h {
		if spelling == name {
			return strings.Join(values, ", ")
		}
	}
	return ""
}

func TestALimitCountsTheRequestsOfAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := good()["pagerduty user"]
		s := g.make()
		for _, headers := range []bool{true, false} {
			s.Limit(2, headers)
			for i, want := range []int{200, 200, 429, 429} {
				time.Sleep(5 * time.Second)
				got := ask(t, s, g.asked)
				if got.StatusCode != want {
					t.Errorf("request %d: %d, not %d", i+1, got.StatusCode, want)
				}
				reset := spelled(got.Header, "ratelimit-reset")
				if tells := headers && want == 429; tells && reset != map[int]string{2: "50", 3: "45"}[i] || !tells && reset != "" {
					t.Errorf("request %d: it resets in %q", i+1, reset)
				}
			}
			time.Sleep(time.Minute)
		}
		if got := ask(t, s, g.asked).StatusCode; got != 200 {
			t.Errorf("after a minute: %d", got)
		}
	})
}

func TestPagerDutyAnswersItsOwnNumberOfRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := good()["pagerduty user"]
		s := g.make()
		for range sourcetest.PagerDutyLimit {
			if got := ask(t, s, g.asked).StatusCode; got != 200 {
				t.Fatal(got)
			}
		}
		if got := ask(t, s, g.asked).StatusCode; got != 429 {
			t.Error(got)
		}
	})
}

// get asks over a network, and returns what came.
func get(ctx context.Context, n *sourcetest.Network, a asked) (int, string, error) {
	transport := &http.Transport{DialContext: n.Dial}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, a.method, "http://x.test"+a.path, strings.NewReader(a.body))
	if err != nil {
		return 0, "", err
	}
	for name, value := range a.header {
		r.Header.Set(name, value)
	}
	answer, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}

func TestANetworkCanBeKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := good()["grafana schedule"]
		n := sourcetest.Listen(g.make())
		defer n.Close()
		if status, body, err := get(t.Context(), n, g.asked); status != 200 || err != nil {
			t.Fatal(status, body, err)
		}
		n.Kill()
		if _, _, err := get(t.Context(), n, g.asked); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("a dead host answers: %v", err)
		}
		n.Revive()
		if status, _, err := get(t.Context(), n, g.asked); status != 200 || err != nil {
			t.Error(status, err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
		if _, _, err := get(t.Context(), n, g.asked); err == nil {
			t.Error("a network that was closed answers")
		}
	})
}

func TestFaultsAreInForceAsOftenAsTheyAreMeant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := good()["grafana schedule"]
		s := g.make()
		n := sourcetest.Listen(s)
		defer n.Close()
		s.Break(2, sourcetest.Says(500, "").On("/schedules/"))
		for i, want := range []int{500, 500, 200} {
			if got, _, err := get(t.Context(), n, g.asked); got != want || err != nil {
				t.Errorf("request %d: %d %v", i+1, got, err)
			}
		}
		s.Break(sourcetest.Always, sourcetest.Says(500, "").On("/users/"))
		if got, _, err := get(t.Context(), n, g.asked); got != 200 || err != nil {
			t.Errorf("another path: %d %v", got, err)
		}
		for name, f := range map[string]sourcetest.Fault{"half": sourcetest.Half(), "hangs up": sourcetest.HangsUp()} {
			s.Break(1, f)
			if _, _, err := get(t.Context(), n, g.asked); err == nil {
				t.Errorf("%s: there is no error", name)
			}
		}
		s.Break(1, sourcetest.Freezes())
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, _, err := get(ctx, n, g.asked); err == nil {
			t.Error("it answers, frozen")
		}
		s.Break(1, sourcetest.Slow(time.Minute))
		began := time.Now()
		if got, _, err := get(t.Context(), n, g.asked); got != 200 || err != nil || time.Since(began) != time.Minute {
			t.Errorf("slow: %d %v after %s", got, err, time.Since(began))
		}
		s.Break(1, sourcetest.Lies(`"off_call_now"`, `"on_call_now"`))
		if _, body, err := get(t.Context(), n, g.asked); !strings.Contains(body, "off_call_now") || err != nil {
			t.Errorf("it does not lie: %s %v", body, err)
		}
		s.Break(sourcetest.Always, sourcetest.Page(200))
		s.Heal()
		if _, body, err := get(t.Context(), n, g.asked); !strings.Contains(body, `"on_call_now":["17"]`) || err != nil {
			t.Errorf("it does not heal: %s %v", body, err)
		}
	})
}
