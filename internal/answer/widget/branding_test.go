package widget_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/widget"
)

// settings is the argument that a script calls itself with.
type settings struct {
	ID, URL, Lang, CSS, Button, Name, Logo string
	T                                      map[string]string
	Days                                   int
}

// read reads the settings of a script; whatever they are, they stand between
// its code and its end, on one line.
func read(t interface{ Fatalf(string, ...any) }, made *widget.Script) settings {
	text := strings.TrimSuffix(string(made.Text()), ");\n")
	start := strings.LastIndex(text, "\n})(")
	if start < 0 {
		t.Fatalf("the script does not end as it should: %.300q", text[max(0, len(text)-300):])
	}
	given := text[start+len("\n})("):]
	if strings.ContainsAny(given, "<>&\n\u2028\u2029") {
		t.Fatalf("the settings hold what could end them: %q", given)
	}
	decoder := json.NewDecoder(strings.NewReader(given))
	decoder.DisallowUnknownFields()
	var s settings
	if err := decoder.Decode(&s); err != nil || decoder.More() {
		t.Fatalf("the settings are not one JSON object: %v: %q", err, given)
	}
	return s
}

func TestBrandingIsShown(t *testing.T) {
	e := sales()
	e.Branding.LogoURL = "https://www.pressone.net/logo.png"
	got := read(t, script(t, e, widget.Options{URL: ourURL + "/", Lang: "en"}))
	got.CSS, got.T = "", nil
	want := settings{
		ID: "pressone.net-sales", URL: ourURL, Lang: "en", Button: "Call Us Now", Name: "PressONE",
		Logo: "https://www.pressone.net/logo.png", Days: 14,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if problems := widget.Problems(e.Branding); len(problems) != 0 {
		t.Errorf("problems: %q", problems)
	}
}

func TestColoursReachTheLooks(t *testing.T) {
	e := sales()
	e.Branding.ButtonColor = "yellow"
	got := plainColours.FindString(read(t, script(t, e, widget.Options{URL: ourURL})).CSS)
	day, night, _ := widget.Colours("yellow")
	want := fmt.Sprintf(".all{--fill:%s;--over:%s;--text:%s;--edge:%s;--ink:%s;--night-fill:%s;--night-over:%s;--night-text:%s;--night-edge:%s;--night-ink:%s;}",
		day.Fill, day.Over, day.Text, day.Edge, day.Ink, night.Fill, night.Over, night.Text, night.Edge, night.Ink)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestEntryWithoutBrandingHasAButton(t *testing.T) {
	for language, want := range map[string]string{"en": "Call me", "nl": "Bel mij"} {
		got := read(t, script(t, &entry.Entry{ID: "x"}, widget.Options{URL: ourURL, Lang: language}))
		if got.Button != want || got.Name != "" || got.Logo != "" || !strings.Contains(got.CSS, "--fill:"+widget.DefaultColour) {
			t.Errorf("%s: %+v", language, got)
		}
	}
}

// hostile are values that would do harm in a script, a page or a style.
var hostile = []string{
	`</script><script>alert(1)</script>`, `"});alert(1);({"`, `'-alert(1)-'`, "`${alert(1)}`", `\u0022);alert(1)//`,
	"\u2028alert(1)\u2029", "\x00\x1b[31m", `<img src=x onerror=alert(1)>`, `red;}*{display:none}`, `url(javascript:alert(1))`,
	`#fff;background:url(https://evil.example)`, `expression(alert(1))`, `javascript:alert(1)`, `data:image/svg+xml,<svg onload=alert(1)>`,
	`https://evil.example;script-src *`, `https://user:password@evil.example/`, `//evil.example/logo.png`, "https://evil.example/\n\"onerror=\"",
	"\u202egnirts", "\ufeff", "{{.}}", "${t.title}", "{phone}", strings.Repeat("A", 100_000), "\xff\xfe",
}

var plainColours = regexp.MustCompile(`^\.all\{(?:--(?:night-)?(?:fill|over|text|edge|ink):#[0-9a-f]{6};){10}\}`)

func checkHarmless(t interface{ Fatalf(string, ...any) }, e *entry.Entry, plain string) {
	var scripts widget.Scripts
	made, err := scripts.Script(e, widget.Options{URL: ourURL, Lang: "en"})
	if err != nil {
		t.Fatalf("%v", err)
	}
	got := read(t, made)
	colours := plainColours.FindString(got.CSS)
	if colours == "" || got.CSS[len(colours):] != plain {
		t.Fatalf("branding %q changes the looks: %q", e.Branding, got.CSS)
	}
	if got.Logo != "" && !strings.HasPrefix(got.Logo, "https://") {
		t.Fatalf("logo %q", got.Logo)
	}
	for _, text := range []string{got.Button, got.Name} {
		if len([]rune(text)) > 80 || strings.ContainsAny(text, "\n\r\x00\x1b\u2028\u202e\ufeff") {
			t.Fatalf("text %q", text)
		}
	}
}

func TestHostileBrandingStaysData(t *testing.T) {
	plain := read(t, script(t, sales(), widget.Options{URL: ourURL, Lang: "en"})).CSS
	plain = plain[len(plainColours.FindString(plain)):]
	for _, value := range hostile {
		e := &entry.Entry{ID: value, Language: value, Branding: entry.Branding{ButtonText: value, ButtonColor: value, CompanyName: value, LogoURL: value}}
		checkHarmless(t, e, plain)
		if page, err := widget.Preview(e, widget.Options{URL: ourURL}); err != nil || strings.Count(string(page.HTML), "<script") != 1 || strings.Count(page.Policy, "script-src") != 1 {
			t.Errorf("preview of %.40q: %v, %s", value, err, page.Policy)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`(#|rgb\(|https://)[ -~]{0,12}`), rapid.SampledFrom(hostile))
		b := entry.Branding{ButtonText: text.Draw(t, "text"), ButtonColor: text.Draw(t, "colour"), CompanyName: text.Draw(t, "company"), LogoURL: text.Draw(t, "logo")}
		checkHarmless(t, &entry.Entry{ID: text.Draw(t, "id"), Branding: b}, plain)
		widget.Problems(b)
	})
}

