package clicktocall

import (
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/widget"
	"github.com/switchhook/switchhook/internal/fault"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageCode string

// pageScript is the script of pages that ask for work.
var pageScript = sync.OnceValue(func() string { return pageCode + "(" + widget.Solver() + ");" })

// pages is the template of all pages, read when the first is asked for.
var pages = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageText)) })

// page is what a person sees who follows a link of ours.
type page struct {
	Title   string
	Problem string // what is wrong with what they sent; empty: nothing
	Text    string
	Form    *fillIn // nil: there is nothing to do
	Work    *task   // that the browser is asked for before the form is sent; nil: none
}

type fillIn struct {
	Action  string // empty: this page
	Fields  []input
	Buttons []button
}

type input struct {
	Name, Label, Value   string
	Type, Complete, Mode string
	Hidden               bool
}

type button struct {
	Name, Value, Label string
	Early              bool // it may be pressed before all fields are filled in
}

// Style returns the page's style, which is ours.
func (page) Style() template.CSS { return template.CSS(pageStyle) } //nolint:gosec // a file of this package's

// Script returns the page's script, which is ours.
func (page) Script() template.JS { return template.JS(pageScript()) } //nolint:gosec // files of ours

// quietPolicy lets a page have our style and send forms to us, and nothing else.
var quietPolicy = sync.OnceValue(func() string {
	return "default-src 'none'; style-src " + hashOf(pageStyle) + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
})

// workPolicy lets it work, too.
var workPolicy = sync.OnceValue(func() string {
	return quietPolicy() + "; script-src " + hashOf(pageScript()) + "; worker-src blob:"
})

// hashOf returns a script or style as a policy names it.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// policy is what the browser is to let the page do.
func (p page) policy() string {
	if p.Work != nil {
		return workPolicy()
	}
	return quietPolicy()
}

// referrer says to whom the browser sends the page's address, which may be a
// secret. With no-referrer, a browser without Sec-Fetch-Site does not show
// either that a form is ours.
func (p page) referrer() string {
	if p.Work != nil {
		return "same-origin"
	}
	return "no-referrer"
}

// show writes a page. Its address is a secret, and goes to no other site.
func show(w http.ResponseWriter, status int, p page) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", p.policy())
	header.Set("Referrer-Policy", p.referrer())
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = pages().Execute(w, p) // on an error the visitor has gone: there is no one to tell
}

const onlyGetPost = "GET, POST"

// cancel answers the link that cancels a scheduled call back. Following the
// link, as a mail scanner does, changes nothing: that takes a press.
func (h *Handler) cancel(w http.ResponseWriter, r *http.Request) {
	link := r.PathValue("link")
	id, _, _ := strings.Cut(link, ".")
	known := id != "" && sameText(link, h.Desk.Key.linkOf("cancel", id))
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodPost && r.Method != http.MethodHead:
		w.Header().Set("Allow", onlyGetPost)
		http.Error(w, "ask with GET or POST", http.StatusMethodNotAllowed)
	case !known:
		show(w, http.StatusNotFound, noSuchCall)
	case r.Method == http.MethodPost:
		c, err := h.Cancels.CancelCallBack(r.Context(), id, time.Now())
		h.showCancel(w, r, c, err, true)
	default:
		c, err := h.Status.Store.CallBack(r.Context(), id)
		h.showCancel(w, r, c, err, false)
	}
}

var noSuchCall = page{Title: "There is no such call", Text: "The link is not whole, or the call was long ago."}

func (h *Handler) showCancel(w http.ResponseWriter, r *http.Request, c CallBack, err error, pressed bool) {
	when := c.At.Format("Monday, 2 January 2006, 15:04 (UTC-07:00)")
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		show(w, http.StatusNotFound, noSuchCall)
	case err != nil && !errors.Is(err, ErrTaken):
		h.Desk.Log.LogAttrs(r.Context(), slog.LevelError, "call back not cancelled", slog.String("error", err.Error()))
		show(w, http.StatusServiceUnavailable, page{Title: "That did not work", Text: "Something went wrong on our side. Please try again.", Form: &fillIn{Buttons: []button{{Label: "Try again"}}}})
	case c.State == Cancelled:
		if pressed {
			h.Desk.Log.LogAttrs(r.Context(), slog.LevelInfo, "call back cancelled", slog.String("request_id", c.ID))
		}
		show(w, http.StatusOK, page{Title: "The call is cancelled", Text: "We will not call you on " + when + "."})
	case c.State == Scheduled:
		show(w, http.StatusOK, page{Title: "Cancel your call?", Text: "We are going to call you on " + when + ".", Form: &fillIn{Buttons: []button{{Label: "Cancel the call"}}}})
	default:
		show(w, http.StatusConflict, page{Title: "It is too late to cancel", Text: "The call has been placed, or could not be."})
	}
}
