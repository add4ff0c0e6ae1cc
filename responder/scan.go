package responder

import (
	"strings"
	"unicode/utf8"
)

// token is one piece of XML. It is passed around a lot, and small for that.
type token struct {
	kind   tokenKind
	empty  bool   // a start that is its own end: <Hangup/>
	offset int    // where it begins; of a text, after white space
	name   string // of a start or an end
	text   string // of a text, references resolved
}

type tokenKind byte

const (
	tokenEnd tokenKind = iota
	tokenStart
	tokenText
	tokenEOF
)

type attr struct {
	name, value string
	offset      int
}

// scanner cuts XML into tokens. It reads what responders in the field send: a
// bare & and HTML's entities are read and reported, a DOCTYPE is skipped,
// entities are never expanded. Anything else that is not well-formed ends the
// reading.
//
// Nothing here reads a character more than a few times, whatever the text: a
// document comes from outside, and must not cost more than its length.
type scanner struct {
	text  string
	pos   int
	found findings

	attrs []attr              // of the last start
	names map[string]struct{} // of attrs, where there are many
	few   [fewAttributes]attr // what attrs is a part of, where there are few
}

// next returns the next token. Comments and processing instructions are
// passed over.
func (s *scanner) next() (token, *finding) {
	for s.pos < len(s.text) {
		start := s.pos
		rest := s.text[start:]
		if rest[0] != '<' {
			return s.characters(start)
		}
		if len(rest) == 1 || rest[1] != '/' && rest[1] != '!' && rest[1] != '?' {
			return s.startTag(start)
		}
		switch {
		case rest[1] == '/':
			return s.endTag(start)
		case strings.HasPrefix(rest, "<![CDATA["):
			const open, end = len("<![CDATA["), "]]>"
			if !s.skipPast(open, end) {
				return token{}, find(start, CodeSyntax, "a CDATA section begins here and does not end")
			}
			return token{kind: tokenText, offset: start, text: s.text[start+open : s.pos-len(end)]}, nil
		case strings.HasPrefix(rest, "<!--"):
			if !s.skipPast(len("<!--"), "-->") {
				return token{}, find(start, CodeSyntax, "a comment begins here and does not end")
			}
		case rest[1] == '?':
			if !s.skipPast(len("<?"), "?>") {
				return token{}, find(start, CodeSyntax, "a processing instruction begins here and does not end")
			}
		default:
			if fatal := s.declaration(start); fatal != nil {
				return token{}, fatal
			}
		}
	}
	return token{kind: tokenEOF, offset: len(s.text)}, nil
}

// skipPast moves past the next end that follows after so many bytes.
func (s *scanner) skipPast(after int, end string) bool {
	i := strings.Index(s.text[s.pos+after:], end)
	if i < 0 {
		return false
	}
	s.pos += after + i + len(end)
	return true
}

// declaration passes over <!DOCTYPE …>. One that declares entities is refused
// before it is read: it has no honest use here and can be made to explode.
func (s *scanner) declaration(start int) *finding {
	const open = "<!DOCTYPE"
	if len(s.text) < start+len(open) || !strings.EqualFold(s.text[start:start+len(open)], open) {
		return find(start, CodeSyntax, "a tag begins with <! but is neither a comment nor a DOCTYPE")
	}
	for i := start + len(open); i < len(s.text); i++ {
		switch c := s.text[i]; c {
		case '"', '\'': // an identifier, which may hold anything
			length := strings.IndexByte(s.text[i+1:], c)
			if length < 0 {
				return find(start, CodeSyntax, "a DOCTYPE begins here and does not end")
			}
			i += 1 + length
		case '[':
			return find(start, CodeEntities, "the DOCTYPE declares entities of its own, which are never expanded")
		case '>':
			s.pos = i + 1
			s.found.report(start, CodeDoctype, "a document needs no DOCTYPE")
			return nil
		}
	}
	return find(start, CodeSyntax, "a DOCTYPE begins here and does not end")
}

func (s *scanner) endTag(start int) (token, *finding) {
	s.pos = start + len("</")
	name := s.name()
	s.space()
	if name == "" || s.peek() != '>' {
		return token{}, find(start, CodeSyntax, "an end tag is not closed by >")
	}
	s.pos++
	return token{kind: tokenEnd, offset: start, name: name}, nil
}

func (s *scanner) startTag(start int) (token, *finding) {
	s.pos = start + len("<")
	name := s.name()
	if name == "" {
		return token{}, find(start, CodeSyntax, "a < that begins no tag; in text it is written &lt;")
	}
	t := token{kind: tokenStart, offset: start, name: name}
	s.attrs = s.few[:0]
	clear(s.names)
	for {
		spaced := s.space()
		if s.pos >= len(s.text) {
			return token{}, find(start, CodeSyntax, "the tag <%s is not closed by >", shorten(name))
		}
		switch s.peek() {
		case '>':
			s.pos++
			return t, nil
		case '/':
			if !strings.HasPrefix(s.text[s.pos:], "/>") {
				return token{}, find(s.pos, CodeSyntax, "a / inside the tag <%s that is not followed by >", shorten(name))
			}
			s.pos += len("/>")
			t.empty = true
			return t, nil
		}
		if fatal := s.attribute(name, spaced); fatal != nil {
			return token{}, fatal
		}
	}
}

