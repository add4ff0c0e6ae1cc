package server_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/sipp"
)

// The numbers that callers call.
const (
	saysAWord   = "12125551212" // plays a second, and hangs up
	playsOn     = "12125551213"
	saysNothing = "12125551214" // its responder does not answer
)

// caller is a scenario of sipp, and the number that it calls.
type caller struct {
	scenario, number string
	outlasted        bool // the server waits 32 s for what never comes, or twice that
}

// polite are the callers that do as they should.
var polite = []caller{{scenario: "hears", number: saysAWord}, {scenario: "hangs_up", number: playsOn}}

// rude are those that do not.
var rude = []caller{
	{scenario: "bye_before_ack", number: playsOn},
	{scenario: "bye_before_answer", number: saysNothing},
	{scenario: "cancel", number: saysNothing},
	{scenario: "cancel_thrice", number: saysNothing},
	{scenario: "no_answer", number: playsOn},
	{scenario: "g729_only", number: saysAWord},
	{scenario: "lower_cseq", number: playsOn},
	{scenario: "refer", number: playsOn},
	{scenario: "no_ack", number: playsOn, outlasted: true},
	{scenario: "no_ack_again", number: playsOn, outlasted: true},
	{scenario: "vanishes_at_answer", number: saysAWord, outlasted: true},
	{scenario: "vanishes_in_prompt", number: saysAWord, outlasted: true},
}

// TestCallsOverSIPLeaveNothing has sipp call, a tenth of the calls wrong. At full size
// these are 10,000, at 50 a second. What the heap has is compared from the 2,500th on:
// Go keeps the room of a map and of goroutines for as many as there ever were, and a
// transaction of SIP stays for 32 s, so that there are never more of them after that.
func TestCallsOverSIPLeaveNothing(t *testing.T) {
	sipp.Find(t)
	if os.Getenv("SWITCHHOOK_TEST_FULL") == "" {
		// A transaction of sipgo has a goroutine for 64·T1.
		sip.SetTimers(50*time.Millisecond, 400*time.Millisecond, 500*time.Millisecond)
		t.Cleanup(func() { sip.SetTimers(500*time.Millisecond, 4*time.Second, 5*time.Second) })
		x := takeManyCalls(t)
		x.phoned(t, crowd{polite: 92, rude: 2, within: 4 * time.Second})
		x.leftNothing(t)
		x.balances(t)
		return
	}
	x := takeManyCalls(t)
	x.phoned(t, crowd{polite: 1130, rude: 20, within: 50 * time.Second, patient: true})
	x.leftNothing(t)
	heap := x.heap(t)
	x.phoned(t, crowd{polite: 3372, rude: 63, within: 150 * time.Second, patient: true})
	x.leftNothing(t)
	now := x.heap(t)
	t.Logf("%d calls: the heap has %d bytes, %d after the first 2,500", x.calls, now, heap)
	if now > heap+heap/20 {
		t.Errorf("the heap has %d bytes after all calls, %d after the first 2,500", now, heap)
	}
	x.balances(t)
}

// crowd is how many callers of each kind call.
type crowd struct {
	polite, rude int
	within       time.Duration // all of them begin
	patient      bool          // those that the server outlasts are among them
}

// manyCalls is a server that takes all the calls that sipp makes.
type manyCalls struct {
	*phoneSystem
	before use          // the first call
	ends   atomic.Int64 // of calls, that were logged
	calls  int          // that sipp made
}

// Write counts the ends of calls in the log.
func (x *manyCalls) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`msg="call ended"`)) {
		x.ends.Add(1)
	}
	return len(line), nil
}

func takeManyCalls(t *testing.T) *manyCalls {
	t.Helper()
	x := &manyCalls{}
	x.phoneSystem = startCoreIn(t, sipSettings(t, t.TempDir(), map[string]string{
		"core.sip_allow.0": "127.0.0.1/32", "core.max_calls_per_second": "10000",
	}), server.Options{Log: slog.New(slog.NewTextHandler(x, nil))})
	x.leadTo(t, "8001", respondingTo(t))
	for _, number := range []string{saysAWord, playsOn, saysNothing} {
		x.provision(t, http.MethodPost, "/phonenumbers", `{"phonenumber":"`+number+`","dial-rule-application":"to-user","dial-rule-translation-destination-user":"8001"}`)
	}
	http.DefaultClient.CloseIdleConnections() // of those requests
	x.before = x.inUse(t)
	return x
}

