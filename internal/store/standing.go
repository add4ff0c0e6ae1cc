package store

import (
	"context"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// Standing counts what an operator watches.
type Standing struct {
	Dead         map[ledger.Why]int // texts that will not go on by themselves, by why
	Suppressions map[ledger.Channel]int
	Waiting      int // jobs that can be worked, now or when they are due
	Running      int // jobs being worked
}

// Standing counts them.
func (s *Store) Standing(ctx context.Context) (Standing, error) {
	found := Standing{Dead: map[ledger.Why]int{}, Suppressions: map[ledger.Channel]int{}}
	err := s.readOne(ctx, func(ctx context.Context, q querier) error {
		const query = `SELECT 'dead', why, count(*) FROM texts WHERE state = 'dead' GROUP BY why
			UNION ALL SELECT 'suppressed', channel, count(*) FROM suppressions GROUP BY channel
			UNION ALL SELECT 'job', CASE worker WHEN '' THEN 'waiting' ELSE 'running' END, count(*) FROM jobs GROUP BY 2`
		return each(ctx, q, query, nil, func(row scanner) error {
			var what, which string
			var n int
			if err := row.Scan(&what, &which, &n); err != nil {
				return err
			}
			switch {
			case what == "dead":
				found.Dead[ledger.Why(which)] = n
			case what == "suppressed":
				found.Suppressions[ledger.Channel(which)] = n
			case which == "running":
				found.Running = n
			default:
				found.Waiting = n
			}
			return nil
		})
	})
	return found, err
}
