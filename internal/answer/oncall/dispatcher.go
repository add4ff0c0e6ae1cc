package oncall

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting/guess"
	"github.com/switchhook/switchhook/internal/setting/plaintext"
)

// maxAttempt is the highest attempt that we believe: past it the phone system
// counts something else.
const maxAttempt = 99

// Config is what a Dispatcher needs.
type Config struct {
	Routes []Route // at least one; required
	Keeper *Keeper // knows the routes' sources; required

	Journal   Journal        // stores decisions; nil: they are in memory only
	Overrides Overrides      // nil: there are none
	AllowFrom []netip.Prefix // where phone systems ask from; empty: anywhere

	// Address returns the address that a request came from; nil: that of its
	// connection.
	Address func(*http.Request) netip.Addr

	// Guesses makes anyone who guesses secrets wait; optional.
	Guesses *guess.Watch

	Log    part.Log        // told of each call
	Count  func(Decision)  // told of each decision; optional
	Denied func()          // told of each request that was refused; optional
	Random func(n int) int // from 0 to n-1; nil: that of the machine
}

// Dispatcher answers phone systems that ask whom to ring.
type Dispatcher struct {
	config Config
	routes []*readyRoute
	memory *memory
}

// memory is what outlives settings.
type memory struct {
	decisions *decisionLog
	overrides overrides

	mu      sync.Mutex // held from a decision to its entry in the history, so that two at once take turns
	history *callHistory
}

// New returns a Dispatcher. It starts nothing. The error lists all that is wrong
// with the routes.
func New(c Config) (*Dispatcher, error) {
	return newDispatcher(c, &memory{decisions: newDecisionLog(c.Journal, c.Log), history: newCallHistory()})
}

// With returns a Dispatcher of other settings that remembers the same calls and
// decisions. The Journal stays the one it was.
func (d *Dispatcher) With(c Config) (*Dispatcher, error) { return newDispatcher(c, d.memory) }

func newDispatcher(c Config, s *memory) (*Dispatcher, error) {
	if c.Address == nil {
		c.Address = guess.RemoteAddress
	}
	if c.Count == nil {
		c.Count = func(Decision) {}
	}
	if c.Denied == nil {
		c.Denied = func() {}
	}
	if c.Random == nil {
		c.Random = mathrand.IntN
	}
	d := &Dispatcher{config: c, memory: s}
	if len(c.Routes) == 0 {
		return nil, fault.Newf(fault.Invalid, "there is no on-call route")
	}
	var problems []error
	names := map[string]bool{}
	for _, r := range c.Routes {
		route, err := prepareRoute(r, c.Keeper)
		switch {
		case err != nil:
			problems = append(problems, err)
		case r.Name == "" || names[r.Name]:
			problems = append(problems, fmt.Errorf("the on-call route %q has no name, or one that another has", r.Name))
		}
		names[r.Name] = true
		d.routes = append(d.routes, route)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, &fault.Error{Code: fault.Invalid, Message: err.Error(), Hint: "fix [[oncall.route]] in the settings"}
	}
	return d, nil
}

// Run stores decisions and follows changes of overrides until the context ends, and returns when those made by
// then are stored. Of several Dispatchers derived from one another only one
// runs; the creator of the Keeper runs that.
func (d *Dispatcher) Run(ctx context.Context) {
	var following sync.WaitGroup
	defer following.Wait()
	following.Go(func() { d.followOverrides(ctx) })
	d.memory.decisions.run(ctx)
}

// Load takes from the store the overrides and who was rung when. Call it before the
// first call is answered, so that a restart neither forgets an override nor begins
// with the same person again; a Dispatcher made by With has it all.
func (d *Dispatcher) Load(ctx context.Context) {
	d.LoadOverrides(ctx)
	if d.config.Journal == nil {
		return
	}
	within, cancel := context.WithTimeout(ctx, journalTimeout)
	defer cancel()
	records, err := d.config.Journal.Recent(within, keptRecords)
	if err != nil {
		d.config.Log.LogAttrs(ctx, slog.LevelWarn, "earlier on-call decisions not readable", slog.String("error", err.Error()))
		return
	}
	d.memory.decisions.remember(records)
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	for i := range records {
		d.memory.history.restore(&records[i])
	}
}