// respondingTo serves the documents of the numbers. It closes each connection: one that
// waits for the next request would look like something left.
func respondingTo(t *testing.T) string {
	t.Helper()
	second, minute := wavOf(t, time.Second), wavOf(t, time.Minute)
	program := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch called := r.FormValue(responder.ParamCalled); {
		case r.URL.Path == "/second.wav":
			_, _ = w.Write(second)
		case r.URL.Path == "/minute.wav":
			_, _ = w.Write(minute)
		case called == saysAWord:
			_, _ = io.WriteString(w, `<Play>second.wav</Play>`)
		case called == playsOn:
			_, _ = io.WriteString(w, `<Play>minute.wav</Play>`)
		case called == saysNothing:
			<-r.Context().Done()
		default:
			t.Errorf("a call to %q", called)
		}
	}))
	program.Config.SetKeepAlivesEnabled(false)
	program.Start()
	t.Cleanup(program.Close)
	return program.URL + "/"
}

func wavOf(t *testing.T, length time.Duration) []byte {
	t.Helper()
	tone, err := audio.DTMF("5", length, 0)
	if err != nil {
		t.Fatal(err)
	}
	var wav bytes.Buffer
	if err := audio.WriteWAV(&wav, tone); err != nil {
		t.Fatal(err)
	}
	return wav.Bytes()
}

// phoned has a crowd call, and waits until all of them are done.
func (x *manyCalls) phoned(t *testing.T, all crowd) {
	t.Helper()
	var runs []*sipp.Run
	start := func(c caller, calls int) {
		if calls == 0 || c.outlasted && !all.patient {
			return
		}
		x.calls += calls
		runs = append(runs, sipp.Start(t, "testdata/sipp/"+c.scenario+".xml", "-s", c.number, "-nr",
			"-m", strconv.Itoa(calls), "-r", strconv.Itoa(calls), "-rp", strconv.FormatInt(all.within.Milliseconds(), 10), "-l", strconv.Itoa(calls),
			"-timeout", strconv.Itoa(int(await.Limit/time.Second)), x.SIPAddresses()[0].Address.String()))
	}
	for _, c := range polite {
		start(c, all.polite)
	}
	for _, c := range rude {
		start(c, all.rude)
	}
	for _, run := range runs {
		run.Wait()
	}
}

// use is what a process uses.
type use struct{ goroutines, files int }

// inUse returns what the process uses now, without the files of the database, which
// has as many connections as it pleases.
func (x *manyCalls) inUse(t *testing.T) use {
	t.Helper()
	now := use{goroutines: runtime.NumGoroutine()}
	const folder = "/proc/self/fd"
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name, err := os.Readlink(filepath.Join(folder, file.Name()))
		if err == nil && !strings.HasPrefix(name, filepath.Join(x.data, "switchhook.db")) {
			now.files++
		}
	}
	return now
}

// leftNothing waits until there are no calls, and no more is in use than before the
// first.
func (x *manyCalls) leftNothing(t *testing.T) {
	t.Helper()
	await.That(t, "an end of all calls", func() bool {
		return x.figure(t, "sip_calls") == 0 && x.figure(t, "media_ports_in_use") == 0
	})
	await.That(t, fmt.Sprintf("as little in use as before: %+v", x.before), func() bool {
		now := x.inUse(t)
		return now.goroutines <= x.before.goroutines && now.files <= x.before.files
	})
}

// forgotten is how long after a call its SIP transactions are kept: 64·T1 twice, for a
// caller who neither acknowledges the answer nor answers the BYE.
const forgotten = 65 * time.Second

// heap returns what is in use of the heap a minute from now.
func (x *manyCalls) heap(t *testing.T) uint64 {
	t.Helper()
	over := time.Now()
	await.That(t, "a minute's silence", func() bool { return time.Since(over) > forgotten })
	runtime.GC()
	runtime.GC() // what a finalizer or a sync.Pool had goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// balances checks that each call of sipp was taken, has ended and is stored.
func (x *manyCalls) balances(t *testing.T) {
	t.Helper()
	taken := x.figure(t, "sip_calls_total")
	var refused int
	for _, n := range regexp.MustCompile(`(?m)^switchhook_sip_calls_refused_total\{.*\} (.*)$`).FindAllSubmatch(x.scrape(t), -1) {
		count, err := strconv.Atoi(string(n[1]))
		if err != nil {
			t.Fatal(err)
		}
		refused += count
	}
	stored, err := x.StoredCalls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := [...]int{taken + refused, int(x.ends.Load()) + refused, len(stored) + refused}; got != [...]int{x.calls, x.calls, x.calls} {
		t.Errorf("of %d calls %d were taken, %d refused, %d have ended and %d are stored", x.calls, taken, refused, x.ends.Load(), len(stored))
	}
}

// figure returns a metric without labels.
func (x *manyCalls) figure(t *testing.T, name string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^switchhook_` + name + ` (.*)$`).FindSubmatch(x.scrape(t))
	if found == nil {
		t.Fatalf("the metrics lack %s", name)
	}
	value, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(value)
}
