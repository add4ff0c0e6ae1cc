package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

const (
	// presses are made in one go, in a run as many times as the clock asks for.
	presses = 400

	buttonID = "example.net-sales"
	queue    = "9002"

	// oneButton is the domains.json of one customer, as both services read it.
	oneButton = `{"` + buttonID + `": {"api_domain": "example.net", "queue": "` + queue + `@example.net", "branding": {
  "button_text": "Call Us Now", "button_color": "#1a73e8", "company_name": "Example", "logo_url": ""}}}
`
)

// buttonServices are Switchhook on each database, and a small Flask service
// under gunicorn -w 2 that stores nothing. Switchhook's caps on a button and on
// a tenant, which would end the run after 200 calls, are as high as settings
// allow; everything else is as it is shipped.
func buttonServices() []buttonService {
	var all []buttonService
	for _, database := range databases {
		all = append(all, buttonService{"switchhook-" + database.name, true, func(b *testing.B, system *nstest.System) *service {
			config := database.make(b)
			write(b, filepath.Join(config.Folder, "domains.json"), oneButton) // which the server imports
			return serveButton(b, system, config)
		}})
	}
	return append(all, buttonService{"flask", false, flaskButton})
}

type buttonService struct {
	name   string
	tokens bool // it takes no call without one
	start  func(*testing.B, *nstest.System) *service
}

func serveButton(b *testing.B, system *nstest.System, config store.Config) *service {
	b.Helper()
	return serve(b, &phoneSystem{url: system.URL}, config, "NS_TOKEN="+nstest.Token,
		"SWITCHHOOK_CLICKTOCALL_WIDGET_PER_DAY=10000", "SWITCHHOOK_CLICKTOCALL_TENANT_PER_DAY=20000")
}

func flaskButton(b *testing.B, system *nstest.System) *service {
	b.Helper()
	const gunicorn = "/usr/bin/gunicorn"
	if _, err := os.Stat(gunicorn); err != nil {
		b.Skip("needs Debian's gunicorn, python3-flask and python3-requests: make bench installs them")
	}
	app, err := filepath.Abs(".")
	if err != nil {
		b.Fatal(err)
	}
	address, domains := freeAddress(b), filepath.Join(b.TempDir(), "domains.json")
	write(b, domains, oneButton)
	command := exec.CommandContext(context.Background(), "/usr/bin/python3", gunicorn, "-w", "2", "-b", address, "--chdir", app, "flask_app:app")
	command.Env = append(os.Environ(), "NS_TOKEN="+nstest.Token, "NS_URL="+system.URL, "DOMAINS="+domains, "PYTHONDONTWRITEBYTECODE=1")
	return start(b, command, address, "/webresponder")
}

// buttonSystem is a phone system with the button's queue.
func buttonSystem(b *testing.B) *nstest.System {
	b.Helper()
	system := nstest.Start(b, nstest.Quirks{})
	system.AddDomain("example.net")
	system.AddQueue("example.net", queue)
	return system
}

// BenchmarkWidget asks for /widget.js as 32 visitors' browsers do that have not
// loaded it before: requests a second, the 99th percentile, the bytes of a
// script as sent, and the memory of all processes after the run.
func BenchmarkWidget(b *testing.B) {
	for _, s := range buttonServices() {
		b.Run(s.name, func(b *testing.B) {
			v := newVisitors(b, s.start(b, buttonSystem(b)), "")
			b.ResetTimer()
			took := v.together(b.N, func(int) error { return v.script(b.Context()) })
			b.StopTimer()
			v.succeeded(b)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			b.ReportMetric(ms(part(took, 0.99)), "p99-ms")
			b.ReportMetric(float64(v.bytes.Load()), "bytes")
			v.memory(b)
		})
	}
}

