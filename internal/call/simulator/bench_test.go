package simulator_test

import (
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/switchhook/switchhook/examples/math"
	"github.com/switchhook/switchhook/internal/call/simulator"
)

// BenchmarkCall places whole calls to the math line: three questions and
// answers each, over loopback as on the wire or inside this process, on one
// core, which the responder shares.
func BenchmarkCall(b *testing.B) {
	server := httptest.NewServer(math.Handler())
	defer server.Close()
	for _, c := range []struct {
		name    string
		options simulator.Options
	}{
		{"loopback", simulator.Options{Target: server.URL}},
		{"handler", simulator.Options{Target: target, Handler: math.Handler()}},
	} {
		b.Run(c.name, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			c.options.Answers = []simulator.Step{{Do: simulator.Press, Text: "3#"}, {Do: simulator.Press, Text: "4#"}}
			b.ReportAllocs()
			for b.Loop() {
				result, err := simulator.Call(b.Context(), c.options)
				if err != nil || len(result.Events) != 11 {
					b.Fatalf("%v, %q", err, told(result.Events))
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
