package responder

import "strings"

// response reads the root of a document that is not bare.
func (p *parser) response(t token, e *element) *finding {
	p.head(t, e, func(_, value string, _ int) {
		p.parsed.Document.Action = strings.TrimSpace(value)
	})
	return p.children(t, func(child token, e *element) *finding {
		if !e.isVerb() {
			return p.notAllowed(child, "<%s> cannot stand directly in <Response>", e.name)
		}
		return p.verb(child, e)
	})
}

// Most documents do not exceed these, so that one allocation will do.
const (
	usualVerbs   = 4
	usualPrompts = 2
)

// verb reads a verb of the document.
func (p *parser) verb(t token, e *element) *finding {
	if p.parsed.verbs == nil && !p.parsed.Document.Bare {
		p.parsed.verbs, p.parsed.Document.Verbs = make([]verbPlace, 0, usualVerbs), make([]Verb, 0, usualVerbs)
	}
	p.parsed.verbs = append(p.parsed.verbs, verbPlace{at: p.places.position(t.offset)})
	v, fatal := p.build(t, e)
	p.parsed.Document.Verbs = append(p.parsed.Document.Verbs, v)
	return fatal
}

// prompt reads a verb in the Gather that is the last of verbs.
func (p *parser) prompt(t token, e *element) (Prompt, *finding) {
	gather := &p.parsed.verbs[len(p.parsed.verbs)-1]
	if gather.prompts == nil {
		gather.prompts = make([]Position, 0, usualPrompts)
	}
	gather.prompts = append(gather.prompts, p.places.position(t.offset))
	if e.name == "Say" {
		return p.say(t, e)
	}
	return p.play(t, e)
}

// build reads the element of a verb to its end.
func (p *parser) build(t token, e *element) (Verb, *finding) {
	switch e.name {
	case "Say":
		return p.say(t, e)
	case "Play":
		return p.play(t, e)
	case "Gather":
		return p.gather(t, e)
	case "Forward":
		return p.forward(t, e)
	case "Echo":
		return p.echo(t, e)
	case "Connect":
		return p.connect(t, e)
	case "Start":
		return p.start(t, e)
	case "Record":
		return p.record(t, e)
	}
	p.head(t, e, nil) // Hangup has neither attributes nor content
	return Hangup{}, p.noChildren(t)
}

func (p *parser) say(t token, e *element) (Say, *finding) {
	var s Say
	p.head(t, e, func(name, value string, _ int) {
		value = strings.TrimSpace(value)
		switch name {
		case "voice":
			s.Voice = value
		case "language":
			s.Language = value
		case "action":
			s.Action = value
		}
	})
	text, fatal := p.textOf(t)
	s.Text = collapse(text)
	return s, fatal
}

func (p *parser) play(t token, e *element) (Play, *finding) {
	var play Play
	p.head(t, e, func(_, value string, _ int) { play.Action = strings.TrimSpace(value) })
	text, fatal := p.textOf(t)
	play.URL = strings.TrimSpace(text)
	return play, fatal
}

func (p *parser) gather(t token, e *element) (Gather, *finding) {
	var g Gather
	p.head(t, e, func(name, value string, offset int) {
		p.gatherAttribute(&g, name, strings.TrimSpace(value), offset)
	})
	fatal := p.children(t, func(child token, e *element) *finding {
		if e.name != "Say" && e.name != "Play" {
			return p.notAllowed(child, "<%s> cannot stand in <Gather>, only Say and Play can", e.name)
		}
		if g.Prompts == nil {
			g.Prompts = make([]Prompt, 0, usualPrompts)
		}
		prompt, fatal := p.prompt(child, e)
		g.Prompts = append(g.Prompts, prompt)
		return fatal
	})
	return g, fatal
}

