package provision

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/switchhook/switchhook/netsapiens"
)

// user makes the system user that calls are routed to.
func (r *run) user(ctx context.Context) string {
	f := diffUser(r.want, r.seen, r.record.Made)
	switch {
	case f == nil:
		r.settleUser()
		return Exists
	case f.Action == Leave:
		return Conflict + ": " + f.Why
	}
	err := r.p.API.CreateUser(ctx, r.want.Domain, r.want.User)
	switch {
	case err == nil:
		r.made(f.thing)
		r.seen.User, r.seen.UserErr = &r.want.User, nil
		return Created
	case !netsapiens.AlreadyExists(err):
		r.failed(f.thing, err)
		return failure(err)
	}
	r.notMade(f.thing)
	if f.Kind == Unseen {
		return Exists
	}
	// Somebody has just made it.
	if r.seen.User, r.seen.UserErr = r.p.lookUser(ctx, r.want.Domain, r.want.User.User); r.seen.UserErr != nil {
		r.seen.User, r.seen.UserErr = nil, nil
		return Exists
	}
	r.seen.AnswerRule, r.seen.AnswerErr = r.p.lookAnswer(ctx, r.want.Domain, r.want.User.User)
	if f = diffUser(r.want, r.seen, r.record.Made); f != nil && f.Kind == Foreign {
		return Conflict + ": " + f.Why
	}
	return Exists
}

// settleUser records as ours a user that was going to be made when the answer,
// or this process, was lost.
func (r *run) settleUser() {
	known := find(r.record.Made, r.want.thing(User))
	if known == nil || !known.Pending {
		return
	}
	if is := r.seen.User; is.FirstName == firstName && is.LastName == lastName && is.Email == r.want.User.Email {
		r.made(*known)
	} else {
		r.notMade(*known)
	}
}

// made writes down that a Thing is there, and is ours.
func (r *run) made(t Thing) {
	t.Pending, t.At = false, r.p.now()
	r.add(t)
}

// notMade takes off the record what was only intended.
func (r *run) notMade(t Thing) {
	if known := find(r.record.Made, t); known != nil && known.Pending {
		r.drop(*known)
	}
}

// failed leaves on record what may have been made although no good answer came.
func (r *run) failed(t Thing, err error) {
	if !netsapiens.Uncertain(err) {
		r.notMade(t)
	}
}

// dialRule makes the rule that leads from the user's alias to the webhook.
func (r *run) dialRule(ctx context.Context) string {
	for try := range 3 { // as first seen, as it is now, and once more after a concurrent change
		f := diffRule(r.want, r.seen, r.record.Made)
		if edited := r.plan.replacing(); edited != nil && try == 0 {
			f = edited // which is on record by now as what is to go
		}
		var result string
		var again bool
		switch {
		case f == nil:
			r.settleRule()
			r.carried = true
			return Exists
		case f.Action == Leave:
			return Conflict + ": " + f.Why
		case f.Action == Change:
			result, again = r.changeRule(ctx, f)
		default:
			result, again = r.createRule(ctx, f)
		}
		if !again {
			return result
		}
	}
	return Failed + ": somebody changes the dial rule for " + r.want.DialRule.ToURI + " at the same time"
}

// createRule makes a rule; again: somebody has just made one.
func (r *run) createRule(ctx context.Context, f *Difference) (result string, again bool) {
	target := f.target
	target.ID = ""
	err := r.p.API.CreateDialRule(ctx, r.want.Domain, r.want.Domain, target)
	switch {
	case err == nil:
		result = Created
		r.fresh = (f.Kind == Missing || f.Kind == Gone) && !r.hasEarlierRule()
		if f.Action == Replace {
			result = Updated // the edited one goes with what is no longer wanted
		}
		return r.written(ctx, f, target, result), false
	case !netsapiens.AlreadyExists(err):
		r.failed(f.thing, err)
		return failure(err), false
	}
	r.notMade(f.thing)
	if f.Kind == Unseen {
		return Exists, false
	}
	rules, err := r.p.listRules(ctx, r.want)
	if err != nil || !slices.ContainsFunc(rules, r.want.DialRule.SameMatch) {
		return Exists, false
	}
	r.seen.Rules = rules
	return "", true
}

