package source_test

import (
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
)

// inFileAt returns who is on call by a file at a time.
func inFileAt(t *testing.T, name, text, at string) string {
	t.Helper()
	s, _ := inFile(t, name, text)
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	rota, ok := s.(source.Rota)
	if !ok {
		t.Fatalf("%T is no rota", s)
	}
	snapshot, err := rota.FetchAt(t.Context(), moment)
	if err != nil {
		t.Fatal(err)
	}
	return identities(snapshot.People)
}

// TestWhoAnAttendeeIs: RFC 5545, section 3.2; RFC 6868; RFC 7986, section 6.2;
// https://github.com/sebbo2002/ical-generator/issues/119,
// https://github.com/cyrusimap/cyrus-imapd/issues/2543.
func TestWhoAnAttendeeIs(t *testing.T) {
	const summary = "SUMMARY:Ann Example"
	for _, row := range []struct {
		name  string
		lines []string
		want  string
		odd   string
	}{
		{"delegated, and the other listed", lines(`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@example.net":mailto:ann@example.net`, `ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:ann@example.net":mailto:ben@example.net`), "ben@example.net", ""},
		{"delegated, and the other not listed", lines(`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@example.net":mailto:ann@example.net`), "ben@example.net", ""},
		{"delegated to two", lines(`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@example.net","MAILTO:Cas@example.net":mailto:ann@example.net`), "ben@example.net, cas@example.net", ""},
		{"delegated to somebody who declined", lines(`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@example.net":mailto:ann@example.net`, `ATTENDEE;PARTSTAT=DECLINED:mailto:Ben@example.net`), "", "names nobody who takes part"},
		{"delegated to nobody", lines(`ATTENDEE;PARTSTAT=DELEGATED:mailto:ann@example.net`), "", "names nobody who takes part"},
		{"delegated in a circle", lines(`ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ben@example.net":mailto:ann@example.net`, `ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:ann@example.net":mailto:ben@example.net`), "", "names nobody who takes part"},
		{"accepted, with a word of delegation", lines(`ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-TO="mailto:ben@example.net":mailto:ann@example.net`), "ann@example.net", ""},
		{"only informed", lines("ATTENDEE;ROLE=NON-PARTICIPANT:mailto:boss@example.net", "ATTENDEE;ROLE=REQ-PARTICIPANT:mailto:ann@example.net"), "ann@example.net", ""},
		{"nobody but the informed", lines("ATTENDEE;ROLE=NON-PARTICIPANT:mailto:boss@example.net"), "", "names nobody who takes part"},
		{"optional, and in the chair", lines("ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:ann@example.net", "ATTENDEE;ROLE=CHAIR:mailto:ben@example.net"), "ann@example.net, ben@example.net", ""},
		{"not decided", lines("ATTENDEE;PARTSTAT=TENTATIVE:mailto:ann@example.net", "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ben@example.net", "ATTENDEE;PARTSTAT=X-LATER:mailto:cas@example.net"), "ann@example.net, ben@example.net, cas@example.net", ""},
		{"the only one, who declined", lines(summary, "ATTENDEE;PARTSTAT=DECLINED:mailto:ann@example.net"), "", "names nobody who takes part"},
		{"both declined", lines(summary, "ATTENDEE;PARTSTAT=DECLINED:mailto:ann@example.net", "ATTENDEE;PARTSTAT=declined:mailto:ben@example.net"), "", "names nobody who takes part"},
		{"a room alone", lines(summary, "ATTENDEE;CUTYPE=ROOM;CN=Room 1:mailto:room@example.net"), "Ann Example", ""},
		{"a resource and somebody who declined", lines(summary, "ATTENDEE;CUTYPE=RESOURCE:mailto:car@example.net", "ATTENDEE;PARTSTAT=DECLINED:mailto:ann@example.net"), "", "names nobody who takes part"},
		{"a room that accepted beside a person", lines("ATTENDEE;CUTYPE=room;PARTSTAT=ACCEPTED:mailto:room@example.net", "ATTENDEE;CUTYPE=INDIVIDUAL:mailto:ann@example.net"), "ann@example.net", ""},
		{"an address as a parameter", lines(`ATTENDEE;CN="A.";EMAIL=ann@example.net:mailto:2_GEZDGNB@imip.example.com`), "ann@example.net", ""},
		{"an address as a parameter, with its scheme", lines(`ATTENDEE;EMAIL="mailto:Ann@example.net":/123/principal/`), "ann@example.net", ""},
		{"a parameter that is no address", lines(`ATTENDEE;EMAIL=none:mailto:ann@example.net`), "ann@example.net", ""},
		{"two by paths", lines("ATTENDEE;CN=Ann:/aaaa/users/1111/", "ATTENDEE;CN=Ben:/aaaa/users/2222/"), "/aaaa/users/1111/, /aaaa/users/2222/", ""},
		{"two of one name by paths", lines("ATTENDEE;CN=Example:/aaaa/users/1111/", "ATTENDEE;CN=Example:/aaaa/users/2222/"), "/aaaa/users/1111/, /aaaa/users/2222/", ""},
		{"two without an address", lines("ATTENDEE;CN=Ann:invalid:nomail", "ATTENDEE;CN=Ben:invalid:nomail"), "Ann, Ben", ""},
		{"two without an address, by mail", lines("ATTENDEE;CN=Ann:mailto:nomail", "ATTENDEE;CN=Ben:MAILTO:nomail"), "Ann, Ben", ""},
		{"two with an empty address", lines("ATTENDEE;CN=Ann:mailto:", "ATTENDEE;CN=Ben:"), "Ann, Ben", ""},
		{"two with a placeholder", lines("ATTENDEE;CN=Ann:mailto:noemail@example.invalid", "ATTENDEE;CN=Ben:mailto:noemail@example.invalid"), "Ann, Ben", ""},
		{"neither a name nor an address", lines("ATTENDEE:invalid:nomail"), "Rota", "an attendee has neither a name nor an address"},
		{"two by an id", lines("ATTENDEE;CN=Ann:urn:uuid:1111", "ATTENDEE;CN=Ben:urn:uuid:2222"), "uuid:1111, uuid:2222", ""},
		{"two by web addresses", lines("ATTENDEE;CN=Ann:https://example.net/p/1", "ATTENDEE;CN=Ben:https://example.net/p/2"), "//example.net/p/1, //example.net/p/2", ""},
		{"any case", lines("ATTENDEE:MailTo:Ann@Example.net", "ATTENDEE:ann@example.NET"), "ann@example.net", ""},
		{"a space in the address", lines("ATTENDEE:mailto: ann@example.net"), "ann@example.net", ""},
		{"an address with a name", lines("ATTENDEE:mailto:Ann Example <ann@example.net>"), "ann@example.net", ""},
		{"an escaped address", lines("ATTENDEE:mailto:ann%40example.net"), "ann@example.net", ""},
		{"a number", lines("ATTENDEE;CN=Ann:TEL:+31611111111"), "Ann", ""},
		{"an X.500 address", lines("ATTENDEE;CN=Ann:mailto:/o=ExchangeLabs/cn=Ann", "ATTENDEE;CN=Ben:mailto:/o=ExchangeLabs/cn=Ben"), "/o=ExchangeLabs/cn=Ann, /o=ExchangeLabs/cn=Ben", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if !strings.HasPrefix(row.lines[0], "SUMMARY") {
				row.lines = append(lines("SUMMARY:Rota"), row.lines...)
			}
			onCall(t, "UTC", instants{noonInMarch: row.want}, row.odd, append(lines("UID:1", "DTSTART:20260302T090000Z", "DTEND:20260302T170000Z"), row.lines...))
		})
	}
}

