package voice_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/test/await"
)

// exchange runs every call with one responder.
type exchange struct {
	engine *engine.Engine
	url    *url.URL

	mu    sync.Mutex
	calls [][]trace.Stamped
}

func (x *exchange) Place(ctx context.Context, _, _ string, line engine.Line, _ func([]string), record func(trace.Stamped)) engine.Outcome {
	var events []trace.Stamped
	outcome := x.engine.Run(ctx, line, engine.Call{URL: x.url}, func(e trace.Stamped) {
		record(e)
		events = append(events, e)
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls = append(x.calls, events)
	return outcome
}

// serve serves so many calls at once to a responder, over UDP at a free port of
// 127.0.0.1.
func serve(t *testing.T, documents enginetest.Documents, calls int) (x *exchange, at netip.AddrPort) {
	t.Helper()
	responder := httptest.NewServer(documents)
	t.Cleanup(responder.Close)
	address, err := url.Parse(responder.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	client := fetch.New(fetch.Options{Guard: fetch.Guard{Loopback: true}})
	library := prompt.New(prompt.Config{Client: client, Voice: silentVoice{}})
	t.Cleanup(library.Close)
	here := netip.MustParseAddr("127.0.0.1")
	ports, err := media.NewPorts(20000, 24999)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := media.New(media.Config{Address: here, Ports: ports, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	pool.Start()
	t.Cleanup(pool.Stop)
	x = &exchange{engine: engine.New(engine.Config{Client: client, Prompts: library}), url: address}
	server := voice.NewServer(voice.ServerConfig{
		Media: pool, Exchange: x, Sounds: library, Recordings: recordings{}, MaxCalls: calls, MaxPerSecond: 100,
		Log: slog.New(slog.DiscardHandler),
	})
	stack, err := dialog.New(dialog.Config{
		Listen: []dialog.Listen{{Network: dialog.UDP, Address: netip.AddrPortFrom(here, 0)}}, Incoming: server.Incoming,
		Trusted: func(netip.Addr) bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- stack.Serve(ctx) }()
	t.Cleanup(func() {
		if err := server.Wait(context.Background()); err != nil {
			t.Error(err)
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return x, stack.Addresses()[0].Address
}

// sipp plays a scenario of testdata against an address, calls times.
func sipp(t *testing.T, scenario string, at netip.AddrPort) {
	t.Helper()
	if _, err := exec.LookPath("sipp"); err != nil {
		t.Fatal("this test needs sipp: install the Debian package sip-tester (apt-get install sip-tester, or make deps)")
	}
	out, err := exec.CommandContext(await.Context(t), "sipp", at.String(), "-sf", "testdata/sipp/"+scenario+".xml", "-m", "1", "-s", "100",
		"-i", "127.0.0.1", "-timeout", "120", "-timeout_error", "-nostdin").CombinedOutput()
	if err != nil {
		t.Fatalf("sipp %s: %v\n%s", scenario, err, out[max(0, len(out)-3000):])
	}
}

func TestAKeyByInfoStopsAPromptOfASIPCall(t *testing.T) {
	x, at := serve(t, enginetest.Documents{"/": `<Gather numDigits="1" action="/next"><Play>60s.wav</Play></Gather>`, "/next": `<Hangup/>`}, 1)
	sipp(t, "info", at)
	await.That(t, "the end of the call", func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		return len(x.calls) == 1
	})
	var told []string
	for _, e := range x.calls[0] {
		told = append(told, trace.Transcript(e.Event))
	}
	if text := strings.Join(told, "\n"); !strings.Contains(text, "presses 5") {
		t.Errorf("the call was\n%s", text)
	}
}

func TestACallTooManyIsTurnedDown(t *testing.T) {
	_, at := serve(t, enginetest.Documents{"/": `<Echo/>`}, 1)
	here := netip.MustParseAddr("127.0.0.1")
	caller, err := dialog.New(dialog.Config{Listen: []dialog.Listen{{Network: dialog.UDP, Address: netip.AddrPortFrom(here, 0)}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- caller.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	target := sip.Uri{Scheme: "sip", User: "100", Host: here.String(), Port: int(at.Port())}
	dial := func() (*dialog.Call, <-chan dialog.Event) {
		events := make(chan dialog.Event, 16)
		call := caller.Dial(dialog.Outgoing{
			Target: target, From: dialog.Party{Address: target}, To: dialog.Party{Address: target},
			Local: sdp.Local{Address: netip.AddrPortFrom(here, 4000), Codecs: []sdp.Codec{sdp.PCMU}},
		}, func(e dialog.Event) { events <- e })
		return call, events
	}
	first, events := dial()
	for {
		if _, up := await.From(t, "the answer", events).(dialog.Answered); up {
			break
		}
	}
	_, others := dial()
	end, over := await.From(t, "the end of the second call", others).(dialog.Ended)
	if !over || end.Cause != engine.Overloaded || end.Retry == 0 {
		t.Errorf("the second call was told %+v, want that there are too many, and when to try again", end)
	}
	first.Hangup(engine.Normal)
	if _, over := await.From(t, "the end of the first call", events).(dialog.Ended); !over {
		t.Error("the first call goes on")
	}
}
