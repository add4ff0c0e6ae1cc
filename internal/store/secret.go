package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
)

// Secret returns a named secret of 130 random bits, the same for all servers of
// the database: the first request makes it.
func (s *Store) Secret(ctx context.Context, name string) (value string, err error) {
	fresh := rand.Text()
	err = s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// An update that changes nothing returns the existing one.
		return tx.QueryRowContext(ctx, `INSERT INTO secrets (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = secrets.value RETURNING value`, name, fresh).Scan(&value)
	})
	if err != nil {
		return "", fmt.Errorf("read the secret %s: %w", name, err)
	}
	return value, nil
}
