package widget

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"strings"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

// The page of Preview.
var (
	//go:embed preview.html
	previewPage string
	//go:embed preview.js
	previewScript string
	//go:embed preview.css
	previewLooks string
)

// Page is a page of one piece, with the policy that it is to be served with.
type Page struct {
	HTML   []byte
	Policy string // of Content-Security-Policy
}

// Preview returns a page for operators that shows an entry's button in every
// state, by day and by night, and says what of the branding cannot be shown.
// Nothing on it asks a server for anything but the logo. The only error is an
// Options.URL that is not one, a *fault.Error.
func Preview(e *entry.Entry, o Options) (*Page, error) {
	base, err := baseURL(o.URL)
	if err != nil {
		return nil, err
	}
	k := kind{id: e.ID, url: base, branding: e.Branding}
	k.language, _ = choose(o.Lang, o.AcceptLanguage, e.Language)
	schemes := map[string]settings{"light": settingsOf(k, byDay), "dark": settingsOf(k, byNight)}
	script := strip(previewScript) + "(" + code() + "," + string(marshal(schemes)) + ");"

	var problems strings.Builder
	for _, problem := range Problems(e.Branding) {
		problems.WriteString("<p>Mind: " + html.EscapeString(problem) + ".</p>\n")
	}
	page := strings.NewReplacer(
		"{{id}}", html.EscapeString(e.ID),
		"{{style}}", previewLooks,
		"{{problems}}", problems.String(),
		"{{script}}", script,
	).Replace(previewPage)

	policy := "default-src 'none'; script-src " + hashOf(script) + "; style-src " + hashOf(previewLooks)
	if logo, err := url.Parse(schemes["light"].Logo); err == nil && logo.Host != "" {
		policy += "; img-src https://" + logo.Host
	}
	policy += "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
	return &Page{HTML: []byte(page), Policy: policy}, nil
}

// hashOf returns a script or style as a policy names it.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// ServeHTTP answers a GET of the page with its policy. It shows its entry as it
// is now, and is not cached.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodHead {
		_, _ = bytes.NewReader(p.HTML).WriteTo(w) // on an error the browser has gone: there is no one to tell
	}
}
