package voice

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/inhand"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fetch"
)

// Exchange places calls. core.Exchange is one.
type Exchange interface {
	// Place routes a call from one number to another and runs it on a line. It
	// calls route with the routing steps before the call begins.
	Place(ctx context.Context, from, to string, line engine.Line, route func(steps []string), record func(trace.Stamped)) engine.Outcome
}

// What a Server allows where its configuration does not say. An office whose
// telephones share an address must fit into a source's share; a call of four hours
// is one that nobody hung up.
const (
	defaultMaxLength            = 4 * time.Hour
	defaultMaxOfSource          = 64
	defaultMaxOfSourcePerSecond = 8
)

// ServerConfig is what a Server works with.
type ServerConfig struct {
	Media      *media.Pool
	Rules      media.Rules // of the callers' legs, which are bound to what their calls came by
	Exchange   Exchange
	Numbers    Numbers // who calls whom, by an INVITE
	Sounds     Sounds
	Recordings Recordings
	Recogniser speech.Recogniser // optional: without one a Gather for speech takes keys

	// Calls are those in hand, of this Server among others. Optional: its own.
	Calls *inhand.Calls

	// AnswerAtOnce has calls answered before a responder is asked. Else they are at
	// their first sound.
	AnswerAtOnce bool

	// MaxCalls is how many calls there are at once, MaxPerSecond how many may begin
	// in a second. More are turned down with 503 and Retry-After.
	// Both are at least 1.
	MaxCalls, MaxPerSecond int

	// MaxOfSource and MaxOfSourcePerSecond are the same for the calls of one source,
	// an address of IPv4 or a /64 of IPv6. Default: 64 and 8.
	MaxOfSource, MaxOfSourcePerSecond int

	// Trusted reports whether an address has no share of its own but may use all
	// that there is: the trunks and what the operator allows. It must not block.
	// Optional: none has.
	Trusted func(netip.Addr) bool

	// KeepRoom keeps a tenth of MaxCalls and of MaxPerSecond for the calls of Trusted
	// addresses and for those of Ring, so that a flood of others turns none of them
	// away.
	KeepRoom bool

	// MaxLength is how long a call may last from its INVITE on. Default: 4 hours.
	MaxLength time.Duration

	// Carrier takes calls to numbers. Optional: without one only addresses of SIP are
	// called, and of those the ones that Guard lets through.
	Carrier Carrier
	Guard   fetch.Guard

	// Refer has callers who are answered transferred to those outside, by their own
	// telephone or carrier, in place of a bridge. Where that comes to nothing, there
	// is a bridge.
	Refer bool

	// Signals are how it rings and what callers hear of calls that come to nothing.
	// Default: those of North America.
	Signals audio.Signals

	Log *slog.Logger
}

// Server runs the calls that come to a dialog.Stack.
type Server struct {
	config  ServerConfig
	dialler *dialler
	began   time.Time

	portless rate.Sometimes // of the log's lines

	mu        sync.Mutex
	admission admission
	strangers sparing // of the log's lines
	counts    Counts  // without InHand
}

// Counts are the figures of a Server since it was made.
type Counts struct {
	InHand  int // now
	Taken   uint64
	TooLong uint64             // of those, how many MaxLength has ended
	Refused map[Refusal]uint64 // has each Refusal
}

// NewServer returns a Server, whose Incoming is for the Stack.
func NewServer(c ServerConfig) *Server {
	c.MaxOfSource = cmp.Or(c.MaxOfSource, defaultMaxOfSource)
	c.MaxOfSourcePerSecond = cmp.Or(c.MaxOfSourcePerSecond, defaultMaxOfSourcePerSecond)
	c.MaxLength = cmp.Or(c.MaxLength, defaultMaxLength)
	c.Calls = cmp.Or(c.Calls, &inhand.Calls{})
	refused := make(map[Refusal]uint64, len(refusals))
	for _, why := range refusals {
		refused[why] = 0
	}
	total := limits{c.MaxCalls, c.MaxPerSecond}
	var kept limits
	if c.KeepRoom {
		kept = limits{total.calls / 10, total.perSecond / 10}
	}
	return &Server{
		config: c, dialler: newDialler(c), began: time.Now(), counts: Counts{Refused: refused}, portless: rate.Sometimes{Interval: time.Minute},
		admission: newAdmission(total, kept, limits{c.MaxOfSource, c.MaxOfSourcePerSecond}),
	}
}

