package telephone

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// From which sizes on a screen has what.
const (
	wideWidth    = 100 // the wire beside the transcript
	roomyWidth   = 60  // the state of the call in words
	keypadFrom   = 46  // the keypad
	tallHeight   = 16  // the keypad, and the responder's URL
	mostText     = 72  // columns of what is to be read at one glance
	headerHeight = 2   // at least: who calls whom, and a rule
)

// View draws the screen.
func (s *screen) View() tea.View {
	v := tea.NewView(strings.Join(s.draft(time.Now()), "\n"))
	v.AltScreen = true
	return v
}

// draft returns the rows of the screen: as many as it is high, none wider than
// it is.
func (s *screen) draft(now time.Time) []string {
	clock := s.clock()
	rows := s.header(clock)
	body := s.body(clock)
	for len(body) < s.bodyHeight() {
		body = append(body, "")
	}
	rows = append(rows, body[:s.bodyHeight()]...)
	rows = append(rows, s.footer(now, clock)...)
	rows = rows[:min(len(rows), s.height)]
	for i := range rows {
		rows[i] = strings.TrimRight(fit(rows[i], s.width), " ")
	}
	return rows
}

func (s *screen) isTall() bool { return s.height >= tallHeight }

func (s *screen) hasKeypad() bool { return s.isTall() && s.width >= keypadFrom }

// bodyHeight is what header and footer leave.
func (s *screen) bodyHeight() int {
	head, foot := headerHeight, 1+2
	if s.isTall() {
		head++
		foot = 1 + keypadHeight
	}
	return max(0, s.height-head-foot)
}

// header shows who calls whom, and how the call is.
func (s *screen) header(clock time.Duration) []string {
	call := s.options.Call
	from, to := orDefault(call.From, simulator.DefaultFrom), orDefault(call.To, simulator.DefaultTo)
	lamp, state := ready.Render("●"), " on the phone "
	if !s.isOnCall() {
		lamp, state = faint.Render("○"), " over after "
	}
	if s.width < roomyWidth {
		state = ""
	}
	state = lamp + state + " " + trace.Clock(clock)
	rows := []string{spread(" "+strong.Render(from+" calls "+to), state+" ", s.width)}
	if s.isTall() {
		through := orDefault(call.Method, "GET") + " " + clean(call.Target)
		if s.options.Core != "" {
			through = "through the Core at " + clean(s.options.Core)
		}
		rows = append(rows, " "+faint.Render(through))
	}
	return append(rows, s.rule("┬"))
}

func orDefault(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return clean(text)
}

// rule is a line across the screen; crossing is where it meets the line
// between two panes.
func (s *screen) rule(crossing string) string {
	if !s.isWide() || s.help {
		return faint.Render(strings.Repeat("─", s.width))
	}
	left := s.leftWidth()
	return faint.Render(strings.Repeat("─", left+1) + crossing + strings.Repeat("─", max(0, s.width-left-2)))
}

// leftWidth is the width of the transcript beside the wire.
func (s *screen) leftWidth() int { return min(mostText+clockWidth, s.width*47/100) }

// body returns what stands between header and footer.
func (s *screen) body(clock time.Duration) []string {
	height := s.bodyHeight()
	if s.help {
		return helpRows()
	}
	if !s.isWide() {
		if s.narrowPage != pages {
			return indented(s.requests.view(s.width-2, height))
		}
		return s.said(min(s.width-1, mostText+clockWidth), height, clock)
	}
	left := s.leftWidth()
	said := s.said(left, height, clock)
	wire := s.requests.view(s.width-left-4, height)
	rows := make([]string, height)
	for i := range rows {
		var a, b string
		if i < len(said) {
			a = said[i]
		}
		if i < len(wire) {
			b = wire[i]
		}
		rows[i] = fit(a, left+1) + faint.Render("│") + " " + b
	}
	return rows
}

func (s *screen) said(width, height int, clock time.Duration) []string {
	var rows []string
	rows, s.mostBack = s.transcript.view(width, height, s.back, clock)
	s.back = min(s.back, s.mostBack)
	return rows
}

func indented(rows []string) []string {
	for i := range rows {
		rows[i] = " " + rows[i]
	}
	return rows
}

// footer has the keypad, what the line waits for, and which keys do what.
func (s *screen) footer(now time.Time, clock time.Duration) []string {
	rule := s.rule("┴")
	room := s.width - 2
	if s.hasKeypad() {
		room -= keypadWidth + 2
	}
	room = min(room, mostText)
	st := s.status(clock)
	rows := []string{
		spread(st.style.Render(fit(st.text, room-ansi.StringWidth(st.clock)-1))+" ", st.clock, room),
		bar(st.share, room),
		s.hint(room),
		faint.Render(s.keysHelp(room)),
	}
	if !s.isTall() {
		second := s.hint(room)
		if second == "" {
			second = rows[3]
		}
		return append([]string{rule}, indented([]string{rows[0], second})...)
	}
	if s.hasKeypad() {
		for i, keys := range s.keypad.view(now) {
			rows[i] = " " + keys + "  " + rows[i]
		}
		return append([]string{rule}, rows...)
	}
	return append([]string{rule}, indented(rows)...)
}

// hint is the field that is typed in, or a notice.
func (s *screen) hint(room int) string {
	if s.field == nil && s.notice == "" {
		return ""
	}
	if s.field == nil {
		return warning.Render(s.notice)
	}
	label := "Say: "
	if s.field.use == saveField {
		label = "Save to: "
	}
	s.field.input.SetWidth(max(1, room-len(label)-1))
	return strong.Render(label) + s.field.input.View()
}

// keysHelp says which keys do what, as far as there is room.
func (s *screen) keysHelp(room int) string {
	var all []string
	switch {
	case s.field != nil && s.field.use == sayField:
		all = []string{"enter says it", "esc says nothing"}
	case s.field != nil:
		all = []string{"enter saves", "esc does not"}
	case s.isOnCall():
		all = []string{"0-9*# press", "/ speak", "h hang up", "? help", "tab pages", "s save"}
	default:
		all = []string{"r call again", "q leave", "s save", "? help", "tab pages"}
	}
	line := all[0]
	for _, next := range all[1:] {
		if ansi.StringWidth(line)+2+len(next) > room {
			break
		}
		line += "  " + next
	}
	return line
}

// helpRows is the page that explains the keys.
func helpRows() []string {
	var rows []string
	for _, line := range [][2]string{
		{"0-9 * #", "press a key"},
		{"/", "speak: type it, then enter"},
		{"h", "hang up"},
		{"ctrl+c", "hang up and leave"},
		{"s", "save the call for a test"},
		{"tab", "response, request, timings"},
		{"← →", "an earlier or later request"},
		{"↑ ↓", "scroll the answer"},
		{"PgUp PgDn", "scroll what was said"},
		{"r", "call again, once it is over"},
		{"q", "leave, once it is over"},
	} {
		rows = append(rows, " "+strong.Render(fit(line[0], 11))+line[1])
	}
	return rows
}
