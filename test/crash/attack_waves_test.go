package crash_test

import (
	"encoding/base64"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
)

// The networks of each attack, by which the phone system's side can tell which
// attack a call belongs to.
const (
	netsEverywhere = 0
	netsStolen     = 2000 // and on
	netsBare       = 4000
	netsReplay     = 6000
	netNeighbors   = 6500
	netsHarass     = 7000
	netsMoney      = 9000
	netsMinute     = 9100
	netsPressed    = 9500
)

// stolenPage has the button on a page that the entry does not name: as visitors'
// browsers report it, as a script does that sends no origin, and with tokens
// that were taken from the true page.
func (a *attack) stolenPage() {
	a.t.Helper()
	n := a.scale.others
	w := a.wave("stolen page: its visitors", n, func(i int, s *process) {
		who := bot(netsStolen+i, stolenPage)
		a.token(s, who, "shop")
		a.post(s, who, "/click-to-call", fields{"id": "shop", "phone": numberOf(netsStolen + i)})
	})
	a.want(w, 0, clicktocall.OriginRefused, 2*n)
	w = a.wave("stolen page: no origin", n, func(i int, s *process) {
		who := bot(netsStolen+n+i, "")
		a.token(s, who, "shop")
		a.post(s, who, "/click-to-call", fields{"id": "shop", "phone": numberOf(netsStolen + n + i)})
	})
	a.want(w, 0, clicktocall.OriginRefused, 2*n)
	w = a.wave("stolen page: tokens of the true", n, func(i int, s *process) {
		at := netsStolen + 2*n + i
		thief, victim := bot(at, shopPage), bot(at+n, shopPage)
		body, ok := a.ready(s, thief, "shop", numberOf(at))
		if !ok {
			a.t.Error("the true page gets no token")
			return
		}
		// The thief's script gives it to a visitor, whose browser says where it is;
		// or to a bot elsewhere, which lies.
		if i%2 == 0 {
			a.post(s, stranger{victim.address, stolenPage}, "/click-to-call", body)
		} else {
			a.post(s, victim, "/click-to-call", body)
		}
	})
	a.want(w, 0, clicktocall.OriginRefused, (n+1)/2)
	a.want(w, 0, clicktocall.TokenInvalid, n/2)
}

// withoutToken posts as integrations did before there were tokens.
func (a *attack) withoutToken() {
	a.t.Helper()
	n := a.scale.others
	w := a.wave("bare posts", n, func(i int, s *process) {
		a.post(s, bot(netsBare+i, ""), "/click-to-call", fields{"id": "open", "phone": numberOf(netsBare + i)})
	})
	a.want(w, 0, clicktocall.TokenRequired, n)
	// The byte of a token that sets how much work it demands.
	const bitsAt = 24
	w = a.wave("tokens that ask for no work", n, func(i int, s *process) {
		who := bot(netsBare+n+i, "")
		raw, err := base64.RawURLEncoding.DecodeString(a.token(s, who, "open").Token)
		if err != nil || len(raw) <= bitsAt {
			a.t.Error("there is no token", err)
			return
		}
		raw[bitsAt] = 0
		forged := base64.RawURLEncoding.EncodeToString(raw)
		a.post(s, who, "/click-to-call", fields{"id": "open", "phone": numberOf(netsBare + n + i), "token": forged, "nonce": "0"})
	})
	a.want(w, 0, clicktocall.TokenInvalid, n)
}

// withoutWork has tokens, but no proof of work.
func (a *attack) withoutWork() {
	a.t.Helper()
	n := a.scale.others
	w := a.wave("no proof of work", n, func(i int, s *process) {
		who := bot(netsBare+2*n+i, "")
		a.post(s, who, "/click-to-call", fields{"id": "open", "phone": numberOf(netsBare + 2*n + i), "token": a.token(s, who, "open").Token})
	})
	a.want(w, 0, clicktocall.WorkMissing, n)
}

// replayed sends one captured request again and again to both servers, half of
// the times with the thief's number.
func (a *attack) replayed() {
	a.t.Helper()
	n, who := a.scale.others, bot(netsReplay, "")
	captured, ok := a.ready(a.servers[0], who, "replayed", numberOf(netsReplay))
	if !ok {
		a.t.Fatal("there is no token")
	}
	a.want(a.wave("the true request", 1, func(_ int, s *process) { a.post(s, who, "/click-to-call", captured) }), 1, clicktocall.TokenInvalid, 0)
	w := a.wave("the same token, other numbers", n, func(i int, s *process) {
		a.post(s, who, "/click-to-call", fields{
			"id": "replayed", "token": captured["token"], "nonce": captured["nonce"], "phone": numberIn(netsReplay, 1+i%(perNetwork-1)),
		})
	})
	a.want(w, 0, clicktocall.TokenInvalid, n)
	// Another token, before its owner has used it, at both servers at once.
	who = bot(netsReplay+1, "")
	if captured, ok = a.ready(a.servers[1], who, "replayed", ""); !ok {
		a.t.Fatal("there is no token")
	}
	w = a.wave("one token for many, at once", n, func(i int, s *process) {
		a.post(s, who, "/click-to-call", fields{
			"id": "replayed", "token": captured["token"], "nonce": captured["nonce"], "phone": numberIn(netsReplay+1, i%perNetwork),
		})
	})
	if w.placed != 1 {
		a.t.Errorf("one token is good for %d calls", w.placed)
	}
}

// fromOneNetwork has many addresses of one network, which says the right origin.
func (a *attack) fromOneNetwork() {
	a.t.Helper()
	n, most := a.scale.neighbors, a.scale.limits.NetworkPerHour
	w := a.wave("one network, the right origin", n, func(i int, s *process) {
		who := stranger{address: netOf(netNeighbors) + bot4(i), origin: shopPage}
		a.press(s, who, "shop", numberIn(netNeighbors, i))
	})
	a.want(w, most, clicktocall.Limited, n-most)
}

