package engine

import (
	"fmt"
	"sync"
)

const (
	// DefaultPromptMemory is what the files that calls play take up together, in
	// bytes: two of the longest while they are read, or some hundred of usual ones.
	DefaultPromptMemory = 128 << 20

	// shortPrompt is what a file may take up that always finds room. Longer ones
	// leave it a quarter of all: somebody's endless file costs no other call its
	// greeting.
	shortPrompt = 1 << 20
)

// room is memory that calls share.
type room struct {
	all int64

	mu   sync.Mutex
	used int64
}

// share is what one file takes up of a room.
type share struct {
	of     *room
	has    int64
	denied bool
}

// take takes up more, and reports whether there was room for it.
func (s *share) take(bytes int64) bool {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	most := s.of.all
	if s.has+bytes > shortPrompt {
		most -= s.of.all / 4
	}
	if s.of.used+bytes > most {
		s.denied = true
		return false
	}
	s.has += bytes
	s.of.used += bytes
	return true
}

// keep gives back all but so much.
func (s *share) keep(bytes int64) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.used -= s.has - bytes
	s.has = bytes
}

// full is why a file is not played that there was no room for.
func (s *share) full() error {
	return fmt.Errorf("there is no room for it: the prompts of all calls have %d MiB; send a shorter file, or fewer at once", s.of.all>>20)
}
