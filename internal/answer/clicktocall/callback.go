package clicktocall

import (
	"context"
	"errors"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// CallBack is one call that a visitor asked for, and its state.
type CallBack struct {
	ID      string // unguessable; with it anybody may ask how it stands
	Entry   string
	Tenant  string // the phone system's domain
	Queue   string // EXT@DOMAIN
	Number  string // digits with the country's code; empty: it was erased
	Network string // that it was asked for from; see Subnets
	Site    string // the same
	Block   string // the same
	Origin  string // of the page; empty: it said none
	Key     string // the idempotency key; empty: none was given
	Bare    bool   // it was asked for without a token

	State    State
	Problem  string // what the phone system said, numbers masked
	Attempts int    // begun so far: more than one only if the earlier ones certainly failed

	Created time.Time
	Updated time.Time
	At      time.Time // when it is due, with the visitor's offset; zero: at once
	Lease   time.Time // of Placing
}

// Ask is a request for a call back, as the ledger looks at it.
type Ask struct {
	Entry, Tenant string
	Number        string // empty: it is none that is called
	Network       string // see Subnets
	Site, Block   string
	Key           string    // idempotency; empty: none
	At            time.Time // zero: at once
	Token         string    // what makes the token the only one; empty: there is none
	TokenEnds     time.Time
	Caps          []Cap
}

// Known is what the ledger knows of an Ask.
type Known struct {
	Spent      bool                // the token was used
	Suppressed *ledger.Suppression // the number is not to be called
	Waiting    int                 // scheduled call backs of the number
	Settled    bool                // the network had a call placed on an earlier day, within a month
	Full       []Full              // the caps that are reached
}

// Full is a cap that is reached, until a time.
type Full struct {
	Cap   Cap
	Until time.Time
}

// fullUntil returns when none of them is reached any more.
func fullUntil(all []Full) (until time.Time) {
	for _, f := range all {
		if f.Until.After(until) {
			until = f.Until
		}
	}
	return until
}

// Result is the result of an attempt at a call back.
type Result struct {
	ID      string
	Attempt int // a stale one changes nothing
	At      time.Time
	State   State // Placed, Uncertain, Failed, or Scheduled: it is tried again
	Problem string
}

// SameFor is how long the same number, asked for by the same network at the same
// page, is the same call: a double click, or a page that was loaded again and has
// forgotten.
const SameFor = 30 * time.Second

// ErrTaken says that there is nothing to do about a call back just now: it is
// not scheduled any more, not due, or another worker has it.
var ErrTaken = errors.New("the call back is not waiting")

// Ledger stores call backs: store.Store, in its clicktocall.go.
type Ledger interface {
	// BeginCallBack reads what is known of an Ask, and stores the call back that
	// decide returns, in state Placing or Scheduled; nil: none. It checks the caps
	// for the time of the call. A Scheduled one counts from then on as a call at
	// its time, but does not block an earlier call to its number: it is put off
	// instead. No cap is exceeded, over all processes. The same step spends the
	// token.
	//
	// A call back with the same number, entry and Key that has not certainly
	// failed is the same one: it is returned as repeated, without calling decide.
	// So is one of the last SameFor from the same network for the same time.
	BeginCallBack(ctx context.Context, a Ask, now time.Time, decide func(Known) *CallBack) (c *CallBack, repeated bool, err error)

	// ClaimCallBack takes a scheduled call back that is due, until its lease
	// ends. If the number must not be called or a cap is reached, as Known says,
	// it stays Scheduled. The error is ErrTaken if it is not waiting, and a fault
	// of code NotFound if there is none. It does not count against its own caps.
	ClaimCallBack(ctx context.Context, id string, caps func(CallBack) []Cap, now, lease time.Time) (CallBack, Known, error)

	// FinishCallBack records the result of an attempt. One that certainly failed
	// counts no more, except for its network.
	FinishCallBack(ctx context.Context, r Result) error

	// CallBack returns one by its id. The error is a fault of code NotFound if
	// there is none.
	CallBack(ctx context.Context, id string) (CallBack, error)
}
