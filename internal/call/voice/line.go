package voice

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// Line is a caller on a telephone.
type Line struct {
	config Config
	began  time.Duration

	late     *time.Timer  // rings; nil: the line of someone we have called
	answered atomic.Int64 // when, by the line's clock; below 0: it was not

	inbound, outbound ear // what the caller says and hears

	mu      sync.Mutex
	latest  news           // what the goroutine of the call has to know
	came    []engine.Input // that it has not seen
	presses dialog.Presses

	reporting bool // keys, to the other side of a connection
	reports   []report

	wantsKeys bool // the goroutine of the call
	feeds     []*feed
	tones     *tones        // nil: keys are not heard by ear
	changed   chan struct{} // has a value if there is news

	// What follows belongs to the goroutine that runs the call.
	asked  bool // to be answered
	spoken bool // it was offered what we speak, in place of Opus
	news   news // what it knows
	listen *engine.Listening
	inputs []engine.Input // that nobody has asked for yet

	recognition *recognition // of the Gather; nil: it has had none
	deaf        bool         // the recogniser has failed: the Gather takes keys

	connected []*dialog.Call // that the caller was connected with, and that were tried for it

	playing media.PlayID
	taping  *hearer // while the caller is recorded
}

// news is what has become of a call.
type news struct {
	agreed bool // on a codec that we speak:
	codec  audio.Codec
	opus   bool        // agreed on was Opus in its place
	events bool        // the telephone sends keys as events (RFC 4733)
	played media.Event // the last that ended

	transfer transfer // the last that we asked for
}

var (
	_ engine.Line          = (*Line)(nil)
	_ engine.Answerer      = (*Line)(nil)
	_ engine.AudioReporter = (*Line)(nil)
	_ engine.Echoer        = (*Line)(nil)
	_ engine.Identified    = (*Line)(nil)
	_ engine.Preparer      = (*Line)(nil)
	_ engine.Recogniser    = (*Line)(nil)
	_ engine.Recorder      = (*Line)(nil)
	_ engine.Streamer      = (*Line)(nil)
)

// maxInputs is how much a caller can press and say ahead.
const maxInputs = 64

// errQuiet ends a call whose caller may be gone without a word.
var errQuiet = errors.New("no sound has arrived from the caller for too long")

// New returns the Line of a call that has just come.
func New(c Config) *Line {
	l := &Line{
		config: c, began: c.Clock(), changed: make(chan struct{}, 1),
		inbound: ear{leg: c.Leg, track: media.FromCaller}, outbound: ear{leg: c.Leg, track: media.ToCaller},
	}
	l.answered.Store(-1)
	return l
}

// Tell takes what happens to the call. It does not wait, so it can be what a
// dialog.Call tells.
func (l *Line) Tell(e dialog.Event) {
	switch e := e.(type) {
	case dialog.Agreed:
		l.agree(e) // before the leg stops what is played in another codec
		l.config.Leg.Agree(e.Agreement)
	case dialog.Answered:
		l.config.Leg.Answered()
		l.answered.Store(int64(l.Now()))
	case dialog.Key:
		l.mu.Lock()
		l.press(e.Key, dialog.ByINFO, l.Now())
		l.mu.Unlock()
	case dialog.NotChanged:
		l.config.HangUp(errOpusAlone)
	case dialog.Transferred:
		l.transferred(transferOf(e.Status))
	case dialog.NotTransferred:
		l.transferred(transferStays)
	case dialog.TransferAsked:
		l.config.Call.RefuseTransfer(statusDecline)
	case dialog.Ended:
		l.config.HangUp(engine.ErrHungUp)
	}
	l.wake()
}

// statusDecline refuses a transfer that a caller asks for: whom a call goes to is for
// its program to say (RFC 3515 section 2.4.2).
const statusDecline = 603

// wake tells the goroutine of the call that there is news.
func (l *Line) wake() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

