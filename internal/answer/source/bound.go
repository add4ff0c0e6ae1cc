package source

import (
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// How much of a source's answer counts. No team has more people on call at once:
// more means an event sent to the whole company, or a broken source.
const (
	// maxOfLevel bounds the people of one level.
	maxOfLevel = 300

	// maxPeople bounds those of all levels.
	maxPeople = 500

	// maxNumbers bounds the numbers of a person.
	maxNumbers = 10

	// maxField bounds a name, an identifier or a number, in bytes. An address of
	// e-mail has at most 254.
	maxField = 254

	// maxRemarks bounds the oddities of an answer.
	maxRemarks = 30

	// maxRemark bounds one of them, in bytes.
	maxRemark = 400
)

// Bound cuts a snapshot to size, and says so in its oddities. It drops people past
// the limit, beginning with those who are not on call at the time; numbers past
// the preferred ones; and the ends of long names. It does not change what the
// snapshot shares with others.
func (s *Snapshot) Bound(now time.Time) {
	had := len(s.People)
	s.People = slices.Clone(atMost(s.People, now))
	for i := range s.People {
		s.People[i].bound()
	}
	if left := had - len(s.People); left > 0 {
		s.Oddities = append([]string{crowded(left)}, s.Oddities...)
	}
	if more := len(s.Oddities) - maxRemarks; more > 0 {
		s.Oddities = append(s.Oddities[:maxRemarks:maxRemarks], fmt.Sprintf("and %d more of this kind", more))
	}
	s.Oddities = slices.Clone(s.Oddities)
	for i, odd := range s.Oddities {
		s.Oddities[i] = plaintext.Clip(odd, maxRemark)
	}
}

func crowded(left int) string {
	return fmt.Sprintf("more than %d people of a level, or %d in all, are on call: %d are left out", maxOfLevel, maxPeople, left)
}

// atMost returns as many people as the limits allow, in their order.
func atMost(people []Person, now time.Time) []Person {
	if len(people) <= maxOfLevel {
		return people
	}
	keep, kept := make([]bool, len(people)), 0
	levels := make(map[int]int)
	for _, onDuty := range [...]bool{true, false} {
		for i := range people {
			p := &people[i]
			if p.onDuty(now) != onDuty || levels[p.Level] >= maxOfLevel || kept >= maxPeople {
				continue
			}
			keep[i] = true
			levels[p.Level]++
			kept++
		}
	}
	left := make([]Person, 0, kept)
	for i := range people {
		if keep[i] {
			left = append(left, people[i])
		}
	}
	return left
}

// onDuty reports whether a person's turn is at a time.
func (p *Person) onDuty(now time.Time) bool {
	return !now.Before(p.Since) && (p.Until.IsZero() || now.Before(p.Until))
}

// bound cuts what is too long of a person.
func (p *Person) bound() {
	for _, field := range [...]*string{&p.ID, &p.Name, &p.Email} {
		*field = plaintext.Clip(*field, maxField)
	}
	numbers := p.Numbers[:min(len(p.Numbers), maxNumbers):min(len(p.Numbers), maxNumbers)]
	for i, number := range numbers {
		if len(number) > maxField {
			numbers = append([]string(nil), numbers...) // others may have the list too
			numbers[i] = plaintext.Clip(number, maxField)
		}
	}
	p.Numbers = numbers
}

// askable bounds the people, and returns the subjects among them, each once: we
// ask about no one else.
func (s *Snapshot) askable(subjects []subject) []subject {
	s.Bound(s.At)
	among := make(map[string]bool, len(s.People))
	for i := range s.People {
		among[s.People[i].ID] = true
	}
	left := make([]subject, 0, len(s.People))
	for _, one := range distinct(subjects) {
		if among[one.id] {
			left = append(left, one)
		}
	}
	return left
}
