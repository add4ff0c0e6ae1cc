package clicktocall_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestVisitorIsCalledByTheQueue(t *testing.T) {
	for version, legacy := range map[string]bool{"44.4.10": true, "45.1": false} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, version)
			got := s.press(visiting, "sales", body{"idempotency_key": "k"})
			s.want(got, http.StatusAccepted, "")
			if got.RequestID == "" || got.State != "queued" || got.Cancel != "" || got.Header.Get("Access-Control-Allow-Origin") != page {
				t.Errorf("%+v", got)
			}
			want := []nstest.QueuedCall{{Domain: domain, Queue: "9002", Number: number, Legacy: legacy, Waiting: true}}
			if diff := cmp.Diff(want, s.system.QueuedCalls()); diff != "" {
				t.Errorf("queued (-want +got):\n%s", diff)
			}
			if got := s.stateOf(got.RequestID); got != clicktocall.Placed {
				t.Errorf("it is %s", got)
			}
			if log := s.log.String(); strings.Contains(log, number) || strings.Contains(log, "555-0123") || !strings.Contains(log, "outcome=accepted") {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestRequestsAreRefusedWithTheirCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)))
		s := start(t, "")
		for _, row := range []struct {
			what string
			send any
			code clicktocall.Code
		}{
			{"a list", []string{"sales"}, clicktocall.BadRequest},
			{"no id", body{"phone": "2125550123"}, clicktocall.BadRequest},
			{"no number", s.proved(visiting, "sales", body{"phone": ""}), clicktocall.BadRequest},
			{"an odd key", s.proved(visiting, "sales", body{"idempotency_key": "a b"}), clicktocall.BadRequest},
			{"a long key", s.proved(visiting, "sales", body{"idempotency_key": strings.Repeat("k", 129)}), clicktocall.BadRequest},
			{"an odd time", s.proved(visiting, "sales", body{"at": "tomorrow"}), clicktocall.BadRequest},
			{"a time that has passed", s.proved(visiting, "sales", body{"at": "2026-03-04T11:59:59Z"}), clicktocall.BadRequest},
			{"a time too far", s.proved(visiting, "sales", body{"at": "2026-03-19T12:00:01Z"}), clicktocall.BadRequest},
			{"too much", body{"id": strings.Repeat("x", 9000)}, clicktocall.BadRequest},
			{"an unknown id", body{"id": "nobody", "phone": "2125550123"}, clicktocall.UnknownID},
			{"an entry for texts", body{"id": "texts", "phone": "2125550123"}, clicktocall.UnknownID},
			{"no token", body{"id": "sales", "phone": "2125550123"}, clicktocall.TokenRequired},
			{"a forged token", body{"id": "sales", "phone": "2125550123", "token": "x"}, clicktocall.TokenInvalid},
			{"a token of another entry", s.proved(visiting, "sales", body{"id": "office"}), clicktocall.TokenInvalid},
			{"no work", s.proved(visiting, "sales", body{"nonce": ""}), clicktocall.WorkMissing},
			{"a number of nowhere", s.proved(visiting, "sales", body{"phone": "2120550123"}), clicktocall.NumberInvalid},
			{"a premium number", s.proved(visiting, "sales", body{"phone": "900-555-0123"}), clicktocall.NumberRefused},
			{"a number of ours", s.proved(visiting, "sales", body{"phone": "212-555-0100"}), clicktocall.NumberRefused},
			{"a closed office", s.proved(visiting, "office", nil), clicktocall.Closed},
		} {
			time.Sleep(time.Minute) // so that no one else presses meanwhile
			if list, ok := row.send.(body); ok && list["token"] != "" && list["token"] != "x" {
				fresh := s.proved(visiting, "sales", nil)
				if list["id"] == "office" && row.code == clicktocall.Closed {
					fresh = s.proved(visiting, "office", nil)
				}
				list["token"] = fresh["token"]
				if list["nonce"] != "" {
					list["nonce"] = fresh["nonce"]
				}
			}
			got := s.post(visiting, "/click-to-call", row.send)
			if got.Code != row.code || got.Status != clicktocall.Status(row.code) || got.Message == "" {
				t.Errorf("%s: %d %s %q, want %s", row.what, got.Status, got.Code, got.Message, row.code)
			}
			if row.code == clicktocall.Closed && got.Next != "2026-03-09T13:00:00Z" {
				t.Errorf("next is %q", got.Next)
			}
		}
		s.wantCalls(0)
		if asked := s.system.Requests(); len(asked) != 0 {
			t.Errorf("the phone system was asked %d times", len(asked))
		}
	})
}

func TestPagesOfOtherOriginsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		for _, origin := range []string{"https://evil.example", "", "null", "http://example.net", "https://example.net.evil.example", "https://sub.example.net"} {
			other := from{origin, visitor}
			for _, path := range []string{"/click-to-call", "/click-to-call/token"} {
				got := s.post(other, path, body{"id": "shop", "phone": "2125550123"})
				s.want(got, http.StatusForbidden, clicktocall.OriginRefused)
				if allowed := got.Header.Get("Access-Control-Allow-Origin"); allowed != "" {
					t.Errorf("%q may read it: %s", origin, allowed)
				}
			}
		}
		b := s.proved(visiting, "shop", nil)
		s.want(s.post(from{page, "198.51.100.7"}, "/click-to-call", b), http.StatusForbidden, clicktocall.TokenInvalid)
		s.want(s.post(from{page, "192.0.2.200"}, "/click-to-call", b), http.StatusAccepted, "") // a neighbour of the same network
		anyPage := s.proved(from{"https://one.example", visitor}, "sales", body{"phone": "2125550124"})
		s.want(s.post(from{"https://two.example", visitor}, "/click-to-call", anyPage), http.StatusForbidden, clicktocall.TokenInvalid)
	})
}

func TestBrowsersMayAskBeforeTheySend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		for path, method := range map[string]string{"/click-to-call": "POST", "/click-to-call/token": "POST", "/click-to-call/calls/x": "GET"} {
			w := s.ask(visiting, http.MethodOptions, path, "")
			h := w.Header()
			if w.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != page || h.Get("Access-Control-Allow-Methods") != method ||
				h.Get("Access-Control-Allow-Headers") != "Content-Type" || h.Get("Vary") != "Origin" || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: %d %v", path, w.Code, h)
			}
			if w := s.ask(visiting, http.MethodPut, path, ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != method+", OPTIONS" {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		odd := s.ask(from{"https://a.example, https://b.example", visitor}, http.MethodOptions, "/click-to-call", "")
		if got := odd.Header().Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("given back: %s", got)
		}
		for _, path := range []string{"/click-to-callx", "/click-to-call/", "/click-to-call/nothing"} {
			if w := s.ask(visiting, http.MethodGet, path, ""); w.Code != http.StatusNotFound {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
	})
}

func TestTokenIsForOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		b := s.proved(visiting, "sales", body{"idempotency_key": "k"})
		s.want(s.post(visiting, "/click-to-call", b), http.StatusAccepted, "")
		for _, more := range []string{"2125550124", "2120550123"} { // a bad number is not told either
			b["phone"] = more
			s.want(s.post(visiting, "/click-to-call", b), http.StatusForbidden, clicktocall.TokenInvalid)
		}
		old := s.proved(visiting, "sales", body{"phone": "2125550125"})
		time.Sleep(clicktocall.TokenLife)
		s.want(s.post(visiting, "/click-to-call", old), http.StatusForbidden, clicktocall.TokenInvalid)
		s.wantCalls(1)
	})
}

func TestTwoClicksAReloadAndAReplayAreOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		s.system.Break(nstest.QueueCallLegacy, 1, nstest.Slow(2*time.Second))
		b := s.proved(visiting, "sales", body{"idempotency_key": "k"})
		var ids [4]string
		var clicks sync.WaitGroup
		for i := range ids {
			clicks.Go(func() {
				got := s.post(visiting, "/click-to-call", b)
				s.want(got, http.StatusAccepted, "")
				ids[i] = got.RequestID
			})
		}
		clicks.Wait()
		reloaded := s.press(visiting, "sales", body{"idempotency_key": "another"})
		replayed := s.post(visiting, "/click-to-call", b)
		for _, id := range append(ids[1:], reloaded.RequestID, replayed.RequestID) {
			if id != ids[0] || id == "" {
				t.Errorf("ids %v, %s, %s", ids, reloaded.RequestID, replayed.RequestID)
			}
		}
		s.wantCalls(1)
		time.Sleep(time.Hour)
		if late := s.press(visiting, "sales", body{"idempotency_key": "k"}); late.RequestID != ids[0] {
			t.Errorf("the same key later: %+v", late)
		}
		s.wantCalls(1)
	})
}

func TestCapsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		s.want(s.press(visiting, "sales", nil), http.StatusAccepted, "")
		time.Sleep(time.Minute)
		got := s.press(visiting, "sales", nil)
		s.want(got, http.StatusTooManyRequests, clicktocall.Limited)
		if after := got.Header.Get("Retry-After"); after != "600" || got.Header.Get("Access-Control-Expose-Headers") != "Retry-After" {
			t.Errorf("retry after %q", after)
		}
		other := from{"https://elsewhere.example", "198.51.100.9"}
		s.want(s.press(other, "office", body{"phone": "+12125550123"}), http.StatusTooManyRequests, clicktocall.Limited) // before it says that it is closed
		wait, err := strconv.Atoi(got.Header.Get("Retry-After"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(wait) * time.Second)
		s.want(s.press(visiting, "sales", nil), http.StatusAccepted, "")
		if err := s.store.Suppress(t.Context(), ledger.Suppression{Number: "12125550124", Tenant: "*", Channel: ledger.Calls, At: time.Now(), How: ledger.ByCall}); err != nil {
			t.Fatal(err)
		}
		got = s.press(visiting, "sales", body{"phone": "2125550124"})
		s.want(got, http.StatusTooManyRequests, clicktocall.Limited)
		s.wantCalls(2)
	})
}

