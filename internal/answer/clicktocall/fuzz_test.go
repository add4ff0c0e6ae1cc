package clicktocall_test

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/phone"
)

// FuzzDestination calls only numbers of the region that may be called.
func FuzzDestination(f *testing.F) {
	for _, seed := range []string{"2125550123", "+1 (212) 555-0123", "9005550123", "2129765555", "911", "+442079460018", "0112125550123", "1 1 212", "\u00a02125550123"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		digits, code := clicktocall.Destination(text, nil)
		if (digits == "") == (code == "") {
			t.Fatalf("%q: %q and %q", text, digits, code)
		}
		if digits == "" {
			return
		}
		if len(digits) != 11 || digits[0] != '1' || strings.Trim(digits, "0123456789") != "" {
			t.Errorf("%q is called as %s", text, digits)
		}
		if kind := phone.Read("+"+digits, phone.Home{}).Kind(); kind != phone.FixedOrMobile && kind != phone.Mobile && kind != phone.FixedLine && kind != phone.VoIP && kind != phone.Company {
			t.Errorf("%q is called, and is %s", text, kind)
		}
		if again, code := clicktocall.Destination(digits, nil); again != digits || code != "" {
			t.Errorf("%s is %s, %s", digits, again, code)
		}
	})
}

// FuzzToken takes no token of another key, and nothing that looks like one.
func FuzzToken(f *testing.F) {
	key := clicktocall.NewKey(rand.Text())
	other, _ := clicktocall.Mint(clicktocall.NewKey(secret), "sales", page, "192.0.2.0/24", 0, noon)
	f.Add(other)
	f.Add(other[:len(other)-1])
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if clicktocall.Genuine(key, text, "sales", page, "192.0.2.0/24", noon) {
			t.Errorf("%q is taken", text)
		}
	})
}

// FuzzBody answers anything with JSON and a code, and places no call.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{"id":"sales","phone":"2125550123"}`, `{"id":1,"phone":2125550123,"nonce":7}`, `{"id":"sales","at":"2026-03-04T09:00:00-05:00"}`, `[]`, `{"id":{}}`, "\xff", `{"id":"sales","phone":1e400}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h := &clicktocall.Handler{Desk: &clicktocall.Desk{Entries: noEntries{}, Key: clicktocall.NewKey(secret), Log: slog.New(slog.DiscardHandler).LogAttrs}}
		for _, path := range []string{"/click-to-call", "/click-to-call/token"} {
			w := httptest.NewRecorder()
			routed(h).ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(text)))
			var answer struct{ Code clicktocall.Code }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Code != clicktocall.BadRequest && answer.Code != clicktocall.UnknownID || w.Code != clicktocall.Status(answer.Code) {
				t.Errorf("%q: %d %s", text, w.Code, w.Body)
			}
		}
	})
}

// noEntries has no entry.
type noEntries struct{}

func (noEntries) Get(string) (*entry.Entry, bool) { return nil, false }
func (noEntries) Sends(string) bool               { return false }
