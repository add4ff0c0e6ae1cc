package guess_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/setting/guess"
)

var (
	forms  = guess.Secret{Place: guess.Forms}
	onCall = guess.Secret{Place: guess.OnCall}
)

func keyOf(entry string) guess.Secret { return guess.Secret{Place: guess.Webhooks, Of: entry} }

const guesser = "203.0.113.66"

// watched is a Watch, with its reports.
type watched struct {
	t *testing.T
	*guess.Watch

	mu      sync.Mutex
	told    []string
	wrong   map[guess.Place]int
	refused int
	next    int // of the secrets that no other request sends
}

func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{t: t, wrong: map[guess.Place]int{}}
	w.Watch = guess.New(guess.Config{
		Wrong: func(p guess.Place, secrets int) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.wrong[p] += secrets
		},
		Began: func(_ context.Context, one guess.Wait) {
			w.mu.Lock()
			defer w.mu.Unlock()
			line := fmt.Sprint(one.Place, " ", one.Of, " ", one.Network, " ", one.For)
			if one.Exempt {
				line += " exempt"
			}
			w.told = append(w.told, line)
		},
		Refused: func(context.Context) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.refused++
		},
	})
	return w
}

func from(t testing.TB, address string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(address), 4711).String()
	return r
}

// guess sends a new wrong secret, and returns how long its client has to wait.
func (w *watched) guess(address string, s guess.Secret) time.Duration {
	w.t.Helper()
	w.next++
	return w.Judge(from(w.t, address), s, false, fmt.Sprint("guess-", w.next))
}

// guesses sends several, each of which must be compared.
func (w *watched) guesses(n int, address string, s guess.Secret) {
	w.t.Helper()
	for i := range n {
		if wait := w.guess(address, s); wait != 0 {
			w.t.Fatalf("guess %d of %s waits %s", i+1, address, wait)
		}
	}
}

// show sends the right secret.
func (w *watched) show(address string, s guess.Secret) time.Duration {
	w.t.Helper()
	return w.Judge(from(w.t, address), s, true)
}

func (w *watched) wants(what string, got, want time.Duration) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: a wait of %s, want %s", what, got, want)
	}
}

func TestTenWrongSecretsMakeAnAddressWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.guesses(10, guesser, forms)
		w.wants("the eleventh", w.guess(guesser, forms), time.Minute)
		w.wants("the right one", w.show(guesser, forms), time.Minute)
		w.wants("that of another place", w.guess(guesser, onCall), time.Minute)
		w.wants("nothing that is shown", w.Judge(from(t, guesser), forms, false, ""), 0)
		w.wants("a neighbour", w.guess("203.0.113.67", forms), 0)
		time.Sleep(40 * time.Second)
		w.wants("40 s later", w.guess(guesser, forms), 20*time.Second)
		time.Sleep(20 * time.Second)
		w.wants("a minute later", w.show(guesser, forms), 0)

		if diff := cmp.Diff([]string{"forms  203.0.113.66/32 1m0s"}, w.told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[guess.Place]int{guess.Forms: 11}, w.wrong); diff != "" {
			t.Errorf("compared and wrong (-want +got):\n%s", diff)
		}
		if w.refused != 4 {
			t.Errorf("%d requests were refused, want 4", w.refused)
		}
	})
}

func TestEachWaitIsTwiceAsLongUpToAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		for _, want := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
			w.guesses(10, guesser, forms)
			wait := w.guess(guesser, forms)
			w.wants("after ten more", wait, time.Duration(want)*time.Minute)
			time.Sleep(wait)
		}
		time.Sleep(24 * time.Hour)
		w.guesses(10, guesser, forms)
		w.wants("a day later", w.guess(guesser, forms), time.Minute)
	})
}

func TestWrongSecretsCountForTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.guesses(1, guesser, forms)
		time.Sleep(9 * time.Minute)
		w.guesses(8, guesser, forms)
		time.Sleep(time.Minute)
		w.guesses(2, guesser, forms)
		w.wants("the tenth in ten minutes was just now", w.guess(guesser, forms), time.Minute)
	})
}

// A program with an old secret learns nothing by sending it again.
func TestTheSameWrongSecretCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		for range 1000 {
			w.wants("an old secret", w.Judge(from(t, guesser), forms, false, "the-old-secret"), 0)
			time.Sleep(time.Second)
		}
		w.wants("once it is mended", w.show(guesser, forms), 0)
		if w.wrong[guess.Forms] != 1000 {
			t.Errorf("%d were compared and wrong", w.wrong[guess.Forms])
		}
	})
}

func TestARequestCountsAllSecretsThatItShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		var many []string
		for i := range 10 {
			many = append(many, fmt.Sprint("signature-", i))
		}
		w.wants("ten at once", w.Judge(from(t, guesser), forms, false, many...), 0)
		w.wants("the next", w.guess(guesser, forms), time.Minute)
	})
}

func TestTheWrongKeyOfOneEntryDoesNotSilenceOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const phoneSystem = "192.0.2.10"
		w := watch(t)
		w.guesses(10, phoneSystem, keyOf("first"))
		w.wants("the entry", w.show(phoneSystem, keyOf("first")), time.Minute)
		w.wants("another one", w.show(phoneSystem, keyOf("second")), 0)
		w.wants("its events", w.show(phoneSystem, guess.Secret{Place: guess.Events, Of: "first"}), 0)
		w.wants("on-call", w.show(phoneSystem, onCall), 0)
	})
}

