package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// KeepEventKey records that the phone system posts a domain's texts with the
// domain's own key, and since when. The first call counts.
func (s *Store) KeepEventKey(ctx context.Context, domain string, since time.Time) error {
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO event_keys (domain, since) VALUES ($1, $2) ON CONFLICT (domain) DO NOTHING`,
			strings.ToLower(domain), millis(since))
		return err
	})
	if err != nil {
		return fmt.Errorf("write down that the events of %s have a key: %w", domain, err)
	}
	return nil
}

// ForgetEventKey takes back what KeepEventKey recorded: the domain's texts are not
// posted any more.
func (s *Store) ForgetEventKey(ctx context.Context, domain string) error {
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM event_keys WHERE domain = $1`, strings.ToLower(domain))
		return err
	})
	if err != nil {
		return fmt.Errorf("write down that the events of %s have ended: %w", domain, err)
	}
	return nil
}

// EventKeys returns the domains of KeepEventKey, in lower case, with their
// times.
func (s *Store) EventKeys(ctx context.Context) (map[string]time.Time, error) {
	since := map[string]time.Time{}
	err := s.readOne(ctx, func(ctx context.Context, q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT domain, since FROM event_keys`)
		if err != nil {
			return err
		}
		return eachRow(rows, func() error {
			var (
				domain string
				at     int64
			)
			err := rows.Scan(&domain, &at)
			since[domain] = fromMillis(at)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read which events have a key of their domain: %w", err)
	}
	return since, nil
}