// CallBy has the calls of the Server's own made by a stack: those of Ring, and to whom
// callers are connected with. It comes before the first call; without it none are
// made.
func (s *Server) CallBy(stack *dialog.Stack) { s.dialler.stack = stack }

// Counts returns the figures as they are now.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts
	c.InHand, c.Refused = s.admission.inHand, maps.Clone(c.Refused)
	return c
}

// HasRoom reports whether a call from an address would be taken. It counts one that
// would not as refused.
func (s *Server) HasRoom(from netip.Addr) bool {
	source := s.sourceOf(from)
	s.mu.Lock()
	defer s.mu.Unlock()
	why := s.admission.judge(source, time.Since(s.began))
	if why != taken {
		s.counts.Refused[why]++
	}
	return why == taken
}

// Incoming takes a call, and returns whom to tell what happens.
func (s *Server) Incoming(call *dialog.Call) (tell func(dialog.Event)) {
	ctx, hangUp := context.WithCancelCause(context.Background())
	end, ok := s.config.Calls.Begin(hangUp)
	if !ok {
		return s.refuse(call, Draining)
	}
	source := s.sourceOf(sourceAddress(call.Request()))
	if why := s.admit(source); why != taken {
		end()
		return s.refuse(call, why)
	}
	leave := func() {
		s.leave(source)
		end()
	}
	rules := s.config.Rules
	rules.Address = call.Bound()
	leg, err := s.config.Media.Open(rules)
	if err != nil {
		s.portless.Do(func() { s.config.Log.Warn("no port for a call", "error", err) })
		leave()
		return s.refuse(call, NoPort)
	}
	s.count(func(c *Counts) { c.Taken++ })
	from, to := s.config.Numbers.Read(call.Request())
	line := New(Config{
		Call: call, Leg: leg, Clock: s.config.Media.Now, Sounds: s.config.Sounds, Recordings: s.config.Recordings, Number: from, HangUp: hangUp,
		ID: idOf(call), AnswerAtOnce: s.config.AnswerAtOnce, Recogniser: s.config.Recogniser,
		Local:   sdp.Local{Address: netip.AddrPortFrom(call.Address(), leg.Port()), Codecs: Codecs()},
		Offered: call.Offered(), Passed: call.Passed(), dialler: s.dialler,
	})
	line.ringLate()
	tooLong := time.AfterFunc(s.config.MaxLength, func() { s.endTooLong(hangUp) })
	go func() {
		defer leave()
		defer tooLong.Stop()
		defer line.ringNoMore()
		s.run(ctx, call, leg, line, source, from, to)
	}()
	return line.Tell
}

// sourceOf returns the source that calls from an address count for; the zero one:
// for none.
func (s *Server) sourceOf(address netip.Addr) netip.Prefix {
	if s.config.Trusted != nil && s.config.Trusted(address) {
		return netip.Prefix{}
	}
	return dialog.SourceOf(address)
}

// admit takes a call, or says why not.
func (s *Server) admit(source netip.Prefix) Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.admission.admit(source, time.Since(s.began))
}

func (s *Server) leave(source netip.Prefix) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admission.leave(source)
}

// refuse turns a call down, and returns whom to tell: nobody. It logs no warning:
// a flood of calls is not to flood the log.
func (s *Server) refuse(call *dialog.Call, why Refusal) (tell func(dialog.Event)) {
	call.Hangup(engine.Overloaded)
	s.count(func(c *Counts) { c.Refused[why]++ })
	s.config.Log.Debug("call refused", "reason", why, "source", call.Request().Source())
	return func(dialog.Event) {}
}

func (s *Server) count(what func(*Counts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	what(&s.counts)
}

// endTooLong ends a call that has lasted as long as one may.
func (s *Server) endTooLong(hangUp context.CancelCauseFunc) {
	s.count(func(c *Counts) { c.TooLong++ })
	hangUp(fmt.Errorf("it has lasted %v, as long as a call may", s.config.MaxLength))
}

// run runs a call of a source from one number to another to its end.
func (s *Server) run(ctx context.Context, call *dialog.Call, leg *media.Leg, line *Line, source netip.Prefix, from, to string) {
	outcome := s.config.Exchange.Place(ctx, from, to, line, func([]string) {}, func(trace.Stamped) {})
	call.Hangup(engine.Normal) // unless it is over: then it does nothing
	leg.Close()
	s.logEnd(line, source, outcome, from, to)
}

// idOf returns the Call-ID of a call.
func idOf(call *dialog.Call) string {
	if id := call.Request().CallID(); id != nil {
		return id.Value()
	}
	return ""
}
