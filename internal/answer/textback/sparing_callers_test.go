package textback_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// cooled has the cool-down of the settings.
func cooled(c *textback.Config) {
	c.Rules.Cooldown = entry.Cooldown{Texts: 3, Time: time.Hour}
}

func TestWhoCallsAgainAndAgainGetsThreeTextsAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startInBubble(t, allTexts, cooled)
		for i := range 5 {
			want := hears(textback.Sent)
			if i >= 3 {
				want = hears(textback.CoolingDown)
			}
			wantXML(t, s.call("+19734321440", fmt.Sprint("call-", i)), want)
			time.Sleep(time.Minute)
		}
		s.wantTexts(3)
		wantXML(t, s.call("+19734321441", "call-other"), hears(textback.Sent)) // each caller by themselves
		s.set("other", nil)
		wantXML(t, s.get(query("other", "+19734321440", "call-6")), hears(textback.Sent)) // and each entry
		time.Sleep(55 * time.Minute)                                                      // the first text is an hour old
		wantXML(t, s.call("+19734321440", "call-4"), hears(textback.CoolingDown))         // what a call got stays
		wantXML(t, s.call("+19734321440", "call-7"), hears(textback.Sent))
		wantXML(t, s.call("+19734321440", "call-8"), hears(textback.CoolingDown)) // any hour counts, not each
		s.wantTexts(6)
	})
}

func TestRedialsAtTheSameTimeAreCountedToo(t *testing.T) {
	s := start(t, allTexts, cooled)
	s.system.Break(nstest.SendMessage, nstest.Always, nstest.Slow(50*time.Millisecond))
	var calls sync.WaitGroup
	for i := range 12 {
		calls.Go(func() { s.call("+19734321440", fmt.Sprint("call-", i)) })
	}
	calls.Wait()
	s.wantTexts(3)
}

func TestTextsThatCertainlyDidNotGoOutDoNotCount(t *testing.T) {
	s := start(t, allTexts, cooled)
	for i, fault := range []nstest.Fault{
		nstest.Refuses(503, "Down"), nstest.Refuses(400, "Land line"), nstest.Refuses(429, "Too Many"), nstest.Refuses(500, "Broken"),
	} {
		s.system.Break(nstest.SendMessage, 1, fault)
		s.call("+19734321440", fmt.Sprint("call-", i))
	}
	wantXML(t, s.call("+19734321440", "good"), hears(textback.Sent))
	s.system.Break(nstest.SendMessage, 2, nstest.HangsUp()) // these may have
	wantXML(t, s.call("+19734321440", "doubtful-1"), hears(textback.Uncertain))
	wantXML(t, s.call("+19734321440", "doubtful-2"), hears(textback.Uncertain))
	wantXML(t, s.call("+19734321440", "enough"), hears(textback.CoolingDown))
}

func TestAMachineGetsTwentyTextsADayOfAllEntries(t *testing.T) {
	s := start(t, allTexts)
	for i := range textback.MaxPerDay + 2 {
		entry := fmt.Sprint("entry-", i%4)
		if i < 4 {
			s.set(entry, nil)
		}
		want := hears(textback.Sent)
		if i >= textback.MaxPerDay {
			want = hears(textback.Loop)
		}
		wantXML(t, s.get(query(entry, "+19734321440", fmt.Sprint("call-", i))), want)
	}
	s.wantTexts(textback.MaxPerDay)
}

func TestWhoIsOnTheListIsNotTexted(t *testing.T) {
	s := start(t, allTexts)
	s.system.AddDomain("other.example")
	s.system.AddUser("other.example", "2000")
	s.system.AddSMSNumber("other.example", "12125550177", "2000")
	s.set("other", map[string]any{"api_domain": "other.example", "from_number": "12125550177"})
	for _, test := range []struct {
		number, tenant string
		channel        ledger.Channel
		here, there    textback.Reason
	}{
		{"19734321440", domain, ledger.Texts, textback.Suppressed, textback.Sent},
		{"19734321441", "other.example", ledger.Texts, textback.Sent, textback.Suppressed},
		{"19734321442", ledger.AnyTenant, ledger.Texts, textback.Suppressed, textback.Suppressed},
		{"19734321443", ledger.AnyTenant, ledger.AnyWay, textback.Suppressed, textback.Suppressed},
		{"19734321444", domain, ledger.Calls, textback.Sent, textback.Sent},
	} {
		s.suppress(ledger.Suppression{Number: test.number, Tenant: test.tenant, Channel: test.channel, How: ledger.ByOperator})
		wantXML(t, s.call("+"+test.number, "call-1"), hears(test.here))
		wantXML(t, s.call(test.number[1:], "call-2"), hears(test.here)) // without the country's code
		wantXML(t, s.get(query("other", "+"+test.number, "call-1")), hears(test.there))
	}
}

