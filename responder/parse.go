package responder

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Parsed is a document as it was read.
type Parsed struct {
	Document Document
	Problems []Problem // in the order of the text; at most 100 warnings and 100 errors

	verbs []verbPlace // of the verb at the same index
}

// verbPlace is where a verb and its prompts begin.
type verbPlace struct {
	at      Position
	prompts []Position
}

// VerbPosition returns where the i-th verb begins, from 0.
func (p *Parsed) VerbPosition(i int) Position {
	if i < 0 || i >= len(p.verbs) {
		return Position{}
	}
	return p.verbs[i].at
}

// PromptPosition returns where the j-th prompt of the i-th verb begins, from 0.
func (p *Parsed) PromptPosition(i, j int) Position {
	if i < 0 || i >= len(p.verbs) || j < 0 || j >= len(p.verbs[i].prompts) {
		return Position{}
	}
	return p.verbs[i].prompts[j]
}

// Parse reads a document as responders in the field send it: with or without
// Response and XML declaration, names in any case, a bare & in text. What was
// odd is in Problems. The error is a *SyntaxError, whose problem is the last
// of Problems; Parsed is never nil.
//
// The strings of the document are parts of one copy of data.
func Parse(data []byte) (*Parsed, error) {
	parsed := &Parsed{}
	if fatal := parse(data, parsed); fatal != nil {
		parsed.Document, parsed.verbs = Document{}, nil
		parsed.Problems = append(parsed.Problems, *fatal)
		return parsed, &SyntaxError{*fatal}
	}
	return parsed, nil
}

// parse reads data into parsed. It returns the problem that ended the reading.
func parse(data []byte, parsed *Parsed) *Problem {
	if len(bytes.TrimFunc(data, isBlank)) == 0 {
		return &find(nowhere, CodeNothing, "the answer is empty").problem
	}
	if len(data) > MaxDocument {
		return &find(nowhere, CodeTooLarge, "the document has more than %d bytes", MaxDocument).problem
	}
	text, odd, fatal := decode(data)
	p := &parser{parsed: parsed, scan: scanner{text: text}, places: newCursor(text)}
	if odd != nil {
		p.scan.found.add(*odd)
	}
	if fatal == nil {
		fatal = p.document()
	}
	parsed.Problems = p.scan.found.problems(text)
	if fatal != nil {
		problem := fatal.locate(text)
		return &problem
	}
	p.examine()
	return nil
}

// parser builds a document of tokens.
type parser struct {
	parsed *Parsed
	scan   scanner
	places cursor   // of verbs and prompts, as they come
	root   Position // where the root element begins
	depth  int      // of the element being read, the root's is 1
}

// maxDepth is how deep elements may be nested. Response, Connect, Stream and
// Parameter make four; the rest is room for markup in a Say.
const maxDepth = 16

// document reads the text from its beginning to its end.
func (p *parser) document() *finding {
	t, fatal := p.rootTag()
	if fatal != nil {
		return fatal
	}
	p.root = p.places.position(t.offset)
	e := elementOf(t.name)
	switch {
	case e != nil && e.name == "Response":
		fatal = p.response(t, e)
	case e != nil && e.isVerb():
		p.parsed.Document.Bare = true
		fatal = p.verb(t, e)
	case strings.EqualFold(t.name, "html"):
		fatal = find(t.offset, CodeRoot, "the answer is a web page, not a document of verbs")
	default:
		fatal = find(t.offset, CodeRoot, "the root element is <%s>; it must be <Response> or a verb", shorten(t.name))
	}
	if fatal == nil {
		p.afterRoot()
	}
	return fatal
}

// rootTag returns the start of the root element.
func (p *parser) rootTag() (token, *finding) {
	for {
		t, fatal := p.scan.next()
		if fatal != nil {
			return t, fatal
		}
		switch t.kind {
		case tokenText:
			if s := strings.TrimFunc(t.text, isBlank); s != "" {
				return t, find(t.offset, CodeRoot, "the answer begins with text (%q), not with a document", shorten(s))
			}
		case tokenEnd:
			return t, find(t.offset, CodeSyntax, "</%s> ends an element that was never begun", shorten(t.name))
		case tokenEOF:
			return t, find(nowhere, CodeRoot, "the answer has no root element")
		case tokenStart:
			return t, nil
		}
	}
}

// afterRoot checks what follows the document. The document is complete by then,
// so nothing that follows is worth losing the call for; and as it is ignored, we
// only report that it is there.
func (p *parser) afterRoot() {
	found := p.scan.found
	t, fatal := p.scan.next()
	for fatal == nil && t.kind == tokenText && strings.TrimFunc(t.text, isBlank) == "" {
		t, fatal = p.scan.next()
	}
	switch {
	case fatal != nil:
		found.report(fatal.offset, CodeAfterRoot, "something that is not XML follows the document's end")
	case t.kind == tokenStart:
		found.report(t.offset, CodeAfterRoot, "a second root element, <%s>, follows the document's end", shorten(t.name))
	case t.kind == tokenEnd:
		found.report(t.offset, CodeAfterRoot, "</%s> follows the document's end", shorten(t.name))
	case t.kind == tokenText:
		found.report(t.offset, CodeAfterRoot, "text follows the document's end")
	}
	p.scan.found = found
}

// examine adds what the document's values show to the problems of its text.
func (p *parser) examine() {
	parsed, before := p.parsed, len(p.parsed.Problems)
	parsed.Document.examine(func(at place, problem Problem) {
		if !p.scan.found.room(problem.Severity) {
			return
		}
		position := p.root
		switch {
		case at.prompt >= 0:
			position = parsed.PromptPosition(at.verb, at.prompt)
		case at.verb >= 0:
			position = parsed.VerbPosition(at.verb)
		}
		parsed.Problems = append(parsed.Problems, problem.at(position))
	})
	if len(parsed.Problems) > before {
		slices.SortStableFunc(parsed.Problems, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
	}
}

// isBlank reports what may stand around a document: white space, and the byte
// order marks that editors leave in files which a responder includes.
func isBlank(r rune) bool { return r == '\uFEFF' || unicode.IsSpace(r) }
