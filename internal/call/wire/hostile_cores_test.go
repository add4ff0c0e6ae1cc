package wire_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

// coreThatSays takes a line and sends messages without reading a reply, then
// closes it.
func coreThatSays(t *testing.T, messages ...string) *wire.Dialer {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.CloseNow() }()
		ctx, cancel := context.WithTimeout(r.Context(), await.Limit)
		defer cancel()
		for _, message := range messages {
			if conn.Write(ctx, websocket.MessageText, []byte(message)) != nil {
				return
			}
		}
		_ = conn.Close(websocket.StatusNormalClosure, "")
	}))
	t.Cleanup(server.Close)
	return &wire.Dialer{Core: server.URL, Token: "x"}
}

func TestACoreThatMisbehaves(t *testing.T) {
	for name, messages := range map[string][]string{
		"leaves at once":          nil,
		"speaks no JSON":          {`hello`},
		"ends without an outcome": {`{"do":"end"}`},
		"leaves in the middle":    {`{"do":"play","speech":{"Text":"One moment."}}`},
		"asks for the unknown":    {`{"do":"dance"}`},
		"tells nonsense":          {`{"do":"event","event":{"event":7}}`, `{"do":"route","route":null}`},
		"streams nothing":         {`{"do":"stream"}`, `{"do":"fork"}`, `{"do":"unfork"}`, `{"do":"record"}`, `{"do":"sound"}`, `{"do":"ended","stream":{"id":7}}`},
		"streams without end":     {`{"do":"fork","stream":{"id":1}}`, `{"do":"fork","stream":{"id":1,"tracks":["inbound"]}}`, `{"do":"stream","stream":{"id":1}}`},
		"plays nothing":           {`{"do":"play"}`, `{"do":"listen"}`, `{"do":"echo"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := simulator.Call(t.Context(), simulator.Options{Place: coreThatSays(t, messages...).Place}); fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("the call: %v", err)
			}
		})
	}
}

// TestACoreThatEndsACallIsHeardAtOnce has a person who listens for a long time
// to a Core that ends the call meanwhile.
func TestACoreThatEndsACallIsHeardAtOnce(t *testing.T) {
	core := coreThatSays(t, `{"do":"echo"}`, `{"do":"event","event":{"at":0,"event":"hangup","by":"engine","reason":"the Core stops"}}`,
		`{"do":"end","end":{"By":"engine","Reason":"the Core stops","Failed":true}}`)
	result, err := simulator.Live(t.Context(), simulator.Options{Place: core.Place}, &simulator.Handset{})
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome.Reason != "the Core stops" || len(result.Events) != 1 {
		t.Errorf("the call: %+v", result)
	}
}

func TestWhereNoCoreIs(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, c := range []struct {
		core, says string
		code       fault.Code
	}{
		{"nowhere", "is not the URL of a Core", fault.Invalid},
		{"ftp://127.0.0.1/", "is not the URL of a Core", fault.Invalid},
		{gone.URL, "no Core answers at " + gone.URL, fault.Unavailable},
		{web.URL, "is not a Core", fault.Unavailable},
	} {
		d := &wire.Dialer{Core: c.core}
		_, called := simulator.Call(t.Context(), simulator.Options{Place: d.Place})
		_, explained := d.Explain(t.Context(), "1", "2", time.Time{})
		for _, err := range []error{called, explained} {
			if fault.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) || fault.HintOf(err) == "" {
				t.Errorf("%s: %v (%s)", c.core, err, fault.HintOf(err))
			}
		}
	}
}
