package engine_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

func TestStartCopiesTheCallWhileVerbsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newStreamPhone()
		var got []string
		told, _ := converse(t, `<Response><Start><Stream url="ws://responder.example/stream"/></Start><Say>One.</Say><Say action="next">Two.</Say></Response>`,
			line, func(p *program) {
				p.play(make([]byte, 8000)) // it must not be heard
				got = p.rest()
			})
		want := []string{"media stream (start) ws://responder.example/stream", `"One."`, `"Two."`, `"Next."`, "hangs up: the document ended (end)"}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("the call (-want +got):\n%s", diff)
		}
		frames := append(append([]string{"connected", "start"}, slices.Repeat([]string{"media"}, 300)...), "stop")
		if diff := cmp.Diff(frames, got); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
		if line.sound != nil || len(line.forks) != 0 {
			t.Errorf("heard %d bytes, %d forks are left", len(line.sound), len(line.forks))
		}
	})
}

// TestStartGivesTheTracksThatAreAskedFor checks that each track is numbered and
// timed by itself.
func TestStartGivesTheTracksThatAreAskedFor(t *testing.T) {
	for _, c := range []struct {
		attribute string
		want      []string
	}{
		{``, []string{"inbound"}}, {`track="inbound"`, []string{"inbound"}}, {`track="left"`, []string{"inbound"}},
		{`track="outbound"`, []string{"outbound"}}, {`track="both"`, []string{"inbound", "outbound"}},
	} {
		t.Run(c.attribute, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				type place struct{ Sequence, Timestamp float64 }
				got := map[string][]place{}
				document := `<Response><Start><Stream url="ws://responder.example/stream" ` + c.attribute + `/></Start><Say>One.</Say></Response>`
				converse(t, document, newStreamPhone(), func(p *program) {
					for frame := range p.got {
						if media, ok := frame["media"].(map[string]any); ok {
							track := media["track"].(string)
							got[track] = append(got[track], place{media["sequence"].(float64), media["timestamp"].(float64)})
						}
					}
				})
				want := map[string][]place{}
				for _, track := range c.want {
					for n := range 100 {
						want[track] = append(want[track], place{float64(n + 1), float64(20 * n)})
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("frames (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestStartAloneKeepsTheCallUp(t *testing.T) {
	const document = `<Response><Say>Hello.</Say><Start><Stream url="ws://responder.example/stream"/></Start></Response>`
	const began = "media stream (start) ws://responder.example/stream"
	for _, c := range []struct {
		name   string
		leaves time.Duration
		talk   func(*program)
		want   []string
		at     time.Duration
	}{
		{"until the stream ends", never, func(p *program) {
			for range 3 {
				p.play(make([]byte, 3<<20)) // it must be neither heard nor stored
			}
			time.Sleep(7 * time.Second) // by the bubble's clock
			p.send(`{"event":"stop"}`)
		}, []string{`"Hello."`, began, "hangs up: the document ended (end)"}, 9 * time.Second},
		{"until the caller hangs up", 12 * time.Second, func(p *program) { p.until("stop") },
			[]string{`"Hello."`, began, "hangs up: the caller hung up (caller)"}, 12 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := newStreamPhone()
				line.leaves = c.leaves
				told, _ := converse(t, document, line, c.talk)
				if diff := cmp.Diff(c.want, told); diff != "" {
					t.Errorf("the call (-want +got):\n%s", diff)
				}
				if late := line.now - c.at; late < 0 || late > 3*frameTime {
					t.Errorf("ended at %v, want %v", line.now, c.at)
				}
			})
		})
	}
}

func TestStreamsBesideACallAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := `<Start><Stream url="ws://responder.example/stream"/></Start>`
		told, _ := converse(t, "<Response>"+strings.Repeat(start, 12)+"<Say>Hello.</Say></Response>", newStreamPhone(), func(p *program) { p.until("stop") })
		opened := slices.DeleteFunc(slices.Clone(told), func(line string) bool { return !strings.HasPrefix(line, "media stream") })
		if len(opened) != 8 || told[8] != "warning SH330: line 1: 8 media streams run beside this call already" {
			t.Errorf("%d streams were opened: %q", len(opened), told)
		}
	})
}

