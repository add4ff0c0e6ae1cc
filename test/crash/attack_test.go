package crash_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// buttons are the entries that are attacked, each with its own queue, by which
// the phone system's side tells them apart. Three are of one tenant; shop
// alone names its page.
var buttons = []struct{ id, extension, tenant, more string }{
	{"first", "9001", "example.net", ""},
	{"second", "9002", "example.net", ""},
	{"third", "9003", "example.net", ""},
	{"shop", "9010", "example.org", `,"origins":["` + shopPage + `"]`},
	{"open", "9011", "example.org", ""},
	{"replayed", "9012", "example.org", ""},
	{"pressed", "9013", "example.org", ""},
	{"stranger", "9020", "example.com", ""},
}

const (
	shopPage   = "https://shop.example"
	stolenPage = "https://stolen.example"
)

// scale is how large an attack is. A full one runs against the caps as shipped.
type scale struct {
	settings  string
	addresses int // a network each
	others    int // requests of each smaller attack
	neighbors int // of one network
	limits    clicktocall.Limits
}

func scaleOf() scale {
	if full() {
		return scale{addresses: 1000, others: 100, neighbors: 40, limits: clicktocall.DefaultLimits()}
	}
	limits := clicktocall.DefaultLimits()
	limits.WidgetPerDay, limits.TenantPerDay = 12, 30
	return scale{
		settings:  fmt.Sprintf("[clicktocall]\nwidget_per_day = %d\ntenant_per_day = %d\n", limits.WidgetPerDay, limits.TenantPerDay),
		addresses: 60, others: 16, neighbors: 12, limits: limits,
	}
}

// attack is two servers with one database and one phone system, and what was
// tried against them.
type attack struct {
	t       *testing.T
	scale   scale
	system  *nstest.System
	site    site
	servers []*process

	heard    counts // what requests were answered, by the servers' own codes
	hashes   atomic.Int64
	mostBits atomic.Int64
	waiting  int // calls for a later time that were accepted
	began    time.Time
}

func newAttack(t *testing.T) *attack {
	t.Helper()
	a := &attack{t: t, scale: scaleOf(), system: nstest.Start(t, nstest.Quirks{}), began: time.Now()}
	a.site = site{folder: t.TempDir()}
	a.site.database.URL, a.site.database.Folder = storetest.Postgres(t).URL, filepath.Join(a.site.folder, "data")
	var entries []string
	for i, b := range buttons {
		if i == 0 || buttons[i-1].tenant != b.tenant {
			a.system.AddDomain(b.tenant)
		}
		a.system.AddQueue(b.tenant, b.extension)
		entries = append(entries, fmt.Sprintf(`%q:{"api_domain":%q,"queue":"%s@%s"%s}`, b.id, b.tenant, b.extension, b.tenant, b.more))
	}
	for name, text := range map[string]string{
		"domains.json": "{" + strings.Join(entries, ",\n") + "}\n",
		settingsFile: fmt.Sprintf("public_url = \"https://hooks.example.net\"\ndata = \"data\"\ndomains_file = \"domains.json\"\ndatabase = %q\n"+
			"[netsapiens]\nurl = %q\ntoken = %q\n[forms]\nsecret = %q\n%s", a.site.database.URL, a.system.URL, nstest.Token, secret, a.scale.settings),
	} {
		if err := os.WriteFile(filepath.Join(a.site.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		a.servers = append(a.servers, start(t, asServe, a.site.folder))
	}
	for _, s := range a.servers {
		s.await(t)
	}
	return a
}

// attackers is how many of them attack at the same time.
const attackers = 8

// all sends so many requests, each to one of the servers in turn.
func (a *attack) all(requests int, send func(i int, s *process)) {
	var (
		next atomic.Int64
		bots sync.WaitGroup
	)
	for range attackers {
		bots.Go(func() {
			for i := int(next.Add(1)) - 1; i < requests; i = int(next.Add(1)) - 1 {
				send(i, a.servers[i%len(a.servers)])
			}
		})
	}
	bots.Wait()
}

// wave is one kind of attack, and its result.
type wave struct {
	name     string
	requests int
	placed   int // by the phone system
	refused  map[string]int
	took     time.Duration
}

func (w wave) String() string {
	return fmt.Sprintf("%-32s %5d presses, %3d calls, answered: %v; %v", w.name, w.requests, w.placed, tally(w.refused), w.took.Round(time.Millisecond))
}

// wave runs an attack, and returns how many calls the phone system has of it.
func (a *attack) wave(name string, requests int, send func(i int, s *process)) wave {
	a.t.Helper()
	before, placed, began := a.heard.all(), len(a.system.QueuedCalls()), time.Now()
	a.all(requests, send)
	w := wave{name: name, requests: requests, placed: len(a.system.QueuedCalls()) - placed, refused: map[string]int{}, took: time.Since(began)}
	for code, n := range a.heard.all() {
		if n > before[code] {
			w.refused[code] = n - before[code]
		}
	}
	a.t.Log(w)
	return w
}

// want checks how many calls a wave got, and how many of its requests got a
// certain answer.
func (a *attack) want(w wave, calls int, code clicktocall.Code, refused int) {
	a.t.Helper()
	if w.placed != calls || w.refused[string(code)] != refused {
		a.t.Errorf("%s: %d calls, want %d; %d times %s, want %d", w.name, w.placed, calls, w.refused[string(code)], code, refused)
	}
}

// counts is a tally for concurrent use.
type counts struct {
	mu sync.Mutex
	of map[string]int
}

func (c *counts) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[what]++
}

func (c *counts) all() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.of)
}

