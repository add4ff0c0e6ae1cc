package oncall

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/responder"
)

// Route is a number, or a choice in its menu, that is on call: who may ask for
// it, which calls it is for, and its rules.
type Route struct {
	Name    string   // required, unique
	Secrets []string // at least one; several while one replaces another
	DIDs    []string // called numbers that it is for; empty: any
	Codes   []string // keys pressed in a menu that it is for; empty: any
	Sources []string // by name, the preferred one first
	Rules   Rules
	Texts   Texts

	// RepeatWithin counts a call as the next attempt if the same caller was put
	// through to somebody at most so long ago, and nobody is known to have
	// picked up. It applies only if the phone system sends no attempt. 0: each
	// call is the first attempt.
	RepeatWithin time.Duration

	// CallerName is what the rung person's telephone shows in place of the
	// caller, if the phone system can do that; empty: we do not set it.
	CallerName string
}

// Texts are what callers hear of a phone system that runs documents. An empty
// one is that of DefaultTexts.
type Texts struct {
	Connecting string // before the call is passed on
	Nobody     string // if nobody can be rung
	Closed     string // outside opening hours
	Voice      string // empty: the domain's
	Language   string // BCP-47; empty: the domain's
}

// DefaultTexts are the words if settings have none.
func DefaultTexts() Texts {
	return Texts{
		Connecting: "Please hold. We are connecting you to the person on call.",
		Nobody:     "We are sorry, nobody can be reached at the moment. Please try again later.",
		Closed:     "We are closed at the moment. Please call again during our opening hours.",
	}
}

// readyRoute is a Route that is ready to use.
type readyRoute struct {
	Route
	secrets [][sha256.Size]byte
	dids    []phone.Number
}

func prepareRoute(r Route, keeper *Keeper) (*readyRoute, error) {
	var problems []error
	complain := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("on-call route %s: "+format, append([]any{r.Name}, args...)...))
	}
	route := &readyRoute{Route: r}
	for _, secret := range r.Secrets {
		if secret != "" { // an unset secret must not open the door
			route.secrets = append(route.secrets, sha256.Sum256([]byte(secret)))
		}
	}
	if len(route.secrets) == 0 {
		complain("it has no secret; give it one, such as the output of openssl rand -hex 32")
	}
	if len(r.Sources) == 0 {
		complain("it names no source of people")
	}
	for _, name := range r.Sources {
		if keeper.pollers[name] == nil {
			complain("there is no source called %q", name)
		}
	}
	route.Rules.prepare(complain)
	for _, did := range r.DIDs {
		route.dids = append(route.dids, phone.Read(did, route.Rules.reader.home))
	}
	route.Texts = r.Texts.withDefaults()
	for _, words := range [...]string{route.Texts.Connecting, route.Texts.Nobody, route.Texts.Closed} {
		say := responder.Say{Text: words, Voice: route.Texts.Voice, Language: route.Texts.Language}
		if _, err := responder.Encode(responder.Respond(say)); err != nil {
			complain("a text cannot be spoken: %v", err)
		}
	}
	return route, errors.Join(problems...)
}

// prepare reports settings that make no sense, and prepares the numbers.
func (r *Rules) prepare(complain func(format string, args ...any)) {
	if !slices.Contains([]Policy{"", Random, RoundRobin, Ordered, LongestIdle}, r.Policy) {
		complain("the policy %q is not known; there are random, round_robin, ordered and longest_idle", r.Policy)
	}
	if !slices.Contains([]Beyond{"", Last, Wrap, Stop}, r.Beyond) {
		complain("%q says nothing of attempts past the last level; there are last, wrap and stop", r.Beyond)
	}
	if strings.Trim(r.CallingCode, "0123456789") != "" || len(r.CallingCode) > 3 || strings.HasPrefix(r.CallingCode, "0") {
		complain("%q is no calling code; one is 31 or 1", r.CallingCode)
	}
	home := r.home()
	for _, n := range [...]struct{ what, number string }{{"fallback", r.Fallback}, {"number for closed hours", r.Closed}, {"number for refused callers", r.Refused}} {
		if _, ok := Dialable(n.number, home); n.number != "" && !ok {
			complain("the %s %q cannot be dialled; write it as +31611111111, or the digits of an extension", n.what, n.number)
		}
	}
	seen := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(r.Numbers)) {
		folded := strings.ToLower(strings.TrimSpace(key))
		if other, twice := seen[folded]; twice {
			complain("the numbers have %q and %q, which differ in nothing that counts", other, key)
		}
		seen[folded] = key
		for _, number := range r.Numbers[key] {
			if _, ok := Dialable(number, home); !ok {
				complain("the number %q of %s cannot be dialled; write it as +31611111111, or the digits of an extension", number, key)
			}
		}
	}
	var bad []string
	r.reader, bad = newNumberReader(r)
	for _, entry := range bad {
		complain("%q lists no callers; write a number, its first digits and *, or anonymous", entry)
	}
}

func (t Texts) withDefaults() Texts {
	words := DefaultTexts()
	if t.Connecting == "" {
		t.Connecting = words.Connecting
	}
	if t.Nobody == "" {
		t.Nobody = words.Nobody
	}
	if t.Closed == "" {
		t.Closed = words.Closed
	}
	return t
}

// opens reports whether any of the secrets that came with a request is one of
// the route's, in constant time.
func (route *readyRoute) opens(given []string) bool {
	right := 0
	for _, one := range given {
		sum := sha256.Sum256([]byte(one))
		for i := range route.secrets {
			right |= subtle.ConstantTimeCompare(sum[:], route.secrets[i][:])
		}
	}
	return right == 1
}

// matchRoute returns the route that a request is for: the one it names, else one
// for its called number before one for any, else one for its code before one for
// any, else the first. nil: none is.
func matchRoute(routes []*readyRoute, r *Request) *readyRoute {
	var best *readyRoute
	rank := -1
	called := map[string]phone.Number{} // by calling code
	for _, route := range routes {
		score := 0
		switch {
		case r.Route != "":
			if route.Name != r.Route {
				continue
			}
		case len(route.dids) > 0:
			number, known := called[route.Rules.CallingCode]
			if !known {
				number = phone.ReadCaller(r.DID, route.Rules.reader.home)
				called[route.Rules.CallingCode] = number
			}
			if !slices.ContainsFunc(route.dids, number.Same) {
				continue
			}
			score += 2
		}
		if r.Route == "" && len(route.Codes) > 0 {
			if !slices.Contains(route.Codes, r.Code) {
				continue
			}
			score++
		}
		if score > rank {
			best, rank = route, score
		}
	}
	return best
}
