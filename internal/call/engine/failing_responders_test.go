package engine_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fetch"
)

const (
	sorry    = `"` + apology + `"`
	askAgain = "warning SH308: not a byte came back, so the responder is asked once more"
)

// fault is a responder that fails, each in its way.
type fault struct {
	name string
	asks func(w http.ResponseWriter, r *http.Request)
	dial func(context.Context) (net.Conn, error) // instead
	want []string                                // the call; its last line follows from the one preceding the apology
	took time.Duration                           // by the wall clock
}

// body answers every path with a document.
func body(document string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, document) }
}

// raw answers with bytes instead of HTTP, and closes the connection.
func raw(answer string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
	}
}

// endless writes something again and again, with a pause, until the client goes.
func endless(some string, pause time.Duration) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, some); err != nil {
				return
			}
			if pause > 0 {
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(pause):
				case <-r.Context().Done():
				}
			}
		}
	}
}

// bomb is a DTD whose last entity is 10^9 times the first.
var bomb = func() string {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\"?>\n<!DOCTYPE Response [\n<!ENTITY a0 \"ha\">\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "<!ENTITY a%d \"%s\">\n", i, strings.Repeat(fmt.Sprintf("&a%d;", i-1), 10))
	}
	return b.String() + "]>\n<Response><Say>&a9;</Say></Response>"
}()

