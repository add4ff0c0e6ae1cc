package respondertest_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/respondertest"
)

// menu asks for a choice, again if nothing is heard, and forwards.
var menu = &responder.Handler{Log: slog.New(slog.DiscardHandler), Respond: func(_ context.Context, req *responder.Request) (responder.Document, error) {
	switch {
	case req.Digits == "1":
		return responder.Respond(responder.Say{Text: "Connecting you to sales."}, responder.Forward{To: "2001"}), nil
	case req.Digits == "2", req.Speech == "goodbye":
		return responder.Respond(responder.Say{Text: "Goodbye."}, responder.Hangup{}), nil
	case req.Digits == "3":
		return responder.Document{}, errors.New("the database is gone")
	}
	return responder.Respond(responder.Gather{
		Input: responder.InputBoth, NumDigits: 1, Action: "/",
		Prompts: []responder.Prompt{responder.Say{Text: "Press one for sales, or two to leave."}},
	}), nil
}}

func TestCallerHearsPressesAndIsForwarded(t *testing.T) {
	caller := respondertest.Call(t, menu)
	caller.Hears("press ONE for sales").Presses("1").Hears("Connecting you").IsForwardedTo("2001")
}

func TestCallerWaitsThroughTimeouts(t *testing.T) {
	caller := respondertest.Call(t, menu)
	caller.Hears("Press one").Waits(10 * time.Minute).Presses("2")
	caller.Hears("Goodbye").HearsNothingElse()
	caller.IsHungUpOn()
	if heard := len(caller.Heard()); heard < 60 {
		t.Errorf("in ten minutes the caller was asked %d times", heard)
	}
}

func TestCallerSpeaks(t *testing.T) {
	caller := respondertest.Call(t, menu)
	caller.Says("goodbye").Hears("Goodbye")
	caller.IsHungUpOn()
}

func TestCallerHangsUp(t *testing.T) {
	caller := respondertest.Call(t, menu)
	caller.Hears("Press one").HangsUp()
	if !strings.HasSuffix(caller.Transcript(), "hangs up: the caller hung up (caller)\n") {
		t.Errorf("the call:\n%s", caller.Transcript())
	}
}

func TestCallerInterrupts(t *testing.T) {
	caller := respondertest.Call(t, menu, respondertest.BargeIn())
	caller.Hears("Press one").Presses("2").Hears("Goodbye")
	if !strings.Contains(caller.Transcript(), "cut short by the caller") {
		t.Errorf("the call:\n%s", caller.Transcript())
	}
}

func TestCallIsMadeAsOptionsSay(t *testing.T) {
	var asked *http.Request
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Clone(context.Background())
		if err := responder.Verify(r, time.Now(), "secret"); err != nil {
			t.Error(err)
		}
		responder.Handle(func(_ context.Context, req *responder.Request) (responder.Document, error) {
			return responder.Respond(responder.Say{Text: req.Caller + " calls " + req.Called}), nil
		}).ServeHTTP(w, r)
	})
	server := httptest.NewServer(handler)
	defer server.Close()
	options := []respondertest.Option{
		respondertest.From("+19734321440"), respondertest.To("1001"), respondertest.Post(), respondertest.Secret("secret"), respondertest.Path("menu?id=7"),
	}
	for name, call := range map[string]func() *respondertest.Caller{
		"a handler": func() *respondertest.Caller { return respondertest.Call(t, handler, options...) },
		"a URL":     func() *respondertest.Caller { return respondertest.CallURL(t, server.URL+"/start?id=6", options...) },
	} {
		call().Hears("+19734321440 calls 1001")
		if asked.Method != http.MethodPost || asked.URL.Path != "/menu" || asked.URL.Query().Get("id") != "7" {
			t.Errorf("%s was asked with %s %s", name, asked.Method, asked.URL)
		}
	}
}

func TestNobodyElseIsAsked(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<Response><Play>http://files.example/hello.wav</Play><Say>Hello.</Say></Response>`))
	})
	caller := respondertest.Call(t, handler)
	caller.Hears("Hello")
	if !strings.Contains(caller.Transcript(), "files.example:80 was not asked: a test asks its handler and this machine, and nobody else") {
		t.Errorf("the call:\n%s", caller.Transcript())
	}
}

