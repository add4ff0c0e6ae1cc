package store

import (
	"context"
	"database/sql"
	"time"
)

// Querier is what Read passes.
type Querier = querier

// Write exports write.
func (s *Store) Write(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	return s.write(ctx, do)
}

// Put exports put.
func (s *Store) Put(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	return s.put(ctx, do)
}

// Read exports read.
func (s *Store) Read(ctx context.Context, do func(ctx context.Context, q Querier) error) error {
	return s.read(ctx, do)
}

// ScrubWithin is Scrub with other timeouts.
func (s *Store) ScrubWithin(ctx context.Context, rewriting, cutting time.Duration) ([]string, error) {
	return s.scrub(ctx, rewriting, cutting)
}
