package responder

import (
	"bytes"
	"strconv"
	"time"
)

// Encode returns the document as XML: the same bytes for the same document,
// every value escaped, times to the millisecond. A document with a Problem of
// severity Error, or of more than MaxDocument bytes, is refused with an
// *InvalidError.
func Encode(d Document) ([]byte, error) {
	// On the stack: a document of the usual size takes one exact allocation.
	var buf [2048]byte
	xml, err := AppendDocument(buf[:0], d)
	if err != nil {
		return nil, err
	}
	return bytes.Clone(xml), nil
}

// AppendDocument appends to dst what Encode returns. With an error dst is
// returned as it was.
func AppendDocument(dst []byte, d Document) ([]byte, error) {
	if refused := d.refusal(); refused != nil {
		return dst, refused
	}
	xml := appendDocument(dst, d)
	if len(xml)-len(dst) > MaxDocument {
		return dst, &InvalidError{problem(CodeTooLarge, "the document has more than %d bytes", MaxDocument)}
	}
	return xml, nil
}

// refusal returns the first reason why the document is not written.
func (d Document) refusal() error {
	var refused error
	d.faults(func(at place, p Problem) {
		if refused == nil {
			p.Text = d.nameOf(at) + p.Text
			refused = &InvalidError{p}
		}
	})
	return refused
}

// nameOf says in words which verb is meant.
func (d Document) nameOf(at place) string {
	if at.verb < 0 {
		return ""
	}
	v := d.Verbs[at.verb]
	s := "verb " + strconv.Itoa(at.verb+1)
	switch v.(type) {
	case Say, Play, Gather, Forward, Echo, Hangup, Connect, Start, Record:
		s += " (" + v.Name() + ")"
	}
	if at.prompt >= 0 {
		s += ", prompt " + strconv.Itoa(at.prompt+1)
	}
	return s + ": "
}

