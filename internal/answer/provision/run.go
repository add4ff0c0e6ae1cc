package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/netsapiens"
)

const (
	// saveTimeout is how long the store may take to record what was done, even
	// if the one who asked for it has gone.
	saveTimeout = 5 * time.Second

	// maxStale is how often a record is read again because somebody else saved
	// it in between. Two forms at once need two.
	maxStale = 5
)

// Outcome is the result for one entry.
type Outcome struct {
	Entry     string
	Plan      Plan // as it was found
	Report    Report
	Condition Condition
	News      bool // a step fails that did not, or is in a conflict in which it was not: somebody should hear of it
}

// run brings one entry's side of a phone system to what is wanted.
type run struct {
	p        *Provisioner
	base     Desired // of the entry alone
	want     Desired // with the key that was made for it
	give     bool    // a key, also to a rule that is there
	carried  bool    // the rule was seen to carry the key that is wanted
	fresh    bool    // it was made by this run
	guard    *Guard  // as it was on record when this run last saved or loaded it
	survey   *survey // nil: none
	removing bool

	record  Record
	seen    Observed
	plan    Plan
	report  Report
	put     []Thing // made by this run, or found to be ours
	dropped []Thing // that are not there any more, or were never made
}

// Run brings the phone system to what an entry says and records what was made.
// The error is the store's: the report then says that nothing was done, or is
// right although it could not be recorded.
func (p *Provisioner) Run(ctx context.Context, e *entry.Entry) (Outcome, error) {
	return p.run(ctx, Wanted(e, p.Settings()), nil, false)
}

func (p *Provisioner) run(ctx context.Context, want Desired, s *survey, give bool) (Outcome, error) {
	r := &run{p: p, base: want, want: want, survey: s, give: give}
	if err := r.prepare(ctx); err != nil {
		return r.unprepared(err), err
	}
	r.mend(ctx)
	r.p.count(&r.report)
	return r.finish(ctx)
}

// prepare looks, plans, and records what is going to be made: what is made then
// is known to be ours, whatever happens to this process.
func (r *run) prepare(ctx context.Context) error {
	for try := 0; ; try++ {
		var err error
		if r.record, err = r.p.load(ctx, r.want.Entry); err != nil {
			return fmt.Errorf("read what was made for %s: %w", r.want.Entry, err)
		}
		r.want, r.guard = r.base, r.record.Guard.copied()
		r.seen = r.p.observe(ctx, r.want, &r.record, r.survey, r.removing)
		r.chooseGuard(r.give)
		r.plan = newPlan(r.want, r.seen, r.record.Made)
		if !r.plan.Writes() {
			return nil
		}
		r.intend()
		if r.p.Records == nil {
			return nil
		}
		r.record.Next = r.p.now().Add(firstRetry)
		err = r.p.Records.Save(ctx, r.record)
		switch {
		case err == nil:
			r.record.Version++
			r.guard = r.record.Guard.copied()
			return nil
		case !errors.Is(err, ErrStale) || try == maxStale:
			return fmt.Errorf("write down what is going to be made for %s: %w", r.want.Entry, err)
		}
		r.put = nil
	}
}

// unprepared is the outcome if the record cannot be used: without it we cannot
// know what is ours.
func (r *run) unprepared(err error) Outcome {
	result := Failed + ": " + sentence(err)
	r.report = Report{User: result, DialRule: result, AnswerRule: result}
	r.p.count(&r.report)
	return Outcome{Entry: r.want.Entry, Plan: r.plan, Report: r.report, Condition: Failing}
}

