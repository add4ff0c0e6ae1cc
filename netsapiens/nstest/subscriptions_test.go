package nstest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// subscriber takes what is posted, and answers with a status.
type subscriber struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	took   []string
	header []http.Header
}

func newSubscriber(t *testing.T) *subscriber {
	t.Helper()
	s := &subscriber{status: http.StatusOK}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.took, s.header = append(s.took, string(body)), append(s.header, r.Header.Clone())
		if s.status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(s.status)
	}))
	t.Cleanup(s.Close)
	return s
}

// events returns what one post brought.
func (s *subscriber) events(t *testing.T, post int) []nstest.Object {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if post >= len(s.took) {
		t.Fatalf("%d posts, want more than %d", len(s.took), post)
	}
	var events []nstest.Object
	if err := json.Unmarshal([]byte(s.took[post]), &events); err != nil {
		t.Fatalf("%v: %s", err, s.took[post])
	}
	return events
}

// subscribe makes a subscription and returns its id.
func subscribe(t *testing.T, system *nstest.System, path string, fields nstest.Object) string {
	t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	status, answer := ask(t, system, asked{method: "POST", path: path, body: string(body)})
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &made); err != nil || status != 200 || made.ID == "" {
		t.Fatalf("subscribing: %d %s", status, answer)
	}
	return made.ID
}

const ofDomain = "/domains/example.com/subscriptions"

func TestSubscriberIsToldOfTextsBothWays(t *testing.T) {
	system, hook := furnished(nstest.Quirks{}), newSubscriber(t)
	subscribe(t, system, ofDomain, nstest.Object{"model": "message", "post-url": hook.URL})
	if status, body := ask(t, system, writes[nstest.SendMessage].asked); status != 202 {
		t.Fatalf("%d %s", status, body)
	}
	id, failed := system.Receive("19734321440", "19294873999", "STOP")
	if len(failed) > 0 || id == "" {
		t.Fatalf("id %q, failed %v", id, failed)
	}
	events := hook.events(t, 0)
	if len(events) != 2 || len(hook.took) != 1 {
		t.Fatalf("%d events in %d posts", len(events), len(hook.took))
	}
	out, in := events[0], events[1]
	if out["direction"] != "term" || out["dialed"] != "19734321440" || out["text"] != "Open until five." || out["from-user-id"] != "2000@example.com" {
		t.Errorf("out: %v", out)
	}
	if in["direction"] != "orig" || in["from-number"] != "19734321440" || in["text"] != "STOP" || in["terminating-user-id"] != "2000@example.com" || in["id"] != id || in["from-user-id"] != nil {
		t.Errorf("in: %v", in)
	}
	if in["messagesession-id"] != session {
		t.Errorf("the answer is in conversation %v", in["messagesession-id"])
	}
	if h := hook.header[0]; h.Get("X-Correlation-ID") == "" || h.Get("Content-Type") != "application/json" {
		t.Errorf("header %v", h)
	}
	if got := system.Subscriptions()[0]; got["status"] != "active" || got["posts-count"] != 1 || got["error-count"] != 0 {
		t.Errorf("the subscription is %v", got)
	}
	if failed := system.PostEvents(); len(failed) != 0 || len(hook.took) != 1 {
		t.Errorf("posted again: %v", hook.took)
	}
}

