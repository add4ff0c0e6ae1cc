package nsapi_test

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/inhand"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

// nobody is who is outside where nobody answers.
type nobody struct{}

func (nobody) Ring(context.Context, engine.Outside, func(context.Context, engine.Line)) (engine.Rung, error) {
	return engine.Rung{End: engine.ForwardBusy}, nil
}

// open is a Barring that admits all.
type open struct{}

func (open) Admit(_, _ string) (func(time.Duration), error) { return func(time.Duration) {}, nil }

func (open) Judge(string) error { return nil }

// barred is one that admits calls to America alone.
type barred struct{ open }

func (b barred) Admit(owner, to string) (func(time.Duration), error) {
	if !strings.HasPrefix(to, "+1") {
		return nil, fault.Newf(fault.Refused, "calls to this country are barred")
	}
	return b.open.Admit(owner, to)
}

// somebody rings until the test has them answer.
type somebody struct {
	rung   chan string
	answer chan *patient
}

func (p *somebody) Ring(ctx context.Context, who engine.Outside, answered func(context.Context, engine.Line)) (engine.Rung, error) {
	p.rung <- who.From + " calls " + who.To
	select {
	case line := <-p.answer:
		answered(ctx, line)
		return engine.Rung{End: engine.ForwardAnswered}, nil
	case <-ctx.Done():
		return engine.Rung{End: engine.ForwardCancelled}, nil
	}
}

// newMaking starts a system that makes calls, in the name of user 2000 and others.
func newMaking(t *testing.T) (*system, *somebody) {
	t.Helper()
	p := &somebody{rung: make(chan string, 100), answer: make(chan *patient)}
	calls := &inhand.Calls{}
	s := newSystemWith(t, core.Config{Outside: p, Barring: barred{}, InHand: calls, Log: logTo(t.Output())})
	s.lead("12125550101", "8001", "First.")
	shop := user("2000")
	shop["caller-id-number"] = "12125550101"
	s.do("PUT", in+"/users/2000", shop).wants(http.StatusAccepted, "Accepted")
	t.Cleanup(func() {
		for _, shown := range s.core.Calls().List(core.Whose{}) {
			_ = s.core.Calls().Disconnect(core.Whose{}, shown.Text("call-orig-call-id"))
		}
		await.That(t, "the end of all calls", func() bool { return calls.InHand() == 0 }) // which they log
	})
	return s, p
}

// newCall is the body that makes a call.
func newCall(change object) object {
	body := object{"call-id": "my-call", "call-orig-user": "16020001111", "call-term-user": "8001"}
	maps.Copy(body, change)
	return body
}

func TestACallIsMade(t *testing.T) {
	s, p := newMaking(t)
	path := in + "/users/2000/calls"
	made := s.do("POST", path, newCall(object{"synchronous": "yes", "dial-rule-application": "call", "auto-answer-enabled": "no", "call-term-added-sip-header": "X-A: b"})).
		wants(http.StatusOK, "").object()
	if got := await.From(t, "who is rung", p.rung); got != "+12125550101 calls +16020001111" {
		t.Errorf("%s", got)
	}
	for _, name := range activeCall {
		s.text(made, name)
	}
	if len(made) != len(activeCall) || made["call-orig-call-id"] != "my-call" || made["call-by-action"] != "CallRequest" || made["call-answer-datetime"] != "" {
		t.Errorf("the call is %v", made)
	}
	if got := s.doAs(basic, "GET", "/domains/~/users/~/calls/my-call", nil).wants(http.StatusOK, "").object(); got["call-dialed-number"] != "8001" {
		t.Errorf("the call is %v", got)
	}
	s.do("POST", path, newCall(nil)).wants(http.StatusConflict, "call my-call exists already")
	l := &patient{hears: make(chan string, 1)}
	p.answer <- l
	if got := await.From(t, "the responder", l.hears); got != "First." {
		t.Errorf("who is rung hears %q", got)
	}
	if got := s.do("GET", path+"/my-call", nil).wants(http.StatusOK, "").object(); got["call-answer-datetime"] == "" {
		t.Errorf("the call is %v", got)
	}
	s.do("DELETE", path+"/my-call", nil).wants(http.StatusOK, "")
	s.do("GET", path+"/my-call", nil).wants(http.StatusNotFound, "call my-call does not exist")
}

func TestARingingCallIsCancelled(t *testing.T) {
	s, p := newMaking(t)
	path := in + "/users/2000/calls"
	s.doAs(basic, "POST", "/domains/~/users/~/calls", newCall(nil)).wants(http.StatusAccepted, "Accepted")
	await.From(t, "who is rung", p.rung)
	s.doAs(basic, "DELETE", "/domains/~/users/~/calls/my-call", nil).wants(http.StatusOK, "")
	s.do("POST", path, newCall(nil)).wants(http.StatusAccepted, "Accepted") // its name is free again
}

func TestLegacyCallsAreMade(t *testing.T) {
	for way := range legacyRequests(t) {
		t.Run(way, func(t *testing.T) {
			s, p := newMaking(t)
			r := legacyRequests(t, "object", "call", "action", "call", "callid", "xxx", "uid", "2000@"+domain, "destination", "8001@"+domain, "origination", "6020001111")[way]
			s.legacy(manager, r[0], r[1], r[2], r[3]).wants(http.StatusAccepted, "Accepted")
			if got := await.From(t, "who is rung", p.rung); got != "+12125550101 calls +16020001111" {
				t.Errorf("%s", got)
			}
			listed := s.legacy(manager, "GET", "object=call&action=read&callid=xxx", "", "").wants(http.StatusOK, "").list()
			if listed[0]["by_action"] != "CallRequest" || listed[0]["dnis"] != "8001@"+domain {
				t.Errorf("the call is %v", listed)
			}
		})
	}
}

