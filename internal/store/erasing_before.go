package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// beforeSuffix is the suffix of the tables that were saved before numbers were
// merged: see keepBefore.
var beforeSuffix = fmt.Sprintf("_before_%d", keysVersion)

// beforeMark is the same for a copy of an SQLite database.
const beforeMark = ".before-"

// searchBefore searches the tables that a PostgreSQL database saved before
// numbers were merged. They are only for people to look something up, so a row
// that mentions the number is removed.
func (e *erasing) searchBefore(ctx context.Context, q querier) error {
	if !e.store.shared() {
		return nil
	}
	tables, err := tablesBefore(ctx, q)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if err := e.searchTableBefore(ctx, q, table); err != nil {
			return fmt.Errorf("look through %s: %w", table, err)
		}
	}
	return nil
}

// tablesBefore returns those of the saved tables that exist.
func tablesBefore(ctx context.Context, q querier) (tables []string, err error) {
	err = each(ctx, q, "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()", nil, func(row scanner) error {
		var table string
		err := row.Scan(&table)
		if slices.ContainsFunc(numberColumns, func(c numberColumn) bool { return c.table+beforeSuffix == table }) {
			tables = append(tables, table)
		}
		return err
	})
	return tables, err
}

func (e *erasing) searchTableBefore(ctx context.Context, q querier, table string) error {
	return each(ctx, q, fmt.Sprintf("SELECT CAST(ctid AS TEXT), CAST(%s.* AS TEXT) FROM %[1]s", table), nil, func(row scanner) error {
		var at, whole string
		if err := row.Scan(&at, &whole); err != nil {
			return err
		}
		if e.In(whole) {
			e.mentions("records of before an upgrade")
			e.change("DELETE FROM "+table+" WHERE ctid = CAST(CAST($1 AS TEXT) AS tid)", at)
		}
		return nil
	})
}

// searchFiles notes the copies of an SQLite database that were made before an
// upgrade.
func (e *erasing) searchFiles() error {
	if e.store.shared() {
		return nil
	}
	folder := filepath.Dir(e.store.path)
	files, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("look for copies of the database: %w", err)
	}
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), fileName+beforeMark) {
			continue
		}
		e.stays(Held{What: "backup", Name: filepath.Join(folder, file.Name()), Why: "an upgrade has made it, and nothing is changed in it: remove it once you need it no more"})
	}
	return nil
}