// intend puts what is going to be made on record.
func (r *run) intend() {
	for _, f := range r.plan.Differences {
		known := find(r.record.Made, f.thing) != nil
		switch {
		case f.Earlier, f.Action == Leave:
		case f.Action == Replace:
			// It was ours before it was edited: now it is to go.
			edited := f.thing
			edited.Match, edited.ID, edited.URL = f.found.Match(), f.found.ID, shown(address(f.found.Parameter))
			edited.Pending, edited.At = false, r.p.now()
			r.add(edited)
			fallthrough
		case f.Action == Create, f.Part == AnswerRule:
			if !known {
				f.thing.Pending, f.thing.At = true, r.p.now()
				r.add(f.thing)
			}
		case f.Part == DialRule && !known && r.want.ours(f.found, nil):
			f.thing.ID, f.thing.At = f.found.ID, r.p.now()
			r.add(f.thing)
		}
	}
}

// add adds to the record; drop removes from it.
func (r *run) add(t Thing) {
	r.record.Made = put(r.record.Made, t)
	r.put = put(r.put, t)
	r.dropped = drop(r.dropped, t)
}

func (r *run) drop(t Thing) {
	r.record.Made = drop(r.record.Made, t)
	r.put = drop(r.put, t)
	r.dropped = put(r.dropped, t)
}

// mend carries out the plan. What is no longer wanted goes once all that is
// wanted has been seen in place: until then calls come by the earlier chain.
func (r *run) mend(ctx context.Context) {
	if r.want.nothing() {
		r.report = Report{User: Absent, DialRule: Absent, AnswerRule: Absent}
	} else {
		r.report.User = r.user(ctx)
		r.report.DialRule = r.dialRule(ctx)
		r.report.AnswerRule = r.answerRule(ctx)
	}
	unwanted := r.want.unwanted(r.record.Made)
	if len(unwanted) == 0 {
		return
	}
	if !r.report.Done() {
		r.report.Earlier = Kept + ": " + namesOf(unwanted) + " goes on answering calls until the new chain stands"
		return
	}
	if why := r.incomplete(ctx); why != "" {
		r.report.Earlier = why + ": " + namesOf(unwanted) + " stays"
		return
	}
	r.report.Earlier = worst(r.takeAway(ctx))
}

// incomplete looks again at what is wanted, and says what is missing as the
// beginning of a step's result; empty: nothing is. A step that succeeded is only
// the phone system's word for it.
func (r *run) incomplete(ctx context.Context) string {
	if r.want.nothing() {
		return ""
	}
	r.seen = r.p.observeWanted(ctx, r.want, &r.record, nil)
	for _, f := range diffWanted(r.want, r.seen, r.record.Made) {
		switch {
		case f.Kind == Unseen && netsapiens.Temporary(f.err):
			return Failed + ": whether the new chain is complete cannot be seen (" + f.Why + ")"
		case f.Kind == Unseen:
			return Conflict + ": whether the new chain is complete cannot be seen (" + f.Why + ")"
		default:
			return Failed + ": the new chain is not complete (" + f.state() + ")"
		}
	}
	return ""
}

// namesOf names the chain that things are of: its user, where that is one of
// them.
func namesOf(things []Thing) string {
	var users, all []string
	for _, t := range things {
		if t.Part == User {
			users = append(users, t.String())
		}
		all = append(all, t.String())
	}
	if users != nil {
		all = users
	}
	return strings.Join(all, ", ")
}

// finish records the result.
func (r *run) finish(ctx context.Context) (Outcome, error) {
	now := r.p.now()
	r.settleGuard(ctx, now)
	news := r.record.tell(&r.report, now)
	r.record.Domain, r.record.SystemUser = r.want.Domain, r.want.User.User
	r.record.Fingerprint, r.record.Removed = r.want.Fingerprint(), r.removing
	condition := r.record.Condition()
	if condition == Failing {
		r.record.Attempts++
	} else {
		r.record.Attempts = 0
	}
	r.record.Next = Next(&r.record, now, r.p.CheckEvery)
	outcome := Outcome{Entry: r.want.Entry, Plan: r.plan, Report: r.report, Condition: condition, News: news}
	if err := r.save(ctx); err != nil {
		return outcome, err
	}
	return outcome, r.handOver(ctx)
}

