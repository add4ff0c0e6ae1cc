package engine

import (
	"context"
	"errors"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fetch"
)

// Line is the caller's end of a call. The caller of package simulator, on a
// terminal or of a script, is one (line.go there); so is a terminal that is
// connected to a Core (remote_line.go of package wire). Only Lines know how
// sound is played, and they keep the time: their methods return when the sound
// was played or the time has come, and nothing in this package sleeps. A Line
// answers its call by itself, at the first of Play, Listen, Echo, Record, Stream
// and Fork; while nothing is played it sends silence.
//
// The methods are called by one goroutine. They return ErrHungUp once the caller
// has hung up, and the context's cause within 20 ms of its end. A Line that
// notices a hang-up between two calls should cancel the context that Run was
// given with the cause ErrHungUp, so that a slow responder is not waited for.
type Line interface {
	// Now returns the time since the call was given to the engine.
	Now() time.Duration

	// Play plays a prompt to its end. If listen is not nil, the caller's first
	// key or word stops it, and is kept for Listen; what came since the prompt
	// before, which listened for the same, stops it before it begins. A SpeechLost
	// is kept, and stops nothing. How much was heard is returned with ErrHungUp
	// too; if that is nothing the prompt is no event.
	Play(ctx context.Context, prompt Prompt, listen *Listening) (Played, error)

	// Listen waits for the caller's next input, until the line's clock shows
	// until: input of that very moment still counts, then it returns an Input of
	// kind Silence. listen is the same pointer for the whole of a Gather, its
	// prompts included; with a new one, earlier input is dropped, because an
	// answer cannot precede its question. A nil listen ends the listening; then
	// it only lets the time pass.
	Listen(ctx context.Context, listen *Listening, until time.Duration) (Input, error)

	// Hangup disconnects the caller, or turns down a call that was not answered.
	Hangup(ctx context.Context, cause Cause) error
}

// Cause says why a call ends, where the phone system tells the caller's.
type Cause string

// Why calls end.
const (
	Normal      Cause = "normal"      // the document ended, or said so
	Rejected    Cause = "rejected"    // the one who was called does not want it
	Busy        Cause = "busy"        // and is on another call
	Nowhere     Cause = "nowhere"     // the number leads to nothing
	Unavailable Cause = "unavailable" // it leads to what cannot be reached now
	Failed      Cause = "failed"      // a responder failed, or we did
	Overloaded  Cause = "overloaded"  // there are too many calls
	Elsewhere   Cause = "elsewhere"   // another telephone that rang as well has answered
)

// Errors of Lines.
var (
	ErrHungUp      = errors.New("the caller has hung up")
	ErrUnsupported = errors.New("this line cannot do that")
)

// ErrStopping is the cause of a context that ends a call because the server stops.
// The caller's phone system is told Overloaded: to send calls elsewhere meanwhile.
var ErrStopping = errors.New("the server is stopping")

// Prompt is what can be played: Speech or Recording.
type Prompt interface{ prompt() }

// Speech is text to be spoken.
type Speech struct {
	Text     string
	Voice    string // "male", "female", a name or an id; empty: the line's default
	Language string // BCP-47; empty: the line's default

	// Domain is whose call it is, for Lines that speak as the settings of domains
	// say. Those that speak elsewhere need not know.
	Domain string `json:"-"`
}

// Recording is a file that is being fetched, or was: it may be played before it
// has come whole.
type Recording struct {
	URL   string
	Sound *audio.Sound
}

// wholeTimeout is how long a Line that plays only whole files waits for one. The
// caller hears nothing meanwhile.
const wholeTimeout = fetch.DefaultTimeout

// Await waits until the file has come, for Lines that cannot play what is still to
// come: up to fifteen seconds. Then Sound has what there is of it. The error is
// the cause of the context's end; or it says why the file is not played at all:
// it is too long, or there is no room for it.
func (r Recording) Await(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, wholeTimeout)
	defer cancel()
	err := r.Sound.WaitEnd(limited)
	switch failed, broke := errors.AsType[*fetch.Error](err); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil, limited.Err() != nil, broke && failed.Kind != fetch.TooLarge:
		return nil // what came before is better than nothing; the engine reports the rest
	}
	return errors.New(fileText(err))
}

