package core

import "github.com/switchhook/switchhook/internal/fault/state"

// QueueState is the state of a WaitingCall.
type QueueState string

// The states, in their order.
const (
	QueueWaits QueueState = "waits" // it is on the queue's list
	QueueOver  QueueState = "over"  // its turn came, and it is on the list no more. No telephone rang
)

// The steps of a queued call.
const (
	queueCall   state.Step = "queue"
	queueTurn   state.Step = "turn"
	queueRemove state.Step = "remove"
)

// QueueSteps is the state machine of a queued call.
var QueueSteps = state.Transitions[QueueState]{
	{Step: queueCall, When: "a client of the API puts a number into the queue", To: []QueueState{QueueWaits}},
	{Step: queueTurn, When: "it has waited for as long as calls wait; of several servers one takes it", From: []QueueState{QueueWaits}, To: []QueueState{QueueOver}},
	{Step: queueRemove, When: "its queue or its domain is deleted", From: []QueueState{QueueWaits}},
}
