package source

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

// BetterStackURL is where Better Stack keeps its uptime interface.
const BetterStackURL = "https://uptime.betterstack.com"

// BetterStackConfig says which on-call calendars of which team are asked.
type BetterStackConfig struct {
	URL string // default BetterStackURL
	Key Secret // an uptime API token

	// Calendars are identifiers or names of on-call calendars: people in the
	// first one have level 1, in the second one level 2. Without any it is the
	// team's default calendar.
	Calendars []string

	// CallingCode is that of the country, such as 31, to which numbers belong
	// that do not say theirs; empty: they have to.
	CallingCode string

	Client *fetch.Client // default: one of public addresses alone
}

// BetterStack asks Better Stack's uptime API who is on call. A fetch is one
// request a page of calendars, and numbers come with it
// (https://betterstack.com/docs/uptime/api/list-all-existing-on-call-calendars/).
// It does not say until when.
type BetterStack struct {
	ask       *asker
	calendars []string
	home      string // a calling code; see BetterStackConfig
}

// NewBetterStack returns a source. It asks nothing. Its error is a
// *fault.Error with the code fault.Invalid.
func NewBetterStack(c BetterStackConfig) (*BetterStack, error) {
	const name = "Better Stack"
	if slices.ContainsFunc(c.Calendars, func(s string) bool { return strings.TrimSpace(s) == "" }) {
		return nil, fault.Newf(fault.Invalid, "an on-call calendar of %s has no name", name).
			WithHint("give its identifier or its name, or leave the list out for the default calendar")
	}
	ask, err := vendor{kind: KindBetterStack, name: name, url: cmp.Or(c.URL, BetterStackURL), key: c.Key, scheme: "Bearer ", client: c.Client}.asker()
	if err != nil {
		return nil, err
	}
	return &BetterStack{ask: ask, calendars: slices.Clone(c.Calendars), home: c.CallingCode}, nil
}

// betterStackPage is one page of GET /api/v2/on-calls, in the form of JSON:API.
type betterStackPage struct {
	Data       *[]json.RawMessage `json:"data"`
	Included   []json.RawMessage  `json:"included"`
	Pagination struct {
		Next *string `json:"next"`
	} `json:"pagination"`
}

type betterStackCalendar struct {
	ID         ident `json:"id"`
	Attributes struct {
		Name    word `json:"name"` // null for a calendar without one
		Default bool `json:"default_calendar"`
	} `json:"attributes"`
	Relationships struct {
		Users struct {
			Data *[]json.RawMessage `json:"data"`
		} `json:"on_call_users"`
	} `json:"relationships"`
}

// betterStackRef says who is on call in a calendar.
type betterStackRef struct {
	ID   ident `json:"id"`
	Meta struct {
		Email word `json:"email"`
	} `json:"meta"`
}

type betterStackUser struct {
	ID         ident `json:"id"`
	Attributes *struct {
		First   word            `json:"first_name"`
		Last    word            `json:"last_name"`
		Email   word            `json:"email"`
		Numbers json.RawMessage `json:"phone_numbers"`
	} `json:"attributes"`
}

// Fetch asks who is on call now.
func (b *BetterStack) Fetch(ctx context.Context) (Snapshot, error) {
	r := b.ask.roster()
	var all []json.RawMessage
	users := make(map[ident]betterStackUser)
	err := r.pages("calendars", "use a token of the team alone", func(page int) (more bool, err error) {
		var query url.Values
		if page > 1 {
			query = url.Values{"page": {strconv.Itoa(page)}}
		}
		var answer betterStackPage
		got, err := b.ask.getJSON(ctx, "/api/v2/on-calls", query, &answer)
		if err != nil {
			return false, err
		}
		r.compareClocks(got)
		if answer.Data == nil {
			return false, b.ask.changed("it has no list of calendars")
		}
		all = append(all, *answer.Data...)
		odd, _, _ := eachItem(b.ask, answer.Included, "a user", func(u betterStackUser) error {
			users[u.ID] = u
			return nil
		})
		r.odd(odd...)
		return b.more(page, answer.Pagination.Next)
	})
	var calendars []betterStackCalendar
	if err == nil {
		err = readAll(r, all, "a calendar", func(c betterStackCalendar) error {
			calendars = append(calendars, c)
			return nil
		})
	}
	if err == nil {
		calendars, err = b.choose(calendars)
	}
	if err == nil {
		err = b.read(r, calendars, users)
	}
	if err != nil {
		return Snapshot{}, err
	}
	r.People = arrange(r.People)
	return r.Snapshot, nil
}

