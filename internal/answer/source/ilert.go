package source

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fetch"
)

// IlertURL is where ilert keeps its interface.
const IlertURL = "https://api.ilert.com"

// IlertConfig says which escalation policy of which account is asked.
type IlertConfig struct {
	URL    string        // default IlertURL
	Key    Secret        // an API key; that of an administrator sees the numbers of others
	Policy string        // the identifier of an escalation policy, a number
	Client *fetch.Client // default: one of public addresses alone

	// CallingCode is that of the country, such as 31, to which numbers belong
	// that do not say theirs; empty: they have to.
	CallingCode string
}

// Ilert asks ilert's REST API who is on call for an escalation policy, and
// for the numbers of those who are: one request, and one for each person that
// it has not asked about for ten minutes
// (https://docs.ilert.com/developer-docs/rest-api/api-reference/on-calls).
type Ilert struct {
	ask      *asker
	policy   string
	home     string // a calling code; see IlertConfig
	contacts contacts
}

// NewIlert returns a source. It asks nothing. Its error is a *fault.Error with
// the code fault.Invalid.
func NewIlert(c IlertConfig) (*Ilert, error) {
	const name = "ilert"
	if err := checkID(name, "escalation policy", c.Policy); err != nil {
		return nil, err
	}
	ask, err := vendor{kind: KindIlert, name: name, url: cmp.Or(c.URL, IlertURL), key: c.Key, scheme: "Bearer ", client: c.Client}.asker()
	if err != nil {
		return nil, err
	}
	return &Ilert{ask: ask, policy: c.Policy, home: c.CallingCode}, nil
}

// ilertOnCall is an entry of GET /api/on-calls.
type ilertOnCall struct {
	Policy *struct {
		ID ident `json:"id"`
	} `json:"escalationPolicy"`
	User  json.RawMessage `json:"user"`
	Level *int            `json:"escalationLevel"`
	Start shiftTime       `json:"start"`
	End   shiftTime       `json:"end"`
}

type ilertUser struct {
	ID    ident `json:"id"`
	First word  `json:"firstName"`
	Last  word  `json:"lastName"`
	Email word  `json:"email"`
}

// ilertNumber is an entry of GET /api/users/{id}/contacts/phone-numbers.
type ilertNumber struct {
	Region word    `json:"regionCode"`
	Target *string `json:"target"`
	Status string  `json:"status"` // OK, LOCKED or BLACKLISTED
}

// Fetch asks who is on call now.
func (l *Ilert) Fetch(ctx context.Context) (Snapshot, error) {
	s := Snapshot{At: time.Now()}
	var entries *[]json.RawMessage
	answer, err := l.ask.get(ctx, "/api/on-calls", url.Values{"policies": {l.policy}, "expand": {"user"}}, "application/json", &entries)
	if err != nil {
		return Snapshot{}, err
	}
	if entries == nil {
		return Snapshot{}, l.ask.changed("it is no list of on-calls")
	}
	if odd := l.ask.skew(answer); odd != "" {
		s.Oddities = append(s.Oddities, odd)
	}
	var subjects []subject
	odd, err := eachOf(l.ask, *entries, "an on-call", func(entry ilertOnCall) error {
		person, about, err := l.person(entry)
		if err != nil {
			return err
		}
		s.People = append(s.People, person)
		subjects = append(subjects, about)
		if odd := l.ask.oddTimes(person.Name, entry.Start, entry.End); odd != "" {
			s.Oddities = append(s.Oddities, odd)
		}
		return nil
	})
	if err != nil {
		return Snapshot{}, err
	}
	s.Oddities = append(s.Oddities, odd...)
	found, oddities, err := l.contacts.about(ctx, s.askable(subjects), l.contact)
	if err != nil {
		return Snapshot{}, err
	}
	s.Oddities = append(s.Oddities, oddities...)
	for i := range s.People {
		s.People[i].Numbers = found[s.People[i].ID].numbers
	}
	s.People = arrange(s.People)
	return s, nil
}

// person reads one entry of the list.
func (l *Ilert) person(entry ilertOnCall) (Person, subject, error) {
	if entry.Policy != nil && string(entry.Policy.ID) != l.policy {
		return Person{}, subject{}, l.ask.changed("it has on-calls of another escalation policy than was asked for")
	}
	if entry.Level == nil || *entry.Level < 1 {
		return Person{}, subject{}, l.ask.changed("an on-call has no escalationLevel")
	}
	var user ilertUser
	if len(entry.User) > 0 {
		if err := l.ask.decode(entry.User, &user); err != nil {
			return Person{}, subject{}, err
		}
	}
	if !isPlain(string(user.ID)) {
		return Person{}, subject{}, l.ask.changed("an on-call has no user with an id")
	}
	person := Person{ID: string(user.ID), Email: string(user.Email), Level: *entry.Level, Since: entry.Start.Time, Until: entry.End.Time}
	person.Name = cmp.Or(strings.TrimSpace(string(user.First+" "+user.Last)), person.Email, person.ID)
	return person, subject{id: person.ID, name: person.Name, mark: string(entry.User)}, nil
}

// contact asks for one person's numbers.
func (l *Ilert) contact(ctx context.Context, s subject) (contact, error) {
	var list *[]json.RawMessage
	if _, err := l.ask.get(ctx, "/api/users/"+s.id+"/contacts/phone-numbers", nil, "application/json", &list); err != nil {
		return contact{}, err
	}
	if list == nil {
		return contact{}, l.ask.changed("it is no list of numbers")
	}
	n := numbers{person: s.label()}
	odd, _, lost := each(l.ask, *list, n.person+": a number", func(number ilertNumber) error {
		if number.Target == nil {
			return l.ask.changed("a number has no target")
		}
		if number.Status == "" || number.Status == "OK" {
			e164, ok := inRegion(string(number.Region), *number.Target, l.home)
			n.add(e164, ok, *number.Target)
		}
		return nil
	})
	n.oddities = append(n.oddities, odd...)
	return n.contact(lost)
}
