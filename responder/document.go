package responder

import "slices"

// MaxDocument is the size in bytes past which a document is not read.
const MaxDocument = 1 << 20

// Document is a responder's answer: verbs that are run in order. When the last
// one is done the call is disconnected.
type Document struct {
	Verbs  []Verb
	Action string // URL that is asked instead of disconnecting at the end

	// Bare writes the document's only verb as the root, without a Response
	// around it, as phone systems older than v44.1 want it.
	Bare bool
}

// Respond returns a document of verbs.
func Respond(verbs ...Verb) Document { return Document{Verbs: verbs} }

// Bare returns a document that is one verb with no Response around it.
func Bare(verb Verb) Document { return Document{Verbs: []Verb{verb}, Bare: true} }

// Problems reports what is wrong or odd about the document itself, whatever
// way it was written down. Positions are zero; Parse knows them.
func (d Document) Problems() []Problem {
	var found []Problem
	d.examine(func(_ place, p Problem) { found = append(found, p) })
	return found
}

// place names a verb of a document, or a prompt in it.
type place struct{ verb, prompt int } // prompt is -1 for the verb itself; verb is -1 for the document

// examine reports every problem that shows in the document's values.
func (d Document) examine(report func(place, Problem)) {
	whole := place{-1, -1}
	if len(d.Verbs) == 0 && d.Action == "" {
		report(whole, problem(CodeEmpty, "the document has no verbs"))
	}
	if d.Bare && (len(d.Verbs) != 1 || d.Action != "") {
		report(whole, problem(CodeNotAllowed, "a bare document is exactly one verb and has no action of its own"))
	}
	for i, v := range d.Verbs {
		at := place{i, -1}
		examineVerb(v, func(p Problem) { report(at, p) })
		g, ok := v.(Gather)
		if !ok {
			continue
		}
		for j, p := range g.Prompts {
			at := place{i, j}
			if p == nil {
				report(at, problem(CodeMissing, "a prompt is nil"))
				continue
			}
			examineVerb(p, func(p Problem) { report(at, p) })
			if actionOf(p) != "" {
				report(at, problem(CodeNestedAction, "the action of a %s inside a Gather never gets control", p.Name()))
			}
		}
	}
	if i := slices.IndexFunc(d.Verbs, endsDocument); i >= 0 && i+1 < len(d.Verbs) {
		report(place{i + 1, -1}, problem(CodeUnreachable, "nothing after this %s is ever run", describe(d.Verbs[i])))
	}
}

// endsDocument reports whether no verb after v can run.
func endsDocument(v Verb) bool {
	switch v.(type) {
	case nil:
		return false
	case Forward, Hangup:
		return true
	}
	return actionOf(v) != ""
}

func describe(v Verb) string {
	if actionOf(v) != "" {
		return v.Name() + " with an action"
	}
	return v.Name()
}

func examineVerb(v Verb, report func(Problem)) {
	missing := func(format string, args ...any) { report(problem(CodeMissing, format, args...)) }
	switch v := v.(type) {
	case nil:
		missing("a verb is nil")
	case Say:
		if v.Text == "" {
			report(problem(CodeNothingToSay, "this Say has no text"))
		}
	case Play:
		if v.URL == "" {
			missing("this Play names no file")
		}
	case Gather:
		if v.Action == "" {
			report(problem(CodeNoAction, "this Gather has no action, so what the caller enters goes nowhere"))
		}
		examineGather(v, report)
	case Forward:
		if v.To == "" {
			missing("this Forward names no destination")
		}
	case Connect:
		examineStream(v.Stream, report)
	case Start:
		examineStream(v.Stream, report)
	case Record:
		if v.Action == "" {
			report(problem(CodeNoAction, "this Record has no action, so nobody learns where the recording is"))
		}
		examineKeys(v.FinishOnKey, report)
	}
}

func examineGather(g Gather, report func(Problem)) {
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
	examineKeys(g.FinishOnKey, report)
}

func examineKeys(keys string, report func(Problem)) {
	if keys != NoFinishKey && !isKeys(keys) {
		report(problem(CodeValue, "finishOnKey=%q has a character that is not a telephone key", keys))
	}
}

func examineStream(s Stream, report func(Problem)) {
	if s.URL == "" {
		report(problem(CodeMissing, "this Stream has no url"))
	} else if scheme, _, ok := cutScheme(s.URL); ok && scheme != "wss" && scheme != "ws" {
		report(problem(CodeValue, "a Stream's url begins with wss://, not %s://", scheme))
	}
	for _, p := range s.Parameters {
		if p.Name == "" {
			report(problem(CodeMissing, "a Parameter of this Stream has no name"))
		}
	}
}
