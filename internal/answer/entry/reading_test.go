package entry_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
)

const oldFile = `{
  "example.net-sms": {
    "api_domain": "example.net",
    "user": "2000",
    "ns_system_user": "8001",
    "from_number": "12125550100",
    "message": "Our hours are Mon-Fri 9am-5pm."
  },
  "example.net-sales": {
    "api_domain": "example.net",
    "queue": "9002@example.net",
    "branding": { "button_text": "Call Us Now", "button_color": "#1a73e8", "company_name": "Example", "logo_url": "" }
  }
}
`

func TestEntriesAreReadAsTheyStand(t *testing.T) {
	f := open(t, oldFile)
	want := []*entry.Entry{
		{ID: "example.net-sales", APIDomain: "example.net", Queue: "9002@example.net",
			Branding: entry.Branding{ButtonText: "Call Us Now", ButtonColor: "#1a73e8", CompanyName: "Example"}},
		{ID: "example.net-sms", APIDomain: "example.net", Text: entry.Text{
			User: "2000", SystemUser: "8001", FromNumber: "12125550100", Message: "Our hours are Mon-Fri 9am-5pm.",
		}},
	}
	if diff := cmp.Diff(want, f.All(), cmpopts.IgnoreUnexported(entry.Entry{})); diff != "" {
		t.Errorf("entries (- want, + got):\n%s", diff)
	}
	if _, ok := f.Get("example.org-sms"); ok {
		t.Error("there is an entry that is not in the file")
	}
	f.wantTold()
}

func TestExtensionsMayBeNumbers(t *testing.T) {
	f := open(t, `{"a": {"user": 2000, "ns_system_user": 8001, "from_number": 19294873999123456789, "message": null}}`)
	e, _ := f.Get("a")
	want := entry.Text{User: "2000", SystemUser: "8001", FromNumber: "19294873999123456789"}
	if e == nil || e.Text != want {
		t.Errorf("the entry is %+v, want %+v", e, want)
	}
}

func TestFieldsAreKnownByTheirExactName(t *testing.T) {
	f := open(t, `{"a": {"message": "hello", "Message": "not this", "MESSAGE": 7}}`)
	f.wantMessage("a", "hello")
	if e := f.update("a", map[string]string{"message": "good day"}); e.Text.Message != "good day" {
		t.Errorf("after the change the message is %q", e.Text.Message)
	}
	f.wantText("{\n  \"a\": {\n    \"message\": \"good day\",\n    \"Message\": \"not this\",\n    \"MESSAGE\": 7\n  }\n}\n")
}

func TestAByteOrderMarkIsNoProblem(t *testing.T) {
	f := open(t, "\uFEFF"+`{"a": {"message": "hello"}}`)
	f.wantMessage("a", "hello")
	f.wantTold()
	f.update("a", map[string]string{"user": "2000"})
	if strings.HasPrefix(f.text(), "\uFEFF") {
		t.Error("the mark is written again")
	}
}

func TestAFileThatIsNotThereIsEmptyUntilItIs(t *testing.T) {
	f := open(t, "")
	f.wantMessage("a", "none")
	if problem := f.Problem(); problem != nil {
		t.Errorf("a file that never was is a problem: %v", problem)
	}
	f.write(`{"a": {"message": "hello"}}`)
	f.wantMessage("a", "hello")
	f.wantTold()
}

func TestWhatCannotBeUsedIsToldByLine(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", " \n", "it is empty; a file without entries holds {}"},
		{"only a byte order mark", "\uFEFF", "it is empty; a file without entries holds {}"},
		{"cut off", "{\n \"a\": {\"mess", "line 2: it ends too early"},
		{"a list", `[1]`, "line 1: it is not a JSON object"},
		{"a comma too many", "{\n \"a\": {},\n}", "line 3: invalid character '}' looking for beginning of object key string"},
		{"two objects", "{}\n{}", "line 2: invalid character '{' after top-level value"},
		{"Latin-1", "{\n\"a\": {\n\"message\": \"Se\xF1or\"}}", "line 3: it is not UTF-8"},
		{"far down", "{" + strings.Repeat("\n\"x\": {},", 9000) + "\n\"a\" {}}", "line 9002: invalid character '{' after object key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "domains.json")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := entry.Open(path, nil)
			if got, want := fault.CodeOf(err), fault.Invalid; got != want {
				t.Fatalf("the code of %v is %q, want %q", err, got, want)
			}
			if want := path + " is broken: " + test.want; err.Error() != want {
				t.Errorf("the error is\n%v, want\n%s", err, want)
			}
			if fault.HintOf(err) == "" {
				t.Error("there is no hint")
			}
		})
	}
}

func TestAFileOfManyMegabytesIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "domains.json")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<30); err != nil { // takes no room on the disk
		t.Fatal(err)
	}
	if _, err := entry.Open(path, nil); err == nil || !strings.Contains(err.Error(), "cannot be read: it has more than 64 MiB") {
		t.Errorf("the error is %v", err)
	}
}

func TestAFolderIsNotAFile(t *testing.T) {
	path := t.TempDir()
	if _, err := entry.Open(path, nil); err == nil || !strings.Contains(err.Error(), path+" cannot be read: it is not a file") {
		t.Errorf("the error is %v", err)
	}
}

func TestAnEntryOfTheWrongTypeSpoilsNoOther(t *testing.T) {
	f := open(t, `{"good": {"message": "hello"}, "odd": {"message": 7}, "odder": [], "none": null}`)
	f.wantMessage("good", "hello")
	for _, id := range []string{"odd", "odder", "none"} {
		f.wantMessage(id, "none")
	}
	want := []string{
		`FILE: entry "odd": the field message is not a text; it is left out`,
		`FILE: entry "odder": it is not a JSON object; it is left out`,
		`FILE: entry "none": it is not a JSON object; it is left out`,
	}
	f.wantTold(want...)
	if problem, oddities := f.Problem(), f.Oddities(); problem != nil || len(oddities) != len(want) {
		t.Errorf("the problem is %v, the oddities are %v", problem, oddities)
	}
}

func TestAnEntryThatBreaksStaysAsItWas(t *testing.T) {
	f := open(t, `{"a": {"message": "hello"}, "b": {"message": "good day"}}`)
	f.write(`{"a": {"message": ["hello"]}, "b": {"message": "good night"}}`)
	f.wantMessage("a", "hello")
	f.wantMessage("b", "good night")
	f.write(`{"a": {"message": ["hello"]}, "b": {"message": "good morning"}}`)
	f.wantMessage("b", "good morning")
	f.wantTold(`FILE: entry "a": the field message is not a text; it stays as it was before`) // once
}

func TestOfAnIDThatStandsTwiceTheLastCounts(t *testing.T) {
	f := open(t, `{"a": {"message": "first"}, "b": {}, "a": {"message": "last"}}`)
	f.wantMessage("a", "last")
	f.wantTold(`FILE: the id "a" stands twice; the last one counts`)
}

func TestAnErrorToOpenIsOneThatPeopleRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a-file", "domains.json")
	if err := os.WriteFile(filepath.Dir(path), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := entry.Open(path, nil)
	if _, ok := errors.AsType[*fault.Error](err); !ok || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("the error is %#v", err)
	}
}

func TestAFileIsReadAgainOnlyWhereItCouldHaveChanged(t *testing.T) {
	f := open(t, `{"a": {"message": "one"}}`)
	f.age(time.Hour)
	f.wantMessage("a", "one") // reads it once more: its time has changed
	before, err := os.Stat(f.path)
	if err != nil {
		t.Fatal(err)
	}
	// A change that only reading reveals: same file, size and time.
	f.write(`{"a": {"message": "two"}}`)
	if err := os.Chtimes(f.path, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		f.wantMessage("a", "one")
	}
	f.age(0)
	f.wantMessage("a", "two")
}

// TestTextsAreComposed: what is counted and sent has é as one letter, however
// it was typed. The file stays as it is.
func TestTextsAreComposed(t *testing.T) {
	f := open(t, `{"a": {"message": "cafe`+"\u0301"+`", "messages": {"open": "cre\u0300me", "closed": "z"}, "hours": {"mon": ["00:00-24:00"]}}}`)
	e, ok := f.Get("a")
	if !ok || e.Text.Message != "café" || e.Messages.Open != "crème" {
		t.Errorf("%+v", e)
	}
	f.wantTold()
}

func TestAFileOfAWindowsEditorIsRead(t *testing.T) {
	text := "\xFF\xFE"
	for _, c := range `{"a": {"message": "hello"}}` {
		text += string(c) + "\x00"
	}
	open(t, text).wantMessage("a", "hello")
}

func TestAnEntryIsKnownToBeGoneOnlyWhereTheFileIsRead(t *testing.T) {
	f := open(t, "")
	is := func(complete, whole bool) {
		t.Helper()
		if f.Complete() != complete || f.Whole() != whole {
			t.Errorf("complete is %v, whole is %v of %s", f.Complete(), f.Whole(), f.text())
		}
	}
	if f.Complete() || f.Whole() {
		t.Error("a file that is not there tells of nothing")
	}
	f.write(`{"a": {"message": "hello"}, "b": 7}`)
	is(true, false)
	if !f.Has("a") || !f.Has("b") || f.Has("c") {
		t.Error("b cannot be used, but it is there")
	}
	f.write(`{"a": {"message": "hello"}}`)
	is(true, true)
	f.write(`{"a": `)
	is(false, false)
	f.write(`{}`)
	is(true, true)
}
