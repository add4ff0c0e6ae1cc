package widget_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

const (
	tag   = `<script src="HOOK/widget.js?id=pressone.net-sales"></script>`
	other = `<script src="HOOK/widget.js?id=pressone.net-support"></script>`
)

func withHead(head, body string) string {
	return `<!doctype html><html lang="en"><head><title>A shop</title>` + head + `</head><body><h1>A shop</h1>` + body + `</body></html>`
}

func TestTagsInUseDrawTheButton(t *testing.T) {
	support := sales()
	support.ID, support.Branding = "pressone.net-support", entry.Branding{ButtonText: "Support", ButtonColor: "darkgreen"}
	h := newHook(t, sales(), support)
	both := []string{"Call Us Now", "Support"}
	one := both[:1]
	w := newTab(t)
	for _, c := range []struct {
		name, page string
		want       []string
	}{
		{"at the end of the body", withHead("", tag), one},
		{"amid the body", withHead("", tag+"<p>More.</p>"), one},
		{"in the head", withHead(tag, ""), one},
		{"in the head, async", withHead(strings.Replace(tag, "<script", "<script async", 1), ""), one},
		{"in the head, defer", withHead(strings.Replace(tag, "<script", "<script defer", 1), ""), one},
		{"as a module", withHead(strings.Replace(tag, "<script", `<script type="module" crossorigin`, 1), ""), one},
		{"without html, head or body", tag + "<p>A shop", one},
		{"twice", withHead(tag, tag), one},
		{"in two languages", withHead(tag, strings.Replace(tag, "sales", "sales&lang=fr", 1)), one},
		{"of two entries", withHead(tag, other), both},
		{"of two entries, twice", withHead(tag+other, other+tag), both},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			s := newSite(t, h, c.page, strict)
			w.open(s.url)
			w.until("document.readyState === 'complete' && hosts().length >= %d", len(c.want))
			got := eval[[]string](w, "hosts().map((h) => h.shadowRoot.querySelector('.open').textContent)")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("buttons (-want +got):\n%s", diff)
			}
			if n := eval[int](w, "document.body.querySelectorAll('div').length"); n != len(c.want)+1 {
				t.Errorf("%d elements are on the page for %d buttons", n, len(c.want))
			}
			w.quiet()
		})
	}
}

func TestButtonIsDrawnAsBranded(t *testing.T) {
	w, h, _ := visit(t)
	got := eval[map[string]any](w, `(() => {
		const b = find('.open'), s = getComputedStyle(b), r = b.getBoundingClientRect();
		return {color: s.color, background: s.backgroundColor, right: innerWidth - r.right, bottom: innerHeight - r.bottom,
			high: r.height >= 44, clear: document.querySelector('main').getBoundingClientRect().height < 200};
	})()`)
	want := map[string]any{"color": "rgb(255, 255, 255)", "background": "rgb(26, 115, 232)", "right": 16.0, "bottom": 16.0, "high": true, "clear": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("looks (-want +got):\n%s", diff)
	}
	if h.made != 0 {
		t.Error("a token was fetched before anything was pressed")
	}
	w.quiet()
}

func TestTwoButtonsShowOnePanel(t *testing.T) {
	support := sales()
	support.ID, support.Branding.ButtonText = "pressone.net-support", "Support"
	h := newHook(t, sales(), support)
	s := newSite(t, h, withHead(tag, other), strict)
	w := newTab(t)
	w.open(s.url)
	w.until("hosts().length === 2")
	open := func() []bool {
		return eval[[]bool](w, "hosts().map((h) => !h.shadowRoot.querySelector('#panel').hidden)")
	}
	for i, want := range [][]bool{{true, false}, {false, true}} {
		w.clickOn(fmt.Sprintf("find('.open', %d)", i), 1)
		if diff := cmp.Diff(want, open()); diff != "" {
			t.Errorf("panels after button %d (-want +got):\n%s", i, diff)
		}
		if got := eval[bool](w, "hosts()[%d].shadowRoot.activeElement.id === 'phone'", i); !got {
			t.Errorf("the focus is not in panel %d", i)
		}
	}
	w.keys(number + "\r")
	w.until("hosts()[1].dataset.state === 'queued'")
	if posts, _ := h.pressed(); len(posts) != 1 || posts[0].ID != "pressone.net-support" {
		t.Errorf("presses: %+v", posts)
	}
	w.quiet()
}

func TestButtonStandsWhereThePageWantsIt(t *testing.T) {
	h := newHook(t, sales())
	s := newSite(t, h, withHead(tag, `<main><p>Shall we call you?</p><div data-switchhook="pressone.net-sales"></div><p id="next">Else write.</p></main>`), strict)
	w := newTab(t)
	w.open(s.url)
	w.state("idle")
	gap := func() float64 {
		return eval[float64](w, "document.querySelector('#next').getBoundingClientRect().top - find('.open').getBoundingClientRect().bottom")
	}
	if closed := gap(); closed < 0 || closed > 60 {
		t.Errorf("the next line is %.0f px below the button", closed)
	}
	w.click(".open", 1)
	w.state("asking")
	if opened := gap(); opened < 150 {
		t.Errorf("the panel lies over what follows: %.0f px", opened)
	}
	w.quiet()
}

