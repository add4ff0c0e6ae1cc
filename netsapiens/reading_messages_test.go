package netsapiens_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestConversationIsRead(t *testing.T) {
	now := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	for name, quirks := range map[string]nstest.Quirks{"as the schema has it": {}, "as older ones write it": {PlainTimes: true, DigitsAsNumber: true}} {
		t.Run(name, func(t *testing.T) {
			system := start(t, quirks)
			system.SetNow(func() time.Time { return now })
			c := clientOf(t, system.URL)
			sms := text()
			sms.Session = netsapiens.NewSession()
			if err := c.SendSMS(t.Context(), sms); err != nil {
				t.Fatal(err)
			}
			id, _ := system.Receive("19734321440", "19294873999", "5")
			all, err := netsapiens.Collect(c.Messages(t.Context(), "example.com", "2000", sms.Session))
			if err != nil || len(all) != 2 {
				t.Fatalf("%v, %v", all, err)
			}
			if diff := cmp.Diff([]netsapiens.Message{
				{ID: id, Time: now, Type: "sms", Domain: "example.com", Direction: netsapiens.Inbound, From: "19734321440", To: "19294873999",
					ToUser: "2000@example.com", Text: "5", Session: sms.Session},
				{ID: all[1].ID, Time: now, Type: "sms", Domain: "example.com", Direction: netsapiens.Outbound, From: "19294873999", FromUser: "2000@example.com",
					To: "19734321440", Text: "Open until five.", Status: "sent", Session: sms.Session},
			}, all); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTextIsLookedUp has what a phone system may show of a conversation after
// a text to 19734321440 whose answer was lost.
func TestTextIsLookedUp(t *testing.T) {
	const words = "Open until five.\nYours, Example"
	row := func(direction, dialed, text string) string {
		return fmt.Sprintf(`[{"id":"m-1","direction":%q,"dialed":%s,"text":%s,"terminating-number":null}]`, direction, dialed, text)
	}
	const same = `"Open until five. \r\nYours, Example"`
	for name, c := range map[string]struct {
		status int
		body   string
		want   bool
	}{
		"there":                              {200, row("term", `"19734321440"`, same), true},
		"there, with a number":               {200, row("term", `19734321440`, same), true},
		"there, with a plus":                 {200, row("term", `"+19734321440"`, same), true},
		"there, without the country":         {200, row("term", `"9734321440"`, same), true},
		"there, to several":                  {200, row("term", `"12125551212, 19734321440"`, same), true},
		"there, without a direction":         {200, row("", `"19734321440"`, same), true},
		"there, without a number":            {200, row("term", `null`, same), true},
		"there, with words that are no text": {200, row("term", `"19734321440"`, `["Open"]`), true},
		"there, with no words":               {200, row("term", `"19734321440"`, `null`), true},
		"to another":                         {200, row("term", `"12125551212"`, same), false},
		"to a short code at its end":         {200, row("term", `"1440"`, same), false},
		"another":                            {200, row("term", `"19734321440"`, `"Closed."`), false},
		"another, of digits":                 {200, row("term", `"19734321440"`, `5`), false},
		"an answer that repeats it":          {200, row("orig", `"19734321440"`, same), false},
		"an empty conversation":              {200, `[]`, false},
		"no conversation":                    {404, `{"code":404,"message":"Message session does not exist."}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			client := answering(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			})
			got, err := client.HasText(t.Context(), "example.com", "2000", netsapiens.NewSession(), "+19734321440", words)
			if got != c.want || err != nil {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}

func TestTextThatCannotBeLookedUpIsAnError(t *testing.T) {
	system := start(t, nstest.Quirks{})
	for fault, want := range map[*nstest.Fault]string{
		new(nstest.Refuses(503, "Busy")): "temporary",
		new(nstest.NoRoute()):            "unsupported permanent",
		new(nstest.Page(404, "Gone")):    "permanent",
		new(nstest.Says(200, "{}")):      "permanent",
	} {
		system.Break(nstest.ListMessages, 1, *fault)
		got, err := clientOf(t, system.URL).HasText(t.Context(), "example.com", "2000", netsapiens.NewSession(), "19734321440", "x")
		if failed(t, err); got || verdict(err) != want {
			t.Errorf("%v, %v: %s, want %s", got, err, verdict(err), want)
		}
	}
}

func TestTextSentIsFound(t *testing.T) {
	system := start(t, nstest.Quirks{})
	c := clientOf(t, system.URL)
	sms := text()
	sms.Session = netsapiens.NewSession()
	system.Break(nstest.SendMessage, 1, nstest.HangsUp().AfterDoing())
	err := c.SendSMS(t.Context(), sms)
	if !netsapiens.Uncertain(err) {
		t.Fatalf("the answer came: %v", err)
	}
	for session, want := range map[string]bool{sms.Session: true, netsapiens.NewSession(): false} {
		if got, err := c.HasText(t.Context(), sms.Domain, sms.User, session, sms.To, sms.Message); got != want || err != nil {
			t.Errorf("%s: %v, %v", session, got, err)
		}
	}
}

func TestEventsAreParsed(t *testing.T) {
	system, posted := start(t, nstest.Quirks{}), make(chan []netsapiens.MessageEvent, 1)
	hook := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		events, err := netsapiens.ParseMessageEvents(body)
		if err != nil {
			t.Error(err)
		}
		posted <- events
	})
	if _, err := clientOf(t, system.URL).CreateSubscription(t.Context(), netsapiens.Subscription{Model: netsapiens.ModelMessage, PostURL: hook, Domain: netsapiens.Any}); err != nil {
		t.Fatal(err)
	}
	id, failures := system.Receive("19734321440", "19294873999", "stop ")
	if len(failures) > 0 {
		t.Fatal(failures)
	}
	got := <-posted
	if len(got) != 1 || got[0].ID != id || got[0].Direction != netsapiens.Inbound || got[0].Text != "stop " || got[0].Removed || got[0].To != "19294873999" {
		t.Errorf("%+v", got)
	}
}

func TestEventsInOddForms(t *testing.T) {
	at := time.Date(2022, time.April, 21, 23, 40, 20, 0, time.UTC)
	event := func(m netsapiens.Message, removed bool) netsapiens.MessageEvent {
		return netsapiens.MessageEvent{Message: m, Removed: removed}
	}
	for body, want := range map[string][]netsapiens.MessageEvent{
		`[]`:               {},
		" \n[ ]":           {},
		"\uFEFF{\"id\":1}": {event(netsapiens.Message{ID: "1"}, false)},
		`[{"id":71086444177,"timestamp":"2022-04-21 23:40:20","type":"sms","direction":"orig","text":5,"from-number":17145550353,
		   "terminating-user-id":"2500@portal","terminating-number":"","dialed":"","media-size":0,"extra":{"a":[1]}},
		  {"id":"m-2","timestamp":"2022-04-21T19:40:20.00-04:00","text":null,"from-number":"+17145550353","dialed":"19294873999","deleted-datetime":null}]`: {
			event(netsapiens.Message{ID: "71086444177", Time: at, Type: "sms", Direction: "orig", Text: "5", From: "17145550353", ToUser: "2500@portal"}, false),
			event(netsapiens.Message{ID: "m-2", Time: at, From: "17145550353", FromPlus: true, To: "19294873999"}, false)},
		`[{"id":"a","text":true,"remove":"yes"},{"id":"b","text":"\u00e9","deleted-timestamp":"2022-04-21 23:40:20"},{"id":"c","remove":"no","deleted-timestamp":""}]`: {
			event(netsapiens.Message{ID: "a", Text: "true"}, true),
			event(netsapiens.Message{ID: "b", Text: "é"}, true),
			event(netsapiens.Message{ID: "c"}, false)},
	} {
		got, err := netsapiens.ParseMessageEvents([]byte(body))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", body, err, diff)
		}
	}
}

// People's address books and some carriers group digits.
func TestRecipientsHoweverTheyAreWritten(t *testing.T) {
	for to, want := range map[string][]string{
		"(212) 555-0100": {"2125550100"}, "+1 (212) 555-0100": {"12125550100"}, "1 212 555 0100": {"12125550100"}, "212-555-0100": {"2125550100"}, "tel:+1-212-555-0100": {"12125550100"},
		"sip:+12125550100@example.net": {"12125550100"}, "12125550100;ext=4": {"12125550100"}, "\u202a+12125550100\u202c": {"12125550100"}, "212.555.0100": {"2125550100"}, "(+1) 212 555 0100": {"12125550100"},
		"12125550100,19734321440": {"12125550100", "19734321440"}, "12125550100 19734321440": {"12125550100", "19734321440"}, "+12125550100+19734321440": {"12125550100", "19734321440"},
		"+1 212 555 0100 +1 973 432 1440": {"12125550100", "19734321440"}, "(212) 555-0100, (973) 432-1440;(415) 555 0100": {"2125550100", "9734321440", "4155550100"}, "+44 20 7946 0958": {"442079460958"},
		"12125550100;19734321440": {"12125550100", "19734321440"}, "": nil, " , ": nil, "2000": {"2000"}, "12125550100.0": {"12125550100"}, "2000@example.com": {"2000@example.com"}, "1440": {"1440"},
	} {
		if diff := cmp.Diff(want, netsapiens.Message{To: to}.Recipients()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", to, diff)
		}
	}
}

func TestWhatIsNoEventIsRefused(t *testing.T) {
	for body, want := range map[string]string{
		"":                        "the events are not JSON",
		"{":                       "the events are not JSON",
		"text=STOP":               "the events are not JSON",
		"null":                    "the events are no JSON array of objects",
		`"STOP"`:                  "the events are no JSON array of objects",
		"[1]":                     "event 1 of 1 is no JSON object",
		`[{"id":"a"},null]`:       "event 2 of 2 is no JSON object",
		`{}`:                      "event 1 of 1 has no id of a message",
		`[{"call-session-id":1}]`: "event 1 of 1 has no id of a message",
		`[{"id":{}}]`:             "event 1 of 1 has no id of a message",
		"[" + strings.Repeat(" ", netsapiens.MaxEvents) + `{"id":1}]`: "the events have more than 1048576 bytes",
		"[" + strings.Repeat(`{"id":1},`, 5000) + `{"id":1}]`:         "there are 5001 events, more than 5000",
	} {
		if got, err := netsapiens.ParseMessageEvents([]byte(body)); err == nil || err.Error() != want || got != nil {
			t.Errorf("%.40q: %v, %v", body, got, err)
		}
	}
}

// TestEventsAreReadOneByOne reads what is too much at once, and what is broken
// in places.
func TestEventsAreReadOneByOne(t *testing.T) {
	for body, want := range map[string]string{
		"": "the events are no JSON array of objects", "null": "the events are no JSON array of objects", "[]": "", "{}": "event 1 has no id of a message",
		"\uFEFF {\"id\":1}\n":        "1",
		`{"id":1} {"id":2}`:          "1, the events are no JSON array of objects",
		`[{"id":1},{},3,{"id":4}]`:   "1, event 2 has no id of a message, event 3 is no JSON object, 4",
		`[{"id":1}{"id":2}]`:         "1, the events are no JSON array of objects",
		`[{"id":1},{"id":2,"text":"`: "1, the events are no JSON array of objects",
		`[{"id":1}`:                  "1, the events are no JSON array of objects",
		strings.Repeat("[", 10001):   "the events are no JSON array of objects",
		`[{"id":1},` + strings.Repeat(" ", 2*netsapiens.MaxEvents) + `{"id":2}]`: "1, an event has too many bytes",
		strings.Repeat(" ", netsapiens.MaxEvents+1):                              "an event has too many bytes",
	} {
		var got []string
		for e, err := range netsapiens.ReadMessageEvents(iotest.OneByteReader(strings.NewReader(body))) {
			if err != nil {
				e.ID = err.Error()
			}
			got = append(got, e.ID)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%.40q: %q, want %q", body, got, want)
		}
	}
	broken := errors.New("the line is dead")
	var last error
	for _, err := range netsapiens.ReadMessageEvents(io.MultiReader(strings.NewReader(`[{"id":1},`), iotest.ErrReader(broken))) {
		last = err
	}
	if !errors.Is(last, broken) {
		t.Errorf("where the reader breaks off it says %v", last)
	}
	n, post := 0, "["+strings.Repeat(`{"id":1},`, 200_000)+`{"id":2}]`
	for range netsapiens.ReadMessageEvents(strings.NewReader(post)) {
		n++
	}
	if n != 200_001 {
		t.Errorf("%d events of %d bytes", n, len(post))
	}
	for range netsapiens.ReadMessageEvents(strings.NewReader(post)) {
		break // who has had enough is not asked again
	}
}

// FuzzMessageEvents posts anything: there are events that have an id, or an
// error and no events, and what was read can be read again.
func FuzzMessageEvents(f *testing.F) {
	for _, body := range []string{"", "[]", "{}", `[{"id":1,"timestamp":"2022-04-21 23:40:20","text":[1,{"a":null}]}]`, "\uFEFF{\"id\":\"\\u0000\",\"dialed\":\"+1,2\"}",
		`{"id":1e5,"ID":2,"remove":"yes","text":"\ud800"}`, strings.Repeat("[", 10001), `[{"id":"a"} , null]`, "[\xff]"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := netsapiens.ParseMessageEvents(body)
		if err != nil && (events != nil || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%v with %v", err, events)
		}
		for _, e := range events {
			if e.ID == "" {
				t.Errorf("%q has an event without an id", body)
			}
			for _, to := range e.Recipients() {
				if to == "" || strings.ContainsAny(to, ",+ ") {
					t.Errorf("%q is for %q", e.To, to)
				}
			}
		}
		var streamed []netsapiens.MessageEvent
		for e, wrong := range netsapiens.ReadMessageEvents(bytes.NewReader(body)) {
			if wrong == nil {
				streamed = append(streamed, e)
			} else if err == nil {
				t.Errorf("%q can be read whole, and not one by one: %v", body, wrong)
			}
		}
		if diff := cmp.Diff(events, streamed, cmpopts.EquateEmpty()); err == nil && diff != "" {
			t.Errorf("%q (-whole +one by one):\n%s", body, diff)
		}
		again, err2 := netsapiens.ParseMessageEvents(body)
		if diff := cmp.Diff(events, again); diff != "" || (err == nil) != (err2 == nil) {
			t.Errorf("read twice: %s", diff)
		}
	})
}
