package widget_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/widget"
)

// axe is the checker of accessibility that runs in the page; make deps installs
// it by its lock file.
func axe(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without axe-core")
	}
	text, err := os.ReadFile("../../../tools/browser/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("These tests need axe-core; make deps installs it: %v", err)
	}
	return string(text)
}

// inspect has axe check the whole page, by all its rules. Where elements overlap
// axe may not know the background of a text; in wide windows it must.
func (w *tab) inspect(source, where string) {
	w.t.Helper()
	if !eval[bool](w, "!!window.axe") {
		eval[chromedp.Void](w, "%s", source+"; 0")
	}
	found := eval[[]string](w, `axe.run(document, {resultTypes: ['violations', 'incomplete']}).then((r) => r.violations.concat(r.incomplete.filter((v) => v.id !== 'color-contrast' || innerWidth > 480)).flatMap((v) =>
		v.nodes.map((n) => v.id + ': ' + v.help + ': ' + n.html.slice(0, 200) + ' ' + (n.any.concat(n.all, n.none).map((c) => c.message).join('; ')))))`)
	for _, finding := range found {
		w.t.Errorf("%s: axe finds %s", where, finding)
	}
}

// states brings a shop's button into each of its states, one after the other.
func states(w *tab, h *hook, each func(state string)) {
	w.t.Helper()
	closing := time.Now().Add(30 * time.Hour).Truncate(time.Hour)
	held := make(chan struct{})
	h.will(behaviour{
		hold: func(n int) <-chan struct{} {
			if n == 0 {
				return held
			}
			return nil
		},
		answer: func(n int, _ post) *answer {
			return []*answer{
				{status: 502, body: `{"code":"phone_system_failed","message":"x"}`},
				{status: 400, body: `{"code":"number_invalid","message":"x"}`},
				{status: 409, body: fmt.Sprintf(`{"code":"closed","message":"x","next":%q}`, closing.Format(time.RFC3339))},
				nil, nil,
			}[n]
		},
	})
	each("idle")
	ask(w)
	each("asking")
	w.keys("\r")
	w.state("calling")
	each("calling")
	close(held)
	w.state("failed")
	each("failed")
	w.keys("\r")
	w.state("asking")
	each("invalid")
	w.keys("\r")
	w.state("closed")
	each("closed")
	w.click(".submit", 1)
	w.state("scheduled")
	each("scheduled")
	w.click(".link:not([hidden]):not(form *)", 1)
	w.state("asking")
	w.keys("\r")
	w.state("queued")
	each("queued")
	for _, told := range []struct{ state, shown string }{{"calling", "ringing"}, {"connected", "connected"}, {"closed", "ended"}} {
		h.becomes(told.state)
		w.state(told.shown)
		each(told.shown)
	}
}

func TestAxeFindsNothingInAnyState(t *testing.T) {
	source := axe(t)
	for _, view := range []struct {
		name          string
		width, height int64
		prefers       []string
	}{
		{"light", 1000, 700, []string{"prefers-color-scheme", "light"}},
		{"dark", 1000, 700, []string{"prefers-color-scheme", "dark", "prefers-reduced-motion", "reduce"}},
		{"a phone", 360, 640, []string{"prefers-color-scheme", "light"}},
		{"magnified four times", 320, 256, []string{"prefers-color-scheme", "dark"}},
	} {
		t.Run(view.name, func(t *testing.T) {
			h := newHook(t, sales())
			s := newSite(t, h, shop, strict)
			w := newTab(t)
			w.size(view.width, view.height)
			w.prefers(view.prefers...)
			w.open(s.url)
			w.state("idle")
			states(w, h, func(state string) {
				w.inspect(source, state)
				w.fits(state)
			})
			w.quiet()
		})
	}
}

// fits complains about what of the button is out of the window, too small for a
// finger, or hidden where the focus is.
func (w *tab) fits(state string) {
	w.t.Helper()
	found := eval[[]string](w, `(() => {
		const found = [], inside = (r) => r.left >= -0.5 && r.top >= -0.5 && r.right <= innerWidth + 0.5 && r.bottom <= innerHeight + 0.5;
		const panel = find('#panel'), name = (e) => e.id || e.className;
		if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
		for (const e of panel.hidden ? [find('.open')] : [panel]) if (!inside(e.getBoundingClientRect())) found.push(name(e) + ' is out of the window');
		if (panel.scrollWidth > panel.clientWidth) found.push('the panel scrolls sideways');
		for (const e of hosts()[0].shadowRoot.querySelectorAll('button, input, a')) {
			const r = e.getBoundingClientRect();
			if (r.width && (r.height < 44 || r.width < 44)) found.push(name(e) + ' is ' + r.width + ' by ' + r.height);
		}
		const focus = hosts()[0].shadowRoot.activeElement;
		if (focus && !inside(focus.getBoundingClientRect())) found.push('the focus is out of sight, on ' + name(focus));
		return found;
	})()`)
	for _, finding := range found {
		w.t.Errorf("%s: %s", state, finding)
	}
}

func TestFocusIsSeen(t *testing.T) {
	w, _, _ := visit(t)
	w.keys("\t\t")
	ring := eval[[]string](w, "(() => { const s = getComputedStyle(find('.open')); return [s.outlineStyle, s.outlineColor, s.outlineWidth, s.boxShadow.includes('rgb(255, 255, 255)') + '']; })()")
	if diff := cmp.Diff([]string{"solid", "rgb(0, 0, 0)", "3px", "true"}, ring); diff != "" {
		t.Errorf("ring (-want +got):\n%s", diff)
	}
}

