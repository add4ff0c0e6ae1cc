package widget_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

const number = "(212) 555-0123"

// ask opens the panel by the pointer, and types the number.
func ask(w *tab) {
	w.t.Helper()
	w.click(".open", 1)
	w.state("asking")
	w.keys(number)
}

// once complains unless there is one call, and every press was of it.
func once(h *hook, presses int) {
	h.t.Helper()
	posts, calls := h.pressed()
	keys := map[string]bool{}
	for _, p := range posts {
		keys[p.Key] = true
	}
	if len(posts) != presses || len(keys) != 1 || calls != 1 {
		h.t.Errorf("%d presses with %d keys are %d calls; want %d presses, one key, one call: %+v", len(posts), len(keys), calls, presses, posts)
	}
}

func TestCallByKeyboardAlone(t *testing.T) {
	w, h, _ := visit(t)
	focus := func(want string) {
		t.Helper()
		if got := eval[string](w, "focused()"); got != want {
			t.Errorf("the focus is on %q, want %q", got, want)
		}
	}
	w.keys(kb.Tab + kb.Tab) // past the page's link
	focus("open")
	w.keys(kb.Enter)
	w.state("asking")
	focus("phone")
	w.keys(kb.Escape)
	w.state("idle")
	focus("open")
	w.keys(" ")
	w.state("asking")

	// The order of the focus, out of the panel and back.
	for _, want := range []string{"submit", "link", "BODY"} {
		w.keys(kb.Tab)
		focus(want)
	}
	w.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(8)))
	for _, want := range []string{"link", "submit", "phone", "close", "open"} {
		if want != "link" {
			w.do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(8)))
		}
		focus(want)
	}
	w.keys(kb.Tab + kb.Tab)
	focus("phone")

	// Nothing typed: the error is tied to the field.
	w.keys(kb.Enter)
	focus("phone")
	if got := eval[[]string](w, `['aria-invalid', 'aria-describedby'].map((a) => find('#phone').getAttribute(a)).concat(find('#phone-error').textContent)`); !cmp.Equal(got, []string{"true", "phone-error", "Enter your phone number."}) {
		t.Errorf("the error: %q", got)
	}

	w.keys(number + kb.Enter)
	w.state("queued")
	focus("status")
	if got, want := w.says(), "You are in line. We will call "+number+" as soon as it is your turn."; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	for _, c := range []struct{ told, state, says string }{
		{"calling", "ringing", "We are calling " + number + ". Please answer your phone."},
		{"dreaming", "ringing", "We are calling " + number + ". Please answer your phone."},
		{"connected", "connected", "You are connected."},
		{"closed", "ended", "The call has ended. Thank you."},
	} {
		h.becomes(c.told)
		w.state(c.state)
		if got := w.says(); got != c.says {
			t.Errorf("%s: it says %q, want %q", c.told, got, c.says)
		}
	}
	focus("status")
	w.keys(kb.Tab) // to the button that asks for another call
	focus("link")
	w.keys(kb.Enter)
	w.state("asking")
	focus("phone")
	w.keys(kb.Escape)
	w.state("idle")
	focus("open")

	once(h, 1)
	if posts, _ := h.pressed(); posts[0].Phone != number || posts[0].ID != "pressone.net-sales" {
		t.Errorf("asked for %+v", posts[0])
	}
	if h.made != 2 { // one for the call, one for what might have been another
		t.Errorf("%d tokens", h.made)
	}
	w.quiet()
}

func TestCallByPointerPressedTooOften(t *testing.T) {
	w, h, _ := visit(t)
	taken := make(chan struct{})
	h.will(behaviour{hold: func(int) <-chan struct{} { return taken }})
	ask(w)
	w.click(".submit", 3)
	w.state("calling")
	w.keys(kb.Enter)
	close(taken)
	w.state("queued")
	once(h, 1)
	w.click(".close", 1)
	if eval[bool](w, "!find('#panel').hidden") || eval[string](w, "focused()") != "open" {
		t.Error("the panel is not closed")
	}
	w.quiet()
}

func TestPressSurvivesTheReloadOfThePage(t *testing.T) {
	w, h, s := visit(t)
	lost := make(chan struct{})
	h.will(behaviour{hold: func(n int) <-chan struct{} {
		if n == 0 {
			return lost
		}
		return nil
	}})
	ask(w)
	w.click(".submit", 1)
	w.until("hosts()[0].dataset.state === 'calling'")
	eval[chromedp.Void](w, "until(() => fetch, 1)")
	waitFor(t, "the first press", func() bool { posts, _ := h.pressed(); return len(posts) == 1 })
	w.do(chromedp.Reload())
	w.state("queued") // the same press, sent again
	close(lost)
	once(h, 2)

	// The call is followed over a reload, and on another page of the site.
	w.open(s.url + "/?page=2")
	w.state("queued")
	h.becomes("calling")
	w.state("ringing")
	if eval[bool](w, "find('#panel').hidden") {
		t.Error("the progress is not shown after a reload")
	}
	// Who closed the panel is not bothered by it on the next page.
	w.keys(kb.Escape)
	w.do(chromedp.Reload())
	w.state("ringing")
	if eval[bool](w, "!find('#panel').hidden") {
		t.Error("the panel opens by itself")
	}
	h.becomes("failed")
	w.state("unreached")
	w.do(chromedp.Reload())
	w.state("idle")
	once(h, 2)
	w.quiet()
}

