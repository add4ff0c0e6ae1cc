package source

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

// GrafanaConfig says which schedules of which Grafana IRM, or Grafana OnCall,
// are asked.
type GrafanaConfig struct {
	URL string // the address of the interface, from the page Settings → API
	Key Secret // an API key of IRM or OnCall, sent as it is

	// Schedules are the identifiers of schedules: people on call in the first
	// one have level 1, in the second one level 2.
	Schedules []string

	Client *fetch.Client // default: one of public addresses alone
}

// Grafana asks Grafana IRM, or Grafana OnCall, who is on call in a schedule
// (https://grafana.com/docs/oncall/latest/oncall-api-reference/schedules/).
// Numbers are not to be had there: a local map gives them, by identifier,
// name or e-mail address. A fetch is one request a schedule, and one for the
// name of each person that it has not asked about for ten minutes.
type Grafana struct {
	ask       *asker
	schedules []string
	contacts  contacts
}

// NewGrafana returns a source. It asks nothing. Its error is a *fault.Error
// with the code fault.Invalid.
func NewGrafana(c GrafanaConfig) (*Grafana, error) {
	const name = "Grafana"
	if c.URL == "" {
		return nil, fault.Newf(fault.Invalid, "no address of %s is given", name).
			WithHint("give the API URL that Grafana shows under IRM, Settings, Admin & API")
	}
	if len(c.Schedules) == 0 {
		return nil, checkID(name, "schedule", "")
	}
	for _, id := range c.Schedules {
		if err := checkID(name, "schedule", id); err != nil {
			return nil, err
		}
	}
	ask, err := vendor{kind: KindGrafana, name: name, url: c.URL, key: c.Key, client: c.Client}.asker()
	if err != nil {
		return nil, err
	}
	return &Grafana{
		ask:       ask,
		schedules: slices.Clone(c.Schedules),
		contacts:  contacts{optional: true},
	}, nil
}

// Fetch asks who is on call now.
func (g *Grafana) Fetch(ctx context.Context) (Snapshot, error) {
	r := g.ask.roster()
	for i, id := range g.schedules {
		var schedule struct {
			ID  string             `json:"id"`
			Now *[]json.RawMessage `json:"on_call_now"`
		}
		answer, err := g.ask.getJSON(ctx, "/api/v1/schedules/"+id+"/", nil, &schedule)
		switch {
		case err != nil:
			return Snapshot{}, err
		case schedule.ID != id:
			return Snapshot{}, g.ask.changed("it is not the schedule that was asked for")
		case schedule.Now == nil:
			return Snapshot{}, g.ask.changed("the schedule has no on_call_now")
		}
		r.compareClocks(answer)
		err = onCalls(r, *schedule.Now, func(user word) (person Person, mark string, err error) {
			if !isPlain(string(user)) {
				return person, "", g.ask.changed("somebody in on_call_now has no identifier")
			}
			return Person{ID: string(user), Level: i + 1}, "", nil
		})
		if err != nil {
			return Snapshot{}, err
		}
	}
	return r.withContacts(ctx, &g.contacts, g.contact)
}

// contact asks for somebody's name.
func (g *Grafana) contact(ctx context.Context, s subject) (contact, error) {
	var user struct {
		ID    string `json:"id"`
		Name  word   `json:"username"`
		Email word   `json:"email"`
	}
	_, err := g.ask.getJSON(ctx, "/api/v1/users/"+s.id+"/", nil, &user)
	switch {
	case err != nil:
		return contact{}, err
	case user.ID != s.id:
		return contact{}, g.ask.changed("it is not the user that was asked for")
	}
	return contact{name: string(user.Name), email: string(user.Email)}, nil
}