// faults are the responders that the caller of a phone system meets. None whose
// answer had begun is asked twice.
var faults = []fault{
	{name: "an error of its own", asks: func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<b>Fatal error</b>: Uncaught PDOException", http.StatusInternalServerError)
	}, want: []string{"GET failed, SH303: it answered 500 Internal Server Error"}},
	{name: "a document with an error's status", asks: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `<Say>Hello.</Say>`)
	}, want: []string{"GET failed, SH303: it answered 503 Service Unavailable"}},
	{name: "a page that is gone", asks: http.NotFound, want: []string{"GET failed, SH303: it answered 404 Not Found"}},
	{name: "a status that nobody knows", asks: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(599) },
		want: []string{"GET failed, SH303: it answered 599"}},
	{name: "HTML", asks: body("<!DOCTYPE html>\n<html><body>It works!</body></html>"), want: []string{
		"GET failed, SH106: line 2, column 1: the answer is a web page, not a document of verbs",
		"warning SH111: line 1: a document needs no DOCTYPE (it is ignored)",
	}},
	{name: "text", asks: body("Warning: Undefined index: Digits in menu.php on line 3\n<Say>Hi</Say>"), want: []string{
		`GET failed, SH106: line 1, column 1: the answer begins with text ("Warning: Undefined index: Digits in menu…"), not with a document`,
	}},
	{name: "nothing", asks: body(""), want: []string{"GET failed, SH107: the answer is empty"}},
	{name: "no content", asks: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		want: []string{"GET failed, SH107: the answer is empty"}},
	{name: "white space", asks: body(" \n\n"), want: []string{"GET failed, SH107: the answer is empty"}},
	{name: "a document cut short", asks: body("<Response>\n<Say>Hello.</Say>\n"), want: []string{
		"GET failed, SH101: line 1, column 1: <Response> begins here and is never ended",
	}},
	{name: "an endless document", asks: endless(strings.Repeat("<Response>", 500), 0), want: []string{
		"GET failed, SH304: http://responder.example/start sent more than the 1 MiB that are allowed; send a shorter answer",
	}},
	{name: "a document that announces its size", asks: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(2<<20))
		_, _ = io.WriteString(w, "<Response>")
	}, want: []string{
		"GET failed, SH304: http://responder.example/start announces an answer of 2 MiB, more than the 1 MiB that are allowed; send a shorter answer",
	}},
	{name: "a document that was small when compressed", asks: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(make([]byte, 2<<20))
		_ = z.Close()
	}, want: []string{
		"GET failed, SH304: http://responder.example/start sent more than the 1 MiB that are allowed; send a shorter answer",
	}},
	{name: "endless headers", asks: raw("HTTP/1.1 200 OK\r\nSet-Cookie: a=" + strings.Repeat("x", 1<<17)), want: []string{
		"GET failed, SH304: http://responder.example/start sent more than 64 KiB of headers; set fewer or smaller cookies and headers",
	}},
	{name: "a document of depth 10,000", asks: body("<Response>" + strings.Repeat("<Say>", 10_000) + "deep" + strings.Repeat("</Say>", 10_000) + "</Response>"),
		want: []string{
			"GET failed, SH104: line 1, column 86: elements are nested more than 16 deep",
			"warning SH204: line 1: <Say> cannot stand in <Say>, which is plain text (it is skipped with all that is in it)",
		}},
	{name: "an entity bomb", asks: body(bomb), want: []string{
		"GET failed, SH105: line 2, column 1: the DOCTYPE declares entities of its own, which are never expanded",
	}},
	{name: "invalid UTF-8", asks: body("<Response>\n<Say>caf\xe9</Say></Response>"), want: []string{
		"GET failed, SH102: line 2, column 9: the byte 0xE9 is not UTF-8; send UTF-8, or declare encoding=\"ISO-8859-1\"",
	}},
	{name: "an endless redirect", asks: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
	}, want: []string{
		"GET failed, SH306: http://responder.example/startxxxxx is redirect number 6, and at most 5 are followed; give the address at which the redirects end",
	}},
	{name: "a redirect in a circle", asks: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/start", http.StatusFound)
	}, want: []string{
		"GET failed, SH306: http://responder.example/start redirects in a circle: http://responder.example/start was asked before; if the circle ends once a cookie is set, check that the cookie's domain and path fit this address",
	}},
	{name: "a redirect to nowhere", asks: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) }, want: []string{
		"GET failed, SH306: http://responder.example/start answered 302 without a Location to go to",
	}},
	{name: "a redirect to something that is no web address", asks: func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	}, want: []string{
		"GET failed, SH306: http://responder.example/start redirects to an address that cannot be asked: file:///etc/passwd is not a web address",
	}},
	{name: "a connection closed without an answer", asks: raw(""), want: []string{
		"GET failed, SH301: http://responder.example/start closed the connection without an answer; look in the responder's log for a crash",
		askAgain,
		"GET failed, SH301: http://responder.example/start closed the connection without an answer; look in the responder's log for a crash",
	}},
	{name: "a crash in the middle", asks: raw("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<Response><Say>"), want: []string{
		"GET failed, SH301: http://responder.example/start closed the connection in the middle of its answer, after 15 bytes; look in the responder's log for a crash, and check the Content-Length it sends",
	}},
	{name: "another protocol", asks: raw("SSH-2.0-OpenSSH_9.6\r\n"), want: []string{
		"GET failed, SH301: http://responder.example/start does not speak HTTP; check the port: another kind of service seems to listen there",
	}},
	{name: "one byte a second", asks: endless("<", 1001*time.Millisecond), took: 15 * time.Second, want: []string{
		"GET failed, SH302: http://responder.example/start sent 15 bytes in 15 s and had not finished; answer sooner, for a caller is waiting, or raise the time limit",
	}},
	{name: "no answer in time", asks: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, took: 30 * time.Second, want: []string{
		"GET failed, SH302: http://responder.example/start took the request but sent nothing in 15 s; answer sooner, for a caller is waiting, or raise the time limit",
		askAgain,
		"GET failed, SH302: http://responder.example/start took the request but sent nothing in 15 s; answer sooner, for a caller is waiting, or raise the time limit",
	}},
	{name: "nothing listens", dial: refused, want: []string{
		"GET failed, SH301: responder.example:80 refused the connection; start the responder, or check host and port of the address",
		askAgain,
		"GET failed, SH301: responder.example:80 refused the connection; start the responder, or check host and port of the address",
	}},
	{name: "no connection in time", dial: silent, took: 6 * time.Second, want: []string{
		"GET failed, SH302: responder.example:80 did not take the connection in 3 s; check that the host is up and that no firewall drops the connection",
		askAgain,
		"GET failed, SH302: responder.example:80 did not take the connection in 3 s; check that the host is up and that no firewall drops the connection",
	}},
	{name: "no such host", dial: func(context.Context) (net.Conn, error) {
		return nil, &net.DNSError{Name: "responder.example", IsNotFound: true}
	}, want: []string{
		"GET failed, SH301: there is no host by the name responder.example; check the spelling of the address",
		askAgain,
		"GET failed, SH301: there is no host by the name responder.example; check the spelling of the address",
	}},
	{name: "a document that names itself", asks: body(`<Response action="?again"/>`), want: []string{
		"warning SH311: the call asked for more than 100 documents; a responder that leads back to itself does that",
	}},
	{name: "a forward to itself", asks: body(`<Forward>http://responder.example/start</Forward>`), want: append(
		strings.Split(strings.Repeat("forwards to http://responder.example/start\n", 100), "\n")[:100],
		"warning SH311: the call asked for more than 100 documents; a responder that leads back to itself does that",
	)},
	{name: "an action that is no URL", asks: body("<Response>\n<Say action='http://[::1'>Hello.</Say></Response>"), want: []string{
		`"Hello."`, `warning SH307: line 2: the action "http://[::1" is not a URL`,
	}},
	{name: "an action with a broken escape", asks: body("<Gather numDigits='1' timeout='0' action='100%.php'/>"), want: []string{
		`gather "" "" timeout`, `warning SH307: line 1: the action "100%.php" is not a URL`,
	}},
	{name: "a Response's action that is no URL", asks: body("<Response action=':'/>"), want: []string{
		`warning SH307: the action ":" is not a URL`,
	}},
	{name: "an action that is no web address", asks: body("<Say action='tel:112'>Hello.</Say>"), want: []string{
		`"Hello."`, "GET failed, SH307: tel:… is not a web address; give an address that begins with http:// or https://",
	}},
	{name: "an action on the machine itself", asks: body("<Say action='file:///etc/passwd'>Hello.</Say>"), want: []string{
		`"Hello."`, "GET failed, SH307: file:///etc/passwd is not a web address; give an address that begins with http:// or https://",
	}},
	{name: "a destination that is no URL", asks: body("<Forward>https://[::1</Forward>"), want: []string{
		`warning SH307: line 1: the destination "https://[::1" is not a URL`,
	}},
}

