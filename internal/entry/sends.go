package entry

import (
	"iter"
	"strings"
)

// Senders are the numbers that texts of entries come from.
type Senders map[string]struct{}

// SendersOf returns the numbers of entries.
func SendersOf(entries iter.Seq[*Entry]) Senders {
	senders := Senders{}
	for e := range entries {
		if number := national(e.Text.FromNumber); number != "" {
			senders[number] = struct{}{}
		}
	}
	return senders
}

// Has reports whether texts come from a number, which may be written with the
// country's 1 or without.
func (s Senders) Has(number string) bool {
	_, ok := s[national(number)]
	return ok
}

// Sends reports whether texts of an entry come from a number, which may be
// written with the country's 1 or without. Whoever texts such a number texts
// us, or another service like this one.
func (f *File) Sends(number string) bool { return f.refresh().senders.Has(number) }

// national returns the digits of a number without the 1 of North America.
func national(number string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	const long = 11
	if len(digits) == long {
		return strings.TrimPrefix(digits, "1")
	}
	return digits
}
