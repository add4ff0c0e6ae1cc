package entry_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestAChangeKeepsWhatItDoesNotName(t *testing.T) {
	f := open(t, `{
  "z": {"x": 1.0, "message": "old", "queue": "9002@example.net", "big": 12345678901234567890123, "html": "<b>&amp;</b>", "deep": {"b": [1, {}, null], "a": "\u00e9"}},
  "a": {"unknown": true}
}`)
	f.update("z", map[string]string{"user": "2000", "message": "new & <better>"})
	f.wantText(`{
  "z": {
    "x": 1.0,
    "message": "new & <better>",
    "queue": "9002@example.net",
    "big": 12345678901234567890123,
    "html": "<b>&amp;</b>",
    "deep": {
      "b": [
        1,
        {},
        null
      ],
      "a": "\u00e9"
    },
    "user": "2000"
  },
  "a": {
    "unknown": true
  }
}
`)
	f.wantMessage("z", "new & <better>")
}

func TestANewEntryHasItsFieldsInTheOrderOfTheDocumentation(t *testing.T) {
	f := open(t, "")
	e := f.update("example.net-sms", map[string]string{
		"message": "hello\nthere", "from_number": "12125550100", "user": "2000", "api_domain": "example.net", "ns_system_user": "8001",
	})
	want := &entry.Entry{ID: "example.net-sms", APIDomain: "example.net", Text: entry.Text{
		User: "2000", SystemUser: "8001", FromNumber: "12125550100", Message: "hello\nthere"}}
	if diff := cmp.Diff(want, e, cmpopts.IgnoreUnexported(entry.Entry{})); diff != "" {
		t.Errorf("what Update returns (- want, + got):\n%s", diff)
	}
	f.wantText(`{
  "example.net-sms": {
    "api_domain": "example.net",
    "user": "2000",
    "ns_system_user": "8001",
    "from_number": "12125550100",
    "message": "hello\nthere"
  }
}
`)
}

func TestNothingIsWrittenWhileTheFileIsBroken(t *testing.T) {
	f := open(t, `{"a": {"message": "hello"}}`)
	const half = `{"a": {"message": "hello"}, "b": {`
	f.write(half)
	_, err := f.Update(t.Context(), "a", map[string]string{"message": "good day"})
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "nothing was saved") || !strings.Contains(fault.HintOf(err), "fix "+f.path) {
		t.Errorf("the error is %v (hint: %s)", err, fault.HintOf(err))
	}
	f.wantText(half)
	f.wantMessage("a", "hello")
}

func TestAnEntryThatIsNotUnderstoodIsNotChanged(t *testing.T) {
	const text = `{"a": ["hello"], "b": {"message": 7}}`
	f := open(t, text)
	for _, id := range []string{"a", "b"} {
		_, err := f.Update(t.Context(), id, map[string]string{"user": "2000"})
		if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(fault.HintOf(err), "fix it in "+f.path) {
			t.Errorf("the error for %s is %v (hint: %s)", id, err, fault.HintOf(err))
		}
	}
	f.wantText(text)
	if e := f.update("b", map[string]string{"message": "seven"}); e.Text.Message != "seven" { // an update is how to fix it
		t.Errorf("the message is %q", e.Text.Message)
	}
}

func TestAVanishedFileIsWrittenAnew(t *testing.T) {
	f := open(t, `{"a": {"message": "hello", "x": 1}}`)
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	f.wantMessage("a", "hello")
	f.update("b", map[string]string{"message": "good day"})
	f.wantText("{\n  \"a\": {\n    \"message\": \"hello\",\n    \"x\": 1\n  },\n  \"b\": {\n    \"message\": \"good day\"\n  }\n}\n")
	f.wantTold("FILE has vanished", "mended")
}

func TestAProblemThatAWriterFindsIsTold(t *testing.T) {
	f := open(t, `{"a": {}}`)
	f.write(`{"a": {}`)
	if _, err := f.Update(t.Context(), "a", nil); err == nil {
		t.Error("there is no error")
	}
	f.wantTold("FILE is broken: line 1: it ends too early")
	f.write(`{"a": {}}`)
	f.update("a", map[string]string{"user": "2000"})
	f.wantTold("FILE is broken: line 1: it ends too early", "mended")
}

