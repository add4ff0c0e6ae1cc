package widget_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/switchhook/switchhook/test/await"
)

// pictures is where to draw the documentation's pictures again:
//
//	go test ./internal/answer/widget -run Pictures -pictures ../../../docs/images
var pictures = flag.String("pictures", "", "draw the documentation's pictures into this folder")

// chrome is the one browser of all tests; each has a tab and a profile of its
// own in it.
var chrome struct {
	start sync.Once
	ctx   context.Context
	stop  context.CancelFunc
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chrome.stop != nil {
		chrome.stop()
	}
	os.Exit(code)
}

func browser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without a browser")
	}
	chrome.start.Do(func() {
		var program string
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
			if program, chrome.err = exec.LookPath(name); chrome.err == nil {
				break
			}
		}
		if chrome.err != nil {
			return
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(program),
			chromedp.WSURLReadTimeout(await.Limit),
			// Every host of a test is this machine; nothing else is asked.
			chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1, EXCLUDE 127.0.0.1, MAP * ~NOTFOUND"),
			chromedp.Flag("hide-scrollbars", true),
			chromedp.Flag("lang", "en-US"),
		)
		if os.Getuid() == 0 {
			options = append(options, chromedp.NoSandbox) // which Chromium has none of for root
		}
		allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, stop := chromedp.NewContext(allocator)
		chrome.ctx, chrome.stop = ctx, func() { stop(); stopAllocator() }
		chrome.err = chromedp.Do(ctx)
	})
	if chrome.err != nil {
		t.Fatalf("These tests need Chromium; make deps installs it: %v", chrome.err)
	}
	return chrome.ctx
}

// tab is a page as a visitor has it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	messages []string // of the console: warnings, errors, exceptions
}

// before runs in each document before its own scripts: it notes what a policy
// refused, and finds what is in the button's shadow. The button gives up after
// seconds, which a busy machine may take: its limits come as waits says, late
// unless a test is about them.
const before = `
	window.waits = (ms) => ms < 5e3 ? ms : ms * 60;
	{ const real = setTimeout; setTimeout = (f, ms, ...rest) => real(f, waits(ms), ...rest); }
	window.refusals = [];
	addEventListener('securitypolicyviolation', (e) => refusals.push(e.effectiveDirective + ' ' + e.blockedURI));
	window.hosts = () => Object.values((document[Symbol.for('switchhook')] || {hosts: {}}).hosts);
	window.find = (selector, n = 0) => hosts()[n] && hosts()[n].shadowRoot.querySelector(selector);
	window.focused = () => { let e = document.activeElement; while (e && e.shadowRoot) e = e.shadowRoot.activeElement; return e ? e.id || e.className || e.tagName : ''; };
	window.until = (test, ms) => new Promise((done, fail) => {
		const end = performance.now() + ms, look = () => {
			let found; try { found = test(); } catch (e) {}
			found ? done(found) : performance.now() > end ? fail(new Error('waited in vain; the state is ' + hosts().map((h) => h.dataset.state + ': ' + h.shadowRoot.querySelector('#status').textContent))) : requestAnimationFrame(look);
		}; look();
	});`

// newTab opens a tab with a profile of its own, and the viewport of a laptop.
func newTab(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	w := &tab{t: t, ctx: ctx}
	console := chromedp.Console(ctx)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for message, err := range console {
			if err != nil {
				return
			}
			if message.Source == "network" {
				continue // answers that are meant
			}
			if message.Type == chromedp.ConsoleWarning || message.Type == chromedp.ConsoleError || message.IsException() {
				w.mu.Lock()
				w.messages = append(w.messages, message.Text)
				w.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() { cancel(); <-heard })
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as this context
		t.Fatal(err)
	}
	w.first(before)
	w.size(1000, 700)
	return w
}

// first has a script run in each document that comes, before its own.
func (w *tab) first(script string) {
	w.t.Helper()
	call(w, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

// limited returns the tab's context for one step.
func (w *tab) limited() (context.Context, context.CancelFunc) {
	return context.WithTimeout(w.ctx, await.Limit)
}

// call runs a command of the DevTools protocol on a tab.
func call[P, R any](w *tab, command cdp.Command[P, R], params P) R {
	w.t.Helper()
	ctx, cancel := w.limited()
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		w.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

// eval evaluates an expression, and waits for its promise.
func eval[T any](w *tab, expression string, args ...any) T {
	w.t.Helper()
	ctx, cancel := w.limited()
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](fmt.Sprintf(expression, args...), chromedp.EvalAwaitPromise))
	if err != nil {
		w.t.Fatalf("%s: %v", fmt.Sprintf(expression, args...), err)
	}
	return value
}

func (w *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := w.limited()
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *tab) open(url string) {
	w.t.Helper()
	w.do(chromedp.Navigate(url))
}

// until waits for an expression to become true.
func (w *tab) until(expression string, args ...any) {
	w.t.Helper()
	eval[chromedp.Void](w, "until(() => (%s), %d)", fmt.Sprintf(expression, args...), await.Limit.Milliseconds())
}

// state waits for the first button of the page to be in a state.
func (w *tab) state(want string) {
	w.t.Helper()
	w.until("hosts()[0].dataset.state === %q", want)
}

// says returns what the panel tells the visitor.
func (w *tab) says() string {
	w.t.Helper()
	return eval[string](w, "find('#status').textContent")
}

// keys presses keys, as a person at the keyboard does.
func (w *tab) keys(keys string) {
	w.t.Helper()
	w.do(chromedp.KeyEvent(keys))
}

// click presses the pointer's button upon an element of a button's shadow, as
// often as a person does who believes in it.
func (w *tab) click(selector string, times int64) {
	w.t.Helper()
	w.clickOn(fmt.Sprintf("find(%q)", selector), times)
}

func (w *tab) clickOn(element string, times int64) {
	w.t.Helper()
	at := eval[[]float64](w, `(() => {
		const e = %s;
		e.scrollIntoView({block: 'nearest'});
		const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2;
		let top = document; for (let next = document; next; next = top.shadowRoot) { const hit = next.elementFromPoint(x, y); if (hit === top) break; top = hit; }
		if (top !== e && !e.contains(top)) throw new Error('something lies over it: ' + top.outerHTML);
		return [x, y];
	})()`, element)
	for range times {
		w.do(chromedp.MouseClickXY(at[0], at[1]))
	}
}

func (w *tab) size(width, height int64) {
	w.t.Helper()
	call(w, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
}

// prefers makes the visitor one who prefers, by name and value.
func (w *tab) prefers(features ...string) {
	w.t.Helper()
	var all []*emulation.MediaFeature
	for i := 0; i < len(features); i += 2 {
		all = append(all, &emulation.MediaFeature{Name: features[i], Value: features[i+1]})
	}
	call(w, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: all})
}

// complaints returns what the console said so far.
func (w *tab) complaints() []string {
	eval[int](w, "1") // what was said before this is heard before its answer
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.messages)
}

// quiet complains about anything that the console said, or a policy refused.
func (w *tab) quiet() {
	w.t.Helper()
	if refused := eval[[]string](w, "refusals"); len(refused) > 0 {
		w.t.Errorf("the page's policy refused %q", refused)
	}
	if said := w.complaints(); len(said) > 0 {
		w.t.Errorf("the console says %q", said)
	}
}