// Recent returns the last decisions, the newest first, up to limit of those in
// memory.
func (d *Dispatcher) Recent(limit int) []Record { return d.memory.decisions.recent(limit) }

// Decide says whom to ring by what is known. It waits only if nothing is known,
// and no longer than a caller can. It does not authorise the request's route.
func (d *Dispatcher) Decide(ctx context.Context, r Request) Decision {
	route := matchRoute(d.routes, &r)
	if route == nil {
		return d.noRoute(&r)
	}
	return d.decideRoute(ctx, route, &r)
}

func (d *Dispatcher) noRoute(r *Request) Decision {
	decision := Decision{At: time.Now(), Route: clip(r.Route), Attempt: 1, Reason: NoRoute}
	decision.addLastStep(stepNoRoute, why.Args{"asked": described(r)})
	d.memory.decisions.addRecord(recordOf(rand.Text(), &decision, r.Caller, phone.ReadCaller(r.Caller, phone.Home{})))
	d.config.Count(decision)
	return decision
}

func (d *Dispatcher) decideRoute(ctx context.Context, route *readyRoute, r *Request) Decision {
	s := Situation{Now: time.Now(), Route: route.Name, Rules: route.Rules, Request: *r, Random: d.config.Random}
	if callerRefusal(&s) == "" {
		s.Answers = d.config.Keeper.awaitAnswers(ctx, route.Sources, s.Now)
		s.Known = time.Now()
	}
	decision := d.decideAndRecord(&s, route)
	d.config.Count(decision)
	return decision
}

// decideAndRecord decides and records the decision.
func (d *Dispatcher) decideAndRecord(s *Situation, route *readyRoute) Decision {
	id := rand.Text()
	s.readNumbers()
	p := party{route.Name, s.caller.Key()}
	told := s.Request.Attempt
	if told < 1 || told > maxAttempt {
		told = 0
	}
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	history := d.memory.history
	attempt, repeated, tried := history.attemptOf(p, told, route.RepeatWithin, s.Now)
	s.Attempt, s.Tried, s.Override = attempt, tried, d.memory.overrides.of(route.Name, s.Now)
	if repeated {
		s.Repeated = route.RepeatWithin
	}
	s.Past = func(key string) Past { return history.pastOf(route.Name, key) }
	decision := decide(s)
	record := recordOf(id, &decision, s.Request.Caller, s.caller)
	d.memory.decisions.addRecord(record)
	if decision.Number == "" {
		return decision
	}
	c := &call{
		record: record, party: p, did: s.did.Key(), at: s.Now,
		attempt: decision.Attempt, key: decision.Key, number: phone.Key(strings.TrimPrefix(decision.Number, "+")), tried: s.Tried,
	}
	if c.key != "" && !slices.Contains(c.tried, c.key) {
		c.tried = append(slices.Clip(c.tried), c.key) // the previous call has its own
	}
	history.addCall(c)
	return decision
}

// maxLogged is how much of an untrusted text is logged, in bytes.
const maxLogged = 100

// maxWhy is how much of the reasons of a decision is logged, in bytes.
const maxWhy = 2000

func clip(s string) string { return plaintext.Clip(s, maxLogged) }

// answerRequest decides on a request and has it written. After a panic too: the
// caller gets the fallback, and our server logs it.
func (d *Dispatcher) answerRequest(r *http.Request, request Request, routes []*readyRoute, write func(*Decision, *readyRoute)) {
	route := matchRoute(routes, &request)
	decision := Decision{Reason: Defect, Attempt: 1, Steps: []Step{{Code: stepDefect}}}
	defer func() {
		if decision.Reason == Defect && route != nil {
			decision.Route = route.Name
			s := Situation{Rules: route.Rules, Request: request}
			decision.fallBack(&s)
			decision.At = time.Now()
			d.memory.decisions.addRecord(recordOf(rand.Text(), &decision, request.Caller, s.caller))
		}
		d.logDecision(r.Context(), &request, &decision)
		write(&decision, route)
	}()
	if route == nil {
		decision = d.noRoute(&request)
		return
	}
	decision = d.decideRoute(r.Context(), route, &request)
}