func TestEventsGoToWhoeverSubscribedToThem(t *testing.T) {
	system, hook := furnished(nstest.Quirks{}), newSubscriber(t)
	system.AddDomain("example.org")
	for path, row := range map[string]struct {
		path   string
		fields nstest.Object
	}{
		"/all":      {"/subscriptions", nstest.Object{"model": "message"}},
		"/domain":   {"/subscriptions", nstest.Object{"model": "message", "domain": "example.com"}},
		"/user":     {ofDomain, nstest.Object{"model": "message", "user": "2000"}},
		"/nobody":   {ofDomain, nstest.Object{"model": "message", "user": "2001"}},
		"/calls":    {ofDomain, nstest.Object{"model": "call"}},
		"/other":    {"/domains/example.org/subscriptions", nstest.Object{"model": "message"}},
		"/neighbor": {"/subscriptions", nstest.Object{"model": "message", "domain": "example.org"}},
	} {
		row.fields["post-url"] = hook.URL + path
		subscribe(t, system, row.path, row.fields)
	}
	if _, failed := system.Receive("19734321440", "19294873999", "STOP"); len(failed) > 0 {
		t.Fatal(failed)
	}
	told := map[string]bool{}
	for _, p := range system.Posts() {
		told[strings.TrimPrefix(p.URL, hook.URL)] = true
	}
	if diff := cmp.Diff(map[string]bool{"/all": true, "/domain": true, "/user": true}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestPostsAboveFoundCountAsErrors(t *testing.T) {
	system, hook := furnished(nstest.Quirks{}), newSubscriber(t)
	id := subscribe(t, system, ofDomain, nstest.Object{"model": "message", "post-url": hook.URL})
	want := 0
	for i, row := range []struct {
		answer int
		status string
	}{{200, "active"}, {302, "active"}, {303, "error"}, {404, "error"}, {500, "error"}, {204, "active"}} {
		hook.status = row.answer
		_, failed := system.Receive("19734321440", "19294873999", "STOP")
		if row.status == "error" {
			want++
		}
		got := system.Subscriptions()[0]
		if got["status"] != row.status || got["error-count"] != want || got["posts-count"] != i+1 || (len(failed) == 1) != (row.status == "error") {
			t.Errorf("after %d: %v, failed %v", row.answer, got, failed)
		}
	}
	hook.Close()
	if _, failed := system.Receive("19734321440", "19294873999", "STOP"); len(failed) != 1 || failed[0].Err == nil {
		t.Errorf("nobody there: %v", failed)
	}
	if status, body := ask(t, system, asked{method: "PUT", path: ofDomain + "/" + id, body: `{"error-count":0,"posts-count":0}`}); status != 202 {
		t.Errorf("%d %s", status, body)
	}
	if got := system.Subscriptions()[0]; got["error-count"] != 0 || got["posts-count"] != 0 || got["status"] != "error" {
		t.Errorf("after the reset: %v", got)
	}
}

func TestSubscriptionsEndAndAreRenewed(t *testing.T) {
	system, hook := furnished(nstest.Quirks{}), newSubscriber(t)
	now := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	system.SetNow(func() time.Time { return now })
	fields := nstest.Object{"model": "message", "post-url": hook.URL, "subscription-expires-datetime": "2026-03-04 13:00:00"}
	id := subscribe(t, system, ofDomain, fields)
	if got := system.Subscriptions()[0]; got["subscription-creation-datetime"] != "2026-03-04 12:00:00" {
		t.Errorf("created %v", got)
	}
	renew := asked{method: "PUT", path: ofDomain + "/" + id, body: `{"subscription-expires-datetime":"2026-03-04 14:00:00"}`}
	if status, _ := ask(t, system, renew); status != 202 {
		t.Errorf("renewing: %d", status)
	}
	now = now.Add(90 * time.Minute)
	if system.Receive("19734321440", "19294873999", "One"); len(hook.took) != 1 {
		t.Errorf("%d posts after it was renewed", len(hook.took))
	}
	now = now.Add(30 * time.Minute)
	if system.Receive("19734321440", "19294873999", "Two"); len(hook.took) != 1 || len(system.Subscriptions()) != 0 {
		t.Errorf("%d posts after it ended", len(hook.took))
	}
	if status, body := ask(t, system, renew); status != 404 || !strings.Contains(body, "does not exist") {
		t.Errorf("renewing what has ended: %d %s", status, body)
	}
	subscribe(t, system, ofDomain, nstest.Object{"model": "message", "post-url": hook.URL})
	if got := system.Subscriptions()[0]; got["subscription-expires-datetime"] != "2046-03-04 14:00:00" {
		t.Errorf("by itself it lasts until %v", got["subscription-expires-datetime"])
	}
}

func TestSubscriptionsAreOneOfAKind(t *testing.T) {
	system := furnished(nstest.Quirks{})
	fields := nstest.Object{"model": "message", "post-url": "https://hooks.example.net/events"}
	id := subscribe(t, system, ofDomain, fields)
	body := `{"model":"message","post-url":"https://hooks.example.net/events"}`
	for _, row := range []struct {
		asked
		status int
		body   string
	}{
		{asked{method: "POST", path: ofDomain, body: body}, 409, "matching set of parameters already exists"},
		{asked{method: "POST", path: "/subscriptions", body: body}, 200, `"domain":"*"`},
		{asked{method: "POST", path: "/domains/example.org/subscriptions", body: body}, 404, "Domain does not exist."},
		{asked{method: "GET", path: "/domains/example.org/subscriptions"}, 404, "Domain does not exist."},
		{asked{method: "GET", path: ofDomain}, 200, id},
		{asked{method: "GET", path: "/subscriptions?limit=1&start=1"}, 200, `"domain":"*"`},
		{asked{method: "GET", path: "/subscriptions/" + id}, 200, `"status":"pending"`},
		{asked{method: "GET", path: "/subscriptions/" + id + "0"}, 404, "Subscription does not exist."},
		{asked{method: "DELETE", path: "/domains/example.org/subscriptions/" + id}, 404, "Subscription does not exist."},
		{asked{method: "DELETE", path: ofDomain + "/" + id}, 202, "Accepted"},
		{asked{method: "DELETE", path: "/subscriptions/" + id, body: `{"subscription_id":"` + id + `"}`}, 404, "Subscription does not exist."},
	} {
		if status, body := ask(t, system, row.asked); status != row.status || !strings.Contains(body, row.body) {
			t.Errorf("%s %s: %d %s, want %d %s", row.method, row.path, status, body, row.status, row.body)
		}
	}
	if bad := system.Violations(); len(bad) != 0 {
		t.Errorf("violations %v", bad)
	}
}

// TestEachFieldOfASubscriptionIsChecked has requests that are refused.
func TestEachFieldOfASubscriptionIsChecked(t *testing.T) {
	good := nstest.Object{"model": "message", "post-url": "https://hooks.example.net/events", "domain": "example.com", "user": "2000",
		"reseller": "*", "subscription-expires-datetime": "2030-01-02 03:04:05"}
	with := func(name string, value any) string {
		changed := maps.Clone(good)
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
		body, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	if status, body := ask(t, furnished(nstest.Quirks{}), asked{method: "POST", path: ofDomain, body: with("x", nil)}); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	for name, odd := range map[string][]any{
		"model":                         {nil, "messages", "", 1},
		"post-url":                      {nil, "", "hooks.example.net", "ftp://hooks.example.net/", "https:///events", 1},
		"domain":                        {"example.org", "*", "", 1},
		"user":                          {"", 2000},
		"subscription-expires-datetime": {"2030-01-02T03:04:05Z", "tomorrow", "", 1},
		"error-count":                   {0},
		"synchronous":                   {"yes"},
	} {
		for _, value := range odd {
			refused(t, name, asked{method: "POST", path: ofDomain, body: with(name, value)})
		}
	}
	for what, a := range map[string]asked{
		"a count that is not 0":         {method: "PUT", path: ofDomain + "/x", body: `{"error-count":1}`},
		"a count as a text":             {method: "PUT", path: ofDomain + "/x", body: `{"posts-count":"0"}`},
		"another domain":                {method: "PUT", path: ofDomain + "/x", body: `{"domain":"example.org"}`},
		"an end that is no time":        {method: "PUT", path: "/subscriptions/x", body: `{"subscription-expires-datetime":""}`},
		"an address that is none":       {method: "PUT", path: "/subscriptions/x", body: `{"post-url":"x"}`},
		"no id in the body":             {method: "DELETE", path: "/subscriptions/x"},
		"another id":                    {method: "DELETE", path: "/subscriptions/x", body: `{"subscription_id":"y"}`},
		"a body where none is":          {method: "DELETE", path: ofDomain + "/x", body: `{"subscription_id":"x"}`},
		"one of a domain":               {method: "GET", path: ofDomain + "/x"},
		"a page of one":                 {method: "GET", path: "/subscriptions/x?limit=1"},
		"messages of no session":        {method: "GET", path: "/domains/example.com/users/2000/messagesessions/x/messages"},
		"a filter that there is not":    {method: "GET", path: "/subscriptions?model=message"},
		"messages by another parameter": {method: "GET", path: "/domains/example.com/users/2000/messagesessions/" + session + "/messages?page=2"},
	} {
		refused(t, what, a)
	}
}

func TestConversationsAreRead(t *testing.T) {
	now := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	for quirks, want := range map[nstest.Quirks][3]string{
		{}:                                       {`"timestamp":"2026-03-04T12:00:00.00Z"`, `"text":"5"`, `"from-number":"19734321440"`},
		{PlainTimes: true, DigitsAsNumber: true}: {`"timestamp":"2026-03-04 12:00:00"`, `"text":5`, `"from-number":19734321440`},
	} {
		system := furnished(quirks)
		system.SetNow(func() time.Time { return now })
		ask(t, system, writes[nstest.SendMessage].asked)
		system.Receive("19734321440", "19294873999", "5")
		status, body := ask(t, system, asked{method: "GET", path: "/domains/example.com/users/2000/messagesessions/" + session + "/messages"})
		for _, part := range want {
			if status != 200 || !strings.Contains(body, part) {
				t.Errorf("%d %s, want %s", status, body, part)
			}
		}
		if strings.Index(body, "Open until five.") < strings.Index(body, `"text":5`) {
			t.Errorf("the youngest does not come first: %s", body)
		}
	}
	system := furnished(nstest.Quirks{})
	for path, want := range map[string]string{
		"/domains/example.com/users/2000/messagesessions/" + session + "/messages": "Message session does not exist.",
		"/domains/example.com/users/2001/messagesessions/" + session + "/messages": "User does not exist.",
	} {
		if status, body := ask(t, system, asked{method: "GET", path: path}); status != 404 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}

func TestEventsMayComeTwice(t *testing.T) {
	system, hook := furnished(nstest.Quirks{RepeatsEvents: true}), newSubscriber(t)
	subscribe(t, system, ofDomain, nstest.Object{"model": "message", "post-url": hook.URL})
	id, _ := system.Receive("19734321440", "19294873999", "STOP")
	for i := range 2 {
		if events := hook.events(t, i); len(events) != 1 || events[0]["id"] != id {
			t.Errorf("post %d: %v", i, events)
		}
	}
}

func TestTextToANumberOfNobodyIsAMistakeInTheTest(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it came in")
		}
	}()
	furnished(nstest.Quirks{}).Receive("19734321440", "19294874000", "STOP")
}
