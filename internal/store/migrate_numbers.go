package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
)

// keysVersion is the version of the tables in which numbers are stored as keys.
// Before it, one telephone could be on record as 31612345678, as 310612345678
// and as 0031612345678.
const keysVersion = 8

// keysMigration is the step to keysVersion. It has to parse numbers, so it is
// not SQL. There is no version 7: the saved old tables are for the programs
// that know version 6.
func (s *Store) keysMigration() *goose.Migration {
	return goose.NewGoMigration(keysVersion, &goose.GoFunc{RunTx: s.rekeyNumbers}, &goose.GoFunc{
		RunTx: func(ctx context.Context, tx *sql.Tx) error { // keys are numbers too
			return alterDialled(ctx, tx, "DROP COLUMN dialled")
		},
	})
}

// alterDialled changes the columns for the number as texted or called, stored
// if it differs from its key, as with the 1 of Mexican and the 9 of Argentine
// mobiles.
func alterDialled(ctx context.Context, tx *sql.Tx, change string) error {
	for _, c := range numberColumns {
		if !c.dialled {
			continue
		}
		if _, err := tx.ExecContext(ctx, "ALTER TABLE "+c.table+" "+change); err != nil {
			return err
		}
	}
	return nil
}

// numberColumn is a column of numbers, with the one that tells whose they are.
type numberColumn struct {
	table, column string
	whose         string   // entry or domain; empty: unknown
	dialled       bool     // the number as dialled is stored beside its key
	unique        []string // the other columns of a unique index with the number
}

var numberColumns = []numberColumn{
	{table: "answers", column: "caller", whose: "entry", unique: []string{"entry", "call_id", "step"}},
	{table: "texts", column: "receiver", whose: "entry", dialled: true},
	{table: "suppressions", column: "number", whose: "tenant", unique: []string{"tenant", "channel"}},
	{table: "consents", column: "number", whose: "entry", unique: []string{"entry", "at", "call_id"}},
	{table: "inbound", column: "sender", whose: "domain"},
	{table: "callbacks", column: "number", whose: "entry", dialled: true},
	{table: "callback_proofs", column: "number"},
	{table: "calls", column: "from_number"},
	{table: "calls", column: "to_number"},
}

// rekeying is a number in a column that has to change.
type rekeying struct {
	numberColumn
	of, old string
	number  phone.Number
}

// rekeyNumbers gives each number its key, and merges rows that then have the
// same key. If something changes, it saves the old tables first, and notes each
// change as an event.
func (s *Store) rekeyNumbers(ctx context.Context, tx *sql.Tx) error {
	homes, err := s.homes(ctx, tx)
	if err != nil {
		return err
	}
	var changes []rekeying
	for _, c := range numberColumns {
		found, err := changesOf(ctx, tx, c, homes)
		if err != nil {
			return fmt.Errorf("read the numbers of %s: %w", c.table, err)
		}
		changes = append(changes, found...)
	}
	kept := ""
	if len(changes) > 0 {
		if kept, err = s.keepBefore(ctx, tx); err != nil {
			return fmt.Errorf("back the tables up before numbers are merged: %w", err)
		}
	}
	if err := alterDialled(ctx, tx, "ADD COLUMN dialled TEXT NOT NULL DEFAULT ''"); err != nil {
		return err
	}
	for _, c := range changes {
		if err := s.rekey(ctx, tx, c, kept); err != nil {
			return fmt.Errorf("write a number of %s otherwise: %w", c.table, err)
		}
	}
	if len(changes) > 0 {
		s.log.InfoContext(ctx, "numbers merged", "changed", len(changes), "backup", kept)
	}
	return nil
}

