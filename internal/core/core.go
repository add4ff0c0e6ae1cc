// Package core is the phone side: what a phone system knows (domains, users,
// numbers, dial plans, answer rules, texts, queued calls) and the calls it
// carries.
//
// New makes a Core over a State. Place sends a call where the dial plan says and
// runs the web responder it comes to, ReceiveText lets a text come in; the
// methods that create, update and delete are behind the phone system's API
// (package nsapi), and so is Originate, which makes a call. PostEvents posts what happens to subscribers, WorkQueues
// gives queued calls their turn.
package core

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	_ "time/tzdata" // users have time zones, also on machines that know none

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/inhand"
	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
)

// Config says how a Core behaves. The zero value has everything but calls.
type Config struct {
	State       State            // nil: a new Memory
	Engine      *engine.Engine   // runs web responders; required by Place
	CountryCode string           // of numbers written without one; empty: dialplan.DefaultCountryCode
	Now         func() time.Time // nil: time.Now
	Sent        func(Text)       // is given each text once it is stored, before the sender gets an answer; optional
	Poster      Poster           // posts events, see PostEvents; nil: none are posted
	QueueTime   time.Duration    // how long queued calls wait; 0: DefaultQueueTime
	Log         *slog.Logger     // gets what PostEvents, WorkQueues and ReviewNumbers find; nil: slog.Default()

	// Outside rings the telephones of other systems. Optional: without it no call
	// of the Core's own is made.
	Outside Outside

	// InHand holds the calls that Originate makes, for the end of the process, which
	// waits for them. Optional: without it nobody does.
	InHand *inhand.Calls

	// Keep stores each call that Originate has made, once it is over. Optional.
	Keep func(StoredCall)

	// Barring decides which calls go outside. Optional: without it none does.
	Barring Barring

	// Queued is given each queued call once it waits, before the sender gets
	// an answer, and once its turn has come. Optional.
	Queued func(WaitingCall, QueueState)
}

// Core is the phone side. It is used by several goroutines.
type Core struct {
	config Config
	state  State

	events chan event   // for PostEvents
	lost   atomic.Int64 // events that there was no room for

	queues chan struct{} // wakes WorkQueues when a call was queued
	calls  *Calls

	originations originations

	led atomic.Pointer[ledNumbers] // nil: the settings lead no number

	mu    sync.Mutex
	plans map[Key]cachedPlan // by the key of the dial plan
	zones map[string]*time.Location
}

// New returns a Core. It starts nothing.
func New(c Config) *Core {
	if c.State == nil {
		c.State = NewMemory()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.InHand == nil {
		c.InHand = &inhand.Calls{}
	}
	if c.Keep == nil {
		c.Keep = func(StoredCall) {}
	}
	if c.QueueTime == 0 {
		c.QueueTime = DefaultQueueTime
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Core{
		config: c, state: c.State, events: make(chan event, maxEvents), queues: make(chan struct{}, 1),
		calls: &Calls{byID: make(map[string]*placedCall)},
		plans: make(map[Key]cachedPlan), zones: make(map[string]*time.Location),
	}
}

// Object returns an object, or a fault.NotFound.
func (c *Core) Object(ctx context.Context, key Key) (Object, error) {
	o, err := c.state.Object(ctx, key.lower())
	return o, describe(err, key)
}

// Objects returns objects as State.Objects does.
func (c *Core) Objects(ctx context.Context, match Key, start, limit int) ([]Object, error) {
	found, err := c.state.Objects(ctx, match.lower(), start, limit)
	return found, describe(err, match)
}

// lower returns the key as a State has it. Ids of rules and sessions stay as
// they are: their case counts.
func (k Key) lower() Key {
	k.Domain = strings.ToLower(k.Domain)
	switch k.Kind {
	case DialRule, MessageSession:
		k.Owner = strings.ToLower(k.Owner)
	case Message:
		user, session, _ := strings.Cut(k.Owner, "/")
		k.Owner = messageOwner(strings.ToLower(user), session)
	default:
		k.Owner, k.ID = strings.ToLower(k.Owner), strings.ToLower(k.ID)
	}
	return k
}

// maxTries bounds how often a conflicting update is tried again. Two
// administrators may conflict; ten do not.
const maxTries = 10

// update changes an object's fields. It stores what change returns, whose
// argument is a copy.
func (c *Core) update(ctx context.Context, key Key, change func(Fields) (Fields, error)) error {
	for range maxTries {
		o, err := c.state.Object(ctx, key.lower())
		if err != nil {
			return describe(err, key)
		}
		if o.Fields, err = change(o.Fields.Clone()); err != nil {
			return err
		}
		err = c.state.Apply(ctx, Change{Do: Replace, Object: o})
		if !errors.Is(err, ErrStale) {
			return describe(err, key)
		}
	}
	return fault.Newf(fault.Unavailable, "%s is being changed by others", key).WithHint("try again")
}

// apply makes changes; an error is about the first of them.
func (c *Core) apply(ctx context.Context, changes ...Change) error {
	return describe(c.state.Apply(ctx, changes...), changes[0].Object.Key)
}

func create(key Key, fields Fields) Change {
	return Change{Do: Create, Object: Object{Key: key.lower(), Fields: fields}}
}

func removal(key Key) Change {
	return Change{Do: Remove, Object: Object{Key: key.lower()}}
}

// removals returns the changes that remove all that matches.
func (c *Core) removals(ctx context.Context, match Key) ([]Change, error) {
	found, err := c.state.Objects(ctx, match.lower(), 0, 0)
	if err != nil {
		return nil, err
	}
	changes := make([]Change, len(found))
	for i, o := range found {
		changes[i] = removal(o.Key)
	}
	return changes, nil
}

// describe says in a sentence what a State's error means.
func describe(err error, key Key) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound):
		return fault.Newf(fault.NotFound, "%s does not exist", key)
	case errors.Is(err, ErrExists):
		return &fault.Error{Code: fault.Refused, Message: fmt.Sprintf("%s exists already", key), Err: ErrExists}
	}
	return fmt.Errorf("%s: %w", key, err)
}

// String names the object for people.
func (k Key) String() string {
	kind := strings.ReplaceAll(string(k.Kind), "_", " ")
	switch k.Kind {
	case Domain:
		return kind + " " + k.ID
	case DialRule:
		return fmt.Sprintf("%s %s of dial plan %s", kind, ruleOf(k.ID), k.Owner)
	case AnswerRule, MessageSession, Message:
		return fmt.Sprintf("%s %s of user %s@%s", kind, k.ID, k.Owner, k.Domain)
	case Subscription:
		return kind + " " + k.ID
	}
	return fmt.Sprintf("%s %s of %s", kind, k.ID, k.Domain)
}

// now is the time as objects have it.
func (c *Core) now() string { return c.config.Now().UTC().Format(time.RFC3339) }

// Route decides where a call goes; a query without a time means now.
func (c *Core) Route(ctx context.Context, q dialplan.Query) (dialplan.Result, error) {
	if q.At.IsZero() {
		q.At = c.config.Now()
	}
	if q.CountryCode == "" {
		q.CountryCode = c.config.CountryCode
	}
	d := &directory{ctx: ctx, core: c, explains: q.Explain}
	result := dialplan.Route(d, q)
	if d.err != nil {
		return dialplan.Result{}, fmt.Errorf("route a call: %w", d.err)
	}
	return result, nil
}
