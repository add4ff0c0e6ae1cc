package responder

import "strings"

// attributes lists the attributes of each element in their documented case.
// It is the one place where the vocabulary is spelled.
var attributes = map[string][]string{
	"Response":  {"action"},
	"Say":       {"voice", "language", "action"},
	"Play":      {"action"},
	"Gather":    {"input", "numDigits", "timeout", "finishOnKey", "speechTimeout", "language", "hints", "action", "method", "executionTimeout", "digitEndTimeout"},
	"Forward":   {"ByCaller"},
	"Echo":      {"timeout"},
	"Hangup":    {},
	"Connect":   {"action"},
	"Start":     {},
	"Stream":    {"url", "action"},
	"Parameter": {"name", "value"},
	"Record":    {"action", "maxLength", "timeout", "finishOnKey", "playBeep"},
}

// elements and folded find the documented spelling of a name, as written and
// in any case.
var elements, folded = spellings()

func spellings() (exact, fold map[string]string) {
	exact, fold = map[string]string{}, map[string]string{}
	add := func(s string) { exact[s], fold[strings.ToLower(s)] = s, s }
	for element, attrs := range attributes {
		add(element)
		for _, a := range attrs {
			exact[a] = a
		}
	}
	return exact, fold
}

// intern returns name as a string, without allocating for names of the
// vocabulary.
func intern(name []byte) string {
	if s, ok := elements[string(name)]; ok {
		return s
	}
	return string(name)
}

// elementName returns the documented spelling of an element's name.
func elementName(name string) (spelled string, known bool) {
	if _, ok := attributes[name]; ok {
		return name, true
	}
	spelled, known = folded[strings.ToLower(name)]
	return spelled, known
}

// attributeName returns the documented spelling of an element's attribute.
func attributeName(element, name string) (spelled string, known bool) {
	for _, a := range attributes[element] {
		if a == name {
			return a, true
		}
	}
	for _, a := range attributes[element] {
		if strings.EqualFold(a, name) {
			return a, true
		}
	}
	return "", false
}

// instead says what to write for verbs of other vendors that people expect.
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
	"break":      "",
}
