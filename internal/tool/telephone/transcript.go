package telephone

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// transcript is what was said and done in a call, as the person on the phone
// would put it.
type transcript struct {
	home    string // the origin of the responder, which need not be repeated
	entries []*entry
	heard   *entry // the prompt that is played; nil: none is
	entered *entry // what a Gather has got so far; nil: nothing
}

// entry is a paragraph of a transcript. Its texts are clean.
type entry struct {
	at    time.Duration
	kind  entryKind
	text  string
	tail  string        // a remark after the text
	until time.Duration // when the prompt that is played will be over; 0: it is

	width int // that rows were made for
	rows  []string

	printed bool // where a transcript is printed rather than drawn
}

// entryKind says who speaks in an entry.
type entryKind int

const (
	heardEntry   entryKind = iota // the responder speaks
	playedEntry                   // a file is played
	enteredEntry                  // the person presses keys or speaks, and somebody listens
	lostEntry                     // the same, and not listened for
	remarkEntry                   // other events
	askedEntry                    // a request
	warningEntry
	failureEntry
	endEntry
)

func newTranscript(target string) *transcript {
	t := &transcript{}
	if u, err := url.Parse(target); err == nil {
		t.home = u.Scheme + "://" + u.Host
	}
	return t
}

// addEntry adds an entry in the order of its time: a request is known only once it
// has been answered, and a key may have been pressed meanwhile.
func (t *transcript) addEntry(e *entry) *entry {
	i := len(t.entries)
	for i > 0 && t.entries[i-1].at > e.at {
		i--
	}
	t.entries = slices.Insert(t.entries, i, e)
	return e
}

// local returns a URL as short as can be: without home if it starts there.
func (t *transcript) local(address string) string {
	if rest, ok := strings.CutPrefix(address, t.home); ok && strings.HasPrefix(rest, "/") {
		address = rest
	}
	return clean(address)
}

// beginPrompt adds a prompt as it begins. The scene of one that is there already
// says when it will be over.
func (t *transcript) beginPrompt(scene simulator.Scene) {
	if t.heard != nil && t.heard.at == scene.From {
		t.heard.until = scene.Until
		return
	}
	e := &entry{at: scene.From, until: scene.Until}
	switch prompt := scene.Prompt.(type) {
	case engine.Speech:
		e.kind, e.text = heardEntry, clean(prompt.Text)
	case engine.Recording:
		e.kind, e.text = playedEntry, t.local(prompt.URL)
	}
	t.heard = t.addEntry(e)
}

// finishPrompt returns the entry of a prompt that is over: the one that was
// begun, if there is one.
func (t *transcript) finishPrompt(at time.Duration) *entry {
	e := t.heard
	if e == nil {
		e = t.addEntry(&entry{at: at})
	}
	t.heard = nil
	e.until, e.rows = 0, nil
	return e
}

// press adds a key.
func (t *transcript) press(key byte, at time.Duration, wanted bool) {
	if !wanted {
		t.lose(string(key), at)
		return
	}
	t.enter(at)
	t.entered.text += string(key)
	t.entered.rows = nil
}

// speak adds what the person says.
func (t *transcript) speak(text string, at time.Duration, wanted bool) {
	text = quoted(text)
	if !wanted {
		t.lose(text, at)
		return
	}
	t.enter(at)
	if t.entered.text != "" {
		t.entered.text += " "
	}
	t.entered.text += text
	t.entered.rows = nil
}

func (t *transcript) enter(at time.Duration) {
	if t.entered == nil {
		t.entered = t.addEntry(&entry{kind: enteredEntry, at: at})
	}
}

// lose adds input that was not listened for.
func (t *transcript) lose(text string, at time.Duration) {
	last := len(t.entries) - 1
	if last < 0 || t.entries[last].kind != lostEntry {
		t.addEntry(&entry{kind: lostEntry, at: at, tail: "nobody listens"})
		last++
	}
	e := t.entries[last]
	e.text += text
	e.rows = nil
}

func quoted(text string) string { return "“" + clean(text) + "”" }

