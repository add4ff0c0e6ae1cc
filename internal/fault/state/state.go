// Package state says what may follow what. A thing that changes its state has a
// table of its steps, which its program, its SQL and its page of the manual are
// made of.
package state

import (
	"fmt"
	"slices"
	"strings"
)

// Step is what changes the state of something.
type Step string

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

// Of returns the transition of a step, of which there is one.
func (t Transitions[S]) Of(step Step) Transition[S] {
	return t[slices.IndexFunc(t, func(one Transition[S]) bool { return one.Step == step })]
}

// SQL returns a statement in which (from) stands for the states that a step leads
// from, of a table that has the state in a column.
func (t Transitions[S]) SQL(step Step, statement string) string {
	return strings.ReplaceAll(statement, "(from)", "('"+strings.Join(texts(t.Of(step).From), "', '")+"')")
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
