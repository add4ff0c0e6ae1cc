// Package loopback plays calls of package simulator over SIP and RTP on this
// machine, in real time: a telephone (package softphone) calls a server of package
// voice over 127.0.0.1, whose engine asks the responder. [Call] does that for one
// call.
//
// What is not there is stood in for. Prompts are silence of the length that
// simulated speech has. The caller murmurs, and a recogniser is told the words. At
// the far end of a Forward, wherever it goes, a telephone answers, says a word and
// hangs up.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

// The ports of a call's sound are somewhere between these two: the kernel hands out
// others by itself.
const (
	lowestPort  = 10_000
	highestPort = 31_000
	callPorts   = 100
)

const (
	// reaching is how long a call has to reach the server.
	reaching = 5 * time.Second

	// settling is how long the server has for the last messages of SIP, once the
	// telephone knows that the call is over. One that has called a far end would
	// listen for more answers of theirs for half a minute.
	settling = 200 * time.Millisecond
)

// Call runs a call to its end, as simulator.Call does: it is for simulator.Options.Over.
// The error says that it could not begin, or is the cause of the context's end.
func Call(ctx context.Context, o simulator.Options) (*simulator.Result, error) {
	c := &call{
		options: o, ctx: ctx, result: &simulator.Result{},
		phone: make(chan *handset, 1), reached: make(chan struct{}), placed: make(chan error, 1),
	}
	defer c.recordings.Close()
	sounds := prompt.New(prompt.Config{Voice: silentVoice{}})
	defer sounds.Close()
	stop, err := c.serve(sounds)
	if err != nil {
		return nil, err
	}
	defer stop()
	return c.run(ctx)
}

// call is one that is played.
type call struct {
	options simulator.Options
	ctx     context.Context //nolint:containedctx // of Call: it says when the caller hangs up
	result  *simulator.Result

	recordings simulator.Recordings
	script     speech.Script
	at         netip.AddrPort // where the server is called

	phone   chan *handset // of the caller, once they have dialled
	reached chan struct{} // closed once the call has reached the server
	placed  chan error    // the call has ended, or the responder cannot be asked
}

var here = netip.MustParseAddr("127.0.0.1")

// serve runs a server for the call, until stop is called.
func (c *call) serve(sounds *prompt.Library) (stop func(), err error) {
	first := uint16(lowestPort + rand.IntN(highestPort-lowestPort)) //nolint:gosec // so that calls at once do not try the same
	ports, err := media.NewPorts(first, first+callPorts)
	if err != nil {
		return nil, err
	}
	pool, err := media.New(media.Config{Address: here, Ports: ports, Threads: 1})
	if err != nil {
		return nil, err
	}
	server := voice.NewServer(voice.ServerConfig{
		Media: pool, Exchange: c, Sounds: sounds, Recordings: tapes{c}, Recogniser: &c.script,
		Guard:    fetch.Guard{Loopback: true},
		MaxCalls: 1, MaxPerSecond: 1, Log: slog.New(slog.DiscardHandler),
	})
	stack, err := dialog.New(dialog.Config{
		Listen: []dialog.Listen{{Network: dialog.UDP, Address: netip.AddrPortFrom(here, 0)}}, Incoming: server.Incoming,
		Trusted: func(netip.Addr) bool { return true },
	})
	if err != nil {
		return nil, err
	}
	server.CallBy(stack)
	pool.Start()
	c.at = stack.Addresses()[0].Address
	ctx, end := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = stack.Serve(ctx) }) // if its socket breaks the call ends, which is told
	return func() {
		limited, cancel := context.WithTimeout(context.Background(), settling)
		defer cancel()
		_ = stack.Settle(limited) // what has not come by then does not
		end()
		serving.Wait()
		pool.Stop()
	}, nil
}

// run has the telephone call the server.
func (c *call) run(ctx context.Context) (*simulator.Result, error) {
	phone, putDown, err := telephone()
	if err != nil {
		return nil, err
	}
	defer putDown()
	dialled, err := phone.Dial(fmt.Sprintf("sip:responder@%s", c.at))
	if err != nil {
		return nil, err
	}
	h := newHandset(dialled, &c.script)
	c.phone <- h
	go h.attend(context.WithoutCancel(ctx)) // ends with the call, which the telephone ends
	defer context.AfterFunc(ctx, dialled.Hangup)()
	select {
	case err = <-c.placed:
		dialled.Hangup() // unless that has come already
		<-h.over
	case <-h.over:
		err = c.end()
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, engine.ErrHungUp) {
		return nil, cause
	}
	return c.result, err
}

// end waits for the end of a call whose telephone is hung up.
func (c *call) end() error {
	select {
	case <-c.reached:
		return <-c.placed
	case <-time.After(reaching):
		return fault.Newf(fault.Unavailable, "the call did not reach the server on this machine")
	}
}

var _ voice.Exchange = (*call)(nil)

// Place runs the call, once it has reached the server.
func (c *call) Place(ctx context.Context, _, _ string, line engine.Line, _ func([]string), _ func(trace.Stamped)) engine.Outcome {
	phone := <-c.phone
	close(c.reached)
	driven := forwarding{c.options.Drive(line.(*voice.Line), phone)} //nolint:forcetypeassert,errcheck // a voice.Server has no others
	outcome, err := c.options.RunOn(ctx, driven, func(e trace.Stamped) {
		c.result.Events = append(c.result.Events, e)
		if c.options.Record != nil {
			c.options.Record(e)
		}
		if errors.Is(context.Cause(c.ctx), engine.ErrHungUp) {
			phone.Hangup()
			<-ctx.Done() // before the engine does anything more
		}
	})
	c.result.Outcome, c.result.Unmet = outcome, driven.Unmet()
	c.placed <- err
	return outcome
}

// silentVoice takes as long as speech does where simulated callers hear it.
type silentVoice struct{}

func (silentVoice) Speak(_ context.Context, u speech.Utterance, into *audio.Sound) error {
	into.Append(make([]int16, int(speech.Estimate(u.Text)*time.Duration(into.Rate())/time.Second)))
	return nil
}

// tapes keep what the caller records, for the responder.
type tapes struct{ call *call }

func (t tapes) Begin(string) (recording.Writer, error) { return &tape{call: t.call}, nil }

type tape struct {
	call *call
	clip audio.Clip
}

func (t *tape) Write(pcm []int16) error {
	t.clip = append(t.clip, pcm...)
	return nil
}

func (t *tape) Keep() (url string, err error) {
	return t.call.recordings.Add(context.Background(), t.clip)
}

func (t *tape) Discard() {}
