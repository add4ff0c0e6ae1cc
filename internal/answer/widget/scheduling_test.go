package widget_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestClosedHoursOfferACallLater(t *testing.T) {
	w, h, _ := visit(t)
	call(w, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "America/New_York"})
	w.do(chromedp.Reload())
	w.state("idle")
	next := time.Now().UTC().Add(40 * time.Hour).Truncate(time.Hour)
	h.will(behaviour{answer: func(n int, p post) *answer {
		switch {
		case n == 0 && p.At == "", n == 1 && p.At != "":
			return &answer{status: http.StatusConflict, body: fmt.Sprintf(`{"code":"closed","message":"x","next":%q}`, next.Format(time.RFC3339))}
		}
		return nil
	}})
	ask(w)
	w.keys(kb.Enter)
	w.state("closed")
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	local := next.In(newYork)
	opening := local.Format("Monday, January 2 at 3:04 PM ") + local.Format("MST") + "."
	if got, want := strings.ReplaceAll(w.says(), "\u202f", " "), "We are closed right now. We are open again: "+opening; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got := eval[string](w, "find('#zone').textContent"); got != "Your time zone: America/New_York" {
		t.Errorf("the zone: %q", got)
	}
	if got := eval[string](w, "find('#when').value"); got != local.Format("2006-01-02T15:04") {
		t.Errorf("proposed: %q, the opening is %v", got, local)
	}

	// The hours changed meanwhile: what is proposed is refused, and the next is.
	w.click(".submit", 1)
	w.until("find('#status').textContent.startsWith('We are closed at that time. We are open again: ')")
	w.click(".submit", 1)
	w.state("scheduled")
	if got, want := strings.ReplaceAll(w.says(), "\u202f", " "), "We will call "+number+": "+opening; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got := eval[string](w, "find('a').href"); got != h.url()+"/click-to-call/cancel/secret" {
		t.Errorf("cancel by %q", got)
	}
	posts, calls := h.pressed()
	if len(posts) != 3 || calls != 1 || posts[2].At != local.Format(time.RFC3339) || posts[2].Phone != number {
		t.Errorf("%d calls by %+v; want one at %s", calls, posts, local.Format(time.RFC3339))
	}

	// It is there still when the visitor comes back.
	w.do(chromedp.Reload())
	w.state("scheduled")
	w.click(".open", 1)
	if got := w.says(); !strings.Contains(got, number) {
		t.Errorf("after a reload it says %q", got)
	}
	w.quiet()
}

func TestCallAtAnotherTimeOnWish(t *testing.T) {
	w, h, _ := visit(t)
	ask(w)
	w.keys(kb.Tab + kb.Tab + kb.Enter)
	if got := eval[string](w, "focused()"); got != "when" {
		t.Fatalf("the focus is on %q", got)
	}
	set := func(at time.Time) {
		eval[chromedp.Void](w, "void (find('#when').value = %q)", at.Format("2006-01-02T15:04"))
		w.click(".submit", 1)
	}
	for _, wrong := range []time.Time{time.Now().Add(-time.Hour), time.Now().Add(15 * 24 * time.Hour), {}} {
		set(wrong)
		if got := eval[string](w, "find('#when-error').textContent"); got != "Choose a time within the next 14 days." {
			t.Errorf("%v: %q", wrong, got)
		}
		if got := eval[string](w, "focused()"); got != "when" {
			t.Errorf("%v: the focus is on %q", wrong, got)
		}
	}
	// The visitor thinks better of it, and worse again.
	w.click("form .link", 1)
	if eval[bool](w, "!!find('#when').offsetParent") {
		t.Error("the time is still asked for")
	}
	w.click("form .link", 1)
	at := time.Now().Add(26 * time.Hour)
	set(at)
	w.state("scheduled")
	if posts, calls := h.pressed(); calls != 1 || len(posts) != 1 || !strings.HasPrefix(posts[0].At, at.Format("2006-01-02T15:04:00")) {
		t.Errorf("%d calls: %+v", calls, posts)
	}
	w.quiet()
}

func TestQueueThatClosesMeanwhileOffersACallLater(t *testing.T) {
	w, h, _ := visit(t)
	next := time.Now().Add(20 * time.Hour).Truncate(time.Hour)
	h.will(behaviour{follow: func(*http.Request) *answer {
		return &answer{status: http.StatusOK, body: fmt.Sprintf(`{"request_id":%q,"state":"closed","next":%q}`, requestID, next.Format(time.RFC3339))}
	}})
	ask(w)
	w.keys(kb.Enter)
	w.state("closed")
	if got, want := eval[string](w, "find('#when').value"), next.Local().Format("2006-01-02T15:04"); got != want {
		t.Errorf("proposed: %q, want %q", got, want)
	}
	w.click(".submit", 1)
	w.state("scheduled")
	if posts, calls := h.pressed(); calls != 2 || posts[0].Key == posts[1].Key || posts[0].At != "" || posts[1].At == "" {
		t.Errorf("%d calls: %+v", calls, posts)
	}
}
