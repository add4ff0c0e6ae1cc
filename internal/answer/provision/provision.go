// Package provision brings a phone system to what entries say, and keeps it
// there: for each a system user, a dial rule that leads from it to the
// webhook, and an answer rule that leads every call there.
//
// [Wanted] says what there is to be, [Diff] what differs, and
// [Provisioner.Run] fixes it. Its steps look before they write, may be
// repeated, and are reported one by one. What was made is stored as a
// [Record]. What somebody else made is reported, and never touched. [Next]
// says when to check again, [Due] whose turn it is.
package provision

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/netsapiens"
)

// Part is a piece of the chain that leads calls to the webhook, and the step
// that makes it.
type Part string

// The parts, in the order in which they are made.
const (
	User       Part = "user"        // that calls are routed to
	DialRule   Part = "dial_rule"   // from the user's alias to the webhook
	AnswerRule Part = "answer_rule" // from the user to its alias
)

// Parts are all parts, in the order in which they are made.
var Parts = [...]Part{User, DialRule, AnswerRule}

// Users makes and deletes system users.
type Users interface {
	User(ctx context.Context, domain, user string) (netsapiens.User, error)
	Users(ctx context.Context, domain string) iter.Seq2[netsapiens.User, error]
	CreateUser(ctx context.Context, domain string, u netsapiens.User) error
	DeleteUser(ctx context.Context, domain, user string) error
}

// Plans reads dial plans.
type Plans interface {
	DialRules(ctx context.Context, domain, plan string) iter.Seq2[netsapiens.DialRule, error]
	DialRule(ctx context.Context, domain, plan, id string) (netsapiens.DialRule, error)
}

// Rules makes, changes and deletes dial rules.
type Rules interface {
	CreateDialRule(ctx context.Context, domain, plan string, r netsapiens.DialRule) error
	UpdateDialRule(ctx context.Context, domain, plan string, r netsapiens.DialRule) error
	DeleteDialRule(ctx context.Context, domain, plan, id string) error
}

// AnswerRules makes, changes and deletes answer rules.
type AnswerRules interface {
	AnswerRule(ctx context.Context, domain, user, timeFrame string) (netsapiens.AnswerRule, error)
	SetAnswerRule(ctx context.Context, domain, user string, r netsapiens.AnswerRule) (netsapiens.Change, error)
	DeleteAnswerRule(ctx context.Context, domain, user, timeFrame string) error
}

// Numbers knows whose the numbers are.
type Numbers interface {
	SMSNumbers(ctx context.Context, domain string) iter.Seq2[netsapiens.SMSNumber, error]
	PhoneNumbers(ctx context.Context, domain string) iter.Seq2[netsapiens.PhoneNumber, error]
}

// API is the phone system. It is *netsapiens.Client.
type API interface {
	Users
	Plans
	Rules
	AnswerRules
	Numbers
}

// Provisioner brings phone systems to what entries say. It may be used by
// several goroutines, and by several processes that share Records.
type Provisioner struct {
	API       API
	PublicURL *url.URL // where the phone system reaches the webhook
	Email     string   // of system users

	// Records stores what was made. Optional; without it only a dial rule that
	// bears its entry's id is known to be ours, and nothing that was made can be
	// taken away.
	Records Records

	// CheckEvery is how often a chain without a failed step is checked; 0:
	// never.
	CheckEvery time.Duration

	// Keys makes a key for each entry without one of its own whose dial rule
	// is made, and puts it into the rule. It requires Records.
	Keys bool

	// Now returns the time. Optional; default time.Now.
	Now func() time.Time

	// Count counts each step and its result. Optional.
	Count func(step, result string)
}

// Report has the result of each step: "created", "exists", "updated",
// "failed: …" or "conflict: …"; of a removal "removed", "absent", "failed: …"
// or "conflict: …".
type Report struct {
	User       string `json:"user"`
	DialRule   string `json:"dial_rule"`
	AnswerRule string `json:"answer_rule"`

	// FromNumber is set if the number that texts come from is not the user's, or
	// its owner could not be determined.
	FromNumber string `json:"from_number,omitempty"`

	// Earlier is the result for what was made for an earlier system user of
	// the entry: that of a removal, or "kept: …" until the new chain works;
	// empty: there was nothing.
	Earlier string `json:"earlier,omitempty"`
}

// The results of a step that need no sentence, and how the others begin.
const (
	Created  = "created"
	Exists   = "exists"
	Updated  = "updated"
	Removed  = "removed"
	Absent   = "absent"
	Kept     = "kept"
	Failed   = "failed"
	Conflict = "conflict"
)

// Done reports whether every step holds.
func (r Report) Done() bool {
	for _, step := range []string{r.User, r.DialRule, r.AnswerRule, r.Earlier} {
		if kind := Kind(step); kind == Failed || kind == Conflict {
			return false
		}
	}
	return true
}

// Step returns the result for a part.
func (r *Report) Step(p Part) string { return *r.step(p) }

func (r *Report) step(p Part) *string {
	switch p {
	case User:
		return &r.User
	case DialRule:
		return &r.DialRule
	}
	return &r.AnswerRule
}

// Kind returns what a step came to, without its sentence.
func Kind(result string) string {
	kind, _, _ := strings.Cut(result, ":")
	return kind
}

// Apply brings the phone system to what an entry says. A step that fails does
// not hold up the others; but if the user is somebody else's, or that cannot be
// determined now, nothing of theirs is touched.
func (p *Provisioner) Apply(ctx context.Context, e *entry.Entry) Report {
	// Even if saving the record fails at the end, the steps are as reported:
	// what was going to be made was saved before.
	outcome, _ := p.Run(ctx, e)
	return outcome.Report
}

// Settings returns what all entries have in common.
func (p *Provisioner) Settings() Settings {
	return Settings{PublicURL: p.PublicURL, Email: p.Email, CheckEvery: p.CheckEvery, Keys: p.Keys && p.Records != nil}
}

func (p *Provisioner) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

func (p *Provisioner) count(r *Report) {
	if p.Count == nil {
		return
	}
	for _, part := range Parts {
		p.Count(string(part), Kind(r.Step(part)))
	}
}

// failure returns the report of an error, with a sentence.
func failure(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return Failed + ": " + e.Message
	}
	return Failed + ": " + err.Error()
}
