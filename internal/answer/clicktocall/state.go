package clicktocall

import (
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault/state"
)

// State is where a call back is.
type State string

// The states of a call back.
const (
	Scheduled State = "scheduled" // it waits for its time
	Placing   State = "placing"   // a request to the phone system is in progress until its Lease ends, or was interrupted
	Placed    State = "placed"    // the phone system took it: it waits in the queue, as far as we know
	Calling   State = "calling"   // it was in the queue and is not any more
	Over      State = "over"      // nothing more is known of it, or will be
	Uncertain State = "uncertain" // the phone system may or may not have taken it; we never ask again
	Failed    State = "failed"    // certainly no one is called
	Cancelled State = "cancelled" // the visitor who asked for it cancelled it
)

// The steps of a call back that a text does not have.
const (
	Schedule state.Step = "schedule"
	Find     state.Step = "find"
	Ring     state.Step = "ring"
	End      state.Step = "end"
	Cancel   state.Step = "cancel"
)

// Steps are all ways that a call back can go.
var Steps = state.Transitions[State]{
	{Step: Schedule, When: "a visitor wants it at another time", To: []State{Scheduled}},
	{Step: ledger.Begin, When: "a visitor wants it now", To: []State{Placing}},
	{Step: ledger.Claim, When: "its time has come, and a job takes it on", From: []State{Scheduled}, To: []State{Placing}},
	{
		Step: ledger.Finish, When: "the attempt ended, maybe after its lease; or its number may not be called now, and no attempt began",
		From: []State{Placing, Uncertain, Scheduled}, To: []State{Placed, Uncertain, Failed, Scheduled},
	},
	{Step: ledger.Strand, When: "the lease ended, for its process died", From: []State{Placing}, To: []State{Uncertain}},
	{Step: Find, When: "the phone system's list has it", From: []State{Uncertain}, To: []State{Placed}},
	{Step: Ring, When: "it is not on the queue's list any more", From: []State{Placed}, To: []State{Calling}},
	{Step: End, When: "nothing more will be known of it", From: []State{Placed, Calling}, To: []State{Over}},
	{Step: Cancel, When: "whoever asked for it takes it back, or its number is erased", From: []State{Scheduled}, To: []State{Cancelled}},
	{
		Step: ledger.Purge, When: "it is older than the retention",
		From: []State{Placed, Calling, Over, Uncertain, Failed, Cancelled},
	},
}
