package source

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strconv"

	"github.com/switchhook/switchhook/internal/fetch"
)

// Where PagerDuty keeps accounts, by service region.
const (
	PagerDutyURL   = "https://api.pagerduty.com"
	PagerDutyURLEU = "https://api.eu.pagerduty.com"
)

const (
	// pagerDutyAccept is the version of the interface.
	pagerDutyAccept = "application/vnd.pagerduty+json;version=2"

	// pagerDutyPage is the most entries that PagerDuty puts on a page.
	pagerDutyPage = 100
)

// PagerDutyConfig says which escalation policy of which account is asked.
type PagerDutyConfig struct {
	URL    string        // default PagerDutyURL
	Key    Secret        // a REST API key; a read-only one is enough
	Policy string        // the identifier of an escalation policy, such as PT54U20
	Client *fetch.Client // default: one of public addresses alone

	// CallingCode is that of the country, such as 31, to which numbers belong
	// that do not say theirs; empty: they have to.
	CallingCode string
}

// PagerDuty asks PagerDuty's REST API, version 2, who is on call for an
// escalation policy, and for the numbers of those who are. A fetch is one
// request a hundred on-calls, and one for each person that it has not asked
// about for ten minutes; the limit is 960 requests a minute
// (https://developer.pagerduty.com/docs/rest-api-rate-limits).
//
// Numbers are phone contact methods that PagerDuty would call: neither
// blacklisted nor switched off. Those of the person's high-urgency
// notification rules come first, in the rules' order; the others follow in the
// order of the profile.
type PagerDuty struct {
	ask      *asker
	policy   string
	home     string // a calling code; see PagerDutyConfig
	contacts contacts
}

// NewPagerDuty returns a source. It asks nothing. Its error is a *fault.Error
// with the code fault.Invalid.
func NewPagerDuty(c PagerDutyConfig) (*PagerDuty, error) {
	const name = "PagerDuty"
	if c.URL == "" {
		c.URL = PagerDutyURL
	}
	if err := checkID(name, "escalation policy", c.Policy); err != nil {
		return nil, err
	}
	ask, err := vendor{kind: KindPagerDuty, name: name, url: c.URL, key: c.Key, scheme: "Token token=", client: c.Client}.asker()
	if err != nil {
		return nil, err
	}
	ask.accept = pagerDutyAccept
	return &PagerDuty{ask: ask, policy: c.Policy, home: c.CallingCode}, nil
}

// pagerDutyPageOf is one page of GET /oncalls
// (https://developer.pagerduty.com/api-reference/3a6b910f11050-list-all-of-the-on-calls).
type pagerDutyPageOf struct {
	OnCalls *[]json.RawMessage `json:"oncalls"`
	Limit   int                `json:"limit"`
	Offset  int                `json:"offset"`
	More    *bool              `json:"more"`
}

type pagerDutyOnCall struct {
	Policy *policyRef      `json:"escalation_policy"`
	Level  *int            `json:"escalation_level"`
	User   json.RawMessage `json:"user"`
	Start  shiftTime       `json:"start"` // null: for good
	End    shiftTime       `json:"end"`   // the same
}

// pagerDutyUser is a user, with more or less of it included.
type pagerDutyUser struct {
	ID      string             `json:"id"`
	Name    word               `json:"name"`
	Summary word               `json:"summary"` // the name, where the user is a reference only
	Email   word               `json:"email"`
	Methods *[]json.RawMessage `json:"contact_methods"`
	Rules   *[]json.RawMessage `json:"notification_rules"`
}

func (u pagerDutyUser) person() Person {
	return Person{ID: u.ID, Name: cmp.Or(string(u.Name), string(u.Summary), u.ID), Email: string(u.Email)}
}

type pagerDutyContactMethod struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	Address     string `json:"address"`
	CountryCode ident  `json:"country_code"`
	Blacklisted bool   `json:"blacklisted"`
	Enabled     *bool  `json:"enabled"` // absent: it is
}

type pagerDutyRule struct {
	Urgency string `json:"urgency"`
	Delay   int    `json:"start_delay_in_minutes"`
	Method  struct {
		ID string `json:"id"`
	} `json:"contact_method"`
}

// Fetch asks who is on call now.
func (p *PagerDuty) Fetch(ctx context.Context) (Snapshot, error) {
	r := p.ask.roster()
	var all []json.RawMessage
	offset := 0
	err := r.pages("on-calls", "check the escalation policy", func(int) (more bool, err error) {
		entries, next, err := p.fetchPage(ctx, r, offset)
		all = append(all, entries...)
		more, offset = next > offset, next
		return more, err
	})
	if err == nil {
		err = onCalls(r, all, func(e pagerDutyOnCall) (Person, string, error) {
			return onPolicy[pagerDutyUser](r, p.policy, policyEntry{e.Policy, e.Level, "escalation_level", e.User, e.Start, e.End})
		})
	}
	if err != nil {
		return Snapshot{}, err
	}
	return r.withContacts(ctx, &p.contacts, p.fetchContact)
}

