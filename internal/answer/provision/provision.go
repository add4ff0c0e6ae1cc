// Package provision brings a phone system to what entries say, and keeps it
// there: for each a system user, a dial rule that leads from it to the
// webhook, and an answer rule that leads every call there.
//
// [Wanted] says what there is to be, [Diff] what differs from what was
// observed, and [Provisioner.ApplyAll] applies it. Its steps look before they
// write, may be repeated, and are reported one by one. What was made is stored
// as a [Record], before it is made. What somebody else made is reported, and
// never touched. [Next] says when to check again, [Due] whose turn it is.
package provision

import (
	"context"
	"fmt"
	"iter"
	"net/url"
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

// API is the phone system. It is *netsapiens.Client.
type API interface {
	User(ctx context.Context, domain, user string) (netsapiens.User, error)
	Users(ctx context.Context, domain string) iter.Seq2[netsapiens.User, error]
	CreateUser(ctx context.Context, domain string, u netsapiens.User) error
	DeleteUser(ctx context.Context, domain, user string) error

	DialRules(ctx context.Context, domain, plan string) iter.Seq2[netsapiens.DialRule, error]
	DialRule(ctx context.Context, domain, plan, id string) (netsapiens.DialRule, error)
	CreateDialRule(ctx context.Context, domain, plan string, r netsapiens.DialRule) error
	UpdateDialRule(ctx context.Context, domain, plan string, r netsapiens.DialRule) error
	DeleteDialRule(ctx context.Context, domain, plan, id string) error

	AnswerRule(ctx context.Context, domain, user, timeFrame string) (netsapiens.AnswerRule, error)
	SetAnswerRule(ctx context.Context, domain, user string, r netsapiens.AnswerRule) (netsapiens.Change, error)
	DeleteAnswerRule(ctx context.Context, domain, user, timeFrame string) error

	SMSNumbers(ctx context.Context, domain string) iter.Seq2[netsapiens.SMSNumber, error]
	PhoneNumbers(ctx context.Context, domain string) iter.Seq2[netsapiens.PhoneNumber, error]
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

	// Fingerprints makes Due quick. Optional.
	Fingerprints *Fingerprints

	// Now returns the time. Optional; default time.Now.
	Now func() time.Time

	// Count counts each step and its outcome. Optional.
	Count func(step, outcome string)
}

// Settings returns what all entries have in common.
func (p *Provisioner) Settings() Settings {
	return Settings{PublicURL: p.PublicURL, Email: p.Email, CheckEvery: p.CheckEvery, Keys: p.Keys && p.Records != nil, Fingerprints: p.Fingerprints}
}

func (p *Provisioner) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

// EntryResult is the result for one entry.
type EntryResult struct {
	Entry     string
	Plan      Plan // as it was found
	Report    Report
	Condition Condition
	News      bool // a step fails that did not, or is in a conflict in which it was not: somebody should hear of it
}

// Apply brings the phone system to what an entry says. A step that fails does
// not hold up the others; but if the user is somebody else's, or that cannot be
// determined now, nothing of theirs is touched.
func (p *Provisioner) Apply(ctx context.Context, e *entry.Entry) Report {
	// Even if saving the record fails at the end, the steps are as reported:
	// what was going to be made was saved before.
	result, _ := p.ApplyEntry(ctx, e)
	return result.Report
}

// ApplyEntry is Apply with all that there is to say. The error is the store's:
// the report then says that nothing was done, or is right although it could not
// be recorded.
func (p *Provisioner) ApplyEntry(ctx context.Context, e *entry.Entry) (EntryResult, error) {
	return p.reconcile(ctx, &reconciler{base: Wanted(e, p.Settings())})
}

// Plan returns how the phone system differs from what an entry says. It changes
// nothing.
func (p *Provisioner) Plan(ctx context.Context, e *entry.Entry) (Plan, error) {
	return p.plan(ctx, Wanted(e, p.Settings()), nil, false)
}

func (p *Provisioner) plan(ctx context.Context, d Desired, s *survey, removing bool) (plan Plan, err error) {
	err = p.updateRecord(ctx, d.Entry, func(record *Record) bool {
		if p.Keys {
			d = d.guarded(record.Guard)
		}
		plan = newPlan(d, p.observe(ctx, d, record, s, removing), record.Made)
		return false
	})
	return plan, err
}

// PlanRemoval returns what Remove would do. It changes nothing.
func (p *Provisioner) PlanRemoval(ctx context.Context, id string) (Plan, error) {
	if p.Records == nil {
		return Plan{}, errNoRecords
	}
	return p.plan(ctx, Desired{Entry: id}, nil, true)
}

var errNoRecords = fault.Newf(fault.Unsupported, "what was made is not remembered here, so nothing can be taken away")

// Remove takes away what was made for an entry: exactly that, and only if it is
// still as it was made. An entry that is still configured stays without it until
// it is applied again; the record of one that is not is deleted once nothing is
// left. domain, if it is known, is recorded for the next run. The error is the
// store's.
func (p *Provisioner) Remove(ctx context.Context, id, domain string, configured bool) (EntryResult, error) {
	if p.Records == nil {
		return EntryResult{Entry: id}, errNoRecords
	}
	r := &reconciler{base: Desired{Entry: id}, removing: true, leaves: domain}
	result, err := p.reconcile(ctx, r)
	if err == nil && !configured && len(r.record.Made) == 0 {
		if err = p.Records.Delete(ctx, id); err != nil {
			err = fmt.Errorf("forget what was made for %s: %w", id, err)
		}
	}
	return result, err
}

// Leads says which number or rule still leads calls to a user, which reach nobody
// once the user is gone; zero: none does, as far as can be seen.
func (p *Provisioner) Leads(ctx context.Context, domain, user string) Reason {
	why, err := p.arrivals(ctx, domain).at(user)
	if err != nil {
		return Reason{}
	}
	return why
}
