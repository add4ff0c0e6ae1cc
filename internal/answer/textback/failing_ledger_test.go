package textback_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// troubled is a ledger in trouble: its methods take a while, and may fail
// before or after they are done.
type troubled struct {
	textback.Ledger

	begin, finish trouble
}

// trouble is what one method does.
type trouble struct {
	takes         time.Duration
	before, after error
}

func (t trouble) do(ctx context.Context, work func() error) error {
	if t.takes > 0 {
		select {
		case <-time.After(t.takes):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if t.before != nil {
		return t.before
	}
	return errors.Join(work(), t.after)
}

func (t *troubled) Begin(ctx context.Context, call ledger.Call, decide func(ledger.History) ledger.Decision) (begun ledger.Begun, err error) {
	err = t.begin.do(ctx, func() error {
		begun, err = t.Ledger.Begin(ctx, call, decide)
		return err
	})
	return begun, err
}

func (t *troubled) Finish(ctx context.Context, r ledger.Result) error {
	return t.finish.do(ctx, func() error { return t.Ledger.Finish(ctx, r) })
}

var errDisk = errors.New("the disk is full")

func TestWithoutItsRecordNoTextGoesOut(t *testing.T) {
	for name, test := range map[string]struct {
		begin trouble
		after time.Duration
		again textback.Reason // what the phone system's retry hears, the ledger being well
	}{
		"down":                           {trouble{before: errDisk}, 0, textback.Sent},
		"it hangs":                       {trouble{takes: time.Hour}, textback.DefaultPatience, textback.Sent},
		"written, and it did not say so": {trouble{after: errDisk}, 0, textback.Uncertain},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ill := &troubled{begin: test.begin}
				s := startInBubble(t, allTexts, func(c *textback.Config) { ill.Ledger, c.Ledger = c.Ledger, ill })
				began := time.Now()
				wantXML(t, s.call("+19734321440", "call-1"), hears(textback.Failed))
				if took := time.Since(began); took != test.after {
					t.Errorf("the caller waits for %v, want %v", took, test.after)
				}
				s.wantTexts(0)
				ill.begin = trouble{}
				wantXML(t, s.call("+19734321440", "call-1"), hears(test.again))
			})
		})
	}
}

func TestASlowLedgerLeavesLessTimeForThePhoneSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ill := &troubled{begin: trouble{takes: 3 * time.Second}}
		s := startInBubble(t, allTexts, func(c *textback.Config) { ill.Ledger, c.Ledger = c.Ledger, ill })
		s.system.Break(nstest.SendMessage, 1, nstest.Slow(2*time.Second))
		began := time.Now()
		wantXML(t, s.call("+19734321440", "call-1"), hears(textback.Uncertain))
		if took := time.Since(began); took != textback.DefaultPatience {
			t.Errorf("the caller waits for %v", took)
		}
	})
}

func TestWhatCannotBeWrittenDownIsFoundLater(t *testing.T) {
	for name, test := range map[string]struct {
		finish trouble
		fault  *nstest.Fault
		policy textback.Policy
		want   textback.Reason // what the caller hears
		after  time.Duration
		state  ledger.State // in the end
		why    ledger.Why
		texts  int
	}{
		"sent":                       {finish: trouble{before: errDisk}, want: textback.Sent, state: ledger.Sent, texts: 1},
		"sent, and the ledger hangs": {finish: trouble{takes: time.Hour}, want: textback.Sent, after: 3 * time.Second, state: ledger.Sent, texts: 1},
		"it failed":                  {finish: trouble{before: errDisk}, fault: new(nstest.Refuses(503, "Down")), want: textback.Failed, state: ledger.Dead, why: ledger.Uncertain},
		"it failed and was to go on": {
			finish: trouble{before: errDisk}, fault: new(nstest.Refuses(503, "Down")), policy: textback.Policy{QueueOnFailure: true},
			want: textback.Failed, state: ledger.Dead, why: ledger.Uncertain,
		},
		"it failed and may go out twice": {
			finish: trouble{before: errDisk}, fault: new(nstest.Refuses(503, "Down")), policy: textback.Policy{QueueOnFailure: true, Resend: true},
			want: textback.Failed, state: ledger.Sent, texts: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ill := &troubled{finish: test.finish}
				s := startInBubble(t, allTexts, func(c *textback.Config) { ill.Ledger, c.Ledger, c.Policy = c.Ledger, ill, test.policy })
				if test.fault != nil {
					s.system.Break(nstest.SendMessage, 1, *test.fault)
				}
				began := time.Now()
				wantXML(t, s.call("+19734321440", "call-1"), hears(test.want))
				if took := time.Since(began); took != test.after {
					t.Errorf("the caller waits for %v, want %v", took, test.after)
				}
				if got := s.only(); got.State != ledger.Sending {
					t.Fatalf("the text is %s", got.State)
				}
				time.Sleep(15 * time.Second) // its lease is over
				s.work(s.outbox(test.policy))
				if got := s.only(); got.State != test.state || got.Why != test.why {
					t.Errorf("the text is %s because %q, want %s, %q", got.State, got.Why, test.state, test.why)
				}
				s.wantTexts(test.texts)
			})
		})
	}
}

// TestALockedDatabaseIsAnApology holds the write lock of the real file, as a
// tool does that somebody opens it with.
func TestALockedDatabaseIsAnApology(t *testing.T) {
	config := storetest.SQLite(t)
	kept := storetest.Open(t, config)
	s := start(t, allTexts, func(c *textback.Config) { c.Ledger, c.Patience = kept, 300*time.Millisecond })
	lock := lockFile(t, filepath.Join(config.Folder, "switchhook.db"))
	wantXML(t, s.call("+19734321440", "call-1"), hears(textback.Failed))
	s.wantTexts(0)
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	s = start(t, allTexts, func(c *textback.Config) { c.Ledger = kept })
	wantXML(t, s.call("+19734321440", "call-2"), hears(textback.Sent))
}

func TestAClosedDatabaseIsAnApology(t *testing.T) {
	kept, err := store.Open(t.Context(), storetest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, allTexts, func(c *textback.Config) { c.Ledger = kept })
	if err := kept.Close(); err != nil {
		t.Fatal(err)
	}
	wantXML(t, s.call("+19734321440", "call-1"), hears(textback.Failed))
	s.wantTexts(0)
}

// lockFile takes the write lock of an SQLite file.
func lockFile(t *testing.T, path string) *sql.Tx {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}
