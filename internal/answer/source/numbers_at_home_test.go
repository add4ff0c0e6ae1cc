package source_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/internal/fetch"
)

// TestNumbersThatSayNoCountryAreOfTheCallingCode has people at vendors who wrote
// their numbers as they are dialled at home, and nothing that says where that is.
func TestNumbersThatSayNoCountryAreOfTheCallingCode(t *testing.T) {
	const service, uuid = "4c5f1b2e-0000-4000-8000-000000000001", "4c5f1b2e-0000-4000-8000-00000000000a"
	type standIn interface {
		http.Handler
		OnCall(people ...sourcetest.Person)
	}
	for _, row := range []struct{ code, number, want string }{
		{"31", "0611111111", "+31611111111"}, {"31", "06-1111 1111", "+31611111111"}, {"31", "31611111111", "+31611111111"}, {"31", "+31 (0)6 11111111", "+31611111111"},
		{"44", "07911 123456", "+447911123456"}, {"39", "06 1234 5678", "+390612345678"}, {"1", "(973) 555-0123", "+19735550123"}, {"1", "19735550123", "+19735550123"},
		{"31", "+442079460958", "+442079460958"}, {"31", "0044 20 7946 0958", "+442079460958"}, {"31", "447911123456", ""}, // of another country, which has to be said
		{"", "0611111111", ""}, {"", "+31611111111", "+31611111111"}, {"31", "112", ""}, {"31", "anonymous", ""},
	} {
		pagerDuty, betterStack, ilert := sourcetest.NewPagerDuty("PT54U20"), sourcetest.NewBetterStack(), sourcetest.NewIlert("4711")
		goAlert := sourcetest.NewGoAlert(service, source.GoAlertQuery)
		for name, v := range map[string]struct {
			standIn
			id   string
			make func(*fetch.Client) (source.Source, error)
		}{
			"pagerduty": {pagerDuty, "PALICE", func(c *fetch.Client) (source.Source, error) {
				return source.NewPagerDuty(source.PagerDutyConfig{URL: "http://api.pagerduty.test/", Key: hide(sourcetest.PagerDutyKey), Policy: "PT54U20", CallingCode: row.code, Client: c})
			}},
			"betterstack": {betterStack, "2345", func(c *fetch.Client) (source.Source, error) {
				return source.NewBetterStack(source.BetterStackConfig{URL: "http://uptime.betterstack.test", Key: hide(sourcetest.BetterStackKey), Calendars: []string{"1001"}, CallingCode: row.code, Client: c})
			}},
			"ilert": {ilert, "17", func(c *fetch.Client) (source.Source, error) {
				return source.NewIlert(source.IlertConfig{URL: "http://api.ilert.test", Key: hide(sourcetest.IlertKey), Policy: "4711", CallingCode: row.code, Client: c})
			}},
			"goalert": {goAlert, uuid, func(c *fetch.Client) (source.Source, error) {
				return source.NewGoAlert(source.GoAlertConfig{URL: "http://goalert.test", Key: hide(sourcetest.GoAlertKey), Service: service, CallingCode: row.code, Client: c})
			}},
		} {
			t.Run(name+" in "+row.code+": "+row.number, func(t *testing.T) {
				virtual(t, func(t *testing.T) {
					one := alice
					one.ID, one.Phones = v.id, []sourcetest.Phone{{Number: row.number, Rule: 1}}
					two := bob // who can be rung: an answer in which nobody has a number is a fault
					two.ID, two.Phones = v.id[:len(v.id)-1]+"9", []sourcetest.Phone{{Number: "+19735550123", Rule: 1}}
					two.Level = 1
					v.OnCall(one, two)
					client, _ := connect(t, v.standIn)
					s, err := v.make(client)
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range fetched(t, s).People {
						got := ""
						if len(p.Numbers) > 0 {
							got = p.Numbers[0]
						}
						if p.ID == v.id && got != row.want {
							t.Errorf("%q is %q, want %q", row.number, got, row.want)
						}
					}
				})
			})
		}
	}
}

// https://www.rfc-editor.org/rfc/rfc3966#section-5.1.5
func TestTelephonesOfAttendeesAreOfTheCallingCode(t *testing.T) {
	for attendee, want := range map[string]string{
		"tel:0611111111": "+31611111111", "tel:06-1111-1111": "+31611111111", "TEL:+31611111111": "+31611111111", "tel:611111111;phone-context=+31": "+31611111111",
		"tel:2079460958;phone-context=+44": "+442079460958", "tel:+31%206%2011111111": "+31611111111", "tel:31611111111": "+31611111111", "tel:+442079460958": "+442079460958",
		"tel:+31611111111;ext=4": "", "tel:112": "", "tel:447911123456": "",
	} {
		path := filepath.Join(t.TempDir(), "rota.ics")
		text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T000000Z\r\nDTEND:20990101T000000Z\r\nATTENDEE;CN=Ann:" + attendee + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := source.NewICal(source.ICalConfig{Path: path, CallingCode: "31"})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, p := range fetched(t, s).People {
			got = p.Numbers[0]
		}
		if got != want {
			t.Errorf("%s is %q, want %q", attendee, got, want)
		}
	}
}
