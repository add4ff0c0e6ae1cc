package provision

import (
	"fmt"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

// Orphans returns the records of entries that are gone while something that was
// made for them is not known to be. has says whether there is an entry: ask only
// those who are certain.
func Orphans(records []Record, has func(id string) bool) []Record {
	return slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return len(r.Made) == 0 || has(r.Entry) })
}

// OrphanOf says whose an orphan is, as a person reads it above its plan, and which
// command removes it.
func OrphanOf(id, command string) string {
	return fmt.Sprintf("%s: there is no such entry any more, but what was made for it still stands. Remove it: %s", id, command)
}

// The states of a chain that are no Condition.
const (
	Unwanted Condition = "none"    // the entry has no texts, so there is to be none
	Never    Condition = "never"   // it was not provisioned by this server
	Outdated Condition = "changed" // the entry has changed since
)

// Standing says how the chain of an entry stands by its record, which may be nil,
// and why. The phone system is not asked.
func (s Settings) Standing(e *entry.Entry, r *Record) (state Condition, reasons []string) {
	switch {
	case r == nil || len(r.Steps) == 0:
		if Wanted(e, s).nothing() {
			return Unwanted, nil
		}
		return Never, nil
	case r.Removed && r.Condition() == Away:
		return Away, nil
	}
	for _, p := range Parts {
		if result := r.Steps[p].Result; result.Open() {
			reasons = append(reasons, fmt.Sprintf("%s: %s", strings.ReplaceAll(string(p), "_", " "), result))
		}
	}
	if r.Earlier.Result.Open() {
		reasons = append(reasons, "of before: "+r.Earlier.Result.String())
	}
	if !r.Removed && r.Fingerprint != s.fingerprint(e, r.Guard) {
		return Outdated, reasons
	}
	return r.Condition(), reasons
}

// Told returns a state as people read it in a list.
func (c Condition) Told() string {
	switch c {
	case Unwanted:
		return "-"
	case Never:
		return "not provisioned"
	case Outdated:
		return "changed since"
	}
	return strings.ReplaceAll(string(c), "_", " ")
}
