package textback

// What decides on a caller, for tests of each rule by itself.

// Rule is one of them.
type Rule = rule

// The rules, by what they look at.
var (
	OwnNumberRule   Rule = ownNumber
	LandLineRule    Rule = landLine
	RegionRule      Rule = region
	TooLongRule     Rule = tooLong
	QuietRule       Rule = quietHours
	SuppressedRule  Rule = suppressed
	LoopRule        Rule = loop
	CoolingDownRule Rule = coolingDown
	ConsentRule     Rule = consent
)

// MaxPerDay is how many texts a number gets in a day.
const MaxPerDay = maxPerDay

// First returns what the first of all rules says that says something.
func First(c *Case) Reason {
	if reason := firstOf(rulesOfNumber, c); reason != "" {
		return reason
	}
	return firstOf(rulesOfHistory, c)
}
