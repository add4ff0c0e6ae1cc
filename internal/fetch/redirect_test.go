package fetch_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/fetch"
)

// tell echoes the request: method, whether some headers came, body.
func tell(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s type=%q sign=%q auth=%q cookie=%q referer=%q own=%q body=%q", r.Method, r.URL.Path, r.Header.Get("Content-Type"),
		r.Header.Get("Webhook-Signature"), r.Header.Get("Authorization"), r.Header.Get("Cookie"), r.Referer(), r.Header.Get("X-Own"), body)
}

func TestRedirectMethodAndBody(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		var status int
		if fmt.Sscanf(r.URL.Path, "/from/%d", &status); status == 0 {
			tell(w, r)
			return
		}
		http.Redirect(w, r, "../to", status)
	})
	for status, want := range map[int]string{
		301: `GET /to type="" sign="" auth="" cookie="" referer="" own="x" body=""`,
		302: `GET /to type="" sign="" auth="" cookie="" referer="" own="x" body=""`,
		303: `GET /to type="" sign="" auth="" cookie="" referer="" own="x" body=""`,
		307: `POST /to type="text/plain" sign="" auth="" cookie="" referer="" own="x" body="Digits=1"`,
		308: `POST /to type="text/plain" sign="" auth="" cookie="" referer="" own="x" body="Digits=1"`,
	} {
		resp, err := client(t, fetch.Options{}).Do(t.Context(), fetch.Request{Method: "POST",
			URL: address(t, fmt.Sprintf("%s/from/%d", s.URL, status)), Body: []byte("Digits=1"),
			Header: http.Header{"Content-Type": {"text/plain"}, "X-Own": {"x"}}})
		if err != nil {
			t.Fatal(status, err)
		}
		if diff := cmp.Diff(want, string(resp.Body)); diff != "" {
			t.Errorf("%d:\n%s", status, diff)
		}
		if resp.Redirects != 1 || resp.URL.String() != s.URL+"/to" {
			t.Errorf("%d: %d redirects to %s", status, resp.Redirects, resp.URL)
		}
	}
}

func TestRedirectLimit(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		var left int
		if fmt.Sscanf(r.URL.Path, "/%d", &left); left > 0 {
			http.Redirect(w, r, fmt.Sprintf("/%d?NmsAni=%s", left-1, secret), http.StatusFound)
		}
	})
	resp, err := get(t, client(t, fetch.Options{}), s.URL+"/5")
	if err != nil || resp.Redirects != 5 {
		t.Errorf("5 redirects: %+v, %v", resp, err)
	}
	for _, row := range []struct {
		from     string
		limit    int
		sentence string
	}{
		{"/6", 0, "/1 is redirect number 6, and at most 5 are followed"},
		{"/2", 1, "/1 is redirect number 2, and at most 1 are followed"},
		{"/2", -1, "/2 redirects to " + s.URL + "/1, and redirects are not followed here"},
	} {
		_, err = get(t, client(t, fetch.Options{MaxRedirects: row.limit}), s.URL+row.from)
		e := failed(t, err, fetch.Redirects)
		if e.Message != s.URL+row.sentence || !e.Answered {
			t.Errorf("%+v", e)
		}
	}
}

func TestRedirectCircle(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		to := "/b"
		if r.URL.Path == "/b" {
			to = "/a"
		}
		http.Redirect(w, r, to+"?"+r.URL.RawQuery, http.StatusFound)
	})
	_, err := get(t, client(t, fetch.Options{}), s.URL+"/a")
	e := failed(t, err, fetch.Redirects)
	if e.Message != s.URL+"/b redirects in a circle: "+s.URL+"/a was asked before" || e.Hint == "" {
		t.Errorf("%+v", e)
	}
}

// TestRedirectToItselfWithCookie is what a responder does that checks whether
// its caller keeps cookies: no circle.
func TestRedirectToItselfWithCookie(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("session"); err != nil {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
			http.Redirect(w, r, r.URL.String(), http.StatusFound)
			return
		}
		tell(w, r)
	})
	jar, _ := cookiejar.New(nil)
	c := client(t, fetch.Options{})
	for range 2 {
		resp, err := c.Do(t.Context(), fetch.Request{URL: address(t, s.URL+"/a"), Jar: jar})
		if err != nil {
			t.Fatal(err)
		}
		contains(t, string(resp.Body), `cookie="session=1"`)
	}
}