func TestPageThatIsDrawnAnewByItsOwnScriptsKeepsItsButton(t *testing.T) {
	h := newHook(t, sales())
	s := newSite(t, h, shop, strict)
	w := newTab(t)
	w.open(s.url)
	w.state("idle")
	again := fmt.Sprintf(`new Promise((done) => {
		const script = document.createElement('script');
		script.src = %q;
		script.onload = done;
		document.head.append(script);
	})`, h.url()+"/widget.js?id=pressone.net-sales")
	// As single-page applications do on their way to another page.
	eval[chromedp.Void](w, "document.body.replaceChildren(document.createElement('main'))")
	eval[chromedp.Void](w, "%s", again)
	w.state("idle")
	w.click(".open", 1)
	w.state("asking")
	eval[chromedp.Void](w, "%s", again)
	if got := eval[[]int](w, "[document.querySelectorAll('[role=region]').length, document.querySelectorAll('[data-state]').length]"); !cmp.Equal(got, []int{1, 1}) {
		t.Errorf("docks and buttons: %v", got)
	}
}

func TestUnknownIDDrawsNothingAndSaysSo(t *testing.T) {
	h := newHook(t)
	s := newSite(t, h, withHead(tag, ""), strict)
	w := newTab(t)
	w.open(s.url)
	w.until("document.readyState === 'complete'")
	want := []string{`Switchhook: there is no click-to-call button with the id "pressone.net-sales". Look at ?id= of the script's address.`}
	if diff := cmp.Diff(want, w.complaints()); diff != "" {
		t.Errorf("console (-want +got):\n%s", diff)
	}
	if eval[int](w, "hosts().length + document.body.querySelectorAll('*').length") != 1 { // the heading
		t.Error("something is drawn")
	}
}

func TestHostilePageStylesAndBrandingChangeNothing(t *testing.T) {
	value := `"><img src=x onerror="window.harmed=1"><script>window.harmed=1</script>{}*{display:none}`
	e := sales()
	e.Branding = entry.Branding{ButtonText: value, ButtonColor: "red;}*{display:none}", CompanyName: value + "${window.harmed=1}", LogoURL: "javascript:window.harmed=1"}
	h := newHook(t, e)
	// A page without a policy, so that nothing but the script itself is in the
	// way; and one whose own rules are broad.
	style := `<style>div, button, input { display: none !important; color: pink !important; all: unset; --fill: pink; }</style>`
	s := newSite(t, h, withHead(style+tag, ""), "")
	w := newTab(t)
	w.open(s.url)
	w.state("idle")
	w.click(".open", 1)
	w.state("asking")
	w.keys(number + "\r")
	w.state("queued")
	got := eval[map[string]any](w, `({
		harmed: window.harmed || 0, text: find('.open').textContent, images: find('#panel').querySelectorAll('img, script').length,
		background: getComputedStyle(find('.open')).backgroundColor, color: getComputedStyle(find('#name')).color,
	})`)
	// The pointer is over the button.
	want := map[string]any{"harmed": 0.0, "text": `"><img src=x onerror="window.harmed=1"><script>window.harme…`, "images": 0.0, "background": "rgb(22, 98, 197)", "color": "rgb(27, 27, 31)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.quiet()
}

func TestLogoComesWithoutTellingWhereFromAndWithoutMovingAnything(t *testing.T) {
	e := sales()
	e.Branding.LogoURL = "https://images.test/logo.png" // which does not answer
	h := newHook(t, e)
	s := newSite(t, h, withHead(tag, ""), strict+"; img-src https://images.test")
	w := newTab(t)
	w.open(s.url)
	w.state("idle")
	if eval[bool](w, "!!find('img')") {
		t.Error("the logo is fetched before the panel is opened")
	}
	w.click(".open", 1)
	at := eval[[]float64](w, "['#name', '#phone'].map((s) => find(s).getBoundingClientRect()).flatMap((r) => [r.x, r.y])")
	w.until("find('img').style.visibility === 'hidden'")
	if diff := cmp.Diff(at, eval[[]float64](w, "['#name', '#phone'].map((s) => find(s).getBoundingClientRect()).flatMap((r) => [r.x, r.y])")); diff != "" {
		t.Errorf("the panel moved (-before +after):\n%s", diff)
	}
	got := eval[[]any](w, "(() => { const i = find('img'), r = i.getBoundingClientRect(); return [i.referrerPolicy, i.alt, r.width, r.height]; })()")
	if diff := cmp.Diff([]any{"no-referrer", "", 40.0, 40.0}, got); diff != "" {
		t.Errorf("logo (-want +got):\n%s", diff)
	}
}

func TestEveryNameOfAColourIsTheBrowsers(t *testing.T) {
	w := newTab(t)
	for name, hex := range colourFile(t) {
		got := eval[string](w, `(() => { const c = document.createElement('canvas').getContext('2d'); c.fillStyle = '#010203'; c.fillStyle = %q; return c.fillStyle; })()`, name)
		if got != hex {
			t.Errorf("%s is %s to us, and %s to the browser", name, hex, got)
		}
	}
}
