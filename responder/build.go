package responder

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Bounds of numbers in documents. Past them a value is a slip, not a wish.
const (
	maxNumDigits = 255
	maxSeconds   = 24 * 60 * 60
)

// isVerb reports whether the element can stand where a verb can.
func isVerb(name string) bool {
	switch name {
	case "Response", "Stream", "Parameter":
		return false
	}
	return true
}

// response reads the children of Response.
func (p *parser) response(t token) *SyntaxError {
	p.spelled(t, "Response")
	p.attributes(t, "Response", func(name, value string, _ int) {
		p.parsed.Document.Action = strings.TrimSpace(value)
	})
	return p.children(t, func(child token, name string, known bool) *SyntaxError {
		switch {
		case !known:
			return p.unknownVerb(child)
		case !isVerb(name):
			return p.notAllowed(child, "<%s> cannot stand directly in <Response>", name)
		}
		return p.verb(child)
	})
}

// children calls visit for each child element of t and reports stray text.
// visit reads the child to its end.
func (p *parser) children(t token, visit func(child token, name string, known bool) *SyntaxError) *SyntaxError {
	return p.content(t, func(text token) {
		if s := strings.TrimSpace(text.text); s != "" {
			p.report(text.offset, CodeStrayText, "text (%q) stands in <%s>, where only elements can", shorten(s), t.name)
		}
	}, visit)
}

// content reads everything up to the end of t.
func (p *parser) content(t token, text func(token), visit func(child token, name string, known bool) *SyntaxError) *SyntaxError {
	if t.empty {
		return nil
	}
	if p.depth++; p.depth > maxDepth {
		return p.fatal(t.offset, CodeTooDeep, "elements are nested more than %d deep", maxDepth)
	}
	for {
		next, err := p.scan.next()
		if err != nil {
			return err
		}
		switch next.kind {
		case tokenEOF:
			return p.fatal(t.offset, CodeSyntax, "<%s> begins here and is never ended", shorten(t.name))
		case tokenText:
			text(next)
		case tokenEnd:
			if next.name != t.name {
				return p.fatal(next.offset, CodeSyntax, "</%s> stands where </%s> belongs", shorten(next.name), shorten(t.name))
			}
			p.depth--
			return nil
		case tokenStart:
			name, known := elementName(next.name)
			if err := visit(next, name, known); err != nil {
				return err
			}
		}
	}
}

// skip passes over an element with all that is in it.
func (p *parser) skip(t token) *SyntaxError {
	return p.content(t, func(token) {}, func(child token, _ string, _ bool) *SyntaxError { return p.skip(child) })
}

func (p *parser) unknownVerb(t token) *SyntaxError {
	advice := ""
	if s := instead[strings.ToLower(t.name)]; s != "" {
		advice = "; " + s
	}
	p.report(t.offset, CodeUnknownVerb, "there is no verb <%s>%s", shorten(t.name), advice)
	return p.skip(t)
}

func (p *parser) notAllowed(t token, format string, args ...any) *SyntaxError {
	p.report(t.offset, CodeNotAllowed, format, args...)
	return p.skip(t)
}

// verb reads a verb of the document.
func (p *parser) verb(t token) *SyntaxError {
	at := p.lines.position(t.offset)
	v, prompts, err := p.build(t)
	if err != nil {
		return err
	}
	p.parsed.Document.Verbs = append(p.parsed.Document.Verbs, v)
	p.parsed.verbs = append(p.parsed.verbs, at)
	if prompts != nil || p.parsed.prompts != nil {
		for len(p.parsed.prompts) < len(p.parsed.verbs)-1 {
			p.parsed.prompts = append(p.parsed.prompts, nil)
		}
		p.parsed.prompts = append(p.parsed.prompts, prompts)
	}
	return nil
}

// build reads the element of a verb to its end.
func (p *parser) build(t token) (v Verb, prompts []Position, err *SyntaxError) {
	name, _ := elementName(t.name)
	p.spelled(t, name)
	switch name {
	case "Say":
		v, err = p.say(t)
	case "Play":
		v, err = p.play(t)
	case "Gather":
		v, prompts, err = p.gather(t)
	case "Forward":
		v, err = p.forward(t)
	case "Echo":
		v, err = p.echo(t)
	case "Hangup":
		p.attributes(t, name, nil)
		v, err = Hangup{}, p.noChildren(t)
	case "Connect":
		v, err = p.connect(t)
	case "Start":
		v, err = p.start(t)
	case "Record":
		v, err = p.record(t)
	}
	return v, prompts, err
}

func (p *parser) say(t token) (Say, *SyntaxError) {
	var s Say
	p.attributes(t, "Say", func(name, value string, _ int) {
		switch name {
		case "voice":
			s.Voice = strings.TrimSpace(value)
		case "language":
			s.Language = strings.TrimSpace(value)
		case "action":
			s.Action = strings.TrimSpace(value)
		}
	})
	text, err := p.textOf(t)
	s.Text = strings.Join(strings.Fields(text), " ")
	return s, err
}

