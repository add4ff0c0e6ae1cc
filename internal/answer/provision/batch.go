package provision

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

// RunAll is Run for many entries. The users and rules of a domain are listed
// once, page by page, for all its entries. It goes on after an error, and ends
// with its context.
func (p *Provisioner) RunAll(ctx context.Context, entries []*entry.Entry) iter.Seq2[Outcome, error] {
	return p.RunGiving(ctx, entries, nil)
}

// RunGiving is RunAll, and gives keys to entries whose chain was made before
// there were keys, if give says so. No call that comes by such a chain is
// refused meanwhile; see Guard.
func (p *Provisioner) RunGiving(ctx context.Context, entries []*entry.Entry, give func(id string) bool) iter.Seq2[Outcome, error] {
	return all(ctx, p, entries, func(ctx context.Context, d Desired, s *survey) (Outcome, error) {
		return p.run(ctx, d, s, give != nil && give(d.Entry))
	})
}

// Plans is Plan for many entries, as RunAll is Run.
func (p *Provisioner) Plans(ctx context.Context, entries []*entry.Entry) iter.Seq2[Plan, error] {
	return all(ctx, p, entries, func(ctx context.Context, d Desired, s *survey) (Plan, error) {
		return p.planFor(ctx, d, s, false)
	})
}

// all does something for each entry, domain by domain.
func all[T any](ctx context.Context, p *Provisioner, entries []*entry.Entry, do func(context.Context, Desired, *survey) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		wanted := make([]Desired, 0, len(entries))
		for _, e := range entries {
			wanted = append(wanted, Wanted(e, p.Settings()))
		}
		slices.SortStableFunc(wanted, func(a, b Desired) int { return cmp.Compare(a.Domain, b.Domain) })
		for len(wanted) > 0 {
			n := 1
			for n < len(wanted) && wanted[n].Domain == wanted[0].Domain {
				n++
			}
			var s *survey
			if n > 1 && !wanted[0].nothing() {
				s = p.survey(ctx, wanted[0].Domain, wanted[:n])
			}
			for _, d := range wanted[:n] {
				if ctx.Err() != nil {
					return
				}
				if !yield(do(ctx, d, s)) {
					return
				}
			}
			wanted = wanted[n:]
		}
	}
}
