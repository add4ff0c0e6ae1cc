package crash_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

const (
	// keysARound and roundEvery are the pace that docs/provisioning.md promises,
	// with the tenth by which servers spread their regular work.
	keysARound = 150
	roundEvery = 27 * time.Second

	// calledAt is the number of rules of which one has people call by it while
	// it is being changed.
	calledAt = 15
)

// rewriting records how the rules are being changed.
type rewriting struct {
	ready chan struct{} // closed when there are callers: no rule is changed before that
	calls *upgradeCalls
	wrote chan struct{} // one for each rule that is changed for the first time

	mu     sync.Mutex
	begun  int
	last   outdated
	before map[string]bool // rules that were changed, by their paths
	at     []time.Time
}

// outdated is a way with the address that its rule had before it was changed.
type outdated struct {
	way
	address string
}

func newRewriting(rules int) rewriting {
	return rewriting{ready: make(chan struct{}), wrote: make(chan struct{}, rules), before: map[string]bool{}}
}

// watch lets rules be changed, with these callers.
func (r *rewriting) watch(calls *upgradeCalls) {
	r.calls = calls
	close(r.ready)
}

// begins notes that a change has come, and returns how many came before.
func (r *rewriting) begins() (before int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun++
	return r.begun - 1
}

// done notes that a rule was changed.
func (r *rewriting) done(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = append(r.at, time.Now())
	if !r.before[path] {
		r.before[path] = true
		r.wrote <- struct{}{}
	}
}

var ruleOfPath = regexp.MustCompile(`^/ns-api/v2/domains/([^/]+)/dialplans/[^/]+/dialrules/([^/]+)$`)

// ServeHTTP answers as the phone system.
func (s *upgradedSystem) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	rule := ruleOfPath.FindStringSubmatch(r.URL.Path)
	if r.Method != http.MethodPut || rule == nil {
		s.System.ServeHTTP(rw, r)
		return
	}
	<-s.ready
	answer := httptest.NewRecorder()
	switch s.begins() % calledAt {
	case 0:
		s.callDuring(answer, r, rule[1], rule[2])
	case 1:
		s.callAfter()
		fallthrough
	default:
		s.System.ServeHTTP(answer, r)
	}
	if answer.Code < 300 {
		s.done(r.URL.Path)
	}
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes()) // the client may be gone
}

// callDuring has people call when the change has arrived and is not made, and
// when it is made and not answered: by the new address, and by the previous one,
// which another server of the phone system still has.
func (s *upgradedSystem) callDuring(answer http.ResponseWriter, r *http.Request, domain, rule string) {
	ctx := s.t.Context()
	asks := func() string { return s.addressOf(domain, "dialrule", rule) }
	before := outdated{s.wayOf(domain, rule), asks()}
	s.calls.comeTo(ctx, before.way, before.address, "before the change is made")
	s.System.ServeHTTP(answer, r)
	s.calls.comeTo(ctx, before.way, asks(), "by the new address, before the change is answered")
	s.calls.comeTo(ctx, before.way, before.address, "by the old address, before the change is answered")
	s.mu.Lock()
	s.last = before
	s.mu.Unlock()
}

// callAfter has people call, both ways, by the rule that was changed before this
// one: its change is on record by now.
func (s *upgradedSystem) callAfter() {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	s.calls.comeTo(s.t.Context(), last.way, last.address, "by the old address, when the change is on record")
	s.calls.comeBy(s.t.Context(), last.way, "by the new address, when the change is on record")
}

// wayOf returns the chain that a rule is of.
func (s *upgradedSystem) wayOf(domain, rule string) way {
	for _, fields := range s.DialRules(domain) {
		if fields["dialrule"] != rule {
			continue
		}
		if i := slices.IndexFunc(s.chains, func(w way) bool { return w.domain == domain && w.match == fields["dial-rule-matching-to-uri"] }); i >= 0 {
			return s.chains[i]
		}
	}
	s.t.Errorf("a rule of %s is changed that is not ours: %s", domain, rule)
	return way{domain: domain}
}

