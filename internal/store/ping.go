package store

import "context"

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	return s.readOne(ctx, func(ctx context.Context, q querier) error {
		var one int
		return q.QueryRowContext(ctx, "SELECT 1").Scan(&one)
	})
}
