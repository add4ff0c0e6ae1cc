package responder_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/responder"
)

// counter says how often the call has asked.
func counter(sessions *responder.Sessions[int]) http.Handler {
	return responder.Handle(sessions.Func(func(_ context.Context, _ *responder.Request, asked *int) (responder.Document, error) {
		*asked++
		return responder.Bare(responder.Say{Text: fmt.Sprint(*asked)}), nil
	}))
}

// call keeps cookies as a phone system does during one call.
type call struct{ cookies []*http.Cookie }

// asks returns the answer of h.
func (c *call) asks(h http.Handler) string {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
	for _, cookie := range c.cookies {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if set := w.Result().Cookies(); len(set) > 0 {
		c.cookies = set
	}
	return w.Body.String()
}

func (c *call) mustHear(t *testing.T, h http.Handler, want string) {
	t.Helper()
	if got := c.asks(h); got != "<Say>"+want+"</Say>" {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEachCallHasItsOwnState(t *testing.T) {
	h := counter(new(responder.Sessions[int]))
	var first, second call
	first.mustHear(t, h, "1")
	first.mustHear(t, h, "2")
	second.mustHear(t, h, "1")
	first.mustHear(t, h, "3")
	second.mustHear(t, h, "2")
}

func TestSessionCookie(t *testing.T) {
	w := httptest.NewRecorder()
	counter(new(responder.Sessions[int])).ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/a/b", http.NoBody))
	got := w.Header().Get("Set-Cookie")
	id, ok := strings.CutPrefix(got, "switchhook_session=")
	id, rest, _ := strings.Cut(id, ";")
	if !ok || len(id) < 26 || rest != " Path=/; HttpOnly; SameSite=Lax" {
		t.Errorf("got %s", got)
	}
	var c call
	h := counter(new(responder.Sessions[int]))
	c.asks(h)
	before := c.cookies[0]
	c.asks(h)
	if c.cookies[0] != before {
		t.Errorf("the cookie is set again: %v", c.cookies)
	}
}

func TestCookiesThatAreNone(t *testing.T) {
	h := counter(new(responder.Sessions[int]))
	for _, value := range []string{"", "1", "../../etc/passwd", strings.Repeat("a", 26), strings.Repeat("A", 65), "PHPSESSID"} {
		c := call{cookies: []*http.Cookie{{Name: "switchhook_session", Value: value}}}
		c.mustHear(t, h, "1")
		if c.cookies[0].Value == value {
			t.Errorf("%q is taken for a session", value)
		}
		c.mustHear(t, h, "2")
	}
}

func TestSeveralSessionsKeepTheirOwnStateOfACall(t *testing.T) {
	sales, support := counter(new(responder.Sessions[int])), counter(new(responder.Sessions[int]))
	var c call
	c.mustHear(t, sales, "1")
	c.mustHear(t, support, "1")
	c.mustHear(t, sales, "2")
	c.mustHear(t, support, "2")
}

// pass lets time pass on the clock of a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }

func TestSessionEndsAfterItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ttl := range []time.Duration{0, time.Minute} {
			h := counter(&responder.Sessions[int]{TTL: ttl})
			lasts := ttl
			if ttl == 0 {
				lasts = time.Hour
			}
			var c call
			c.mustHear(t, h, "1")
			pass(lasts)
			c.mustHear(t, h, "2")
			pass(lasts)
			c.mustHear(t, h, "3")
			pass(lasts + 1)
			c.mustHear(t, h, "1")
		}
	})
}

func TestSessionThatWasUsedLongestAgoMakesRoom(t *testing.T) {
	h := counter(&responder.Sessions[int]{Max: 2})
	var a, b, c call
	a.mustHear(t, h, "1")
	b.mustHear(t, h, "1")
	a.mustHear(t, h, "2") // full, but no new caller
	c.mustHear(t, h, "1") // b goes
	a.mustHear(t, h, "3")
	c.mustHear(t, h, "2")
	b.mustHear(t, h, "1") // a goes
	c.mustHear(t, h, "3")
	a.mustHear(t, h, "1")
}

func TestTheOnlySessionIsKept(t *testing.T) {
	h := counter(&responder.Sessions[int]{Max: 1})
	var a, b call
	a.mustHear(t, h, "1")
	a.mustHear(t, h, "2")
	b.mustHear(t, h, "1")
	a.mustHear(t, h, "1")
}

func TestStateStaysAfterAnErrorAndAPanic(t *testing.T) {
	h := quiet(new(responder.Sessions[int]).Func(func(_ context.Context, _ *responder.Request, asked *int) (responder.Document, error) {
		*asked++
		switch *asked {
		case 1:
			return responder.Document{}, errors.New("the database is down")
		case 2:
			panic("a slip")
		}
		return responder.Bare(responder.Say{Text: fmt.Sprint(*asked)}), nil
	}))
	var c call
	c.asks(h)
	c.asks(h)
	c.mustHear(t, h, "3")
}

func TestRequestsOfOneCallWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var busy, most, done int
		sessions := new(responder.Sessions[int])
		h := responder.Handle(sessions.Func(func(_ context.Context, _ *responder.Request, asked *int) (responder.Document, error) {
			busy++
			most = max(most, busy)
			pass(time.Second)
			busy--
			*asked++
			done = *asked
			return responder.Respond(responder.Hangup{}), nil
		}))
		var c call
		c.asks(h)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { (&call{cookies: c.cookies}).asks(h) })
		}
		all.Wait()
		if most != 1 || done != 5 {
			t.Errorf("%d requests at once, %d in all; want 1 and 5", most, done)
		}
	})
}

func TestRequestThatIsGivenUpDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		first := true
		h := quiet(new(responder.Sessions[int]).Func(func(_ context.Context, _ *responder.Request, asked *int) (responder.Document, error) {
			*asked++
			if first = !first; first {
				<-release
			}
			return responder.Bare(responder.Say{Text: fmt.Sprint(*asked)}), nil
		}))
		var c call
		c.mustHear(t, h, "1")
		slow := &call{cookies: c.cookies}
		var waiting sync.WaitGroup
		waiting.Go(func() { slow.asks(h) })
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
		r.AddCookie(c.cookies[0])
		h.ServeHTTP(httptest.NewRecorder(), r)
		if ctx.Err() == nil {
			t.Error("the second request did not wait for the first")
		}
		close(release)
		waiting.Wait()
		c.mustHear(t, h, "3")
	})
}

func TestSessionNeedsAHandler(t *testing.T) {
	respond := new(responder.Sessions[int]).Func(func(context.Context, *responder.Request, *int) (responder.Document, error) {
		return responder.Respond(responder.Hangup{}), nil
	})
	_, err := respond(t.Context(), new(responder.Request))
	if want := "a session needs the HTTP exchange that a Handler puts into the context"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
