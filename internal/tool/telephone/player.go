package telephone

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/fault"
)

// program is a program that plays sound.
type program struct {
	name string

	// arguments make it play what comes on its standard input: samples of 16
	// bits, little-endian, one channel, 8000 of them a second. If they are nil
	// it plays the WAV file that it is given.
	arguments []string
}

// programs are those that we search for, the closest to the machine's own sound
// first.
var programs = []program{
	{"pw-play", []string{"--raw", "--format=s16", "--rate=8000", "--channels=1", "-"}},
	{"paplay", []string{"--raw", "--format=s16le", "--rate=8000", "--channels=1", "--latency-msec=50"}},
	{"aplay", []string{"-q", "-t", "raw", "-f", "S16_LE", "-r", "8000", "-c", "1", "-"}},
	{"ffplay", []string{"-nodisp", "-autoexit", "-loglevel", "quiet", "-f", "s16le", "-ar", "8000", "-i", "-"}},
	{"play", []string{"-q", "-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-c", "1", "--endian", "little", "-"}},
	{"afplay", nil},
}

const (
	// probeTime is the silence that a program must play before we trust it, and
	// probeLimit how long it may take: the person waits for the call.
	probeTime  = 20 * time.Millisecond
	probeLimit = 3 * time.Second

	// lastSound is how long the rest of a sound may still be heard when the
	// person leaves: what programs hold back, and the last words.
	lastSound = 3 * time.Second

	// letGo is how long a program that was stopped may take to let go of its
	// pipes.
	letGo = time.Second

	// maxBehind bounds, in samples, what waits for a program that takes
	// nothing: half a minute of a media stream. What of a prompt has come whole
	// comes in one piece, and is heard whole; of what still comes a few seconds
	// wait here.
	maxBehind = 30 * audio.Rate
)

// Player plays sound through a program of this machine. It is a
// simulator.Speaker. Make it with FindPlayer.
type Player struct {
	with   program
	ctx    context.Context //nolint:containedctx // it is of all sounds, and ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// FindPlayer searches the PATH for a program that can play sound here: pw-play,
// paplay, aplay, ffplay, play or afplay. If there is none the error is a
// *fault.Error of code Unsupported.
func FindPlayer(ctx context.Context) (*Player, error) {
	var tried []string
	for _, with := range programs {
		path, err := exec.LookPath(with.name)
		if err != nil {
			continue
		}
		p := &Player{with: program{path, with.arguments}}
		if err := p.probe(ctx); err != nil {
			tried = append(tried, with.name)
			continue
		}
		p.ctx, p.cancel = context.WithCancel(context.Background())
		return p, nil
	}
	failed := fault.Newf(fault.Unsupported, "no program that plays sound is found")
	if tried != nil {
		failed = fault.Newf(fault.Unsupported, "no program can play sound here (tried: %s)", strings.Join(tried, ", "))
	}
	return nil, failed.WithHint("--hear FILE.wav writes what is heard to a file")
}

// probe plays a moment of silence.
func (p *Player) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	return p.Play(ctx, audio.Silence(probeTime))
}

// Play plays a clip to its end.
func (p *Player) Play(ctx context.Context, clip audio.Clip) error {
	s := newSound(ctx, p)
	s.queue, s.ended = clip, true
	if err := s.play(); err != nil && ctx.Err() == nil {
		return &fault.Error{Code: fault.Unavailable, Message: p.with.name + " cannot play sound", Err: err, Hint: "--hear FILE.wav writes it to a file"}
	}
	return context.Cause(ctx)
}

// Begin begins a sound.
func (p *Player) Begin() simulator.Sound { return newSound(p.ctx, p) }

// Close waits for what is still to be heard, for some seconds at most, and
// ends the Player.
func (p *Player) Close() {
	timer := time.AfterFunc(lastSound, p.cancel)
	defer timer.Stop()
	p.work.Wait()
	p.cancel()
}

// sound is one sound, with its own process: it can be stopped at once, whatever
// the program holds back. The process begins with the first Write.
type sound struct {
	player *Player
	ctx    context.Context //nolint:containedctx // it ends the sound
	cancel context.CancelFunc
	more   chan struct{} // something was queued, or the sound has ended

	mu    sync.Mutex
	begun bool
	queue audio.Clip
	ended bool
}

func newSound(ctx context.Context, p *Player) *sound {
	s := &sound{player: p, more: make(chan struct{}, 1)}
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s
}

// Write adds a clip.
func (s *sound) Write(clip audio.Clip) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(clip) == 0 || s.ended || len(s.queue) > maxBehind {
		return
	}
	s.queue = append(s.queue, clip...)
	if !s.begun {
		s.begun = true
		// If a program fails now, the call is merely silent: it could play when
		// it was found.
		s.player.work.Go(func() { _ = s.play() })
	}
	s.ring()
}

// End says that nothing more is written.
func (s *sound) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if !s.begun {
		s.cancel()
	}
	s.ring()
}

// Stop stops the sound.
func (s *sound) Stop() {
	s.cancel()
	s.End()
}

func (s *sound) ring() {
	select {
	case s.more <- struct{}{}:
	default:
	}
}

// next waits for what is to be played next, io.EOF after the last of it.
func (s *sound) next() (audio.Clip, error) {
	for {
		s.mu.Lock()
		clip, ended := s.queue, s.ended
		s.queue = nil
		s.mu.Unlock()
		switch {
		case len(clip) > 0:
			return clip, nil
		case ended:
			return nil, io.EOF
		}
		select {
		case <-s.more:
		case <-s.ctx.Done():
			return nil, context.Cause(s.ctx)
		}
	}
}

// play has the program play the sound.
func (s *sound) play() error {
	defer s.cancel()
	if s.player.with.arguments == nil {
		return s.playFiles()
	}
	command := s.command(s.player.with.arguments...)
	input, err := command.StdinPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	for err == nil {
		var clip audio.Clip
		if clip, err = s.next(); err == nil {
			_, err = input.Write(samples(clip))
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, input.Close(), command.Wait())
}

// playFiles has a program that cannot take sound as it comes play what is there:
// the whole of most prompts, and of what comes slowly one piece after another,
// with a gap between them.
func (s *sound) playFiles() error {
	for {
		clip, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err == nil:
			err = s.playFile(clip)
		}
		if err != nil {
			return err
		}
	}
}

// playFile has a program play a file that holds a clip.
func (s *sound) playFile(clip audio.Clip) (err error) {
	file, err := os.CreateTemp("", "switchhook-*.wav")
	if err != nil {
		return fmt.Errorf("play a sound: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(file.Name())) }()
	if err := errors.Join(audio.WriteWAV(file, clip), file.Close()); err != nil {
		return err
	}
	return s.command(file.Name()).Run()
}

func (s *sound) command(arguments ...string) *exec.Cmd {
	command := exec.CommandContext(s.ctx, s.player.with.name, arguments...) //nolint:gosec // found on the PATH, with arguments of ours
	command.WaitDelay = letGo
	return command
}

func samples(clip audio.Clip) []byte {
	b := make([]byte, 0, 2*len(clip))
	for _, sample := range clip {
		b = binary.LittleEndian.AppendUint16(b, uint16(sample))
	}
	return b
}
