package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
)

// BeginCallBack is described at clicktocall.Ledger.
func (s *Store) BeginCallBack(ctx context.Context, a clicktocall.Ask, now time.Time, decide func(clicktocall.Known) *clicktocall.CallBack) (begun *clicktocall.CallBack, repeated bool, err error) {
	a.Number, a.Caps = phone.Key(a.Number), keyed(a.Caps)
	decided := false
	if s.refusals.refusedLately(a.Entry, now) {
		begun, decided, err = s.refuseCallBack(ctx, a, now, decide)
		repeated = begun != nil
	}
	margin := s.margin
	if s.nearly.refusedLately(a.Entry, now) {
		margin = 0
	}
	if err == nil && !decided {
		begun, repeated, err = s.beginCallBackAlone(ctx, a, margin, now, decide)
	}
	if errors.Is(err, errNearly) {
		s.nearly.noteRefusal(a.Entry, now)
		begun, repeated, err = s.beginCallBackAlone(ctx, a, 0, now, decide)
	}
	if err != nil {
		return nil, false, fmt.Errorf("begin a call back of entry %s: %w", a.Entry, err)
	}
	return begun, repeated, nil
}

// refuseCallBack is BeginCallBack for an Ask that is refused, or repeats the call
// back that is returned: it holds no locks. Otherwise it is not decided.
func (s *Store) refuseCallBack(ctx context.Context, a clicktocall.Ask, now time.Time, decide func(clicktocall.Known) *clicktocall.CallBack) (same *clicktocall.CallBack, decided bool, err error) {
	var found askFacts
	err = s.readSteps(ctx, func(b *batch) error {
		return readAsk(b, &found, a, "", now, nil)
	})
	if err != nil || found.same != nil {
		return found.same, found.same != nil, err
	}
	return nil, decide(found.known) == nil, nil
}

// beginCallBackAlone is BeginCallBack while nothing else is begun that its locks
// exclude. It reads and decides in one step, and writes in the other. The error
// is errNearly where the margin does not suffice.
func (s *Store) beginCallBackAlone(ctx context.Context, a clicktocall.Ask, margin int, now time.Time, decide func(clicktocall.Known) *clicktocall.CallBack) (begun *clicktocall.CallBack, repeated bool, err error) {
	locks := callLocks(a, margin)
	a.Caps = slices.Clone(a.Caps)
	for i, c := range a.Caps {
		if locks[lockOfCap(c)] {
			a.Caps[i].Most -= margin
		}
	}
	nearly := func(full clicktocall.Full) bool { return locks[lockOfCap(full.Cap)] }
	refused := false
	err = s.writeSteps(ctx, func(b *batch) error {
		begun, repeated, refused = nil, false, false
		var found askFacts
		b.lockModes(locks)
		return readAsk(b, &found, a, "", now, func(b *batch) error {
			if found.same != nil {
				begun, repeated = found.same, true
				return nil
			}
			if slices.ContainsFunc(found.known.Full, nearly) {
				return errNearly
			}
			made := decide(found.known)
			if refused = made == nil; refused {
				return nil
			}
			if a.Token != "" {
				b.exec(spendToken, a.Token, millis(a.TokenEnds))
			}
			kept := *made
			kept.Created, kept.Updated = now, now
			begun = &kept
			b.tell(s.activityRow(kept.Item(now)))
			return insertCallBack(b, kept, now)
		})
	})
	if err == nil && refused {
		s.refusals.noteRefusal(a.Entry, now)
	}
	return begun, repeated, err
}

// errNearly says that so little is left of a cap that its calls must be begun one
// after the other.
var errNearly = errors.New("a cap is nearly reached")

// callLocks returns the names that are locked for an Ask, and which of them it
// shares: those of caps that are larger than the margin.
//
// Calls that share a lock are begun at the same time, and do not count each
// other until they are committed. So they count for a cap that is lower by the
// margin, which is at least as many as there can be transactions at once, over
// all servers: when that is reached, those that still may be committed lead to
// the cap itself at most. From then on the lock is not shared, and waits for
// them.
func callLocks(a clicktocall.Ask, margin int) (shared map[string]bool) {
	shared = map[string]bool{"callback token " + a.Token: false}
	if a.Number != "" {
		shared[lockOfNumber(a.Number)] = false
	}
	for _, c := range a.Caps {
		name := lockOfCap(c)
		before, known := shared[name]
		shared[name] = margin > 0 && c.Most > margin && (before || !known)
	}
	return shared
}

