package provision

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// dialRulePart is the rule that leads from the user's alias to the webhook.
type dialRulePart struct{}

func (dialRulePart) diff(d Desired, o *Observed, made []Resource) *Difference {
	f, known := d.difference(DialRule, made)
	f.target = d.DialRule
	if o.RulesErr != nil {
		return f.unseen(o.RulesErr, Create) // which changes nobody else's
	}
	i := slices.IndexFunc(o.Rules, d.DialRule.SameMatch)
	if i < 0 {
		if edited := d.edited(o.Rules, made); edited != nil {
			return f.differs(*edited, differing(*edited, d.DialRule, nil), Replace)
		}
		return f.absent(known)
	}
	is := o.Rules[i]
	if d.ours(is, known) {
		fields := differing(is, d.DialRule, f.resource.Shows)
		if len(fields) == 0 {
			return nil
		}
		f.differs(is, fields, Change)
		if len(fields) == 1 && fields[0].name == "enabled" {
			f.Kind, f.Fields = SwitchedOff, nil
		}
		return f
	}
	if other := otherRule(is, d); !other.IsZero() {
		return f.foreign(other)
	}
	want := address(d.DialRule.Parameter)
	if sameAddress(address(is.Parameter), want) {
		return nil
	}
	// Somebody else made it for this very entry, such as
	// pagerduty-voys-webhook: only the key is changed.
	f.target = is
	f.target.Parameter = before(is.Parameter) + want
	return f.differs(is, differing(is, f.target, nil), Change)
}

// differs completes a Difference: fields of what was found are not as wanted.
func (f *Difference) differs(is netsapiens.DialRule, fields []ruleField, action Action) *Difference {
	f.Kind, f.Action, f.found = Differs, action, is
	f.Fields = shownFields(fields, is, f.target)
	if netsapiens.IsToWeb(is.Application) {
		// What an operator has put before the URL, such as a secret, stays.
		f.target.Application, f.target.Parameter = is.Application, before(is.Parameter)+address(f.target.Parameter)
	}
	f.target.ID = is.ID
	return f
}

// edited returns the rule that was ours before somebody changed what it matches,
// or nil. One that we made for something else does not count.
func (d Desired) edited(rules []netsapiens.DialRule, made []Resource) *netsapiens.DialRule {
	for i := range rules {
		r := &rules[i]
		recorded := slices.ContainsFunc(made, func(m Resource) bool {
			return m.Part == DialRule && m.Domain == d.Domain && m.Match == r.Match()
		})
		if !recorded && d.marked(*r, nil) && d.leadsHere(*r, findMade(made, d.resource(DialRule))) {
			return r
		}
	}
	return nil
}

// otherRule says what somebody else's rule does instead of what is wanted. Zero:
// it asks for this entry, though maybe with another key.
func otherRule(is netsapiens.DialRule, d Desired) Reason {
	at, want, to := address(is.Parameter), address(d.DialRule.Parameter), d.DialRule.ToURI
	switch {
	case !netsapiens.IsToWeb(is.Application):
		return reasonRuleApplication.with(why.Args{"rule": to, "application": shownApplication(is)})
	case sameButKey(at, want) && is.Enabled == netsapiens.No:
		return reasonRuleOff.with(why.Args{"rule": to})
	case sameButKey(at, want):
		return Reason{}
	case shown(at) != shown(want):
		return reasonRuleAddress.with(why.Args{"rule": to, "address": phone.MaskIn(shown(at))})
	case entryAt(at) != d.Entry:
		return reasonRuleEntry.with(why.Args{"rule": to, "entry": entryAt(at)})
	}
	return reasonRuleParameters.with(why.Args{"rule": to})
}

// ruleChanged says where a rule leads that we made and somebody has changed.
func ruleChanged(m Resource, is netsapiens.DialRule) Reason {
	args := why.Args{"rule": m.shownMatch()}
	if netsapiens.IsToWeb(is.Application) {
		args["address"] = phone.MaskIn(shown(address(is.Parameter)))
	} else {
		args["application"] = shownApplication(is)
	}
	return reasonRuleChanged.with(args)
}