func (Speech) prompt()    {}
func (Recording) prompt() {}

// Played says how a prompt went.
type Played struct {
	Took   time.Duration
	Barged bool // the caller's input stopped it

	// Unspoken says why a Speech that was played to its end was not the text in the
	// voice that was asked for: it broke off, or something else was heard instead.
	Unspoken error
}

// Listening says what input is wanted.
type Listening struct {
	Keys          bool
	Speech        bool
	Language      string        // of the speech
	Hints         string        // words likely to be said, separated by commas
	SpeechTimeout time.Duration // silence that ends speech
}

// Input is what the caller did.
type Input struct {
	Kind InputKind
	At   time.Duration // when, by the line's clock
	Key  byte          // one of 0123456789*#ABCD
	Text string        // what was said; of SpeechLost: why
}

// InputKind is the kind of an input.
type InputKind int

// The kinds of input.
const (
	Silence     InputKind = iota // the time is up
	Key                          // a key was pressed
	SpeechBegan                  // the caller has begun to speak
	SpeechFinal                  // the caller has spoken; Text is the transcript
	SpeechLost                   // from here on the Line hears keys, whatever Listening says, and no words
)

// The following are optional abilities of a Line, which As finds. A document that
// asks for one on a Line that lacks it gets a warning, and the next verb runs.

// As returns the ability T of a line, or of one that it wraps: a Line that has a
// method Unwrap() Line has what that Line has, except what it does itself.
func As[T any](line Line) (able T, ok bool) {
	for line != nil {
		if able, ok = line.(T); ok {
			return able, true
		}
		wrapper, wraps := line.(interface{ Unwrap() Line })
		if !wraps {
			break
		}
		line = wrapper.Unwrap()
	}
	return able, false
}

// Preparer is a Line that is to know that its call leads somewhere before a
// responder is asked: it may answer then.
type Preparer interface {
	// Prepare is called at most once, before the Line's other methods. It does not
	// wait.
	Prepare()
}

// Identified is a Line whose call has an id in the network that it came by.
type Identified interface {
	// CallID returns the id as the other side wrote it, of whatever length.
	CallID() string
}

// Answerer is a Line whose call may not have been answered; all others have.
type Answerer interface {
	// Answered returns when the call was answered, by the line's clock. Unlike a
	// Line's other methods it may be called by any goroutine.
	Answered() (at time.Duration, ok bool)
}

// Recogniser is a Line that may not understand what its caller says; all others do.
type Recogniser interface {
	// Recognises reports whether a Listening's Speech is heard.
	Recognises() bool
}

// AudioReporter is a Line that knows how its sound travels; a Core puts it into the
// call's events and its record.
type AudioReporter interface {
	// AudioReport returns how it travelled so far. It is asked at any time, by any
	// goroutine, also after the call.
	AudioReport() AudioReport
}

// Laddered is a Line whose call is made of messages, which a Core stores with its trace.
type Laddered interface {
	// Ladder returns the messages, by the line's clock, once the call is over, or would
	// be if the other side said so. It is asked once, after everything else.
	Ladder() []trace.Stamped
}

// AudioReport says how the sound of a line travels. What is not known is zero.
type AudioReport struct {
	Codec    string        // as SDP names it (RFC 3551), such as PCMU; empty: none was agreed on yet
	Received int64         // packets from the caller
	Sent     int64         // packets to the caller
	Lost     int64         // of those from the caller (RFC 3550, section 6.4.1)
	Jitter   time.Duration // of those from the caller, likewise
	MOS      float64       // how good it sounds, from 1 to 4.5 (ITU-T G.107)
}

