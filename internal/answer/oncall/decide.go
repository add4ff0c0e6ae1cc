package oncall

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// Decide says whom to ring. It depends on nothing but the situation.
func Decide(s Situation) Decision { return decide(&s) }

func decide(s *Situation) Decision {
	s.readNumbers()
	d := Decision{At: s.Now, Route: s.Route, Attempt: max(s.Attempt, 1)}
	if s.Attempt == 0 && s.Request.Attempt > 0 {
		d.Attempt = s.Request.Attempt
	}
	if reason := refusal(s); reason != "" {
		d.refuse(s, reason)
		return d
	}
	if state := s.Rules.Hours.At(s.Now); state != hours.Open {
		d.shut(s, state)
		return d
	}
	d.sayAttempt(s)
	for i := range s.Answers {
		reason := d.consider(s, &s.Answers[i])
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
		d.step("The route has no source.")
	}
	d.fallBack(s)
	return d
}

// readNumbers reads the numbers of the request, unless they have been read.
func (s *Situation) readNumbers() {
	if s.read == nil {
		s.read = s.Rules.reader()
		s.caller, s.did = phone.ReadCaller(s.Request.Caller, s.read.home), phone.ReadCaller(s.Request.DID, s.read.home)
	}
}

// refusal returns why a caller does not get through, or "".
func refusal(s *Situation) Reason {
	s.readNumbers()
	switch {
	case s.read.block.has(s.caller):
		return Blocked
	case len(s.Rules.Allow) > 0 && !s.read.allow.has(s.caller):
		return NotAllowed
	}
	return ""
}

func (d *Decision) refuse(s *Situation, reason Reason) {
	who := "The caller " + phone.Mask(strings.TrimSpace(s.Request.Caller))
	if s.caller.Hidden() {
		who = "The caller, who hides their number,"
	}
	if reason == Blocked {
		d.step(who + " is on the block list.")
	} else {
		d.step(who + " is not on the allow list.")
	}
	d.instead(s, reason, s.Rules.Refused)
}

func (d *Decision) shut(s *Situation, state hours.State) {
	sentence := "It is closed."
	if state == hours.Holiday {
		sentence = "It is closed: a holiday."
	}
	if next, ok := s.Rules.Hours.Next(s.Now); ok {
		sentence += " It opens " + moment(next, s.Rules.Hours.Zone) + "."
	}
	d.step(sentence)
	d.instead(s, Shut, s.Rules.Closed)
}

// fallBack gives the caller the fallback if nobody can be rung.
func (d *Decision) fallBack(s *Situation) {
	d.Source, d.Age, d.Stale, d.Level = "", 0, false, 0
	d.instead(s, d.Reason, s.Rules.Fallback)
	d.Fallback = d.Number != ""
}

// instead rings a number that is no person's.
func (d *Decision) instead(s *Situation, reason Reason, number string) {
	s.readNumbers()
	d.Reason = reason
	kind := "number for callers who do not get through"
	switch reason {
	case Blocked, NotAllowed:
	case Shut:
		kind = "number for closed hours"
	default:
		kind = "fallback"
	}
	n, ok := s.read.dialable(number)
	switch {
	case ok && s.loops(n):
		d.conclude("The " + kind + " is the caller, or what they called: the phone system is told that there is nobody.")
	case ok:
		d.Number = n.E164()
		d.conclude("The " + kind + " " + phone.Mask(d.Number) + " is rung.")
	case strings.TrimSpace(number) != "":
		d.conclude("The " + kind + " cannot be dialled: the phone system is told that there is nobody.")
	default:
		d.conclude("There is no " + kind + ": the phone system is told that there is nobody.")
	}
}

const (
	// maxSteps bounds the steps that explain a decision, except for the last.
	maxSteps = 30

	// maxStep bounds one sentence of it, in bytes.
	maxStep = 400
)

// step adds a step to the explanation.
func (d *Decision) step(sentence string) {
	switch n := len(d.Steps); {
	case n < maxSteps:
		d.conclude(sentence)
	case n == maxSteps:
		d.conclude("More is not told.")
	}
}

// conclude adds the last step, which is never left out.
func (d *Decision) conclude(sentence string) {
	d.Steps = append(d.Steps, plaintext.Clip(sentence, maxStep))
}

