package alert_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/server/alert"
)

func dead(entry, text string) alert.Alert {
	return alert.Alert{Kind: alert.TextDead, About: entry, Text: text}
}

func TestAnAlertIsPostedAndLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, time.Minute)
		d.Raise(t.Context(), alert.Alert{Kind: alert.ProvisionConflict, About: "dentist", Text: "The rule of 12125550100 is somebody else's."})
		synctest.Wait()
		want := []posted{{Kind: "provision_conflict", About: "dentist", Text: "The rule of 1212•••0100 is somebody else's.", Count: 1, At: d.started.UTC()}}
		if diff := cmp.Diff(want, d.got, cmpopts.IgnoreUnexported(posted{})); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
		if log := d.log.String(); !strings.Contains(log, `msg=alert kind=provision_conflict about=dentist text="The rule of 1212•••0100 is`) {
			t.Errorf("the log says:\n%s", log)
		}
		if diff := cmp.Diff([]string{"provision_conflict arrived"}, d.counts); diff != "" {
			t.Errorf("counted (-want +got):\n%s", diff)
		}
	})
}

func TestTheSameAlertIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, 15*time.Minute)
		for i := range 5 {
			d.Raise(t.Context(), dead("dentist", fmt.Sprintf("Text %d is dead.", i+1)))
			elapse(time.Minute)
		}
		d.Raise(t.Context(), dead("baker", "Text 9 is dead."))
		elapse(time.Hour)
		d.Raise(t.Context(), dead("dentist", "Text 6 is dead."))
		want := []string{"0s Text 1 is dead.", "5m0s Text 9 is dead.", "15m0s Text 5 is dead. (4 times)", "1h5m0s Text 6 is dead."}
		if diff := cmp.Diff(want, d.texts()); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
		if n := strings.Count(d.log.String(), "msg=alert "); n != 4 {
			t.Errorf("%d lines are logged, want one for each alert:\n%s", n, d.log.String())
		}
	})
}

func TestTheEndIsToldToThoseWhoWereToldOfTheBeginning(t *testing.T) {
	const down = "The source is down."
	over := func(after, from, to string) string {
		return fmt.Sprintf("Resolved: it is over, after %s (%s to %s UTC). It was: %s Calls go by what it says now.", after, from, to, down)
	}
	raise := func(t *testing.T, d *desk) {
		d.Raise(t.Context(), alert.Alert{Kind: alert.SourceDown, About: "duty", Text: down})
	}
	resolve := func(t *testing.T, d *desk) {
		d.Resolve(t.Context(), alert.SourceDown, "duty", "Calls go by what it says now.")
	}
	wait := func(*testing.T, *desk) { elapse(2 * time.Minute) }
	for _, c := range []struct {
		name string
		do   []func(*testing.T, *desk)
		want []string
	}{
		{"after it", []func(*testing.T, *desk){raise, wait, resolve, wait}, []string{"0s " + down, "2m0s " + over("2m", "00:00", "00:02")}},
		{"once", []func(*testing.T, *desk){raise, wait, resolve, resolve, wait, resolve}, []string{"0s " + down, "2m0s " + over("2m", "00:00", "00:02")}},
		{"of nothing", []func(*testing.T, *desk){resolve, wait}, nil},
		{"however often it came up", []func(*testing.T, *desk){raise, wait, raise, raise, wait, wait, wait, wait, wait, raise, resolve, wait},
			[]string{"0s " + down, "12m0s " + over("12m", "00:00", "00:12")}},
		{"and again, held back", []func(*testing.T, *desk){raise, wait, resolve, wait, raise, wait, wait, wait, wait, wait, wait},
			[]string{"0s " + down, "2m0s " + over("2m", "00:00", "00:02"), "12m0s " + down + " It has stood for 12m."}},
		{"and again, over before that", []func(*testing.T, *desk){raise, wait, resolve, wait, raise, wait, resolve, wait, wait, wait, wait, wait},
			[]string{"0s " + down, "2m0s " + over("2m", "00:00", "00:02")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := open(t, 10*time.Minute)
				for _, step := range c.do {
					step(t, d)
				}
				if diff := cmp.Diff(c.want, d.texts()); diff != "" {
					t.Errorf("posted (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestAnEndRightAfterTheBeginningIsToldWithIt, or neither is: that depends on whether
// the post of the beginning was faster.
func TestAnEndRightAfterTheBeginningIsToldWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, 10*time.Minute)
		d.Raise(t.Context(), alert.Alert{Kind: alert.SourceDown, About: "duty", Text: "It is down."})
		d.Resolve(t.Context(), alert.SourceDown, "duty")
		elapse(2 * time.Minute)
		if n := len(d.texts()); n != 0 && n != 2 {
			t.Errorf("posted is %q", d.texts())
		}
	})
}

// TestManyAlertsAreOne raises alerts for a thousand entries: memory is bounded,
// and people get a few messages.
func TestManyAlertsAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, 15*time.Minute)
		for i := range 1000 {
			d.Raise(t.Context(), dead(fmt.Sprintf("entry-%03d", i), "A text is dead."))
		}
		d.Raise(t.Context(), alert.Alert{Kind: alert.DatabaseTrouble, Text: "The disk is full."})
		elapse(time.Hour)
		all := strings.Join(d.texts(), "\n")
		if n := len(d.times()); n > 4 || !strings.Contains(all, "s The disk is full.\n") || !strings.Contains(all, "A text is dead. The same for ") || !strings.Contains(all, " others.") {
			t.Errorf("%d are posted:\n%s", n, all)
		}

		elapse(8 * 24 * time.Hour)
		d.Raise(t.Context(), dead("entry-999", "A text is dead."))
		if got := d.texts(); len(got) != 8+1 || strings.Contains(got[8], "times") { // the database is still in trouble
			t.Errorf("after a week there is still no place: %q", got)
		}
	})
}

