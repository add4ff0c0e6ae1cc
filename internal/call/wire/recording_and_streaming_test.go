package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/wire"
)

// talker speaks as a tone.
type talker struct{}

func (talker) Speak(_ context.Context, u speech.Utterance, into *audio.Sound) error {
	clip, err := audio.DTMF("5", speech.Estimate(u.Text), 0)
	into.Append(clip)
	return err
}

// listener is a responder that fetches what it is told of recordings.
type listener struct {
	documents documents
	got       []audio.Clip
}

func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if address := r.FormValue("RecordingUrl"); address != "" {
		request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, address, http.NoBody)
		if err == nil {
			var response *http.Response
			if response, err = http.DefaultClient.Do(request); err == nil {
				clip, _ := audio.ReadWAV(response.Body) // an empty one shows
				l.got = append(l.got, clip)
				_ = response.Body.Close()
			}
		}
	}
	l.documents.ServeHTTP(w, r)
}

// elsewhere matches what differs between a call and a call over a Core: where a
// recording is.
var elsewhere = regexp.MustCompile(`http://127\.0\.0\.1:\d+/recordings/\w+\.wav`)

func TestACallOverACoreIsRecordedAsADirectOne(t *testing.T) {
	message := documents{"/": `<Response><Record action="/done" timeout="3" maxLength="20" playBeep="true"/></Response>`, "/done": `<Say>Thank you.</Say>`}
	long := documents{"/": `<Response><Record action="/done" timeout="300" maxLength="200"/></Response>`, "/done": `<Say>Thank you.</Say>`}
	for _, c := range []struct {
		name      string
		documents documents
		options   simulator.Options
	}{
		{"words", message, simulator.Options{Script: script(t, "wait 1\nsay good morning")}},
		{"nothing", message, simulator.Options{Script: script(t, "wait 1")}},
		{"a finish key", message, simulator.Options{Script: script(t, "say good morning\npress #")}},
		{"as long as it may be", message, simulator.Options{Script: script(t, "say "+strings.Repeat("good morning ", 50))}},
		{"a caller who hangs up", message, simulator.Options{Script: script(t, "say good morning\nwait 1\nhangup")}},
		{"many pieces", long, simulator.Options{Script: script(t, "wait 150\nsay good morning\npress #")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			responder := &listener{documents: c.documents}
			core := start(t, responder)
			direct := c.options
			direct.Target, direct.Voice, direct.Hear = core.responder.String(), talker{}, true
			want, err := simulator.Call(t.Context(), direct)
			if err != nil {
				t.Fatal(err)
			}
			over := c.options
			over.Place, over.Voice, over.Hear = core.dialer().Place, talker{}, true
			got, err := simulator.Call(t.Context(), over)
			if err != nil {
				t.Fatal(err)
			}
			local := func(events []trace.Stamped) string {
				return elsewhere.ReplaceAllString(strings.Join(essence(t, events), "\n"), "RECORDING")
			}
			if diff := cmp.Diff(local(want.Events), local(got.Events)); diff != "" {
				t.Errorf("events (-direct +over the Core):\n%s", diff)
			}
			if len(responder.got) != 2 || len(responder.got[0]) == 0 || !bytes.Equal(audio.AppendMulaw(nil, responder.got[0]), audio.AppendMulaw(nil, responder.got[1])) {
				t.Errorf("the responder got %d recordings", len(responder.got))
			}
			if diff := cmp.Diff(want.Heard.Duration(), got.Heard.Duration()); diff != "" {
				t.Errorf("heard (-direct +over the Core):\n%s", diff)
			}
		})
	}
}

// chatter is a responder with a program: it says what it has to, and notes what
// comes until it has had enough.
type chatter struct {
	documents documents
	say       []byte // µ-law
	enough    int    // media frames, after which it ends the stream; 0: never
	pressed   func() // is told of a key. Optional

	mu      sync.Mutex
	ended   sync.WaitGroup
	streams []heardStream
}

