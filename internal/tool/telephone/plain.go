package telephone

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/muesli/cancelreader"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
)

// teletype is a telephone on a terminal that can only print one line after the
// other: what happens is printed as it happens, and input takes effect when the
// person ends the line.
type teletype struct {
	options    Options
	board      *switchboard
	transcript *transcript
	scene      simulator.Scene
	over       *ended // the call's end; nil: it goes on
	saver      saver
	err        error // of printing
}

// How a teletype prints.
const (
	teletypeWidth = 78
	teletypeHelp  = "Type keys (12#), or words to say them; h hangs up, s FILE saves, r calls again, q leaves."
)

// runPlain is Run on a terminal that cannot place text.
func runPlain(ctx context.Context, o Options, board *switchboard, notice string) (*simulator.Result, error) {
	t := &teletype{options: o, board: board, saver: saver{write: o.Save}}
	lines, done, err := readLines(o.In)
	if err != nil {
		return nil, &fault.Error{Code: fault.Unavailable, Message: "the terminal cannot be read", Err: err}
	}
	defer done()
	if notice != "" {
		t.print(notice)
	}
	t.print(teletypeHelp)
	t.dial()
	t.run(ctx, lines)
	result, err := board.leave()
	t.err = errors.Join(t.err, t.saver.rest(result))
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return result, errors.Join(err, t.err)
}

// run serves the person until they leave, or a call could not begin.
func (t *teletype) run(ctx context.Context, lines <-chan string) {
	for t.err == nil {
		select {
		case <-t.board.news.full:
			items, _ := t.board.news.take()
			for _, item := range items {
				t.takeNews(item)
			}
			if t.over != nil && t.over.err != nil {
				return
			}
		case line, ok := <-lines:
			if !ok || !t.lineTyped(strings.TrimSpace(line)) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (t *teletype) dial() {
	t.transcript = newTranscript(t.options.Call.Target)
	t.scene, t.over = simulator.Scene{}, nil
	t.board.dial()
}

// takeNews takes news of the call.
func (t *teletype) takeNews(item any) {
	switch i := item.(type) {
	case simulator.Scene:
		t.sceneChanged(i)
	case trace.Stamped:
		t.transcript.recordEvent(i)
	case ended:
		t.over = &i
		if i.err != nil {
			break
		}
		t.print("The call is over; r calls again, q leaves.")
		if t.saver.later != "" {
			t.print(t.saver.save(t.saver.later, t.over))
		}
	}
	t.printEntries()
}

// sceneChanged takes a scene. It prompts the person when their turn comes.
func (t *teletype) sceneChanged(scene simulator.Scene) {
	was := t.scene
	if scene.Kind == simulator.Waiting {
		return
	}
	t.scene = scene
	switch {
	case scene.Kind == simulator.Hearing:
		t.transcript.beginPrompt(scene)
	case was.Kind == scene.Kind && scene.From < was.Until:
		// It is still their turn.
	case t.transcript.entered != nil:
		// They have begun.
	case scene.Keys || scene.Speech:
		t.print(turnOf(scene))
	}
}

// turnOf says what the caller may do.
func turnOf(scene simulator.Scene) string {
	switch {
	case scene.Keys && scene.Speech:
		return "Your turn: keys or words."
	case scene.Keys:
		return "Your turn: keys."
	}
	return "Your turn: words."
}

// lineTyped does what a line stands for, and returns false when the person leaves.
func (t *teletype) lineTyped(line string) bool {
	command, rest, _ := strings.Cut(line, " ")
	switch {
	case line == "":
	case line == "?":
		t.print(teletypeHelp)
	case line == "q":
		return false
	case command == "s" && t.options.Save != nil:
		if rest = strings.TrimSpace(rest); rest == "" {
			rest = t.options.SaveAs
		}
		t.print(t.saver.save(rest, t.over))
	case line == "r" && t.over != nil:
		t.dial()
	case t.over != nil:
		t.print("The call is over; r calls again, q leaves.")
	case line == "h":
		t.board.phone.Hangup()
	case strings.Trim(line, "0123456789*# ") == "":
		for i := range len(line) {
			if isKey(line[i]) {
				t.transcript.press(line[i], t.board.phone.Now(), t.board.phone.Press(line[i]))
			}
		}
	default:
		words := strings.TrimSpace(strings.TrimPrefix(line, "/"))
		t.transcript.speak(words, t.board.phone.Now(), t.board.phone.Say(words))
	}
	t.printEntries()
	return true
}

// printEntries prints what was not printed yet. What the person has entered is
// printed when the Gather has it.
func (t *teletype) printEntries() {
	for _, e := range t.transcript.entries {
		if e.printed || e == t.transcript.entered {
			continue
		}
		e.printed = true
		for i, row := range e.wrapped(teletypeWidth - clockWidth) {
			column := blank(clockWidth)
			if i == 0 {
				column = lead(trace.Clock(e.at), clockWidth-2) + "  "
			}
			t.print(column + row)
		}
	}
}

func (t *teletype) print(line string) {
	if _, err := fmt.Fprintln(t.options.Out, line); err != nil && t.err == nil {
		t.err = &fault.Error{Code: fault.Unavailable, Message: "the terminal cannot be written to", Err: err}
	}
}

// readLines reads lines until done is called, which waits for the reader if it
// can be interrupted: files and terminals can, other readers cannot.
func readLines(in io.Reader) (lines <-chan string, done func(), err error) {
	reader, err := cancelreader.NewReader(in)
	if err != nil {
		return nil, nil, err
	}
	read, quit, ended := make(chan string), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(read)
		scanner := bufio.NewScanner(reader)
		for scanner.Scan() {
			select {
			case read <- scanner.Text():
			case <-quit:
				return
			}
		}
	}()
	return read, func() {
		close(quit)
		if reader.Cancel() {
			<-ended
		}
		_ = reader.Close()
	}, nil
}
