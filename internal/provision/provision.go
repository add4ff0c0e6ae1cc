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
// but where the user is somebody else's, nothing of theirs is touched.
func (p *Provisioner) Apply(ctx context.Context, e *entry.Entry) Report {
	var r Report
	r.User = p.user(ctx, e)
	r.DialRule = p.dialRule(ctx, e)
	if Kind(r.User) == conflict {
		r.AnswerRule = conflict + ": the answer rule belongs to that user and stays as it is"
	} else {
		r.AnswerRule = p.answerRule(ctx, e)
	}
	if p.Count != nil {
		for step, result := range map[string]string{"user": r.User, "dial_rule": r.DialRule, "answer_rule": r.AnswerRule} {
			p.Count(step, Kind(result))
		}
	}
	return r
}

// user makes the system user that calls are routed to.
func (p *Provisioner) user(ctx context.Context, e *entry.Entry) string {
	found, err := p.API.User(ctx, e.APIDomain, e.Text.SystemUser)
	if err == nil {
		if found.ServiceCode != "" && found.ServiceCode != serviceCode || found.ServiceCode == "" && found.Email != p.Email {
			return fmt.Sprintf("%s: user %s is there already and is not one for web responders (service code %q)", conflict, e.Text.SystemUser, found.ServiceCode)
		}
		return Exists
	}
	// Whatever the look said, creating is safe: it never changes what is there.
	err = p.API.CreateUser(ctx, e.APIDomain, netsapiens.User{
		User: e.Text.SystemUser, FirstName: "Web", LastName: "Responder",
		Email: p.Email, Scope: netsapiens.ScopeSimpleUser, ServiceCode: serviceCode,
	})
	switch {
	case err == nil:
		return Created
	case netsapiens.AlreadyExists(err):
		return Exists
	}
	return failure(err)
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

func compare(existing, wanted netsapiens.DialRule) string {
	switch {
	case !netsapiens.IsToWeb(existing.Application):
		return fmt.Sprintf("%s: a rule for %s is there already and leads to %s", conflict, wanted.ToURI, existing.Application)
	case address(existing.Parameter) != address(wanted.Parameter):
		return fmt.Sprintf("%s: a rule for %s is there already and asks %s", conflict, wanted.ToURI, phone.MaskIn(withoutQuery(address(existing.Parameter))))
	case existing.Enabled == netsapiens.No:
		return fmt.Sprintf("%s: the rule for %s is there, but is switched off", conflict, wanted.ToURI)
	}
	return Exists
}

// address returns a rule's URL without the tokens before it: <HttpMethod=GET>.
func address(parameter string) string {
	for strings.HasPrefix(parameter, "<") {
		_, rest, ok := strings.Cut(parameter, ">")
		if !ok {
			break
		}
		parameter = rest
	}
	return strings.TrimSpace(parameter)
}

// withoutQuery keeps what a stranger's URL may hold in secrets out of reports.
func withoutQuery(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}

// answerRule leads all calls of the user to its alias.
func (p *Provisioner) answerRule(ctx context.Context, e *entry.Entry) string {
	wanted := netsapiens.ForwardAlways(alias(e))
	existing, err := p.API.AnswerRule(ctx, e.APIDomain, e.Text.SystemUser, wanted.TimeFrame)
	if err == nil {
		forward := existing.ForwardAlways
		switch {
		case existing.Forwards(alias(e)):
			return Exists
		case forward.Enabled == netsapiens.Yes && len(forward.Parameters) > 0 && !slices.Equal(forward.Parameters, []string{""}):
			return fmt.Sprintf("%s: calls for user %s are forwarded to %s already", conflict, e.Text.SystemUser, phone.MaskIn(strings.Join(forward.Parameters, ", ")))
		}
	}
	change, err := p.API.SetAnswerRule(ctx, e.APIDomain, e.Text.SystemUser, wanted)
	if err != nil {
		return failure(err)
	}
	return string(change)
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
