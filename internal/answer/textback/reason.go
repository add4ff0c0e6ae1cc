package textback

import "github.com/switchhook/switchhook/internal/fault/why"

// Step says why a caller is not texted; of the zero Step nothing speaks against
// it. Numbers are masked.
type Step = why.Step[Reason]

// Reason says why a caller was answered as they were. It names the spoken text,
// and labels what is counted; the set is closed.
type Reason string

// The reasons.
const (
	Sent        Reason = "sent"        // the phone system took the text
	Queued      Reason = "queued"      // the text goes out by itself, later
	Consent     Reason = "consent"     // the caller is asked to press a key for the text
	Declined    Reason = "declined"    // the caller did not press it
	CoolingDown Reason = "cooldown"    // the caller has had as many texts as the entry allows for a time
	Suppressed  Reason = "suppressed"  // the caller has said that they want no texts
	Quiet       Reason = "quiet"       // no texts go out at this time of day
	Anonymous   Reason = "anonymous"   // the caller hides their number
	OnNet       Reason = "on_net"      // the caller is an extension, which takes no texts
	ShortNumber Reason = "short"       // the number is too short or too long for a text
	LandLine    Reason = "landline"    // the number is known to be that of a land line, or of a service that costs
	Region      Reason = "region"      // the number is of a country that the entry does not text
	OwnNumber   Reason = "own_number"  // texts come from this number: it would be texting itself
	Loop        Reason = "loop"        // so many texts go to this number that a machine must be at its end
	Limited     Reason = "limited"     // so many texts were asked for that strangers must be asking
	TooLong     Reason = "too_long"    // the message has more segments than the settings allow
	UnknownID   Reason = "unknown_id"  // no entry has the id
	Incomplete  Reason = "incomplete"  // the entry lacks what a text needs
	Forbidden   Reason = "forbidden"   // the request has not the key, or not the address, that the entry demands
	Refused     Reason = "refused"     // the phone system said no, and would again
	Failed      Reason = "failed"      // the phone system, or our own database, could not be asked or failed
	Overload    Reason = "overload"    // so many callers are in hand that this one would wait too long
	Uncertain   Reason = "uncertain"   // the phone system did not say in time whether it took the text
	BadRequest  Reason = "bad_request" // the request cannot be read
)

// Reasons returns all of them.
func Reasons() []Reason {
	return []Reason{
		Sent, Queued, Consent, Declined, CoolingDown, Suppressed, Quiet, Anonymous, OnNet, ShortNumber, LandLine, Region, OwnNumber,
		Loop, Limited, TooLong, UnknownID, Incomplete, Forbidden, Refused, Failed, Overload, Uncertain, BadRequest,
	}
}

var sentences = map[Reason]string{
	Sent:        "The phone system took the text.",
	Queued:      "The text goes out later, by itself.",
	Consent:     "The caller is asked to press $key for the text.",
	Declined:    "The caller did not press $key.",
	CoolingDown: "The caller has had as many texts of the entry as may be: $texts within $time[, until $until].",
	Suppressed:  "The number is on the suppression list since $since, by $how.",
	Quiet:       "It is quiet from $hours, by the clock of $zone[, until $until].",
	Anonymous:   "The caller hides their number.",
	OnNet:       "The caller is an extension, which takes no texts.",
	ShortNumber: "The number is too short or too long for a text.",
	LandLine:    "The number takes no texts, or at a price: it is of the kind $kind.",
	Region:      "The number is of none of the countries that the entry texts: $regions.",
	OwnNumber:   "Texts come from this number: it would be texting itself.",
	Loop:        "The number has had $texts texts within a day: a machine must be at its end.",
	Limited:     "There have been as many texts as may be[: $limit][, until $until].",
	TooLong:     "The message has $segments segments, and may have $most.",
	UnknownID:   "No entry has the id.",
	Incomplete:  "The entry lacks what a text needs.",
	Forbidden:   "The request does not have the key, or the address, that the entry demands.",
	Refused:     "The phone system refused the text.",
	Failed:      "The phone system, or the database, could not be asked or failed[: $problem].",
	Overload:    "So many callers were in hand that this one would have waited too long.",
	Uncertain:   "The phone system did not say in time whether it took the text.",
	BadRequest:  "The request cannot be read.",
}

// Sentence returns the sentence of a step with this reason.
func (r Reason) Sentence() string { return sentences[r] }