// waitFor waits for something at the server's side.
func waitFor(t *testing.T, what string, test func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !test(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
		runtime.Gosched()
	}
}

func TestFailuresThatMayHaveCalledAreTriedAgainAsTheSameCall(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer answer
		says   string
	}{
		{"the phone system fails", answer{502, `{"code":"phone_system_failed","message":"x"}`, nil}, "We could not request your call. Please try again."},
		{"the phone system is slow", answer{504, `{"code":"phone_system_slow","message":"x"}`, nil}, "This is taking too long. Try again: you will be called only once."},
		{"a proxy's page", answer{503, `<html>Sorry</html>`, nil}, "We could not request your call. Please try again."},
		{"somebody else's page", answer{200, `<html>Log in to the hotel's Wi-Fi</html>`, nil}, "We could not request your call. Please try again."},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, h, _ := visit(t)
			h.will(behaviour{answer: func(n int, _ post) *answer {
				if n == 0 {
					return &c.answer
				}
				return nil
			}})
			ask(w)
			w.keys(kb.Enter)
			w.state("failed")
			if got := w.says(); got != c.says {
				t.Errorf("it says %q, want %q", got, c.says)
			}
			if got := eval[string](w, "find('.submit').textContent"); got != "Try again" {
				t.Errorf("the button says %q", got)
			}
			w.click(".submit", 1)
			w.state("queued")
			once(h, 2)
		})
	}
}

func TestServerThatNeverAnswersLeavesThePageSane(t *testing.T) {
	h := newHook(t, sales())
	s := newSite(t, h, shop, strict)
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	h.will(behaviour{hold: func(n int) <-chan struct{} {
		if n == 0 {
			return never
		}
		return nil
	}})
	w := newTab(t)
	// The script's patience, on a clock that runs fifty times as fast.
	call(w, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: "{ const slow = setTimeout; setTimeout = (f, ms, ...rest) => slow(f, ms / 50, ...rest); }",
	})
	w.open(s.url)
	w.state("idle")
	ask(w)
	w.keys(kb.Enter)
	w.state("failed")
	if got := w.says(); got != "This is taking too long. Try again: you will be called only once." {
		t.Errorf("it says %q", got)
	}
	w.keys(kb.Enter)
	w.state("queued")
	once(h, 2)
}

func TestVisitorWithoutNetworkIsTold(t *testing.T) {
	w, h, _ := visit(t)
	w.click(".open", 1)
	w.state("asking")
	w.keys(number)
	offline := func(is bool) {
		call(w, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: is, Latency: 0, DownloadThroughput: -1, UploadThroughput: -1})
	}
	h.server.CloseClientConnections()
	listener := h.server.Listener
	listener.Close()
	offline(true)
	w.keys(kb.Enter)
	w.state("failed")
	if got := w.says(); got != "You are offline. Connect to the internet and try again." {
		t.Errorf("it says %q", got)
	}
	offline(false)
	w.keys(kb.Enter)
	w.until("find('#status').textContent === 'We could not request your call. Please try again.'")
	if posts, _ := h.pressed(); len(posts) != 0 {
		t.Errorf("presses: %+v", posts)
	}
}

