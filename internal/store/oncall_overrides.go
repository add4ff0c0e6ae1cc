package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
)

// OnCallOverrides stores who takes the place of those on call.
type OnCallOverrides struct{ store *Store }

var _ oncall.Overrides = OnCallOverrides{}

// OnCallOverrides returns the overrides of on-call routes.
func (s *Store) OnCallOverrides() OnCallOverrides { return OnCallOverrides{s} }

// List returns the overrides that end after a time, by route.
func (l OnCallOverrides) List(ctx context.Context, after time.Time) (list []oncall.Override, err error) {
	err = l.store.readOne(ctx, func(ctx context.Context, q querier) error {
		list = nil
		return each(ctx, q, "SELECT route, person, source, made, until FROM oncall_overrides WHERE until > $1 ORDER BY route", []any{millis(after)}, func(row scanner) error {
			o, err := scanOverride(row)
			list = append(list, o)
			return err
		})
	})
	return list, err
}

func scanOverride(row scanner) (o oncall.Override, err error) {
	var (
		person      string
		made, until int64
	)
	if err := row.Scan(&o.Route, &person, &o.Source, &made, &until); err != nil {
		return o, err
	}
	if err := json.Unmarshal([]byte(person), &o.Person); err != nil {
		return o, fmt.Errorf("read the override of route %s: %w", o.Route, err)
	}
	o.Made, o.Until = fromMillis(made), fromMillis(until)
	return o, nil
}

// Set stores an override in place of the route's previous one, and removes those
// that are over.
func (l OnCallOverrides) Set(ctx context.Context, o oncall.Override) error {
	person, err := json.Marshal(o.Person)
	if err != nil {
		return fmt.Errorf("write the override of route %s: %w", o.Route, err)
	}
	return l.store.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM oncall_overrides WHERE until <= $1", millis(o.Made)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO oncall_overrides (route, person, source, made, until) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (route) DO UPDATE SET person = excluded.person, source = excluded.source, made = excluded.made, until = excluded.until`,
			o.Route, string(person), o.Source, millis(o.Made), millis(o.Until))
		return err
	})
}

// End removes a route's override, and returns whether it had one that was not
// over.
func (l OnCallOverrides) End(ctx context.Context, route string, now time.Time) (ended bool, err error) {
	err = l.store.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err := execCount(ctx, tx, "DELETE FROM oncall_overrides WHERE route = $1 AND until > $2", route, millis(now))
		ended = n > 0
		return err
	})
	return ended, err
}
