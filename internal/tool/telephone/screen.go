package telephone

import (
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

const (
	// frame is how often a screen is drawn while something moves on it: often
	// enough for a clock with tenths of a second.
	frame = 100 * time.Millisecond

	// noticeFor is how long a notice stays.
	noticeFor = 4 * time.Second

	// settle is how long the end of a call ignores Enter: it was meant for the
	// call.
	settle = time.Second
)

// screen is the telephone as Bubble Tea's model: what is on it, and what keys
// do.
type screen struct {
	options    Options
	board      *switchboard
	transcript *transcript
	requests   requestPane
	keypad     keypad
	field      *field // that is typed in; nil: none

	width, height int
	narrowPage    page // what a narrow screen shows: pages stands for the transcript
	back          int  // rows that the transcript is scrolled back
	mostBack      int  // of the last view
	help          bool

	scene     simulator.Scene
	opening   string // what every call's transcript begins with; may be empty
	notice    string
	noticeEnd time.Time
	ticking   bool

	over      *ended // the call's end; nil: it goes on
	overSince time.Time
	ending    trace.Event // Hangup or Forward; nil: neither came
	length    time.Duration
	saver     saver
	leaving   bool
}

// field is a line to type in.
type field struct {
	input textinput.Model
	use   fieldUse
}

// fieldUse says what a field is for.
type fieldUse int

const (
	sayField fieldUse = iota
	saveField
)

// Messages of the screen.
type (
	news []any    // what happened in the call
	tick struct{} // time to draw again
)

func newScreen(o Options, board *switchboard) *screen {
	return &screen{options: o, board: board, saver: saver{write: o.Save}, width: 80, height: 24}
}

// Init calls.
func (s *screen) Init() tea.Cmd { return s.dial() }

// dial makes a call, perhaps another one.
func (s *screen) dial() tea.Cmd {
	s.transcript = newTranscript(s.options.Call.Target)
	if s.opening != "" {
		s.transcript.addEntry(&entry{kind: warningEntry, text: s.opening})
	}
	s.requests = requestPane{page: s.requests.page}
	s.narrowPage, s.back = pages, 0
	s.scene, s.over, s.ending, s.length = simulator.Scene{}, nil, nil, 0
	s.board.dial()
	return tea.Batch(s.awaitNews(), s.scheduleDraw())
}

// awaitNews waits for news of the call.
func (s *screen) awaitNews() tea.Cmd {
	mail := s.board.news
	return func() tea.Msg {
		if items := mail.next(); items != nil {
			return news(items)
		}
		return nil
	}
}

// scheduleDraw sees to it that the screen is drawn again soon while something
// moves.
func (s *screen) scheduleDraw() tea.Cmd {
	now := time.Now()
	if s.ticking || s.over != nil && !s.keypad.isLit(now) && s.notice == "" {
		return nil
	}
	s.ticking = true
	return tea.Tick(frame, func(time.Time) tea.Msg { return tick{} })
}

// Update takes a message.
func (s *screen) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	var command tea.Cmd
	switch m := message.(type) {
	case tea.WindowSizeMsg:
		if m.Width > 0 && m.Height > 0 { // a terminal that does not know is taken for 80 by 24
			s.width, s.height = m.Width, m.Height
		}
	case news:
		command = s.takeNews(m)
	case tick:
		s.ticking = false
		if s.notice != "" && !time.Now().Before(s.noticeEnd) {
			s.notice = ""
		}
	case tea.KeyPressMsg:
		command = s.keyTyped(m)
	case tea.PasteMsg:
		command = s.pasted(clean(m.Content))
	}
	return s, tea.Batch(command, s.scheduleDraw())
}

// takeNews takes news of the call.
func (s *screen) takeNews(items news) tea.Cmd {
	next := s.awaitNews()
	for _, item := range items {
		switch i := item.(type) {
		case simulator.Scene:
			s.scene = i
			if i.Kind == simulator.Hearing {
				s.transcript.beginPrompt(i)
			}
		case trace.Stamped:
			s.transcript.recordEvent(i)
			s.requests.recordRequest(i)
			switch i.Event.(type) {
			case trace.Hangup, trace.Forward:
				s.ending, s.length = i.Event, i.At
			}
		case ended:
			next = s.callEnded(i)
		}
	}
	return next
}

// callEnded takes the end of the call.
func (s *screen) callEnded(e ended) tea.Cmd {
	s.over, s.overSince = &e, time.Now()
	s.notice = ""
	if s.field != nil && s.field.use == sayField {
		s.field = nil
	}
	if s.leaving || e.err != nil {
		return tea.Quit
	}
	if s.saver.later != "" {
		s.showNotice(s.saver.save(s.saver.later, s.over))
	}
	return nil
}

// showNotice shows a notice.
func (s *screen) showNotice(notice string) {
	s.notice, s.noticeEnd = notice, time.Now().Add(noticeFor)
}

// openField opens a field.
func (s *screen) openField(use fieldUse, value string) {
	input := textinput.New()
	input.Prompt = ""
	input.CharLimit = maxTyped
	input.KeyMap.Paste.SetEnabled(false) // terminals paste; this would run programs
	styles := textinput.DefaultStyles(true)
	styles.Cursor.Blink = false
	styles.Focused = textinput.StyleState{Text: plain, Placeholder: faint, Suggestion: faint, Prompt: plain}
	styles.Cursor.Color = nil
	input.SetStyles(styles)
	input.SetValue(value)
	input.CursorEnd()
	input.Focus()
	s.field = &field{input: input, use: use}
}

// maxTyped is the longest text that a field takes, in characters: more than
// anybody says in one breath, and than a file name may have.
const maxTyped = 500

// isOnCall reports whether the call goes on.
func (s *screen) isOnCall() bool { return s.over == nil }

// isWide reports whether there is room for two panes.
func (s *screen) isWide() bool { return s.width >= wideWidth }

// clock returns the time of the call.
func (s *screen) clock() time.Duration {
	if s.isOnCall() {
		return s.board.phone.Now()
	}
	return s.length
}

func (s *screen) trimmed() string { return strings.TrimSpace(s.field.input.Value()) }
