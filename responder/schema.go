package responder

import "strings"

// element is an element that a document can have.
type element struct {
	name       string
	attributes []string
}

// vocabulary is the one place where names are spelled as they are documented.
var vocabulary = []element{
	{"Response", []string{"action"}},
	{"Say", []string{"voice", "language", "action"}},
	{"Play", []string{"action"}},
	{"Gather", []string{"input", "numDigits", "timeout", "finishOnKey", "speechTimeout", "language", "hints", "action", "method", "executionTimeout", "digitEndTimeout"}},
	{"Forward", []string{"ByCaller"}},
	{"Echo", []string{"timeout"}},
	{"Hangup", nil},
	{"Connect", []string{"action"}},
	{"Start", nil},
	{"Stream", []string{"url", "track", "action"}},
	{"Parameter", []string{"name", "value"}},
	{"Record", []string{"action", "maxLength", "timeout", "finishOnKey", "playBeep"}},
}

// elements finds an element by its name as it is documented, and in lower case.
var elements = func() map[string]*element {
	found := make(map[string]*element, 2*len(vocabulary))
	for i := range vocabulary {
		e := &vocabulary[i]
		found[e.name], found[strings.ToLower(e.name)] = e, e
	}
	return found
}()

// elementOf returns the element of that name, in any case, or nil.
func elementOf(name string) *element {
	if e, ok := elements[name]; ok {
		return e
	}
	return elements[strings.ToLower(name)]
}

// isVerb reports whether the element can stand where a verb can.
func (e *element) isVerb() bool {
	switch e.name {
	case "Response", "Stream", "Parameter":
		return false
	}
	return true
}

// attribute returns which of the element's attributes has the name, in any
// case, or -1. No two of them are the same but for their case.
func (e *element) attribute(name string) int {
	for i, known := range e.attributes {
		if known == name || strings.EqualFold(known, name) {
			return i
		}
	}
	return -1
}

// instead says what to write for other vendors' verbs that people may try.
var instead = map[string]string{
	"dial":       "write Forward",
	"redirect":   "write <Response action=\"…\"> or an action on the verb before",
	"pause":      "a Gather without prompts waits for its timeout",
	"reject":     "write Hangup",
	"sms":        "send the text by the phone system's API",
	"message":    "send the text by the phone system's API",
	"queue":      "write Forward with the queue's extension",
	"enqueue":    "write Forward with the queue's extension",
	"conference": "write Forward with the conference's extension",
	"transfer":   "write Forward",
	"speak":      "write Say",
}
