package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/fetch"
)

// vendors is a responder like the one in the vendor's article: PHP scripts in
// one folder that print one verb each and keep their state in a session, of
// which we see only the cookie.
func vendors() http.Handler {
	type state struct {
		step   int
		number string
		tries  int
	}
	sessions := map[string]*state{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie("PHPSESSID")
		if err != nil {
			cookie = &http.Cookie{Name: "PHPSESSID", Value: fmt.Sprintf("s%d", len(sessions)), Path: "/"}
			http.SetCookie(w, cookie)
			sessions[cookie.Value] = &state{}
		}
		session := sessions[cookie.Value]
		if session == nil || r.URL.Path != "/ivr/account.php" {
			http.Error(w, "Fatal error: Uncaught Error", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		digits := r.URL.Query().Get("Digits")
		switch {
		case session.step == 0:
			session.step = 1
			_, _ = io.WriteString(w, "\n<Gather numDigits='3' action='account.php'>\n  <Say action='account.php'>Welcome to Smith & Sons. Please enter your account number.</Say>\n</Gather>\n")
		case session.step == 1 && digits == "":
			if session.tries++; session.tries > 2 {
				_, _ = io.WriteString(w, "<Say>Goodbye.</Say>")
				return
			}
			_, _ = io.WriteString(w, "<Gather numDigits='3' action='?again'>\n<Say>We did not hear you.</Say></Gather>")
		case session.step == 1:
			session.step, session.number = 2, digits
			_, _ = io.WriteString(w, "<?xml version='1.0'?>\n<say voice='female' action='/ivr/account.php?say=done'>Thank you.</say>")
		default:
			_, _ = fmt.Fprintf(w, "<Forward ByCaller='yes'>\n%s\n</Forward>", session.number)
		}
	})
}

// TestVendorsResponderRunsToItsEnd hears nothing twice, then the number. The
// responder is asked over the network, as it would be.
func TestVendorsResponderRunsToItsEnd(t *testing.T) {
	server := httptest.NewServer(vendors())
	defer server.Close()
	client := fetch.New(fetch.Options{Guard: fetch.Guard{Loopback: true}})
	defer client.CloseIdle()
	calls := over(t, &network{}, engine.Config{Client: client})

	for range 2 { // and again: the second call has its own session
		line := newDeskPhone(keys("555", 17*time.Second, 300*time.Millisecond)...)
		outcome, events := calls.placeCall(line, engine.Call{URL: at(server.URL + "/ivr/account.php")})
		want := []string{
			"warning SH208: line 3: the action of a Say inside a Gather never gets control (it is ignored; the Gather's own action gets control)",
			"warning SH108: line 3: an & that begins no entity; write &amp; (it is read as &amp;)",
			`"Welcome to Smith & Sons. Please enter your account number."`,
			`gather "" "" timeout`,
			`"We did not hear you."`,
			`gather "" "" timeout`,
			`"We did not hear you."`,
			`gather "555" "" numDigits`,
			"warning SH203: line 2: <say> is spelled <Say> (it is read all the same; other phone systems may skip it)",
			`"Thank you." (female)`,
			"forwards to 555 by the caller's dial plan",
		}
		if diff := cmp.Diff(want, story(events)); diff != "" {
			t.Errorf("the call (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(engine.Outcome{Forwarded: true}, outcome); diff != "" {
			t.Errorf("outcome (-want +got):\n%s", diff)
		}
		if last := events[len(events)-1]; last.At != 19600*time.Millisecond {
			t.Errorf("forwarded at %v", last.At)
		}
	}
}
