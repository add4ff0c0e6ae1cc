// Package dialplan decides where a phone system sends a call: from the called
// number to a user, through the user's answer rule to the dial plan, and there
// to an application, which for a web responder is To Web.
//
// Route is the one decision: a function of what the phone system knows (a
// Directory), who calls whom, and the time. Its result explains step by step how
// it came about. Rules follow section "Getting a call to a responder" of the
// protocol that NetSapiens phone systems speak; where the vendor is silent, our
// choice is marked as ours, with its reason.
package dialplan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// MaxSteps is the loop guard: the most tables and users that one call passes.
// It is the vendor's own number.
const MaxSteps = 1024

// DefaultCountryCode is the country code of numbers that are written without
// one: 2125550100 is 12125550100.
const DefaultCountryCode = "1"

// maxPassedOver is how many other matching rules of one table an explanation
// lists: a person reads them.
const maxPassedOver = 20

// maxReason is how many bytes of a reason are kept: what is called may have been
// written by anybody, at any length, and reasons go to the log.
const maxReason = 512

// Query is a call to be routed.
type Query struct {
	From string // who calls: a number, or user@domain
	To   string // who is called: a number, an extension, an alias, a URI

	// Owner is the user (user@domain) whose dial plan decides, when a call is
	// forwarded or made on a user's behalf. Empty: From if that is a user; else
	// there is none, and To is a number that is called from outside. Only a call
	// with an Owner leads outside.
	Owner string

	At          time.Time // the moment of the call
	CountryCode string    // digits; empty: DefaultCountryCode
	Explain     bool      // the steps name also the rules that were passed over
}

// Kind is where a call goes.
type Kind string

// The kinds of results.
const (
	ToWeb       Kind = "web"         // a web responder is asked
	ToPhones    Kind = "phones"      // a user's phones ring
	Outside     Kind = "outside"     // somebody is called whom this phone system does not have
	Hangup      Kind = "hangup"      // a rule ends the call
	Refused     Kind = "refused"     // the user does not want it
	Unsupported Kind = "unsupported" // an application that is not carried out here
	NotFound    Kind = "not_found"   // nothing is there
	Loop        Kind = "loop"        // the rules lead in a circle
)

// Reached reports whether a call that ends so has reached somebody.
func (k Kind) Reached() bool { return k == ToWeb || k == ToPhones || k == Outside }

// Result is where a call goes, and why.
type Result struct {
	Kind   Kind
	Reason string // a sentence without a full stop, numbers masked

	Web Web // of ToWeb

	// Outside is who is called, of the Kind Outside: a number with its plus (ITU-T
	// E.164), which a trunk carries; an emergency number as it is dialled; or a URI
	// of sip or sips whose host is no domain here, which is called as it stands.
	Outside string

	Rule  Rule // the last dial rule that applied; zero if none did
	Owner User // the last user the call passed; zero if it passed none

	// Domain is the owner's, or that of the called number where the call
	// passed no user.
	Domain string

	From, To URI // who calls whom, translated
	Steps    []Step
}

// Route decides where a call goes.
func Route(d Directory, q Query) Result {
	r := &routing{directory: d, query: q, at: momentOf(q.At)}
	r.result.Steps = make([]Step, 0, 6) // a call to a responder takes five
	if r.query.CountryCode == "" {
		r.query.CountryCode = DefaultCountryCode
	}
	r.begin()
	r.result.From, r.result.To, r.result.Domain = r.from, r.to, r.domain
	r.step(Step{Kind: Decided, Note: r.reason})
	return r.result
}

// routing is a decision under way. Its methods that return a bool say whether
// the call's end was found, and the result is set.
type routing struct {
	directory Directory
	query     Query
	from, to  URI
	owner     *User
	domain    string  // the owner's, before that the number's
	at        moment  // by the owner's clock
	passed    int     // tables and users
	way       []place // the tables and users that the call is in now, one within the other
	forwarder *User   // whose answer rule sent the call on last; nil: none did
	exit      *exit   // out of this phone system, if no table knows the call; nil: there is none
	reason    string  // with numbers in full
	result    Result
}

func (r *routing) step(s Step) { r.result.Steps = append(r.result.Steps, s) }

// end sets the result.
func (r *routing) end(kind Kind, format string, args ...any) bool {
	r.reason = fmt.Sprintf(format, args...)
	r.result.Kind, r.result.Reason = kind, phone.MaskIn(plaintext.Clip(r.reason, maxReason))
	return true
}

