package provision

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

// ApplyAll is ApplyEntry for many entries. The users and rules of a domain are
// listed once, page by page, for all its entries. It goes on after an error, and
// ends with its context.
//
// giveKey, which is optional, says which entries get a key whose chain was made
// before there were keys. No call that comes by such a chain is refused
// meanwhile; see Guard.
func (p *Provisioner) ApplyAll(ctx context.Context, entries []*entry.Entry, giveKey func(id string) bool) iter.Seq2[EntryResult, error] {
	return eachWanted(ctx, p, entries, func(d Desired, s *survey) (EntryResult, error) {
		return p.reconcile(ctx, &reconciler{base: d, survey: s, giveKey: giveKey != nil && giveKey(d.Entry)})
	})
}

// PlanAll is Plan for many entries, as ApplyAll is ApplyEntry.
func (p *Provisioner) PlanAll(ctx context.Context, entries []*entry.Entry) iter.Seq2[Plan, error] {
	return eachWanted(ctx, p, entries, func(d Desired, s *survey) (Plan, error) { return p.plan(ctx, d, s, false) })
}

// eachWanted does something for each entry, domain by domain.
func eachWanted[T any](ctx context.Context, p *Provisioner, entries []*entry.Entry, do func(Desired, *survey) (T, error)) iter.Seq2[T, error] {
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
				if !yield(do(d, s)) {
					return
				}
			}
			wanted = wanted[n:]
		}
	}
}
