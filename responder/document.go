package responder

// MaxDocument is the size in bytes past which a document is not read.
const MaxDocument = 1 << 20

// Document is a responder's answer: verbs that are run in order. When the last
// one is done the call is disconnected.
type Document struct {
	Verbs  []Verb
	Action string // URL that is asked instead of disconnecting at the end

	// Bare writes the document's only verb as the root, without a Response
	// around it, as phone systems older than v44.1 want it.
	Bare bool
}

// Respond returns a document of verbs.
func Respond(verbs ...Verb) Document { return Document{Verbs: verbs} }

// Bare returns a document that is one verb with no Response around it.
func Bare(verb Verb) Document { return Document{Verbs: []Verb{verb}, Bare: true} }

// Problems reports what is wrong or odd about the document itself, however it
// was written: first what makes Encode refuse it, then what is only odd.
// Positions are zero; Parse knows them.
func (d Document) Problems() []Problem {
	var found []Problem
	d.examine(func(_ place, p Problem) { found = append(found, p) })
	return found
}
