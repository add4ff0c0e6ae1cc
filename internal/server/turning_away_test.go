package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/admission"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/test/await"
)

// fill has a database look full to a control, until the test ends.
func fill(t *testing.T, c *admission.Control) {
	t.Helper()
	var group sync.WaitGroup
	c.Do(admission.New, func() { <-time.After(time.Millisecond) })
	for range 64 {
		group.Go(func() { c.Do(admission.New, func() { <-time.After(300 * time.Millisecond) }) })
	}
	group.Wait()
	bound := c.Level().Bound
	if bound == 0 {
		t.Fatal("the database does not look full")
	}
	over := make(chan struct{})
	for range bound {
		group.Go(func() { c.Do(admission.New, func() { <-over }) })
	}
	t.Cleanup(func() {
		close(over)
		group.Wait()
	})
	await.That(t, "calls in hand", func() bool { return c.Level().InHand == bound })
}

func TestCallersAreTurnedAwayWhileTheDatabaseIsFull(t *testing.T) {
	folder := folderOf(t, map[string]string{
		"switchhook.toml": weakSettings(longSecret, longSecret) + "[clicktocall]\naccept_bare = true\n",
		"data/domains.json": `{"shop": {"api_domain": "example.net", "user": "2000", "ns_system_user": "8001", "from_number": "12125550100",
			"message": "We are open.", "queue": "9002@example.net"}}`,
	})
	a, _, err := started(t, config.Sources{Path: "switchhook.toml", Dir: folder})
	if err != nil {
		t.Fatal(err)
	}
	texts, presses := a.Overload().Controls()
	fill(t, texts)
	fill(t, presses)

	called := httptest.NewRecorder()
	a.Handler().ServeHTTP(called, httptest.NewRequest(http.MethodGet, "/webresponder?id=shop&NmsAni=%2B19734321440&OrigCallID=1", http.NoBody))
	const apology = "<Response><Say>Sorry, we could not send directions at this time.</Say><Hangup/></Response>"
	if called.Code != http.StatusOK || called.Body.String() != apology {
		t.Errorf("the caller is answered %d, %s", called.Code, called.Body)
	}
	pressed := httptest.NewRecorder()
	a.Handler().ServeHTTP(pressed, httptest.NewRequest(http.MethodPost, "/click-to-call", strings.NewReader(`{"id":"shop","phone":"19734321440"}`)))
	if pressed.Code != http.StatusServiceUnavailable || pressed.Header().Get("Retry-After") != "5" || !strings.Contains(pressed.Body.String(), `"unavailable"`) {
		t.Errorf("the visitor is answered %d, %v, %s", pressed.Code, pressed.Header(), pressed.Body)
	}
	for feature, control := range map[string]*admission.Control{"text-back": texts, "click-to-call": presses} {
		if n := control.Level().Refused; n != 1 {
			t.Errorf("%d are turned away by %s", n, feature)
		}
	}
}

func TestAnOverloadIsOneAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &safeLog{}
		alerts, err := alert.New(alert.Config{Log: slog.New(slog.NewTextHandler(log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { alerts.Run(ctx) })
		var o server.Overload
		texts, presses := o.Controls()
		fill(t, texts)
		fill(t, presses)
		for range 3 {
			texts.Do(admission.New, func() {})
			presses.Do(admission.New, func() {})
			o.Watch(ctx, alerts, time.Now())
			<-time.After(30 * time.Second)
			o.Watch(ctx, alerts, time.Now())
		}
		if n := strings.Count(log.String(), "kind=overload"); n != 1 || !strings.Contains(log.String(), "1 callers heard the apology at once, and 1 visitors") {
			t.Errorf("the log is\n%s", log)
		}
		<-time.After(time.Minute)
		o.Watch(ctx, alerts, time.Now())
		synctest.Wait()
		if !strings.Contains(log.String(), `msg="alert resolved" kind=overload`) {
			t.Errorf("the log is\n%s", log)
		}
		stop()
		running.Wait()
	})
}
