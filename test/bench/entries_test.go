package bench_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

const (
	manyEntries = 10_000

	starts  = 5    // of which the median is reported
	lookups = 5000 // of which the mean is reported
)

// entriesFile is a domains.json of many customers from the first one on, the
// last of whom has a message of their own.
func entriesFile(first int, last string) string {
	var text bytes.Buffer
	for i := first; i < manyEntries; i++ {
		message := fmt.Sprintf("Our hours are Monday to Friday, 9 to 5. We are at %d Example Street, Springfield.", i)
		if i == manyEntries-1 {
			message = last
		}
		fmt.Fprintf(&text, `%c
  "%s": {"api_domain": "customer-%d.example.net", "user": "2000", "ns_system_user": "8001", "from_number": "1212%07d", "message": %q}`,
			",{"[max(0, 1-i+first)], entryID(i), i, 5550000+i, message)
	}
	text.WriteString("\n}\n")
	return text.String()
}

func entryID(i int) string { return fmt.Sprintf("customer-%d.example.net-sms", i) }

// lookup finds entries. What domains.json and the database have is one.
type lookup interface {
	Get(id string) (*entry.Entry, bool)
}

// BenchmarkEntries10000 is Switchhook with 10,000 customers in a domains.json,
// and in each database: how long the very first start takes, which makes the
// database, and one later, from exec to the first 200 of /readyz; how long it
// takes beside the server to find one of them, as each request does; the first
// call after one of them was changed, which gets the changed text, beyond the
// phone system's own time; and the memory of the server after the start and at
// its most. An iteration is all of that.
func BenchmarkEntries10000(b *testing.B) {
	run := func(name string, measure func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				measure(b)
			}
			b.ReportMetric(load(), "load")
			b.ReportMetric(0, "ns/op") // says nothing here
		})
	}
	run("file", func(b *testing.B) {
		system, folder := newPhoneSystem(b, 0), b.TempDir()
		domains := filepath.Join(folder, "domains.json")
		write(b, domains, entriesFile(0, "before"))
		s := startOften(b, system, storetest.EmptySQLite(b), "SWITCHHOOK_DOMAINS_FILE="+domains)
		change(b, s, system, func() {
			write(b, domains+".new", entriesFile(0, "after"))
			if err := os.Rename(domains+".new", domains); err != nil {
				b.Fatal(err)
			}
		})
		// A file that has just changed is read again and again: its time might
		// not show the next change.
		settled := time.Now().Add(-time.Minute)
		if err := os.Chtimes(domains, settled, settled); err != nil {
			b.Fatal(err)
		}
		entries, err := entry.Open(domains, nil)
		if err != nil {
			b.Fatal(err)
		}
		find(b, entries)
	})
	for _, database := range databases {
		run(database.name, func(b *testing.B) {
			system, config := newPhoneSystem(b, 0), database.make(b)
			write(b, filepath.Join(config.Folder, "domains.json"), entriesFile(0, "before")) // which the first start takes over
			s := startOften(b, system, config)
			change(b, s, system, func() {
				changed := filepath.Join(b.TempDir(), "changed.json")
				write(b, changed, entriesFile(manyEntries-1, "after"))
				if out, err := switchhook(b, system, config, s.address, "import", changed).CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
			})
			beside := storetest.Open(b, store.Config{URL: config.URL, Folder: config.Folder})
			entries, err := beside.Entries(b.Context(), nil)
			if err != nil {
				b.Fatal(err)
			}
			find(b, entries)
		})
	}
}

// startOften starts servers one after the other, and returns the last, which
// runs.
func startOften(b *testing.B, system *phoneSystem, database store.Config, env ...string) *service {
	b.Helper()
	s := serve(b, system, database, env...)
	b.ReportMetric(ms(s.took), "first-start-ms")
	var took []time.Duration
	for range starts {
		s.stop()
		s = serve(b, system, database, env...)
		took = append(took, s.took)
	}
	slices.Sort(took)
	b.ReportMetric(ms(took[len(took)/2]), "start-ms")
	now, _ := s.resident(b)
	b.ReportMetric(now, "rss-MiB")
	return s
}

// change makes a change, and sees that the next caller gets what it says.
func change(b *testing.B, s *service, system *phoneSystem, do func()) {
	b.Helper()
	l := newLine(b, s, system, entryID(manyEntries-1), 1)
	heard := func() (time.Duration, string) {
		c := l.together(b, 1, 1)
		return c.beyond[0], system.of(callers.Load() - 1).message
	}
	if _, message := heard(); message != "before" {
		s.fatal(b, "the text is %q before the change", message)
	}
	do()
	took, message := heard()
	if message != "after" {
		s.fatal(b, "the text is %q after the change", message)
	}
	b.ReportMetric(ms(took), "changed-ms")
	_, most := s.resident(b)
	b.ReportMetric(most, "rss-peak-MiB")
}

// find finds entries, one after the other.
func find(b *testing.B, entries lookup) {
	b.Helper()
	began := time.Now()
	for i := range lookups {
		if _, ok := entries.Get(entryID(i * 7 % manyEntries)); !ok {
			b.Fatalf("there is no entry %s", entryID(i*7%manyEntries))
		}
	}
	b.ReportMetric(float64(time.Since(began).Nanoseconds())/1000/lookups, "lookup-µs")
}
