package clicktocall_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// victim is the page for those who want no more calls.
type victim struct {
	*service
	page *clicktocall.Never
	kept []ledger.Event
	sent []error // the result of each code, in order
}

func startNever(t *testing.T) *victim {
	t.Helper()
	v := &victim{service: start(t, "")}
	sender, ok := v.desk.PhoneSystem.(clicktocall.Sender)
	if !ok {
		t.Fatal("the phone system sends no texts")
	}
	v.page = &clicktocall.Never{
		Proofs: v.store, Networks: v.store, Key: clicktocall.NewKey(secret), Entries: v.entries,
		Text:    &clicktocall.TextCodes{Sender: sender, Entry: func() (*entry.Entry, bool) { return v.entries.Get("texts") }},
		Audit:   func(_ context.Context, e ledger.Event) error { v.kept = append(v.kept, e); return nil },
		Courier: clicktocall.NewCourier(), Log: slog.New(slog.NewTextHandler(&v.log, nil)).LogAttrs,
		Sent: func(err error) {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.sent = append(v.sent, err)
		},
	}
	t.Cleanup(func() { v.page.Courier.Stop(context.Background()) })
	return v
}

// send sends the form of the page, from an address, with a proof that cost no
// work.
func (v *victim) send(address string, fields url.Values) *httptest.ResponseRecorder {
	v.t.Helper()
	at, err := netip.ParseAddr(strings.Trim(address, "[]"))
	if err != nil {
		v.t.Fatal(err)
	}
	proved := url.Values{}
	maps.Copy(proved, fields)
	token, _ := clicktocall.Mint(clicktocall.NewKey(secret), "/never", "", clicktocall.SubnetsOf(at).Network, 0, time.Now())
	proved.Set("token", token)
	return v.sendBare(address, proved)
}

// sendBare sends just these fields, and waits until the resulting code is sent,
// or the phone system hangs.
func (v *victim) sendBare(address string, fields url.Values) *httptest.ResponseRecorder {
	v.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "https://hooks.example.net/click-to-call/never", strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.RemoteAddr = address + ":40000" // of IPv6 in brackets
	w := httptest.NewRecorder()
	v.page.ServeHTTP(w, r)
	synctest.Wait()
	return w
}

// whole is the code of 16 digits that was sent last.
func (v *victim) whole() string {
	v.t.Helper()
	texts := v.system.Messages()
	if len(texts) == 0 {
		v.t.Fatal("no code was sent")
	}
	return regexp.MustCompile(`[0-9]{8} [0-9]{8}$`).FindString(texts[len(texts)-1].Text)
}

func (v *victim) code() string {
	v.t.Helper()
	texts := v.system.Messages()
	if len(texts) == 0 {
		v.t.Fatal("no code was sent")
	}
	return regexp.MustCompile(`^[0-9]{8}`).FindString(texts[len(texts)-1].Text)
}

func (v *victim) suppressed() *ledger.Suppression {
	v.t.Helper()
	sup, err := v.store.Suppressed(v.t.Context(), domain, number, ledger.Calls)
	if err != nil {
		v.t.Fatal(err)
	}
	return sup
}

func TestVictimIsNeverCalledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		v.want(v.press(visiting, "sales", nil), http.StatusAccepted, "")
		w := httptest.NewRecorder()
		v.page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/click-to-call/never", nil))
		if w.Code != 200 || !strings.Contains(w.Body.String(), `autocomplete="tel"`) || strings.Contains(w.Body.String(), "Call me with") ||
			!strings.Contains(w.Header().Get("Content-Security-Policy"), "form-action 'self'") {
			t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		if w := v.send(visitor, url.Values{"number": {"(212) 555-0123"}, "by": {"text"}}); w.Code != 200 || !strings.Contains(w.Body.String(), `autocomplete="one-time-code"`) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		code := v.code()
		wrong := "00000000"
		if code == wrong {
			wrong = "00000001"
		}
		if w := v.send(visitor, url.Values{"number": {number}, "code": {wrong}}); w.Code != 403 || v.suppressed() != nil {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if w := v.send(visitor, url.Values{"number": {number}, "code": {code[:3] + " " + code[3:]}}); w.Code != 200 || strings.Contains(w.Body.String(), number) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		sup := v.suppressed()
		if sup == nil || sup.How != ledger.ByPage || sup.Tenant != ledger.AnyTenant || sup.Channel != ledger.Calls || !sup.At.Equal(time.Now().UTC().Truncate(time.Millisecond)) {
			t.Errorf("%+v", sup)
		}
		if len(v.kept) != 1 || v.kept[0].Action != "suppression added" || strings.Contains(v.kept[0].About, number) {
			t.Errorf("%+v", v.kept)
		}
		time.Sleep(48 * time.Hour)
		v.want(v.press(visiting, "sales", nil), http.StatusTooManyRequests, clicktocall.Limited)
		v.wantCalls(1)
	})
}

