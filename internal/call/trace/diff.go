package trace

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// Diff compares what two calls were: what was said, played, gathered, forwarded,
// and how they ended. Times, requests and warnings may differ, and so may the
// origin of the responder. It returns the differences as lines that begin with -
// (was) and + (is), among a few lines around them, or "" if there are none. If
// one of them is masked both are compared masked; so if secrets were taken out.
func Diff(was, is *Saved) string {
	before, after := was.essence(), is.essence()
	if phone.IsMasked(before) || phone.IsMasked(after) {
		before, after = phone.MaskIn(before), phone.MaskIn(after)
	}
	if strings.Contains(before+after, setting.Redacted) {
		before, after = setting.WithoutSecrets(before), setting.WithoutSecrets(after)
	}
	if before == after {
		return ""
	}
	lines := strings.SplitAfter(string(diff.Diff("was", []byte(before), "is", []byte(after))), "\n")
	var b strings.Builder
	for _, line := range lines[3:] { // after the names of the two
		switch {
		case line == "":
		case strings.HasPrefix(line, "@@"):
			if b.Len() > 0 {
				b.WriteString("    …\n") // the same in both
			}
		default:
			b.WriteString("  " + line[:1] + " " + line[1:])
		}
	}
	return b.String()
}

// essence returns the lines of a call that are compared.
func (s *Saved) essence() string {
	origin := ""
	if u, err := url.Parse(s.Target); err == nil {
		origin = u.Scheme + "://" + u.Host
	}
	local := func(address string) string {
		if rest, ok := strings.CutPrefix(address, origin); ok && strings.HasPrefix(rest, "/") {
			return rest
		}
		return address
	}
	// How a stream went depends on what its program does, to the millisecond.
	events := slices.DeleteFunc(slices.Clone(s.Events), func(e Stamped) bool {
		_, streamed := e.Event.(Streamed)
		return streamed
	})
	left := s.endedBy() == ByCaller
	var b strings.Builder
	for i, stamped := range events {
		event := stamped.Event
		switch e := event.(type) {
		case Play:
			e.URL = local(e.URL)
			if e.Barged || left && isLastHeard(events, i) {
				e.Seconds = 0 // it depends on the caller, to the millisecond
			}
			event = e
		case Echo:
			if left && i == len(events)-2 {
				e.Seconds = 0
			}
			event = e
		case Forward:
			event = Forward{To: local(e.To), ByCaller: e.ByCaller} // how it ended there is its own affair
		case Stream:
			e.URL = "" // its origin has another scheme; parameters are of this one call
			event = e
		case Record:
			e.URL, e.Seconds = "", 0 // of this one call, as are the caller's words
			event = e
		case Hangup:
			e.Reason = "" // reasons contain times and addresses
			event = e
		case Answer, Answered, Request, Warning:
			continue
		}
		fmt.Fprintln(&b, essential(event))
	}
	return b.String()
}

// essential is the event's line, without lengths that do not count.
func essential(event Event) string {
	switch e := event.(type) {
	case Play:
		if e.Seconds == 0 {
			return printable("plays " + e.URL + barged(e.Barged))
		}
	case Echo:
		if e.Seconds == 0 {
			return "echoes"
		}
	case Stream:
		return "media stream (" + e.Mode + ")"
	case Record:
		return "> records"
	}
	return Transcript(event)
}

// endedBy returns who ended the call, empty where it was forwarded.
func (s *Saved) endedBy() Party {
	if len(s.Events) == 0 {
		return ""
	}
	end, _ := s.Events[len(s.Events)-1].Event.(Hangup)
	return end.By
}

// isLastHeard reports whether the caller heard nothing more after an event.
func isLastHeard(events []Stamped, i int) bool {
	return !slices.ContainsFunc(events[i+1:], func(e Stamped) bool {
		switch e.Event.(type) {
		case Say, Play, Echo:
			return true
		}
		return false
	})
}