func TestNamesOfAttendees(t *testing.T) {
	for given, want := range map[string]string{
		`CN=Ann Example`: "Ann Example", `CN="Example, Ann"`: "Example, Ann", `CN="'Ann Example'"`: "Ann Example", `CN='Ann Example'`: "Ann Example",
		`CN="\"Ann Example\""`: "Ann Example", `CN=Ann ^'Bee^' Example`: `Ann "Bee" Example`, `CN="Ann^nExample"`: "Ann Example", `CN=Ann ^^ Example`: "Ann ^ Example",
		`CN=Example\, Ann`: "Example, Ann", `CN="  Ann   Example "`: "Ann Example", "CN=Andre\u0301": "André", `CN=""`: "ann@example.net", `cn="Ann: on call"`: "Ann: on call",
		`CN="Ann; Example"`: "Ann; Example", `CN=Ann;CN=Ben`: "Ann",
	} {
		path := t.TempDir() + "/rota.ics"
		writeFile(t, path, opening+"BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T170000Z\r\nSUMMARY:Rota\r\nATTENDEE;"+given+":mailto:ann@example.net\r\nEND:VEVENT\r\n"+closing)
		snapshot, err := calendarFile(t, path, "UTC", noonInMarch)
		if err != nil || len(snapshot.People) != 1 {
			t.Fatalf("%s: %+v, %v", given, snapshot, err)
		}
		same(t, given, snapshot.People[0].Name, want)
	}
}
