package widget_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/chromedp/chromedp"
)

// frames notes how long frames and tasks take from now on.
const frames = `void (() => {
	window.gaps = []; window.tasks = [];
	new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration))).observe({type: 'longtask'});
	let last = performance.now();
	const frame = (now) => { gaps.push(now - last); last = now; requestAnimationFrame(frame); };
	requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
})()`

// TestProofOfWorkLeavesThePageSmooth has the browser search for a while,
// at a level that a server reaches only under attack.
func TestProofOfWorkLeavesThePageSmooth(t *testing.T) {
	const underAttack = 17 // bits: 131,000 tries on average
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
			w.open(s.url)
			w.state("idle")
			eval[chromedp.Void](w, frames)
			start := eval[float64](w, "performance.now()")
			w.click(".open", 1)
			w.keys(number + "\r")
			w.state("queued")
			took := eval[float64](w, "performance.now()") - start
			once(h, 1)
			if diff := cmp.Diff(c.refused, eval[[]string](w, "refusals")); diff != "" {
				t.Errorf("refused by the policy (-want +got):\n%s", diff)
			}

			worst := 0.0
			for _, gap := range eval[[]float64](w, "gaps") {
				worst = math.Max(worst, gap)
			}
			tasks := eval[[]float64](w, "tasks")
			t.Logf("%.0f ms in all; the longest between two frames: %.0f ms; tasks over 50 ms: %.0f", took, worst, tasks)
			// Tests share their machine: what is smooth on a phone may stutter
			// here, but what blocks a page does so for seconds.
			if worst > 500 {
				t.Errorf("the page stood still for %.0f ms", worst)
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