func (p *parser) gatherAttribute(g *Gather, name, value string, offset int) {
	switch name {
	case "input":
		g.Input = p.input(value, offset)
	case "numDigits":
		g.NumDigits = p.count(name, value, offset)
	case "timeout":
		g.Timeout = p.seconds(name, value, offset)
	case "finishOnKey":
		g.FinishOnKey = p.finishKey(value, offset)
	case "speechTimeout":
		if !strings.EqualFold(value, "auto") { // other vendors' word for the default
			g.SpeechTimeout = p.seconds(name, value, offset)
		}
	case "language":
		g.Language = value
	case "hints":
		g.Hints = value
	case "action":
		g.Action = value
	case "method":
		g.Method = p.method(value, offset)
	case "executionTimeout":
		g.ExecutionTimeout = p.seconds(name, value, offset)
	case "digitEndTimeout":
		g.DigitEndTimeout = p.seconds(name, value, offset)
	}
}

func (p *parser) forward(t token, e *element) (Forward, *finding) {
	var f Forward
	// Present means yes, whatever the value.
	p.head(t, e, func(string, string, int) { f.ByCaller = true })
	text, fatal := p.textOf(t)
	f.To = strings.TrimSpace(text)
	return f, fatal
}

func (p *parser) echo(t token, e *element) (Echo, *finding) {
	var v Echo
	p.head(t, e, func(name, value string, offset int) {
		v.Timeout = max(p.seconds(name, value, offset), 0) // 0 means without limit
	})
	return v, p.noChildren(t)
}

func (p *parser) connect(t token, e *element) (Connect, *finding) {
	var c Connect
	p.head(t, e, func(_, value string, _ int) { c.Action = strings.TrimSpace(value) })
	stream, action, track, fatal := p.stream(t)
	c.Stream = stream
	if action.value != "" {
		c.Action = action.value
	}
	switch c.Stream.Track = p.track(track); c.Stream.Track {
	case TrackOutbound, TrackBoth:
		p.scan.found.report(track.offset, CodeUnknownAttr, "a Stream in <Connect> has no track=%q: it gets what the caller says", track.value)
		c.Stream.Track = ""
	}
	return c, fatal
}

func (p *parser) start(t token, e *element) (Start, *finding) {
	p.head(t, e, nil)
	stream, action, track, fatal := p.stream(t)
	if action.value != "" {
		p.scan.found.report(action.offset, CodeForwardGoto, "the action of a Stream in <Start> never gets control")
	}
	stream.Track = p.track(track)
	return Start{Stream: stream}, fatal
}

// stream reads the Stream in a Connect or a Start, and those of its attributes
// that mean something else in each.
func (p *parser) stream(t token) (s Stream, action, track attr, fatal *finding) {
	seen := false
	fatal = p.children(t, func(child token, e *element) *finding {
		if e.name != "Stream" {
			return p.notAllowed(child, "<%s> cannot stand in <%s>, only one Stream can", e.name, t.name)
		}
		if seen {
			return p.notAllowed(child, "a second <Stream> stands in <%s>", t.name)
		}
		seen = true
		p.head(child, e, func(name, value string, offset int) {
			value = strings.TrimSpace(value)
			switch name {
			case "url":
				s.URL = value
			case "track":
				track = attr{name, value, offset}
			case "action":
				action = attr{name, value, offset}
			}
		})
		return p.parameters(child, &s)
	})
	return s, action, track, fatal
}

func (p *parser) parameters(t token, s *Stream) *finding {
	return p.children(t, func(child token, e *element) *finding {
		if e.name != "Parameter" {
			return p.notAllowed(child, "<%s> cannot stand in <Stream>, only Parameter can", e.name)
		}
		var param Parameter
		p.head(child, e, func(name, value string, _ int) {
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

func (p *parser) record(t token, e *element) (Record, *finding) {
	var r Record
	p.head(t, e, func(name, value string, offset int) {
		value = strings.TrimSpace(value)
		switch name {
		case "action":
			r.Action = value
		case "maxLength":
			r.MaxLength = max(p.seconds(name, value, offset), 0) // 0 means the phone system's limit
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
