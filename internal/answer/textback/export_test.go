package textback

// What decides on a caller, for tests of each rule by itself.

// Rule is one of them.
type Rule func(*Case) Reason

func reasonOf(r rule) Rule { return func(c *Case) Reason { return r(c).Code } }

// The rules, by what they look at.
var (
	OwnNumberRule   = reasonOf(ownNumber)
	LandLineRule    = reasonOf(landLine)
	RegionRule      = reasonOf(region)
	TooLongRule     = reasonOf(tooLong)
	QuietRule       = reasonOf(quietHours)
	SuppressedRule  = reasonOf(suppressed)
	LoopRule        = reasonOf(loop)
	CoolingDownRule = reasonOf(coolingDown)
	ConsentRule     = reasonOf(consent)
)

// MaxPerDay is how many texts a number gets in a day.
const MaxPerDay = maxPerDay

// First returns what the first of all rules says that says something.
func First(c *Case) Reason { return Why(c).Code }

// Why is First with the step's arguments.
func Why(c *Case) Step {
	if step := firstOf(rulesOfNumber, c); step.Code != "" {
		return step
	}
	return firstOf(rulesOfHistory, c)
}
