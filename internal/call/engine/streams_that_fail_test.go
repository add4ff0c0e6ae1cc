package engine_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
)

func TestOddFramesAreToldOnceAndIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newStreamPhone()
		told, _ := converse(t, connect, line, func(p *program) {
			for range 3 {
				_ = p.conn.Write(p.asks.Context(), websocket.MessageBinary, []byte{1, 2, 3})
				p.send(`hello`)
				p.send(`{"event":"media"}`)
				p.send(`{"event":"media","media":{"payload":"***"}}`)
				p.send(`{"event":"mark"}`)
				p.send(`{"event":"dance"}`)
				p.send(`{}`)
			}
			p.play([]byte{5})
			p.send(`{"event":"stop"}`)
		})
		const odd = "warning SH331: line 1: the media stream sent %s; it is ignored"
		want := []string{
			fmt.Sprintf(odd, "a binary frame"), fmt.Sprintf(odd, "a frame that is not JSON of the protocol"),
			fmt.Sprintf(odd, "media without sound"), fmt.Sprintf(odd, "media that is not base64"),
			fmt.Sprintf(odd, "a mark without a name"), // five kinds are enough
			`"Goodbye."`, "hangs up: the document ended (end)",
		}
		if diff := cmp.Diff(want, told); diff != "" || !bytes.Equal(line.sound, []byte{5}) {
			t.Errorf("heard %v, the call (-want +got):\n%s", line.sound, diff)
		}
	})
}

func TestBrokenStreamIsToldAndTheCallGoesOn(t *testing.T) {
	for _, c := range []struct {
		name string
		talk func(*program)
		want string
		took time.Duration
	}{
		{"closed with an error", func(p *program) {
			_ = p.conn.Close(websocket.StatusInternalError, "out of tokens")
		}, `the program closed it with status 1011 ("out of tokens")`, 0},
		{"closed with a bare error", func(p *program) { _ = p.conn.Close(websocket.StatusPolicyViolation, "") },
			"the program closed it with status 1008", 0},
		{"gone without a word", func(p *program) {
			p.next()
			p.next()
			_ = p.conn.CloseNow()
		}, "the program went away without closing it", 0},
		{"too much at once", func(p *program) { p.play(make([]byte, 7<<20)) }, "the program sent a message of more than 8 MiB", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told, took := converse(t, connect, newStreamPhone(), c.talk)
				want := []string{"warning SH330: line 1: the media stream broke: " + c.want, `"Goodbye."`, "hangs up: the document ended (end)"}
				if diff := cmp.Diff(want, told); diff != "" {
					t.Errorf("the call (-want +got):\n%s", diff)
				}
				if took > c.took+10*time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// TestProgramThatTakesNothingIsGone joins a program that never reads.
func TestProgramThatTakesNothingIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		began := time.Now()
		line := newStreamPhone()
		_, events := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/stream" {
				_, _ = io.WriteString(w, connect)
				return
			}
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			<-release
			_ = conn.CloseNow()
		})).place(line)
		close(release)
		want := []string{
			plain, opened, "warning SH330: line 1: the media stream broke: the program took nothing for 5 s",
			`"Goodbye."`, "hangs up: the document ended (end)",
		}
		if diff := cmp.Diff(want, story(events)); diff != "" {
			t.Errorf("the call (-want +got):\n%s", diff)
		}
		if took := time.Since(began); took < 5*time.Second || took > 20*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
