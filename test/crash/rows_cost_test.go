package crash_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/server"
)

// stranger1 is an attacker with one address.
const stranger1 = "203.0.113.66"

// rowsOfCost are the attackers who want to cost the server more than they pay.
func rowsOfCost() []row {
	return []row{
		{name: "nobody", attack: func(b *bandit) { <-b.ctx.Done() }, says: func(*besieged, loot) string { return "the load alone" }},
		{name: "1 MiB of JSON, 20 connections", full: 20, small: 4, attack: largeBodies, says: answers},
		{name: "1 MiB of JSON, 150 connections", full: 150, small: 8, attack: largeBodies, says: answers},
		{name: "slow bodies: 2,000 at once, again every 2 s", full: 2000, small: 150, attack: slowBodies, says: answers},
		{name: "slow bodies: 2,000 that come back at once", full: 2000, small: 150, attack: slowBodiesAgain, says: answers},
		{name: "slow headers: 2,000", full: 2000, small: 150, attack: slowHeaders, says: answers},
		{name: "connections that are opened and closed", full: 64, small: 8, attack: reconnects, says: answers},
		{name: "requests for nothing, as fast as it goes", full: 64, small: 8, attack: nothing, says: answers},
		{name: "widgets of unknown ids", full: 64, small: 8, attack: unknownWidgets, says: answers},
		{name: "prompts without end, 30 calls at a time", full: 30, small: 5, attack: endlessPrompts, given: operatorsToken,
			settings: "allow_private_responders = true\n", sections: "[core]\ndomain = \"core.example\"\n", says: answers},
	}
}

// largeBodies must not be read before the sender is known.
func largeBodies(b *bandit) {
	body := `{"x":[` + strings.Repeat(`{"a":1},`, 1<<17-2) + `{}]}`
	paths := []string{"/webresponder", "/oncall", "/click-to-call/never/call", "/click-to-call/token", "/update-sms"}
	b.many(b.order.Size, 0, func(i int) {
		b.send(http.MethodPost, paths[i%len(paths)], stranger1, "application/json", body)
	})
}

// holdBack sends a request but for the last byte of its body.
func holdBack(conn net.Conn, i int) error {
	path, kind, size := "/click-to-call/token", "application/json", 8<<10
	switch i % 3 {
	case 1:
		path, kind, size = "/update-sms", isForm, 64<<10
	case 2:
		path, kind, size = "/webresponder?id=keyless", isForm, 64<<10
	}
	_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, stranger1, kind, size, `{"id":"`+strings.Repeat("x", size-8))
	return err
}

// slowBodies opens all its connections at once, every two seconds.
func slowBodies(b *bandit) {
	again := time.NewTicker(2 * time.Second)
	defer again.Stop()
	var all sync.WaitGroup
	defer all.Wait()
	for b.ctx.Err() == nil {
		for i := range b.order.Size {
			all.Go(func() { b.connect(func(conn net.Conn) error { return holdBack(conn, i) }) })
		}
		select {
		case <-again.C:
		case <-b.ctx.Done():
		}
	}
}

// slowBodiesAgain opens each again that was closed.
func slowBodiesAgain(b *bandit) {
	b.many(b.order.Size, 0, func(i int) {
		b.connect(func(conn net.Conn) error { return holdBack(conn, i) })
	})
}

// slowHeaders sends a byte a second, and comes back.
func slowHeaders(b *bandit) {
	b.many(b.order.Size, 0, func(int) {
		b.connect(func(conn net.Conn) error {
			_, err := io.WriteString(conn, "GET /webresponder?id=keyless HTTP/1.1\r\nHost: x\r\nX-Slow: ")
			every := time.NewTicker(time.Second)
			defer every.Stop()
			for err == nil && b.ctx.Err() == nil {
				select {
				case <-every.C:
					_, err = io.WriteString(conn, "x")
				case <-b.ctx.Done():
				}
			}
			return nil // what the server says is read then
		})
	})
}