// attribute reads one attribute of a tag.
func (s *scanner) attribute(tag string, spaced bool) *finding {
	start := s.pos
	a := attr{name: s.name(), offset: start}
	switch {
	case a.name == "":
		return find(start, CodeSyntax, "the tag <%s has %q where an attribute belongs", shorten(tag), s.char())
	case !spaced:
		s.found.report(start, CodeAttribute, "the attribute %s has no space before it", shorten(a.name))
	}
	end := s.pos
	s.space()
	if s.peek() != '=' {
		// <Forward ByCaller>: the vendor reads presence, so it is worth reading.
		s.found.report(start, CodeAttribute, "the attribute %s has no value", shorten(a.name))
		s.pos = end // the space also separates it from the next attribute
		s.keep(a)
		return nil
	}
	s.pos++
	s.space()
	quote := s.peek()
	if quote != '"' && quote != '\'' {
		return find(s.pos, CodeSyntax, "the value of the attribute %s is not in quotation marks", shorten(a.name))
	}
	s.pos++
	length := strings.IndexByte(s.text[s.pos:], quote)
	if length < 0 {
		return find(start, CodeSyntax, "the value of the attribute %s has no closing %c", shorten(a.name), quote)
	}
	raw := s.text[s.pos : s.pos+length]
	if lt := strings.IndexByte(raw, '<'); lt >= 0 {
		return find(s.pos+lt, CodeSyntax, "the value of the attribute %s contains <, or its closing %c is missing; a < in a value is written &lt;", shorten(a.name), quote)
	}
	value, fatal := s.resolve(raw, s.pos, true)
	if fatal != nil {
		return fatal
	}
	a.value = value
	s.pos += length + 1
	s.keep(a)
	return nil
}

// fewAttributes is more than any element has. So many are compared one by one;
// a tag with more is somebody's experiment, and gets a map.
const fewAttributes = 12

// keep adds an attribute to those of the tag, unless it is there already.
func (s *scanner) keep(a attr) {
	if s.has(a.name) {
		s.found.report(a.offset, CodeAttribute, "the attribute %s stands twice in one tag; the first counts", shorten(a.name))
		return
	}
	s.attrs = append(s.attrs, a)
	if len(s.attrs) <= fewAttributes {
		return
	}
	if s.names == nil {
		s.names = make(map[string]struct{})
	}
	if len(s.names) == 0 {
		for _, b := range s.attrs {
			s.names[b.name] = struct{}{}
		}
	}
	s.names[a.name] = struct{}{}
}

func (s *scanner) has(name string) bool {
	if len(s.attrs) > fewAttributes {
		_, there := s.names[name]
		return there
	}
	for i := range s.attrs {
		if s.attrs[i].name == name {
			return true
		}
	}
	return false
}

// characters reads text up to the next tag.
func (s *scanner) characters(start int) (token, *finding) {
	length := strings.IndexByte(s.text[start:], '<')
	if length < 0 {
		length = len(s.text) - start
	}
	s.space()
	t := token{kind: tokenText, offset: s.pos}
	s.pos = start + length
	var fatal *finding
	t.text, fatal = s.resolve(s.text[start:s.pos], start, false)
	return t, fatal
}

// name reads an XML name; it is empty where none begins.
func (s *scanner) name() string {
	start := s.pos
	if s.pos < len(s.text) && !beginsName[s.text[s.pos]] {
		return ""
	}
	for s.pos < len(s.text) && inName[s.text[s.pos]] {
		s.pos++
	}
	return s.text[start:s.pos]
}

// beginsName and inName have the bytes of names. Every character beyond ASCII
// counts as one of a name: it does not matter what a name is made of that is
// none of ours.
var beginsName, inName = func() (first, later [256]bool) {
	for c := range 256 {
		b := byte(c)
		first[c] = isLetter(b) || b == '_' || b == ':' || b >= utf8.RuneSelf
		later[c] = first[c] || isDigit(b) || b == '-' || b == '.'
	}
	return first, later
}()

// space passes over white space and reports whether there was any.
func (s *scanner) space() bool {
	start := s.pos
	for s.pos < len(s.text) && isSpace(s.text[s.pos]) {
		s.pos++
	}
	return s.pos > start
}

// peek returns the byte at the current position, 0 at the end; no text has one.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

// char returns the character at the current position, for messages.
func (s *scanner) char() string {
	_, n := utf8.DecodeRuneInString(s.text[s.pos:])
	return s.text[s.pos : s.pos+n]
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
