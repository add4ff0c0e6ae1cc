package voice

import "time"

// ringAfter is how long callers hear nothing while a responder is asked. Most answer
// sooner, and their callers hear no ringing cut short. It is below the 3 s that ITU-T
// E.721 has as the mean for a local call.
const ringAfter = 2 * time.Second

// ringLate has callers hear it ring where a responder takes its time.
func (l *Line) ringLate() {
	l.late = time.AfterFunc(ringAfter, func() { l.config.Call.Ring(statusRinging, nil) })
}

// ringNoMore ends what ringLate began: from now on callers hear how it rings where they
// are connected. A call that was answered, or is over, does not ring anyway.
func (l *Line) ringNoMore() {
	if l.late != nil {
		l.late.Stop()
	}
}
