package source

import (
	"cmp"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// arrange returns people by level, within a level in the order in which they came,
// each once, with the letters of their names composed. Of somebody who is twice on
// one level both shifts count: from the earlier beginning to the later end.
func arrange(people []Person) []Person {
	for i := range people {
		p := &people[i]
		p.ID, p.Name, p.Email = plaintext.Compose(p.ID), plaintext.Compose(p.Name), plaintext.Compose(p.Email)
	}
	slices.SortStableFunc(people, func(a, b Person) int { return cmp.Compare(a.Level, b.Level) })
	type place struct {
		level int
		id    string
	}
	arranged := people[:0]
	places := make(map[place]int, len(people))
	for _, p := range people {
		i, known := places[place{p.Level, p.ID}]
		if !known {
			places[place{p.Level, p.ID}] = len(arranged)
			arranged = append(arranged, p)
			continue
		}
		q := &arranged[i]
		q.Since, q.Until = earlierStart(q.Since, p.Since), laterEnd(q.Until, p.Until)
		for _, number := range p.Numbers {
			if !slices.Contains(q.Numbers, number) {
				q.Numbers = append(slices.Clip(q.Numbers), number)
			}
		}
	}
	return arranged
}

// earlierStart returns the earlier of two beginnings; an unknown one is the
// earliest.
func earlierStart(a, b time.Time) time.Time {
	if a.IsZero() || b.IsZero() {
		return time.Time{}
	}
	if b.Before(a) {
		return b
	}
	return a
}

// laterEnd returns the later of two ends; an unknown one is the latest.
func laterEnd(a, b time.Time) time.Time {
	if a.IsZero() || b.IsZero() {
		return time.Time{}
	}
	if b.After(a) {
		return b
	}
	return a
}
