package clicktocall_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
)

func TestTheAnswerNamesFieldsThatAreIgnored(t *testing.T) {
	f := startForms(t)
	f.want(url.Values{"id": {"sales"}, "button_colour": {"red"}}, 200, `{"id":"sales","saved":true,"ignored":"button_colour","did_you_mean":"button_color"}`)
	f.want(url.Values{"id": {"sales"}, "message": {"x"}}, 200, `{"id":"sales","saved":true,"ignored":"message"}`)
	f.want(url.Values{"id": {"sales"}, "Company Name": {"x"}}, 200, `{"id":"sales","saved":true,"ignored":"Company Name","did_you_mean":"company_name"}`)
}

func TestAColourThatIsNoneIsRefused(t *testing.T) {
	f := startForms(t)
	for _, colour := range []string{"#12", "#ggg", "blu", "1a73e8x", "rgb(", "#1a73e8;}", "url(x)"} {
		f.want(url.Values{"id": {"sales"}, "button_color": {colour}}, 400, `{"message":"the field button_color is not a colour such as #1a73e8"}`)
	}
	for _, colour := range []string{"#1a73e8", "#FFF", "red", "RebeccaPurple"} {
		f.want(url.Values{"id": {"sales"}, "button_color": {colour}}, 200, `{"id":"sales","saved":true}`)
	}
}

func TestAQueueIsNoFloat(t *testing.T) {
	f := startForms(t)
	f.want(url.Values{"id": {"sales"}, "queue": {"9003.0"}}, 200, `{"id":"sales","saved":true}`)
	if e, _ := f.entries.Get("sales"); e.Queue != "9003@example.net" {
		t.Errorf("the queue is %q", e.Queue)
	}
	f.want(url.Values{"id": {"sales"}, "queue": {"9004.0@example.net"}}, 200, `{"id":"sales","saved":true}`)
	if e, _ := f.entries.Get("sales"); e.Queue != "9004@example.net" {
		t.Errorf("the queue is %q", e.Queue)
	}
	f.want(url.Values{"id": {"sales"}, "queue": {"9003.5"}}, 400, `{"message":"the field queue is the number 9003.5, which is not a whole one"}`)
}

// TestJSONIsReadAsTextToo has JSON as curl -d sends it.
func TestJSONIsReadAsTextToo(t *testing.T) {
	f := startForms(t)
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", ""} {
		r := httptest.NewRequest(http.MethodPost, "/update-domain", strings.NewReader(`{"id":"sales","secret":"`+secret+`","queue":9003.0,"Queue":1}`))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		f.form.ServeHTTP(w, r)
		if got, want := strings.TrimSpace(w.Body.String()), `{"id":"sales","saved":true,"ignored":"Queue","did_you_mean":"queue"}`; w.Code != 200 || got != want {
			t.Errorf("%s: %d %s", kind, w.Code, got)
		}
	}
}

// TestANumberInJSONIsWhole has numbers as programs write them that know only
// floating point: https://github.com/google/gson/issues/968.
func TestANumberInJSONIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		with := func(phone string) json.RawMessage {
			b := s.proved(visiting, "sales", body{"idempotency_key": "k"})
			delete(b, "phone")
			encoded, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			return append([]byte(`{"phone":`+phone+","), encoded[1:]...)
		}
		for _, phone := range []string{"12125550123.0", "1.2125550123E10"} {
			s.want(s.post(visiting, "/click-to-call", with(phone)), http.StatusAccepted, "")
		}
		s.wantCalls(1)
		for phone, says := range map[string]string{
			"12125550123.5": "A field is the number 12125550123.5, which is not a whole one.",
			"1.21256e+10":   "A field is the number 1.21256e+10, of which digits may be lost: send it as a text.",
			"-12125550123":  "A field is the number -12125550123, which is below zero.",
		} {
			got := s.post(visiting, "/click-to-call", with(phone))
			if got.Code != clicktocall.BadRequest || !strings.HasSuffix(got.Message, says) {
				t.Errorf("%s: %s %q", phone, got.Code, got.Message)
			}
		}
		s.wantCalls(1)
	})
}