// heardStream is what a program got.
type heardStream struct {
	Frames map[string]int // by their track
	Loud   map[string]int // of them those that are not silent
	Keys   string
	Marks  []string
	Stops  int
}

func (c *chatter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/stream" {
		c.documents.ServeHTTP(w, r)
		return
	}
	c.ended.Add(1)
	defer c.ended.Done()
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	ctx := context.WithoutCancel(r.Context())
	send := func(frame any) {
		text, _ := json.Marshal(frame)
		_ = conn.Write(ctx, websocket.MessageText, text) // the call may have ended
	}
	type dict map[string]any
	if c.say != nil {
		send(dict{"event": "media", "media": dict{"payload": c.say}})
		send(dict{"event": "mark", "mark": dict{"name": "said"}})
	}
	got := heardStream{Frames: map[string]int{}, Loud: map[string]int{}}
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.streams = append(c.streams, got)
	}()
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var frame struct {
			Event string
			Media struct {
				Track   string
				Payload []byte
			}
			DTMF struct{ Digit string }
			Mark struct{ Name string }
		}
		if json.Unmarshal(text, &frame) != nil {
			return
		}
		switch frame.Event {
		case "media":
			got.Frames[frame.Media.Track]++
			if len(bytes.Trim(frame.Media.Payload, "\xFF")) > 0 {
				got.Loud[frame.Media.Track]++
			}
			if c.enough > 0 && got.Frames["inbound"] == c.enough {
				send(dict{"event": "stop"})
			}
		case "dtmf":
			if got.Keys += frame.DTMF.Digit; c.pressed != nil {
				c.pressed()
			}
		case "mark":
			got.Marks = append(got.Marks, frame.Mark.Name)
		case "stop":
			got.Stops++
		}
	}
}

// TestAForkOverACoreIsAsADirectOne compares to the frame.
func TestAForkOverACoreIsAsADirectOne(t *testing.T) {
	for _, c := range []struct {
		name      string
		documents documents
		options   simulator.Options
	}{
		{"of what the caller says", documents{
			"/":     `<Response><Start><Stream url="/stream"/></Start><Gather numDigits="2" action="/said"><Play>3s.wav</Play></Gather></Response>`,
			"/said": `<Gather input="speech" action="/end"/>`, "/end": `<Play>1s.wav</Play>`,
		}, simulator.Options{Answers: answers(t, "12", "say:good morning")}},
		{"of both", documents{
			"/":    `<Response><Start><Stream url="/stream" track="both"/></Start><Gather numDigits="1" action="/end"><Say>Press one.</Say></Gather></Response>`,
			"/end": `<Say>Thank you.</Say>`,
		}, simulator.Options{Answers: answers(t, "1"), Barge: true}},
		{"that the caller leaves", documents{
			"/": `<Response><Start><Stream url="/stream"/></Start><Play>60s.wav</Play></Response>`,
		}, simulator.Options{HangupAfter: 7 * time.Second}},
		{"beside another", documents{
			"/": `<Response><Start><Stream url="/stream"/></Start><Start><Stream url="/stream" track="outbound"/></Start><Say>Good day.</Say></Response>`,
		}, simulator.Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			responder := &chatter{documents: c.documents}
			core := start(t, responder)
			direct, over := c.options, c.options
			direct.Target, direct.Voice, direct.Hear = core.responder.String(), talker{}, true
			want, err := simulator.Call(t.Context(), direct)
			if err != nil {
				t.Fatal(err)
			}
			responder.ended.Wait()
			wanted := responder.streams
			responder.streams = nil
			over.Place, over.Voice, over.Hear = core.dialer().Place, talker{}, true
			got, err := simulator.Call(t.Context(), over)
			if err != nil {
				t.Fatal(err)
			}
			core.ended(t)
			responder.ended.Wait()
			if diff := cmp.Diff(essence(t, want.Events), essence(t, got.Events)); diff != "" {
				t.Errorf("events (-direct +over the Core):\n%s", diff)
			}
			byTrack := cmp.Transformer("sorted", func(all []heardStream) map[string]heardStream {
				sorted := map[string]heardStream{}
				for _, s := range all {
					for track := range s.Frames {
						sorted[track] = s
					}
				}
				return sorted
			})
			if diff := cmp.Diff(wanted, responder.streams, byTrack); diff != "" || len(wanted) == 0 {
				t.Errorf("the programs got (-direct +over the Core):\n%s", diff)
			}
		})
	}
}

