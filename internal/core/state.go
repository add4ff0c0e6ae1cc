package core

import (
	"context"
	"errors"
)

// Kind says what an object is.
type Kind string

// The kinds of objects. Beside each: its Owner, and its ID.
const (
	Domain         Kind = "domain"          // -; its name, which is its Domain too
	User           Kind = "user"            // -; its name
	DialPlan       Kind = "dial_plan"       // -; its name
	DialRule       Kind = "dial_rule"       // the dial plan; see RuleID
	AnswerRule     Kind = "answer_rule"     // the user; the time frame
	PhoneNumber    Kind = "phone_number"    // -; its digits
	SMSNumber      Kind = "sms_number"      // -; its digits
	MessageSession Kind = "message_session" // the user; its id
	Message        Kind = "message"         // the user, a slash, the session; its id
	QueuedCall     Kind = "queued_call"     // the queue, which is a user; its id
	Subscription   Kind = "subscription"    // -; its id. Its Domain is Everybody where it is to all domains
)

// Key names an object. Names are in lower case.
type Key struct {
	Kind   Kind
	Domain string
	Owner  string
	ID     string
}

// Object is one thing that the phone system knows.
type Object struct {
	Key
	Age     int64 // the higher, the younger; given by the State
	Version int64 // given by the State
	Fields  Fields
}

// Change is one change of an object.
type Change struct {
	Do     Action
	Object Object
}

// Action is what a Change does.
type Action int

// The actions.
const (
	Create  Action = iota // fails with ErrExists where the object is there
	Replace               // fails with ErrNotFound, or with ErrStale where Version is not the present one
	Remove                // fails with ErrNotFound
)

// Errors of a State. They may be wrapped.
var (
	ErrNotFound = errors.New("the object does not exist")
	ErrExists   = errors.New("an object cannot be made twice")
	ErrStale    = errors.New("the object has changed meanwhile")
)

// State stores the phone side's objects. It is used by several goroutines. A
// database is one, Memory another.
//
// No two objects share a Key. A PhoneNumber or an SMSNumber is the only one of
// its Kind with its ID in all domains.
type State interface {
	// Object returns an object, or ErrNotFound.
	Object(ctx context.Context, key Key) (Object, error)

	// Objects returns the objects of a Kind from the oldest to the youngest: it
	// skips start of them and returns at most limit; limit 0: all. If match has
	// a Domain, they are of that domain; if it has an Owner as well, of that
	// owner. If it has an ID and nothing else, they have that ID.
	Objects(ctx context.Context, match Key, start, limit int) ([]Object, error)

	// Apply makes all the changes, in order, or none of them.
	Apply(ctx context.Context, changes ...Change) error

	// Revision returns a number that differs from the last one whenever
	// objects of a Kind in a domain have changed since.
	Revision(ctx context.Context, kind Kind, domain string) (int64, error)
}