func TestNothingMovesForThoseWhoWantItSo(t *testing.T) {
	for _, c := range []struct {
		prefers string
		moves   bool
	}{{"reduce", false}, {"no-preference", true}} {
		w, h, _ := visit(t)
		w.prefers("prefers-reduced-motion", c.prefers)
		taken := make(chan struct{})
		h.will(behaviour{hold: func(int) <-chan struct{} { return taken }})
		ask(w)
		w.keys("\r")
		w.state("calling")
		if moves := eval[bool](w, "hosts()[0].shadowRoot.getAnimations().length > 0"); moves != c.moves {
			t.Errorf("%s: something moves: %v", c.prefers, moves)
		}
		close(taken)
		w.state("queued")
	}
}

func TestForcedColoursKeepTheEdges(t *testing.T) {
	w, _, _ := visit(t)
	w.prefers("forced-colors", "active", "prefers-color-scheme", "dark")
	w.click(".open", 1)
	w.state("asking")
	for _, selector := range []string{".open", ".submit", ".close", "#phone", "#panel"} {
		got := eval[[]string](w, "(() => { const s = getComputedStyle(find(%q)); return [s.borderTopStyle, s.borderTopColor, s.backgroundColor]; })()", selector)
		if got[0] != "solid" || got[1] == got[2] || strings.HasSuffix(got[1], ", 0)") {
			t.Errorf("%s: border %s %s upon %s", selector, got[0], got[1], got[2])
		}
	}
}

func TestEveryLanguageFitsAPhone(t *testing.T) {
	w := newTab(t)
	w.size(320, 640)
	for _, language := range widget.Languages() {
		h := newHook(t, sales()) // its own: the page before may still ask for a token
		s := newSite(t, h, withHead(`<meta name="viewport" content="width=device-width">`+strings.Replace(tag, "sales", "sales&lang="+language, 1), ""), strict)
		w.open(s.url)
		w.state("idle")
		w.click(".open", 1)
		w.state("asking")
		w.click("form .link", 1)
		w.fits(language)
		if got := eval[string](w, "find('.all').lang"); got != language {
			t.Errorf("%s is marked as %q", language, got)
		}
	}
}

// showPreview serves the operator's page, and opens it.
func showPreview(t *testing.T) *tab {
	t.Helper()
	shown, err := widget.Preview(sales(), widget.Options{URL: ourURL})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(shown)
	t.Cleanup(server.Close)
	w := newTab(t)
	w.open(server.URL)
	w.until("document.querySelectorAll('section').length === 12")
	return w
}

func TestPreviewShowsEveryStateByDayAndByNight(t *testing.T) {
	w := showPreview(t)
	got := eval[[]string](w, `[...document.querySelectorAll('section')].map((s) => {
		const roots = [...s.querySelectorAll('[data-state]')].map((h) => h.shadowRoot);
		const papers = roots.map((r) => getComputedStyle(r.querySelector('#panel')).backgroundColor);
		return roots.map((r) => r.host.dataset.state).join() + ' ' + (papers.join('; ') === 'rgb(255, 255, 255); rgb(30, 31, 35)');
	})`)
	var want []string
	for _, state := range []string{"idle", "asking", "asking", "calling", "queued", "ringing", "connected", "ended", "unreached", "failed", "closed", "scheduled"} {
		want = append(want, state+","+state+" true")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	w.clickOn("document.querySelectorAll('[data-state]')[2].shadowRoot.querySelector('.submit')", 1)
	w.inspect(axe(t), "preview")
	w.quiet()
}

// maxPicture is what a picture of the documentation may weigh, in bytes.
const maxPicture = 200_000

// TestPicturesOfTheDocumentation draws them again if -pictures is given.
func TestPicturesOfTheDocumentation(t *testing.T) {
	if *pictures == "" {
		files, err := filepath.Glob("../../../docs/images/click-to-call-*.png")
		if err != nil || len(files) == 0 {
			t.Fatalf("there are no pictures: %v", err)
		}
		for _, name := range files {
			if file, err := os.Stat(name); err != nil || file.Size() > maxPicture {
				t.Errorf("%s: %v, or more than %d bytes", name, err, maxPicture)
			}
		}
		return
	}
	draw := func(w *tab, name string, whole bool) {
		t.Helper()
		shot := page.CaptureScreenshotParams{CaptureBeyondViewport: &whole}
		if whole {
			size := eval[[]float64](w, "[innerWidth, document.documentElement.scrollHeight]")
			shot.Clip = &page.Viewport{Width: size[0], Height: min(size[1], 2000), Scale: 0.7}
		}
		if err := os.WriteFile(filepath.Join(*pictures, "click-to-call-"+name+".png"), call(w, page.CaptureScreenshot, shot).Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, scheme := range []string{"light", "dark"} {
		h := newHook(t, sales())
		s := newSite(t, h, strings.Replace(shop, "<title>", `<meta name="color-scheme" content="light dark"><title>`, 1), strict)
		w := newTab(t)
		w.size(481, 560) // just not a phone
		w.prefers("prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce")
		w.open(s.url)
		w.state("idle")
		states(w, h, func(state string) {
			switch state {
			case "idle", "asking", "calling", "queued", "failed", "closed", "scheduled":
				draw(w, state+"-"+scheme, false)
			}
		})
	}
	w := showPreview(t)
	w.size(900, 700)
	draw(w, "preview", true)
}
