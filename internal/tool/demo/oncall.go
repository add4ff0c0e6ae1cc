package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/responder"
)

// The demo's on-call.
const (
	onCallNumber = "2125551213" // the number that is called
	onCallUser   = "8005"       // the user that calls are routed to
	onCallPerson = "12125550177"
	onCallPolicy = "PDEMO01" // of the stand-in PagerDuty
)

// pager is a stand-in for PagerDuty that can be killed, together with the
// telephone of the person on call: this Core cannot ring one.
type pager struct {
	url       string
	telephone string
	kill      context.CancelFunc // ends the PagerDuty, like an outage
}

// startPager starts a PagerDuty with somebody on call.
func (d *demo) startPager(ctx context.Context) (err error) {
	d.pager.telephone, err = d.serve(ctx, responder.Handle(func(context.Context, *responder.Request) (responder.Document, error) {
		return responder.Respond(responder.Say{Text: "Alice Example speaking, how can I help?"}), nil
	}))
	if err != nil {
		return err
	}
	handler := sourcetest.NewPagerDuty(onCallPolicy)
	handler.OnCall(sourcetest.Person{
		ID: "PALICE1", Name: "Alice Example", Level: 1, Since: time.Now().Add(-time.Hour), Until: time.Now().Add(24 * time.Hour),
		Phones: []sourcetest.Phone{{Country: 1, Number: onCallPerson[1:]}},
	})
	ctx, d.pager.kill = context.WithCancel(ctx)
	d.pager.url, err = d.serve(ctx, handler)
	return err
}

// settings are on-call settings that use the pager.
func (p *pager) settings(secret string) []string {
	return []string{
		"SWITCHHOOK_ONCALL_SECRET=" + secret,
		"SWITCHHOOK_ONCALL_SOURCE_0_KIND=pagerduty",
		"SWITCHHOOK_ONCALL_SOURCE_0_URL=" + p.url,
		"SWITCHHOOK_ONCALL_SOURCE_0_API_KEY=" + sourcetest.PagerDutyKey,
		"SWITCHHOOK_ONCALL_SOURCE_0_ESCALATION_POLICY=" + onCallPolicy,
	}
}

// showOnCall routes a number to the person on call, calls it, kills the source,
// and calls again.
func (d *demo) showOnCall(ctx context.Context) error {
	fmt.Fprintf(d.Out, "\nThe number %s reaches the person on call. A stand-in PagerDuty at %s knows who.\n", onCallNumber, d.pager.url)
	if err := d.routeToOnCall(ctx); err != nil {
		return err
	}
	if err := d.callOnCall(ctx); err != nil {
		return err
	}
	d.pager.kill()
	fmt.Fprintln(d.Out, "\nThat PagerDuty is killed now. The next call:")
	return d.callOnCall(ctx)
}

// routeToOnCall makes the chain from the number to on-call by the phone
// system's API, and one from Alice's number to the stand-in for her telephone.
func (d *demo) routeToOnCall(ctx context.Context) error {
	alias := "webresponder" + onCallUser
	if err := d.api.CreateUser(ctx, domain, netsapiens.User{
		User: onCallUser, FirstName: "On", LastName: "Call", Email: email, Scope: netsapiens.ScopeSimpleUser, ServiceCode: "system-webresponder",
	}); err != nil {
		return err
	}
	for _, rule := range []netsapiens.DialRule{
		{ToURI: alias, Parameter: "<HttpSecret=" + d.secret + ">" + d.url + "/oncall", Description: "the demo's on-call"},
		{ToURI: "*" + onCallPerson + "*", Parameter: d.pager.telephone + "/", Description: "Alice's telephone"},
	} {
		rule.Application = netsapiens.ToWeb
		if err := d.api.CreateDialRule(ctx, domain, domain, rule); err != nil {
			return err
		}
	}
	if err := d.addNumber(ctx, "1"+onCallNumber, onCallUser); err != nil {
		return err
	}
	_, err := d.api.SetAnswerRule(ctx, domain, onCallUser, netsapiens.ForwardAlways(alias))
	return err
}

// callOnCall shows a call that reaches the person on call.
func (d *demo) callOnCall(ctx context.Context) error {
	result, err := d.call(ctx, onCallNumber, nil)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(result.Events, func(event trace.Stamped) bool {
		forward, ok := event.Event.(trace.Forward)
		return ok && forward.To == "+"+onCallPerson
	}) {
		return errors.New("the demo's call did not reach the person on call")
	}
	return nil
}
