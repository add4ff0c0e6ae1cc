package textback_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestACallIsOneLineOfTheLogWithItsNumberMasked(t *testing.T) {
	s := start(t)
	s.call("+19734321440", "20260101-call@10.1.1.1")
	log := s.log.String()
	if strings.Count(log, "\n") != 1 {
		t.Fatalf("the log has several lines:\n%s", log)
	}
	for _, want := range []string{"level=INFO", "msg=text-back", "entry=example.net-sms", "orig_call_id=20260101-call@10.1.1.1", "caller=+1973•••1440", "outcome=sent"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
}

func TestTheLogHasNoNumberAndNoSecret(t *testing.T) {
	s := start(t)
	s.call("+19734321440", "call-1")
	s.call("9734321440", "call-2")
	s.get(query("not-there", "+19734321440", "call-3"))
	s.get(query(id, "+19734321440x", "call-4"))
	for i, fault := range []nstest.Fault{
		nstest.Refuses(403, "SMS number 12125550100 may not send to +19734321440 with "+nstest.Token),
		nstest.Says(200, "<html><title>19734321440</title>"), nstest.HangsUp(), nstest.Page(502, "Bad +19734321440"),
	} {
		s.system.Break(nstest.SendMessage, 1, fault)
		s.call("+19734321440", "fault-"+string(rune('a'+i)))
	}
	r := httptest.NewRequest(http.MethodPost, "/webresponder", strings.NewReader(`{"+19734321440": {}}`))
	r.Header.Set("Content-Type", "application/json")
	s.ask(r)
	s.post(whole(nil))
	s.post(whole(url.Values{"from_number": {"+1 (212) 555-0199"}, "user": {""}}))
	s.post(whole(url.Values{"user": {"3000"}, "secret": {"wrong-secret-of-a-stranger"}}))
	log := s.log.String()
	for _, hidden := range []string{"9734321440", "2125550100", "2125550199", nstest.Token, secret, "wrong-secret"} {
		if strings.Contains(log, hidden) {
			t.Errorf("the log has %s in it:\n%s", hidden, log)
		}
	}
}

func TestStrangersCannotFloodTheLog(t *testing.T) {
	s := start(t)
	long := strings.Repeat("é", 10_000)
	s.get(url.Values{"id": {long}, "NmsAni": {long + "1"}, "OrigCallID": {long}})
	r := httptest.NewRequest(http.MethodPost, "/webresponder", strings.NewReader(`{"`+long+`": []}`))
	r.Header.Set("Content-Type", "application/json")
	s.ask(r)
	s.ask(httptest.NewRequest(http.MethodGet, "/webresponder?id=a%0Alevel=ERROR+msg=forged", nil))
	log := s.log.String()
	if strings.Count(log, "\n") != 3 || len(log) > 6000 {
		t.Errorf("the log has %d bytes:\n%.2000s", len(log), log)
	}
}
