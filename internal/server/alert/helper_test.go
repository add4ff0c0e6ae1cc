package alert_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/pipenet"
)

// secret is the part of the address that must not show.
const secret = "hunter2hunter2"

// posted is what a chat receives.
type posted struct {
	Kind     string    `json:"kind"`
	About    string    `json:"about"`
	Text     string    `json:"text"`
	Count    int       `json:"count"`
	At       time.Time `json:"at"`
	Resolved bool      `json:"resolved"`

	after time.Duration // since the desk was made
}

// chat receives alerts, over net.Pipe, in a bubble of synctest.
type chat struct {
	t       *testing.T
	started time.Time

	mu     sync.Mutex
	answer func(w http.ResponseWriter, n int) // the n-th request, from 1; nil: 200
	asked  []time.Duration
	got    []posted
	counts []string
}

func (c *chat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.asked = append(c.asked, time.Since(c.started))
	answer, n := c.answer, len(c.asked)
	c.mu.Unlock() // waiting for the lock in a bubble stops the clock
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || !strings.HasSuffix(r.URL.Path, secret) {
		c.t.Errorf("it is asked with %s %s, %s", r.Method, r.URL, r.Header.Get("Content-Type"))
	}
	if answer != nil {
		recorder := &status{ResponseWriter: w, code: http.StatusOK}
		answer(recorder, n)
		if recorder.code != http.StatusOK {
			return
		}
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Errorf("read: %v", err)
	}
	p := posted{after: time.Since(c.started)}
	if err := json.Unmarshal(content, &p); err != nil {
		c.t.Errorf("%s: %v", content, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, p)
}

// status records the status of the answer.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// texts returns what arrived since its last call, as lines.
func (c *chat) texts() []string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	var lines []string
	for _, p := range c.got {
		lines = append(lines, p.after.String()+" "+p.Text)
	}
	c.got = nil
	return lines
}

// times returns when requests came.
func (c *chat) times() []time.Duration {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// answers sets the answers from now on.
func (c *chat) answers(with func(w http.ResponseWriter, n int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = with
}

// desk is a running Sender, with its log.
type desk struct {
	*alert.Sender
	*chat

	log  await.Log
	stop func() // ends Run and waits for it
}

// open returns a Sender that posts to a chat. Call it in a bubble.
func open(t *testing.T, repeat time.Duration) *desk {
	t.Helper()
	return openIn(t, repeat, &chat{t: t, started: time.Now()}, "one", nil)
}

// openIn returns a server's Sender that posts to a chat, and keeps what it tells.
func openIn(t *testing.T, repeat time.Duration, to *chat, name string, records alert.Records) *desk {
	t.Helper()
	d := &desk{chat: to}
	client := fetch.New(fetch.Options{MaxRedirects: -1, Dial: pipenet.Serve(t, d.chat).Dial})
	var err error
	d.Sender, err = alert.New(alert.Config{
		Settings: settingsOf("http://chat.example.net/hooks/"+secret, repeat), Server: name, Client: client,
		Log: slog.New(slog.NewTextHandler(&d.log, nil)),
		Count: func(kind alert.Kind, _ string, arrived bool) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.counts = append(d.counts, string(kind)+" "+map[bool]string{true: "arrived", false: "given up"}[arrived])
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if records != nil {
		d.Keep(records)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx) })
	d.stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(func() {
		d.stop()
		client.CloseIdle()
		if strings.Contains(d.log.String(), secret) {
			t.Errorf("the log shows the address: %s", d.log.String())
		}
	})
	return d
}

// settingsOf are settings with a webhook alone.
func settingsOf(webhook string, repeat time.Duration) alert.Settings {
	return alert.Settings{Webhook: setting.Webhook{Secret: setting.NewSecret(webhook)}, QuietFor: repeat}
}

// kept keeps what is told, as a database does for several servers. It may fail.
type kept struct {
	mu    sync.Mutex
	rows  map[[2]string]string
	fails bool

	happened []activity.Item
}

var errNoDatabase = errors.New("the database does not answer")

func (k *kept) Alerts(context.Context) (map[[2]string]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fails {
		return nil, errNoDatabase
	}
	return maps.Clone(k.rows), nil
}

func (k *kept) ChangeAlerts(_ context.Context, change func(map[[2]string]string) (map[[2]string]string, []activity.Item, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fails {
		return errNoDatabase
	}
	different, happened, err := change(maps.Clone(k.rows))
	if err != nil {
		return err
	}
	k.happened = append(k.happened, happened...)
	if k.rows == nil {
		k.rows = map[[2]string]string{}
	}
	for key, state := range different {
		if k.rows[key] = state; state == "" {
			delete(k.rows, key)
		}
	}
	return nil
}

func (k *kept) fail(fails bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fails = fails
}

// refusing returns the address of a chat that refuses everything.
func refusing(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	t.Cleanup(server.Close)
	return server.URL + "/" + secret
}

// elapse advances the bubble's clock, with everything that happens meanwhile.
func elapse(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
