package provision

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Records stores, for each entry, what was made for it on the phone system.
// Several processes may share it.
type Records interface {
	// Load returns an entry's record; if there is none, one with nothing but
	// Entry.
	Load(ctx context.Context, entryID string) (Record, error)

	// Save replaces the record that had r's Version (0: there was none), and
	// gives it the next. The error is ErrStale if somebody else has saved it in
	// between: nothing is changed then.
	Save(ctx context.Context, r Record) error

	// All returns all records, in order of their entries.
	All(ctx context.Context) ([]Record, error)

	// Delete forgets an entry's record, if there is one.
	Delete(ctx context.Context, entryID string) error
}

// ErrStale says that a record was saved by somebody else since it was loaded.
var ErrStale = errors.New("the record of what was made has been changed by somebody else")

// Record is what was made for an entry, and its status. It holds no secret but
// the Guard's key.
type Record struct {
	Entry      string        `json:"entry"`
	Domain     string        `json:"domain,omitempty"`      // of the chain that was wanted last
	SystemUser string        `json:"system_user,omitempty"` // of the same
	Steps      map[Part]Step `json:"steps,omitempty"`
	Earlier    Step          `json:"earlier,omitzero"` // the result for what is no longer wanted
	Made       []Thing       `json:"made,omitempty"`   // and is still there, for all that is known
	Removed    bool          `json:"removed,omitempty"`

	Guard   *Guard `json:"guard,omitempty"`   // nil: no key was made
	Keyless bool   `json:"keyless,omitempty"` // the phone system cannot change its rule, so no key is given to it

	Fingerprint string    `json:"fingerprint,omitempty"` // of what was wanted last
	Attempts    int       `json:"attempts,omitempty"`    // that failed, in a row
	Next        time.Time `json:"next,omitzero"`         // when to look again
	Version     int64     `json:"-"`                     // of the record; 0: it was never saved
}

// Step is what a step came to.
type Step struct {
	Result string    `json:"result"` // as in a Report
	At     time.Time `json:"at"`     // since when it is so
}

// Thing is something that we made on a phone system.
type Thing struct {
	Part   Part   `json:"part"`
	Domain string `json:"domain"`
	User   string `json:"user"`            // the system user that it is, or belongs to
	Match  string `json:"match,omitempty"` // of a dial rule: what it matches, as netsapiens.DialRule.Match gives it

	ID      string    `json:"id,omitempty"`      // of a dial rule: the phone system's
	URL     string    `json:"url,omitempty"`     // of a dial rule: what it asks, without query
	Created bool      `json:"created,omitempty"` // of an answer rule: there was none before
	Pending bool      `json:"pending,omitempty"` // it was going to be made: whether it was is not known
	At      time.Time `json:"at"`

	// Shows are fields that the phone system does not show as they were written,
	// with what it shows: they do not count as changed.
	Shows map[string]string `json:"shows,omitempty"`
}

// same reports whether two Things are one.
func (t Thing) same(other Thing) bool {
	return t.Part == other.Part && t.Domain == other.Domain && t.User == other.User && t.Match == other.Match
}

// find returns the Thing among those made; nil: it is not there.
func find(made []Thing, wanted Thing) *Thing {
	i := slices.IndexFunc(made, wanted.same)
	if i < 0 {
		return nil
	}
	return &made[i]
}

// put adds a Thing, or replaces the one that it is.
func put(made []Thing, t Thing) []Thing {
	if known := find(made, t); known != nil {
		*known = t
		return made
	}
	return append(made, t)
}

// drop takes a Thing away.
func drop(made []Thing, t Thing) []Thing { return slices.DeleteFunc(made, t.same) }

// Condition says how an entry stands, for metrics and lists.
type Condition string

// The conditions.
const (
	Unknown  Condition = "unknown"  // nothing was tried yet
	InOrder  Condition = "in_order" //
	Failing  Condition = "failed"   // a step failed; it is tried again
	Disputed Condition = "conflict" // somebody else's user or rule is in the way: a person must resolve it
	Away     Condition = "removed"  // it was taken away on somebody's order
)

// Conditions are all conditions.
var Conditions = [...]Condition{Unknown, InOrder, Failing, Disputed, Away}

// Condition returns how the entry stands.
func (r *Record) Condition() Condition {
	steps := []string{r.Earlier.Result}
	for _, s := range r.Steps {
		steps = append(steps, s.Result)
	}
	is := func(kind string) bool {
		return slices.ContainsFunc(steps, func(result string) bool { return Kind(result) == kind })
	}
	switch {
	case len(r.Steps) == 0:
		return Unknown
	case is(Failed):
		return Failing
	case is(Conflict):
		return Disputed
	case r.Removed:
		return Away
	}
	return InOrder
}

// Report returns what the steps came to when they were tried last.
func (r *Record) Report() Report {
	report := Report{Earlier: r.Earlier.Result}
	for _, p := range Parts {
		*report.step(p) = r.Steps[p].Result
	}
	return report
}

// tell records the results of the steps, and reports whether there is news: a
// step failed that did not fail before, or has a conflict that it did not have
// before.
func (r *Record) tell(report *Report, now time.Time) (news bool) {
	steps := make(map[Part]Step, len(Parts))
	for _, p := range Parts {
		var isNew bool
		steps[p], isNew = next(r.Steps[p], report.Step(p), now)
		news = news || isNew
	}
	r.Steps = steps
	earlier, isNew := next(r.Earlier, report.Earlier, now)
	r.Earlier = earlier
	return news || isNew
}

// next returns a step after another result. A failure is the same one whatever
// its words: they name times and addresses.
func next(before Step, result string, now time.Time) (after Step, news bool) {
	kind := Kind(result)
	after = Step{Result: result, At: now}
	if kind == Kind(before.Result) && !before.At.IsZero() {
		after.At = before.At
	}
	return after, kind == Failed && Kind(before.Result) != Failed || kind == Conflict && result != before.Result
}
