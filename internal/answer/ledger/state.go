package ledger

import "github.com/switchhook/switchhook/internal/fault/state"

// State says where a text is.
type State string

// The states of a text.
const (
	Sending State = "sending" // an attempt is in progress until its Lease ends, or was interrupted
	Queued  State = "queued"  // the outbox tries it when it is Due
	Sent    State = "sent"    // the phone system has taken it
	Dead    State = "dead"    // it is not tried again unless an operator resends it; Why says why
)

// The steps of a text.
const (
	Begin   state.Step = "begin"
	Enqueue state.Step = "enqueue"
	Claim   state.Step = "claim"
	Finish  state.Step = "finish"
	Confirm state.Step = "confirm"
	Strand  state.Step = "strand"
	Order   state.Step = "order"
	Purge   state.Step = "purge"
)

// TextSteps is the state machine of a text.
var TextSteps = state.Transitions[State]{
	{Step: Begin, When: "a caller gets it at once", To: []State{Sending}},
	{Step: Enqueue, When: "it goes out by itself, such as the answer to STOP", To: []State{Queued}},
	{Step: Claim, When: "an attempt begins: it is due, and a job takes it on", From: []State{Queued}, To: []State{Sending}},
	{
		Step: Finish, When: "the attempt ended without success; one whose lease was over, and that nobody has claimed since, counts",
		From: []State{Sending, Queued}, To: []State{Queued, Dead},
	},
	{Step: Confirm, When: "it went out: a fact, whoever reports it and however late", From: []State{Sending, Queued, Dead}, To: []State{Sent}},
	{Step: Strand, When: "the lease ended, for its process died: nobody knows whether it went out", From: []State{Sending}, To: []State{Queued}},
	{Step: Order, When: "an operator sends it again", From: []State{Dead}, To: []State{Queued}},
	{Step: Purge, When: "it is older than the retention, or its number is erased", From: []State{Sent, Dead}},
}