// called has some button call a number.
func (v *victim) called(numbers ...string) {
	v.t.Helper()
	for _, number := range numbers {
		id := ledger.NewID()
		_, _, err := v.store.BeginCallBack(v.t.Context(), clicktocall.Ask{Entry: "sales", Tenant: domain, Number: number, Network: id, Token: id, TokenEnds: time.Now()},
			time.Now(), func(clicktocall.Known) *clicktocall.CallBack {
				return &clicktocall.CallBack{ID: id, Entry: "sales", Tenant: domain, Number: number, Network: id, State: clicktocall.Placing, Attempts: 1, Lease: time.Now().Add(time.Minute)}
			})
		if err == nil {
			err = v.store.FinishCallBack(v.t.Context(), clicktocall.Result{ID: id, Attempt: 1, At: time.Now(), State: clicktocall.Placed})
		}
		if err != nil {
			v.t.Fatal(err)
		}
	}
}

func TestPageIsNoWeapon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		ask := func(address, number string) int {
			return v.send(address, url.Values{"number": {number}, "by": {"text"}}).Code
		}
		sent := func(what string, want int, asking func()) {
			t.Helper()
			before := len(v.system.Messages())
			asking()
			if n := len(v.system.Messages()) - before; n != want {
				t.Errorf("%s: %d codes were sent, want %d", what, n, want)
			}
			time.Sleep(48 * time.Hour)
		}
		sent("to a number that nobody called", 0, func() {
			if got := ask(visitor, number); got != 200 {
				t.Errorf("the page tells: %d", got)
			}
		})
		v.called(number)
		sent("to a number in a day", 3, func() {
			for hour := range 24 {
				ask("192.0.2."+string(rune('1'+hour%9)), number)
				ask(fmt.Sprintf("%d.100.1.1", 31+hour), number)
				time.Sleep(59 * time.Minute)
			}
		})
		sent("for a network", 5, func() {
			for i := range 20 {
				one := fmt.Sprintf("121255502%02d", i)
				v.called(one)
				ask("203.0.113."+string(rune('1'+i%9)), one)
			}
		})
		sent("for one block", 20, func() {
			for i := range 60 {
				v.called(anyNumber(1000 + i))
				ask(fmt.Sprintf("[2001:db8:9:%x::7]", i*300), anyNumber(1000+i))
			}
		})
		sent("for all", 200, func() {
			for i := range 250 {
				v.called(anyNumber(i))
				ask(fmt.Sprintf("%d.%d.0.1", 31+i%90, i/90), anyNumber(i))
			}
		})
		sent("a month after the call", 0, func() {
			time.Sleep(30 * 24 * time.Hour)
			ask(visitor, number)
		})
		for _, odd := range []string{"900-555-0123", "911", "2120550123", "", "+442079460018"} {
			if got := ask("203.0.114.1", odd); got != 400 {
				t.Errorf("%q: %d", odd, got)
			}
		}
		// Another site's form sends none.
		r := httptest.NewRequest(http.MethodPost, "/click-to-call/never", strings.NewReader("number="+number))
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		w := httptest.NewRecorder()
		v.page.ServeHTTP(w, r)
		if w.Code != 403 {
			t.Errorf("%d", w.Code)
		}
	})
}

