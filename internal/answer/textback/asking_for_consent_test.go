package textback_test

import (
	"encoding/xml"
	"maps"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
)

// pressing answers a document that asks for a key, as the phone system does: it
// asks the document's action.
func (s *service) pressing(document, caller, callID, digits string) string {
	s.t.Helper()
	var asked struct {
		Gather struct {
			Action string `xml:"action,attr"`
		}
	}
	if err := xml.Unmarshal([]byte(document), &asked); err != nil {
		s.t.Fatal(err)
	}
	action, err := url.Parse(asked.Gather.Action)
	if err != nil || action.Scheme != "https" || action.Host != "hooks.example.net" || action.Path != "/webresponder" {
		s.t.Fatalf("the key goes to %q", asked.Gather.Action)
	}
	q := query("", caller, callID)
	q.Del("id")
	q.Set("Digits", digits)
	maps.Copy(q, action.Query())
	return s.get(q)
}

// keyed has the phone system ask as provisioning set it up: with the entry's
// key.
func (s *service) keyed(id, caller, callID string) string {
	s.t.Helper()
	q := query(id, caller, callID)
	q.Set("key", entryKey)
	return s.get(q)
}

// asks has an entry ask its callers first.
func (s *service) asks(id string, more map[string]any) {
	s.t.Helper()
	fields := map[string]any{"consent_key": "1", "key": entryKey}
	maps.Copy(fields, more)
	s.set(id, fields)
}

const asking = `<Response><Gather numDigits="1" timeout="8" action="https://hooks.example.net/webresponder?id=example.net-sms&amp;key=` + entryKey + `&amp;step=consent">` +
	`<Say>Press 1 to get our hours by text.</Say></Gather></Response>`

func TestACallerAgreesByAKeyOnceAndForAll(t *testing.T) {
	s := start(t, allTexts, func(c *textback.Config) { c.Texts[textback.Consent] = "" })
	s.asks(id, nil)
	document := s.keyed(id, "+19734321440", "call-1")
	wantXML(t, document, asking)
	s.wantTexts(0)
	wantXML(t, s.keyed(id, "+19734321440", "call-1"), asking) // the phone system asks again
	before := time.Now().Add(-time.Second)
	wantXML(t, s.pressing(document, "+19734321440", "call-1", "1"), hears(textback.Sent))
	wantXML(t, s.pressing(document, "+19734321440", "call-1", "1"), hears(textback.Sent)) // and again
	wantXML(t, s.pressing(document, "+19734321440", "call-1", "2"), hears(textback.Sent)) // the first key counts
	s.wantTexts(1)

	consents := s.dossier("19734321440").Consents
	want := []ledger.Consent{{Number: "19734321440", Entry: id, CallID: "call-1", Wording: "Press 1 to get our hours by text.", Key: "1"}}
	if diff := cmp.Diff(want, consents, cmpopts.IgnoreFields(ledger.Consent{}, "At")); diff != "" {
		t.Fatalf("the consents (- want, + got):\n%s", diff)
	}
	if at := consents[0].At; at.Before(before) || at.After(time.Now()) {
		t.Errorf("they agreed at %v", at)
	}

	wantXML(t, s.keyed(id, "+19734321440", "call-2"), hears(textback.Sent)) // not asked again
	s.wantTexts(2)
	if n := len(s.dossier("19734321440").Consents); n != 1 {
		t.Errorf("there are %d consents", n)
	}
	wantXML(t, s.keyed(id, "+19734321441", "call-3"), asking) // somebody else is
	s.asks("other", nil)
	if other := s.keyed("other", "+19734321440", "call-4"); other == hears(textback.Sent) {
		t.Error("a consent to one entry is none to another")
	}
	s.wantTexts(2)
}

func TestWithoutTheKeyThereIsNoTextAndNoConsent(t *testing.T) {
	s := start(t, allTexts, func(c *textback.Config) { c.Texts[textback.Consent] = "" })
	s.asks(id, nil)
	for i, digits := range []string{"", "2", "11", "#", "1 ", "one"} {
		callID := "call-" + string(rune('a'+i))
		document := s.keyed(id, "+19734321440", callID)
		wantXML(t, document, asking)
		wantXML(t, s.pressing(document, "+19734321440", callID, digits), hears(textback.Declined))
		wantXML(t, s.pressing(document, "+19734321440", callID, "1"), hears(textback.Declined)) // a repeat
	}
	q := query(id, "+19734321440", "call-z")
	q.Set("key", entryKey)
	q.Set("Digits", "1") // some phone systems send what was pressed before
	wantXML(t, s.get(q), asking)
	s.wantTexts(0)
	if d := s.dossier("19734321440"); d.Consents != nil {
		t.Errorf("there are consents: %+v", d.Consents)
	}
}

