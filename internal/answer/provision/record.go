package provision

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/phone"
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
	Made       []Resource    `json:"made,omitempty"`   // and is still there, for all that is known
	Removed    bool          `json:"removed,omitempty"`

	Guard   *Guard `json:"guard,omitempty"`   // nil: no key was made
	Keyless bool   `json:"keyless,omitempty"` // the phone system cannot change its rule, so no key is given to it

	Fingerprint string    `json:"fingerprint,omitempty"` // of what was wanted last
	Attempts    int       `json:"attempts,omitempty"`    // that failed, in a row
	Next        time.Time `json:"next,omitzero"`         // when to check again
	Version     int64     `json:"-"`                     // of the record; 0: it was never saved

	Item *activity.Item `json:"-"` // is told in the transaction that saves the record; nil: none
}

// Step is the latest result of a step.
type Step struct {
	Result Result    `json:"result"`
	At     time.Time `json:"at"` // since when it is so
}

// Resource is something that we made on a phone system.
type Resource struct {
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

// String names a resource.
func (m Resource) String() string {
	switch m.Part {
	case User:
		return "user " + m.User
	case DialRule:
		return "dial rule for " + m.shownMatch()
	}
	return "answer rule of user " + m.User
}

// shownMatch returns the destination that a dial rule matches, for people.
func (m Resource) shownMatch() string {
	to, _, _ := strings.Cut(m.Match, "||")
	return phone.MaskIn(to)
}

// same reports whether two resources are one.
func (m Resource) same(other Resource) bool {
	return m.Part == other.Part && m.Domain == other.Domain && m.User == other.User && m.Match == other.Match
}

// findMade returns the resource among those made; nil: it is not there.
func findMade(made []Resource, wanted Resource) *Resource {
	i := slices.IndexFunc(made, wanted.same)
	if i < 0 {
		return nil
	}
	return &made[i]
}

// withMade adds a resource, or replaces the one that it is.
func withMade(made []Resource, m Resource) []Resource {
	if known := findMade(made, m); known != nil {
		*known = m
		return made
	}
	return append(made, m)
}

// withoutMade takes a resource away.
func withoutMade(made []Resource, m Resource) []Resource { return slices.DeleteFunc(made, m.same) }

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

// Condition returns how the entry stands.
func (r *Record) Condition() Condition {
	is := func(outcome Outcome) bool {
		return slices.ContainsFunc(Parts[:], func(p Part) bool { return r.Steps[p].Result.Outcome == outcome }) || r.Earlier.Result.Outcome == outcome
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

// recordResults records the results of the steps, and reports whether there is
// news: a step failed that did not fail before, or has a conflict that it did
// not have before.
func (r *Record) recordResults(report *Report, now time.Time) (news bool) {
	steps := make(map[Part]Step, len(Parts))
	for _, p := range Parts {
		step, isNew := r.Steps[p].after(*report.step(p), now)
		steps[p], news = step, news || isNew
	}
	earlier, isNew := r.Earlier.after(report.Earlier, now)
	r.Steps, r.Earlier = steps, earlier
	return news || isNew
}

// after returns a step after another result. A failure is the same one whatever
// its words: they name times and addresses.
func (s Step) after(result Result, now time.Time) (after Step, news bool) {
	after = Step{Result: result, At: now}
	same := result.Outcome == s.Result.Outcome
	if same && !s.At.IsZero() {
		after.At = s.At
	}
	return after, result.Outcome == Failed && !same || result.Outcome == Conflict && result.String() != s.Result.String()
}