// read reads who is on call in the calendars, by level. It fails if nobody has a
// number, and something is missing of somebody.
func (b *BetterStack) read(r *roster, calendars []betterStackCalendar, users map[ident]betterStackUser) error {
	var lost error
	for i, calendar := range calendars {
		if calendar.Relationships.Users.Data == nil {
			return b.ask.changed("a calendar has no on_call_users")
		}
		err := readAll(r, *calendar.Relationships.Users.Data, "an on-call", func(ref betterStackRef) error {
			if ref.ID == "" {
				return b.ask.changed("somebody on call has no id")
			}
			person, oddities, err := b.person(ref.ID, string(ref.Meta.Email), users)
			if err != nil {
				lost = err
				oddities = append(oddities, label(person.Name)+": "+messageOf(err))
			}
			person.Level = i + 1
			r.People = append(r.People, person)
			r.odd(oddities...)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if slices.ContainsFunc(r.People, func(p Person) bool { return len(p.Numbers) > 0 }) {
		return nil
	}
	return lost
}

// more reports whether another page follows, as an answer says. We use only the
// number and do not follow the address in the answer: it could lead anywhere.
func (b *BetterStack) more(page int, address *string) (bool, error) {
	if address == nil || *address == "" {
		return false, nil
	}
	u, err := url.Parse(*address)
	if err != nil {
		return false, b.ask.changed("the address of the next page is none")
	}
	if n, err := strconv.Atoi(u.Query().Get("page")); err != nil || n != page+1 {
		return false, b.ask.changed("the page after %d is not %d", page, page+1)
	}
	return true, nil
}

// choose returns the calendars that are asked for, by level.
func (b *BetterStack) choose(calendars []betterStackCalendar) ([]betterStackCalendar, error) {
	if len(b.calendars) == 0 {
		i := slices.IndexFunc(calendars, func(c betterStackCalendar) bool { return c.Attributes.Default })
		if i < 0 {
			return nil, b.ask.wrong("name the calendar in the source's settings, or make one the default", "%s has no default on-call calendar", b.ask.where())
		}
		return calendars[i : i+1], nil
	}
	chosen := make([]betterStackCalendar, len(b.calendars))
	for i, name := range b.calendars {
		j := slices.IndexFunc(calendars, func(c betterStackCalendar) bool { return string(c.ID) == name })
		if j < 0 {
			j = slices.IndexFunc(calendars, func(c betterStackCalendar) bool { return strings.EqualFold(string(c.Attributes.Name), name) })
		}
		if j < 0 {
			return nil, b.ask.wrong("give the identifier at the end of the calendar's address, or its name", "%s has no on-call calendar %s", b.ask.where(), label(name))
		}
		chosen[i] = calendars[j]
	}
	return chosen, nil
}

// person returns the person that an identifier of the answer means. The error is
// that their numbers cannot be read; a local map may have them.
func (b *BetterStack) person(id ident, email string, users map[ident]betterStackUser) (Person, []string, error) {
	user, ok := users[id]
	if !ok {
		p := Person{ID: string(id), Name: cmp.Or(email, string(id)), Email: email}
		return p, []string{fmt.Sprintf("%s: the answer says nothing about this person, not even a number", label(p.Name))}, nil
	}
	p := Person{ID: string(id), Email: email, Name: cmp.Or(email, string(id))}
	if user.Attributes == nil {
		return p, nil, b.ask.changed("a user has no attributes")
	}
	a := user.Attributes
	p.Email = cmp.Or(string(a.Email), email)
	p.Name = cmp.Or(strings.TrimSpace(string(a.First+" "+a.Last)), p.Email, p.ID)
	var list *[]word
	if len(a.Numbers) > 0 {
		if err := b.ask.decode(a.Numbers, &list); err != nil {
			return p, nil, b.ask.changed("the field phone_numbers is no list")
		}
	}
	if list == nil {
		return p, nil, b.ask.changed("a user has no phone_numbers")
	}
	n := numbers{person: p.Name}
	for _, number := range *list {
		e164, ok := atHome(string(number), b.home)
		n.add(e164, ok, string(number))
	}
	p.Numbers = n.list
	return p, n.oddities, nil
}
