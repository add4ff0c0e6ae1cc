package provision

import (
	"context"
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// answerRulePart is the rule that leads all calls of the user to its alias.
type answerRulePart struct{}

func (answerRulePart) diff(d Desired, o *Observed, made []Resource) *Difference {
	f, known := d.difference(AnswerRule, made)
	if user := chain[User].diff(d, o, made); user != nil && user.Kind == Foreign {
		return f.foreign(reasonAnswerOfForeign.with(nil))
	}
	if rule := o.AnswerRule; o.AnswerErr == nil && rule != nil {
		to, on := forwardOf(rule)
		elsewhere := on && !slices.Equal(to, []string{alias(d.User.User)})
		switch {
		case rule.Forwards(alias(d.User.User)):
			return nil
		case elsewhere && (known == nil || known.Pending):
			return f.foreign(reasonForwarded.with(why.Args{"user": d.User.User, "to": shownForward(to)}))
		case elsewhere:
			f.Fields = []Field{{"forward-always", shownForward(to), alias(d.User.User)}}
			f.Kind, f.Action = Differs, Change
		case on || known != nil && !known.Pending:
			f.Kind, f.Action = SwitchedOff, Change
		default:
			f.Kind, f.Action = Missing, Change // the rule is there, and does nothing yet
		}
	}
	switch {
	case netsapiens.Temporary(o.UserErr):
		f.unseen(o.UserErr, Leave)
		f.Why = reasonUserUnseen.with(why.Args{"user": d.User.User, "problem": o.UserErr.Error()})
	case f.Kind != "":
	case o.AnswerErr == nil:
		f.absent(known)
	case netsapiens.Temporary(o.AnswerErr):
		f.unseen(o.AnswerErr, Leave) // what is there may lead elsewhere
	default:
		f.unseen(o.AnswerErr, Create) // the user is ours, and so is its rule
	}
	return f
}

// forwardOf returns where a rule, which may be nil, forwards all calls, and
// whether it does.
func forwardOf(rule *netsapiens.AnswerRule) (to []string, on bool) {
	if rule == nil {
		return nil, false
	}
	to = rule.ForwardAlways.Parameters
	return to, rule.ForwardAlways.Enabled == netsapiens.Yes && slices.ContainsFunc(to, func(s string) bool { return s != "" })
}

// shownForward returns where calls are forwarded, for people.
func shownForward(to []string) string { return phone.MaskIn(strings.Join(to, ", ")) }

func (answerRulePart) write(ctx context.Context, r *reconciler, f *Difference) (Result, error) {
	change, err := r.p.API.SetAnswerRule(ctx, r.want.Domain, r.want.User.User, r.want.AnswerRule)
	f.resource.Created = f.resource.Created || change == netsapiens.Created
	return Result{Outcome: Outcome(change)}, err
}

// lookAgain is for what is created alone: a rule is set, whether it is there or
// not.
func (answerRulePart) lookAgain(context.Context, *reconciler) (there bool) { return false }

func (answerRulePart) confirm(r *reconciler, known *Resource) {
	if known != nil && known.Pending {
		r.recordMade(*known)
	}
}

func (answerRulePart) find(ctx context.Context, p *Provisioner, m Resource) (f Found) {
	f.AnswerRule, f.Err = p.lookAnswer(ctx, m.Domain, m.User)
	return f
}

// delete switches off a rule that was there before.
func (answerRulePart) delete(ctx context.Context, p *Provisioner, m Resource) error {
	if m.Created {
		return p.API.DeleteAnswerRule(ctx, m.Domain, m.User, netsapiens.Any)
	}
	_, err := p.API.SetAnswerRule(ctx, m.Domain, m.User, netsapiens.AnswerRule{ForwardAlways: netsapiens.Feature{Enabled: netsapiens.No}})
	return err
}