func TestCallerHearsTheApologyOfResponderThatFails(t *testing.T) {
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{handler: http.HandlerFunc(c.asks)}
				if c.dial != nil {
					n.dials = map[string]func(context.Context) (net.Conn, error){"responder.example": c.dial}
				}
				line := newDeskPhone()
				began := time.Now()
				outcome, events := over(t, n, engine.Config{}).place(line)
				if took := time.Since(began); took != c.took {
					t.Errorf("the call took %v, want %v", took, c.took)
				}
				reason := outcome.Reason
				if diff := cmp.Diff(engine.Outcome{By: trace.ByEngine, Reason: reason, Failed: true}, outcome); diff != "" {
					t.Errorf("outcome (-want +got):\n%s", diff)
				}
				got := story(events)
				want := append(append([]string(nil), c.want...), sorry, "hangs up: "+reason+" (engine)")
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("the call (-want +got):\n%s", diff)
				}
				if !strings.Contains(strings.Join(c.want, "\n"), ": "+reason) {
					t.Errorf("the reason %q is none of the failures", reason)
				}
				if line.hungUp != 1 {
					t.Errorf("the line was hung up %d times", line.hungUp)
				}
			})
		})
	}
}

func TestCallerHearsTheFallbackOfResponderThatFails(t *testing.T) {
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Host == "fallback.example" {
						_, _ = io.WriteString(w, `<Say>Nobody is here.</Say>`)
						return
					}
					c.asks(w, r)
				})}
				if c.dial != nil {
					n.dials = map[string]func(context.Context) (net.Conn, error){"responder.example": c.dial}
				}
				outcome, events := over(t, n, engine.Config{}).placeCall(newDeskPhone(), engine.Call{Fallback: at("http://fallback.example/")})
				want := append(append([]string(nil), c.want...),
					"warning SH309: the responder failed, so the fallback is asked", `"Nobody is here."`, "hangs up: the document ended (end)")
				if strings.Contains(strings.Join(c.want, ""), "SH311") {
					return // the loop guard is the end of every call
				}
				if diff := cmp.Diff(want, story(events)); diff != "" {
					t.Errorf("the call (-want +got):\n%s", diff)
				}
				if outcome.Failed {
					t.Errorf("outcome %+v", outcome)
				}
			})
		})
	}
}

