package responder

import (
	"bytes"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// token is one piece of XML.
type token struct {
	kind   tokenKind
	offset int    // where it begins
	name   string // of a start or an end
	attrs  []attr // of a start; valid until the next token
	empty  bool   // a start that is its own end: <Hangup/>
	text   string // of a text, references resolved
}

type tokenKind int

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
// entities are never expanded. What else is not well-formed ends the reading.
type scanner struct {
	data  []byte
	pos   int
	tag   string // whose attributes are being read
	attrs []attr // of that tag
	warn  func(offset int, p Problem)
	fatal func(offset int, code, format string, args ...any) *SyntaxError
}

// next returns the next token. Comments and processing instructions are
// passed over.
func (s *scanner) next() (token, *SyntaxError) {
	for s.pos < len(s.data) {
		start := s.pos
		if s.data[start] != '<' {
			return s.text(start)
		}
		rest := s.data[start:]
		switch {
		case bytes.HasPrefix(rest, []byte("<!--")):
			end := bytes.Index(rest[4:], []byte("-->"))
			if end < 0 {
				return token{}, s.fatal(start, CodeSyntax, "a comment begins here and does not end")
			}
			s.pos += 4 + end + 3
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			end := bytes.Index(rest[9:], []byte("]]>"))
			if end < 0 {
				return token{}, s.fatal(start, CodeSyntax, "a CDATA section begins here and does not end")
			}
			s.pos += 9 + end + 3
			return token{kind: tokenText, offset: start, text: string(rest[9 : 9+end])}, nil
		case bytes.HasPrefix(rest, []byte("<?")):
			end := bytes.Index(rest[2:], []byte("?>"))
			if end < 0 {
				return token{}, s.fatal(start, CodeSyntax, "a processing instruction begins here and does not end")
			}
			s.pos += 2 + end + 2
		case bytes.HasPrefix(rest, []byte("<!")):
			if err := s.declaration(start); err != nil {
				return token{}, err
			}
		case bytes.HasPrefix(rest, []byte("</")):
			return s.endTag(start)
		default:
			return s.startTag(start)
		}
	}
	return token{kind: tokenEOF, offset: len(s.data)}, nil
}

// declaration passes over <!DOCTYPE …>. One that declares entities is refused
// before it is read: it has no honest use here and can be made to explode.
func (s *scanner) declaration(start int) *SyntaxError {
	if len(s.data) < start+9 || !strings.EqualFold(string(s.data[start:start+9]), "<!DOCTYPE") {
		return s.fatal(start, CodeSyntax, "a tag begins with <! but is neither a comment nor a DOCTYPE")
	}
	for i := start + 9; i < len(s.data); i++ {
		switch s.data[i] {
		case '[':
			return s.fatal(start, CodeEntities, "the DOCTYPE declares entities of its own, which are never expanded")
		case '>':
			s.pos = i + 1
			s.warn(start, problem(CodeDoctype, "a document needs no DOCTYPE"))
			return nil
		}
	}
	return s.fatal(start, CodeSyntax, "a DOCTYPE begins here and does not end")
}

func (s *scanner) endTag(start int) (token, *SyntaxError) {
	s.pos = start + 2
	name := s.name()
	s.space()
	if name == "" || s.pos >= len(s.data) || s.data[s.pos] != '>' {
		return token{}, s.fatal(start, CodeSyntax, "an end tag is not closed by >")
	}
	s.pos++
	return token{kind: tokenEnd, offset: start, name: name}, nil
}

func (s *scanner) startTag(start int) (token, *SyntaxError) {
	s.pos = start + 1
	name := s.name()
	if name == "" {
		return token{}, s.fatal(start, CodeSyntax, "a < that begins no tag; in text it is written &lt;")
	}
	t := token{kind: tokenStart, offset: start, name: name}
	s.attrs, s.tag = s.attrs[:0], name
	for {
		spaced := s.space()
		if s.pos >= len(s.data) {
			return token{}, s.fatal(start, CodeSyntax, "the tag <%s is not closed by >", name)
		}
		switch c := s.data[s.pos]; {
		case c == '>':
			s.pos++
			t.attrs = s.attrs
			return t, nil
		case c == '/':
			if s.pos+1 >= len(s.data) || s.data[s.pos+1] != '>' {
				return token{}, s.fatal(s.pos, CodeSyntax, "a / inside the tag <%s that is not followed by >", name)
			}
			s.pos += 2
			t.attrs, t.empty = s.attrs, true
			return t, nil
		case !spaced:
			return token{}, s.fatal(s.pos, CodeSyntax, "the tag <%s has %q where a space or > belongs", name, s.char())
		}
		if err := s.attribute(); err != nil {
			return token{}, err
		}
	}
}

func (s *scanner) attribute() *SyntaxError {
	start := s.pos
	name := s.name()
	if name == "" {
		return s.fatal(start, CodeSyntax, "the tag <%s has %q where an attribute belongs", s.tag, s.char())
	}
	s.space()
	a := attr{name: name, offset: start}
	if s.pos >= len(s.data) || s.data[s.pos] != '=' {
		// <Forward ByCaller>: the vendor reads presence, so it is worth reading.
		s.warn(start, problem(CodeAttribute, "the attribute %s has no value", name))
		s.keep(a)
		if s.pos > start && isSpace(s.data[s.pos-1]) {
			s.pos-- // the space that separates it from the next attribute
		}
		return nil
	}
	s.pos++
	s.space()
	if s.pos >= len(s.data) || (s.data[s.pos] != '"' && s.data[s.pos] != '\'') {
		return s.fatal(s.pos, CodeSyntax, "the value of the attribute %s is not in quotation marks", name)
	}
	quote := s.data[s.pos]
	s.pos++
	length := bytes.IndexByte(s.data[s.pos:], quote)
	if length < 0 {
		return s.fatal(start, CodeSyntax, "the value of the attribute %s has no closing %c", name, quote)
	}
	raw := s.data[s.pos : s.pos+length]
	if lt := bytes.IndexByte(raw, '<'); lt >= 0 {
		return s.fatal(s.pos+lt, CodeSyntax, "the value of the attribute %s contains <, or its closing %c is missing; a < in a value is written &lt;", name, quote)
	}
	value, err := s.unescape(raw, s.pos)
	if err != nil {
		return err
	}
	a.value = value
	s.pos += length + 1
	s.keep(a)
	return nil
}

func (s *scanner) keep(a attr) {
	for _, b := range s.attrs {
		if b.name == a.name {
			s.warn(a.offset, problem(CodeAttribute, "the attribute %s stands twice in one tag", a.name))
			return
		}
	}
	s.attrs = append(s.attrs, a)
}

func (s *scanner) text(start int) (token, *SyntaxError) {
	length := bytes.IndexByte(s.data[start:], '<')
	if length < 0 {
		length = len(s.data) - start
	}
	s.pos = start + length
	text, err := s.unescape(s.data[start:s.pos], start)
	return token{kind: tokenText, offset: start, text: text}, err
}

// unescape resolves the references in raw, which stands at offset.
func (s *scanner) unescape(raw []byte, offset int) (string, *SyntaxError) {
	amp := bytes.IndexByte(raw, '&')
	if amp < 0 {
		return string(raw), nil
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; ; {
		b.Write(raw[i : i+amp])
		i += amp
		at := offset + i
		name, length := reference(raw[i:])
		r, known := resolve(name)
		switch {
		case known:
			b.WriteString(r)
			i += length
		case strings.HasPrefix(name, "#"):
			return "", s.fatal(at, CodeSyntax, "the reference &%s; is not a character that XML allows", name)
		default:
			r := html.UnescapeString("&" + name + ";")
			if name != "" && r != "&"+name+";" {
				s.warn(at, problem(CodeHTMLEntity, "&%s; is an entity of HTML, not of XML; write the character itself", name))
				b.WriteString(r)
				i += length
				break
			}
			s.warn(at, problem(CodeAmpersand, "an & that begins no entity; write &amp;"))
			b.WriteByte('&')
			i++
		}
		if amp = bytes.IndexByte(raw[i:], '&'); amp < 0 {
			b.Write(raw[i:])
			return b.String(), nil
		}
	}
}

// maxReference is longer than any name of an entity.
const maxReference = 32

// reference returns the name between & and ; at the start of raw, and the
// length of the whole; "" where there is none.
func reference(raw []byte) (name string, length int) {
	for i := 1; i < len(raw) && i <= maxReference; i++ {
		c := raw[i]
		if c == ';' {
			return string(raw[1:i]), i + 1
		}
		if !isAlphanumeric(c) && !(c == '#' && i == 1) {
			break
		}
	}
	return "", 0
}

// resolve returns what one of XML's own references stands for.
func resolve(name string) (string, bool) {
	switch name {
	case "amp":
		return "&", true
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return "", false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || !isXMLChar(rune(n)) {
		return "", false
	}
	return string(rune(n)), true
}

// name reads an XML name; it is empty where none begins.
func (s *scanner) name() string {
	start := s.pos
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		if c < utf8.RuneSelf && !isAlphanumeric(c) && c != '_' && c != ':' && (s.pos == start || (c != '-' && c != '.')) {
			break
		}
		if s.pos == start && '0' <= c && c <= '9' {
			break
		}
		s.pos++
	}
	return intern(s.data[start:s.pos])
}

// space passes over white space and reports whether there was any.
func (s *scanner) space() bool {
	start := s.pos
	for s.pos < len(s.data) && isSpace(s.data[s.pos]) {
		s.pos++
	}
	return s.pos > start
}

// char returns the character at the current position, for messages.
func (s *scanner) char() string {
	_, n := utf8.DecodeRune(s.data[s.pos:])
	return string(s.data[s.pos : s.pos+n])
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isXMLChar is the production Char of XML 1.0.
func isXMLChar(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return true
	case r < ' ', r >= 0xD800 && r < 0xE000, r == 0xFFFE, r == 0xFFFF:
		return false
	}
	return r <= utf8.MaxRune
}
