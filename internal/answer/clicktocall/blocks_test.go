package clicktocall_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// inBlock is one of the networks of a /48, which anybody gets for nothing.
func inBlock(i int) (who from, network string) {
	return from{page, fmt.Sprintf("2001:db8:7:%x::7", i)}, fmt.Sprintf("2001:db8:7:%x::/64", i)
}

// served returns a service on each database, with a phone system of its own.
func served(t *testing.T, test func(t *testing.T, s *service)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		system := newSystem(nstest.Start(t, nstest.Quirks{Version: "45"}))
		client, err := netsapiens.New(netsapiens.Config{URL: system.URL, Token: nstest.Token})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.CloseIdle)
		test(t, startWith(t, system, client, open(t)))
	})
}

func TestOneBlockDoesNotCloseTheButton(t *testing.T) {
	for _, row := range []struct {
		name   string
		who    func(i int) (from, string)
		most   int
		taking int
	}{
		{"a /48", func(i int) (from, string) { return inBlock(i * 300) }, 24, 60},
		{"a /56", func(i int) (from, string) { return inBlock(i % 256) }, 12, 40},
		{"an IPv4 /16", func(i int) (from, string) {
			return from{page, fmt.Sprintf("10.7.%d.7", i%256)}, fmt.Sprintf("10.7.%d.0/24", i%256)
		}, 96, 130},
	} {
		t.Run(row.name, func(t *testing.T) {
			served(t, func(t *testing.T, s *service) {
				taken := attack([2]*service{s, s}, row.taking, func(s *service, i int) said {
					who, network := row.who(i)
					return s.post(who, "/click-to-call", workless(who, network, "sales", anyNumber(i)))
				})
				if taken != int64(row.most) {
					t.Errorf("%d calls, want %d", taken, row.most)
				}
				who, network := bot(5000)
				s.want(s.post(who, "/click-to-call", workless(who, network, "sales", anyNumber(5000))), http.StatusAccepted, "")
			})
		})
	}
}

func TestOneBlockInADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		for i := range 24*12 - 1 {
			who, network := inBlock(i * 200)
			s.post(who, "/click-to-call", workless(who, network, "sales", anyNumber(i)))
			time.Sleep(5 * time.Minute)
		}
		s.wantCalls(50)
	})
}

// TestTokensOfOneBlockAreItsOwnWork has a /48 ask for tokens alone.
func TestTokensOfOneBlockAreItsOwnWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		bits := func(who from) int { return s.post(who, "/click-to-call/token", body{"id": "sales"}).Bits }
		for i := range 4000 {
			who, _ := inBlock(i)
			bits(who)
		}
		if got := bits(visiting); got != 13 {
			t.Errorf("everybody works %d bits for one network's tokens", got)
		}
		who, _ := inBlock(5000)
		if got := bits(who); got != clicktocall.MostBits {
			t.Errorf("that network works %d bits", got)
		}
	})
}

// TestPartOfADayIsKept fills a button's day from everywhere, and has those come
// who were here before, and those who work.
func TestPartOfADayIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		guest, home := bot(9000)
		s.want(s.post(guest, "/click-to-call", workless(guest, home, "sales", anyNumber(9000))), http.StatusAccepted, "")
		time.Sleep(25 * time.Hour)
		for i := range 300 {
			who, network := bot(i)
			s.post(who, "/click-to-call", workless(who, network, "sales", anyNumber(i)))
		}
		s.wantCalls(1 + 150)
		stranger, network := bot(9001)
		s.want(s.post(stranger, "/click-to-call", workless(stranger, network, "sales", anyNumber(9001))), http.StatusTooManyRequests, clicktocall.Limited)
		s.want(s.post(guest, "/click-to-call", workless(guest, home, "sales", anyNumber(9002))), http.StatusAccepted, "")
		if bits := s.post(stranger, "/click-to-call/token", body{"id": "sales"}).Bits; bits != 18 {
			t.Errorf("a stranger works %d bits for what is kept", bits)
		}
		if bits := s.post(stranger, "/click-to-call/token", body{"id": "shop"}).Bits; bits != 13 {
			t.Errorf("a stranger works %d bits at another button", bits)
		}
		s.want(s.press(stranger, "sales", body{"phone": anyNumber(9003)}), http.StatusAccepted, "")
		s.wantCalls(1 + 150 + 2)
	})
}