func TestWhatCannotBeShownIsTold(t *testing.T) {
	got := widget.Problems(entry.Branding{
		ButtonText: strings.Repeat("Call us ", 20), ButtonColor: "brand blue", CompanyName: "Fine", LogoURL: "http://example.net/logo.png",
	})
	want := []string{
		`button_text has more than 60 characters; the button shows "Call us Call us Call us Call us Call us Call us Call us Cal…"`,
		`button_color "brand blue" is not a colour such as #1a73e8; the button has that one`,
		`logo_url "http://example.net/logo.png" is not an address such as https://example.net/logo.png; no logo is shown`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestPreviewIsServedWithItsOwnPolicy(t *testing.T) {
	e := sales()
	e.Branding.LogoURL = "https://www.pressone.net:8443/logo.png"
	page, err := widget.Preview(e, widget.Options{URL: ourURL})
	if err != nil {
		t.Fatal(err)
	}
	answer := fetch(page, http.MethodGet)
	policy := answer.Header.Get("Content-Security-Policy")
	want := regexp.MustCompile(`^default-src 'none'; script-src 'sha256-[A-Za-z0-9+/=]+'; style-src 'sha256-[A-Za-z0-9+/=]+'; img-src https://www\.pressone\.net:8443; ` +
		`base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'$`)
	if !want.MatchString(policy) || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", answer.Header)
	}
	if body, err := io.ReadAll(fetch(page, http.MethodHead).Body); err != nil || len(body) != 0 {
		t.Errorf("HEAD: %v, %d bytes", err, len(body))
	}
}
