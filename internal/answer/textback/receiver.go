package textback

import "github.com/switchhook/switchhook/internal/phone"

// The lengths of numbers that are texted, in digits: an extension has at most
// six, and E.164 has at most fifteen.
const (
	minNumber = 7
	maxNumber = 15
)

// receiver returns the number that a caller is texted at, or why they cannot be.
// A NetSapiens core gives +19734321440 for callers from outside, a bare
// extension for its own users, and nothing or a word for those who hide their
// number. What is no number of any country is texted as it came: the phone
// system may know it.
func receiver(caller string, home phone.Home) (phone.Number, Reason) {
	n := phone.ReadCaller(caller, home)
	return n, unreachable(n)
}

// unreachable returns why a number cannot be texted; empty: it can.
func unreachable(n phone.Number) Reason {
	switch length := len(n.Digits()); {
	case n.Hidden():
		return Anonymous
	case n.Internal() && length < minNumber:
		return OnNet
	case length < minNumber, length > maxNumber:
		return ShortNumber
	}
	return ""
}
