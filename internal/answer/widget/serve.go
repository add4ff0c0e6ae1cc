package widget

import (
	"net/http"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

// Buttons serves the scripts of entries' buttons, at an address with ?id=….
type Buttons struct {
	Scripts *Scripts // required
	URL     string   // as Options.URL

	// Entry returns an entry by its id. Required.
	Entry func(id string) (*entry.Entry, bool)
}

// ServeHTTP answers with a script.
func (b *Buttons) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	id := query.Get("id")
	e, ok := b.Entry(id)
	if !ok || e.Queue == "" {
		Unknown(id).ServeHTTP(w, r)
		return
	}
	script, err := b.Scripts.Script(e, Options{URL: b.URL, Lang: query.Get("lang"), AcceptLanguage: r.Header.Get("Accept-Language")})
	if err != nil {
		http.Error(w, "the button cannot be made", http.StatusInternalServerError)
		return
	}
	script.ServeHTTP(w, r)
}

// Preview answers with the page that shows an entry's button in every state, for
// operators.
func (b *Buttons) Preview(w http.ResponseWriter, r *http.Request) {
	e, ok := b.Entry(r.URL.Query().Get("id"))
	if !ok {
		http.Error(w, "there is no such entry: /console/widget?id=…", http.StatusNotFound)
		return
	}
	page, err := Preview(e, Options{URL: b.URL, AcceptLanguage: r.Header.Get("Accept-Language")})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	page.ServeHTTP(w, r)
}
