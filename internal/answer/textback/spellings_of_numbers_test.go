package textback_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// abroad are the fields of an entry that texts other countries too.
var abroad = map[string]any{"regions": []string{"US", "CA", "MX", "AR", "NL"}}

// A STOP counts for the telephone it came from, however the phone system writes
// that telephone's number next time.
func TestAStopHoldsHoweverTheNumberIsWritten(t *testing.T) {
	for _, c := range []struct {
		writer string
		calls  []string
	}{
		{"5215512340101", []string{"+525512340101", "+5215512340101", "525512340101", "011525512340101"}},
		{"31612340103", []string{"0031612340103", "+310612340103", "+31612340103", "310612340103", "+31 (0)6 12340103"}},
		{"541123456789", []string{"+5491123456789", "5491123456789", "+54 11 15 2345 6789"}},
		{"12125550123", []string{"+12125550123", "2125550123", "(212) 555-0123", "\u202a+12125550123\u202c", "0012125550123", "sip:+12125550123@example.net", "<sip:2125550123@10.0.0.1;user=phone>"}},
	} {
		t.Run(c.writer, func(t *testing.T) {
			s := startInbox(t, nstest.Quirks{})
			s.set(id, abroad)
			s.wants(c.writer, "STOP", replies.Stop)
			for _, caller := range c.calls {
				wantXML(t, s.call(caller, "call from "+caller), hears(textback.Suppressed))
			}
			s.wants(c.writer, "START", replies.Start)
			wantXML(t, s.call(c.calls[0], "again"), hears(textback.Sent))
		})
	}
}

// Both numbers of an event may be written as people write them. With a plus
// 4792345678 is somebody in Norway, without one somebody in Arkansas.
func TestAStopCountsHoweverItsNumbersAreWritten(t *testing.T) {
	m := startInbox(t, nstest.Quirks{})
	for i, c := range []struct{ from, to, caller string }{
		{"19734321601", "(212) 555-0100", "+19734321601"}, {"19734321602", "1 212 555 0100", "+19734321602"}, {"19734321603", "+1 (212) 555-0100", "+19734321603"},
		{"19734321604", "tel:+1-212-555-0100", "+19734321604"}, {"(973) 432-1605", "sip:+12125550100@example.net", "+19734321605"}, {"+1 973 432 1606;ext=4", "212.555.0100", "+19734321606"},
		{"9734321607x4", "212-555-0199, (212) 555-0100", "+19734321607"}, {"4792345678", "12125550100", "+14792345678"},
	} {
		m.post(m.key(), fmt.Sprintf(`{"id":"s-%d","type":"sms","domain":"example.net","direction":"orig","from-number":%q,"dialed":%q,"text":"STOP"}`, i, c.from, c.to))
		wantXML(t, m.call(c.caller, "call from "+c.caller), hears(textback.Suppressed))
	}
	m.post(m.key(), `{"id":"s-no","type":"sms","domain":"example.net","direction":"orig","from-number":"+4792345679","dialed":"12125550100","text":"STOP"}`)
	if m.dossier("4792345679").Suppressions == nil || m.dossier("14792345679").Suppressions != nil {
		t.Error("somebody in Norway is taken for somebody in Arkansas")
	}
}

// What is texted is the number as it came: the 1 of Mexican and the 9 of
// Argentine mobiles are neither added nor taken away.
func TestTextsGoToTheNumberAsItCame(t *testing.T) {
	for caller, to := range map[string]string{
		"+5215512340101": "5215512340101", "+525512340101": "525512340101",
		"+5491123456789": "5491123456789", "+54 11 15 2345 6789": "5491123456789",
		"+310612340103": "31612340103", "0031612340103": "31612340103",
		"2125550123": "12125550123",
	} {
		t.Run(caller, func(t *testing.T) {
			s := start(t)
			s.set(id, abroad)
			wantXML(t, s.call(caller, "call"), success)
			if got := s.system.Messages(); len(got) != 1 || got[0].To != to || s.only().To != to {
				t.Errorf("the texts are %+v, want one to %s", got, to)
			}
		})
	}
}

// With and without the 1 it is one person who has had enough texts.
func TestCoolDownCountsAPersonHoweverTheirNumberIsWritten(t *testing.T) {
	s := start(t, allTexts)
	s.set(id, map[string]any{"regions": abroad["regions"], "cooldown": map[string]int{"texts": 3, "minutes": 60}})
	for i, caller := range []string{"+5215512340101", "+525512340101", "011 52 55 1234 0101", "5215512340101"} {
		want := hears(textback.Sent)
		if i == 3 {
			want = hears(textback.CoolingDown)
		}
		wantXML(t, s.call(caller, "call "+caller), want)
	}
}

// https://github.com/bmlt-enabled/yap/issues/125: ANONYMOUS on a telephone's keys.
func TestHiddenCallersSpelledOnTheKeysAreNotTexted(t *testing.T) {
	s := start(t, allTexts)
	for _, caller := range []string{"+266696687", "266696687", "+7378742833", "8656696", "+86282452253", "+2562533", "+7748283"} {
		wantXML(t, s.call(caller, "call "+caller), hears(textback.Anonymous))
	}
	s.wantTexts(0)
	wantXML(t, s.call("7378742833", "somebody in Austin"), hears(textback.Sent))
}

// Without a plus a number belongs to the entry's regions, else to the country of
// its own number.
func TestCallersOfAnEntryAbroadAreAtHomeThere(t *testing.T) {
	for name, fields := range map[string]map[string]any{
		"by its regions": {"regions": []string{"NL"}},
		"by its number":  {"from_number": "31201234567"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.set(id, fields)
			s.call("0612340103", "call")
			if to := s.only().To; to != "31612340103" {
				t.Errorf("the text is for %s", to)
			}
		})
	}
}

func TestANumberIsStoredAsDigits(t *testing.T) {
	s := start(t)
	status, answer := s.post(whole(url.Values{"from_number": {" +1 (212) 555-0100 "}}))
	wantAnswer(t, status, answer, 200, allCreated)
	if got := s.text("example.org-sms").FromNumber; got != from {
		t.Errorf("the number is %q", got)
	}
}
