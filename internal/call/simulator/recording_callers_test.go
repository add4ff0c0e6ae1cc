package simulator_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
)

// mailbox records a message and fetches it, as a responder does.
type mailbox struct {
	t        *testing.T
	document string
	address  string
	message  audio.Clip
}

func (m *mailbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/done" {
		m.address = r.FormValue("RecordingUrl")
		response, err := fetchWAV(r, m.address)
		if err != nil {
			m.t.Error(err)
			return
		}
		defer func() { _ = response.Body.Close() }()
		if kind := response.Header.Get("Content-Type"); kind != "audio/wav" {
			m.t.Errorf("the recording is of type %q", kind)
		}
		if m.message, err = audio.ReadWAV(response.Body); err != nil {
			m.t.Error(err)
		}
	}
	documents{"/": m.document, "/done": `<Say>Thanks.</Say>`}.ServeHTTP(w, r)
}

func fetchWAV(r *http.Request, address string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request)
}

// loudness is what of a clip is not silent: its first and its last moment.
func loudness(clip audio.Clip) (from, to time.Duration) {
	first, last := -1, 0
	for i, sample := range clip {
		if sample != 0 {
			if first < 0 {
				first = i
			}
			last = i + 1
		}
	}
	return clip[:max(0, first)].Duration(), clip[:last].Duration()
}

func TestCallerIsRecorded(t *testing.T) {
	const message = "please call me back" // 1.41 s
	for _, c := range []struct {
		name, document, script string
		leaves                 time.Duration
		length, begins         time.Duration
		ends                   string
	}{
		{"until there is silence", `<Record action="done" timeout="3"/>`, "wait 1\nsay " + message, 0, 5410 * time.Millisecond, time.Second, "(end)"},
		{"until a key is pressed", `<Record action="done"/>`, "say " + message + "\nwait 0.59\npress 1#", 0, 2200 * time.Millisecond, 0, "(end)"},
		{"until another key is pressed", `<Record action="done" finishOnKey="*"/>`, "say " + message + "\npress #*", 0, 1610 * time.Millisecond, 0, "(end)"},
		{"for as long as there is room", `<Record action="done" maxLength="2"/>`, "say " + message + "\nsay " + message, 0, 2 * time.Second, 0, "(end)"},
		{"in the middle of a word", `<Record action="done" maxLength="1"/>`, "say " + message, 0, time.Second, 0, "(end)"},
		{"not at all", `<Record action="done" timeout="3"/>`, "wait 60", 0, 3 * time.Second, 0, "(end)"},
		{"until the caller hangs up", `<Record action="done"/>`, "say " + message + "\nhangup", 0, 1410 * time.Millisecond, 0, "(caller)"},
		{"until the caller hangs up in the middle of a word", `<Record action="done"/>`, "say " + message, 700 * time.Millisecond, 700 * time.Millisecond, 0, "(caller)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &mailbox{t: t, document: c.document}
			result := place(t, simulator.Options{Handler: m, Voice: toneVoice{}, Hear: true, Script: script(t, c.script), HangupAfter: c.leaves})
			story := told(result.Events)
			if m.message.Duration() != c.length || !strings.HasSuffix(story[len(story)-1], c.ends) {
				t.Errorf("the message has %v, want %v; the call %q", m.message.Duration(), c.length, story)
			}
			if !strings.HasPrefix(c.script, "wait 60") {
				from, to := loudness(m.message)
				if want := min(c.length, c.begins+1410*time.Millisecond); (from-c.begins).Abs() > time.Millisecond || to < want-time.Millisecond && !strings.Contains(c.script, "\nsay") {
					t.Errorf("something is heard from %v to %v", from, to)
				}
			}
			if _, err := http.Get(m.address); err == nil {
				t.Error("the recording is there after the call")
			}
		})
	}
}