// TestAProgramTalksToACallerOverACore has a stream both ways, which takes real
// time.
func TestAProgramTalksToACallerOverACore(t *testing.T) {
	responder := &chatter{
		documents: documents{"/": `<Response><Connect><Stream url="/stream"/></Connect><Say>Goodbye.</Say></Response>`},
		say:       make([]byte, 2000), enough: 60,
	}
	core := start(t, responder)
	result, err := simulator.Call(t.Context(), simulator.Options{
		Place: core.dialer().Place, Voice: talker{}, Hear: true, Script: script(t, "say hi"),
	})
	if err != nil {
		t.Fatal(err)
	}
	core.ended(t)
	responder.ended.Wait()
	got := responder.streams[0]
	if got.Frames["inbound"] < 60 || got.Loud["inbound"] < 10 || len(got.Marks) != 1 || got.Stops != 1 {
		t.Errorf("the program got %+v", got)
	}
	loud := 0
	for _, sample := range result.Heard {
		if sample < -30_000 { // the program's sound; a tone is softer
			loud++
		}
	}
	if loud != 2000 || simulator.Heard(result.Events)[0] != "Goodbye." {
		t.Errorf("the caller heard %d samples of the program, then %q", loud, simulator.Heard(result.Events))
	}
}

// TestAPersonHangsUpOnAProgramOverACore has a stream that nobody else ends.
func TestAPersonHangsUpOnAProgramOverACore(t *testing.T) {
	responder := &chatter{documents: documents{"/": `<Response><Start><Stream url="/stream"/></Start><Connect><Stream url="/stream"/></Connect></Response>`}}
	handset := &simulator.Handset{}
	var pressed atomic.Int32
	responder.pressed = func() {
		if pressed.Add(1) == 2 { // in both streams
			handset.Hangup()
		}
	}
	handset.Watch = func(s simulator.Scene) {
		if s.Kind == simulator.Streaming {
			handset.Press('7')
		}
	}
	core := start(t, responder)
	result, err := simulator.Live(t.Context(), simulator.Options{Place: core.dialer().Place}, handset)
	if err != nil || result.Outcome.By != trace.ByCaller {
		t.Fatalf("the call: %+v, %v", result, err)
	}
	core.ended(t)
	responder.ended.Wait()
	for _, got := range responder.streams {
		if got.Keys != "7" || got.Stops != 1 {
			t.Errorf("a program got %+v", got)
		}
	}
	if len(responder.streams) != 2 {
		t.Errorf("%d streams ended", len(responder.streams))
	}
}

// TestATerminalOfVersion010NeitherRecordsNorStreams has a terminal that does not
// know how.
func TestATerminalOfVersion010NeitherRecordsNorStreams(t *testing.T) {
	for document, want := range map[string]string{
		`<Response><Record action="/next"/></Response>`:                                "this line cannot record",
		`<Response><Start><Stream url="/stream"/></Start><Say>Hello.</Say></Response>`: "this line cannot carry media streams",
	} {
		core := start(t, documents{"/": document, "/next": `<Say>Hello.</Say>`})
		conn := core.dial(t)
		write(t, conn, dialled)
		readUntil(t, conn, `"code":"SH322","line":1,"text":"`+want+`"`)
		readUntil(t, conn, `"do":"play"`)
		_ = conn.CloseNow()
		core.ended(t)
	}
}

