package engine

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Went says how a media stream went.
type Went struct {
	Sent    time.Duration // of each track that the program was given
	Dropped int           // frames that it was not, because it lagged
	Heard   time.Duration // of the program's sound
	Words   string        // that the caller said, as far as the line knows them
	Keys    string
	Clears  int
	Marks   []string // that were reached
	Broke   bool
}

// Went returns how the stream went so far.
func (p *Program) Went() Went {
	m := p.media
	dropped := m.sound.dropped.Load()
	went := Went{Dropped: int(dropped), Heard: time.Duration(m.heard.Load()) * FrameTime / FrameSize}
	if n := int64(m.listening); n > 0 {
		went.Sent = time.Duration((m.next.Load()-dropped)/n) * FrameTime
	}
	went.Words, went.Keys = m.said.all()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reach(m.backlog.passed.Load())
	went.Clears, went.Broke = p.clears, p.broke
	went.Marks = append(went.Marks, p.names...)
	return went
}

// NewWords returns what the caller has said since it was called last.
func (p *Program) NewWords() string { return p.media.said.rest() }

// maxSaid bounds what is remembered of one stream's words and keys, in bytes
// each, and of its marks.
const maxSaid = 4096

// said is what a caller says and presses while a stream lasts.
type said struct {
	keys    [maxSaid]byte // those up to pressed do not change any more
	pressed atomic.Int64

	mu    sync.Mutex
	words strings.Builder
	given int // bytes of words that rest has returned
}

func (s *said) press(key byte) {
	if n := s.pressed.Load(); n < maxSaid {
		s.keys[n] = key
		s.pressed.Store(n + 1)
	}
}

func (s *said) say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.words.Len()+len(text) >= maxSaid {
		return
	}
	if s.words.Len() > 0 {
		s.words.WriteByte(' ')
	}
	s.words.WriteString(text)
}

func (s *said) all() (words, keys string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.words.String(), string(s.keys[:s.pressed.Load()])
}

func (s *said) rest() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	words := s.words.String()[s.given:]
	s.given += len(words)
	return strings.TrimSpace(words)
}
