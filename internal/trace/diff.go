package trace

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff compares what two calls were: what was said, played, gathered,
// forwarded, and how they ended. Times, requests and warnings may differ, and
// so may the origin of the responder. It returns the differences as lines that
// begin with - (was) and + (is), or "" where there are none.
func Diff(was, is *Saved) string {
	before, after := was.essence(), is.essence()
	if before == after {
		return ""
	}
	lines := strings.SplitAfter(string(diff.Diff("was", []byte(before), "is", []byte(after))), "\n")
	var b strings.Builder
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "diff "), strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "@@"), line == "":
		default:
			b.WriteString("  " + line)
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
	local := func(address string) string { return strings.TrimPrefix(address, origin) }
	var b strings.Builder
	for _, stamped := range s.Events {
		event := stamped.Event
		switch e := event.(type) {
		case Play:
			e.URL = local(e.URL)
			event = e
		case Forward:
			e.To = local(e.To)
			event = e
		case Stream:
			e.URL = "" // its parameters and mode count; its origin has another scheme
			event = e
		case Record:
			e.URL = "" // of this one call
			event = e
		case Hangup:
			e.Reason = string(e.By) // reasons tell times and addresses
			event = e
		case Answer, Request, Warning:
			continue
		}
		fmt.Fprintln(&b, Transcript(event))
	}
	return b.String()
}
