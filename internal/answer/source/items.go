package source

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// eachItem decodes the items of a list, each by itself, and passes them to use. It
// skips an item that cannot be used, as the oddities say; lost is why the first
// could not be.
func eachItem[T any](a *asker, list []json.RawMessage, what string, use func(item T) error) (oddities []string, used int, lost error) {
	for _, raw := range list {
		var item T
		met := a.decode(raw, &item)
		if met == nil {
			met = use(item)
		}
		if met == nil {
			used++
			continue
		}
		if lost == nil {
			lost = met
		}
		odd := fmt.Sprintf("%s is left out: %s", what, messageOf(met))
		if len(oddities) < maxOddities && !slices.Contains(oddities, odd) {
			oddities = append(oddities, odd)
		}
	}
	return oddities, used, lost
}

// contact returns the numbers of a person. If there are none, and something was
// lost, they are unknown: the ones from the previous fetch count.
func (n *numbers) contact(lost error) (contact, error) {
	if len(n.list) == 0 && lost != nil {
		return contact{}, lost
	}
	return contact{numbers: n.list, oddities: n.oddities}, nil
}

// messageOf returns what an error of a source says, without the source.
func messageOf(err error) string {
	if e, ok := err.(*Error); ok { //nolint:errorlint // it is one of ours that nothing wraps
		return e.Message
	}
	return label(err.Error())
}

// word is a text that nothing depends on. What is neither a text nor a number is
// none.
type word string

// UnmarshalJSON takes anything.
func (w *word) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*w = word(text)
		return nil
	}
	var id ident
	if id.UnmarshalJSON(data) == nil {
		*w = word(id)
	}
	return nil
}

// shiftTime is when somebody's turn begins or ends. One that cannot be read
// counts as absent.
type shiftTime struct {
	time.Time

	odd bool
}

// UnmarshalJSON takes a time as RFC 3339 has it; null is none.
func (t *shiftTime) UnmarshalJSON(data []byte) error {
	if string(data) != "null" && json.Unmarshal(data, &t.Time) != nil {
		t.Time, t.odd = time.Time{}, true
	}
	return nil
}

// oddTimes says that the times of somebody's turn cannot be read, or "".
func (a *asker) oddTimes(name string, times ...shiftTime) string {
	if !slices.ContainsFunc(times, func(t shiftTime) bool { return t.odd }) {
		return ""
	}
	return label(name) + ": " + a.changed("a time in it cannot be read").Message
}
