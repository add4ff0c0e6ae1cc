package server_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/test/scrape"
)

func TestLevelsAreReadWhenTheyAreAskedFor(t *testing.T) {
	reads := 0
	levels := server.NewLevels(func(ctx context.Context) (server.Levels, error) {
		reads++
		if _, limited := ctx.Deadline(); !limited {
			t.Error("the reading has no end")
		}
		return server.Levels{
			Texts: map[ledger.State]int{ledger.Sent: 12, ledger.Dead: 3},
			Standing: store.Standing{
				Dead:         map[ledger.Why]int{ledger.Refused: 2, "odd": 1},
				Suppressions: map[ledger.Channel]int{ledger.Texts: 4},
				Waiting:      5,
			},
			Entries: map[provision.Condition]int{provision.InOrder: 9, provision.Disputed: 1},
		}, nil
	}, func() { t.Error("they cannot be read") })
	want := []string{
		`switchhook_jobs{state="running"} 0`,
		`switchhook_jobs{state="waiting"} 5`,
		`switchhook_oldest_due_text_seconds 0`,
		`switchhook_provisioned_entries{state="conflict"} 1`,
		`switchhook_provisioned_entries{state="failed"} 0`,
		`switchhook_provisioned_entries{state="in_order"} 9`,
		`switchhook_provisioned_entries{state="removed"} 0`,
		`switchhook_provisioned_entries{state="unknown"} 0`,
		`switchhook_suppressions{channel="all"} 0`,
		`switchhook_suppressions{channel="call"} 0`,
		`switchhook_suppressions{channel="text"} 4`,
		`switchhook_texts{state="dead"} 3`,
		`switchhook_texts{state="queued"} 0`,
		`switchhook_texts{state="sending"} 0`,
		`switchhook_texts{state="sent"} 12`,
		`switchhook_texts_dead{why="failed"} 0`,
		`switchhook_texts_dead{why="late"} 0`,
		`switchhook_texts_dead{why="other"} 1`,
		`switchhook_texts_dead{why="refused"} 2`,
		`switchhook_texts_dead{why="suppressed"} 0`,
		`switchhook_texts_dead{why="uncertain"} 0`,
	}
	if diff := cmp.Diff(want, scrape.Lines(t, levels)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if reads != 1 {
		t.Errorf("they were read %d times", reads)
	}
}

func TestTheOldestDueTextHasAnAge(t *testing.T) {
	levels := server.NewLevels(func(context.Context) (server.Levels, error) {
		return server.Levels{Due: time.Now().Add(-time.Hour)}, nil
	}, nil)
	got := scrape.Lines(t, levels)
	if !slices.ContainsFunc(got, func(line string) bool { return strings.HasPrefix(line, "switchhook_oldest_due_text_seconds 3600") }) {
		t.Errorf("metrics: %q", got)
	}
}

func TestLevelsThatCannotBeReadAreNotShown(t *testing.T) {
	failures := 0
	levels := server.NewLevels(func(context.Context) (server.Levels, error) { return server.Levels{}, errors.New("the disk is full") }, func() { failures++ })
	if got := scrape.Lines(t, levels); got != nil || failures != 1 {
		t.Errorf("of a database that fails there are %q, and %d failures", got, failures)
	}
}
