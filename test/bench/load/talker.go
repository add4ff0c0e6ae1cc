//go:build linux

package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// talker is the program at the other end of a media stream: it sends a tone, a second at
// a time and two ahead, until it is told to clear what was not heard yet.
type talker struct {
	stop    chan struct{} // closed to have it clear
	cleared chan time.Time
}

// talker returns the one for a caller.
func (p *programs) talker(caller string) *talker {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.talkers[caller]
	if t == nil {
		t = &talker{stop: make(chan struct{}), cleared: make(chan time.Time, 1)}
		p.talkers[caller] = t
	}
	return t
}

// clear has the stream of a caller cleared.
func (p *programs) clear(caller string) { close(p.talker(caller).stop) }

// cleared returns when the stream of a caller was cleared; the zero time: it was not.
func (p *programs) cleared(caller string) time.Time {
	select {
	case at := <-p.talker(caller).cleared:
		return at
	default:
		return time.Time{}
	}
}

// talk is the program of a stream.
func (p *programs) talk(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it was answered
	}
	defer func() { _ = conn.CloseNow() }() // the call is over
	t := p.talker(r.FormValue("caller"))
	ctx := r.Context()
	go t.run(ctx, conn, p.tone[:rate])
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return
		}
	}
}

// run sends a second of a tone again and again, until it is stopped or the stream ends.
func (t *talker) run(ctx context.Context, conn *websocket.Conn, tone audio.Clip) {
	sound := base64.StdEncoding.EncodeToString(audio.AppendMulaw(nil, tone))
	second := fmt.Appendf(nil, `{"event":"media","media":{"payload":%q}}`, sound)
	send := func(m []byte) error { return conn.Write(ctx, websocket.MessageText, m) }
	due := time.NewTicker(time.Second)
	defer due.Stop()
	err := send(second)
	for err == nil {
		if err = send(second); err != nil {
			return
		}
		select {
		case <-due.C:
		case <-ctx.Done():
			return
		case <-t.stop:
			t.cleared <- time.Now()
			_ = send([]byte(`{"event":"clear"}`)) // if it cannot, the call hears it
			return
		}
	}
}