func TestModeAndLinkStay(t *testing.T) {
	f := open(t, `{"a": {}}`)
	target := filepath.Join(t.TempDir(), "real.json")
	if err := os.Rename(f.path, target); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(target, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, f.path); err != nil {
		t.Fatal(err)
	}
	f.update("a", map[string]string{"message": "hello"})
	if info, err := os.Lstat(f.path); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is %v, %v", info, err)
	}
	for _, path := range []string{target, target + ".lock"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	f.wantMessage("a", "hello")
	left, err := os.ReadDir(filepath.Dir(target))
	if err != nil || len(left) != 2 {
		t.Errorf("the folder holds %v", left)
	}
}

func TestANewFileIsTheOwnersAlone(t *testing.T) {
	f := open(t, "")
	f.update("a", map[string]string{"message": "hello"})
	if info, err := os.Stat(f.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", info.Mode(), err)
	}
}

func TestAFolderThatCannotBeWrittenIsSaidPlainly(t *testing.T) {
	f := open(t, "")
	if err := os.Remove(filepath.Dir(f.path)); err != nil {
		t.Fatal(err)
	}
	_, err := f.Update(t.Context(), "a", nil)
	if fault.CodeOf(err) != fault.Unavailable || !strings.HasPrefix(err.Error(), f.path+" cannot be locked; nothing was saved") {
		t.Errorf("the error is %v", err)
	}
}

func TestAWriterDoesNotWaitForAStuckOneForEver(t *testing.T) {
	f := open(t, `{"a": {}}`)
	lock := flock.New(f.path + ".lock")
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Unlock() }()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := f.Update(t.Context(), "a", map[string]string{"message": "hello"})
		if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "is being written by somebody else; nothing was saved") {
			t.Errorf("the error is %v", err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Update(ctx, "a", nil); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("with an ended context the error is %v", err)
	}
}

func TestWritersLoseNothingOfEachOther(t *testing.T) {
	f := open(t, "")
	const instances, each = 4, 25
	var writers sync.WaitGroup
	for i := range instances {
		other, err := entry.Open(f.path, nil) // as another process has its own
		if err != nil {
			t.Fatal(err)
		}
		for half := range 2 { // and each of two forms at once
			writers.Go(func() {
				for n := range each {
					id := fmt.Sprintf("%d-%d-%d", i, half, n)
					if _, err := other.Update(t.Context(), id, map[string]string{"message": id}); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	writers.Wait()
	all := f.All()
	if len(all) != instances*2*each {
		t.Errorf("%d entries are left of %d", len(all), instances*2*each)
	}
	for _, e := range all {
		if e.Text.Message != e.ID {
			t.Errorf("%s has the message %q", e.ID, e.Text.Message)
		}
	}
}

func TestAReaderNeverSeesHalfAFile(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without large inputs")
	}
	f := open(t, `{"a": {"message": "0"}}`)
	long := strings.Repeat("x", 100_000)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		other, err := entry.Open(f.path, func(err error) { t.Errorf("a reader was told: %v", err) })
		if err != nil {
			t.Fatal(err)
		}
		readers.Go(func() {
			for {
				if e, ok := other.Get("a"); !ok || e.Text.Message == "" {
					t.Errorf("the entry is %v, %v", e, ok)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 100 {
		f.update("a", map[string]string{"message": long[:1+i*900]})
	}
	close(done)
	readers.Wait()
}

// TestProcessesLoseNothingOfEachOther starts this test's own binary twice.
func TestProcessesLoseNothingOfEachOther(t *testing.T) {
	const each = 20
	if path := os.Getenv("WRITE_ENTRIES"); path != "" {
		f, err := entry.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for n := range each {
			if _, err := f.Update(t.Context(), fmt.Sprintf("%d-%d", os.Getpid(), n), map[string]string{"message": "hello"}); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	f := open(t, `{"first": {"kept": true}}`)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const processes = 3
	var running sync.WaitGroup
	for range processes {
		command := exec.CommandContext(t.Context(), program, "-test.run=^TestProcessesLoseNothingOfEachOther$")
		command.Env = append(os.Environ(), "WRITE_ENTRIES="+f.path)
		running.Go(func() {
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	running.Wait()
	if n := len(f.All()); n != 1+processes*each {
		t.Errorf("%d entries are left of %d", n, 1+processes*each)
	}
	if !strings.Contains(f.text(), `"kept": true`) {
		t.Error("the first entry has lost its field")
	}
}

func TestIDs(t *testing.T) {
	for _, id := range []string{"a", "example.net-sms", "A_b-9.", strings.Repeat("x", 100)} {
		if err := entry.CheckID(id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	for _, id := range []string{"", "a b", "a/b", "é", "a\n", "a@b", strings.Repeat("x", 101)} {
		if err := entry.CheckID(id); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", id, err)
		}
	}
}
