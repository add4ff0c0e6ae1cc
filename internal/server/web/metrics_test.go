package web_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/optout"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/web"
)

// scrape returns the lines of some metrics, as Prometheus gets them.
func scrape(t *testing.T, m *web.Metrics, names ...string) []string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	var lines []string
	for scanner := bufio.NewScanner(w.Body); scanner.Scan(); {
		name, _, _ := strings.Cut(strings.Fields(scanner.Text())[0], "{")
		for _, wanted := range names {
			if name == wanted {
				lines = append(lines, strings.TrimPrefix(scanner.Text(), "switchhook_"))
			}
		}
	}
	return lines
}

func TestWhatBecomesOfTextsIsCounted(t *testing.T) {
	m := web.NewMetrics()
	for _, r := range []ledger.Result{
		{State: ledger.Sent}, {State: ledger.Sent, Why: ledger.Uncertain}, {State: ledger.Dead, Why: ledger.Refused},
		{State: ledger.Queued, Why: ledger.Failed}, {State: ledger.Queued}, {State: ledger.Dead, Why: "+12125550100"},
	} {
		m.Attempt(r)
	}
	for _, word := range []optout.Word{optout.Stop, optout.None, "+12125550100"} {
		m.Inbound(word)
	}
	m.Subscription(true)
	m.Subscription(false)
	m.DatabaseError()
	want := []string{
		`database_errors_total 1`,
		`inbound_texts_total{word="help"} 0`,
		`inbound_texts_total{word="other"} 2`,
		`inbound_texts_total{word="start"} 0`,
		`inbound_texts_total{word="stop"} 1`,
		`subscription_checks_total{result="failed"} 1`,
		`subscription_checks_total{result="ok"} 1`,
		`text_attempts_total{result="failed"} 1`,
		`text_attempts_total{result="late"} 0`,
		`text_attempts_total{result="other"} 1`,
		`text_attempts_total{result="refused"} 1`,
		`text_attempts_total{result="sent"} 2`,
		`text_attempts_total{result="suppressed"} 0`,
		`text_attempts_total{result="uncertain"} 0`,
	}
	got := scrape(t, m, "switchhook_database_errors_total", "switchhook_inbound_texts_total", "switchhook_subscription_checks_total", "switchhook_text_attempts_total")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

func TestAlertsAreCounted(t *testing.T) {
	m := web.NewMetrics()
	m.Alert(alert.TextDead, true)
	m.Alert(alert.TextDead, false)
	m.Alert("colour", true)
	got := scrape(t, m, "switchhook_alerts_total")
	if len(got) != 2*len(alert.Kinds())+1 {
		t.Errorf("%d series: %q", len(got), got)
	}
	for _, want := range []string{
		`alerts_total{kind="text_dead",result="ok"} 1`, `alerts_total{kind="text_dead",result="failed"} 1`,
		`alerts_total{kind="database_trouble",result="ok"} 0`, `alerts_total{kind="other",result="ok"} 1`,
	} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("there is no %s in %q", want, got)
		}
	}
}

var allLevels = []string{
	"switchhook_texts", "switchhook_texts_dead", "switchhook_suppressions", "switchhook_provisioned_entries", "switchhook_jobs",
	"switchhook_oldest_due_text_seconds",
}

func TestLevelsAreReadWhenTheyAreAskedFor(t *testing.T) {
	m := web.NewMetrics()
	if got := scrape(t, m, allLevels...); got != nil {
		t.Errorf("before they can be read there are %q", got)
	}
	reads := 0
	m.ReadLevels(func(ctx context.Context) (web.Levels, error) {
		reads++
		if _, limited := ctx.Deadline(); !limited {
			t.Error("the reading has no end")
		}
		return web.Levels{
			Texts:        map[ledger.State]int{ledger.Sent: 12, ledger.Dead: 3},
			Dead:         map[ledger.Why]int{ledger.Refused: 2, "odd": 1},
			Suppressions: map[ledger.Channel]int{ledger.Texts: 4},
			Entries:      map[web.EntryState]int{web.EntryInOrder: 9, web.EntryConflict: 1},
			Jobs:         map[web.JobState]int{web.JobWaiting: 5},
		}, nil
	})
	want := []string{
		`jobs{state="running"} 0`,
		`jobs{state="waiting"} 5`,
		`oldest_due_text_seconds 0`,
		`provisioned_entries{state="conflict"} 1`,
		`provisioned_entries{state="failed"} 0`,
		`provisioned_entries{state="in_order"} 9`,
		`provisioned_entries{state="removed"} 0`,
		`provisioned_entries{state="unknown"} 0`,
		`suppressions{channel="all"} 0`,
		`suppressions{channel="call"} 0`,
		`suppressions{channel="text"} 4`,
		`texts{state="dead"} 3`,
		`texts{state="queued"} 0`,
		`texts{state="sending"} 0`,
		`texts{state="sent"} 12`,
		`texts_dead{why="failed"} 0`,
		`texts_dead{why="late"} 0`,
		`texts_dead{why="other"} 1`,
		`texts_dead{why="refused"} 2`,
		`texts_dead{why="suppressed"} 0`,
		`texts_dead{why="uncertain"} 0`,
	}
	if diff := cmp.Diff(want, scrape(t, m, allLevels...)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if reads != 1 {
		t.Errorf("they were read %d times", reads)
	}
}

func TestLevelsThatAreNotKnownAreNotShown(t *testing.T) {
	m := web.NewMetrics()
	m.ReadLevels(func(context.Context) (web.Levels, error) {
		return web.Levels{Texts: map[ledger.State]int{}, OldestDue: time.Now().Add(-time.Hour)}, nil
	})
	got := scrape(t, m, allLevels...)
	if len(got) != 5 || !strings.HasPrefix(got[0], "oldest_due_text_seconds 3600") {
		t.Errorf("metrics: %q", got)
	}

	m.ReadLevels(func(context.Context) (web.Levels, error) { return web.Levels{}, errors.New("the disk is full") })
	if got := scrape(t, m, allLevels...); got != nil {
		t.Errorf("of a database that fails there are %q", got)
	}
	if got := scrape(t, m, "switchhook_database_errors_total"); got[0] != "database_errors_total 1" && got[0] != "database_errors_total 2" {
		t.Errorf("failures: %q", got)
	}
}
