package textback_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/textback"
)

// until lets the time of a bubble pass.
func until(t *testing.T, at string) {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil || time.Until(moment) < 0 {
		t.Fatalf("it is %v already, past %s (%v)", time.Now(), at, err)
	}
	time.Sleep(time.Until(moment))
}

func TestTheMessageIsThatOfTheHour(t *testing.T) {
	const open, closed, holiday = "We are open.", "We are closed.", "Happy New Year!"
	week := map[string]any{"mon": []string{"09:00-17:00"}, "tue": []string{"09:00-12:00", "13:00-17:00"}, "fri": []string{"20:00-02:00"}}
	synctest.Test(t, func(t *testing.T) { // begins on Saturday, 2000-01-01T00:00:00Z
		s := startInBubble(t)
		s.set("new-york", map[string]any{
			"hours": week, "holidays": []string{"1999-12-31", "2000-01-10"}, "time_zone": "America/New_York",
			"messages": map[string]string{"open": open, "closed": closed, "holiday": holiday},
		})
		s.set("berlin", map[string]any{
			"hours": week, "holidays": []string{"2000-01-10"}, "time_zone": "Europe/Berlin",
			"messages": map[string]string{"open": open, "closed": closed},
		})
		s.set("default", map[string]any{"hours": week, "time_zone": "UTC", "messages": map[string]string{"open": open}})
		for _, step := range []struct{ at, newYork, berlin, otherwise string }{
			{"2000-01-01T00:00:01Z", holiday, open, open}, // 1999 still in New York; Friday lasts until two
			{"2000-01-03T08:00:00Z", closed, open, message},
			{"2000-01-03T09:00:00Z", closed, open, open},
			{"2000-01-03T14:00:00Z", open, open, open},
			{"2000-01-03T16:00:00Z", open, closed, open},
			{"2000-01-03T21:59:59Z", open, closed, message},
			{"2000-01-03T22:00:00Z", closed, closed, message},
			{"2000-01-04T17:30:00Z", closed, closed, message}, // lunch in New York
			{"2000-01-08T01:30:00Z", open, closed, open},      // Friday's night
			{"2000-01-10T15:00:00Z", holiday, closed, open},
		} {
			until(t, step.at)
			for entry, want := range map[string]string{"new-york": step.newYork, "berlin": step.berlin, "default": step.otherwise} {
				wantXML(t, s.get(query(entry, "+19734321440", step.at)), success)
				messages := s.system.Messages()
				if got := messages[len(messages)-1].Text; got != want {
					t.Errorf("%s at %s texts %q, want %q", entry, step.at, got, want)
				}
			}
		}
	})
}

func TestWhatIsSpokenIsTheEntrysOwn(t *testing.T) {
	s := start(t, allTexts)
	s.set("spanish", map[string]any{"language": "es-US", "texts": map[string]string{
		"sent": "Le hemos enviado <todo> & más.", "failed": "Lo sentimos.", "onnet": "not a reason",
	}})
	s.set("english", map[string]any{"language": "en-GB"})
	s.set("words", map[string]any{"texts": map[string]string{"on_net": "You work here."}})
	for _, test := range []struct{ entry, caller, want string }{
		{"spanish", "+19734321440", `<Response><Say language="es-US">Le hemos enviado &lt;todo&gt; &amp; más.</Say><Hangup/></Response>`},
		{"spanish", "2000", `<Response><Say language="es-US">You hear: on_net</Say><Hangup/></Response>`},
		{"english", "+19734321440", `<Response><Say language="en-GB">You hear: sent</Say><Hangup/></Response>`},
		{"words", "2000", "<Response><Say>You work here.</Say><Hangup/></Response>"},
		{"words", "anonymous", hears(textback.Anonymous)},
		{id, "2000", hears(textback.OnNet)},
	} {
		wantXML(t, s.get(query(test.entry, test.caller, test.entry+test.caller)), test.want)
	}
}

func TestAReasonWithoutWordsHasThoseOfFailure(t *testing.T) {
	s := start(t)
	s.set("spanish", map[string]any{"texts": map[string]string{"failed": "Lo sentimos."}})
	wantXML(t, s.get(query("spanish", "2000", "1")), "<Response><Say>Lo sentimos.</Say><Hangup/></Response>")
	wantXML(t, s.get(query("spanish", "+19734321440", "2")), success)
}

func TestALongMessageIsNotSent(t *testing.T) {
	s := start(t, allTexts, func(c *textback.Config) { c.Rules.MaxSegments = 2 })
	s.set(id, map[string]any{"message": strings.Repeat("a", 306)})
	wantXML(t, s.call("+19734321440", "1"), hears(textback.Sent))
	if got := s.only().Segments; got != 2 {
		t.Errorf("the ledger has %d segments", got)
	}
	s.set(id, map[string]any{"message": strings.Repeat("a", 307)})
	wantXML(t, s.call("+19734321440", "2"), hears(textback.TooLong))
	s.wantTexts(1)
}