func (p *parser) play(t token) (Play, *SyntaxError) {
	var play Play
	p.attributes(t, "Play", func(_, value string, _ int) { play.Action = strings.TrimSpace(value) })
	text, err := p.textOf(t)
	play.URL = strings.TrimSpace(text)
	return play, err
}

func (p *parser) forward(t token) (Forward, *SyntaxError) {
	var f Forward
	p.attributes(t, "Forward", func(string, string, int) { f.ByCaller = true })
	text, err := p.textOf(t)
	f.To = strings.TrimSpace(text)
	return f, err
}

func (p *parser) echo(t token) (Echo, *SyntaxError) {
	var e Echo
	p.attributes(t, "Echo", func(_, value string, offset int) {
		// Zero is the default and means without limit.
		e.Timeout = max(p.seconds("timeout", value, offset), 0)
	})
	return e, p.noChildren(t)
}

func (p *parser) gather(t token) (Gather, []Position, *SyntaxError) {
	var g Gather
	p.attributes(t, "Gather", func(name, value string, offset int) { p.gatherAttribute(&g, name, value, offset) })
	var positions []Position
	err := p.children(t, func(child token, name string, known bool) *SyntaxError {
		switch {
		case !known:
			return p.unknownVerb(child)
		case name != "Say" && name != "Play":
			return p.notAllowed(child, "<%s> cannot stand in <Gather>, only Say and Play can", name)
		}
		at := p.lines.position(child.offset)
		v, _, err := p.build(child)
		if err != nil {
			return err
		}
		g.Prompts = append(g.Prompts, v.(Prompt))
		positions = append(positions, at)
		return nil
	})
	return g, positions, err
}

func (p *parser) gatherAttribute(g *Gather, name, value string, offset int) {
	trimmed := strings.TrimSpace(value)
	switch name {
	case "input":
		g.Input = p.input(trimmed, offset)
	case "numDigits":
		g.NumDigits = p.count(name, trimmed, offset)
	case "timeout":
		g.Timeout = p.seconds(name, trimmed, offset)
	case "finishOnKey":
		g.FinishOnKey = p.finishKey(trimmed, offset)
	case "speechTimeout":
		if !strings.EqualFold(trimmed, "auto") { // other vendors' word for the default
			g.SpeechTimeout = p.seconds(name, trimmed, offset)
		}
	case "language":
		g.Language = trimmed
	case "hints":
		g.Hints = trimmed
	case "action":
		g.Action = trimmed
	case "method":
		switch m := strings.ToUpper(trimmed); m {
		case "", "GET", "POST":
			g.Method = m
		default:
			p.report(offset, CodeValue, "method=%q is neither GET nor POST", shorten(value))
		}
	case "executionTimeout":
		g.ExecutionTimeout = p.seconds(name, trimmed, offset)
	case "digitEndTimeout":
		g.DigitEndTimeout = p.seconds(name, trimmed, offset)
	}
}

func (p *parser) connect(t token) (Connect, *SyntaxError) {
	var c Connect
	p.attributes(t, "Connect", func(_, value string, _ int) { c.Action = strings.TrimSpace(value) })
	stream, action, err := p.stream(t)
	c.Stream = stream
	if action != "" {
		c.Action = action
	}
	return c, err
}

func (p *parser) start(t token) (Start, *SyntaxError) {
	p.attributes(t, "Start", nil)
	stream, action, err := p.stream(t)
	if action != "" {
		p.report(t.offset, CodeForwardGoto, "the action of a Stream in <Start> never gets control")
	}
	return Start{Stream: stream}, err
}

// stream reads the Stream in a Connect or a Start.
func (p *parser) stream(t token) (s Stream, action string, err *SyntaxError) {
	seen := false
	err = p.children(t, func(child token, name string, known bool) *SyntaxError {
		switch {
		case !known:
			return p.unknownVerb(child)
		case name != "Stream":
			return p.notAllowed(child, "<%s> cannot stand in <%s>, only one Stream can", name, t.name)
		case seen:
			return p.notAllowed(child, "a second <%s> stands in <%s>", name, t.name)
		}
		seen = true
		p.spelled(child, name)
		p.attributes(child, name, func(name, value string, _ int) {
			if name == "url" {
				s.URL = strings.TrimSpace(value)
			} else {
				action = strings.TrimSpace(value)
			}
		})
		return p.parameters(child, &s)
	})
	return s, action, err
}

func (p *parser) parameters(t token, s *Stream) *SyntaxError {
	return p.children(t, func(child token, name string, known bool) *SyntaxError {
		switch {
		case !known:
			return p.unknownVerb(child)
		case name != "Parameter":
			return p.notAllowed(child, "<%s> cannot stand in <Stream>, only Parameter can", name)
		}
		p.spelled(child, name)
		var param Parameter
		p.attributes(child, name, func(name, value string, _ int) {
			if name == "name" {
				param.Name = value
			} else {
				param.Value = value
			}
		})
		s.Parameters = append(s.Parameters, param)
		return p.noChildren(child)
	})
}

