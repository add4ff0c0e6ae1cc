package app

import "time"

// What tests know of suspects.
const (
	SuspectsEvery  = suspectsEvery
	SuspectsAtOnce = suspectsAtOnce
)

// What tells the operator of guesses at secrets, which wait longer than a test.
var (
	TellOfGuesses   = tellOfGuesses
	TellOfLastGuess = tellOfLastGuess
)

// Suspects are suspects.
type Suspects struct{ suspects }

// NewSuspects returns none.
func NewSuspects() *Suspects { return &Suspects{} }

// Add is add.
func (s *Suspects) Add(id string, now time.Time) { s.add(id, now) }

// Take is take.
func (s *Suspects) Take(now time.Time) []string { return s.take(now) }

// Known returns how many entries are remembered.
func (s *Suspects) Known() int { return len(s.next) }
