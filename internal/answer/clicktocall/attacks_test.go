package clicktocall_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// What docs/click-to-call-defence.md says that an attacker achieves. The
// attackers here are better than those of life: work costs them nothing, and
// each of their addresses is in a network of its own.

// workless returns what a page sends that found its proof without working.
func workless(who from, network, id, phone string) body {
	token, _ := clicktocall.Mint(clicktocall.NewKey(secret), id, who.origin, network, 0, time.Now())
	return body{"id": id, "phone": phone, "token": token}
}

// bot is one of many addresses, which have nothing to do with each other.
func bot(i int) (who from, network string) {
	net := fmt.Sprintf("%d.%d.0", 31+i%90, i/90)
	return from{page, net + ".7"}, net + ".0/24"
}

func anyNumber(i int) string { return fmt.Sprintf("1212%07d", 2_000_000+i) }

// twoServers returns two servers with one PostgreSQL and one phone system.
func twoServers(t *testing.T) (servers [2]*service, system *nstest.System) {
	t.Helper()
	system = newSystem(nstest.Start(t, nstest.Quirks{Version: "45"}))
	config := storetest.Postgres(t)
	for i := range servers {
		client, err := netsapiens.New(netsapiens.Config{URL: system.URL, Token: nstest.Token})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.CloseIdle)
		opened := config
		opened.Exclusive = i == 0
		var kept *store.Store = storetest.Open(t, opened)
		servers[i] = startWith(t, system, client, kept)
	}
	return servers, system
}

// attack sends requests to both servers, several at once, and returns how many
// were taken.
func attack(servers [2]*service, requests int, send func(s *service, i int) said) (taken int64) {
	var (
		next, ok atomic.Int64
		bots     sync.WaitGroup
	)
	for worker := range 6 {
		bots.Go(func() {
			for i := int(next.Add(1)) - 1; i < requests; i = int(next.Add(1)) - 1 {
				if send(servers[(i+worker)%2], i).Status == http.StatusAccepted {
					ok.Add(1)
				}
			}
		})
	}
	bots.Wait()
	return ok.Load()
}

func TestHundredsOfAddressesReachTheCapsAndNoMore(t *testing.T) {
	servers, system := twoServers(t)
	for _, id := range []string{"second", "third"} {
		for _, s := range servers {
			s.set(id, `{"api_domain":"example.net","queue":"9002@example.net"}`)
		}
	}
	for _, wave := range []struct {
		id             string
		requests, want int
	}{{"sales", 300, 150}, {"second", 200, 150}, {"third", 120, 75}} {
		begin := len(system.QueuedCalls())
		taken := attack(servers, wave.requests, func(s *service, i int) said {
			who, network := bot(i)
			return s.post(who, "/click-to-call", workless(who, network, wave.id, anyNumber(begin*10+i)))
		})
		if placed := len(system.QueuedCalls()) - begin; placed != wave.want || taken != int64(wave.want) {
			t.Errorf("%d requests at %s: %d were taken and %d calls placed, want %d", wave.requests, wave.id, taken, placed, wave.want)
		}
	}
}

func TestOneNetworkReachesItsCapAndNoMore(t *testing.T) {
	servers, system := twoServers(t)
	attack(servers, 120, func(s *service, i int) said {
		who := from{page, fmt.Sprintf("192.0.2.%d", i)}
		return s.post(who, "/click-to-call", workless(who, "192.0.2.0/24", "sales", anyNumber(i)))
	})
	if placed := len(system.QueuedCalls()); placed != 6 {
		t.Errorf("one network had %d calls placed, want 6 within an hour", placed)
	}
}

func TestOneNetworkReachesItsCapOfADayAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		for i := range 24*12 - 1 { // every five minutes
			s.post(visiting, "/click-to-call", workless(visiting, "192.0.2.0/24", "sales", anyNumber(i)))
			time.Sleep(5 * time.Minute)
		}
		s.wantCalls(15)
	})
}

