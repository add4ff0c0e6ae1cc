package dialog

import "time"

// SamePress is how far apart the two reports of one press may arrive.
const SamePress = 300 * time.Millisecond

// Way is how a key was reported.
type Way uint8

// The ways.
const (
	ByRTP  Way = iota // as a telephone event, RFC 4733
	ByINFO            // in the body of an INFO
	ByTone            // as two tones in the sound, ITU-T Q.23
)

// Presses counts the keys of a caller whose phone reports each press in two ways,
// as some are set to: a report within 300 ms of one of the same key that came
// another way is the same press. Reports that came the same way are always two. The
// zero value awaits the first key.
type Presses struct {
	recent [8]press // more than fingers press in 300 ms
	next   int      // of recent, to be overwritten
}

type press struct {
	at  time.Duration
	key byte // 0: none, or both of its reports have come
	way Way
}

// Step takes the report of a key and says whether it is a press of its own.
func (p *Presses) Step(key byte, way Way, now time.Duration) (counts bool) {
	for i := range p.recent { // from the oldest on
		other := &p.recent[(p.next+i)%len(p.recent)]
		if other.key == key && other.way != way && now-other.at <= SamePress {
			other.key = 0
			return false
		}
	}
	p.recent[p.next] = press{now, key, way}
	p.next = (p.next + 1) % len(p.recent)
	return true
}
