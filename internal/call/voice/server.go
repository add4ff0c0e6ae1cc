package voice

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"

	"golang.org/x/time/rate"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// Exchange places calls. core.Exchange is one.
type Exchange interface {
	// Place routes a call from one number to another and runs it on a line. It
	// calls route with the routing steps before the call begins.
	Place(ctx context.Context, from, to string, line engine.Line, route func(steps []string), record func(trace.Stamped)) engine.Outcome
}

// ServerConfig is what a Server works with.
type ServerConfig struct {
	Media      *media.Pool
	Rules      media.Rules // of the callers' legs
	Exchange   Exchange
	Numbers    Numbers // who calls whom, by an INVITE
	Sounds     Sounds
	Recordings Recordings

	// MaxCalls is how many calls there are at once, MaxPerSecond how many may begin
	// in a second. More are turned down with 503 and Retry-After.
	MaxCalls, MaxPerSecond int

	Log *slog.Logger
}

// Server runs the calls that come to a dialog.Stack.
type Server struct {
	config ServerConfig
	pace   *rate.Limiter

	mu      sync.Mutex
	inHand  int
	running sync.WaitGroup
}

// NewServer returns a Server, whose Incoming is for the Stack.
func NewServer(c ServerConfig) *Server {
	return &Server{config: c, pace: rate.NewLimiter(rate.Limit(c.MaxPerSecond), c.MaxPerSecond)}
}

// Wait waits until the calls in hand have ended, or the context has, whose error it
// returns. No call may come any more.
func (s *Server) Wait(ctx context.Context) error {
	ended := make(chan struct{})
	go func() { // ends with the last call; who gives up has to cut calls off
		s.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Incoming takes a call, and returns whom to tell what happens.
func (s *Server) Incoming(call *dialog.Call) (tell func(dialog.Event)) {
	nobody := func(dialog.Event) {}
	if !s.admit() {
		call.Hangup(engine.Overloaded)
		return nobody
	}
	leg, err := s.config.Media.Open(s.config.Rules)
	if err != nil {
		s.config.Log.Warn("no port for a call", "error", err)
		call.Hangup(engine.Overloaded)
		s.leave()
		return nobody
	}
	ctx, hangUp := context.WithCancelCause(context.Background())
	line := New(Config{
		Call: call, Leg: leg, Clock: s.config.Media.Now, Sounds: s.config.Sounds, Recordings: s.config.Recordings, HangUp: hangUp,
		Local: sdp.Local{Address: netip.AddrPortFrom(call.Address(), leg.Port()), Codecs: Codecs()},
	})
	go s.run(ctx, call, leg, line)
	return line.Tell
}

// admit reports whether there is room for a call, and takes it.
func (s *Server) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inHand >= s.config.MaxCalls || !s.pace.Allow() {
		return false
	}
	s.inHand++
	s.running.Add(1)
	return true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inHand--
	s.running.Done()
}

// run runs a call to its end.
func (s *Server) run(ctx context.Context, call *dialog.Call, leg *media.Leg, line *Line) {
	defer s.leave()
	from, to := s.config.Numbers.Read(call.Request())
	outcome := s.config.Exchange.Place(ctx, from, to, line, func([]string) {}, func(trace.Stamped) {})
	call.Hangup(engine.Normal) // unless it is over: then it does nothing
	record := leg.Close()
	s.config.Log.Info("call ended", "reason", outcome.Reason, "received", record.Received.Received, "lost", record.Received.Lost, "mos", record.Received.MOS)
}
