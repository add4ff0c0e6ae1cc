package store

import (
	"context"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
)

const (
	// knownNetwork is how long a network counts as known after a placed call.
	knownNetwork = 30 * 24 * time.Hour

	// settledNetwork is how long ago a call of the network must have been
	// placed for it to be settled: an attack that began today does not make it
	// so.
	settledNetwork = 24 * time.Hour

	// lastDay is the period over which calls are counted.
	lastDay = 24 * time.Hour
)

// NetworkStanding is described at clicktocall.Networks.
func (s *Store) NetworkStanding(ctx context.Context, of clicktocall.Asker, now time.Time) (found clicktocall.Standing, err error) {
	since, month := millis(now.Add(-lastDay)), millis(now.Add(-knownNetwork))
	err = s.readOne(ctx, func(ctx context.Context, q querier) error {
		var placed, settled int
		err := q.QueryRowContext(ctx, `SELECT
				coalesce(sum(CASE WHEN created > $2 THEN 1 ELSE 0 END), 0),
				coalesce(sum(CASE WHEN state IN ('placed', 'calling', 'over') THEN 1 ELSE 0 END), 0),
				coalesce(sum(CASE WHEN state IN ('placed', 'calling', 'over') AND created < $4 THEN 1 ELSE 0 END), 0),
				(SELECT count(*) FROM callbacks WHERE block = $5 AND block <> '' AND created > $2),
				(SELECT count(*) FROM callbacks WHERE entry = $6 AND counted > $2 AND counted <= $8),
				(SELECT count(*) FROM callbacks WHERE tenant = $7 AND counted > $2 AND counted <= $8)
			FROM callbacks WHERE network = $1 AND created > $3`,
			of.From.Network, since, month, millis(now.Add(-settledNetwork)), of.From.Block, of.Entry, of.Tenant, millis(now)).
			Scan(&found.Calls, &placed, &settled, &found.Block, &found.Entry, &found.Tenant)
		found.Known, found.Settled = placed > 0, settled > 0
		return err
	})
	if err != nil {
		return clicktocall.Standing{}, fmt.Errorf("look at what a network asked for: %w", err)
	}
	return found, nil
}
