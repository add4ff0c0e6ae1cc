package wire_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/test/await"
)

// dialled is a terminal's first message.
const dialled = `{"from":"+12125550123","to":"2125551212"}`

func TestAHostileTerminalEndsItsCallAndNoOther(t *testing.T) {
	huge := `{"now":1,"error":"` + strings.Repeat("x", 2<<20) + `"}`
	for _, c := range []struct{ name, after, message string }{
		{"not JSON, to an order", `"do":"play"`, `play it yourself`},
		{"another type, to an order", `"do":"play"`, `{"now":"later"}`},
		{"huge, to an order", `"do":"play"`, huge},
		{"a list, to an order", `"do":"play"`, `[]`},
		{"a reply to an event", `"do":"route"`, `{"now":1}` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			answers := make(chan struct{})
			if c.after != `"do":"route"` { // the Core has not asked for anything yet
				close(answers)
			}
			core := start(t, held(answers, documents{"/": `<Response><Play>60s.wav</Play><Say>Still there?</Say></Response>`}))
			conn := core.dial(t)
			write(t, conn, dialled)
			readUntil(t, conn, c.after)
			_ = conn.Write(t.Context(), websocket.MessageText, []byte(c.message)) // the Core may close in the middle
			drain(t, conn)
			if outcome := core.ended(t); outcome.By != trace.ByCaller {
				t.Errorf("the call ended so: %+v", outcome)
			}
			if c.after == `"do":"route"` {
				close(answers)
			}
			result, err := simulator.Call(t.Context(), simulator.Options{Place: core.dialer().Place})
			if err != nil || result.Outcome.Failed {
				t.Errorf("the next call: %v %+v", err, result)
			}
		})
	}
}

// TestTwoRepliesToOneOrder has a terminal that replies ahead of the next order,
// which would shift all replies by one.
func TestTwoRepliesToOneOrder(t *testing.T) {
	never := silent{make(chan struct{}), make(chan struct{})}
	mux := http.NewServeMux()
	mux.Handle("/", documents{"/": `<Response action="/never"><Say>One.</Say></Response>`})
	mux.Handle("/never", never)
	core := start(t, mux)
	conn := core.dial(t)
	write(t, conn, dialled)
	readUntil(t, conn, `"do":"play"`)
	for range 20 {
		_ = conn.Write(t.Context(), websocket.MessageText, []byte(`{"now":1}`)) // the Core closes in the middle
	}
	drain(t, conn)
	if outcome := core.ended(t); outcome.By != trace.ByCaller {
		t.Errorf("the call ended so: %+v", outcome)
	}
}

// drain reads until the Core closes the connection.
func drain(t testing.TB, conn *websocket.Conn) {
	ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
	defer cancel()
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return
		}
	}
}

func TestALineBeginsWithANumber(t *testing.T) {
	core := start(t, documents{"/": `<Say>Good day.</Say>`})
	for _, first := range []string{`{}`, `{"from":"1"}`, `hello`, `{"to":1}`, `{"to":"` + strings.Repeat("1", 2<<20) + `"}`} {
		conn := core.dial(t)
		_ = conn.Write(t.Context(), websocket.MessageText, []byte(first)) // the Core may close in the middle
		ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
		if _, text, err := conn.Read(ctx); err == nil || ctx.Err() != nil {
			t.Errorf("to %.20s the Core said %q, %v", first, text, err)
		}
		cancel()
	}
	select {
	case outcome := <-core.outcomes:
		t.Errorf("a call was placed: %+v", outcome)
	default:
	}
}

// TestListenWithoutInput has a reply without the requested input.
func TestListenWithoutInput(t *testing.T) {
	core := start(t, documents{"/": `<Gather timeout="5" action="/never"/>`})
	conn := core.dial(t)
	write(t, conn, dialled)
	readUntil(t, conn, `"do":"listen"`)
	write(t, conn, `{"now":1}`)
	readUntil(t, conn, `"do":"listen"`) // the end of the listening
	write(t, conn, `{"now":1}`)
	readUntil(t, conn, `"do":"play"`) // the apology
	write(t, conn, `{"now":2}`)
	readUntil(t, conn, `"do":"hangup"`)
	write(t, conn, `{"now":3}`)
	readUntil(t, conn, `"do":"end"`)
	_ = conn.CloseNow()
	if outcome := core.ended(t); !outcome.Failed || !strings.Contains(outcome.Reason, "no input came with the reply") {
		t.Errorf("the call ended so: %+v", outcome)
	}
}

// FuzzReplies answers every order with the same bytes: the call must end, and
// the server survive.
func FuzzReplies(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `{"now":-9223372036854775808}`, `{"now":9223372036854775807,"took":-1}`,
		`{"now":1,"barged":true}`, `{"now":1,"input":{"Kind":1,"At":5,"Key":49}}`, `{"now":1,"input":{"Kind":99,"Key":255}}`,
		`{"now":1,"media":{"stream":1,"sound":"AAAA","key":"é"}}`, `{"media":{"stream":-1,"track":"left"}}`, `{"media":{"sound":"AAAA"}}`,
		`{"now":1,"input":{"Kind":3,"At":9223372036854775807,"Text":"\u0000"}}`, `{"hungUp":true}`,
		`{"hungUp":true,"unasked":true}`, `{"unasked":true}`, `{"error":"x"}`, `{"error":"this line cannot do that"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, reply []byte) {
		core := start(t, documents{"/": `<Response><Gather input="dtmf speech" timeout="5" action="/next"><Say>Well?</Say></Gather></Response>`,
			"/next": `<Response><Echo timeout="3"/><Record maxLength="3"/><Forward>1</Forward></Response>`})
		conn := dialAs(t, core.url, media...)
		write(t, conn, dialled)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2) // some bytes are no reply: the terminal leaves
		defer cancel()
		for orders := 0; orders < 50; {
			_, text, err := conn.Read(ctx)
			if err != nil || strings.Contains(string(text), `"do":"end"`) {
				break
			}
			if strings.Contains(string(text), `"do":"event"`) || strings.Contains(string(text), `"do":"route"`) {
				continue
			}
			orders++
			if conn.Write(ctx, websocket.MessageText, reply) != nil {
				break
			}
		}
		_ = conn.CloseNow()
		core.ended(t)
	})
}
