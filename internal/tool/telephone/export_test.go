package telephone

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// Clean is clean.
func Clean(s string) string { return clean(s) }

// NewScreen returns the model of a screen, and what hangs up and returns the
// last call.
func NewScreen(ctx context.Context, o Options) (model tea.Model, leave func() (*simulator.Result, error)) {
	if o.SaveAs == "" {
		o.SaveAs = DefaultSaveAs
	}
	board := newSwitchboard(ctx, o.Call)
	return newScreen(o, board), board.leave
}

// Shown returns everything that a screen of a size shows of a call that goes
// on, with its styles: each page, and what was entered and typed.
func Shown(target string, scene simulator.Scene, events []trace.Stamped, typed string, width, height int) [][]string {
	o := Options{Call: simulator.Options{Target: target, From: typed, To: typed, Method: typed}, SaveAs: DefaultSaveAs}
	s := newScreen(o, newSwitchboard(context.Background(), o.Call))
	s.board.phone = &simulator.Handset{}
	s.transcript = newTranscript(target)
	s.board.news = &mailbox{closed: true, full: make(chan struct{}, 1)}
	s.narrowPage = pages
	s.Update(tea.WindowSizeMsg{Width: width, Height: height})
	s.takeNews(news{scene})
	s.transcript.speak(typed, 0, true)
	s.transcript.speak(typed, 0, false)
	for _, event := range events {
		s.takeNews(news{event})
	}
	s.showNotice(sentence(&textError{typed}))
	var all [][]string
	show := func() { all = append(all, s.draft(time.Now())) }
	show()
	for range pages {
		s.turn(1)
		show()
		s.requests.show(0)
		show()
	}
	s.openField(saveField, "")
	s.Update(tea.PasteMsg{Content: typed})
	show()
	s.takeNews(news{ended{result: &simulator.Result{Events: events}}})
	show()
	return all
}

type textError struct{ text string }

func (e *textError) Error() string { return strings.Repeat(e.text, 2) }
