package ledger

import (
	"fmt"
	"slices"
	"strings"
)

// State says where a text is.
type State string

// The states of a text.
const (
	Sending State = "sending" // an attempt is in progress until its Lease ends, or was interrupted
	Queued  State = "queued"  // the outbox tries it when it is Due
	Sent    State = "sent"    // the phone system has taken it
	Dead    State = "dead"    // it is not tried again unless an operator resends it; Why says why
)

// Step is what changes the state of something.
type Step string

// The steps of a text.
const (
	Begin   Step = "begin"
	Enqueue Step = "enqueue"
	Claim   Step = "claim"
	Finish  Step = "finish"
	Confirm Step = "confirm"
	Strand  Step = "strand"
	Order   Step = "order"
	Purge   Step = "purge"
)

// TextSteps is the state machine of a text.
var TextSteps = Transitions[State]{
	{Begin, "a caller gets it at once", nil, []State{Sending}},
	{Enqueue, "it goes out by itself, such as the answer to STOP", nil, []State{Queued}},
	{Claim, "an attempt begins: it is due, and a job takes it on", []State{Queued}, []State{Sending}},
	{Finish, "the attempt ended without success; one whose lease was over, and that nobody has claimed since, counts", []State{Sending, Queued}, []State{Queued, Dead}},
	{Confirm, "it went out: a fact, whoever reports it and however late", []State{Sending, Queued, Dead}, []State{Sent}},
	{Strand, "the lease ended, for its process died: nobody knows whether it went out", []State{Sending}, []State{Queued}},
	{Order, "an operator sends it again", []State{Dead}, []State{Queued}},
	{Purge, "it is older than the retention, or its number is erased", []State{Sent, Dead}, nil},
}

// Transition is a step that leads from any of some states to any of others.
type Transition[S ~string] struct {
	Step Step
	When string // completes "it happens when"
	From []S    // empty: it is made
	To   []S    // empty: it is removed
}

// Transitions are all steps of one kind of thing: its state machine. The
// conditions of SQL statements are made of them.
type Transitions[S ~string] []Transition[S]

// From returns the states that a step leads from.
func (t Transitions[S]) From(step Step) []S {
	i := slices.IndexFunc(t, func(one Transition[S]) bool { return one.Step == step })
	return t[i].From
}

// SQL returns a statement in which (from) stands for the states that a step leads
// from.
func (t Transitions[S]) SQL(step Step, statement string) string {
	return strings.ReplaceAll(statement, "(from)", "('"+strings.Join(texts(t.From(step)), "', '")+"')")
}

// Table returns the transitions as a table of Markdown.
func (t Transitions[S]) Table() string {
	var b strings.Builder
	b.WriteString("| step | from | to | when |\n| --- | --- | --- | --- |\n")
	for _, one := range t {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", one.Step, strings.Join(texts(one.From), ", "), strings.Join(texts(one.To), ", "), one.When)
	}
	return b.String()
}

func texts[S ~string](states []S) []string {
	var all []string
	for _, state := range states {
		all = append(all, string(state))
	}
	return all
}
