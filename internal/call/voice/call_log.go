package voice

import (
	"math"
	"net/netip"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// byForward stands where others have who ended a call: it ended where it was forwarded
// to.
const byForward trace.Party = "forward"

// logEnd writes the one line of a finished call. Of calls that strangers make and
// nobody answers not all have one: anybody can make a hundred a second.
func (s *Server) logEnd(line *Line, source netip.Prefix, outcome engine.Outcome, from, to string) {
	unlogged := 0
	if _, answered := line.Answered(); !answered && source != (netip.Prefix{}) {
		var written bool
		if unlogged, written = s.mayLog(); !written {
			return
		}
	}
	by, sound := outcome.By, line.AudioReport()
	if outcome.Forwarded {
		by = byForward
	}
	fields := []any{
		"call_id", shownID(line.CallID()), "from", phone.Mask(from), "to", phone.Mask(to), "seconds", int(line.Now() / time.Second),
		"by", string(by), "reason", phone.MaskIn(setting.WithoutSecrets(outcome.Reason)), "failed", outcome.Failed,
		"codec", sound.Codec, "received", sound.Received, "lost", sound.Lost, "mos", math.Round(100*sound.MOS) / 100,
	}
	if unlogged > 0 {
		fields = append(fields, "unlogged", unlogged)
	}
	s.config.Log.Info("call ended", fields...)
}

// mayLog is strangers.may, at this moment.
func (s *Server) mayLog() (unlogged int, written bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.strangers.may(time.Since(s.began))
}

// How many calls of strangers that nobody answers are logged: so many at once, and
// then one each strangerEvery, which is 20 MB a day.
const (
	strangersAtOnce = 60
	strangerEvery   = time.Second
)

// sparing says which lines are written. It is a value without a clock; times are
// since it was made.
type sparing struct {
	paid time.Duration // until when lines are paid for in advance
	left int           // lines since the last that was written
}

// may reports whether a line is written, and if so, how many were not before it.
func (s *sparing) may(now time.Duration) (unlogged int, written bool) {
	paid := max(s.paid, now) + strangerEvery
	if paid-now > strangersAtOnce*strangerEvery {
		s.left++
		return 0, false
	}
	unlogged = s.left
	s.paid, s.left = paid, 0
	return unlogged, true
}

// maxShownID is how many bytes of a Call-ID are logged: nothing else bounds one.
const maxShownID = 128

// shownID returns a Call-ID for the log.
func shownID(id string) string { return id[:min(len(id), maxShownID)] }
