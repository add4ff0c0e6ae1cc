package netsapiens_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// start returns a phone system with a domain, a user and its number for texts.
func start(t testing.TB, quirks nstest.Quirks) *nstest.System {
	t.Helper()
	system := nstest.Start(t, quirks)
	system.AddDomain("example.com")
	system.AddUser("example.com", "2000")
	system.AddSMSNumber("example.com", "19294873999", "2000")
	return system
}

// clientOf returns a client of a phone system at a URL.
func clientOf(t testing.TB, url string) *netsapiens.Client {
	t.Helper()
	c, err := netsapiens.New(netsapiens.Config{URL: url, Token: nstest.Token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdle)
	return c
}

// answering returns a client of something that answers as h does.
func answering(t testing.TB, h http.HandlerFunc) *netsapiens.Client {
	t.Helper()
	return clientOf(t, newServer(t, h))
}

// text is a text that start's phone system takes.
func text() netsapiens.SMS {
	return netsapiens.SMS{Domain: "example.com", User: "2000", From: "19294873999", To: "+19734321440", Message: "Open until five."}
}

// failed returns err as an Error, and ends the test where it is none or breaks
// a rule that all of them keep.
func failed(t testing.TB, err error) *netsapiens.Error {
	t.Helper()
	e, ok := errors.AsType[*netsapiens.Error](err)
	if !ok {
		t.Fatalf("got %v, want an *Error", err)
	}
	shown := err.Error() + " " + fault.HintOf(err) + " " + e.Vendor
	for _, secret := range []string{nstest.Token, nstest.Token[:16], "19734321440", "19294873999"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q shows %q", shown, secret)
		}
	}
	if e.Op == "" || e.Message == "" || strings.Contains(shown, "\n") {
		t.Errorf("no sentence: %q", shown)
	}
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Message != err.Error() || f.Hint != e.Hint {
		t.Errorf("as a fault: %+v", f)
	}
	return e
}

// verdict returns what the functions of the package say about an error.
func verdict(err error) string {
	var says []string
	for _, f := range []struct {
		name string
		says func(error) bool
	}{
		{"exists", netsapiens.AlreadyExists}, {"missing", netsapiens.NotFound}, {"unauthorized", netsapiens.Unauthorized},
		{"unsupported", netsapiens.Unsupported}, {"temporary", netsapiens.Temporary}, {"permanent", netsapiens.Permanent},
		{"uncertain", netsapiens.Uncertain},
	} {
		if f.says(err) {
			says = append(says, f.name)
		}
	}
	return strings.Join(says, " ")
}

// newServer returns the address of something that answers as h does.
func newServer(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
