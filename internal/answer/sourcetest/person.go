package sourcetest

import (
	"strings"
	"time"
)

// Person is somebody who is on call.
type Person struct {
	ID    string // a UUID at GoAlert, a number at ilert
	Name  string // first and last name
	Email string
	Level int // 1 is asked first; 0 is 1

	Since, Until time.Time // zero: for good
	Phones       []Phone
}

// Phone is a way to call somebody.
type Phone struct {
	Country int    // country code, for PagerDuty
	Region  string // region, for ilert
	Number  string // as the vendor keeps it

	// Rule is the place among the person's rules for high urgency, for
	// PagerDuty; 0: none.
	Rule int

	Barred  bool // blacklisted, locked, or not confirmed yet
	Off     bool // switched off by its owner
	SMSOnly bool // for texts alone
}

func (p Person) level() int { return max(p.Level, 1) }

// names returns the first name, and the rest.
func (p Person) names() (first, last string) {
	first, last, _ = strings.Cut(p.Name, " ")
	return first, last
}

// stamp returns a time as vendors write it; nil where there is none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(time.RFC3339)
}
