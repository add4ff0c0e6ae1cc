package widget_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// efforts notes what work browsers proved to the page against calls.
type efforts struct {
	*store.Store

	mu     sync.Mutex
	proved []bool
}

func (e *efforts) note(effort clicktocall.Effort) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.proved = append(e.proved, effort.Token != "")
}

// all returns it, of one request after the other.
func (e *efforts) all() []bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.proved)
}

func (e *efforts) BeginProof(ctx context.Context, p clicktocall.Proof, now time.Time) (clicktocall.ProofBegun, error) {
	e.note(p.Effort)
	return e.Store.BeginProof(ctx, p, now)
}

func (e *efforts) TakeProof(ctx context.Context, given clicktocall.Given, sup ledger.Suppression, now time.Time) (bool, error) {
	e.note(given.Effort)
	return e.Store.TakeProof(ctx, given, sup, now)
}

// servePage serves the page where people end calls.
func servePage(t *testing.T) (address string, seen *efforts) {
	t.Helper()
	seen = &efforts{Store: storetest.Open(t, storetest.SQLite(t))}
	courier := clicktocall.NewCourier()
	t.Cleanup(func() { courier.Stop(context.Background()) })
	server := httptest.NewServer(&clicktocall.Never{
		Proofs: seen, Networks: seen, Key: clicktocall.NewKey("correct-horse-battery-staple"), Courier: courier,
		Text: &clicktocall.TextCodes{Entry: func() (*entry.Entry, bool) { return nil, false }},
	})
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "hooks.test", 1), seen
}

// leads does what leads to another page, and wants that answered with a status.
func (w *tab) leads(status int64, steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := w.limited()
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		w.t.Fatal(err)
	}
	if response.Status != status {
		w.t.Errorf("the page is answered with %d, want %d", response.Status, status)
	}
}

// fills puts the keyboard into a field of the page, and types.
func (w *tab) fills(selector, text string) {
	w.t.Helper()
	w.clickOn(fmt.Sprintf("document.querySelector(%q)", selector), 1)
	w.keys(text)
}

// TestPageAgainstCallsWorks has a visitor ask for a code, give a wrong one and,
// when their work has become hard, ask again with two presses.
func TestPageAgainstCallsWorks(t *testing.T) {
	source := axe(t)
	address, seen := servePage(t)
	w := newTab(t)
	w.open(address)
	w.inspect(source, "the page")
	w.fills("#number", number)
	w.leads(http.StatusOK, chromedp.KeyEvent("\r"))
	w.inspect(source, "the code's page")
	w.fills("#code", "12345678")
	w.leads(http.StatusForbidden, chromedp.KeyEvent("\r"))
	w.inspect(source, "the page of a wrong code")
	for eval[int](w, "Number(document.querySelector('form').dataset.bits)") <= 13 { // a worker does more
		w.open(address)
	}
	w.fills("#number", number)
	w.leads(http.StatusOK, chromedp.KeyEvent("\r\r"))
	w.quiet()
	if got := seen.all(); !slices.Equal(got, []bool{true, true, true}) {
		t.Errorf("the requests prove work: %v", got)
	}
}

func TestPageAgainstCallsNeedsNoJavaScript(t *testing.T) {
	address, seen := servePage(t)
	w := newTab(t)
	call(w, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	w.open(address)
	w.leads(http.StatusOK, chromedp.KeyEvent("\t"), chromedp.KeyEvent(number+"\r"))
	if got := seen.all(); !slices.Equal(got, []bool{false}) {
		t.Errorf("the requests prove work: %v", got)
	}
}
