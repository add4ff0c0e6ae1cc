package ledger

import (
	"time"

	"github.com/switchhook/switchhook/internal/fault/why"
)

// Query selects texts. The zero Query is all of them, the youngest first.
type Query struct {
	State  State  // empty: any
	Entry  string // empty: any
	Number string // digits of the receiver; empty: any
	Since  time.Time
	Limit  int // 0: all
}

// Answered is one answer that text-back gave to a call.
type Answered struct {
	Key
	At     time.Time `json:"at,omitzero"`
	Reason string    `json:"reason"`
	Args   why.Args  `json:"args,omitempty"` // of the step that says why; its code is Reason
	Text   string    `json:"text,omitzero"`  // id of the text that it led to
	Calls  int       `json:"calls,omitzero"` // so many calls that were counted together; At is the last of them. 0: it is one call
}