// TestNotOneCallOverTheCaps attacks two servers that share a database in every
// way described in docs/click-to-call-defence.md, and counts at the phone
// system's side.
func TestNotOneCallOverTheCaps(t *testing.T) {
	a := newAttack(t)
	a.stolenPage()
	a.withoutToken()
	a.withoutWork()
	a.replayed()
	a.fromOneNetwork()
	a.forOneNumber()
	a.forMoney()
	a.forOneMinute()
	a.fromEverywhere()

	a.withinCaps()
	a.asTheServersCount()
	t.Logf("in all: %d calls; %v; %d hashes of work, %d bits at most; %v", len(a.system.QueuedCalls()), tally(a.heard.all()), a.hashes.Load(), a.mostBits.Load(), time.Since(a.began).Round(time.Second))
}

// withinCaps counts all calls that the phone system has by number, network,
// button and tenant.
func (a *attack) withinCaps() {
	a.t.Helper()
	byButton, byTenant, byNumber, byNetwork := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, c := range a.system.QueuedCalls() {
		byButton[c.Queue]++
		byTenant[c.Domain]++
		byNumber[c.Number]++
		byNetwork[networkOfNumber(c.Number)]++
	}
	limits := a.scale.limits
	pauses := 1 + int(time.Since(a.began)/(10*time.Minute)) // in each of which a number may be called once
	for what, held := range map[string]struct {
		of   map[string]int
		most int
	}{
		"number": {byNumber, min(pauses, limits.NumberPerDay)}, "network": {byNetwork, limits.NetworkPerHour},
		"button": {byButton, limits.WidgetPerDay}, "tenant": {byTenant, limits.TenantPerDay},
	} {
		most := 0
		for one, calls := range held.of {
			most = max(most, calls)
			if calls > held.most {
				a.t.Errorf("%s %s: %d calls, the cap is %d", what, one, calls, held.most)
			}
		}
		a.t.Logf("at the phone system: at most %d calls of one %s, where %d are allowed", most, what, held.most)
	}
}

// asTheServersCount compares what attackers heard with the servers' metrics.
func (a *attack) asTheServersCount() {
	a.t.Helper()
	counted := map[string]int{}
	for _, s := range a.servers {
		for code, n := range metricsOf(a.t, s.address, filepath.Join(s.command.Dir, "data"), "switchhook_clicktocall_total") {
			counted[code] += n
		}
	}
	heard := a.heard.all()
	if taken := counted[string(clicktocall.Accepted)] + counted[string(clicktocall.Repeated)]; taken != heard[taken202] {
		a.t.Errorf("%d requests were taken, the servers count %d", heard[taken202], taken)
	}
	for _, code := range clicktocall.Codes() {
		if code != clicktocall.Accepted && code != clicktocall.Repeated && counted[string(code)] != heard[string(code)] {
			a.t.Errorf("%s was answered %d times, the servers count %d", code, heard[string(code)], counted[string(code)])
		}
	}
	if calls, accepted := len(a.system.QueuedCalls()), counted[string(clicktocall.Accepted)]-a.waiting; calls != accepted {
		a.t.Errorf("the phone system has %d calls, the servers have placed %d", calls, accepted)
	}
}

// suppress puts a number on the list.
func (a *attack) suppress(number string) {
	a.t.Helper()
	err := storetest.Open(a.t, a.site.database).Suppress(a.t.Context(), ledger.Suppression{
		Number: number, Tenant: ledger.AnyTenant, Channel: ledger.Calls, At: time.Now(), How: ledger.ByCall, Words: "key 9",
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// statusOf names an answer that has no code.
func statusOf(status int, code string) string {
	if status == http.StatusAccepted {
		return taken202
	}
	return cmp.Or(code, fmt.Sprint(status))
}
