package core

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/switchhook/switchhook/internal/fault"
)

// Calls are the live calls of a Core: those that Place runs, from when they are
// routed until they end. Each is found by two ids: that of the caller's leg, which
// the call has from its beginning to its end, and that of the leg to a responder,
// which is another one after each Forward and transfer. Both are what responders
// are sent, and what the events tell.
//
// Its methods are used by several goroutines.
type Calls struct {
	mu   sync.Mutex
	byID map[string]*placedCall // each by both of its ids
}

// Whose says whose calls are meant: those of a user, or of all of a domain, or, as
// the zero value, of everybody. A user has the calls that came by way of their
// answer rules, those that they make, and those that Originate makes in their name.
type Whose struct{ Domain, User string }

// Calls returns the live calls.
func (c *Core) Calls() *Calls { return c.calls }

// List returns calls as the API shows them, the oldest first.
func (c *Calls) List(whose Whose) []Fields {
	found := c.legs(whose)
	slices.SortFunc(found, func(a, b *leg) int {
		return cmp.Or(a.placedCall.began.Compare(b.placedCall.began), cmp.Compare(a.origID, b.origID))
	})
	shown := make([]Fields, len(found))
	for i, l := range found {
		shown[i] = l.active() // without the lock: no call waits until all are written
	}
	return shown
}

// legs returns the legs that calls have.
func (c *Calls) legs(whose Whose) []*leg {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*leg
	for id, p := range c.byID {
		if id == p.origID && p.leg.belongsTo(whose) {
			found = append(found, p.leg)
		}
	}
	return found
}

// Find returns a call as the API shows it, by either of its ids; or a
// fault.NotFound.
func (c *Calls) Find(whose Whose, id string) (Fields, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, err := c.find(whose, id)
	if err != nil {
		return nil, err
	}
	return p.leg.active(), nil
}

// find returns a call. The lock is held.
func (c *Calls) find(whose Whose, id string) (*placedCall, error) {
	if p := c.byID[id]; p != nil && p.leg.belongsTo(whose) {
		return p, nil
	}
	return nil, fault.Newf(fault.NotFound, "call %.100s does not exist", id)
}

// add adds a call with its first leg, unless another has its id. End is its end, given
// a cause.
func (c *Calls) add(p *placedCall, first *leg, end context.CancelCauseFunc) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID[p.origID] != nil {
		return false
	}
	p.end, p.leave = end, func(error) {} // enter sees what it misses
	c.byID[p.origID] = p
	c.show(p, first)
	return true
}

// move takes a call from one leg to another. It reports false if the call is not, or
// no longer, where it is to be taken from.
func (c *Calls) move(p *placedCall, from, to *leg) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moveLocked(p, from, to)
}

func (c *Calls) moveLocked(p *placedCall, from, to *leg) bool {
	if c.byID[p.origID] != p || p.leg != from {
		return false
	}
	c.show(p, to)
	return true
}

// show makes a leg the one that a call has. The lock is held.
func (c *Calls) show(p *placedCall, l *leg) {
	if p.leg != nil {
		delete(c.byID, p.leg.termID)
	}
	p.leg = l
	c.byID[l.termID] = p
}

// drop removes a call that was never answered.
func (c *Calls) drop(p *placedCall) {
	c.mu.Lock()
	c.remove(p)
	last := p.leg
	c.mu.Unlock()
	last.out.dismiss()
}

// remove removes a call, if it is there: another one may have its id by now. The lock
// is held.
func (c *Calls) remove(p *placedCall) {
	if c.byID[p.origID] == p {
		delete(c.byID, p.origID)
	}
	delete(c.byID, p.leg.termID)
}
