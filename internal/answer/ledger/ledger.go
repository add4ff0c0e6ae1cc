// Package ledger is the record of text-back: who called, which text that led to
// and the state of that text, who wants no more texts, and who asked for them.
// Its types are what a store stores and what textback decides on; it does
// nothing by itself.
package ledger

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault/why"
)

// Numbers in the ledger are digits with the country's code and without a plus,
// times are UTC in milliseconds.

// NewID returns the id of a new record: letters and digits, unguessable.
func NewID() string { return strings.ToLower(rand.Text()) }

// TextJob is the kind of the jobs that attempt queued texts; a job's id is its
// text's. The store makes them (Store.Finish and Sweep), and the server has
// textback.Outbox.Work carry them out.
const TextJob = "text"

// Why says why a text is dead, or what the last attempt met. The set is closed.
type Why string

// The reasons.
const (
	Refused    Why = "refused"    // the phone system said no, and would again
	Failed     Why = "failed"     // the phone system could not be asked, or failed
	Uncertain  Why = "uncertain"  // the phone system may or may not have taken it
	Late       Why = "late"       // its deadline passed while the phone system failed
	Suppressed Why = "suppressed" // its receiver said stop before it went out
)

// Purpose says what a text is for.
type Purpose string

// The purposes.
const (
	Answer       Purpose = "answer"       // of a call
	Confirmation Purpose = "confirmation" // of an opt-out or opt-in
	Help         Purpose = "help"         // answers HELP
	Trial        Purpose = "trial"        // an operator tries an entry out
)

// Text is one text and its state.
type Text struct {
	ID      string  `json:"id"`
	Purpose Purpose `json:"purpose,omitzero"`
	Entry   string  `json:"entry"`            // id of the entry that it is of
	CallID  string  `json:"call_id,omitzero"` // of the phone system; empty where no call led to it

	Domain   string `json:"domain"`
	User     string `json:"user"`    // of the phone system: who sends it
	Session  string `json:"session"` // of the phone system: the conversation, chosen before the first attempt
	From     string `json:"from"`
	To       string `json:"to"` // digits
	Message  string `json:"message"`
	Segments int    `json:"segments"`

	State    State  `json:"state"`
	Why      Why    `json:"why,omitzero"`      // of the last attempt; empty where there was none, or it went well
	Problem  string `json:"problem,omitzero"`  // the same in words, numbers masked
	Doubtful bool   `json:"doubtful,omitzero"` // an attempt may have got through: look before sending again
	Ordered  bool   `json:"ordered,omitzero"`  // an operator sent it again, also where it may have got through: set by Resend
	Attempts int    `json:"attempts"`          // begun so far

	Created  time.Time `json:"created,omitzero"`
	Updated  time.Time `json:"updated,omitzero"`
	Due      time.Time `json:"due,omitzero"`      // of a Queued text: when it is tried next
	Deadline time.Time `json:"deadline,omitzero"` // past which it is not tried any more
	Lease    time.Time `json:"lease,omitzero"`    // of a Sending text: until when an attempt may last
}

// Key is what makes two requests the same call: with the same Key a caller gets
// the same answer, and one text.
type Key struct {
	Entry  string `json:"entry"`
	CallID string `json:"call_id,omitzero"` // OrigCallID; empty: the phone system gave none
	Caller string `json:"caller"`           // digits
	Step   string `json:"step,omitzero"`    // of a call that is asked several times; empty: the first
}

// Call is a call to be begun.
type Call struct {
	Key
	Tenant  string
	At      time.Time // now
	Counted Counted   // how a text of it is counted
	Basis   *Basis    // what it was admitted by; nil: nothing that was remembered
}

// Basis is the versions of what a server remembered when it admitted a call;
// negative ones are not checked.
type Basis struct {
	Entries int64 // of all entries
	Made    int64 // of what provisioning has made for the entry; 0: nothing
}

// History is what the ledger knows of a number when it calls or writes. A text
// counts unless it is certain that it has not gone out.
type History struct {
	Entry      []time.Time  // of Answer texts of this entry to this number in the last day, the youngest first
	All        int          // texts of all entries to this number in the last day
	Replies    []time.Time  // of Confirmation and Help texts to this number in the last day, the youngest first
	Suppressed *Suppression // why this number gets no texts; nil: it may
	Consent    *Consent     // to texts of this entry; nil: none
	First      *Answered    // what the first step of this very call was answered, where this is a later one; nil: nothing
}

