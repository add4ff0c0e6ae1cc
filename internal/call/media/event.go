package media

import "time"

// Event is what a leg tells the call that it belongs to.
type Event struct {
	Kind EventKind
	At   time.Duration // when it was, by Pool.Now

	Key byte // of Key: one of 0-9, *, # and A-D

	// Of Played.
	Play   PlayID
	Length time.Duration // how much of it was sent
	Whole  bool          // it was sent to its end, and not stopped
}

// EventKind is the kind of an Event.
type EventKind uint8

// The kinds of events.
const (
	Key     EventKind = iota + 1 // the caller pressed a key; At is when they began to
	Played                       // a Source has ended, or was stopped
	Quiet                        // nothing has arrived for as long as Rules.Timeout says
	Heard                        // something has arrived again after Quiet
	Reached                      // the time of an alarm
)

const (
	// maxEvents is how many events a call may be behind: thirty keys and more.
	maxEvents = 64

	// reserved is how many of them are never keys. A call waits for the others, the
	// end of a sound or an alarm, and there are few of each.
	reserved = 16
)
