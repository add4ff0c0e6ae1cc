package voice_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/test/await"
)

// nobody is an exchange whose numbers all lead nowhere.
type nobody struct{}

func (nobody) Place(context.Context, string, string, engine.Line, func([]string), func(trace.Stamped)) engine.Outcome {
	return engine.Outcome{By: trace.ByEngine, Reason: "not reachable", Failed: true}
}

// wholeLog counts the lines of a log.
type wholeLog struct {
	mu    sync.Mutex
	lines int
}

func (l *wholeLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines += bytes.Count(b, []byte("\n"))
	return len(b), nil
}

func (l *wholeLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines
}

// TestStrangersWhoTryNumbersDoNotFillTheLog tries 300 that lead nowhere, at once.
// At a hundred a second, with a line for each, they would fill 2 GB a day.
func TestStrangersWhoTryNumbersDoNotFillTheLog(t *testing.T) {
	const calls = 300
	for name, c := range map[string]struct {
		trusted     bool
		least, most int
	}{
		"strangers": {false, 60, 120},
		"a carrier": {true, calls, calls},
	} {
		t.Run(name, func(t *testing.T) {
			log := &wholeLog{}
			s := serve(t, enginetest.Documents{}, func(config *voice.ServerConfig) {
				config.Exchange, config.Log = nobody{}, slog.New(slog.NewTextHandler(log, nil))
				config.MaxCalls, config.MaxPerSecond, config.MaxOfSource, config.MaxOfSourcePerSecond = 2*calls, 2*calls, 2*calls, 2*calls
				if c.trusted {
					config.Trusted = func(netip.Addr) bool { return true }
				}
			})
			flood, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(s.at))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = flood.Close() })
			for i := range calls {
				refusedInvite(t, flood, i, "SIP/2.0 480 ")
			}
			await.That(t, "an end of all calls", func() bool { return s.server.Counts().InHand == 0 })
			if n := log.count(); n < c.least || n > c.most {
				t.Errorf("%d calls made %d lines, want %d to %d", calls, n, c.least, c.most)
			}
		})
	}
}
