package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/tool/telephone"
)

type callCommand struct {
	coreFlag
	Target string `arg:"" help:"The URL of a responder, a number on a running Core, or a SIP address such as sip:200@127.0.0.1:5060."`

	From   string `help:"The caller's number; empty: withheld." default:"+12125550123"`
	To     string `help:"The number that is called." default:"2125550100"`
	Method string `help:"How the responder is asked: GET or POST." enum:"GET,POST" default:"GET"`
	Secret string `help:"Sign requests with this HttpSecret." placeholder:"SECRET"`

	Answer      []string `help:"The answer to the next Gather: keys such as 12#, say:text, or none. Repeat it for later Gathers." placeholder:"VALUE" sep:"none"`
	Script      string   `help:"A file of what the caller does: press 12#, say …, wait 3, hangup, expect …" placeholder:"FILE" type:"existingfile"`
	Barge       bool     `help:"Answer during the prompts instead of after them."`
	HangupAfter float64  `help:"Hang up after this many seconds." placeholder:"SECONDS"`

	MaxDocuments int `help:"End the call after this many documents: the loop guard." placeholder:"N" default:"100"`

	Save string `help:"Write the call to a file that switchhook test replays." placeholder:"FILE"`
	Mask bool   `help:"Mask telephone numbers in what is saved."`
	Hear string `help:"Write what the caller hears to a WAV file; - plays it." placeholder:"FILE"`
	JSON bool   `help:"Print the events as JSON, one a line." name:"json"`

	sipFlags
}

// Run places the call: live if a person sits at a terminal, otherwise played
// through on a virtual clock.
func (c *callCommand) Run(ctx context.Context, m *Main) error {
	if isSIP(c.Target) {
		return c.overSIP(ctx, m)
	}
	if c.sipFlags != (sipFlags{}) {
		return fault.Newf(fault.Invalid, "--auth, --audio, --codec, --transport, --dtmf and --ca are for SIP addresses, and %q is none", c.Target)
	}
	o, core, err := c.options(m)
	if err != nil {
		return err
	}
	_, _, live := m.terminal()
	if live && len(c.Answer) == 0 && c.Script == "" && !c.JSON {
		return c.live(ctx, m, o, core)
	}
	return c.playThrough(ctx, m, o, core)
}

// live connects the person at the terminal to the call.
func (c *callCommand) live(ctx context.Context, m *Main, o simulator.Options, core *wire.Dialer) error {
	in, out, _ := m.terminal()
	o.Hear = c.Hear != "" && c.Hear != "-"
	if c.Hear != "" {
		o.Voice = c.voice(m)
	}
	person := telephone.Options{
		Call: o, In: in, Out: out, Hear: c.Hear == "-", SaveAs: c.Save,
		Save: func(name string, call *simulator.Result) error {
			return writeSaved(name, c.saved(o, call.Events), c.Mask)
		},
	}
	if core != nil {
		person.Core = core.Core
	}
	result, err := telephone.Run(ctx, person)
	if err != nil {
		return err
	}
	if result == nil {
		return nil // left before a call was made
	}
	if err := c.keep(ctx, o, result, true); err != nil {
		return err
	}
	return failedIf(result.Outcome.Failed)
}

// options returns what is called and by whom, and the Core that carries the
// call, if the target is a number.
func (c *callCommand) options(m *Main) (o simulator.Options, core *wire.Dialer, err error) {
	o = simulator.Options{
		Target: c.Target, From: c.From, To: c.To, Method: c.Method, Secret: c.Secret,
		Barge: c.Barge, MaxDocuments: c.MaxDocuments, Hear: c.Hear != "",
	}
	if c.Script != "" && len(c.Answer) > 0 {
		return o, nil, fault.Newf(fault.Invalid, "--answer and --script cannot be given together").WithHint("a script's press and say are its answers")
	}
	if c.HangupAfter < 0 || c.HangupAfter > maxHangupAfter.Seconds() {
		return o, nil, fault.Newf(fault.Invalid, "--hangup-after %v is not a number of seconds up to %d", c.HangupAfter, int(maxHangupAfter.Seconds()))
	}
	if c.From == "" {
		o.From = simulator.Anonymous
	}
	if c.MaxDocuments < 1 {
		return o, nil, fault.Newf(fault.Invalid, "--max-documents %d is not at least 1", c.MaxDocuments)
	}
	o.HangupAfter = time.Duration(c.HangupAfter * float64(time.Second))
	if isNumber(c.Target) {
		if c.Secret != "" || c.Method != "GET" {
			return o, nil, fault.Newf(fault.Invalid, "--secret and --method are for responders").WithHint("for a number, its dial rule sets both")
		}
		core = c.dialer(m)
		o.To, o.Place = c.Target, core.Place
	} else if c.Core != "" {
		return o, nil, fault.Newf(fault.Invalid, "--core is for numbers, and %q is not a number", c.Target)
	}
	for _, file := range []string{c.Save, c.Hear} {
		if err := canWrite(file); err != nil {
			return o, nil, err // before the call rather than after it
		}
	}
	for _, value := range c.Answer {
		answer, err := simulator.ParseAnswer(value)
		if err != nil {
			return o, nil, err
		}
		o.Answers = append(o.Answers, answer)
	}
	if c.Script != "" {
		text, err := os.ReadFile(c.Script)
		if err != nil {
			return o, nil, err
		}
		if o.Script, err = simulator.ParseScript(bytes.NewReader(text)); err != nil {
			return o, nil, fmt.Errorf("%s: %w", c.Script, err)
		}
	}
	o.Private, err = m.private()
	return o, core, err
}