func (l *Line) agree(e dialog.Agreed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latest.codec, l.latest.agreed = media.CodecOf(e.Codec.Codec)
	l.latest.opus = isOpus(e.Codec.Codec)
	l.latest.events = e.Events.Codec != ""
	l.listenByEar()
}

// Now returns the time since the call came.
func (l *Line) Now() time.Duration { return l.config.Clock() - l.began }

// Answered returns when the call was answered. Any goroutine may ask.
func (l *Line) Answered() (at time.Duration, ok bool) {
	at = time.Duration(l.answered.Load())
	return max(at, 0), at >= 0
}

// CallID returns the id of the call's INVITE.
func (l *Line) CallID() string { return l.config.ID }

// Prepare answers a call that is to be answered at once.
func (l *Line) Prepare() {
	if l.config.AnswerAtOnce {
		l.ask()
	}
}

// answer answers the call, if nobody has, and waits until it is up and speaks.
func (l *Line) answer(ctx context.Context) error {
	return l.wait(ctx, func() bool {
		l.ask()
		_, up := l.Answered()
		return up && l.news.agreed
	})
}

// AudioReport returns how the call's sound has travelled. Any goroutine may ask.
func (l *Line) AudioReport() engine.AudioReport {
	r := l.config.Leg.Report()
	name, _, _ := strings.Cut(string(r.Codec), "/")
	return engine.AudioReport{
		Codec: name, Received: int64(r.Received), Sent: int64(r.Sent), Lost: int64(r.Lost), Jitter: r.Jitter, MOS: r.MOS,
	}
}

// ask answers the call, if nobody has, and has it speak.
func (l *Line) ask() {
	l.askAs(l.config.Local)
	l.speak("")
}

// askAs answers the call with a side of ours, if nobody has.
func (l *Line) askAs(local sdp.Local) {
	if !l.asked {
		l.asked = true
		l.config.Call.Answer(local)
	}
}

// wait waits for news until done. The error is the cause of the context's end.
func (l *Line) wait(ctx context.Context, done func() bool) error {
	return l.waitBeside(ctx, nil, done)
}

// waitBeside is wait, for who waits for something else too.
func (l *Line) waitBeside(ctx context.Context, other <-chan struct{}, done func() bool) error {
	for {
		l.takeNews()
		if done() {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-other:
		case <-l.changed:
		case <-l.config.Leg.Ready():
		case <-l.heard():
		}
	}
}

// heard has a value if there is something to hear; nil if the goroutine of the call
// does not listen.
func (l *Line) heard() <-chan struct{} {
	if l.taping != nil {
		return l.taping.ready()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tones == nil {
		return nil
	}
	return l.tones.hearer.ready()
}

// takeNews takes what has happened, for the goroutine of the call.
func (l *Line) takeNews() {
	l.collect()
	l.mu.Lock()
	l.news = l.latest
	came := l.came
	l.came = nil
	l.mu.Unlock()
	for _, in := range came {
		l.takeInput(in)
	}
	if len(came) > 0 && l.isBarged() {
		l.config.Leg.Stop(l.playing)
	}
}

// takeInput takes what the caller did, if it is wanted.
func (l *Line) takeInput(in engine.Input) {
	switch {
	case in.Kind == engine.SpeechLost:
		l.deaf = true
		l.wantKeys()
	case in.Kind == engine.Key && !l.listensForKeys():
		return
	case in.Kind == engine.Key:
		l.stopRecognising() // who presses keys does not talk to us
	}
	if len(l.inputs) < maxInputs {
		l.inputs = append(l.inputs, in)
	}
}

// collect takes what the leg has told. A media stream that runs beside the verbs
// does it too: its keys do not wait until a responder has answered.
func (l *Line) collect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e, ok := l.config.Leg.Next(); ok; e, ok = l.config.Leg.Next() {
		switch e.Kind {
		case media.Key:
			l.press(e.Key, dialog.ByRTP, e.At-l.began)
		case media.Played:
			l.latest.played = e
		case media.Quiet:
			l.config.HangUp(errQuiet)
		}
	}
	if l.tones != nil {
		l.tones.hear()
	}
}

