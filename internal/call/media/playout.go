package media

import "time"

// A Source is sound in the codec of the leg that it is sent to, 8 bytes a
// millisecond; audio.Frames are one. The leg's thread reads it: neither method may
// wait, take a lock or allocate.
type Source interface {
	// Copy fills dst with the bytes from at on and returns how many it is: fewer
	// where the sound ends, or is still being made and has not come so far.
	Copy(dst []byte, at int) int

	// Done reports whether nothing comes at or after a byte, now and later.
	Done(at int) bool
}

// Play is what is to be played.
type Play struct {
	Source   Source
	From     time.Duration // where in it to begin
	Loop     bool          // again and again, until it is stopped
	UntilKey bool          // the caller's first key stops it, between two packets
}

// PlayID is the number of a Play of a leg; 0 is none.
type PlayID uint64

// bytesPerMS is how many bytes of a Source take a millisecond.
const bytesPerMS = 8

// player plays one Source after another.
type player struct {
	Play // its Source is nil where there is nothing to play
	id   PlayID
	at   int // byte of the Source
	sent int // bytes
}

// newPlayer returns the player of a Play.
func newPlayer(p Play, id PlayID) player {
	return player{Play: p, id: id, at: bytesPerMS * int(p.From/time.Millisecond)}
}

// fill fills a packet: with silence where the Source has nothing. It reports
// whether the Source ended with it.
func (p *player) fill(packet, silence []byte) (ended bool) {
	n := 0
	if p.Source != nil {
		n, ended = p.read(packet)
		p.sent += n
	}
	copy(packet[n:], silence[n:])
	return ended
}

// read reads what comes next, and after the end from the beginning again if that
// is wanted.
func (p *player) read(packet []byte) (n int, ended bool) {
	for {
		got := p.Source.Copy(packet[n:], p.at)
		n += got
		p.at += got
		switch {
		case !p.Source.Done(p.at):
			return n, false
		case !p.Loop || p.Source.Done(0): // without sound it would never end
			return n, true
		}
		p.at = 0
		if n == len(packet) {
			return n, false
		}
	}
}

// stop ends what is played, and returns what there is to tell of it.
func (p *player) stop(whole bool) (e Event, played bool) {
	if p.Source == nil {
		return Event{}, false
	}
	e = Event{Kind: Played, Play: p.id, Length: time.Duration(p.sent) * time.Millisecond / bytesPerMS, Whole: whole}
	*p = player{}
	return e, true
}
