package alert_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/alert"
)

const (
	pbx  = "ucportal.example.net"
	down = "The phone system does not answer."
)

func isDown() alert.Alert {
	return alert.Alert{Kind: alert.PhoneSystemDown, About: pbx, Text: down, Do: "See what is the matter with: switchhook doctor"}
}

func failed(entry string) alert.Alert {
	return alert.Alert{Kind: alert.ProvisionFailed, About: entry, Text: "Calls may not reach " + entry + ".", Cause: alert.Key{Kind: alert.PhoneSystemDown, About: pbx}}
}

func TestAPhoneSystemIsDownWhenItStaysDown(t *testing.T) {
	for name, c := range map[string]struct {
		answers string // one a minute: - for none
		want    []string
	}{
		"up":                               {"+++", nil},
		"two failures":                     {"--+", nil},
		"failures that are not in a row":   {"--+--+--+", nil},
		"three failures":                   {"---", []string{"2m0s " + down + " It has stood for 2m. See what is the matter with: switchhook doctor"}},
		"for long":                         {strings.Repeat("-", 120), []string{"2m0s " + down + " It has stood for 2m. See what is the matter with: switchhook doctor"}},
		"up again":                         {"-----+++", []string{"2m0s " + down + " It has stood for 2m. See what is the matter with: switchhook doctor", "5m0s Resolved: it is over, after 5m (00:00 to 00:05 UTC). It was: " + down + " Nothing to do."}},
		"again for a moment":               {"-----+-+++", []string{"2m0s " + down + " It has stood for 2m. See what is the matter with: switchhook doctor", "5m0s Resolved: it is over, after 5m (00:00 to 00:05 UTC). It was: " + down + " Nothing to do."}},
		"it comes and goes, and then does": {strings.Repeat("---+", 15) + "+++++++++++++++++", []string{"2m0s " + down + " It has stood for 2m. See what is the matter with: switchhook doctor", "3m0s Resolved: it is over, after 3m (00:00 to 00:03 UTC). It was: " + down + " Nothing to do.", "18m0s " + down + " It has stood for 18m. See what is the matter with: switchhook doctor", "1h14m0s Resolved: it is over, after 59m (00:00 to 00:59 UTC). It was: " + down + " Nothing to do."}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // it begins at midnight UTC
				d := open(t, 15*time.Minute)
				for _, answer := range c.answers {
					if answer == '-' {
						d.Raise(t.Context(), isDown())
					} else {
						d.Resolve(t.Context(), alert.PhoneSystemDown, pbx, "Nothing to do.")
					}
					elapse(time.Minute)
				}
				if diff := cmp.Diff(c.want, d.texts()); diff != "" {
					t.Errorf("posted (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestWhatFollowsFromAnOutageIsToldWithIt has the phone system fail, so that fifty
// entries cannot be provisioned, one of them for another reason, and texts die.
func TestWhatFollowsFromAnOutageIsToldWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, 15*time.Minute)
		text := dead("dentist", "A text is dead.")
		text.Cause = alert.Key{Kind: alert.PhoneSystemDown, About: pbx}
		for minute := range 20 {
			d.Raise(t.Context(), isDown())
			for i := range 50 {
				d.Raise(t.Context(), failed(fmt.Sprintf("entry-%d", i)))
			}
			if minute < 7 {
				d.Raise(t.Context(), text)
			}
			elapse(time.Minute)
		}
		d.Resolve(t.Context(), alert.PhoneSystemDown, pbx, "7 texts wait: switchhook texts resend a b c.")
		for i := range 49 {
			d.Resolve(t.Context(), alert.ProvisionFailed, fmt.Sprintf("entry-%d", i))
		}
		elapse(time.Hour)
		want := []string{
			"2m0s " + down + " It has stood for 2m. Because of it, and not told one by one until it is over: provision_failed (50), text_dead (3). See what is the matter with: switchhook doctor",
			"20m0s Resolved: it is over, after 20m (00:00 to 00:20 UTC). It was: " + down + " 7 texts wait: switchhook texts resend a b c.",
			"23m0s Calls may not reach entry-49. It has stood for 23m.",
		}
		got := strings.Split(strings.ReplaceAll(strings.Join(d.texts(), "\n"), "m1s ", "m0s "), "\n") // what comes up at once may be written down a second later
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	})
}

// TestOneReasonInManyPlacesIsToldOnce has entries fail although the phone system
// answers.
func TestOneReasonInManyPlacesIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, 15*time.Minute)
		for i := range 12 {
			d.Raise(t.Context(), failed(fmt.Sprintf("entry-%02d", i)))
			elapse(5 * time.Second)
		}
		elapse(10 * time.Minute)
		for i := range 12 {
			d.Resolve(t.Context(), alert.ProvisionFailed, fmt.Sprintf("entry-%02d", i))
			elapse(30 * time.Second)
		}
		elapse(time.Hour)
		got := d.texts()
		for i := range got {
			got[i], _, _ = strings.Cut(got[i], ": entry")
		}
		want := []string{
			"3m0s Calls may not reach entry-00. It has stood for 3m.", "4m0s Calls may not reach entry-01. It has stood for 4m. The same for 10 more",
			"11m0s Resolved: it is over, after 11m (00:00 to 00:11 UTC). It was: Calls may not reach entry-00.",
			"16m30s Resolved: it is over, after 11m (00:00 to 00:11 UTC). It was: Calls may not reach entry-01. The same for 10 more",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	})
}

func TestAnOutageIsToldAgainAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, 15*time.Minute)
		d.Raise(t.Context(), alert.Alert{Kind: alert.SourceDown, About: "duty", Text: "The source is down."})
		elapse(50 * time.Hour)
		want := []string{"0s The source is down.", "24h0m0s The source is down. It has stood for 24h.", "48h0m0s The source is down. It has stood for 48h."}
		if diff := cmp.Diff(want, d.texts()); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	})
}

func TestARestartForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records, to := &kept{}, &chat{t: t, started: time.Now()}
		d := openIn(t, 15*time.Minute, to, "one", records)
		d.Raise(t.Context(), alert.Alert{Kind: alert.SourceDown, About: "duty", Text: "The source is down."})
		elapse(time.Minute)
		d.stop()
		d = openIn(t, 15*time.Minute, to, "one", records)
		d.Raise(t.Context(), alert.Alert{Kind: alert.SourceDown, About: "duty", Text: "The source is down."})
		elapse(time.Hour)
		d.stop()
		d = openIn(t, 15*time.Minute, to, "one", records)
		d.Resolve(t.Context(), alert.SourceDown, "duty")
		elapse(time.Hour)
		want := []string{"0s The source is down.", "1h1m0s Resolved: it is over, after 1h1m (00:00 to 01:01 UTC). It was: The source is down."}
		if diff := cmp.Diff(want, d.texts()); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	})
}

// TestSeveralServersSendOneAlert has two servers of one database see the same, and
// one of them longer.
func TestSeveralServersSendOneAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records, to := &kept{}, &chat{t: t, started: time.Now()}
		one, two := openIn(t, 15*time.Minute, to, "one", records), openIn(t, 15*time.Minute, to, "two", records)
		for range 5 {
			for _, d := range []*desk{one, two} {
				d.Raise(t.Context(), alert.Alert{Kind: alert.SourceDown, About: "duty", Text: "The source is down."})
				d.Raise(t.Context(), dead("dentist", "A text is dead."))
			}
			elapse(time.Minute)
		}
		one.Resolve(t.Context(), alert.SourceDown, "duty")
		elapse(time.Minute)
		two.Resolve(t.Context(), alert.SourceDown, "duty")
		elapse(20 * time.Minute)
		got := strings.Join(one.texts(), "\n")
		for text, times := range map[string]int{"s The source is down.": 1, "6m0s Resolved: it is over, after 6m": 1, "s A text is dead.": 2, "15m0s A text is dead. (": 1} {
			if n := strings.Count(got, text); n != times {
				t.Errorf("%q is posted %d times, want %d:\n%s", text, n, times, got)
			}
		}
		if n := strings.Count(one.log.String()+two.log.String(), "msg=alert "); n != 3 {
			t.Errorf("%d lines are logged:\n%s\n%s", n, one.log.String(), two.log.String())
		}
	})
}

// TestAServerThatDiesWhileItSendsIsFollowed has one server die with an alert in its
// hands.
func TestAServerThatDiesWhileItSendsIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records, to := &kept{}, &chat{t: t, started: time.Now()}
		one, two := openIn(t, 15*time.Minute, to, "one", records), openIn(t, 15*time.Minute, to, "two", records)
		to.answers(func(_ http.ResponseWriter, n int) {
			if n == 1 {
				records.fail(true) // what becomes of it is never written down
				<-time.After(5 * time.Second)
			}
		})
		one.Raise(t.Context(), dead("dentist", "A text is dead."))
		synctest.Wait()
		one.stop()
		one.texts()
		records.fail(false)
		elapse(5 * time.Minute)
		if diff := cmp.Diff([]string{"1m0s A text is dead."}, two.texts()); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	})
}

// TestADatabaseThatFailsKeepsNoAlertBack raises what needs no database to be told.
func TestADatabaseThatFailsKeepsNoAlertBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records, to := &kept{}, &chat{t: t, started: time.Now()}
		d := openIn(t, 15*time.Minute, to, "one", records)
		elapse(time.Minute)
		records.fail(true)
		d.Raise(t.Context(), alert.Alert{Kind: alert.DatabaseTrouble, Text: "The database does not answer."})
		elapse(10 * time.Minute)
		records.fail(false)
		elapse(time.Minute)
		d.stop()
		d = openIn(t, 15*time.Minute, to, "one", records)
		d.Resolve(t.Context(), alert.DatabaseTrouble, "")
		elapse(time.Hour)
		want := []string{"1m0s The database does not answer.", "12m0s Resolved: it is over, after 11m (00:01 to 00:12 UTC). It was: The database does not answer."}
		if diff := cmp.Diff(want, d.texts()); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	})
}

func TestAMutedAlertIsQuiet(t *testing.T) {
	for name, key := range map[string]alert.Key{"itself": {Kind: alert.SourceDown, About: "duty"}, "its kind": {Kind: alert.SourceDown}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				records, to := &kept{}, &chat{t: t, started: time.Now()}
				d := openIn(t, 15*time.Minute, to, "one", records)
				if err := alert.Change(t.Context(), records, func(b *alert.Board) { b.Mute(key, time.Now().Add(2*time.Hour)) }); err != nil {
					t.Fatal(err)
				}
				elapse(time.Minute)
				d.Raise(t.Context(), alert.Alert{Kind: alert.SourceDown, About: "duty", Text: "The source is down."})
				elapse(time.Hour)
				d.stop()
				d = openIn(t, 15*time.Minute, to, "one", records)
				elapse(2 * time.Hour)
				if diff := cmp.Diff([]string{"2h0m0s The source is down. It has stood for 1h59m."}, d.texts()); diff != "" {
					t.Errorf("posted (-want +got):\n%s", diff)
				}
			})
		})
	}
}