// TestNobodyIsKeptFromThePage has a stranger ask and guess before the victim, and
// use up what all have.
func TestNobodyIsKeptFromThePage(t *testing.T) {
	for name, attack := range map[string]func(v *victim){
		"a stranger asks first": func(v *victim) { v.send("198.51.100.1", url.Values{"number": {number}}) },
		"a stranger asks all day": func(v *victim) {
			for i := range 24 {
				v.send(fmt.Sprintf("%d.100.1.1", 31+i), url.Values{"number": {number}})
				time.Sleep(50 * time.Minute)
			}
		},
		"a stranger asks, and guesses": func(v *victim) {
			v.send("198.51.100.1", url.Values{"number": {number}})
			for i := range 40 {
				v.send(fmt.Sprintf("%d.100.1.1", 31+i/7), url.Values{"number": {number}, "code": {fmt.Sprint(i)}})
			}
		},
		"one /48 asks for numbers that nobody called, and for those that it had called": func(v *victim) {
			for i := range 400 {
				if i < 50 {
					v.called(anyNumber(i))
				}
				v.send(fmt.Sprintf("[2001:db8:9:%x::7]", i*100), url.Values{"number": {anyNumber(i)}})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := startNever(t)
				v.called(number)
				attack(v)
				if w := v.send(visitor, url.Values{"number": {number}}); w.Code != 200 || !strings.Contains(w.Body.String(), "one-time-code") {
					t.Errorf("the victim asks, and hears %d %s", w.Code, w.Body)
				}
				if w := v.send(visitor, url.Values{"number": {number}, "code": {v.codeFor(number)}}); w.Code != 200 || v.suppressed() == nil {
					t.Errorf("the victim gives the code, and hears %d %s", w.Code, w.Body)
				}
			})
		})
	}
}

// codeFor returns the code that a number was sent first: those after it are the
// same.
func (v *victim) codeFor(number string) string {
	v.t.Helper()
	found := ""
	for _, text := range v.system.Messages() {
		if code := text.Text[:8]; text.To == number && found == "" {
			found = code
		} else if text.To == number && code != found {
			v.t.Errorf("another code, %s, goes to a number that has %s", code, found)
		}
	}
	return found
}

func TestWhoWantsNoTextsGetsNoCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		v.called(number)
		if err := v.store.Suppress(t.Context(), ledger.Suppression{Number: number, Tenant: domain, Channel: ledger.Texts, At: time.Now(), How: ledger.ByText}); err != nil {
			t.Fatal(err)
		}
		if w := v.send(visitor, url.Values{"number": {number}}); w.Code != 200 || !strings.Contains(w.Body.String(), "a code of eight digits") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if n := len(v.system.Messages()); n != 0 {
			t.Errorf("%d texts were sent", n)
		}
	})
}

func TestCodeIsGuessedFiveTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		v.called(number)
		v.send(visitor, url.Values{"number": {number}})
		code := v.code()
		for i := range clicktocall.GuessesTaken(true).Own {
			v.send(fmt.Sprintf("[2001:db8:9:%x::7]", i*300), url.Values{"number": {number}, "code": {"x"}})
		}
		if w := v.send("[2001:db8:9:ffff::7]", url.Values{"number": {number}, "code": {code}}); w.Code != 403 || v.suppressed() != nil {
			t.Errorf("%d", w.Code)
		}
		time.Sleep(24 * time.Hour)
		if w := v.send(visitor, url.Values{"number": {number}, "code": {code}}); w.Code != 403 || v.suppressed() != nil {
			t.Errorf("a day later: %d", w.Code)
		}
	})
}

