package clicktocall

import (
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/widget"
)

// Ahead is how far ahead visitors may schedule a call.
const Ahead = widget.Ahead

// limitedFor is the least time that a visitor is told to wait for a number. It
// is the same whether the number is never to be called, was called just now, or
// was called often, so as not to reveal which.
const limitedFor = numberPause

// Case is everything that decides whether a visitor is called.
type Case struct {
	Now    time.Time
	At     time.Time    // when they want to be; zero: at once
	Entry  *entry.Entry // nil: there is none
	Origin string
	Bare   bool // requests without a token are taken

	Token   string // as it came; empty: there is none
	Genuine bool   // it is ours, for this page and network, and not too old
	Worked  bool   // the nonce proves the work that it asks for
	Proved  bool   // that is as much as what is kept of a day takes
	Number  Code   // what is wrong with the number; empty: nothing

	Known Known
}

// rule returns why a visitor is not called, or nil.
type rule func(*Case) *Refusal

// The rules, in the order in which codes go before each other. Those of the
// request need nothing that the ledger knows.
var (
	rulesOfRequest = []rule{known, fromItsPage, genuine, proved}
	rulesOfLedger  = []rule{unused, callable, withinCaps, open}
)

// firstOf returns what the first rule says that says something.
func firstOf(rules []rule, c *Case) *Refusal {
	for _, rule := range rules {
		if r := rule(c); r != nil {
			return r
		}
	}
	return nil
}

// known refuses ids of no entry, and of entries that only send texts.
func known(c *Case) *Refusal {
	if c.Entry == nil || c.Entry.Queue == "" {
		return refuse(UnknownID)
	}
	return nil
}

func fromItsPage(c *Case) *Refusal {
	if !allowed(c.Entry, c.Origin) {
		return refuse(OriginRefused)
	}
	return nil
}

// genuine refuses tokens that are not ours, and requests without one, unless
// the settings take them.
func genuine(c *Case) *Refusal {
	switch {
	case c.Token == "" && !c.Bare:
		return refuse(TokenRequired)
	case c.Token != "" && !c.Genuine:
		return refuse(TokenInvalid)
	}
	return nil
}

func proved(c *Case) *Refusal {
	if c.Token != "" && !c.Worked {
		return refuse(WorkMissing)
	}
	return nil
}

func unused(c *Case) *Refusal {
	if c.Known.Spent {
		return refuse(TokenInvalid)
	}
	return nil
}

func callable(c *Case) *Refusal {
	if c.Number != "" {
		return refuse(c.Number)
	}
	return nil
}

// withinCaps refuses numbers that are never to be called by what it says of those
// that had their calls: what the other caps say is the same for both.
func withinCaps(c *Case) *Refusal {
	full := c.full()
	others := slices.DeleteFunc(slices.Clone(full), func(f Full) bool { return f.Cap.Scope == OfNumber })
	until := fullUntil(others)
	if least := c.Now.Add(limitedFor); (c.Known.Suppressed != nil || len(others) < len(full)) && until.Before(least) {
		until = least
	}
	if !until.IsZero() {
		return &Refusal{Code: Limited, Retry: until}
	}
	if !c.At.IsZero() && c.Known.Waiting >= maxWaiting {
		return &Refusal{Code: Limited, Retry: c.Now.Add(day)}
	}
	return nil
}

// full returns the caps that stand in the way.
func (c *Case) full() []Full {
	if !c.Proved && !c.Known.Settled {
		return c.Known.Full
	}
	return slices.DeleteFunc(slices.Clone(c.Known.Full), func(f Full) bool { return f.Cap.Open })
}

// open refuses a call at a time when no one would be there to talk.
func open(c *Case) *Refusal {
	at := c.At
	if at.IsZero() {
		at = c.Now
	}
	next, ok := c.Entry.Hours.Next(at)
	if ok && next.Equal(at) {
		return nil
	}
	r := refuse(Closed)
	if ok {
		r.Next = next
	}
	return r
}