func TestAnAlertThatDoesNotArriveIsSentAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, n int)
		times  []time.Duration // of requests
		want   []string
		log    string
	}{
		{"after a failure", func(w http.ResponseWriter, n int) {
			if n <= 3 {
				w.WriteHeader(http.StatusBadGateway)
			}
		}, []time.Duration{0, 2 * time.Second, 6 * time.Second, 14 * time.Second}, []string{"14s A text is dead."}, ""},
		{"when it is asked to wait", func(w http.ResponseWriter, n int) {
			if n == 1 {
				w.Header().Set("Retry-After", "30")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		}, []time.Duration{0, 30 * time.Second}, []string{"30s A text is dead."}, ""},
		{"not after a refusal", func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusNotFound) },
			[]time.Duration{0}, nil, "it was refused with status 404"},
		{"not after a redirect", func(w http.ResponseWriter, _ int) {
			w.Header().Set("Location", "http://elsewhere.example.net/"+secret)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, []time.Duration{0}, nil, "alerts go to the address of the settings alone"},
		{"not for ever", func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusInternalServerError) },
			[]time.Duration{0, 2 * time.Second, 6 * time.Second, 14 * time.Second, 30 * time.Second, 62 * time.Second, 126 * time.Second,
				246 * time.Second, 366 * time.Second, 486 * time.Second, 606 * time.Second, 726 * time.Second, 846 * time.Second, 966 * time.Second},
			nil, "it was answered with status 500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := open(t, time.Minute)
				d.answers(c.answer)
				d.Raise(t.Context(), dead("dentist", "A text is dead."))
				elapse(time.Hour)
				if diff := cmp.Diff(c.times, d.times()); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.want, d.texts()); diff != "" {
					t.Errorf("posted (-want +got):\n%s", diff)
				}
				if c.log != "" && (!strings.Contains(d.log.String(), c.log) || !strings.Contains(d.log.String(), "host=chat.example.net")) {
					t.Errorf("the log does not say %q:\n%s", c.log, d.log.String())
				}
			})
		})
	}
}

func TestWhatComesUpWhileAnAlertDoesNotArrive(t *testing.T) {
	failing := func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusInternalServerError) }
	t.Run("is told with it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := open(t, time.Minute)
			d.answers(failing)
			d.Raise(t.Context(), dead("dentist", "Text 1 is dead."))
			elapse(time.Second)
			d.Raise(t.Context(), dead("dentist", "Text 2 is dead."))
			d.Raise(t.Context(), dead("baker", "Text 3 is dead."))
			d.answers(nil)
			elapse(time.Minute)
			if diff := cmp.Diff([]string{"2s Text 3 is dead. The same for 1 more: dentist."}, d.texts()); diff != "" {
				t.Errorf("posted (-want +got):\n%s", diff)
			}
		})
	})
	t.Run("is not told where it has ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := open(t, time.Minute)
			d.answers(failing)
			d.Raise(t.Context(), dead("dentist", "Text 1 is dead."))
			elapse(time.Second)
			d.Resolve(t.Context(), alert.TextDead, "dentist")
			d.answers(nil)
			elapse(time.Minute)
			if got := d.texts(); got != nil {
				t.Errorf("posted: %q", got)
			}
		})
	})
	t.Run("takes the end back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d := open(t, time.Minute)
			d.Raise(t.Context(), dead("dentist", "Text 1 is dead."))
			elapse(10 * time.Second)
			d.answers(failing)
			d.Resolve(t.Context(), alert.TextDead, "dentist")
			elapse(time.Second)
			d.Raise(t.Context(), dead("dentist", "Text 2 is dead."))
			d.answers(nil)
			elapse(2 * time.Minute)
			if diff := cmp.Diff([]string{"0s Text 1 is dead.", "1m0s Text 2 is dead."}, d.texts()); diff != "" {
				t.Errorf("posted (-want +got):\n%s", diff)
			}
		})
	})
}

