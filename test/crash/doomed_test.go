package crash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// point is a moment of an attempt at a text.
type point string

// The points, in their order.
const (
	rowWritten  point = "row written"     // the ledger has it that an attempt begins
	requestSent point = "request sent"    // the phone system has the text and has not answered
	answered    point = "answer received" // the ledger does not have its result
	writtenDown point = "answer written"  // the caller has not been answered
)

// textJob is the kind of job that makes an attempt.
const textJob = "text"

// doom is when and where a process must die.
type doom struct {
	System   string // the phone system's URL
	Entries  string // domains.json
	URL      string // of the database; empty: it is in Folder
	Folder   string
	Point    point
	InJob    bool     // at the second attempt, which a job makes; else at the first
	Callers  []string // who call at once: the process dies when all of them are at the point
	Policy   textback.Policy
	Patience time.Duration
}

// textBack is text-back as the server composes it, but for a ledger that may
// be mortal.
type textBack struct {
	webhook *textback.Webhook
	outbox  *textback.Outbox
}

// ledgerAndQueue is what text-back uses of a store.
type ledgerAndQueue interface {
	textback.Ledger
	textback.Queue
}

func (d *doom) compose(s ledgerAndQueue) (*textBack, error) {
	client, err := netsapiens.New(netsapiens.Config{URL: d.System, Token: nstest.Token})
	if err != nil {
		return nil, err
	}
	all, err := entry.Open(d.Entries, nil)
	if err != nil {
		return nil, err
	}
	texts := textback.Texts{}
	for _, reason := range textback.Reasons() {
		texts[reason] = string(reason)
	}
	webhook, err := textback.NewWebhook(textback.Config{
		Entries: all, Ledger: s, Sender: client, Patience: d.Patience, Policy: d.Policy, Texts: texts,
		Log: func(context.Context, slog.Level, string, ...slog.Attr) {},
	})
	return &textBack{webhook, &textback.Outbox{Queue: s, Sender: client, Finder: client, Policy: d.Policy}}, err
}

// work works the jobs of texts.
func (b *textBack) work(ctx context.Context, s *store.Store) (*store.Worker, error) {
	return s.Work(ctx, map[string]store.Handler{textJob: b.outbox.Work},
		store.WorkOptions{Patience: map[string]time.Duration{textJob: b.outbox.Policy.Pace.Job()}})
}

// hears has a caller's phone system ask the webhook.
func (b *textBack) hears(number string) textback.Reason {
	w := httptest.NewRecorder()
	b.webhook.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/webresponder?"+query(number, "call-of-"+number).Encode(), http.NoBody))
	if found := says.FindSubmatch(w.Body.Bytes()); found != nil {
		return textback.Reason(found[1])
	}
	return textback.Reason(w.Body.String())
}

// mortal is a store whose process dies when all callers of a doom are at its
// point.
type mortal struct {
	*store.Store
	doom *doom

	mu      sync.Mutex
	ours    map[string]bool // ids of the texts to those callers
	arrived int
}

func (m *mortal) Begin(ctx context.Context, call ledger.Call, decide func(ledger.History) ledger.Decision) (ledger.Begun, error) {
	begun, err := m.Store.Begin(ctx, call, decide)
	if err == nil && begun.Text != nil && !begun.Repeated {
		m.mu.Lock()
		m.ours[begun.Text.ID] = true
		m.mu.Unlock()
		m.reach(rowWritten, begun.Text.ID, begun.Text.Attempts)
	}
	return begun, err
}

func (m *mortal) Claim(ctx context.Context, id string, now, lease time.Time) (ledger.Text, error) {
	text, err := m.Store.Claim(ctx, id, now, lease)
	if err == nil {
		m.reach(rowWritten, id, text.Attempts)
	}
	return text, err
}

func (m *mortal) Finish(ctx context.Context, r ledger.Result) error {
	m.reach(answered, r.ID, r.Attempt)
	err := m.Store.Finish(ctx, r)
	if err == nil {
		m.reach(writtenDown, r.ID, r.Attempt)
	}
	return err
}

// reach does not return if the process must die here.
func (m *mortal) reach(at point, id string, attempt int) {
	m.mu.Lock()
	here := at == m.doom.Point && m.ours[id] && (attempt > 1) == m.doom.InJob
	if here {
		m.arrived++
	}
	last := here && m.arrived == len(m.doom.Callers)
	m.mu.Unlock()
	if last {
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		if err != nil {
			panic(err)
		}
	}
	if here {
		select {}
	}
}

// runDoomed is the process. It returns only if it could not begin.
func runDoomed(ctx context.Context) error {
	var d doom
	if err := json.NewDecoder(os.Stdin).Decode(&d); err != nil {
		return fmt.Errorf("read what to die of: %w", err)
	}
	s, err := store.Open(ctx, store.Config{URL: d.URL, Folder: d.Folder, Exclusive: true})
	if err != nil {
		return err
	}
	b, err := d.compose(&mortal{Store: s, doom: &d, ours: map[string]bool{}})
	if err != nil {
		return err
	}
	if d.InJob {
		if _, err := b.work(ctx, s); err != nil {
			return err
		}
	}
	var calls sync.WaitGroup
	for _, number := range d.Callers {
		calls.Go(func() {
			if heard := b.hears(number); !d.InJob || heard != textback.Queued {
				fmt.Fprintf(os.Stderr, "%s was answered with %q\n", number, heard)
			}
		})
	}
	calls.Wait()
	<-ctx.Done() // jobs go on
	return ctx.Err()
}
