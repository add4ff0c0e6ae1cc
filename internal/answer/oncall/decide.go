package oncall

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault/measure"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
)

// Decide says whom to ring. It depends on nothing but the situation.
func Decide(s Situation) Decision { return decide(&s) }

func decide(s *Situation) Decision {
	s.readNumbers()
	d := Decision{At: s.Now, Route: s.Route, Attempt: max(s.Attempt, 1)}
	if s.Attempt == 0 && s.Request.Attempt > 0 {
		d.Attempt = s.Request.Attempt
	}
	if reason := callerRefusal(s); reason != "" {
		d.refuseCaller(s, reason)
		return d
	}
	if state := s.Rules.Hours.At(s.Now); state != hours.Open {
		d.refuseClosed(s, state)
		return d
	}
	d.explainAttempt(s)
	instead := d.considerOverride(s)
	for i := range s.Answers {
		reason := d.considerAnswer(s, &s.Answers[i], instead)
		if reason == OnCall {
			d.Reason = OnCall
			return d
		}
		if d.Reason == "" {
			d.Reason = reason // of the preferred source
		}
	}
	if d.Reason == "" {
		d.Reason = NoAnswer
		d.addStep(stepNoSource, nil)
	}
	if d.Reason == NoAnswer && len(instead) > 0 && d.considerPeople(s, &Answer{Source: overrideSource}, nil, instead) == OnCall {
		d.Reason = OnCall
		return d
	}
	d.fallBack(s)
	return d
}

// readNumbers reads the numbers of the request, unless they have been read.
func (s *Situation) readNumbers() {
	if s.reader == nil {
		s.reader = s.Rules.numberReader()
		s.caller, s.did = phone.ReadCaller(s.Request.Caller, s.reader.home), phone.ReadCaller(s.Request.DID, s.reader.home)
	}
}

// callerRefusal returns why a caller does not get through, or "".
func callerRefusal(s *Situation) Reason {
	s.readNumbers()
	switch {
	case s.reader.block.has(s.caller):
		return Blocked
	case len(s.Rules.Allow) > 0 && !s.reader.allow.has(s.caller):
		return NotAllowed
	}
	return ""
}

func (d *Decision) refuseCaller(s *Situation, reason Reason) {
	args := why.Args{"caller": phone.Mask(strings.TrimSpace(s.Request.Caller))}
	if s.caller.Hidden() {
		args = why.Args{"hidden": "who hides their number"}
	}
	if reason == Blocked {
		args[why.Setting] = "oncall.route.block"
		d.addStep(stepBlocked, args)
	} else {
		args[why.Setting] = "oncall.route.allow"
		d.addStep(stepNotAllowed, args)
	}
	d.ringInstead(s, reason, s.Rules.Refused)
}

func (d *Decision) refuseClosed(s *Situation, state hours.State) {
	args := why.Args{why.Setting: "oncall.route.hours"}
	if state == hours.Holiday {
		args = why.Args{why.Setting: "oncall.route.holidays", "day": "a holiday"}
	}
	if next, ok := s.Rules.Hours.Next(s.Now); ok {
		args["opens"] = atMoment(next, s.Rules.Hours.Zone)
	}
	d.addStep(stepClosed, args)
	d.ringInstead(s, Shut, s.Rules.Closed)
}

// fallBack gives the caller the fallback if nobody can be rung.
func (d *Decision) fallBack(s *Situation) {
	d.Source, d.Age, d.Stale, d.Level = "", 0, false, 0
	d.ringInstead(s, d.Reason, s.Rules.Fallback)
	d.Fallback = d.Number != ""
}

// ringInstead rings a number that is no person's.
func (d *Decision) ringInstead(s *Situation, reason Reason, number string) {
	s.readNumbers()
	d.Reason = reason
	args := why.Args{"instead": "fallback", why.Setting: "oncall.route.fallback"}
	switch reason {
	case Blocked, NotAllowed:
		args = why.Args{"instead": "number for callers who do not get through", why.Setting: "oncall.route.refused_number"}
	case Shut:
		args = why.Args{"instead": "number for closed hours", why.Setting: "oncall.route.closed_number"}
	}
	n, ok := s.reader.dialable(number)
	switch {
	case ok && s.loops(n):
		d.addLastStep(stepInsteadLoops, args)
	case ok:
		d.Number = n.E164()
		args["number"] = phone.Mask(d.Number)
		d.addLastStep(stepInstead, args)
	case strings.TrimSpace(number) != "":
		d.addLastStep(stepInsteadUnusable, args)
	default:
		d.addLastStep(stepNoInstead, args)
	}
}

func (d *Decision) explainAttempt(s *Situation) {
	switch attempt := strconv.Itoa(d.Attempt); {
	case d.Attempt == 1:
	case s.Repeated > 0:
		d.addStep(stepRepeated, why.Args{"attempt": attempt, "within": measure.Span(s.Repeated), why.Setting: "oncall.route.repeat_within"})
	default:
		d.addStep(stepAttempt, why.Args{"attempt": attempt})
	}
}

