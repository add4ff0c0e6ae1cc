package textback_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestAFormIsToldWhatItsMessageCosts(t *testing.T) {
	s := start(t)
	for _, test := range []struct{ message, segments string }{
		{strings.Repeat("a", 160), ""},
		{strings.Repeat("a", 161), `,"segments":"2 (GSM-7)"`},
		{"We’re open. " + strings.Repeat("a", 70), `,"segments":"2 (UCS-2 because of ’, for which ' would do)"`},
		{"We’re open.", ""}, // one message
	} {
		status, answer := s.post(whole(url.Values{"message": {test.message}}))
		steps := allCreated
		if strings.Contains(answer, "exists") {
			steps = `{"user":"exists","dial_rule":"exists","answer_rule":"exists"}`
		}
		wantAnswer(t, status, answer, 200, strings.TrimSuffix(steps, "}")+test.segments+"}")
	}
}

func TestSegmentsAreExplained(t *testing.T) {
	for message, want := range map[string]string{
		"":                        "",
		"Hello":                   "1 (GSM-7)",
		strings.Repeat("€", 80):   "1 (GSM-7)",
		strings.Repeat("€", 81):   "2 (GSM-7)",
		"Привет":                  "1 (UCS-2 because of П; р; и; в; е)",
		"a\u200bb":                `1 (UCS-2 because of "\u200b", which shows nothing)`,
		"“Hi”":                    `1 (UCS-2 because of “, for which " would do; ”, for which " would do)`,
		strings.Repeat("a", 1000): "7 (GSM-7)",
	} {
		if got := textback.Segments(message); got != want {
			t.Errorf("%.20q is %s, want %s", message, got, want)
		}
	}
}

func TestFormsAreInTheAudit(t *testing.T) {
	s := start(t)
	s.form.Audit = s.store.Audit
	s.post(whole(nil))
	s.post(url.Values{"id": {id}, "secret": {secret}, "message": {"Closed."}})
	s.post(whole(url.Values{"secret": {"wrong"}}))
	s.post(whole(url.Values{"message": {""}, "id": {"incomplete"}}))
	got, err := s.store.Events(t.Context(), time.Time{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []ledger.Event{
		{Actor: "form", Action: "entry saved", About: "example.org-sms", Detail: "api_domain, from_number, message, ns_system_user, user"},
		{Actor: "form", Action: "entry saved", About: id, Detail: "message"},
	}
	byID := cmpopts.SortSlices(func(a, b ledger.Event) bool { return a.About > b.About })
	if diff := cmp.Diff(want, got, byID, cmpopts.IgnoreFields(ledger.Event{}, "At")); diff != "" {
		t.Errorf("the audit (- want, + got):\n%s", diff)
	}
}

func TestAFormIsServedThoughItsAuditFails(t *testing.T) {
	s := start(t)
	s.form.Audit = func(context.Context, ledger.Event) error { return errDisk }
	status, answer := s.post(whole(nil))
	wantAnswer(t, status, answer, 200, allCreated)
	if !strings.Contains(s.log.String(), "level=ERROR") || !strings.Contains(s.log.String(), errDisk.Error()) {
		t.Errorf("the log does not say so:\n%s", s.log.String())
	}
}

// TestTheSameFormAtTheSameTime: form services post again where they have no
// patience, while the first post is still being served.
func TestTheSameFormAtTheSameTime(t *testing.T) {
	s := start(t)
	s.system.Break(nstest.CreateUser, 1, nstest.Slow(100*time.Millisecond))
	var posts sync.WaitGroup
	for range 8 {
		posts.Go(func() {
			status, answer := s.post(whole(nil))
			if status != 200 || strings.Contains(answer, "failed") || strings.Contains(answer, "conflict") {
				t.Errorf("the answer is %d %s", status, answer)
			}
		})
	}
	posts.Wait()
	rules := 0
	for _, rule := range s.system.DialRules(domain) {
		if rule["dial-rule-matching-to-uri"] == "webresponder8002" {
			rules++
		}
	}
	if rules != 1 {
		t.Errorf("there are %d dial rules", rules)
	}
	wantXML(t, s.get(query("example.org-sms", "+19734321440", "call-1")), success)
}

// TestZohoForms posts what Zoho Forms posts: its own fields beside ours, empty
// ones, spaces around values, and all of it again a second later.
func TestZohoForms(t *testing.T) {
	s := start(t)
	body := "id=example.net-sms%20&secret=" + secret + "&api_domain=&user=+&ns_system_user=%20%20&from_number=%2B1%20(212)%20555-0100%0A" +
		"&message=+Open+9%E2%80%935+%26+Saturdays.%0D%0ACall+us%21+&ReferrerName=https%3A%2F%2Fforms.example.net&UTM_Source=&zf_unique_id=123"
	for i, want := range []string{allCreated, allExist} {
		status, answer := s.send("application/x-www-form-urlencoded;charset=UTF-8", body, nil)
		wantAnswer(t, status, answer, 200, strings.TrimSuffix(want, "}")+`,"ignored":"ReferrerName, UTM_Source, zf_unique_id"}`)
		if got := s.text(id); got.Message != "Open 9–5 & Saturdays.\nCall us!" || got.FromNumber != from || got.User != "2000" || got.SystemUser != "8001" {
			t.Errorf("after post %d the entry is %+v", i+1, got)
		}
	}
}
