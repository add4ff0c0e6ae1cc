package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/netsapiens"
)

// result is the result for one Thing that is no longer wanted.
type result struct {
	part Part
	said string
}

// worst returns one result for several: the sentences of all failures, else
// whether something was removed. Empty: there were none.
func worst(results []result) string {
	for _, kind := range []string{Failed, Conflict} {
		var sentences []string
		for _, r := range results {
			if said, ok := strings.CutPrefix(r.said, kind+": "); ok && !slices.Contains(sentences, said) {
				sentences = append(sentences, said)
			}
		}
		if sentences != nil {
			return kind + ": " + strings.Join(sentences, "; ")
		}
	}
	for _, kind := range []string{Removed, Absent} {
		if slices.ContainsFunc(results, func(r result) bool { return r.said == kind }) {
			return kind
		}
	}
	return ""
}

// takeAway deletes what was made and is no longer wanted, if it is still as it
// was made. It looks again: an edited rule may have been added.
func (r *run) takeAway(ctx context.Context) []result {
	r.seen.Earlier = r.p.observeEarlier(ctx, r.want, &r.record, r.removing)
	var results []result
	type place struct{ domain, user string }
	stuck := make(map[place]bool)
	for _, f := range diffEarlier(r.want, r.seen, r.record.Made) {
		at := place{f.thing.Domain, f.thing.User}
		var said string
		switch {
		case f.Action == Delete && f.Part == User && stuck[at]:
			said = fmt.Sprintf("%s: user %s stays as long as what belongs to it", Conflict, f.thing.User)
		case f.Action == Delete:
			said = r.delete(ctx, &f)
		case f.Action == Forget:
			r.drop(f.thing)
			said = Absent
		case f.Kind == Unseen:
			said = Failed + ": " + f.Why
		default:
			said = Conflict + ": " + f.Why
		}
		if kind := Kind(said); kind == Failed || kind == Conflict {
			stuck[at] = true
		}
		results = append(results, result{f.Part, said})
	}
	return results
}

// delete deletes one Thing.
func (r *run) delete(ctx context.Context, f *Difference) string {
	t := f.thing
	var err error
	switch t.Part {
	case User:
		err = r.p.API.DeleteUser(ctx, t.Domain, t.User)
	case DialRule:
		err = r.p.API.DeleteDialRule(ctx, t.Domain, t.Domain, f.found.ID)
	case AnswerRule:
		if t.Created {
			err = r.p.API.DeleteAnswerRule(ctx, t.Domain, t.User, netsapiens.Any)
			break
		}
		_, err = r.p.API.SetAnswerRule(ctx, t.Domain, t.User, netsapiens.AnswerRule{ForwardAlways: netsapiens.Feature{Enabled: netsapiens.No}})
	}
	if err != nil && !netsapiens.NotFound(err) {
		return failure(err)
	}
	if err == nil && r.p.there(ctx, f) {
		return fmt.Sprintf("%s: the phone system said that it deleted %s, and still has it", Failed, t)
	}
	r.drop(t)
	if err != nil {
		return Absent
	}
	return Removed
}

// there reports whether the phone system still has what it said it deleted.
func (p *Provisioner) there(ctx context.Context, f *Difference) bool {
	t := f.thing
	switch t.Part {
	case User:
		is, err := p.lookUser(ctx, t.Domain, t.User)
		return err == nil && is != nil
	case DialRule:
		is, err := p.API.DialRule(ctx, t.Domain, t.Domain, f.found.ID)
		return err == nil && is.Match() == t.Match
	}
	is, err := p.lookAnswer(ctx, t.Domain, t.User)
	return err == nil && is != nil && is.Forwards(alias(t.User))
}
