package textback_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestARepeatedRequestSendsNothing(t *testing.T) {
	s := start(t)
	for range 3 {
		wantXML(t, s.call("+19734321440", "call-1"), success)
	}
	s.wantTexts(1)
	s.wantReasons(textback.Sent, textback.Sent, textback.Sent)
	if n := strings.Count(s.log.String(), "repeated=true"); n != 2 {
		t.Errorf("%d of the calls are logged as repeated, want 2", n)
	}
}

func TestAnotherCallIsAnotherText(t *testing.T) {
	s := start(t)
	if _, err := s.entries.Update(t.Context(), "other", map[string]string{
		"api_domain": domain, "user": "2000", "from_number": from, "message": "hello",
	}); err != nil {
		t.Fatal(err)
	}
	s.call("+19734321440", "call-1")
	s.call("+19734321440", "call-2")
	s.call("+19734321441", "call-1")
	s.get(query("other", "+19734321440", "call-1"))
	s.wantTexts(4)
}

func TestIDsOfCallsDoNotRunTogether(t *testing.T) {
	s := start(t)
	for _, other := range []string{"example.net-smsx", "example.net-sm"} {
		if _, err := s.entries.Update(t.Context(), other, map[string]string{
			"api_domain": domain, "user": "2000", "from_number": from, "message": "hello",
		}); err != nil {
			t.Fatal(err)
		}
	}
	s.get(query("example.net-smsx", "+19734321440", "y"))
	s.get(query("example.net-sms", "+19734321440", "xy"))
	s.get(query("example.net-sm", "+19734321440", "sxy"))
	s.wantTexts(3)
}

func TestTheSameNumberWrittenOtherwiseIsTheSameCaller(t *testing.T) {
	s := start(t)
	s.call("+19734321440", "call-1")
	s.call("+1 (973) 432-1440", "call-1")
	s.wantTexts(1)
}

func TestRepeatsAtTheSameTimeWaitForTheFirst(t *testing.T) {
	s := start(t)
	s.system.Break(nstest.SendMessage, 1, nstest.Slow(100*time.Millisecond))
	var repeats sync.WaitGroup
	for range 20 {
		repeats.Go(func() { wantXML(t, s.call("+19734321440", "call-1"), success) })
	}
	repeats.Wait()
	s.wantTexts(1)
}

func TestARepeatHearsTheFirstAnswerWhateverHappenedSince(t *testing.T) {
	s := start(t, allTexts)
	s.system.Break(nstest.SendMessage, 1, nstest.Refuses(http.StatusServiceUnavailable, "Try later."))
	wantXML(t, s.call("+19734321440", "call-1"), hears(textback.Failed))
	wantXML(t, s.call("+19734321440", "call-1"), hears(textback.Failed)) // it would work now
	s.wantTexts(0)
	wantXML(t, s.call("+19734321440", "call-2"), hears(textback.Sent))
	for name, change := range map[string]map[string]string{
		"another message": {entry.FieldMessage: "We have moved."},
		"incomplete":      {entry.FieldMessage: ""},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.entries.Update(t.Context(), id, change); err != nil {
				t.Fatal(err)
			}
			wantXML(t, s.call("+19734321440", "call-2"), hears(textback.Sent))
		})
	}
	s.wantTexts(1)
}

func TestWhatSentNothingForWantOfAnEntryIsNotRemembered(t *testing.T) {
	s := start(t, allTexts)
	wantXML(t, s.get(query("new", "+19734321440", "call-1")), hears(textback.UnknownID))
	if _, err := s.entries.Update(t.Context(), "new", map[string]string{"api_domain": domain, "user": "2000"}); err != nil {
		t.Fatal(err)
	}
	wantXML(t, s.get(query("new", "+19734321440", "call-1")), hears(textback.Incomplete))
	if _, err := s.entries.Update(t.Context(), "new", map[string]string{"from_number": from, "message": "hello"}); err != nil {
		t.Fatal(err)
	}
	wantXML(t, s.get(query("new", "+19734321440", "call-1")), hears(textback.Sent))
	s.wantTexts(1)
}

func TestACallIsRememberedForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startInBubble(t)
		s.call("+19734321440", "call-1")
		time.Sleep(24*time.Hour - time.Second)
		s.call("+19734321440", "call-1")
		s.wantTexts(1)
		time.Sleep(2 * time.Second)
		s.call("+19734321440", "call-1")
		s.wantTexts(2)
		time.Sleep(23 * time.Hour) // from then on
		s.call("+19734321440", "call-1")
		s.wantTexts(2)
	})
}

func TestWithoutAnIDACallerIsRememberedForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startInBubble(t)
		s.call("+19734321440", "with an id") // is remembered for longer
		for range 3 {
			s.call("+19734321440", "")
			time.Sleep(19 * time.Second)
		}
		s.wantTexts(2)
		time.Sleep(4 * time.Second)
		s.call("+19734321440", "")
		s.wantTexts(3)
	})
}

// panics is a phone system's client with a defect.
type panics struct{ times int }

func (p *panics) SendSMS(context.Context, netsapiens.SMS) error {
	p.times++
	panic("a defect")
}

func TestAPanicIsAnApologyAndIsNotRepeated(t *testing.T) {
	sender := &panics{}
	s := start(t, allTexts, func(c *textback.Config) { c.Sender = sender })
	ask := func() (answer string, panicked any) {
		w := httptest.NewRecorder()
		defer func() { answer, panicked = w.Body.String(), recover() }()
		s.webhook.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/webresponder?"+query(id, "+19734321440", "call-1").Encode(), nil))
		return "", nil
	}
	answer, panicked := ask()
	wantXML(t, answer, hears(textback.Failed))
	if panicked != "a defect" {
		t.Errorf("whoever serves sees %v", panicked) // and logs it
	}
	answer, panicked = ask()
	wantXML(t, answer, hears(textback.Failed))
	if panicked != nil || sender.times != 1 {
		t.Errorf("the repeat panics with %v, %d texts were tried", panicked, sender.times)
	}
	s.wantReasons(textback.Failed, textback.Failed)
}

func TestNewSettingsDoNotForgetCalls(t *testing.T) {
	s := start(t)
	s.call("+19734321440", "call-1")
	next, err := s.webhook.With(textback.Config{Entries: s.entries, Ledger: s.store, Sender: &panics{}, Log: quiet().LogAttrs, Texts: textback.Texts{textback.Sent: "You have mail."}})
	if err != nil {
		t.Fatal(err)
	}
	s.webhook = next
	wantXML(t, s.call("+19734321440", "call-1"), `<Response><Say>You have mail.</Say><Hangup/></Response>`)
	s.wantTexts(1)
}