// homes returns the home country of the numbers of entries and domains.
func (s *Store) homes(ctx context.Context, tx *sql.Tx) (func(whose, of string) phone.Home, error) {
	var entries []*entry.Entry
	rows, err := tx.QueryContext(ctx, "SELECT id, item FROM entries")
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func() error {
		var id, item string
		if err := rows.Scan(&id, &item); err != nil {
			return err
		}
		if e, err := (entry.Item{ID: id, Object: []byte(item)}).Entry(); err == nil { // one that cannot be read has no home
			entries = append(entries, e)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.elsewhere != nil {
		entries = append(entries, s.elsewhere()...)
	}
	ofEntry := map[string]phone.Home{}
	for _, e := range entries {
		ofEntry[e.ID] = e.Home()
	}
	return func(whose, of string) phone.Home {
		if home, ok := ofEntry[of]; ok && whose == "entry" {
			return home
		}
		if whose == "entry" || of == ledger.AnyTenant {
			of = ""
		}
		return entry.HomeOfAll(entries, of)
	}, nil
}

func changesOf(ctx context.Context, tx *sql.Tx, c numberColumn, homes func(whose, of string) phone.Home) (found []rekeying, err error) {
	whose := c.whose
	if whose == "" {
		whose = "''"
	}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT DISTINCT %s, %s FROM %s WHERE %[1]s <> '' ORDER BY 1, 2", c.column, whose, c.table))
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func() error {
		r := rekeying{numberColumn: c}
		if err := rows.Scan(&r.old, &r.of); err != nil {
			return err
		}
		if r.number = readKept(r.old, homes(c.whose, r.of)); r.number.Key() != r.old && !r.number.Hidden() {
			found = append(found, r)
		}
		return nil
	})
	return found, err
}

// readKept parses a number as it was stored: most had a country code, and none
// a plus.
func readKept(kept string, home phone.Home) phone.Number {
	if n := phone.Read("+"+kept, home); n.Valid() {
		return n
	}
	// Before homes existed, ten digits had a 1 put before them: 10612345678.
	if rest, ok := strings.CutPrefix(kept, "1"); ok && len(rest) == 10 && rest[0] < '2' {
		if n := phone.Read(rest, home); n.Valid() {
			return n
		}
	}
	return phone.Read(kept, home)
}

// keepBefore saves the database, or its tables of numbers, as it is, and
// returns where.
func (s *Store) keepBefore(ctx context.Context, tx *sql.Tx) (string, error) {
	if !s.shared() {
		path := fmt.Sprintf("%s%s%d-%s", s.path, beforeMark, keysVersion, s.now().UTC().Format("20060102T150405"))
		return path, s.Backup(ctx, path)
	}
	var tables []string
	for _, c := range numberColumns {
		if !slices.Contains(tables, c.table) {
			tables = append(tables, c.table)
		}
	}
	for _, table := range tables {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("CREATE TABLE %s%s AS SELECT * FROM %[1]s", table, beforeSuffix)); err != nil {
			return "", err
		}
	}
	return "the tables " + strings.Join(tables, beforeSuffix+", ") + beforeSuffix, nil
}

// rekey replaces a number by its key.
func (s *Store) rekey(ctx context.Context, tx *sql.Tx, r rekeying, kept string) error {
	merged, err := merge(ctx, tx, r)
	if err != nil {
		return err
	}
	set := r.column + " = $1"
	args := []any{r.number.Key(), r.old}
	if r.dialled {
		set, args = set+", dialled = $3", append(args, dialled(r.number.Digits()))
	}
	where := r.column + " = $2"
	if r.whose != "" {
		args = append(args, r.of)
		where += fmt.Sprintf(" AND %s = $%d", r.whose, len(args))
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("UPDATE %s SET %s WHERE %s", r.table, set, where), args...); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO events (id, at, actor, action, about, detail) VALUES ($1, $2, $3, $4, $5, $6)",
		ledger.NewID(), millis(s.now()), "server", "number merged", phone.Mask(r.number.E164()),
		fmt.Sprintf("%s: it was written as %s; rows that said the same: %d; before: %s", r.table, phone.Mask(r.old), merged, kept))
	return err
}

// merge removes the rows of a number that would be duplicates once it has its
// key, and returns how many. The older of two rows stays, and of two
// suppressions the one that START does not lift.
func merge(ctx context.Context, tx *sql.Tx, r rekeying) (int, error) {
	if r.unique == nil {
		return 0, nil
	}
	better := "b.at <= a.at"
	if r.table == "suppressions" {
		better = "(CASE b.how WHEN 'text' THEN 1 ELSE 0 END, b.at) <= (CASE a.how WHEN 'text' THEN 1 ELSE 0 END, a.at)"
	}
	var same strings.Builder
	for _, column := range r.unique {
		fmt.Fprintf(&same, " AND b.%s = a.%[1]s", column)
	}
	removed := 0
	for _, pair := range [][2]string{{r.old, r.number.Key()}, {r.number.Key(), r.old}} {
		n, err := execCount(ctx, tx, fmt.Sprintf("DELETE FROM %[1]s AS a WHERE a.%[2]s = $1 AND a.%[3]s = $3 AND EXISTS (SELECT 1 FROM %[1]s b WHERE b.%[2]s = $2%[4]s AND %[5]s)",
			r.table, r.column, r.whose, same.String(), better), pair[0], pair[1], r.of)
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}
