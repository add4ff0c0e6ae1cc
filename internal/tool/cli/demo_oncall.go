package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/responder"
)

// The demo's on-call.
const (
	demoPolicy       = "PDEMO01"    // of the stand-in PagerDuty
	demoOnCallNumber = "2125551213" // the number that is called
	demoOnCallUser   = "8005"       // the user that calls are routed to
	demoPerson       = "12125550177"
)

// pager is a stand-in for PagerDuty that can be killed, together with the
// telephone of the person on call: this Core cannot ring one.
type pager struct {
	url       string
	telephone string
	kill      context.CancelFunc // ends the PagerDuty, like an outage
	stop      func()             // ends both, and waits
}

// startPager starts a PagerDuty with somebody on call.
func startPager(ctx context.Context) (p *pager, err error) {
	handler := sourcetest.NewPagerDuty(demoPolicy)
	handler.OnCall(sourcetest.Person{
		ID: "PALICE1", Name: "Alice Example", Level: 1, Since: time.Now().Add(-time.Hour), Until: time.Now().Add(24 * time.Hour),
		Phones: []sourcetest.Phone{{Country: 1, Number: demoPerson[1:]}},
	})
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	p = &pager{stop: func() {
		cancel()
		running.Wait()
	}}
	defer func() {
		if err != nil {
			p.stop()
		}
	}()
	p.telephone, err = serveShow(ctx, &running, responder.Handle(func(context.Context, *responder.Request) (responder.Document, error) {
		return responder.Respond(responder.Say{Text: "Alice Example speaking, how can I help?"}), nil
	}))
	if err != nil {
		return nil, err
	}
	ctx, p.kill = context.WithCancel(ctx)
	p.url, err = serveShow(ctx, &running, handler)
	p.url = strings.TrimSuffix(p.url, "/")
	return p, err
}

// settings are on-call settings that use the pager.
func (p *pager) settings(secret string) []string {
	return []string{
		"SWITCHHOOK_ONCALL_SECRET=" + secret,
		"SWITCHHOOK_ONCALL_SOURCE_0_KIND=pagerduty",
		"SWITCHHOOK_ONCALL_SOURCE_0_URL=" + p.url,
		"SWITCHHOOK_ONCALL_SOURCE_0_API_KEY=" + sourcetest.PagerDutyKey,
		"SWITCHHOOK_ONCALL_SOURCE_0_ESCALATION_POLICY=" + demoPolicy,
	}
}

// showOnCall routes a number to the person on call, calls it, kills the source,
// and calls again.
func (s *system) showOnCall(ctx context.Context, m *Main, p *pager) error {
	fmt.Fprintf(m.Out, "\nThe number %s reaches whoever is on call. A stand-in PagerDuty at %s knows who.\n", demoOnCallNumber, p.url)
	if err := s.setUpOnCall(ctx, p.telephone); err != nil {
		return err
	}
	if err := s.callOnCall(ctx, m); err != nil {
		return err
	}
	p.kill()
	fmt.Fprintln(m.Out, "\nThat PagerDuty is killed now. The next call:")
	return s.callOnCall(ctx, m)
}

// setUpOnCall makes the chain from the number to on-call by the phone system's
// API, and one from Alice's number to the stand-in for her telephone.
func (s *system) setUpOnCall(ctx context.Context, telephone string) error {
	alias := "webresponder" + demoOnCallUser
	for _, step := range []struct{ method, path, body string }{
		{http.MethodPost, "/users", `{"synchronous":"yes","user":"` + demoOnCallUser + `","name-first-name":"On","name-last-name":"Call",` +
			`"email-address":"desk@example.net","user-scope":"Simple User","service-code":"system-webresponder"}`},
		{http.MethodPost, "/dialplans/" + demoDomain + "/dialrules", toWeb(alias, "<HttpSecret="+s.secret+">"+s.url+"/oncall", "the demo's on-call")},
		{http.MethodPost, "/dialplans/" + demoDomain + "/dialrules", toWeb("*"+demoPerson+"*", telephone, "Alice's telephone")},
		{http.MethodPost, "/phonenumbers", `{"synchronous":"yes","phonenumber":"1` + demoOnCallNumber + `","dial-rule-application":"to-user",` +
			`"dial-rule-translation-destination-user":"` + demoOnCallUser + `","dial-rule-translation-destination-host":"` + demoDomain + `"}`},
		{http.MethodPut, "/users/" + demoOnCallUser + "/answerrules/*",
			`{"time-frame":"*","enabled":"yes","is-active":true,"forward-always":{"enabled":"yes","parameters":["` + alias + `"]}}`},
	} {
		header := http.Header{"Authorization": {"Bearer " + s.token}, "Content-Type": {"application/json"}}
		if _, err := s.send(ctx, step.method, "/ns-api/v2/domains/"+demoDomain+step.path, header, step.body); err != nil {
			return err
		}
	}
	return nil
}

// toWeb returns a dial rule with a web responder.
func toWeb(matching, parameter, description string) string {
	return `{"synchronous":"yes","enabled":"yes","dial-rule-matching-to-uri":"` + matching + `",` +
		`"dial-rule-matching-from-uri":"*","dial-rule-matching-day-of-week":"*","dial-rule-matching-start-date":"*","dial-rule-matching-end-date":"*",` +
		`"dial-rule-matching-start-time":"*","dial-rule-matching-end-time":"*","dial-rule-application":"To Web",` +
		`"dial-rule-parameter":"` + parameter + `","dial-rule-translation-destination-scheme":"[*]",` +
		`"dial-rule-translation-destination-user":"[*]","dial-rule-translation-destination-host":"[*]","dial-rule-translation-source-name":"[*]",` +
		`"dial-rule-translation-source-scheme":"[*]","dial-rule-translation-source-user":"[*]","dial-rule-translation-source-host":"[*]",` +
		`"dial-rule-description":"` + description + `"}`
}

// callOnCall places a call and shows it.
func (s *system) callOnCall(ctx context.Context, m *Main) error {
	o := simulator.Options{From: simulator.DefaultFrom, To: demoOnCallNumber, Place: (&wire.Dialer{Core: s.url, Token: s.token}).Place}
	reached := false
	o.Record = func(event trace.Stamped) {
		_ = printEvent(m.Out, event, false) // a closed pipe shows elsewhere
		if forward, ok := event.Event.(trace.Forward); ok {
			reached = forward.To == "+"+demoPerson
		}
	}
	if _, err := simulator.Call(ctx, o); err != nil {
		return err
	}
	if !reached {
		return errors.New("the demo's call did not reach who is on call")
	}
	return nil
}
