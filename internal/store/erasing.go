package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/phone"
)

// Removed counts the records that Erase or Purge has removed, by kind.
type Removed struct {
	Texts        int // to the number
	Inbound      int // texts from the number
	Answers      int // that calls of the number got
	Consents     int
	Calls        int // from or to the number, with their traces
	CallBacks    int // to the number: they stay without it, and count for caps
	Activity     int // items of the activity record about the number
	Suppressions int // they stay, as the number must not be contacted; only their words are removed
}

// Erasure says what is stored about a number and what erasing does to it.
type Erasure struct {
	Removed        // records of the number
	Others  []Held // that mention the number: it is taken out, or they are removed
	Stays   []Held // what the program cannot do without
}

// Held are records of one kind that hold a number.
type Held struct {
	What  string
	Name  string // of the record, numbers masked; empty: it has none that people know
	Why   string // of what stays: the reason, and what to do about it
	Count int
}

const (
	// erasingRounds is how often we search for a number: what arrives during
	// the erasure is erased too.
	erasingRounds = 3

	// erasingBatch is how many records one transaction changes: callers wait
	// for it, some milliseconds.
	erasingBatch = 500
)

// Holdings returns what is stored about a number, and what Erase would do. It
// reads everything.
func (s *Store) Holdings(ctx context.Context, number *phone.Finder) (Erasure, error) {
	e, err := s.search(ctx, number)
	if err != nil {
		return Erasure{}, fmt.Errorf("look for a number: %w", err)
	}
	return e.found, nil
}

// Erase removes all records of a number, including texts that have not gone out
// yet, and takes the number out of whatever else mentions it, in any spelling.
// Its suppressions stay without their words, and so does what Erasure.Stays
// lists. It goes in small steps, so that nobody waits for it. Traces remain on
// the disk until Scrub.
func (s *Store) Erase(ctx context.Context, number *phone.Finder) (Erasure, error) {
	var erased Erasure
	for round := range erasingRounds {
		e, err := s.search(ctx, number)
		if err == nil {
			err = e.apply(ctx)
		}
		if err != nil {
			return erased, fmt.Errorf("erase a number: %w", err)
		}
		if round == 0 {
			erased = e.found
		} else {
			erased.add(e.found)
		}
		if len(e.changes) == 0 {
			break
		}
	}
	return erased, nil
}

// add adds what arrived during the erasure.
func (e *Erasure) add(later Erasure) {
	for _, part := range []struct {
		count *int
		more  int
	}{
		{&e.Texts, later.Texts}, {&e.Inbound, later.Inbound}, {&e.Answers, later.Answers},
		{&e.Consents, later.Consents}, {&e.Calls, later.Calls}, {&e.CallBacks, later.CallBacks},
		{&e.Activity, later.Activity},
	} {
		*part.count += part.more
	}
	for _, other := range later.Others {
		addHeld(&e.Others, other)
	}
}

// addHeld adds records to those with the same kind and name.
func addHeld(all *[]Held, more Held) {
	i := slices.IndexFunc(*all, func(h Held) bool { return h.What == more.What && h.Name == more.Name })
	if i < 0 {
		*all = append(*all, more)
		return
	}
	(*all)[i].Count += more.Count
}

// erasing is one search for a number.
type erasing struct {
	*phone.Finder
	store   *Store
	now     time.Time
	ids     map[string]string // their replacements, by id
	found   Erasure
	changes []erasingChange
}

// erasingChange is a pending change.
type erasingChange struct {
	statement string
	args      []any
	object    *core.Key // of the Core; nil: the change is about none
}

func (e *erasing) key() string { return e.Number().Key() }

// search looks for a number everywhere.
func (s *Store) search(ctx context.Context, number *phone.Finder) (*erasing, error) {
	e := &erasing{Finder: number, store: s, now: s.now(), ids: map[string]string{}}
	err := s.readTx(ctx, func(ctx context.Context, q querier) error {
		for i := range erasingRules {
			if err := e.searchTable(ctx, q, &erasingRules[i]); err != nil {
				return fmt.Errorf("look through %s: %w", erasingRules[i].table, err)
			}
		}
		if err := e.searchObjects(ctx, q); err != nil {
			return fmt.Errorf("look through the objects of the Core: %w", err)
		}
		return e.searchBefore(ctx, q)
	})
	if err != nil {
		return nil, err
	}
	if err := e.searchFiles(); err != nil {
		return nil, err
	}
	byName := func(a, b Held) int { return cmp.Or(strings.Compare(a.What, b.What), strings.Compare(a.Name, b.Name)) }
	slices.SortStableFunc(e.found.Others, byName)
	slices.SortStableFunc(e.found.Stays, byName)
	return e, nil
}

func (e *erasing) mentions(what string) { addHeld(&e.found.Others, Held{What: what, Count: 1}) }

// stays notes one more record that stays.
func (e *erasing) stays(h Held) {
	h.Count, h.Name = 1, e.Replace(h.Name, phone.Mask(e.key()))
	addHeld(&e.found.Stays, h)
}

func (e *erasing) change(statement string, args ...any) {
	e.changes = append(e.changes, erasingChange{statement: statement, args: args})
}

// apply makes the pending changes.
func (e *erasing) apply(ctx context.Context) error {
	for batch := range slices.Chunk(e.changes, erasingBatch) {
		err := e.store.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := e.store.holdNumber(ctx, tx, e.key(), ""); err != nil {
				return err
			}
			if err := e.store.lockNames(ctx, tx, lockOfNumber(e.key())); err != nil {
				return err
			}
			var objects []core.Change
			for _, c := range batch {
				if _, err := tx.ExecContext(ctx, c.statement, c.args...); err != nil {
					return err
				}
				if c.object != nil {
					objects = append(objects, core.Change{Object: core.Object{Key: *c.object}})
				}
			}
			return countChanges(ctx, tx, objects)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
