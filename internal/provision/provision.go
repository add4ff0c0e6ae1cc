// Package provision brings a phone system to what an entry says: a system
// user, a dial rule that leads from it to the webhook, and an answer rule that
// leads every call there. Each step looks before it writes, may be repeated,
// and is told of by itself.
package provision

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/entry"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// What the phone system's side is made of.
const (
	serviceCode  = "system-webresponder" // of the system user: what it is there for
	aliasPrefix  = "webresponder"        // before the user, in dial rules and answer rules
	webhookPath  = "webresponder"        // of the public URL
	smsForUser   = "user"                // an SMS number's application where its dest is a user
	descriptions = "Switchhook text-back: "
)

// Users makes system users.
type Users interface {
	User(ctx context.Context, domain, user string) (netsapiens.User, error)
	CreateUser(ctx context.Context, domain string, u netsapiens.User) error
}

// Rules makes dial rules and answer rules.
type Rules interface {
	DialRules(ctx context.Context, domain, plan string) iter.Seq2[netsapiens.DialRule, error]
	CreateDialRule(ctx context.Context, domain, plan string, r netsapiens.DialRule) error
	AnswerRule(ctx context.Context, domain, user, timeFrame string) (netsapiens.AnswerRule, error)
	SetAnswerRule(ctx context.Context, domain, user string, r netsapiens.AnswerRule) (netsapiens.Change, error)
}

// Numbers knows whose the numbers are that texts come from.
type Numbers interface {
	SMSNumbers(ctx context.Context, domain string) iter.Seq2[netsapiens.SMSNumber, error]
}

// API is the phone system. It is *netsapiens.Client.
type API interface {
	Users
	Rules
	Numbers
}

// Provisioner brings phone systems to what entries say.
type Provisioner struct {
	API       API
	PublicURL *url.URL // where the phone system reaches the webhook
	Email     string   // of system users

	// Count is told of each step and what it came to; nil: nobody is.
	Count func(step, result string)
}

// Report tells what became of each step: "created", "exists", "updated",
// "failed: …" or "conflict: …".
type Report struct {
	User       string `json:"user"`
	DialRule   string `json:"dial_rule"`
	AnswerRule string `json:"answer_rule"`

	// FromNumber is there where the number that texts come from is not the
	// user's, or its owner could not be asked for.
	FromNumber string `json:"from_number,omitempty"`
}

// What a step can come to without a sentence, and how the others begin.
const (
	Created  = "created"
	Exists   = "exists"
	Updated  = "updated"
	failed   = "failed"
	conflict = "conflict"
)

// Done reports whether every step holds.
func (r Report) Done() bool {
	for _, step := range []string{r.User, r.DialRule, r.AnswerRule} {
		if kind := Kind(step); kind == failed || kind == conflict {
			return false
		}
	}
	return true
}

// Kind returns what a step came to, without its sentence.
func Kind(result string) string {
	kind, _, _ := strings.Cut(result, ":")
	return kind
}

// Webhook returns the URL that the phone system asks for an entry.
func (p *Provisioner) Webhook(id string) string {
	target := p.PublicURL.JoinPath(webhookPath)
	target.RawQuery = "id=" + url.QueryEscape(id)
	return target.String()
}

// Apply runs the three steps. A step that fails does not hold up the others;
// but where the user is somebody else's, or that cannot be seen just now,
// nothing of theirs is touched.
func (p *Provisioner) Apply(ctx context.Context, e *entry.Entry) Report {
	user, owner := p.user(ctx, e)
	r := Report{User: user, DialRule: p.dialRule(ctx, e), AnswerRule: p.answerRule(ctx, e, owner)}
	if p.Count != nil {
		p.Count("user", Kind(r.User))
		p.Count("dial_rule", Kind(r.DialRule))
		p.Count("answer_rule", Kind(r.AnswerRule))
	}
	return r
}