func TestFallbackIsAskedOnceAndToldWhatWasEntered(t *testing.T) {
	asked := &noting{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Host + r.URL.Path {
		case "responder.example/start":
			_, _ = io.WriteString(w, `<Gather numDigits="1" action="next"/>`)
		case "fallback.example/":
			_, _ = io.WriteString(w, `<Say action="more">One moment.</Say>`)
		default:
			http.NotFound(w, r)
		}
	})}
	line := newHandset(keys("7", 0, 0)...)
	_, events := against(t, asked).placeCall(line, engine.Call{Method: http.MethodPost, Fallback: at("http://fallback.example/?from=main")})
	want := []string{
		"POST http://responder.example/start?NmsAni=1001 NmsAni=1001",
		"POST http://responder.example/next?NmsAni=1001&Digits=7 NmsAni=1001&Digits=7",
		"POST http://fallback.example/?from=main&NmsAni=1001&Digits=7 NmsAni=1001&Digits=7",
		"POST http://fallback.example/more?NmsAni=1001 NmsAni=1001",
	}
	if diff := cmp.Diff(want, asked.notes); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	wantStory := []string{
		`gather "7" "" numDigits`,
		"POST failed, SH303: it answered 404 Not Found",
		"warning SH309: the responder failed, so the fallback is asked",
		`"One moment."`,
		"POST failed, SH303: it answered 404 Not Found",
		sorry, "hangs up: it answered 404 Not Found (engine)",
	}
	if diff := cmp.Diff(wantStory, story(events)); diff != "" {
		t.Errorf("the call (-want +got):\n%s", diff)
	}
}

func TestPostIsNotSentTwice(t *testing.T) {
	asked := &noting{Handler: http.HandlerFunc(raw(""))}
	_, events := against(t, asked).placeCall(newHandset(), engine.Call{Method: http.MethodPost})
	want := []string{
		"POST failed, SH301: http://responder.example/start closed the connection without an answer; look in the responder's log for a crash; the POST was not sent again, for it may have been acted upon",
		sorry,
	}
	if diff := cmp.Diff(want, story(events)[:2]); diff != "" || len(asked.notes) != 1 {
		t.Errorf("asked %q; the call (-want +got):\n%s", asked.notes, diff)
	}
}

func TestSecondTryMayGoWell(t *testing.T) {
	tries := 0
	_, events := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tries++; tries == 1 {
			raw("")(w, r)
			return
		}
		_, _ = io.WriteString(w, `<Say>Here I am.</Say>`)
	})).place(newHandset())
	want := []string{
		"GET failed, SH301: http://responder.example/start closed the connection without an answer; look in the responder's log for a crash",
		askAgain, `"Here I am."`, "hangs up: the document ended (end)",
	}
	if diff := cmp.Diff(want, story(events)); diff != "" {
		t.Errorf("the call (-want +got):\n%s", diff)
	}
}

