package source

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"strings"

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
	Policy *policyRef      `json:"escalationPolicy"`
	User   json.RawMessage `json:"user"`
	Level  *int            `json:"escalationLevel"`
	Start  shiftTime       `json:"start"`
	End    shiftTime       `json:"end"`
}

type ilertUser struct {
	ID    ident `json:"id"`
	First word  `json:"firstName"`
	Last  word  `json:"lastName"`
	Email word  `json:"email"`
}

func (u ilertUser) person() Person {
	p := Person{ID: string(u.ID), Email: string(u.Email)}
	p.Name = cmp.Or(strings.TrimSpace(string(u.First+" "+u.Last)), p.Email, p.ID)
	return p
}

// ilertNumber is an entry of GET /api/users/{id}/contacts/phone-numbers.
type ilertNumber struct {
	Region word    `json:"regionCode"`
	Target *string `json:"target"`
	Status string  `json:"status"` // OK, LOCKED or BLACKLISTED
}

// Fetch asks who is on call now.
func (l *Ilert) Fetch(ctx context.Context) (Snapshot, error) {
	r := l.ask.roster()
	var entries *[]json.RawMessage
	answer, err := l.ask.getJSON(ctx, "/api/on-calls", url.Values{"policies": {l.policy}, "expand": {"user"}}, &entries)
	switch {
	case err != nil:
		return Snapshot{}, err
	case entries == nil:
		return Snapshot{}, l.ask.changed("it is no list of on-calls")
	}
	r.compareClocks(answer)
	err = onCalls(r, *entries, func(e ilertOnCall) (Person, string, error) {
		return onPolicy[ilertUser](r, l.policy, policyEntry{e.Policy, e.Level, "escalationLevel", e.User, e.Start, e.End})
	})
	if err != nil {
		return Snapshot{}, err
	}
	return r.withContacts(ctx, &l.contacts, l.contact)
}

// contact asks for one person's numbers.
func (l *Ilert) contact(ctx context.Context, s subject) (contact, error) {
	var list *[]json.RawMessage
	_, err := l.ask.getJSON(ctx, "/api/users/"+s.id+"/contacts/phone-numbers", nil, &list)
	switch {
	case err != nil:
		return contact{}, err
	case list == nil:
		return contact{}, l.ask.changed("it is no list of numbers")
	}
	return contactOf(l.ask, s, *list, "a number", func(n *numbers, number ilertNumber) error {
		if number.Target == nil {
			return l.ask.changed("a number has no target")
		}
		if number.Status == "" || number.Status == "OK" {
			e164, ok := inRegion(string(number.Region), *number.Target, l.home)
			n.add(e164, ok, *number.Target)
		}
		return nil
	})
}
