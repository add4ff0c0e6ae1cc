package textback_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestACallerWaitsAsLongAsTheirPatience(t *testing.T) {
	for _, test := range []struct {
		name     string
		patience time.Duration
		fault    nstest.Fault
		want     textback.Reason
		after    time.Duration
		texts    int
	}{
		{"slow, in time", 0, nstest.Slow(3 * time.Second), textback.Sent, 3 * time.Second, 1},
		{"slow, too late", 0, nstest.Slow(5 * time.Second), textback.Uncertain, 4 * time.Second, 1},
		{"frozen", 0, nstest.Silent(), textback.Uncertain, 4 * time.Second, 0},
		{"frozen after it was done", 0, nstest.Silent().AfterDoing(), textback.Uncertain, 4 * time.Second, 1},
		{"less patience", 500 * time.Millisecond, nstest.Slow(time.Second), textback.Uncertain, 500 * time.Millisecond, 1},
		{"more patience", 14 * time.Second, nstest.Slow(9 * time.Second), textback.Sent, 9 * time.Second, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := startInBubble(t, allTexts, func(c *textback.Config) { c.Patience = test.patience })
				s.system.Break(nstest.SendMessage, nstest.Always, test.fault)
				began := time.Now()
				wantXML(t, s.call("+19734321440", "call-1"), hears(test.want))
				if took := time.Since(began); took != test.after {
					t.Errorf("the caller waits for %v, want %v", took, test.after)
				}
				s.wantTexts(test.texts)
				// Whatever has become of the text, it is not sent again.
				wantXML(t, s.call("+19734321440", "call-1"), hears(test.want))
				if n := len(s.system.Requests()); n != 1 {
					t.Errorf("the phone system was asked %d times", n)
				}
			})
		})
	}
}

func TestARepeatDoesNotWaitLongerThanTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startInBubble(t)
		s.system.Break(nstest.SendMessage, 1, nstest.Silent())
		began := time.Now()
		first := make(chan string)
		go func() { first <- s.call("+19734321440", "call-1") }()
		time.Sleep(3 * time.Second)
		wantXML(t, s.call("+19734321440", "call-1"), apology)
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("the repeat is answered after %v", took)
		}
		wantXML(t, <-first, apology)
	})
}

func TestEachFailureOfThePhoneSystemHasItsReason(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault nstest.Fault
		want  textback.Reason
	}{
		{"bad request", nstest.Refuses(400, "Bad Request"), textback.Refused},
		{"token", nstest.Refuses(401, "Unauthorized"), textback.Refused},
		{"scope", nstest.Refuses(403, "Forbidden"), textback.Refused},
		{"no such user", nstest.Refuses(404, "User does not exist."), textback.Refused},
		{"conflict", nstest.Refuses(409, "Conflict"), textback.Refused},
		{"unprocessable", nstest.Refuses(422, "Land line"), textback.Refused},
		{"old core", nstest.NoRoute(), textback.Refused},
		{"a page that is not there", nstest.Page(404, "Not Found"), textback.Refused},
		{"too many", nstest.Refuses(429, "Too Many Requests"), textback.Failed},
		{"broken", nstest.Refuses(500, "Internal Server Error"), textback.Failed},
		{"down", nstest.Refuses(503, "Service Unavailable"), textback.Failed},
		{"a proxy lost the answer", nstest.Page(502, "Bad Gateway"), textback.Uncertain},
		{"a proxy had no patience", nstest.Page(504, "Gateway Timeout"), textback.Uncertain},
		{"hangs up", nstest.HangsUp(), textback.Uncertain},
		{"half an answer", nstest.Half(), textback.Uncertain},
		{"nonsense", nstest.Says(200, "<html><title>Welcome"), textback.Uncertain},
		{"an odd status", nstest.Says(299, "…"), textback.Uncertain},
		{"an endless answer", nstest.Floods(), textback.Uncertain},
		{"success that is none", nstest.Says(200, `{"code":403,"message":"Not your number."}`), textback.Refused},
		{"an empty 200", nstest.Says(200, ""), textback.Sent},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, allTexts)
			s.system.Break(nstest.SendMessage, nstest.Always, test.fault)
			wantXML(t, s.call("+19734321440", "call-1"), hears(test.want))
			s.wantReasons(test.want)
			if n := len(s.system.Requests()); n != 1 {
				t.Errorf("the phone system was asked %d times, want once", n)
			}
			if log := s.log.String(); test.want != textback.Sent && (!strings.Contains(log, "level=ERROR") || !strings.Contains(log, "error=")) {
				t.Errorf("the log does not say why:\n%s", log)
			}

			plain := start(t)
			plain.system.Break(nstest.SendMessage, nstest.Always, test.fault)
			want := apology
			if test.want == textback.Sent {
				want = success
			}
			wantXML(t, plain.call("+19734321440", "call-1"), want)
		})
	}
}

func TestAPhoneSystemThatIsDownIsAFailure(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	s := start(t, allTexts, func(c *textback.Config) {
		client, err := netsapiens.New(netsapiens.Config{URL: "http://" + address, Token: nstest.Token})
		if err != nil {
			t.Fatal(err)
		}
		c.Sender = client
	})
	wantXML(t, s.call("+19734321440", "call-1"), hears(textback.Failed))
}

func TestANumberThatIsNotTheUsersIsRefused(t *testing.T) {
	s := start(t, allTexts)
	if _, err := s.entries.Update(t.Context(), id, map[string]string{"user": "3000"}); err != nil {
		t.Fatal(err)
	}
	wantXML(t, s.call("+19734321440", "call-1"), hears(textback.Refused))
	s.wantTexts(0)
}

func TestACallerWhoHangsUpGetsTheText(t *testing.T) {
	s := start(t)
	answers := make(chan struct{})
	s.system.Break(nstest.SendMessage, 1, nstest.Held(answers))
	server := httptest.NewServer(s.webhook)
	defer server.Close()
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	go func() { // ends with the call
		for ctx.Err() == nil && !slices.ContainsFunc(s.system.Requests(), func(r nstest.Request) bool { return r.Call == nstest.SendMessage }) {
			runtime.Gosched()
		}
		hangUp()
	}()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/webresponder?"+query(id, "+19734321440", "call-1").Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(r); err == nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		t.Fatal("the caller has heard an answer")
	}
	close(answers)
	wantXML(t, s.call("+19734321440", "call-1"), success) // a repeat waits for the first
	s.wantTexts(1)
}
