package textback_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/optout"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens"
)

// remembers is a store that remembers the last entry saved, and a provisioner
// that always succeeds.
type remembers struct {
	id     string
	fields map[string]string
}

func (*remembers) Get(string) (*entry.Entry, bool) { return nil, false }

func (r *remembers) Update(_ context.Context, id string, fields map[string]string) (*entry.Entry, error) {
	r.id, r.fields = id, fields
	return &entry.Entry{ID: id}, nil
}

func (*remembers) Owner(context.Context, string, string) (string, error) { return "2000", nil }

func (*remembers) Apply(context.Context, *entry.Entry) provision.Report { return provision.Report{} }

// FuzzForm posts anything: only who knows the secret changes something, only
// what can be stored is stored, and the answer is JSON.
func FuzzForm(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", whole(nil).Encode())
	f.Add("application/x-www-form-urlencoded", whole(url.Values{"secret": {"wrong"}}).Encode())
	f.Add("application/x-www-form-urlencoded", whole(url.Values{"message": {"Caf\xE9\x00\u2028"}}).Encode())
	f.Add("application/json", `{"id":"a","secret":"`+secret+`","api_domain":"example.net","ns_system_user":8001,"from_number":12125550100,"message":"hi"}`)
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\n"+secret+"\r\n--x--\r\n")
	f.Add("", "%%%;;;&&&=")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		kept := &remembers{}
		form := &textback.Form{Secret: secret, Store: kept, Provision: kept, Log: quiet().LogAttrs}
		r := httptest.NewRequest(http.MethodPost, "/update-sms", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		form.ServeHTTP(w, r)
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("the answer is %q", w.Body)
		}
		switch w.Code {
		case 200:
		case 400, 403, 413:
			if kept.id != "" {
				t.Errorf("%d, and %q was stored", w.Code, kept.id)
			}
			return
		default:
			t.Fatalf("the status is %d", w.Code)
		}
		if plain := strings.NewReplacer("+", " ", "%2D", "-", "%2d", "-").Replace(body); !strings.Contains(body, "%") && !strings.Contains(body, `\`) && !strings.Contains(plain, secret) {
			t.Errorf("without the secret %q was stored", kept.id)
		}
		if err := entry.CheckID(kept.id); err != nil {
			t.Error(err)
		}
		for name, value := range kept.fields {
			if !utf8.ValidString(value) || strings.TrimSpace(value) == "" && value != "" || strings.ContainsRune(value, 0) {
				t.Errorf("%s is %q", name, value)
			}
		}
		for _, name := range []string{"api_domain", "user", "ns_system_user", "from_number"} {
			if strings.ContainsAny(kept.fields[name], "/?#* \n") {
				t.Errorf("%s is %q", name, kept.fields[name])
			}
		}
	})
}

// FuzzWebhook asks anything: the answer is one of the documents, and a text
// goes only to a number.
func FuzzWebhook(f *testing.F) {
	f.Add(query(id, "+19734321440", "call-1").Encode(), "", "")
	f.Add("id="+id, "application/json", `{"NmsAni": 19734321440}`)
	f.Add("id="+id+"&NmsAni=%2B1%20(973)%20432-1440", "", "")
	kept := storetest.Open(f, storetest.SQLite(f))
	f.Fuzz(func(t *testing.T, query, contentType, body string) {
		if _, err := kept.Purge(t.Context(), time.Now().Add(time.Hour)); err != nil { // the same call again is a repeat
			t.Fatal(err)
		}
		sender := &keeps{}
		w, err := textback.NewWebhook(textback.Config{Entries: one{}, Ledger: kept, Sender: sender, Log: quiet().LogAttrs})
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: "/webresponder", RawQuery: query}, Header: http.Header{"Content-Type": {contentType}},
			Body: http.NoBody}
		if body != "" {
			r = httptest.NewRequest(http.MethodPost, "/webresponder", strings.NewReader(body))
			r.URL.RawQuery = query
			r.Header.Set("Content-Type", contentType)
		}
		answer := httptest.NewRecorder()
		w.ServeHTTP(answer, r)
		texted := answer.Body.String() == success
		if !texted && answer.Body.String() != apology || answer.Code != 200 {
			t.Fatalf("the answer is %d %q", answer.Code, answer.Body)
		}
		if texted != (len(sender.texts) == 1) {
			t.Fatalf("%d texts, and the caller hears %s", len(sender.texts), answer.Body)
		}
		if !texted {
			return
		}
		to := sender.texts[0].To
		if len(to) < 7 || len(to) > 15 || strings.Trim(to, "0123456789") != "" {
			t.Errorf("the text goes to %q", to)
		}
		sender.texts[0].To, sender.texts[0].Session = "", ""
		if diff := cmp.Diff(netsapiens.SMS{Domain: domain, User: "2000", From: from, Message: message}, sender.texts[0]); diff != "" {
			t.Errorf("the text (- want, + got):\n%s", diff)
		}
	})
}

// FuzzInbox posts anything as events: the answer is JSON, only the sender of
// the word is suppressed, and what can be read comes once.
func FuzzInbox(f *testing.F) {
	f.Add([]byte(stop))
	f.Add([]byte("[" + stop + "," + stop + "]"))
	f.Add([]byte(`[{"id":1,"type":"mms","domain":"example.net","direction":"orig","from-number":19734321440,"dialed":"+12125550100, 12125550199","text":"please stop"}]`))
	f.Add([]byte(`{"id":"a","domain":"EXAMPLE.net","direction":"orig","from-number":"9734321440","terminating-user-id":"2000@example.net","text":"START"}`))
	f.Add([]byte(`[{"id":"a","text":{"x":"STOP"},"direction":"orig"},{"id":"b","text":null},{}]`))
	f.Add([]byte("\xff[{]"))
	kept := storetest.Open(f, storetest.SQLite(f))
	inbox := &textback.Inbox{Keys: textback.EventKeys{Secret: "k"}, Entries: one{}, Mail: kept, Replies: replies, Log: quiet().LogAttrs}
	f.Fuzz(func(t *testing.T, body []byte) {
		post := func() *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			inbox.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/webresponder/events?domain="+domain+"&key="+inbox.Keys.Of(domain), bytes.NewReader(body)))
			return w
		}
		w := post()
		if !json.Valid(w.Body.Bytes()) || w.Code != 200 && w.Code != 400 && w.Code != 403 && w.Code != 413 {
			t.Fatalf("the answer is %d %q", w.Code, w.Body)
		}
		list, err := kept.Suppressions(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		for _, sup := range list {
			if n := sup.Number; len(n) < 7 || len(n) > 15 || strings.Trim(n, "0123456789") != "" || sup.Tenant != domain || optout.Read(sup.Words) != optout.Stop || n == from {
				t.Errorf("the list has %+v", sup)
			}
			if !bytes.ContainsAny(body, "0123456789") {
				t.Errorf("%s is suppressed by %q", sup.Number, body)
			}
		}
		before, err := kept.Texts(t.Context(), ledger.Query{})
		if err != nil {
			t.Fatal(err)
		}
		if again := post(); again.Code != w.Code {
			t.Errorf("the second time the answer is %d, not %d", again.Code, w.Code)
		}
		after, err := kept.Texts(t.Context(), ledger.Query{})
		if err != nil || len(after) != len(before) {
			t.Errorf("the second time %d texts are queued, not %d (%v)", len(after), len(before), err)
		}
		for _, sup := range list {
			_, err1 := kept.Erase(t.Context(), phone.NewFinder(phone.Read("+"+sup.Number, phone.Home{}), phone.Home{})) // who erases a number does not take it off the list
			_, err2 := kept.Unsuppress(t.Context(), sup.Number, "", "")
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// keeps is a phone system's client that keeps what it is to send.
type keeps struct{ texts []netsapiens.SMS }

func (k *keeps) SendSMS(_ context.Context, sms netsapiens.SMS) error {
	k.texts = append(k.texts, sms)
	return nil
}

// one has one entry.
type one struct{}

func (one) Get(name string) (*entry.Entry, bool) {
	return &entry.Entry{ID: name, APIDomain: domain, Text: entry.Text{User: "2000", SystemUser: "8001", FromNumber: from, Message: message}}, name == id
}

func (o one) Remembered(name string) entry.Found { return o.Read(name) }

func (o one) Read(name string) entry.Found {
	e, ok := o.Get(name)
	if !ok {
		e = nil
	}
	return entry.Found{Entry: e, Sends: o.Sends, Version: entry.Current}
}

func (one) Sends(number string) bool {
	return phone.Read(number, phone.HomeIn()).Same(phone.Read(from, phone.HomeIn()))
}

func (one) All() []*entry.Entry {
	e, _ := one{}.Get(id)
	return []*entry.Entry{e}
}
