package textback_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestACallerIsTextedAndToldSo(t *testing.T) {
	s := start(t)
	wantXML(t, s.call("+19734321440", "call-1@10.1.1.1"), success)
	s.wantReasons(textback.Sent)

	got := s.system.Messages()
	if len(got) != 1 || len(got[0].Session) != 32 || strings.Trim(got[0].Session, "0123456789abcdef") != "" {
		t.Fatalf("the texts are %+v", got)
	}
	want := nstest.Message{Domain: domain, User: "2000", Session: got[0].Session, From: from, To: "19734321440", Text: message}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("the text (- want, + got):\n%s", diff)
	}
	requests := s.system.Requests()
	wantFields := nstest.Object{"type": "sms", "message": message, "destination": "19734321440", "from-number": from}
	if diff := cmp.Diff(wantFields, requests[0].Fields); len(requests) != 1 || diff != "" {
		t.Errorf("%d requests, the fields (- want, + got):\n%s", len(requests), diff)
	}
	if want := "/ns-api/v2/domains/example.net/users/2000/messagesessions/" + got[0].Session + "/messages"; requests[0].Path != want {
		t.Errorf("the path is %s, want %s", requests[0].Path, want)
	}
}

// allTexts are distinct, so that a test sees which one is spoken.
func allTexts(c *textback.Config) {
	c.Texts = textback.Texts{}
	for _, reason := range textback.Reasons() {
		c.Texts[reason] = "You hear: " + string(reason)
	}
}

func hears(reason textback.Reason) string {
	return fmt.Sprintf("<Response><Say>You hear: %s</Say><Hangup/></Response>", reason)
}

func TestCallersWhoAreNotTextedHearWhy(t *testing.T) {
	tests := []struct {
		name, id, caller string
		want             textback.Reason
	}{
		{"unknown id", "example.org", "+19734321440", textback.UnknownID},
		{"no id", "", "+19734321440", textback.UnknownID},
		{"unknown id and anonymous", "example.org", "anonymous", textback.UnknownID},
		{"entry of click-to-call", "example.net-sales", "+19734321440", textback.Incomplete},
		{"no number", id, "", textback.Anonymous},
		{"a word", id, "anonymous", textback.Anonymous},
		{"another word", id, "Restricted", textback.Anonymous},
		{"zeros", id, "0000000000", textback.Anonymous},
		{"an address", id, "sip:anonymous@anonymous.invalid", textback.Anonymous},
		{"two numbers", id, "+19734321440;+19734321441", textback.Anonymous},
		{"an extension", id, "2000", textback.OnNet},
		{"a long extension", id, "200012", textback.OnNet},
		{"a short code", id, "+12345", textback.ShortNumber},
		{"too long", id, "+1234567890123456", textback.ShortNumber},
		{"of no country", id, "+123456789012345", textback.Region},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, allTexts)
			wantXML(t, s.get(query(test.id, test.caller, "call-1")), hears(test.want))
			s.wantReasons(test.want)
			s.wantTexts(0)
			if requests := s.system.Requests(); len(requests) > 0 {
				t.Errorf("the phone system was asked: %v", requests)
			}

			plain := start(t)
			wantXML(t, plain.get(query(test.id, test.caller, "call-1")), apology)
		})
	}
}

func TestNumbersAreReadAsPhoneSystemsWriteThem(t *testing.T) {
	for caller, want := range map[string]string{
		"+19734321440":     "19734321440",
		"19734321440":      "19734321440",
		"9734321440":       "19734321440", // as who writes STOP has it
		"(973) 432-1440":   "19734321440",
		" +1 973.432.1440": "19734321440",
		"+4915112345678":   "4915112345678",
		"4321440":          "4321440",
	} {
		t.Run(caller, func(t *testing.T) {
			s := start(t)
			if strings.HasPrefix(caller, "+49") {
				s.set(id, map[string]any{"regions": []string{"US", "DE"}})
			}
			wantXML(t, s.call(caller, "call-1"), success)
			if got := s.system.Messages(); len(got) != 1 || got[0].To != want {
				t.Errorf("the texts are %+v, want one to %s", got, want)
			}
		})
	}
}

func TestAPlusThatIsNotEscapedIsAPlus(t *testing.T) {
	s := start(t)
	wantXML(t, s.ask(httptest.NewRequest(http.MethodGet, "/webresponder?id="+id+"&NmsAni=+19734321440&OrigCallID=a;b%zz", nil)), success)
	s.wantTexts(1)
}