// considerAnswer searches one source's answer for somebody to ring, and returns
// OnCall if it finds them. Where there is somebody instead, they take level 1.
func (d *Decision) considerAnswer(s *Situation, a *Answer, instead []candidate) Reason {
	if !d.checkUsable(s, a) {
		return NoAnswer
	}
	people := onDuty(a.Snapshot.People, s.Now)
	if len(people) == 0 && len(instead) == 0 {
		d.addStep(stepNobody, d.heardArgs(a))
		return NobodyOnCall
	}
	return d.considerPeople(s, a, people, instead)
}

func (d *Decision) considerPeople(s *Situation, a *Answer, people []duty, instead []candidate) Reason {
	highest := 1
	if len(people) > 0 {
		highest = people[len(people)-1].level
	}
	level, round := s.Rules.Beyond.levelOfAttempt(d.Attempt, highest)
	if level > highest {
		args := d.heardArgs(a)
		args["last"], args["attempt"], args[why.Setting] = strconv.Itoa(highest), strconv.Itoa(d.Attempt), "oncall.route.beyond"
		d.addStep(stepPastLevels, args)
		return NobodyAtLevel
	}
	found := NobodyAtLevel
	for ; level <= highest; level++ {
		if level == 1 && len(instead) > 0 {
			d.Level, d.Source, d.Age, d.Stale = level, overrideSource, 0, false
			d.ringOneOf(s, instead, round)
			return OnCall
		}
		at := dutiesAtLevel(people, level)
		d.explainLevel(a, at, level)
		candidates := d.candidates(s, a.Source, at)
		if len(candidates) > 0 {
			d.Level, d.Source = level, a.Source
			d.ringOneOf(s, candidates, round)
			return OnCall
		}
		if len(at) > 0 {
			found = NoNumber
		}
		if !s.Rules.NextLevel {
			break
		}
		level = nextLevel(people, level) - 1
	}
	return found
}

// nextLevel returns the level past another that somebody is on call at: there may
// be thousands of levels between.
func nextLevel(people []duty, level int) int {
	for _, one := range people {
		if one.level > level {
			return one.level
		}
	}
	return level + 1
}

// levelOfAttempt returns the level that an attempt asks, and how often that
// level was asked before by the same count.
func (b Beyond) levelOfAttempt(attempt, highest int) (level, round int) {
	switch {
	case attempt <= highest || b == Stop:
		return attempt, 0
	case b == Wrap:
		return (attempt-1)%highest + 1, (attempt - 1) / highest
	}
	return highest, attempt - highest
}

// checkUsable returns how old an answer is, and whether it may be used.
func (d *Decision) checkUsable(s *Situation, a *Answer) bool {
	known := s.Known
	if known.IsZero() {
		known = s.Now
	}
	if !a.Heard {
		d.addStep(stepNotHeard, why.Args{"source": a.Source, "problem": a.Problem})
		return false
	}
	d.Age = max(known.Sub(a.Snapshot.At), 0)
	d.Stale = a.FreshFor > 0 && d.Age > a.FreshFor
	tooOld := a.MaxAge > 0 && d.Age > a.MaxAge
	if !tooOld && !d.Stale {
		return true
	}
	args := d.heardArgs(a)
	args["problem"] = a.Problem
	if tooOld {
		args["most"], args[why.Setting] = measure.Span(a.MaxAge), "oncall.source.max_age"
		d.addStep(stepTooOld, args)
		return false
	}
	d.addStep(stepStale, args)
	return true
}

// heardArgs returns the arguments of a step about what a source said.
func (d *Decision) heardArgs(a *Answer) why.Args {
	return why.Args{"source": a.Source, "age": measure.Span(d.Age)}
}

func (d *Decision) explainLevel(a *Answer, at []duty, level int) {
	args := d.heardArgs(a)
	args["level"] = strconv.Itoa(level)
	if len(at) == 0 {
		d.addStep(stepEmptyLevel, args)
		return
	}
	names, more := make([]string, 0, maxNames), 0
	for _, one := range at {
		switch name := nameOf(one.person); {
		case slices.Contains(names, name):
		case len(names) < maxNames:
			names = append(names, name)
		default:
			more++
		}
	}
	if more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	args["people"] = joinNames(names)
	if at[0].over {
		args["ended"] = atMoment(at[0].person.Until, nil)
	}
	if len(names) > 1 {
		d.addStep(stepSeveral, args)
	} else {
		d.addStep(stepOnCall, args)
	}
}

// maxNames is how many people a sentence names.
const maxNames = 10

// dutiesAtLevel returns those of a level. The levels are in order.
func dutiesAtLevel(people []duty, level int) []duty {
	from, to := len(people), len(people)
	for i, one := range slices.Backward(people) {
		if one.level > level {
			to = i
		}
		if one.level >= level {
			from = i
		}
	}
	return people[from:to]
}

// atMoment writes a time for people; a nil zone is the time's own.
func atMoment(t time.Time, zone *time.Location) string {
	if zone != nil {
		t = t.In(zone)
	}
	return t.Format("on 2006-01-02 at 15:04 MST")
}

// joinNames writes names as a sentence has them.
func joinNames(names []string) string {
	switch len(names) {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
