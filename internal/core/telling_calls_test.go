package core_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/responder"
)

// telephone is a caller whose line answers at its first sound, after three
// seconds, and plays it for a minute.
type telephone struct {
	line
	s        *system
	answered bool
	leaves   bool // the caller hangs up before
}

const rings = 3 * time.Second

func (l *telephone) Answered() (time.Duration, bool) { return rings, l.answered }

func (l *telephone) AudioReport() engine.AudioReport {
	if !l.answered {
		return engine.AudioReport{}
	}
	return engine.AudioReport{Codec: "PCMA", Received: 3000, Sent: 3001, Lost: 7, Jitter: 12345 * time.Microsecond, MOS: 4.3219}
}

func (l *telephone) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	l.s.now = l.s.now.Add(rings)
	if l.leaves {
		return engine.Played{}, engine.ErrHungUp
	}
	l.answered = true
	l.s.now = l.s.now.Add(time.Minute)
	return l.line.Play(ctx, prompt, listen)
}

// told posts the events that wait, and returns what a subscriber was told, by path.
func (s *telling) told(hook *subscriber) map[string][]fields {
	s.run().stop()
	told := map[string][]fields{}
	for _, p := range hook.posts() {
		told[p.path] = append(told[p.path], p.events...)
	}
	return told
}

// subscribeToCalls subscribes to calls and to their records.
func (s *telling) subscribeToCalls(hook *subscriber) {
	address := hook.listen()
	s.subscribe(domain, "call", address+"/call", nil)
	s.subscribe(domain, "cdr", address+"/cdr", nil)
}

// column returns a field of each event.
func column(events []fields, name string) []any {
	var values []any
	for _, e := range events {
		values = append(values, e[name])
	}
	return values
}

func TestWhenALineAnswersIsTold(t *testing.T) {
	s, hook := newTelling(t, loopback), newSubscriber(t, nil)
	s.subscribeToCalls(hook)
	s.rule("webresponder8001", s.responder(responder.Say{Text: "Hello."}))
	if _, err := s.Place(t.Context(), "+19734321440", "2125550100", &telephone{s: s.system}, nil); err != nil {
		t.Fatal(err)
	}
	told := s.told(hook)
	const answered = "2026-03-04T12:00:03Z"
	for name, want := range map[string][]any{
		"call-answer-datetime": {"", answered, answered},
		"call-audio-codec":     {"", "PCMA", "PCMA"},
		"remove":               {nil, nil, "yes"},
	} {
		if diff := cmp.Diff(want, column(told["/call"], name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	record := told["/cdr"][0]
	for name, want := range map[string]any{
		"call-start-datetime": "2026-03-04T12:00:00Z", "call-answer-datetime": answered, "call-disconnect-datetime": "2026-03-04T12:01:03Z",
		"call-total-duration-seconds": 63.0, "call-talking-duration-seconds": 60.0, "call-disconnect-reason-text": "Term: Bye",
		"call-audio-codec": "PCMA", "call-audio-relay-side-a-packet-count": 3000.0, "call-audio-relay-side-b-packet-count": 3001.0,
		"call-audio-packets-lost": 7.0, "call-audio-jitter-milliseconds": 12.0, "call-audio-mos": 4.32,
	} {
		if record[name] != want {
			t.Errorf("%s is %v, want %v", name, record[name], want)
		}
	}
}

func TestACallThatIsNotAnsweredHasNoTalk(t *testing.T) {
	s, hook := newTelling(t, loopback), newSubscriber(t, nil)
	s.subscribeToCalls(hook)
	s.rule("webresponder8001", s.responder(responder.Say{Text: "Hello."}))
	if _, err := s.Place(t.Context(), "+19734321440", "2125550100", &telephone{s: s.system, leaves: true}, nil); err != nil {
		t.Fatal(err)
	}
	record := s.told(hook)["/cdr"][0]
	got := []any{record["call-answer-datetime"], record["call-total-duration-seconds"], record["call-talking-duration-seconds"], record["call-disconnect-reason-text"]}
	if diff := cmp.Diff([]any{"", 3.0, 0.0, "Orig: Cancel"}, got); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
}

func TestATransferIsTold(t *testing.T) {
	s, hook := newTelling(t, loopback), newSubscriber(t, nil)
	s.waiting()
	s.subscribeToCalls(hook)
	l := s.begin("1000@example.net", "8001")
	l.hears("Wait here.")
	id := s.asked[0].OrigCallID
	s.must(s.Calls().Transfer(t.Context(), core.Whose{Domain: domain, User: "1000"}, id, "8002"))
	l.hears("Wait there.")
	s.must(s.Calls().Disconnect(core.Whose{}, id))
	l.end()
	told := s.told(hook)
	var legs []string
	for _, e := range told["/call"] {
		legs = append(legs, fmt.Sprint(e["call-orig-match-uri"], " ", e["call-by-action"], " ", e["call-by-user"], " ", e["remove"]))
	}
	if diff := cmp.Diff([]string{
		"8001@example.net   <nil>", "8001@example.net   yes",
		"8002@example.net Transfer 1000 <nil>", "8002@example.net Transfer 1000 yes",
	}, legs); diff != "" {
		t.Errorf("legs (-want +got):\n%s", diff)
	}
	records := told["/cdr"]
	if diff := cmp.Diff([]any{"Transfer", "Term: Bye"}, column(records, "call-disconnect-reason-text")); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{s.asked[0].TermCallID, s.asked[1].TermCallID}, column(records, "id")); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}