// owner says to whom a system user belongs. The zero owner is us.
type owner struct {
	foreign bool  // it is somebody else's
	unseen  error // the phone system is too unwell to tell
}

// user makes the system user that calls are routed to.
func (p *Provisioner) user(ctx context.Context, e *entry.Entry) (string, owner) {
	found, looked := p.API.User(ctx, e.APIDomain, e.Text.SystemUser)
	if looked == nil {
		return p.judge(found)
	}
	// Whatever the look said, creating is safe: it never changes what is there.
	err := p.API.CreateUser(ctx, e.APIDomain, netsapiens.User{
		User: e.Text.SystemUser, FirstName: "Web", LastName: "Responder",
		Email: p.Email, Scope: netsapiens.ScopeSimpleUser, ServiceCode: serviceCode,
	})
	switch {
	case err == nil:
		return Created, owner{}
	case netsapiens.AlreadyExists(err):
		if netsapiens.NotFound(looked) { // somebody has made it in this very moment
			if found, looked = p.API.User(ctx, e.APIDomain, e.Text.SystemUser); looked == nil {
				return p.judge(found)
			}
		}
		return Exists, unseen(looked)
	}
	return failure(err), unseen(looked)
}

// unseen is the owner of a user whose look failed. Where users cannot be looked
// at at all, the operator who named the user knows whose it is; where the phone
// system is only unwell, the next attempt will see.
func unseen(looked error) owner {
	if netsapiens.Temporary(looked) {
		return owner{unseen: looked}
	}
	return owner{}
}

// judge says whether a user that is there is one for web responders. Phone
// systems that do not give a service code back give the e-mail address.
func (p *Provisioner) judge(found netsapiens.User) (string, owner) {
	if found.ServiceCode == serviceCode || found.ServiceCode == "" && found.Email == p.Email {
		return Exists, owner{}
	}
	if found.ServiceCode == "" {
		return fmt.Sprintf("%s: user %s is there already and is not one for web responders", conflict, found.User), owner{foreign: true}
	}
	return fmt.Sprintf("%s: user %s is there already, for another service: %s", conflict, found.User, found.ServiceCode), owner{foreign: true}
}

// dialRule makes the rule that leads from the user's alias to the webhook.
func (p *Provisioner) dialRule(ctx context.Context, e *entry.Entry) string {
	wanted := netsapiens.DialRule{
		ToURI: alias(e), Application: netsapiens.ToWeb, Parameter: p.Webhook(e.ID),
		Description: descriptions + e.ID,
	}
	// A domain's own dial plan has the domain's name.
	existing, looked := p.findRule(ctx, e, wanted)
	if existing != nil {
		return compare(*existing, wanted)
	}
	err := p.API.CreateDialRule(ctx, e.APIDomain, e.APIDomain, wanted)
	switch {
	case err == nil:
		return Created
	case netsapiens.AlreadyExists(err):
		if looked == nil {
			if existing, _ = p.findRule(ctx, e, wanted); existing != nil {
				return compare(*existing, wanted)
			}
		}
		return Exists
	}
	return failure(err)
}

// findRule looks for the rule that matches the same calls.
func (p *Provisioner) findRule(ctx context.Context, e *entry.Entry, wanted netsapiens.DialRule) (*netsapiens.DialRule, error) {
	for rule, err := range p.API.DialRules(ctx, e.APIDomain, e.APIDomain) {
		if err != nil {
			return nil, err
		}
		if rule.SameMatch(wanted) {
			return &rule, nil
		}
	}
	return nil, nil
}

// compare says whether a rule does what is wanted, or what it does instead.
func compare(existing, wanted netsapiens.DialRule) string {
	is, want := address(existing.Parameter), address(wanted.Parameter)
	there := fmt.Sprintf("%s: a rule for %s is there already and ", conflict, wanted.ToURI)
	switch {
	case !netsapiens.IsToWeb(existing.Application):
		return there + "leads to " + phone.MaskIn(existing.Application)
	case is != want && shown(is) == shown(want):
		return there + "asks for another entry" + otherEntry(is)
	case is != want:
		return there + "asks " + phone.MaskIn(shown(is))
	case existing.Enabled == netsapiens.No:
		return there + "is switched off"
	}
	return Exists
}

