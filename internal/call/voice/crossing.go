package voice

import (
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
)

// report is how a key was reported.
type report struct {
	key   byte
	way   dialog.Way
	again bool // of a press that was reported another way
}

// crossing decides which keys of one side of a connection are to be sent to the other.
// Telephone events pass by themselves where both sides take them, and tones are sound.
// What is left is keys that come by INFO, and events to one who does not take any. It
// is a value without a clock.
type crossing struct {
	waiting []waitingKey
	alone   bool // INFOs are all that their keys come by
}

// waitingKey is one that came by INFO and may still come as an event, which passes by
// itself: telephones may send both.
type waitingKey struct {
	key   byte
	until time.Duration
}

// step takes reports, and whether the side of the keys and the other take events. It
// returns the keys that are to be sent.
func (x *crossing) step(reports []report, from, to bool, now time.Duration) (keys []byte) {
	for _, r := range reports {
		switch {
		case r.way == dialog.ByTone:
		case r.way == dialog.ByRTP && r.again:
			x.forget(r.key)
		case r.again:
		case r.way == dialog.ByRTP && to:
		case r.way == dialog.ByINFO && from && to && !x.alone:
			x.waiting = append(x.waiting, waitingKey{r.key, now + dialog.SamePress})
		default:
			keys = append(keys, r.key)
		}
	}
	for len(x.waiting) > 0 && now >= x.waiting[0].until {
		keys = append(keys, x.waiting[0].key)
		x.waiting, x.alone = x.waiting[1:], true
	}
	return keys
}

// forget forgets a key that waits: it has passed.
func (x *crossing) forget(key byte) {
	if i := slices.IndexFunc(x.waiting, func(w waitingKey) bool { return w.key == key }); i >= 0 {
		x.waiting = slices.Delete(x.waiting, i, i+1)
	}
}

// due returns when step wants to know the time.
func (x *crossing) due() (at time.Duration, ok bool) {
	if len(x.waiting) == 0 {
		return 0, false
	}
	return x.waiting[0].until, true
}

// reportKeys has the reports of keys kept for takeReports, or ends that.
func (l *Line) reportKeys(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reporting, l.reports = on, nil
}

// report keeps the report of a key, if that is wanted. The lock is held.
func (l *Line) report(r report) {
	if l.reporting && len(l.reports) < maxInputs {
		l.reports = append(l.reports, r)
	}
}

// takeReports returns the reports that have come since.
func (l *Line) takeReports() []report {
	l.mu.Lock()
	defer l.mu.Unlock()
	reports := l.reports
	l.reports = nil
	return reports
}

// sendKeys sends keys to the telephone, as it takes them.
func (l *Line) sendKeys(keys []byte) {
	if len(keys) == 0 || l.news.events && l.config.Leg.Press(string(keys)) == nil {
		return
	}
	for _, key := range keys {
		l.config.Call.Info(dialog.InfoOf(key))
	}
}
