package bench_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/store"
)

const (
	// aimedRate is how many calls a second a server of two cores is to take,
	// and aimedPart how long 99 of 100 callers wait at most beyond the phone
	// system's own time.
	aimedRate = 1000
	aimedPart = 20 * time.Millisecond

	warmUp   = time.Second     // connections are opened, and the heap finds its size
	ratedFor = 5 * time.Second // what is reported
	triedFor = 2 * time.Second // each step of the search for the highest rate

	// searchSteps halve the gap between the highest rate that is known to work
	// and the lowest that is known not to.
	searchSteps = 4

	// crowd is how many calls at once find out what is possible at all, and
	// crowdCalls how many they are.
	crowd      = 128
	crowdCalls = 5000
)

// BenchmarkRate lets callers arrive at 1,000 a second, each a new one, while the
// phone system answers at once, and after 50 ms: what 50 and 99 of 100 wait
// beyond the phone system's own time, the memory and processor time of the
// server, and how long its threads waited for a processor (cpu-wait): if that is
// much, the figures are those of a busy machine. Then it searches for the
// highest rate at which 99 of 100 still wait for less than 20 ms (sustained/s),
// and for what a crowd gets that calls as fast as it is answered (crowd/s). The
// callers and the phone system share the machine with the server. An iteration
// is all of that, so one is enough.
func BenchmarkRate(b *testing.B) {
	for _, database := range databases {
		for _, takes := range []time.Duration{0, 50 * time.Millisecond} {
			b.Run(fmt.Sprintf("%s/%v", database.name, takes), func(b *testing.B) {
				for b.Loop() {
					rate(b, database.make(b), takes)
				}
				b.ReportMetric(0, "ns/op") // says nothing here
			})
		}
	}
}

func rate(b *testing.B, database store.Config, takes time.Duration) {
	b.Helper()
	system := newPhoneSystem(b, takes)
	write(b, filepath.Join(database.Folder, "domains.json"), oneEntry) // which the server imports
	s := serve(b, system, database)
	defer s.stop()
	l := newLine(b, s, system, "example.net-sms", crowd)
	l.arriving(b, aimedRate, warmUp)

	b.ReportMetric(load(), "load")
	worked, waited := s.worked(), s.waited()
	c := l.arriving(b, aimedRate, ratedFor)
	b.ReportMetric(float64((s.worked()-worked).Microseconds())/float64(len(c.took)), "cpu-µs/call")
	b.ReportMetric(float64((s.waited()-waited).Microseconds())/float64(len(c.took)), "cpu-wait-µs/call")
	b.ReportMetric(100*float64(c.failed)/float64(len(c.took)), "failed-%")
	b.ReportMetric(ms(part(c.beyond, 0.5)), "p50-ms")
	b.ReportMetric(ms(part(c.beyond, 0.99)), "p99-ms")
	now, _ := s.resident(b)
	b.ReportMetric(now, "rss-MiB")

	most := l.together(b, crowdCalls, crowd)
	perSecond := crowdCalls / most.whole.Seconds()
	b.ReportMetric(perSecond, "crowd/s")
	b.ReportMetric(sustained(b, l, perSecond), "sustained/s")
	_, peak := s.resident(b)
	b.ReportMetric(peak, "rss-peak-MiB")
}

// sustained returns the highest rate, below one that is impossible, at which 99
// of 100 callers wait less than is aimed at and all get their text; 0: there is
// none.
func sustained(b *testing.B, l *line, impossible float64) float64 {
	b.Helper()
	possible := 0.0
	for range searchSteps {
		tried := (possible + impossible) / 2
		if c := l.arriving(b, tried, triedFor); c.failed == 0 && part(c.beyond, 0.99) < aimedPart {
			possible = tried
		} else {
			impossible = tried
		}
	}
	return possible
}
