package entry_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheMessageIsThatOfTheHour(t *testing.T) {
	const week, feast = `"time_zone": "America/New_York", "hours": {"mon": ["09:00-17:00"], "fri": ["09:00-17:00"]}`, `"holidays": ["2026-12-25"]`
	for _, c := range []struct{ name, fields, open, closed, holiday string }{
		{"one for all", `"message": "m", ` + week + `, ` + feast, "m", "m", "m"},
		{"all three", `"message": "m", "messages": {"open": "o", "closed": "c", "holiday": "h"}, ` + week + `, ` + feast, "o", "c", "h"},
		{"a holiday is a day on which it is closed", `"message": "m", "messages": {"open": "o", "closed": "c"}, ` + week + `, ` + feast, "o", "c", "c"},
		{"closed alone", `"message": "m", "messages": {"closed": "c"}, ` + week + `, ` + feast, "m", "c", "c"},
		{"open alone", `"message": "m", "messages": {"open": "o"}, ` + week + `, ` + feast, "o", "m", "m"},
		{"holidays alone", `"message": "m", "messages": {"closed": "c", "holiday": "h"}, "time_zone": "America/New_York", ` + feast, "m", "m", "h"},
		{"always open", `"message": "m", "messages": {"open": "o", "closed": "c", "holiday": "h"}`, "o", "o", "o"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := open(t, `{"a": {`+c.fields+`}}`)
			f.wantTold()
			e, _ := f.Get("a")
			got := map[string]string{}
			for at := range map[string]bool{"2026-12-21T09:00:00-05:00": true, "2026-12-21T08:59:59-05:00": true, "2026-12-25T12:00:00-05:00": true} {
				now, err := time.Parse(time.RFC3339, at)
				if err != nil {
					t.Fatal(err)
				}
				got[at] = e.Message(now)
			}
			want := map[string]string{"2026-12-21T09:00:00-05:00": c.open, "2026-12-21T08:59:59-05:00": c.closed, "2026-12-25T12:00:00-05:00": c.holiday}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("messages (- want, + got):\n%s", diff)
			}
		})
	}
}

func TestAMessageIsNeededWheneverAnEntryMayBeAsked(t *testing.T) {
	const rest = `"api_domain": "example.net", "user": "2000", "from_number": "12125550100"`
	const week, feast = `"hours": {"mon": ["09:00-17:00"]}`, `"holidays": ["2026-12-25"]`
	for _, c := range []struct {
		name, fields string
		lacks        []string
	}{
		{"message", `"message": "m", ` + week + `, ` + feast, nil},
		{"nothing", week, []string{"message"}},
		{"open, of a place that always is", `"messages": {"open": "o"}`, nil},
		{"open, of a place that is not always", `"messages": {"open": "o"}, ` + week, []string{"message"}},
		{"open and closed", `"messages": {"open": "o", "closed": "c"}, ` + week, nil},
		{"open and closed, with holidays", `"messages": {"open": "o", "closed": "c"}, ` + week + `, ` + feast, nil},
		{"open and holiday, of a place with holidays alone", `"messages": {"open": "o", "holiday": "h"}, ` + feast, nil},
		{"open, of a place with holidays alone", `"messages": {"open": "o"}, ` + feast, []string{"message"}},
		{"closed and holiday", `"messages": {"closed": "c", "holiday": "h"}, ` + week + `, ` + feast, []string{"message"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := open(t, `{"a": {`+rest+`, `+c.fields+`}, "b": {`+c.fields+`}}`)
			f.wantTold()
			a, _ := f.Get("a")
			if diff := cmp.Diff(c.lacks, a.LacksForTexts()); diff != "" {
				t.Errorf("it lacks (- want, + got):\n%s", diff)
			}
			b, _ := f.Get("b")
			if diff := cmp.Diff(append([]string{"api_domain", "user", "from_number"}, c.lacks...), b.LacksForTexts()); diff != "" {
				t.Errorf("without the rest it lacks (- want, + got):\n%s", diff)
			}
		})
	}
}

func TestAnEntryIsMeantForTextsByItsFields(t *testing.T) {
	f := open(t, `{"a": {"user": "2000"}, "b": {"messages": {"open": "o"}}, "c": {"consent_key": "1", "key": "k"}, "d": {"queue": "9002@example.net", "hours": {"mon": []}}, "e": {"api_domain": "example.net"}}`)
	for id, want := range map[string]bool{"a": true, "b": true, "c": true, "d": false, "e": false} {
		if e, _ := f.Get(id); e.HasText() != want {
			t.Errorf("%s: %v", id, !want)
		}
	}
}
