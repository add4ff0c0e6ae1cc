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
	"github.com/coder/websocket/wsjson"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
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

// TestSoundThatASlowProgramDoesNotTakeIsDropped has a program that reads for a
// second, is busy for nine, and then reads on.
func TestSoundThatASlowProgramDoesNotTakeIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newStreamPhone(engine.Input{Kind: engine.Key, Key: '7', At: 2 * time.Second})
		line.hurried, line.leaves = true, 20*time.Second
		type media struct{ Sequence, Timestamp int }
		var frames []media
		var keys string
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
			defer func() { _ = conn.CloseNow() }()
			for {
				var frame struct {
					Media *media
					DTMF  struct{ Digit string }
				}
				if err := wsjson.Read(r.Context(), conn, &frame); err != nil {
					return
				}
				keys += frame.DTMF.Digit
				if frame.Media == nil {
					continue
				}
				frames = append(frames, *frame.Media)
				if n := len(frames); n >= 50 && n < 53 {
					time.Sleep(3 * time.Second) // by the bubble's clock: less than the engine waits for
				}
			}
		})).place(line)
		skipped := 0
		for i, frame := range frames {
			if i > 0 {
				skipped += frame.Sequence - frames[i-1].Sequence - 1
			}
			if frame.Timestamp != 20*(frame.Sequence-1) {
				t.Errorf("frame %d is of %d ms", frame.Sequence, frame.Timestamp)
			}
		}
		if last := frames[len(frames)-1].Sequence; last != 1000 || skipped < 150 || skipped > 250 || keys != "7" {
			t.Errorf("the last frame was %d, %d were skipped, the keys %q", last, skipped, keys)
		}
		want := []string{
			plain, opened, fmt.Sprintf("warning SH333: line 1: the program took the caller's sound too slowly: %v s of it were dropped", float64(skipped)/50),
			"hangs up: the caller hung up (caller)",
		}
		if diff := cmp.Diff(want, story(events)); diff != "" {
			t.Errorf("the call (-want +got):\n%s", diff)
		}
	})
}
