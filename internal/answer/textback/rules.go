package textback

import (
	"strconv"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault/measure"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/phone/sms"
)

// Rules are what the settings say about who is texted. The zero Rules have no
// limits but maxPerDay.
type Rules struct {
	Cooldown    entry.Cooldown  // of entries that have none of their own; zero: none
	MaxSegments int             // of a message; 0: no limit
	Quiet       *hours.Quiet    // when no texts go out, in the entry's time zone; nil: never
	LandLines   []phone.Pattern // numbers that are known to be land lines
	Limits      Limits          // zero: none
}

// maxPerDay is how many texts of all entries go to one number in a day. A
// person who calls two or three businesses gets a few; a machine that calls
// back every number that texts it would get thousands.
const maxPerDay = 20

// Case is everything that decides whether a caller is texted.
type Case struct {
	Now     time.Time
	Rules   Rules
	Entry   *entry.Entry
	To      phone.Number // the caller
	Message string       // what they would get
	Own     bool         // texts come from To
	Asked   bool         // the request brings the consent key that the caller was asked for
	Digits  string       // and this is what they pressed

	History ledger.History
}

// rule returns why a caller is not texted, or the zero Step.
type rule func(*Case) Step

// Of each pair of rules the one whose reason the caller can do least about
// comes first.
var (
	// rulesOfNumber need nothing but the request and the entry.
	rulesOfNumber = []rule{ownNumber, landLine, region, tooLong, quietHours}

	// rulesOfHistory need what is known of the caller.
	rulesOfHistory = []rule{suppressed, loop, coolingDown, consent}
)

// firstOf returns what the first rule that refuses says, or the zero Step.
func firstOf(rules []rule, c *Case) Step {
	for _, rule := range rules {
		if step := rule(c); step.Code != "" {
			return step
		}
	}
	return Step{}
}

func refuse(reason Reason, args why.Args) Step { return Step{Code: reason, Args: args} }

// ownNumber keeps two entries from texting each other for ever.
func ownNumber(c *Case) Step {
	if c.Own || c.To.Same(c.Entry.From()) {
		return refuse(OwnNumber, nil)
	}
	return Step{}
}

// landLine refuses numbers that are known not to receive texts, and those that
// charge the sender. In North America a number does not tell whether it is a
// mobile's: those are texted.
func landLine(c *Case) Step {
	for _, known := range c.Rules.LandLines {
		if known.Matches(c.To) {
			return refuse(LandLine, why.Args{"kind": string(phone.FixedLine), why.Setting: "textback.landlines"})
		}
	}
	switch kind := c.To.Kind(); kind {
	case phone.FixedLine, phone.TollFree, phone.Premium, phone.SharedCost, phone.Pager, phone.Special,
		phone.Satellite, phone.Personal, phone.Voicemail:
		return refuse(LandLine, why.Args{"kind": string(kind)})
	case phone.Short:
		return refuse(ShortNumber, nil)
	}
	return Step{}
}

// region keeps a text within the countries that the entry is for: the request
// names the caller, and could otherwise name any number in the world.
func region(c *Case) Step {
	if regions := c.Entry.TextRegions(); !c.To.Within(regions) {
		return refuse(Region, why.Args{"regions": strings.Join(regions, ", "), why.Setting: entry.FieldRegions})
	}
	return Step{}
}

func tooLong(c *Case) Step {
	if most, segments := c.Rules.MaxSegments, sms.Count(c.Message).Segments; most > 0 && segments > most {
		return refuse(TooLong, why.Args{"segments": strconv.Itoa(segments), "most": strconv.Itoa(most), why.Setting: "textback.max_segments"})
	}
	return Step{}
}

func quietHours(c *Case) Step {
	if quiet := c.Rules.Quiet.In(c.Entry.TimeZone); quiet.Contains(c.Now) {
		return refuse(Quiet, why.Args{"hours": quiet.String(), "zone": c.Entry.TimeZone.String(), why.Until: why.Time(quiet.End(c.Now)), why.Setting: "textback.quiet_hours"})
	}
	return Step{}
}

func suppressed(c *Case) Step {
	if s := c.History.Suppressed; s != nil {
		return refuse(Suppressed, why.Args{"how": s.How, "since": s.At.UTC().Format(time.DateOnly)})
	}
	return Step{}
}

func loop(c *Case) Step {
	if c.History.All >= maxPerDay {
		return refuse(Loop, why.Args{"texts": strconv.Itoa(c.History.All)})
	}
	return Step{}
}

// coolingDown counts the texts of the entry to the caller within its time.
func coolingDown(c *Case) Step {
	limit, setting := c.Rules.Cooldown, "textback.cooldown"
	if c.Entry.Cooldown != nil {
		limit, setting = *c.Entry.Cooldown, entry.FieldCooldown
	}
	if limit.Texts <= 0 || limit.Time <= 0 {
		return Step{}
	}
	recent := 0
	for _, at := range c.History.Entry {
		if c.Now.Sub(at) < limit.Time {
			recent++
		}
	}
	if recent >= limit.Texts {
		return refuse(CoolingDown, why.Args{"texts": strconv.Itoa(recent), "time": measure.Span(limit.Time), why.Until: why.Time(c.History.Entry[limit.Texts-1].Add(limit.Time)), why.Setting: setting})
	}
	return Step{}
}

// consent asks those who have not yet agreed for the key, once a call.
func consent(c *Case) Step {
	args := why.Args{"key": c.Entry.ConsentKey, why.Setting: entry.FieldConsentKey}
	switch {
	case c.Entry.ConsentKey == "" || c.History.Consent != nil || c.pressed():
		return Step{}
	case c.Asked: // also if we never asked: the question would lead to the same request again
		return refuse(Declined, args)
	}
	return refuse(Consent, args)
}

// pressed reports whether the caller agreed in this very call.
func (c *Case) pressed() bool {
	return c.Asked && !c.unasked() && c.Entry.ConsentKey != "" && c.Digits == c.Entry.ConsentKey
}

// consentWithin is how long after the question a key may come. The caller has
// consentTimeout to press it; the rest is for what the phone system plays
// before, and for its retries.
const consentWithin = 5 * time.Minute

// unasked reports whether a request answers a question that the ledger does not
// have: the request is forged, and no caller has agreed.
func (c *Case) unasked() bool {
	first := c.History.First
	return c.Asked && (first == nil || first.Reason != string(Consent) || c.Now.Sub(first.At) > consentWithin)
}
