package oncall_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

const (
	secret  = "correct-horse-battery-staple"
	annCell = "+31611111111"
	annDesk = "+31201111111"
	benCell = "+31622222222"
	cleoTel = "+31633333333"
	caller  = "+31655555555"
	spare   = "+31201234567"
)

// monday is a Monday, 9:00 UTC.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func person(name string, level int, numbers ...string) source.Person {
	return source.Person{ID: strings.ToLower(name), Name: name, Email: strings.ToLower(name) + "@example.net", Level: level, Numbers: numbers}
}

// station is a source whose behaviour a test changes while it is asked.
type station struct {
	mu     sync.Mutex
	fetch  func(ctx context.Context) (source.Snapshot, error)
	asked  int
	asking int
	most   int // questions at once
}

func answering(people ...source.Person) *station {
	s := &station{}
	s.answer(people...)
	return s
}

func (s *station) answer(people ...source.Person) {
	s.behave(func(context.Context) (source.Snapshot, error) { return source.Snapshot{People: people}, nil })
}

func (s *station) fail(err error) {
	s.behave(func(context.Context) (source.Snapshot, error) { return source.Snapshot{}, err })
}

// freeze lets the source take a question and say nothing.
func (s *station) freeze() {
	s.behave(func(ctx context.Context) (source.Snapshot, error) {
		<-ctx.Done()
		return source.Snapshot{}, &source.Error{Source: "station", Code: fault.Unavailable, Message: "it did not answer in time", Err: ctx.Err()}
	})
}

func (s *station) behave(fetch func(context.Context) (source.Snapshot, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetch = fetch
}

func (s *station) Fetch(ctx context.Context) (source.Snapshot, error) {
	s.mu.Lock()
	fetch := s.fetch
	s.asked++
	s.asking++
	s.most = max(s.most, s.asking)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asking--
	}()
	return fetch(ctx)
}

func (s *station) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

var errRefused = &source.Error{Source: "station", Code: fault.Unavailable, Message: "the connection was refused", Err: errors.New("refused")}

// office is a Dispatcher with its sources.
type office struct {
	t          testing.TB
	dispatcher *oncall.Dispatcher
	keeper     *oncall.Keeper
	log        await.Log
}

// open returns an office in which nothing runs yet. Where the configuration has
// no Keeper it is one of the sources.
func open(t testing.TB, c oncall.Config, k oncall.KeeperConfig) *office {
	t.Helper()
	o := &office{t: t}
	log := slog.New(slog.NewTextHandler(&o.log, &slog.HandlerOptions{Level: slog.LevelDebug})).LogAttrs
	k.Log, c.Log = log, log
	var err error
	if o.keeper, err = oncall.NewKeeper(k); err != nil {
		t.Fatal(err)
	}
	c.Keeper = o.keeper
	if o.dispatcher, err = oncall.New(c); err != nil {
		t.Fatal(err)
	}
	o.dispatcher.Load(t.Context())
	return o
}

// support is the usual route.
func support(change ...func(*oncall.Route)) oncall.Route {
	r := oncall.Route{Name: "support", Secrets: []string{secret}, Sources: []string{"rota"}}
	for _, f := range change {
		f(&r)
	}
	return r
}

// one is an office of one route and one source.
func one(t testing.TB, s source.Source, change ...func(*oncall.Route)) *office {
	t.Helper()
	return open(t, oncall.Config{Routes: []oncall.Route{support(change...)}},
		oncall.KeeperConfig{Sources: []oncall.PolledSource{{Name: "rota", Source: s}}})
}

func withFallback(r *oncall.Route) { r.Rules.Fallback = spare }

// run runs the parts of an office until the returned function is called.
func (o *office) run() (stop func()) {
	ctx, cancel := context.WithCancel(o.t.Context())
	var running sync.WaitGroup
	keeper, dispatcher := o.keeper, o.dispatcher // a test may put others in their place
	running.Go(func() { keeper.Run(ctx) })
	running.Go(func() { dispatcher.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// reply is what a phone system gets.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask asks as the Voys webhook does, with the secret.
func (o *office) ask(query string) reply {
	o.t.Helper()
	return serve(o.dispatcher.Voys(), httptest.NewRequest(http.MethodGet, "/voys-webhook?secret_key="+secret+query, http.NoBody))
}

func serve(h http.Handler, r *http.Request) reply {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Result().Body)
	return reply{w.Code, w.Result().Header, string(body)}
}

// ack is the line for a number with a plus.
func ack(number string) string { return "status=ACK&destination=%2B" + strings.TrimPrefix(number, "+") }

func (o *office) wants(got reply, want string) {
	o.t.Helper()
	if got.status != http.StatusOK || got.body != want {
		o.t.Errorf("got %d %q, want 200 %q\n%s", got.status, got.body, want, o.log.String())
	}
}

// notify posts a notification.
func (o *office) notify(callID, status, reason, from string) reply {
	o.t.Helper()
	body := fmt.Sprintf(`{"call_id":%q,"timestamp":"2026-03-02T09:00:00+00:00","status":%q,"reason":%q,"version":"v2","direction":"inbound",
		"caller":{"number":%q,"name":null,"account_number":null,"user_numbers":[]},"destination":{"number":%q}}`, callID, status, reason, from, did)
	r := httptest.NewRequest(http.MethodPost, "/voys-notifications?secret_key="+secret, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return serve(o.dispatcher.Notifications(), r)
}