// bot4 is the end of an address.
func bot4(i int) string { return "." + string(rune('1'+i%9)) + string(rune('0'+i/9%10)) }

// forOneNumber harasses one person from everywhere, by buttons of two tenants,
// and then someone who has pressed 9.
func (a *attack) forOneNumber() {
	a.t.Helper()
	n, victim := a.scale.others, numberOf(netsHarass)
	pressing := func(i int, s *process) {
		a.press(s, bot(netsHarass+i, stolenPage), []string{"open", "stranger"}[i%2], victim)
	}
	a.want(a.wave("one number, many networks", n, pressing), 1, clicktocall.Limited, n-1)
	victim = numberOf(netsHarass + 1)
	a.suppress(victim)
	a.want(a.wave("one number that has pressed 9", n, pressing), 0, clicktocall.Limited, n)
}

// forMoney dials numbers that cost money, or earn it for their owner.
func (a *attack) forMoney() {
	a.t.Helper()
	numbers := []string{"900-555-0123", "212-976-5555", "500-555-0123", "911", "888-555-0123", "+1 900 555 0123"}
	w := a.wave("numbers that cost or pay", len(numbers), func(i int, s *process) {
		a.press(s, bot(netsMoney+i, ""), "open", numbers[i])
	})
	a.want(w, 0, clicktocall.NumberRefused, len(numbers))
}

// forOneMinute asks for calls at one minute of the next day.
func (a *attack) forOneMinute() {
	a.t.Helper()
	limits := a.scale.limits
	n, most := a.scale.others, min(limits.ScheduledPerMinute, limits.WidgetPerDay/4)
	at := time.Now().Add(30 * time.Hour).Format(time.RFC3339)
	before := a.heard.all()[taken202]
	w := a.wave("calls for one minute", n, func(i int, s *process) {
		who := bot(netsMinute+i, "")
		if body, ok := a.ready(s, who, "stranger", numberOf(netsMinute+i)); ok {
			body["at"] = at
			a.post(s, who, "/click-to-call", body)
		}
	})
	a.want(w, 0, clicktocall.Limited, n-most)
	a.waiting = a.heard.all()[taken202] - before
}

// fromEverywhere has a thousand addresses, a number each, at three buttons of
// one tenant.
func (a *attack) fromEverywhere() {
	a.t.Helper()
	limits, from := a.scale.limits, netsEverywhere
	left := limits.TenantPerDay
	for _, id := range []string{"first", "second", "third"} {
		requests := a.scale.addresses
		if id != "first" {
			requests = limits.WidgetPerDay + limits.WidgetPerDay/4 + 3*attackers
		}
		begin, calls := from, min(limits.WidgetPerDay, left)
		w := a.wave("everywhere, at the "+id+" button", requests, func(i int, s *process) {
			origins := []string{"", stolenPage, shopPage}
			a.press(s, bot(begin+i, origins[i%3]), id, numberOf(begin+i))
		})
		a.want(w, calls, clicktocall.Limited, requests-calls)
		from, left = from+requests, left-calls
	}
}

// TestOnePressIsOneCallOverTwoServers presses twice at once, reloads, and replays
// the request, each time at either server.
func TestOnePressIsOneCallOverTwoServers(t *testing.T) {
	a := newAttack(t)
	visitors := min(a.scale.others, a.scale.limits.WidgetPerDay)
	requests := 0
	for i := range visitors {
		requests += a.pressesOnce(netsPressed + i)
	}
	calls := map[string]int{}
	for _, c := range a.system.QueuedCalls() {
		calls[c.Number]++
	}
	for i := range visitors {
		if number := numberOf(netsPressed + i); calls[number] != 1 {
			t.Errorf("%s pressed once and is called %d times", number, calls[number])
		}
	}
	if len(calls) != visitors {
		t.Errorf("%d numbers are called, %d visitors pressed", len(calls), visitors)
	}
	a.asTheServersCount()
	t.Logf("%d visitors, %d requests, %d calls", visitors, requests, len(a.system.QueuedCalls()))
}

// pressesOnce is a visitor, and all requests that their one press leads to. It
// returns how many those were.
func (a *attack) pressesOnce(network int) int {
	a.t.Helper()
	who, phone, key := bot(network, ""), numberOf(network), fmt.Sprintf("%032x", network)
	ready := func(s *process, phone, key string) fields {
		body, ok := a.ready(s, who, "pressed", phone)
		if !ok {
			a.t.Fatal("there is no token")
		}
		if key != "" {
			body["idempotency_key"] = key
		}
		return body
	}
	var (
		clicks  sync.WaitGroup
		answers [2]given
	)
	bodies := []fields{ready(a.servers[0], phone, key), ready(a.servers[1], phone, key)}
	for i, s := range a.servers {
		clicks.Go(func() { answers[i] = a.post(s, who, "/click-to-call", bodies[i]) })
	}
	clicks.Wait()
	all := answers[:]
	for _, s := range a.servers {
		all = append(all,
			a.post(s, who, "/click-to-call", bodies[0]),                                                   // replayed as it was
			a.post(s, who, "/click-to-call", ready(s, "("+phone[1:4]+") "+phone[4:7]+"-"+phone[7:], key)), // reloaded
			a.post(s, who, "/click-to-call", ready(s, phone, "")))                                         // by a browser that keeps nothing
	}
	for i, g := range all {
		if taken202 != statusOf(g.Status, g.Code) || g.RequestID != all[0].RequestID {
			a.t.Errorf("request %d is answered %+v, the first %+v", i, g, all[0])
		}
	}
	return len(all)
}
