package provision

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/netsapiens"
)

// chainPart is how one part of the chain is compared, made and taken away.
type chainPart interface {
	// diff returns how the part differs from what is wanted; nil: it does not.
	diff(d Desired, o *Observed, made []Resource) *Difference

	// write creates or changes the part, and completes the Difference's resource.
	// The error is the phone system's, or errSeenOtherwise.
	write(ctx context.Context, r *reconciler, f *Difference) (Result, error)

	// lookAgain observes a part that the phone system says is there already, and
	// reports whether it is.
	lookAgain(ctx context.Context, r *reconciler) (there bool)

	// confirm records what is to be known of a part that does not differ.
	confirm(r *reconciler, known *Resource)

	// find looks for one that was made.
	find(ctx context.Context, p *Provisioner, m Resource) Found

	// delete deletes one that was made, and is still as it was made.
	delete(ctx context.Context, p *Provisioner, m Resource) error
}

// chain are the parts.
var chain = map[Part]chainPart{User: userPart{}, DialRule: dialRulePart{}, AnswerRule: answerRulePart{}}

// errSeenOtherwise says that a part has changed since it was observed. What it is
// now has been observed.
var errSeenOtherwise = errors.New("it has changed since it was observed")

// maxWrites is how often a step writes: as first seen, as it is now, and once
// more after a concurrent change.
const maxWrites = 3

// reconciler brings one entry's side of a phone system to what is wanted.
type reconciler struct {
	p        *Provisioner
	base     Desired // of the entry alone
	want     Desired // with the key that was made for it
	giveKey  bool    // also to a rule that is there
	carried  bool    // the rule was seen to carry the key that is wanted
	fresh    bool    // this run made the rule
	survey   *survey // optional
	removing bool
	leaves   string // the domain that an entry is removed from; empty: not known

	journal
	seen   Observed
	plan   Plan
	report Report
}

// reconcile observes, plans, writes down what is going to be made, makes it, and
// records the results.
func (p *Provisioner) reconcile(ctx context.Context, r *reconciler) (EntryResult, error) {
	r.p, r.want = p, r.base
	result := EntryResult{Entry: r.base.Entry, Condition: Failing}
	err := r.prepare(ctx)
	switch {
	case err != nil: // without the record we cannot know what is ours
		r.report = Report{User: failure(err), DialRule: failure(err), AnswerRule: failure(err)}
	case r.removing:
		r.remove(ctx)
	default:
		r.apply(ctx)
	}
	for _, part := range Parts {
		if p.Count != nil {
			p.Count(string(part), string(r.report.step(part).Outcome))
		}
	}
	if err == nil {
		result.Condition, result.News, err = r.finish(ctx)
	}
	result.Plan, result.Report = r.plan, r.report
	return result, err
}

// prepare observes, plans, and records what is going to be made: what is made
// then is known to be ours, whatever happens to this process.
func (r *reconciler) prepare(ctx context.Context) error {
	return r.p.updateRecord(ctx, r.base.Entry, func(record *Record) bool {
		r.journal = newJournal(*record)
		r.want = r.base
		r.seen = r.p.observe(ctx, r.want, &r.record, r.survey, r.removing)
		r.chooseGuard()
		r.plan = newPlan(r.want, r.seen, r.record.Made)
		if !r.plan.Writes() {
			return false
		}
		r.recordIntents()
		r.record.Next = r.p.now().Add(firstRetry)
		r.guard = r.record.Guard.copied()
		*record = r.record
		return true
	})
}

// recordIntents records what is going to be made.
func (r *reconciler) recordIntents() {
	now := r.p.now()
	for _, f := range r.plan.Differences {
		m := f.resource
		known := findMade(r.record.Made, m)
		switch {
		case f.Earlier, f.Action == Leave:
		case f.Action == Replace:
			// It was ours before it was edited: now it is to go.
			edited := m
			edited.Match, edited.ID, edited.URL = f.found.Match(), f.found.ID, shown(address(f.found.Parameter))
			edited.Pending, edited.At = false, now
			r.add(edited)
			fallthrough
		case f.Action == Create, f.Part == AnswerRule:
			if known == nil {
				m.Pending, m.At = true, now
				r.add(m)
			}
		case f.Part == DialRule && (known == nil || known.Pending) && r.want.ours(f.found, known):
			m.ID, m.Pending, m.At = f.found.ID, false, now
			r.add(m)
		}
	}
}

