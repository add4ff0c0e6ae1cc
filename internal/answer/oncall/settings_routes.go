package oncall

import (
	"encoding/json"
	"slices"

	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// Secrets returns the secrets of one of the routes, at least one: its own, or
// those of all routes if it has none.
func (s *Settings) Secrets(r *RouteSettings) []setting.Secret {
	own, previous := r.Secret, r.PreviousSecret
	if !own.IsSet() {
		own, previous = s.Secret, s.PreviousSecret
	}
	if !previous.IsSet() {
		return []setting.Secret{own}
	}
	return []setting.Secret{own, previous}
}

// Schedule returns the route's opening hours; nil: always open. The error names
// the day and what is wrong with it; after Check there is none.
func (r *RouteSettings) Schedule() (*hours.Schedule, error) {
	if len(r.Hours) == 0 && len(r.Holidays) == 0 {
		return nil, nil
	}
	week, err := json.Marshal(r.Hours)
	if err != nil {
		return nil, err
	}
	s := &hours.Schedule{Zone: r.TimeZone}
	if s.Week, err = hours.ParseWeek(week); err != nil {
		return nil, err
	}
	s.Holidays = slices.Compact(slices.Sorted(slices.Values(r.Holidays)))
	return s, nil
}

// RoutesOf returns the routes of settings that were checked.
func RoutesOf(s *Settings) []Route {
	routes := make([]Route, len(s.Routes))
	for i := range s.Routes {
		routes[i] = s.route(&s.Routes[i])
	}
	return routes
}

func (s *Settings) route(r *RouteSettings) Route {
	route := Route{
		Name: string(r.Name), DIDs: texts(r.DIDs), Codes: texts(r.Codes), Sources: texts(r.Sources),
		RepeatWithin: r.RepeatWithin, CallerName: r.CallerName,
		Rules: Rules{
			Policy: r.Policy, Beyond: r.Beyond, NextLevel: r.NextLevel, Preferred: r.Preferred,
			Numbers: map[string][]string{}, CallingCode: string(r.CallingCode), Block: texts(r.Block), Allow: texts(r.Allow),
			Fallback: string(r.Fallback), Closed: string(r.ClosedNumber), Refused: string(r.RefusedNumber),
		},
		Texts: Texts{
			Connecting: string(r.Texts.Connecting), Nobody: string(r.Texts.Nobody), Closed: string(r.Texts.Closed),
			Voice: r.Texts.Voice, Language: r.Texts.Language,
		},
	}
	route.Rules.Hours, _ = r.Schedule()
	for _, secret := range s.Secrets(r) {
		route.Secrets = append(route.Secrets, secret.Reveal())
	}
	for person, numbers := range s.Numbers {
		route.Rules.Numbers[plaintext.Compose(person)] = texts(numbers)
	}
	if len(route.Sources) == 0 {
		for _, from := range s.Sources {
			route.Sources = append(route.Sources, string(from.Name))
		}
	}
	return route
}

func texts[T ~string](items []T) []string {
	all := make([]string, len(items))
	for i, item := range items {
		all[i] = string(item)
	}
	return all
}

// DialledIn returns the calling code of the routes that use a source; empty: they
// have none, or different ones.
func (s *Settings) DialledIn(source setting.Name) string {
	var codes []string
	for i := range s.Routes {
		r := &s.Routes[i]
		if len(r.Sources) == 0 || slices.Contains(r.Sources, source) {
			codes = append(codes, string(r.CallingCode))
		}
	}
	if codes = slices.Compact(codes); len(codes) == 1 {
		return codes[0]
	}
	return ""
}