// place is a table or a user that a call comes to, with all that what follows depends
// on: a call that comes to a place while it is in it has no end. A user becomes the
// owner, whatever the call had before.
type place struct {
	kind     string // dial plan or user
	name     string
	from, to URI
	domain   string
	owner    [2]string // domain and name; empty: nobody
}

// enter notes that the call comes to a table or a user, and reports whether it goes
// in a circle; call back once it goes on from where it came from.
func (r *routing) enter(here place) bool {
	if slices.Contains(r.way, here) {
		return r.end(Loop, "the rules lead in a circle: the call comes to %s %s again as it did before", here.kind, here.name)
	}
	r.way = append(r.way, here)
	if r.passed++; r.passed <= MaxSteps {
		return false
	}
	return r.end(Loop, "the rules lead in a circle: after %d tables and users the call has no end", MaxSteps)
}

// back takes the call back to where it came from.
func (r *routing) back() { r.way = r.way[:len(r.way)-1] }

func (r *routing) begin() {
	r.from = ParseURI(r.query.From, "")
	if owner := r.caller(); owner != nil {
		r.to = ParseURI(r.query.To, owner.Domain)
		r.own(owner)
		if !r.table(owner.Plan) && !r.takeExit() {
			r.end(NotFound, "no rule of dial plan %s leads to %s", owner.Plan, r.to.User)
		}
		return
	}
	r.to = ParseURI(r.query.To, "")
	if r.number() {
		return
	}
	r.domain = r.to.Host
	if r.domain != "" && r.defaultTable() {
		return
	}
	r.end(NotFound, "no number %s is known here", r.to.Address())
}

// caller returns the user whose dial plan decides from the beginning, if any.
func (r *routing) caller() *User {
	on := r.from
	if r.query.Owner != "" {
		on = ParseURI(r.query.Owner, "")
	}
	if on.Host == "" {
		return nil
	}
	return r.directory.User(on.Host, on.User)
}

// own makes a user the call's owner.
func (r *routing) own(u *User) {
	r.owner, r.domain, r.result.Owner = u, u.Domain, *u
	zone := u.Zone
	if zone == nil {
		zone = time.UTC
	}
	r.at = momentOf(r.query.At.In(zone))
	r.step(Step{Kind: Owned, User: u, To: r.to})
}

// number looks the called number up.
func (r *routing) number() bool {
	n := r.findNumber(r.to.User)
	if n == nil {
		return false
	}
	before := r.to
	r.domain, r.to.Host = n.Domain, n.Domain
	if n.Lead != nil {
		return r.lead(n)
	}
	if n.Disabled {
		return r.end(NotFound, "the number %s of %s is switched off", n.Digits, n.Domain)
	}
	at := len(r.result.Steps)
	r.step(Step{Kind: Called, Number: n, To: before})
	return r.apply(&n.Action, applicationOf(n.Application), tableNames(n.Application), at)
}

// lead takes the call to the responder that the settings lead a number to.
func (r *routing) lead(n *Number) bool {
	r.step(Step{Kind: Led, Number: n})
	if n.Lead.Hides {
		r.step(Step{Kind: Hidden, Number: n})
	}
	if owner := r.directory.User(n.Domain, n.Lead.Owner); owner != nil {
		r.own(owner)
	} else {
		r.step(Step{Kind: Ownerless, Number: n})
	}
	return r.ask(n.Lead.Web)
}

// findNumber also finds a number if only one of the two has a country code, or a
// dialling prefix.
func (r *routing) findNumber(text string) *Number {
	if digits := strings.TrimPrefix(text, "+"); digits != "" && strings.Trim(digits, "0123456789") == "" {
		if n := r.directory.Number(digits); n != nil {
			return n
		}
	}
	called := phone.Read(text, r.home())
	if called.Internal() || called.Hidden() {
		return nil
	}
	for _, way := range [...]string{called.Digits(), called.Key(), strings.TrimPrefix(called.Digits(), r.query.CountryCode)} {
		if n := r.directory.Number(way); n != nil && way != "" {
			return n
		}
	}
	return nil
}

// table searches a dial plan by its name: the domain's own, the system's, or
// the one that is built in.
func (r *routing) table(name string) bool {
	here := place{kind: "dial plan", name: name, from: r.from, to: r.to, domain: r.domain}
	if r.owner != nil {
		here.owner = [...]string{r.owner.Domain, r.owner.Name}
	}
	if r.enter(here) {
		return true
	}
	defer r.back()
	p := r.directory.Plan(r.domain, name)
	if p == nil {
		p = r.directory.Plan(SystemDomain, name)
	}
	if p != nil {
		return r.plan(p)
	}
	if strings.EqualFold(name, DefaultTable) {
		return r.defaultTable()
	}
	r.step(Step{Kind: Missing, Table: name})
	return false
}

