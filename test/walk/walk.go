// Package walk lets a thing take random steps, and compares where each leads with
// the table of its states.
package walk

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/fault/state"
)

// Move is one move: a step, and where it should lead; "": to the thing's removal.
type Move[S ~string] struct {
	Step state.Step
	To   S
}

// steps is how many moves a walk has.
const steps = 12

// Along makes random moves, but none that makes a thing. After each the thing is
// where the table says: moved on if the step applies to its state, and otherwise
// where it was.
func Along[S ~string](r *rapid.T, table state.Transitions[S], at S, take func(Move[S]), where func() S) {
	r.Helper()
	moves := movesOf(table)
	for range steps {
		m := rapid.SampledFrom(moves).Draw(r, "move")
		take(m)
		want := at
		if slices.Contains(table.Of(m.Step).From, at) {
			want = m.To
		}
		if got := where(); got != want {
			r.Fatalf("%s from %q to %q leads to %q, want %q", m.Step, at, m.To, got, want)
		}
		if at = want; at == "" {
			return
		}
	}
}

func movesOf[S ~string](table state.Transitions[S]) (moves []Move[S]) {
	for _, t := range table {
		if len(t.From) == 0 {
			continue
		}
		for _, to := range t.To {
			moves = append(moves, Move[S]{t.Step, to})
		}
		if len(t.To) == 0 {
			moves = append(moves, Move[S]{Step: t.Step})
		}
	}
	return moves
}
