package telephone

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/switchhook/switchhook/internal/call/document"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// requestPane is what went over the wire: the requests of a call and the answers.
// It shows one of them, a page at a time.
type requestPane struct {
	asked []question
	shown int // of asked
	page  page
	top   int // the first row that is shown

	cached pageKey // what rows were made for
	rows   []string
}

// question is a request to the responder, at its time.
type question struct {
	at time.Duration
	trace.Request
}

// page is a side of the wire.
type page int

// The pages, in their order.
const (
	responsePage page = iota
	requestPage
	timingsPage
	pages // their number
)

func (p page) String() string {
	return [pages]string{"Response", "Request", "Timings"}[p]
}

type pageKey struct {
	page                page
	shown, asked, width int
}

// recordRequest adds a request, and shows it if the previous one was shown.
func (w *requestPane) recordRequest(stamped trace.Stamped) {
	request, ok := stamped.Event.(trace.Request)
	if !ok {
		return
	}
	last := len(w.asked) - 1
	w.asked = append(w.asked, question{stamped.At, request})
	if w.shown == last || last < 0 {
		w.show(len(w.asked) - 1)
	}
}

// show turns to a question.
func (w *requestPane) show(i int) {
	if i = max(0, min(i, len(w.asked)-1)); i != w.shown {
		w.shown, w.top = i, 0
	}
}

// turn turns to the next page.
func (w *requestPane) turn(by int) {
	w.page, w.top = (w.page+page(by)+pages)%pages, 0
}

// scroll moves the page, as far as there is more to see in height rows.
func (w *requestPane) scroll(by, height int) {
	w.top = max(0, min(w.top+by, len(w.rows)-max(1, height-wireHead)))
}

// wireHead is the number of rows above a page: what was asked, and the tabs.
const wireHead = 3

// view returns height rows of the given width.
func (w *requestPane) view(width, height int) []string {
	if len(w.asked) == 0 {
		return []string{faint.Render("Nothing has come over the wire yet.")}
	}
	room := height - wireHead
	if key := (pageKey{w.page, w.shown, len(w.asked), width}); key != w.cached || w.rows == nil {
		w.cached, w.rows = key, w.pageRows(width)
	}
	w.top = max(0, min(w.top, len(w.rows)-max(1, room)))
	bottom := min(len(w.rows), w.top+max(0, room))
	place := ""
	if w.top > 0 || bottom < len(w.rows) {
		place = faint.Render(fmt.Sprintf("%d–%d of %d", w.top+1, bottom, len(w.rows)))
	}
	tabs := w.tabs()
	if ansi.StringWidth(tabs)+ansi.StringWidth(place) <= width {
		tabs = spread(tabs, place, width)
	}
	rows := []string{w.head(width), tabs, ""}
	return append(rows, w.rows[w.top:bottom]...)
}

// head says which question is shown, and how it went.
func (w *requestPane) head(width int) string {
	q := w.asked[w.shown]
	left := clean(q.Method) + " " + clean(q.URL)
	if len(w.asked) > 1 {
		left = fmt.Sprintf("%d/%d  ", w.shown+1, len(w.asked)) + left
	}
	return spread(strong.Render(fit(left, width-ansi.StringWidth(w.outcome(q))-2))+"  ", w.outcome(q), width)
}

// outcome is a question's status and time.
func (w *requestPane) outcome(q question) string {
	style := ready
	text := fmt.Sprintf("%d  %d ms", q.Status, q.Ms)
	if q.Status == 0 {
		text = fmt.Sprintf("no answer  %d ms", q.Ms)
	}
	if q.Error != "" {
		style = failing
	}
	return style.Render(text)
}

func (w *requestPane) tabs() string {
	var b strings.Builder
	for p := range pages {
		if p == w.page {
			b.WriteString(strong.Render("[" + p.String() + "]"))
		} else {
			b.WriteString(faint.Render(" " + p.String() + " "))
		}
		b.WriteString(" ")
	}
	return b.String()
}