// changeRule changes a rule; again: it has changed since it was seen.
func (r *run) changeRule(ctx context.Context, f *Difference) (result string, again bool) {
	domain := r.want.Domain
	if f.found.ID == "" {
		return Failed + ": the phone system gives the dial rule for " + f.found.ToURI + " no id by which it could be changed", false
	}
	now, err := r.p.API.DialRule(ctx, domain, domain, f.found.ID)
	switch {
	case err == nil && now != f.found:
		r.seen.Rules = []netsapiens.DialRule{now}
		return "", true
	case netsapiens.NotFound(err):
		r.seen.Rules = nil
		return "", true
	}
	err = r.p.API.UpdateDialRule(ctx, domain, domain, f.target)
	if cannotChange(err) && r.refuseGuard(f) {
		return Exists, false
	}
	if cannotChange(err) {
		err = r.p.API.DeleteDialRule(ctx, domain, domain, f.found.ID)
		if err != nil && !netsapiens.NotFound(err) {
			return failure(err), false
		}
		r.seen.Rules = nil
		target := f.target
		target.ID = ""
		err = r.p.API.CreateDialRule(ctx, domain, domain, target)
		if netsapiens.AlreadyExists(err) {
			r.seen.Rules, r.seen.RulesErr = r.p.listRules(ctx, r.want)
			return "", true
		}
		if err != nil {
			return failure(err) + r.putBack(ctx, f.found), false
		}
	}
	switch {
	case netsapiens.NotFound(err):
		r.seen.Rules = nil
		return "", true
	case err != nil:
		return failure(err), false
	}
	return r.written(ctx, f, f.target, Updated), false
}

// putBack creates a rule again that was deleted for one that could not be
// created, because calls came by it. It returns the end of a result.
func (r *run) putBack(ctx context.Context, rule netsapiens.DialRule) string {
	rule.ID = ""
	if err := r.p.API.CreateDialRule(ctx, r.want.Domain, r.want.Domain, rule); err != nil && !netsapiens.AlreadyExists(err) {
		return "; the rule before it is deleted"
	}
	return "; the rule is as it was before"
}

// cannotChange says whether a phone system does not know how to change a rule.
func cannotChange(err error) bool {
	e, ok := errors.AsType[*netsapiens.Error](err)
	return ok && (netsapiens.Unsupported(err) || e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotImplemented)
}

// written checks how a phone system shows a rule that it accepted, and records
// it. Fields that it always shows in its own way are no difference; without the
// essential ones no call arrives.
func (r *run) written(ctx context.Context, f *Difference, target netsapiens.DialRule, result string) string {
	thing := f.thing
	thing.URL = shown(address(target.Parameter))
	id := target.ID
	if id == "" {
		id = target.LikelyID()
	}
	is, err := r.p.API.DialRule(ctx, r.want.Domain, r.want.Domain, id)
	if err == nil && is.SameMatch(target) {
		r.carried = sameAddress(address(is.Parameter), address(target.Parameter))
		thing.ID, thing.Shows = is.ID, nil
		for _, field := range differing(is, target, nil) {
			if slices.Contains(essential, field.name) {
				at := show([]ruleField{field}, is, target)[0]
				result = fmt.Sprintf("%s: the phone system took the dial rule for %s, but shows its %s as %q", Failed, target.ToURI, at.Name, at.From)
				continue
			}
			if thing.Shows == nil {
				thing.Shows = make(map[string]string)
			}
			thing.Shows[field.name] = *field.of(&is)
		}
	}
	// A rule that somebody else made for this entry stays theirs.
	if known := find(r.record.Made, thing); known != nil || f.Action != Change {
		r.made(thing)
	}
	return result
}

// settleRule writes down a rule that is there and says that it is ours.
func (r *run) settleRule() {
	known := find(r.record.Made, r.want.thing(DialRule))
	i := slices.IndexFunc(r.seen.Rules, r.want.DialRule.SameMatch)
	is := r.seen.Rules[i]
	switch {
	case !r.want.ours(is, known):
		if known != nil {
			r.drop(*known) // gone, and another of somebody else's in its place
		}
	case known == nil || known.Pending || known.URL != shown(address(is.Parameter)) || known.ID != is.ID:
		thing := r.want.thing(DialRule)
		if known != nil {
			thing = *known
		}
		thing.ID, thing.URL = is.ID, shown(address(is.Parameter))
		r.made(thing)
	}
}

// answerRule leads all calls of the user to its alias.
func (r *run) answerRule(ctx context.Context) string {
	f := diffAnswer(r.want, r.seen, r.record.Made)
	switch {
	case f == nil:
		if known := find(r.record.Made, r.want.thing(AnswerRule)); known != nil && known.Pending {
			r.made(*known)
		}
		return Exists
	case f.Kind == Unseen && f.Action == Leave:
		return Failed + ": " + f.Why
	case f.Action == Leave:
		return Conflict + ": " + f.Why
	}
	change, err := r.p.API.SetAnswerRule(ctx, r.want.Domain, r.want.User.User, r.want.AnswerRule)
	if err != nil {
		r.failed(f.thing, err)
		return failure(err)
	}
	f.thing.Created = f.thing.Created || change == netsapiens.Created
	r.made(f.thing)
	return string(change)
}
