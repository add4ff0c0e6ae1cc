package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// DefaultPromptMemory is what the files of all calls may take up together,
	// in bytes: two of the longest while they are read, or some hundred of usual
	// ones.
	DefaultPromptMemory = 128 << 20

	// shortPrompt is the size up to which a file always finds room. Longer ones
	// leave it a quarter of all: a stranger's endless file costs no other call
	// its greeting.
	shortPrompt = 1 << 20

	// longPrompts is how many bytes a second of longer files are read for all
	// calls together, more than most lines carry; a second's worth comes at once.
	longPrompts = 32 << 20

	// longWait is how long one file waits in all for others that are read.
	longWait = 2 * time.Second
)

// room is memory that calls share, and the pace at which they fill it.
type room struct {
	all  int64
	pace *rate.Limiter

	mu   sync.Mutex
	used int64
}

func newRoom(all int64) *room {
	return &room{all: all, pace: rate.NewLimiter(longPrompts, longPrompts)}
}

// share is what one file takes up of a room.
type share struct {
	of     *room
	has    int64
	waited time.Duration
	denied error // why there is no more
}

// read takes up room for what is about to be read, waits for its turn, and
// reports whether it may be read.
func (s *share) read(ctx context.Context, bytes int64) bool {
	if !s.take(bytes) {
		return false
	}
	if s.has <= shortPrompt {
		return true
	}
	turn := s.of.pace.ReserveN(time.Now(), int(bytes))
	wait := turn.Delay()
	if s.waited += wait; s.waited > longWait {
		turn.Cancel()
		s.denied = fmt.Errorf("its turn did not come in %v: long files of all calls are read at %d MiB a second; send a shorter one, or fewer at once", longWait, longPrompts>>20)
		return false
	}
	select {
	case <-time.After(wait):
		return true
	case <-ctx.Done():
		return true // what is read says so
	}
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
		s.denied = fmt.Errorf("there is no room for it: the prompts of all calls have %d MiB; send a shorter file, or fewer at once", s.of.all>>20)
		return false
	}
	s.has += bytes
	s.of.used += bytes
	return true
}

// keep gives back all but that many bytes.
func (s *share) keep(bytes int64) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.used -= s.has - bytes
	s.has = bytes
}
