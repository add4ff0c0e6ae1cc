package core_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/responder"
)

func TestCallIsRunByTheResponderItsNumberLeadsTo(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", s.responder(responder.Say{Text: "Hello."})+"/menu?id=shop")
	call, heard, events, err := s.place("+19734321440", "2125550100")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Hello."}, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	if len(call.Routes) != 1 || call.Outcome.By != trace.ByEnd || call.Outcome.Failed {
		t.Errorf("%d routes, outcome %+v", len(call.Routes), call.Outcome)
	}
	if first, ok := events[0].Event.(trace.Answer); !ok || first.From != "+19734321440" || first.To != "2125550100" {
		t.Errorf("the call began with %+v", events[0])
	}
	asked := s.asked[0]
	if asked.OrigCallID == "" || asked.TermCallID == "" || asked.OrigCallID == asked.TermCallID {
		t.Errorf("call ids %q and %q", asked.OrigCallID, asked.TermCallID)
	}
	got := []string{asked.Caller, asked.Called, asked.AccountUser, asked.AccountDomain, asked.AccountLastDial, asked.ToUser, asked.ToDomain, asked.Params.Get("id")}
	want := []string{"+19734321440", "2125550100", "8001", "example.net", "", "webresponder8001", "example.net", "shop"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the responder was told (-want +got):\n%s", diff)
	}
}

func TestParameterSaysHowTheResponderIsAsked(t *testing.T) {
	s := newSystem(t)
	const secret = "a secret of ours"
	var method string
	signed := &responder.Handler{Secrets: []string{secret}, Respond: func(context.Context, *responder.Request) (responder.Document, error) {
		return responder.Respond(responder.Say{Text: "Verified."}), nil
	}}
	address := s.handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method = r.Method
		signed.ServeHTTP(w, r)
	}))
	s.rule("webresponder8001", "<HttpMethod=POST><HttpSecret="+secret+">"+address)
	_, heard, _, err := s.place("+19734321440", "2125550100")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Verified."}, heard); diff != "" || method != http.MethodPost {
		t.Errorf("asked with %s; heard (-want +got):\n%s", method, diff)
	}
}

func TestForwardToAnotherResponderGoesOnOnTheSameLine(t *testing.T) {
	s := newSystem(t)
	s.user("8002", "webresponder8002")
	s.rule("webresponder8001", s.responder(responder.Say{Text: "First."}, responder.Forward{To: "user_8002"}))
	s.rule("webresponder8002", s.responder(responder.Say{Text: "Second."}))
	call, heard, events, err := s.place("+19734321440", "2125550100")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"First.", "Second."}, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	var kinds []string
	for _, event := range events {
		kinds = append(kinds, event.Event.Kind())
	}
	if diff := cmp.Diff([]string{"answer", "request", "say", "forward", "request", "say", "hangup"}, kinds); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(call.Routes) != 2 || call.Outcome.Forwarded || call.Outcome.By != trace.ByEnd {
		t.Errorf("%d routes, outcome %+v", len(call.Routes), call.Outcome)
	}
	first, second := s.asked[0], s.asked[1]
	if first.OrigCallID != second.OrigCallID || first.TermCallID == second.TermCallID {
		t.Errorf("call ids %s/%s, then %s/%s", first.OrigCallID, first.TermCallID, second.OrigCallID, second.TermCallID)
	}
	if second.AccountUser != "8002" {
		t.Errorf("the second responder's owner is %s, want 8002", second.AccountUser)
	}
}

func TestForwardThatCannotBeDoneIsAnApologyAndAReason(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", s.responder(responder.Forward{To: "4165550100"}))
	call, heard, _, err := s.place("+19734321440", "2125550100")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{engine.DefaultApology}, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	if !call.Outcome.Failed || !strings.Contains(call.Outcome.Reason, "not reachable: +1416•••0100 is outside: the call leaves by the trunk, and this line cannot be connected with anybody, as a terminal's cannot") {
		t.Errorf("outcome %+v", call.Outcome)
	}
	if len(call.Routes) != 2 || call.Routes[1].Kind != dialplan.Outside {
		t.Errorf("routes %+v", call.Routes)
	}
}

