package speech

import (
	"context"
	"time"
)

// Recogniser understands what callers say, by a service that their sound is
// streamed to. It is safe for concurrent use.
type Recogniser interface {
	// Listen begins to listen to a caller, until the context ends or the Session is
	// closed. It does not wait: a service that cannot be had is the Session's end.
	Listen(ctx context.Context, r Recognition) Session
}

// Recognition says what to listen for.
type Recognition struct {
	Language string        // BCP-47; empty: the recogniser's own
	Hints    string        // words likely to be said, separated by commas
	Rate     int           // samples a second of the sound: audio.Rate or audio.Wideband
	Silence  time.Duration // that ends what a caller says
}

// Session is a caller who is listened to. One goroutine uses it. A service that
// closes connections without sound is kept alive by the Session itself.
type Session interface {
	// Write takes the next 20 ms of the caller's sound, which it copies. It does not
	// wait: where the service is too slow, sound is lost.
	Write(pcm []int16)

	// Finish says that there was silence for as long as Recognition.Silence: what
	// was said until now is to be told at once, up to an Ended.
	Finish()

	// Heard returns what is understood, in order. It is closed when the service has
	// failed, once what came before was told.
	Heard() <-chan Heard

	// Err returns why Heard was closed.
	Err() error

	// Close ends it. It does not wait for the service.
	Close()
}

// Heard is something that a Session has heard.
type Heard struct {
	Kind HeardKind
	Text string // of Interim and Final
}

// HeardKind is the kind of a Heard.
type HeardKind int

// What a Session tells.
const (
	Began   HeardKind = iota // somebody speaks; it need not be told
	Interim                  // what was said after the last Final, as understood so far
	Final                    // that part, as it stays
	Ended                    // the caller has said all, up to the last Final
)