// recordMade records that a resource is there, and is ours.
func (r *reconciler) recordMade(m Resource) {
	m.Pending, m.At = false, r.p.now()
	r.add(m)
}

// apply carries out the plan. What is no longer wanted goes once all that is
// wanted has been seen in place: until then calls come by the earlier chain.
func (r *reconciler) apply(ctx context.Context) {
	for _, part := range Parts {
		result := Result{Outcome: Absent}
		if !r.want.nothing() {
			result = r.applyPart(ctx, part)
		}
		*r.report.step(part) = result
	}
	unwanted := r.want.unwanted(r.record.Made)
	if len(unwanted) == 0 {
		return
	}
	if !r.report.Done() {
		r.report.Earlier = Result{Kept, reasonUntilNew.with(why.Args{"what": namesOf(unwanted)})}
		return
	}
	if r.report.Earlier = r.checkComplete(ctx, namesOf(unwanted)); r.report.Earlier.IsZero() {
		r.report.Earlier = worst(slices.Concat(r.removeEarlier(ctx)...))
	}
}

// applyPart makes one part of what is wanted.
func (r *reconciler) applyPart(ctx context.Context, part Part) Result {
	what := r.want.resource(part)
	for try := range maxWrites {
		f := chain[part].diff(r.want, &r.seen, r.record.Made)
		if i := slices.IndexFunc(r.plan.Differences, func(f Difference) bool { return f.Part == part && f.Action == Replace }); i >= 0 && try == 0 {
			f = &r.plan.Differences[i] // the edited rule is on record by now as what is to go
		}
		switch {
		case f == nil:
			chain[part].confirm(r, findMade(r.record.Made, what))
			return Result{Outcome: Exists}
		case f.Action == Leave:
			return f.left()
		}
		result, err := chain[part].write(ctx, r, f)
		switch {
		case err == nil:
			// A rule that somebody else made for this entry stays theirs.
			if result.Outcome != Exists && (f.Action != Change || findMade(r.record.Made, what) != nil) {
				r.recordMade(f.resource)
			}
			return result
		case errors.Is(err, errSeenOtherwise):
		case netsapiens.AlreadyExists(err) && f.Action != Change && part != AnswerRule: // somebody has just made it
			r.forgetIntended(what)
			if f.Kind == Unseen || !chain[part].lookAgain(ctx, r) {
				return Result{Outcome: Exists}
			}
		default:
			if !netsapiens.Uncertain(err) { // it may have been made although no good answer came
				r.forgetIntended(what)
			}
			return failure(err)
		}
	}
	return Result{Failed, reasonConcurrent.with(why.Args{"what": what.String()})}
}

// checkComplete observes what is wanted again, and returns what is missing, for
// which the earlier chain stays; zero: nothing is. A step that succeeded is only
// the phone system's word for it.
func (r *reconciler) checkComplete(ctx context.Context, earlier string) Result {
	if r.want.nothing() {
		return Result{}
	}
	r.seen = r.p.observeWanted(ctx, r.want, &r.record, nil)
	for _, f := range diffWanted(r.want, &r.seen, r.record.Made) {
		switch {
		case f.Kind == Unseen && netsapiens.Temporary(f.err):
			return Result{Failed, reasonNewUnseen.with(why.Args{"problem": f.Why.String(), "what": earlier})}
		case f.Kind == Unseen:
			return Result{Conflict, reasonNewUnseen.with(why.Args{"problem": f.Why.String(), "what": earlier})}
		default:
			return Result{Failed, reasonNewPartial.with(why.Args{"problem": f.state(), "what": earlier})}
		}
	}
	return Result{}
}

// namesOf names the chain that resources are of: its user, where that is one of
// them.
func namesOf(made []Resource) string {
	var users, all []string
	for _, m := range made {
		if m.Part == User {
			users = append(users, m.String())
		}
		all = append(all, m.String())
	}
	if users != nil {
		all = users
	}
	return strings.Join(all, ", ")
}

