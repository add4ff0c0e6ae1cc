package entry_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

// FuzzFile opens any text: what other programs read as an object is in force,
// nothing else is, and nothing panics.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{oldFile, fullFile, "", "{}", "\uFEFF{}", `{"a": {"user": 2000}}`, `{"a": null, "a": {}}`, `{"a": {"message": "\ud800"}}`, `{"a":1}}`, "{\"a\":{\"x\":1e99}}"} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "domains.json")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := entry.Open(path, nil)
		var object map[string]json.RawMessage
		readable := utf8.Valid(text) && json.Unmarshal(bytes.TrimPrefix(text, []byte("\uFEFF")), &object) == nil && object != nil
		if readable != (err == nil) {
			t.Fatalf("other programs can read it: %v; the error is %v", readable, err)
		}
		if err != nil {
			return
		}
		for _, e := range file.All() {
			if _, ok := object[e.ID]; !ok {
				t.Errorf("there is an entry %q", e.ID)
			}
		}
		oddities := file.Oddities()
		if len(file.All())+len(oddities) < len(object) {
			t.Errorf("%d entries and %v of %d", len(file.All()), oddities, len(object))
		}
	})
}

// FuzzUpdate changes an entry among any others: the field has its new value,
// and everything else means what it meant before.
func FuzzUpdate(f *testing.F) {
	f.Add([]byte(oldFile), "example.net-sms", "hello")
	f.Add([]byte(oldFile), "new", "<b>&\u2028\x00")
	f.Add([]byte(`{"a": {"x": 1.50, "message": "old", "message": "older"}}`), "a", "new")
	f.Add([]byte(`{"a": 7}`), "a", "new")
	path := filepath.Join(f.TempDir(), "domains.json")
	f.Fuzz(func(t *testing.T, text []byte, id, message string) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := entry.Open(path, nil)
		if err != nil || !utf8.ValidString(id) || !utf8.ValidString(message) {
			return
		}
		want := decode(t, text)
		e, err := file.Update(t.Context(), id, map[string]string{"message": message})
		if err != nil {
			after, readErr := os.ReadFile(path)
			if readErr != nil || !bytes.Equal(after, text) {
				t.Errorf("%v, and the file has changed", err)
			}
			return
		}
		if e.ID != id || e.Text.Message != message {
			t.Errorf("the entry is %+v", e)
		}
		item, ok := want[id].(map[string]any)
		if !ok {
			item = map[string]any{}
			want[id] = item
		}
		item["message"] = message
		after, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, decode(t, after)); diff != "" {
			t.Errorf("the file (- want, + got):\n%s", diff)
		}
		again, err := entry.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := again.Get(id); got == nil || got.Text.Message != message {
			t.Errorf("read again, the entry is %+v", got)
		}
	})
}

// decode reads an object with its numbers as they are written.
func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		t.Fatal(err)
	}
	return object
}
