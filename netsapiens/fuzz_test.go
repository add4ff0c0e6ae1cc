package netsapiens_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// FuzzAnswers lets the phone system answer anything to every call: there is a
// good result, or an error that keeps the rules of all errors.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		"", "{}", "[]", "null", "No Route Found [92]", `{"code":202,"message":"Accepted"}`, `{"code":409,"message":"UID already exists."}`,
		`{"code":"404","message":["x"]}`, `[{"user":8001},{"user":"8002"}]`, `{"user":8001,"name-first-name":null,"email-address":{}}`,
		`[{"number":19294873999,"dest":2000,"mms-capable":true}]`, `{"time-frame":"*","forward-always":{"enabled":"yes","parameters":[1,"\u0022\\",{}]}}`,
		`{"apiversion":"Version: 41.1.0"}`, `{"key-id":"nsd_x","key":"` + nstest.Token + `"}`, "<html><title>&lt;19734321440&gt;</title>", "<TITLE>\xff\u0130</TITLE>",
		`{"message":"` + nstest.Token + ` 19734321440"}`, "\uFEFF[{}]", `{"code":-1e999}`, strings.Repeat("[", 10001), `["\u00`, `{"dialrule":"a","dialrule":1}`,
	} {
		f.Add(200, []byte(body))
		f.Add(202, []byte(body))
		f.Add(404, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		asked := 0
		c, err := netsapiens.New(netsapiens.Config{URL: "http://pbx.example.net", Token: nstest.Token, HTTP: &http.Client{
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				asked++
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
			})}})
		if err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		for name, err := range everyCall(ctx, c) {
			if err != nil {
				judge(t, name, status, err)
			}
		}
		if asked > 32 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// everyCall returns the result of each call, by name; those that only read
// start with a small letter.
func everyCall(ctx context.Context, c *netsapiens.Client) map[string]error {
	return map[string]error{
		"Text":        c.SendSMS(ctx, text()),
		"CreateUser":  c.CreateUser(ctx, "example.com", systemUser()),
		"DeleteUser":  c.DeleteUser(ctx, "example.com", "8001"),
		"CreateRule":  c.CreateDialRule(ctx, "example.com", "example.com", toWeb()),
		"DeleteRule":  c.DeleteDialRule(ctx, "example.com", "example.com", "x"),
		"SetAnswer":   second(c.SetAnswerRule(ctx, "example.com", "8001", netsapiens.ForwardAlways("x"))),
		"user":        second(c.User(ctx, "example.com", "8001")),
		"answer rule": second(c.AnswerRule(ctx, "example.com", "8001", "*")),
		"dial rules":  second(netsapiens.Collect(c.DialRules(ctx, "example.com", "example.com"))),
		"sms numbers": second(netsapiens.Collect(c.SMSNumbers(ctx, "example.com"))),
		"numbers":     second(netsapiens.Collect(c.PhoneNumbers(ctx, "example.com"))),
		"version":     second(c.Version(ctx)),
		"key":         second(c.APIKey(ctx)),
		"Subscribe":   second(c.CreateSubscription(ctx, netsapiens.Subscription{Model: netsapiens.ModelMessage, PostURL: hook, Domain: netsapiens.Any})),
		"Renew":       c.ChangeSubscription(ctx, "example.com", "x", netsapiens.SubscriptionChange{ResetCounts: true}),
		"Unsubscribe": c.DeleteSubscription(ctx, netsapiens.Any, "x"),
		"subscribed":  second(netsapiens.Collect(c.Subscriptions(ctx, "example.com"))),
		"Queue":       c.QueueCall(ctx, callBack()),
		"queued call": second(c.HasQueuedCall(ctx, callBack())),
		"messages":    second(netsapiens.Collect(c.Messages(ctx, "example.com", "2000", netsapiens.NewSession()))),
	}
}

// judge checks what holds for all errors.
func judge(t *testing.T, name string, status int, err error) {
	t.Helper()
	e := failed(t, err)
	if netsapiens.Temporary(err) == netsapiens.Permanent(err) {
		t.Errorf("%s: %v: %s", name, err, verdict(err))
	}
	reads := strings.ToLower(name) == name
	if reads && netsapiens.Uncertain(err) {
		t.Errorf("%s is a question, and uncertain: %v", name, err)
	}
	if e.Status != status {
		t.Errorf("%s: status %d, want %d", name, e.Status, status)
	}
}
