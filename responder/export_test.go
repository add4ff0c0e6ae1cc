package responder

// Event is a token of the scanner, for the comparison with another reader.
type Event struct {
	Start, End string // the name of an element
	Text       string
}

// Scan returns the tokens of a document: what Parse makes its verbs of. Unlike
// Parse it has no opinion on which elements there are, nor how deep.
func Scan(data []byte) ([]Event, error) {
	text, _, fatal := decode(data)
	s := scanner{text: text}
	var events []Event
	for fatal == nil {
		var t token
		t, fatal = s.next()
		switch {
		case fatal != nil:
		case t.kind == tokenEOF:
			return events, nil
		case t.kind == tokenText:
			events = append(events, Event{Text: t.text})
		case t.kind == tokenEnd:
			events = append(events, Event{End: t.name})
		case t.kind == tokenStart:
			events = append(events, Event{Start: t.name})
			if t.empty {
				events = append(events, Event{End: t.name})
			}
		}
	}
	return nil, &SyntaxError{fatal.locate(text)}
}

// Text returns the document as Parse sees it, where it can be read at all.
func Text(data []byte) string {
	text, _, _ := decode(data)
	return text
}

// IsXMLChar is the production Char of XML 1.0.
func IsXMLChar(r rune) bool { return isXMLChar(r) }
