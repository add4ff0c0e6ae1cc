package optout_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/switchhook/switchhook/internal/answer/optout"
)

// TestEveryKeywordIsRead reads each keyword of each table alone, in capitals, and
// with a courtesy of another language.
func TestEveryKeywordIsRead(t *testing.T) {
	files, err := filepath.Glob("words/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d tables (%v)", len(files), err)
	}
	read := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			kind, keywords, _ := strings.Cut(strings.TrimSpace(line), ": ")
			name, isKeyword := strings.CutPrefix(kind, "alone ")
			if !isKeyword {
				continue
			}
			for keyword := range strings.SplitSeq(keywords, ", ") {
				for _, message := range []string{keyword, strings.ToUpper(keyword) + "!", keyword + " please", "svp " + keyword, "“" + keyword + "” 🙏"} {
					read++
					if got := optout.Read(message); got != optout.Word(name) {
						t.Errorf("%s: %q is %q, want %q", filepath.Base(file), message, got, name)
					}
				}
			}
		}
	}
	t.Logf("%d are read", read)
}

func TestWhatIsWrongInATableIsSaid(t *testing.T) {
	for table, want := range map[string]string{
		"alone stop: halt\n":                     "",
		"# nothing\n\nnone: <not> stop":          "xx.txt:3: there is no set <not> above this line",
		"alone end: halt":                        `xx.txt:1: "end" is not stop, start or help`,
		"alone stop: halt\nalone start: halt":    `xx.txt:2: " halt" is stop in another table`,
		"alone stop: halt,":                      `xx.txt:1: there is nothing between two commas: "alone stop: halt,"`,
		"halt":                                   `xx.txt:1: want what the line is, a colon, and what it says: "halt"`,
		"stops: halt":                            `xx.txt:1: no line is called "stops"`,
		"stop: me? text":                         `xx.txt:1: a rule begins with words that must be there: " me? text"`,
		"stop: .. text":                          `xx.txt:1: a rule begins with words that must be there: " .. text"`,
		"stop: ^ $":                              `xx.txt:1: a rule begins with words that must be there: " ^ $"`,
		"stop: text ?":                           `xx.txt:1: "" is no word`,
		"set a: b\nset c: <a> <b>":               `xx.txt:2: want two sets that stand above this line: "<a> <b>"`,
		"set a: b\nset c: <a>":                   `xx.txt:2: want two sets that stand above this line: "<a>"`,
		"near: abcdefghijklmnopqrstuvwxyz":       `xx.txt:1: "abcdefghijklmnopqrstuvwxyz" has more than 20 letters`,
		"set a: b\nstop: (<a> / c d)* (e)? ... ": `xx.txt:2: a rule begins with words that must be there: " (<a> / c d)* (e)? ..."`,
	} {
		got := ""
		if err := optout.ReadTables(fstest.MapFS{"words/xx.txt": {Data: []byte(table)}}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("of %q is said %q, want %q", table, got, want)
		}
	}
}
