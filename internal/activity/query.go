package activity

import (
	"strings"
	"time"
)

// Query selects items. The zero Query is all of them, the youngest first.
type Query struct {
	Entry   string
	Tenant  string
	Kind    Kind
	Outcome string

	// Number is a number, or how it begins: digits with the country's code.
	// Ending is how it ends. At most one of them is set.
	Number, Ending string

	Since, Until time.Time // Until is not included

	Before string // the id of an item: only older ones, to go on from there
	Limit  int    // 0: all
}

// Has reports whether an item is among those of the query, apart from Before
// and Limit.
func (q Query) Has(i Item) bool {
	return (q.Entry == "" || q.Entry == i.Entry) &&
		(q.Tenant == "" || strings.EqualFold(q.Tenant, i.Tenant)) &&
		(q.Kind == "" || q.Kind == i.Kind) &&
		(q.Outcome == "" || q.Outcome == i.Outcome) &&
		strings.HasPrefix(i.Number, q.Number) && strings.HasSuffix(i.Number, q.Ending) &&
		!i.At.Before(q.Since) && (q.Until.IsZero() || i.At.Before(q.Until))
}
