package oncall

import (
	"fmt"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/why"
)

// Explain decides who would be rung at a time, and says why in sentences, with
// what is odd about the sources' answers; the last is the result, with the whole
// number. It asks no source, does not count as a call, and needs no secret. For a
// time other than now it uses what the sources said about that time: see
// Keeper.RefreshAt. It fails if there is no such route.
func (d *Dispatcher) Explain(r Request, at time.Time) (Decision, []string, error) {
	route := matchRoute(d.routes, &r)
	if route == nil {
		return Decision{}, nil, d.unknown("no on-call route is for what was asked: %s", described(&r))
	}
	now := time.Now()
	s := Situation{
		Now: at, Known: now, Route: route.Name, Rules: route.Rules, Request: r, Answers: d.config.Keeper.answers(route.Sources),
		Attempt: max(r.Attempt, 1), Random: func(int) int { return 0 }, Override: d.memory.overrides.of(route.Name, at),
	}
	d.memory.mu.Lock()
	history := d.memory.history
	s.Past = func(key string) Past { return history.pastOf(route.Name, key) }
	decision := decide(&s)
	d.memory.mu.Unlock()
	var lines []string
	if off := at.Sub(now).Abs(); off > DefaultEvery && !d.config.Keeper.answersAreAbout(route.Sources, at) {
		lines = append(lines, "It is asked of another time, and the sources say who is on call now: who was before and who follows is known as far as they tell.")
	}
	lines = append(lines, why.Sentences(decision.Steps)...)
	for _, a := range s.Answers {
		for _, odd := range a.Snapshot.Oddities {
			lines = append(lines, fmt.Sprintf("%s is odd: %s.", a.Source, strings.TrimSuffix(odd, ".")))
		}
	}
	lines = append(lines, conclusion(&decision, &route.Rules))
	return decision, lines, nil
}

// unknown is the error of what no route is for; it says which there are.
func (d *Dispatcher) unknown(format string, args ...any) error {
	var names []string
	for _, route := range d.routes {
		names = append(names, route.Name)
	}
	return fault.Newf(fault.NotFound, format, args...).WithHint("there are %s", joinNames(names))
}

// conclusion is the result as a sentence.
func conclusion(d *Decision, rules *Rules) string {
	switch {
	case d.Number == "":
		return fmt.Sprintf("Nobody would be rung: %s.", strings.ReplaceAll(string(d.Reason), "_", " "))
	case d.Reason != OnCall:
		return d.Number + " would be rung."
	}
	if others := d.Choices - 1; rules.policy() == Random && others > 0 {
		return fmt.Sprintf("%s would be rung at %s, or, as chance has it, one of %d others.", d.Name, d.Number, others)
	}
	return fmt.Sprintf("%s would be rung at %s.", d.Name, d.Number)
}
