package web_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/test/await"
)

// logged is a Handler and its log, without a network.
type logged struct {
	handler *web.Handler
	log     await.Log
}

func newLogged(routes ...part.Route) *logged {
	l := &logged{}
	l.handler = web.New(web.Config{Routes: part.Routes{Webhooks: routes}, Log: slog.New(slog.NewTextHandler(&l.log, nil))})
	return l
}

func (l *logged) ask(method, path string) {
	r := httptest.NewRequest(method, path, nil)
	l.handler.ServeHTTP(httptest.NewRecorder(), r)
}

// lines returns the lines that contain all of some texts.
func (l *logged) lines(texts ...string) (found []string) {
	for line := range strings.Lines(l.log.String()) {
		has := true
		for _, text := range texts {
			has = has && strings.Contains(line, text)
		}
		if has {
			found = append(found, line)
		}
	}
	return found
}

// status answers with a status, and notes an outcome.
func status(code int, level slog.Level, attrs ...slog.Attr) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Note(r.Context(), level, "answer", attrs...)
		w.WriteHeader(code)
	})
}

func TestAFloodOfLikeLinesIsSummed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogged(part.Route{Path: "/denied", Name: "denied", Handler: status(http.StatusForbidden, slog.LevelWarn, slog.String("outcome", "denied"))})
		for i := range 1000 {
			l.ask(http.MethodGet, fmt.Sprint("/nothing-", i))
			l.ask(http.MethodGet, "/denied")
			time.Sleep(10 * time.Millisecond)
		}
		if unknown, denied := l.lines("msg=request", "route=unknown"), l.lines("msg=request", "outcome=denied"); len(unknown) != 60 || len(denied) != 60 {
			t.Errorf("2,000 lines of two kinds are %d and %d, want 60 of each", len(unknown), len(denied))
		}
		time.Sleep(time.Minute)
		l.ask(http.MethodGet, "/nothing")
		for _, want := range [][]string{
			{"level=INFO", `msg="more requests like this"`, "count=940", "route=unknown", "status=404"},
			{"level=WARN", `msg="more requests like this"`, "count=940", "route=denied", "status=403", "outcome=denied"},
		} {
			if got := l.lines(want...); len(got) != 1 {
				t.Errorf("the log has %q of %q", got, want)
			}
		}
		if got := l.lines("route=unknown", "msg=request"); len(got) != 61 {
			t.Errorf("after a minute the next line is one of %d, want 61", len(got))
		}
	})
}

func TestLinesOfOtherOutcomesAreNotSummed(t *testing.T) {
	n := 0
	l := newLogged(
		part.Route{Path: "/denied", Name: "hook", Handler: status(http.StatusForbidden, slog.LevelWarn, slog.String("outcome", "denied"))},
		part.Route{Path: "/limited", Name: "hook", Handler: status(http.StatusForbidden, slog.LevelWarn, slog.String("outcome", "limited"))},
		part.Route{Path: "/ill", Name: "hook", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n++
			web.Note(r.Context(), slog.LevelError, "ill", slog.String("error", errors.New(fmt.Sprint("the disk failed at sector ", n)).Error()))
			w.WriteHeader(http.StatusServiceUnavailable)
		})},
		part.Route{Path: "/call", Name: "call", Handler: status(http.StatusOK, slog.LevelInfo, slog.String("outcome", "on_call"))},
	)
	for range 500 {
		l.ask(http.MethodGet, "/denied")
	}
	l.ask(http.MethodGet, "/limited")
	for range 300 {
		l.ask(http.MethodGet, "/ill")
		l.ask(http.MethodGet, "/call")
	}
	for want, texts := range map[int][]string{1: {"outcome=limited"}, 300: {"the disk failed"}} {
		if got := l.lines(texts...); len(got) != want {
			t.Errorf("there are %d lines of %q, want %d", len(got), texts, want)
		}
	}
	if got := l.lines("outcome=on_call"); len(got) != 300 {
		t.Errorf("%d of 300 calls have their line", len(got))
	}
}

// Only part of a client's input goes into a log line.
func TestAMethodOfAStrangerMakesNoLongLine(t *testing.T) {
	l := newLogged()
	l.ask(strings.Repeat("METHOD", 1000), "/")
	if got := l.lines("method=METHOD"); len(got) != 1 || len(got[0]) > 300 {
		t.Errorf("the log has %d lines, the first %.100q…", len(got), got)
	}
}

// Where anyone gets an answer, successes are summed too, by entry, unless they
// are no stranger's doing.
func TestAnswersToStrangersAreSummedByEntry(t *testing.T) {
	about, whole := "", false
	handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		web.About(r.Context(), about)
		if whole {
			web.Whole(r.Context())
		}
		web.Note(r.Context(), slog.LevelInfo, "answer", slog.String("entry", about), slog.String("outcome", "cooldown"))
	})
	l := &logged{}
	log := slog.New(slog.NewTextHandler(&l.log, nil))
	sums := web.NewSums(log)
	l.handler = web.New(web.Config{Routes: part.Routes{Webhooks: []part.Route{{Path: "/hook", Name: "hook", Open: true, Handler: handler}}}, Log: log, Sums: sums})
	ask := func(entry string, all bool, times int) {
		about, whole = entry, all
		for range times {
			l.ask(http.MethodGet, "/hook")
		}
	}
	ask("a", false, 500)
	ask("b", false, 50)
	ask("a", true, 100)
	for want, texts := range map[int][]string{160: {"msg=request", "entry=a"}, 50: {"entry=b"}} {
		if got := l.lines(texts...); len(got) != want {
			t.Errorf("there are %d lines of %q, want %d", len(got), texts, want)
		}
	}
	sums.Close(t.Context())
	if got := l.lines(`msg="more requests like this"`); len(got) != 1 || !strings.Contains(got[0], "count=440") || !strings.Contains(got[0], "entry=a outcome=cooldown") {
		t.Errorf("the sums are %q", got)
	}
	for i := range 10_000 { // of entries that do not exist
		ask(fmt.Sprint("x-", i), false, 1)
	}
	if got := l.lines("entry=x-"); len(got) > 1100 {
		t.Errorf("10,000 entries are %d lines", len(got))
	}
}
