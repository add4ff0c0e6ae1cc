package responder

import "strings"

// children calls visit for each child element of t whose name is known, and
// reports the others and stray text. visit reads the child to its end.
func (p *parser) children(t token, visit func(child token, e *element) *finding) *finding {
	return p.content(t, func(next token) *finding {
		if next.kind == tokenText {
			if s := strings.TrimSpace(next.text); s != "" {
				p.scan.found.report(next.offset, CodeStrayText, "text (%q) stands in <%s>, where only elements can", shorten(s), t.name)
			}
			return nil
		}
		if e := elementOf(next.name); e != nil {
			return visit(next, e)
		}
		return p.unknown(next)
	})
}

// noChildren reads an element that has no content.
func (p *parser) noChildren(t token) *finding {
	return p.children(t, func(child token, e *element) *finding {
		return p.notAllowed(child, "<%s> cannot stand in <%s>, which is empty", e.name, t.name)
	})
}

// textOf reads an element whose content is text. Markup in it is dropped and
// its text kept: losing words is worse than losing their emphasis.
func (p *parser) textOf(t token) (string, *finding) {
	var few [4]string // one, as nearly always
	pieces, fatal := p.pieces(t, t.name, few[:0])
	return strings.Join(pieces, ""), fatal
}

func (p *parser) pieces(t token, parent string, found []string) ([]string, *finding) {
	fatal := p.content(t, func(next token) (fatal *finding) {
		if next.kind == tokenText {
			found = append(found, next.text)
			return nil
		}
		if e := elementOf(next.name); e != nil {
			return p.notAllowed(next, "<%s> cannot stand in <%s>, which is plain text", e.name, parent)
		}
		p.scan.found.report(next.offset, CodeMarkup, "markup (<%s>) stands in <%s>, which is plain text", shorten(next.name), parent)
		found, fatal = p.pieces(next, parent, found)
		return fatal
	})
	return found, fatal
}

// unknown passes over an element that has no meaning here.
func (p *parser) unknown(t token) *finding {
	advice := ""
	if s := instead[strings.ToLower(t.name)]; s != "" {
		advice = "; " + s
	}
	p.scan.found.report(t.offset, CodeUnknownVerb, "there is no verb <%s>%s", shorten(t.name), advice)
	return p.skip(t)
}

func (p *parser) notAllowed(t token, format string, args ...any) *finding {
	p.scan.found.report(t.offset, CodeNotAllowed, format, args...)
	return p.skip(t)
}

// skip passes over an element with all that is in it.
func (p *parser) skip(t token) *finding {
	return p.content(t, func(next token) *finding {
		if next.kind == tokenText {
			return nil
		}
		return p.skip(next)
	})
}

// content calls each for what stands in t: texts, and the starts of elements;
// each must read an element to its end.
func (p *parser) content(t token, each func(token) *finding) *finding {
	if p.depth++; p.depth > maxDepth {
		return find(t.offset, CodeTooDeep, "elements are nested more than %d deep", maxDepth)
	}
	for !t.empty {
		next, fatal := p.scan.next()
		switch {
		case fatal != nil:
			return fatal
		case next.kind == tokenEOF:
			return find(t.offset, CodeSyntax, "<%s> begins here and is never ended", shorten(t.name))
		case next.kind == tokenEnd:
			if next.name != t.name {
				if !strings.EqualFold(next.name, t.name) {
					return find(next.offset, CodeSyntax, "</%s> stands where </%s> belongs", shorten(next.name), shorten(t.name))
				}
				p.scan.found.report(next.offset, CodeCase, "</%s> ends <%s>", shorten(next.name), shorten(t.name))
			}
			p.depth--
			return nil
		}
		if fatal := each(next); fatal != nil {
			return fatal
		}
	}
	p.depth--
	return nil
}

// head checks the tag t, which is the last token: its spelling, and its
// attributes. It calls set for each attribute that the element knows.
func (p *parser) head(t token, e *element, set func(name, value string, offset int)) {
	if t.name != e.name {
		p.scan.found.report(t.offset, CodeCase, "<%s> is spelled <%s>", t.name, e.name)
	}
	var given uint // a bit for each of the element's attributes
	for _, a := range p.scan.attrs {
		i := e.attribute(a.name)
		switch {
		case i >= 0 && given&(1<<i) != 0:
			p.scan.found.report(a.offset, CodeAttribute, "the attribute %s stands twice in one tag; the first counts", e.attributes[i])
		case i >= 0:
			given |= 1 << i
			name := e.attributes[i]
			if name != a.name {
				p.scan.found.report(a.offset, CodeCase, "the attribute %s is spelled %s", a.name, name)
			}
			set(name, a.value, a.offset)
		case a.name == "xmlns", strings.HasPrefix(a.name, "xmlns:"):
		case strings.EqualFold(a.name, "action"):
			p.scan.found.report(a.offset, CodeForwardGoto, "%s takes no action", e.name)
		default:
			p.scan.found.report(a.offset, CodeUnknownAttr, "%s has no attribute %s", e.name, shorten(a.name))
		}
	}
}
