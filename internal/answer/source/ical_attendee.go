package source

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/answer/ical"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// levelForm is a category that says which level an event has by itself.
var levelForm = regexp.MustCompile(`(?i)^(?:level|tier|l)[ -]?([1-9])$`)

// people returns who is on call in an event: its attendees or, if it has none,
// the people whom its summary names. All have the event's level. The summary
// does not bring back somebody who was invited and does not take part.
func (r *reader) people(e *event) (people []Person, asked bool) {
	level := r.levelOf(e)
	var all []attendee
	listed := make(map[string]bool)
	for i := range e.Properties {
		p := &e.Properties[i]
		if p.Name != "ATTENDEE" {
			continue
		}
		if a, ok := r.attendee(e, p); ok {
			all = append(all, a)
			listed[a.person.ID] = true
		}
	}
	for _, a := range all {
		if a.takesPart {
			people = append(people, a.person)
		}
		for _, address := range a.delegates {
			if p, ok := r.identify(e, address, "", ""); ok && !listed[p.ID] { // who is listed answers for themselves
				people = append(people, p)
			}
		}
	}
	if summary := e.summary(); len(all) == 0 && summary != "" {
		people = append(people, Person{ID: summary, Name: summary})
	}
	if len(people) > maxOfLevel {
		r.odd("%s names more than %d people, of whom the first %d count", e.what(), maxOfLevel, maxOfLevel)
		people = slices.Clone(people[:maxOfLevel])
	}
	for i := range people {
		people[i].Level = level
		people[i].bound()
	}
	return people, len(all) > 0
}

// attendee is a person who was asked.
type attendee struct {
	person    Person
	takesPart bool
	delegates []string // addresses of those who come instead
}

// attendee reads an ATTENDEE (RFC 5545, section 3.8.4.1). Rooms are none.
func (r *reader) attendee(e *event, p *ical.Property) (attendee, bool) {
	if kind := strings.ToUpper(p.Param("CUTYPE")); kind == "ROOM" || kind == "RESOURCE" {
		return attendee{}, false
	}
	person, ok := r.identify(e, p.Value, strings.Join(p.All("CN"), ","), p.Param("EMAIL"))
	a := attendee{person: person, takesPart: true}
	switch strings.ToUpper(p.Param("PARTSTAT")) {
	case "DECLINED":
		a.takesPart = false
	case "DELEGATED":
		a.takesPart, a.delegates = false, p.All("DELEGATED-TO")
	}
	if strings.EqualFold(p.Param("ROLE"), "NON-PARTICIPANT") {
		a.takesPart = false
	}
	return a, ok
}

// identify returns who has an address: an e-mail address, a number as in
// tel:+31611111111, or whatever a program has in their place. A placeholder
// identifies no one: the name counts then, so that two people who share one stay
// two.
func (r *reader) identify(e *event, address, name, email string) (Person, bool) {
	name = personName(name)
	scheme, address := cutScheme(address)
	if mail, ok := mailAddress(email); ok {
		scheme, address = "mailto", mail
	}
	person := Person{Name: name, ID: address}
	mail, isMail := mailAddress(address)
	switch {
	case scheme == "tel":
		if plain, err := url.PathUnescape(address); err == nil {
			address = plain
		}
		e164, ok := atHome("tel:"+address, r.home)
		if !ok {
			r.odd("%s", noNumber(cmp.Or(name, "an attendee"), address))
			return Person{}, false
		}
		person.ID, person.Numbers = cmp.Or(name, e164), []string{e164}
	case scheme == "mailto" && isMail:
		person.ID, person.Email = mail, mail
	case scheme == "invalid", isPlaceholder(address):
		person.ID = name
	}
	if person.ID == "" {
		r.odd("%s: an attendee has neither a name nor an address", e.what())
		return Person{}, false
	}
	person.Name = cmp.Or(person.Name, person.ID)
	return person, true
}

// schemeForm is the scheme of an address (RFC 3986, section 3.1).
var schemeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)

// cutScheme returns the scheme of an address, in small letters, and what follows
// it. An address without one is one of e-mail.
func cutScheme(address string) (scheme, rest string) {
	address = strings.TrimSpace(plaintext.Compose(address))
	scheme, rest, ok := strings.Cut(address, ":")
	if !ok || !schemeForm.MatchString(scheme) {
		return "mailto", address
	}
	return strings.ToLower(scheme), strings.TrimSpace(rest)
}

// mailAddress returns an address of e-mail in small letters, without what may
// stand around it; false: it is none, or one that means none.
func mailAddress(text string) (string, bool) {
	_, text = cutScheme(text)
	text, _, _ = strings.Cut(text, "?")
	if _, after, ok := strings.Cut(text, "<"); ok {
		text, _, _ = strings.Cut(after, ">")
	}
	if decoded, err := url.PathUnescape(text); err == nil {
		text = decoded
	}
	text = strings.ToLower(strings.TrimSpace(text))
	at := strings.LastIndexByte(text, '@')
	ok := at > 0 && at < len(text)-1 && !strings.HasPrefix(text, "/") && !strings.ContainsFunc(text, unicode.IsSpace)
	return text, ok && !isPlaceholder(text)
}

// isPlaceholder reports whether an address is one that programs write if there
// is none. Names below .invalid belong to no one: RFC 2606.
func isPlaceholder(address string) bool {
	address = strings.ToLower(strings.TrimSpace(address))
	if strings.HasSuffix(address, ".invalid") || strings.HasSuffix(address, "@invalid") {
		return true
	}
	switch strings.NewReplacer("-", "", "_", "").Replace(address) {
	case "", "nomail", "noemail", "none", "null", "undefined", "unknown", "invalid", "undisclosed", "n/a", "na", "unknownorganizer@calendar.google.com":
		return true
	}
	return false
}

// personName returns a name on one line, without quotes around it.
func personName(text string) string {
	text = strings.Join(strings.Fields(plaintext.Compose(text)), " ")
	for _, quote := range [...]string{`"`, "'"} {
		if len(text) > 1 && strings.HasPrefix(text, quote) && strings.HasSuffix(text, quote) {
			text = strings.TrimSpace(text[1 : len(text)-1])
		}
	}
	return text
}

// levelOf returns the level of an event: of the first of its categories that
// has one, or the calendar's.
func (r *reader) levelOf(e *event) int {
	for i := range e.Properties {
		if p := &e.Properties[i]; p.Name == "CATEGORIES" {
			for _, category := range ical.List(p.Value) {
				category = strings.ToLower(strings.TrimSpace(plaintext.Compose(category)))
				if level, ok := r.categories[category]; ok {
					return level
				}
				if m := levelForm.FindStringSubmatch(category); m != nil {
					level, _ := strconv.Atoi(m[1]) // one digit
					return level
				}
			}
		}
	}
	return r.level
}
