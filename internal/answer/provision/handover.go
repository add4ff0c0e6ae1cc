package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// handOver makes entries due whose system user this run has taken something away
// from: that was in their way, and calls for the user go unanswered until they
// have their chain.
func (r *run) handOver(ctx context.Context) error {
	if r.p.Records == nil || len(r.dropped) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	records, err := r.p.Records.All(ctx)
	if err != nil {
		return fmt.Errorf("read who is to have what %s gave up: %w", r.want.Entry, err)
	}
	for i := range records {
		if err := r.wake(ctx, records[i]); err != nil {
			return fmt.Errorf("make %s due: %w", records[i].Entry, err)
		}
	}
	return nil
}

// wake makes an entry due if it waits for something that was taken away.
func (r *run) wake(ctx context.Context, other Record) error {
	for try := 0; r.waits(&other); try++ {
		other.Next = r.p.now()
		err := r.p.Records.Save(ctx, other)
		if !errors.Is(err, ErrStale) || try == maxStale {
			return err
		}
		if other, err = r.p.Records.Load(ctx, other.Entry); err != nil {
			return err
		}
	}
	return nil
}

// waits reports whether something that was taken away was in an entry's way, and
// the entry is not due yet.
func (r *run) waits(other *Record) bool {
	return other.Entry != r.want.Entry && !other.Removed && other.Condition() == Disputed && other.Next.After(r.p.now()) &&
		slices.ContainsFunc(r.dropped, func(t Thing) bool {
			return !t.Pending && t.Domain == other.Domain && t.User == other.SystemUser
		})
}