// TestCallersTalkAtTheSameTime makes many calls of one handler, each in its
// own goroutine.
func TestCallersTalkAtTheSameTime(t *testing.T) {
	for range 20 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			caller := respondertest.Call(t, menu)
			caller.Hears("Press one").Waits(time.Minute).Hears("Press one").Presses("1")
			_ = caller.Transcript()
			caller.IsForwardedTo("2001")
			if diff := cmp.Diff("Connecting you to sales.", caller.Heard()[len(caller.Heard())-1]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCallThatIsNotFinishedEndsWithTheTest leaves a call in the middle of it.
func TestCallThatIsNotFinishedEndsWithTheTest(t *testing.T) {
	ended := false
	t.Run("", func(t *testing.T) {
		t.Cleanup(func() { ended = true })
		respondertest.Call(t, menu).Hears("Press one")
		respondertest.Call(t, menu)
	})
	if !ended {
		t.Error("the call goes on")
	}
}

func TestStepsThatTheCallDoesNotAllow(t *testing.T) {
	const heard = `    0:00.0  "Press one for sales, or two to leave."` + "\n"
	for _, c := range []struct {
		name string
		call func(*respondertest.Caller)
		want []string
	}{
		{"hears something else", func(c *respondertest.Caller) { c.Hears("pizza") },
			[]string{`the caller did not hear "pizza": the call ended first.`, heard, "the call asked for more than 100 documents"}},
		{"hears it too late", func(c *respondertest.Caller) { c.Presses("2").Hears("Goodbye").Hears("Goodbye") },
			[]string{`the caller did not hear "Goodbye": the call ended first.`, heard, "  > presses 2\n", "hangs up: the responder hung up (responder)\n"}},
		{"presses where nobody listens", func(c *respondertest.Caller) { c.Presses("2").Presses("12#") },
			[]string{"the caller could not press 12#: the call ended first.", heard}},
		{"speaks where nobody listens", func(c *respondertest.Caller) { c.Presses("2").Says("hello") },
			[]string{`the caller could not say "hello": the call ended first.`, heard}},
		{"waits after the end", func(c *respondertest.Caller) { c.Presses("2").IsHungUpOn(); c.Waits(time.Second) },
			[]string{"the caller could not wait 1s: the call ended first.", heard}},
		{"hangs up after the end", func(c *respondertest.Caller) { c.Presses("2").IsHungUpOn(); c.HangsUp() },
			[]string{"the caller could not hang up: the call ended first.", heard}},
		{"is not forwarded", func(c *respondertest.Caller) { c.Presses("2").IsForwardedTo("2001") },
			[]string{"the call was not forwarded to 2001.", heard, `"Goodbye."`}},
		{"is forwarded elsewhere", func(c *respondertest.Caller) { c.Presses("1").IsForwardedTo("2002") },
			[]string{"the call was forwarded to 2001, not to 2002.", heard, "forwards to 2001\n"}},
		{"is not hung up on", func(c *respondertest.Caller) { c.Presses("1").IsHungUpOn() },
			[]string{"the responder did not end the call.", heard, "forwards to 2001\n"}},
		{"is left by a responder that fails", func(c *respondertest.Caller) { c.Presses("3").IsForwardedTo("2001") },
			[]string{"the call was not forwarded to 2001.", `"We are sorry, something went wrong. Please try again later."`}},
		{"hears something else too", func(c *respondertest.Caller) { c.Hears("Press one").Presses("1").HearsNothingElse() },
			[]string{`the caller hears ["Connecting you to sales."] too.`, heard}},
		{"presses no keys", func(c *respondertest.Caller) { c.Presses("") }, []string{"press which keys?"}},
		{"presses a word", func(c *respondertest.Caller) { c.Presses("none") }, []string{`"none" has something that is not a telephone key (0 to 9, *, #, A to D)`}},
		{"hears nothing", func(c *respondertest.Caller) { c.Hears(" ") }, []string{"Hears waits for a text, and none is given"}},
		{"says nothing", func(c *respondertest.Caller) { c.Says("") }, []string{"Says says something, and no text is given; Waits is silent"}},
		{"waits backwards", func(c *respondertest.Caller) { c.Waits(-time.Second) }, []string{"Waits cannot go back by 1s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			failures := run(t, func(t testing.TB) { c.call(respondertest.Call(t, menu)) })
			if len(failures) != 1 {
				t.Fatalf("failures %q", failures)
			}
			for _, want := range c.want {
				if !strings.Contains(failures[0], want) {
					t.Errorf("the failure does not say %q:\n%s", want, failures[0])
				}
			}
		})
	}
}

func TestCallThatCannotBegin(t *testing.T) {
	for _, c := range []struct {
		name string
		call func(testing.TB)
	}{
		{"a URL", func(t testing.TB) { respondertest.CallURL(t, "2001").Hears("x") }},
		{"a URL, and nothing is heard", func(t testing.TB) { respondertest.CallURL(t, "2001").Heard() }},
		{"a URL with a path", func(t testing.TB) { respondertest.CallURL(t, "2001", respondertest.Path("%")).IsHungUpOn() }},
	} {
		failures := run(t, c.call)
		if len(failures) != 1 || !strings.Contains(failures[0], "is not the URL of a responder") {
			t.Errorf("%s: failures %q", c.name, failures)
		}
	}
}
