package textback

import (
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
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

// rule returns why a caller is not texted, or "".
type rule func(*Case) Reason

// Of each pair of rules the one whose reason the caller can do least about
// comes first.
var (
	// rulesOfNumber need nothing but the request and the entry.
	rulesOfNumber = []rule{ownNumber, landLine, region, tooLong, quietHours}

	// rulesOfHistory need what is known of the caller.
	rulesOfHistory = []rule{suppressed, loop, coolingDown, consent}
)

// firstOf returns the reason of the first rule that refuses, or "".
func firstOf(rules []rule, c *Case) Reason {
	for _, rule := range rules {
		if reason := rule(c); reason != "" {
			return reason
		}
	}
	return ""
}

// ownNumber keeps two entries from texting each other for ever.
func ownNumber(c *Case) Reason {
	if c.Own || c.To.Same(c.Entry.From()) {
		return OwnNumber
	}
	return ""
}

// landLine refuses numbers that are known not to receive texts, and those that
// charge the sender. In North America a number does not tell whether it is a
// mobile's: those are texted.
func landLine(c *Case) Reason {
	for _, known := range c.Rules.LandLines {
		if known.Matches(c.To) {
			return LandLine
		}
	}
	switch c.To.Kind() {
	case phone.FixedLine, phone.TollFree, phone.Premium, phone.SharedCost, phone.Pager, phone.Special,
		phone.Satellite, phone.Personal, phone.Voicemail:
		return LandLine
	case phone.Short:
		return ShortNumber
	}
	return ""
}

// region keeps a text within the countries that the entry is for: the request
// names the caller, and could otherwise name any number in the world.
func region(c *Case) Reason {
	if !c.To.Within(c.Entry.TextRegions()) {
		return Region
	}
	return ""
}

func tooLong(c *Case) Reason {
	if limit := c.Rules.MaxSegments; limit > 0 && sms.Count(c.Message).Segments > limit {
		return TooLong
	}
	return ""
}

func quietHours(c *Case) Reason {
	if c.Rules.Quiet.In(c.Entry.TimeZone).Contains(c.Now) {
		return Quiet
	}
	return ""
}

func suppressed(c *Case) Reason {
	if c.History.Suppressed != nil {
		return Suppressed
	}
	return ""
}

func loop(c *Case) Reason {
	if c.History.All >= maxPerDay {
		return Loop
	}
	return ""
}

// coolingDown counts the texts of the entry to the caller within its time.
func coolingDown(c *Case) Reason {
	limit := c.Rules.Cooldown
	if c.Entry.Cooldown != nil {
		limit = *c.Entry.Cooldown
	}
	if limit.Texts <= 0 || limit.Time <= 0 {
		return ""
	}
	recent := 0
	for _, at := range c.History.Entry {
		if c.Now.Sub(at) < limit.Time {
			recent++
		}
	}
	if recent >= limit.Texts {
		return CoolingDown
	}
	return ""
}

// consent asks those who have not yet agreed for the key, once a call.
func consent(c *Case) Reason {
	switch {
	case c.Entry.ConsentKey == "" || c.History.Consent != nil || c.pressed():
		return ""
	case c.Asked: // also if we never asked: the question would lead to the same request again
		return Declined
	}
	return Consent
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
