package dialog

import "sync/atomic"

// Drop is why something that came was not read. The values are the whole set, so that
// a metric may have them as a label.
type Drop string

// Why something is not read.
const (
	NotAllowed Drop = "not_allowed" // Config.Heard does not know its address
	Silenced   Drop = "silenced"    // its source has offended too often
	TooFast    Drop = "too_fast"    // its source sends more than its share; a connection is read later
	TooMany    Drop = "connections" // there are too many connections, or of its source
	Unreadable Drop = "unreadable"  // it is no message of SIP
	Backlog    Drop = "backlog"     // too many messages of its call wait
)

// Counts are the figures of a Stack since it was made.
type Counts struct {
	Messages uint64          // that were read
	Dropped  map[Drop]uint64 // has each Drop
}

// dropped counts what is not read. It has each Drop, and is not changed but by adding.
type dropped map[Drop]*atomic.Uint64

func newDropped() dropped {
	d := dropped{}
	for _, why := range []Drop{NotAllowed, Silenced, TooFast, TooMany, Unreadable, Backlog} {
		d[why] = new(atomic.Uint64)
	}
	return d
}

// Counts returns the figures as they are now.
func (s *Stack) Counts() Counts {
	c := Counts{Messages: s.messages.Load(), Dropped: make(map[Drop]uint64)}
	for why, n := range s.gate.dropped {
		c.Dropped[why] = n.Load()
	}
	return c
}