func TestWhoHasShownTheRightSecretIsNotKeptOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const shared = "192.0.2.10" // of a phone system, or a proxy
		w := watch(t)
		w.show(shared, onCall)
		for range 5000 {
			w.wants("a guess", w.guess(shared, onCall), 0)
		}
		w.wants("the right secret", w.show(shared, onCall), 0)
		w.wants("that of a place where it is not known", w.show(shared, forms), time.Minute)
		if diff := cmp.Diff([]string{"oncall  192.0.2.10/32 1m0s exempt", "oncall  192.0.2.0/24 1m0s exempt"}, w.told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		time.Sleep(31 * 24 * time.Hour)
		w.guesses(10, shared, onCall)
		w.wants("a month later", w.show(shared, onCall), time.Minute)
	})
}

func TestAddressesThatTheOperatorHasNamedDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		named := guess.Secret{Place: guess.OnCall, Named: true}
		w.guesses(100, guesser, named)
		w.wants("the right secret", w.show(guesser, named), 0)
	})
}

func TestNetworksAroundAnAddressWaitToo(t *testing.T) {
	for _, c := range []struct {
		name   string
		guess  func(i int) string // the address of guess i, of 40
		waits  []string
		spared []string
	}{
		{"addresses of an IPv6 /64", func(int) string { return "2001:db8:0:1::1" }, []string{"2001:db8:0:1::2"}, []string{"2001:db8:0:2::1"}},
		{
			"networks of an IPv6 /56", func(i int) string { return fmt.Sprintf("2001:db8:0:%x::1", i/9) },
			[]string{"2001:db8:0:ff::1"}, []string{"2001:db8:1::1"},
		},
		{
			"networks of an IPv6 /48", func(i int) string { return fmt.Sprintf("2001:db8:0:%x00::1", i/9) },
			[]string{"2001:db8:0:ffff::1"}, []string{"2001:db8:1::1"},
		},
		{
			"addresses of an IPv4 /24 that have guessed", func(i int) string { return fmt.Sprint("203.0.113.", i/9) },
			[]string{"203.0.113.0", "203.0.113.4"}, []string{"203.0.113.200", "203.0.114.1"},
		},
		{"IPv4 written as IPv6", func(int) string { return "::ffff:203.0.113.66" }, []string{"203.0.113.66"}, []string{"::ffff:203.0.113.67"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watch(t)
				for i := range 40 {
					w.guess(c.guess(i), forms)
				}
				for _, address := range c.waits {
					w.wants(address, w.show(address, forms), time.Minute)
				}
				for _, address := range c.spared {
					w.wants(address, w.show(address, forms), 0)
				}
			})
		})
	}
}

// A phone system may have neighbours who guess.
func TestAnIPv4NeighbourIsHeardOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		for i := range 40 {
			w.guess(fmt.Sprint("203.0.113.", i/9), forms)
		}
		w.wants("the first guess", w.guess("203.0.113.200", forms), 0)
		w.wants("the second", w.guess("203.0.113.200", forms), time.Minute)
		w.wants("the right secret at first", w.show("203.0.113.201", forms), 0)
		w.wants("a wrong one then", w.guess("203.0.113.201", forms), 0)
		w.wants("and the right one again", w.show("203.0.113.201", forms), 0)
	})
}

// However many ask at once, no more are told whether they are right.
func TestTenOfAThousandGuessesAtOnceAreCompared(t *testing.T) {
	w := watch(t)
	var compared atomic.Int64
	var all sync.WaitGroup
	for i := range 1000 {
		r := from(t, guesser)
		all.Go(func() {
			if w.Judge(r, forms, false, fmt.Sprint("guess-", i)) == 0 {
				compared.Add(1)
			}
		})
	}
	all.Wait()
	if compared.Load() != 10 || w.wrong[guess.Forms] != 10 {
		t.Errorf("%d were compared, %d are counted", compared.Load(), w.wrong[guess.Forms])
	}
}

func TestTheNetworksThatWaitAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.guesses(10, guesser, forms)
		w.guesses(10, "198.51.100.7", keyOf("first"))
		w.guesses(9, "198.51.100.8", forms)
		if n := w.Waiting(); n != 2 {
			t.Errorf("%d networks wait, want 2", n)
		}
		time.Sleep(time.Minute)
		if n := w.Waiting(); n != 0 {
			t.Errorf("a minute later %d wait", n)
		}
	})
}

// Attackers with many networks use no more memory than 10,000 do, and do not
// make us forget known ones.
func TestWhatIsRememberedIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.show("192.0.2.10", onCall)
		w.guesses(10, guesser, forms)
		for i := range 10_000 {
			w.guess(fmt.Sprintf("2001:db8:%x::1", i), forms)
		}
		w.wants("whoever guessed longest ago", w.guess(guesser, forms), 0)
		w.guesses(20, "192.0.2.10", onCall)
		w.wants("who is known", w.show("192.0.2.10", onCall), 0)
		if n := w.Remembered(); n > 10_000 {
			t.Errorf("%d networks are remembered", n)
		}
	})
}

func TestTheRightSecretAllocatesNothing(t *testing.T) {
	w := watch(t)
	r := from(t, "192.0.2.10")
	w.Judge(r, forms, true)
	if n := testing.AllocsPerRun(100, func() { w.Judge(r, forms, true) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWithoutAWatchNobodyWaits(t *testing.T) {
	var none *guess.Watch
	for range 100 {
		if wait := none.Judge(from(t, guesser), forms, false, "x"); wait != 0 {
			t.Fatalf("a wait of %s", wait)
		}
	}
}

func TestAWaitIsToldInWholeSeconds(t *testing.T) {
	for wait, want := range map[time.Duration]string{time.Millisecond: "1", time.Minute: "60", 90*time.Second + 1: "91"} {
		header := http.Header{}
		guess.TellWait(header, wait)
		if got := header.Get("Retry-After"); got != want {
			t.Errorf("%s: %q, want %q", wait, got, want)
		}
	}
}