func (p *parser) record(t token) (Record, *SyntaxError) {
	var r Record
	p.attributes(t, "Record", func(name, value string, offset int) {
		value = strings.TrimSpace(value)
		switch name {
		case "action":
			r.Action = value
		case "maxLength":
			r.MaxLength = max(p.seconds(name, value, offset), 0)
		case "timeout":
			r.Timeout = p.seconds(name, value, offset)
		case "finishOnKey":
			r.FinishOnKey = p.finishKey(value, offset)
		case "playBeep":
			r.PlayBeep = p.yes(name, value, offset)
		}
	})
	return r, p.noChildren(t)
}

// textOf reads an element whose content is text. Markup in it is dropped and
// its text kept: losing words is worse than losing their emphasis.
func (p *parser) textOf(t token) (string, *SyntaxError) {
	var pieces []string // one, as nearly always
	add := func(piece token) { pieces = append(pieces, piece.text) }
	var markup func(child token, _ string, _ bool) *SyntaxError
	markup = func(child token, _ string, _ bool) *SyntaxError {
		p.report(child.offset, CodeMarkup, "markup (<%s>) stands in <%s>, which is plain text", shorten(child.name), t.name)
		return p.content(child, add, markup)
	}
	err := p.content(t, add, markup)
	return strings.Join(pieces, ""), err
}

// noChildren reads an element that has no content.
func (p *parser) noChildren(t token) *SyntaxError {
	return p.children(t, func(child token, name string, known bool) *SyntaxError {
		if !known {
			return p.unknownVerb(child)
		}
		return p.notAllowed(child, "<%s> cannot stand in <%s>, which is empty", name, t.name)
	})
}

// spelled reports an element's name in another case than the documented one.
func (p *parser) spelled(t token, name string) {
	if t.name != name {
		p.report(t.offset, CodeCase, "<%s> is spelled <%s>", t.name, name)
	}
}

// attributes calls set for each attribute that the element has.
func (p *parser) attributes(t token, element string, set func(name, value string, offset int)) {
	for _, a := range t.attrs {
		name, known := attributeName(element, a.name)
		switch {
		case known:
			if name != a.name {
				p.report(a.offset, CodeCase, "the attribute %s is spelled %s", a.name, name)
			}
			set(name, a.value, a.offset)
		case a.name == "xmlns" || strings.HasPrefix(a.name, "xmlns:"):
		case strings.EqualFold(a.name, "action"):
			p.report(a.offset, CodeForwardGoto, "%s takes no action", element)
		default:
			p.report(a.offset, CodeUnknownAttr, "%s has no attribute %s", element, shorten(a.name))
		}
	}
}

// seconds reads a time. An explicit zero is Immediately; what cannot be used
// is reported and 0, the default.
func (p *parser) seconds(name, value string, offset int) time.Duration {
	value = strings.TrimSpace(value)
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n > maxSeconds {
		p.report(offset, CodeValue, "%s=%q is not a number of seconds from 0 to %d", name, shorten(value), maxSeconds)
		return 0
	}
	if d := time.Duration(math.Round(n*1000)) * time.Millisecond; d > 0 {
		return d
	}
	return Immediately
}

func (p *parser) count(name, value string, offset int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxNumDigits {
		p.report(offset, CodeValue, "%s=%q is not a number from 1 to %d", name, shorten(value), maxNumDigits)
		return 0
	}
	return n
}

func (p *parser) input(value string, offset int) Input {
	var dtmf, speech bool
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch strings.ToLower(word) {
		case "dtmf":
			dtmf = true
		case "speech":
			speech = true
		default:
			p.report(offset, CodeValue, "input=%q is not dtmf, speech or both", shorten(value))
			return ""
		}
	}
	switch {
	case dtmf && speech:
		return InputBoth
	case speech:
		return InputSpeech
	case dtmf:
		return InputDTMF
	}
	return ""
}

func (p *parser) finishKey(value string, offset int) string {
	switch {
	case value == "":
		return NoFinishKey
	case !isKeys(value):
		p.report(offset, CodeValue, "finishOnKey=%q has a character that is not a telephone key", shorten(value))
		return ""
	}
	return value
}

func (p *parser) yes(name, value string, offset int) bool {
	switch strings.ToLower(value) {
	case "true", "yes", "1":
		return true
	case "false", "no", "0", "":
		return false
	}
	p.report(offset, CodeValue, "%s=%q is neither true nor false", name, shorten(value))
	return false
}

// isKeys reports whether s is made of telephone keys.
func isKeys(s string) bool {
	return strings.Trim(s, "0123456789*#ABCD") == ""
}

// cutScheme returns a URL's scheme in lower case.
func cutScheme(url string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(url, "://")
	return strings.ToLower(scheme), rest, ok
}
