package responder

import (
	"slices"
	"strings"
	"time"
)

// place names a verb of a document, or a prompt in it.
type place struct {
	verb   int // -1 for the whole document
	prompt int // -1 for the verb itself
}

var whole = place{-1, -1}

// examine reports every problem that shows in the document's values.
func (d Document) examine(report func(place, Problem)) {
	d.faults(report)
	d.oddities(report)
}

// faults reports the problems of severity Error.
func (d Document) faults(report func(place, Problem)) {
	if d.Bare && (len(d.Verbs) != 1 || d.Action != "") {
		report(whole, problem(CodeNotAllowed, "a bare document is exactly one verb and has no action of its own"))
	}
	for i, v := range d.Verbs {
		faultsOf(v, func(p Problem) { report(place{i, -1}, p) })
		g, _ := v.(Gather)
		for j, prompt := range g.Prompts {
			faultsOf(prompt, func(p Problem) { report(place{i, j}, p) })
		}
	}
}

// oddities reports the problems of severity Warning.
func (d Document) oddities(report func(place, Problem)) {
	if len(d.Verbs) == 0 && d.Action == "" {
		report(whole, problem(CodeEmpty, "the document has no verbs"))
	}
	for i, v := range d.Verbs {
		oddityOf(v, func(p Problem) { report(place{i, -1}, p) })
		g, _ := v.(Gather)
		for j, prompt := range g.Prompts {
			oddityOf(prompt, func(p Problem) { report(place{i, j}, p) })
			if actionOf(prompt) != "" {
				report(place{i, j}, problem(CodeNestedAction, "the action of a %s inside a Gather never gets control", prompt.Name()))
			}
		}
	}
	if i := slices.IndexFunc(d.Verbs, endsDocument); i >= 0 && i+1 < len(d.Verbs) {
		ending := d.Verbs[i].Name()
		if actionOf(d.Verbs[i]) != "" {
			ending += " with an action"
		}
		report(place{i + 1, -1}, problem(CodeUnreachable, "nothing after this %s is ever run", ending))
	}
}

// endsDocument reports whether no verb after v can run.
func endsDocument(v Verb) bool {
	switch v.(type) {
	case Forward, Hangup:
		return true
	}
	return actionOf(v) != ""
}

func oddityOf(v Verb, report func(Problem)) {
	switch v := v.(type) {
	case Say:
		if strings.TrimSpace(v.Text) == "" {
			report(problem(CodeNothingToSay, "this Say has no text"))
		}
	case Gather:
		if v.Action == "" {
			report(problem(CodeNoAction, "this Gather has no action, so what the caller enters goes nowhere"))
		}
	case Record:
		if v.Action == "" {
			report(problem(CodeNoAction, "this Record has no action, so nobody learns where the recording is"))
		}
	}
}

func faultsOf(v Verb, report func(Problem)) {
	switch v := v.(type) {
	case nil:
		report(problem(CodeMissing, "a verb is nil"))
	case Say, Hangup:
	case Play:
		if strings.TrimSpace(v.URL) == "" {
			report(problem(CodeMissing, "this Play names no file"))
		}
	case Gather:
		faultsOfGather(v, report)
	case Forward:
		if strings.TrimSpace(v.To) == "" {
			report(problem(CodeMissing, "this Forward names no destination"))
		}
	case Echo:
		faultsOfLimit("timeout", v.Timeout, report)
	case Connect:
		faultsOfStream(v.Stream, report)
		if v.Stream.Track != "" && v.Stream.Track != TrackInbound {
			report(problem(CodeValue, "a Connect's Stream has no track=%q: it gets what the caller says", string(v.Stream.Track)))
		}
	case Start:
		faultsOfStream(v.Stream, report)
	case Record:
		faultsOfLimit("maxLength", v.MaxLength, report)
		faultsOfTime("timeout", v.Timeout, report)
		faultsOfKeys(v.FinishOnKey, report)
	default: // a pointer, or a struct that embeds a verb
		report(problem(CodeNotAllowed, "a %T is no verb; give a value such as responder.Say{}", v))
	}
}

func faultsOfGather(g Gather, report func(Problem)) {
	switch g.Input {
	case "", InputDTMF, InputSpeech, InputBoth:
	default:
		report(problem(CodeValue, "input=%q is not dtmf, speech or both", string(g.Input)))
	}
	if g.NumDigits < 0 || g.NumDigits > maxNumDigits {
		report(problem(CodeValue, "numDigits=%d is not between 1 and %d", g.NumDigits, maxNumDigits))
	}
	switch g.Method {
	case "", "GET", "POST":
	default:
		report(problem(CodeValue, "method=%q is neither GET nor POST", g.Method))
	}
	faultsOfKeys(g.FinishOnKey, report)
	faultsOfTime("timeout", g.Timeout, report)
	faultsOfTime("digitEndTimeout", g.DigitEndTimeout, report)
	faultsOfTime("executionTimeout", g.ExecutionTimeout, report)
	faultsOfTime("speechTimeout", g.SpeechTimeout, report)
}

func faultsOfKeys(keys string, report func(Problem)) {
	if keys != NoFinishKey && !isKeys(keys) {
		report(problem(CodeValue, "finishOnKey=%q has a character that is not a telephone key", keys))
	}
}

func faultsOfTime(name string, d time.Duration, report func(Problem)) {
	if (d < 0 && d != Immediately) || d > maxSeconds*time.Second {
		report(problem(CodeValue, "%s=%v is not between 0 and %d seconds", name, d, maxSeconds))
	}
}

// faultsOfLimit is faultsOfTime where zero seconds, written out, would mean
// without limit.
func faultsOfLimit(name string, d time.Duration, report func(Problem)) {
	if d == Immediately {
		report(problem(CodeValue, "%s cannot be Immediately: 0 means without limit", name))
		return
	}
	faultsOfTime(name, d, report)
}

func faultsOfStream(s Stream, report func(Problem)) {
	if strings.TrimSpace(s.URL) == "" {
		report(problem(CodeMissing, "this verb names no Stream with a url"))
	} else if scheme := schemeOf(s.URL); scheme != "" && scheme != "wss" && scheme != "ws" {
		unusable := problem(CodeValue, "a Stream's url begins with wss://, not %s://", shorten(scheme))
		unusable.Effect = "a phone system may not open the stream" // no default could stand in for it
		report(unusable)
	}
	if !s.Track.known() {
		report(problem(CodeValue, "track=%q is not inbound, outbound or both", string(s.Track)))
	}
	for _, p := range s.Parameters {
		if p.Name == "" {
			report(problem(CodeMissing, "a Parameter of this Stream has no name"))
		}
	}
}
