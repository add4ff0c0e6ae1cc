package oncall

import (
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// Step is one step of a decision, numbers masked.
type Step = why.Step[StepCode]

// StepCode says which step it is. They are a closed set.
type StepCode string

// The steps.
const (
	stepBlocked    StepCode = "blocked"
	stepNotAllowed StepCode = "not_allowed"
	stepClosed     StepCode = "closed"
	stepNoRoute    StepCode = "no_route"
	stepRoute      StepCode = "route" // of the activity record alone
	stepDefect     StepCode = "defect"

	stepAttempt  StepCode = "attempt"
	stepRepeated StepCode = "repeated"

	// Of an operator's override.
	stepOverride     StepCode = "override"
	stepOverrideVoid StepCode = "override_void"

	// Of a source and its answer.
	stepNoSource   StepCode = "no_source"
	stepNotHeard   StepCode = "not_heard"
	stepTooOld     StepCode = "too_old"
	stepStale      StepCode = "stale"
	stepNobody     StepCode = "nobody_on_call"
	stepPastLevels StepCode = "past_levels"
	stepEmptyLevel StepCode = "nobody_at_level"
	stepOnCall     StepCode = "on_call"
	stepSeveral    StepCode = "several_on_call"

	// Of somebody on call.
	stepBadNumber StepCode = "bad_number"
	stepNoNumber  StepCode = "no_number"
	stepLoops     StepCode = "loops"
	stepMoreAlike StepCode = "more_alike"
	stepTried     StepCode = "tried"
	stepRung      StepCode = "rung"

	// Of a number that is no person's.
	stepInstead         StepCode = "instead"
	stepInsteadLoops    StepCode = "instead_loops"
	stepInsteadUnusable StepCode = "instead_unusable"
	stepNoInstead       StepCode = "no_instead"

	stepMore StepCode = "more"
)

// nobodyIsRung ends the sentence of a step that leaves a caller without anybody.
const nobodyIsRung = ": the phone system is told that there is nobody."

var sentences = map[StepCode]string{
	stepBlocked:    "The caller[ $caller][, $hidden,] is on the block list.",
	stepNotAllowed: "The caller[ $caller][, $hidden,] is not on the allow list.",
	stepClosed:     "It is closed[: $day].[ It opens $opens.]",
	stepNoRoute:    "No route is for what was asked: $asked.",
	stepRoute:      "The route $route.",
	stepDefect:     "A defect of ours kept it from being decided.",

	stepAttempt:  "It is attempt $attempt, as the phone system says.",
	stepRepeated: "It is attempt $attempt: this caller was not helped, and calls again within $within.",

	stepOverride:     "An override that was made $ago ago puts $person at level 1 until $until.",
	stepOverrideVoid: "The override has no effect on this call.",

	stepNoSource:   "The route has no source.",
	stepNotHeard:   "$source has not answered yet[: $problem].",
	stepTooOld:     "$source was last heard $age ago, and an answer is used for $most at most[: $problem].",
	stepStale:      "$source does not answer now[: $problem]. What it said $age ago is used.",
	stepNobody:     "$source, heard $age ago: nobody is on call.",
	stepPastLevels: "$source, heard $age ago: the last level is $last, and attempt $attempt goes past it.",
	stepEmptyLevel: "$source, heard $age ago: nobody is on call at level $level.",
	stepOnCall:     "$source, heard $age ago: $people is on call at level $level." + theirTimeEnded,
	stepSeveral:    "$source, heard $age ago: $people are on call at level $level." + theirTimeEnded,

	stepBadNumber: "$person: $number is no number that can be dialled.",
	stepNoNumber:  "$person is passed over: there is no number of theirs in $where.",
	stepLoops:     "$person is passed over: their number is the caller's, or the one that was called.",
	stepMoreAlike: "The same is so of $count more numbers and people.",
	stepTried:     "Whom this caller was put through to before is passed over.",
	stepRung:      "$person is rung at $number[, $which][, $chosen].",

	stepInstead:         "The $instead $number is rung.",
	stepInsteadLoops:    "The $instead is the caller, or what they called" + nobodyIsRung,
	stepInsteadUnusable: "The $instead cannot be dialled" + nobodyIsRung,
	stepNoInstead:       "There is no $instead" + nobodyIsRung,

	stepMore: "More is not told.",

	StepCode(Answered):   "[$person][$number] picked up.",
	StepCode(Elsewhere):  "Another telephone than $number picked up.",
	StepCode(Unanswered): "The call ended before anybody picked up.",
	StepCode(Talked):     "[$person][$number] had picked up, and the call is over.",
}

const theirTimeEnded = "[ Their time ended $ended, and nobody is known to follow.]"

// Sentence returns the sentence of a step.
func (c StepCode) Sentence() string { return sentences[c] }

const (
	// maxSteps bounds the steps that explain a decision, except for the last.
	maxSteps = 30

	// maxArg bounds one argument of a step, in bytes.
	maxArg = 300
)

// addStep adds a step to the explanation.
func (d *Decision) addStep(code StepCode, args why.Args) {
	switch n := len(d.Steps); {
	case n < maxSteps:
		d.addLastStep(code, args)
	case n == maxSteps:
		d.addLastStep(stepMore, nil)
	}
}

// addLastStep adds the last step, which is never left out.
func (d *Decision) addLastStep(code StepCode, args why.Args) {
	for name, value := range args {
		switch {
		case value == "":
			delete(args, name)
		case len(value) > maxArg:
			args[name] = plaintext.Clip(value, maxArg)
		}
	}
	d.Steps = append(d.Steps, Step{Code: code, Args: args})
}