// press notes a key, unless it is known by another way. The lock is held.
func (l *Line) press(key byte, way dialog.Way, at time.Duration) {
	counts := l.presses.Step(key, way, at)
	l.report(report{key, way, !counts})
	if !counts {
		return
	}
	l.add(engine.Input{Kind: engine.Key, At: max(at, 0), Key: key})
	for _, f := range l.feeds {
		f.press(key)
	}
}

// add adds what the caller did. The lock is held.
func (l *Line) add(in engine.Input) {
	if len(l.came) < maxInputs {
		l.came = append(l.came, in)
	}
}

// listenFor makes listen what is wanted. Input that came before it was is no
// answer.
func (l *Line) listenFor(listen *engine.Listening) {
	if listen != l.listen {
		l.stopRecognising()
	}
	l.takeNews()
	if listen != l.listen {
		l.listen, l.inputs, l.recognition, l.deaf = listen, nil, nil, false
	}
	l.wantKeys()
}

// wantKeys has keys heard as tones, if keys are wanted and tones are how they come.
func (l *Line) wantKeys() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wantsKeys = l.listensForKeys()
	l.listenByEar()
}

// isInput reports whether there is input that is wanted.
func (l *Line) isInput() bool { return len(l.inputs) > 0 }

// isBarged reports whether the caller has pressed or said something.
func (l *Line) isBarged() bool {
	return slices.ContainsFunc(l.inputs, func(in engine.Input) bool { return in.Kind != engine.SpeechLost })
}

func (l *Line) listensForKeys() bool { return l.listen != nil && (l.listen.Keys || l.deaf) }

// Listen waits for the caller's next input.
func (l *Line) Listen(ctx context.Context, listen *engine.Listening, until time.Duration) (engine.Input, error) {
	l.listenFor(listen)
	if listen == nil && until <= l.Now() {
		return engine.Input{Kind: engine.Silence, At: until}, nil
	}
	if err := l.answer(ctx); err != nil {
		return engine.Input{}, err
	}
	l.recognise()
	if err := l.waitUntil(ctx, until, l.isInput); err != nil {
		return engine.Input{}, err
	}
	if !l.isInput() {
		return engine.Input{Kind: engine.Silence, At: until}, nil
	}
	in := l.inputs[0]
	l.inputs = l.inputs[1:]
	return in, nil
}

// waitUntil waits until done, or a time of the line's clock.
func (l *Line) waitUntil(ctx context.Context, until time.Duration, done func() bool) error {
	l.config.Leg.Alarm(l.began + until)
	return l.wait(ctx, func() bool { return done() || l.Now() >= until })
}

// Echo lets callers hear themselves.
func (l *Line) Echo(ctx context.Context, limit time.Duration) (time.Duration, error) {
	l.listenFor(nil)
	if err := l.answer(ctx); err != nil {
		return 0, err
	}
	from := l.Now()
	l.config.Leg.Echo(true)
	defer l.config.Leg.Echo(false)
	never := func() bool { return false }
	if limit == 0 {
		err := l.wait(ctx, never)
		return l.Now() - from, err
	}
	if err := l.waitUntil(ctx, from+limit, never); err != nil {
		return l.Now() - from, err
	}
	return limit, nil
}

// Hangup disconnects the caller, once the last sound was heard, or turns the call
// down.
func (l *Line) Hangup(ctx context.Context, cause engine.Cause) error {
	if _, up := l.Answered(); up {
		limited, cancel := context.WithTimeout(ctx, 2*unheard)
		defer cancel()
		_ = l.waitUntil(limited, l.Now()+unheard, func() bool { return false })
	}
	l.config.Call.Hangup(cause)
	return nil
}

// unheard is how much sound telephones hold back to even out what comes late, and
// throw away at a BYE.
const unheard = 100 * time.Millisecond