func TestRedirectsToNowhere(t *testing.T) {
	for location, sentence := range map[string]string{
		"":                        "/ answered 302 without a Location to go to",
		"http://[::1":             "/ answered 302 with a Location that is no address",
		"ftp://host.example/x":    "/ redirects to an address that cannot be asked: ftp://host.example/x is not a web address",
		"http://:80/":             "/ redirects to an address that cannot be asked: the address http://:80/ names no host",
		"http://a:b@host.example": "/ redirects to an address that cannot be asked: the address http://host.example holds a user name or password, which would end up in logs",
	} {
		s := server(t, func(w http.ResponseWriter, _ *http.Request) {
			if location != "" {
				w.Header().Set("Location", location+"?"+secret)
			}
			w.WriteHeader(http.StatusFound)
		})
		_, err := get(t, client(t, fetch.Options{}), s.URL+"/")
		if e := failed(t, err, fetch.Redirects); e.Message != s.URL+sentence || !e.Answered {
			t.Errorf("%q: %s", location, e.Message)
		}
	}
}

// TestHeadersAtAnotherOrigin: what authenticates a call at one origin is not
// shown to another, not even on the way back.
func TestHeadersAtAnotherOrigin(t *testing.T) {
	var home string
	other := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/back" {
			http.Redirect(w, r, home+"/end", http.StatusTemporaryRedirect)
			return
		}
		tell(w, r)
	})
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/near":
			http.Redirect(w, r, "/end", http.StatusTemporaryRedirect)
		case "/far":
			http.Redirect(w, r, other.URL+"/end", http.StatusTemporaryRedirect)
		case "/back":
			http.Redirect(w, r, other.URL+"/back", http.StatusTemporaryRedirect)
		default:
			tell(w, r)
		}
	})
	home = s.URL
	for path, want := range map[string]string{
		"/near": `POST /end type="" sign="v1 POST /end d=1" auth="Bearer x" cookie="a=b" referer="" own="" body="d=1"`,
		"/far":  `POST /end type="" sign="" auth="" cookie="" referer="" own="" body="d=1"`,
		"/back": `POST /end type="" sign="v1 POST /end d=1" auth="" cookie="" referer="" own="" body="d=1"`,
	} {
		origin := address(t, s.URL+path)
		resp, err := client(t, fetch.Options{}).Do(t.Context(), fetch.Request{Method: "POST", URL: origin, Body: []byte("d=1"),
			Header: http.Header{"Authorization": {"Bearer x"}, "Cookie": {"a=b"}},
			Sign: func(r *http.Request, body []byte) {
				if fetch.SameOrigin(origin, r.URL) {
					r.Header.Set("Webhook-Signature", fmt.Sprintf("v1 %s %s %s", r.Method, r.URL.Path, body))
				}
			}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(resp.Body)); diff != "" {
			t.Errorf("%s:\n%s", path, diff)
		}
	}
}

func TestSignSeesEachHop(t *testing.T) {
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a" {
			http.Redirect(w, r, "/b", http.StatusSeeOther)
			return
		}
		tell(w, r)
	})
	header := http.Header{"X-Own": {"x"}}
	var signed []string
	resp, err := client(t, fetch.Options{}).Do(t.Context(), fetch.Request{Method: "POST", URL: address(t, s.URL+"/a"), Body: []byte("d=1"),
		Header: header,
		Sign: func(r *http.Request, body []byte) {
			signed = append(signed, fmt.Sprintf("%s %s %q", r.Method, r.URL.Path, body))
			if len(signed) == 1 {
				r.Header.Set("Webhook-Signature", "v1")
				r.Header.Set("X-Own", "y")
				r.Header.Add("Authorization", "signed")
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`POST /a "d=1"`, `GET /b ""`}, signed); diff != "" {
		t.Error(diff)
	}
	want := `GET /b type="" sign="" auth="" cookie="" referer="" own="x" body=""`
	if diff := cmp.Diff(want, string(resp.Body)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(http.Header{"X-Own": {"x"}}, header); diff != "" {
		t.Errorf("the headers of the request were changed:\n%s", diff)
	}
}

func TestSameOrigin(t *testing.T) {
	for _, row := range []struct {
		a, b string
		same bool
	}{
		{"http://host.example/a", "http://host.example:80/b?c", true},
		{"https://host.example", "https://HOST.example:443/", true},
		{"wss://host.example", "wss://host.example:443", true},
		{"http://[::1]:8080/", "http://[::1]:8080/x", true},
		{"http://host.example", "https://host.example", false},
		{"http://host.example:443", "https://host.example:443", false},
		{"http://host.example", "http://host.example:8080", false},
		{"http://host.example", "http://www.host.example", false},
		{"http://host.example", "//host.example", false},
	} {
		a, _ := url.Parse(row.a)
		b, _ := url.Parse(row.b)
		if fetch.SameOrigin(a, b) != row.same || fetch.SameOrigin(b, a) != row.same {
			t.Errorf("%s and %s: want %v", row.a, row.b, row.same)
		}
	}
	if fetch.SameOrigin(nil, nil) || fetch.SameOrigin(&url.URL{}, nil) {
		t.Error("a missing address has an origin")
	}
}
