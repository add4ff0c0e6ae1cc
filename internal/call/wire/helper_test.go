package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/inhand"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/test/await"
)

const token = "nss_the-operators"

// documents answers each path with a document, and NAME.wav with that much
// silence.
type documents map[string]string

func (d documents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutSuffix(r.URL.Path, ".wav"); ok {
		if length, err := time.ParseDuration(strings.Trim(name, "/")); err == nil {
			_ = audio.WriteWAV(w, audio.Silence(length))
			return
		}
	}
	document, ok := d[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(w, document)
}

// exchange runs every call with one responder, like a Core whose numbers all
// lead there.
type exchange struct {
	responder *url.URL
	client    *fetch.Client
	prompts   *prompt.Library
	outcomes  chan engine.Outcome // of calls that have ended
}

func (x *exchange) Place(ctx context.Context, from, to string, line engine.Line, route func([]string), record func(trace.Stamped)) engine.Outcome {
	route([]string{"every number leads to the responder"})
	outcome := engine.New(engine.Config{Client: x.client, Prompts: x.prompts}).
		Run(ctx, line, engine.Call{URL: x.responder, Facts: simulator.Facts(from, to)}, record)
	x.outcomes <- outcome
	return outcome
}

// behindDoor wraps a handler as the server wraps what is for its operator.
func behindDoor(next http.Handler) *wire.Door { return &wire.Door{Token: token, Next: next} }

// core is a server whose lines lead to a responder.
type core struct {
	*exchange
	door  *wire.Door
	calls *inhand.Calls
	url   string
}

func start(t *testing.T, responder http.Handler) *core {
	t.Helper()
	asked := httptest.NewServer(responder)
	t.Cleanup(asked.Close)
	target, err := url.Parse(asked.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	x := &exchange{responder: target, client: fetch.New(fetch.Options{Guard: fetch.Guard{Loopback: true}}), outcomes: make(chan engine.Outcome, 10)}
	x.prompts = prompt.New(prompt.Config{Client: x.client})
	t.Cleanup(func() {
		x.prompts.Close()
		x.client.CloseIdle()
	})
	c := &core{exchange: x}
	c.door, c.calls, c.url = serve(t, x)
	return c
}

// at parses a URL that is known to be one.
func at(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u
}

// serve runs a server whose lines lead to an Exchange.
func serve(t *testing.T, x wire.Exchange) (door *wire.Door, calls *inhand.Calls, address string) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	recordings := &wire.Recordings{Origin: func() *url.URL { return at(server.URL) }}
	calls = &inhand.Calls{}
	lines := &wire.Lines{Exchange: x, Calls: calls, Recordings: recordings}
	door = behindDoor(lines)
	mux.Handle(wire.LinePath, door)
	mux.Handle(wire.RecordingPath, recordings)
	t.Cleanup(func() { // no call outlives its terminal
		ctx, cancel := context.WithTimeout(context.Background(), await.Limit)
		defer cancel()
		if err := calls.Wait(ctx); err != nil {
			t.Errorf("a call did not end: %v", err)
		}
		server.Close()
	})
	return door, calls, server.URL
}

func (c *core) dialer() *wire.Dialer { return &wire.Dialer{Core: c.url, Token: token} }

// ended returns the Core's outcome of the next call to end.
func (c *core) ended(t *testing.T) engine.Outcome {
	t.Helper()
	select {
	case outcome := <-c.outcomes:
		return outcome
	case <-time.After(await.Limit):
		t.Fatal("the call did not end")
		return engine.Outcome{}
	}
}

// dial connects a terminal whose messages the test writes.
func (c *core) dial(t testing.TB) *websocket.Conn {
	t.Helper()
	return dial(t, c.url)
}

// dial is core.dial, of any server.
func dial(t testing.TB, address string) *websocket.Conn {
	t.Helper()
	return dialAs(t, address)
}

// dialAs is dial, of a terminal that knows a subprotocol.
func dialAs(t testing.TB, address string, protocols ...string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), address+wire.LinePath,
		&websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + token}}, Subprotocols: protocols})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(wire.MaxOrder)
	return conn
}

func write(t testing.TB, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// readUntil reads messages up to one that contains a text.
func readUntil(t testing.TB, conn *websocket.Conn, wanted string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
	defer cancel()
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("before %s: %v", wanted, err)
		}
		if strings.Contains(string(text), wanted) {
			return
		}
	}
}

func script(t *testing.T, text string) []simulator.Step {
	t.Helper()
	steps, err := simulator.ParseScript(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func answers(t *testing.T, values ...string) []simulator.Step {
	t.Helper()
	steps := make([]simulator.Step, len(values))
	for i, value := range values {
		var err error
		if steps[i], err = simulator.ParseAnswer(value); err != nil {
			t.Fatal(err)
		}
	}
	return steps
}
