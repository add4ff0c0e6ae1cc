package voice

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// ringAfter is how long callers hear nothing while a responder is asked. Most answer
// sooner, and their callers hear no ringing cut short. It is below the 3 s that ITU-T
// E.721 has as the mean for a local call.
const ringAfter = 2 * time.Second

// ringLate has callers hear it ring where a responder takes its time.
func (l *Line) ringLate() {
	offer := l.offer()
	l.late = time.AfterFunc(ringAfter, func() { l.config.Call.Ring(statusRinging, offer) })
}

// offer returns our side of the sound, for a caller who has left the offer to us and may
// need it as it begins to ring. Others are told nothing of sound before there is some.
func (l *Line) offer() *sdp.Local {
	if l.config.Offered != nil {
		return nil
	}
	local := l.config.Local // the call reads it later
	return &local
}

// ringNoMore ends what ringLate began: from now on callers hear how it rings where they
// are connected. A call that was answered, or is over, does not ring anyway.
func (l *Line) ringNoMore() {
	if l.late != nil {
		l.late.Stop()
	}
}
