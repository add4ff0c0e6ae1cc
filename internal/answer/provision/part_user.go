package provision

import (
	"cmp"
	"context"
	"strconv"

	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/netsapiens"
)

// userPart is the system user that calls are routed to.
type userPart struct{}

func (userPart) diff(d Desired, o *Observed, made []Resource) *Difference {
	f, known := d.difference(User, made)
	switch {
	case o.UserErr != nil:
		// Whatever we saw, creating is safe: it never changes what is there.
		return f.unseen(o.UserErr, Create)
	case o.User == nil:
		return f.absent(known)
	}
	if other := foreignUser(*o.User, d.User, known); !other.IsZero() {
		return f.foreign(other)
	}
	return nil
}

// foreignUser says why an existing user is not one for web responders. If a
// phone system does not return the service code, the e-mail address decides,
// unless the operator has changed it since.
func foreignUser(is, wanted netsapiens.User, known *Resource) Reason {
	switch {
	case is.ServiceCode == serviceCode,
		is.ServiceCode == "" && is.Email == wanted.Email,
		is.ServiceCode == "" && known != nil && !known.Pending && is.FirstName == firstName && is.LastName == lastName:
		return Reason{}
	case is.ServiceCode == "":
		return reasonUserTaken.with(why.Args{"user": is.User})
	}
	return reasonUserOfService.with(why.Args{"user": is.User, "service": is.ServiceCode})
}

// usedOtherwise says why a user that we made is now used for something else.
func usedOtherwise(is netsapiens.User) Reason {
	for _, field := range []struct{ name, is, was string }{
		{"service", cmp.Or(is.ServiceCode, serviceCode), serviceCode}, // some phone systems do not give it back
		{"scope", is.Scope, netsapiens.ScopeSimpleUser},
		{"first name", is.FirstName, firstName},
		{"last name", is.LastName, lastName},
	} {
		if field.is != field.was {
			return reasonUserChanged.with(why.Args{"user": is.User, "field": field.name, "value": strconv.Quote(phone.MaskIn(field.is))})
		}
	}
	return Reason{}
}

func (userPart) write(ctx context.Context, r *reconciler, _ *Difference) (Result, error) {
	if err := r.p.API.CreateUser(ctx, r.want.Domain, r.want.User); err != nil {
		return Result{}, err
	}
	r.seen.User, r.seen.UserErr = &r.want.User, nil
	return Result{Outcome: Created}, nil
}

func (userPart) lookAgain(ctx context.Context, r *reconciler) (there bool) {
	user, err := r.p.lookUser(ctx, r.want.Domain, r.want.User.User)
	r.seen.User, r.seen.UserErr = user, nil
	if err == nil { // also of a user that the phone system does not show
		r.seen.AnswerRule, r.seen.AnswerErr = r.p.lookAnswer(ctx, r.want.Domain, r.want.User.User)
	}
	return user != nil
}

// confirm records as ours a user that was going to be made when the answer, or
// this process, was lost.
func (userPart) confirm(r *reconciler, known *Resource) {
	switch is := r.seen.User; {
	case known == nil || !known.Pending:
	case is.FirstName == firstName && is.LastName == lastName && is.Email == r.want.User.Email:
		r.recordMade(*known)
	default:
		r.forgetIntended(*known)
	}
}

func (userPart) find(ctx context.Context, p *Provisioner, m Resource) (f Found) {
	if f.User, f.Err = p.lookUser(ctx, m.Domain, m.User); f.User != nil {
		// If its rules can never be seen, that holds nothing up.
		if f.AnswerRule, f.Err = p.lookAnswer(ctx, m.Domain, m.User); !netsapiens.Temporary(f.Err) {
			f.Err = nil
		}
	}
	return f
}

func (userPart) delete(ctx context.Context, p *Provisioner, m Resource) error {
	return p.API.DeleteUser(ctx, m.Domain, m.User)
}