func TestCallsThatAreNotMade(t *testing.T) {
	s, p := newMaking(t)
	s.do("POST", "/domains", object{"domain": "other.example"}).wants(http.StatusAccepted, "Accepted")
	ours := in + "/users/2000/calls"
	for name, c := range map[string]struct {
		token, path string
		body        any
		status      int
		message     string
	}{
		"a reader":              {readOnly, ours, newCall(nil), 403, "only read"},
		"another user":          {basic, in + "/users/8001/calls", newCall(nil), 403, "Office Manager"},
		"another domain":        {manager, "/domains/other.example/users/domain/calls", newCall(nil), 401, "out of this API key's scope"},
		"nobody's":              {super, in + "/users/~/calls", newCall(nil), 400, "own user"},
		"a user who is missing": {super, in + "/users/4711/calls", newCall(nil), 404, "user 4711"},
		"a domain that is":      {super, "/domains/nowhere.example/users/2000/calls", newCall(nil), 404, "user 2000 of nowhere.example does not exist"},
		"no body":               {super, ours, nil, 400, "nothing was given"},
		"nothing":               {super, ours, object{}, 400, "lacks call-id, call-term-user"},
		"a bad name":            {super, ours, newCall(object{"call-id": "a/b"}), 400, "cannot name a call"},
		"no destination":        {super, ours, newCall(object{"call-term-user": ""}), 400, "no destination"},
		"a list":                {super, ours, newCall(object{"call-term-user": []string{"8001"}}), 400, "no destination"},
		"nowhere":               {super, ours, newCall(object{"call-term-user": "webresponder9"}), 404, "not reachable: no rule"},
		"a bad number":          {super, ours, newCall(object{"call-orig-user": "+1"}), 403, "+1 cannot be rung"},
		"a strange domain":      {super, ours, newCall(object{"call-orig-user": "2000@other.example"}), 403, "cannot be rung"},
		"the user":              {super, ours, newCall(object{"call-orig-user": ""}), 403, "has no phone registered"},
		"a responder":           {super, ours, newCall(object{"call-orig-user": "8001"}), 403, "which cannot be rung"},
		"abroad":                {super, ours, newCall(object{"call-orig-user": "+442071838750"}), 403, "calls to this country are barred"},
		"abroad too":            {super, ours, newCall(object{"call-term-user": "011442071838750"}), 403, "calls to this country are barred"},
		"another application":   {super, ours, newCall(object{"dial-rule-application": "queue"}), 400, "dial-rule-application"},
		"a bad answer":          {super, ours, newCall(object{"auto-answer-enabled": "maybe"}), 400, "auto-answer-enabled"},
		"a bad synchronous":     {super, ours, newCall(object{"synchronous": "later"}), 400, "synchronous"},
		"another's number":      {super, ours, newCall(object{"caller-id-number": "12125550199"}), 403, "no number of example.net"},
		"no number":             {super, ours, newCall(object{"callback-caller-id-number": "shop"}), 400, "caller id"},
	} {
		t.Run(name, func(t *testing.T) {
			one := *s
			one.t = t
			one.doAs(c.token, "POST", c.path, c.body).wants(c.status, c.message)
		})
	}
	for query, want := range map[string]struct {
		status  int
		message string
	}{
		"uid=2000@example.net&destination=8001":                                         {400, "lacks callid"},
		"callID=x&uid=2000@example.net":                                                 {400, "lacks destination"},
		"callID=x&destination=8001":                                                     {400, "lacks uid"},
		"callID=x&uid=2000@other.example&destination=8001":                              {401, "out of this API key's scope"},
		"callID=x&uid=2000@example.net&destination=8001":                                {403, "cannot be rung"},
		"callID=x&uid=2000@example.net&destination=8001&origination=8001":               {403, "cannot be rung"},
		"callID=x&callid=y&uid=2000@example.net&destination=8001&origination=602000111": {400, "comes twice"},
	} {
		s.legacy(manager, "GET", "object=call&action=call&"+query, "", "").wants(want.status, want.message)
	}
	s.legacy(readOnly, "GET", "object=call&action=call&callID=x&uid=2000@example.net&destination=8001&origination=6020001111", "", "").wants(403, "only read")
	if len(p.rung) > 0 || len(s.core.Calls().List(core.Whose{})) > 0 {
		t.Error("somebody was rung")
	}
}

func TestTooManyCallsAreToldWhenToComeBack(t *testing.T) {
	s, p := newMaking(t)
	for i := range 21 {
		a := s.do("POST", in+"/users/2000/calls", newCall(object{"call-id": i}))
		if i < 20 {
			a.wants(http.StatusAccepted, "Accepted")
			await.From(t, "who is rung", p.rung)
			continue
		}
		a.wants(http.StatusTooManyRequests, "2000@example.net makes 20 calls at once")
		if a.header.Get("Retry-After") != "1" {
			t.Errorf("the header is %v", a.header)
		}
	}
}

func TestACoreWithoutTelephonesSaysSo(t *testing.T) {
	s := newSystem(t)
	s.do("POST", in+"/users/2000/calls", newCall(nil)).wants(http.StatusNotImplemented, "this Core makes no calls")
	s.legacy(manager, "GET", "object=call&action=call&callID=x&uid=2000@example.net&destination=8001&origination=6020001111", "", "").wants(http.StatusNotImplemented, "[core] sip")
}
