package core_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/pipenet"
)

// subscriber is a program that events are posted to.
type subscriber struct {
	t       *testing.T
	answers func(post int) int // the status of an answer, by its number from 0; nil: always 200

	mu    sync.Mutex
	took  []post
	heard chan struct{} // gets one for each post
}

// post is one that came.
type post struct {
	at     time.Time
	path   string
	header http.Header
	body   []byte
	events []fields
}

func newSubscriber(t *testing.T, answers func(int) int) *subscriber {
	return &subscriber{t: t, answers: answers, heard: make(chan struct{}, 10_000)}
}

func (s *subscriber) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	p := post{at: time.Now(), path: r.URL.Path, header: r.Header.Clone(), body: body}
	if err != nil || r.Method != http.MethodPost || json.Unmarshal(body, &p.events) != nil {
		s.t.Errorf("%s with %s, %v", r.Method, body, err)
	}
	s.mu.Lock()
	status := http.StatusOK
	if s.answers != nil {
		status = s.answers(len(s.took))
	}
	s.took = append(s.took, p)
	s.mu.Unlock()
	if status == http.StatusFound || status == http.StatusTemporaryRedirect {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
	s.heard <- struct{}{}
}

// wait returns once so many posts have come, all in all.
func (s *subscriber) wait(posts int) []post {
	s.t.Helper()
	for len(s.posts()) < posts {
		select {
		case <-s.heard:
		case <-time.After(await.Limit):
			s.t.Fatalf("%d posts came, want %d", len(s.posts()), posts)
		}
	}
	return s.posts()
}

func (s *subscriber) posts() []post {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.took
}

// listen returns a subscriber's address.
func (s *subscriber) listen() string {
	server := httptest.NewServer(s)
	s.t.Cleanup(server.Close)
	return server.URL
}

// telling is a system whose user 8001 has a number for texts, and that posts
// events until the test stops it.
type telling struct {
	*system
	cancel  context.CancelFunc
	stopped chan struct{}
}

func newTelling(t *testing.T, options fetch.Options) *telling {
	t.Helper()
	return newTellingWith(t, core.Config{}, options)
}

func newTellingWith(t *testing.T, c core.Config, options fetch.Options) *telling {
	t.Helper()
	client := fetch.New(options)
	t.Cleanup(client.CloseIdle)
	c.Poster = core.NewPoster(client)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &telling{system: newSystemWith(t, c), stopped: make(chan struct{})}
	_, err := s.CreateSMSNumber(t.Context(), domain, fields{"number": "19294873999", "application": "user", "dest": "8001"}.json(t))
	s.must(err)
	return s
}

// run begins to post.
func (s *telling) run() *telling {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() {
		defer close(s.stopped)
		s.PostEvents(ctx)
	}()
	s.t.Cleanup(s.stop)
	return s
}

// stop returns once nothing is posted any more.
func (s *telling) stop() {
	s.cancel()
	<-s.stopped
}

// subscribe makes a subscription.
func (s *telling) subscribe(of, model, url string, more fields) core.Key {
	s.t.Helper()
	f := fields{"model": model, "post-url": url}
	maps.Copy(f, more)
	made, err := s.CreateSubscription(s.t.Context(), of, f.json(s.t))
	s.must(err)
	return made.Key
}

// subscription returns status, errors and posts of a subscription.
func (s *telling) subscription(key core.Key) [3]string {
	s.t.Helper()
	o, err := s.Object(s.t.Context(), key)
	s.must(err)
	return [3]string{o.Fields.Text("status"), o.Fields.Text("error-count"), o.Fields.Text("posts-count")}
}

// receive lets a text come in.
func (s *telling) receive(message string) core.Object {
	s.t.Helper()
	o, err := s.ReceiveText(s.t.Context(), "+19734321440", "19294873999", message)
	s.must(err)
	return o
}

// loopback lets posts go to this machine.
var loopback = fetch.Options{Guard: fetch.Guard{Loopback: true}}

// piped leads all posts to a handler over pipes, so that time is virtual.
func piped(t *testing.T, h http.Handler) fetch.Options {
	return fetch.Options{Dial: pipenet.Serve(t, h).Dial}
}
