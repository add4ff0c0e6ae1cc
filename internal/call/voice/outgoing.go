package voice

import (
	"context"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"sync"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/phone"
)

// Carrier takes calls to numbers: a trunk.Trunk.
type Carrier interface {
	// Outgoing returns how somebody is called: attempts in the order of trial, of
	// which those count that go to addresses of the same family as the first. Their
	// Local is for us to fill in. An error is a fault.Error, whose sentence the trace
	// has.
	Outgoing(ctx context.Context, who engine.Outside) ([]dialog.Outgoing, error)

	// Tried is told how an attempt ended that was neither answered nor given up, and
	// reports whether the next one is to be made.
	Tried(attempt dialog.Outgoing, end dialog.Ended) (next bool)

	// Serves reports whether the carrier takes calls at an address. It does not wait.
	Serves(at netip.AddrPort) bool
}

// dialler calls people outside. It is the same for all calls of a Server.
type dialler struct {
	stack   *dialog.Stack // nil: nobody is called
	carrier Carrier       // nil: no numbers are
	guard   fetch.Guard
	signals audio.Signals // of the country
	refer   bool          // callers who are answered are transferred

	media      *media.Pool
	rules      media.Rules
	sounds     Sounds
	recordings Recordings
	recogniser speech.Recogniser
	log        *slog.Logger
}

func newDialler(c ServerConfig) *dialler {
	d := &dialler{
		carrier: c.Carrier, guard: c.Guard, signals: c.Signals, refer: c.Refer,
		media: c.Media, rules: c.Rules, sounds: c.Sounds, recordings: c.Recordings, recogniser: c.Recogniser, log: c.Log,
	}
	if d.signals == (audio.Signals{}) {
		d.signals = audio.NewSignals("")
	}
	return d
}

// refers reports whether callers who are answered are transferred.
func (d *dialler) refers() bool { return d != nil && d.refer }

// outgoing is a call of ours to somebody outside: one attempt after another, until
// one comes to something. One goroutine waits for that, and uses the methods; tell
// alone is called by others.
type outgoing struct {
	dialler  *dialler
	carrier  Carrier // that carries it; nil: none
	leg      *media.Leg
	of       callFor
	to       string            // number or address of whom is called
	number   string            // of whom is called; empty: they have none
	attempts []dialog.Outgoing // the one that is made, and those that are left
	changed  chan struct{}     // has a value if there is news
	early    *media.Tap        // waits for sound before the answer; nil: nothing does

	ctx    context.Context // ends with the call, once it was answered
	hangUp context.CancelCauseFunc

	mu      sync.Mutex
	call    *dialog.Call   // of the last attempt
	made    []*dialog.Call // of all attempts
	attempt int            // the number of that
	news    outgoingNews
	agreed  dialog.Agreed // last
}

// outgoingNews is what has become of an attempt.
type outgoingNews struct {
	described bool // what sound comes before the answer
	rang      bool
	sound     sdp.Format // that was agreed on
	line      *Line      // over the call, once it was answered
	ended     *dialog.Ended
}

// callFor is what a call of ours has of the one that it is made for.
type callFor struct {
	id      string       // the Call-ID of that; empty: it is made for nobody
	beside  *media.Leg   // that it will be joined to; nil: it is made for nobody
	callers []sdp.Format // that the caller has, the best first
	passed  int          // how many servers have passed that on
}

// call calls somebody. The context ends the call too.
func (d *dialler) call(ctx context.Context, who engine.Outside, of callFor) (*outgoing, error) {
	attempts, carrier, err := d.waysTo(ctx, who)
	if err != nil {
		return nil, err
	}
	attempts = slices.DeleteFunc(attempts, func(o dialog.Outgoing) bool {
		return o.Hop.Address.Addr().Is6() != attempts[0].Hop.Address.Addr().Is6() // its sound would need another socket
	})
	rules := d.rules
	rules.Beside = of.beside
	if rules.Address = d.stack.Bound(attempts[0].Hop); !rules.Address.IsValid() && attempts[0].Hop.Address.Addr().Is6() {
		rules.Address = netip.IPv6Unspecified()
	}
	leg, err := d.media.Open(rules)
	if err != nil {
		return nil, err
	}
	o := &outgoing{dialler: d, carrier: carrier, leg: leg, of: of, to: who.To, attempts: attempts, changed: make(chan struct{}, 1)}
	if carrier != nil {
		o.number = who.To
	}
	o.ctx, o.hangUp = context.WithCancelCause(ctx)
	o.dial()
	return o, nil
}

// dial makes an attempt: the first of those that are left.
func (o *outgoing) dial() {
	next := o.attempts[0]
	next.Local = sdp.Local{Address: netip.AddrPortFrom(next.Local.Address.Addr(), o.leg.Port())}
	next.Local.Codecs, next.Local.Params = beside(o.of.callers)
	next.Passed = o.of.passed
	o.mu.Lock()
	o.attempt++
	attempt := o.attempt
	o.news = outgoingNews{}
	o.mu.Unlock()
	call := o.dialler.stack.Dial(next, func(e dialog.Event) { o.tell(attempt, e) })
	o.mu.Lock()
	o.call, o.made = call, append(o.made, call)
	o.mu.Unlock()
}

