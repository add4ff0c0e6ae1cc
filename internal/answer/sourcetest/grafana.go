package sourcetest

import (
	"net/http"
	"slices"
	"strings"
)

// GrafanaKey is the key that a Grafana accepts. It is sent as it is.
const GrafanaKey = "9f3c0a5d6b1e4872"

// Grafana is Grafana IRM, or Grafana OnCall, as far as schedules go. The
// people of level 1 are on call in the first schedule, those of level 2 in the
// second.
type Grafana struct {
	Server
	schedules []string
}

// NewGrafana returns a Grafana that has schedules, and nobody on call.
func NewGrafana(schedules ...string) *Grafana { return &Grafana{schedules: schedules} }

// ServeHTTP answers as the interface of Grafana OnCall.
func (g *Grafana) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.serve(w, r, rules{
		authorization: GrafanaKey,
		method:        http.MethodGet,
		accept:        "application/json",
		denied:        says(http.StatusForbidden, map[string]any{"detail": "Invalid token."}), // 403, not 401
		tooMany:       says(http.StatusTooManyRequests, map[string]any{"detail": "Request was throttled. Expected available in 42 seconds."}),
		wrong:         func(why string) reply { return says(http.StatusBadRequest, map[string]any{"detail": why}) },
	}, g.answer)
}

func (g *Grafana) answer(in input) (reply, string) {
	if why := in.wants(nil); why != "" {
		return reply{}, why
	}
	missing := says(http.StatusNotFound, map[string]any{"detail": "Not found."})
	if id, ok := element(in.URL.Path, "/api/v1/schedules/"); ok {
		level := slices.Index(g.schedules, id) + 1
		if level == 0 {
			return missing, ""
		}
		now := []string{}
		for _, p := range g.onCall() {
			if p.level() == level {
				now = append(now, p.ID)
			}
		}
		return says(http.StatusOK, map[string]any{"id": id, "team_id": nil, "name": "Support", "type": "web", "time_zone": "UTC", "on_call_now": now, "slack": nil}), ""
	}
	if id, ok := element(in.URL.Path, "/api/v1/users/"); ok {
		people := g.onCall()
		i := slices.IndexFunc(people, func(p Person) bool { return p.ID == id })
		if i < 0 {
			return missing, ""
		}
		return says(http.StatusOK, map[string]any{"id": id, "grafana_id": 456, "email": people[i].Email, "slack": []any{}, "username": people[i].Name, "role": "user", "timezone": "UTC", "teams": []any{}}), ""
	}
	return reply{}, "there is no such path"
}

// element returns what stands between a prefix of a path and the slash at its
// end, which Grafana insists on.
func element(path, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(path, prefix)
	id, slash := strings.CutSuffix(rest, "/")
	return id, ok && slash && id != "" && !strings.Contains(id, "/")
}
