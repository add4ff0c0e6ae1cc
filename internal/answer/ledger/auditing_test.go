package ledger_test

import (
	"context"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

func TestWhatWasDoneIsRecordedThoughItsClientHasGone(t *testing.T) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var kept []ledger.Event
	audit := ledger.Audit(func(ctx context.Context, e ledger.Event) error {
		if _, bounded := ctx.Deadline(); ctx.Err() != nil || !bounded {
			t.Errorf("the audit may take: %v, bounded: %t", ctx.Err(), bounded)
		}
		kept = append(kept, e)
		return nil
	})
	audit.Record(gone, nil, ledger.EntrySaved("a", map[string]string{"message": "", "from_number": ""}))
	if len(kept) != 1 || kept[0].At.IsZero() || kept[0].Detail != "from_number, message" {
		t.Errorf("recorded: %+v", kept)
	}
}
