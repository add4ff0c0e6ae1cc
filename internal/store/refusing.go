package store

import (
	"context"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// refusalsFor is how long an entry counts as attacked after it refused a request
// that left no trace.
const refusalsFor = time.Minute

// refusals are the entries that refused something lately. A flood consists of
// requests that are refused and not even recorded: of these entries we check
// that first, in a read that holds no locks, so that a flood does not make
// those wait who write. Others are spared the additional statements. There is
// one time for each entry at most, however many strangers call.
type refusals struct{ last sync.Map } // of an entry's id, a time.Time

func (r *refusals) noteRefusal(entry string, now time.Time) { r.last.Store(entry, now) }

// refusedLately reports whether an entry refused something within refusalsFor.
func (r *refusals) refusedLately(entry string, now time.Time) bool {
	last, ok := r.last.Load(entry)
	at, _ := last.(time.Time)
	return ok && now.Before(at.Add(refusalsFor))
}

// beginRefused is Begin for a new call that gets no text and leaves no trace. If
// the call is not one, it is not refused here.
func (s *Store) beginRefused(ctx context.Context, call ledger.Call, decide func(ledger.History) ledger.Decision) (begun ledger.Begun, refused bool, err error) {
	err = s.readSteps(ctx, func(b *batch) error {
		begun, refused = ledger.Begun{}, false
		var found callerFacts
		readCaller(b, &found, call)
		count, err := readTextCaps(b, call)
		if err != nil {
			return err
		}
		b.then(func(b *batch) error {
			if found.answer != nil || found.counted != nil || found.outdated(call.Basis) {
				return nil
			}
			d := decide(found.history)
			if tooMany(d, found.recent) {
				return nil
			}
			if d.Text != nil {
				if begun.Full = count.full(); begun.Full == nil {
					return nil
				}
				d = whenFull(d, begun.Full[0])
			}
			if d.Consent != nil {
				return nil
			}
			if begun.Reason, refused = d.Reason, d.Forget; !refused && !d.Needed {
				within, args := answersWithin(d.Rows, call.At, []any{"", call.Entry})
				b.query(func(row scanner) error { return row.Scan(&refused) }, "SELECT NOT ("+within+") AND $1 = ''", args...)
			}
			return nil
		})
		return nil
	})
	return begun, refused, err
}
