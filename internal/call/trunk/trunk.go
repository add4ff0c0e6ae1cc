// Package trunk is the way to the telephone network: a carrier, which has calls of
// ours carried, and sends calls to us.
//
// A Trunk knows the carrier's servers, registers with them where they want that, and
// asks them whether they are there. Outgoing returns how somebody is called: by
// which servers, one after the other. Has says whose call it is that comes in.
//
// What is decided is decided by pure values in files of their own: in which order
// servers are tried (select.go, suspects.go), when to register again (register.go),
// whether the trunk is up (condition.go), how numbers are written (number.go) and
// callers shown (identity.go).
package trunk

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/phone"
)

// Asker sends requests outside of calls: a dialog.Client.
type Asker interface {
	Ask(ctx context.Context, r dialog.Request) (dialog.Answer, error)
}

// Resolver finds the servers of a name: a net.Resolver.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, records []*net.SRV, err error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Config is what a Trunk works with.
type Config struct {
	Settings Settings
	Resolver Resolver

	// Client returns an Asker that answers challenges with an account. It is called
	// by Run: once for registrations, and once for OPTIONS.
	Client func(dialog.Account) Asker

	// Changed is told each change of the condition. It must neither wait nor ask the
	// Trunk anything. Optional.
	Changed func(State)

	Log *slog.Logger
}

// Trunk is one carrier. It may be used by several goroutines.
type Trunk struct {
	config Config
	home   phone.Home
	draw   func(n int) int // at random, 0 to n-1

	known atomic.Pointer[addresses] // for Has, which must not wait

	staying context.Context //nolint:containedctx // ends when Leave is called
	leave   context.CancelFunc

	mu        sync.Mutex
	servers   servers
	suspects  suspects
	condition condition
	until     time.Time           // when the registration ends; zero: there is none
	registrar dialog.Hop          // where we are registered
	answering map[dialog.Hop]bool // the servers that have ever answered OPTIONS

	renew chan struct{} // the registration is to be renewed at once
}

// New returns a Trunk. Run has to run before it knows the servers of a name.
func New(c Config) *Trunk {
	t := &Trunk{
		config: c, home: phone.HomeOfCode(string(c.Settings.CallingCode)), draw: rand.IntN,
		condition: newCondition(), suspects: make(suspects), answering: make(map[dialog.Hop]bool), renew: make(chan struct{}, 1),
	}
	t.staying, t.leave = context.WithCancel(context.Background())
	t.known.Store(&addresses{})
	if at := c.Settings.Address; at.Literal().IsValid() {
		t.learn(servers{{hops: []dialog.Hop{t.hop(netip.AddrPortFrom(at.Literal(), c.Settings.port()))}}}, time.Now())
	}
	return t
}

// Run keeps the servers, the registration and the condition up to date until the
// context ends. Then it takes the registration back and returns.
func (t *Trunk) Run(ctx context.Context) {
	err := t.resolve(ctx)
	var running sync.WaitGroup
	running.Go(func() { t.keepServers(ctx, err) })
	if t.config.Settings.Register {
		running.Go(func() { t.keepRegistered(ctx) })
	}
	if t.config.Settings.OptionsEvery > 0 {
		running.Go(func() { t.keepAsking(ctx) })
	}
	running.Wait()
}

// Leave has Run take the registration back and not register again, so that the
// carrier sends no more calls. All else goes on, for the calls in hand. It does not
// wait.
func (t *Trunk) Leave() { t.leave() }

// State is how a trunk is.
type State struct {
	Name       string
	Condition  Condition
	Since      time.Time // of the condition; zero: it is Unknown
	Why        string    // it is Down, as a sentence; or what went wrong last
	Registered time.Time // until when; zero: it is not
}

// State returns how the trunk is now.
func (t *Trunk) State() State {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state(time.Now())
}

func (t *Trunk) state(now time.Time) State {
	s := State{Name: string(t.config.Settings.Name), Condition: t.condition.is, Since: t.condition.since, Why: t.condition.why}
	if now.Before(t.until) {
		s.Registered = t.until
	}
	return s
}

// tell tells of the condition if it has changed. The caller holds mu.
func (t *Trunk) tell(changed bool, now time.Time) {
	if !changed {
		return
	}
	s := t.state(now)
	if s.Condition == Down {
		t.config.Log.Warn("trunk is down", "trunk", s.Name, "reason", s.Why)
	} else {
		t.config.Log.Info("trunk is up", "trunk", s.Name)
	}
	if t.config.Changed != nil {
		t.config.Changed(s)
	}
}

// order returns the servers in the order in which they are to be tried now.
func (t *Trunk) order(now time.Time) []dialog.Hop {
	t.mu.Lock()
	defer t.mu.Unlock()
	hops := t.servers.order(t.draw)
	if i := slices.Index(hops, t.registrar); i > 0 { // it knows us, others may not
		hops = slices.Insert(slices.Delete(hops, i, i+1), 0, t.registrar)
	}
	return t.suspects.last(hops, now)
}

// wait waits, and reports whether the time has come: the context has not ended.
func wait(ctx context.Context, d time.Duration, early <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-early:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
