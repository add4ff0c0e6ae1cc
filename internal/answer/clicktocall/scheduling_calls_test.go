package clicktocall_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// later returns when a visitor in New York wants to be called.
func later(d time.Duration) string {
	return time.Now().Add(d).In(time.FixedZone("", -5*60*60)).Format(time.RFC3339)
}

// due works a call back until nothing is left to do, as the store does, but for
// at most a day.
func (s *service) due(id string) {
	s.t.Helper()
	for end := time.Now().Add(24 * time.Hour); time.Now().Before(end); {
		again, err := s.desk.Work(s.t.Context(), id)
		if err != nil {
			s.t.Fatal(err)
		}
		if again.IsZero() {
			return
		}
		time.Sleep(time.Until(again))
	}
	s.t.Error("it goes on for ever")
}

func TestScheduledCallComesAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		at := later(2 * time.Hour)
		got := s.press(visiting, "sales", body{"at": at, "idempotency_key": "k"})
		s.want(got, http.StatusAccepted, "")
		if got.State != "scheduled" || got.At != at || !strings.HasPrefix(got.Cancel, "https://hooks.example.net/click-to-call/cancel/"+got.RequestID+".") {
			t.Errorf("%+v", got)
		}
		again := s.press(visiting, "sales", body{"at": at, "idempotency_key": "k"})
		if again.RequestID != got.RequestID || again.Cancel != got.Cancel {
			t.Errorf("%+v", again)
		}
		stranger := s.press(visiting, "sales", body{"at": at, "idempotency_key": "other"})
		if stranger.RequestID != got.RequestID || stranger.Cancel != "" {
			t.Errorf("who has not the key gets %+v", stranger)
		}
		s.wantCalls(0)
		began := time.Now()
		s.due(got.RequestID)
		s.wantCalls(1)
		if waited := time.Since(began); waited < 2*time.Hour-time.Second || waited > 2*time.Hour {
			t.Errorf("it came after %v", waited)
		}
		s.due(got.RequestID)
		s.wantCalls(1)
		if state := s.stateOf(got.RequestID); state != clicktocall.Placed {
			t.Errorf("it is %s", state)
		}
	})
}

func TestWhatStandsAgainstAScheduledCallWhenItIsDue(t *testing.T) {
	for _, row := range []struct {
		name    string
		between func(s *service)
		calls   int
		state   clicktocall.State
		late    time.Duration
	}{
		{"nothing", func(*service) {}, 1, clicktocall.Placed, 0},
		{"its number is suppressed", func(s *service) {
			if err := s.store.Suppress(s.t.Context(), ledger.Suppression{Number: number, Tenant: "*", Channel: ledger.Calls, At: time.Now(), How: ledger.ByPage}); err != nil {
				s.t.Fatal(err)
			}
		}, 0, clicktocall.Failed, 0},
		{"its number was just called", func(s *service) {
			time.Sleep(55 * time.Minute)
			s.want(s.press(visiting, "sales", nil), http.StatusAccepted, "")
		}, 2, clicktocall.Placed, 5 * time.Minute},
		{"its number was called three times", func(s *service) {
			for range 3 {
				time.Sleep(11 * time.Minute)
				s.want(s.press(visiting, "sales", nil), http.StatusAccepted, "")
			}
		}, 3, clicktocall.Failed, 0},
		{"the entry is gone", func(s *service) { s.set("sales", `{"api_domain":"example.net"}`) }, 0, clicktocall.Failed, 0},
		{"the place has closed", func(s *service) { s.set("sales", `{"api_domain":"example.net","queue":"9002","hours":{"mon":[]}}`) }, 0, clicktocall.Failed, 0},
		{"nobody was at it for an hour", func(*service) { time.Sleep(2 * time.Hour) }, 0, clicktocall.Failed, 0},
		{"the phone system is down for ten minutes", func(s *service) { s.system.Break(nstest.QueueCallLegacy, 10, nstest.Says(503, "")) }, 1, clicktocall.Placed, 10 * time.Minute},
		{"the phone system is down for long", func(s *service) { s.system.Break(nstest.QueueCallLegacy, nstest.Always, nstest.Says(503, "")) }, 0, clicktocall.Failed, 29 * time.Minute},
		{"the phone system does not say", func(s *service) { s.system.Break(nstest.QueueCallLegacy, 1, nstest.HangsUp()) }, 0, clicktocall.Uncertain, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := start(t, "")
				at := time.Now().Add(time.Hour)
				got := s.press(visiting, "sales", body{"at": later(time.Hour), "idempotency_key": "k"})
				s.want(got, http.StatusAccepted, "")
				row.between(s)
				s.due(got.RequestID)
				s.wantCalls(row.calls)
				if state := s.stateOf(got.RequestID); state != row.state {
					t.Errorf("it is %s, want %s", state, row.state)
				}
				if late := time.Since(at); row.late > 0 && (late < row.late-2*time.Second || late > row.late+time.Minute) {
					t.Errorf("it was %v late, want %v", late, row.late)
				}
			})
		})
	}
}

func TestFewCallsOfANumberMayWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		for i, want := range []int{202, 202, 429} {
			got := s.press(visiting, "sales", body{"at": later(time.Duration(i+1) * time.Hour)})
			if got.Status != want {
				t.Errorf("%d: %+v", i, got)
			}
		}
		closed := s.press(visiting, "office", body{"phone": "2125550199", "at": later(time.Hour)})
		s.want(closed, http.StatusConflict, clicktocall.Closed)
	})
}

// TestCallsForOneMinuteDisplaceNobody has strangers ask for calls at one minute,
// which would be called by a queue all at once, and for a morning full of them.
func TestCallsForOneMinuteDisplaceNobody(t *testing.T) {
	const asked = 120
	for _, row := range []struct {
		name  string
		at    func(i int) time.Duration // when the i-th wants to be called
		taken int
	}{
		{"one minute", func(int) time.Duration { return 16 * time.Hour }, 5},
		{"within one minute", func(i int) time.Duration { return 16*time.Hour + time.Duration(i%60)*time.Second }, 5},
		{"a morning", func(i int) time.Duration { return 16*time.Hour + time.Duration(i)*time.Minute/2 }, 50},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := start(t, "")
				var ended tally
				s.desk.Ended = ended.add
				var waiting []string
				for i := range asked {
					who, network := bot(i)
					ask := workless(who, network, "sales", anyNumber(i))
					ask["at"] = later(row.at(i))
					got := s.post(who, "/click-to-call", ask)
					if got.Status == http.StatusAccepted {
						waiting = append(waiting, got.RequestID)
						continue
					}
					if s.want(got, http.StatusTooManyRequests, clicktocall.Limited); got.Header.Get("Retry-After") == "" {
						t.Fatal("who is refused is not told for how long")
					}
				}
				if len(waiting) != row.taken {
					t.Errorf("%d of %d were taken, want %d", len(waiting), asked, row.taken)
				}
				// True visitors come before them, and get their calls.
				for i := range 100 {
					who, network := bot(1000 + i)
					s.want(s.post(who, "/click-to-call", workless(who, network, "sales", anyNumber(1000+i))), http.StatusAccepted, "")
					time.Sleep(time.Minute)
				}
				for _, id := range waiting { // in the order in which they are due
					s.due(id)
				}
				s.wantCalls(100 + len(waiting))
				if diff := cmp.Diff(map[clicktocall.State]int{clicktocall.Placed: len(waiting)}, ended.all()); diff != "" {
					t.Errorf("what became of those that were taken (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// tally counts the results of scheduled calls.
type tally struct {
	mu sync.Mutex
	of map[clicktocall.State]int
	// said are the reasons of those that failed.
	said []string
}

func (c *tally) add(_ clicktocall.CallBack, r clicktocall.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[clicktocall.State]int{}
	}
	c.of[r.State]++
	if r.State == clicktocall.Failed {
		c.said = append(c.said, r.Problem)
	}
}

func (c *tally) all() map[clicktocall.State]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.of)
}

func TestCallsThatAreScheduledCountAtBothEngines(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		system := newSystem(nstest.Start(t, nstest.Quirks{}))
		client, err := netsapiens.New(netsapiens.Config{URL: system.URL, Token: nstest.Token})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.CloseIdle)
		s := startWith(t, system, client, open(t))
		at := later(30 * time.Hour)
		taken := attack([2]*service{s, s}, 40, func(s *service, i int) said {
			who, network := bot(i)
			ask := workless(who, network, "sales", anyNumber(i))
			ask["at"] = at
			return s.post(who, "/click-to-call", ask)
		})
		if taken != 5 {
			t.Errorf("%d calls wait for one minute, want 5", taken)
		}
	})
}

func TestACallThatIsGivenUpIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		var ended tally
		s.desk.Ended = ended.add
		got := s.press(visiting, "sales", body{"at": later(time.Hour)})
		s.set("sales", `{"api_domain":"example.net","queue":"9002","hours":{"mon":[]}}`)
		s.due(got.RequestID)
		kept, err := s.store.CallBack(t.Context(), got.RequestID)
		if err != nil || kept.State != clicktocall.Failed || !strings.Contains(kept.Problem, "closed") {
			t.Errorf("%+v, %v", kept, err)
		}
		if diff := cmp.Diff([]string{kept.Problem}, ended.said); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if log := s.log.String(); !strings.Contains(log, "scheduled call given up") || !strings.Contains(log, got.RequestID) || strings.Contains(log, number) {
			t.Errorf("the log:\n%s", log)
		}
	})
}

func TestLinkTakesACallBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		got := s.press(visiting, "sales", body{"at": later(time.Hour)})
		link, err := url.Parse(got.Cancel)
		if err != nil {
			t.Fatal(err)
		}
		open := func(method string, want int, says string) *httptest.ResponseRecorder {
			t.Helper()
			w := s.ask(from{"", visitor}, method, link.Path, "")
			if w.Code != want || !strings.Contains(w.Body.String(), says) {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, want, says)
			}
			return w
		}
		w := open(http.MethodGet, 200, "<button>Cancel the call</button>")
		h := w.Header()
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-") || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Cache-Control") != "no-store" || strings.Contains(w.Body.String(), number) {
			t.Errorf("%v", h)
		}
		if state := s.stateOf(got.RequestID); state != clicktocall.Scheduled {
			t.Errorf("looking made it %s", state)
		}
		open(http.MethodPost, 200, "The call is cancelled")
		open(http.MethodPost, 200, "The call is cancelled")
		open(http.MethodGet, 200, "The call is cancelled")
		open(http.MethodDelete, 405, "")
		s.due(got.RequestID)
		s.wantCalls(0)

		second := s.press(visiting, "sales", body{"at": later(2 * time.Hour)})
		s.due(second.RequestID)
		if link, err = url.Parse(second.Cancel); err != nil {
			t.Fatal(err)
		}
		open(http.MethodPost, 409, "too late")
		for _, bad := range []string{"", "x", second.RequestID, second.RequestID + ".", second.RequestID + ".AAAA", "." + strings.Split(link.Path, ".")[1], got.RequestID + "." + strings.Split(link.Path, ".")[1]} {
			link.Path = "/click-to-call/cancel/" + bad
			open(http.MethodPost, 404, "There is no such call")
		}
	})
}

func TestErasedCallIsNotPlaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		got := s.press(visiting, "sales", body{"at": later(time.Hour)})
		if _, err := s.store.Erase(t.Context(), phone.NewFinder(phone.Read(number, phone.HomeIn()), phone.Home{})); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		s.due(got.RequestID)
		s.due("of nobody")
		s.wantCalls(0)
	})
}
