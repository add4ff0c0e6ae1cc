package responder_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/responder"
)

// quiet returns a Handler that does not log.
func quiet(respond responder.Func) *responder.Handler {
	h := responder.Handle(respond)
	h.Log = slog.New(slog.DiscardHandler)
	return h
}

func hello(_ context.Context, req *responder.Request) (responder.Document, error) {
	return responder.Bare(responder.Say{Text: "Hello " + req.Caller}), nil
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const apology = "<Response><Say>We are sorry, something went wrong. Please try again later.</Say><Hangup/></Response>"

func TestAnswer(t *testing.T) {
	for _, r := range []*http.Request{
		ask("GET", "/?NmsAni=%26", "", ""),
		ask("POST", "/?NmsAni=%26", "", ""),
		ask("POST", "/", form, "NmsAni=%26"),
	} {
		w := serve(quiet(hello), r)
		if w.Code != http.StatusOK || w.Body.String() != "<Say>Hello &amp;</Say>" {
			t.Errorf("%s: got %d %s", r.Method, w.Code, w.Body)
		}
		want := http.Header{"Content-Type": {"application/xml; charset=utf-8"}, "Content-Length": {"22"}, "Cache-Control": {"no-store"}}
		if diff := cmp.Diff(want, w.Header()); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
	}
}

func TestHeadersOfAMiddlewareAreKept(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Cache-Control", "private")
	quiet(hello).ServeHTTP(w, ask("GET", "/", "", ""))
	if got := w.Header().Get("Cache-Control"); got != "private" {
		t.Errorf("got %s", got)
	}
}

func TestFailuresAreHeardAsAnApology(t *testing.T) {
	for _, c := range []struct {
		name    string
		respond responder.Func
		logged  string
	}{
		{"an error", func(context.Context, *responder.Request) (responder.Document, error) {
			return responder.Respond(responder.Say{Text: "not this"}), errors.New("the database is down")
		}, `error="the database is down"`},
		{"a panic", func(context.Context, *responder.Request) (responder.Document, error) { panic("a slip") }, `error="panic: a slip"`},
		{"a nil Func", nil, "error=\"panic: runtime error: invalid memory address"},
		{"a document that cannot be written", func(context.Context, *responder.Request) (responder.Document, error) {
			return responder.Respond(responder.Play{}), nil
		}, `error="invalid document: verb 1 (Play): this Play names no file"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			h := responder.Handle(c.respond)
			h.Log = slog.New(slog.NewTextHandler(&log, nil))
			w := serve(h, ask("GET", "/menu?OrigCallID=77", "", ""))
			if w.Code != http.StatusOK || w.Body.String() != apology {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			line := log.String()
			for _, part := range []string{"level=ERROR", `msg="responder failed"`, "path=/menu", "orig_call_id=77", c.logged} {
				if !strings.Contains(line, part) {
					t.Errorf("the log has no %s:\n%s", part, line)
				}
			}
			if panicked := strings.Contains(line, "panic:"); strings.Count(line, "\n") != 1 || strings.Contains(line, "stack=") != panicked {
				t.Errorf("want one line, with a stack after a panic:\n%s", line)
			}
		})
	}
}

func TestFailuresAreLoggedByDefault(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	serve(responder.Handle(func(context.Context, *responder.Request) (responder.Document, error) {
		return responder.Document{}, errors.New("down")
	}), ask("GET", "/", "", ""))
	if !strings.Contains(log.String(), "error=down") {
		t.Errorf("got %s", log.String())
	}
}

func TestApologyOfOnesOwn(t *testing.T) {
	h := quiet(func(context.Context, *responder.Request) (responder.Document, error) {
		return responder.Document{}, errors.New("down")
	})
	h.Apology = new(responder.Bare(responder.Forward{To: "1000"}))
	if w := serve(h, ask("GET", "/", "", "")); w.Body.String() != "<Forward>1000</Forward>" {
		t.Errorf("got %s", w.Body)
	}
	h.Apology = new(responder.Bare(responder.Forward{}))
	w := serve(h, ask("GET", "/", "", ""))
	if w.Code != http.StatusInternalServerError || w.Body.String() != "invalid document: verb 1 (Forward): this Forward names no destination\n" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestEmptyDocumentIsAnAnswer(t *testing.T) {
	w := serve(quiet(func(context.Context, *responder.Request) (responder.Document, error) {
		return responder.Document{}, nil
	}), ask("GET", "/", "", ""))
	if w.Code != http.StatusOK || w.Body.String() != "<Response/>" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestAbortedExchange(t *testing.T) {
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("got the panic %v", err)
		}
	}()
	serve(quiet(func(context.Context, *responder.Request) (responder.Document, error) { panic(http.ErrAbortHandler) }), ask("GET", "/", "", ""))
	t.Error("it was answered")
}

func TestRequestsThatAreNotAnswered(t *testing.T) {
	sign := func(r *http.Request, at time.Time) *http.Request {
		responder.Sign(r, nil, "msg_1", at, "secret")
		return r
	}
	large := strings.Repeat("a", responder.MaxRequestBody+1)
	for _, c := range []struct {
		name    string
		secrets []string
		r       *http.Request
		status  int
		says    string
	}{
		{"another method", nil, ask("PUT", "/", "", ""), 405, "a phone system asks with GET or POST"},
		{"a body of another type", nil, ask("POST", "/", "text/xml", "<a/>"), 400, `a body of type "text/xml" cannot be read; send a form or JSON`},
		{"a body that is too large", nil, ask("POST", "/", form, large), 413, "the request's body has more than 1048576 bytes"},
		{"signed", []string{"secret"}, sign(ask("GET", "/", "", ""), time.Now()), 200, "<Say>Hello </Say>"},
		{"not signed", []string{"secret"}, ask("GET", "/", "", ""), 401, "the request is not signed"},
		{"signed with another secret", []string{"other"}, sign(ask("GET", "/", "", ""), time.Now()), 401, "the request's signature is wrong"},
		{"signed with a secret that is not set", []string{""}, sign(ask("GET", "/", "", ""), time.Now()), 401, "the request's signature is wrong"},
		{"signed long ago", []string{"secret"}, sign(ask("GET", "/", "", ""), time.Now().Add(-time.Hour)), 401, "the request was signed more than 300 seconds ago, or in the future"},
		{"signed, with a body that is too large", []string{"secret"}, sign(ask("POST", "/", form, large), time.Now()), 413, "the request's body has more than 1048576 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := quiet(hello)
			h.Secrets = c.secrets
			w := serve(h, c.r)
			if got := strings.TrimSpace(w.Body.String()); w.Code != c.status || got != c.says {
				t.Errorf("got %d %s\nwant %d %s", w.Code, got, c.status, c.says)
			}
			if allow := w.Header().Get("Allow"); (allow == "GET, POST") != (c.status == 405) {
				t.Errorf("Allow: %q", allow)
			}
		})
	}
}

func TestHandlerOverTheWire(t *testing.T) {
	h := quiet(new(responder.Sessions[[]string]).Func(func(_ context.Context, req *responder.Request, heard *[]string) (responder.Document, error) {
		*heard = append(*heard, req.Heard())
		return responder.Bare(responder.Say{Text: fmt.Sprint(*heard)}), nil
	}))
	h.Secrets = []string{"secret"}
	mux := http.NewServeMux()
	mux.Handle("/menu/", http.StripPrefix("/menu", h))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	var cookies []*http.Cookie
	for _, c := range []struct{ digits, want string }{{"1", "<Say>[1]</Say>"}, {"2", "<Say>[1 2]</Say>"}} {
		body := "Digits=" + c.digits
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/menu/a%20b?x=%C3%A9", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", form)
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		responder.Sign(r, []byte(body), "msg_"+c.digits, time.Now(), "secret")
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := got.ReadFrom(response.Body); err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if got.String() != c.want {
			t.Errorf("got %d %s, want %s", response.StatusCode, got.String(), c.want)
		}
		cookies = append(cookies, response.Cookies()...)
	}
}
