package source_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/internal/fetch"
)

// e164 is what every number that a source gives must be.
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{4,14}$`)

// sound sees that an answer keeps the promises of a Snapshot.
func sound(t *testing.T, s source.Snapshot, err error) {
	t.Helper()
	if err != nil {
		if e, ok := err.(*source.Error); !ok || e.Message == "" || e.Source == "" || strings.Contains(e.Message, "\n") {
			t.Errorf("error %T %q", err, err)
		}
		return
	}
	level := 1
	for _, p := range s.People {
		if p.ID == "" || p.Name == "" || p.Level < level {
			t.Errorf("person %+v after level %d", p, level)
		}
		level = p.Level
		for _, number := range p.Numbers {
			if !e164.MatchString(number) {
				t.Errorf("number %q", number)
			}
		}
	}
	for _, odd := range s.Oddities {
		if odd == "" || strings.Contains(odd, "\n") {
			t.Errorf("oddity %q", odd)
		}
	}
}

// FuzzCalendar reads a calendar from a file.
func FuzzCalendar(f *testing.F) {
	rota, err := os.ReadFile("testdata/rota.ics")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(rota))
	for _, lines := range []string{
		"DTSTART:20160101T110000Z\r\nDTEND:20300101T123000Z",
		"DTSTART;TZID=Europe/Amsterdam:20160101T110000\r\nDURATION:P1DT2H\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU;WKST=SU;INTERVAL=2\r\nEXDATE;VALUE=DATE:20161118",
		"DTSTART;VALUE=DATE:20160101\r\nRRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO,TU,WE,TH,FR\r\nRDATE;VALUE=PERIOD:20161118T000000Z/PT5H",
		"DTSTART:20160101T110000Z\r\nDTEND:20160101T123000Z\r\nRRULE:FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=366,-1;BYEASTER=1",
		"DTSTART:20160101T110000Z\r\nDTEND:20160101T123000Z\r\nRRULE:FREQ=HOURLY;INTERVAL=7;BYMONTHDAY=-31;COUNT=50",
		"RECURRENCE-ID:20161118T000000Z\r\nDTSTART:20160101T110000Z\r\nATTENDEE;CN=\"A, B\":tel:+31611111111\r\nCATEGORIES:L2",
	} {
		f.Add(event(strings.Split(lines, "\r\n")...))
	}
	cases, err := filepath.Glob("testdata/cases/*.ics")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range cases {
		calendar, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(calendar))
	}
	path := f.TempDir() + "/rota.ics"
	f.Fuzz(func(t *testing.T, calendar string) {
		if err := os.WriteFile(path, []byte(calendar), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := source.NewICal(source.ICalConfig{Path: path, Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		snapshot, err := s.Fetch(t.Context())
		sound(t, snapshot, err)
	})
}

// FuzzFile reads a rota of one's own.
func FuzzFile(f *testing.F) {
	f.Add(rotaTOML, false)
	f.Add(rotaJSON, true)
	f.Add("[[person]]\nid = \"a\"\n[[shift]]\npeople = [\"a\"]\nstart = 2026-11-02\nend = 2026-11-03\nrepeat = \"daily\"\n", false)
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, text string, isJSON bool) {
		path := folder + "/rota.toml"
		if isJSON {
			path = folder + "/rota.json"
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := source.NewFile(source.FileConfig{Path: path, Zone: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		snapshot, err := s.Fetch(t.Context())
		sound(t, snapshot, err)
	})
}

// FuzzVendors gives an answer to every request of every vendor's source: to
// the list the first text, to what follows the second.
func FuzzVendors(f *testing.F) {
	for i, v := range vendors() {
		var mu sync.Mutex
		var answers []string
		recorder := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen := httptest.NewRecorder()
			v.standIn.ServeHTTP(seen, r)
			mu.Lock()
			answers = append(answers, seen.Body.String())
			mu.Unlock()
			_, _ = w.Write(seen.Body.Bytes())
		})
		network := sourcetest.Listen(recorder)
		client := fetch.New(fetch.Options{Dial: network.Dial})
		s, err := v.make(client)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := s.Fetch(context.Background()); err != nil {
			f.Fatal(err)
		}
		client.CloseIdle()
		if err := network.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), answers[0], answers[len(answers)-1])
	}
	f.Add(uint8(0), `{"oncalls":[{"escalation_level":1,"user":{"id":"A"}}],"limit":0,"offset":0,"more":true}`, `{}`)
	f.Fuzz(func(t *testing.T, vendor uint8, list, rest string) {
		var asked atomic.Int32
		client, _ := connect(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			text := rest
			if asked.Add(1) == 1 {
				text = list
			}
			_, _ = w.Write([]byte(text))
		}))
		all := vendors()
		s, err := all[int(vendor)%len(all)].make(client)
		if err != nil {
			t.Fatal(err)
		}
		snapshot, err := s.Fetch(t.Context())
		sound(t, snapshot, err)
	})
}
