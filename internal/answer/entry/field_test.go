package entry_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"
	"time"
	_ "time/tzdata" // the tests are to run where there is no database of zones

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/hours"
)

// fullFile has an entry with every field there is.
const fullFile = `{
  "full": {
    "api_domain": "example.net", "user": "2000", "ns_system_user": "8001", "from_number": "12125550100", "message": "hello",
    "language": "es-US",
    "texts": {"sent": "Le hemos enviado un mensaje.", "consent": "Oprima {key}.", "later": ""},
    "messages": {"open": "We are open.", "closed": "We are closed.", "holiday": "Happy holidays!", "lunch": 7},
    "consent_key": "1",
    "cooldown": {"texts": 3, "minutes": 60, "note": "x"},
    "time_zone": "America/New_York",
    "hours": {"mon": ["09:00-17:00"], "sat": ["22:00-02:00"]},
    "holidays": ["2026-12-25"],
    "key": "2f6a0c8d9be14e70",
    "allow_from": ["192.0.2.1", "198.51.100.77/24", "2001:db8::/32", "::ffff:203.0.113.9"],
    "queue": "9002@example.net",
    "branding": {"button_text": "Call Us Now", "button_color": "#1a73e8", "company_name": 2020, "logo_url": null, "shape": []},
    "regions": ["US", "ca"],
    "origins": ["https://example.net", "HTTPS://www.Example.net:443/", "http://localhost:8080"],
    "limits": {"per_day": 3}
  }
}
`

func TestEveryFieldIsRead(t *testing.T) {
	f := open(t, fullFile)
	f.wantTold()
	e, _ := f.Get("full")
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	want := &entry.Entry{
		ID: "full", APIDomain: "example.net", Text: entry.Text{User: "2000", SystemUser: "8001", FromNumber: "12125550100", Message: "hello"},
		Language:   "es-US",
		Spoken:     map[string]string{"sent": "Le hemos enviado un mensaje.", "consent": "Oprima {key}."},
		Messages:   entry.Messages{Open: "We are open.", Closed: "We are closed.", Holiday: "Happy holidays!"},
		ConsentKey: "1",
		Cooldown:   &entry.Cooldown{Texts: 3, Time: time.Hour},
		Hours: &hours.Schedule{Zone: newYork, Holidays: hours.Holidays{20812},
			Week: &hours.Week{time.Monday: {{From: 9 * 60, To: 17 * 60}}, time.Saturday: {{From: 22 * 60, To: 26 * 60}}}},
		TimeZone: newYork,
		Key:      "2f6a0c8d9be14e70",
		AllowFrom: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("198.51.100.0/24"),
			netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("203.0.113.9/32")},
		Queue:    "9002@example.net",
		Branding: entry.Branding{ButtonText: "Call Us Now", ButtonColor: "#1a73e8", CompanyName: "2020"},
		Regions:  []string{"US", "CA"},
		Origins:  []string{"https://example.net", "https://www.example.net", "http://localhost:8080"},
		Limits:   json.RawMessage(`{"per_day": 3}`),
	}
	if diff := cmp.Diff(want, e, cmpopts.EquateComparable(netip.Prefix{}), cmpopts.IgnoreUnexported(entry.Entry{}), cmp.Comparer(sameZone)); diff != "" {
		t.Errorf("the entry (- want, + got):\n%s", diff)
	}
	f.update("full", map[string]string{"message": "good day"})
	if diff := cmp.Diff(meaning(t, fullFile), meaning(t, f.text()), cmp.FilterPath(isMessage, cmp.Ignore())); diff != "" {
		t.Errorf("after a change the file means something else (- before, + after):\n%s", diff)
	}
}

func sameZone(a, b *time.Location) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func isMessage(p cmp.Path) bool { return p.Last().String() == `["message"]` }

func TestNullAndEmptyAreAsGoodAsAbsent(t *testing.T) {
	f := open(t, `{"a": {"language": null, "texts": null, "messages": null, "consent_key": null, "cooldown": null, "time_zone": null, "hours": null, "holidays": null,
		"key": null, "allow_from": null, "branding": null, "regions": null, "origins": null, "limits": null},
		"b": {"language": "", "texts": {}, "messages": {}, "consent_key": "", "time_zone": "", "key": "", "branding": {}}}`)
	f.wantTold()
	for _, id := range []string{"a", "b"} {
		e, _ := f.Get(id)
		if diff := cmp.Diff(&entry.Entry{ID: id}, e, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(entry.Entry{})); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", id, diff)
		}
		if e.Zone() != time.Local {
			t.Errorf("%s is in %v", id, e.Zone())
		}
	}
}

func TestAConsentKeyMayBeANumber(t *testing.T) {
	f := open(t, `{"a": {"consent_key": 1, "key": "k"}, "b": {"key": "k", "consent_key": "#"}}`)
	f.wantTold()
	for id, want := range map[string]string{"a": "1", "b": "#"} {
		if e, _ := f.Get(id); e.ConsentKey != want {
			t.Errorf("%s has %q", id, e.ConsentKey)
		}
	}
}