func TestStreamThatCannotBeHad(t *testing.T) {
	const host = "ws://stream.example/"
	for _, c := range []struct {
		name, url string
		dial      func(context.Context) (net.Conn, error)
		answers   func(http.ResponseWriter, *http.Request)
		why       string
		took      time.Duration
	}{
		{"nothing listens", host, refused, nil, "the media stream to ws://stream.example/ cannot be opened: stream.example:80 refused the connection", 0},
		{"no connection in time", host, silent, nil, "the media stream to ws://stream.example/ cannot be opened: stream.example:80 did not take the connection in 3 s", 3 * time.Second},
		{"no answer in time", host, nil, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			"the media stream to ws://stream.example/ cannot be opened: no answer in 5 s", 5 * time.Second},
		{"no such page", host + "x?token=1", nil, http.NotFound,
			"the media stream to ws://stream.example/x?token=<secret> cannot be opened: it answered 404 Not Found instead of opening a WebSocket", 0},
		{"a page", host, nil, body("<html>"), "the media stream to ws://stream.example/ cannot be opened: it answered 200 OK instead of opening a WebSocket", 0},
		{"no WebSocket", host, nil, raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: something\r\n\r\n"),
			"the media stream to ws://stream.example/ cannot be opened: it does not speak the WebSocket protocol", 0},
		{"closed", host, nil, raw(""), "the media stream to ws://stream.example/ cannot be opened: it closed the connection without an answer", 0},
		{"another protocol", "ftp://stream.example/x", nil, nil, `the stream's url "ftp://stream.example/x" does not begin with wss:// and a host`, 0},
		{"no host", "wss:///x", nil, nil, `the stream's url "wss:///x" does not begin with wss:// and a host`, 0},
		{"no URL", "ws://[::1", nil, nil, `the stream's url "ws://[::1" is not a URL`, 0},
	} {
		for _, verb := range []string{"Connect", "Start"} {
			for _, where := range []struct {
				name, document string
				want           []string // after the warning
				failed         bool
			}{
				{"at the end", "<Response><Say>One.</Say>\n<%s><Stream url='%s'/></%[1]s></Response>", []string{sorry, "hangs up: " + c.why + " (engine)"}, true},
				{"before another verb", "<Response><Say>One.</Say>\n<%s><Stream url='%s'/></%[1]s><Say>Two.</Say></Response>", []string{`"Two."`, "hangs up: the document ended (end)"}, false},
				{"before an action", "<Response action='/next'><Say>One.</Say>\n<%s><Stream url='%s'/></%[1]s></Response>", []string{`"Next."`, "hangs up: the document ended (end)"}, false},
			} {
				t.Run(c.name+" "+verb+" "+where.name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						n := &network{handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							switch {
							case r.Host == "stream.example":
								c.answers(w, r)
							case r.URL.Path == "/next":
								_, _ = io.WriteString(w, `<Say>Next.</Say>`)
							default:
								_, _ = fmt.Fprintf(w, where.document, verb, c.url)
							}
						})}
						if c.dial != nil {
							n.dials = map[string]func(context.Context) (net.Conn, error){"stream.example": c.dial}
						}
						began := time.Now()
						outcome, events := over(t, n, engine.Config{}).place(newStreamPhone())
						told := slices.DeleteFunc(story(events), func(line string) bool {
							return strings.HasPrefix(line, "warning SH332") || strings.HasPrefix(line, "warning SH207")
						})
						want := append([]string{`"One."`, "warning SH330: line 2: " + c.why}, where.want...)
						if diff := cmp.Diff(want, told); diff != "" {
							t.Errorf("the call (-want +got):\n%s", diff)
						}
						if took := time.Since(began); took != c.took || outcome.Failed != where.failed {
							t.Errorf("took %v, want %v; outcome %+v", took, c.took, outcome)
						}
					})
				})
			}
		}
	}
}

func TestStreamsThatHaveEndedMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var document strings.Builder
		for range 12 {
			document.WriteString(`<Start><Stream url="ws://responder.example/stream"/></Start><Play>pause.wav</Play>`)
		}
		line := newStreamPhone()
		handler, ended := streams(t, responds{"/start": "<Response>" + document.String() + "</Response>", "/pause.wav": sound}, func(p *program) {
			p.send(`{"event":"stop"}`)
			p.until("stop")
		})
		_, events := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/pause.wav" {
				time.Sleep(time.Second) // by the bubble's clock, in which the stream ends
			}
			handler.ServeHTTP(w, r)
		})).place(line)
		ended()
		if opened := of[trace.Stream](events); len(opened) != 12 || len(line.forks) != 0 {
			t.Errorf("%d streams were opened, %d forks are left: %q", len(opened), len(line.forks), story(events))
		}
	})
}