// Decision is what a call is to get.
type Decision struct {
	Reason  string   // names what the caller hears
	Args    why.Args // say why: the arguments of a step whose code is Reason
	Text    *Text    // to be sent now, in state Sending; nil: none
	Consent *Consent // given in this very call
	Forget  bool     // store no answer: a repeat is decided again

	WhenFull *Decision // what the call gets where a cap of Call.Counted, or Rows.Number, is reached; required where there are caps or rows

	Rows   Rows // how many answers are recorded
	Needed bool // a later step of the call needs its answer: it is recorded past Rows.EntryHour and EntryDay
}

// Rows bounds how many answers are recorded one by one, as strangers can cause
// them as fast as they ask. 0: any number.
type Rows struct {
	// Number is how many rows an entry has for one number and step in an hour.
	// Calls past it are counted in one row for an hour, and all get what the
	// first of them gets.
	Number int

	// EntryHour and EntryDay are how many answers of an entry that led to no
	// text are recorded. Past them a repeat is decided again.
	EntryHour, EntryDay int
}

// Begun is what is decided for a call once its record is written.
type Begun struct {
	Repeated bool   // the call had its answer, or another request is handling it
	Reason   string // what was decided; of a Repeated call its result
	Text     *Text  // to be sent now by the caller of Begin; of a Repeated call the text as it is; nil: none
	Full     []Full // the caps that refused a text
	Counted  bool   // the number called so often that its calls are counted in one row; Reason is what they all get
	Told     bool   // the activity record has an item of this call
}

// Result is the result of one attempt at a text.
type Result struct {
	ID      string // of the text
	Attempt int    // the text's Attempts when it was begun: a stale attempt changes nothing but to Sent
	At      time.Time

	State    State // Sent, Dead or Queued
	Why      Why
	Problem  string
	Doubtful bool
	Due      time.Time // of Queued

	// Reason is what the caller hears of a first attempt; empty: no caller
	// waits.
	Reason string
}

// Channel is a way to reach somebody.
type Channel string

// The channels.
const (
	Texts  Channel = "text"
	Calls  Channel = "call" // calls back from a web page, and calls by machines
	AnyWay Channel = "all"
)

// AnyTenant is the Tenant of a suppression that holds for all of them.
const AnyTenant = "*"

// The ways in which a number came onto the list.
const (
	ByText     = "text"     // its owner wrote STOP
	ByCall     = "call"     // its owner pressed a key in a call
	ByPage     = "page"     // its owner used a page and proved that it is theirs
	ByOperator = "operator" // a command
	ByImport   = "import"   // a list that was taken over
)

// Suppression says that a number is not to be reached.
type Suppression struct {
	Number  string    `json:"number"`
	Tenant  string    `json:"tenant"` // a domain of the phone system, or AnyTenant
	Channel Channel   `json:"channel"`
	At      time.Time `json:"at,omitzero"`
	How     string    `json:"how"`   // ByText and so on
	Words   string    `json:"words"` // what was said, or the operator's reason
}

// Consent says that somebody asked for texts.
type Consent struct {
	Number  string    `json:"number"`
	Entry   string    `json:"entry"`
	At      time.Time `json:"at,omitzero"`
	CallID  string    `json:"call_id,omitzero"`
	Wording string    `json:"wording"` // what was spoken before the key
	Key     string    `json:"key"`     // that was pressed
}

// Inbound is a text that somebody sent to a number of ours.
type Inbound struct {
	ID      string    `json:"id"` // of the phone system: the same message comes once
	Domain  string    `json:"domain"`
	From    string    `json:"from"`
	To      string    `json:"to"` // digits
	Message string    `json:"message"`
	At      time.Time `json:"at,omitzero"`
}

// Reply is what an Inbound text leads to.
type Reply struct {
	Suppress *Suppression // put on the list
	Lift     bool         // take the number off the tenant's list for texts
	Text     *Text        // answered, in state Queued; nil: silence
	Limits   []Limit      // that Text has to be within; else there is silence

	// Item tells of it, with the id of the answer, "" if there is none, and whether
	// that is for a limit. Optional.
	Item func(answer string, capped bool) activity.Item
}

// Limit is how often something may be done: Most times at once, and after that as
// many in each Per.
type Limit struct {
	Key  string // names what is counted
	Most int
	Per  time.Duration
}

// Received is the result of a text that somebody sent.
type Received struct {
	Seen   bool // it was known already: we did nothing
	Capped bool // its answer was not within its limits
}
