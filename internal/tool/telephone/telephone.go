// Package telephone is a telephone on a terminal: a person calls a web
// responder, hears and reads what it says, presses keys, speaks by typing, and
// sees what goes over the wire meanwhile.
//
// [Run] is the whole of it. On a terminal that can place text it shows a screen;
// on one that cannot (TERM=dumb), a transcript with a line to type on. Whatever
// a responder sends is shown, and never obeyed: it reaches the terminal only as
// visible characters.
package telephone

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/fault"
)

// Options says who is called and what the person sits at. Call.Target, In and
// Out are required.
type Options struct {
	// Call says who is called. Its Voice speaks what is heard; its Record, if
	// any, is also given each event.
	Call simulator.Options

	// Core is the URL of the Core that carries the call, to be shown. Empty:
	// Call.Target is called.
	Core string

	In  io.Reader // what the person types: a terminal
	Out io.Writer // what the person sees: a terminal

	// Environ is the environment, of which TERM, NO_COLOR and what terminals
	// say of themselves count. Nil: that of the process.
	Environ []string

	// Hear plays what is heard through a program of this machine. If there is
	// none, or no Call.Voice, a sentence says so and the call goes on.
	Hear bool

	// Save writes a call to a file that the person named; nil: calls cannot be
	// saved. An error is shown, and the person can try another name.
	Save func(name string, call *simulator.Result) error

	// SaveAs is the name that is offered. Empty: DefaultSaveAs.
	SaveAs string
}

// DefaultSaveAs is the file name that is offered for a call.
const DefaultSaveAs = "call.jsonl"

// Run lets the person make calls until they leave, and returns the last one. A
// call that is going on when they leave, or when ctx is done, is hung up. The
// error says that the call could not begin or that the terminal cannot be used;
// there may be a call even then.
func Run(ctx context.Context, o Options) (*simulator.Result, error) {
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.SaveAs == "" {
		o.SaveAs = DefaultSaveAs
	}
	board := newSwitchboard(ctx, o.Call)
	notice := ""
	if o.Hear {
		var done func()
		board.speaker, notice, done = speaker(ctx, o.Call.Voice != nil)
		defer done()
	}
	if isDumb(o.Environ) {
		return runPlain(ctx, o, board, notice)
	}
	return runScreen(ctx, o, board, notice)
}

// speaker returns what plays the call, a sentence if not all of it can be heard,
// and what to call at the end.
func speaker(ctx context.Context, voice bool) (simulator.Speaker, string, func()) {
	player, err := FindPlayer(ctx)
	if err != nil {
		return nil, sentence(err), func() {}
	}
	if !voice {
		return player, "Nothing here speaks text, so of the call only sound files are heard.", player.Close
	}
	return player, "", player.Close
}

// sentence returns an error as a sentence, with its hint.
func sentence(err error) string {
	text := clean(err.Error())
	if hint := fault.HintOf(err); hint != "" {
		text += "; " + clean(hint)
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:] + "."
}

func isDumb(environ []string) bool {
	term := ""
	for _, pair := range environ {
		if value, ok := strings.CutPrefix(pair, "TERM="); ok {
			term = value
		}
	}
	return term == "dumb"
}

// environ returns an environment in which NO_COLOR says what it means, whatever
// its value (https://no-color.org).
func environ(pairs []string) []string {
	for _, pair := range pairs {
		if value, ok := strings.CutPrefix(pair, "NO_COLOR="); ok && value != "" {
			return append(slices.Clone(pairs), "NO_COLOR=1")
		}
	}
	return pairs
}

// runScreen is Run on a terminal that can place text.
func runScreen(ctx context.Context, o Options, board *switchboard, notice string) (*simulator.Result, error) {
	s := newScreen(o, board)
	s.opening = notice
	program := tea.NewProgram(s, tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out),
		tea.WithWindowSize(s.width, s.height), tea.WithEnvironment(environ(o.Environ)), tea.WithoutSignalHandler())
	_, err := program.Run()
	result, callErr := board.leave()
	err = errors.Join(err, s.saver.rest(result))
	if callErr != nil {
		return result, callErr
	}
	if err != nil && ctx.Err() != nil {
		return result, context.Cause(ctx)
	}
	if err != nil {
		return result, &fault.Error{Code: fault.Unavailable, Message: "the terminal cannot be used", Err: err, Hint: "TERM=dumb makes do with less of it"}
	}
	return result, nil
}