func TestPageSaysWhereItCannotHelp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		v.called(number)
		v.system.Break(nstest.SendMessage, 1, nstest.Says(503, ""))
		v.send(visitor, url.Values{"number": {number}})
		if !strings.Contains(v.log.String(), "level=ERROR") || strings.Contains(v.log.String(), number) || len(v.sent) != 1 || v.sent[0] == nil {
			t.Errorf("nobody hears that a code could not be sent: %v\n%s", v.sent, v.log.String())
		}
		if w := v.send(visitor, url.Values{"number": {number}}); w.Code != 200 || len(v.system.Messages()) != 1 {
			t.Errorf("once it can be sent: %d, %d texts", w.Code, len(v.system.Messages()))
		}
		v.page.Text = nil
		w := httptest.NewRecorder()
		v.page.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/click-to-call/never", nil))
		if !strings.Contains(w.Body.String(), "cannot send codes") || strings.Contains(w.Body.String(), "<form") {
			t.Errorf("%s", w.Body)
		}
	})
}

// caller is what speaks a code.
type caller struct{ told []string }

func (*caller) Tenant() string { return domain }
func (c *caller) SendCode(_ context.Context, number string, code clicktocall.ProofCode) error {
	if number == "" {
		return errors.New("nobody")
	}
	c.told = append(c.told, code.Half())
	return nil
}

func TestCodeIsSpokenToThoseWhoWantThat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		v.called(number)
		phone := &caller{}
		v.page.Call = phone
		v.send(visitor, url.Values{"number": {number}, "by": {"call"}})
		if len(phone.told) != 1 || len(v.system.Messages()) != 0 {
			t.Fatalf("%v, %v", phone.told, v.system.Messages())
		}
		v.send(visitor, url.Values{"number": {number}, "code": {phone.told[0]}})
		if v.suppressed() == nil {
			t.Error("it is not on the list")
		}
	})
}

func TestKey9IsHeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		base := &url.URL{Scheme: "https", Host: "hooks.example.net"}
		key := clicktocall.NewKey(secret)
		announcement := &clicktocall.Announcement{Key: key, List: v.store, Entries: v.entries, URL: base,
			Audit: func(_ context.Context, e ledger.Event) error { v.kept = append(v.kept, e); return nil }}
		ask := func(at string, more url.Values) (int, string) {
			t.Helper()
			u, err := url.Parse(at)
			if err != nil {
				t.Fatal(err)
			}
			q := u.Query()
			maps.Copy(q, more)
			u.RawQuery = q.Encode()
			w := httptest.NewRecorder()
			announcement.ServeHTTP(w, httptest.NewRequest(http.MethodGet, u.String(), nil))
			return w.Code, w.Body.String()
		}
		at := clicktocall.AnnouncementURL(base, key, "9002")
		status, document := ask(at, url.Values{"NmsAni": {"+12125550123"}, "NmsDnis": {"2125550100"}})
		if status != 200 || !strings.Contains(document, "press 9") || !strings.Contains(document, "<Forward>9002</Forward>") {
			t.Errorf("%d %s", status, document)
		}
		if _, document := ask(at, url.Values{"NmsAni": {"+12125550123"}, "Digits": {"1"}}); !strings.Contains(document, "<Forward>9002</Forward>") || v.suppressed() != nil {
			t.Errorf("%s", document)
		}
		// The queue calls from a number of ours: the other party is meant.
		if _, document := ask(at, url.Values{"NmsAni": {"12125550100"}, "NmsDnis": {"12125550123"}, "Digits": {"9"}}); !strings.Contains(document, "not be called again") {
			t.Errorf("%s", document)
		}
		if sup := v.suppressed(); sup == nil || sup.How != ledger.ByCall || sup.Tenant != ledger.AnyTenant {
			t.Errorf("%+v", sup)
		}
		if len(v.kept) != 1 {
			t.Errorf("%v", v.kept)
		}
		if _, document := ask(at, url.Values{"NmsAni": {"anonymous"}, "Digits": {"9"}}); !strings.Contains(document, "did not work") {
			t.Errorf("%s", document)
		}
		if status, _ := ask("https://hooks.example.net/click-to-call/never/call?key=x", url.Values{"NmsAni": {"+12125550199"}, "Digits": {"9"}}); status != 403 {
			t.Errorf("without the key: %d", status)
		}
		v.want(v.press(visiting, "sales", nil), http.StatusTooManyRequests, clicktocall.Limited)
	})
}