// TestAddressesThatAreNotAllowed asks the real guard: nothing is connected.
func TestAddressesThatAreNotAllowed(t *testing.T) {
	loops := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch to := r.URL.Query().Get("to"); r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, to, http.StatusFound)
		case "/action":
			_, _ = fmt.Fprintf(w, `<Say action="%s">Hello.</Say>`, to)
		case "/play":
			_, _ = fmt.Fprintf(w, `<Response><Play>%s</Play><Say>Hello.</Say></Response>`, to)
		case "/stream":
			_, _ = fmt.Fprintf(w, `<Connect><Stream url="%s"/></Connect>`, to)
		}
	}))
	defer loops.Close()
	port := strings.TrimPrefix(loops.URL, "http://127.0.0.1:")
	const private = "10.0.0.1:80 is a private address and may not be asked"
	const hint = "; if the responder belongs there, allow private responders (allow_private_responders, or SWITCHHOOK_ALLOW_PRIVATE_RESPONDERS=true); else give the responder's public name"
	for _, c := range []struct {
		name, target string
		guard        fetch.Guard
		want         []string
	}{
		{"a private address", "http://10.0.0.1/", fetch.Guard{Loopback: true}, []string{"GET failed, SH305: " + private + hint, sorry}},
		{"the credentials of a cloud", "http://169.254.169.254/latest/meta-data/", fetch.Guard{Loopback: true, Private: true}, []string{
			"GET failed, SH305: 169.254.169.254:80 is a link-local address or one where a cloud keeps its credentials and may not be asked; no setting allows it; give the responder's public name", sorry,
		}},
		{"this machine", loops.URL, fetch.Guard{}, []string{
			"GET failed, SH305: 127.0.0.1:" + port + " is this machine itself and may not be asked" + hint, sorry,
		}},
		{"a redirect to it", loops.URL + "/redirect?to=http://10.0.0.1/", fetch.Guard{Loopback: true}, []string{
			"GET failed, SH305: " + loops.URL + "/redirect redirects, and " + private + hint, sorry,
		}},
		{"an action there", loops.URL + "/action?to=http://10.0.0.1/", fetch.Guard{Loopback: true}, []string{
			`"Hello."`, "GET failed, SH305: " + private + hint, sorry,
		}},
		{"a file there", loops.URL + "/play?to=http://10.0.0.1/", fetch.Guard{Loopback: true}, []string{
			"warning SH320: line 1: the file cannot be played: " + private + hint, `"Hello."`,
		}},
		{"a stream there", loops.URL + "/stream?to=ws://10.0.0.1/", fetch.Guard{Loopback: true}, []string{
			"warning SH332: line 1: the media stream is not encrypted; write wss://",
			"warning SH330: line 1: the media stream to ws://10.0.0.1/ cannot be opened: " + private, sorry,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := fetch.New(fetch.Options{Guard: c.guard})
			defer client.CloseIdle()
			_, events := over(t, &network{}, engine.Config{Client: client}).placeCall(newStreamPhone(), engine.Call{URL: at(c.target)})
			got := story(events)
			if diff := cmp.Diff(c.want, got[:len(got)-1]); diff != "" {
				t.Errorf("the call (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnswerMayTakeAsLongAsTheOperatorSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(100 * time.Second) // by the bubble's clock: a language model thinks
			_, _ = io.WriteString(w, `<Say>Forty-two.</Say>`)
		})
		line := newHandset()
		_, events := over(t, &network{handler: slow}, engine.Config{Timeout: 120 * time.Second}).place(line)
		if line.said() != "Forty-two." || of[trace.Request](events)[0].Ms != 100_000 {
			t.Errorf("%q", story(events))
		}
	})
}

func TestDocumentsOfACallAreCounted(t *testing.T) {
	asked := &noting{Handler: http.HandlerFunc(body(`<Gather action="?" timeout="2"><Say>Again.</Say></Gather>`))}
	outcome, _ := over(t, &network{handler: asked}, engine.Config{MaxDocuments: 7}).place(newHandset())
	if len(asked.notes) != 7 || outcome.Reason != "the call asked for more than 7 documents; a responder that leads back to itself does that" {
		t.Errorf("asked %d times, outcome %+v", len(asked.notes), outcome)
	}
}

// TestEveryFaultIsASentence checks that messages do not use Go's own words.
func TestEveryFaultIsASentence(t *testing.T) {
	for _, c := range faults {
		for _, line := range c.want {
			for _, word := range []string{"%!", "*", "EOF", "dial tcp", "net/http", "context ", "strconv", "xml:"} {
				if strings.Contains(line, word) {
					t.Errorf("%s: %q", c.name, line)
				}
			}
		}
	}
}
