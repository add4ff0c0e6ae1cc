package entry_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/fault"
)

func TestImportReplacesByIDAndKeepsTheRest(t *testing.T) {
	f := open(t, `{"a": {"message": "old", "x": 1}, "b": {"y": 2}}`)
	added, replaced, err := f.Import(t.Context(), []byte("\uFEFF"+`{"c": {"z": 3}, "a": {"message": "new"}}`))
	if err != nil || added != 1 || replaced != 1 {
		t.Errorf("%d added, %d replaced, %v", added, replaced, err)
	}
	if diff := cmp.Diff(meaning(t, `{"a": {"message": "new"}, "b": {"y": 2}, "c": {"z": 3}}`), meaning(t, f.text())); diff != "" {
		t.Errorf("the file (- want, + got):\n%s", diff)
	}
}

func TestExportGivesWhatImportTakes(t *testing.T) {
	f := open(t, oldFile)
	text, err := f.Export()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(meaning(t, oldFile), meaning(t, string(text))); diff != "" {
		t.Errorf("the export (- want, + got):\n%s", diff)
	}
	other := open(t, "")
	if _, _, err := other.Import(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	other.wantText(string(text))
}

func TestAnImportIsDoneWholeOrNotAtAll(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"broken":     {`{"c": {}`, "what is to be imported cannot be read: line 1: it ends too early"},
		"empty":      {"", "what is to be imported cannot be read: it is empty; a file without entries holds {}"},
		"wrong type": {`{"c": {}, "d": {"message": 7}}`, `what is to be imported cannot be used: entry "d": the field message is not a text`},
		"a consent key alone": {`{"c": {}, "d": {"message": "m", "consent_key": "1"}}`, `what is to be imported cannot be used: entry "d": the field consent_key: ` +
			`it needs the field key, or anybody could agree to texts in a caller's place; openssl rand -hex 16 makes a good one`},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t, oldFile)
			added, replaced, err := f.Import(t.Context(), []byte(test.text))
			if added != 0 || replaced != 0 || fault.CodeOf(err) != fault.Invalid || err.Error() != test.want {
				t.Errorf("%d added, %d replaced, %v; want %s", added, replaced, err, test.want)
			}
			f.wantText(oldFile)
		})
	}
	f := open(t, oldFile)
	f.write(strings.TrimSpace(oldFile)[1:])
	if added, replaced, err := f.Import(t.Context(), []byte(`{"c": {}}`)); added != 0 || replaced != 0 || fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("into a broken file: %d added, %d replaced, %v", added, replaced, err)
	}
}