// shownApplication returns what a rule does, for people.
func shownApplication(r netsapiens.DialRule) string {
	return phone.MaskIn(cmp.Or(r.Application, "nothing"))
}

// marked reports whether a rule says that it is ours for this entry.
func (d Desired) marked(r netsapiens.DialRule, known *Resource) bool {
	if r.Description == descriptions+d.Entry {
		return true
	}
	return known != nil && known.Shows["description"] != "" && r.Description == known.Shows["description"]
}

// leadsHere reports whether a rule asks the webhook for this entry, at its
// current URL or at the one that it had when the rule was made.
func (d Desired) leadsHere(r netsapiens.DialRule, known *Resource) bool {
	at := address(r.Parameter)
	if !netsapiens.IsToWeb(r.Application) || entryAt(at) != d.Entry {
		return false
	}
	return d.DialRule.Parameter != "" && shown(at) == shown(address(d.DialRule.Parameter)) || known != nil && known.URL != "" && shown(at) == known.URL
}

// ours reports whether we made a rule for this entry, according to the rule's
// description or to the record.
func (d Desired) ours(r netsapiens.DialRule, known *Resource) bool {
	marked, leads := d.marked(r, known), d.leadsHere(r, known)
	return marked && leads || known != nil && !known.Pending && (marked || leads)
}

func (dialRulePart) write(ctx context.Context, r *reconciler, f *Difference) (Result, error) {
	if f.Action == Change {
		return r.changeRule(ctx, f)
	}
	target := f.target
	target.ID = ""
	if err := r.p.API.CreateDialRule(ctx, r.want.Domain, r.want.Domain, target); err != nil {
		return Result{}, err
	}
	r.fresh = (f.Kind == Missing || f.Kind == Gone) && !r.hasEarlierRule()
	if f.Action == Replace {
		return r.readBack(ctx, f, target, Updated), nil // the edited one goes with what is no longer wanted
	}
	return r.readBack(ctx, f, target, Created), nil
}

// changeRule changes a rule that is still as it was seen.
func (r *reconciler) changeRule(ctx context.Context, f *Difference) (Result, error) {
	domain := r.want.Domain
	if f.found.ID == "" {
		return Result{Failed, reasonNoRuleID.with(why.Args{"rule": f.found.ToURI})}, nil
	}
	now, err := r.p.API.DialRule(ctx, domain, domain, f.found.ID)
	switch {
	case err == nil && now != f.found:
		return r.seenOtherwise(now)
	case netsapiens.NotFound(err):
		return r.seenOtherwise()
	}
	err = r.p.API.UpdateDialRule(ctx, domain, domain, f.target)
	switch {
	case netsapiens.NotFound(err):
		return r.seenOtherwise()
	case cannotChange(err) && r.refuseGuard(f):
		return Result{Outcome: Exists}, nil
	case cannotChange(err):
		return r.recreateRule(ctx, f)
	case err != nil:
		return Result{}, err
	}
	return r.readBack(ctx, f, f.target, Updated), nil
}

// seenOtherwise has the step begin again with the rules that are there now.
func (r *reconciler) seenOtherwise(now ...netsapiens.DialRule) (Result, error) {
	r.seen.Rules = now
	return Result{}, errSeenOtherwise
}

// cannotChange says whether a phone system does not know how to change a rule.
func cannotChange(err error) bool {
	e, ok := errors.AsType[*netsapiens.Error](err)
	return ok && (netsapiens.Unsupported(err) || e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotImplemented)
}