func (w *requestPane) pageRows(width int) []string {
	q := w.asked[w.shown]
	switch w.page {
	case requestPage:
		return requestRows(q, width)
	case timingsPage:
		return w.timingRows(width)
	case responsePage, pages:
	}
	return responseRows(q, width)
}

// responseRows shows what was answered.
func responseRows(q question, width int) []string {
	var rows []string
	if q.Error != "" {
		for _, row := range wrap(clean(q.Error), width) {
			rows = append(rows, failing.Render(row))
		}
		rows = append(rows, "")
	}
	sent := q.Exchange
	if sent == nil || len(sent.Body) == 0 {
		if q.Status != 0 {
			rows = append(rows, faint.Render("The answer is empty."))
		}
		return rows
	}
	about := fmt.Sprintf("%d bytes", len(sent.Body))
	if sent.ContentType != "" {
		about = clean(sent.ContentType) + ", " + about
	}
	text := document.Text(sent.Body, sent.ContentType)
	if len(text) > maxBody {
		text = text[:maxBody]
		about += fmt.Sprintf(", of which these are the first %d", maxBody)
	}
	rows = append(rows, faint.Render(fit(about, width)))
	text = strings.TrimRight(text, " \t\r\n")
	gutter := len(strconv.Itoa(strings.Count(text, "\n") + 1))
	body := layOut(text, width-gutter-2)
	for _, row := range body {
		number := ""
		if row.line > 0 {
			number = strconv.Itoa(row.line)
		}
		rows = append(rows, faint.Render(lead(number, gutter))+"  "+highlight(row.text))
	}
	return rows
}

// requestRows shows what was asked.
func requestRows(q question, width int) []string {
	var rows []string
	add := func(text string) { rows = append(rows, wrap(text, width)...) }
	add(clean(q.Method) + " " + clean(q.URL))
	sent := q.Exchange
	if sent == nil {
		return rows
	}
	if sent.URL != "" && withoutQuery(sent.URL) != withoutQuery(q.URL) {
		add("answered by " + clean(sent.URL))
	}
	rows = append(rows, "")
	type parameter struct{ name, value string }
	var parameters []parameter
	column := 0
	for pair := range strings.SplitSeq(sent.Sent, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(value); err == nil {
			value = decoded
		}
		p := parameter{clean(name), clean(value)}
		parameters = append(parameters, p)
		column = max(column, ansi.StringWidth(p.name))
	}
	for _, p := range parameters {
		for i, row := range wrap(p.value, width-column-2) {
			name := blank(column)
			if i == 0 {
				name = faint.Render(fit(p.name, column))
			}
			rows = append(rows, name+"  "+row)
		}
	}
	return rows
}

func withoutQuery(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}

// timingRows compares the questions of the call.
func (w *requestPane) timingRows(width int) []string {
	slowest, sum := int64(1), int64(0)
	for _, q := range w.asked {
		slowest, sum = max(slowest, q.Ms), sum+q.Ms
	}
	const bar = 12
	var rows []string
	for _, q := range w.asked {
		length := int((q.Ms*bar + slowest - 1) / slowest)
		target := withoutQuery(q.URL)
		if u, err := url.Parse(q.URL); err == nil {
			target = u.Path
		}
		status := strconv.Itoa(q.Status)
		if q.Status == 0 {
			status = " – "
		}
		style := plain
		if q.Error != "" {
			style = failing
		}
		row := faint.Render(lead(trace.Clock(q.at), clockWidth-2)) + "  " + style.Render(status) + lead(fmt.Sprintf("%d ms", q.Ms), 10) + "  " +
			ready.Render(strings.Repeat("▪", length)) + blank(bar-length) + "  " + clean(q.Method) + " " + clean(target)
		rows = append(rows, fit(row, width))
	}
	requests := "1 request"
	if len(w.asked) > 1 {
		requests = fmt.Sprintf("%d requests", len(w.asked))
	}
	return append(rows, "", faint.Render(fit(fmt.Sprintf("%s, %d ms in all, the slowest %d ms", requests, sum, slowest), width)))
}
