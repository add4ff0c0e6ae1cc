package ledger

import (
	"encoding/json"
	"time"
)

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
	At     time.Time `json:"at,omitzero"`
	Reason string    `json:"reason"`
	Text   string    `json:"text,omitzero"`  // id of the text that it led to
	Calls  int       `json:"calls,omitzero"` // so many calls that were counted together; At is the last of them. 0: it is one call
}

// Call is a call that the Core placed, with its trace.
type Call struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at,omitzero"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Outcome string    `json:"outcome"` // what ended it, in words
	Failed  bool      `json:"failed,omitzero"`
	Trace   []byte    `json:"trace"` // JSON Lines, as a saved call
}

// MarshalJSON writes the trace as the text that it is.
func (c Call) MarshalJSON() ([]byte, error) {
	type plain Call
	return json.Marshal(struct {
		plain
		Trace string `json:"trace"`
	}{plain(c), string(c.Trace)})
}