// BenchmarkClickToCall has 32 visitors at once press the button, each from their
// own network for a number that was not asked for before. It measures POST
// /click-to-call, which takes the call to the phone system: calls a second, and
// what a visitor waits. Switchhook takes none without a token and a proof of
// work; what those cost a visitor beforehand is reported beside it. An iteration
// is 400 presses.
func BenchmarkClickToCall(b *testing.B) {
	for _, s := range buttonServices() {
		b.Run(s.name, func(b *testing.B) {
			system := buttonSystem(b)
			v := newVisitors(b, s.start(b, system), "application/json")
			var called, asked, proved []time.Duration
			var whole time.Duration
			for b.Loop() {
				bodies := make([][]byte, presses)
				first := callers.Add(presses) - presses
				if s.tokens {
					asked, proved = v.prepare(b, first, bodies)
				} else {
					for i := range bodies {
						bodies[i] = fmt.Appendf(nil, `{"id":%q,"phone":%q}`, buttonID, number(first + int64(i))[1:])
					}
				}
				began := time.Now()
				called = append(called, v.together(presses, func(i int) error {
					return v.post(b.Context(), "/click-to-call", first+int64(i), bodies[i], nil)
				})...)
				whole += time.Since(began)
			}
			v.succeeded(b)
			if got := len(system.QueuedCalls()); got != len(called) {
				v.service.fatal(b, "%d presses came to %d calls", len(called), got)
			}
			slices.Sort(called)
			b.ReportMetric(float64(len(called))/whole.Seconds(), "calls/s")
			b.ReportMetric(ms(part(called, 0.5)), "p50-ms")
			b.ReportMetric(ms(part(called, 0.99)), "p99-ms")
			if s.tokens {
				b.ReportMetric(ms(part(asked, 0.5)), "token-p50-ms")
				b.ReportMetric(ms(part(proved, 0.5)), "work-p50-ms")
			}
			v.memory(b)
			b.ReportMetric(0, "ns/op") // says nothing here
		})
	}
}

// visitors are people's browsers at a service.
type visitors struct {
	service *service
	client  *http.Client
	content string // type of what they send

	bytes   atomic.Int64 // of the last script
	failed  atomic.Int64
	problem atomic.Pointer[error] // of one of them
}

func newVisitors(b *testing.B, s *service, content string) *visitors {
	b.Helper()
	transport := &http.Transport{MaxIdleConns: clients, MaxIdleConnsPerHost: clients, DisableCompression: true}
	b.Cleanup(transport.CloseIdleConnections)
	return &visitors{service: s, content: content, client: &http.Client{Transport: transport, Timeout: callPatience}}
}

// together does something n times, by as many visitors at once as there are
// clients, and returns what each took, sorted.
func (v *visitors) together(n int, do func(i int) error) []time.Duration {
	took := make([]time.Duration, n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				began := time.Now()
				if err := do(i); err != nil {
					v.failed.Add(1)
					v.problem.Store(&err)
				}
				took[i] = time.Since(began)
			}
		})
	}
	group.Wait()
	slices.Sort(took)
	return took
}

// succeeded ends the benchmark where something failed: figures of refusals say
// nothing.
func (v *visitors) succeeded(b *testing.B) {
	b.Helper()
	if n := v.failed.Load(); n > 0 {
		v.service.fatal(b, "%d requests failed, for example: %v", n, *v.problem.Load())
	}
}

func (v *visitors) memory(b *testing.B) {
	b.Helper()
	all, own := v.service.memory(b)
	b.ReportMetric(all, "MiB")
	b.ReportMetric(own, "own-MiB")
	b.ReportMetric(load(), "load")
}

// script gets the button's script.
func (v *visitors) script(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+v.service.address+"/widget.js?id="+buttonID, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Accept-Encoding", "gzip")
	request.Header.Set("Accept-Language", "en")
	response, err := v.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	n, err := io.Copy(io.Discard, response.Body)
	if err != nil || response.StatusCode != http.StatusOK || n == 0 {
		return fmt.Errorf("status %d, %d bytes: %w", response.StatusCode, n, err)
	}
	v.bytes.Store(n)
	return nil
}

// promised is what a token asks for.
type promised struct {
	Token, Challenge string
	Bits             int
}

// prepare does for each visitor what goes before the call, and returns what
// tokens and the work for them took.
func (v *visitors) prepare(b *testing.B, first int64, bodies [][]byte) (asked, proved []time.Duration) {
	b.Helper()
	tokens := make([]promised, len(bodies))
	ask := fmt.Appendf(nil, `{"id":%q}`, buttonID)
	asked = v.together(len(bodies), func(i int) error {
		return v.post(b.Context(), "/click-to-call/token", first+int64(i), ask, &tokens[i])
	})
	for i, token := range tokens {
		began := time.Now()
		nonce := clicktocall.Solve(token.Challenge, token.Bits)
		proved = append(proved, time.Since(began))
		bodies[i] = fmt.Appendf(nil, `{"id":%q,"phone":%q,"token":%q,"nonce":%q}`, buttonID, number(first + int64(i))[1:], token.Token, nonce)
	}
	slices.Sort(proved)
	return asked, proved
}

// post asks for a visitor, as the proxy on this machine passes it on.
func (v *visitors) post(ctx context.Context, path string, visitor int64, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+v.service.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", v.content)
	request.Header.Set("Origin", "https://www.example.net")
	request.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.7", visitor&255, visitor>>8&255))
	response, err := v.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK && response.StatusCode != http.StatusAccepted:
		return fmt.Errorf("status %d: %s", response.StatusCode, text)
	case answer != nil:
		return json.Unmarshal(text, answer)
	}
	return nil
}
