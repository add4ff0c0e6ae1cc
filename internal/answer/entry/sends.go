package entry

import (
	"iter"
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
)

// Senders are the numbers that texts of entries come from.
type Senders struct {
	keys  map[string]struct{}
	homes map[string]phone.Home // of the entries, by their regions
}

// SendersOf returns the numbers of entries.
func SendersOf(entries iter.Seq[*Entry]) Senders {
	s := Senders{map[string]struct{}{}, map[string]phone.Home{}}
	for e := range entries {
		if from := e.From(); !from.Hidden() {
			home := e.Home()
			s.keys[from.Key()], s.homes[strings.Join(home.Regions(), " ")] = struct{}{}, home
		}
	}
	return s
}

// Has reports whether texts come from a number, however it is written. Without a
// country code it is read in the home of each entry.
func (s Senders) Has(number string) bool {
	for _, home := range s.homes {
		if _, ok := s.keys[phone.Read(number, home).Key()]; ok {
			return true
		}
	}
	return false
}

// Sends reports whether texts of an entry come from a number, however it is
// written. Anyone who texts such a number texts us, or another service like
// this one.
func (f *File) Sends(number string) bool { return f.refresh().senders.Has(number) }
