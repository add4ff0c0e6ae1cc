package server

import (
	"net"
	"time"
)

// What tests need to know of suspects.
const (
	SuspectsEvery  = suspectsEvery
	SuspectsAtOnce = suspectsAtOnce
)

// Reports of guessed secrets, for tests: the real ones take longer than a test.
var (
	TellOfGuesses   = tellOfGuesses
	TellOfLastGuess = tellOfLastGuess
)

// Suspects exports suspects.
type Suspects struct{ suspects }

// NewSuspects returns an empty set.
func NewSuspects() *Suspects { return &Suspects{} }

// Add is add.
func (s *Suspects) Add(id string, now time.Time) { s.add(id, now) }

// Take is take.
func (s *Suspects) Take(now time.Time) []string { return s.take(now) }

// Known returns how many entries are remembered.
func (s *Suspects) Known() int { return len(s.next) }

// The names of the listeners.
const (
	MainDoor    = listenSetting
	DutyDoor    = dutySetting
	MetricsDoor = metricsSetting
)

// Listener returns the listener of a setting.
func (a *Server) Listener(setting string) net.Listener {
	for _, d := range a.doors(a.site.Load().settings) {
		if d.setting == setting {
			return *d.listener
		}
	}
	return nil
}

// CloseStore closes the database while the Server uses it.
func (a *Server) CloseStore() error { return a.store.Close() }