// recordEvent adds an event.
func (t *transcript) recordEvent(stamped trace.Stamped) {
	at := stamped.At
	switch e := stamped.Event.(type) {
	case trace.Request:
		t.entered = nil // of a media stream or a recording, which nothing else ends
		t.addEntry(&entry{kind: askedEntry, at: at, text: t.request(e)})
		if e.Error != "" {
			t.addEntry(&entry{kind: failureEntry, at: at, text: clean(e.Error)})
		}
	case trace.Say:
		spoken := t.finishPrompt(at)
		spoken.kind, spoken.text = heardEntry, clean(e.Text)
		spoken.tail = cut(e.Barged)
	case trace.Play:
		played := t.finishPrompt(at)
		played.kind, played.text = playedEntry, t.local(e.URL)
		played.tail = seconds(e.Seconds)
		if e.Barged {
			played.tail += ", " + cut(true)
		}
	case trace.Gather:
		t.gathered(at, e)
	case trace.Forward:
		t.addEntry(&entry{kind: remarkEntry, at: at, text: t.forward(e)})
	case trace.Echo:
		t.addEntry(&entry{kind: remarkEntry, at: at, text: "You heard yourself for " + seconds(e.Seconds) + "."})
	case trace.Stream:
		t.addEntry(&entry{kind: remarkEntry, at: at, text: stream(e)})
	case trace.Streamed:
		t.addEntry(&entry{kind: remarkEntry, at: at, text: streamed(e)})
	case trace.Record:
		t.entered = nil
		t.addEntry(&entry{kind: remarkEntry, at: at, text: "You were recorded for " + seconds(e.Seconds) + "."})
	case trace.Warning:
		text := clean(e.Code) + " " + clean(e.Text)
		if e.Line > 0 {
			text = fmt.Sprintf("%s, line %d: %s", clean(e.Code), e.Line, clean(e.Text))
		}
		t.addEntry(&entry{kind: warningEntry, at: at, text: text})
	case trace.Hangup:
		t.entered = nil
		t.addEntry(&entry{kind: endEntry, at: at, text: hangup(e)})
	}
}

func (t *transcript) request(e trace.Request) string {
	text := clean(e.Method) + " " + t.local(e.URL)
	if e.Status != 0 {
		text += fmt.Sprintf("  %d  %d ms", e.Status, e.Ms)
	}
	return text
}

// gathered adds what a Gather got.
func (t *transcript) gathered(at time.Duration, g trace.Gather) {
	e := t.entered
	t.entered = nil
	var text, tail string
	switch {
	case g.Speech != "":
		text = quoted(g.Speech)
	case g.Ended == trace.EndedFinishOnKey:
		text = clean(g.Digits + orHash(g.FinishKey))
	default:
		text = clean(g.Digits)
	}
	switch g.Ended {
	case trace.EndedDigitEndTimeout:
		tail = "and no more"
	case trace.EndedExecutionTimeout:
		tail = "until the time was up"
	case trace.EndedTimeout:
		tail = "the time was up"
	}
	if text == "" {
		if g.Ended == trace.EndedHangup {
			return // the next line says it
		}
		text = "nothing"
	}
	if e == nil {
		e = t.addEntry(&entry{kind: enteredEntry, at: at})
	}
	e.text, e.tail, e.rows = text, tail, nil
}

func orHash(key string) string {
	if key == "" {
		return "#"
	}
	return key
}

func (t *transcript) forward(e trace.Forward) string {
	to := t.local(e.To)
	switch {
	case strings.Contains(e.To, "://"):
		return "Another responder takes over: " + to
	case e.ByCaller:
		return "The call goes on to " + to + ", by your own dial plan."
	}
	return "The call goes on to " + to + "."
}

func stream(e trace.Stream) string {
	if e.Mode == "start" {
		return "A media stream listens in: " + clean(e.URL)
	}
	return "A media stream has the call: " + clean(e.URL)
}

// streamed says how a media stream went.
func streamed(e trace.Streamed) string {
	text := "The media stream has ended: it got " + seconds(e.Sent)
	if e.Mode == "start" {
		return text + "."
	}
	return text + ", you heard " + seconds(e.Heard) + "."
}

// hangup says how a call ended.
func hangup(e trace.Hangup) string {
	switch e.By {
	case trace.ByResponder:
		return "The responder hung up."
	case trace.ByEnd:
		return "The call is over: " + clean(e.Reason) + "."
	case trace.ByCaller:
		return "You hung up."
	}
	return "The call was ended: " + clean(e.Reason) + "."
}

func cut(barged bool) string {
	if barged {
		return "cut short"
	}
	return ""
}

func seconds(s float64) string { return strconv.FormatFloat(s, 'f', -1, 64) + " s" }