func TestNumbersOfEntriesAreNotTexted(t *testing.T) {
	s := start(t, allTexts)
	s.set("other", map[string]any{"from_number": "(212) 555-0177"})
	wantXML(t, s.call("+"+from, "call-1"), hears(textback.OwnNumber))
	wantXML(t, s.call("2125550100", "call-2"), hears(textback.OwnNumber))
	wantXML(t, s.call("+12125550177", "call-3"), hears(textback.OwnNumber))
	s.wantTexts(0)
}

func TestAtNightACallerHearsThatTextsAreForTheDay(t *testing.T) {
	quiet, err := hours.ParseQuiet("21:00-08:00")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // begins at midnight, UTC
		s := startInBubble(t, allTexts, func(c *textback.Config) { c.Rules.Quiet = quiet })
		s.set("london", map[string]any{"time_zone": "Europe/London"})
		s.set("honolulu", map[string]any{"time_zone": "Pacific/Honolulu"})
		wantXML(t, s.get(query("london", "+19734321440", "call-1")), hears(textback.Quiet))
		wantXML(t, s.get(query("honolulu", "+19734321440", "call-1")), hears(textback.Sent))
		time.Sleep(8 * time.Hour)
		wantXML(t, s.get(query("london", "+19734321440", "call-1")), hears(textback.Quiet)) // a repeat
		wantXML(t, s.get(query("london", "+19734321440", "call-2")), hears(textback.Sent))
		wantXML(t, s.get(query("honolulu", "+19734321440", "call-2")), hears(textback.Quiet))
	})
}

// TestOddCallIDsAreKeptByTheirHash: anybody may write them, and the database
// must neither refuse them nor grow by them.
func TestOddCallIDsAreKeptByTheirHash(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(t testing.TB) store.Config) {
		kept := storetest.Open(t, fresh(t))
		s := start(t, allTexts, func(c *textback.Config) { c.Ledger = kept })
		long := make([]byte, 100_000)
		for i := range long {
			long[i] = 'a' + byte(i*i%26)
		}
		for i, callID := range []string{string(long), string(long) + "b", "a\x00b", "a\xffb", "call 1"} {
			caller := "+1973432144" + fmt.Sprint(i)
			wantXML(t, s.call(caller, callID), hears(textback.Sent))
			wantXML(t, s.call(caller, callID), hears(textback.Sent))
			wantXML(t, s.call(caller, callID+"'"), hears(textback.Sent)) // another call
			d, err := kept.Dossier(t.Context(), caller[1:])
			if err != nil || len(d.Answers) != 2 || len(d.Answers[0].CallID) > 250 {
				t.Errorf("the ledger has %d answers, %v", len(d.Answers), err)
			}
		}
		s.wantTexts(10)
	})
}

// TestTwoServersAreOne asks two servers of one database for the same call at
// the same time, as a phone system behind a balancer does.
func TestTwoServersAreOne(t *testing.T) {
	config := storetest.Postgres(t)
	one := start(t, allTexts, cooled)
	other, first := storetest.Open(t, config), storetest.Open(t, config)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(one.log.String())
		}
	})
	log := slog.New(slog.NewTextHandler(&one.log, nil))
	webhook := func(kept textback.Ledger) *textback.Webhook {
		w, err := textback.NewWebhook(textback.Config{
			Entries: one.entries, Ledger: kept, Sender: one.client, Log: log.LogAttrs, Patience: await.Limit, Rules: textback.Rules{Cooldown: entry.Cooldown{Texts: 3, Time: time.Hour}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	servers := []*textback.Webhook{webhook(first), webhook(other)}
	one.system.Break(nstest.SendMessage, nstest.Always, nstest.Slow(100*time.Millisecond))
	ask := func(server int, q url.Values) string {
		s := &service{t: t, webhook: servers[server]}
		return s.get(q)
	}
	var calls sync.WaitGroup
	for i := range 10 {
		calls.Go(func() { wantXML(t, ask(i%2, query(id, "+19734321440", "call-1")), success) })
	}
	calls.Wait()
	one.wantTexts(1)
	for i := range 10 { // and redials
		calls.Go(func() { ask(i%2, query(id, "+19734321440", fmt.Sprint("call-", i+2))) })
	}
	calls.Wait()
	one.wantTexts(3)
	texts, err := other.Texts(context.Background(), ledger.Query{})
	if err != nil {
		t.Fatal(err)
	}
	states := map[ledger.State]int{}
	for _, text := range texts {
		states[text.State]++
	}
	if diff := cmp.Diff(map[ledger.State]int{ledger.Sent: 3}, states); diff != "" {
		t.Errorf("the texts (- want, + got):\n%s", diff)
	}
}
