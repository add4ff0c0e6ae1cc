// Package enginetest is what every engine.Line must do: calls whose callers act
// at set times, and what becomes of them.
package enginetest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// Call is a call to place on a Line.
type Call struct {
	Documents Documents // the responder; the first is asked for at /
	Acts      []Act     // in the order of their times
}

// Act is something that happens to a call at a time of its Line's clock.
type Act struct {
	At     time.Duration
	Key    byte   // the caller presses a key
	Say    string // the caller says something
	Hangup bool   // the caller hangs up

	Redirect string // somebody takes the call elsewhere
	Cancel   bool   // the owner of the line ends the call
}

// Place places a call on a Line of its kind and returns its events. A Line that
// must live in a synctest bubble makes one.
type Place func(t *testing.T, c Call) []trace.Stamped

// Documents answers each path with a document, and a path such as /2.5s.wav with
// that much silence. At programPath it has a program.
type Documents map[string]string

// ServeHTTP answers.
func (d Documents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutSuffix(r.URL.Path, ".wav"); ok {
		if length, err := time.ParseDuration(strings.Trim(name, "/")); err == nil {
			_ = audio.WriteWAV(w, audio.Silence(length)) // the caller may have gone
			return
		}
	}
	if r.URL.Path == programPath {
		d.converse(w, r)
		return
	}
	document, ok := d[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(w, "<Response>"+document+"</Response>")
}

// Tolerance is how far the times of events may be off: not at all on a clock that
// the test drives, a packet or two on the wire.
type Tolerance struct {
	Any    time.Duration
	Speech time.Duration // where the caller speaks, and is heard by ear
	Stream time.Duration // where a program goes by what it hears, or is elsewhere
}

// Run runs all cases against a Line.
func Run(t *testing.T, tolerance Tolerance, place Place) {
	for _, c := range slices.Concat(cases, streamCases) {
		t.Run(c.name, func(t *testing.T) {
			call := Call{Documents: c.documents, Acts: acts(t, c.acts)}
			allowed := tolerance.Any
			if slices.ContainsFunc(call.Acts, func(a Act) bool { return a.Say != "" }) {
				allowed = max(allowed, tolerance.Speech)
			}
			if _, streams := c.documents[programPath]; streams {
				call.Documents.checkPrograms(t)
				allowed = max(allowed, tolerance.Stream)
			}
			events := place(t, call)
			if problem := compare(strings.Split(c.want, "\n"), told(events), allowed); problem != "" {
				t.Error(problem)
			}
		})
	}
}

// acts reads a case's acts, such as "1.5 press 1, 3 hangup".
func acts(t *testing.T, text string) []Act {
	t.Helper()
	var all []Act
	for line := range strings.SplitSeq(text, ",") {
		at, act, _ := strings.Cut(strings.TrimSpace(line), " ")
		if at == "" {
			continue
		}
		seconds, err := strconv.ParseFloat(at, 64)
		if err != nil {
			t.Fatalf("the act %q: %v", line, err)
		}
		a := Act{At: time.Duration(seconds * float64(time.Second))}
		switch word, rest, _ := strings.Cut(act, " "); word {
		case "press":
			a.Key = rest[0]
		case "say":
			a.Say = rest
		case "hangup":
			a.Hangup = true
		case "redirect":
			a.Redirect = rest
		case "cancel":
			a.Cancel = true
		default:
			t.Fatalf("the act %q is not known", line)
		}
		all = append(all, a)
	}
	return all
}

// told returns events as lines: the time, and what a transcript says. Requests
// are shown by their path alone.
func told(events []trace.Stamped) []string {
	var lines []string
	for _, e := range events {
		text := trace.Transcript(e.Event)
		switch event := e.Event.(type) {
		case trace.Answer, trace.Answered:
			continue
		case trace.Request:
			text = "asks " + pathOf(event.URL)
		case trace.Warning:
			if strings.HasPrefix(event.Code, "SH2") || event.Code == engine.CodePlainStream {
				continue // of the document, whatever the Line
			}
		case trace.Play:
			text = strings.Replace(text, event.URL, strings.TrimPrefix(pathOf(event.URL), "/"), 1)
		case trace.Record:
			text = strings.TrimSuffix(strings.Replace(text, event.URL, "", 1), ", ")
		case trace.Stream:
			text = strings.Replace(text, event.URL, pathOf(event.URL), 1)
		case trace.Streamed:
			text = toldOf(event)
		case trace.Hangup:
			text, _, _ = strings.Cut(text, ":") // why is in words of each line
			text += " (" + string(event.By) + ")"
		}
		lines = append(lines, fmt.Sprintf("%s %s", strconv.FormatFloat(e.At.Seconds(), 'f', -1, 64), text))
	}
	return lines
}

// toldOf returns how a stream went, but for what each Line knows by itself: how much
// of its sound went out in the last moment, and what a simulated caller says.
func toldOf(e trace.Streamed) string {
	parts := []string{fmt.Sprintf("stream ended by the %s: %s s heard", e.Ended, strconv.FormatFloat(float64(e.Heard), 'f', -1, 64))}
	if len(e.Marks) > 0 {
		parts = append(parts, "marks "+strings.Join(e.Marks, " "))
	}
	if e.Keys != "" {
		parts = append(parts, "presses "+e.Keys)
	}
	if e.Clears > 0 {
		parts = append(parts, "clears "+strconv.Itoa(e.Clears))
	}
	return strings.Join(parts, ", ")
}

func pathOf(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	_, path, _ := strings.Cut(rest, "/")
	return "/" + path
}

// compare returns what differs, with all of both, or "".
func compare(want, got []string, tolerance time.Duration) string {
	same := len(want) == len(got)
	for i := 0; same && i < len(want); i++ {
		same = alike(want[i], got[i], tolerance)
	}
	if same {
		return ""
	}
	return "got\n\t" + strings.Join(got, "\n\t") + "\nwant\n\t" + strings.Join(want, "\n\t")
}

// alike compares two lines word by word, and numbers as times.
func alike(want, got string, tolerance time.Duration) bool {
	a, b := strings.Fields(want), strings.Fields(got)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, xErr := strconv.ParseFloat(strings.Trim(a[i], "(),"), 64)
		y, yErr := strconv.ParseFloat(strings.Trim(b[i], "(),"), 64)
		if xErr == nil && yErr == nil {
			if d := x - y; d > tolerance.Seconds() || -d > tolerance.Seconds() {
				return false
			}
			continue
		}
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
