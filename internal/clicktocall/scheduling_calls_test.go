package clicktocall_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/clicktocall"
	"github.com/switchhook/switchhook/internal/ledger"
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
		if _, err := s.store.EraseCallBacks(t.Context(), number, time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		s.due(got.RequestID)
		s.due("of nobody")
		s.wantCalls(0)
	})
}
