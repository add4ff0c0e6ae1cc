package server_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/core/barring"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/test/await"
)

// The parties of calls out.
const (
	thisUser = "2000@example.net"
	nearby   = "+12125550123"
	abroad   = "+18765550123"
)

func TestCallsOutAreBarredByTheSettings(t *testing.T) {
	settings := coreSettings(t, t.TempDir(), "example.net")
	log := &safeLog{}
	s := startCoreIn(t, settings, server.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	if _, err := s.Barring().Admit(thisUser, abroad); err == nil || !strings.Contains(err.Error(), "+1876•••0123 is a number of JM") {
		t.Errorf("a call abroad: %v", err)
	}
	await.That(t, "an alert", func() bool { return strings.Contains(log.String(), "kind=calls_barred about=2000@example.net") })
	if told := log.String(); strings.Contains(told, "8765550123") {
		t.Errorf("the log is\n%s", told)
	}

	more := *settings
	more.Core = new(config.Core)
	*more.Core = *settings.Core
	more.Core.Barring.AllowedCountries = []barring.Country{"JM"}
	if err := s.Reload(t.Context(), &more); err != nil {
		t.Fatal(err)
	}
	release, err := s.Barring().Admit(thisUser, abroad)
	if err != nil {
		t.Fatalf("a call to a country that a reload has allowed: %v", err)
	}
	if strings.Contains(log.String(), "restart") {
		t.Errorf("the log is\n%s", log)
	}
	if lines := s.metrics(t, "switchhook_calls_out"); !strings.HasPrefix(lines, "switchhook_calls_out 1\n") ||
		!strings.Contains(lines, `{result="admitted"} 1`) || !strings.Contains(lines, `{result="foreign"} 1`) {
		t.Errorf("the metrics are\n%s", lines)
	}
	release(0)
}

func TestAlertsOfCallsOutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &safeLog{}
		alerts, err := alert.New(alert.Config{Log: slog.New(slog.NewTextHandler(log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { alerts.Run(ctx) })
		for kind, want := range map[barring.Kind]string{
			barring.CallsBarred: "calls_barred", barring.EmergencyRefused: "emergency_refused",
			barring.NearLimit: "calls_out_near", barring.LimitReached: "calls_out_full",
		} {
			server.TellOfCallsOut(alerts, barring.Alert{Kind: kind, Owner: thisUser, Text: "Too many."})
			<-time.After(time.Minute)
			server.TellOfCallsOut(alerts, barring.Alert{Kind: kind, Owner: thisUser, Over: true})
			<-time.After(time.Minute)
			for _, line := range []string{
				"msg=alert kind=" + want + ` about=2000@example.net text="Too many."`, `msg="alert resolved" kind=` + want + " about=2000@example.net",
			} {
				if !strings.Contains(log.String(), line) {
					t.Errorf("no %s in the log\n%s", line, log)
				}
			}
		}
		stop()
		running.Wait()
	})
}

func TestMinutesOfCallsOutOutliveTheServer(t *testing.T) {
	folder := t.TempDir()
	settings := coreSettings(t, folder, "example.net")
	s := startCoreIn(t, settings, server.Options{})
	if _, err := s.Barring().Admit(thisUser, nearby); err != nil {
		t.Fatal(err)
	}
	await.That(t, "a call of a tenth of a second", func() bool { return s.Barring().Usage().Spent >= 100*time.Millisecond })
	s.stop()
	if err := <-s.stopped; err != nil {
		t.Fatal(err)
	}
	s.stopped <- nil // for the cleanup

	between := storetest.Open(t, store.Config{Folder: folder, Exclusive: true})
	now := time.Now()
	rows, err := between.TrunkTime(t.Context(), now)
	var spent time.Duration
	for _, row := range rows {
		spent += row.Time
		if row.Owner != thisUser {
			t.Errorf("there is time of %s", row.Owner)
		}
	}
	if err != nil || spent < 100*time.Millisecond {
		t.Errorf("%s are left, %v", spent, err)
	}
	ten := []barring.Spent{{Owner: thisUser, Hour: now.Truncate(time.Hour), Time: 600 * time.Minute}}
	if err := between.AddTrunkTime(t.Context(), ten, now); err != nil {
		t.Fatal(err)
	}
	if err := between.Close(); err != nil {
		t.Fatal(err)
	}

	again := startCoreIn(t, settings, server.Options{})
	if _, err := again.Barring().Admit(thisUser, nearby); err == nil || !strings.Contains(err.Error(), "600 of 600 minutes") {
		t.Errorf("a call of a user whose minutes were used up before the start: %v", err)
	}
}