// remove takes away all that was made for the entry.
func (r *reconciler) remove(ctx context.Context) {
	for i, results := range r.removeEarlier(ctx) {
		if results == nil {
			results = []Result{{Outcome: Absent}}
		}
		*r.report.step(Parts[i]) = worst(results)
	}
}

// removeEarlier deletes what was made and is no longer wanted, if it is still as
// it was made, and returns the results by part. It observes it again: an edited
// rule may have been added.
func (r *reconciler) removeEarlier(ctx context.Context) [][]Result {
	results := make([][]Result, len(Parts))
	r.seen.Earlier = r.p.observeEarlier(ctx, r.want, &r.record, r.removing)
	type place struct{ domain, user string }
	stuck := make(map[place]bool)
	for _, f := range diffEarlier(r.want, &r.seen, r.record.Made) {
		at := place{f.resource.Domain, f.resource.User}
		var result Result
		switch {
		case f.Action == Delete && f.Part == User && stuck[at]:
			result = Result{Conflict, reasonUserHasMore.with(why.Args{"user": f.resource.User})}
		case f.Action == Delete:
			result = r.delete(ctx, &f)
		case f.Action == Forget:
			r.forget(f.resource)
			result = Result{Outcome: Absent}
		default:
			result = f.left()
		}
		stuck[at] = stuck[at] || result.Open()
		i := slices.Index(Parts[:], f.Part)
		results[i] = append(results[i], result)
	}
	return results
}

// delete deletes one resource, and checks that it is gone.
func (r *reconciler) delete(ctx context.Context, f *Difference) Result {
	m := f.resource
	if f.Part == DialRule {
		m.ID = f.found.ID
	}
	err := chain[m.Part].delete(ctx, r.p, m)
	switch {
	case err != nil && !netsapiens.NotFound(err):
		return failure(err)
	case err != nil:
		r.forget(m)
		return Result{Outcome: Absent}
	}
	found := chain[m.Part].find(ctx, r.p, m)
	if found.Err == nil && found.has(m.Part) && (m.Part != AnswerRule || found.AnswerRule.Forwards(alias(m.User))) {
		return Result{Failed, reasonNotDeleted.with(why.Args{"what": m.String()})}
	}
	r.forget(m)
	return Result{Outcome: Removed}
}

// finish records the results.
func (r *reconciler) finish(ctx context.Context) (condition Condition, news bool, err error) {
	now, before := r.p.now(), r.record
	r.settleGuard(ctx, now)
	news = r.record.recordResults(&r.report, now)
	if r.removing { // the next run needs to know where the entry was
		r.record.Domain = cmp.Or(r.leaves, r.record.Domain)
	} else {
		r.record.Domain, r.record.SystemUser = r.want.Domain, r.want.User.User
	}
	r.record.Fingerprint, r.record.Removed = r.want.Fingerprint(), r.removing
	if condition = r.record.Condition(); condition == Failing {
		r.record.Attempts++
	} else {
		r.record.Attempts = 0
	}
	r.record.Next = Next(&r.record, now, r.p.CheckEvery)
	r.record.Item = r.item(&before, news, now)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	if err := r.p.updateRecord(ctx, r.want.Entry, r.mergeInto); err != nil {
		return condition, news, err
	}
	return condition, news, r.wakeWaiting(ctx, now)
}

// wakeWaiting makes entries due whose system user this run has taken something
// away from: that was in their way, and calls for the user go unanswered until
// they have their chain.
func (r *reconciler) wakeWaiting(ctx context.Context, now time.Time) error {
	if r.p.Records == nil || len(r.dropped) == 0 {
		return nil
	}
	records, err := r.p.Records.All(ctx)
	if err != nil {
		return recordError("find who waits for what was taken away from", r.want.Entry, err)
	}
	wake := func(other *Record) bool {
		waits := other.Entry != r.want.Entry && !other.Removed && other.Condition() == Disputed && other.Next.After(now) &&
			slices.ContainsFunc(r.dropped, func(m Resource) bool {
				return !m.Pending && m.Domain == other.Domain && m.User == other.SystemUser
			})
		if waits {
			other.Next = now
		}
		return waits
	}
	for i := range records {
		if !wake(&records[i]) {
			continue
		}
		if err := r.p.updateRecord(ctx, records[i].Entry, wake); err != nil {
			return err
		}
	}
	return nil
}
