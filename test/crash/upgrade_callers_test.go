package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/textback"
)

const (
	// callEvery is the time between two people who call.
	callEvery = 250 * time.Millisecond

	// oldAddressFor is how long, at most, after reading its rule the phone
	// system asks, for one call in four: the call is queued, or the rule cached.
	oldAddressFor = 5 * time.Second

	// phoneSystemWaits is how long a phone system waits for an answer.
	phoneSystemWaits = 15 * time.Second
)

// upgradeCalls are people who call, each once, and what they heard.
type upgradeCalls struct {
	system *upgradedSystem
	server *process

	mu     sync.Mutex
	first  int
	placed int
	when   tally // how many were placed
	took   []time.Duration
	failed []failedCall
}

// failedCall is one that did not hear that the text went out.
type failedCall struct {
	id, when, address string
	heard             textback.Reason
	err               error
	at                time.Time
	took              time.Duration
}

// newUpgradeCalls has no callers yet; the numbers of taken people are used up.
func newUpgradeCalls(system *upgradedSystem, s *process, taken int) *upgradeCalls {
	return &upgradeCalls{system: system, server: s, first: taken, when: tally{}}
}

// come has somebody call every callEvery, by any of the ways, until there were
// enough; it waits for all calls under way.
func (c *upgradeCalls) come(ctx context.Context, enough <-chan struct{}) {
	every := time.NewTicker(callEvery)
	defer every.Stop()
	var calling sync.WaitGroup
	defer calling.Wait()
	for {
		select {
		case <-every.C:
		case <-enough:
			return
		case <-ctx.Done():
			return
		}
		w := c.system.ways[rand.IntN(len(c.system.ways))]
		if rand.IntN(4) > 0 {
			calling.Go(func() { c.comeBy(ctx, w, "by the rule") })
			continue
		}
		calling.Go(func() {
			address := c.system.address(w)
			later := time.NewTimer(rand.N(oldAddressFor))
			defer later.Stop()
			<-later.C
			c.comeTo(ctx, w, address, "by what the rule was seconds ago")
		})
	}
}

// comeBy has somebody call by a rule as it is at this moment.
func (c *upgradeCalls) comeBy(ctx context.Context, w way, when string) {
	c.comeTo(ctx, w, c.system.address(w), when)
}

// comeTo has somebody call whose phone system asks that address.
func (c *upgradeCalls) comeTo(ctx context.Context, w way, address, when string) {
	c.mu.Lock()
	n := c.first + c.placed
	c.placed++
	c.when[when]++
	c.mu.Unlock()
	failed := failedCall{id: fmt.Sprint("upgrade-", n), when: when, address: address, at: time.Now()}
	asked, err := url.Parse(address)
	if err == nil && asked.Path != "/webresponder" {
		err = fmt.Errorf("the rule of %+v does not ask our webhook", w)
	}
	if err == nil {
		q := asked.Query()
		for name, value := range map[string]string{"NmsAni": "+" + honestNumber(n), "NmsDnis": upgradedNumber(w.domain), "OrigCallID": failed.id,
			"AccountUser": w.user, "AccountDomain": w.domain, "Digits": ""} {
			q.Set(name, value)
		}
		failed.heard, err = ask(ctx, c.server.address, q)
	}
	failed.err, failed.took = err, time.Since(failed.at)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.took = append(c.took, failed.took)
	if err != nil || failed.heard != textback.Sent || failed.took > phoneSystemWaits {
		c.failed = append(c.failed, failed)
	}
}

// check checks that each caller has heard that the text went out, and got it
// once.
func (c *upgradeCalls) check(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(c.took)
	n := len(c.took)
	t.Logf("%d calls (%v), %d failed; half were answered within %s, 99 of 100 within %s, all within %s",
		n, c.when, len(c.failed), ms(c.took[n/2]), ms(c.took[n*99/100]), ms(c.took[n-1]))
	for _, f := range c.failed {
		t.Errorf("a call at %s %s, to %s, hears %q after %s: %v\n%s", f.at.Format(time.TimeOnly+".000"), f.when, f.address, f.heard, f.took.Round(time.Millisecond), f.err, c.logged(f.id))
	}
	texts := map[string]int{}
	for _, m := range c.system.Messages() {
		texts[m.To]++
	}
	for i := c.first; i < c.first+c.placed; i++ {
		if got := texts[honestNumber(i)]; got != 1 && len(c.failed) == 0 {
			t.Errorf("the caller of upgrade-%d got %d texts", i, got)
		}
	}
}

// logged returns the server's lines about a call.
func (c *upgradeCalls) logged(id string) string {
	var lines []string
	for line := range strings.Lines(c.server.said()) {
		if strings.Contains(line, "="+id+" ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
