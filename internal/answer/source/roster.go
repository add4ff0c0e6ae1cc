package source

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/switchhook/switchhook/internal/fetch"
)

// roster is an answer in the making: who is on call as far as the lists say, and
// whom to ask about.
type roster struct {
	Snapshot

	ask      *asker
	subjects []subject
	heard    bool
}

func (a *asker) roster() *roster { return &roster{Snapshot: Snapshot{At: time.Now()}, ask: a} }

func (r *roster) odd(sentences ...string) {
	for _, sentence := range sentences {
		if sentence != "" {
			r.Oddities = append(r.Oddities, sentence)
		}
	}
}

// compareClocks compares the clocks, by the first answer.
func (r *roster) compareClocks(answer *fetch.Response) {
	if !r.heard {
		r.odd(r.ask.clockSkew(answer))
	}
	r.heard = true
}

// pages asks for one page of a list after another, from 1 on, until one says that
// it is the last.
func (r *roster) pages(of, hint string, ask func(page int) (more bool, err error)) error {
	for page := range maxPages {
		if more, err := ask(page + 1); err != nil || !more {
			return err
		}
	}
	return r.ask.wrong(hint, "%s goes on after %d pages of %s", r.ask.where(), maxPages, of)
}

// onCalls reads a list of those who are on call. A person's mark changes when they
// do, as far as the list shows it. If none of them can be used it fails: the last
// answer is better than concluding that nobody is on call.
func onCalls[T any](r *roster, list []json.RawMessage, person func(item T) (p Person, mark string, err error)) error {
	return readAll(r, list, "an on-call", func(item T) error {
		p, mark, err := person(item)
		if err == nil {
			r.People = append(r.People, p)
			r.subjects = append(r.subjects, subject{id: p.ID, name: p.Name, mark: mark})
		}
		return err
	})
}

// policyEntry is what a list of those on call for an escalation policy says of one.
type policyEntry struct {
	policy     *policyRef // nil: not told
	level      *int
	levelField string
	user       json.RawMessage
	start, end shiftTime
}

type policyRef struct {
	ID ident `json:"id"`
}

// onPolicy reads somebody who is on call for an escalation policy, and has to be
// for the one that was asked for.
func onPolicy[U interface{ person() Person }](r *roster, policy string, e policyEntry) (p Person, mark string, err error) {
	var user U
	switch {
	case e.policy != nil && string(e.policy.ID) != policy:
		err = r.ask.changed("it has on-calls of another escalation policy than was asked for")
	case e.level == nil || *e.level < 1:
		err = r.ask.changed("an on-call has no %s", e.levelField)
	case len(e.user) > 0:
		err = r.ask.decode(e.user, &user)
	}
	if p = user.person(); err == nil && !isPlain(p.ID) {
		err = r.ask.changed("an on-call has no user with an id")
	}
	if err != nil {
		return Person{}, "", err
	}
	p.Level, p.Since, p.Until = *e.level, e.start.Time, e.end.Time
	r.odd(r.ask.oddTimes(p.Name, e.start, e.end))
	return p, string(e.user), nil
}

// readAll passes the items of a list to use. It fails if none can be used.
func readAll[T any](r *roster, list []json.RawMessage, what string, use func(item T) error) error {
	odd, used, err := eachItem(r.ask, list, what, use)
	if used > 0 {
		err = nil
	}
	if err == nil {
		r.odd(odd...)
	}
	return err
}

// withContacts asks about everybody, and returns the whole.
func (r *roster) withContacts(ctx context.Context, c *contacts, ask func(context.Context, subject) (contact, error)) (Snapshot, error) {
	found, oddities, err := c.contactsOf(ctx, r.askable(r.subjects), ask)
	if err != nil {
		return Snapshot{}, err
	}
	r.odd(oddities...)
	for i := range r.People {
		p := &r.People[i]
		known := found[p.ID]
		p.Name, p.Email, p.Numbers = cmp.Or(p.Name, known.name, p.ID), cmp.Or(p.Email, known.email), known.numbers
	}
	r.People = arrange(r.People)
	return r.Snapshot, nil
}

// contactOf reads the list of ways to reach somebody.
func contactOf[T any](a *asker, s subject, list []json.RawMessage, what string, use func(n *numbers, way T) error) (contact, error) {
	n := numbers{person: s.label()}
	odd, _, lost := eachItem(a, list, n.person+": "+what, func(way T) error { return use(&n, way) })
	n.oddities = append(n.oddities, odd...)
	return n.contact(lost)
}