func (d *Decision) sayAttempt(s *Situation) {
	switch {
	case d.Attempt == 1:
	case s.Repeated > 0:
		d.step(fmt.Sprintf("It is attempt %d: this caller was not helped, and calls again within %s.", d.Attempt, short(s.Repeated)))
	default:
		d.step(fmt.Sprintf("It is attempt %d, as the phone system says.", d.Attempt))
	}
}

// consider searches one source's answer for somebody to ring, and returns OnCall
// if it finds them.
func (d *Decision) consider(s *Situation, a *Answer) Reason {
	if !d.usable(s, a) {
		return NoAnswer
	}
	people := onDuty(a.Snapshot.People, s.Now)
	if len(people) == 0 {
		d.step(d.heard(a) + "nobody is on call.")
		return NobodyOnCall
	}
	highest := people[len(people)-1].level
	level, round := s.Rules.Beyond.level(d.Attempt, highest)
	if level > highest {
		d.step(fmt.Sprintf("%sthe last level is %d, and attempt %d goes past it.", d.heard(a), highest, d.Attempt))
		return NobodyAtLevel
	}
	found := NobodyAtLevel
	for ; level <= highest; level++ {
		at := ofOneLevel(people, level)
		d.sayLevel(a, at, level)
		candidates := d.candidates(s, a, at)
		if len(candidates) > 0 {
			d.Level, d.Source = level, a.Source
			d.choose(s, candidates, round)
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

// level returns the level that an attempt asks, and how often that level was
// asked before by the same count.
func (b Beyond) level(attempt, highest int) (level, round int) {
	switch {
	case attempt <= highest || b == Stop:
		return attempt, 0
	case b == Wrap:
		return (attempt-1)%highest + 1, (attempt - 1) / highest
	}
	return highest, attempt - highest
}

// usable returns how old an answer is, and whether it may be used.
func (d *Decision) usable(s *Situation, a *Answer) bool {
	known := s.Known
	if known.IsZero() {
		known = s.Now
	}
	why := ""
	if a.Problem != "" {
		why = ": " + a.Problem
	}
	if !a.Heard {
		d.step(a.Source + " has not answered yet" + why + ".")
		return false
	}
	d.Age = max(known.Sub(a.Snapshot.At), 0)
	d.Stale = a.FreshFor > 0 && d.Age > a.FreshFor
	if a.MaxAge > 0 && d.Age > a.MaxAge {
		d.step(fmt.Sprintf("%s was last heard %s ago, and an answer is used for %s at most%s.", a.Source, short(d.Age), short(a.MaxAge), why))
		return false
	}
	if d.Stale {
		d.step(fmt.Sprintf("%s does not answer now%s. What it said %s ago is used.", a.Source, why, short(d.Age)))
	}
	return true
}

func (d *Decision) heard(a *Answer) string {
	return a.Source + ", heard " + short(d.Age) + " ago: "
}

func (d *Decision) sayLevel(a *Answer, at []duty, level int) {
	if len(at) == 0 {
		d.step(fmt.Sprintf("%snobody is on call at level %d.", d.heard(a), level))
		return
	}
	names, more := make([]string, 0, maxNames), 0
	for _, one := range at {
		switch name := called(one.person); {
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
	verb := " is"
	if len(names) > 1 {
		verb = " are"
	}
	sentence := fmt.Sprintf("%s%s%s on call at level %d.", d.heard(a), list(names), verb, level)
	if at[0].over {
		sentence += " Their time ended " + moment(at[0].person.Until, nil) + ", and nobody is known to follow."
	}
	d.step(sentence)
}

// maxNames is how many people a sentence names.
const maxNames = 10

// ofOneLevel returns those of a level. The levels are in order.
func ofOneLevel(people []duty, level int) []duty {
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

// short writes a length of time for people: 90 minutes is 1h30m.
func short(d time.Duration) string {
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// moment writes a time for people; a nil zone is the time's own.
func moment(t time.Time, zone *time.Location) string {
	if zone != nil {
		t = t.In(zone)
	}
	return t.Format("on 2006-01-02 at 15:04 MST")
}

// list writes names as a sentence has them.
func list(names []string) string {
	switch len(names) {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
