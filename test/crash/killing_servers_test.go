package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/test/await"
)

// siege is how servers are tested.
type siege struct {
	as       string
	callers  int
	atOnce   int           // callers who are on the phone, at the most
	between  time.Duration // two callers, at the most
	patience time.Duration // of callers
	often    int           // callers are answered between two kills
}

func ofSize() siege {
	if full() {
		return siege{asServe, 1000, 64, 120 * time.Millisecond, 4 * time.Second, 20}
	}
	return siege{asHurrying, 150, 16, 60 * time.Millisecond, 4 * time.Second, 10}
}

// policy is what the settings say about texts that do not go out at once.
type policy struct {
	name          string
	queue, resend bool
}

func policies() []policy {
	all := []policy{{"queue_on_failure off", false, false}, {"queue_on_failure on", true, false}}
	if full() {
		all = append(all, policy{"queue_on_failure on, resend", true, true})
	}
	return all
}

// settings returns the policy as settings.
func (p policy) settings() string {
	uncertain := textback.Hold
	if p.resend {
		uncertain = textback.Resend
	}
	return fmt.Sprintf("queue_on_failure = %v\nwhen_uncertain = %q\n", p.queue, uncertain)
}

// TestKilledServersLoseNothing kills servers again and again while people call
// and the phone system fails a third of the time: in the end each caller has got
// one text or a dead letter that says why, and has heard just that. On a machine
// so busy that a server cannot record a call while its caller waits, that caller
// has heard the apology, and the server's log says why.
func TestKilledServersLoseNothing(t *testing.T) {
	t.Parallel()
	for _, engine := range []struct {
		name     string
		servers  int
		database func(*testing.T) string
	}{
		{"sqlite", 1, func(*testing.T) string { return "" }},
		{"postgres", 2, func(t *testing.T) string { return storetest.EmptyPostgres(t).URL }}, // they make the tables too
	} {
		for _, policy := range policies() {
			t.Run(engine.name+", "+policy.name, func(t *testing.T) {
				t.Parallel()
				besiege(t, ofSize(), engine.servers, engine.database(t), policy)
			})
		}
	}
}

func besiege(t *testing.T, s siege, servers int, database string, p policy) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("the seed is %d", seed)
	streams := uint64(0)
	random := func() *rand.Rand { // one for each goroutine
		streams++
		return rand.New(rand.NewPCG(seed, streams))
	}
	system := newPhoneSystem(t)
	met := inTrouble(system, s.patience, random())
	at := newSite(t, system, database, "https://hooks.example.net", fmt.Sprintf("patience = %q\n%s", s.patience, p.settings()))
	f := startFleet(t, s.as, at.folder, servers)

	callers := callersFrom(0, s.callers)
	answered := make(chan struct{}, 2*s.callers)
	began := time.Now()
	killing, enough := context.WithCancel(t.Context())
	var killer sync.WaitGroup
	killersRandom := random()
	killer.Go(func() { f.harass(killing, killersRandom, s.often, answered) })
	everybodyCalls(t, f, callers, s, random, answered)
	enough()
	killer.Wait()
	called := time.Since(began)

	mend(system)
	f.mu.Lock()
	last := f.servers
	f.mu.Unlock()
	for _, server := range last {
		server.await(t)
	}
	ledger := storetest.Open(t, at.database)
	drain(t, ledger)
	became, heard := settle(t, ledger, system, callers, f.gaveUp())
	checkStories(t, ledger)
	requests := 0
	for _, c := range callers {
		requests += c.asked
	}
	t.Logf("%d callers, %d requests, %d kills in %v; the phone system was asked for %d texts and failed %d; %d texts taken; became: %v; heard: %v; settled %v later",
		s.callers, requests, f.kills, called.Round(time.Millisecond), met.asked, met.failed, len(system.Messages()), became, heard,
		(time.Since(began) - called).Round(time.Millisecond))
	t.Logf("of the phone system's moods: %v", tally(met.met))
	if f.kills < s.callers/s.often/4 {
		t.Errorf("the servers were killed %d times, which is too few to tell", f.kills)
	}
	if p.queue != (heard[string(textback.Queued)] > 0) {
		t.Errorf("with %s the callers heard %v", p.name, heard)
	}
	if p.resend && became["sent"] != len(callers) {
		t.Errorf("with %s somebody went without: %v", p.name, became)
	}
}

// spoken maps reasons that sound the same to a caller to one. If a server was
// too busy to record or to read the status of their text, both are the apology.
func spoken(heard textback.Reason) textback.Reason {
	if heard == textback.Uncertain {
		return textback.Failed
	}
	return heard
}

// everybodyCalls lets the callers come one after the other, and returns when
// each has heard something. For one in four the phone system asks a second time
// anyway: they hear the same. Answered gets a token for each answer.
func everybodyCalls(t *testing.T, f *fleet, callers []*caller, s siege, random func() *rand.Rand, answered chan<- struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 6*await.Limit)
	defer cancel()
	arrivals, free := random(), make(chan struct{}, s.atOnce)
	var calling sync.WaitGroup
	defer calling.Wait()
	for _, c := range callers {
		own := random()
		free <- struct{}{}
		calling.Go(func() {
			defer func() { <-free }()
			for range 1 + own.IntN(4)/3 {
				before := spoken(c.heard)
				if err := c.call(ctx, f, own); err != nil {
					t.Error(err)
					return
				}
				answered <- struct{}{}
				if after := spoken(c.heard); before != "" && after != before {
					t.Errorf("%s heard %q first, then %q", c.number, before, after)
				}
			}
		})
		next := time.NewTimer(time.Duration(arrivals.Int64N(int64(s.between))))
		select {
		case <-next.C:
		case <-ctx.Done():
			next.Stop()
			return
		}
	}
}