// TestRaisingWaitsForNothing raises alerts while the chat has a request that it
// does not answer.
func TestRaisingWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, time.Minute)
		d.answers(func(http.ResponseWriter, int) { <-time.After(9 * time.Second) })
		d.Raise(t.Context(), dead("dentist", "Text 1 is dead."))
		elapse(time.Second)
		before := time.Now()
		for i := range 2000 {
			d.Raise(t.Context(), dead(fmt.Sprint(i), "A text is dead."))
			d.Resolve(t.Context(), alert.TextDead, fmt.Sprint(i))
		}
		if took := time.Since(before); took != 0 {
			t.Errorf("it took %s", took)
		}
		elapse(time.Minute)
		if diff := cmp.Diff([]string{"9s Text 1 is dead."}, d.texts()[:1]); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	})
}

func TestWhatWaitsIsSentByTheNextServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records, to := &kept{}, &chat{t: t, started: time.Now()}
		d := openIn(t, time.Hour, to, "one", records)
		d.Raise(t.Context(), dead("dentist", "Text 1 is dead."))
		elapse(time.Second)
		d.Raise(t.Context(), dead("dentist", "Text 2 is dead."))
		d.stop()
		elapse(time.Minute)
		openIn(t, time.Hour, to, "one", records)
		elapse(2 * time.Hour)
		if diff := cmp.Diff([]string{"0s Text 1 is dead.", "1h0m0s Text 2 is dead."}, d.texts()); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	})
}

func TestAServerThatStopsDoesNotWaitForAChatThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, time.Hour)
		d.answers(func(http.ResponseWriter, int) { <-time.After(time.Minute) })
		d.Raise(t.Context(), dead("dentist", "Text 1 is dead."))
		synctest.Wait()
		d.stop()
		if took := time.Since(d.started); took > 15*time.Second {
			t.Errorf("it took %s", took)
		}
		if !strings.Contains(d.log.String(), "alerts not sent before shutdown") {
			t.Errorf("the log says:\n%s", d.log.String())
		}
		elapse(time.Minute) // for the chat
	})
}

func TestWithoutAnAddressAlertsAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, 10*time.Minute)
		if err := d.Configure(alert.Settings{QuietFor: 10 * time.Minute}, ""); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			d.Raise(t.Context(), dead("dentist", "A text is dead."))
			elapse(time.Minute)
		}
		d.Resolve(t.Context(), alert.TextDead, "dentist")
		elapse(time.Hour)
		log := d.log.String()
		if strings.Count(log, "msg=alert ") != 1 || strings.Count(log, `msg="alert resolved"`) != 1 || len(d.times()) != 0 || len(d.counts) != 0 {
			t.Errorf("asked at %v, counted %v, the log says:\n%s", d.times(), d.counts, log)
		}

		if err := d.Configure(settingsOf("http://chat.example.net/hooks/"+secret, time.Minute), ""); err != nil {
			t.Fatal(err)
		}
		d.Raise(t.Context(), dead("dentist", "A text is dead."))
		if got := d.texts(); len(got) != 1 {
			t.Errorf("with an address: %q", got)
		}
	})
}

func TestAnAddressThatIsNoneIsRefusedWithoutShowingIt(t *testing.T) {
	for _, address := range []string{"ftp://a/" + secret, secret, "https:///" + secret, "http://a b/" + secret, "://" + secret} {
		s, err := alert.New(alert.Config{Settings: settingsOf(address, 0)})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s makes %v and the error %v", address, s, err)
		}
	}
}

// TestOwnClientReachesTheOperatorsNetwork: the chat may be on a private
// network.
func TestOwnClientReachesTheOperatorsNetwork(t *testing.T) {
	asked := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	counted := make(chan bool, 10)
	s, err := alert.New(alert.Config{
		Settings: settingsOf(server.URL+"/hooks/"+secret, 0), Log: slog.New(slog.DiscardHandler),
		Count: func(_ alert.Kind, _ string, arrived bool) { counted <- arrived },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	s.Raise(ctx, dead("dentist", "A text is dead."))
	if <-counted {
		t.Error("it has arrived, where it was to be taken elsewhere")
	}
	cancel()
	running.Wait()
	if diff := cmp.Diff([]string{"/hooks/" + secret}, []string{<-asked}); diff != "" || len(asked) > 0 {
		t.Errorf("asked, and %d more (-want +got):\n%s", len(asked), diff)
	}
}

func TestTextsAreHarmlessInAChat(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Text 1 to +12125550100 is dead.", "Text 1 to +1212•••0100 is dead."},
		{"It said <!channel> & <https://bad.example|good>.", "It said ‹!channel› & ‹https://bad.example|good›."},
		{"It said @channel, @Here and 100@example.net.", "It said @ channel, @ Here and 100@example.net."},
		{"Two\nlines\x00 and \xff.", "Two lines  and �."},
		{strings.Repeat("ä", 2000), strings.Repeat("ä", 1500) + "…"},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := open(t, time.Minute)
			d.Raise(t.Context(), dead("dentist", c.text))
			if diff := cmp.Diff([]string{"0s " + c.want}, d.texts()); diff != "" {
				t.Errorf("posted (-want +got):\n%s", diff)
			}
		})
	}
}
