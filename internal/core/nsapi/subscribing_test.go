package nsapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens"
)

const (
	subscriptions = in + "/subscriptions"
	hookURL       = "https://hooks.example.net/webresponder/events?key=k"
)

// The client that subscribes at real phone systems subscribes at this one.
func TestClientSubscribesToTheCore(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	for of, c := range map[string]*netsapiens.Client{domain: s.client(manager), netsapiens.Any: s.client(super)} {
		expires := time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)
		want := netsapiens.Subscription{Model: netsapiens.ModelMessage, PostURL: hookURL, Reseller: "*", Domain: of, User: "*",
			Created: expires.Add(-24 * time.Hour), Expires: expires, Status: netsapiens.StatusPending}
		made, err := c.CreateSubscription(ctx, netsapiens.Subscription{Model: netsapiens.ModelMessage, PostURL: hookURL, Domain: of, Expires: expires})
		want.ID = made.ID
		if diff := cmp.Diff(want, made); diff != "" || err != nil || made.ID == "" {
			t.Fatalf("made, %v (-want +got):\n%s", err, diff)
		}
		if _, err := c.CreateSubscription(ctx, made); !netsapiens.AlreadyExists(err) {
			t.Errorf("once more: %v", err)
		}
		if err := c.ChangeSubscription(ctx, of, made.ID, netsapiens.SubscriptionChange{Expires: expires.Add(time.Hour), ResetCounts: true}); err != nil {
			t.Error(err)
		}
		want.Expires = expires.Add(time.Hour)
		all, err := netsapiens.Collect(c.Subscriptions(ctx, of))
		if diff := cmp.Diff([]netsapiens.Subscription{want}, all); diff != "" || err != nil {
			t.Errorf("all of %s, %v (-want +got):\n%s", of, err, diff)
		}
		if err := c.DeleteSubscription(ctx, of, made.ID); err != nil {
			t.Error(err)
		}
		if err := c.ChangeSubscription(ctx, of, made.ID, netsapiens.SubscriptionChange{ResetCounts: true}); !netsapiens.NotFound(err) {
			t.Errorf("changed when gone: %v", err)
		}
	}
}

// The client reads a conversation, and looks up a text, as at real ones.
func TestClientReadsConversations(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	s.do("POST", in+"/smsnumbers", object{"number": "19294873999", "application": "user", "dest": "2000"}).wants(http.StatusAccepted, "Accepted")
	c := s.client(basic)
	text := netsapiens.SMS{Domain: domain, User: "2000", Session: netsapiens.NewSession(), From: "19294873999", To: "+19734321440", Message: "Our hours are 9–5. 🙂"}
	if err := c.SendSMS(ctx, text); err != nil {
		t.Fatal(err)
	}
	if _, err := s.core.ReceiveText(ctx, "19734321440", "19294873999", "STOP"); err != nil {
		t.Fatal(err)
	}
	all, err := netsapiens.Collect(c.Messages(ctx, domain, "2000", text.Session))
	if err != nil || len(all) != 2 {
		t.Fatalf("%v, %v", all, err)
	}
	at := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	want := netsapiens.Message{ID: all[0].ID, Time: at, Type: "sms", Domain: domain, Direction: netsapiens.Inbound, From: "19734321440", To: "19294873999",
		ToUser: "2000@example.net", Text: "STOP", Status: "received", Session: text.Session}
	if diff := cmp.Diff(want, all[0]); diff != "" {
		t.Errorf("the youngest (-want +got):\n%s", diff)
	}
	for session, want := range map[string]bool{text.Session: true, netsapiens.NewSession(): false} {
		if got, err := c.HasText(ctx, domain, "2000", session, text.To, text.Message); got != want || err != nil {
			t.Errorf("the text is in %s: %v, %v", session, got, err)
		}
	}
}

