package textback

import (
	"net/netip"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// Limits bound how many texts are sent; 0 is no limit. Click-to-call has its own.
type Limits struct {
	EntryPerHour, EntryPerDay   int
	TenantPerHour, TenantPerDay int // of all entries of a domain

	// These apply to requests without an entry's key, which anyone who knows the
	// URL can send.
	NewPerHour                  int // of an entry, to numbers that it never texted
	SourcePerHour, SourcePerDay int // of an address, unless it has shown a key or the entry's allow_from names it

	// These bound how many calls are recorded.
	CallsPerNumber                int // of a number to an entry, in an hour
	AnswersPerHour, AnswersPerDay int // of an entry, that led to no text
}

func (l Limits) rows() ledger.Rows {
	return ledger.Rows{Number: l.CallsPerNumber, EntryHour: l.AnswersPerHour, EntryDay: l.AnswersPerDay}
}

// DefaultLimits are in force where the settings do not say otherwise.
func DefaultLimits() Limits {
	return Limits{
		EntryPerHour: 500, EntryPerDay: 3000, TenantPerHour: 2000, TenantPerDay: 10_000,
		NewPerHour: 100, SourcePerHour: 1000, SourcePerDay: 5000,
		CallsPerNumber: 20, AnswersPerHour: 500, AnswersPerDay: 3000,
	}
}

// caps returns what a text of an entry must be within.
func (l Limits) caps(e *entry.Entry, source string, open bool) []ledger.Cap {
	const day = 24 * time.Hour
	var caps []ledger.Cap
	add := func(scope ledger.Scope, of string, most int, per time.Duration) {
		if most > 0 && of != "" {
			caps = append(caps, ledger.Cap{Scope: scope, Of: of, Most: most, Per: per})
		}
	}
	if open {
		add(ledger.OfNewNumbers, e.ID, l.NewPerHour, time.Hour)
		if len(e.AllowFrom) == 0 {
			add(ledger.OfSource, source, l.SourcePerHour, time.Hour)
			add(ledger.OfSource, source, l.SourcePerDay, day)
		}
	}
	add(ledger.OfEntry, e.ID, l.EntryPerHour, time.Hour)
	add(ledger.OfEntry, e.ID, l.EntryPerDay, day)
	add(ledger.OfTenant, e.APIDomain, l.TenantPerHour, time.Hour)
	add(ledger.OfTenant, e.APIDomain, l.TenantPerDay, day)
	return caps
}

// sourceNetwork is how much of an IPv6 address tells one customer of a network
// from the next.
const sourceNetwork = 64

// sourceOf returns an address as it is counted; of none "unknown", which all
// those without one share.
func sourceOf(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	prefix, err := address.Prefix(sourceNetwork)
	if err != nil || !address.IsValid() {
		return "unknown"
	}
	return prefix.String()
}
