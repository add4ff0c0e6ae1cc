// Package barring decides which calls out the Core may make: it keeps people who
// got into a telephone, a password or a responder from calling numbers that earn
// them money, on the operator's account (toll fraud).
//
// [Barring.Admit] decides about one call, by whom it calls and by what its owner
// and the whole server have in hand and have used within a day. It knows no
// network and no clock of its own.
package barring

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/phone"
)

// Config is what a Barring needs.
type Config struct {
	Home     phone.Home       // of the calling code: calls within it are not foreign
	Settings Settings         // may be replaced: see Set
	Now      func() time.Time // nil: time.Now
	Spent    []Spent          // before a restart: see Save

	// Decided is given each result of Admit, and Alert what an operator should
	// know, in order. They must neither block nor call the Barring. Optional.
	Decided func(Result)
	Alert   func(Alert)
}

// Barring decides which calls out are made. It is used by several goroutines.
type Barring struct {
	config Config
	base   time.Time // when it was made: what has passed since is not changed by setting a clock
	rules  atomic.Pointer[rules]

	mu     sync.Mutex
	now    instant
	server *account
	owners map[string]*account
	alarms alarms
}

const (
	// maxOwners bounds the accounts. Owners are users of the Core, of which an API
	// makes as many as it likes.
	maxOwners = 10_000

	// otherOwners has the one account of all beyond those, and of calls of nobody.
	otherOwners = "other users"
)

// New returns a Barring.
func New(c Config) *Barring {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Decided == nil {
		c.Decided = func(Result) {}
	}
	b := &Barring{config: c, base: c.Now(), owners: make(map[string]*account), alarms: alarms{c.Alert, make(map[matter]instant)}}
	b.now = instant(b.base.UnixNano())
	b.server = newAccount("", b.now)
	b.Set(c.Settings)
	for _, s := range c.Spent {
		b.account(s.Owner).day.restore(s)
		b.server.day.restore(s)
	}
	return b
}

// Set replaces the Settings. Calls in hand go on, and count.
func (b *Barring) Set(s Settings) { b.rules.Store(newRules(s, b.config.Home)) }

// Judge refuses a call that Admit refuses because of whom it calls. Nothing is counted
// or told.
func (b *Barring) Judge(to string) error {
	if _, refused := b.rules.Load().judge(to); refused != nil {
		return refused.fault()
	}
	return nil
}

// Admit decides whether an owner, user@domain, may call somebody: a number as
// E.164 has it, with its plus; an emergency number as it was dialled; or a URI of
// sip or sips, of which only the calls at once are limited. Once the call has
// ended, or was not begun after all, release is to be called with how long the
// two talked; again it does nothing. Until then they count as talking.
//
// The error is a *fault.Error that says what to set, with the number masked; in an
// engine.Announced where the caller is to hear why.
func (b *Barring) Admit(owner, to string) (release func(talked time.Duration), err error) {
	rules := b.rules.Load()
	call, refused := rules.judge(to)
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.tick()
	of := b.account(strings.ToLower(owner))
	of.settle(now)
	b.server.settle(now)
	if refused == nil {
		refused = rules.roomFor(call, of, b.server, now)
	}
	if refused != nil {
		b.config.Decided(refused.why)
		b.alarms.refused(refused, of.owner, to, now)
		return nil, refused.fault()
	}
	b.config.Decided(Admitted)
	for _, a := range [...]*account{of, b.server} {
		a.begin(call, now)
		b.alarms.watch(rules, a, now)
	}
	return b.releaseOnce(call, of, now), nil
}

func (b *Barring) releaseOnce(call target, of *account, began instant) func(talked time.Duration) {
	done := false
	return func(talked time.Duration) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if done {
			return
		}
		done = true
		now := b.tick()
		of.end(call, began, talked, now)
		b.server.end(call, began, talked, now)
	}
}

// tick returns the time, which never goes back.
func (b *Barring) tick() instant {
	b.now = max(b.now, instant(b.base.UnixNano())+b.config.Now().Sub(b.base))
	return b.now
}

// account returns that of an owner.
func (b *Barring) account(owner string) *account {
	if owner == "" {
		owner = otherOwners
	}
	a := b.owners[owner]
	if a == nil && len(b.owners) >= maxOwners {
		owner = otherOwners
		a = b.owners[owner]
	}
	if a == nil {
		a = newAccount(owner, b.now)
		b.owners[owner] = a
	}
	return a
}

// Review tells which alerts are over, and of minutes that are used up by calls in
// hand. Call it each minute or so.
func (b *Barring) Review() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, rules := b.tick(), b.rules.Load()
	b.server.settle(now)
	b.alarms.watch(rules, b.server, now)
	for owner, a := range b.owners {
		a.settle(now)
		if a.idle(now) {
			delete(b.owners, owner)
			continue
		}
		b.alarms.watch(rules, a, now)
	}
	b.alarms.review(now)
}

// Usage is what is in hand and was used, over all owners.
type Usage struct {
	Calls int           // out, at present
	Spent time.Duration // on calls to numbers within 24 hours; those in hand are part of it
}

// Usage returns it.
func (b *Barring) Usage() Usage {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.server.settle(b.tick())
	return Usage{b.server.calls, b.server.day.total()}
}

// Save has a database add what was spent since it last did: rows to be added to
// those that are there, some of less than nothing. If add fails, they come again.
// Only one Save may run at a time; calls do not wait for it.
func (b *Barring) Save(add func([]Spent) error) error {
	rows := b.unsaved()
	if len(rows) == 0 {
		return nil
	}
	if err := add(rows); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, row := range rows {
		if a := b.owners[row.Owner]; a != nil {
			a.day.markSaved(row)
		}
	}
	return nil
}

func (b *Barring) unsaved() []Spent {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.tick()
	var rows []Spent
	for owner, a := range b.owners {
		a.settle(now)
		rows = a.day.appendUnsaved(rows, owner)
	}
	return rows
}
