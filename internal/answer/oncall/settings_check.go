package oncall

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/setting"
)

// Check returns what is wrong among sources and routes. Each source checks itself.
func (s *Settings) Check() error {
	sources, routes := make([]setting.Name, len(s.Sources)), make([]setting.Name, len(s.Routes))
	for n := range s.Sources {
		sources[n] = s.Sources[n].Name
	}
	var problems []error
	shared := true // each route has a secret of its own
	for n, r := range s.Routes {
		problems = append(problems, checkSources(fmt.Sprintf("route.%d.sources", n), r.Sources, sources))
		routes[n] = r.Name
		shared = shared && r.Secret.IsSet()
	}
	if !shared && !s.Secret.IsSet() { // there is no default: everybody would know it
		problems = append(problems, setting.Missing("secret"))
	}
	return errors.Join(append(problems, checkNames("source", sources), checkNames("route", routes))...)
}

// checkNames returns names that two items of an array have.
func checkNames(array string, names []setting.Name) error {
	var problems []error
	for n, name := range names {
		if other := slices.Index(names, name); name != "" && other < n {
			problems = append(problems, setting.Problemf(fmt.Sprintf("%s.%d.name", array, n), "is %s, like that of oncall.%s.%d; write another name = \"…\" below [[oncall.%s]]", name, array, other, array))
		}
	}
	return errors.Join(problems...)
}

// checkSources returns the names of a route's sources that no source has, or
// that are there twice.
func checkSources(path string, names, known []setting.Name) error {
	if slices.Contains(known, "") { // a source that was reported as wrong may be the one
		return nil
	}
	var problems []error
	for i, name := range names {
		switch {
		case !slices.Contains(known, name):
			problems = append(problems, setting.Problemf(path, "has %q as item %d, and no source is called that; there is %s", name, i+1, strings.Join(texts(known), ", ")))
		case slices.Contains(names[:i], name):
			problems = append(problems, setting.Problemf(path, "has %q twice", name))
		}
	}
	return errors.Join(problems...)
}

// Check returns what is wrong with a route's opening hours.
func (r *RouteSettings) Check() error {
	if _, err := r.Schedule(); err != nil {
		return setting.Problemf("hours", "cannot be used: %v", err)
	}
	return nil
}