func TestWhoIsNotToBeTextedIsNotAsked(t *testing.T) {
	s := start(t, allTexts)
	s.asks(id, map[string]any{"cooldown": map[string]any{"texts": 1, "minutes": 60}})
	s.suppress(ledger.Suppression{Number: "19734321440", Tenant: domain, Channel: ledger.Texts, How: ledger.ByText})
	wantXML(t, s.keyed(id, "+19734321440", "call-1"), hears(textback.Suppressed))
	wantXML(t, s.keyed(id, "+4930123456", "call-2"), hears(textback.LandLine))
	// Who says STOP between the question and the key is not texted either.
	document := s.keyed(id, "+19734321441", "call-3")
	s.suppress(ledger.Suppression{Number: "19734321441", Tenant: domain, Channel: ledger.Texts, How: ledger.ByText})
	wantXML(t, s.pressing(document, "+19734321441", "call-3", "1"), hears(textback.Suppressed))
	s.wantTexts(0)
	if d := s.dossier("19734321441"); d.Consents != nil {
		t.Errorf("there are consents: %+v", d.Consents)
	}
}

func TestTheQuestionIsTheEntrysOwn(t *testing.T) {
	s := start(t)
	s.set(id, map[string]any{
		"consent_key": "#", "key": "abcdefghijklmnopqrstuvwxyz", "language": "es-US",
		"texts": map[string]any{"consent": "Oprima {key} & cuelgue."},
	})
	q := query(id, "+19734321440", "call-1")
	q.Set("key", "abcdefghijklmnopqrstuvwxyz")
	q.Set("AccountUser", "2000")
	document := s.get(q)
	wantXML(t, document, `<Response><Gather numDigits="1" timeout="8" finishOnKey="" `+
		`action="https://hooks.example.net/webresponder?id=example.net-sms&amp;key=abcdefghijklmnopqrstuvwxyz&amp;step=consent">`+
		`<Say language="es-US">Oprima # &amp; cuelgue.</Say></Gather></Response>`)
	wantXML(t, s.pressing(document, "+19734321440", "call-1", "#"), `<Response><Say language="es-US">We've texted you our hours and directions…</Say><Hangup/></Response>`)
	s.wantTexts(1)
	if got := s.dossier("19734321440").Consents; len(got) != 1 || got[0].Wording != "Oprima # & cuelgue." || got[0].Key != "#" {
		t.Errorf("the consents are %+v", got)
	}
}

func TestWithoutACallIDTheStepsAreToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startInBubble(t)
		s.asks(id, nil)
		document := s.keyed(id, "+19734321440", "")
		wantXML(t, document, asking)
		wantXML(t, s.pressing(document, "+19734321440", "", "1"), success)
		wantXML(t, s.keyed(id, "+19734321440", ""), asking) // a repeat of the first step, within a minute
		s.wantTexts(1)
		time.Sleep(61 * time.Second)
		wantXML(t, s.keyed(id, "+19734321440", ""), success)
		s.wantTexts(2)
	})
}

func TestAKeyThatNobodyAskedForIsNoConsent(t *testing.T) {
	for _, row := range []struct {
		name   string
		asked  func(s *service) // before the key comes
		callID string
	}{
		{"there was no question", func(*service) {}, "call-1"},
		{"and no call's id", func(*service) {}, ""},
		{"it was asked in another call", func(s *service) { s.keyed(id, "+19734321440", "call-0") }, "call-1"},
		{"it was asked of somebody else", func(s *service) { s.keyed(id, "+19734321441", "call-1") }, "call-1"},
		{"another entry asked", func(s *service) { s.asks("other", nil); s.keyed("other", "+19734321440", "call-1") }, "call-1"},
		{"it was asked an hour ago", func(s *service) { s.keyed(id, "+19734321440", "call-1"); time.Sleep(time.Hour) }, "call-1"},
		{"the entry did not ask then", func(s *service) {
			s.set(id, map[string]any{"key": entryKey, "cooldown": map[string]any{"texts": 1, "minutes": 60}})
			s.keyed(id, "+19734321440", "call-1")
			time.Sleep(2 * time.Minute)
			s.asks(id, nil)
		}, "call-1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := startInBubble(t)
				s.asks(id, nil)
				row.asked(s)
				texts := len(s.system.Messages())
				forged := query(id, "+19734321440", row.callID)
				forged.Set("key", entryKey)
				forged.Set("step", "consent")
				forged.Set("Digits", "1")
				wantXML(t, s.get(forged), apology) // the words of declined
				s.wantTexts(texts)
				if d := s.dossier("19734321440"); d.Consents != nil {
					t.Errorf("there are consents: %+v", d.Consents)
				}
				if !strings.Contains(s.log.String(), "unasked=true") {
					t.Error("the log does not tell of it")
				}
				// It stands in no true caller's way.
				document := s.keyed(id, "+19734321440", "call-9")
				s.pressing(document, "+19734321440", "call-9", "1")
				s.wantTexts(texts + 1)
			})
		})
	}
}

func TestAForgedKeyDoesNotSpoilTheCall(t *testing.T) {
	s := start(t)
	s.asks(id, nil)
	forged := query(id, "+19734321440", "call-1")
	forged.Set("key", entryKey)
	forged.Set("step", "consent")
	forged.Set("Digits", "2")
	s.get(forged)
	document := s.keyed(id, "+19734321440", "call-1")
	wantXML(t, s.pressing(document, "+19734321440", "call-1", "1"), success)
	s.wantTexts(1)
}
