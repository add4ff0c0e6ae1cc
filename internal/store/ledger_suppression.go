package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
)

// Suppressed returns why a tenant must not contact a number by a channel, or
// nil: a suppression for this tenant or ledger.AnyTenant, by this channel or
// ledger.AnyWay. If there are several, it returns the broadest.
func (s *Store) Suppressed(ctx context.Context, tenant, number string, channel ledger.Channel) (*ledger.Suppression, error) {
	var found []ledger.Suppression
	err := s.readOne(ctx, func(ctx context.Context, q querier) error {
		var err error
		found, err = selectSuppressions(ctx, q,
			`WHERE number = $1 AND tenant IN ($2, '*') AND channel IN ($3, 'all')`, phone.Key(number), foldTenant(tenant), string(channel))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look at the suppression list: %w", err)
	}
	return broadest(found), nil
}

// Suppressions returns the list by number, tenant and channel: of one number,
// or of all if number is empty.
func (s *Store) Suppressions(ctx context.Context, number string) ([]ledger.Suppression, error) {
	var found []ledger.Suppression
	where, args := "", []any(nil)
	if number != "" {
		where, args = `WHERE number = $1`, []any{phone.Key(number)}
	}
	err := s.readOne(ctx, func(ctx context.Context, q querier) error {
		var err error
		found, err = selectSuppressions(ctx, q, where, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the suppression list: %w", err)
	}
	return found, nil
}

func selectSuppressions(ctx context.Context, q querier, where string, args ...any) ([]ledger.Suppression, error) {
	rows, err := q.QueryContext(ctx, selectSuppression+where+` ORDER BY number, tenant, channel`, args...)
	if err != nil {
		return nil, err
	}
	var found []ledger.Suppression
	err = eachRow(rows, func() error {
		sup, err := scanSuppression(rows)
		found = append(found, sup)
		return err
	})
	return found, err
}

const selectSuppression = "SELECT number, tenant, channel, at, how, words FROM suppressions "

func scanSuppression(row scanner) (sup ledger.Suppression, err error) {
	var at int64
	err = row.Scan(&sup.Number, &sup.Tenant, &sup.Channel, &at, &sup.How, &sup.Words)
	sup.At = fromMillis(at)
	return sup, err
}

// Suppress puts a number on the list. It replaces an entry with the same tenant
// and channel, with one exception: a STOP does not replace what came another
// way, as START would lift it then.
func (s *Store) Suppress(ctx context.Context, sup ledger.Suppression) error {
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return insertSuppression(ctx, tx, sup) })
	if err != nil {
		return fmt.Errorf("put a number on the suppression list: %w", err)
	}
	return nil
}

func insertSuppression(ctx context.Context, tx *sql.Tx, sup ledger.Suppression) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO suppressions (number, tenant, channel, at, how, words) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (number, tenant, channel) DO UPDATE SET at = excluded.at, how = excluded.how, words = excluded.words
		WHERE suppressions.how = 'text' OR excluded.how <> 'text'`,
		phone.Key(sup.Number), foldTenant(sup.Tenant), string(sup.Channel), millis(sup.At), sup.How, sup.Words)
	return err
}

// Unsuppress takes a number off the list on an operator's order, and returns
// how many entries were removed. Only those of exactly this tenant and channel
// are: ledger.AnyTenant and ledger.AnyWay are names like others here. An empty
// tenant or channel matches every one.
func (s *Store) Unsuppress(ctx context.Context, number, tenant string, channel ledger.Channel) (removed int, err error) {
	err = s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		removed, err = execCount(ctx, tx,
			`DELETE FROM suppressions WHERE number = $1 AND $2 IN (tenant, '') AND $3 IN (channel, '')`, phone.Key(number), foldTenant(tenant), string(channel))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("take a number off the suppression list: %w", err)
	}
	return removed, nil
}

// foldTenant returns a domain as the list stores it: entries may differ in
// case, and a STOP holds for all spellings.
func foldTenant(tenant string) string { return strings.ToLower(strings.TrimSpace(tenant)) }

// lift takes a number off the list because its owner wrote START to a tenant.
// It only lifts what its owner's STOP put there, for this tenant and for texts:
// if that STOP was for every channel, calls stay suppressed. What came from a
// call, a page, an operator or an import, and what holds for all tenants, only
// the operator can remove.
func lift(ctx context.Context, tx *sql.Tx, tenant, number string) error {
	tenant = foldTenant(tenant)
	_, err := tx.ExecContext(ctx, `
		INSERT INTO suppressions (number, tenant, channel, at, how, words)
		SELECT number, tenant, 'call', at, how, words FROM suppressions
		WHERE number = $1 AND tenant = $2 AND tenant <> '*' AND channel = 'all' AND how = 'text'
		ON CONFLICT (number, tenant, channel) DO NOTHING`, number, tenant)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		DELETE FROM suppressions
		WHERE number = $1 AND tenant = $2 AND tenant <> '*' AND channel IN ('text', 'all') AND how = 'text'`, number, tenant)
	return err
}
