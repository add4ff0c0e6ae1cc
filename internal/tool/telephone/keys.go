package telephone

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// keyTyped does what a key of the keyboard stands for.
func (s *screen) keyTyped(key tea.KeyPressMsg) tea.Cmd {
	name := key.String()
	if name == "ctrl+c" {
		return s.leave()
	}
	if s.field != nil {
		return s.typedInField(key)
	}
	if s.help {
		s.help = false
		if name == "?" || name == "esc" || name == "enter" || name == "q" {
			return nil
		}
	}
	if len(name) == 1 && isKey(name[0]) {
		s.press(name[0])
		return nil
	}
	switch name {
	case "?":
		s.help = true
	case "s":
		s.askWhere()
	case "tab", "shift+tab":
		by := 1
		if name == "shift+tab" {
			by = -1
		}
		s.turn(by)
	case "left":
		s.requests.show(s.requests.shown - 1)
	case "right":
		s.requests.show(s.requests.shown + 1)
	case "up", "down", "pgup", "pgdown", "home", "end":
		s.scroll(name)
	default:
		if s.isOnCall() {
			return s.typedOnCall(name)
		}
		return s.typedAfterwards(name)
	}
	return nil
}

// typedOnCall does what keys stand for while the call goes on.
func (s *screen) typedOnCall(name string) tea.Cmd {
	switch name {
	case "/", "enter":
		if s.board.phone.BeginSaying() {
			s.openField(sayField, "")
		} else {
			s.showNotice("Nobody listens to speech now.")
		}
	case "h":
		s.board.phone.Hangup()
	case "q":
		s.showNotice("h hangs up; ctrl+c hangs up and leaves.")
	}
	return nil
}

// typedAfterwards does what keys stand for once the call is over.
func (s *screen) typedAfterwards(name string) tea.Cmd {
	switch name {
	case "q", "esc":
		return tea.Quit
	case "enter":
		if time.Since(s.overSince) >= settle {
			return tea.Quit
		}
	case "r":
		s.notice = ""
		return s.dial()
	case "/", "h":
		s.showNotice("The call is over; r calls again.")
	}
	return nil
}

// press presses a key of the telephone.
func (s *screen) press(key byte) {
	s.keypad.light(key, time.Now())
	if !s.isOnCall() {
		s.showNotice("The call is over; r calls again.")
		return
	}
	at := s.clock()
	wanted := s.board.phone.Press(key)
	s.transcript.press(key, at, wanted)
	if !wanted {
		s.showNotice("Nobody listens for keys now: " + string(key) + " is lost.")
	}
}

// leave hangs up, and leaves the screen when the call is over.
func (s *screen) leave() tea.Cmd {
	if !s.isOnCall() || s.leaving {
		return tea.Quit
	}
	s.leaving = true
	s.board.hangup(engine.ErrHungUp)
	return nil
}

// askWhere asks for the file to save the call to.
func (s *screen) askWhere() {
	if s.saver.write == nil {
		s.showNotice("This call cannot be saved.")
		return
	}
	s.openField(saveField, s.options.SaveAs)
}

// typedInField takes a key while a field is open.
func (s *screen) typedInField(key tea.KeyPressMsg) tea.Cmd {
	switch key.String() {
	case "esc":
		if s.field.use == sayField {
			s.board.phone.Say("")
		}
		s.field = nil
		return nil
	case "enter":
		s.submit()
		return nil
	}
	return s.edit(key)
}

// edit gives a message to the field. While a person types words, they speak.
func (s *screen) edit(message tea.Msg) tea.Cmd {
	var command tea.Cmd
	s.field.input, command = s.field.input.Update(message)
	if s.field.use == sayField {
		s.board.phone.BeginSaying()
	}
	return command
}

// submit takes what was typed in the field.
func (s *screen) submit() {
	text, use := s.trimmed(), s.field.use
	s.field = nil
	switch {
	case use == sayField:
		s.speak(text)
	case text == "":
	default:
		s.showNotice(s.saver.save(text, s.over))
	}
}

// speak says what was typed.
func (s *screen) speak(text string) {
	at := s.clock()
	wanted := s.board.phone.Say(text)
	if text == "" {
		return
	}
	s.transcript.speak(text, at, wanted)
	if !wanted {
		s.showNotice("Nobody listened any more.")
	}
}

// pasted takes text that was pasted: into the field, or as keys.
func (s *screen) pasted(text string) tea.Cmd {
	if s.field != nil {
		return s.edit(tea.PasteMsg{Content: text})
	}
	if !s.isOnCall() || s.help {
		return nil
	}
	for i := range len(text) {
		if isKey(text[i]) {
			s.press(text[i])
		}
	}
	return nil
}

// turn turns to another page of the wire. On a narrow screen the transcript is
// one of the pages.
func (s *screen) turn(by int) {
	if s.isWide() {
		s.requests.turn(by)
		return
	}
	s.narrowPage = (s.narrowPage + page(by) + pages + 1) % (pages + 1)
	if s.narrowPage != pages {
		s.requests.turn(int(s.narrowPage - s.requests.page))
	}
}

// scroll moves what there is more of: arrows the wire, page keys the
// transcript, where both can be seen.
func (s *screen) scroll(name string) {
	height := s.bodyHeight()
	wire := s.isWide() && (name == "up" || name == "down") || !s.isWide() && s.narrowPage != pages
	by := map[string]int{"up": -1, "down": 1, "pgup": -max(1, height-2), "pgdown": max(1, height-2), "home": -far, "end": far}[name]
	if wire {
		s.requests.scroll(by, height)
		return
	}
	s.back = max(0, min(s.mostBack, s.back-by))
}

// far is further than anything can be scrolled.
const far = 1 << 30