// fetchPage asks for the entries from an offset on, and returns the next offset;
// the same one if no more follow.
func (p *PagerDuty) fetchPage(ctx context.Context, r *roster, offset int) (entries []json.RawMessage, next int, err error) {
	var page pagerDutyPageOf
	answer, err := p.ask.getJSON(ctx, "/oncalls", url.Values{
		"escalation_policy_ids[]": {p.policy},
		"include[]":               {"users"},
		"earliest":                {"true"},
		"limit":                   {strconv.Itoa(pagerDutyPage)},
		"offset":                  {strconv.Itoa(offset)},
	}, &page)
	switch {
	case err != nil:
		return nil, 0, err
	case page.OnCalls == nil:
		return nil, 0, p.ask.changed("it has no list of on-calls")
	case page.Offset != offset:
		return nil, 0, p.ask.changed("it is the page from %d on where that from %d on was asked for", page.Offset, offset)
	}
	r.compareClocks(answer)
	entries = *page.OnCalls
	size := pagerDutyPage
	if page.Limit > 0 {
		size = min(size, page.Limit) // the vendor may return a smaller page than we asked for
	}
	switch {
	case page.More == nil && len(entries) >= size:
		return nil, 0, p.ask.changed("a full page does not say whether more follow")
	case page.More == nil || !*page.More:
		return entries, offset, nil
	case len(entries) == 0:
		return nil, 0, p.ask.changed("an empty page says that more follow")
	}
	return entries, offset + size, nil
}

// fetchContact asks for one person's numbers.
func (p *PagerDuty) fetchContact(ctx context.Context, s subject) (contact, error) {
	var answer struct {
		User *pagerDutyUser `json:"user"`
	}
	_, err := p.ask.getJSON(ctx, "/users/"+s.id, url.Values{"include[]": {"contact_methods", "notification_rules"}}, &answer)
	switch {
	case err != nil:
		return contact{}, err
	case answer.User == nil || answer.User.ID != s.id:
		return contact{}, p.ask.changed("it is not the user that was asked for")
	case answer.User.Methods == nil || answer.User.Rules == nil:
		return contact{}, p.ask.changed("a user has no contact_methods or no notification_rules")
	}
	n := numbers{person: s.label()}
	var methods []pagerDutyContactMethod
	var rules []pagerDutyRule
	odd, _, lost := eachItem(p.ask, *answer.User.Methods, n.person+": a contact method", func(m pagerDutyContactMethod) error {
		methods = append(methods, m)
		return nil
	})
	oddRules, _, _ := eachItem(p.ask, *answer.User.Rules, n.person+": a rule", func(r pagerDutyRule) error {
		rules = append(rules, r)
		return nil
	})
	n.oddities = slices.Concat(odd, oddRules)
	for _, m := range pagerDutyOrder(methods, rules) {
		if m.Type != "phone_contact_method" || m.Blacklisted || m.Enabled != nil && !*m.Enabled {
			continue
		}
		code, _ := strconv.Atoi(string(m.CountryCode)) // without one it is at home
		e164, ok := inCountry(code, m.Address, p.home)
		n.add(e164, ok, m.Address)
	}
	return n.contact(lost)
}

// pagerDutyOrder returns contact methods in the order in which somebody is to
// be reached: as the rules for high urgency say, then the others.
func pagerDutyOrder(methods []pagerDutyContactMethod, rules []pagerDutyRule) []pagerDutyContactMethod {
	rules = slices.DeleteFunc(slices.Clone(rules), func(r pagerDutyRule) bool { return r.Urgency != "high" })
	slices.SortStableFunc(rules, func(a, b pagerDutyRule) int { return cmp.Compare(a.Delay, b.Delay) })
	place := make(map[string]int, len(rules))
	for i, r := range rules {
		if _, ok := place[r.Method.ID]; !ok {
			place[r.Method.ID] = i
		}
	}
	ordered := slices.Clone(methods)
	slices.SortStableFunc(ordered, func(a, b pagerDutyContactMethod) int {
		return cmp.Compare(placeOf(place, a.ID), placeOf(place, b.ID))
	})
	return ordered
}

// placeOf returns the place of a contact method among the rules, or one after
// them all.
func placeOf(place map[string]int, id string) int {
	if i, ok := place[id]; ok {
		return i
	}
	return math.MaxInt
}
