package bench_test

import (
	"fmt"
	"path/filepath"
	"testing"
)

// BenchmarkOverload finds out how many calls a second a server takes from 32
// callers who call as fast as they are answered, and lets callers arrive at a quarter to four times that rate, after a second
// for each rate to settle: of the calls made within five seconds how many get
// their text in the end (served/s), what 50 and 99 of 100 of them wait, how many
// of 100 hear the apology, and what 99 of 100 of those wait for it; how many
// neither hear (silent-%); the most memory (RSS) that the server has held, and
// its processor time. The callers and the phone system, which answers at once,
// share the machine with the server and the database, and take the more of it
// the more call.
func BenchmarkOverload(b *testing.B) {
	for _, database := range databases {
		b.Run(database.name, func(b *testing.B) {
			system, config := newPhoneSystem(b, 0), database.make(b)
			write(b, filepath.Join(config.Folder, "domains.json"), oneEntry) // which the server imports
			s := serve(b, system, config)
			l := newLine(b, s, system, "example.net-sms", manyAtOnce)
			l.together(b, crowdCalls/5, clients) // connections are opened
			c := l.together(b, crowdCalls, clients)
			most := float64(len(c.served)) / c.whole.Seconds()
			b.Run("most", func(b *testing.B) {
				for b.Loop() { // it has been measured
				}
				b.ReportMetric(most, "served/s")
				b.ReportMetric(load(), "load")
				b.ReportMetric(0, "ns/op") // says nothing here
			})
			for _, times := range []float64{0.25, 0.5, 0.75, 1, 1.5, 2, 4} {
				b.Run(fmt.Sprintf("%vx", times), func(b *testing.B) {
					for b.Loop() {
						l.overload(b, times*most)
					}
					b.ReportMetric(0, "ns/op")
				})
			}
		})
	}
}

// manyAtOnce is how many connections stay open between calls.
const manyAtOnce = 4096

// overload reports what comes of calls at a rate.
func (l *line) overload(b *testing.B, rate float64) {
	b.Helper()
	l.arriving(b, rate, warmUp)
	worked := l.service.worked()
	c := l.arriving(b, rate, ratedFor)
	all := float64(len(c.took))
	b.ReportMetric(all/ratedFor.Seconds(), "offered/s")
	b.ReportMetric(float64(len(c.served))/c.whole.Seconds(), "served/s")
	b.ReportMetric(ms(part(c.served, 0.5)), "p50-ms")
	b.ReportMetric(ms(part(c.served, 0.99)), "p99-ms")
	b.ReportMetric(100*float64(len(c.sorry))/all, "sorry-%")
	b.ReportMetric(ms(part(c.sorry, 0.5)), "sorry-p50-ms")
	b.ReportMetric(ms(part(c.sorry, 0.99)), "sorry-p99-ms")
	b.ReportMetric(100*float64(c.failed-len(c.sorry))/all, "silent-%")
	_, peak := l.service.resident(b)
	b.ReportMetric(peak, "rss-peak-MiB")
	b.ReportMetric(float64((l.service.worked()-worked).Milliseconds())/10/c.whole.Seconds(), "cpu-%")
	b.ReportMetric(load(), "load")
}
