package cli_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/store"
)

// filling puts a person's number into a database, as the server does.
type filling struct {
	t  testing.TB
	s  *store.Store
	c  *core.Core
	of person
	n  int // values so far
}

// filled are the columns that filling puts the number into.
var filled = []string{
	"activity.about", "activity.number", "activity.steps", "activity.story",
	"answers.call_id", "answers.caller", "callback_proofs.number", "callback_tries.number", "callbacks.dialled", "callbacks.idem",
	"callbacks.number", "callbacks.origin", "callbacks.problem", "calls.from_number", "calls.id", "calls.outcome", "calls.to_number", "calls.trace",
	"consents.call_id", "consents.number", "consents.wording", "counted_calls.caller",
	"events.about", "events.action", "events.actor", "events.detail", "inbound.id", "inbound.message", "inbound.receiver", "inbound.sender",
	"limits.id", "objects.fields", "objects.id", "objects.owner", "oncall_decisions.record",
	"suppressions.words", "texts.call_id", "texts.dialled", "texts.message", "texts.problem", "texts.receiver", "texts.sender",
}

const (
	shop     = "shop" // an entry
	provider = "example.net"
	stranger = "12125550199"
)

func fill(t testing.TB, s *store.Store, of person) *filling {
	t.Helper()
	f := &filling{t: t, s: s, of: of, c: core.New(core.Config{State: s, Log: slog.New(slog.DiscardHandler)})}
	f.coreUsers()
	for _, writing := range of.writings {
		f.n++
		f.text(of.digits, "call", "Hello.", "12125550100", "")
		f.text(stranger, "call "+writing, "Call "+writing+".", writing, "cannot reach "+writing)
		f.inbound(of.digits, "message", "12125550100", "Who is this?")
		f.inbound(stranger, "message-"+writing+"@host", writing, "This is "+writing+".")
		f.calls(writing)
		f.callBacks(writing)
		f.others(writing)
		f.coreTraffic(writing)
	}
	f.counted()
	f.proof()
	return f
}

func (f *filling) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// text has somebody call, consent, and get a text, which dies if there is a
// problem.
func (f *filling) text(caller, call, message, sender, problem string) {
	f.t.Helper()
	now := time.Now()
	key := ledger.Key{Entry: shop, CallID: fmt.Sprint(call, " ", f.n), Caller: caller}
	begun, err := f.s.Begin(f.t.Context(), ledger.Call{Key: key, Tenant: provider, At: now}, func(ledger.History) ledger.Decision {
		return ledger.Decision{Reason: "sent",
			Text: &ledger.Text{Purpose: ledger.Answer, Entry: shop, CallID: key.CallID, Domain: provider, User: "2000", Session: core.NewSession(),
				From: sender, To: caller, Message: message, Segments: 1, Deadline: now.Add(time.Hour), Lease: now.Add(time.Minute)},
			Consent: &ledger.Consent{Number: caller, Entry: shop, At: now, CallID: key.CallID, Wording: message, Key: "1"}}
	})
	f.must(err)
	result := ledger.Result{ID: begun.Text.ID, Attempt: 1, At: now, State: ledger.Sent}
	if problem != "" {
		result.State, result.Why, result.Problem = ledger.Dead, ledger.Failed, problem
	}
	f.must(f.s.Finish(f.t.Context(), result))
}

// counted has the number call so often that its calls share a row.
func (f *filling) counted() {
	f.t.Helper()
	full := ledger.Decision{Reason: "full", Rows: ledger.Rows{Number: 1}}
	for i := range 3 {
		key := ledger.Key{Entry: "often", CallID: fmt.Sprint(i), Caller: f.of.digits}
		_, err := f.s.Begin(f.t.Context(), ledger.Call{Key: key, Tenant: provider, At: time.Now()}, func(ledger.History) ledger.Decision { return full })
		f.must(err)
	}
}

func (f *filling) inbound(from, id, to, message string) {
	f.t.Helper()
	m := ledger.Inbound{ID: fmt.Sprint(id, f.n), Domain: provider, From: from, To: to, Message: message, At: time.Now()}
	_, err := f.s.Receive(f.t.Context(), m, provider, func(ledger.History) ledger.Reply { return ledger.Reply{} })
	f.must(err)
}

func (f *filling) calls(writing string) {
	f.t.Helper()
	line := func(at any) []byte {
		event, err := json.Marshal(map[string]any{"at": at, "event": "request", "url": "https://r.example.net/?From=" + url.QueryEscape(writing), "heard": writing})
		f.must(err)
		return append(event, '\n')
	}
	for i, call := range []core.StoredCall{
		{From: f.of.digits, To: stranger}, {From: stranger, To: f.of.digits},
		{From: stranger, To: "12125550198", Outcome: "hung up on " + writing, Trace: append(line(0.5), line(json.RawMessage(f.of.digits))...)},
	} {
		call.ID, call.At = fmt.Sprintf("%d of %s-%d", i, writing, f.n), time.Now()
		f.must(f.s.KeepCall(f.t.Context(), call))
	}
}

func (f *filling) callBacks(writing string) {
	f.t.Helper()
	now := time.Now()
	for _, number := range []string{f.of.digits, stranger} {
		ask := clicktocall.Ask{Entry: shop, Tenant: provider, Number: number, Network: "192.0.2.0/24", Key: fmt.Sprint(writing, " ", f.n), Token: ledger.NewID(), TokenEnds: now.Add(time.Hour)}
		made, _, err := f.s.BeginCallBack(f.t.Context(), ask, now, func(clicktocall.Known) *clicktocall.CallBack {
			return &clicktocall.CallBack{ID: ledger.NewID(), Entry: ask.Entry, Tenant: ask.Tenant, Queue: "9002@example.net", Number: number, Network: ask.Network,
				Origin: "https://" + url.PathEscape(writing) + ".example.com", Key: ask.Key, State: clicktocall.Placing, Attempts: 1, Lease: now.Add(time.Minute)}
		})
		f.must(err)
		if number == stranger {
			f.must(f.s.FinishCallBack(f.t.Context(), clicktocall.Result{ID: made.ID, Attempt: 1, At: now, State: clicktocall.Failed, Problem: "no way to " + writing}))
		}
	}
}

