package ledger

import (
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/fault/why"
)

// Scope is what a Cap counts texts of.
type Scope string

// The scopes.
const (
	OfEntry      Scope = "entry"
	OfTenant     Scope = "tenant"      // a domain of the phone system
	OfSource     Scope = "source"      // an address that asks without an entry's key, and has never shown one
	OfNewNumbers Scope = "new_numbers" // of an entry, asked for without its key, to numbers that it never texted before
)

// Cap is how many texts may be begun for callers in any time of length Per,
// whether they went out or not.
type Cap struct {
	Scope Scope
	Of    string
	Most  int
	Per   time.Duration
}

// String names the cap for people, without what it is of.
func (c Cap) String() string {
	what := map[Scope]string{
		OfEntry: "texts of one entry", OfTenant: "texts of all entries of one domain", OfSource: "texts for one address without a key",
		OfNewNumbers: "new numbers of an entry without a key",
	}[c.Scope]
	per := map[time.Duration]string{time.Hour: "an hour", 24 * time.Hour: "a day"}[c.Per]
	if per == "" {
		per = c.Per.String()
	}
	return fmt.Sprintf("%d %s in %s", c.Most, what, per)
}

// setting is the path of the setting that the cap comes from.
func (c Cap) setting() string {
	unit := map[time.Duration]string{time.Hour: "_per_hour", 24 * time.Hour: "_per_day"}[c.Per]
	return "textback." + string(c.Scope) + unit
}

// Full is a Cap that is reached.
type Full struct {
	Cap   Cap
	Until time.Time // when there may be a text again
}

// Args are those of a step that says so.
func (f Full) Args() why.Args {
	return why.Args{"limit": f.Cap.String(), why.Until: why.Time(f.Until), why.Setting: f.Cap.setting()}
}

// Counted says how a text is counted.
type Counted struct {
	Caps   []Cap  // that it must be within
	Source string // the address that asked for it
	Open   bool   // that address did not show the entry's key
}
