package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/core"
)

// A Store is a core.State.
var _ core.State = (*Store)(nil)

const objectColumns = "kind, domain, owner, id, age, version, fields"

// scanner is a row.
type scanner interface {
	Scan(columns ...any) error
}

func scanObject(row scanner) (core.Object, error) {
	var o core.Object
	var fields string
	if err := row.Scan(&o.Kind, &o.Domain, &o.Owner, &o.ID, &o.Age, &o.Version, &fields); err != nil {
		return core.Object{}, err
	}
	if err := json.Unmarshal([]byte(fields), &o.Fields); err != nil {
		return core.Object{}, fmt.Errorf("read the fields of %s %s in %s: %w", o.Kind, o.ID, o.Domain, err)
	}
	return o, nil
}

// Object returns an object, or core.ErrNotFound.
func (s *Store) Object(ctx context.Context, key core.Key) (found core.Object, err error) {
	err = s.readOne(ctx, func(ctx context.Context, q querier) (err error) {
		found, err = scanObject(q.QueryRowContext(ctx,
			"SELECT "+objectColumns+" FROM objects WHERE kind = $1 AND domain = $2 AND owner = $3 AND id = $4",
			key.Kind, key.Domain, key.Owner, key.ID))
		if errors.Is(err, sql.ErrNoRows) {
			return core.ErrNotFound
		}
		return err
	})
	return found, err
}

// Objects returns the objects that match, oldest first.
func (s *Store) Objects(ctx context.Context, match core.Key, start, limit int) (found []core.Object, err error) {
	where := []string{"kind = $1"}
	values := []any{match.Kind}
	for _, also := range []struct{ column, value string }{{"domain", match.Domain}, {"owner", match.Owner}, {"id", match.ID}} {
		if also.value != "" {
			values = append(values, also.value)
			where = append(where, fmt.Sprintf("%s = $%d", also.column, len(values)))
		}
	}
	if limit <= 0 {
		limit = math.MaxInt32 // SQLite has no OFFSET without a LIMIT
	}
	query := fmt.Sprintf("SELECT "+objectColumns+" FROM objects WHERE %s ORDER BY age LIMIT %d OFFSET %d",
		strings.Join(where, " AND "), limit, start)
	err = s.readOne(ctx, func(ctx context.Context, q querier) error {
		found = []core.Object{}
		return each(ctx, q, query, values, func(row scanner) error {
			o, err := scanObject(row)
			found = append(found, o)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Revision returns how often objects of a kind in a domain have changed.
func (s *Store) Revision(ctx context.Context, kind core.Kind, domain string) (revision int64, err error) {
	err = s.readOne(ctx, func(ctx context.Context, q querier) error {
		err := q.QueryRowContext(ctx, "SELECT revision FROM revisions WHERE kind = $1 AND domain = $2", kind, domain).Scan(&revision)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	return revision, err
}

// Apply makes all the changes, in order, or none of them.
func (s *Store) Apply(ctx context.Context, changes ...core.Change) error {
	if len(changes) == 0 {
		return nil
	}
	texts := make([]string, len(changes))
	for i, change := range changes {
		fields := change.Object.Fields
		if fields == nil {
			fields = core.Fields{}
		}
		text, err := json.Marshal(fields)
		if err != nil {
			return fmt.Errorf("write the fields of %s %s in %s: %w", change.Object.Kind, change.Object.ID, change.Object.Domain, err)
		}
		texts[i] = string(text)
	}
	return s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for i, change := range changes {
			if err := s.apply(ctx, tx, change, texts[i]); err != nil {
				return err
			}
		}
		return countChanges(ctx, tx, changes)
	})
}

// apply makes one change. Each is one statement that fails if another process
// was faster.
func (s *Store) apply(ctx context.Context, tx *sql.Tx, change core.Change, fields string) error {
	key := change.Object.Key
	var result sql.Result
	var err error
	missed := core.ErrNotFound
	switch change.Do {
	case core.Create:
		missed = core.ErrExists
		result, err = tx.ExecContext(ctx, "INSERT INTO objects ("+objectColumns+") VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT DO NOTHING",
			key.Kind, key.Domain, key.Owner, key.ID, s.ages.next(s.now().UnixMicro()), fields)
	case core.Replace:
		result, err = tx.ExecContext(ctx, "UPDATE objects SET version = version + 1, fields = $1 WHERE kind = $2 AND domain = $3 AND owner = $4 AND id = $5 AND version = $6",
			fields, key.Kind, key.Domain, key.Owner, key.ID, change.Object.Version)
	case core.Remove:
		result, err = tx.ExecContext(ctx, "DELETE FROM objects WHERE kind = $1 AND domain = $2 AND owner = $3 AND id = $4",
			key.Kind, key.Domain, key.Owner, key.ID)
	default:
		return fmt.Errorf("there is no action %d", change.Do)
	}
	if err != nil {
		return err
	}
	changed, err := result.RowsAffected()
	if err != nil || changed > 0 {
		return err
	}
	if change.Do != core.Replace {
		return missed
	}
	var version int64
	err = tx.QueryRowContext(ctx, "SELECT version FROM objects WHERE kind = $1 AND domain = $2 AND owner = $3 AND id = $4",
		key.Kind, key.Domain, key.Owner, key.ID).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return missed
	}
	return errors.Join(err, core.ErrStale)
}

// countChanges raises the revisions of what was changed, always in the same
// order, to avoid deadlocks.
func countChanges(ctx context.Context, tx *sql.Tx, changes []core.Change) error {
	type group struct{ kind, domain string }
	var groups []group
	for _, change := range changes {
		groups = append(groups, group{string(change.Object.Kind), change.Object.Domain})
	}
	slices.SortFunc(groups, func(a, b group) int {
		if c := strings.Compare(a.kind, b.kind); c != 0 {
			return c
		}
		return strings.Compare(a.domain, b.domain)
	})
	for _, g := range slices.Compact(groups) {
		if _, err := raise(ctx, tx, g.kind, g.domain); err != nil {
			return err
		}
	}
	return nil
}

// raise raises a revision and returns it.
func raise(ctx context.Context, tx *sql.Tx, kind, domain string) (revision int64, err error) {
	err = tx.QueryRowContext(ctx, `INSERT INTO revisions (kind, domain, revision) VALUES ($1, $2, 1)
		ON CONFLICT (kind, domain) DO UPDATE SET revision = revisions.revision + 1 RETURNING revision`, kind, domain).Scan(&revision)
	return revision, err
}

// each calls row for each row of a query.
func each(ctx context.Context, q querier, query string, values []any, row func(scanner) error) error {
	rows, err := q.QueryContext(ctx, query, values...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // Err reports it
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
