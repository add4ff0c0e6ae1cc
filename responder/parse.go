package responder

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Parsed is a document as it was read.
type Parsed struct {
	Document Document
	Problems []Problem // in the order of the text

	verbs   []Position
	prompts [][]Position // of the verb at the same index
}

// VerbPosition returns where the i-th verb begins, from 0.
func (p *Parsed) VerbPosition(i int) Position {
	if i < 0 || i >= len(p.verbs) {
		return Position{}
	}
	return p.verbs[i]
}

// PromptPosition returns where the j-th prompt of the i-th verb begins.
func (p *Parsed) PromptPosition(i, j int) Position {
	if i < 0 || i >= len(p.prompts) || j < 0 || j >= len(p.prompts[i]) {
		return Position{}
	}
	return p.prompts[i][j]
}

// maxDepth is how deep elements may be nested. Response, Connect, Stream and
// Parameter make four; the rest is room for markup in a Say.
const maxDepth = 16

// maxProblems bounds what is reported of one document: nobody reads more, and
// a hostile one must not fill a log.
const maxProblems = 100

// Parse reads a document as responders in the field send it: with or without
// Response and XML declaration, names in any case, a bare & in text. What was
// odd is in Problems. The error is a *SyntaxError, whose problem is the last
// of Problems; Parsed is never nil.
func Parse(data []byte) (*Parsed, error) {
	p := &parser{parsed: &Parsed{}}
	if err := p.document(data); err != nil {
		p.parsed.Document = Document{}
		p.parsed.Problems = append(p.parsed.Problems, err.Problem)
		return p.parsed, err
	}
	p.parsed.Document.examine(func(at place, problem Problem) {
		switch {
		case at.prompt >= 0:
			p.at(p.parsed.PromptPosition(at.verb, at.prompt), problem)
		case at.verb >= 0:
			p.at(p.parsed.VerbPosition(at.verb), problem)
		default:
			p.at(p.rootPosition, problem)
		}
	})
	slices.SortStableFunc(p.parsed.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p.parsed, nil
}

// parser builds a document of tokens.
type parser struct {
	parsed       *Parsed
	scan         scanner
	lines        lineCounter
	rootPosition Position
	depth        int // of the element being read, the root's is 1
}

// at reports a problem at a position.
func (p *parser) at(pos Position, problem Problem) {
	if len(p.parsed.Problems) < maxProblems {
		problem.Line, problem.Column = pos.Line, pos.Column
		p.parsed.Problems = append(p.parsed.Problems, problem)
	}
}

func (p *parser) warn(offset int, problem Problem) { p.at(p.lines.position(offset), problem) }

func (p *parser) report(offset int, code, format string, args ...any) {
	p.warn(offset, problem(code, format, args...))
}

// fatal is a problem that ends the reading.
func (p *parser) fatal(offset int, code, format string, args ...any) *SyntaxError {
	problem := problem(code, format, args...)
	at := p.lines.position(offset)
	problem.Line, problem.Column = at.Line, at.Column
	return &SyntaxError{problem}
}

func (p *parser) document(data []byte) *SyntaxError {
	if len(bytes.TrimSpace(data)) == 0 {
		return &SyntaxError{problem(CodeNothing, "the answer is empty")}
	}
	if len(data) > MaxDocument {
		return &SyntaxError{problem(CodeTooLarge, "the document has more than %d bytes", MaxDocument)}
	}
	data, err := decode(data)
	if err != nil {
		return err
	}
	p.lines = lineCounter{data: data}
	p.scan = scanner{data: data, warn: p.warn, fatal: p.fatal}
	root, err := p.root()
	if err != nil {
		return err
	}
	p.rootPosition = p.lines.position(root.offset)
	if err := p.rootElement(root); err != nil {
		return err
	}
	p.afterRoot()
	return nil
}

// root returns the start of the root element.
func (p *parser) root() (token, *SyntaxError) {
	for {
		t, err := p.scan.next()
		if err != nil {
			return t, err
		}
		switch t.kind {
		case tokenText:
			if s := strings.TrimSpace(t.text); s != "" {
				return t, p.fatal(t.offset, CodeRoot, "the answer begins with text (%q), not with a document", shorten(s))
			}
		case tokenEnd:
			return t, p.fatal(t.offset, CodeSyntax, "</%s> ends an element that was never begun", t.name)
		case tokenEOF:
			return t, p.fatal(0, CodeRoot, "the answer has no root element")
		case tokenStart:
			return t, nil
		}
	}
}

func (p *parser) rootElement(t token) *SyntaxError {
	p.depth = 1
	name, known := elementName(t.name)
	switch {
	case known && name == "Response":
		return p.response(t)
	case known && isVerb(name):
		p.parsed.Document.Bare = true
		return p.verb(t)
	case strings.EqualFold(t.name, "html"):
		return p.fatal(t.offset, CodeRoot, "the answer is a web page, not a document of verbs")
	}
	return p.fatal(t.offset, CodeRoot, "the root element is <%s>; it must be <Response> or a verb", shorten(t.name))
}

// afterRoot looks at what follows the document. It is complete by then, so
// nothing that follows is worth losing the call for.
func (p *parser) afterRoot() {
	for {
		t, err := p.scan.next()
		switch {
		case err != nil:
			p.report(p.scan.pos, CodeAfterRoot, "something that is not XML follows the document's end")
			return
		case t.kind == tokenEOF:
			return
		case t.kind == tokenText && strings.TrimSpace(t.text) == "":
		case t.kind == tokenText:
			p.report(t.offset, CodeAfterRoot, "text follows the document's end")
			return
		default:
			p.report(t.offset, CodeAfterRoot, "a second root element, <%s>, follows the document's end", shorten(t.name))
			return
		}
	}
}

// shorten cuts what a message quotes.
func shorten(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
