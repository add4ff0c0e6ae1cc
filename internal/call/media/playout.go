package media

import "time"

// A Source is sound in the codec of a leg that is sent to it: PCMU, PCMA or G722,
// 8 bytes a millisecond. The leg's thread reads it: neither method may wait, take
// a lock or allocate.
type Source interface {
	// Read fills dst with what comes next and returns how many bytes it is: fewer
	// where the sound has ended, or is still being made and has not come so far.
	Read(dst []byte) int

	// Done reports whether all was read of a sound that grows no more.
	Done() bool
}

// A Play is a Source that is played, by number; 0 is none.
type Play uint64

// bytesPerMS is how many bytes of a Source take a millisecond.
const bytesPerMS = 8

// player plays one Source after another.
type player struct {
	source   Source // nil: there is none
	play     Play
	untilKey bool // the first key ends it
	bytes    int  // that were played
}

// fill fills a packet: with silence where the Source has nothing. It reports
// whether the Source ended with it.
func (p *player) fill(packet, silence []byte) (ended bool) {
	n := 0
	if p.source != nil {
		n = p.source.Read(packet)
		p.bytes += n
		ended = p.source.Done()
	}
	copy(packet[n:], silence[min(n, len(silence)):])
	return ended
}

// stop ends what is played, and returns what there is to tell of it.
func (p *player) stop(whole bool) (e Event, played bool) {
	if p.source == nil {
		return Event{}, false
	}
	e = Event{Kind: Played, Play: p.play, Length: time.Duration(p.bytes) * time.Millisecond / bytesPerMS, Whole: whole}
	*p = player{}
	return e, true
}