func TestRespondersThatForwardToEachOtherEnd(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", s.responder(responder.Forward{To: "8001"}))
	call, _, _, err := s.place("+19734321440", "2125550100")
	if err != nil {
		t.Fatal(err)
	}
	if !call.Outcome.Failed || !strings.Contains(call.Outcome.Reason, "forwarded 20 times") {
		t.Errorf("outcome %+v", call.Outcome)
	}
}

func TestForwardByCallerUsesTheCallersDialPlan(t *testing.T) {
	s := newSystem(t)
	s.user("1001", "")
	_, err := s.CreateDialPlan(t.Context(), domain, fields{"dial-rule-dial-plan": "Callers"}.json(t))
	s.must(err)
	s.must(s.UpdateUser(t.Context(), domain, "1001", fields{"dial-plan": "Callers"}.json(t)))
	for to, parameter := range map[string]string{
		"5551000":          s.responder(responder.Say{Text: "The caller's plan."}),
		"webresponder8001": s.responder(responder.Forward{To: "5551000", ByCaller: true}),
	} {
		_, err := s.CreateDialRule(t.Context(), domain, "Callers", fields{
			"dial-rule-matching-to-uri": to, "dial-rule-application": "To Web", "dial-rule-parameter": parameter,
		}.json(t))
		s.must(err)
		if to == "webresponder8001" {
			s.rule(to, parameter)
		}
	}
	s.rule("5551000", s.responder(responder.Say{Text: "The owner's plan."}))
	for from, want := range map[string]string{
		"1001@" + domain: "The caller's plan.",
		"+19734321440":   "The owner's plan.", // a caller from outside has none
	} {
		to := "2125550100"
		if strings.Contains(from, "@") {
			to = "webresponder8001"
		}
		_, heard, _, err := s.place(from, to)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{want}, heard); diff != "" {
			t.Errorf("from %s heard (-want +got):\n%s", from, diff)
		}
	}
}

func TestUsersOwnCallTellsWhatWasDialled(t *testing.T) {
	s := newSystem(t)
	s.user("1001", "")
	s.rule("5551000", s.responder(responder.Say{Text: "Hello."}))
	if _, _, _, err := s.place("1001@"+domain, "5551000"); err != nil {
		t.Fatal(err)
	}
	asked := s.asked[0]
	if asked.Caller != "1001" || asked.AccountUser != "1001" || asked.AccountLastDial != "5551000" {
		t.Errorf("caller %s, owner %s, last dialled %s", asked.Caller, asked.AccountUser, asked.AccountLastDial)
	}
}

func TestUnreachableNumbersSayWhyAndTouchNothing(t *testing.T) {
	for _, c := range []struct {
		name, to string
		change   func(*system)
		code     fault.Code
		want     string
	}{
		{name: "unknown", to: "3035550100", code: fault.NotFound, want: "not reachable: no number 303•••0100 is known here"},
		{
			name: "no phone", to: "2125550100", code: fault.NotFound, want: "not reachable: user 8001@example.net has no phone registered",
			change: func(s *system) {
				s.must(s.UpdateAnswerRule(s.t.Context(), domain, "8001", "*", fields{"forward-always": fields{"enabled": "no"}}.json(s.t)))
			},
		},
		{
			name: "hangs up", to: "2125550100", code: fault.Refused, want: "not reachable: a dial rule ends the call",
			change: func(s *system) {
				_, err := s.CreateDialRule(s.t.Context(), domain, domain, fields{"dial-rule-matching-to-uri": "webresponder*", "dial-rule-application": "hangup"}.json(s.t))
				s.must(err)
			},
		},
		{
			name: "a queue", to: "2125550100", code: fault.Unsupported, want: "not reachable: queue 9002 cannot be rung",
			change: func(s *system) {
				s.must(s.UpdatePhoneNumber(s.t.Context(), domain, "12125550100", fields{"dial-rule-application": "to-callqueue", "dial-rule-translation-destination-user": "9002"}.json(s.t)))
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSystem(t)
			if c.change != nil {
				c.change(s)
			}
			l := &line{}
			call, err := s.Place(t.Context(), "+19734321440", c.to, l, nil)
			if err == nil || fault.CodeOf(err) != c.code || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
			if l.hungUp || l.heard != nil || len(call.Routes) != 1 || len(call.Routes[0].Steps) == 0 {
				t.Errorf("line %+v, routes %+v", l, call.Routes)
			}
		})
	}
}

