package engine_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/test/pipenet"
)

// apology is what the caller hears if a responder fails.
const apology = engine.DefaultApology

// network connects a client to web servers in this process over net.Pipe, by
// host name. Nothing touches a socket, so that a bubble's clock goes on.
type network struct {
	handler http.Handler // of every host without another one
	dials   map[string]func(context.Context) (net.Conn, error)
}

// client returns a client for the network, which lives until the test ends.
func (n *network) client(t *testing.T, o fetch.Options) *fetch.Client {
	t.Helper()
	listener := pipenet.Serve(t, n.handler)
	o.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if dial := n.dials[host]; dial != nil {
			return dial(ctx)
		}
		return listener.Dial(ctx, "tcp", address)
	}
	client := fetch.New(o)
	t.Cleanup(client.CloseIdle)
	return client
}

// refused is a host where nothing listens.
func refused(context.Context) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// silent is a host whose packets vanish.
func silent(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
}

// responds is a responder that answers each path with a document or, if the path
// ends in .wav, with sound.
type responds map[string]string

func (d responds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if document, ok := d[r.URL.Path]; ok {
		_, _ = io.WriteString(w, document)
		return
	}
	http.NotFound(w, r)
}

// noting notes the requests that reach a handler, as METHOD URL BODY.
type noting struct {
	http.Handler
	mu    sync.Mutex
	notes []string
	asked []*http.Request
}

func (n *noting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	n.mu.Lock()
	n.notes = append(n.notes, strings.TrimSpace(fmt.Sprintf("%s http://%s%s %s", r.Method, r.Host, r.RequestURI, body)))
	n.asked = append(n.asked, r.Clone(context.Background()))
	n.mu.Unlock()
	n.Handler.ServeHTTP(w, r)
}

// targets returns where the requests went, without their parameters.
func (n *noting) targets() []string {
	targets := make([]string, len(n.asked))
	for i, r := range n.asked {
		targets[i] = "http://" + r.Host + r.URL.Path
	}
	return targets
}

// facts are the facts of the call in most tests.
var facts = responder.Request{Caller: "1001"}

// at parses a URL that is known to be one.
func at(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u
}

// start is where the calls of most tests begin.
const start = "http://responder.example/start"

// calls runs calls against a handler.
type calls struct {
	t      *testing.T
	engine *engine.Engine
}

func against(t *testing.T, handler http.Handler) *calls {
	t.Helper()
	return over(t, &network{handler: handler}, engine.Config{})
}

// over is against with a network and with settings.
func over(t *testing.T, n *network, c engine.Config) *calls {
	t.Helper()
	if c.Client == nil {
		c.Client = n.client(t, fetch.Options{})
	}
	c.Prompts = prompt.New(prompt.Config{Client: c.Client})
	t.Cleanup(c.Prompts.Close)
	return &calls{t: t, engine: engine.New(c)}
}

// place runs one call from start.
func (c *calls) place(line engine.Line) (engine.Outcome, []trace.Stamped) {
	c.t.Helper()
	return c.placeCall(line, engine.Call{})
}

// placeCall runs a call. What it leaves out is as in most tests.
func (c *calls) placeCall(line engine.Line, call engine.Call) (engine.Outcome, []trace.Stamped) {
	c.t.Helper()
	if call.URL == nil {
		call.URL = at(start)
	}
	if call.Facts.Caller == "" {
		call.Facts.Caller = facts.Caller
	}
	var events []trace.Stamped
	outcome := c.engine.Run(c.t.Context(), line, call, func(e trace.Stamped) { events = append(events, e) })
	return outcome, events
}

// story is a call's events as a person reads them: what the caller hears and
// does, warnings, failures, and how it ended, without the requests that
// succeeded.
func story(events []trace.Stamped) []string {
	var lines []string
	for _, stamped := range events {
		switch e := stamped.Event.(type) {
		case trace.Answer, trace.Streamed:
		case trace.Request:
			if e.Error != "" {
				lines = append(lines, fmt.Sprintf("%s failed, %s: %s", e.Method, e.Code, e.Error))
			}
		case trace.Gather:
			lines = append(lines, fmt.Sprintf("gather %q %q %s", e.Digits, e.Speech, e.Ended))
		default:
			lines = append(lines, trace.Transcript(e))
		}
	}
	return lines
}

// of returns the events of one type.
func of[E trace.Event](events []trace.Stamped) []E {
	var found []E
	for _, stamped := range events {
		if e, ok := stamped.Event.(E); ok {
			found = append(found, e)
		}
	}
	return found
}

// contextWithHangup is the context of a call whose caller can hang up while
// nothing is played.
func contextWithHangup(t *testing.T) (ctx context.Context, hangUp func()) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { cancel(nil) })
	return ctx, func() { cancel(engine.ErrHungUp) }
}

// timestamp is a time as signatures have it.
func timestamp(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