// Forwarder sends the call elsewhere. It returns when the call has ended there,
// or has left us. With ErrHungUp and the context's cause it returns how the call went
// there until then; another error says that this could not be tried.
type Forwarder interface {
	Forward(ctx context.Context, to string, byCaller bool) (Forwarded, error)
}

// Announced is an error of a Forward, such as a call for help that nobody would get,
// of which the caller hears more than the apology.
type Announced struct {
	Say string // what the caller hears in place of the apology
	Err error
}

// Error says what the error does.
func (a *Announced) Error() string { return a.Err.Error() }

// Unwrap returns it.
func (a *Announced) Unwrap() error { return a.Err }

// Forwarded says how it went elsewhere.
type Forwarded struct {
	End    ForwardEnd
	Talked time.Duration // with those who answered
}

// ForwardEnd says how a call that went elsewhere ended. It is empty if nobody
// knows: the call has left us.
type ForwardEnd string

// How calls end elsewhere.
const (
	ForwardAnswered    ForwardEnd = "answered"
	ForwardBusy        ForwardEnd = "busy"
	ForwardNoAnswer    ForwardEnd = "no_answer"
	ForwardRejected    ForwardEnd = "rejected"
	ForwardUnavailable ForwardEnd = "unavailable"
	ForwardCancelled   ForwardEnd = "cancelled" // the caller hung up first
)

// Outside is somebody whom no dial plan reaches: their telephone is called.
type Outside struct {
	// To is a number as E.164 has it, with its plus, which a trunk carries; or a
	// URI of sip or sips, which is called as it stands.
	To string

	// From is the number that they are shown, likewise with its plus; empty: the
	// trunk's own. Name is shown beside it; optional.
	From, Name string

	Private bool          // they are not shown who calls
	Timeout time.Duration // how long it may ring; 0: a minute

	// Answered is called once, when they answer, and before that which rings them
	// returns. It does not wait. Optional.
	Answered func()
}

// Rung says how somebody was rung.
type Rung struct {
	End    ForwardEnd
	Ladder []trace.Stamped // the messages of the call, and of those it was connected with
}

// Connector is a Line that can be connected with somebody outside.
type Connector interface {
	// Connect rings somebody. Once they answer both hear each other, until one of
	// the two hangs up. A caller who was not answered yet hears it ring there, or
	// is turned down as they were; the others hear the tones of that. It returns
	// when the other call has ended: with ErrHungUp too, and with the context's
	// cause, after which the line is as it was before. Another error says that it
	// could not be tried.
	Connect(ctx context.Context, who Outside) (Forwarded, error)
}

// Redirect is the cause of a context that takes a call away from its responder,
// in the middle of whatever it does: somebody has sent it elsewhere.
type Redirect struct {
	To       string
	ByCaller bool // by the caller's dial plan rather than that of the one who was called
}

// Error says where the call goes.
func (r *Redirect) Error() string { return "the call was sent to " + r.To }

// Echoer plays the caller's own sound back, for a time or (0) until hang-up.
// It returns how long it did, also with ErrHungUp.
type Echoer interface {
	Echo(ctx context.Context, limit time.Duration) (time.Duration, error)
}

// Recorder records the caller. It returns what was recorded with ErrHungUp too:
// that is how most messages end.
type Recorder interface {
	Record(ctx context.Context, rules RecordRules) (Recorded, error)
}

// RecordRules says when a recording ends.
type RecordRules struct {
	MaxLength   time.Duration
	Silence     time.Duration // that ends it
	FinishOnKey string        // keys that end it; empty: none
	Beep        bool          // a tone before it begins
}

// Recorded is a recording that was made.
type Recorded struct {
	URL    string // where the responder can get it
	Length time.Duration
}

// Streamer carries the caller's sound to a media stream and back.
type Streamer interface {
	// Stream joins the caller and a stream until the stream ends (nil) or the
	// caller hangs up. With media.TwoWay it plays what the stream sends.
	Stream(ctx context.Context, media *Media) error

	// Fork gives the caller's sound to media from now on, while other methods
	// run, until stop is called.
	Fork(media *Media) (stop func())
}