// proof requests a code for the number, and gives a wrong one.
func (f *filling) proof() {
	f.t.Helper()
	seal := func(time.Time) string { return "a hash" }
	begun, err := f.s.BeginProof(f.t.Context(), clicktocall.Proof{Number: f.of.digits, From: clicktocall.Subnets{Network: "192.0.2.0/24"}, Unproved: clicktocall.Ration{InAll: 1}, Seal: seal}, time.Now())
	f.must(err)
	if !begun.Send {
		f.t.Fatalf("no code goes out: %+v", begun)
	}
	_, err = f.s.TakeProof(f.t.Context(), clicktocall.Given{Number: f.of.digits, Code: "another", Owner: "192.0.2.0/24"}, ledger.Suppression{}, time.Now())
	f.must(err)
}

// others puts a spelling into limits, the audit, the words of a suppression,
// and on-call decisions.
func (f *filling) others(writing string) {
	f.t.Helper()
	_, _, err := f.s.Allow(f.t.Context(), "reply to "+writing, store.Rate{Burst: 2, Per: time.Hour}, time.Now())
	f.must(err)
	f.must(f.s.Audit(f.t.Context(), ledger.Event{Actor: "form " + writing, Action: "saved " + writing, About: writing, Detail: "message: call " + writing}))
	f.must(f.s.Tell(f.t.Context(),
		activity.Item{Kind: activity.Call, Outcome: "sent", Number: f.of.digits, Story: "a call"},
		activity.Item{Kind: activity.CoreCall, Outcome: "done", Number: stranger, Story: "call " + writing, About: "call " + writing,
			Steps: []activity.Step{{Code: "asked", Args: why.Args{"url": "https://r.example.net/?From=" + url.QueryEscape(writing)}}}}))
	f.must(f.s.Suppress(f.t.Context(), ledger.Suppression{Number: fmt.Sprintf("121255502%02d", f.n), Tenant: provider, Channel: ledger.Texts, At: time.Now(),
		How: ledger.ByOperator, Words: "said so from " + writing}))
	f.must(f.s.OnCallJournal().Save(f.t.Context(), []oncall.Record{{ID: ledger.NewID(), At: time.Now(), Route: "support " + writing, Key: writing, Name: "Ann (" + writing + ")",
		Caller: "+1212•••0199", Steps: []oncall.Step{
			{Code: "no_route", Args: why.Args{"asked": url.QueryEscape(writing)}},
			{Code: "no_number", Args: why.Args{"person": "\u201c" + writing + "\u201d"}},
		}}}))
}

// coreUsers makes users of the Core. One has numbers in fields that the Core
// does not use, another is a queue.
func (f *filling) coreUsers() {
	f.t.Helper()
	ctx := f.t.Context()
	_, err := f.c.CreateDomain(ctx, f.fields("domain", provider, "description", "of "+f.of.writings[0]))
	f.must(err)
	names := []string{"user", "2000", "name-first-name", "Ann"}
	for i, writing := range f.of.writings {
		names = append(names, fmt.Sprint("note-", i), writing)
	}
	user := f.fields(names...)
	user["mobile"] = json.RawMessage(f.of.digits)
	_, err = f.c.CreateUser(ctx, provider, user)
	f.must(err)
	_, err = f.c.CreateUser(ctx, provider, f.fields("user", "9002", "service-code", "system-queue"))
	f.must(err)
	_, err = f.c.CreateSMSNumber(ctx, provider, f.fields("number", "12125550100", "application", "user", "dest", "2000"))
	f.must(err)
}

// coreTraffic sends texts of the Core, and puts somebody into a queue.
func (f *filling) coreTraffic(writing string) {
	f.t.Helper()
	ctx := f.t.Context()
	session := strings.Repeat("x", 20) + fmt.Sprint(f.n, "_", f.of.digits)
	for _, text := range []core.Text{
		{Session: session, To: []string{"12125550197"}, Message: "Hello."},
		{Session: core.NewSession(), To: []string{f.of.digits}, Message: "Hello."},
		{Session: core.NewSession(), To: []string{stranger, f.of.digits}, Message: "Hello, both."},
		{Session: core.NewSession(), To: []string{stranger}, Message: "Call " + writing + "."},
	} {
		text.Domain, text.User, text.From = provider, "2000", "12125550100"
		_, err := f.c.SendText(ctx, text)
		f.must(err)
	}
	_, err := f.c.ReceiveText(ctx, f.of.digits, "12125550100", "Hm?")
	f.must(err)
	_, err = f.c.QueueCall(ctx, provider, "9002", f.fields("destination", f.of.digits))
	f.must(err)
	_, err = f.c.QueueCall(ctx, provider, "9002", f.fields("destination", stranger, "note", "friend of "+writing))
	f.must(err)
}

// fields returns fields of the Core: a name, its value, and so on.
func (f *filling) fields(pairs ...string) core.Fields {
	f.t.Helper()
	fields := core.Fields{}
	for i := 0; i < len(pairs); i += 2 {
		value, err := json.Marshal(pairs[i+1])
		f.must(err)
		fields[pairs[i]] = value
	}
	return fields
}