// TestARecordingIsNoLongerThanItMayBe has a terminal that sends more than it was
// asked for.
func TestARecordingIsNoLongerThanItMayBe(t *testing.T) {
	responder := &listener{documents: documents{"/": `<Response><Record action="/done" maxLength="2"/></Response>`, "/done": `<Hangup/>`}}
	core := start(t, responder)
	conn := dialAs(t, core.url, media...)
	write(t, conn, dialled)
	readUntil(t, conn, `"do":"record"`)
	piece, err := json.Marshal(bytes.Repeat([]byte{1}, 50_000))
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		write(t, conn, `{"now":0,"media":{"sound":`+string(piece)+`}}`)
	}
	write(t, conn, `{"now":2000000000,"took":2000000000}`)
	readUntil(t, conn, `"do":"hangup"`)
	_ = conn.CloseNow()
	core.ended(t)
	if len(responder.got) != 1 || responder.got[0].Duration() != 2*time.Second {
		t.Errorf("%d recordings came", len(responder.got))
	}
}

// TestAPartOfARecordingIsServed takes each part of a short one.
func TestAPartOfARecordingIsServed(t *testing.T) {
	recordings := &wire.Recordings{Origin: func() *url.URL { return at("https://hooks.example.net") }}
	sound := []byte{0, 1, 2, 0x80, 0xff}
	path := strings.TrimPrefix(recordings.Keep(sound), "https://hooks.example.net")
	var whole bytes.Buffer
	if err := audio.WriteWAV(&whole, audio.AppendPCMFromMulaw(nil, sound)); err != nil {
		t.Fatal(err)
	}
	for from := range whole.Len() {
		for to := from; to < whole.Len(); to++ {
			request := httptest.NewRequest(http.MethodGet, path, http.NoBody)
			request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, to))
			answer := httptest.NewRecorder()
			recordings.ServeHTTP(answer, request)
			if want := whole.Bytes()[from : to+1]; answer.Code != http.StatusPartialContent || !bytes.Equal(answer.Body.Bytes(), want) {
				t.Fatalf("bytes %d to %d: %d, %x, want %x", from, to, answer.Code, answer.Body, want)
			}
		}
	}
}

func TestRecordingsAreKeptForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		recordings := &wire.Recordings{Origin: func() *url.URL { return at("https://hooks.example.net/below") }}
		status := func(method, path string) int {
			answer := httptest.NewRecorder()
			recordings.ServeHTTP(answer, httptest.NewRequest(method, path, http.NoBody))
			return answer.Code
		}
		address := recordings.Keep(make([]byte, 8000))
		path, below := strings.CutPrefix(address, "https://hooks.example.net/below")
		if !below || !regexp.MustCompile(`^/recordings/\w{26}\.wav$`).MatchString(path) {
			t.Fatalf("the address %s", address)
		}
		for _, c := range []struct {
			method, path string
			want         int
		}{
			{http.MethodGet, path, http.StatusOK}, {http.MethodHead, path, http.StatusOK}, {http.MethodPost, path, http.StatusMethodNotAllowed},
			{http.MethodGet, strings.TrimSuffix(path, ".wav"), http.StatusNotFound}, {http.MethodGet, "/recordings/1.wav", http.StatusNotFound},
			{http.MethodGet, "/recordings/", http.StatusNotFound},
		} {
			if got := status(c.method, c.path); got != c.want {
				t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.want)
			}
		}
		time.Sleep(30 * time.Minute)
		for range 3 { // 60 MiB: with the first one it is still within the bound
			recordings.Keep(make([]byte, 20<<20))
		}
		if got := status(http.MethodGet, path); got != http.StatusOK {
			t.Errorf("after half an hour: %d", got)
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if got := status(http.MethodGet, path); got != http.StatusNotFound {
			t.Errorf("after an hour: %d", got)
		}
		last := recordings.Keep(make([]byte, 20<<20))
		if kept := recordings.Kept(); kept != 3 {
			t.Errorf("%d recordings are kept", kept)
		}
		if got := status(http.MethodGet, strings.TrimPrefix(last, "https://hooks.example.net/below")); got != http.StatusOK {
			t.Errorf("the newest: %d", got)
		}
	})
}
