package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
)

// AdvanceCallBack records the state of a placed call back. It only moves
// forward, from placed to calling to over, no matter who reports it.
func (s *Store) AdvanceCallBack(ctx context.Context, id string, to clicktocall.State, now time.Time) error {
	statement := advances[to]
	if statement == "" {
		return fmt.Errorf("advance call back %s: to %q leads no way", id, to)
	}
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, statement, string(to), millis(now), id); err != nil {
			return err
		}
		return s.tellStored(ctx, tx, clicktocall.StateItem(id, to, "", now))
	})
	if err != nil {
		return fmt.Errorf("advance call back %s: %w", id, err)
	}
	return nil
}

// CancelCallBack cancels a scheduled call back, and returns it as it is then.
// The error is clicktocall.ErrTaken, with the call back, if it is not waiting
// any more; cancelling twice is no error.
func (s *Store) CancelCallBack(ctx context.Context, id string, now time.Time) (clicktocall.CallBack, error) {
	var c clicktocall.CallBack
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, cancelCallBack, millis(now), id)
		if err == nil {
			err = s.tellStored(ctx, tx, clicktocall.StateItem(id, clicktocall.Cancelled, "", now))
		}
		if err != nil {
			return err
		}
		if c, err = findCallBack(ctx, tx, id); err == nil && c.State != clicktocall.Cancelled {
			err = clicktocall.ErrTaken
		}
		return err
	})
	if err != nil {
		return c, fmt.Errorf("cancel call back %s: %w", id, err)
	}
	return c, nil
}