// reconnects asks nothing.
func reconnects(b *bandit) {
	b.many(b.order.Size, 0, func(int) {
		b.tried.Add(1)
		conn, err := (&net.Dialer{}).DialContext(b.ctx, "tcp", b.order.Address)
		if err != nil {
			return
		}
		b.answers.add("opened")
		_ = conn.Close()
	})
}

// nothing asks for what there is not, on connections that are kept.
func nothing(b *bandit) {
	b.many(b.order.Size, 0, func(i int) { b.send(http.MethodGet, fmt.Sprint("/nothing-", i), stranger1, "", "") })
}

func unknownWidgets(b *bandit) {
	b.many(b.order.Size, 0, func(i int) {
		b.send(http.MethodGet, fmt.Sprint("/widget.js?id=unknown-", i), stranger1, "", "", "Accept-Encoding", "gzip")
	})
}

// operatorsToken is what a customer has who may write dial rules.
func operatorsToken(b *besieged) map[string]string {
	token, err := server.OperatorToken(b.database.Folder)
	if err != nil {
		b.t.Fatal(err)
	}
	return map[string]string{"token": token}
}

// endlessPrompts is a customer whose responder plays files that never end.
func endlessPrompts(b *bandit) {
	var sent atomic.Int64
	responder := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/endless.wav" {
			_, _ = io.WriteString(w, "<Response><Play>/endless.wav</Play></Response>")
			return
		}
		_, _ = io.WriteString(w, "RIFF\xff\xff\xff\x7fWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\xff\xff\xff\x7f")
		out, chunk := bufio.NewWriterSize(w, 64<<10), make([]byte, 64<<10)
		for b.ctx.Err() == nil {
			n, err := out.Write(chunk)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	}))
	defer responder.Close()
	b.lead(responder.URL + "/")
	b.many(b.order.Size, 0, func(int) {
		b.tried.Add(1)
		result, err := simulator.Call(b.ctx, simulator.Options{To: "2125551212", Place: (&wire.Dialer{Core: "http://" + b.order.Address, Token: b.order.Given["token"]}).Place})
		switch {
		case err != nil && b.ctx.Err() == nil:
			fmt.Fprintln(os.Stderr, "a call:", err)
			b.answers.add("no call")
		case err == nil:
			b.answers.add(fmt.Sprintf("call ended by %s", result.Outcome.By))
		}
	})
	b.note = fmt.Sprintf("%d MB were sent", sent.Load()>>20)
}

// lead leads +1 212 555 1212 to a responder, by the API of the phone side.
func (b *bandit) lead(responder string) {
	const in = "/ns-api/v2/domains/core.example"
	for _, step := range []struct{ method, path, body string }{
		{http.MethodPost, in + "/users", `{"user":"8001","name-first-name":"Text","name-last-name":"Back","email-address":"a@example.net","user-scope":"Basic User"}`},
		{http.MethodPost, in + "/phonenumbers", `{"phonenumber":"12125551212","dial-rule-application":"to-user","dial-rule-translation-destination-user":"8001"}`},
		{http.MethodPut, in + "/users/8001/answerrules/*", `{"enabled":"yes","is-active":true,"forward-always":{"enabled":"yes","parameters":["webresponder8001"]}}`},
		{http.MethodPost, in + "/dialplans/core.example/dialrules", `{"dial-rule-matching-to-uri":"webresponder8001","dial-rule-matching-from-uri":"*","enabled":"yes",` +
			`"dial-rule-application":"To Web","dial-rule-parameter":"` + responder + `","dial-rule-translation-destination-user":"[*]"}`},
	} {
		if status, answer := b.send(step.method, step.path, "127.0.0.1", "application/json", step.body, "Authorization", "Bearer "+b.order.Given["token"]); status > 299 {
			fmt.Fprintf(os.Stderr, "%s: %d %s\n", step.path, status, answer)
		}
	}
}
