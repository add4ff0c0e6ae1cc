package trace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/trace"
)

const (
	secretURL = "https://user:s3cret@hooks.example.net/menu?id=7&secret_key=s3cret"
	shownURL  = "https://<secret>@hooks.example.net/menu?id=7&secret_key=<secret>"
)

func TestEventsAreStoredWithoutSecrets(t *testing.T) {
	for _, event := range []trace.Event{
		trace.Request{URL: secretURL, Error: secretURL + " does not answer"}, trace.Say{Text: "See " + secretURL}, trace.Play{URL: secretURL},
		trace.Forward{To: secretURL}, trace.Record{URL: secretURL}, trace.Warning{Text: secretURL + " is odd"}, trace.Hangup{Reason: secretURL + " failed"},
		trace.Stream{URL: secretURL, Parameters: map[string]string{"back": secretURL, "token": "s3cret"}},
	} {
		line, err := trace.Stamped{At: time.Second, Event: trace.WithoutSecrets(event)}.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(line), "s3cret") || !strings.Contains(string(line), shownURL) {
			t.Errorf("stored: %s", line)
		}
		if kept, _ := (trace.Stamped{Event: event}).AppendJSON(nil); !strings.Contains(string(kept), "s3cret") {
			t.Errorf("the event itself was changed: %s", kept)
		}
	}
}

// TestStoredCallsAreComparedWithoutSecrets plays a call again whose file has no
// secrets: the responder was asked with them.
func TestStoredCallsAreComparedWithoutSecrets(t *testing.T) {
	whole := call(trace.Play{URL: secretURL, Seconds: 1}, trace.Forward{To: secretURL})
	stored := call(trace.Play{URL: shownURL, Seconds: 1}, trace.Forward{To: shownURL})
	if diff := trace.Diff(stored, whole); diff != "" {
		t.Errorf("they differ:\n%s", diff)
	}
	other := call(trace.Play{URL: strings.Replace(secretURL, "id=7", "id=8", 1), Seconds: 1}, trace.Forward{To: secretURL})
	if diff := trace.Diff(stored, other); !strings.Contains(diff, "id=8") || strings.Contains(diff, "s3cret") {
		t.Errorf("the difference is not shown, or with secrets:\n%s", diff)
	}
}