func TestRecordingsAreNumbered(t *testing.T) {
	var addresses []string
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if address := r.FormValue("RecordingUrl"); address != "" {
			addresses = append(addresses, address)
			for _, wrong := range []string{"0.wav", "3.wav", "x.wav", ""} {
				response, err := fetchWAV(r, address[:strings.LastIndexByte(address, '/')+1]+wrong)
				if err != nil {
					t.Error(err)
					continue
				}
				_ = response.Body.Close()
				if response.StatusCode != http.StatusNotFound {
					t.Errorf("%q is there", wrong)
				}
			}
		}
		documents{"/": `<Record action="again" timeout="1"/>`, "/again": `<Record action="end" timeout="1"/>`, "/end": `<Hangup/>`}.ServeHTTP(w, r)
	})
	place(t, simulator.Options{Handler: handler})
	if len(addresses) != 2 || addresses[0] == addresses[1] {
		t.Errorf("recordings %q", addresses)
	}
}

func TestCallIsHeard(t *testing.T) {
	result := place(t, simulator.Options{
		Handler: documents{"/": `<Response><Say>Good morning to you.</Say><Gather numDigits="2" action="end"><Play>3s.wav</Play></Gather></Response>`, "/end": `<Hangup/>`},
		Voice:   toneVoice{}, Hear: true, Answers: answers(t, "1#"), Barge: true,
	})
	last := result.Events[len(result.Events)-1]
	if result.Heard.Duration() < last.At || result.Heard.Duration() > last.At+100*time.Millisecond {
		t.Errorf("heard %v of a call of %v", result.Heard.Duration(), last.At)
	}
	if from, to := loudness(result.Heard); from > time.Millisecond || to < last.At {
		t.Errorf("something is heard from %v to %v", from, to)
	}
	if silent := place(t, simulator.Options{Handler: documents{"/": `<Say>Hello.</Say>`}, Voice: toneVoice{}}); silent.Heard != nil {
		t.Error("a call was kept that nobody wanted to hear")
	}
	if mute := place(t, simulator.Options{Handler: documents{"/": `<Say>Hello.</Say>`}, Hear: true}); mute.Heard.Duration() != 400*time.Millisecond {
		t.Errorf("without a voice %v were heard", mute.Heard.Duration())
	}
}

// TestPersonWhoHangsUpIsRecorded takes place in real time, because the recording
// is served over a socket.
func TestPersonWhoHangsUpIsRecorded(t *testing.T) {
	m := &mailbox{t: t, document: `<Record action="done"/>`}
	var phone simulator.Handset
	phone.Watch = func(s simulator.Scene) {
		if s.Kind == simulator.Recording {
			time.AfterFunc(20*time.Millisecond, phone.Hangup)
		}
	}
	result, err := simulator.Live(t.Context(), simulator.Options{Target: target, Handler: m}, &phone)
	if err != nil {
		t.Fatal(err)
	}
	if m.message.Duration() < 20*time.Millisecond || result.Outcome.By != "caller" {
		t.Errorf("the message has %v: %q", m.message.Duration(), told(result.Events))
	}
}

// TestPersonWhoHangsUpInTheMiddleOfAWordIsRecorded takes place in real time too.
func TestPersonWhoHangsUpInTheMiddleOfAWordIsRecorded(t *testing.T) {
	m := &mailbox{t: t, document: `<Record playBeep="true" action="done"/>`}
	var phone simulator.Handset
	var speak sync.Once
	phone.Watch = func(s simulator.Scene) {
		if s.Kind == simulator.Recording {
			speak.Do(func() {
				phone.Say("please call me back")
				time.AfterFunc(20*time.Millisecond, phone.Hangup)
			})
		}
	}
	result, err := simulator.Live(t.Context(), simulator.Options{Target: target, Handler: m, Voice: toneVoice{}, Hear: true}, &phone)
	if err != nil {
		t.Fatal(err)
	}
	if _, to := loudness(m.message); to < 19*time.Millisecond {
		t.Errorf("of the words the message has %v", to)
	}
	if _, to := loudness(result.Heard); to == 0 {
		t.Error("the beep is not in what was heard")
	}
}