// save writes the record down, together with what others have made meanwhile.
func (r *run) save(ctx context.Context) error {
	if r.p.Records == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	for try := 0; ; try++ {
		err := r.p.Records.Save(ctx, r.record)
		switch {
		case err == nil:
			r.record.Version++
			return nil
		case !errors.Is(err, ErrStale) || try == maxStale:
			return fmt.Errorf("write down what was made for %s: %w", r.want.Entry, err)
		}
		theirs, err := r.p.Records.Load(ctx, r.want.Entry)
		if err != nil {
			return fmt.Errorf("read what was made for %s: %w", r.want.Entry, err)
		}
		r.record.Version, r.record.Made = theirs.Version, merge(theirs.Made, r.put, r.dropped)
		if !theirs.Guard.same(r.guard) { // they have checked the rule since, or have taken the key out
			r.record.Guard = theirs.Guard
		}
	}
}

// merge adds what we made to the record that others saved, and drops what we
// took away. What we had only intended to make may have been made by them.
func merge(theirs, added, dropped []Thing) []Thing {
	for _, t := range dropped {
		if known := find(theirs, t); known != nil && (known.Pending || !t.Pending) {
			theirs = drop(theirs, t)
		}
	}
	for _, t := range added {
		if known := find(theirs, t); known == nil || !t.Pending {
			theirs = put(theirs, t)
		}
	}
	return theirs
}

// load returns an entry's record.
func (p *Provisioner) load(ctx context.Context, id string) (Record, error) {
	if p.Records == nil {
		return Record{Entry: id}, nil
	}
	return p.Records.Load(ctx, id)
}

// Plan returns how the phone system differs from what an entry says. It changes
// nothing.
func (p *Provisioner) Plan(ctx context.Context, e *entry.Entry) (Plan, error) {
	return p.planFor(ctx, Wanted(e, p.Settings()), nil, false)
}

func (p *Provisioner) planFor(ctx context.Context, d Desired, s *survey, removing bool) (Plan, error) {
	record, err := p.load(ctx, d.Entry)
	if err != nil {
		return Plan{}, fmt.Errorf("read what was made for %s: %w", d.Entry, err)
	}
	if p.Keys {
		d = d.guarded(record.Guard)
	}
	return newPlan(d, p.observe(ctx, d, &record, s, removing), record.Made), nil
}

// PlanRemoval returns what Remove would do. It changes nothing.
func (p *Provisioner) PlanRemoval(ctx context.Context, id string) (Plan, error) {
	if p.Records == nil {
		return Plan{}, errNoRecords
	}
	return p.planFor(ctx, Desired{Entry: id}, nil, true)
}

var errNoRecords = fault.Newf(fault.Unsupported, "what was made is not remembered here, so nothing can be taken away")

// Remove takes away what was made for an entry: exactly that, and only if it is
// still as it was made. An entry that is still configured stays without it until
// Apply or Run is called for it; the record of one that is not is deleted once
// nothing is left. The error is the store's.
func (p *Provisioner) Remove(ctx context.Context, id string, configured bool) (Outcome, error) {
	if p.Records == nil {
		return Outcome{Entry: id}, errNoRecords
	}
	r := &run{p: p, base: Desired{Entry: id}, want: Desired{Entry: id}, removing: true}
	if err := r.prepare(ctx); err != nil {
		return r.unprepared(err), err
	}
	results := r.takeAway(ctx)
	for _, part := range Parts {
		var of []result
		for _, one := range results {
			if one.part == part {
				of = append(of, one)
			}
		}
		*r.report.step(part) = worst(of)
		if len(of) == 0 {
			*r.report.step(part) = Absent
		}
	}
	r.p.count(&r.report)
	outcome, err := r.finish(ctx)
	if err == nil && !configured && len(r.record.Made) == 0 {
		err = p.Records.Delete(ctx, id)
	}
	return outcome, err
}