func TestOneNumberIsCalledOnceHoweverManyAskForIt(t *testing.T) {
	servers, system := twoServers(t)
	for _, s := range servers {
		s.set("stranger", `{"api_domain":"example.net","queue":"9002"}`)
	}
	attack(servers, 150, func(s *service, i int) said {
		who, network := bot(i)
		return s.post(who, "/click-to-call", workless(who, network, []string{"sales", "shop", "stranger"}[i%3], number))
	})
	if placed := len(system.QueuedCalls()); placed != 1 {
		t.Errorf("the number was called %d times", placed)
	}
}

// TestOneNumberIsCalledThreeTimesInADay has somebody try each minute for two
// days, from everywhere.
func TestOneNumberIsCalledThreeTimesInADay(t *testing.T) {
	const day = 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		var called []time.Duration
		began := time.Now()
		for i := 0; time.Since(began) < 2*day; i++ {
			who, network := bot(i)
			if s.post(who, "/click-to-call", workless(who, network, []string{"sales", "shop"}[i%2], number)).Status == http.StatusAccepted {
				called = append(called, time.Since(began).Round(time.Minute))
			}
			if time.Since(began)%day < time.Hour {
				time.Sleep(time.Minute)
			} else {
				time.Sleep(20 * time.Minute)
			}
		}
		want := []time.Duration{0, 10 * time.Minute, 20 * time.Minute, day, day + 10*time.Minute, day + 20*time.Minute}
		if diff := cmp.Diff(want, called); diff != "" {
			t.Errorf("called at (-want +got):\n%s", diff)
		}
		s.wantCalls(len(want))
	})
}

func TestAStolenPageHasNobodyCalled(t *testing.T) {
	servers, system := twoServers(t)
	// Real visitors' browsers, which say where they are.
	taken := attack(servers, 100, func(s *service, i int) said {
		who, _ := bot(i)
		who.origin = "https://stolen.example"
		token := s.post(who, "/click-to-call/token", body{"id": "shop"})
		s.want(token, http.StatusForbidden, clicktocall.OriginRefused)
		return s.post(who, "/click-to-call", body{"id": "shop", "phone": anyNumber(i), "token": token.Token})
	})
	// Tokens of the true page, taken from there.
	taken += attack(servers, 100, func(s *service, i int) said {
		who, network := bot(i)
		stolen := workless(who, network, "shop", anyNumber(i))
		who.origin = "https://stolen.example"
		return s.post(who, "/click-to-call", stolen)
	})
	if placed := len(system.QueuedCalls()); placed != 0 || taken != 0 {
		t.Errorf("%d calls were placed", placed)
	}
}

func TestARequestThatIsReplayedIsOneCall(t *testing.T) {
	servers, system := twoServers(t)
	who, network := bot(1)
	captured := workless(who, network, "sales", number)
	captured["idempotency_key"] = "k"
	attack(servers, 100, func(s *service, i int) said {
		again := captured
		if i%2 == 1 { // with a number of the thief's
			again = body{"id": "sales", "token": captured["token"], "phone": anyNumber(i)}
		}
		return s.post(who, "/click-to-call", again)
	})
	if placed := len(system.QueuedCalls()); placed != 1 {
		t.Errorf("%d calls were placed", placed)
	}
}

func TestEveryLayerIsOnByDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "") // nothing but what is required is set
		s.want(s.post(visiting, "/click-to-call", body{"id": "sales", "phone": "2125550123"}), 403, clicktocall.TokenRequired)
		if bits := s.post(visiting, "/click-to-call/token", body{"id": "sales"}).Bits; bits == 0 {
			t.Error("strangers need not work")
		}
		if s.desk.Limits != (clicktocall.Limits{}) || clicktocall.DefaultLimits().Check() != nil {
			t.Error("the default limits are out of bounds")
		}
		for _, refused := range []string{"900-555-0123", "212-976-5555", "500-555-0123", "911", "212-555-1212", "800-555-1212", "555-1212", "+881612345678"} {
			s.want(s.press(visiting, "sales", body{"phone": refused}), 400, clicktocall.NumberRefused)
		}
		s.wantCalls(0)
	})
}
