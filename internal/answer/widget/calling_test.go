package widget_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/test/await"
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
	// A press goes on by itself for a minute: the next page's clock goes slowly.
	w.first(fmt.Sprintf("{ const real = Date.now, from = %d; Date.now = () => from + (real() - from) / 60; }", time.Now().UnixMilli()))
	ask(w)
	w.click(".submit", 1)
	w.state("calling")
	await.That(t, "a first press", func() bool { posts, _ := h.pressed(); return len(posts) == 1 })
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

func TestProgressIsAskedForWhereEventsDoNotComeThrough(t *testing.T) {
	for name, stream := range map[string]func(*http.Request) *answer{
		"no events at all": func(*http.Request) *answer { return &answer{status: 406, body: "{}"} },
		"events are held back": func(r *http.Request) *answer {
			<-r.Context().Done()
			return &answer{status: http.StatusRequestTimeout}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHook(t, sales())
			s := newSite(t, h, shop, strict)
			h.will(behaviour{follow: func(r *http.Request) *answer {
				if r.Header.Get("Accept") == "text/event-stream" {
					return stream(r)
				}
				return nil
			}})
			w := newTab(t)
			// Soon: a stream is taken for silent, and the next poll.
			w.first("window.waits = (ms) => [10e3, 25e3, 60e3].includes(ms) ? ms * 60 : ms / 20")
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
