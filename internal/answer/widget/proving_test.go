package widget_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

// turns counts the frames that are drawn, and measures the turns that work in
// slices takes: by a clock that advances by a millisecond whenever it is read, so
// that it is the same on any machine.
const turns = `
	window.frames = 0; window.longest = 0;
	{ const count = () => { window.frames++; requestAnimationFrame(count); }; requestAnimationFrame(count); }
	{ let now = Date.now(); Date.now = () => ++now;
		const hears = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage');
		Object.defineProperty(MessagePort.prototype, 'onmessage', { ...hears, set(turn) {
			hears.set.call(this, (e) => { const began = now; turn(e); longest = Math.max(longest, now - began); });
		} }); }`

// TestProofOfWorkLeavesThePageSmooth has the browser prove its work, and then
// look for a proof that it never finds.
func TestProofOfWorkLeavesThePageSmooth(t *testing.T) {
	const (
		underAttack = 14  // bits: more than is done without a worker
		endless     = 250 // bits
		slice       = 8   // milliseconds, by SLICE of the script
	)
	for name, c := range map[string]struct {
		allow   string // by the page's policy, besides
		refused []string
	}{
		"in a worker": {"; worker-src blob:", []string{}},
		"in slices":   {"", []string{"worker-src blob"}},
		"in slices, as no address of a script is trusted": {"; require-trusted-types-for 'script'; worker-src blob:", []string{"require-trusted-types-for trusted-types-sink"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHook(t, sales())
			h.will(behaviour{work: underAttack})
			s := newSite(t, h, shop, strict+c.allow)
			w := newTab(t)
			w.first(turns)
			w.open(s.url)
			w.state("idle")
			w.click(".open", 1)
			w.keys(number + "\r")
			w.state("queued")
			once(h, 1)
			if diff := cmp.Diff(c.refused, eval[[]string](w, "refusals")); diff != "" {
				t.Errorf("refused by the policy (-want +got):\n%s", diff)
			}

			h.will(behaviour{work: endless})
			w.open(s.url + "/?again")
			w.state("queued")
			h.becomes("failed")
			w.state("unreached")
			w.click(".link:not([hidden]):not(form *)", 1)
			w.keys("\r")
			w.state("calling")
			drawn := eval[int](w, "frames")
			w.until("frames > %d", drawn+10)
			w.keys("\x1b")
			w.until("find('#panel').hidden")
			if longest := eval[int](w, "longest"); longest > slice+2 {
				t.Errorf("a turn of work took %d ms by the page's clock, want %d at most", longest, slice)
			}
		})
	}
}

// TestEasyProofNeedsNoWorker: a policy would report the attempt, in calm times
// on each press.
func TestEasyProofNeedsNoWorker(t *testing.T) {
	w, h, _ := visit(t)
	for _, bits := range []int{0, 1, 8, 13} {
		h.will(behaviour{work: bits})
		ask(w)
		w.keys("\r")
		w.state("queued")
		h.becomes("failed")
		w.state("unreached")
		h.becomes("queued")
		w.keys("\x1b")
		w.do(chromedp.Reload())
		w.state("idle")
	}
	if _, calls := h.pressed(); calls != 4 {
		t.Errorf("%d calls", calls)
	}
	w.quiet()
}
