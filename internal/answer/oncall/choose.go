package oncall

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
)

// candidate is somebody who can be rung.
type candidate struct {
	key, name string
	numbers   []phone.Number
}

// candidates returns who of those on call can be rung, each once. The source is
// where they are known.
func (d *Decision) candidates(s *Situation, from string, people []duty) []candidate {
	found := make([]candidate, 0, len(people))
	seen := make(map[string]bool, len(people))
	told, untold := 0, 0
	tell := func(code StepCode, args why.Args) {
		if told++; told > maxNames {
			untold++
			return
		}
		d.addStep(code, args)
	}
	for _, one := range people {
		key, name := personKey(from, one.person), nameOf(one.person)
		if seen[key] {
			continue // on call by two schedules: must not be twice as likely
		}
		numbers, mapped, bad := numbersOf(one.person, &s.Rules, s.reader)
		for _, number := range bad {
			tell(stepBadNumber, why.Args{"person": name, "number": quoted(number)})
		}
		usable := len(numbers)
		numbers = slices.DeleteFunc(numbers, s.loops)
		switch {
		case usable > 0 && len(numbers) == 0:
			tell(stepLoops, why.Args{"person": name})
			continue
		case usable == 0:
			args := why.Args{"person": name, "where": cmp.Or(from, "the override")}
			if mapped {
				args["where"], args[why.Setting] = "the settings", "oncall.numbers"
			}
			tell(stepNoNumber, args)
			continue
		}
		found = append(found, candidate{key, name, numbers})
		seen[key] = true
	}
	if untold > 0 {
		d.addStep(stepMoreAlike, why.Args{"count": strconv.Itoa(untold)})
	}
	return found
}

// loops reports whether a number is the caller's or the one that was called:
// ringing it would bring the call back to where it came from.
func (s *Situation) loops(number phone.Number) bool {
	return number.Same(s.caller) || number.Same(s.did)
}

// maxQuoted is how much of what ought to be a number is repeated, in characters.
const maxQuoted = 30

func quoted(number string) string {
	if chars := []rune(number); len(chars) > maxQuoted {
		number = string(chars[:maxQuoted]) + "…"
	}
	return fmt.Sprintf("%q", phone.Mask(number))
}

// ringOneOf rings one of the candidates. round is how often their level was asked
// before.
func (d *Decision) ringOneOf(s *Situation, candidates []candidate, round int) {
	all := len(candidates)
	if left := untried(candidates, s.Tried); len(left) < all && len(left) > 0 {
		d.addStep(stepTried, nil)
		candidates, round = left, 0
	}
	i, chosen := pickByPolicy(s, candidates, round)
	c := candidates[i]
	d.Key, d.Name, d.Choices = c.key, c.name, len(candidates)
	j, which := 0, ""
	if n := len(c.numbers); n > 1 {
		if s.Rules.policy() == Random && !s.Rules.Preferred {
			j, which = s.random(n), fmt.Sprintf("any of %d numbers", n)
		} else {
			j = round % n
			which = fmt.Sprintf("number %d of %d", j+1, n)
		}
	}
	d.Number = c.numbers[j].E164()
	args := why.Args{"person": c.name, "number": phone.Mask(d.Number), "which": which}
	if len(candidates) > 1 {
		args["chosen"], args[why.Setting] = chosen, "oncall.route.policy"
	}
	d.addLastStep(stepRung, args)
}

func untried(candidates []candidate, tried []string) []candidate {
	if len(tried) == 0 {
		return candidates
	}
	left := make([]candidate, 0, len(candidates))
	for _, c := range candidates {
		if !slices.Contains(tried, c.key) {
			left = append(left, c)
		}
	}
	return left
}

// pickByPolicy returns which candidate the policy chooses, and how, for a sentence.
func pickByPolicy(s *Situation, candidates []candidate, round int) (i int, chosen string) {
	switch s.Rules.policy() {
	case Ordered:
		return round % len(candidates), "as the next in order"
	case RoundRobin:
		return earliest(candidates, func(c *candidate) time.Time { return s.past(c.key).Rung }), "as the one who was rung longest ago"
	case LongestIdle:
		free := slices.DeleteFunc(slices.Clone(candidates), func(c candidate) bool { return s.past(c.key).Busy })
		if len(free) == 0 {
			free = candidates // all are in a call: one may take a second
		}
		first := free[earliest(free, func(c *candidate) time.Time { return s.past(c.key).Engaged })]
		return slices.IndexFunc(candidates, func(c candidate) bool { return c.key == first.key }), "as the one without a call for longest"
	default:
		return s.random(len(candidates)), "chosen at random"
	}
}

// earliest returns the candidate of the earliest time, of several the first.
func earliest(candidates []candidate, of func(*candidate) time.Time) int {
	best, at := 0, of(&candidates[0])
	for i := 1; i < len(candidates); i++ {
		if t := of(&candidates[i]); t.Before(at) {
			best, at = i, t
		}
	}
	return best
}

func (r *Rules) policy() Policy {
	if r.Policy == "" {
		return Random
	}
	return r.Policy
}

func (s *Situation) past(key string) Past {
	if s.Past == nil {
		return Past{}
	}
	return s.Past(key)
}

func (s *Situation) random(choices int) int {
	if s.Random == nil || choices < 2 {
		return 0
	}
	return min(max(s.Random(choices), 0), choices-1)
}
