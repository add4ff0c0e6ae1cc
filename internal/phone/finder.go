package phone

import "strings"

// Finder finds one number in texts, however it is written there: with its
// country's code or as people in its country write it, grouped, in digits of
// other scripts, escaped as in URLs and in JSON, and within longer digits, as in
// ids. The last digits alone (555-0123) are not the number: others have them too.
type Finder struct {
	number Number
	homes  []Home
	tail   string   // the digits that all writings end with
	inner  []spells // what stands for the number within longer digits
}

// spells are digits that are the number where they stand among more than so
// many.
type spells struct {
	digits string
	among  int
}

const (
	// tailDigits is how many digits at the end all writings of a number have in
	// common: what is cut and put, such as Mexico's 1, stands before them.
	tailDigits = 7

	// minInner and minInnerNational are how many digits of a number, with its
	// country's code and without, are not met by chance within others.
	minInner         = 10
	minInnerNational = 9

	// maxWritten is how many digits one writing has: the longest number with what
	// is dialled before it.
	maxWritten = maxDigits + 5
)

// NewFinder returns a Finder for a number. home is that of the people who wrote
// the texts.
func NewFinder(n Number, home Home) *Finder {
	f := &Finder{number: n, homes: []Home{HomeOf(n), home}, tail: n.key[max(0, len(n.key)-tailDigits):]}
	for _, digits := range []string{n.digits, n.key} {
		if len(digits) >= minInner {
			f.inner = append(f.inner, spells{digits, len(digits)})
		}
	}
	if national := nationalOf(n); len(national) >= minInnerNational {
		f.inner = append(f.inner, spells{national, maxDigits})
	}
	return f
}

// nationalOf returns the key of a number without its country's code; empty: the
// country is not known.
func nationalOf(n Number) string {
	for _, region := range HomeOf(n).regions {
		if national, ok := strings.CutPrefix(n.key, CallingCode(region)); ok {
			return national
		}
	}
	return ""
}

// Number returns the number that the Finder searches for.
func (f *Finder) Number() Number { return f.number }

// In reports whether the number stands in a text.
func (f *Finder) In(text string) bool { return len(f.find(text)) > 0 }

// Replace puts something else in each place of a text where the number stands.
func (f *Finder) Replace(text, with string) string {
	places := f.find(text)
	if places == nil {
		return text
	}
	var b strings.Builder
	end := 0
	for _, p := range places {
		b.WriteString(text[end:p.from])
		b.WriteString(with)
		end = p.to
	}
	b.WriteString(text[end:])
	return b.String()
}

// place is where the number stands in a text, in bytes.
type place struct{ from, to int }

// find returns where the number stands, from the left to the right.
func (f *Finder) find(text string) []place {
	if f.tail == "" || len(text) < len(f.tail) {
		return nil
	}
	var places []place
	for _, run := range runsIn(text) {
		for i := 0; i < len(run); {
			if to := f.widest(run, i); to > i {
				places = append(places, place{run[i].from, run[to-1].to})
				i = to
				continue
			}
			places = append(places, f.within(run[i])...)
			i++
		}
	}
	return places
}

// widest returns where the number ends that begins with a group of a run: the
// index after its last group. It is i where none begins there.
func (f *Finder) widest(run []group, i int) int {
	digits, to := "", i
	for j := i; j < len(run); j++ {
		if digits += run[j].digits; len(digits) > maxWritten {
			break
		}
		if strings.HasSuffix(digits, f.tail) && f.is(digits, run[i].plus) && !f.others(run, i, j+1) {
			to = j + 1
		}
	}
	return to
}

// is reports whether digits, after a plus or without one, are the number.
func (f *Finder) is(digits string, plus bool) bool {
	if digits == f.number.digits || digits == f.number.key {
		return true
	}
	for _, home := range f.homes {
		if plus {
			switch n := Read("+"+digits, home); {
			case n.Same(f.number):
				return true
			case n.Valid():
				return false
			}
		}
		if Read(digits, home).Same(f.number) {
			return true
		}
	}
	return false
}

// others reports whether what looks like the number is the end of one of another
// country, as in +49 212 5550123.
func (f *Finder) others(run []group, i, to int) bool {
	digits := ""
	for _, g := range run[i:to] {
		digits += g.digits
	}
	for i--; i >= 0; i-- {
		before := run[i]
		if digits = before.digits + digits; len(digits) > maxWritten {
			return false
		}
		text := digits
		switch {
		case before.plus:
			text = "+" + digits
		case !strings.HasPrefix(before.digits, "00") && before.digits != "011":
			continue
		}
		if n := Read(text, f.homes[0]); n.Valid() && !n.Same(f.number) {
			return true
		}
	}
	return false
}

// within returns where the number stands within the digits of a group, unless
// they are somebody else's number.
func (f *Finder) within(g group) (places []place) {
	if !strings.Contains(g.digits, f.tail) || len(g.digits) <= maxDigits && Read(g.digits, f.homes[0]).Valid() {
		return nil
	}
	for _, s := range f.inner {
		for from := 0; len(g.digits) > s.among; {
			at := strings.Index(g.digits[from:], s.digits)
			if at < 0 {
				break
			}
			at += from
			from = at + len(s.digits)
			places = append(places, place{g.at[at], g.endOf(from - 1)})
		}
		if places != nil {
			return places
		}
	}
	return nil
}