func lockOfCap(c clicktocall.Cap) string { return fmt.Sprintf("callback %s %s", c.Scope, c.Of) }

func lockOfNumber(number string) string {
	return lockOfCap(clicktocall.Cap{Scope: clicktocall.OfNumber, Of: number})
}

// lockModes queues what lockNames does, for names that are shared or not.
func (b *batch) lockModes(shared map[string]bool) {
	if !b.shared {
		return
	}
	names := slices.Sorted(maps.Keys(shared))
	modes := make([]bool, len(names))
	for i, name := range names {
		modes[i] = shared[name]
	}
	b.exec(`SELECT CASE WHEN shared THEN pg_advisory_xact_lock_shared(hashtextextended(name, 0)) ELSE pg_advisory_xact_lock(hashtextextended(name, 0)) END
		FROM unnest($1::text[], $2::boolean[]) AS locks (name, shared)`, names, modes)
}

// askFacts is what is known of an Ask.
type askFacts struct {
	same  *clicktocall.CallBack // that it repeats; nil: none
	known clicktocall.Known

	suppressions []ledger.Suppression
	counts       []counting
}

// readAsk reads it, not counting the call back self, and continues with next;
// nil: that is all. It remains true only while the locks are held.
func readAsk(b *batch, found *askFacts, a clicktocall.Ask, self string, now time.Time, next step) error {
	*found = askFacts{}
	k := &found.known
	b.query(func(row scanner) error {
		var spent, settled int
		err := row.Scan(&spent, &k.Waiting, &settled)
		k.Spent, k.Settled = spent > 0, settled > 0
		return err
	}, `SELECT (SELECT count(*) FROM callback_tokens WHERE token = $1), (SELECT count(*) FROM callbacks WHERE number = $2 AND state = 'scheduled'),
			(SELECT count(*) FROM (SELECT 1 FROM callbacks WHERE network = $3 AND created > $4 AND created < $5 AND state IN ('placed', 'calling', 'over') LIMIT 1) AS earlier)`,
		a.Token, a.Number, a.Network, millis(now.Add(-knownNetwork)), millis(now.Add(-settledNetwork)))
	if a.Number == "" {
		b.then(next)
		return nil
	}
	b.query(func(row scanner) error {
		sup, err := scanSuppression(row)
		found.suppressions = append(found.suppressions, sup)
		k.Suppressed = broadest(found.suppressions)
		return err
	}, selectSuppression+`WHERE number = $1 AND tenant IN ($2, '*') AND channel IN ('call', 'all')`, a.Number, a.Tenant)
	b.query(func(row scanner) error {
		c, err := scanCallBack(row)
		found.same = &c
		return err
	}, "SELECT "+callBackColumns+` FROM callbacks
		WHERE number = $1 AND entry = $2 AND state <> 'failed' AND (idem = $3 AND idem <> ''
			OR network = $4 AND at = $5 AND created > $6 AND state <> 'cancelled')
		ORDER BY CASE WHEN idem = $3 THEN 0 ELSE 1 END, created DESC LIMIT 1`,
		a.Number, a.Entry, a.Key, a.Network, millis(a.At), millis(now.Add(-clicktocall.SameFor)))
	return readCaps(b, &found.counts, a, self, now, func(b *batch) error {
		k.Full = fullCaps(found.counts)
		if next == nil {
			return nil
		}
		return next(b)
	})
}

// keyed returns caps with their numbers replaced by keys.
func keyed(caps []clicktocall.Cap) []clicktocall.Cap {
	caps = slices.Clone(caps)
	for i, c := range caps {
		if c.Scope == clicktocall.OfNumber {
			caps[i].Of = phone.Key(c.Of)
		}
	}
	return caps
}

// spendToken makes sure that a token cannot be used again.
const spendToken = "INSERT INTO callback_tokens (token, ends) VALUES ($1, $2)"

// isSpent reports whether a token has been used.
func isSpent(ctx context.Context, tx *sql.Tx, token string) (bool, error) {
	var spent int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM callback_tokens WHERE token = $1", token).Scan(&spent)
	return spent > 0, err
}
