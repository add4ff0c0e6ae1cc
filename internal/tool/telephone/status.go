package telephone

import (
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// status is what the line waits for, as the rows beside the keypad show it.
type status struct {
	text  string
	style lipgloss.Style
	clock string  // how long it lasts, or has lasted
	share float64 // of the time that is left, from 1 to 0; negative: unknown
}

// status returns what the line waits for at a time of the call.
func (s *screen) status(now time.Duration) status {
	if !s.isOnCall() {
		return s.afterwards()
	}
	scene := s.scene
	left := max(0, scene.Until-now)
	st := status{text: s.wanting(), style: plain, share: -1}
	if scene.Keys || scene.Speech {
		st.style = ready
	}
	if scene.Until > scene.From {
		st.share = min(1, float64(left)/float64(scene.Until-scene.From))
		st.clock = tenths(left)
	} else if passed := now - scene.From; passed >= time.Second {
		st.clock = tenths(passed)
	}
	return st
}

// wanting says what the caller can do now.
func (s *screen) wanting() string {
	keys, speech := s.scene.Keys, s.scene.Speech
	switch s.scene.Kind {
	case simulator.Waiting:
		return "One moment: the responder is asked."
	case simulator.Hearing:
		switch {
		case keys && speech:
			return "Press keys, or / to speak, whenever you like."
		case keys:
			return "Press keys whenever you like."
		case speech:
			return "Press / to speak whenever you like."
		}
		return "Listen: nothing is asked of you."
	case simulator.Collecting:
		switch {
		case s.field != nil && s.field.use == sayField:
			return "You are heard. Take your time."
		case keys && speech:
			return "Your turn: press keys, or / to speak."
		case keys:
			return "Your turn: press keys."
		case speech:
			return "Your turn: press / to speak."
		}
		return "Silence."
	case simulator.Recording:
		return "You are recorded: press / to speak."
	case simulator.Echoing:
		return "You would hear yourself now."
	case simulator.Streaming:
		return "A media stream has you: keys and words go to it."
	case simulator.Disconnected:
		return "The line is free."
	}
	return ""
}

// afterwards says how the call ended.
func (s *screen) afterwards() status {
	st := status{style: strong, share: -1}
	switch e := s.ending.(type) {
	case trace.Hangup:
		st.text = hangup(e)
	case trace.Forward:
		st.text = s.transcript.forward(e)
	}
	if result := s.over.result; result != nil && result.Outcome.Failed {
		st.style = failing
	}
	return st
}

func tenths(d time.Duration) string {
	return fmt.Sprintf("%.1f s", d.Round(100*time.Millisecond).Seconds())
}

// bar draws a share of a width: what is left of the time.
func bar(share float64, width int) string {
	if share < 0 || width < 1 {
		return ""
	}
	full := int(share*float64(width) + 0.5)
	return strings.Repeat("━", full) + faint.Render(strings.Repeat("─", width-full))
}
