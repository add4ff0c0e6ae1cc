package clicktocall_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
)

// look opens the page.
func (v *victim) look(address string) *httptest.ResponseRecorder {
	v.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://hooks.example.net/click-to-call/never", nil)
	r.RemoteAddr = address + ":40000"
	w := httptest.NewRecorder()
	v.page.ServeHTTP(w, r)
	return w
}

// attribute returns what stands in a page between the quotation marks.
func attribute(t *testing.T, page *httptest.ResponseRecorder, before string) string {
	t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(before) + `"([^"]*)"`).FindStringSubmatch(page.Body.String())
	if found == nil {
		t.Fatalf("the page has no %s: %s", before, page.Body)
	}
	return found[1]
}

// worked returns what the browser adds to the form of a page, and how much work
// it was.
func worked(t *testing.T, page *httptest.ResponseRecorder) (fields url.Values, bits int) {
	t.Helper()
	bits, err := strconv.Atoi(attribute(t, page, "data-bits="))
	if err != nil {
		t.Fatal(err)
	}
	nonce := solve(attribute(t, page, "data-challenge="), bits)
	return url.Values{"token": {attribute(t, page, `name="token" value=`)}, "nonce": {nonce}}, bits
}

func with(fields, more url.Values) url.Values {
	all := maps.Clone(fields)
	maps.Copy(all, more)
	return all
}

// refusedAfter returns how many of a hundred requests were not answered 429
// before the first that was.
func (v *victim) refusedAfter(send func(i int) *httptest.ResponseRecorder) int {
	for i := range 100 {
		if send(i).Code == http.StatusTooManyRequests {
			return i
		}
	}
	return 100
}

func TestPageAsksBrowsersForWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		w := v.look(visitor)
		script := regexp.MustCompile(`(?s)<script>(.*)</script>`).FindStringSubmatch(w.Body.String())
		if script == nil {
			t.Fatalf("%s", w.Body)
		}
		sum := sha256.Sum256([]byte(script[1]))
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; worker-src blob:") {
			t.Errorf("the page may not run its script: %s", policy)
		}
		if _, bits := worked(t, w); bits != 13 {
			t.Errorf("a stranger works %d bits", bits)
		}
		for range 40 {
			w = v.look(visitor)
		}
		if _, bits := worked(t, w); bits != 20 {
			t.Errorf("who asks too much works %d bits", bits)
		}
		if _, bits := worked(t, v.look("203.0.113.9")); bits != 13 {
			t.Errorf("others work %d bits for that", bits)
		}
		if n := v.refusedAfter(func(int) *httptest.ResponseRecorder {
			proof, _ := worked(t, v.look("203.0.113.9"))
			time.Sleep(2 * time.Minute) // it is calm
			return v.sendBare("203.0.113.9", with(asking(number), proof))
		}); n != 5 {
			t.Errorf("%d requests with work are taken in a day", n)
		}
	})
}

// TestWhatProvesNothingIsLikeNoWork: two requests are taken in a day.
func TestWhatProvesNothingIsLikeNoWork(t *testing.T) {
	key := clicktocall.NewKey(secret)
	minted := func(id, origin, network string, bits int) (proof url.Values) {
		token, challenge := clicktocall.Mint(key, id, origin, network, bits, time.Now())
		return url.Values{"token": {token}, "nonce": {solve(challenge, bits)}}
	}
	for name, proof := range map[string]func() url.Values{
		"none":                    func() url.Values { return nil },
		"a token without a nonce": func() url.Values { return with(minted("/never", "", "192.0.2.0/24", 13), url.Values{"nonce": {""}}) },
		"a nonce of another":      func() url.Values { return with(minted("/never", "", "192.0.2.0/24", 13), url.Values{"nonce": {"x"}}) },
		"a token of a button":     func() url.Values { return minted("sales", page, "192.0.2.0/24", 13) },
		"another network's":       func() url.Values { return minted("/never", "", "203.0.113.0/24", 13) },
		"forged":                  func() url.Values { return url.Values{"token": {"x"}, "nonce": {"1"}} },
		"too old": func() url.Values {
			old := minted("/never", "", "192.0.2.0/24", 13)
			time.Sleep(clicktocall.TokenLife)
			return old
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := startNever(t)
				if n := v.refusedAfter(func(int) *httptest.ResponseRecorder { return v.sendBare(visitor, with(asking(number), proof())) }); n != 2 {
					t.Errorf("%d requests are taken in a day", n)
				}
			})
		})
	}
}

func TestWithoutJavaScriptThePageGoesOnWorking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		v.called(number)
		for range 2 {
			if w := v.sendBare(visitor, asking(number)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<noscript>") {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		w := v.sendBare(visitor, asking(number))
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "with JavaScript") {
			t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		// Once it runs, the same page goes on.
		proof, _ := worked(t, w)
		if w := v.sendBare(visitor, with(url.Values{"number": {number}, "code": {""}, "again": {"text"}}, proof)); w.Code != http.StatusOK {
			t.Errorf("with work: %d %s", w.Code, w.Body)
		}
		if w := v.sendBare(visitor, giving(number, v.code())); w.Code != http.StatusOK || v.suppressed() == nil {
			t.Errorf("the code is given without work: %d", w.Code)
		}
	})
}

// TestOneProofIsForOneRequest: the second request with it is one without.
func TestOneProofIsForOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := startNever(t)
		proof, _ := worked(t, v.look(visitor))
		if n := v.refusedAfter(func(int) *httptest.ResponseRecorder { return v.sendBare(visitor, with(asking(number), proof)) }); n != 2 {
			t.Errorf("%d requests are taken for one proof", n)
		}
		proof, _ = worked(t, v.look(visitor))
		for range 2 * clicktocall.GuessesTaken(true).Own {
			v.sendBare(visitor, with(giving(number, "x"), proof))
		}
		v.called(number)
		v.send(visitor, asking(number))
		if w := v.send(visitor, giving(number, v.code())); w.Code != http.StatusOK {
			t.Errorf("more guesses count than one proof is good for: %d", w.Code)
		}
	})
}

// TestGuessesWithoutWorkAreFewer has so many wrong codes given that the right one
// is not taken without work any more.
func TestGuessesWithoutWorkAreFewer(t *testing.T) {
	for name, guess := range map[string]struct {
		wrong int
		from  func(i int) string
	}{
		"of one for a number": {3, func(int) string { return visitor }},
		"of all for a number": {20, func(i int) string { return fmt.Sprintf("%d.1.1.1", 31+i) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := startNever(t)
				v.called(number)
				v.sendBare(visitor, asking(number))
				for i := range guess.wrong {
					v.sendBare(guess.from(i), giving(number, "x"))
				}
				if w := v.sendBare(visitor, giving(number, v.code())); w.Code != http.StatusForbidden || v.suppressed() != nil {
					t.Errorf("without work: %d", w.Code)
				}
				if w := v.send(visitor, giving(number, v.code())); w.Code != http.StatusOK || v.suppressed() == nil {
					t.Errorf("with work: %d", w.Code)
				}
			})
		})
	}
}