func (r *routing) plan(p *Plan) bool {
	s := search{to: r.to.key(), from: r.from.key(), at: r.at}
	var found *compiled
	if r.query.Explain {
		found = r.explain(p, &s)
	} else {
		found = p.find(&s)
	}
	if found == nil {
		r.step(Step{Kind: Unmatched, Table: p.Name, To: r.to})
		return false
	}
	r.result.Rule = found.Rule
	at := len(r.result.Steps)
	r.step(Step{Kind: Matched, Table: p.Name, Rule: &found.Rule, To: r.to})
	return r.apply(&found.Action, found.application, found.tables, at)
}

// explain searches a plan and notes what else would have matched.
func (r *routing) explain(p *Plan, s *search) *compiled {
	left := maxPassedOver
	return p.findSlowly(s, func(rule *compiled, reason string) {
		if left--; left >= 0 {
			r.step(Step{Kind: PassedOver, Table: p.Name, Rule: &rule.Rule, To: r.to, Note: reason})
		}
	})
}

// apply carries an action out, and adds the translated destination to the step
// at the given index.
func (r *routing) apply(a *Action, what application, next []string, at int) bool {
	if err := a.Translation.apply(&r.from, &r.to, r.tokens()); err != nil {
		return r.end(NotFound, "the call leads nowhere: %v", err)
	}
	r.result.Steps[at].After = r.to
	switch what {
	case tables:
		return r.tables(next)
	case toWeb:
		return r.web(a.Parameter)
	case toUser:
		return r.user()
	case hangup:
		return r.end(Hangup, "a dial rule ends the call")
	case toConnection:
		return r.connection(a.Application)
	}
	return r.end(Unsupported, "%s", r.unsupported(what, a.Application))
}

// tokens returns what <OwnDomain> and the others stand for.
func (r *routing) tokens() own {
	if r.owner == nil {
		return own{domain: r.domain}
	}
	return own{domain: r.owner.Domain, callerIDName: r.owner.CallerIDName, callerID: r.owner.CallerID}
}

// tables tries further tables in order, each with the same call.
func (r *routing) tables(names []string) bool {
	from, to := r.from, r.to
	for _, name := range names {
		r.from, r.to = from, to
		if r.table(name) {
			return true
		}
	}
	return false
}

func (r *routing) web(parameter string) bool {
	web, err := ParseWeb(parameter)
	if err != nil {
		return r.end(NotFound, "To Web leads nowhere: %v", err)
	}
	return r.ask(web)
}

func (r *routing) ask(web Web) bool {
	r.result.Web = web
	return r.end(ToWeb, "the web responder at %s is asked with %s", web.URL.Host, web.Method)
}

func (r *routing) unsupported(what application, name string) string {
	_, target := alias(r.to.User)
	switch what {
	case available:
		return fmt.Sprintf("the number %s belongs to nobody yet", r.to.User)
	case toQueue:
		return fmt.Sprintf("queue %s cannot be rung: this core has no call queues", target)
	case toVoicemail:
		return fmt.Sprintf("voicemail of %s cannot be left: this core has none", target)
	}
	return fmt.Sprintf("the application %q is not one that this core carries out", name)
}

// defaultTable is the built-in table: aliases, users, numbers.
func (r *routing) defaultTable() bool {
	what, name := alias(r.to.User)
	switch {
	case what == toUser:
		r.step(Step{Kind: Defaulted, To: r.to, Note: fmt.Sprintf("%s means user %s", r.to.User, name)})
		return r.user()
	case what != unknownApplication:
		return r.end(Unsupported, "%s", r.unsupported(what, r.to.User))
	case r.directory.User(r.hostOrDomain(), r.to.User) != nil:
		r.step(Step{Kind: Defaulted, To: r.to, Note: fmt.Sprintf("%s is a user of %s", r.to.User, r.hostOrDomain())})
		return r.user()
	case r.number():
		return true
	}
	r.step(Step{Kind: Defaulted, To: r.to, Note: fmt.Sprintf("%s is no user, alias or number", r.to.Address())})
	r.noteExit()
	return false
}

// home returns where numbers without a country code belong.
func (r *routing) home() phone.Home { return phone.HomeOfCode(r.query.CountryCode) }

func (r *routing) hostOrDomain() string { return orElse(r.to.Host, r.domain) }
