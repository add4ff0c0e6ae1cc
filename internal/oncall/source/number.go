package source

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/phone"
)

// maxNumber is the longest text that is taken for a number, in bytes: 15
// digits (ITU-T E.164) with whatever people write between them.
const maxNumber = 64

// minSubscriber is the fewest digits, after the country code, of a number that
// is taken without being known.
const minSubscriber = 7

// inCountry returns a number in E.164, from a national number and a country
// code such as 31. A number that begins with a plus is taken as it is. People
// write the country's code once more, or the way it is dialled from abroad.
func inCountry(code int, number string) (string, bool) {
	number = strings.TrimSpace(number)
	if strings.HasPrefix(number, "+") {
		return inRegion("", number)
	}
	country := strconv.Itoa(code)
	ways := []string{"+" + country + " " + number}
	if abroad, ok := strings.CutPrefix(number, "00"); ok {
		ways = append(ways, "+"+abroad)
	}
	if strings.HasPrefix(number, country) {
		ways = append(ways, "+"+number)
	}
	for _, way := range ways {
		if known(way) {
			return inRegion("", way)
		}
	}
	return inRegion("", ways[0])
}

// known reports whether the data of this program knows a range of a number that
// begins with a plus.
func known(number string) bool {
	kind := phone.Classify(number, nil)
	return kind != phone.Invalid && kind != phone.Short
}

// inRegion returns a number in E.164, from a number as it is dialled in a
// region such as NL; without one, from a number with a plus.
//
// A number counts when it has a length that numbers there have, even if the
// data of this program knows no such range: ranges are opened all the time,
// and whoever wrote the number down has been called on it. A short one must be
// known, for short numbers are those of services.
func inRegion(region, number string) (string, bool) {
	if len(number) > maxNumber || strings.ContainsFunc(number, unicode.IsLetter) {
		return "", false // letters would be read as keys, and an extension cannot be dialled
	}
	if region == "" && !strings.HasPrefix(strings.TrimSpace(number), "+") {
		return "", false
	}
	digits, err := phone.E164digits(number, strings.ToUpper(region))
	if err != nil || len(digits) < minSubscriber+1 || len(digits) < minSubscriber+3 && !known("+"+digits) {
		return "", false
	}
	return "+" + digits, true
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