// recreateRule deletes a rule and creates it as it is to be. If that fails, it
// creates it again as it was, because calls came by it.
func (r *reconciler) recreateRule(ctx context.Context, f *Difference) (Result, error) {
	domain := r.want.Domain
	if err := r.p.API.DeleteDialRule(ctx, domain, domain, f.found.ID); err != nil && !netsapiens.NotFound(err) {
		return Result{}, err
	}
	target, found := f.target, f.found
	target.ID, found.ID = "", ""
	err := r.p.API.CreateDialRule(ctx, domain, domain, target)
	switch {
	case err == nil:
		return r.readBack(ctx, f, f.target, Updated), nil
	case netsapiens.AlreadyExists(err):
		r.seen.Rules, r.seen.RulesErr = r.p.listRules(ctx, r.want, nil)
		return Result{}, errSeenOtherwise
	}
	problem := why.Args{"problem": because(err).String()}
	if err := r.p.API.CreateDialRule(ctx, domain, domain, found); err != nil && !netsapiens.AlreadyExists(err) {
		return Result{Failed, reasonRuleLost.with(problem)}, nil
	}
	return Result{Failed, reasonRulePutBack.with(problem)}, nil
}

// readBack checks how a phone system shows a rule that it accepted. Fields that
// it always shows in its own way are no difference; without the essential ones
// no call arrives.
func (r *reconciler) readBack(ctx context.Context, f *Difference, target netsapiens.DialRule, outcome Outcome) Result {
	result := Result{Outcome: outcome}
	f.resource.URL = shown(address(target.Parameter))
	is, err := r.p.API.DialRule(ctx, r.want.Domain, r.want.Domain, cmp.Or(target.ID, target.LikelyID()))
	if err != nil || !is.SameMatch(target) {
		return result
	}
	r.carried = sameAddress(address(is.Parameter), address(target.Parameter))
	f.resource.ID, f.resource.Shows = is.ID, nil
	for _, field := range differing(is, target, nil) {
		if slices.Contains(essential, field.name) {
			at := shownFields([]ruleField{field}, is, target)[0]
			result = Result{Failed, reasonShown.with(why.Args{"rule": target.ToURI, "field": at.Name, "value": strconv.Quote(at.From)})}
			continue
		}
		if f.resource.Shows == nil {
			f.resource.Shows = make(map[string]string)
		}
		f.resource.Shows[field.name] = *field.of(&is)
	}
	return result
}

func (dialRulePart) lookAgain(ctx context.Context, r *reconciler) (there bool) {
	rules, err := r.p.listRules(ctx, r.want, nil)
	if err != nil || !slices.ContainsFunc(rules, r.want.DialRule.SameMatch) {
		return false
	}
	r.seen.Rules = rules
	return true
}

// confirm records a rule that is there and says that it is ours.
func (dialRulePart) confirm(r *reconciler, known *Resource) {
	r.carried = true
	is := r.seen.Rules[slices.IndexFunc(r.seen.Rules, r.want.DialRule.SameMatch)]
	at := shown(address(is.Parameter))
	switch {
	case !r.want.ours(is, known):
		if known != nil {
			r.forget(*known) // gone, and another of somebody else's in its place
		}
	case known == nil || known.Pending || known.URL != at || known.ID != is.ID:
		m := r.want.resource(DialRule)
		if known != nil {
			m = *known
		}
		m.ID, m.URL = is.ID, at
		r.recordMade(m)
	}
}

// find looks for a rule by its id first: a plan may be long.
func (dialRulePart) find(ctx context.Context, p *Provisioner, m Resource) Found {
	id := cmp.Or(m.ID, base64.StdEncoding.EncodeToString([]byte(m.Match)))
	r, err := p.API.DialRule(ctx, m.Domain, m.Domain, id)
	switch {
	case err == nil && r.Match() == m.Match:
		return Found{DialRule: &r}
	case netsapiens.NotFound(err) && m.ID != "":
		return Found{}
	}
	for r, err := range p.API.DialRules(ctx, m.Domain, m.Domain) {
		if netsapiens.NotFound(err) {
			return Found{}
		}
		if err != nil || r.Match() == m.Match {
			return Found{DialRule: &r, Err: err}
		}
	}
	return Found{}
}

func (dialRulePart) delete(ctx context.Context, p *Provisioner, m Resource) error {
	return p.API.DeleteDialRule(ctx, m.Domain, m.Domain, m.ID)
}
