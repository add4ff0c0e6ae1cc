package entry_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestAChangeIsInForceOnTheNextGet(t *testing.T) {
	f := open(t, `{"a": {"message": "0000"}}`)
	for i := range 500 { // many within one time stamp of the file system, all of one size
		want := fmt.Sprintf("%04d", i)
		f.write(`{"a": {"message": "` + want + `"}}`)
		f.wantMessage("a", want)
	}
}

func TestAChangeIsInForceWhateverTheTimeOfTheFile(t *testing.T) {
	for name, by := range map[string]time.Duration{"a restored copy": 24 * time.Hour, "a clock that was ahead": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			f := open(t, `{"a": {"message": "one"}}`)
			f.write(`{"a": {"message": "two"}}`)
			f.age(by)
			f.wantMessage("a", "two")
		})
	}
}

func TestAChangeIsInForceForAllReadersAtOnce(t *testing.T) {
	f := open(t, `{"a": {"message": "0000"}}`)
	for i := range 100 {
		want := fmt.Sprintf("%04d", i)
		f.write(`{"a": {"message": "` + want + `"}}`)
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() { f.wantMessage("a", want) })
		}
		readers.Wait()
	}
}

func TestABrokenFileChangesNothingAndIsToldOnce(t *testing.T) {
	f := open(t, `{"a": {"message": "hello"}}`)
	f.write(`{"a": {"message": "good`)
	for range 3 {
		f.wantMessage("a", "hello")
	}
	if f.Problem() == nil {
		t.Error("there is no problem")
	}
	f.write(`{"a": {"message": "good d`)
	f.wantMessage("a", "hello")
	f.wantTold("FILE is broken: line 1: it ends too early")
	f.write(`{"a": {"message": "good day"}}`)
	f.wantMessage("a", "good day")
	if problem := f.Problem(); problem != nil {
		t.Errorf("the problem is still %v", problem)
	}
	f.wantTold("FILE is broken: line 1: it ends too early", "mended")
}

func TestAFileThatBreaksInAnotherWayIsToldAgain(t *testing.T) {
	f := open(t, `{"a": {"message": "hello"}}`)
	for _, text := range []string{`[]`, ``, `[]`} {
		f.write(text)
		f.wantMessage("a", "hello")
	}
	f.wantTold("FILE is broken: line 1: it is not a JSON object", "FILE is broken: it is empty; a file without entries holds {}",
		"FILE is broken: line 1: it is not a JSON object")
}

func TestAVanishedFileChangesNothingAndIsToldOnce(t *testing.T) {
	f := open(t, `{"a": {"message": "hello"}}`)
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		f.wantMessage("a", "hello")
	}
	f.wantTold("FILE has vanished")
	f.write(`{"a": {"message": "hello"}}`) // the same as before
	f.wantMessage("a", "hello")
	f.wantTold("FILE has vanished", "mended")
}

func TestAFileInAnothersPlaceIsNoticed(t *testing.T) {
	f := open(t, `{"a": {"message": "one"}}`)
	f.age(time.Hour)
	f.wantMessage("a", "one")
	before, err := os.Stat(f.path)
	if err != nil {
		t.Fatal(err)
	}
	other := f.path + ".new" // as mv and most editors do; size and time are the same
	if err := os.WriteFile(other, []byte(`{"a": {"message": "two"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(other, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, f.path); err != nil {
		t.Fatal(err)
	}
	f.wantMessage("a", "two")
}

func TestALongerFileIsReadWhole(t *testing.T) {
	var b strings.Builder
	b.WriteString("{")
	for i := range 20_000 {
		fmt.Fprintf(&b, "%q: {\"message\": %q},\n", fmt.Sprintf("id-%d", i), strings.Repeat("x", 100))
	}
	b.WriteString(`"last": {"message": "here"}}`)
	f := open(t, b.String())
	f.wantMessage("last", "here")
	if n := len(f.All()); n != 20_001 {
		t.Errorf("%d entries", n)
	}
}

func TestAnEntryThatStaysOddIsToldOnceAndMendedByItsOldText(t *testing.T) {
	const good, odd = `{"a": {"message": "hello"}, "b": {"message": "1"}}`, `{"a": {"message": "hello", "consent_key": "x"}, "b": {"message": "2"}}`
	f := open(t, good)
	f.write(odd)
	f.wantMessage("b", "2")
	f.write(strings.Replace(odd, "2", "3", 1)) // the odd entry is as it was
	f.wantMessage("b", "3")
	if n := len(f.Oddities()); n != 1 {
		t.Errorf("there are %d oddities", n)
	}
	f.wantTold(`FILE: entry "a": the field consent_key: it is not a key of a telephone, such as "1"; it stays as it was before`)
	f.write(good)
	f.wantMessage("a", "hello")
	if odd := f.Oddities(); odd != nil {
		t.Errorf("there are still oddities: %v", odd)
	}
}
