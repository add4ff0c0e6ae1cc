package provision_test

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
)

// TestResultsAreTextInJSON covers answers to forms and the rows of records, also
// those that were stored before reasons had codes.
func TestResultsAreTextInJSON(t *testing.T) {
	for text, want := range map[string]provision.Result{
		"":                   {},
		"created":            {Outcome: provision.Created},
		"failed: it: is out": {Outcome: provision.Failed, Reason: provision.Sentence("it: is out")},
		"conflict: ":         {Outcome: provision.Conflict, Reason: provision.Sentence("")},
	} {
		stored := `{"user":"` + text + `","dial_rule":"exists","answer_rule":"updated"}`
		var r provision.Report
		if err := json.Unmarshal([]byte(stored), &r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, r.User); diff != "" {
			t.Errorf("%q (- want, + got):\n%s", text, diff)
		}
		again, err := json.Marshal(r)
		if err != nil || string(again) != stored {
			t.Errorf("%s is written again as %s, %v", stored, again, err)
		}
	}
}

func TestAChangedEntryIsDueAlthoughItsFingerprintIsRemembered(t *testing.T) {
	settings := provision.Settings{PublicURL: &url.URL{Scheme: "https", Host: "hooks.example.net"}, Fingerprints: new(provision.Fingerprints)}
	r := recordOf(textBack.ID, 0, "exists", "exists", "exists")
	r.Fingerprint, r.Next = provision.Wanted(&textBack, settings).Fingerprint(), noon.Add(checkEvery)
	for range 2 {
		if work := provision.Due([]*entry.Entry{&textBack}, []provision.Record{r}, settings, noon); len(work.Apply) != 0 {
			t.Error("an entry in order is due")
		}
		if work := provision.Due([]*entry.Entry{movedTo("8002")}, []provision.Record{r}, settings, noon); len(work.Apply) != 1 {
			t.Error("an entry that was changed is not due")
		}
	}
}
