package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
)

// minSubscriber is the fewest digits, after the country code, of a number that
// is taken without being known.
const minSubscriber = 7

// atHome returns a number in E.164, from one that belongs to the country of a
// calling code such as 31 where it does not say another; empty: it has to.
func atHome(number, callingCode string) (string, bool) {
	return dialable(number, phone.HomeOfCode(callingCode), callingCode)
}

// inCountry returns a number in E.164, from a national number and a country
// code such as 31; 0: that of home. A number that begins with a plus is taken as
// it is. People write the country's code once more, or the way it is dialled
// from abroad.
func inCountry(code int, number, home string) (string, bool) {
	if code == 0 {
		return atHome(number, home)
	}
	return atHome(number, strconv.Itoa(code))
}

// inRegion returns a number in E.164, from a number as it is dialled in a
// region such as NL; without one it belongs to home.
func inRegion(region, number, home string) (string, bool) {
	region = strings.ToUpper(strings.TrimSpace(region))
	if !phone.KnownRegion(region) {
		return atHome(number, home)
	}
	return dialable(number, phone.HomeIn(region), phone.CallingCode(region))
}

// dialable returns a number of a country in E.164; one of another has to say so.
//
// A number counts when it has a length that numbers there have, even if the
// data of this program knows no such range: ranges are opened all the time,
// and the person who gave the number has been called on it. A short one must
// be known, for short numbers are those of services.
func dialable(number string, home phone.Home, code string) (string, bool) {
	if home.Nowhere() && code != "" && phone.Read(number, home).Internal() {
		number = "+" + code + " " + number // of no country, such as 883
	}
	n, err := phone.Parse(number, home)
	if err != nil || n.Internal() || len(n.Digits()) < minSubscriber+1 || len(n.Digits()) < minSubscriber+3 && !n.Valid() {
		return "", false
	}
	ours := strings.HasPrefix(n.Digits(), code)
	says := !phone.Read(number, phone.Home{}).Internal() || strings.HasPrefix(strings.TrimSpace(number), "0")
	return n.E164(), ours || says
}

// noNumber is the sentence for what a source gives as a number and is none.
func noNumber(person, number string) string {
	if number = label(phone.Mask(number)); number == "" {
		number = "an empty text"
	}
	return fmt.Sprintf("%s: %s is no telephone number that can be dialled, and is left out", label(person), number)
}

// numbers collects the numbers of one person, each once.
type numbers struct {
	person   string
	list     []string
	oddities []string
}

// add takes a number that inCountry or inRegion made of a text, or notes that
// the text was none.
func (n *numbers) add(e164 string, ok bool, text string) {
	if !ok {
		n.oddities = append(n.oddities, noNumber(n.person, text))
		return
	}
	if !slices.Contains(n.list, e164) {
		n.list = append(n.list, e164)
	}
}
