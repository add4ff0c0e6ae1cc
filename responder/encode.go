package responder

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Encode returns the document as XML: the same bytes for the same document,
// every value escaped. A document with a Problem of severity Error is refused
// with an *InvalidError.
func Encode(d Document) ([]byte, error) { return AppendDocument(nil, d) }

// AppendDocument appends to dst what Encode returns.
func AppendDocument(dst []byte, d Document) ([]byte, error) {
	var refused *InvalidError
	d.examine(func(at place, p Problem) {
		if p.Severity == Error && refused == nil {
			p.Text = d.nameOf(at) + p.Text
			refused = &InvalidError{p}
		}
	})
	if refused != nil {
		return dst, refused
	}
	e := encoder{b: dst}
	if d.Bare {
		d.Verbs[0].encode(&e)
		return e.b, nil
	}
	e.open("Response")
	e.attr("action", d.Action)
	if len(d.Verbs) == 0 {
		e.closeEmpty()
		return e.b, nil
	}
	e.endOpen()
	for _, v := range d.Verbs {
		v.encode(&e)
	}
	e.close("Response")
	return e.b, nil
}

// nameOf says in words which verb is meant.
func (d Document) nameOf(at place) string {
	if at.verb < 0 {
		return ""
	}
	s := "verb " + strconv.Itoa(at.verb+1)
	if v := d.Verbs[at.verb]; v != nil {
		s += " (" + v.Name() + ")"
	}
	if at.prompt >= 0 {
		s += ", prompt " + strconv.Itoa(at.prompt+1)
	}
	return s + ": "
}

// encoder appends elements. Attributes come in the order of the attr calls.
type encoder struct{ b []byte }

func (e *encoder) open(name string) { e.b = append(append(e.b, '<'), name...) }
func (e *encoder) endOpen()         { e.b = append(e.b, '>') }
func (e *encoder) closeEmpty()      { e.b = append(e.b, "/>"...) }
func (e *encoder) close(name string) {
	e.b = append(append(append(e.b, "</"...), name...), '>')
}

// attr writes name="value", unless value is empty.
func (e *encoder) attr(name, value string) {
	if value != "" {
		e.attrAlways(name, value)
	}
}

func (e *encoder) attrAlways(name, value string) {
	e.b = append(append(append(e.b, ' '), name...), `="`...)
	e.b = appendEscaped(e.b, value, true)
	e.b = append(e.b, '"')
}

func (e *encoder) attrInt(name string, n int) {
	if n != 0 {
		e.b = append(append(append(e.b, ' '), name...), `="`...)
		e.b = append(strconv.AppendInt(e.b, int64(n), 10), '"')
	}
}

// attrSeconds writes a time in seconds, with decimals only where it has some.
func (e *encoder) attrSeconds(name string, d time.Duration) {
	switch {
	case d == 0:
	case d < 0:
		e.attrAlways(name, "0")
	default:
		e.b = append(append(append(e.b, ' '), name...), `="`...)
		e.b = append(strconv.AppendFloat(e.b, d.Seconds(), 'f', -1, 64), '"')
	}
}

func (e *encoder) attrFinishKey(keys string) {
	if keys == NoFinishKey {
		e.attrAlways("finishOnKey", "")
		return
	}
	e.attr("finishOnKey", keys)
}

// text closes the open tag and writes the element's content and end.
func (e *encoder) text(name, s string) {
	if s == "" {
		e.closeEmpty()
		return
	}
	e.endOpen()
	e.b = appendEscaped(e.b, s, false)
	e.close(name)
}

func (s Say) encode(e *encoder) {
	e.open("Say")
	e.attr("voice", s.Voice)
	e.attr("language", s.Language)
	e.attr("action", s.Action)
	e.text("Say", s.Text)
}

func (p Play) encode(e *encoder) {
	e.open("Play")
	e.attr("action", p.Action)
	e.text("Play", p.URL)
}

func (g Gather) encode(e *encoder) {
	e.open("Gather")
	e.attr("input", string(g.Input))
	e.attrInt("numDigits", g.NumDigits)
	e.attrSeconds("timeout", g.Timeout)
	e.attrFinishKey(g.FinishOnKey)
	e.attrSeconds("speechTimeout", g.SpeechTimeout)
	e.attr("language", g.Language)
	e.attr("hints", g.Hints)
	e.attr("action", g.Action)
	e.attr("method", g.Method)
	e.attrSeconds("executionTimeout", g.ExecutionTimeout)
	e.attrSeconds("digitEndTimeout", g.DigitEndTimeout)
	if len(g.Prompts) == 0 {
		e.closeEmpty()
		return
	}
	e.endOpen()
	for _, p := range g.Prompts {
		p.encode(e)
	}
	e.close("Gather")
}

func (f Forward) encode(e *encoder) {
	e.open("Forward")
	if f.ByCaller {
		e.attr("ByCaller", "yes")
	}
	e.text("Forward", f.To)
}

func (x Echo) encode(e *encoder) {
	e.open("Echo")
	e.attrSeconds("timeout", x.Timeout)
	e.closeEmpty()
}

func (Hangup) encode(e *encoder) {
	e.open("Hangup")
	e.closeEmpty()
}

func (c Connect) encode(e *encoder) { encodeStream(e, "Connect", c.Stream, c.Action) }
func (s Start) encode(e *encoder)   { encodeStream(e, "Start", s.Stream, "") }

func encodeStream(e *encoder, verb string, s Stream, action string) {
	e.open(verb)
	e.endOpen()
	e.open("Stream")
	e.attr("url", s.URL)
	e.attr("action", action)
	if len(s.Parameters) == 0 {
		e.closeEmpty()
	} else {
		e.endOpen()
		for _, p := range s.Parameters {
			e.open("Parameter")
			e.attr("name", p.Name)
			e.attrAlways("value", p.Value)
			e.closeEmpty()
		}
		e.close("Stream")
	}
	e.close(verb)
}

func (r Record) encode(e *encoder) {
	e.open("Record")
	e.attr("action", r.Action)
	e.attrSeconds("maxLength", r.MaxLength)
	e.attrSeconds("timeout", r.Timeout)
	e.attrFinishKey(r.FinishOnKey)
	if r.PlayBeep {
		e.attr("playBeep", "true")
	}
	e.closeEmpty()
}

// appendEscaped appends s so that it reads back as s. What XML cannot carry at
// all, control characters and broken UTF-8, becomes U+FFFD. In attributes,
// tabs and line ends are written as references, or a reader folds them.
func appendEscaped(dst []byte, s string, attr bool) []byte {
	dst = slices.Grow(dst, len(s))
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if (r == utf8.RuneError && n == 1) || r == 0xFFFE || r == 0xFFFF {
				dst = append(dst, "\uFFFD"...)
			} else {
				dst = append(dst, s[i:i+n]...)
			}
			i += n
			continue
		}
		i++
		switch {
		case c == '&':
			dst = append(dst, "&amp;"...)
		case c == '<':
			dst = append(dst, "&lt;"...)
		case c == '>':
			dst = append(dst, "&gt;"...)
		case c == '"' && attr:
			dst = append(dst, "&#34;"...)
		case c == '\r', attr && (c == '\n' || c == '\t'):
			dst = append(strconv.AppendInt(append(dst, "&#"...), int64(c), 10), ';')
		case c < ' ' && c != '\n' && c != '\t':
			dst = append(dst, "\uFFFD"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