func TestRefusalsAreSaidInWords(t *testing.T) {
	tooOften := "There have been too many requests. You can try again "
	for _, c := range []struct {
		status           int
		code, retryAfter string
		state, says      string
		field            string // what stands at the field
	}{
		{400, "number_invalid", "", "asking", "", "This does not look like a full phone number. Check it, and add the country code if you are abroad."},
		{400, "number_refused", "", "asking", "", "We cannot call this number. Enter another one."},
		{400, "bad_request", "", "failed", "Calls cannot be requested from this page.", ""},
		{403, "origin_refused", "", "failed", "Calls cannot be requested from this page.", ""},
		{404, "unknown_id", "", "failed", "Calls cannot be requested from this page.", ""},
		{429, "limited", "540", "failed", tooOften + "in 9 minutes.", ""},
		{429, "limited", "80000", "failed", tooOften + "in 23 hours.", ""},
		{429, "limited", "", "failed", tooOften + "in 1 minute.", ""},
	} {
		t.Run(c.code+c.retryAfter, func(t *testing.T) {
			w, h, _ := visit(t)
			h.will(behaviour{answer: func(n int, _ post) *answer {
				if n > 0 {
					return nil
				}
				refusal := &answer{status: c.status, body: fmt.Sprintf(`{"code":%q,"message":"for developers"}`, c.code)}
				if c.retryAfter != "" {
					refusal.header = map[string]string{"Retry-After": c.retryAfter}
				}
				return refusal
			}})
			ask(w)
			w.keys(kb.Enter)
			w.until("hosts()[0].dataset.state === %q && !/true/.test(find('.submit').getAttribute('aria-disabled'))", c.state)
			if got := w.says(); c.says != "" && got != c.says {
				t.Errorf("it says %q, want %q", got, c.says)
			}
			if got := eval[string](w, "find('#phone-error').textContent"); got != c.field {
				t.Errorf("at the field it says %q, want %q", got, c.field)
			}
			if c.field != "" && eval[string](w, "focused()") != "phone" {
				t.Error("the focus is not on the field")
			}
			// Nothing was called: the next press is one of its own.
			w.keys(kb.Enter)
			w.state("queued")
			if posts, calls := h.pressed(); len(posts) != 2 || calls != 1 || posts[0].Key == posts[1].Key {
				t.Errorf("presses: %+v", posts)
			}
			if eval[bool](w, "find('#phone').hasAttribute('aria-invalid')") {
				t.Error("the field is still marked as wrong")
			}
		})
	}
}

func TestTokenThatNoLongerHoldsIsFetchedAnewOnce(t *testing.T) {
	for _, code := range []string{"token_required", "token_invalid", "work_missing"} {
		w, h, _ := visit(t)
		h.will(behaviour{work: 6, answer: func(n int, _ post) *answer {
			if n == 0 {
				return &answer{status: 403, body: fmt.Sprintf(`{"code":%q,"message":"x"}`, code)}
			}
			return nil
		}})
		ask(w)
		w.keys(kb.Enter)
		w.state("queued")
		once(h, 2)
	}
	w, h, _ := visit(t)
	h.will(behaviour{answer: func(int, post) *answer {
		return &answer{status: 403, body: `{"code":"token_invalid","message":"x"}`}
	}})
	ask(w)
	w.keys(kb.Enter)
	w.state("failed")
	if posts, _ := h.pressed(); len(posts) != 2 {
		t.Errorf("%d presses of a page that is refused", len(posts))
	}
}

func TestTokenThatDoesNotComeIsAskedForAgainByThePress(t *testing.T) {
	w, h, _ := visit(t)
	h.will(behaviour{token: func(n int) *answer {
		switch n {
		case 0:
			return &answer{status: 500, body: "no JSON"}
		case 1:
			return &answer{status: 429, body: `{"code":"limited","message":"x"}`, header: map[string]string{"Retry-After": "120"}}
		}
		return nil
	}})
	ask(w)
	waitFor(t, "the first token", func() bool { h.mu.Lock(); defer h.mu.Unlock(); return h.made == 1 })
	eval[chromedp.Void](w, "new Promise((done) => setTimeout(done))")
	w.keys(kb.Enter)
	w.until("find('#status').textContent === 'There have been too many requests. You can try again in 2 minutes.'")
	w.keys(kb.Enter)
	w.state("queued")
	once(h, 1)
}

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

func TestProgressIsAskedForWhereEventsDoNotComeThrough(t *testing.T) {
	for name, stream := range map[string]func(*hook, *http.Request) *answer{
		"no events at all": func(*hook, *http.Request) *answer { return &answer{status: 406, body: "{}"} },
		"events are held back": func(h *hook, r *http.Request) *answer {
			<-r.Context().Done()
			return &answer{status: http.StatusRequestTimeout}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHook(t, sales())
			s := newSite(t, h, shop, strict)
			h.will(behaviour{follow: func(r *http.Request) *answer {
				if r.Header.Get("Accept") == "text/event-stream" {
					return stream(h, r)
				}
				return nil
			}})
			w := newTab(t)
			call(w, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
				Source: "{ const slow = setTimeout; setTimeout = (f, ms, ...rest) => slow(f, ms / 20, ...rest); }",
			})
			w.open(s.url)
			w.state("idle")
			ask(w)
			w.keys(kb.Enter)
			w.state("queued")
			for _, told := range []struct{ state, shown string }{{"calling", "ringing"}, {"failed", "unreached"}} {
				h.becomes(told.state)
				w.state(told.shown)
			}
			if got := w.says(); got != "We could not reach you at "+number+"." {
				t.Errorf("it says %q", got)
			}
		})
	}
}
