package store

import (
	"context"
	"database/sql"

	"github.com/switchhook/switchhook/internal/activity"
)

// alertsLock is the name of the lock of the alerts of all servers.
const alertsLock = "alerts"

// Alerts returns the states of alerts, by kind and subject.
func (s *Store) Alerts(ctx context.Context) (states map[[2]string]string, err error) {
	err = s.readOne(ctx, func(ctx context.Context, q querier) error {
		states, err = readAlerts(ctx, q)
		return err
	})
	return states, err
}

func readAlerts(ctx context.Context, q querier) (map[[2]string]string, error) {
	states := map[[2]string]string{}
	err := each(ctx, q, "SELECT kind, about, state FROM alerts", nil, func(row scanner) error {
		var key [2]string
		var state string
		err := row.Scan(&key[0], &key[1], &state)
		states[key] = state
		return err
	})
	return states, err
}

// ChangeAlerts has the states of alerts changed while no other server changes
// them. change returns those that are new or different, and "" for those that are
// removed, and what has happened with that. It may be called several times.
func (s *Store) ChangeAlerts(ctx context.Context, change func(now map[[2]string]string) (map[[2]string]string, []activity.Item, error)) error {
	return s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.lockNames(ctx, tx, alertsLock); err != nil {
			return err
		}
		now, err := readAlerts(ctx, tx)
		if err != nil {
			return err
		}
		different, happened, err := change(now)
		if err != nil {
			return err
		}
		for key, state := range different {
			if state == "" {
				_, err = tx.ExecContext(ctx, "DELETE FROM alerts WHERE kind = $1 AND about = $2", key[0], key[1])
			} else {
				_, err = tx.ExecContext(ctx, `INSERT INTO alerts (kind, about, state) VALUES ($1, $2, $3)
					ON CONFLICT (kind, about) DO UPDATE SET state = excluded.state`, key[0], key[1], state)
			}
			if err != nil {
				return err
			}
		}
		return s.tell(ctx, tx, happened...)
	})
}