func TestPhoneSystemsAskInSeveralWays(t *testing.T) {
	post := func(target, contentType, body string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		return r
	}
	form := url.Values{"NmsAni": {"+19734321440"}, "NmsDnis": {"2125551212"}, "OrigCallID": {"call-1"}, "Digits": {""}}.Encode()
	for name, r := range map[string]*http.Request{
		"GET":                       httptest.NewRequest(http.MethodGet, "/webresponder?id="+id+"&"+form, nil),
		"POST, id in the URL":       post("/webresponder?id="+id, "application/x-www-form-urlencoded", form),
		"POST, id in the form":      post("/webresponder", "application/x-www-form-urlencoded; charset=utf-8", form+"&id="+id),
		"POST with JSON":            post("/webresponder?id="+id, "application/json", `{"NmsAni": "+19734321440", "OrigCallID": "call-1", "Digits": null}`),
		"POST with everything, GET": post("/webresponder?id="+id+"&"+form, "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			wantXML(t, s.ask(r), success)
			s.wantTexts(1)
		})
	}
}

func TestOtherMethodsAreToldWhatToUse(t *testing.T) {
	s := start(t)
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodHead, "BREW"} {
		w := httptest.NewRecorder()
		s.webhook.ServeHTTP(w, httptest.NewRequest(method, "/webresponder?"+query(id, "+19734321440", "").Encode(), nil))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, POST" {
			t.Errorf("%s is answered with %d and Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	s.wantTexts(0)
}

func TestARequestThatCannotBeReadIsAnApology(t *testing.T) {
	for name, test := range map[string]struct{ contentType, body string }{
		"broken JSON":   {"application/json", `{"NmsAni": `},
		"another type":  {"text/html", "<html>"},
		"no boundary":   {"multipart/form-data", "--x"},
		"JSON in JSON":  {"application/json", `{"NmsAni": {"number": "+19734321440"}}`},
		"many fields":   {"application/x-www-form-urlencoded", strings.Repeat("a=b&", 2000)},
		"broken parts":  {"multipart/form-data; boundary=x", "--x\r\nContent-Disp"},
		"a megabyte ++": {"application/x-www-form-urlencoded", strings.Repeat("x", 1<<20+1)},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, allTexts)
			r := httptest.NewRequest(http.MethodPost, "/webresponder?"+query(id, "+19734321440", "").Encode(), strings.NewReader(test.body))
			r.Header.Set("Content-Type", test.contentType)
			wantXML(t, s.ask(r), hears(textback.BadRequest))
			s.wantTexts(0)
		})
	}
}

func TestABodyOfAGigabyteIsNotRead(t *testing.T) {
	s := start(t)
	body := &zeros{}
	r := httptest.NewRequest(http.MethodPost, "/webresponder?"+query(id, "+19734321440", "").Encode(), body)
	r.ContentLength = 1 << 30
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	wantXML(t, s.ask(r), apology)
	s.wantReasons(textback.BadRequest)
	if body.read > 256<<10 {
		t.Errorf("%d bytes were read", body.read)
	}
}

func TestEachReasonHasItsText(t *testing.T) {
	s := start(t, func(c *textback.Config) {
		c.Texts = textback.Texts{textback.OnNet: "You are one of us & <welcome>.", textback.Failed: "Please call again.", textback.Sent: ""}
	})
	wantXML(t, s.call("2000", "1"), `<Response><Say>You are one of us &amp; &lt;welcome&gt;.</Say><Hangup/></Response>`)
	wantXML(t, s.call("anonymous", "2"), `<Response><Say>Please call again.</Say><Hangup/></Response>`)
	wantXML(t, s.call("+19734321440", "3"), success) // an empty text is none
}

func TestATextThatCannotBeSpokenIsRefusedAtTheStart(t *testing.T) {
	_, err := textback.NewWebhook(textback.Config{Texts: textback.Texts{textback.Sent: strings.Repeat("word ", 1<<20)}})
	if err == nil {
		t.Error("there is no error")
	}
}

func TestAnEntryWithoutATextSendsNone(t *testing.T) {
	for _, field := range []string{entry.FieldAPIDomain, entry.FieldUser, entry.FieldFromNumber, entry.FieldMessage} {
		t.Run(field, func(t *testing.T) {
			s := start(t, allTexts)
			if _, err := s.entries.Update(t.Context(), id, map[string]string{field: ""}); err != nil {
				t.Fatal(err)
			}
			wantXML(t, s.call("+19734321440", "call-1"), hears(textback.Incomplete))
			s.wantTexts(0)
		})
	}
}