func TestWhatIsWrongWithAFieldIsTold(t *testing.T) {
	for _, c := range []struct{ field, want string }{
		{`"language": 7`, `language: it is not a text`},
		{`"language": "english (US)"`, `language: "english (US)" is not a language such as en-US`},
		{`"language": "e"`, `language: "e" is not a language such as en-US`},
		{`"texts": "hello"`, `texts: it is not an object`},
		{`"texts": {"sent": 7}`, `texts: sent: it is not a text`},
		{`"texts": {"sent": "ding\u0007"}`, `texts: sent: it has a character that cannot be spoken`},
		{`"messages": []`, `messages: it is not an object`},
		{`"messages": {"open": {}}`, `messages: open: it is not a text`},
		{`"consent_key": "12"`, `consent_key: it is not a key of a telephone, such as "1"`},
		{`"consent_key": "A"`, `consent_key: it is not a key of a telephone, such as "1"`},
		{`"consent_key": 12`, `consent_key: it is not a key of a telephone, such as "1"`},
		{`"consent_key": "1"`, `consent_key: it needs the field key, or anybody could agree to texts in a caller's place; openssl rand -hex 16 makes a good one`},
		{`"key": "", "consent_key": "1"`, `consent_key: it needs the field key, or anybody could agree to texts in a caller's place; openssl rand -hex 16 makes a good one`},
		{`"cooldown": 60`, `cooldown: it is not an object`},
		{`"cooldown": {"texts": 3}`, `cooldown: it needs texts and minutes, such as {"texts": 3, "minutes": 60}`},
		{`"cooldown": {"texts": 0, "minutes": 60}`, `cooldown: texts: 0 is not a number from 1 to 100`},
		{`"cooldown": {"texts": 1, "minutes": 1441}`, `cooldown: minutes: 1441 is not a number from 1 to 1440`},
		{`"cooldown": {"texts": "3", "minutes": 60}`, `cooldown: texts: "3" is not a number from 1 to 100`},
		{`"time_zone": "EST5"`, `time_zone: "EST5" is not a time zone such as America/New_York`},
		{`"time_zone": -5`, `time_zone: it is not a text`},
		{`"hours": "9-5"`, `hours: it is not an object of days, such as {"mon": ["09:00-17:00"]}`},
		{`"hours": {"tue": ["9-5"]}`, `hours: tue: "9-5" is not a span such as 09:00-17:00`},
		{`"holidays": ["25.12.2026"]`, `holidays: "25.12.2026" is not a date such as 2026-12-25`},
		{`"key": 7`, `key: it is not a text`},
		{`"key": "schlüssel"`, `key: it has other characters than letters, digits and signs; openssl rand -hex 16 makes a good one`},
		{`"allow_from": "192.0.2.1"`, `allow_from: it is not a list of addresses, such as ["192.0.2.1", "198.51.100.0/24"]`},
		{`"allow_from": []`, `allow_from: it is empty: name one, or leave the field out`},
		{`"allow_from": ["example.net"]`, `allow_from: "example.net" is not an address such as 192.0.2.1 or 198.51.100.0/24`},
		{`"allow_from": ["fe80::1%eth0"]`, `allow_from: "fe80::1%eth0" is not an address such as 192.0.2.1 or 198.51.100.0/24`},
		{`"branding": "blue"`, `branding: it is not an object`},
		{`"branding": {"button_text": ["x"]}`, `branding: button_text: it is not a text`},
		{`"regions": ["USA"]`, `regions: "USA" is not a region such as US`},
		{`"regions": {}`, `regions: it is not a list of regions, such as ["US", "CA"]`},
		{`"origins": ["example.net"]`, `origins: "example.net" is not an origin such as https://example.net`},
		{`"origins": ["https://*.example.net"]`, `origins: "https://*.example.net" is not an origin such as https://example.net`},
		{`"origins": ["https://example.net/contact"]`, `origins: "https://example.net/contact" is not an origin such as https://example.net`},
		{`"origins": ["https://me@example.net"]`, `origins: "https://me@example.net" is not an origin such as https://example.net`},
		{`"origins": [null]`, `origins: "" is not an origin such as https://example.net`},
		{`"limits": 7`, `limits: it is not an object`},
	} {
		f := open(t, `{"a": {"message": "hello"}}`)
		f.write(`{"a": {"message": "good day", ` + c.field + `}}`)
		f.wantMessage("a", "hello")
		f.wantTold(`FILE: entry "a": the field ` + c.want + `; it stays as it was before`)
	}
}

func TestAKeyIsNeverShown(t *testing.T) {
	e := &entry.Entry{Key: "open sesame"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(format, e.Key); got != "<secret>" {
			t.Errorf("%s shows %s", format, got)
		}
	}
	if text, err := json.Marshal(e.Key); err != nil || string(text) != `"\u003csecret\u003e"` {
		t.Errorf("as JSON it is %s, %v", text, err)
	}
	if got := e.Key.LogValue().String(); got != "<secret>" {
		t.Errorf("in a log it is %s", got)
	}
	if got := fmt.Sprint(entry.Key("")); got != "" {
		t.Errorf("no key is %q", got)
	}
	for given, want := range map[string]bool{"open sesame": true, "open": false, "": false} {
		if e.Key.Matches(given) != want {
			t.Errorf("%q matches: %v", given, !want)
		}
	}
	if entry.Key("").Matches("") {
		t.Error("no key matches nothing")
	}
}