// checkPace compares the changes with what is promised, and prints them.
func (u *upgrade) checkPace() {
	u.t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	slices.SortFunc(u.at, time.Time.Compare)
	first, last := u.at[0], u.at[len(u.at)-1]
	var halves []int
	for _, at := range u.at {
		half := int(at.Sub(first) / (30 * time.Second))
		halves = append(halves, make([]int, half+1-len(halves))...)
		halves[half]++
	}
	u.t.Logf("%d rules changed in %s; in each half minute: %v", len(u.at), last.Sub(first).Round(time.Second), halves)
	for _, window := range []time.Duration{30 * time.Second, 5 * time.Minute} {
		got, most := mostWithin(u.at, window), keysARound*(int(window/roundEvery)+2)
		u.t.Logf("at most %d in any %s", got, window)
		if got > most {
			u.t.Errorf("%d rules were changed within %s, want at most %d", got, window, most)
		}
	}
}

// mostWithin returns how many of the times, which are sorted, are within any
// window at the most.
func mostWithin(at []time.Time, window time.Duration) (most int) {
	from := 0
	for i := range at {
		for at[i].Sub(at[from]) >= window {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// madeKey finds the key in the rules of JSON.
var madeKey = regexp.MustCompile(`(https://hooks\.example\.net/webresponder\?id=upgraded-\d{5})\\u0026key=[0-9a-f]{32}"`)

// state returns all that the phone system has, but for the keys in its rules and
// our subscriptions: a line for each thing.
func (u *upgrade) state() []string {
	var lines []string
	for i := range min(len(u.chains), upgradedDomains) {
		domain := "/domains/" + upgradedDomain(i)
		for _, list := range []string{"/users", "/smsnumbers", "/phonenumbers", "/dialplans/" + upgradedDomain(i) + "/dialrules"} {
			for _, object := range u.whole(domain + list) {
				lines = append(lines, domain+list+" "+madeKey.ReplaceAllString(string(object), `$1"`))
				var of struct{ User string }
				if err := json.Unmarshal(object, &of); err == nil && list == "/users" {
					lines = append(lines, u.api(http.MethodGet, domain+list+"/"+of.User+"/answerrules/*", ""))
				}
			}
		}
	}
	for _, subscription := range u.Subscriptions() {
		if text := fmt.Sprint(subscription); !strings.Contains(text, attackedAt) {
			lines = append(lines, text)
		}
	}
	return lines
}

// whole returns a list, page by page.
func (u *upgrade) whole(path string) (all []json.RawMessage) {
	for {
		var page []json.RawMessage
		if err := json.Unmarshal([]byte(u.api(http.MethodGet, fmt.Sprintf("%s?limit=1000&start=%d", path, len(all)), "")), &page); err != nil {
			u.t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

// compare says what has changed on the phone system.
func (u *upgrade) compare(before, after []string) {
	u.t.Helper()
	if slices.Equal(before, after) {
		u.t.Logf("%d objects are what they were", len(after))
		return
	}
	told := 0
	for i := 0; i < max(len(before), len(after)) && told < 5; i++ {
		var was, is string
		if i < len(before) {
			was = before[i]
		}
		if i < len(after) {
			is = after[i]
		}
		if was != is {
			told++
			u.t.Errorf("something was changed that is not ours, or more of it than its key:\n%s\n%s", was, is)
		}
	}
}

// checkRequests checks that the phone system was asked to do what there was to
// do and no more: each rule was changed once.
func (u *upgrade) checkRequests() {
	u.t.Helper()
	asked := tally{}
	for _, call := range u.Calls() {
		asked[string(call)]++
	}
	u.t.Logf("the phone system was asked for: %v", asked)
	n := len(u.chains)
	want := tally{
		string(nstest.CreateUser): n, string(nstest.CreateDialRule): n, string(nstest.UpdateAnswerRule): n, // by the old version
		string(nstest.UpdateDialRule): n,
		string(nstest.SendMessage):    len(u.Messages()),
	}
	for call, times := range asked {
		if !strings.Contains(strings.ToLower(call), "subscription") && times != want[call] {
			u.t.Errorf("the phone system was asked for %s %d times, want %d", call, times, want[call])
		}
	}
}
