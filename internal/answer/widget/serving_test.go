package widget_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/widget"
	"github.com/switchhook/switchhook/internal/fault"
)

const ourURL = "https://hooks.example.net"

// sales is the entry of the contract's example.
func sales() *entry.Entry {
	return &entry.Entry{
		ID: "pressone.net-sales", APIDomain: "pressone.net", Queue: "9002@pressone.net",
		Branding: entry.Branding{ButtonText: "Call Us Now", ButtonColor: "#1a73e8", CompanyName: "PressONE"},
	}
}

func script(t *testing.T, e *entry.Entry, o widget.Options) *widget.Script {
	t.Helper()
	var scripts widget.Scripts
	made, err := scripts.Script(e, o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// fetch asks a handler, with headers by name and value.
func fetch(h http.Handler, method string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "/widget.js?id=x", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestScriptIsUnderTenKilobytesInEveryLanguage(t *testing.T) {
	const limit = 10_000
	worst := sales()
	worst.ID = strings.Repeat("i1-", 33)
	worst.Branding = entry.Branding{
		ButtonText:  "Ωμέγα " + strings.Repeat("ΑβΓδΕζ", 20),
		ButtonColor: "lightgoldenrodyellow",
		CompanyName: "☎ " + strings.Repeat("電話をかけます", 20),
		LogoURL:     "https://images.example.net/" + strings.Repeat("a8Zq3x", 70),
	}
	for _, language := range widget.Languages() {
		for _, e := range []*entry.Entry{sales(), worst} {
			served := fetch(script(t, e, widget.Options{URL: ourURL, Lang: language}), http.MethodGet, "Accept-Encoding", "gzip, br")
			body, err := io.ReadAll(served.Body)
			if err != nil || served.Header.Get("Content-Encoding") != "gzip" {
				t.Fatal(err, served.Header)
			}
			t.Logf("%s: %d bytes", language, len(body))
			if len(body) >= limit {
				t.Errorf("%s of %.10s…: %d bytes, the limit is %d", language, e.ID, len(body), limit)
			}
		}
	}
}

func TestServingAsClientsAndCachesWantIt(t *testing.T) {
	made := script(t, sales(), widget.Options{URL: ourURL})
	answer := fetch(made, http.MethodGet, "Accept-Encoding", "br;q=1, gzip;q=0.8")
	want := http.Header{
		"Content-Type":                 {"text/javascript; charset=utf-8"},
		"X-Content-Type-Options":       {"nosniff"},
		"Cache-Control":                {"public, max-age=300"},
		"Etag":                         {made.ETag},
		"Cross-Origin-Resource-Policy": {"cross-origin"},
		"Access-Control-Allow-Origin":  {"*"},
		"Vary":                         {"Accept-Encoding", "Accept-Language"},
		"Content-Encoding":             {"gzip"},
		"Content-Length":               answer.Header["Content-Length"],
	}
	if diff := cmp.Diff(want, answer.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	z, err := gzip.NewReader(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}

	for _, given := range []string{"", "br", "gzip;q=0", "gzip;q=nonsense"} {
		plain := fetch(made, http.MethodGet, "Accept-Encoding", given)
		text, err := io.ReadAll(plain.Body)
		if err != nil || plain.Header.Get("Content-Encoding") != "" || !bytes.Equal(text, packed) {
			t.Errorf("Accept-Encoding %q: %v, %v, or another text", given, err, plain.Header)
		}
	}

	head := fetch(made, http.MethodHead, "Accept-Encoding", "gzip")
	if text, _ := io.ReadAll(head.Body); len(text) != 0 || head.Header.Get("Content-Length") != answer.Header.Get("Content-Length") {
		t.Errorf("HEAD: %d bytes, headers %v", len(text), head.Header)
	}

	for _, given := range []string{made.ETag, `"old", ` + made.ETag, strings.TrimPrefix(made.ETag, "W/"), "*"} {
		if again := fetch(made, http.MethodGet, "If-None-Match", given); again.StatusCode != http.StatusNotModified || again.Header.Get("ETag") != made.ETag {
			t.Errorf("If-None-Match %s: %d, %v", given, again.StatusCode, again.Header)
		}
	}
	if again := fetch(made, http.MethodGet, "If-None-Match", `"old"`); again.StatusCode != http.StatusOK {
		t.Errorf("an old tag: %d", again.StatusCode)
	}
}

func TestScriptIsMadeOnceAndAnewWhenItsEntryChanges(t *testing.T) {
	var scripts widget.Scripts
	get := func(e *entry.Entry, o widget.Options) *widget.Script {
		made, err := scripts.Script(e, o)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	english := widget.Options{URL: ourURL, Lang: "en"}
	first := get(sales(), english)
	if get(sales(), english) != first {
		t.Error("an equal entry got a script of its own")
	}
	changed := sales()
	changed.Branding.ButtonText = "Ring us"
	tags := map[string]string{first.ETag: "first"}
	for name, made := range map[string]*widget.Script{
		"branding": get(changed, english),
		"language": get(sales(), widget.Options{URL: ourURL, Lang: "fr"}),
		"URL":      get(sales(), widget.Options{URL: "https://other.example.net/", Lang: "en"}),
	} {
		if other := tags[made.ETag]; other != "" {
			t.Errorf("another %s has the ETag of %s", name, other)
		}
		tags[made.ETag] = name
	}
}

func TestServerThatBrowsersCannotAskIsRefused(t *testing.T) {
	var scripts widget.Scripts
	for _, u := range []string{"", "hooks.example.net", "ftp://hooks.example.net", "https://", "https://user@hooks.example.net", "https://hooks.example.net/?a=b", "javascript:alert(1)"} {
		_, err := scripts.Script(sales(), widget.Options{URL: u})
		if fault.CodeOf(err) != fault.Invalid || fault.HintOf(err) == "" {
			t.Errorf("%q: %v", u, err)
		}
		if _, err := widget.Preview(sales(), widget.Options{URL: u}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("preview of %q: %v", u, err)
		}
	}
}

func TestUnknownIDSaysSoAndNothingElse(t *testing.T) {
	for _, id := range []string{"", "nobody.example-sales", `");alert(1)//`, "</script><script>alert(1)</script>", "\u2028\u2029\x00", strings.Repeat("é", 5000)} {
		answer := fetch(widget.Unknown(id), http.MethodGet)
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("Cache-Control") != "public, max-age=60" {
			t.Errorf("%q: %v, %d, %v", id, err, answer.StatusCode, answer.Header)
		}
		text := string(body)
		if !strings.HasPrefix(text, `console.error("Switchhook: there is no click-to-call button with the id`) || !strings.HasSuffix(text, "\");\n") ||
			strings.ContainsAny(text, "<>\u2028\u2029\x00") || strings.Count(text, "\n") != 1 || len(text) > 1000 {
			t.Errorf("%.40q: %s", id, text)
		}
	}
}

func BenchmarkServing(b *testing.B) {
	var scripts widget.Scripts
	e := sales()
	o := widget.Options{URL: ourURL, AcceptLanguage: "de-DE,de;q=0.9,en;q=0.8"}
	r := httptest.NewRequest(http.MethodGet, "/widget.js?id=x", nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	b.ReportAllocs()
	for b.Loop() {
		made, err := scripts.Script(e, o)
		if err != nil {
			b.Fatal(err)
		}
		made.ServeHTTP(&nowhere{header: http.Header{}}, r)
	}
}

func BenchmarkMaking(b *testing.B) {
	for b.Loop() {
		var scripts widget.Scripts
		if _, err := scripts.Script(sales(), widget.Options{URL: ourURL}); err != nil {
			b.Fatal(err)
		}
	}
}

// nowhere is where a benchmark's answers go.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}
