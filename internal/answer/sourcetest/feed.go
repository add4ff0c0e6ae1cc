package sourcetest

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"sync"
)

// FeedPath is the path of a Feed's calendar, with a secret in it as Google has
// it.
const FeedPath = "/calendar/ical/support%40example.net/private-5f1b2c3d4e/basic.ics"

// Feed is a server that has a calendar at a secret address.
type Feed struct {
	Server

	text     sync.Mutex
	calendar string
}

// NewFeed returns a feed of a calendar.
func NewFeed(calendar string) *Feed { return &Feed{calendar: calendar} }

// Write changes the calendar.
func (f *Feed) Write(calendar string) {
	f.text.Lock()
	defer f.text.Unlock()
	f.calendar = calendar
}

// ServeHTTP answers as the server of a calendar, which knows ETags.
func (f *Feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.serve(w, r, rules{
		method:  http.MethodGet,
		accept:  "text/calendar, */*;q=0.5",
		denied:  reply{status: http.StatusUnauthorized, kind: "text/html", body: "<html>Unauthorized</html>"},
		tooMany: reply{status: http.StatusTooManyRequests, kind: "text/html", body: "<html>Too many requests</html>"},
		wrong: func(why string) reply {
			return reply{status: http.StatusBadRequest, kind: "text/html", body: "<html>" + why + "</html>"}
		},
	}, f.answer)
}

func (f *Feed) answer(in input) (reply, string) {
	if why := in.wants(nil); why != "" {
		return reply{}, why
	}
	if in.URL.EscapedPath() != FeedPath {
		return reply{status: http.StatusNotFound, kind: "text/html", body: "<html>Not Found</html>"}, ""
	}
	f.text.Lock()
	calendar := f.calendar
	f.text.Unlock()
	etag := fmt.Sprintf(`"%08x"`, crc32.ChecksumIEEE([]byte(calendar)))
	header := map[string]string{"Etag": etag}
	if in.Header.Get("If-None-Match") == etag {
		return reply{status: http.StatusNotModified, kind: "text/calendar; charset=UTF-8", header: header}, ""
	}
	return reply{status: http.StatusOK, kind: "text/calendar; charset=UTF-8", header: header, body: calendar}, ""
}
