package oncall

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/measure"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
)

// Override puts somebody in the place of those who are on call at level 1 of a
// route, for a while. Opening hours, block lists and the higher levels stay as
// they are. It holds also while no source answers.
type Override struct {
	Route  string
	Person source.Person // who is rung: the operator's map of numbers counts before its Numbers
	Source string        // that knows the person; empty: none
	Made   time.Time
	Until  time.Time
}

// inForce reports whether it holds at a time.
func (o *Override) inForce(now time.Time) bool {
	return o != nil && !now.Before(o.Made) && now.Before(o.Until)
}

// Overrides tells which overrides there are: store.OnCallOverrides.
type Overrides interface {
	// List returns the overrides that end after a time, at most one a route.
	List(ctx context.Context, after time.Time) ([]Override, error)
}

const (
	// OverridesEvery is how often a server looks for changed overrides: an operator
	// who makes one expects the next call to follow it.
	OverridesEvery = 2 * time.Second

	// overridesTimeout is how long the store may take to tell them. No caller waits
	// for it.
	overridesTimeout = 5 * time.Second
)

// overrides are those that are known, by route.
type overrides struct {
	known  atomic.Pointer[map[string]Override]
	failed atomic.Bool // the last attempt to read them failed
}

// all returns them by route.
func (o *overrides) all() map[string]Override {
	if known := o.known.Load(); known != nil {
		return *known
	}
	return nil
}

// of returns a route's override at a time; nil: there is none.
func (o *overrides) of(route string, at time.Time) *Override {
	found, ok := o.all()[route]
	if !ok || !found.inForce(at) {
		return nil
	}
	return &found
}

// LoadOverrides takes the overrides from the store. If that fails, those that are
// known hold until they end. Load and Run call it too.
func (d *Dispatcher) LoadOverrides(ctx context.Context) {
	if d.config.Overrides == nil {
		return
	}
	within, cancel := context.WithTimeout(ctx, overridesTimeout)
	defer cancel()
	list, err := d.config.Overrides.List(within, time.Now())
	known := &d.memory.overrides
	if err != nil {
		if ctx.Err() == nil && !known.failed.Swap(true) {
			d.config.Log.LogAttrs(ctx, slog.LevelWarn, "on-call overrides not readable: those that were known hold until they end", slog.String("error", err.Error()))
		}
		return
	}
	known.failed.Store(false)
	next := make(map[string]Override, len(list))
	for _, o := range list {
		next[o.Route] = o
	}
	known.known.Store(&next)
}

// tellOverrides logs what has changed.
func (d *Dispatcher) tellOverrides(ctx context.Context, before, now map[string]Override) {
	tell := func(message string, o Override) {
		d.config.Log.LogAttrs(ctx, slog.LevelInfo, message,
			slog.String("route", o.Route), slog.String("person", nameOf(&o.Person)), slog.Time("until", o.Until))
	}
	for _, route := range slices.Sorted(maps.Keys(before)) {
		if _, still := now[route]; !still {
			tell("on-call override ended", before[route])
		}
	}
	for _, route := range slices.Sorted(maps.Keys(now)) {
		if old, known := before[route]; !known || !old.Made.Equal(now[route].Made) {
			tell("on-call override begins", now[route])
		}
	}
}

// followOverrides reads the overrides again and again until the context ends.
func (d *Dispatcher) followOverrides(ctx context.Context) {
	if d.config.Overrides == nil {
		return
	}
	every := time.NewTicker(OverridesEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			before := d.memory.overrides.all()
			d.LoadOverrides(ctx)
			d.tellOverrides(ctx, before, d.memory.overrides.all())
		}
	}
}

// overrideSource is the Source of a decision that an override made.
const overrideSource = "override"

// considerOverride says what the override is, and returns whom it puts at level 1:
// nobody where there is none, or none whom this caller can be put through to.
func (d *Decision) considerOverride(s *Situation) []candidate {
	o := s.Override
	if !o.inForce(s.Now) {
		return nil
	}
	d.addStep(stepOverride, why.Args{
		"person": nameOf(&o.Person), "until": o.Until.Format("2006-01-02 15:04 MST"), "ago": measure.Span(s.Now.Sub(o.Made)),
	})
	instead := d.candidates(s, o.Source, []duty{{person: &o.Person, level: 1}})
	if len(instead) == 0 {
		d.addStep(stepOverrideVoid, nil)
	}
	return instead
}

// Person returns the person whom an operator names for a route, and the source
// that knows them, if one does: the id, the e-mail address or the name of somebody
// in a source's last answer or in the operator's map of numbers, or a number to
// ring. The errors are faults: NotFound and Invalid say what can be named.
func (d *Dispatcher) Person(route, named string) (p source.Person, from string, err error) {
	ready := matchRoute(d.routes, &Request{Route: route})
	if route == "" || ready == nil {
		return p, "", d.unknown("there is no on-call route %q", route)
	}
	rules := &ready.Rules
	people := d.knownTo(ready)
	var found []known
	for _, one := range people {
		for _, key := range [...]string{one.person.ID, one.person.Email, one.person.Name} {
			if key != "" && strings.EqualFold(key, strings.TrimSpace(named)) {
				found = append(found, one)
				break
			}
		}
	}
	switch len(found) {
	case 0:
		n, ok := rules.reader.dialable(named)
		if !ok {
			return p, "", fault.Newf(fault.NotFound, "%q is nobody whom the route %s knows, and no number", named, route).
				WithHint("the sources name %s; or give the number to ring, or add the person to [oncall.numbers]", joinNames(namesOf(people)))
		}
		return source.Person{Name: phone.Mask(n.E164()), Numbers: []string{n.E164()}}, "", nil
	case 1:
		p, from = found[0].person, found[0].source
	default:
		return p, "", fault.Newf(fault.Invalid, "%q is the name of %d people whom the route %s knows", named, len(found), route).
			WithHint("name the e-mail address or the id: %s", joinNames(keysOf(found)))
	}
	if numbers, _, _ := numbersOf(&p, rules, rules.reader); len(numbers) == 0 {
		err := fault.Newf(fault.Invalid, "there is no number of %s that can be rung", nameOf(&p))
		return p, "", err.WithHint("give the number to ring instead of the name, or add it to [oncall.numbers]")
	}
	return p, from, nil
}

// known is a person and the source that named them; an empty source: the
// operator's map of numbers.
type known struct {
	person source.Person
	source string
}

// knownTo returns the people that a route's sources and its map name, each once.
func (d *Dispatcher) knownTo(route *readyRoute) []known {
	var people []known
	seen := map[string]bool{}
	mapped := maps.Clone(route.Rules.Numbers)
	for _, a := range d.config.Keeper.answers(route.Sources) {
		for _, p := range a.Snapshot.People {
			p.Level, p.Since, p.Until = 0, time.Time{}, time.Time{}
			if key := personKey(a.Source, &p); !seen[key] {
				seen[key] = true
				people = append(people, known{p, a.Source})
			}
			for written := range mapped {
				if _, theirs := lookUpNumbers(map[string][]string{written: nil}, &p); theirs {
					delete(mapped, written)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(mapped)) {
		people = append(people, known{source.Person{Name: name}, ""})
	}
	return people
}

func namesOf(people []known) []string {
	var names []string
	for _, one := range people {
		names = append(names, nameOf(&one.person))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func keysOf(people []known) []string {
	var keys []string
	for _, one := range people {
		if one.person.Email != "" {
			keys = append(keys, one.person.Email)
		} else {
			keys = append(keys, one.person.ID)
		}
	}
	return keys
}
