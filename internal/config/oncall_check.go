package config

import (
	"reflect"
	"slices"
	"strings"
)

// sourceNeeds is what a kind of source cannot be without, and what else it
// takes. What all kinds take is left out.
type sourceNeeds struct{ needs, takes []string }

func needsOf(kind SourceKind) sourceNeeds {
	switch kind {
	case PagerDuty, Ilert:
		return sourceNeeds{[]string{"api_key", "escalation_policy"}, []string{"url", "allow_private"}}
	case BetterStack:
		return sourceNeeds{[]string{"api_key"}, []string{"url", "calendars", "allow_private"}}
	case GoAlert:
		return sourceNeeds{[]string{"url", "api_key", "service"}, []string{"allow_private"}}
	case Grafana:
		return sourceNeeds{[]string{"url", "api_key", "schedules"}, []string{"allow_private"}}
	case ICal:
		return sourceNeeds{nil, []string{"url", "path", "time_zone", "level", "categories", "allow_private"}}
	default:
		return sourceNeeds{[]string{"path"}, []string{"time_zone"}}
	}
}

// common are the keys that all kinds of sources take.
func common() []string { return []string{"kind", "name", "refresh", "max_age"} }

// checkOnCall reports settings of on-call routing that each may be as they are,
// and not all together. It names sources that have no name.
func (l *loader) checkOnCall(s *Settings) {
	sources, routes := make([]Name, len(s.OnCall.Sources)), make([]Name, len(s.OnCall.Routes))
	for n := range sources {
		l.checkSource(s, &s.OnCall.Sources[n], item(sourceArray, n))
		sources[n] = s.OnCall.Sources[n].Name
	}
	for n := range routes {
		l.checkRoute(s, &s.OnCall.Routes[n], item(routeArray, n), sources)
		routes[n] = s.OnCall.Routes[n].Name
	}
	l.checkNames(s, sourceArray, sources)
	l.checkNames(s, routeArray, routes)
	l.requireSecret(s)
}

// place returns where a key stands; where nobody wrote it, where its item does.
func (l *loader) place(s *Settings, item, name string) Origin {
	if at := s.Origin(item + "." + name); at.Kind > Default {
		return at
	}
	return l.causes[item]
}

func (l *loader) checkSource(s *Settings, source *OnCallSource, item string) {
	if source.Kind == "" {
		return // and that was told
	}
	if source.Name == "" && !l.attempts[item+".name"] {
		source.Name = Name(source.Kind)
		l.origins[item+".name"] = Origin{Kind: Default}
	}
	of := needsOf(source.Kind)
	for _, name := range of.needs {
		path := join(item, name)
		if list, ok := l.filled[path]; ok && list.Kind() == reflect.Slice && list.Len() == 0 && s.Origin(path).Kind > Default {
			l.report(s.Origin(path), "%s is an empty list; it takes at least one", path)
		}
		l.require(path)
	}
	all := slices.Concat(of.needs, of.takes)
	for _, k := range l.schema.find(item).children {
		if at := s.Origin(join(item, k.name)); at.Kind > Default && !slices.Contains(common(), k.name) && !slices.Contains(all, k.name) {
			l.report(at, "%s is of no use to a source of the kind %s, which takes %s", join(item, k.name), source.Kind, strings.Join(all, ", "))
		}
	}
	l.checkAddress(s, source, item)
}

// checkAddress reports an address that a source of its kind cannot have.
func (l *loader) checkAddress(s *Settings, source *OnCallSource, item string) {
	address, file := join(item, "url"), join(item, "path")
	switch given := l.has(address) || l.attempts[address]; {
	case source.Kind == ICal && given && (l.has(file) || l.attempts[file]):
		l.report(l.place(s, item, "path"), "%s is given, and so is %s; a calendar has one of them", file, address)
	case source.Kind == ICal && !given && !l.has(file) && !l.attempts[file]:
		l.report(l.placeOf(address), "%s is missing, and so is %s; a calendar has one of them: %s", address, file, l.remedy(address))
	case source.Kind != ICal && source.URL.IsSet():
		if _, err := parseURL(source.URL.Reveal(), ""); err != nil {
			l.report(l.place(s, item, "url"), "%s %v", address, err)
		}
	}
}

// checkNames reports names that two items of an array have.
func (l *loader) checkNames(s *Settings, array string, names []Name) {
	known := make(map[Name]string, len(names))
	for n, name := range names {
		item := item(array, n)
		switch other := known[name]; {
		case name == "": // and that was told
		case other != "":
			l.report(l.place(s, item, "name"), "%s is called %s, as %s is; write another name = \"…\" below [[%s]]", item, name, other, array)
		default:
			known[name] = item
		}
	}
}

// checkRoute reports what a route cannot be. known are the names of all sources.
func (l *loader) checkRoute(s *Settings, route *OnCallRoute, item string, known []Name) {
	for i, name := range route.Sources {
		switch {
		case slices.Contains(known, ""): // a source that is wrong, as was told, may be the one
		case !slices.Contains(known, name):
			l.report(l.place(s, item, "sources"), "item %d of %s.sources is %q, and no source is called that; there is %s", i+1, item, name, strings.Join(texts(known), ", "))
		case slices.Contains(route.Sources[:i], name):
			l.report(l.place(s, item, "sources"), "item %d of %s.sources is %q, which stands there before", i+1, item, name)
		}
	}
	if _, err := route.Schedule(); err != nil {
		l.report(l.place(s, item, "hours"), "%s.hours cannot be used: %v", item, err)
	}
}

// requireSecret reports that a route has no secret. There is none by default:
// everybody would know it.
func (l *loader) requireSecret(s *Settings) {
	for n := range s.OnCall.Routes {
		own := join(item(routeArray, n), "secret")
		if !l.has(own) && !l.attempts[own] {
			l.require(join(onCallSection, "secret"))
			return
		}
	}
}

func texts(names []Name) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = string(name)
	}
	return all
}
