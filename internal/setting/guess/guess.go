// Package guess slows down clients that guess at secrets. Every place that
// compares one reports the result to a [Watch], and honours its verdict: a
// network that has sent ten wrong secrets has to wait, and meanwhile its
// secrets, right ones included, open nothing. So trying on teaches nobody
// anything.
//
// A client that has sent a place's right secret is known there, and does not
// wait: a stranger who shares a phone system's address cannot lock it out.
package guess

import (
	"context"
	"hash/maphash"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// Place is where secrets are compared. The set is closed.
type Place string

// The places.
const (
	Forms    Place = "forms"    // the secret of the forms
	OnCall   Place = "oncall"   // those of on-call's routes
	Operator Place = "operator" // the operator's token
	API      Place = "api"      // the keys of the Core's API
	Webhooks Place = "webhooks" // the key of an entry's webhook
	Events   Place = "events"   // the key of a domain's events
)

// Places returns all of them.
func Places() []Place { return []Place{Forms, OnCall, Operator, API, Webhooks, Events} }

// Secret says which secret is being guessed.
type Secret struct {
	Place Place

	// Of is the entry or the domain that the secret belongs to. Wrong ones
	// count for it alone: a phone system calls for all its customers from one
	// address, and one customer's wrong key must not silence the others. Empty:
	// it belongs to the whole server, and wrong ones count with those of all
	// such secrets. It must exist: otherwise strangers could fill the memory.
	Of string

	// Named says that the operator has listed the addresses that may ask: these
	// do not wait.
	Named bool
}

// Wait reports a network that begins to wait.
type Wait struct {
	Secret
	Network netip.Prefix
	For     time.Duration

	// Exempt says that this client does not have to wait, because it is known
	// or listed; others in its network do.
	Exempt bool
}

// Config is what a Watch needs. All of it is optional.
type Config struct {
	// Address returns the address that a request came from; default: that of
	// its connection.
	Address func(*http.Request) netip.Addr

	Wrong   func(p Place, secrets int)  // called for wrong secrets that were compared
	Began   func(context.Context, Wait) // called for each network that begins to wait
	Refused func(context.Context)       // called for each request refused because its network waits
}

// The bounds of what is remembered. What was used least recently is forgotten.
const (
	maxTallies = 10_000 // networks that have sent wrong secrets
	maxKnown   = 10_000 // networks that have sent right ones
)

// knownFor is how long a network is known after it last sent its secret.
const knownFor = 30 * 24 * time.Hour

// Watch counts wrong secrets by the networks that send them. It may be used by
// several goroutines; a nil Watch makes no one wait.
type Watch struct {
	config Config
	seed   maphash.Seed

	mu      sync.Mutex
	tallies *recent[account, tally]
	known   *recent[account, time.Time] // when they last sent the right secret
}

// account is what wrong secrets count for.
type account struct {
	network netip.Prefix
	place   Place
	of      string
}

// New returns a Watch that has seen nothing.
func New(c Config) *Watch {
	if c.Address == nil {
		c.Address = RemoteAddress
	}
	if c.Wrong == nil {
		c.Wrong = func(Place, int) {}
	}
	if c.Began == nil {
		c.Began = func(context.Context, Wait) {}
	}
	if c.Refused == nil {
		c.Refused = func(context.Context) {}
	}
	return &Watch{
		config: c, seed: maphash.MakeSeed(),
		tallies: newRecent[account, tally](maxTallies), known: newRecent[account, time.Time](maxKnown),
	}
}

// Judge records that a request has sent secrets, and returns how long it has to
// wait; 0: not at all, and it gets its normal answer. right says whether one of
// them was right; otherwise wrong are those that were compared, none if the
// request has sent none, which is no guess.
//
// While a client waits, Judge counts nothing and makes no distinctions, so that
// exactly as many guesses are answered as docs/security.md says, however many
// come at once.
func (w *Watch) Judge(r *http.Request, s Secret, right bool, wrong ...string) (wait time.Duration) {
	shown := shownOf(wrong)
	if w == nil || !right && shown == 0 {
		return 0
	}
	networks := networksOf(w.config.Address(r))
	wait, began := w.judge(networks, s, right, wrong, time.Now())
	switch {
	case wait > 0:
		w.config.Refused(r.Context())
	case !right:
		w.config.Wrong(s.Place, shown)
	}
	for _, b := range began {
		w.config.Began(r.Context(), b)
	}
	return wait
}

func (w *Watch) judge(networks networks, s Secret, right bool, wrong []string, now time.Time) (wait time.Duration, began []Wait) {
	w.mu.Lock()
	defer w.mu.Unlock()
	exempt := s.Named || w.knows(networks, s, now)
	if !exempt {
		wait = w.waits(networks, s, now)
	}
	switch {
	case wait > 0:
		return wait, nil
	case right:
		*w.known.touch(account{networks.own(), s.Place, s.Of}) = now
		return 0, nil
	}
	return 0, w.count(networks, s, exempt, wrong, now)
}

// knows reports whether the client's network has sent the right secret.
func (w *Watch) knows(n networks, s Secret, now time.Time) bool {
	last := w.known.get(account{n.own(), s.Place, s.Of})
	return last != nil && now.Sub(*last) < knownFor
}

// counted returns what a network's wrong secrets count for.
func counted(network netip.Prefix, s Secret) account {
	if s.Of == "" {
		return account{network: network}
	}
	return account{network, s.Place, s.Of}
}

// waits returns how long the client has to wait, for its own network or a wider
// one. An IPv4 address with no wrong secret does not wait for its neighbours,
// who may be anyone: it is heard, once. An IPv6 block has one owner.
func (w *Watch) waits(n networks, s Secret, now time.Time) (wait time.Duration) {
	own := w.tallies.get(counted(n.own(), s))
	if own != nil {
		wait = own.wait(now)
	}
	if n.v4 && (own == nil || !own.suspect(now)) {
		return wait
	}
	for _, wider := range n.wider() {
		if t := w.tallies.get(counted(wider, s)); t != nil {
			wait = max(wait, t.wait(now))
		}
	}
	return wait
}

// count counts wrong secrets, and returns which networks begin to wait.
func (w *Watch) count(n networks, s Secret, exempt bool, wrong []string, now time.Time) (began []Wait) {
	for i, network := range n.all() {
		most := mostOfOwn
		if i > 0 {
			most = mostOfWider
		}
		t := w.tallies.touch(counted(network, s))
		for _, secret := range wrong {
			if secret != "" && t.count(maphash.String(w.seed, secret), most, now) {
				began = append(began, Wait{Secret: s, Network: network, For: t.last, Exempt: exempt})
			}
		}
	}
	return began
}

// Waiting returns how many networks wait now.
func (w *Watch) Waiting() (n int) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.tallies.all() {
		if t.wait(now) > 0 {
			n++
		}
	}
	return n
}

// TellWait makes an answer say how long to wait, in whole seconds (RFC 9110,
// section 10.2.3).
func TellWait(header http.Header, wait time.Duration) {
	header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
}

// shownOf returns how many secrets there are: an empty one is none.
func shownOf(secrets []string) (n int) {
	for _, s := range secrets {
		if s != "" {
			n++
		}
	}
	return n
}
