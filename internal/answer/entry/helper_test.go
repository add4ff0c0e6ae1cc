package entry_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
)

// folder is a folder with a domains.json, and its reported problems.
type folder struct {
	*entry.Book
	t    *testing.T
	path string
	told []string
}

// open writes text to a domains.json, unless it is empty, and opens that.
func open(t *testing.T, text string) *folder {
	t.Helper()
	f := &folder{t: t, path: filepath.Join(t.TempDir(), "domains.json")}
	if text != "" {
		f.write(text)
	}
	file, err := entry.Open(f.path, func(err error) {
		if _, is := errors.AsType[*entry.Remark](err); is {
			return
		}
		if err == nil {
			f.told = append(f.told, "mended")
			return
		}
		f.told = append(f.told, err.Error())
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Book = file
	return f
}

// write replaces the file's text as an editor does that writes in place.
func (f *folder) write(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) text() string {
	f.t.Helper()
	text, err := os.ReadFile(f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

// age makes the file's last change look older than it is.
func (f *folder) age(by time.Duration) {
	f.t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(f.path, then, then); err != nil {
		f.t.Fatal(err)
	}
}

// message returns what an entry texts; "none" where there is no entry.
func (f *folder) message(id string) string {
	e, ok := f.Get(id)
	if !ok {
		return "none"
	}
	return e.Text.Message
}

func (f *folder) wantMessage(id, want string) {
	f.t.Helper()
	if got := f.message(id); got != want {
		f.t.Errorf("the message of %s is %q, want %q", id, got, want)
	}
}

func (f *folder) wantTold(want ...string) {
	f.t.Helper()
	for i := range want {
		want[i] = filepath.FromSlash(want[i])
	}
	var got []string
	for _, told := range f.told {
		got = append(got, trimPath(told, f.path))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.t.Errorf("what was told (- want, + got):\n%s", diff)
	}
}

// trimPath shortens the path of the file, which is different in each run.
func trimPath(text, path string) string {
	if len(text) >= len(path) && text[:len(path)] == path {
		return "FILE" + text[len(path):]
	}
	return text
}

func (f *folder) update(id string, fields map[string]string) *entry.Entry {
	f.t.Helper()
	e, err := f.Update(f.t.Context(), id, fields)
	if err != nil {
		f.t.Fatal(err)
	}
	return e
}

func (f *folder) wantText(want string) {
	f.t.Helper()
	if diff := cmp.Diff(want, f.text()); diff != "" {
		f.t.Errorf("the file (- want, + got):\n%s", diff)
	}
}

// meaning reads JSON as any program would.
func meaning(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return v
}
