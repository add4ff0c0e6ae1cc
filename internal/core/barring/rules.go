package barring

import (
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// Result is what was decided about a call. The set is closed.
type Result string

// The results.
const (
	Admitted     Result = "admitted"
	Emergency    Result = "emergency"     // to an emergency service
	NotANumber   Result = "not_a_number"  // to what no network dials
	Foreign      Result = "foreign"       // to a country that is not allowed
	Premium      Result = "premium"       // to a number that costs more
	ForeignLimit Result = "foreign_limit" // the owner has made too many of these two
	OwnerCalls   Result = "owner_calls"   // the owner has too many calls in hand
	OwnerMinutes Result = "owner_minutes" // the owner has used up their minutes
	Calls        Result = "calls"         // the server has too many calls in hand
	Minutes      Result = "minutes"       // the server has used up its minutes
)

// Results returns all of them.
func Results() []Result {
	return []Result{Admitted, Emergency, NotANumber, Foreign, Premium, ForeignLimit, OwnerCalls, OwnerMinutes, Calls, Minutes}
}

// refusal says why a call is not made.
type refusal struct {
	why Result
	err *fault.Error
	say string // what the caller hears; empty: what callers hear as a rule
}

// sayHelp is what somebody hears who needs help.
const sayHelp = "Emergency calls cannot be made from here. Please hang up, and use a mobile phone or another telephone."

func refuse(why Result, code fault.Code, format string, args ...any) *refusal {
	return &refusal{why: why, err: fault.Newf(code, format, args...)}
}

// fault returns what Admit does.
func (r *refusal) fault() error {
	if r.say != "" {
		return &engine.Announced{Say: r.say, Err: r.err}
	}
	return r.err
}

func (r *refusal) hint(format string, args ...any) *refusal {
	r.err = r.err.WithHint(format, args...)
	return r
}

// target is what a call that may be made counts as.
type target struct {
	metered bool // its minutes count
	dear    bool // it is to another country or a premium number
}

// rules are the Settings, as they are asked of each call.
type rules struct {
	Settings

	home    phone.Home
	regions []string // of home
}

func newRules(s Settings, home phone.Home) *rules {
	regions := home.Regions()
	if slices.Contains(regions, phone.DefaultRegion) { // the two are one country to those who sell calls
		regions = append(regions, "CA")
	}
	return &rules{s, home, regions}
}

// judge decides by the called party alone.
func (r *rules) judge(to string) (target, *refusal) {
	switch {
	case phone.Emergency(to, r.home):
		help := refuse(Emergency, fault.Refused, "emergency calls cannot be made here").hint("use a mobile phone, or a telephone with a line of its own")
		help.say = sayHelp
		return target{}, help
	case isURI(to):
		return target{}, nil
	}
	n, err := phone.Parse(to, r.home)
	if err != nil || n.Internal() || n.E164() != to {
		// Networks may read what is written in another way differently from us.
		return target{}, refuse(NotANumber, fault.Invalid, "%s is not a telephone number with a plus and its country's code", phone.Mask(to))
	}
	foreign, refused := r.judgeCountry(n)
	premium := costsMore(n.Kind())
	if refused == nil && premium && !r.Premium {
		refused = refuse(Premium, fault.Refused, "%s is a premium number, and core.premium is false", phone.Mask(to)).
			hint("if such numbers may be called, set it to true")
	}
	return target{metered: true, dear: foreign || premium}, refused
}

// judgeCountry decides by the country of a number.
func (r *rules) judgeCountry(n phone.Number) (foreign bool, refused *refusal) {
	country := n.Region()
	if country != "" && slices.Contains(r.regions, country) {
		return false, nil
	}
	if slices.ContainsFunc(r.AllowedCountries, func(c Country) bool {
		first, isDigits := strings.CutPrefix(string(c), "+")
		return isDigits && strings.HasPrefix(n.Digits(), first) || string(c) == country
	}) {
		return true, nil
	}
	code, regions := phone.SplitCode(n.Digits())
	const message, hint = "%s is a number of %s, which core.allowed_countries does not name", "if it may be called, add %q there"
	switch masked := phone.Mask(n.E164()); {
	case country != "":
		return true, refuse(Foreign, fault.Refused, message, masked, country).hint(hint, country)
	case len(regions) == 0:
		return true, refuse(Foreign, fault.Refused, message, masked, "satellite telephones or another network of no country").hint(hint, "+"+code)
	default:
		area := n.Digits()[:min(len(code)+len("212"), len(n.Digits()))]
		return true, refuse(Foreign, fault.Refused, message, masked, "an area whose country is not known").hint(hint, "+"+area)
	}
}

// costsMore reports whether the caller of a kind of numbers pays more than for a
// telephone in its country.
func costsMore(k phone.Kind) bool {
	switch k {
	case phone.Premium, phone.SharedCost, phone.Special, phone.Personal, phone.Pager:
		return true
	}
	return false
}

// isURI reports whether a call goes to a SIP address, rather than to a number on
// a trunk.
func isURI(to string) bool {
	scheme, _, found := strings.Cut(to, ":")
	return found && (strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips"))
}