// Who knows what a number in its cool-down is answered could tell by another
// answer who has asked never to be called.
func TestNothingTellsWhoIsOnTheSuppressionList(t *testing.T) {
	for _, test := range []struct {
		name string
		by   from // who asks at last
		used int  // what their network has asked for before
	}{
		{name: "at once", by: visiting},
		{name: "from a network that has used up its hour", by: visiting, used: 6},
		{name: "a page of another network", by: from{visiting.origin, "198.51.100.9"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := start(t, "")
				if err := s.store.Suppress(t.Context(), ledger.Suppression{Number: "12125550124", Tenant: "*", Channel: ledger.Calls, At: time.Now(), How: ledger.ByCall}); err != nil {
					t.Fatal(err)
				}
				s.want(s.press(from{visiting.origin, "198.51.100.77"}, "sales", body{"phone": "+12125550123"}), http.StatusAccepted, "")
				for n := range test.used {
					s.want(s.press(test.by, "sales", body{"phone": fmt.Sprintf("+1212555013%d", n)}), http.StatusAccepted, "")
				}
				for range 5 {
					time.Sleep(100 * time.Second)
					cooling := s.press(test.by, "sales", body{"phone": "+12125550123"})
					never := s.press(test.by, "sales", body{"phone": "+12125550124"})
					s.want(never, http.StatusTooManyRequests, clicktocall.Limited)
					if diff := cmp.Diff(cooling.Header, never.Header); diff != "" {
						t.Errorf("headers (- in its cool-down, + never to be called):\n%s", diff)
					}
					if cooling.Status != never.Status || cooling.Code != never.Code || cooling.Message != never.Message {
						t.Errorf("in its cool-down %+v, never to be called %+v", cooling, never)
					}
				}
			})
		})
	}
}

func TestBareRequestsHaveATenthOfTheCaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "", func(s *service) { s.desk.AcceptBare = true })
		old := from{"", "203.0.113.5"}
		s.want(s.read(s.ask(old, http.MethodPost, "/click-to-call", `{"id":"sales","phone":2125550123,"source":"crm"}`)), http.StatusAccepted, "")
		s.want(s.post(old, "/click-to-call", body{"id": "sales", "phone": "2125550124"}), http.StatusTooManyRequests, clicktocall.Limited)
		s.want(s.post(from{"", "198.51.100.5"}, "/click-to-call", body{"id": "sales", "phone": "2125550124"}), http.StatusAccepted, "")
		s.want(s.press(old, "sales", body{"phone": "2125550125"}), http.StatusAccepted, "") // with a token there is more
		s.want(s.post(from{"", "198.51.100.5"}, "/click-to-call", body{"id": "shop", "phone": "2125550126"}), http.StatusForbidden, clicktocall.OriginRefused)
		s.wantCalls(3)
	})
}

func TestWorkIsForStrangersAndForThoseWhoAskMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		bits := func(address string) int {
			return s.post(from{page, address}, "/click-to-call/token", body{"id": "sales"}).Bits
		}
		if got := bits(visitor); got != 13 {
			t.Errorf("a stranger works %d bits", got)
		}
		s.want(s.press(visiting, "sales", nil), http.StatusAccepted, "")
		time.Sleep(2 * time.Minute)
		if got := bits("192.0.2.9"); got != 0 {
			t.Errorf("a known network works %d bits", got)
		}
		for range 10 {
			bits(visitor)
		}
		if got := bits(visitor); got != 17 {
			t.Errorf("after many tokens %d bits", got)
		}
		time.Sleep(2 * time.Minute)
		for i := range 300 {
			bits("198.51." + strconv.Itoa(i%256) + ".1")
		}
		if got := bits("203.0.113.1"); got != 16 {
			t.Errorf("under load %d bits", got)
		}
	})
}

func TestTokenSaysWhenItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		got := s.post(visiting, "/click-to-call/token", body{"id": "sales"})
		if got.Status != 200 || got.Token == "" || got.Challenge == "" || !got.Expires.Equal(time.Now().Add(clicktocall.TokenLife).Truncate(time.Second)) ||
			got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Access-Control-Allow-Origin") != page {
			t.Errorf("%+v", got)
		}
		s.want(s.post(visiting, "/click-to-call/token", body{"id": "nobody"}), http.StatusNotFound, clicktocall.UnknownID)
		s.want(s.post(visiting, "/click-to-call/token", []int{1}), http.StatusBadRequest, clicktocall.BadRequest)
	})
}
