package widget_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestFailuresThatMayHaveCalledAreTriedAgainAsTheSameCall(t *testing.T) {
	w := newTab(t)
	for _, c := range []struct {
		name   string
		answer answer
		says   string
	}{
		{"the phone system fails", answer{502, `{"code":"phone_system_failed","message":"x"}`, nil}, "We could not request your call. Please try again."},
		{"the phone system is slow", answer{504, `{"code":"phone_system_slow","message":"x"}`, nil}, "We do not know yet whether your call was taken. You may be called all the same; if not, try again in a few minutes. You will be called only once."},
		{"a proxy's page", answer{503, `<html>Sorry</html>`, nil}, "We could not request your call. Please try again."},
		{"somebody else's page", answer{200, `<html>Log in to the hotel's Wi-Fi</html>`, nil}, "We could not request your call. Please try again."},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := w.visit(t)
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
	// Only the first press runs into the limit of a call, which is soon.
	w.first("window.first = true; window.waits = (ms) => ms === 25e3 && first ? 500 : ms * 60")
	w.open(s.url)
	w.state("idle")
	ask(w)
	w.keys(kb.Enter)
	w.state("failed")
	if got := w.says(); got != "This is taking too long. Try again: you will be called only once." {
		t.Errorf("it says %q", got)
	}
	eval[chromedp.Void](w, "void (first = false)")
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
	w := newTab(t)
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
			h := w.visit(t)
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
	w := newTab(t)
	for _, code := range []string{"token_required", "token_invalid", "work_missing"} {
		h := w.visit(t)
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
	h := w.visit(t)
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
	// How many answers the button has read, and done with what it does of them.
	eval[chromedp.Void](w, `void (() => {
		window.read = 0;
		const json = Response.prototype.json;
		Response.prototype.json = function () { return json.call(this).finally(() => setTimeout(() => read++)); };
	})()`)
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
	w.until("read === 1")
	w.keys(kb.Enter)
	w.until("find('#status').textContent === 'There have been too many requests. You can try again in 2 minutes.'")
	w.keys(kb.Enter)
	w.state("queued")
	once(h, 1)
}