// tell takes what happens to an attempt, on the goroutine of its call.
func (o *outgoing) tell(attempt int, e dialog.Event) {
	line, ok := o.note(attempt, e)
	if !ok {
		return
	}
	if line != nil {
		line.Tell(e)
	}
	if _, up := e.(dialog.Answered); up { // the line is to be seen as it is then
		o.mu.Lock()
		o.news.line = line
		o.mu.Unlock()
	}
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// note notes what happens to an attempt, and returns the line that is to be told. It
// reports false for one that was given up.
func (o *outgoing) note(attempt int, e dialog.Event) (line *Line, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if attempt != o.attempt {
		return nil, false
	}
	switch e := e.(type) {
	case dialog.Ringing:
		o.news.rang = true
	case dialog.Agreed:
		o.agreed, o.news.sound = e, e.Codec
		if e.Early {
			o.news.described = true
			o.leg.Agree(e.Agreement)
		}
	case dialog.Answered:
		line = o.newLine()
		line.Tell(o.agreed)
		return line, true
	case dialog.Ended:
		o.news.ended = &e
	}
	return o.news.line, true
}

// newLine returns the Line over the call, as of one that was answered before it was
// given to anybody.
func (o *outgoing) newLine() *Line {
	l := New(Config{
		Call: o, Leg: o.leg, Clock: o.dialler.media.Now, Sounds: o.dialler.sounds, Recordings: o.dialler.recordings,
		Recogniser: o.dialler.recogniser, Number: o.number, HangUp: o.hangUp, dialler: o.dialler,
	})
	l.asked = true
	return l
}

// latest returns what has become of the call so far.
func (o *outgoing) latest() outgoingNews {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.news
}

// again makes the next attempt, if there is one and that is worth it now that the last
// has ended without an answer. It is asked once for each.
func (o *outgoing) again(n outgoingNews) bool {
	if o.carrier == nil || !o.carrier.Tried(o.attempts[0], *n.ended) {
		return false
	}
	if o.attempts = o.attempts[1:]; n.rang || n.described || len(o.attempts) == 0 {
		return false
	}
	o.dial()
	return true
}

// dialogue returns the call of the last attempt.
func (o *outgoing) dialogue() *dialog.Call {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.call
}

// awaitSound has sounded have a value once sound comes before the answer.
func (o *outgoing) awaitSound() {
	if o.early == nil {
		o.early = o.leg.Listen(media.FromCaller)
	}
}

// sounded has a value once sound has come, or never.
func (o *outgoing) sounded() <-chan struct{} {
	if o.early == nil {
		return nil
	}
	return o.early.Ready()
}

// heardSound reports whether sound that was waited for has come.
func (o *outgoing) heardSound() bool {
	if o.early == nil {
		return false
	}
	var packet [1]byte
	_, came := o.early.Read(packet[:])
	return came
}

// stopAwaiting ends awaitSound.
func (o *outgoing) stopAwaiting() {
	if o.early != nil {
		o.leg.Unlisten(media.FromCaller)
		o.early = nil
	}
}

// close ends the call, and returns once its sound has.
func (o *outgoing) close(end engine.ForwardEnd) {
	o.Hangup(engine.Normal) // unless it is over: then it does nothing
	o.hangUp(nil)
	o.logEnd(end, o.leg.Close())
}

// logEnd writes the one line of a call that is over.
func (o *outgoing) logEnd(end engine.ForwardEnd, record media.Record) {
	status, mos := 0, 0.0
	if ended := o.latest().ended; ended != nil {
		status = ended.Status
	}
	if record.Received.Received > 0 {
		mos = math.Round(100*record.Received.MOS) / 100
	}
	o.dialler.log.Info("outgoing call ended", "for", shownID(o.of.id), "to", phone.MaskIn(o.to), "end", end, "status", status,
		"received", record.Received.Received, "lost", record.Received.Lost, "mos", mos)
}

// The following are Signalling, for the Line over the call.

// Answer does nothing: it is they who answer.
func (o *outgoing) Answer(sdp.Local) {}

// Ring does nothing: it is they who tell.
func (o *outgoing) Ring(int, *sdp.Local) {}

// Hangup ends the call.
func (o *outgoing) Hangup(cause engine.Cause) { o.dialogue().Hangup(cause) }

// Info sends a body in an INFO.
func (o *outgoing) Info(mediaType string, body []byte) { o.dialogue().Info(mediaType, body) }

// Transfer asks them to speak to somebody else.
func (o *outgoing) Transfer(target dialog.Target) { o.dialogue().Transfer(target) }

// RefuseTransfer refuses what they ask for.
func (o *outgoing) RefuseTransfer(status int) { o.dialogue().RefuseTransfer(status) }

// ChangeCodecs offers them others.
func (o *outgoing) ChangeCodecs(codecs []sdp.Codec) { o.dialogue().ChangeCodecs(codecs) }

var _ Signalling = (*outgoing)(nil)

// endOf returns what a call came to that was not answered, and how a caller who is
// turned down for it is told.
func endOf(e dialog.Ended, rang bool) (engine.ForwardEnd, engine.Cause) {
	switch refused := e.Status == unauthorized || e.Status == proxyUnauthorized; {
	case e.Cause == engine.Busy:
		return engine.ForwardBusy, engine.Busy
	case e.Cause == engine.Rejected && !refused: // by a person, not by a server that does not know us
		return engine.ForwardRejected, engine.Rejected
	case e.Cause == engine.Nowhere:
		return engine.ForwardUnavailable, engine.Nowhere
	case e.Cause == engine.Unavailable && rang:
		return engine.ForwardNoAnswer, engine.Unavailable
	}
	return engine.ForwardUnavailable, engine.Unavailable
}

// The statuses of a server that does not take our credentials.
const (
	unauthorized      = 401
	proxyUnauthorized = 407
)

// codecOf returns a codec as SDP names it.
func codecOf(codec audio.Codec) sdp.Codec {
	i := slices.IndexFunc(Codecs(), func(c sdp.Codec) bool {
		same, _ := media.CodecOf(c)
		return same == codec
	})
	return Codecs()[i] // a Line agrees on no other
}
