package voice_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/inhand"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/test/await"
)

// exchange runs every call with one responder.
type exchange struct {
	engine *engine.Engine
	url    *url.URL

	mu    sync.Mutex
	now   []trace.Stamped // of the call that began last
	calls [][]trace.Stamped
}

func (x *exchange) Place(ctx context.Context, from, to string, line engine.Line, _ func([]string), record func(trace.Stamped)) engine.Outcome {
	var events []trace.Stamped
	outcome := x.engine.Run(ctx, line, engine.Call{URL: x.url, Facts: responder.Request{Caller: from, Called: to}}, func(e trace.Stamped) {
		record(e)
		x.mu.Lock()
		defer x.mu.Unlock()
		events = append(events, e)
		x.now = events
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls = append(x.calls, events)
	return outcome
}

// service is a server that runs calls.
type service struct {
	*exchange
	sounds *prompt.Library
	server *voice.Server
	inHand *inhand.Calls
	stack  *dialog.Stack
	at     netip.AddrPort
}

// serve serves calls to a responder, over UDP at a free port of 127.0.0.1. Change
// changes how; optional.
func serve(t *testing.T, documents enginetest.Documents, change func(*voice.ServerConfig)) *service {
	t.Helper()
	return plan{responder: documents, voice: silentVoice{}, listen: []string{dialog.UDP}, change: change}.serve(t)
}

// plan is what a service is made of.
type plan struct {
	responder http.Handler
	voice     speech.Voice
	listen    []string // the networks; the service is at the first
	tls       *tls.Config
	ports     *media.Ports  // optional
	after     func()        // once there are no calls any more; optional
	session   time.Duration // the shortest session timer; default: that of the RFC
	change    func(*voice.ServerConfig)
}

// serve serves calls, each network at a free port of 127.0.0.1.
func (p plan) serve(t *testing.T) *service {
	t.Helper()
	program := httptest.NewServer(p.responder)
	t.Cleanup(program.Close)
	address, err := url.Parse(program.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	client := fetch.New(fetch.Options{Guard: fetch.Guard{Loopback: true}})
	library := prompt.New(prompt.Config{Client: client, Voice: p.voice})
	t.Cleanup(library.Close)
	here := netip.MustParseAddr("127.0.0.1")
	if p.ports == nil {
		if p.ports, err = media.NewPorts(20000, 24999); err != nil {
			t.Fatal(err)
		}
	}
	pool, err := media.New(media.Config{Address: here, Ports: p.ports, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	pool.Start()
	t.Cleanup(pool.Stop)
	x := &exchange{engine: engine.New(engine.Config{Client: client, Prompts: library}), url: address}
	calls := &inhand.Calls{}
	config := voice.ServerConfig{
		Calls: calls, Media: pool, Exchange: x, Sounds: library, Recordings: recordings{}, MaxCalls: 10, MaxPerSecond: 100, Log: slog.New(slog.DiscardHandler),
	}
	if p.change != nil {
		p.change(&config)
	}
	server := voice.NewServer(config)
	var listen []dialog.Listen
	for _, network := range p.listen {
		listen = append(listen, dialog.Listen{Network: network, Address: netip.AddrPortFrom(here, 0)})
	}
	stack, err := dialog.New(dialog.Config{
		Listen: listen, ServeTLS: p.tls, Room: server.HasRoom, Incoming: server.Incoming, Trusted: func(netip.Addr) bool { return true }, LeastSession: p.session,
	})
	if err != nil {
		t.Fatal(err)
	}
	server.CallBy(stack)
	run(t, stack, func() error {
		err := calls.Wait(context.Background())
		if p.after != nil {
			p.after()
		}
		return err
	})
	return &service{x, library, server, calls, stack, stack.Addresses()[0].Address}
}

// run serves a stack until the test ends; before it calls last. After a failure the
// stack ends first.
func run(t *testing.T, stack *dialog.Stack, last func() error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- stack.Serve(ctx) }()
	t.Cleanup(func() {
		if t.Failed() {
			stop() // calls that are still up would go on
		}
		if err := last(); err != nil {
			t.Error(err)
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// only waits for the end of the only call, and returns what happened in it.
func (s *service) only(t *testing.T) []trace.Stamped {
	t.Helper()
	await.That(t, "the end of the call", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.calls) == 1
	})
	return s.calls[0]
}
