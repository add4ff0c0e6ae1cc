package oncall

import (
	"fmt"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/setting"
)

// Check returns what is wrong with settings that stand below [oncall]. Given says
// whether somebody has set one.
func (s *Settings) Check(given func(path string) bool) (problems []setting.Problem) {
	sources, routes := make([]setting.Name, len(s.Sources)), make([]setting.Name, len(s.Routes))
	for n := range s.Sources {
		problems = append(problems, s.Sources[n].Check(fmt.Sprintf("oncall.source.%d", n), given)...)
		sources[n] = s.Sources[n].Name
	}
	shared := true // each route has a secret of its own
	for n := range s.Routes {
		path := fmt.Sprintf("oncall.route.%d", n)
		problems = append(problems, s.Routes[n].check(path, sources)...)
		routes[n] = s.Routes[n].Name
		shared = shared && given(path+".secret")
	}
	if !shared { // there is no default: everybody would know it
		problems = append(problems, setting.Problem{Path: "oncall.secret"})
	}
	return slices.Concat(problems, checkNames("oncall.source", sources), checkNames("oncall.route", routes))
}

// checkNames returns names that two items of an array have.
func checkNames(array string, names []setting.Name) (problems []setting.Problem) {
	known := make(map[setting.Name]string, len(names))
	for n, name := range names {
		item := fmt.Sprintf("%s.%d", array, n)
		switch other := known[name]; {
		case name == "": // which was reported already
		case other != "":
			problems = append(problems, setting.Problemf(item+".name", "%s is called %s, as %s is; write another name = \"…\" below [[%s]]", item, name, other, array))
		default:
			known[name] = item
		}
	}
	return problems
}

// check returns what is wrong with a route. known are the names of all sources.
func (r *RouteSettings) check(path string, known []setting.Name) (problems []setting.Problem) {
	for i, name := range r.Sources {
		switch {
		case slices.Contains(known, ""): // a source that was reported as wrong may be the one
		case !slices.Contains(known, name):
			problems = append(problems, setting.Problemf(path+".sources", "item %d of %s.sources is %q, and no source is called that; there is %s", i+1, path, name, strings.Join(texts(known), ", ")))
		case slices.Contains(r.Sources[:i], name):
			problems = append(problems, setting.Problemf(path+".sources", "item %d of %s.sources is %q, which stands there before", i+1, path, name))
		}
	}
	if _, err := r.Schedule(); err != nil {
		problems = append(problems, setting.Problemf(path+".hours", "%s.hours cannot be used: %v", path, err))
	}
	return problems
}