func TestNextCallFollowsAChangedRule(t *testing.T) {
	s := newSystem(t)
	first := s.rule("webresponder8001", s.responder(responder.Say{Text: "Old."}))
	heardNow := func() string {
		t.Helper()
		_, heard, _, err := s.place("+19734321440", "2125550100")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(heard, " ")
	}
	if got := heardNow(); got != "Old." {
		t.Errorf("heard %q", got)
	}
	s.must(s.UpdateDialRule(t.Context(), domain, domain, first.ID, fields{"dial-rule-parameter": s.responder(responder.Say{Text: "New."})}.json(t)))
	if got := heardNow(); got != "New." {
		t.Errorf("heard %q", got)
	}
	s.rule("sip:webresponder8001@*", s.responder(responder.Say{Text: "More literal."}))
	if got := heardNow(); got != "More literal." {
		t.Errorf("heard %q", got)
	}
}

func TestRulesHoldByTheClockOfTheOwner(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", s.responder(responder.Say{Text: "Closed."}))
	_, err := s.CreateDialRule(t.Context(), domain, domain, fields{
		"dial-rule-matching-to-uri": "webresponder8001", "dial-rule-application": "To-Web", "dial-rule-parameter": s.responder(responder.Say{Text: "Open."}),
		"dial-rule-matching-day-of-week": "[1-5]", "dial-rule-matching-start-time": "09:00", "dial-rule-matching-end-time": "17:00",
	}.json(t))
	s.must(err)
	for hour, want := range map[int]string{12: "Closed.", 18: "Open."} { // 04:00 and 10:00 at the Pacific
		s.now = time.Date(2026, time.March, 4, hour, 0, 0, 0, time.UTC)
		_, heard, _, err := s.place("+19734321440", "2125550100")
		if err != nil || strings.Join(heard, " ") != want {
			t.Errorf("at %v heard %q, %v, want %q", s.now, heard, err, want)
		}
	}
}

func TestCallsAndChangesGoOnAtOnce(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", s.responder(responder.Say{Text: "Hello."}))
	var work sync.WaitGroup
	for i := range 8 {
		work.Go(func() {
			for n := range 10 {
				if i%2 == 0 {
					if _, err := s.Place(t.Context(), "+19734321440", "2125550100", &line{}, nil); err != nil {
						t.Error(err)
					}
					continue
				}
				_, err := s.CreateDialRule(t.Context(), domain, domain, fields{
					"dial-rule-matching-to-uri": fmt.Sprintf("other%d-%d", i, n), "dial-rule-application": "hangup",
				}.json(t))
				if err != nil {
					t.Error(err)
				}
				if err := s.UpdateUser(t.Context(), domain, "8001", fields{fmt.Sprintf("x-%d-%d", i, n): n}.json(t)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	u, err := s.Object(t.Context(), core.Key{Kind: core.User, Domain: domain, ID: "8001"})
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 8; i += 2 {
		for n := range 10 {
			if name := fmt.Sprintf("x-%d-%d", i, n); u.Fields.Text(name) != fmt.Sprint(n) {
				t.Errorf("the update of %s was lost", name)
			}
		}
	}
}

// impatient hangs up whatever is said.
type impatient struct{ line }

func (*impatient) Play(context.Context, engine.Prompt, *engine.Listening) (engine.Played, error) {
	return engine.Played{}, engine.ErrHungUp
}

// TestACallerWhoHangsUpOnTheAnnouncementHidesNoReason: why the call led nowhere.
func TestACallerWhoHangsUpOnTheAnnouncementHidesNoReason(t *testing.T) {
	var stored []core.StoredCall
	x := &core.Exchange{Core: newSystem(t).Core, Keep: func(call core.StoredCall) { stored = append(stored, call) }}
	outcome := x.Place(t.Context(), "+19734321440", "2125550199", &impatient{}, func([]string) {}, func(trace.Stamped) {})
	if outcome.By != trace.ByCaller || !strings.HasPrefix(outcome.Reason, "the caller hung up during the announcement: not reachable: ") || !outcome.Failed {
		t.Errorf("outcome %+v", outcome)
	}
	if len(stored) != 1 || stored[0].Outcome != outcome.Reason {
		t.Errorf("stored as %+v", stored)
	}
}
