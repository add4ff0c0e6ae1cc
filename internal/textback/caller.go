package textback

import "strings"

// Reason says why a caller was answered as they were. It names the spoken text,
// and labels what is counted; the set is closed.
type Reason string

// The reasons.
const (
	Sent        Reason = "sent"        // the phone system took the text
	UnknownID   Reason = "unknown_id"  // no entry has the id
	Incomplete  Reason = "incomplete"  // the entry lacks what a text needs
	Anonymous   Reason = "anonymous"   // the caller hides their number
	OnNet       Reason = "on_net"      // the caller is an extension, which takes no texts
	ShortNumber Reason = "short"       // the number is too short or too long for a text
	Refused     Reason = "refused"     // the phone system said no, and would again
	Failed      Reason = "failed"      // the phone system could not be asked, or failed
	Uncertain   Reason = "uncertain"   // the phone system did not say in time whether it took the text
	BadRequest  Reason = "bad_request" // the request cannot be read
)

// reasons are all of them.
var reasons = [...]Reason{Sent, UnknownID, Incomplete, Anonymous, OnNet, ShortNumber, Refused, Failed, Uncertain, BadRequest}

// The lengths of numbers. An extension has at most six digits; the shortest
// numbers that are called across networks have seven, and E.164 has at most
// fifteen.
const (
	maxExtension = 6
	minNumber    = 7
	maxNumber    = 15
)

// destination returns the number that a caller is texted at, digits without a
// plus, or why they cannot be. A NetSapiens core gives +19734321440 for callers
// from outside, a bare extension for its own users, and nothing or a word for
// those who hide their number.
func destination(caller string) (digits string, reason Reason) {
	caller = strings.TrimSpace(caller)
	number, plus := strings.CutPrefix(caller, "+")
	number = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()", r) {
			return -1
		}
		return r
	}, number)
	switch {
	case number == "" || strings.Trim(number, "0123456789") != "":
		return "", Anonymous
	case strings.Trim(number, "0") == "":
		return "", Anonymous // 0000000000 is how some carriers write it
	case !plus && len(number) <= maxExtension:
		return "", OnNet
	case len(number) < minNumber || len(number) > maxNumber:
		return "", ShortNumber
	}
	return number, ""
}
