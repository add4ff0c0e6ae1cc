package source

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// levelForm is a category that says which level an event has by itself.
var levelForm = regexp.MustCompile(`(?i)^(?:level|tier|l)[ -]?([1-9])$`)

// people returns who is on call in an event: its attendees, or, where it has
// none, whoever its summary names. All have the event's level.
func (r *reader) people(e *ics.VEvent) []Person {
	level := r.levelOf(e)
	var people []Person
	for _, p := range e.GetProperties(ics.ComponentPropertyAttendee) {
		if person, ok := r.attendee(p); ok {
			person.Level = level
			people = append(people, person)
		}
	}
	if summary := text(e, ics.ComponentPropertySummary); len(people) == 0 && summary != "" {
		name := strings.Join(strings.Fields(summary), " ")
		people = append(people, Person{ID: name, Name: name, Level: level})
	}
	return people
}

// attendee reads an ATTENDEE (RFC 5545, section 3.8.4.1): an e-mail address,
// or a number as in tel:+31611111111. Rooms, and people who said no, are not
// on call.
func (r *reader) attendee(p *ics.IANAProperty) (Person, bool) {
	parameter := func(name string) string { return strings.TrimSpace(first0(p.ICalParameters[name])) }
	switch kind := strings.ToUpper(parameter("CUTYPE")); {
	case kind == "ROOM", kind == "RESOURCE", strings.EqualFold(parameter("PARTSTAT"), "DECLINED"):
		return Person{}, false
	}
	name := strings.Join(strings.Fields(parameter("CN")), " ")
	scheme, address, ok := strings.Cut(strings.TrimSpace(p.Value), ":")
	if !ok {
		scheme, address = "mailto", strings.TrimSpace(p.Value)
	}
	person := Person{Name: name}
	switch strings.ToLower(scheme) {
	case "mailto":
		person.Email = strings.ToLower(address)
		person.ID = person.Email
	case "tel":
		e164, ok := inRegion("", address)
		if !ok {
			r.odd("%s", noNumber(cmp.Or(name, "an attendee"), address))
			return Person{}, false
		}
		person.ID, person.Numbers = cmp.Or(name, e164), []string{e164}
	default:
		person.ID = cmp.Or(parameter("EMAIL"), address)
	}
	person.Name = cmp.Or(person.Name, person.ID)
	return person, person.ID != ""
}

// levelOf returns the level of an event: of the first of its categories that
// has one, or the calendar's.
func (r *reader) levelOf(e *ics.VEvent) int {
	for _, p := range e.GetProperties(ics.ComponentPropertyCategories) {
		for category := range strings.SplitSeq(p.Value, ",") {
			category = strings.ToLower(strings.TrimSpace(category))
			if level, ok := r.categories[category]; ok {
				return level
			}
			if m := levelForm.FindStringSubmatch(category); m != nil {
				level, _ := strconv.Atoi(m[1]) // one digit
				return level
			}
		}
	}
	return r.level
}