// maxHangupAfter is a day, as for every wait in a script.
const maxHangupAfter = 24 * time.Hour

// playThrough runs the whole call at once and prints what happens.
func (c *callCommand) playThrough(ctx context.Context, m *Main, o simulator.Options, core *wire.Dialer) error {
	out := bufio.NewWriter(m.Out)
	defer func() { _ = out.Flush() }()
	var printErr error
	if core != nil && !c.JSON {
		core.Route = func(steps []string) { printSteps(out, 3, steps) }
	}
	o.Record = func(event trace.Stamped) {
		if err := printEvent(out, event, c.JSON); err != nil && printErr == nil {
			printErr = err
		}
		_ = out.Flush() // readers of a pipe see events as they come
	}
	if o.Hear {
		o.Voice = c.voice(m)
	}
	result, err := simulator.Call(ctx, o)
	if err = errors.Join(err, printErr); err != nil {
		return err
	}
	if err := c.keep(ctx, o, result, false); err != nil {
		return err
	}
	if result.Unmet != nil {
		fmt.Fprintf(m.Err, "switchhook: error: line %d of the script: the caller never heard %q\n", result.Unmet.Line, result.Unmet.Text)
		return exit(exitFailed)
	}
	return failedIf(result.Outcome.Failed || ctx.Err() != nil) // an interrupted call says nothing about the responder
}

func printEvent(w io.Writer, event trace.Stamped, asJSON bool) error {
	if !asJSON {
		_, err := fmt.Fprintln(w, event)
		return err
	}
	line, err := event.AppendJSON(nil)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// keep writes the requested files, and plays what the caller heard if it was
// not live.
func (c *callCommand) keep(ctx context.Context, o simulator.Options, result *simulator.Result, live bool) (err error) {
	if c.Save != "" {
		err = writeSaved(c.Save, c.saved(o, result.Events), c.Mask)
	}
	switch {
	case c.Hear == "-" && !live:
		err = errors.Join(err, playSound(ctx, result.Heard))
	case c.Hear != "" && c.Hear != "-":
		err = errors.Join(err, writeFile(c.Hear, func(w io.Writer) error { return audio.WriteWAV(w, result.Heard) }))
	}
	return err
}

// playSound plays what the caller heard, with one of this machine's programs.
func playSound(ctx context.Context, clip audio.Clip) error {
	player, err := telephone.FindPlayer(ctx)
	if err != nil {
		return err
	}
	defer player.Close()
	return player.Play(ctx, clip)
}

// saved returns the call in the form of a saved file.
func (c *callCommand) saved(o simulator.Options, events []trace.Stamped) *trace.Saved {
	flags := trace.Flags{
		From: c.From, To: c.To, Method: c.Method, Answers: c.Answer, Barge: c.Barge,
		HangupAfter: c.HangupAfter, MaxDocuments: c.MaxDocuments,
	}
	for _, step := range o.Script {
		flags.Script = append(flags.Script, step.String())
	}
	return &trace.Saved{Target: c.Target, Events: events, Flags: flags}
}

// voice returns the speech program, or nil if this machine has none.
func (c *callCommand) voice(m *Main) speech.Voice {
	voice, err := speech.Find(speech.EspeakNG, speech.Limits{})
	if err != nil {
		fmt.Fprintf(m.Err, "switchhook: hint: the call is silent: %v; %s\n", err, fault.HintOf(err))
		return nil
	}
	return voice
}
