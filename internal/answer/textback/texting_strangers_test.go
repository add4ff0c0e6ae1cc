package textback_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
)

// Numbers that charge the sender, each as an attacker would write it.
func TestStrangersAbroadAreNotTexted(t *testing.T) {
	s := start(t, allTexts)
	for i := range 300 {
		wantXML(t, s.call(fmt.Sprintf("+22177123%04d", i), fmt.Sprint("call-", i)), hears(textback.Region))
	}
	for i, caller := range []string{
		"+870773111234", "+881612345678", "881612345678", "+88213300655", "+883510012345", "0088213300655", "011881612345678", // satellites
		"+447012345678", "+878101234567890", "+15002345678", // personal
		"+979123456789", "+80812345678", "+19005550123", "+448431234567", // that cost
		"+12125551212", "2125551212", "+18005551212", "5551212", "+14165551212", // directory assistance
	} {
		wantXML(t, s.call(caller, fmt.Sprint("odd-", i)), hears(textback.LandLine))
	}
	s.wantTexts(0)
}

// What they hear is what other numbers hear that cannot be texted.
func TestStrangersAbroadHearWhatOthersHear(t *testing.T) {
	s := start(t)
	wantXML(t, s.call("+221771234567", "call-1"), apology)
	wantXML(t, s.call("+881612345678", "call-2"), apology)
	s.wantReasons(textback.Region, textback.LandLine)
}

// limited has the caps that are in force unless somebody sets others.
func limited(c *textback.Config) { c.Rules.Limits = textback.DefaultLimits() }

// askFrom has an address ask for a text.
func (s *service) askFrom(address, id, caller, callID, key string) string {
	s.t.Helper()
	q := query(id, caller, callID)
	if key != "" {
		q.Set("key", key)
	}
	r := httptest.NewRequest(http.MethodGet, "/webresponder?"+q.Encode(), nil)
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(address), 4711).String()
	return s.ask(r)
}

func TestStrangersOfOneAddressAreNotTexted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full []ledger.Cap
		s := startInBubble(t, allTexts, limited, func(c *textback.Config) {
			c.Limited = func(_ string, f ledger.Full) { full = append(full, f.Cap) }
		})
		const attacker = "198.51.100.7"
		wantXML(t, s.askFrom("192.0.2.1", id, "+19734321440", "yesterday", ""), hears(textback.Sent))
		time.Sleep(24 * time.Hour)
		for i := range 400 {
			s.askFrom(attacker, id, fmt.Sprintf("+1212556%04d", i), fmt.Sprint("call-", i), "")
		}
		s.wantTexts(101)
		if len(full) != 300 || full[0] != (ledger.Cap{Scope: ledger.OfNewNumbers, Of: id, Most: 100, Per: time.Hour}) {
			t.Errorf("%d times was told that a cap is reached, first %+v", len(full), full[:min(1, len(full))])
		}
		wantXML(t, s.askFrom("192.0.2.1", id, "+19734321440", "today", ""), hears(textback.Sent)) // whom we know
		time.Sleep(time.Hour)
		wantXML(t, s.askFrom("192.0.2.1", id, "+19734321441", "later", ""), hears(textback.Sent))
	})
}

// The same through many entries: what one address has texted is counted.
func TestStrangersOfOneAddressAreNotTextedThroughManyEntries(t *testing.T) {
	s := start(t, allTexts, limited, func(c *textback.Config) { c.Rules.Limits.SourcePerHour = 30 })
	s.set("keyed", map[string]any{"key": "2f6a0c8d9be14e70"})
	for i := range 10 {
		s.set(fmt.Sprint("entry-", i), map[string]any{"ns_system_user": fmt.Sprint(8100 + i)})
	}
	ask := func(address string, n int) {
		for i := range n {
			s.askFrom(address, fmt.Sprint("entry-", i%10), fmt.Sprintf("+1212556%04d", i), fmt.Sprint(address, i), "")
		}
	}
	ask("198.51.100.7", 100)
	s.wantTexts(30)
	// A phone system that has shown a key of ours asks for all from one address.
	s.askFrom("192.0.2.1", "keyed", "+19734321440", "call", "2f6a0c8d9be14e70")
	ask("192.0.2.1", 100)
	s.wantTexts(131)
}

// A request with the key is no stranger's, but no entry has thousands of callers.
func TestACapOfAnEntryHoldsWithItsKeyToo(t *testing.T) {
	s := start(t, allTexts, func(c *textback.Config) {
		c.Rules.Limits = textback.DefaultLimits()
		c.Rules.Limits.EntryPerHour, c.Rules.Limits.TenantPerDay = 110, 150
	})
	s.set(id, map[string]any{"key": "2f6a0c8d9be14e70"})
	s.set("other", map[string]any{"key": "2f6a0c8d9be14e70", "ns_system_user": "8002"})
	var calls sync.WaitGroup
	for _, entry := range []string{id, "other"} {
		for i := range 120 {
			calls.Go(func() {
				s.askFrom("192.0.2.1", entry, fmt.Sprintf("+1212556%04d", i), fmt.Sprint(entry, i), "2f6a0c8d9be14e70")
			})
		}
		calls.Wait()
	}
	s.wantTexts(150)
	s.mu.Lock()
	defer s.mu.Unlock()
	got := map[textback.Reason]int{}
	for _, reason := range s.reasons {
		got[reason]++
	}
	if diff := cmp.Diff(map[textback.Reason]int{textback.Sent: 150, textback.Limited: 90}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhoIsLimitedHearsWhatOthersHear(t *testing.T) {
	s := start(t, limited, func(c *textback.Config) { c.Rules.Limits.NewPerHour = 1 })
	wantXML(t, s.call("+19734321440", "call-1"), success)
	wantXML(t, s.call("+19734321441", "call-2"), apology)
}

// A key that was made for an entry is good as soon as it is made, and demanded
// once it is said to be.
func TestAKeyThatWasMadeIsDemandedOnceItMayBe(t *testing.T) {
	var demanded bool
	s := start(t, allTexts, limited, func(c *textback.Config) {
		c.Rules.Limits.NewPerHour = 1
		c.MadeKey = func(_ context.Context, entryID string, _ bool) (entry.Key, bool, int64) {
			if entryID != id {
				return "", false, entry.Current
			}
			return "made", demanded, entry.Current
		}
	})
	ask := func(key string, n int, want textback.Reason) {
		t.Helper()
		wantXML(t, s.askFrom("192.0.2.1", id, fmt.Sprintf("+1973432%04d", n), fmt.Sprint("call-", n), key), hears(want))
	}
	ask("", 1, textback.Sent)
	ask("wrong", 2, textback.Limited) // who does not show it is a stranger
	ask("made", 3, textback.Sent)
	ask("made", 4, textback.Sent)
	demanded = true
	ask("", 5, textback.Forbidden)
	ask("wrong", 6, textback.Forbidden)
	ask("made", 7, textback.Sent)
	s.set(id, map[string]any{"key": "own"}) // the rule still has the other
	ask("made", 8, textback.Sent)
	ask("own", 9, textback.Sent)
	ask("", 10, textback.Forbidden)
	demanded = false
	ask("", 11, textback.Forbidden)
}
