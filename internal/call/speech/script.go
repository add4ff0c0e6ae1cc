package speech

import (
	"context"
	"sync"
)

// Script is a Recogniser for the calls of a script, of one caller at a time: it
// understands the words that Say gives it. They are heard once the caller, whose
// sound is not listened to, has been silent. The zero value will do.
type Script struct {
	mu      sync.Mutex
	session *scripted // nil: nobody is listened to
}

// Say says what the caller says next. It is lost if nobody listens.
func (s *Script) Say(words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session != nil {
		s.session.words = words
	}
}

// Listen listens to the caller.
func (s *Script) Listen(context.Context, Recognition) Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session = &scripted{script: s, heard: make(chan Heard, maxScripted)}
	return s.session
}

// maxScripted is how much a Session tells that is not taken. Two are told at a time.
const maxScripted = 16

// scripted is a Session of a Script.
type scripted struct {
	script *Script
	heard  chan Heard
	words  string // that are being said; the script's mu guards them
}

// Write implements Session.
func (s *scripted) Write([]int16) {}

// Finish tells what was said.
func (s *scripted) Finish() {
	s.script.mu.Lock()
	words := s.words
	s.words = ""
	s.script.mu.Unlock()
	if len(s.heard)+2 <= cap(s.heard) {
		s.heard <- Heard{Kind: Final, Text: words}
		s.heard <- Heard{Kind: Ended}
	}
}

// Heard implements Session.
func (s *scripted) Heard() <-chan Heard { return s.heard }

// Err implements Session: it never fails.
func (s *scripted) Err() error { return nil }

// Close implements Session.
func (s *scripted) Close() {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	if s.script.session == s {
		s.script.session = nil
	}
}
