package bench_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/sourcetest"
)

const (
	onCallSecret = "correct-horse"
	onCallPolicy = "PT54U20"
	onCallAnswer = "status=ACK&destination=%2B31611111111"

	// steadyRate is how many calls a second arrive when no caller has to queue:
	// a busy line, for a service that asks PagerDuty at each.
	steadyRate = 20
	steadyFor  = 5 * time.Second
)

// onCallServices are Switchhook as it is shipped, and a small FastAPI service
// under uvicorn that asks PagerDuty at every call.
var onCallServices = []struct {
	name  string
	start func(b *testing.B, pagerDuty string) *service
}{
	{"switchhook", onCallSwitchhook},
	{"fastapi", onCallFastAPI},
}

// BenchmarkOnCall asks /voys-webhook who is on call, as a dial plan does, with
// 32 calls at once: requests a second, the 99th percentile, and the memory of
// all processes after the run. PagerDuty stands on the same machine, answers at
// once and has no limit; the real one takes a tenth of a second for each of a
// call's two questions, and answers 960 a minute.
func BenchmarkOnCall(b *testing.B) {
	for _, s := range onCallServices {
		b.Run(s.name, func(b *testing.B) {
			d := newDutyLine(b, s.start(b, onCallPagerDuty(b)))
			b.ResetTimer()
			took := d.together(b, b.N)
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			b.ReportMetric(ms(part(took, 0.99)), "p99-ms")
			all, own := d.service.memory(b)
			b.ReportMetric(all, "MiB")
			b.ReportMetric(own, "own-MiB")
			b.ReportMetric(load(), "load")
		})
	}
}

// BenchmarkOnCallSteady lets 20 calls a second arrive: what 50 and 99 of 100
// callers wait when none has to queue. An iteration is all of them.
func BenchmarkOnCallSteady(b *testing.B) {
	for _, s := range onCallServices {
		b.Run(s.name, func(b *testing.B) {
			d := newDutyLine(b, s.start(b, onCallPagerDuty(b)))
			var took []time.Duration
			for b.Loop() {
				took = d.steady(b)
			}
			b.ReportMetric(ms(part(took, 0.5)), "p50-ms")
			b.ReportMetric(ms(part(took, 0.99)), "p99-ms")
			b.ReportMetric(load(), "load")
			b.ReportMetric(0, "ns/op") // says nothing here
		})
	}
}

// onCallPagerDuty returns the address of a PagerDuty with one person on call.
func onCallPagerDuty(b *testing.B) string {
	b.Helper()
	standIn := sourcetest.NewPagerDuty(onCallPolicy)
	standIn.Limit(0, false)
	standIn.OnCall(sourcetest.Person{ID: "PANN", Name: "Ann Example", Level: 1, Phones: []sourcetest.Phone{{Country: 31, Number: "611111111", Rule: 1}}})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Connection") // httpx says that it keeps it, which is no news
		standIn.ServeHTTP(w, r)
		standIn.Forget() // a run asks it too often to remember
	}))
	b.Cleanup(func() {
		server.Close()
		if odd := standIn.Violations(); len(odd) > 0 {
			b.Errorf("PagerDuty was asked what it does not allow: %s", odd[0])
		}
	})
	return server.URL
}

func onCallSwitchhook(b *testing.B, pagerDuty string) *service {
	b.Helper()
	binary, err := program()
	if err != nil {
		b.Fatal(err)
	}
	folder, address := b.TempDir(), freeAddress(b)
	command := exec.CommandContext(context.Background(), binary, "serve")
	command.Dir = folder
	command.Env = append(environment(), "SWITCHHOOK_LISTEN="+address, "SWITCHHOOK_DATA="+filepath.Join(folder, "data"),
		"API_KEY="+sourcetest.PagerDutyKey, "SECRET_KEY="+onCallSecret, "ESCALATION_POLICY_ID="+onCallPolicy,
		"SWITCHHOOK_ONCALL_SOURCE_0_URL="+pagerDuty, "SWITCHHOOK_ONCALL_SOURCE_0_ALLOW_PRIVATE=true")
	return start(b, command, address, "/readyz")
}

func onCallFastAPI(b *testing.B, pagerDuty string) *service {
	b.Helper()
	const uvicorn = "/usr/bin/uvicorn"
	if _, err := os.Stat(uvicorn); err != nil {
		b.Skip("needs Debian's uvicorn, python3-fastapi and python3-httpx: make bench installs them")
	}
	app, err := filepath.Abs(".")
	if err != nil {
		b.Fatal(err)
	}
	address := freeAddress(b)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		b.Fatal(err)
	}
	command := exec.CommandContext(context.Background(), "/usr/bin/python3", uvicorn, "--app-dir", app, "--host", host, "--port", port, "oncall_fastapi_app:app")
	command.Env = append(environment(), "API_KEY="+sourcetest.PagerDutyKey, "SECRET_KEY="+onCallSecret, "ESCALATION_POLICY_ID="+onCallPolicy,
		"PAGERDUTY_URL="+pagerDuty, "PYTHONDONTWRITEBYTECODE=1")
	return start(b, command, address, "/voys-webhook?secret_key="+onCallSecret)
}

// dutyLine asks a service who is on call.
type dutyLine struct {
	service *service
	client  *http.Client
	url     string
	failed  atomic.Pointer[error] // the last failure; nil: there was none
}

// newDutyLine returns a line for as many calls at once as there are clients. Some are made
// by then, so that connections are open and somebody is known to be on call.
func newDutyLine(b *testing.B, s *service) *dutyLine {
	b.Helper()
	transport := &http.Transport{MaxIdleConns: clients, MaxIdleConnsPerHost: clients}
	b.Cleanup(transport.CloseIdleConnections)
	d := &dutyLine{
		service: s, client: &http.Client{Transport: transport, Timeout: callPatience},
		url: "http://" + s.address + "/voys-webhook?secret_key=" + onCallSecret + "&did=%2B31201111111&callerid=%2B31612345678",
	}
	d.together(b, 10*clients)
	return d
}

// call makes a call that was to be made at a time, and returns how long it took.
func (d *dutyLine) call(ctx context.Context, at time.Time) time.Duration {
	body, err := d.ask(ctx)
	if err == nil && body != onCallAnswer {
		err = fmt.Errorf("the answer is %q", body)
	}
	if err != nil {
		d.failed.Store(&err)
	}
	return time.Since(at)
}

func (d *dutyLine) ask(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return "", err
	}
	response, err := d.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// together makes n calls, 32 at once, and returns what
// each took, sorted.
func (d *dutyLine) together(b *testing.B, n int) []time.Duration {
	b.Helper()
	took := make([]time.Duration, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				took[i] = d.call(b.Context(), time.Now())
			}
		})
	}
	group.Wait()
	return d.sorted(b, took)
}

// steady makes calls at a rate, whether or not earlier ones have finished.
func (d *dutyLine) steady(b *testing.B) []time.Duration {
	b.Helper()
	took := make([]time.Duration, int(steadyRate*steadyFor.Seconds()))
	arrivals := time.NewTicker(time.Second / steadyRate)
	defer arrivals.Stop()
	var group sync.WaitGroup
	for i := range took {
		at := <-arrivals.C
		group.Go(func() { took[i] = d.call(b.Context(), at) })
	}
	group.Wait()
	return d.sorted(b, took)
}

func (d *dutyLine) sorted(b *testing.B, took []time.Duration) []time.Duration {
	b.Helper()
	if failed := d.failed.Load(); failed != nil {
		d.service.fatal(b, "not every call got its number: %v", *failed)
	}
	slices.Sort(took)
	return took
}
