package bench_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// callPatience is how long a phone system waits for an answer.
const callPatience = 15 * time.Second

// errApology is the error of a call whose caller heard the apology.
var errApology = errors.New("the caller heard the apology")

// apology is what Switchhook says to callers who get no text.
const apology = "could not send directions"

// line asks a service for callers.
type line struct {
	service *service
	system  *phoneSystem
	client  *http.Client
	entry   string
}

// newLine returns a line for so many calls at once.
func newLine(b *testing.B, s *service, system *phoneSystem, entry string, atOnce int) *line {
	b.Helper()
	transport := &http.Transport{MaxIdleConns: atOnce, MaxIdleConnsPerHost: atOnce}
	b.Cleanup(transport.CloseIdleConnections)
	return &line{service: s, system: system, entry: entry, client: &http.Client{Transport: transport, Timeout: callPatience}}
}

// call makes one call. The error says why it did not get its text.
func (l *line) call(ctx context.Context, caller int64) error {
	query := url.Values{
		"id": {l.entry}, "NmsAni": {number(caller)}, "NmsDnis": {"12125550100"}, "OrigCallID": {fmt.Sprintf("call-%d", caller)},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+l.service.address+"/webresponder?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	response, err := l.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode == http.StatusOK && bytes.Contains(body, []byte(apology)) {
		return errApology
	}
	if response.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("texted you")) {
		return fmt.Errorf("status %d: %s", response.StatusCode, body)
	}
	return nil
}

// calls is the result of a run of calls.
type calls struct {
	failed int             // got no text within the caller's patience
	sorry  []time.Duration // what the apology took those of them who heard it, sorted
	served []time.Duration // what those took who got their text, sorted
	beyond []time.Duration // what each took beyond the phone system's own time, sorted
	took   []time.Duration // what each took, sorted
	whole  time.Duration
}

// part returns the duration that a share of the calls did not exceed.
func part(sorted []time.Duration, share float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}

// ms is a duration as it is reported.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// together makes n calls, so many at once: as soon as one is answered the next
// one follows.
func (l *line) together(b *testing.B, n, atOnce int) calls {
	b.Helper()
	r := l.begin(n)
	var next atomic.Int64
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				r.make(b.Context(), int(i), time.Now())
			}
		})
	}
	group.Wait()
	return r.end(b)
}

// arriving makes calls at a rate, whether or not earlier ones have finished:
// callers do not wait for each other. The gaps between them are random, as
// callers' are, and the time of each call counts from when it was due.
func (l *line) arriving(b *testing.B, rate float64, during time.Duration) calls {
	b.Helper()
	const seed = 1 // the same callers each time
	random := rand.New(rand.NewPCG(seed, seed))
	var arrivals []time.Duration
	for at := time.Duration(0); at < during; at += time.Duration(random.ExpFloat64() / rate * float64(time.Second)) {
		arrivals = append(arrivals, at)
	}
	r := l.begin(len(arrivals))
	var group sync.WaitGroup
	for i, arrival := range arrivals {
		at := r.began.Add(arrival)
		<-time.After(time.Until(at))
		group.Go(func() { r.make(b.Context(), i, at) })
	}
	group.Wait()
	return r.end(b)
}

// run is a number of calls that are being made.
type run struct {
	line  *line
	first int64 // caller
	began time.Time
	took  []time.Duration

	result  []error // of each call
	failed  atomic.Int64
	problem atomic.Pointer[error] // of one of them
}

func (l *line) begin(n int) *run {
	return &run{line: l, first: callers.Add(int64(n)) - int64(n), began: time.Now(), took: make([]time.Duration, n), result: make([]error, n)}
}

// make makes a call that was to be made at a time.
func (r *run) make(ctx context.Context, i int, at time.Time) {
	err := r.line.call(ctx, r.first+int64(i))
	if r.result[i] = err; err != nil {
		r.failed.Add(1)
		r.problem.Store(&err)
	}
	r.took[i] = time.Since(at)
}

// end returns the result. Nobody may have got two texts, and everyone who heard
// that a text was sent must have got it.
func (r *run) end(b *testing.B) calls {
	b.Helper()
	c := calls{failed: int(r.failed.Load()), whole: time.Since(r.began), took: r.took}
	texts := 0
	for i, took := range r.took {
		text := r.line.system.of(r.first + int64(i))
		if text.times > 1 {
			r.line.service.fatal(b, "caller %s got %d texts", number(r.first+int64(i)), text.times)
		}
		texts += text.times
		c.beyond = append(c.beyond, took-text.took)
		switch r.result[i] {
		case nil:
			c.served = append(c.served, took)
		case errApology:
			c.sorry = append(c.sorry, took)
		}
	}
	if texts < len(r.took)-c.failed {
		r.line.service.fatal(b, "%d texts went out to %d callers, %d of whom were told of none", texts, len(r.took), c.failed)
	}
	if c.failed > 0 {
		b.Logf("%d of %d calls failed, for example: %v", c.failed, len(r.took), *r.problem.Load())
	}
	slices.Sort(c.beyond)
	slices.Sort(c.sorry)
	slices.Sort(c.served)
	slices.Sort(c.took)
	return c
}
