package ledger

import "time"

// Query selects texts. The zero Query is all of them, the youngest first.
type Query struct {
	State  State  // empty: any
	Entry  string // empty: any
	Number string // digits of the receiver; empty: any
	Since  time.Time
	Limit  int // 0: all
}

// Event is something an operator or a form did, for the audit.
type Event struct {
	At     time.Time
	Actor  string // form, operator, caller, server
	Action string // such as "suppression added"
	About  string // an id, or a masked number
	Detail string
}

// Dossier is everything that is known about a number, as it is exported.
type Dossier struct {
	Number       string        `json:"number"`
	Texts        []Text        `json:"texts"`
	Inbound      []Inbound     `json:"inbound"`
	Answers      []Answered    `json:"answers"`
	Suppressions []Suppression `json:"suppressions"`
	Consents     []Consent     `json:"consents"`
	Calls        []Call        `json:"calls"`
}

// Answered is one answer that text-back gave to a call.
type Answered struct {
	Key
	At     time.Time
	Reason string
	Text   string // id of the text that came of it
}

// Call is a call that the Core placed, with its trace.
type Call struct {
	ID       string
	At       time.Time
	From, To string
	Outcome  string // what ended it, in words
	Failed   bool
	Trace    []byte // JSON Lines, as a saved call
}
