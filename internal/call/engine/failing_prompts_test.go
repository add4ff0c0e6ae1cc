package engine_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

func TestPromptThatCannotBeHad(t *testing.T) {
	files := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page.wav":
			_, _ = io.WriteString(w, "<html>Not found</html>")
		case "/large.wav":
			w.Header().Set("Content-Length", strconv.Itoa(33<<20))
			_, _ = io.WriteString(w, "RIFF")
		case "/song.mp3":
			_, _ = io.WriteString(w, "ID3\x04\x00\x00\x00\x00\x00\x00")
		case "/cut.wav":
			_, _ = io.WriteString(w, sound[:20])
		case "/crash.wav":
			raw("")(w, r)
		case "/broken.wav":
			w.WriteHeader(http.StatusInternalServerError)
		case "/never.wav":
			<-r.Context().Done()
		default:
			http.NotFound(w, r)
		}
	}
	const url = "http://responder.example"
	for _, c := range []struct {
		file, why string
		took      time.Duration
	}{
		{"/gone.wav", url + "/gone.wav answered 404 Not Found", 0},
		{"/broken.wav", url + "/broken.wav answered 500 Internal Server Error", 0},
		{"/page.wav", url + "/page.wav: this is a web page (HTML), not a WAV file; open its address in a browser without signing in: it may lead to a login, a download page or an error", 0},
		{"/song.mp3", url + "/song.mp3: this is an MP3 file, not a WAV file; convert it: ffmpeg -i FILE -ar 8000 -ac 1 -c:a pcm_mulaw prompt.wav", 0},
		{"/cut.wav", url + "/cut.wav: the WAV file ends within its header; save or download it again; if it stays so, the program that wrote it did not finish", 0},
		{"/large.wav", url + "/large.wav announces an answer of 33 MiB, more than the 32 MiB that are allowed; send a shorter answer", 0},
		{"/crash.wav", url + "/crash.wav closed the connection without an answer; look in the responder's log for a crash", 0},
		{"/never.wav", url + "/never.wav took the request but sent nothing in 15 s; answer sooner, for a caller is waiting, or raise the time limit", 15 * time.Second},
		{"http://[::1", `"http://[::1" is not a URL`, 0},
		{"ftp://a.example/x.wav", "ftp://a.example/x.wav is not a web address; give an address that begins with http:// or https://", 0},
	} {
		for _, where := range []struct{ name, document, first, last string }{
			{"between verbs", "<Response><Say>One.</Say>\n<Play>%s</Play><Say>Two.</Say></Response>", `"One."`, `"Two."`},
			{"in a Gather", "<Gather timeout='0' action='/start2'><Say>One.</Say>\n<Play>%s</Play><Say>Two.</Say></Gather>", `"One."`, `"Two."`},
		} {
			t.Run(c.file+" "+where.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					began := time.Now()
					_, events := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						switch r.URL.Path {
						case "/start":
							_, _ = fmt.Fprintf(w, where.document, c.file)
						case "/start2":
							_, _ = io.WriteString(w, `<Hangup/>`)
						default:
							files(w, r)
						}
					})).place(newHandset())
					want := []string{where.first, "warning SH320: line 2: the file cannot be played: " + c.why, where.last}
					if diff := cmp.Diff(want, story(events)[:3]); diff != "" {
						t.Errorf("the call (-want +got):\n%s", diff)
					}
					if took := time.Since(began); took != c.took {
						t.Errorf("took %v, want %v", took, c.took)
					}
				})
			})
		}
	}
}

func TestCallIsNeverSilent(t *testing.T) {
	const gone = "warning SH320: line 1: the file cannot be played: http://responder.example/gone.wav answered 404 Not Found"
	const failed = "hangs up: the file cannot be played: http://responder.example/gone.wav answered 404 Not Found (engine)"
	for _, c := range []struct {
		name, document string
		want           []string
	}{
		{"nothing but a file that is gone", `<Play>gone.wav</Play>`, []string{gone, sorry, failed}},
		{"and Hangup", `<Response><Play>gone.wav</Play><Hangup/></Response>`, []string{gone, sorry, failed}},
		{"something was heard before", `<Response><Say>Thanks.</Say><Play>gone.wav</Play></Response>`,
			[]string{`"Thanks."`, gone, "hangs up: the document ended (end)"}},
		{"something is heard after", `<Response><Play>gone.wav</Play><Say>Thanks.</Say></Response>`,
			[]string{gone, `"Thanks."`, "hangs up: the document ended (end)"}},
		{"something was heard, but of another document", `<Response action="silent"><Say>Welcome.</Say></Response>`, []string{`"Welcome."`, gone, sorry, failed}},
		{"nothing was heard of the document before either", `<Play action="bye">gone.wav</Play>`, []string{gone, sorry, failed}},
		{"nor is of an empty one", `<Play action="empty">gone.wav</Play>`, []string{
			gone, "warning SH212: line 1: the document has no verbs (the call is hung up)", sorry, failed,
		}},
		{"control goes on", `<Play action="next">gone.wav</Play>`, []string{gone, `"Next."`, "hangs up: the document ended (end)"}},
		{"the call goes on", `<Response><Play>gone.wav</Play><Forward>2001</Forward></Response>`, []string{gone, "forwards to 2001"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, events := against(t, responds{
				"/start": c.document, "/next": `<Say>Next.</Say>`, "/silent": `<Play>gone.wav</Play>`, "/empty": `<Response/>`, "/bye": `<Hangup/>`,
			}).place(newDeskPhone())
			if diff := cmp.Diff(c.want, story(events)); diff != "" {
				t.Errorf("the call (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVerbsThatFailAreBounded(t *testing.T) {
	document := "<Response>" + strings.Repeat("<Play>gone.wav</Play>", 30_000) + "<Say>At last.</Say></Response>"
	asked := &noting{Handler: responds{"/start": document}}
	outcome, events := against(t, asked).place(newHandset())
	got := story(events)
	want := []string{
		"warning SH320: line 1: more than 20 verbs of the call could not be carried out", sorry,
		"hangs up: more than 20 verbs of the call could not be carried out (engine)",
	}
	if diff := cmp.Diff(want, got[len(got)-3:]); diff != "" || len(asked.notes) != 22 || !outcome.Failed {
		t.Errorf("%d requests, outcome %+v, the call (-want +got):\n%s", len(asked.notes), outcome, diff)
	}
}

func TestDeadFileServerIsNotWaitedForAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{
			handler: responds{"/start": "<Response>" + strings.Repeat("<Play>http://files.example/x.wav</Play>", 12) + "<Say>Sorry.</Say></Response>"},
			dials:   map[string]func(context.Context) (net.Conn, error){"files.example": silent},
		}
		began := time.Now()
		line := newHandset()
		_, events := over(t, n, engine.Config{}).place(line)
		if took := time.Since(began); took != 15*time.Second {
			t.Errorf("the caller waited for %v", took)
		}
		warnings := of[trace.Warning](events)
		if got := warnings[5].Text; got != "the file cannot be played: not asked: it failed 5 times in a row; the next try is in 30 s" {
			t.Errorf("the sixth warning is %q", got)
		}
		if line.said() != "Sorry." || len(warnings) != 12 {
			t.Errorf("heard %q, warnings %+v", line.said(), warnings)
		}
	})
}
