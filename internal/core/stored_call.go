package core

import (
	"encoding/json"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
)

// StoredCall is a call that the Core placed, as it is stored.
type StoredCall struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at,omitzero"`
	From    string    `json:"from"`
	To      string    `json:"to"`
	Outcome string    `json:"outcome"` // what ended it, in words
	Failed  bool      `json:"failed,omitzero"`
	Trace   []byte    `json:"trace"` // JSON Lines, as a saved call

	Item *activity.Item `json:"-"` // is told in the transaction that stores the call; nil: none
}

// MarshalJSON writes the trace as the text that it is.
func (s StoredCall) MarshalJSON() ([]byte, error) {
	type plain StoredCall
	return json.Marshal(struct {
		plain
		Trace string `json:"trace"`
	}{plain(s), string(s.Trace)})
}
