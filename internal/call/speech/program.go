package speech

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// DefaultFirstSound is how long a caller waits in silence for the first word;
	// that takes 10 ms as a rule.
	DefaultFirstSound = 5 * time.Second

	// DefaultWhole bounds how long a text takes to be spoken into memory, which
	// is a second for the longest on a machine with nothing else to do. The
	// caller hears it meanwhile.
	DefaultWhole = 30 * time.Second

	// listLimit is how long a program may take to list its voices. The start of
	// the server, or a person at a terminal, waits for it.
	listLimit = 10 * time.Second

	// lastWords is how long the pipes of a stopped program stay open, which a
	// child process of it could hold for ever. Only the caller that hung up
	// waits for it.
	lastWords = time.Second
)

// Limits bound the programs that speak.
type Limits struct {
	FirstSound time.Duration // until the first sound; default DefaultFirstSound
	Whole      time.Duration // for the whole text; default DefaultWhole
	Places     Places        // shared by all engines of a process; default NewPlaces()
}

func (l Limits) orDefaults() Limits {
	l.FirstSound, l.Whole = cmp.Or(l.FirstSound, DefaultFirstSound), cmp.Or(l.Whole, DefaultWhole)
	if l.Places == nil {
		l.Places = NewPlaces()
	}
	return l
}

// Places bound how many programs run at once.
type Places chan struct{}

// NewPlaces returns a place for each core: a program that speaks uses one.
func NewPlaces() Places { return make(Places, runtime.NumCPU()) }

// program is a program that speaks.
type program struct {
	engine Engine
	path   string
	limits Limits
	byHand string // how to see what is wrong with it
}

// find looks for the program on the PATH, and has it list its voices.
func (p *program) find(list ...string) ([]byte, error) {
	path, err := exec.LookPath(string(p.engine))
	if err != nil {
		return nil, unusable(p.engine, "%s, which speaks text, is not on the PATH", err)
	}
	p.path = path
	ctx, cancel := context.WithTimeout(context.Background(), listLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, list...) //nolint:gosec // the path of a fixed name
	cmd.WaitDelay = lastWords
	voices, err := cmd.Output()
	if err != nil {
		return nil, unusable(p.engine, path+", the program %s, cannot list its voices", err)
	}
	return voices, nil
}

// bounded has the program speak within its limits, once there is a place for one
// more. The wait for the place counts.
func (p *program) bounded(ctx context.Context, into *audio.Sound, speak func(context.Context) error) error {
	limited, cancel := context.WithTimeoutCause(ctx, p.limits.Whole, fmt.Errorf("it took longer than %v", p.limits.Whole))
	defer cancel()
	limited, cut := context.WithCancelCause(limited)
	defer cut(nil)
	before := into.Len()
	late := time.AfterFunc(p.limits.FirstSound, func() {
		if into.Len() == before {
			cut(fmt.Errorf("there was no sound after %v", p.limits.FirstSound))
		}
	})
	defer late.Stop()

	var err error
	select {
	case p.limits.Places <- struct{}{}:
		err = speak(limited)
		<-p.limits.Places
	case <-limited.Done():
		err = fmt.Errorf("all of the %d that may run at once are at work", cap(p.limits.Places))
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("speak: %w", ctx.Err())
	case limited.Err() != nil:
		err = fmt.Errorf("%w (%w)", context.Cause(limited), err)
	}
	return &fault.Error{Code: fault.Unavailable, Message: string(p.engine) + " could not speak the text", Hint: p.byHand, Err: err}
}

// run runs the program once, with the text on its standard input, and take reads
// what it writes. extra is its descriptor 3; optional. Its error says what the
// program said on its standard error.
func (p *program) run(ctx context.Context, text string, extra *os.File, take func(out io.Reader) error, args ...string) error {
	cmd := exec.CommandContext(ctx, p.path, args...) //nolint:gosec // found by Find, no shell, nobody's text
	cmd.WaitDelay = lastWords
	if extra != nil {
		cmd.ExtraFiles = []*os.File{extra}
	}
	var said excerpt
	cmd.Stderr = &said
	in, inErr := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err := cmp.Or(inErr, outErr); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	// Before it has anything to do: it may have been started from a thread that
	// carries calls, and must not run as one.
	calmErr := calm(cmd.Process.Pid)
	// A program that ends without having read the text says why by itself.
	_, _ = io.WriteString(in, text)
	_ = in.Close()
	takeErr := take(out)
	// What is left, after a sound that could not be read, is drained, so that
	// the program ends by itself and can say why.
	_, drainErr := io.Copy(io.Discard, out)
	err := cmp.Or(cmd.Wait(), takeErr, drainErr, calmErr)
	if text := said.String(); err != nil && text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	return err
}

// excerpt keeps the beginning of what is written to it, enough to see what went
// wrong.
type excerpt struct {
	text []byte
}

const maxExcerpt = 1 << 10

func (e *excerpt) Write(b []byte) (int, error) {
	e.text = append(e.text, b[:min(len(b), maxExcerpt-len(e.text))]...)
	return len(b), nil
}

// String returns the excerpt on one line.
func (e *excerpt) String() string { return strings.Join(strings.Fields(string(e.text)), " ") }