func appendDocument(dst []byte, d Document) []byte {
	if d.Bare {
		return appendVerb(dst, d.Verbs[0])
	}
	dst = appendOpen(dst, "Response")
	dst = appendAttr(dst, "action", d.Action)
	if len(d.Verbs) == 0 {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	for _, v := range d.Verbs {
		dst = appendVerb(dst, v)
	}
	return appendClose(dst, "Response")
}

// appendVerb is a switch and not a method of Verb, so that the compiler sees
// that dst does not escape, and Encode's can be on the stack.
func appendVerb(dst []byte, v Verb) []byte {
	switch v := v.(type) {
	case Say:
		return appendSay(dst, v)
	case Play:
		return appendPlay(dst, v)
	case Gather:
		return appendGather(dst, v)
	case Forward:
		return appendForward(dst, v)
	case Echo:
		dst = appendSeconds(appendOpen(dst, "Echo"), "timeout", v.Timeout)
		return append(dst, "/>"...)
	case Hangup:
		return append(dst, "<Hangup/>"...)
	case Connect:
		return appendStream(dst, "Connect", v.Stream, v.Action)
	case Start:
		return appendStream(dst, "Start", v.Stream, "")
	case Record:
		return appendRecord(dst, v)
	}
	return dst
}

func appendSay(dst []byte, s Say) []byte {
	dst = appendOpen(dst, "Say")
	dst = appendAttr(dst, "voice", s.Voice)
	dst = appendAttr(dst, "language", s.Language)
	dst = appendAttr(dst, "action", s.Action)
	return appendText(dst, "Say", s.Text)
}

func appendPlay(dst []byte, p Play) []byte {
	dst = appendOpen(dst, "Play")
	dst = appendAttr(dst, "action", p.Action)
	return appendText(dst, "Play", p.URL)
}

func appendGather(dst []byte, g Gather) []byte {
	dst = appendOpen(dst, "Gather")
	dst = appendAttr(dst, "input", string(g.Input))
	if g.NumDigits != 0 {
		dst = append(strconv.AppendInt(append(dst, ` numDigits="`...), int64(g.NumDigits), 10), '"')
	}
	dst = appendSeconds(dst, "timeout", g.Timeout)
	dst = appendFinishKey(dst, g.FinishOnKey)
	dst = appendSeconds(dst, "speechTimeout", g.SpeechTimeout)
	dst = appendAttr(dst, "language", g.Language)
	dst = appendAttr(dst, "hints", g.Hints)
	dst = appendAttr(dst, "action", g.Action)
	dst = appendAttr(dst, "method", g.Method)
	dst = appendSeconds(dst, "executionTimeout", g.ExecutionTimeout)
	dst = appendSeconds(dst, "digitEndTimeout", g.DigitEndTimeout)
	if len(g.Prompts) == 0 {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	for _, prompt := range g.Prompts {
		switch prompt := prompt.(type) {
		case Say:
			dst = appendSay(dst, prompt)
		case Play:
			dst = appendPlay(dst, prompt)
		}
	}
	return appendClose(dst, "Gather")
}

func appendForward(dst []byte, f Forward) []byte {
	dst = appendOpen(dst, "Forward")
	if f.ByCaller {
		dst = append(dst, ` ByCaller="yes"`...)
	}
	return appendText(dst, "Forward", f.To)
}

// appendStream appends a verb with the Stream in it, where the action stands too.
func appendStream(dst []byte, verb string, s Stream, action string) []byte {
	dst = append(appendOpen(dst, verb), "><Stream"...)
	dst = appendAttr(dst, "url", s.URL)
	dst = appendAttr(dst, "track", string(s.Track))
	dst = appendAttr(dst, "action", action)
	if len(s.Parameters) == 0 {
		return appendClose(append(dst, "/>"...), verb)
	}
	dst = append(dst, '>')
	for _, p := range s.Parameters {
		dst = appendAttr(append(dst, "<Parameter"...), "name", p.Name)
		dst = append(appendEscaped(append(dst, ` value="`...), p.Value, true), `"/>`...)
	}
	return appendClose(appendClose(dst, "Stream"), verb)
}

func appendRecord(dst []byte, r Record) []byte {
	dst = appendOpen(dst, "Record")
	dst = appendAttr(dst, "action", r.Action)
	dst = appendSeconds(dst, "maxLength", r.MaxLength)
	dst = appendSeconds(dst, "timeout", r.Timeout)
	dst = appendFinishKey(dst, r.FinishOnKey)
	if r.PlayBeep {
		dst = append(dst, ` playBeep="true"`...)
	}
	return append(dst, "/>"...)
}

func appendOpen(dst []byte, name string) []byte { return append(append(dst, '<'), name...) }

func appendClose(dst []byte, name string) []byte {
	return append(append(append(dst, "</"...), name...), '>')
}

// appendText closes the open tag and appends the element's content and end.
func appendText(dst []byte, name, text string) []byte {
	if text == "" {
		return append(dst, "/>"...)
	}
	return appendClose(appendEscaped(append(dst, '>'), text, false), name)
}

// appendAttr appends name="value", unless value is empty.
func appendAttr(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(append(append(dst, ' '), name...), `="`...)
	return append(appendEscaped(dst, value, true), '"')
}

// appendSeconds appends a time in seconds, to the millisecond. A shorter one is
// not rounded to zero, which means something else.
func appendSeconds(dst []byte, name string, d time.Duration) []byte {
	if d == 0 {
		return dst
	}
	dst = append(append(append(dst, ' '), name...), `="`...)
	if d < 0 {
		return append(dst, `0"`...)
	}
	d = max(d.Round(time.Millisecond), time.Millisecond)
	return append(strconv.AppendFloat(dst, d.Seconds(), 'f', -1, 64), '"')
}

func appendFinishKey(dst []byte, keys string) []byte {
	if keys == NoFinishKey {
		return append(dst, ` finishOnKey=""`...)
	}
	return appendAttr(dst, "finishOnKey", keys)
}