func TestSubscriptionsAnswer(t *testing.T) {
	s := newSystem(t)
	s.do("POST", "/domains", object{"domain": "other.example"}).wants(http.StatusAccepted, "Accepted")
	good := func() object { return object{"model": "message", "post-url": hookURL} }
	with := func(name string, value any) object {
		o := good()
		o[name] = value
		return o
	}
	made := s.do("POST", subscriptions, with("x-note", object{"a": 1})).wants(http.StatusOK, "").object()
	if made["user-scope"] != "Super User" || made["status"] != "pending" || made["x-note"] == nil || made["error-count"] != 0.0 {
		t.Errorf("made %v", made)
	}
	id, _ := made["id"].(string)
	foreign, _ := s.do("POST", "/domains/other.example/subscriptions", good()).wants(http.StatusOK, "").object()["id"].(string)
	for _, c := range []struct {
		token, method, path string
		body                any
		status              int
		message             string
	}{
		// As it is and as it cannot be.
		{super, "GET", "/subscriptions/" + id, nil, 200, ""},
		{super, "GET", "/subscriptions/0123", nil, 404, "subscription 0123 does not exist"},
		{super, "POST", subscriptions, good(), 409, "matching set of parameters already exists"},
		{super, "POST", subscriptions, object{"model": "message"}, 400, "lacks post-url"},
		{super, "POST", subscriptions, object{}, 400, "lacks model, post-url"},
		{super, "POST", subscriptions, with("model", "messages"), 400, "is not a model of events; message, call"},
		{super, "POST", subscriptions, with("post-url", "x"), 400, "post-url is not a URL"},
		{super, "POST", subscriptions, with("domain", "other.example"), 400, "the body says domain other.example"},
		{super, "POST", subscriptions, with("subscription-geo-support", 1), 400, "subscription-geo-support is 1"},
		{super, "POST", "/domains/nowhere.example/subscriptions", good(), 404, "domain nowhere.example does not exist"},
		{super, "GET", "/domains/nowhere.example/subscriptions", nil, 404, "domain nowhere.example does not exist"},
		{super, "POST", "/subscriptions", with("domain", "nowhere.example"), 404, "domain nowhere.example does not exist"},
		{super, "PUT", "/subscriptions/" + id, object{"error-count": 3}, 400, "can be set to 0 only"},
		{super, "PUT", subscriptions + "/" + id, object{"subscription-geo-support": "maybe"}, 400, "subscription-geo-support"},
		{super, "PUT", subscriptions + "/" + foreign, object{"error-count": 0}, 404, "does not exist"},
		{super, "GET", subscriptions + "/" + id, nil, 405, "GET is not served"},
		{super, "DELETE", subscriptions + "/" + foreign, nil, 404, "does not exist"},

		// Whose they are.
		{manager, "GET", "/subscriptions", nil, 200, ""},
		{manager, "GET", "/subscriptions/" + id, nil, 200, ""},
		{manager, "GET", "/subscriptions/" + foreign, nil, 401, "out of this API key's scope"},
		{manager, "GET", "/domains/other.example/subscriptions", nil, 401, "out of this API key's scope"},
		{manager, "PUT", "/subscriptions/" + foreign, object{"error-count": 0}, 401, "out of this API key's scope"},
		{manager, "DELETE", "/subscriptions/" + foreign, object{"subscription_id": foreign}, 401, "out of this API key's scope"},
		{manager, "POST", "/subscriptions", good(), 403, "need an API key of scope Super User"},
		{manager, "POST", "/subscriptions", with("domain", "other.example"), 401, "out of this API key's scope"},
		{manager, "POST", "/subscriptions", with("domain", domain), 409, "already exists"},
		{manager, "POST", "/subscriptions", with("domain", "~"), 409, "already exists"},
		{manager, "POST", "/domains/~/subscriptions", good(), 409, "already exists"},
		{manager, "POST", "/subscriptions", object{"model": "call", "post-url": hookURL, "domain": "~"}, 200, ""},
		{manager, "PUT", "/subscriptions/" + id, object{"error-count": 0}, 202, "Accepted"},
		{basic, "GET", "/subscriptions", nil, 403, "Office Manager"},
		{basic, "POST", "/subscriptions", with("domain", domain), 403, "Office Manager"},
		{basic, "POST", subscriptions, good(), 403, "Office Manager"},
		{readOnly, "GET", "/subscriptions", nil, 200, ""},
		{readOnly, "DELETE", "/subscriptions/" + id, nil, 403, "only read"},

		// The end of one.
		{super, "DELETE", "/subscriptions/" + id, object{"subscription_id": id}, 202, "Accepted"},
		{super, "DELETE", "/subscriptions/" + id, object{"subscription_id": id}, 404, "does not exist"},
	} {
		t.Run(c.method+" "+c.path+" "+c.message, func(t *testing.T) {
			one := *s
			one.t = t
			one.doAs(c.token, c.method, c.path, c.body).wants(c.status, c.message)
		})
	}
	for token, want := range map[string]int{super: 2, manager: 1} {
		if got := s.doAs(token, "GET", "/subscriptions", nil).wants(http.StatusOK, "").list(); len(got) != want {
			t.Errorf("%s sees %v", token, got)
		}
	}
	if s.log.Len() > 0 {
		t.Errorf("the log has %s", &s.log)
	}
}