// address returns a rule's URL without what may stand before it:
// <HttpMethod=GET>, <HttpSecret=…>.
func address(parameter string) string {
	for {
		parameter = strings.TrimSpace(parameter)
		_, rest, ok := strings.Cut(parameter, ">")
		if !ok || parameter[0] != '<' {
			return parameter
		}
		parameter = rest
	}
}

// shown returns as much of a stranger's URL as holds no secrets.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "something that is no URL"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// otherEntry names the entry that a URL of ours asks for.
func otherEntry(address string) string {
	u, err := url.Parse(address)
	if err != nil || entry.CheckID(u.Query().Get("id")) != nil {
		return ""
	}
	return ": " + u.Query().Get("id")
}

// answerRule leads all calls of the user to its alias.
func (p *Provisioner) answerRule(ctx context.Context, e *entry.Entry, o owner) string {
	if o.foreign {
		return conflict + ": the answer rule belongs to that user and stays as it is"
	}
	wanted := netsapiens.ForwardAlways(alias(e))
	existing, err := p.API.AnswerRule(ctx, e.APIDomain, e.Text.SystemUser, wanted.TimeFrame)
	switch {
	case err == nil && existing.Forwards(alias(e)):
		return Exists
	case err == nil && existing.ForwardAlways.Enabled == netsapiens.Yes && !slices.Equal(existing.ForwardAlways.Parameters, wanted.ForwardAlways.Parameters) && hasText(existing.ForwardAlways.Parameters):
		return fmt.Sprintf("%s: calls for user %s are forwarded to %s already", conflict, e.Text.SystemUser, phone.MaskIn(strings.Join(existing.ForwardAlways.Parameters, ", ")))
	case o.unseen != nil:
		return fmt.Sprintf("%s: whose user %s is cannot be seen, so its answer rule stays as it is: %v", failed, e.Text.SystemUser, o.unseen)
	case netsapiens.Temporary(err):
		return failure(err) // what is there may lead elsewhere
	}
	change, err := p.API.SetAnswerRule(ctx, e.APIDomain, e.Text.SystemUser, wanted)
	if err != nil {
		return failure(err)
	}
	return string(change)
}

func hasText(parameters []string) bool {
	return slices.ContainsFunc(parameters, func(s string) bool { return s != "" })
}

// Owner returns the user that a number for texts belongs to. The error is a
// *fault.Error: NotFound where the domain has no such number, Refused where it
// is no user's.
func (p *Provisioner) Owner(ctx context.Context, domain, number string) (string, error) {
	for n, err := range p.API.SMSNumbers(ctx, domain) {
		if err != nil {
			return "", err
		}
		if digits(n.Number) != digits(number) {
			continue
		}
		if n.Dest == "" || n.Application != smsForUser {
			return "", fault.Newf(fault.Refused, "the number %s sends texts for no user", phone.Mask(number))
		}
		return user(n.Dest), nil
	}
	return "", fault.Newf(fault.NotFound, "%s has no number %s for texts", domain, phone.Mask(number))
}

// user returns the extension of a destination such as 2000@example.net.
func user(dest string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(dest, "sip:"), "@")
	return name
}

// digits returns a number without plus and, in North America, without the
// country's 1: phone systems write both.
func digits(number string) string {
	number = strings.TrimPrefix(number, "+")
	if len(number) == 11 && number[0] == '1' {
		return number[1:]
	}
	return number
}

func alias(e *entry.Entry) string { return aliasPrefix + e.Text.SystemUser }

// failure returns the report of an error, with a sentence.
func failure(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return failed + ": " + e.Message
	}
	return failed + ": " + err.Error()
}
