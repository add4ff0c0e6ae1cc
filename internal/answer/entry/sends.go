package entry

import (
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
)

// senders are the numbers that texts of entries come from.
type senders struct {
	keys  map[string]struct{}
	homes map[string]phone.Home // of the entries, by their regions
}

// sendersOf returns the numbers of entries.
func sendersOf(entries []*Entry) senders {
	s := senders{map[string]struct{}{}, map[string]phone.Home{}}
	for _, e := range entries {
		if from := e.From(); !from.Hidden() {
			home := e.Home()
			s.keys[from.Key()], s.homes[strings.Join(home.Regions(), " ")] = struct{}{}, home
		}
	}
	return s
}

// has reports whether texts come from a number, however it is written. Without a
// country code it is read in the home of each entry.
func (s senders) has(number string) bool {
	for _, home := range s.homes {
		if _, ok := s.keys[phone.Read(number, home).Key()]; ok {
			return true
		}
	}
	return false
}
