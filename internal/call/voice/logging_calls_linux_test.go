package voice_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/test/await"
)

// logLines are the lines that are written to a log.
type logLines chan []byte

func (l logLines) Write(line []byte) (int, error) {
	l <- bytes.Clone(line)
	return len(line), nil
}

// next waits for a line, and returns what it has but the time.
func (l logLines) next(t *testing.T) (line map[string]any) {
	t.Helper()
	if err := json.Unmarshal(await.From(t, "a line of the log", l), &line); err != nil {
		t.Fatal(err)
	}
	delete(line, "time")
	return line
}

// forwards is an exchange whose calls are connected elsewhere.
type forwards struct{ why string }

func (f forwards) Place(context.Context, string, string, engine.Line, func([]string), func(trace.Stamped)) engine.Outcome {
	return engine.Outcome{Forwarded: true, Reason: f.why}
}

func TestTheLogTellsThatACallWasForwardedButNoSecrets(t *testing.T) {
	log := make(logLines, 2)
	s := switchboard(t, nil, func(c *voice.ServerConfig) {
		c.Log, c.Exchange = slog.New(slog.NewJSONHandler(log, nil)), forwards{"https://hook.example.net/?key=s3cret is busy"}
	})
	newPhone(t).Dial(s.address())
	if line := log.next(t); line["msg"] != "call ended" || line["by"] != "forward" || line["reason"] != "https://hook.example.net/?key=<secret> is busy" {
		t.Errorf("the log says %v", line)
	}
}

// TestTheLogTellsWhatAnOutgoingCallWasFor: the line of a call that connects a caller
// has the Call-ID of theirs, and says what the other side answered. A call that
// nobody took has no quality.
func TestTheLogTellsWhatAnOutgoingCallWasFor(t *testing.T) {
	leavesNothing(t)
	there := newStation(t)
	went, id := make(chan string, 1), make(chan string, 1)
	log := make(logLines, 2)
	s := switchboard(t, func(ctx context.Context, line engine.Line) {
		from, _ := engine.As[interface{ CallID() string }](line)
		id <- from.CallID()
		connects(there.address(), went)(ctx, line)
	}, func(c *voice.ServerConfig) { c.Log = slog.New(slog.NewJSONHandler(log, nil)) })
	newPhone(t).Dial(s.address())
	there.rings().Hangup(engine.Nowhere)
	await.From(t, "an end of the connection", went)
	line := log.next(t)
	want := map[string]any{
		"level": "INFO", "msg": "outgoing call ended", "for": await.From(t, "an id", id), "to": there.address(), "end": "unavailable", "status": 404.0,
		"received": 0.0, "lost": 0.0, "mos": 0.0,
	}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("the log says otherwise (-want +got):\n%s", diff)
	}
}
